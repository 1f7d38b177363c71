// Handlers that need more memory or stack than there is.

function descend() {
  return 1 + descend();
}

export const recursionWithoutEnd = () => ({ body: descend() });

export const recursionCaught = () => {
  try {
    descend();
  } catch {
    return { body: "caught" };
  }
  return { body: "nothing thrown" };
};

export const recursionInGetter = () => ({
  get body() {
    return descend();
  },
});

export const recursionInToJson = () => ({
  body: {
    toJSON() {
      return JSON.stringify(this);
    },
  },
});

export const recursionInJson = () => {
  let nested = [];
  for (let depth = 0; depth < 200000; depth++) {
    nested = [nested];
  }
  return { body: nested };
};

export const recursionInParse = () => ({ body: JSON.parse("[".repeat(200000) + "]".repeat(200000)) });

export const recursionInEval = () => (0, eval)("(".repeat(200000) + "1" + ")".repeat(200000));

export const recursionInRegularExpression = () => ({
  body: new RegExp("(".repeat(100000) + ")".repeat(100000)).test("x"),
});

export const recursionInProxy = () => {
  const proxy = new Proxy({}, {});
  Object.setPrototypeOf(proxy, proxy);
  return { body: proxy.missing };
};

export const recursionInToString = () => {
  const list = [];
  let nested = list;
  for (let depth = 0; depth < 200000; depth++) {
    const next = [];
    nested.push(next);
    nested = next;
  }
  return { body: String(list) };
};

export const growingArray = () => {
  const list = [];
  for (;;) {
    list.push({ index: list.length, text: `text ${list.length}` });
  }
};

export const growingString = () => {
  const parts = [];
  for (;;) {
    parts.push(JSON.stringify("x".repeat(100000) + parts.length));
  }
};

export const growingMap = () => {
  const map = new Map();
  for (;;) {
    map.set({}, [map.size]);
  }
};

export const growingBuffers = () => {
  const buffers = [];
  for (;;) {
    buffers.push(new ArrayBuffer(1 << 20));
  }
};

export const growingSmallBuffers = () => {
  const buffers = [];
  for (;;) {
    buffers.push(new Uint8Array(1000));
  }
};

export const growingResizableBuffer = () => {
  const buffer = new ArrayBuffer(0, { maxByteLength: 256 << 20 });
  for (let size = 0; size <= 256 << 20; size += 1 << 20) {
    buffer.resize(size);
    new Uint8Array(buffer).fill(1);
  }
  return { body: buffer.byteLength };
};

export const growingInCatch = () => {
  const list = [];
  for (;;) {
    try {
      list.push(new Array(1000).fill(list.length));
    } catch {
      list.push(1);
    }
  }
};

function loop() {
  for (;;) {
    // Nothing to do.
  }
}

export const loopWithoutMemory = () => {
  let chain = null;
  try {
    for (;;) {
      chain = { chain };
    }
  } catch {
    // There is none left for anything.
  }
  for (;;) {
    try {
      loop();
    } catch {
      // Not reached.
    }
  }
};

export const growingClosures = () => {
  let chain = () => 0;
  for (;;) {
    const before = chain;
    chain = () => [before];
  }
};

export const growingInGetter = () => ({
  get body() {
    return growingArray();
  },
});

export const growingPromises = () => {
  const promises = [];
  for (;;) {
    promises.push(new Promise(() => {}).then(() => promises));
  }
};

export const hugeBuffer = () => ({ body: new ArrayBuffer(500 << 20).byteLength });

export const impossibleBuffer = () => ({ body: new ArrayBuffer(2 ** 52).byteLength });

export const hugeArray = () => ({ body: new Array(10_000_000).fill(1.5).length });

export const hugeString = () => ({ body: "x".repeat(100 << 20) });

export const hugeStringJson = () => {
  const part = "\u0001".repeat(1 << 20);
  return { body: Array.from({ length: 100 }, () => part) };
};

export const hugeBufferCaught = () => {
  try {
    new ArrayBuffer(500 << 20);
  } catch (error) {
    return { body: "caught" };
  }
  return { body: "nothing thrown" };
};

export const garbage = () => {
  let sum = 0;
  for (let index = 0; index < 200; index++) {
    sum += new Uint8Array(1 << 20).length;
  }
  return { body: sum };
};
