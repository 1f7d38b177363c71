//! A new script or app in the place of a former one, in a realm that keeps its state.
//!
//! A script runs in the same global environment. What it declares with `var` and `function` takes the place of what had these names;
//! what was declared with `let`, `const` and `class` stays as it is, can be used, and can't be declared again. Then its function `migrate`,
//! if it has one, gets an object with what the names stood for before.
//!
//! The modules of an app are evaluated beside those of the former version. Then each function `migrate` that modules with endpoints
//! export gets an object with what the former modules export.

use super::modules::{self, Graph};
use super::scripts::{Settled, compile, settled};
use crate::app::{self, App};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

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

/// Runs the migrations of an app whose modules are evaluated: what the last one came to. None when an exception is on its way.
pub(super) fn run_app<'s>(
    scope: Scope<'_, 's, '_>,
    app: &App,
    graph: &Rc<RefCell<Graph>>,
    former: &Graph,
) -> Option<Settled<'s>> {
    let old = exports(scope, former)?;
    let nothing = v8::undefined(scope).into();
    let mut last = nothing;
    let entries: BTreeSet<&str> = app.endpoints().iter().map(|endpoint| endpoint.module.as_str()).collect();
    for name in entries {
        let module = graph.borrow().module(scope, name)?;
        let namespace = v8::Local::<v8::Object>::try_from(module.get_module_namespace()).ok()?;
        let Some(migrate) = modules::export(scope, namespace, "migrate") else { continue };
        let value = migrate.call(scope, nothing, &[old.into()])?;
        match settled(scope, value)? {
            Settled::Value(value) => last = value,
            other => return Some(other),
        }
    }
    Some(Settled::Value(last))
}

/// An object with the exports of all evaluated modules, by their names in the bundle.
fn exports<'s>(scope: Scope<'_, 's, '_>, graph: &Graph) -> Option<v8::Local<'s, v8::Object>> {
    let nothing = v8::null(scope).into();
    let old = v8::Object::with_prototype_and_properties(scope, nothing, &[], &[]);
    for (name, module) in graph.modules() {
        let module = v8::Local::new(scope, module);
        if module.get_status() == v8::ModuleStatus::Evaluated {
            let name = v8::String::new(scope, app::display_name(name))?;
            let namespace = module.get_module_namespace();
            old.create_data_property(scope, name.into(), namespace)?;
        }
    }
    Some(old)
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
