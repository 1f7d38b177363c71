#include "soak_app.hpp"

#include <nlohmann/json.hpp>
#include <tuple>

using nlohmann::ordered_json;

namespace {

constexpr const char* SOURCE = R"(
const table = ccf.kv["records"];
const counters = ccf.kv["counters"];
const older = { count: 0, list: [1, 2, 3] };
const key = (request) => ccf.strToBuf(request.params.id);
export function read(request) {
  const value = table.get(key(request));
  return { body: value === undefined ? "" : ccf.bufToStr(value) };
}
export function write(request) {
  table.set(key(request), request.body.arrayBuffer());
  return { statusCode: 200 };
}
export function remove(request) { table.delete(key(request)); return { statusCode: 200 }; }
export function walk() {
  let wrong = 0;
  table.forEach((value) => { wrong += value instanceof ArrayBuffer ? 0 : 1; });
  return { body: { wrong } };
}
// Reads what it writes, so that transactions get into conflict.
export function count() {
  const all = ccf.strToBuf("all");
  const before = counters.get(all);
  counters.set(all, ccf.strToBuf(String(1 + (before === undefined ? 0 : Number(ccf.bufToStr(before))))));
  return { body: "counted" };
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
export function large() { const list = []; for (;;) list.push(new Array(10000).fill(list.length)); }
export function buffers() { const list = []; for (;;) list.push(new ArrayBuffer(1 << 20)); }
export function crypto() { return { body: ccf.crypto.generateAesKey(256).byteLength }; }
export function shared() { older.count += 1; return { body: { count: older.count > 0 } }; }
export function log(request) { console.log(request.url); return {}; }
export function unreadable() { return { body: ccf.kv["unreadable"].get(ccf.strToBuf("a")) }; }
// Goes on when the store has failed.
export function caught() {
  try { return unreadable(); } catch (error) { return { body: "caught" }; }
}
export function unwritable() { ccf.kv["unwritable"].set(ccf.strToBuf("a"), ccf.strToBuf("b")); return {}; }
export function conflicting() { return { body: ccf.kv["conflicting"].get(ccf.strToBuf("a")) }; }
)";

constexpr const char* MODULE = "soak.js";
// More keys than realms that are kept for them.
constexpr const char* REUSE_KEYS[] = {"first", "second", "third"};

ordered_json endpoint(const std::string& function, const std::string& mode) {
    return {{"js_module", MODULE},
            {"js_function", function},
            {"mode", mode},
            {"forwarding_required", "never"},
            {"authn_policies", ordered_json::array()}};
}

SoakAnswer good(const std::string& body, int status = 200) {
    return {JSEP_OK, status, body, "", false, {}};
}

SoakAnswer failure(const std::string& message, const std::string& exception, bool timed_out = false) {
    const ordered_json body{{"error", {{"code", "InternalError"}, {"message", message}}}};
    return {JSEP_OK, 500, body.dump(), exception, timed_out, {}};
}

SoakAnswer thrown(const std::string& exception) {
    return failure("Exception thrown while executing.", exception);
}

SoakAnswer no_response(jsep_status outcome) {
    return {outcome, 0, "", "", false, {}};
}

bool has_syntax_error(unsigned version) {
    return version % 2 == 1;
}

}  // namespace

SoakAnswer SoakAnswer::of(const Response& response) {
    std::string body(response.body());
    body.erase(body.find_last_not_of(SOAK_LETTER) + 1);
    return {JSEP_OK, response.status(), body, std::string(response.exception()), response.timed_out(), {}};
}

bool SoakAnswer::operator==(const SoakAnswer& other) const {
    const auto members = [](const SoakAnswer& answer) {
        return std::tie(answer.outcome, answer.status, answer.body, answer.exception, answer.timed_out);
    };
    return members(*this) == members(other);
}

std::string SoakAnswer::text() const {
    if (outcome != JSEP_OK) {
        return "code " + std::to_string(outcome);
    }
    constexpr size_t SHOWN = 200;
    return std::to_string(status) + " '" + body.substr(0, SHOWN) + "'" +
           (exception.empty() ? "" : " (" + exception.substr(0, SHOWN) + ")") + (timed_out ? " (timed out)" : "");
}

