import * as base64 from "./base64.js";
import * as shape from "./shape.js";
import * as text from "./text.js";
import * as url from "./url.js";

const cases = { ...base64, ...shape, ...text, ...url };

/** Runs a case with the arguments in the body; an exception is an answer, too. */
export function runCase(request) {
  try {
    return { body: { answer: cases[request.params.name](...request.body.json()) } };
  } catch (error) {
    return { body: { error: error.name } };
  }
}
