// Results that must never be the same again, made by the top level.

const data = ccf.strToBuf("data");

// The EC key of RFC 7517, A.2.
const signingKey = ccf.crypto.jwkToPem({
  kty: "EC",
  crv: "P-256",
  x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
  y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
  d: "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
});
const wrappingKeys = ccf.crypto.generateRsaKeyPair(2048);
const wrappingKey = ccf.strToBuf(wrappingKeys.publicKey);

const values = {
  aesKey: ccf.crypto.generateAesKey(256),
  ecdsaKeys: ccf.crypto.generateEcdsaKeyPair("secp256r1"),
  eddsaKeys: ccf.crypto.generateEddsaKeyPair("curve25519"),
  rsaKeys: wrappingKeys,
  signature: ccf.crypto.sign({ name: "ECDSA", hash: "SHA-256" }, signingKey, data),
  wrapped: ccf.crypto.wrapKey(data, wrappingKey, { name: "RSA-OAEP" }),
};

export function read() {
  const shown = (value) => (value instanceof ArrayBuffer ? [...new Uint8Array(value)] : value);
  return { body: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, shown(value)])) };
}
