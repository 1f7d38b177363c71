// Past states, one and many.
import { TABLE } from "./records.js";

const textOf = (value) => (value === undefined ? null : ccf.bufToStr(value));
const numbersOf = ({ query }) => query.split(",").map(Number);

function entriesOf(table) {
  const entries = {};
  table.forEach((value, key) => {
    entries[ccf.bufToStr(key)] = ccf.bufToStr(value);
  });
  return entries;
}

const describe = ({ transactionId, kv }) => ({ transactionId, entries: entriesOf(kv[TABLE]) });

export function read({ params }) {
  const { transactionId, kv } = ccf.historicalState;
  const key = ccf.strToBuf(params.key);
  const table = kv[TABLE];
  return {
    body: {
      transactionId,
      value: textOf(table.get(key)),
      has: table.has(key),
      version: table.getVersionOfPreviousWrite(key) ?? null,
      size: table.size,
      entries: entriesOf(table),
      present: textOf(ccf.kv[TABLE].get(key)),
    },
  };
}

export function receipt() {
  return { body: ccf.historicalState.receipt };
}

function refusalOf(change) {
  try {
    change();
    return { body: null };
  } catch (error) {
    return { body: String(error) };
  }
}

export function write({ params, body }) {
  return refusalOf(() => ccf.historicalState.kv[TABLE].set(ccf.strToBuf(params.key), body.arrayBuffer()));
}

export function writePresent({ params, body }) {
  return refusalOf(() => ccf.kv[TABLE].set(ccf.strToBuf(params.key), body.arrayBuffer()));
}

// The query is handle, first, last and seconds.
export function range(request) {
  const states = ccf.historical.getStateRange(...numbersOf(request));
  return { body: states === null ? null : states.map(describe) };
}

// The query is the handle.
export function drop(request) {
  return { body: ccf.historical.dropCachedStates(...numbersOf(request)) };
}
