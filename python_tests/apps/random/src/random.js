const numbers = [Math.random(), Math.random()];

export function topLevel() {
  return { body: numbers };
}
