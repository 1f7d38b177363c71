// Each takes little memory of the script, and asks a native function for much.

const MEBIBYTE = "x".repeat(1 << 20);
const MANY = new Array(500).fill(MEBIBYTE);

// Lines of the log

export const line = () => console.log(...MANY);

export function linesInLines() {
  const some = MANY.slice(0, 20);
  let depth = 0;
  const nested = {
    toJSON() {
      if (++depth < 100) console.log(...some, nested);
      return "";
    },
  };
  console.log(...some, nested);
}

// Responses

export const headers = () => ({ headers: Object.fromEntries(MANY.map((text, index) => [`h${index}`, text])) });

// Arguments

export const startedWith = () => ccf.host.triggerSubprocess(MANY);

// URLs

export const url = () => new URL(`http://host.example/${"é".repeat(15 << 20)}`);

export function path() {
  new URL("http://host.example/").pathname = "é".repeat(15 << 20);
}

export const query = () => new URLSearchParams(new Array(500).fill([MEBIBYTE, MEBIBYTE])).toString().length;

// Maps

export function walks() {
  const map = ccf.kv.budgets;
  for (let key = 0; key < 10; key++) {
    map.set(ccf.strToBuf(`${key}`), new ArrayBuffer(1 << 20));
  }
  const walk = () => map.forEach(walk);
  walk();
}
