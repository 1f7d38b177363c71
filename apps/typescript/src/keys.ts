// Keys, digests and certificates: what ccf.crypto offers beside signatures.
import type { Request, Response } from "@microsoft/ccf-app";
import { string } from "@microsoft/ccf-app/converters.js";
import * as ccfcrypto from "@microsoft/ccf-app/crypto.js";
import type { CryptoKeyPair, JsonWebKey, WrapAlgoParams } from "@microsoft/ccf-app/global.js";
import { fromBase64url, toBase64url } from "./bytes.js";
import { badRequest, notFound, type Failure } from "./errors.js";

interface KeyKind {
  generate(): CryptoKeyPair;
  publicJwk(pem: string, kid?: string): JsonWebKey;
  privateJwk(pem: string, kid?: string): JsonWebKey;
  publicPem(jwk: any): string;
  privatePem(jwk: any): string;
}

const elliptic = {
  publicJwk: ccfcrypto.pubPemToJwk,
  privateJwk: ccfcrypto.pemToJwk,
  publicPem: ccfcrypto.pubJwkToPem,
  privatePem: ccfcrypto.jwkToPem,
};

const KINDS: Record<string, KeyKind> = {
  secp256r1: { ...elliptic, generate: () => ccfcrypto.generateEcdsaKeyPair("secp256r1") },
  secp384r1: { ...elliptic, generate: () => ccfcrypto.generateEcdsaKeyPair("secp384r1") },
  curve25519: {
    generate: () => ccfcrypto.generateEddsaKeyPair("curve25519"),
    publicJwk: ccfcrypto.pubEddsaPemToJwk,
    privateJwk: ccfcrypto.eddsaPemToJwk,
    publicPem: ccfcrypto.pubEddsaJwkToPem,
    privatePem: ccfcrypto.eddsaJwkToPem,
  },
  rsa2048: {
    generate: () => ccfcrypto.generateRsaKeyPair(2048),
    publicJwk: ccfcrypto.pubRsaPemToJwk,
    privateJwk: ccfcrypto.rsaPemToJwk,
    publicPem: ccfcrypto.pubRsaJwkToPem,
    privatePem: ccfcrypto.rsaJwkToPem,
  },
};

// A new pair of keys, as PEM and as JWK, and the PEM once more from the JWK.
export function generateKeys(request: Request): Response {
  const kind = KINDS[request.params["kind"]!];
  if (kind === undefined) {
    return notFound("There is no such kind of key");
  }
  const pair = kind.generate();
  const publicJwk = kind.publicJwk(pair.publicKey, "one");
  const privateJwk = kind.privateJwk(pair.privateKey, "one");
  return {
    body: {
      ...pair,
      publicJwk,
      privateJwk,
      publicPem: kind.publicPem(publicJwk),
      privatePem: kind.privatePem(privateJwk),
    },
  };
}

export function digest(request: Request): Response<ArrayBuffer> {
  return { body: ccfcrypto.digest("SHA-256", request.body.arrayBuffer()) };
}

// Wraps a new AES key under the key of the request and unwraps it again.
export function wrapKey(
  request: Request<{ publicKey: string; privateKey: string; parameters: WrapAlgoParams }>,
): Response<{ size: number; wrapped: string; same: boolean } | Failure> {
  const { publicKey, privateKey, parameters } = request.body.json();
  const key = ccfcrypto.generateAesKey(256);
  // AES-KWP takes a raw key, the others take PEM.
  const [wrapping, unwrapping] =
    parameters.name === "AES-KWP"
      ? [fromBase64url(publicKey), fromBase64url(privateKey)]
      : [string.encode(publicKey), string.encode(privateKey)];
  try {
    const wrapped = ccfcrypto.wrapKey(key, wrapping, parameters);
    const unwrapped = ccfcrypto.unwrapKey(wrapped, unwrapping, parameters);
    const same = toBase64url(unwrapped) === toBase64url(key);
    return { body: { size: key.byteLength, wrapped: toBase64url(wrapped), same } };
  } catch (error) {
    return badRequest(String(error));
  }
}

export function checkCertificates(
  request: Request<{ chain: string; trusted: string }>,
): Response<{ bundle: boolean; chain: boolean }> {
  const { chain, trusted } = request.body.json();
  return {
    body: {
      bundle: ccfcrypto.isValidX509CertBundle(chain),
      chain: ccfcrypto.isValidX509CertChain(chain, trusted),
    },
  };
}
