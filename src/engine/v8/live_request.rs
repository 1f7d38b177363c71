//! Requests to a live realm: to the endpoints of its app, or to the function `handleRequest` of its script.

use super::modules::{self, Graph};
use super::scripts::{callee, compile};
use super::snapshot::{self, Handlers};
use crate::app::{self, App, Mode};
use crate::engine::{CaptureTimings, Exception, RequestInput, TurnEnd};
use crate::error::Error;
use crate::status::jsep_status;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// The name of the function that answers requests to a realm without an app.
const FUNCTION: &str = "handleRequest";

/// Reads a bundle whose app is to live in a realm.
pub(super) fn parse(bundle: &str) -> Result<App, Error> {
    let app = App::parse(bundle.as_bytes())?;
    match app.endpoints().iter().find(|endpoint| endpoint.mode == Mode::Historical) {
        Some(endpoint) => {
            let message = format!(
                "{} {} has mode historical, which durable realms do not offer",
                endpoint.method, endpoint.template
            );
            Err(Error::new(jsep_status::JSEP_BUNDLE_SHAPE, message).at_path(format!("{}.mode", endpoint.json_path)))
        }
        None => Ok(app),
    }
}

/// Compiles, links and evaluates the modules of an app, and looks whether its endpoints are functions.
pub(super) fn install(scope: Scope<'_, '_, '_>, app: &Arc<App>, graph: &Rc<RefCell<Graph>>) -> Result<(), Error> {
    match snapshot::evaluate(scope, app, graph, &mut CaptureTimings::default())? {
        Handlers::All(_) => Ok(()),
        Handlers::Threw(error) => Err(error),
    }
}

/// The function that answers a request.
pub(super) fn handler<'s>(
    scope: Scope<'_, 's, '_>,
    app: &Arc<App>,
    graph: &Rc<RefCell<Graph>>,
    request: &RequestInput,
) -> Result<v8::Local<'s, v8::Function>, TurnEnd> {
    let Some(number) = request.endpoint else {
        return adapted(scope);
    };
    let lost =
        || TurnEnd::Refused(Exception { message: format!("the realm has no endpoint number {number}"), trace: None });
    let endpoint = app.endpoints().get(number).ok_or_else(lost)?;
    let module = graph.borrow_mut().compile(scope, &endpoint.module).map_err(TurnEnd::NotInstalled)?;
    let namespace = v8::Local::<v8::Object>::try_from(module.get_module_namespace()).map_err(|_| lost())?;
    modules::export(scope, namespace, &endpoint.function).ok_or_else(|| {
        let name = app::display_name(&endpoint.module);
        let message = format!("Export '{}' of module '{name}' is not a function", endpoint.function);
        TurnEnd::Refused(Exception { message, trace: None })
    })
}

/// The script's function as one that answers as an endpoint does.
fn adapted<'s>(scope: Scope<'_, 's, '_>) -> Result<v8::Local<'s, v8::Function>, TurnEnd> {
    let (function, _) = callee(scope, FUNCTION)?;
    let nothing = v8::undefined(scope).into();
    compile(scope, "jsep:live_request.js", include_str!("live_request.js"))
        .and_then(|script| script.run(scope))
        .and_then(|adapter| v8::Local::<v8::Function>::try_from(adapter).ok())
        .and_then(|adapter| adapter.call(scope, nothing, &[function.into()]))
        .and_then(|adapted| v8::Local::<v8::Function>::try_from(adapted).ok())
        .ok_or_else(|| TurnEnd::Threw(Exception { message: "the turn was ended".to_owned(), trace: None }))
}
