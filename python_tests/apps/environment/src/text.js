// Text to bytes and back.

const bytesOf = (text) => [...new TextEncoder().encode(text)];

export const encodingOfEncoder = () => new TextEncoder().encoding;

export const encode = (...given) => bytesOf(...given);

export function encodeToArray() {
  const bytes = new TextEncoder().encode("abc");
  return [bytes.constructor === Uint8Array, bytes.byteOffset, bytes.buffer.byteLength];
}

export function encodeInto(text, size) {
  const bytes = new Uint8Array(size);
  const result = new TextEncoder().encodeInto(text, bytes);
  return { ...result, bytes: [...bytes] };
}

export function encodeIntoPart() {
  const bytes = new Uint8Array(6);
  new TextEncoder().encodeInto("abü", bytes.subarray(1, 4));
  return [...bytes];
}

export const encodeIntoOther = () => new TextEncoder().encodeInto("a", new Uint16Array(1));

export function decoder(label, options) {
  const { encoding, fatal, ignoreBOM } = new TextDecoder(label ?? undefined, options ?? undefined);
  return { encoding, fatal, ignoreBOM };
}

export const decode = (bytes, label, options) => new TextDecoder(label, options).decode(new Uint8Array(bytes));

export function decodeStream(chunks, label, options) {
  const decoder = new TextDecoder(label, options);
  const texts = chunks.map((chunk) => decoder.decode(new Uint8Array(chunk), { stream: true }));
  return [...texts, decoder.decode()];
}

export function decodeAgain(chunks, options) {
  const decoder = new TextDecoder("utf-8", options);
  return chunks.map((chunk) => {
    try {
      return decoder.decode(new Uint8Array(chunk));
    } catch (error) {
      return error.name;
    }
  });
}

/** The bytes that a stream keeps are its own. */
export function changedChunk() {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array([0xe2, 0x82]);
  const first = decoder.decode(chunk, { stream: true });
  chunk.fill(0x41);
  return [first, decoder.decode(new Uint8Array([0xac]))];
}

export function decodeSources() {
  const bytes = new Uint8Array([0x61, 0x62, 0x63, 0x64]);
  const resizable = new ArrayBuffer(2, { maxByteLength: 4 });
  const detached = new ArrayBuffer(2);
  detached.transfer();
  const sources = [
    bytes,
    bytes.buffer,
    bytes.subarray(1, 3),
    new DataView(bytes.buffer, 2),
    new Uint16Array(bytes.buffer, 2, 1),
    resizable,
    detached,
    undefined,
  ];
  return sources.map((source) => new TextDecoder().decode(source));
}

export function decodeOther() {
  return [null, "text", [97], {}, 5].map((source) => {
    try {
      return new TextDecoder().decode(source);
    } catch (error) {
      return error.name;
    }
  });
}
