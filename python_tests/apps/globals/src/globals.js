import * as converters from "./converters.js";
import * as environment from "./environment.js";
import * as output from "./output.js";

const cases = { ...converters, ...environment, ...output };

export function runCase(request) {
  const result = cases[request.params.name](request);
  return result instanceof Promise ? result.then((body) => ({ body })) : { body: result };
}

export function answerWithStatus(request) {
  return { statusCode: Number(request.params.status) };
}

export function fail() {
  throw new Error("on purpose");
}

export function failToAnswer() {
  return 1;
}

export function quiet() {
  return { body: [ccf.enableMetricsLogging(false), ccf.enableMetricsLogging(false)] };
}
