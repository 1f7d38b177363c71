// URLs and their queries.

const NAMES = [
  "href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash",
];

const parts = (url) => NAMES.map((name) => url[name]);

export const parse = (...given) => parts(new URL(...given));

export const href = (...given) => new URL(...given).href;

export const origin = (url) => new URL(url).origin;

export const withoutThrowing = (...given) => [URL.canParse(...given), URL.parse(...given)?.href ?? null];

export function set(text, name, value) {
  const url = new URL(text);
  url[name] = value;
  return url.href;
}

export const setReadOnly = (name) => Reflect.set(new URL("http://host.example/"), name, "x");

export function texts() {
  const url = new URL("HTTP://Host.Example");
  return [url.toString(), `${url}`, url.toJSON(), { url }, url instanceof URL, Object.keys(url)];
}

const made = (init) => {
  const query = new URLSearchParams(init);
  return [[...query], query.toString()];
};

export const query = (init) => made(init);

const inits = {
  nothing: () => new URLSearchParams(),
  undefined: () => new URLSearchParams(undefined),
  null: () => new URLSearchParams(null),
  number: () => new URLSearchParams(5),
  map: () => new URLSearchParams(new Map([["a", 1], ["b", 2]])),
  params: () => new URLSearchParams(new URLSearchParams("a=1")),
  generators: () =>
    new URLSearchParams(
      (function* () {
        yield new Set(["a", 1]);
      })(),
    ),
  surrogates: () => new URLSearchParams({ "\ud800": 1, b: 2, "\udfff": 3 }),
  numbered: () => new URLSearchParams({ b: 1, 1: 2 }),
  hidden: () => new URLSearchParams(Object.defineProperty({ a: 1 }, "b", { value: 2 })),
  object: () => new URLSearchParams({ [Symbol.iterator]: null }),
  symbol: () => new URLSearchParams(Symbol("a")),
  symbolKey: () => new URLSearchParams({ [Symbol("a")]: 1 }),
};

export const queryOf = (name) => inits[name]().toString();

/** The query after a call of one of its methods. */
export function change(init, method, ...given) {
  const query = new URLSearchParams(init);
  const result = query[method](...given);
  return [result === undefined, query.toString()];
}

export const ask = (init, method, ...given) => new URLSearchParams(init)[method](...given);

export const askForUndefined = () => new URLSearchParams("a=undefined&b").has("a", undefined);

export const size = (init) => new URLSearchParams(init).size;

export function iterators() {
  const query = new URLSearchParams("a=1&b=2&a=3");
  const iterator = query.entries();
  return [
    [...query],
    [...query.entries()],
    [...query.keys()],
    [...query.values()],
    Object.prototype.toString.call(iterator),
    URLSearchParams.prototype[Symbol.iterator] === URLSearchParams.prototype.entries,
    iterator[Symbol.iterator]() === iterator,
    Object.hasOwn(Object.getPrototypeOf(iterator), "constructor"),
  ];
}

export function deleteWhileIterating() {
  const query = new URLSearchParams("a=1&b=2&c=3");
  const seen = [];
  for (const [name] of query) {
    seen.push(name);
    query.delete(name);
  }
  return [seen, query.toString()];
}

export function appendWhileVisiting() {
  const query = new URLSearchParams("a=1");
  const seen = [];
  query.forEach(function (value, name, visited) {
    seen.push([value, name, visited === query, this.receiver]);
    if (seen.length < 3) {
      query.append("more", seen.length);
    }
  }, { receiver: true });
  return seen;
}

const live = {
  append: (url) => url.searchParams.append("b", "ü &"),
  deleteLast: (url) => url.searchParams.delete("a"),
  sort: (url) => url.searchParams.sort(),
  set: (url) => url.searchParams.set("a", 2),
};

export function changeParams(text, name) {
  const url = new URL(text);
  live[name](url);
  return url.href;
}

export function paramsFollow(name, value) {
  const url = new URL("http://host.example/?a=1");
  const query = url.searchParams;
  url[name] = value;
  return [query.toString(), query === url.searchParams];
}

export function paramsAreReadOnly() {
  const url = new URL("http://host.example/?a=1");
  const query = url.searchParams;
  return [Reflect.set(url, "searchParams", new URLSearchParams("b=2")), url.searchParams === query];
}

export function failedChange() {
  const url = new URL("http://host.example/?a=1");
  const query = url.searchParams;
  try {
    url.href = "nonsense";
  } catch (error) {
    return [error.name, url.href, query.toString()];
  }
  return "nothing thrown";
}

export function changeWhileChanging() {
  const url = new URL("http://host.example/");
  const hash = {
    toString() {
      url.pathname = "/changed";
      return "end";
    },
  };
  url.hash = hash;
  return url.href;
}
