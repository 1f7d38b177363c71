// A host in Node.js, which has a V8 of its own: node host.js ADDON LIB [JIT]. Prints what became of its own JavaScript and of the
// library's apps, as JSON.
const vm = require("node:vm");

const [addonPath, libraryPath, jit = ""] = process.argv.slice(2);
const addon = require(addonPath);
const ROUNDS = 50;

// Work for the V8 of Node.js: compiled functions, a realm, an exception, garbage.
function own() {
  const inner = vm.runInNewContext("Array.from({ length: 1000 }, (_, number) => number).reduce((one, other) => one + other)");
  const many = Array.from({ length: 10000 }, (_, number) => ({ number, even: number % 2 === 0 }));
  let caught = "";
  try {
    null.property;
  } catch (error) {
    caught = error.constructor.name;
  }
  return JSON.stringify([inner, many.filter(({ even }) => even).length, caught]);
}

const results = new Set([own()]);
const opened = addon.open(libraryPath, jit);
let served = 0;
for (let round = 0; opened && round < ROUNDS; round++) {
  served += addon.serve() ? 1 : 0;
  results.add(own());
}
if (opened) addon.close();
results.add(own());
setTimeout(() => console.log(JSON.stringify({ results: [...results], served })), 1);
