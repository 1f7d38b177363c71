// The tiny handler as a server of Node.js: node.js PORT [fresh]. Without `fresh` all requests share one realm; with it each gets
// a context of its own, in which the handler is evaluated from compiled code.
import http from "node:http";
import vm from "node:vm";

const [port, kind] = process.argv.slice(2);
const script = new vm.Script("(function tiny() { return { body: 'ok' }; })");

function tiny() {
  return { body: "ok" };
}

function fresh() {
  return script.runInContext(vm.createContext())();
}

const handler = kind === "fresh" ? fresh : tiny;
http.createServer((_, response) => response.end(handler().body)).listen(Number(port), "127.0.0.1");
