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

// Shows that a place works.
export const nothing = () => undefined;
