//! Changes of JSON as a whole, for mutations that stay JSON, and what JSON is.

use arbitrary::{Result, Unstructured};
use serde_json::{Value, json};

/// Values that bundles and keys are full of, and their neighbours.
const WORDS: [&str; 22] = [
    "",
    "get",
    "post",
    "put",
    "delete",
    "patch",
    "head",
    "options",
    "readwrite",
    "readonly",
    "historical",
    "never",
    "always",
    "app.js",
    "/a/{b}",
    "/a/{b:.*}",
    "{",
    "__proto__",
    "constructor",
    "default",
    "\u{0}",
    "\u{fffd}",
];

/// Whether these bytes are JSON, also where numbers and text are more than this program can read.
pub fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<&serde_json::value::RawValue>(bytes).is_ok()
}

/// Whether JavaScript can't tell two values apart: it knows one kind of number, and members in any order mean the same.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

/// Any small value.
pub fn value(input: &mut Unstructured) -> Result<Value> {
    Ok(match input.int_in_range(0..=9)? {
        0 => Value::Null,
        1 => json!(input.arbitrary::<bool>()?),
        2 => json!(input.arbitrary::<i64>()?),
        3 => json!(input.arbitrary::<f64>()?),
        4 => json!([]),
        5 => json!({}),
        6 => json!(input.arbitrary::<&str>()?),
        7 => json!({ *input.choose(&WORDS)?: *input.choose(&WORDS)? }),
        _ => json!(*input.choose(&WORDS)?),
    })
}

/// Changes one place of `whole`.
pub fn change(whole: &mut Value, input: &mut Unstructured) -> Result<()> {
    let copy = whole.clone();
    change_within(whole, &copy, input)
}

/// Changes `place` or something in it, perhaps to a copy of the whole.
fn change_within(place: &mut Value, whole: &Value, input: &mut Unstructured) -> Result<()> {
    if input.ratio(3u8, 4u8)? {
        match place {
            Value::Array(items) if !items.is_empty() => {
                let index = input.choose_index(items.len())?;
                return change_within(&mut items[index], whole, input);
            }
            Value::Object(members) if !members.is_empty() => {
                let index = input.choose_index(members.len())?;
                if let Some((_, member)) = members.iter_mut().nth(index) {
                    return change_within(member, whole, input);
                }
            }
            _ => {}
        }
    }
    match (input.int_in_range(0..=5)?, place) {
        (0, Value::Array(items)) => items.push(value(input)?),
        (1, Value::Array(items)) => drop(items.pop()),
        (0, Value::Object(members)) => drop(members.insert((*input.choose(&WORDS)?).to_owned(), value(input)?)),
        (1, Value::Object(members)) => {
            let index = input.choose_index(members.len().max(1))?;
            if let Some(name) = members.keys().nth(index).cloned() {
                members.shift_remove(&name);
            }
        }
        (2, Value::Object(members)) => {
            let index = input.choose_index(members.len().max(1))?;
            if let Some(member) = members.values().nth(index).cloned() {
                members.insert(input.arbitrary::<&str>()?.to_owned(), member);
            }
        }
        (3, place) => *place = whole.clone(),
        (4, Value::String(text)) => text.push_str(input.arbitrary::<&str>()?),
        (_, place) => *place = value(input)?,
    }
    Ok(())
}
