// JSON web tokens. jose reads and writes them; ccf.crypto signs and verifies, as there is no WebCrypto for jose to use.
import type { Request, Response } from "@microsoft/ccf-app";
import { string } from "@microsoft/ccf-app/converters.js";
import * as ccfcrypto from "@microsoft/ccf-app/crypto.js";
import type {
  JsonWebKey,
  JsonWebKeyECPublic,
  JsonWebKeyEdDSAPublic,
  JsonWebKeyRSAPublic,
  SigningAlgorithm,
} from "@microsoft/ccf-app/global.js";
import * as base64url from "jose/base64url";
import { decodeProtectedHeader } from "jose/decode/protected_header";
import { decodeJwt } from "jose/jwt/decode";
import { fromBase64url, toBase64url } from "./bytes.js";
import { badRequest, type Failure } from "./errors.js";

interface Decoded {
  header: unknown;
  claims: unknown;
}

const ALGORITHMS: Record<string, SigningAlgorithm> = {
  ES256: { name: "ECDSA", hash: "SHA-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
  EdDSA: { name: "EdDSA" },
};

function publicPem(jwk: JsonWebKey): string {
  switch (jwk.kty) {
    case "EC":
      return ccfcrypto.pubJwkToPem(jwk as JsonWebKeyECPublic);
    case "RSA":
      return ccfcrypto.pubRsaJwkToPem(jwk as JsonWebKeyRSAPublic);
    case "OKP":
      return ccfcrypto.pubEddsaJwkToPem(jwk as JsonWebKeyEdDSAPublic);
    default:
      throw new TypeError(`No key of type '${jwk.kty}' is known`);
  }
}

function algorithmOf(name: string | undefined): SigningAlgorithm {
  const algorithm = ALGORITHMS[name ?? ""];
  if (algorithm === undefined) {
    throw new TypeError(`The algorithm '${name}' is not supported`);
  }
  return algorithm;
}

function decode(token: string): Decoded {
  return { header: decodeProtectedHeader(token), claims: decodeJwt(token) };
}

// A token that can't be read is the caller's fault.
function orBadRequest<T>(action: () => T): Response<T | Failure> {
  try {
    return { body: action() };
  } catch (error) {
    return badRequest(String(error));
  }
}

export function decodeToken(request: Request): Response<Decoded | Failure> {
  return orBadRequest(() => decode(request.body.text()));
}

export function verifyToken(
  request: Request<{ token: string; key: JsonWebKey }>,
): Response<(Decoded & { valid: boolean }) | Failure> {
  const { token, key } = request.body.json();
  return orBadRequest(() => {
    const algorithm = algorithmOf(decodeProtectedHeader(token).alg);
    const signed = token.slice(0, token.lastIndexOf("."));
    const signature = fromBase64url(token.slice(signed.length + 1));
    const valid = ccfcrypto.verifySignature(algorithm, publicPem(key), signature, string.encode(signed));
    return { ...decode(token), valid };
  });
}

export function signToken(
  request: Request<{ algorithm: string; key: string; claims: unknown }>,
): Response<{ token: string } | Failure> {
  const { algorithm, key, claims } = request.body.json();
  return orBadRequest(() => {
    const parts = [{ alg: algorithm, typ: "JWT" }, claims].map((part) => base64url.encode(JSON.stringify(part)));
    const signed = parts.join(".");
    const signature = ccfcrypto.sign(algorithmOf(algorithm), key, string.encode(signed));
    return { token: `${signed}.${toBase64url(signature)}` };
  });
}
