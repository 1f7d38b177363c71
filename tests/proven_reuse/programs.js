// What generated endpoints stand on; their app evaluates `state.js` after this. Names begin with $, so that they hide nothing of the state.
const $before = new Set(Reflect.ownKeys(globalThis));
const $known = new Map();
const $visit = (value) => {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return;
  if ($known.has(value)) return;
  const keys = Reflect.ownKeys(value);
  $known.set(value, keys.length);
  for (const key of keys) {
    const property = Reflect.getOwnPropertyDescriptor(value, key);
    $visit(property.value);
    $visit(property.get);
    $visit(property.set);
  }
  $visit(Reflect.getPrototypeOf(value));
};
$visit(globalThis);
// What the names of the language mean, and the prototypes: a property more or less shows in their number.
const $watched = [Object.getPrototypeOf([].values()), Object.getPrototypeOf(function* () {}), ccf, Object.getPrototypeOf(Uint8Array)];
for (const name of $before) {
  const value = Reflect.getOwnPropertyDescriptor(globalThis, name).value;
  if (value === globalThis || !$known.has(value)) continue;
  $watched.push(value);
  if ($known.has(value.prototype)) $watched.push(value.prototype);
}

const $show = (value, depth = 0) => {
  try {
    if (typeof value === 'function') return 'function';
    if (typeof value === 'symbol') return 'symbol';
    if (typeof value === 'bigint') return value + 'n';
    if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
    if (depth > 2) return '…';
    let text = Array.isArray(value) ? '[' : '{';
    for (const key of Object.keys(value)) text += key + ':' + $show(value[key], depth + 1) + ',';
    if (value instanceof Map || value instanceof Set) value.forEach((one, key) => { text += $show(key, depth + 1) + '>' + $show(one, depth + 1) + ';'; });
    return text + '}';
  } catch {
    return 'nothing to show';
  }
};
const $bytes = (text) => ccf.strToBuf(text);
const $text = (buffer) => (buffer === undefined ? 'none' : ccf.bufToStr(buffer));

// All of the old state that can be seen without changing it, in a form that the check lets through.
export function $look() {
  const lines = [];
  const seen = new Map();
  const queue = [];
  const id = (value) => {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') {
      return typeof value === 'symbol' ? 'symbol' : Object.is(value, -0) ? '-0' : typeof value + String(value);
    }
    // A captured collection need not find the global object.
    if (value === globalThis || $known.has(value)) return 'known';
    if (value === ptrap || value === spreadTrap) return 'trap';
    if (!seen.has(value)) {
      seen.set(value, seen.size);
      queue.push(value);
    }
    return '#' + seen.get(value);
  };
  for (const name of Reflect.ownKeys(globalThis)) {
    if (!$before.has(name)) lines.push(String(name) + '=' + id(globalThis[name]));
  }
  for (let at = 0; at < queue.length; at++) {
    const object = queue[at];
    let line = '#' + at + ' ' + id(Reflect.getPrototypeOf(object)) + Reflect.isExtensible(object);
    for (const key of Reflect.ownKeys(object)) {
      const property = Reflect.getOwnPropertyDescriptor(object, key);
      line += ' ' + (typeof key === 'symbol' ? 'symbol' : key) + ':' + ('value' in property ? id(property.value) : id(property.get) + id(property.set));
      line += (property.writable ? 'w' : '') + (property.enumerable ? 'e' : '') + (property.configurable ? 'c' : '');
    }
    lines.push(line);
  }
  for (const map of [m]) map.forEach((value, key) => lines.push('map ' + id(key) + id(value)));
  for (const set of [s, sets[0], sets[1]]) set.forEach((value) => lines.push('set ' + id(value)));
  lines.push([date.getTime(), clos.get(), block.at(), sloppyArgs[1](), c.p, C.sp, Priv.s(), Priv.read(priv), ns.mv, ns.see(), ns.readAll().length].join());
  lines.push([weakKey, weakKey2, old, arr].map((key) => '' + wm.has(key) + ws.has(key) + wm2.has(key) + ws2.has(key) + Stamp.has(key) + Branded.has(key)).join());
  for (const object of $watched) {
    if (Reflect.ownKeys(object).length !== $known.get(object)) lines.push('changed: ' + $show(Reflect.ownKeys(object).map(String)));
  }
  return { body: lines.join('\n') };
}
