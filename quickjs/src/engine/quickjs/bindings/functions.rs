//! The functions that all engines share, as QuickJS calls them.

use super::super::active;
use super::super::outside::Outside;
use super::super::value::{Answer, Context, Problem, Value};
use super::kv;
use crate::engine::functions::{self, Call, Function, Stop, buffer_of};
use crate::engine::{Execution, Thrown};

/// One call by a script.
struct ScriptCall<'a> {
    call: &'a super::Call<'a>,
    outside: Outside,
}

impl Call for ScriptCall<'_> {
    fn count(&self) -> usize {
        self.call.arguments.len()
    }

    fn argument(&mut self, index: usize) -> Result<functions::Value, Stop> {
        taken(&self.call.argument(index))
    }

    fn property(&mut self, index: usize, name: &str) -> Result<functions::Value, Stop> {
        let object = self.call.argument(index);
        if !object.is_object() {
            return Ok(functions::Value::Undefined);
        }
        taken(&object.member(name)?)
    }

    fn elements(&mut self, index: usize) -> Result<Option<Vec<functions::Value>>, Stop> {
        let array = self.call.argument(index);
        if !array.is_array() {
            return Ok(None);
        }
        let mut values = Vec::new();
        // A getter may change the length.
        while (values.len() as f64) < array.get(c"length")?.as_number().unwrap_or(0.0) {
            let value = taken(&array.element(values.len())?)?;
            self.take(size_of::<functions::Value>() + value.size())?;
            values.push(value);
        }
        Ok(Some(values))
    }

    fn json(&mut self, index: usize) -> Result<Option<Vec<u8>>, Stop> {
        let json = self.call.argument(index).to_json()?;
        if json.is_undefined() { Ok(None) } else { Ok(Some(json.to_bytes()?)) }
    }

    fn truthy(&mut self, index: usize) -> bool {
        self.call.argument(index).truthy()
    }

    fn is_proxy(&mut self, index: usize) -> bool {
        let argument = self.call.argument(index);
        argument.is_proxy() || kv::is_root(&argument)
    }

    fn take(&mut self, bytes: usize) -> Result<(), Stop> {
        Ok(self.outside.take(bytes)?)
    }

    fn request(
        &mut self,
        what: &'static str,
        operation: &mut dyn FnMut(&mut Execution<'_>) -> Result<(), Thrown>,
    ) -> Result<(), Thrown> {
        active::with_request(self.call.context, what, |execution| operation(execution))
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Stop {
        match problem {
            Problem::Pending => Stop::Pending,
            Problem::Throw(thrown) => Stop::Throw(thrown),
            Problem::Described(exception) => {
                Thrown::internal(exception.map(|exception| exception.message).unwrap_or_default()).into()
            }
        }
    }
}

impl From<Stop> for Problem {
    fn from(stop: Stop) -> Problem {
        match stop {
            Stop::Pending => Problem::Pending,
            Stop::Throw(thrown) => Problem::Throw(thrown),
        }
    }
}

/// A copy of a script's value.
fn taken(value: &Value) -> Result<functions::Value, Stop> {
    Ok(if value.is_undefined() {
        functions::Value::Undefined
    } else if value.is_null() {
        functions::Value::Null
    } else if let Some(boolean) = value.as_boolean() {
        functions::Value::Boolean(boolean)
    } else if let Some(number) = value.as_number() {
        functions::Value::Number(number)
    } else if value.is_string() {
        functions::Value::Text(value.to_bytes()?)
    } else if let Some(bytes) = value.as_buffer() {
        functions::Value::Bytes(bytes)
    } else {
        functions::Value::Other
    })
}

/// Runs one of the shared functions.
pub(super) fn run(function: &Function, call: &super::Call<'_>) -> Answer {
    let context = call.context;
    match (function.run)(&mut ScriptCall { call, outside: Outside::new(context) })? {
        functions::Answer::Undefined => Ok(context.undefined()),
        functions::Answer::Null => Ok(context.null()),
        functions::Answer::Boolean(value) => Ok(context.boolean(value)),
        functions::Answer::Number(number) => Ok(context.number(number)),
        functions::Answer::Text(text) => context.string(&text),
        functions::Answer::Bytes(bytes) => context.buffer(&bytes),
        functions::Answer::Json(json) => context.parse_json(&json),
        functions::Answer::Tree(tree) => self::tree(context, &tree),
    }
}

fn tree(context: Context, node: &serde_json::Value) -> Answer {
    match node {
        serde_json::Value::Object(members) => {
            if let Some(bytes) = buffer_of(members) {
                return context.buffer(&bytes);
            }
            let object = context.object()?;
            for (name, member) in members {
                object.define(name, tree(context, member)?)?;
            }
            Ok(object)
        }
        serde_json::Value::Array(elements) => {
            let array = context.parse_json(b"[]")?;
            for (index, element) in elements.iter().enumerate() {
                array.define(&index.to_string(), tree(context, element)?)?;
            }
            Ok(array)
        }
        leaf => context.parse_json(leaf.to_string().as_bytes()),
    }
}
