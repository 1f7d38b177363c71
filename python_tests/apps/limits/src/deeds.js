// What limits end.

export function loop() {
  for (;;) {
    // Nothing to do.
  }
}

export function recursion() {
  return 1 + recursion();
}

export const allocation = () => new Uint8Array(1 << 30).length;

// In the heap itself, and not in one large block.
export function heap() {
  for (const values = []; ; ) {
    values.push({ value: 1 });
  }
}

// Shows that a place works.
export const nothing = () => undefined;

// Native functions that take long, in loops that look for the limit too seldom.

export function slowDigests() {
  const large = ccf.strToBuf("x".repeat(20 << 20));
  for (;;) {
    try {
      ccf.crypto.digest("SHA-256", large);
    } catch {
      // Never reached.
    }
  }
}

export function slowTexts() {
  const large = ccf.strToBuf("x".repeat(5 << 20));
  for (;;) {
    ccf.bufToStr(large);
  }
}

export function slowKeys() {
  for (;;) {
    ccf.crypto.generateRsaKeyPair(4096);
  }
}

// One call that takes longer than the limit, and in which V8 looks up both what the script has given and what is its own.
export function slowDefinitions() {
  const descriptors = new Array(300_000).fill({ value: 1, writable: true, enumerable: true, configurable: true });
  for (;;) {
    Object.defineProperties([], descriptors);
  }
}

// Nothing stops one of these calls, each of which takes a good part of a second.
export function slowUpperCase() {
  const text = "\u0149".repeat(10 << 20);
  for (;;) {
    text.toUpperCase();
  }
}

export function bindToMany() {
  for (let bound = () => 0; ; ) {
    bound = bound.bind(null, ...new Array(10_000).fill(1));
  }
}

export function bindMany() {
  for (const functions = []; ; ) {
    functions.push(Math.max.bind(null, 1));
  }
}
