//! Functions of the language that V8's list judges wrongly, and how they are judged here.

use super::{Handle, handle};
use crate::engine::v8::buffers::BufferBudget;

/// How the entry of a function is judged, beyond what V8 does. The numbers are those of `realm.js`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Makes an object with the constructor of its receiver, and writes into what it gets: the receiver must be an array, typed array
    /// or buffer with the language's own constructor, or something that has no say in it.
    Species = 0,
    /// Makes an object with its receiver: that must be one of the language's own constructors.
    Constructor = 1,
    /// Is refused.
    Refused = 2,
    /// Changes nothing but objects that it makes itself.
    Creates = 3,
    /// Changes nothing but its receiver, which must be new.
    ChangesReceiver = 4,
    /// Changes nothing but the bytes of its receiver, which must be new.
    ChangesBytes = 5,
    /// As `Species`, but runs code of the app before it looks for the constructor.
    SpeciesLater = 6,
    /// Changes nothing but the `lastIndex` of its receiver, if that is a regular expression: it must be as before in the end.
    Matches = 7,
    /// Both of the former. Its receiver must be a regular expression, because any other could name a constructor.
    MatchesAndSpecies = 8,
}

/// A value of a realm, found again by identity. V8 keeps the place of a global handle up to date when it moves the object.
pub(super) struct Known {
    _global: v8::Global<v8::Value>,
    pub(super) place: *const usize,
}

// SAFETY: the place is read only by the thread that has locked the isolate.
unsafe impl Send for Known {}

/// The functions of a realm that are judged here.
pub(in crate::engine::v8) struct Judgements {
    functions: Vec<(Known, Judgement)>,
    /// The language's own prototypes of arrays, typed arrays and buffers.
    prototypes: Vec<Known>,
    /// The language's own constructors of arrays and typed arrays.
    constructors: Vec<Known>,
    /// Any object that is older than each call.
    pub(super) older: Known,
}

impl Judgements {
    /// Reads what `realm.js` lists: its functions with the number of their judgement, and what belongs to the language.
    pub(in crate::engine::v8) fn read(
        scope: &mut v8::PinScope<'_, '_>,
        list: v8::Local<'_, v8::Array>,
    ) -> Option<Judgements> {
        let part = |index: u32| v8::Local::<v8::Array>::try_from(list.get_index(scope, index)?).ok();
        let (listed, prototypes, constructors) = (part(0)?, part(1)?, part(2)?);
        let mut functions = Vec::new();
        for index in (0..listed.length()).step_by(2) {
            let function = listed.get_index(scope, index)?;
            let judgement = match listed.get_index(scope, index + 1)?.uint32_value(scope)? {
                0 => Judgement::Species,
                1 => Judgement::Constructor,
                2 => Judgement::Refused,
                3 => Judgement::Creates,
                4 => Judgement::ChangesReceiver,
                5 => Judgement::ChangesBytes,
                6 => Judgement::SpeciesLater,
                7 => Judgement::Matches,
                8 => Judgement::MatchesAndSpecies,
                _ => return None,
            };
            functions.push((Known::new(scope, function), judgement));
        }
        let older = Known::new(scope, list.into());
        let (prototypes, constructors) = (all(scope, prototypes)?, all(scope, constructors)?);
        Some(Judgements { functions, prototypes, constructors, older })
    }

    /// How many functions are judged in each way.
    #[cfg(test)]
    pub(super) fn numbers(&self) -> [usize; 9] {
        let mut numbers = [0; 9];
        self.functions.iter().for_each(|(_, judgement)| numbers[*judgement as usize] += 1);
        numbers
    }

    pub(super) fn of(&self, function: Handle) -> Option<Judgement> {
        self.functions.iter().find(|(known, _)| known.is(function)).map(|(_, judgement)| *judgement)
    }

