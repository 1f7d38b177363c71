//! The functions that all engines share, as V8 calls them.

use super::arguments;
use crate::engine::functions::{self, Answer, Call, Stop, Value, buffer_of};
use crate::engine::v8::active;
use crate::engine::v8::outside::Outside;
use crate::engine::{Execution, Thrown};

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;
type Arguments<'a> = v8::FunctionCallbackArguments<'a>;
type Place<'a> = v8::ReturnValue<'a, v8::Value>;

/// One call by a script.
struct ScriptCall<'a, 's, 'i> {
    scope: &'a mut v8::PinScope<'s, 'i>,
    arguments: &'a Arguments<'s>,
    outside: Outside,
}

impl<'s> ScriptCall<'_, 's, '_> {
    fn given(&self, index: usize) -> v8::Local<'s, v8::Value> {
        self.arguments.get(i32::try_from(index).unwrap_or(i32::MAX))
    }

    fn value(&mut self, value: v8::Local<'s, v8::Value>) -> Value {
        if value.is_undefined() {
            Value::Undefined
        } else if value.is_null() {
            Value::Null
        } else if value.is_boolean() {
            Value::Boolean(value.is_true())
        } else if let Ok(number) = v8::Local::<v8::Number>::try_from(value) {
            Value::Number(number.value())
        } else if value.is_string() {
            Value::Text(value.to_rust_string_lossy(self.scope).into_bytes())
        } else if let Ok(buffer) = v8::Local::<v8::ArrayBuffer>::try_from(value) {
            Value::Bytes(arguments::copy(buffer))
        } else {
            Value::Other
        }
    }
}

impl Call for ScriptCall<'_, '_, '_> {
    fn count(&self) -> usize {
        usize::try_from(self.arguments.length()).unwrap_or(0)
    }

    fn argument(&mut self, index: usize) -> Result<Value, Stop> {
        let value = self.given(index);
        Ok(self.value(value))
    }

    fn property(&mut self, index: usize, name: &str) -> Result<Value, Stop> {
        let Ok(object) = v8::Local::<v8::Object>::try_from(self.given(index)) else {
            return Ok(Value::Undefined);
        };
        let name = arguments::text(self.scope, name)?;
        let value = object.get(self.scope, name).ok_or(Stop::Pending)?;
        Ok(self.value(value))
    }

    fn elements(&mut self, index: usize) -> Result<Option<Vec<Value>>, Stop> {
        let Ok(array) = v8::Local::<v8::Array>::try_from(self.given(index)) else {
            return Ok(None);
        };
        let mut values = Vec::new();
        // A getter may change the length.
        while values.len() < array.length() as usize {
            let value = array.get_index(self.scope, values.len() as u32).ok_or(Stop::Pending)?;
            let value = self.value(value);
            self.take(size_of::<Value>() + value.size())?;
            values.push(value);
        }
        Ok(Some(values))
    }

    fn json(&mut self, index: usize) -> Result<Option<Vec<u8>>, Stop> {
        let value = self.given(index);
        let json = super::response::stringify(self.scope, value).ok_or(Stop::Pending)?;
        Ok(json.map(String::into_bytes))
    }

    fn truthy(&mut self, index: usize) -> bool {
        self.given(index).boolean_value(self.scope)
    }

    fn is_proxy(&mut self, index: usize) -> bool {
        self.given(index).is_proxy()
    }

    fn take(&mut self, bytes: usize) -> Result<(), Stop> {
        Ok(self.outside.take(self.scope, bytes)?)
    }

    fn request(
        &mut self,
        what: &'static str,
        operation: &mut dyn FnMut(&mut Execution<'_>) -> Result<(), Thrown>,
    ) -> Result<(), Thrown> {
        active::with_request(self.scope, what, |execution| operation(execution))
    }
}

/// What V8 calls for each of the shared functions; its data is the function's number.
pub(super) fn run<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let number = arguments.data().uint32_value(scope).and_then(|number| u16::try_from(number).ok());
    let answer = match number.and_then(functions::function) {
        Some(function) => (function.run)(&mut ScriptCall { scope, arguments: &arguments, outside: Outside::default() }),
        None => Err(Thrown::internal("no such native function").into()),
    };
    let result = answer.and_then(|answer| value(scope, answer));
    let result = match result {
        Ok(value) => Ok(Some(value)),
        Err(Stop::Pending) => Ok(None),
        Err(Stop::Throw(thrown)) => Err(thrown),
    };
    arguments::answer(scope, place, result);
}

fn value<'s>(scope: Scope<'_, 's, '_>, answer: Answer) -> Result<v8::Local<'s, v8::Value>, Stop> {
    match answer {
        Answer::Undefined => Ok(v8::undefined(scope).into()),
        Answer::Null => Ok(v8::null(scope).into()),
        Answer::Boolean(value) => Ok(v8::Boolean::new(scope, value).into()),
        Answer::Number(number) => Ok(v8::Number::new(scope, number).into()),
        Answer::Text(text) => Ok(arguments::text(scope, &text)?),
        Answer::Bytes(bytes) => Ok(arguments::buffer(scope, &bytes)?),
        Answer::Json(json) => parse(scope, &json)?.ok_or(Stop::Pending),
        Answer::Tree(tree) => self::tree(scope, &tree),
    }
}

/// `JSON.parse` of UTF-8 bytes; no value when the exception is on its way.
pub(in crate::engine::v8) fn parse<'s>(
    scope: Scope<'_, 's, '_>,
    bytes: &[u8],
) -> Result<Option<v8::Local<'s, v8::Value>>, Thrown> {
    let json = String::from_utf8_lossy(bytes);
    let json = v8::String::new(scope, &json).ok_or_else(|| Thrown::internal("out of memory"))?;
    Ok(v8::json::parse(scope, json))
}

fn tree<'s>(scope: Scope<'_, 's, '_>, node: &serde_json::Value) -> Result<v8::Local<'s, v8::Value>, Stop> {
    match node {
        serde_json::Value::Object(members) => {
            if let Some(bytes) = buffer_of(members) {
                return Ok(arguments::buffer(scope, &bytes)?);
            }
            let object = v8::Object::new(scope);
            for (name, member) in members {
                let member = tree(scope, member)?;
                let name = v8::String::new(scope, name).ok_or_else(|| Thrown::internal("out of memory"))?;
                object.create_data_property(scope, name.into(), member).ok_or(Stop::Pending)?;
            }
            Ok(object.into())
        }
        serde_json::Value::Array(elements) => {
            let elements = elements.iter().map(|element| tree(scope, element)).collect::<Result<Vec<_>, _>>()?;
            Ok(v8::Array::new_with_elements(scope, &elements).into())
        }
        leaf => parse(scope, leaf.to_string().as_bytes())?.ok_or(Stop::Pending),
    }
}
