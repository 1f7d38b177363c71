//! The installed version of an app, and how it is replaced.

use super::plugin::Plugin;
use super::process::{Executing, enough_stack};
use super::response::{self, Response};
use crate::app::{App, Endpoint};
use crate::engine::{Cache, Execution, InstalledApp, Request, RuntimeOptions, Turnover, nanoseconds_since};
use crate::error::Error;
use crate::host::{Host, LogLevel};
use crate::status::jsep_status;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

/// A place for one app.
pub struct Registry {
    plugin: Arc<Plugin>,
    installed: RwLock<Option<Arc<Installed>>>,
    runtime: RwLock<Arc<RuntimeOptions>>,
    /// Where the host keeps what installs make.
    cache: RwLock<Option<Arc<Cache>>>,
    /// Held during an install, so that installs run one after the other.
    installing: Mutex<Turnover>,
}

/// One version of an app, ready to serve.
struct Installed {
    app: Arc<App>,
    // Before `plugin`, because an installed app must go before its engine.
    engine_app: Box<dyn InstalledApp>,
    timings: InstallTimings,
    _plugin: Arc<Plugin>,
}

/// Nanoseconds that an install took.
#[derive(Clone, Copy, Debug, Default)]
pub struct InstallTimings {
    /// Reading the bundle and building the router.
    pub bundle: u64,
    /// Compiling and linking.
    pub compile: u64,
    /// Evaluating.
    pub evaluate: u64,
    /// Capturing the evaluated app.
    pub capture: u64,
    /// All of it.
    pub total: u64,
}

/// An endpoint found for one path, bound to its version of the app.
pub struct Found {
    installed: Arc<Installed>,
    registry: Arc<Registry>,
    endpoint: usize,
    parameters: Vec<(String, String)>,
}

impl Registry {
    /// A registry without an app.
    pub fn new(plugin: Arc<Plugin>) -> Registry {
        let runtime = RwLock::new(Arc::new(plugin.runtime.clone()));
        Registry {
            plugin,
            installed: RwLock::new(None),
            runtime,
            cache: RwLock::new(None),
            installing: Mutex::default(),
        }
    }

    /// Installs a packed bundle; on an error the former app goes on.
    pub fn install(&self, bundle: &[u8]) -> Result<(), Error> {
        let executing = Executing::begin()?;
        // Before anything of the bundle is read, which may be nested.
        enough_stack(jsep_status::JSEP_MODULE_EVALUATION)?;
        let mut turnover = self.installing.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = Instant::now();
        let app = Arc::new(App::parse(bundle)?);
        let bundle_ns = nanoseconds_since(begin);
        let engine = &self.plugin.engine;
        let cache = self.cache();
        let options = &self.plugin.options;
        let chosen = turnover.choose(options.compilation, cache.is_some());
        let engine_app =
            engine.install(Arc::clone(&app), options, &self.runtime_options(), cache.as_deref(), chosen)?;
        let parts = engine_app.timings();
        let timings = InstallTimings {
            bundle: bundle_ns,
            compile: parts.compile,
            evaluate: parts.evaluate,
            capture: parts.capture,
            total: nanoseconds_since(begin),
        };
        let summary = engine_app.summary();
        let installed = Arc::new(Installed { app, engine_app, timings, _plugin: Arc::clone(&self.plugin) });
        // The former version is dropped after the lock, because that may take a while.
        let former = self.installed.write().unwrap_or_else(PoisonError::into_inner).replace(installed);
        if let Some(former) = former {
            turnover.replaced(former.engine_app.requests());
        }
        drop(executing);
        (self.plugin.log)(LogLevel::Info, &format!("app installed in {} ms: {summary}", timings.total / 1_000_000));
        Ok(())
    }

    /// Has later installs use what the host keeps, or nothing.
    pub fn set_cache(&self, cache: Option<Cache>) {
        *self.cache.write().unwrap_or_else(PoisonError::into_inner) = cache.map(Arc::new);
    }

    /// Changes run-time options.
    pub fn set_options(&self, given: &[(&str, &str)]) -> Result<(), Error> {
        let mut runtime = self.runtime.write().unwrap_or_else(PoisonError::into_inner);
        *runtime = Arc::new(runtime.with(given, &self.plugin.runtime)?);
        Ok(())
    }

    /// The endpoint for a method and path.
    pub fn find(self: &Arc<Self>, method: &str, path: &str) -> Result<Found, Error> {
        let installed = self.installed()?;
        let found = installed.app.find(method, path)?;
        Ok(Found { installed, registry: Arc::clone(self), endpoint: found.endpoint, parameters: found.parameters })
    }

    /// The methods that a path answers to.
    pub fn methods(&self, path: &str) -> Result<String, Error> {
        self.installed()?.app.methods(path)
    }

    /// What the last successful install took.
    pub fn timings(&self) -> InstallTimings {
        self.installed().map(|installed| installed.timings).unwrap_or_default()
    }

    /// What is installed, as a JSON object. Not from a host callback, because it looks into engines that are not in use.
    pub fn report(&self) -> Result<serde_json::Value, Error> {
        let _executing = Executing::begin()?;
        let options = self.runtime_options().report();
        let Ok(installed) = self.installed() else {
            return Ok(serde_json::json!({ "installed": false, "options": options }));
        };
        let endpoints: Vec<String> =
            installed.app.endpoints().iter().map(|it| format!("{} {}", it.method, it.template)).collect();
        let timings = installed.timings;
        Ok(serde_json::json!({
            "installed": true,
            "endpoints": endpoints,
            "modules": installed.app.module_count(),
            "realms": installed.engine_app.report(),
            "timings": {
                "bundle_ns": timings.bundle,
                "compile_ns": timings.compile,
                "evaluate_ns": timings.evaluate,
                "capture_ns": timings.capture,
                "total_ns": timings.total,
            },
            "cache": self.cache().map(|cache| cache.report()),
            "options": options,
        }))
    }

    fn cache(&self) -> Option<Arc<Cache>> {
        self.cache.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn installed(&self) -> Result<Arc<Installed>, Error> {
        let installed = self.installed.read().unwrap_or_else(PoisonError::into_inner);
        installed.clone().ok_or_else(|| Error::new(jsep_status::JSEP_NO_APP, "no app is installed"))
    }

    fn runtime_options(&self) -> Arc<RuntimeOptions> {
        Arc::clone(&self.runtime.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Found {
    /// The endpoint's description.
    pub fn endpoint(&self) -> &Endpoint {
        &self.installed.app.endpoints()[self.endpoint]
    }

    /// Runs the endpoint for one request.
    pub fn execute(&self, request: &Request<'_>, host: &dyn Host) -> Result<Response, Error> {
        let _executing = Executing::begin()?;
        let begin = Instant::now();
        let options = self.registry.runtime_options();
        let endpoint = self.endpoint();
        let mut execution =
            Execution::new(request, &self.parameters, &endpoint.template, endpoint.mode, &options, host);
        let outcome = self.installed.engine_app.execute(self.endpoint, &mut execution);
        response::finish(outcome, execution, begin)
    }
}
