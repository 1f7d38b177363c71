// Writes of a request, which are kept until it has ended.

const map = ccf.kv["public:written"];
const megabyte = new ArrayBuffer(1 << 20);
const key = (number) => ccf.strToBuf(String(number));

const ways = {
  values() {
    for (let number = 0; ; number++) map.set(key(number), megabyte);
  },
  keys() {
    for (let number = 0; ; number++) map.set(ccf.strToBuf("k".repeat(1e5) + number), new ArrayBuffer(0));
  },
  removals() {
    for (let number = 0; ; number++) map.delete(ccf.strToBuf("k".repeat(1e5) + number));
  },
  maps() {
    for (let number = 0; ; number++) ccf.kv["public:" + "m".repeat(1e5) + number].clear();
  },
  caught() {
    let refused = 0;
    for (let number = 0; refused < 1000; number++) {
      try {
        map.set(key(number), megabyte);
      } catch {
        refused++;
      }
    }
    return map.size < 64;
  },
  // None of these leaves more than a megabyte.
  oneKey() {
    for (let number = 0; number < 200; number++) map.set(key(0), megabyte);
    return map.size === 1;
  },
  smaller() {
    for (let number = 0; number < 200; number++) {
      map.set(key(number), megabyte);
      map.set(key(number), new ArrayBuffer(1));
    }
    return map.size === 200;
  },
  removed() {
    for (let number = 0; number < 200; number++) {
      map.set(key(number), megabyte);
      map.delete(key(number));
    }
    return map.size === 0;
  },
  cleared() {
    for (let number = 0; number < 200; number++) {
      map.set(key(number), megabyte);
      map.clear();
    }
    return map.size === 0;
  },
};

export function run(request) {
  return { statusCode: 400, body: ways[request.params.way]() ?? "never" };
}
