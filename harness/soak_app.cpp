#include "soak_app.hpp"

#include <nlohmann/json.hpp>

using nlohmann::ordered_json;

namespace {

constexpr const char* SOURCE = R"(
const table = ccf.kv["records"];
const older = { count: 0, list: [1, 2, 3] };
const key = (request) => ccf.strToBuf(request.params.id);
export function read(request) {
  const value = table.get(key(request));
  return { body: { version, value: value === undefined ? null : ccf.bufToStr(value) } };
}
export function write(request) {
  table.set(key(request), request.body.arrayBuffer());
  return { statusCode: 200 };
}
export function remove(request) { table.delete(key(request)); return { statusCode: 200 }; }
export function walk() {
  let size = 0;
  table.forEach((value) => { size += value.byteLength; });
  return { body: { size } };
}
// Changes what is older than the request, so that no realm is used twice for it.
export function change() { older.count += 1; older.list.push({}); return { body: older }; }
export function refuse() { return { statusCode: 403, body: { error: "no" } }; }
export function fail() { throw new Error("failed"); }
export function invalid() { return { statusCode: 1, headers: 7 }; }
export function unsettled() { return new Promise(() => {}); }
export async function later() { await null; return { body: "later" }; }
export function endless() { for (;;) older.count += 1; }
export function deep() { return deep() + 1; }
export function garbage() {
  const list = [];
  for (let number = 0; number < 20000; number += 1) list.push({ number, text: String(number) });
  return { body: { length: list.length } };
}
export function large() { const list = []; for (;;) list.push(new Array(1000).fill(list.length)); }
export function buffers() { const list = []; for (;;) list.push(new ArrayBuffer(1 << 20)); }
export function crypto() { return { body: ccf.crypto.generateAesKey(256).byteLength }; }
export function shared() { older.count += 1; return { body: { count: older.count > 0 } }; }
export function log(request) { console.log(request.url); return {}; }
)";

constexpr const char* MODULE = "soak.js";

ordered_json endpoint(const std::string& function, const std::string& mode) {
    return {{"js_module", MODULE},
            {"js_function", function},
            {"mode", mode},
            {"forwarding_required", "never"},
            {"authn_policies", ordered_json::array()}};
}

}  // namespace

const std::vector<SoakRequest>& soak_requests() {
    static const std::vector<SoakRequest> requests{
        {"GET", "/records/1", 200, 400},   {"GET", "/records/2", 200, 200}, {"PUT", "/records/1", 200, 200},
        {"DELETE", "/records/2", 200, 50}, {"GET", "/walk", 200, 50},       {"GET", "/change", 200, 200},
        {"GET", "/refuse", 403, 50},       {"GET", "/fail", 500, 50},       {"GET", "/invalid", 500, 50},
        {"GET", "/unsettled", 500, 50},    {"GET", "/later", 200, 50},      {"GET", "/endless", 500, 2},
        {"GET", "/deep", 500, 10},         {"GET", "/garbage", 200, 20},    {"GET", "/large", 500, 1},
        {"GET", "/buffers", 500, 2},       {"GET", "/crypto", 200, 20},     {"GET", "/shared", 200, 50},
        {"GET", "/log", 200, 50},          {"GET", "/nowhere", 0, 50},      {"POST", "/log", 0, 20},
    };
    return requests;
}

std::string soak_bundle(unsigned version) {
    ordered_json endpoints;
    endpoints["/records/{id}"] = {{"get", endpoint("read", "readonly")},
                                  {"put", endpoint("write", "readwrite")},
                                  {"delete", endpoint("remove", "readwrite")}};
    for (const char* function : {"walk", "change", "refuse", "fail", "invalid", "unsettled", "later", "endless", "deep",
                                 "garbage", "large", "buffers", "crypto", "shared", "log"}) {
        endpoints[std::string("/") + function] = {{"get", endpoint(function, "readwrite")}};
    }
    endpoints["/shared"]["get"]["interpreter_reuse"] = {{"key", "soak"}};
    const std::string source = "const version = " + std::to_string(version) + ";" + SOURCE;
    return ordered_json{{"metadata", {{"endpoints", endpoints}}}, {"modules", {{{"name", MODULE}, {"module", source}}}}}
        .dump();
}

std::string broken_soak_bundle(unsigned version) {
    ordered_json bundle = ordered_json::parse(soak_bundle(version));
    std::string& source = bundle["modules"][0]["module"].get_ref<std::string&>();
    source += version % 2 == 0 ? "\nthrow new Error('at the top level');" : "\nexport function (";
    return bundle.dump();
}
