// Records that are made at the top level, and a handler that filters them with a regular expression.

const NAMES = ["ash", "beech", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "pine"];

const records = Array.from({ length: 200 }, (_, id) => ({
  id,
  name: `${NAMES[id % NAMES.length]} ${id}`,
  tags: [`row ${id % 7}`, `lot ${id % 13}`],
}));

export function find(request) {
  const pattern = new RegExp(request.query.split("=")[1]);
  const found = records.filter((record) => pattern.test(record.name));
  return { body: { count: found.length, first: found[0].name } };
}
