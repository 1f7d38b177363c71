//! Source text of JavaScript values. All of it behaves alike on both engines, but for what `expected_differences.toml` lists.

use arbitrary::{Arbitrary, Result, Unstructured};

/// A string literal in ASCII, without lone surrogates: these the engines send in different ways.
pub fn literal(text: &str) -> String {
    let mut literal = String::from("\"");
    for unit in text.encode_utf16() {
        literal.push_str(&format!("\\u{unit:04x}"));
    }
    literal.push('"');
    literal
}

const SCALARS: [&str; 24] = [
    "undefined",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "NaN",
    "Infinity",
    "-Infinity",
    "0.1",
    "200",
    "404",
    "599",
    "600",
    "199",
    "4294967296",
    "4294967496",
    "1n",
    "-3n",
    "Symbol(\"a\")",
    "Symbol.iterator",
    "\"\"",
    "\"text/plain\"",
];

// Not among them: functions and dates as text, Intl, powers of two as text and other things that differ by nature.
const CURIOSITIES: [&str; 34] = [
    "() => 1",
    "class A {}",
    "/a/g",
    "Object.defineProperty(new Date(0), \"toString\", { value: Date.prototype.toISOString })",
    "new Date(NaN)",
    "new Map([[\"a\", 1]])",
    "new Set([\"a\"])",
    "new Error(\"e\")",
    "Object.create(null)",
    "Object.create({ a: 1 })",
    "Object.freeze({ a: 1 })",
    "Object(1n)",
    "Object(Symbol(\"b\"))",
    "new String(\"s\\u0000\")",
    "new Number(-0)",
    "new Boolean(false)",
    "[, 1]",
    "Object.assign([1], { a: 2 })",
    "(function () { return arguments; })(1, 2)",
    "[1, 2].values()",
    "Promise.resolve(1)",
    "Promise.reject(2)",
    "new Promise(() => {})",
    "ccf.kv[\"table\"].size",
    "request.body.text()",
    "Math",
    "(() => { const c = {}; c.self = c; return c; })()",
    "({ toString() { return \"text\"; } })",
    "({ toString() { return {}; } })",
    "({ valueOf() { return 7; } })",
    "({ [Symbol.toPrimitive]() { return 8; } })",
    "({ then(resolve) { resolve(3); } })",
    "({ get then() { throw 1; } })",
    "\"x\".repeat(70000)",
];

const NAMES: [&str; 14] = [
    "a",
    "b",
    "length",
    "toString",
    "constructor",
    "then",
    "0",
    "1",
    "-1",
    "4294967295",
    "content-type",
    "X-A",
    "x-a",
    "",
];

const TRAPS: [&str; 8] = [
    "",
    "get() { throw new Error(\"trap\"); }",
    "get(target, key) { return typeof key; }",
    "has() { return false; }",
    "ownKeys() { return []; }",
    "ownKeys() { throw new Error(\"trap\"); }",
    "ownKeys() { return [\"z\", \"a\"]; }, getOwnPropertyDescriptor() { return { value: 1, enumerable: true, configurable: true }; }",
    "getOwnPropertyDescriptor() { throw new Error(\"trap\"); }",
];

const VIEWS: [(&str, usize); 8] = [
    ("Int8Array", 1),
    ("Uint8Array", 1),
    ("Uint8ClampedArray", 1),
    ("Int16Array", 2),
    ("Uint32Array", 4),
    ("Float64Array", 8),
    ("BigInt64Array", 8),
    ("DataView", 1),
];
const BUFFER_BYTES: usize = 8;

fn name(input: &mut Unstructured) -> Result<String> {
    Ok(if input.ratio(3u8, 4u8)? { literal(input.choose(&NAMES)?) } else { literal(input.arbitrary::<&str>()?) })
}

