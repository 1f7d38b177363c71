//! A new script in the place of a former one, in a realm that keeps its state.
//!
//! The script runs in the same global environment. What it declares with `var` and `function` takes the place of what had these names;
//! what was declared with `let`, `const` and `class` stays as it is, can be used, and can't be declared again. Then its function `migrate`,
//! if it has one, gets an object with what the names stood for before.

use super::scripts::{Settled, compile, settled};

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// Runs the script and its migration: what that came to, or else the script. None when an exception is on its way.
pub(super) fn run<'s>(scope: Scope<'_, 's, '_>, script: v8::Local<'s, v8::Script>) -> Option<Settled<'s>> {
    let old = names(scope)?;
    let former = migration(scope)?;
    let value = script.run(scope)?;
    let migration = migration(scope)?;
    // That of a former script is done.
    if migration == former || !migration.is_function() {
        return settled(scope, value);
    }
    match settled(scope, value)? {
        Settled::Value(_) => {}
        other => return Some(other),
    }
    let migrate = v8::Local::<v8::Function>::try_from(migration).ok()?;
    let nothing = v8::undefined(scope).into();
    let value = migrate.call(scope, nothing, &[old.into()])?;
    settled(scope, value)
}

/// The function `migrate`, or whatever has this name.
fn migration<'s>(scope: Scope<'_, 's, '_>) -> Option<v8::Local<'s, v8::Value>> {
    compile(scope, "jsep:upgrade", "typeof migrate === 'undefined' ? undefined : migrate")?.run(scope)
}

/// An object with all that scripts have added to the global object.
fn names<'s>(scope: Scope<'_, 's, '_>) -> Option<v8::Local<'s, v8::Object>> {
    let global = scope.get_current_context().global(scope);
    let nothing = v8::null(scope).into();
    let old = v8::Object::with_prototype_and_properties(scope, nothing, &[], &[]);
    let names = global.get_own_property_names(scope, v8::GetPropertyNamesArgs::default())?;
    for index in 0..names.length() {
        let name = v8::Local::<v8::Name>::try_from(names.get_index(scope, index)?).ok();
        let Some(name) = name else { continue };
        let value = global.get(scope, name.into())?;
        old.create_data_property(scope, name, value)?;
    }
    Some(old)
}
