// Handlers that only the time limit ends.

export function loop() {
  for (;;) {
    // Nothing to do.
  }
}

export function loopWithCatch() {
  for (;;) {
    try {
      loop();
    } catch {
      // Not reached.
    }
  }
}

export function loopWithFinally() {
  try {
    loop();
  } finally {
    loop();
  }
}

export const loopInEval = () => (0, eval)("for (;;) {}");

export const loopInDirectEval = () => eval("for (;;) {}");

export const loopInFunction = () => new Function("for (;;) {}")();

export const loopInNestedEval = () => (0, eval)("new Function('eval(\"while (true) {}\")')()");

export const loopInPromiseJob = () => Promise.resolve().then(loop);

export async function loopOfPromiseJobs() {
  for (;;) {
    await null;
  }
}

export const loopInPromiseJobOfPendingHandler = () => {
  Promise.resolve().then(loop);
  return new Promise(() => {});
};

export const loopInGetter = () => ({
  get body() {
    return loop();
  },
});

export const loopInToJson = () => ({ body: { toJSON: loop } });

export const loopInSort = () => [1, 2, 3].sort(loop);

export const loopInReplace = () => "a".replace(/a/, loop);

export const loopInGenerator = () => {
  function* numbers() {
    for (;;) {
      yield 1;
    }
  }
  for (const number of numbers()) {
    if (number === 2) {
      return {};
    }
  }
};

export const loopInIteratorClose = () => {
  const iterable = {
    [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }), return: loop }),
  };
  const [first] = iterable;
  return { body: first };
};

export const loopInForEach = () => ccf.kv.table.size + [1].forEach(loop);

export const loopInLogArgument = () => console.log({ toJSON: loop });

export const loopInThrownValue = () => {
  throw { toJSON: loop };
};

export const loopInThrownError = () => {
  const error = new Error("x");
  error.toString = loop;
  throw error;
};

export const loopInRecursion = () => {
  function fork(depth) {
    return depth === 0 ? 1 : fork(depth - 1) + fork(depth - 1);
  }
  return { body: fork(200) };
};

export const loopOfLongBuiltins = () => {
  for (;;) {
    "x".repeat(1000).split("").sort().join("");
  }
};

export async function loopInImportedModule() {
  return { body: (await import("./endless_top_level.js")).value };
}
