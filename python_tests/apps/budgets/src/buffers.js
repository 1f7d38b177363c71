// Buffers that change hands, and memory of WebAssembly: what counts as heap, and what does not count twice.

const MEBIBYTE = 1 << 20;
// Of WebAssembly's memory: more than the heap.
const PAGES = 600;

const resizable = (length, maxByteLength) => new ArrayBuffer(length, { maxByteLength });

// Whatever is not counted grows the process, because it is written to.
function keep(make) {
  for (const kept = []; ; ) {
    const buffer = make();
    new Uint8Array(buffer.buffer ?? buffer).fill(1);
    kept.push(buffer);
  }
}

// Each is kept, and ends at the limit of the heap.

export const keptTransferred = () => keep(() => new ArrayBuffer(MEBIBYTE).transfer());

export const keptGrown = () => keep(() => new ArrayBuffer(1).transfer(MEBIBYTE));

export const keptFixed = () => keep(() => resizable(MEBIBYTE, 2 * MEBIBYTE).transferToFixedLength());

export const keptResizable = () => keep(() => resizable(MEBIBYTE, MEBIBYTE).transfer());

export const keptCloned = () =>
  keep(() => {
    const buffer = new ArrayBuffer(MEBIBYTE);
    return structuredClone(buffer, { transfer: [buffer] });
  });

// One buffer in turn, which fits however often it changes hands. V8 moves a resizable one by copying it, so it fits twice.

function inTurn(first, pass) {
  let buffer = first;
  for (let turn = 0; turn < 1000; turn++) buffer = pass(buffer);
  return buffer.byteLength;
}

export const transferredInTurn = () => inTurn(new ArrayBuffer(20 * MEBIBYTE), (buffer) => buffer.transfer());

export const resizableInTurn = () => inTurn(resizable(MEBIBYTE, 10 * MEBIBYTE), (buffer) => buffer.transfer());

export const clonedInTurn = () =>
  inTurn(new ArrayBuffer(20 * MEBIBYTE), (buffer) => structuredClone(buffer, { transfer: [buffer] }));

export function resizedAfterTransfer() {
  const buffer = resizable(MEBIBYTE, 10 * MEBIBYTE).transfer();
  buffer.resize(10 * MEBIBYTE);
  return new Uint8Array(buffer).fill(1).lastIndexOf(1) + 1;
}

// Memory of WebAssembly, asked for once, and what comes of it.

const attempt = (deed) => {
  try {
    deed();
    return "granted";
  } catch (error) {
    return error.name;
  }
};

export const memoryGrownBeyondTheHeap = () => attempt(() => new WebAssembly.Memory({ initial: 1 }).grow(PAGES));

export const memoryBeyondTheHeap = () => attempt(() => new WebAssembly.Memory({ initial: PAGES }));

export const memoryGrownWithinTheHeap = () => attempt(() => new WebAssembly.Memory({ initial: 1 }).grow(PAGES / 4));

export const keptMemories = () => keep(() => new WebAssembly.Memory({ initial: 16, maximum: 16 }));