/// A view of a part of a buffer, whose size may change afterwards.
fn view(input: &mut Unstructured) -> Result<String> {
    let (kind, item) = *input.choose(&VIEWS)?;
    let items = BUFFER_BYTES / item;
    let length = input.int_in_range(0..=items)?;
    let offset = input.int_in_range(0..=items - length)? * item;
    let resized = *input.choose(&["", "", "buffer.resize(3); ", "buffer.resize(12); ", "buffer.transfer(); "])?;
    let limit = if resized.contains("resize") { ", { maxByteLength: 16 }" } else { "" };
    Ok(format!(
        "(() => {{ const buffer = new ArrayBuffer({BUFFER_BYTES}{limit}); new Uint8Array(buffer).fill(7, 1); \
         const view = new {kind}(buffer, {offset}, {length}); {resized}return view; }})()"
    ))
}

/// Any value, up to `depth` deep.
pub fn value(input: &mut Unstructured, depth: u32) -> Result<String> {
    let most = if depth == 0 { 4 } else { 8 };
    Ok(match input.int_in_range(0..=most)? {
        0 => (*input.choose(&SCALARS)?).to_owned(),
        1 => input.arbitrary::<i32>()?.to_string(),
        2 => literal(input.arbitrary::<&str>()?),
        3 => format!("({})", input.choose(&CURIOSITIES)?),
        4 => view(input)?,
        5 | 6 => object(input, depth - 1)?,
        7 => {
            let items: Result<Vec<String>> = (0..input.int_in_range(0..=3)?).map(|_| value(input, depth - 1)).collect();
            format!("[{}]", items?.join(", "))
        }
        _ => {
            let target = match input.int_in_range(0..=2)? {
                0 => "[1, 2]".to_owned(),
                // With a text of its own, because QuickJS has none for the proxy of a function.
                1 => "Object.assign(() => 1, { toString: () => 'text' })".to_owned(),
                _ => object(input, depth - 1)?,
            };
            format!("new Proxy({target}, {{ {} }})", input.choose(&TRAPS)?)
        }
    })
}

/// An object literal.
pub fn object(input: &mut Unstructured, depth: u32) -> Result<String> {
    let mut members = Vec::new();
    for _ in 0..input.int_in_range(0..=3)? {
        let name = name(input)?;
        members.push(match input.int_in_range(0..=4)? {
            0 => format!("get [{name}]() {{ return {}; }}", value(input, depth)?),
            1 => format!("get [{name}]() {{ throw new Error(\"getter\"); }}"),
            2 => format!("toJSON() {{ return {}; }}", value(input, depth)?),
            _ => format!("[{name}]: {}", value(input, depth)?),
        });
    }
    Ok(format!("({{ {} }})", members.join(", ")))
}

const MAPS: [&str; 4] = ["table", "other", "public:table", "public:ccf.gov.table"];

/// A key of a map, or a value that is seldom something else than bytes.
fn bytes(input: &mut Unstructured) -> Result<String> {
    const TEXTS: [&str; 5] = ["a", "b", "c", "", "a\u{0}"];
    Ok(if input.ratio(15u8, 16u8)? {
        format!("ccf.strToBuf({})", literal(input.choose(&TEXTS)?))
    } else {
        value(input, 1)?
    })
}

/// Something that a handler does to the store or the log before it returns; what it comes to, or throws, is seen by the next lines.
fn effect(input: &mut Unstructured) -> Result<String> {
    let map = format!("ccf.kv[{}]", literal(input.choose(&MAPS)?));
    let action = match input.int_in_range(0..=9)? {
        0..=2 => format!("{map}.set({}, {})", bytes(input)?, bytes(input)?),
        3 => format!("text({map}.get({}))", bytes(input)?),
        4 => format!("{map}.delete({})", bytes(input)?),
        5 => format!("{map}.has({})", bytes(input)?),
        6 => format!(
            "{map}.forEach((value, key) => {{ seen.push([text(key), text(value)]); {} }})",
            input.choose(&["", "throw 1;", "return false;"])?
        ),
        7 => format!("{map}.{}", input.choose(&["size", "clear()"])?),
        8 => format!("{map}.getVersionOfPreviousWrite({})", bytes(input)?),
        _ => format!("console.{}(seen, {})", input.choose(&["log", "info", "warn", "error"])?, scalar(input)?),
    };
    Ok(format!("attempt(() => {action});\n"))
}

