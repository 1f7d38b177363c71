// What goes to the log.

export function consoleLevels(request) {
  const mark = request.query;
  console.log(`${mark} from log`);
  console.info(`${mark} from info`);
  console.warn(`${mark} from warn`);
  console.error(`${mark} from error`);
  return true;
}

export function consoleArguments(request) {
  console.log(request.query, 1, true, null, undefined, 12n, "text", { a: [1, "b"] }, [1, 2], new Error("boom"));
  return true;
}

export function consoleWithoutArguments() {
  return console.log() === undefined;
}

export function consoleOfCycle() {
  const cycle = {};
  cycle.self = cycle;
  try {
    console.log(cycle);
  } catch (error) {
    return error instanceof TypeError;
  }
  return "nothing thrown";
}

export function consoleBeyondLatin(request) {
  console.log(`${request.query} ü 😀`);
  return true;
}

export function consoleMembers() {
  return ["log", "info", "warn", "error"].map((name) => typeof console[name]);
}

export function consoleDetached(request) {
  const { log } = console;
  log(`${request.query} detached`);
  return true;
}

export function consoleOf(request) {
  console.log(request.body.text());
  return true;
}
