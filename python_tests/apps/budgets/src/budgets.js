// Has native functions make much of little.
import * as buffers from "./buffers.js";
import * as queries from "./queries.js";
import * as ways from "./ways.js";

export const fine = () => ({ body: "fine" });

export function make(request) {
  return ways[request.params.way]();
}

export const query = (request) => ({ body: `${queries[request.params.name]()}` });

export const buffer = (request) => ({ body: buffers[request.params.name]() });

// What was refused is there again.
export function caught(request) {
  for (let round = 0; round < 5; round++) {
    try {
      ways[request.params.way]();
    } catch (error) {
      encodeURIComponent(new URLSearchParams({ text: "x".repeat(10 << 20) }));
      if (round === 4) {
        return { body: `${error}` };
      }
    }
  }
}

// More text for the log than is held back anywhere.
export function lines() {
  const texts = new Array(24).fill("x".repeat(1 << 20));
  for (let round = 0; round < 3; round++) {
    console.log(...texts);
  }
  return { body: "written" };
}
