// Returned values and bodies that make a response.

function numbers(count) {
  return Uint8Array.from({ length: count }, (_, index) => index).buffer;
}

// Whole values

export function emptyObject() {
  return {};
}

export function array() {
  return [{ body: "not looked at" }];
}

export function functionValue() {
  return () => 1;
}

export function nullPrototype() {
  return Object.assign(Object.create(null), { body: "text", statusCode: 201 });
}

export function inherited() {
  return Object.create({ body: "inherited", statusCode: 203, headers: { "x-inherited": "yes" } });
}

export function instanceOfClass() {
  class Reply {
    #text = "from a class";
    get body() {
      return this.#text;
    }
  }
  return new Reply();
}

export function proxyOfReply() {
  return new Proxy({ body: "through a proxy", statusCode: 202, headers: { "x-proxy": "yes" } }, {});
}

// Bodies

export function bodyUndefined() {
  return { body: undefined };
}

export function bodyString() {
  return { body: "häß 😀" };
}

export function bodyEmptyString() {
  return { body: "" };
}

export function bodyStringWithNul() {
  return { body: "a\0b" };
}

export function bodyJsonWithNul() {
  return { body: { "a\0b": "c\0d" } };
}

export function bodyLoneSurrogate() {
  return { body: "a\ud800b" };
}

export function bodyLongString() {
  return { body: "x".repeat(100000) };
}

export function bodyBuffer() {
  return { body: numbers(42) };
}

export function bodyEmptyBuffer() {
  return { body: new ArrayBuffer(0) };
}

export function bodyView() {
  return { body: new Uint8Array(numbers(10), 2, 5) };
}

export function bodyWideView() {
  return { body: new Uint16Array(numbers(10), 4, 2) };
}

export function bodyBigView() {
  return { body: new BigUint64Array(numbers(24), 8, 1) };
}

export function bodyDataView() {
  return { body: new DataView(numbers(10), 3, 4) };
}

export function bodyViewOfShrunkBuffer() {
  const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
  const view = new Uint8Array(buffer, 4);
  buffer.resize(6);
  return { body: view };
}

export function bodyViewOutOfBounds() {
  const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
  const view = new Uint8Array(buffer, 4, 4);
  buffer.resize(2);
  return { body: view };
}

export function bodyViewWithOwnLength() {
  const view = new Uint8Array(numbers(10), 2, 3);
  Object.defineProperty(view, "byteLength", { value: 1000 });
  Object.defineProperty(view, "length", { value: 1000 });
  Object.defineProperty(view, "byteOffset", { value: 0 });
  return { body: view };
}

export function bodyDetachedBuffer() {
  const buffer = new ArrayBuffer(8);
  buffer.transfer();
  return { body: buffer };
}

export function bodyNull() {
  return { body: null };
}

export function bodyTrue() {
  return { body: true };
}

export function bodyZero() {
  return { body: 0 };
}

export function bodyNumber() {
  return { body: 1.5 };
}

export function bodyNan() {
  return { body: NaN };
}

export function bodyObject() {
  return { body: { b: 1, a: [null, undefined, "ü"], c: undefined } };
}

export function bodyArray() {
  return { body: [1, "two", {}] };
}

export function bodyToJson() {
  return { body: { toJSON: () => ({ replaced: true }) } };
}

export function bodyStringObject() {
  return { body: new String("boxed") };
}

export function bodyFunction() {
  return { body: () => 1 };
}

export function bodySymbol() {
  return { body: Symbol("s") };
}

export function bodyToJsonUndefined() {
  return { body: { toJSON: () => undefined } };
}

// Order

export function readingOrder() {
  const order = [];
  return {
    get statusCode() {
      order.push("statusCode");
      return 200;
    },
    get headers() {
      order.push("headers");
      return {
        get "x-order"() {
          order.push("value");
          return order.join(" ");
        },
      };
    },
    get body() {
      order.push("body");
      return "text";
    },
  };
}

export function orderAtStatus() {
  const order = [];
  return {
    get statusCode() {
      return order.join(" ") === "body headers" ? 201 : 202;
    },
    get headers() {
      order.push("headers");
      return {};
    },
    get body() {
      order.push("body");
      return undefined;
    },
  };
}

export function readingCounts() {
  const order = [];
  let statusReadings = 0;
  return {
    get statusCode() {
      statusReadings += 1;
      console.log(`statusCode was read ${statusReadings} times`);
      return 201;
    },
    get headers() {
      order.push("headers");
      return { "x-counts": order.join(" ") };
    },
    get body() {
      order.push("body");
      return new Uint8Array(1);
    },
  };
}

// Status codes

export function statusMissing() {
  return { body: "x" };
}

export function statusUndefined() {
  return { body: "x", statusCode: undefined };
}

export function statusNull() {
  return { body: "x", statusCode: null };
}

export function statusCreated() {
  return { body: "x", statusCode: 201 };
}

export function statusNoContent() {
  return { statusCode: 204 };
}

export function statusIntegralDouble() {
  return { body: "x", statusCode: 404.5 - 0.5 };
}