const std::vector<SoakRequest>& soak_requests() {
    static const std::vector<SoakRequest> requests{
        {"GET", "/records/1", 400, good("")},
        {"GET", "/records/2", 200, good("")},
        {"PUT", "/records/1", 200, good("")},
        {"DELETE", "/records/2", 50, good("")},
        {"GET", "/walk", 50, good(R"({"wrong":0})")},
        {"GET", SOAK_COUNT_PATH, 200, good("counted")},
        {"GET", "/change", 200, good(R"({"count":1,"list":[1,2,3,{}]})")},
        {"GET", "/refuse", 50, good(R"({"error":"no"})", 403)},
        {"GET", "/fail", 50, thrown("Error: failed")},
        {"GET", "/invalid", 50, failure("Invalid endpoint function return value (status code type).", "")},
        {"GET", "/unsettled", 50, failure("Handler did not complete.", "")},
        {"GET", "/later", 50, good("later")},
        {"GET", "/endless", 1, failure("Operation took too long to complete.", "InternalError: interrupted", true)},
        {"GET", "/deep", 10, thrown("InternalError: stack overflow")},
        {"GET", "/garbage", 20, good(R"({"length":20000})")},
        {"GET", "/large", 2, thrown("InternalError: out of memory")},
        {"GET", "/buffers", 2, thrown("InternalError: out of memory")},
        {"GET", "/crypto", 20, good("32")},
        {"GET", "/shared/first", 50, good(R"({"count":true})")},
        {"GET", "/shared/second", 50, good(R"({"count":true})")},
        {"GET", "/shared/third", 10, good(R"({"count":true})")},
        {"GET", "/log", 50, good("")},
        {"GET", "/unreadable", 20, thrown("InternalError: Internal: host function `store_get` failed with code 402")},
        {"GET", "/caught", 20, good("caught")},
        {"GET", "/unwritable", 20, no_response(JSEP_STORE_FAILED)},
        {"GET", "/conflicting", 20, no_response(JSEP_CONFLICT)},
        {"GET", "/nowhere", 50, no_response(JSEP_PATH_UNKNOWN)},
        {"POST", "/log", 20, no_response(JSEP_METHOD_UNSUPPORTED)},
    };
    return requests;
}

std::string soak_bundle(unsigned version) {
    ordered_json endpoints;
    endpoints["/records/{id}"] = {{"get", endpoint("read", "readonly")},
                                  {"put", endpoint("write", "readwrite")},
                                  {"delete", endpoint("remove", "readwrite")}};
    for (const char* function :
         {"walk", "count", "change", "refuse", "fail", "invalid", "unsettled", "later", "endless", "deep", "garbage",
          "large", "buffers", "crypto", "log", "unreadable", "caught", "unwritable", "conflicting"}) {
        endpoints[std::string("/") + function] = {{"get", endpoint(function, "readwrite")}};
    }
    for (const char* key : REUSE_KEYS) {
        ordered_json reusing = endpoint("shared", "readwrite");
        reusing["interpreter_reuse"] = {{"key", key}};
        endpoints[std::string("/shared/") + key] = {{"get", reusing}};
    }
    const std::string source = "const version = " + std::to_string(version) + ";" + SOURCE;
    return ordered_json{{"metadata", {{"endpoints", endpoints}}}, {"modules", {{{"name", MODULE}, {"module", source}}}}}
        .dump();
}

std::string broken_soak_bundle(unsigned version) {
    ordered_json bundle = ordered_json::parse(soak_bundle(version));
    std::string& source = bundle["modules"][0]["module"].get_ref<std::string&>();
    source += has_syntax_error(version) ? "\nexport function (" : "\nthrow new Error('at the top level');";
    return bundle.dump();
}

jsep_status broken_soak_bundle_status(unsigned version) {
    return has_syntax_error(version) ? JSEP_MODULE_SYNTAX : JSEP_MODULE_EVALUATION;
}
