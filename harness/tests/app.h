// The app of the tests.
#ifndef APP_H
#define APP_H

#define ENDPOINT(function, mode)                                                       \
    "{\"js_module\": \"app.js\", \"js_function\": \"" function "\", \"mode\": \"" mode \
    "\", \"forwarding_required\": \"never\", \"authn_policies\": []}"

// One endpoint for GET, without a comma.
#define GET_ENDPOINT(path, function) "\"" path "\": {\"get\": " ENDPOINT(function, "readwrite") "}"

#define APP_METADATA \
    "{\"endpoints\": {" \
    "\"/echo\": {\"get\": " ENDPOINT("echo", "readonly") ", \"post\": " ENDPOINT("echo", "readwrite") "}," \
    "\"/item/{name}\": {\"get\": " ENDPOINT("read", "readonly") ", \"put\": " ENDPOINT("write", "readwrite") \
    ", \"delete\": " ENDPOINT("remove", "readwrite") "}," \
    GET_ENDPOINT("/params/{first}/of/{second}", "params") "," \
    GET_ENDPOINT("/caller", "caller") "," \
    GET_ENDPOINT("/count", "count") "," \
    GET_ENDPOINT("/walk", "walk") "," \
    GET_ENDPOINT("/clear", "clear") "," \
    GET_ENDPOINT("/version/{name}", "version") "," \
    GET_ENDPOINT("/refuse", "refuse") "," \
    GET_ENDPOINT("/keep", "keep") "," \
    GET_ENDPOINT("/claim", "claim") "," \
    GET_ENDPOINT("/catch", "catchAll") "," \
    GET_ENDPOINT("/throw", "throwError") "," \
    GET_ENDPOINT("/loop", "loop") "," \
    GET_ENDPOINT("/log", "log") "," \
    GET_ENDPOINT("/json", "json") \
    "}}"

#define APP_SOURCE                                                                                                \
    "const table = ccf.kv['table'];\n"                                                                            \
    "let counter = 0;\n"                                                                                          \
    "const bytes = (text) => ccf.strToBuf(text);\n"                                                               \
    "export function echo(request) {\n"                                                                           \
    "  return {\n"                                                                                                \
    "    body: request.body.arrayBuffer(),\n"                                                                     \
    "    headers: { 'x-method': request.method, 'x-path': request.path, 'x-query': request.query,\n"              \
    "      'x-route': request.route, 'x-many': String(request.headers['x-many']) },\n"                            \
    "  };\n"                                                                                                      \
    "}\n"                                                                                                         \
    "export function read(request) {\n"                                                                           \
    "  const value = table.get(bytes(request.params.name));\n"                                                    \
    "  return value === undefined ? { statusCode: 404 } : { body: value };\n"                                     \
    "}\n"                                                                                                         \
    "export function write(request) {\n"                                                                          \
    "  table.set(bytes(request.params.name), request.body.arrayBuffer());\n"                                      \
    "  return { statusCode: 204 };\n"                                                                             \
    "}\n"                                                                                                         \
    "export function remove(request) { table.delete(bytes(request.params.name)); return { statusCode: 204 }; }\n" \
    "export function params(request) { return { body: request.params }; }\n"                                      \
    "export function caller(request) { return { body: request.caller }; }\n"                                      \
    "export function count() { counter += 1; return { body: counter }; }\n"                                       \
    "export function walk() {\n"                                                                                  \
    "  const names = [];\n"                                                                                       \
    "  table.forEach((value, key) => { names.push(ccf.bufToStr(key)); });\n"                                      \
    "  return { body: { size: table.size, has: table.has(bytes('a')), names: names.sort() } };\n"                 \
    "}\n"                                                                                                         \
    "export function clear() { table.clear(); return {}; }\n"                                                     \
    "export function version(request) {\n"                                                                        \
    "  return { body: String(table.getVersionOfPreviousWrite(bytes(request.params.name))) };\n"                   \
    "}\n"                                                                                                         \
    "export function refuse() { table.set(bytes('refused'), bytes('x')); return { statusCode: 400 }; }\n"         \
    "export function keep() {\n"                                                                                  \
    "  table.set(bytes('kept'), bytes('x'));\n"                                                                   \
    "  ccf.rpc.setApplyWrites(true);\n"                                                                           \
    "  return { statusCode: 400 };\n"                                                                             \
    "}\n"                                                                                                         \
    "export function claim() {\n"                                                                                 \
    "  ccf.rpc.setClaimsDigest(new Uint8Array(32).fill(7).buffer);\n"                                             \
    "  return {};\n"                                                                                              \
    "}\n"                                                                                                         \
    "export function catchAll() {\n"                                                                              \
    "  let text = 'nothing thrown';\n"                                                                            \
    "  try { table.get(bytes('caught')); } catch (error) { text = 'caught'; }\n"                                  \
    "  return { body: text };\n"                                                                                  \
    "}\n"                                                                                                         \
    "export function throwError() { throw new Error('boom'); }\n"                                                 \
    "export function loop() { for (;;) { counter += 1; } }\n"                                                     \
    "export function log() { console.log('a line of the app'); return { body: [Date.now(), Math.random()] }; }\n" \
    "export function json(request) { return { body: request.body.json().length }; }\n"                            \
    "export const number = 42;\n"

#endif
