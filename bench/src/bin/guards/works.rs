//! What the guards are measured with: pieces of work, each of which meets a guard as often as work can.

/// How a piece is done.
#[derive(Clone, Copy)]
pub enum Piece {
    /// By statements of a script, which change `sum`; `i` counts the pieces. The first text comes once, before all.
    Script(&'static str, &'static str),
    /// By a request that gets a realm which is in use already.
    SharedRequest,
    /// By a request that gets a realm of its own.
    Request,
    /// By a request to the logging app.
    Logging,
    /// By a call of a function of the C interface that does nothing but read a number.
    Call,
}

/// A guard, and a piece of work that meets it.
pub struct Work {
    pub guard: &'static str,
    pub what: &'static str,
    pub piece: Piece,
    /// Whether it needs machine code.
    pub compiled: bool,
}

const fn script(guard: &'static str, what: &'static str, first: &'static str, piece: &'static str) -> Work {
    Work { guard, what, piece: Piece::Script(first, piece), compiled: false }
}

const fn compiled(guard: &'static str, what: &'static str, first: &'static str, piece: &'static str) -> Work {
    Work { compiled: true, ..script(guard, what, first, piece) }
}

const fn request(guard: &'static str, what: &'static str, piece: Piece) -> Work {
    Work { guard, what, piece, compiled: false }
}

/// 64 texts of eight characters that V8 does not know to be the same.
const TEXTS: &str = "const texts = Array.from({ length: 64 }, (_, n) => ('text ' + (100 + n % 8)).split('').join(''));";
/// A list that is no array.
const LIST: &str = "const list = { length: 100 }; for (let n = 0; n < 100; n++) list[n] = n;";
const ARRAY: &str = "const array = Array.from({ length: 100 }, (_, n) => n);";
/// A list whose elements V8 has in a table.
const TABLE: &str =
    "const table = []; for (let n = 0; n < 100; n++) table[n] = n; table[2 ** 31] = 0; table.length = 100;";
const BITS: &str = "const bits = Array.from({ length: 64 }, (_, n) => 2n ** 63n + BigInt(n % 8));";
const NUMBERS: &str = "const numbers = Array.from({ length: 1000 }, (_, n) => (n * 7919) % 1009);";
const WORDS: &str = "const words = 'the quick brown fox jumps over the lazy dog '.repeat(400);";
const REPEATED: &str = "const repeated = ('a'.repeat(63) + 'b').repeat(256); const begin = 'a'.repeat(40) + 'c'; const end = 'c' + 'a'.repeat(40);";
/// Exports a function that adds so many numbers of its memory.
const WASM: &str = "const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, \
    7, 5, 1, 1, 102, 0, 0, 10, 35, 1, 33, 1, 1, 127, 3, 64, 32, 1, 32, 0, 65, 252, 255, 3, 113, 40, 2, 0, 106, 33, 1, \
    32, 0, 65, 1, 107, 34, 0, 13, 0, 11, 32, 1, 11]; \
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))).exports;";
/// Exports functions that fill memory, copy memory and copy a table so many times, so many bytes or elements each.
const BULK: &str = "const body = (...operation) => { const code = [0, 3, 64, 65, 0, 65, 1, 32, 1, 252, ...operation, \
    32, 0, 65, 1, 107, 34, 0, 13, 0, 11, 11]; return [code.length, ...code]; }; \
    const bodies = [body(11, 0), body(10, 0, 0), body(14, 0, 0)].flat(); \
    const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 2, 127, 127, 0, 3, 4, 3, 0, 0, 0, 4, 4, 1, 112, 0, 16, 5, 3, 1, 0, 1, \
    7, 13, 3, 1, 102, 0, 0, 1, 99, 0, 1, 1, 116, 0, 2, 10, bodies.length + 1, 3, ...bodies]; \
    const { f, c, t } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))).exports;";
const WRITES: &str = "const map = ccf.kv['public:bench']; const value = new ArrayBuffer(8); \
    const keys = Array.from({ length: 64 }, (_, n) => new Uint8Array(8).fill(n).buffer);";

/// What shows how much the same code differs in another place of a library.
const NONE: &str = "none of V8's, turns of QuickJS's loops";
const LOOPS: &str = "loops of functions of lists";
const COMPARISONS: &str = "comparisons";
const CALLS: &str = "calls of native functions";
const SLOW: &str = "slow paths of the engine";
const ALLOCATION: &str = "asking for memory";
const REFUSALS: &str = "what can't fit is refused";
const LINEAR: &str = "linear time";
const MEMORY: &str = "memory outside of the heap counts";
const OPERATIONS: &str = "WebAssembly's operations on much memory";
const BOUNDS: &str = "bounds of WebAssembly in code";
const LIMITS: &str = "limits of a request, no other on its thread";

