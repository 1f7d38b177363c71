// Returned values that make no response.

function fail() {
  throw new Error("getter");
}

function forever() {
  for (;;) {
    // Ends with the time limit.
  }
}

export const returnUndefined = () => undefined;
export const returnNull = () => null;
export const returnNumber = () => 1;
export const returnString = () => "text";
export const returnTrue = () => true;
export const returnSymbol = () => Symbol("s");
export const returnBigInt = () => 1n;

export function bodyThrows() {
  return {
    headers: { "x-set": "1" },
    get body() {
      return fail();
    },
  };
}

export function bodyCycle() {
  const body = {};
  body.self = body;
  return { body };
}

export function bodyBigInt() {
  return { body: 1n };
}

export function bodyWithBigInt() {
  return { body: { a: 1n } };
}

export function bodyToJsonThrows() {
  return { body: { toJSON: fail } };
}

export function bodyInnerGetterThrows() {
  return {
    body: {
      get inner() {
        return fail();
      },
    },
  };
}

export function headersThrow() {
  return {
    body: "x",
    get headers() {
      return fail();
    },
  };
}

export function headerNamesThrow() {
  return { body: "x", headers: new Proxy({}, { ownKeys: fail }) };
}

export function headerValueThrows() {
  return {
    body: "x",
    headers: {
      "x-set": "1",
      get "x-bad"() {
        return fail();
      },
      "x-later": "2",
    },
  };
}

export function headerValueSymbol() {
  return { body: "x", headers: { "x-set": "1", "x-bad": Symbol("s") } };
}

export function headerValueToStringThrows() {
  return { body: "x", headers: { "x-set": "1", "x-bad": { toString: fail } } };
}

export function statusThrows() {
  return {
    body: "x",
    headers: { "x-set": "1" },
    get statusCode() {
      return fail();
    },
  };
}

export const statusString = () => ({ statusCode: "200" });
export const statusFraction = () => ({ statusCode: 200.5 });
export const statusTrue = () => ({ statusCode: true });
export const statusBigInt = () => ({ statusCode: 200n });
export const statusObject = () => ({ statusCode: { valueOf: () => 200 } });
export const statusNan = () => ({ statusCode: NaN });
export const statusInfinity = () => ({ statusCode: Infinity });
export const statusWithHeaders = () => ({ body: "x", headers: { "x-set": "1", "content-type": "a/b" }, statusCode: "1" });

// The store is gone while the response is read

export function storeInBodyGetter() {
  const handle = ccf.kv.table;
  return {
    get body() {
      return { read: caughtText(() => handle.get(new ArrayBuffer(1))), write: caughtText(() => handle.clear()) };
    },
  };
}

export function storeInToJson() {
  return { body: { toJSON: () => caughtText(() => ccf.kv.table.size) } };
}

export function applyWritesInBodyGetter() {
  return {
    get body() {
      return caughtText(() => ccf.rpc.setApplyWrites(true));
    },
  };
}

function caughtText(action) {
  try {
    return `no error, but ${action()}`;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

// Loops that only the time limit ends

export function endlessBody() {
  return {
    get body() {
      return forever();
    },
  };
}

export function endlessToJson() {
  return { body: { toJSON: forever } };
}

export function endlessHeaders() {
  return {
    get headers() {
      return forever();
    },
  };
}

export function endlessHeaderNames() {
  return { headers: new Proxy({}, { ownKeys: forever }) };
}

export function endlessHeaderValue() {
  return {
    headers: {
      get "x-a"() {
        return forever();
      },
    },
  };
}

export function endlessHeaderToString() {
  return { headers: { "x-a": { toString: forever } } };
}

export function endlessStatus() {
  return {
    get statusCode() {
      return forever();
    },
  };
}

export function endlessInCatch() {
  return {
    get body() {
      for (;;) {
        try {
          forever();
        } catch {
          // Not reached: the time limit can't be caught.
        }
      }
    },
  };
}

export function endlessInFinally() {
  return {
    get body() {
      try {
        return forever();
      } finally {
        forever();
      }
    },
  };
}
