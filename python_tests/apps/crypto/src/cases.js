// What a list of plain arguments can't say.

// Made when it is needed: a top level that keeps buffers runs for each request.
const data = () => ccf.strToBuf("data");

export function membersOfCrypto() {
  return Object.keys(ccf.crypto).map((name) => [name, typeof ccf.crypto[name], ccf.crypto[name].name]);
}

export function getterThatThrows() {
  const algorithm = {
    get name() {
      throw new Error("from the getter");
    },
  };
  return ccf.crypto.sign(algorithm, "key", data());
}

export function toJsonThatThrows() {
  const jwk = {
    toJSON() {
      throw new Error("from toJSON");
    },
  };
  return ccf.crypto.jwkToPem(jwk);
}

export function buffersAreNew() {
  const digest = ccf.crypto.digest("SHA-256", data());
  new Uint8Array(digest).fill(0);
  return new Uint8Array(ccf.crypto.digest("SHA-256", data())).some((byte) => byte !== 0);
}

export function keyPairIsPlain() {
  const pair = ccf.crypto.generateEcdsaKeyPair("secp256r1");
  return [Object.keys(pair), Object.getPrototypeOf(pair) === Object.prototype];
}

export function manyNewKeys() {
  return Array.from({ length: 20 }, () => ccf.crypto.generateEddsaKeyPair("curve25519").privateKey);
}

export function manyFailedUnwraps() {
  const key = new ArrayBuffer(16);
  const wrapped = Array.from({ length: 40 }, (_, index) => new ArrayBuffer(16 + 8 * index));
  const attempts = Array.from({ length: 1000 }, (_, index) => {
    try {
      return ccf.crypto.unwrapKey(wrapped[index % wrapped.length], key, { name: "AES-KWP" });
    } catch (error) {
      return error.name;
    }
  });
  return [...new Set(attempts)];
}
