//! The web's globals, made when a script asks for one of them: most requests need none.

use crate::engine::environment::SCRIPTS;
use std::ffi::c_void;
use v8::MapFnTo;

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// Where a realm keeps what makes the globals: a property of V8's object for embedders, which no script can reach.
const MAKERS: &str = "environment";

/// The address of what V8 calls when a script reads one of the globals for the first time.
pub(super) fn external_reference() -> v8::ExternalReference {
    let getter: v8::AccessorNameGetterCallback = get.map_fn_to();
    v8::ExternalReference { pointer: getter as *mut c_void }
}

/// Defines the globals in the current realm. The scripts behind them are compiled now, so that a captured realm has them ready.
pub(super) fn install<'s>(scope: Scope<'_, 's, '_>, natives: v8::Local<'s, v8::Value>) -> Option<()> {
    let mut makers = vec![natives];
    for (name, source, globals) in SCRIPTS {
        let maker = compile(scope, name, source)?;
        make(scope, maker, natives)?;
        makers.push(maker.into());
        let global = scope.get_current_context().global(scope);
        for name in globals {
            let name = v8::String::new(scope, name)?;
            let data = v8::undefined(scope).into();
            global.set_lazy_data_property_with_data(
                scope,
                name.into(),
                get,
                data,
                v8::PropertyAttribute::DONT_ENUM,
                v8::SideEffectType::HasSideEffect,
                v8::SideEffectType::HasSideEffect,
            )?;
        }
    }
    let makers = v8::Array::new_with_elements(scope, &makers).into();
    let key = v8::String::new(scope, MAKERS)?;
    keeper(scope).create_data_property(scope, key.into(), makers).map(drop)
}

fn keeper<'s>(scope: Scope<'_, 's, '_>) -> v8::Local<'s, v8::Object> {
    scope.get_current_context().get_extras_binding_object(scope)
}

/// A function that answers with the function that the script is. The script itself begins to run only with the call.
fn compile<'s>(scope: Scope<'_, 's, '_>, name: &str, source: &str) -> Option<v8::Local<'s, v8::Function>> {
    let source = v8::String::new(scope, &format!("(() => {source})"))?;
    let name = v8::String::new(scope, &format!("jsep:{name}"))?;
    let origin = v8::ScriptOrigin::new(scope, name.into(), 0, 0, false, 0, None, false, false, false, None);
    v8::Script::compile(scope, source, Some(&origin))?.run(scope)?.try_into().ok()
}

/// An object with the script's globals.
fn make<'s>(
    scope: Scope<'_, 's, '_>,
    maker: v8::Local<'s, v8::Function>,
    natives: v8::Local<'s, v8::Value>,
) -> Option<v8::Local<'s, v8::Object>> {
    let nothing = v8::undefined(scope).into();
    let script: v8::Local<v8::Function> = maker.call(scope, nothing, &[])?.try_into().ok()?;
    script.call(scope, nothing, &[natives])?.try_into().ok()
}

/// Called when a script reads one of the globals for the first time; the result becomes the value of the property.
fn get<'s>(
    scope: Scope<'_, 's, '_>,
    name: v8::Local<'s, v8::Name>,
    _arguments: v8::PropertyCallbackArguments<'s>,
    mut place: v8::ReturnValue<'_, v8::Value>,
) {
    // Without a value, the exception of the script is on its way.
    if let Some(value) = find(scope, name) {
        place.set(value);
    }
}

fn find<'s>(scope: Scope<'_, 's, '_>, name: v8::Local<'s, v8::Name>) -> Option<v8::Local<'s, v8::Value>> {
    let text = name.to_rust_string_lossy(scope);
    let script = SCRIPTS.iter().position(|(_, _, globals)| globals.contains(&text.as_str()))?;
    let index = u32::try_from(script + 1).ok()?;
    let key = v8::String::new(scope, MAKERS)?;
    let makers = v8::Local::<v8::Array>::try_from(keeper(scope).get(scope, key.into())?).ok()?;
    let made = match v8::Local::<v8::Function>::try_from(makers.get_index(scope, index)?) {
        Ok(maker) => {
            let natives = makers.get_index(scope, 0)?;
            let made = make(scope, maker, natives)?;
            // The other globals of the script are those that were made with this one.
            makers.set_index(scope, index, made.into())?;
            made
        }
        Err(_) => makers.get_index(scope, index)?.try_into().ok()?,
    };
    made.get(scope, name.into())
}
