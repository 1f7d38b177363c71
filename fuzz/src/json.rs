//! Changes of JSON as a whole, for mutations that stay JSON.

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

/// Any small value.
pub fn value(input: &mut Unstructured) -> Result<Value> {
    Ok(match input.int_in_range(0..=9)? {
        0 => Value::Null,
        1 => json!(bool::from(input.arbitrary::<bool>()?)),
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
    let kept = whole.clone();
    let mut place = whole;
    loop {
        let stops = input.ratio(1u8, 4u8)?;
        match place {
            Value::Array(items) if !items.is_empty() && !stops => {
                let index = input.choose_index(items.len())?;
                place = &mut items[index];
            }
            Value::Object(members) if !members.is_empty() && !stops => {
                let index = input.choose_index(members.len())?;
                let Some((_, member)) = members.iter_mut().nth(index) else { return Ok(()) };
                place = member;
            }
            _ => break,
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
            if let Some((_, member)) = members.iter().nth(index) {
                let member = member.clone();
                members.insert(input.arbitrary::<&str>()?.to_owned(), member);
            }
        }
        (3, place) => *place = kept,
        (4, Value::String(text)) => text.push_str(input.arbitrary::<&str>()?),
        (_, place) => *place = value(input)?,
    }
    Ok(())
}