pub const WORKS: &[Work] = &[
    script(NONE, "a call and a property", "const o = { value: 1 };", "sum += o.value;"),
    script(LOOPS, "`forEach`, 1 000 holes", "const o = { length: 1000 };", "[].forEach.call(o, Boolean); sum++;"),
    script(LOOPS, "`map`, 100 elements of no array", LIST, "sum += [].map.call(list, (x) => x + 1).length;"),
    script(LOOPS, "`includes`, 100 elements of no array", LIST, "sum += [].includes.call(list, 99);"),
    script(LOOPS, "`toSorted`, 1 000 numbers", NUMBERS, "sum += numbers.toSorted((a, b) => a - b)[i & 511];"),
    script(LOOPS, "`join`, 100 elements of a table", TABLE, "sum += table.join('').length;"),
    script(COMPARISONS, "`<` of 8 characters", TEXTS, "sum += texts[i & 63] < texts[(i + 8) & 63];"),
    script(COMPARISONS, "`===` of 8 characters", TEXTS, "sum += texts[i & 63] === texts[(i + 8) & 63];"),
    script(COMPARISONS, "`===` of 64 bits", BITS, "sum += bits[i & 63] === bits[(i + 8) & 63];"),
    script(CALLS, "`Symbol.keyFor`", "const s = Symbol.for('s');", "sum += Symbol.keyFor(s).length;"),
    script(
        CALLS,
        "`structuredClone` of an object with a list",
        "const value = { a: 1, list: [1, 2, 3] };",
        "sum += structuredClone(value).a;",
    ),
    script(
        SLOW,
        "a new property, read and deleted",
        "const o = {};",
        "const k = 'k' + i; o[k] = 1; sum += o[k]; delete o[k];",
    ),
    script(SLOW, "`Reflect.get` of an element", LIST, "sum += Reflect.get(list, i & 63);"),
    script(
        SLOW,
        "a property five prototypes away, by a made name",
        "let o = { value0: 1, value1: 2 }; for (let n = 0; n < 5; n++) o = Object.create(o);",
        "sum += o['value' + (i & 1)];",
    ),
    script(
        SLOW,
        "a text made a number",
        "const texts = Array.from({ length: 1024 }, (_, n) => n + '.5');",
        "sum += +texts[i & 1023];",
    ),
    script(ALLOCATION, "an object with a list", "const kept = [];", "kept[i & 1023] = { i, list: [i] }; sum++;"),
    script(
        SLOW,
        "`replace` of 40 matches",
        "const text = 'a1b2c3d4'.repeat(10);",
        "sum += text.replace(/\\d/g, 'x').length;",
    ),
    script(SLOW, "an error", "", "sum += new Error('text').message.length;"),
    script(REFUSALS, "`split` of 16 characters", "", "sum += (1e15 + i + '').split('').length;"),
    script(REFUSALS, "`Reflect.ownKeys`", "const o = { a: 1, b: 2, 1: 3 };", "sum += Reflect.ownKeys(o).length;"),
    script(REFUSALS, "`JSON.stringify` of a number", "", "sum += JSON.stringify(i).length;"),
    script(REFUSALS, "`JSON.parse` of an object", "", "sum += JSON.parse('{\"a\":[1,2]}').a[1];"),
    script(
        REFUSALS,
        "`JSON.parse` of 8 million characters",
        "const json = JSON.stringify(Array(8e4).fill({ name: 'x'.repeat(80), list: [1, 2] }));",
        "sum += JSON.parse(json).length;",
    ),
    script(REFUSALS, "`Object.entries`, 100 elements", ARRAY, "sum += Object.entries(array).length;"),
    script(REFUSALS, "a call with a list of arguments", LIST, "sum += Math.max.apply(null, list);"),
    script(LINEAR, "`indexOf` in 17 600 characters of words", WORDS, "sum += words.indexOf('the lazy cat jumps');"),
    script(
        LINEAR,
        "two of `indexOf` in 16 384 characters that repeat",
        REPEATED,
        "sum += repeated.indexOf(begin) + repeated.indexOf(end);",
    ),
    script(LINEAR, "`lastIndexOf` in 17 600 characters", WORDS, "sum += words.lastIndexOf('the lazy cat jumps');"),
    script(
        LINEAR,
        "`normalize` of 1 100 characters, 200 with marks",
        "const text = 'Ti\\u1ebfng Vi\\u1ec7t '.repeat(100);",
        "sum += text.normalize('NFD').length;",
    ),
    script(MEMORY, "an `ArrayBuffer` of 64 bytes", "", "sum += new ArrayBuffer(64).byteLength;"),
    script(MEMORY, "a resizable `ArrayBuffer`", "", "sum += new ArrayBuffer(64, { maxByteLength: 4096 }).byteLength;"),
    script(MEMORY, "a `URL`", "", "sum += new URL('https://example.com/a?b=c').host.length;"),
    script(MEMORY, "`set` of a map of `ccf.kv`", WRITES, "map.set(keys[i & 63], value); sum++;"),
    compiled(
        MEMORY,
        "an instance of WebAssembly with a memory",
        "const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 5, 4, 1, 1, 1, 1]; \
         const module = new WebAssembly.Module(new Uint8Array(bytes));",
        "sum += new WebAssembly.Instance(module) !== 1;",
    ),
    compiled(
        MEMORY,
        "`grow` of a `WebAssembly.Memory`, by nothing",
        "const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });",
        "sum += memory.grow(0);",
    ),
    compiled(OPERATIONS, "1 000 of `memory.fill`, 8 bytes", BULK, "f(1000, 8); sum++;"),
    compiled(OPERATIONS, "1 000 of `memory.copy`, 8 bytes", BULK, "c(1000, 8); sum++;"),
    compiled(OPERATIONS, "1 000 of `table.copy`, 8 elements", BULK, "t(1000, 8); sum++;"),
    compiled(BOUNDS, "1 000 reads of a memory", WASM, "sum += f(1000);"),
    request("no panic reaches the host", "a call of the C interface", Piece::Call),
    request(LIMITS, "the least request, in a shared realm", Piece::SharedRequest),
    request("all", "the least request, in a realm of its own", Piece::Request),
    request("all", "a request to apps/logging", Piece::Logging),
];
