// Handlers that throw.

export function error() {
  throw new Error("boom");
}

export function typeError() {
  throw new TypeError("wrong type");
}

export function ownError() {
  class OwnError extends Error {
    name = "OwnError";
  }
  throw new OwnError("own");
}

export function nestedError() {
  function inner() {
    throw new Error("nested");
  }
  function outer() {
    inner();
  }
  outer();
}

export function engineError() {
  return undefined.property;
}

export const string = () => {
  throw "a text";
};

export const number = () => {
  throw 12.5;
};

export const nullValue = () => {
  throw null;
};

export const undefinedValue = () => {
  throw undefined;
};

export const symbol = () => {
  throw Symbol("thrown");
};

export const bigInt = () => {
  throw 12n;
};

export const object = () => {
  throw { code: 1, text: "ü" };
};

export const array = () => {
  throw [1, 2];
};

export const cycle = () => {
  const value = {};
  value.self = value;
  throw value;
};

export const hostileError = () => {
  throw new Proxy(new Error("x"), {
    get() {
      throw new Error("hostile");
    },
    getPrototypeOf() {
      throw new Error("hostile");
    },
  });
};

export const errorWithHostileText = () => {
  const value = new Error("x");
  value.toString = () => {
    throw new Error("hostile");
  };
  Object.defineProperty(value, "stack", {
    get() {
      throw new Error("hostile");
    },
  });
  throw value;
};

export const errorWithOddStack = () => {
  const value = new Error("odd");
  value.stack = 12;
  throw value;
};

export const errorOfManyLines = () => {
  throw new Error("first line\nsecond line\n    at nowhere (nothing.js:1:1)");
};

export const errorWithNul = () => {
  throw new Error("a\0b");
};

export const getterOfResult = () => ({
  get body() {
    throw new Error("in getter");
  },
});

export const toJsonOfResult = () => ({
  body: {
    toJSON() {
      throw new Error("in toJSON");
    },
  },
});

export const nothing = () => {};

export async function rejection() {
  await null;
  throw new RangeError("rejected");
}
