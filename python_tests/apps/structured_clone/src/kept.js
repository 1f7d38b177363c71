// Copies that top-level code makes are there in each request.
import { describe } from "./describe.js";

const copy = structuredClone({
  list: [1, , new Date(5)],
  map: new Map([["a", new Set([/a/g])]]),
});

export function kept() {
  copy.requests = (copy.requests ?? 0) + 1;
  return { body: describe(copy) };
}
