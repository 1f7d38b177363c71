// What engine options change for scripts.

const YEAR_2020 = 1577836800000;

const times = () => [Date.now(), new Date().getTime(), Date.parse(Date())];

/** Before a switch of the clock, after switching it on, and off again: 0, or a real time. */
export function clock() {
  const shown = () => times().map((time) => (time > YEAR_2020 ? "real" : time));
  const before = shown();
  const wasOn = ccf.enableUntrustedDateTime(true);
  const on = shown();
  const wasStillOn = ccf.enableUntrustedDateTime(false);
  return { body: { before, wasOn, on, wasStillOn, off: shown() } };
}

export function switchedClock(request) {
  ccf.enableUntrustedDateTime(request.params.state === "on");
  return { body: Date.now() > YEAR_2020 };
}

export function optionalGlobals() {
  return { body: { Intl: typeof Intl, host: typeof ccf.host } };
}

export function numbers() {
  return { body: new Intl.NumberFormat("en", { minimumFractionDigits: 2 }).format(1234.5) };
}
