//! What a function sees of its call, whichever engine makes it.

use super::super::{Execution, Thrown};
use base64::Engine as _;

/// One call of a function by a script.
pub trait Call {
    /// Number of arguments.
    fn count(&self) -> usize;
    /// An argument; undefined when there are fewer. Runs no script.
    fn argument(&mut self, index: usize) -> Result<Value, Stop>;
    /// A property of an argument, which may run a getter; undefined when the argument is no object.
    fn property(&mut self, index: usize, name: &str) -> Result<Value, Stop>;
    /// The elements of an argument that is an array, else none. May run getters. The elements count as with [`Call::take`], because many
    /// may be one long text.
    fn elements(&mut self, index: usize) -> Result<Option<Vec<Value>>, Stop>;
    /// `JSON.stringify` of an argument, which may run `toJSON`; none when there is no JSON for it.
    fn json(&mut self, index: usize) -> Result<Option<Vec<u8>>, Stop>;
    /// What JavaScript takes an argument for in a condition.
    fn truthy(&mut self, index: usize) -> bool;
    /// Whether an argument is a proxy, which scripts can't find out.
    fn is_proxy(&mut self, index: usize) -> bool;
    /// Counts so many bytes that the function is about to make, as memory of the script, until it answers. Refused when there are not
    /// so many, or when the time of the script is up.
    fn take(&mut self, bytes: usize) -> Result<(), Stop>;
    /// The running request. While an app is captured, notes that `what` was touched, and throws.
    fn request(
        &mut self,
        what: &'static str,
        operation: &mut dyn FnMut(&mut Execution<'_>) -> Result<(), Thrown>,
    ) -> Result<(), Thrown>;
}

/// A value that a script gave, copied.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Undefined,
    Null,
    Boolean(bool),
    Number(f64),
    /// A string as UTF-8. A lone surrogate is what the engine makes of it.
    Text(Vec<u8>),
    /// The bytes of an `ArrayBuffer`.
    Bytes(Vec<u8>),
    /// Anything else.
    Other,
}

/// What a script gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Undefined,
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    /// A new `ArrayBuffer`.
    Bytes(Vec<u8>),
    /// What `JSON.parse` makes of these bytes; its exceptions reach the script.
    Json(Vec<u8>),
    /// As [`Answer::Json`], where an object with the one member `base64` is a new `ArrayBuffer`.
    Tree(serde_json::Value),
}

/// Why a function has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// This is to be thrown.
    Throw(Thrown),
    /// The engine has an exception already.
    Pending,
}

impl From<Thrown> for Stop {
    fn from(thrown: Thrown) -> Stop {
        Stop::Throw(thrown)
    }
}

/// The bytes of an object of [`Answer::Tree`] that stands for a buffer.
pub fn buffer_of(object: &serde_json::Map<String, serde_json::Value>) -> Option<Vec<u8>> {
    let text = object.get("base64").filter(|_| object.len() == 1)?.as_str()?;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// The text of UTF-8, copied only if it is not valid.
pub fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

impl Value {
    /// Bytes of a text or buffer.
    pub fn size(&self) -> usize {
        match self {
            Value::Text(bytes) | Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        }
    }

    /// The text of a string.
    pub fn text(self) -> Option<String> {
        match self {
            Value::Text(text) => Some(text_of(text)),
            _ => None,
        }
    }

    /// The bytes of an `ArrayBuffer`.
    pub fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl<'a> dyn Call + 'a {
    /// Refuses any other number of arguments.
    pub fn expect(&self, expected: usize) -> Result<(), Thrown> {
        let given = self.count();
        if given == expected { Ok(()) } else { Err(Thrown::argument_count(given, expected)) }
    }

    /// Refuses more than two arguments, and none.
    pub fn expect_one_or_two(&self) -> Result<(), Thrown> {
        match self.count() {
            1 | 2 => Ok(()),
            given => Err(Thrown::type_error(format!("Passed {given} arguments, but expected 1 or 2"))),
        }
    }

    /// The text of a string argument; anything else is refused.
    pub fn text(&mut self, index: usize) -> Result<String, Stop> {
        self.argument(index)?.text().ok_or_else(|| no_string().into())
    }

    /// As [`Self::text`], where undefined is none.
    pub fn optional_text(&mut self, index: usize) -> Result<Option<String>, Stop> {
        match self.argument(index)? {
            Value::Undefined => Ok(None),
            given => Ok(Some(given.text().ok_or_else(no_string)?)),
        }
    }

    /// The bytes of an `ArrayBuffer` argument; anything else is refused.
    pub fn bytes(&mut self, index: usize) -> Result<Vec<u8>, Stop> {
        self.argument(index)?.bytes().ok_or_else(|| no_buffer().into())
    }

    /// As [`Self::bytes`], where undefined is none.
    pub fn optional_bytes(&mut self, index: usize) -> Result<Option<Vec<u8>>, Stop> {
        match self.argument(index)? {
            Value::Undefined => Ok(None),
            given => Ok(Some(given.bytes().ok_or_else(no_buffer)?)),
        }
    }
}

/// For an argument that is no string.
pub fn no_string() -> Thrown {
    Thrown::type_error("Argument must be a string")
}

/// For an argument that is no `ArrayBuffer`.
pub fn no_buffer() -> Thrown {
    Thrown::type_error("Argument must be an ArrayBuffer")
}
