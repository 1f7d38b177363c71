// Bytes as text, for bodies in JSON.
import * as base64url from "jose/base64url";

export function toBase64url(bytes: ArrayBuffer): string {
  return base64url.encode(new Uint8Array(bytes));
}

// The store and the cryptography take buffers only, never views of them.
export function fromBase64url(text: string): ArrayBuffer {
  return new Uint8Array(base64url.decode(text)).buffer;
}
