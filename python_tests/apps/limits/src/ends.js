// Code that runs after the script was to end: in what an engine does by itself with what the script has left.

const loop = () => {
  for (;;);
};
const fill = () => {
  const list = [];
  for (;;) list.push({});
};
const leave = (job) => void Promise.resolve().then(job);

function closeIterator() {
  const iterator = { next: () => ({ value: "no number" }), return: loop };
  try {
    Math.sumPrecise({ [Symbol.iterator]: () => iterator });
  } catch {
    // The error is that of the value; what `return` does is of no account.
  }
}

function failWith(properties) {
  throw Object.defineProperties(new Error("thrown"), properties);
}

// Compares texts until it is ended, in optimized code where there is any.
function compare() {
  const texts = Array.from({ length: 8 }, () => "x".repeat(1e5) + "y");
  for (let turn = 0, equal = 0; ; turn++) {
    texts[turn & 7] = texts[(turn + 3) & 7];
    equal += (texts[0] === texts[1]) + (texts[1] === texts[2]) + (texts[2] === texts[3]) + (texts[3] === texts[4]);
  }
}

const ways = {
  bodyAndJob: () => ({
    get body() {
      leave(loop);
      loop();
    },
  }),
  bodyAndJobWithMemory: () => ({
    get body() {
      leave(fill);
      loop();
    },
  }),
  textAndTrace: () => failWith({ toString: { value: loop }, stack: { get: loop } }),
  textAndJob() {
    leave(loop);
    failWith({
      toString: {
        value() {
          leave(loop);
          loop();
        },
      },
    });
  },
  closedIterator() {
    closeIterator();
    loop();
  },
  closedIterators() {
    for (;;) closeIterator();
  },
  executors() {
    for (;;) new Promise(loop).catch(Boolean);
  },
  asynchronousFunctions() {
    for (;;) (async () => loop())().catch(Boolean);
  },
  asynchronousGenerators() {
    for (;;) (async function* () { loop(); })().next().catch(Boolean);
  },
  thenables() {
    for (;;) Promise.resolve({ get then() { loop(); } }).catch(Boolean);
  },
  lists() {
    for (;;) Promise.all({ get [Symbol.iterator]() { loop(); } }).catch(Boolean);
  },
  namesOfModules() {
    for (;;) import({ toString: loop }).catch(Boolean);
  },
  leftLoops() {
    const left = { [Symbol.iterator]: () => ({ next: () => ({}), return: loop }) };
    for (;;) {
      try {
        for (const value of left) throw value;
      } catch {}
    }
  },
  disposals() {
    for (;;) {
      try {
        const stack = new DisposableStack();
        stack.defer(loop);
        stack.defer(() => null.none);
        stack.dispose();
      } catch {}
    }
  },
  preparedTraces() {
    Error.prepareStackTrace = loop;
    for (;;) {
      try {
        null.none;
      } catch (error) {
        error.stack;
      }
    }
  },
  definedElements() {
    for (;;) Reflect.defineProperty(new Float64Array(1), 0, { value: { valueOf: loop } });
  },
  lengthOfList: () => [].indexOf.call({ get length() { return compare(); } }, 1),
  startOfSearch: () => [].includes.call({ length: 2 ** 40 }, 1, { valueOf: compare }),
};

export const run = (request) => ways[request.params.way]();
