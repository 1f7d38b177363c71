// A host in Node.js, which has a V8 of its own: node host.mjs LIB [OPTION=VALUE]... Prints what its own JavaScript and that of
// the library's apps say, as JSON.
import koffi from "koffi";
import vm from "node:vm";

const [path, ...texts] = process.argv.slice(2);
const JSEP_OK = 0;
const JSEP_NOT_FOUND = 1;
const ROUNDS = 50;

const METADATA = {
  endpoints: {
    "/sum": {
      get: {
        js_module: "app.js",
        js_function: "sum",
        mode: "readonly",
        forwarding_required: "never",
        authn_policies: [],
      },
    },
  },
};
const SOURCE = `
const table = ccf.kv.table;
globalThis.mark = "the app's";
export function sum(request) {
  let sum = 0;
  for (let number = 0; number < 1000; number++) sum += number;
  return { body: { sum, missing: table.get(ccf.strToBuf("key")) === undefined, node: typeof process } };
}`;

const Bytes = koffi.struct("jsep_bytes", { data: "void *", len: "size_t" });
koffi.struct("jsep_option", { name: "jsep_bytes", value: "jsep_bytes" });
koffi.struct("jsep_header", { name: "jsep_bytes", value: "jsep_bytes" });
koffi.struct("jsep_request", {
  size: "size_t",
  method: "jsep_bytes",
  path: "jsep_bytes",
  query: "jsep_bytes",
  headers: "void *",
  header_count: "size_t",
  body: "jsep_bytes",
  caller: "jsep_bytes",
  historical_state: "void *",
});
const StoreGet = koffi.proto("uint32_t store_get(void *context, jsep_bytes map, jsep_bytes key, void *sink)");
koffi.struct("jsep_host", { size: "size_t", context: "void *", store_get: koffi.pointer(StoreGet), rest: koffi.array("void *", 10) });

const library = koffi.load(path);
const engineNew = library.func("uint32_t jsep_engine_new(jsep_option *options, size_t count, void *logger, _Out_ void **engine)");
const registryNew = library.func("uint32_t jsep_registry_new(void *engine, _Out_ void **registry)");
const install = library.func("uint32_t jsep_registry_install(void *registry, jsep_bytes bundle)");
const find = library.func("uint32_t jsep_registry_find(void *registry, jsep_bytes method, jsep_bytes path, _Out_ void **endpoint)");
const execute = library.func(
  "uint32_t jsep_endpoint_execute(void *endpoint, jsep_request *request, jsep_host *host, _Out_ void **response)",
);
const body = library.func("jsep_bytes jsep_response_body(void *response)");
const responseFree = library.func("void jsep_response_free(void *response)");
const endpointFree = library.func("void jsep_endpoint_free(void *endpoint)");
const registryFree = library.func("void jsep_registry_free(void *registry)");
const engineFree = library.func("void jsep_engine_free(void *engine)");

function bytes(text) {
  const data = Buffer.from(text);
  return { data, len: data.length };
}

function ok(status, deed) {
  if (status !== JSEP_OK) throw new Error(`${deed} answered ${status}`);
}

function made(make, ...words) {
  const place = [null];
  ok(make(...words, place), make.name);
  return place[0];
}

// Work for the V8 of Node.js: compiled functions, realms and garbage.
function own() {
  const inner = vm.runInNewContext("Array.from({ length: 1000 }, (_, number) => number).reduce((one, other) => one + other)");
  const many = Array.from({ length: 10000 }, (_, number) => ({ number }));
  return { inner, outer: many.filter(({ number }) => number % 2 === 0).length, mark: typeof globalThis.mark };
}

let reads = 0;
const storeGet = koffi.register(() => {
  reads += 1;
  return JSEP_NOT_FOUND;
}, koffi.pointer(StoreGet));

const before = own();
const options = texts.map((text) => text.split("=")).map(([name, value]) => ({ name: bytes(name), value: bytes(value) }));
const engine = made(engineNew, options, options.length, null);
const registry = made(registryNew, engine);
const bundle = { metadata: METADATA, modules: [{ name: "app.js", module: SOURCE }] };
ok(install(registry, bytes(JSON.stringify(bundle))), "jsep_registry_install");
const endpoint = made(find, registry, bytes("GET"), bytes("/sum"));
const nothing = { data: null, len: 0 };
const request = {
  size: koffi.sizeof("jsep_request"),
  method: bytes("GET"),
  path: bytes("/sum"),
  query: nothing,
  headers: null,
  header_count: 0,
  body: nothing,
  caller: nothing,
  historical_state: null,
};
const host = { size: koffi.sizeof("jsep_host"), context: null, store_get: storeGet, rest: Array(10).fill(null) };
const answers = new Set();
const meanwhile = new Set();
for (let round = 0; round < ROUNDS; round++) {
  const response = made(execute, endpoint, request, host);
  const { data, len } = body(response);
  answers.add(len === 0 ? "" : koffi.decode(data, "char", len));
  responseFree(response);
  meanwhile.add(JSON.stringify(own()));
}
endpointFree(endpoint);
registryFree(registry);
engineFree(engine);
console.log(JSON.stringify({ before, answers: [...answers], meanwhile: [...meanwhile], after: own(), reads }));
