// `TextEncoder` and `TextDecoder`.
(function (host, interfaces) {
  'use strict';

  const { dictionary, expose, getter, needArguments, toText } = interfaces;
  const { decode, encode, encodingName, wholeBytes } = host;
  const { apply, getPrototypeOf } = Reflect;
  const { isView } = ArrayBuffer;
  const { slice } = String.prototype;
  const NativeUint8Array = Uint8Array;
  const NativeTypeError = TypeError;
  const NativeRangeError = RangeError;

  const viewGetters = (prototype) => ({
    bufferOf: getter(prototype, 'buffer'),
    offsetOf: getter(prototype, 'byteOffset'),
    lengthOf: getter(prototype, 'byteLength'),
  });
  const typedArrays = getPrototypeOf(Uint8Array.prototype);
  const kindOf = getter(typedArrays, Symbol.toStringTag);
  const ofTypedArrays = viewGetters(typedArrays);
  const ofDataViews = viewGetters(DataView.prototype);
  const { bufferOf, offsetOf, lengthOf } = ofTypedArrays;
  const { set } = typedArrays;
  const sizeOfBuffer = getter(ArrayBuffer.prototype, 'byteLength');

  // The bytes of a buffer or view. Those of a detached buffer are none.
  const bytesOf = (source) => {
    if (!isView(source)) {
      return sizeOfBuffer(source) === 0 ? new NativeUint8Array(0) : new NativeUint8Array(source);
    }
    const getters = kindOf(source) === undefined ? ofDataViews : ofTypedArrays;
    const length = getters.lengthOf(source);
    return length === 0
      ? new NativeUint8Array(0)
      : new NativeUint8Array(getters.bufferOf(source), getters.offsetOf(source), length);
  };

  const joined = (first, second) => {
    const bytes = new NativeUint8Array(lengthOf(first) + lengthOf(second));
    apply(set, bytes, [first]);
    apply(set, bytes, [second, lengthOf(first)]);
    return bytes;
  };

  const part = (bytes, start, end) => new NativeUint8Array(bufferOf(bytes), offsetOf(bytes) + start, end - start);

  const copyOf = (bytes) => new NativeUint8Array(bytes);

  // A buffer that holds these bytes and no others.
  const asBuffer = (bytes) => bufferOf(sizeOfBuffer(bufferOf(bytes)) === lengthOf(bytes) ? bytes : copyOf(bytes));

  const isContinuation = (byte) => (byte & 0xc0) === 0x80;

  class TextEncoder {
    // Reading it refuses other objects.
    #brand;

    get encoding() {
      this.#brand;
      return 'utf-8';
    }

    encode(input = '') {
      this.#brand;
      return new NativeUint8Array(encode(toText(input)));
    }

    encodeInto(source, destination) {
      this.#brand;
      needArguments(arguments, 2);
      const text = toText(source);
      if (kindOf(destination) !== 'Uint8Array') {
        throw new NativeTypeError('The destination must be a Uint8Array');
      }
      const space = lengthOf(destination);
      if (space === 0) {
        return { read: 0, written: 0 };
      }
      // Each UTF-16 code unit takes a byte or more, so the others don't fit.
      const candidate = apply(slice, text, [0, space]);
      const bytes = new NativeUint8Array(encode(toText(candidate)));
      if (lengthOf(bytes) <= space) {
        apply(set, destination, [bytes]);
        return { read: candidate.length, written: lengthOf(bytes) };
      }
      let written = space;
      while (isContinuation(bytes[written])) {
        written--;
      }
      let read = 0;
      for (let index = 0; index < written; index++) {
        // Characters of four bytes are two code units.
        read += isContinuation(bytes[index]) ? 0 : bytes[index] < 0xf0 ? 1 : 2;
      }
      apply(set, destination, [part(bytes, 0, written)]);
      return { read, written };
    }
  }
  expose(TextEncoder, 'TextEncoder');

  class TextDecoder {
    #encoding;
    #fatal;
    #ignoreBOM;
    // Of a stream: the bytes that are not decoded yet, and whether some are.
    #pending;
    #begun = false;

    constructor(label = 'utf-8', options = undefined) {
      const name = toText(label);
      const { fatal, ignoreBOM } = dictionary(options);
      this.#encoding = encodingName(name);
      if (this.#encoding === null) {
        throw new NativeRangeError('There is no encoding ' + name);
      }
      this.#fatal = !!fatal;
      this.#ignoreBOM = !!ignoreBOM;
    }

    get encoding() {
      return this.#encoding;
    }

    get fatal() {
      return this.#fatal;
    }

    get ignoreBOM() {
      return this.#ignoreBOM;
    }

    decode(input = undefined, options = undefined) {
      const encoding = this.#encoding;
      const stream = !!dictionary(options).stream;
      const given = input === undefined ? new NativeUint8Array(0) : bytesOf(input);
      const bytes = this.#pending === undefined ? given : joined(this.#pending, given);
      const keepMark = this.#ignoreBOM || this.#begun;
      const whole = stream ? wholeBytes(encoding, asBuffer(bytes)) : lengthOf(bytes);
      this.#pending = whole < lengthOf(bytes) ? copyOf(part(bytes, whole, lengthOf(bytes))) : undefined;
      this.#begun = stream && (this.#begun || whole > 0);
      const text = decode(encoding, asBuffer(part(bytes, 0, whole)), this.#fatal, keepMark);
      if (text === null) {
        throw new NativeTypeError('The bytes are not valid ' + encoding);
      }
      return text;
    }
  }
  expose(TextDecoder, 'TextDecoder');

  return { TextEncoder, TextDecoder };
})