    /// Whether a function that makes an object with `receiver` uses a constructor of the language.
    pub(super) fn is_own_constructor(&self, receiver: v8::Local<'_, v8::Value>) -> bool {
        !receiver.is_function() || self.constructors.iter().any(|known| known.is(handle(receiver)))
    }

    /// Whether a function that makes an object like `receiver` uses a constructor of the language. That the prototypes still lead to
    /// the language's constructors is part of `realm.js`.
    pub(super) fn has_own_species(&self, scope: &mut v8::PinScope<'_, '_>, receiver: v8::Local<'_, v8::Value>) -> bool {
        if receiver.is_proxy() {
            return false;
        }
        let asked =
            receiver.is_array() || receiver.is_typed_array() || receiver.is_array_buffer() || receiver.is_reg_exp();
        let Some(object) = asked.then(|| v8::Local::<v8::Object>::try_from(receiver).ok()).flatten() else {
            // Anything else has no say in it.
            return true;
        };
        let prototype = object.get_prototype(scope);
        let usual = prototype.is_some_and(|prototype| self.prototypes.iter().any(|known| known.is(handle(prototype))));
        usual && lacks_constructor(scope, object)
    }
}

/// Whether an object that had no constructor of its own still has none.
pub(super) fn has_no_own_constructor(scope: &mut v8::PinScope<'_, '_>, object: &v8::Global<v8::Object>) -> bool {
    v8::scope!(let scope, scope);
    let object = v8::Local::new(scope, object);
    lacks_constructor(scope, object)
}

fn lacks_constructor(scope: &mut v8::PinScope<'_, '_>, object: v8::Local<'_, v8::Object>) -> bool {
    let name = v8::String::new(scope, "constructor");
    name.is_some_and(|name| object.has_own_property(scope, name.into()) == Some(false))
}

/// The `lastIndex` of a regular expression, which is always a property of its own with a value.
pub(super) fn last_index<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    expression: v8::Local<'s, v8::Object>,
) -> Option<v8::Local<'s, v8::Value>> {
    let name = v8::String::new(scope, "lastIndex")?;
    expression.get(scope, name.into())
}

/// Whether a regular expression goes on where it did before. 0 and -0 are the same place, but not the same to see.
pub(super) fn has_last_index(
    scope: &mut v8::PinScope<'_, '_>,
    expression: &v8::Global<v8::Object>,
    before: &v8::Global<v8::Value>,
) -> bool {
    v8::scope!(let scope, scope);
    let (expression, before) = (v8::Local::new(scope, expression), v8::Local::new(scope, before));
    last_index(scope, expression).is_some_and(|now| now.same_value(before))
}

/// Whether the bytes behind a view or buffer were allocated by the running call.
pub(super) fn has_new_bytes(
    scope: &mut v8::PinScope<'_, '_>,
    buffers: &BufferBudget,
    object: v8::Local<'_, v8::Value>,
) -> bool {
    let buffer = match v8::Local::<v8::ArrayBufferView>::try_from(object) {
        Ok(view) => view.buffer(scope),
        Err(_) => v8::Local::<v8::ArrayBuffer>::try_from(object).ok(),
    };
    buffer.and_then(|buffer| buffer.data()).is_some_and(|data| buffers.is_new(data.as_ptr()))
}

fn all(scope: &mut v8::PinScope<'_, '_>, list: v8::Local<'_, v8::Array>) -> Option<Vec<Known>> {
    (0..list.length()).map(|index| list.get_index(scope, index).map(|value| Known::new(scope, value))).collect()
}

impl Known {
    fn new(scope: &mut v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> Known {
        let global = v8::Global::new(scope, value);
        // SAFETY: only the address is taken, which is that of the handle's place.
        let place = std::ptr::from_ref(unsafe { global.open(scope) }).cast();
        Known { _global: global, place }
    }

    /// Whether a handle means this very object.
    fn is(&self, handle: Handle) -> bool {
        // SAFETY: both are places of live handles, which hold a word.
        unsafe { *self.place == *handle.cast::<usize>() }
    }
}
