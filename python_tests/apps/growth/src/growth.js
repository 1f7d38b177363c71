// Grows in one way: once, or over and over while errors are caught and everything is kept.
import * as ways from "./ways.js";

export const fine = () => ({ body: `${[1, 2, 3].map((value) => value * 2)}` });

export function once(request) {
  ways[request.params.way]();
  return { body: "grown" };
}

export function again(request) {
  const kept = [];
  for (;;) {
    try {
      kept.push(ways[request.params.way]());
    } catch {
      kept.push(undefined);
    }
  }
}
