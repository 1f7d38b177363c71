// Values that JSON has no form for, as objects with one member.

function bytesOf(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => parseInt(digits, 16));
}

function hexOf(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const decoders = {
  $bytes: (hex) => bytesOf(hex).buffer,
  $view: (hex) => bytesOf(hex),
  $number: (text) => Number(text),
  $undefined: () => undefined,
};

export function decode(value) {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  for (const [name, decoder] of Object.entries(decoders)) {
    if (name in value) {
      return decoder(value[name]);
    }
  }
  const decoded = Object.entries(value).map(([name, member]) => [name, decode(member)]);
  return Array.isArray(value) ? value.map(decode) : Object.fromEntries(decoded);
}

export function encode(value) {
  return value instanceof ArrayBuffer ? { $bytes: hexOf(value) } : value;
}
