// Ways in which a script comes to run. Each gives a response that is fine if the deed lets it.

const fine = (_value) => ({ body: "fine" });

export const handler = (deed) => fine(deed());

// Code that is made of text

export const directEval = (deed) => fine(eval("deed()"));

export const indirectEval = (deed) => {
  globalThis.deed = deed;
  return fine((0, eval)("deed()"));
};

export const functionOfText = (deed) => fine(new Function("deed", "return deed()")(deed));

export const nestedText = (deed) => fine(eval("eval('new Function(\"deed\", \"return deed()\")(deed)')"));

// Code that built-in functions call

export const getter = (deed) => {
  const object = {
    get value() {
      return deed();
    },
  };
  return fine(object.value);
};

export const proxy = (deed) => fine(new Proxy({}, { get: deed }).value);

export const proxyKeys = (deed) => fine(Reflect.ownKeys(new Proxy({}, { ownKeys: () => [deed()].flat(2).map(String) })));

export const comparison = (deed) => fine([2, 1].sort(() => deed() ?? 0));

export const replacement = (deed) => fine("text".replace(/t/g, deed));

export const reviver = (deed) => fine(JSON.parse("[1]", deed));

export const toJson = (deed) => fine(JSON.stringify({ toJSON: deed }));

export const toPrimitive = (deed) => fine(`${{ [Symbol.toPrimitive]: () => String(deed()) }}`);

export const generator = (deed) => {
  function* values() {
    yield deed();
  }
  return fine([...values()]);
};

export const endOfIteration = (deed) => {
  const iterable = { [Symbol.iterator]: () => ({ next: () => ({ value: 1 }), return: () => ({ value: deed() }) }) };
  const [first] = iterable;
  return fine(first);
};

export const constructor = (deed) => {
  class Made {
    value = deed();
  }
  return fine(new Made());
};

export const taggedTemplate = (deed) => fine(deed`text`);

export const setterOfBytes = (deed) => fine(new Uint8Array(1).fill({ valueOf: () => deed() ?? 0 }));

export const bytesOfObjects = (deed) => fine(Uint8Array.of({ valueOf: () => deed() ?? 0 }));

export const arrayFrom = (deed) => fine(Array.from({ length: 1 }, deed));

export const iteration = (deed) => fine([...{ [Symbol.iterator]: () => ({ next: () => ({ done: true, value: deed() }) }) }]);

export const instanceOf = (deed) => fine({} instanceof { [Symbol.hasInstance]: deed });

export const species = (deed) => {
  class Values extends Array {
    static get [Symbol.species]() {
      deed();
      return Array;
    }
  }
  return fine(new Values().map((value) => value));
};

export const setter = (deed) => {
  const object = {
    set value(_value) {
      deed();
    },
  };
  object.value = 1;
  return fine(object);
};

export const defaultArgument = (deed) => fine(((value = deed()) => value)());

export const staticBlock = (deed) => {
  class Made {
    static {
      deed();
    }
  }
  return fine(Made);
};

export const callbackOfStore = (deed) => {
  ccf.kv["place"].forEach(deed);
  return fine(deed());
};

export const errorPreparation = (deed) => {
  Error.prepareStackTrace = deed;
  const stack = new Error("text").stack;
  return fine(stack ?? deed());
};

// Jobs

export const job = async (deed) => {
  await undefined;
  return fine(deed());
};

export const reaction = (deed) => Promise.resolve().then(deed).then(fine);

export const thenable = async (deed) => fine(await { then: (done) => done(deed()) });

export const importedModule = async (deed) => {
  globalThis.deed = deed;
  return fine((await import("./imported.js")).value);
};

// The result, which the library reads

export const bodyGetter = (deed) => ({
  get body() {
    return String(deed());
  },
});

export const bodyToJson = (deed) => ({ body: { toJSON: () => String(deed()) } });

export const bodyKeys = (deed) => ({ body: new Proxy({}, { ownKeys: () => [String(deed())] }) });

export const headersGetter = (deed) => ({
  get headers() {
    return { text: String(deed()) };
  },
});

export const headerNames = (deed) => ({ headers: new Proxy({}, { ownKeys: () => [String(deed())] }) });

export const headerGetter = (deed) => ({
  headers: {
    get text() {
      return String(deed());
    },
  },
});

export const statusGetter = (deed) => ({
  get statusCode() {
    return deed() ?? 200;
  },
});
