const times = [Date.now(), new Date().getTime(), Date.parse(Date())];

export function topLevel() {
  return { body: times };
}
