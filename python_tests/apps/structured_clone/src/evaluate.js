import { describe } from "./describe.js";

/** Runs the code of the request, and answers with the text of its value, or with what it throws. */
export function evaluate(request) {
  globalThis.describe = describe;
  try {
    return { body: { value: (0, eval)(request.body.text()) } };
  } catch (error) {
    return { body: { thrown: `${error.name}${error.code === undefined ? "" : ` ${error.code}`}` } };
  }
}