/// A value that both engines write in the same way.
fn scalar(input: &mut Unstructured) -> Result<String> {
    Ok(if input.ratio(1u8, 2u8)? { (*input.choose(&SCALARS)?).to_owned() } else { literal(input.arbitrary::<&str>()?) })
}

/// The body of a handler that uses the store and the log, and then returns something, or throws it.
pub fn handler(input: &mut Unstructured) -> Result<String> {
    const TOOLS: &str = "const seen = [];\n\
        const text = (bytes) => (bytes === undefined ? \"nothing\" : ccf.bufToStr(bytes));\n\
        const attempt = (action) => { try { seen.push(action()); } catch (error) { seen.push(String(error?.name)); } };\n";
    let effects = (0..input.int_in_range(0..=5)?).map(|_| effect(input)).collect::<Result<String>>()?;
    let result = result(input)?;
    Ok(if effects.is_empty() { result } else { format!("{TOOLS}{effects}console.log(seen);\n{result}") })
}

/// The end of a handler: it returns something, or throws it.
fn result(input: &mut Unstructured) -> Result<String> {
    const DEPTH: u32 = 3;
    let any = |input: &mut Unstructured| value(input, DEPTH);
    Ok(match input.int_in_range(0..=9)? {
        0 => format!("throw {};", any(input)?),
        1 => format!("return {};", any(input)?),
        2 => format!("return Promise.resolve().then(() => ({{ body: {} }}));", any(input)?),
        3 => format!("return (async () => {{ await {}; return {{ body: 1 }}; }})();", any(input)?),
        _ => {
            let mut fields = Vec::new();
            for (name, chance) in [("statusCode", 2u8), ("headers", 2), ("body", 3)] {
                if input.ratio(chance, 4u8)? {
                    let value = match (name, input.ratio(1u8, 2u8)?) {
                        ("statusCode", true) => input.int_in_range(150..=650)?.to_string(),
                        ("headers", true) => object(input, 1)?,
                        _ => any(input)?,
                    };
                    fields.push(match input.int_in_range(0..=7)? {
                        0 => format!("get {name}() {{ throw {value}; }}"),
                        1 => format!("get {name}() {{ return {value}; }}"),
                        _ => format!("{name}: {value}"),
                    });
                }
            }
            format!("return {{ {} }};", fields.join(", "))
        }
    })
}

/// A module whose function `f` is a handler. Its top level has values, which a handler finds as they were made.
#[derive(Debug, Hash)]
pub struct Module {
    top: String,
    handler: String,
}

impl Module {
    pub fn source(&self) -> String {
        format!("{}export {}", self.top, self.handler)
    }

    /// The body of a function of a request, which evaluates the module and has its handler answer.
    pub fn script(&self) -> String {
        format!("return (() => {{\n{}{}return f;\n}})()(request);", self.top, self.handler)
    }
}

impl<'a> Arbitrary<'a> for Module {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Module> {
        const DEPTH: u32 = 2;
        let mut top = String::from("let count = 0;\n");
        // Nobody sends a request at the top level.
        top.push_str("const request = { body: { text: () => \"none\" } };\n");
        for name in ["first", "second"] {
            top.push_str(&format!("const {name} = {};\n", value(input, DEPTH)?));
        }
        if !input.ratio(3u8, 4u8)? {
            top.push_str(&format!("throw {};\n", value(input, DEPTH)?));
        }
        let seen = "try { console.log(count, first, second); } catch (error) { console.log(String(error?.name)); }";
        let handler = format!("function f(request) {{\ncount += 1;\n{seen}\n{}\n}}\n", handler(input)?);
        Ok(Module { top, handler })
    }
}
