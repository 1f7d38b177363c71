export const bytes = (text) => ccf.strToBuf(text);
export const text = (buffer) => (buffer === undefined ? undefined : ccf.bufToStr(buffer));

export function caught(action) {
  try {
    action();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
  return "nothing thrown";
}

// The entries of a table as pairs of texts, in the order of the keys.
export function entriesOf(table) {
  const entries = [];
  table.forEach((value, key) => entries.push([text(key), text(value)]));
  return entries.sort(([left], [right]) => (left < right ? -1 : 1));
}
