export let count = 0;

export const shared = { count: 0, list: [] };

export function increment() {
  count += 1;
}
