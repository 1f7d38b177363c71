//! An app as data: its bundle, its endpoints and the way from a path to one of them. No engine and no host.

mod bundle;
mod module_name;
mod realm_choice;
mod router;

pub use bundle::{Endpoint, Mode};
pub use module_name::{display_name, resolve};
pub use realm_choice::RealmChoice;

use crate::error::Error;
use crate::status::jsep_status;
use router::Router;
use std::collections::BTreeMap;

/// One version of an app. It never changes.
pub struct App {
    endpoints: Vec<Endpoint>,
    modules: BTreeMap<String, String>,
    router: Router,
}

/// An endpoint that a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct Match {
    /// Index in [`App::endpoints`].
    pub endpoint: usize,
    /// Values of the path template, not decoded, in the order of the template.
    pub parameters: Vec<(String, String)>,
}

impl App {
    /// Reads a packed bundle.
    pub fn parse(bundle: &[u8]) -> Result<App, Error> {
        let (endpoints, modules) = bundle::parse(bundle)?;
        for endpoint in &endpoints {
            if !modules.contains_key(&endpoint.module) {
                let message = format!("Module '{}' could not be loaded", endpoint.js_module);
                return Err(Error::new(jsep_status::JSEP_MODULE_MISSING, message)
                    .at_module(&endpoint.module, 0, 0)
                    .at_path(format!("{}.js_module", endpoint.json_path)));
            }
        }
        let router = Router::new(&endpoints)?;
        Ok(App { endpoints, modules, router })
    }

    /// All endpoints, in the order of the bundle.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Source text of a module by its name with leading slash.
    pub fn module(&self, name: &str) -> Option<&str> {
        self.modules.get(name).map(String::as_str)
    }

    /// All modules of the bundle, by name.
    pub fn modules(&self) -> impl Iterator<Item = (&str, &str)> {
        self.modules.iter().map(|(name, source)| (name.as_str(), source.as_str()))
    }

    /// Number of modules in the bundle.
    pub fn module_count(&self) -> usize {
        self.modules.len()
    }

    /// The endpoint for a method in upper case and a path as received.
    pub fn find(&self, method: &str, path: &str) -> Result<Match, Error> {
        self.router.find(method, path)
    }

    /// The methods that a path answers to, as for an `allow` header.
    pub fn methods(&self, path: &str) -> Result<String, Error> {
        self.router.methods(path)
    }
}
