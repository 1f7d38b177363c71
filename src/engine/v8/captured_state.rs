//! A captured state of a live realm, as bytes.

use super::completing;
use super::live_request;
use super::seed;
use super::snapshot::Blob;
use super::stored;
use crate::app::App;
use crate::error::Error;
use crate::status::jsep_status;
use std::sync::Arc;

/// What a live realm is made from. V8 trusts what is in it.
pub(super) struct State {
    pub(super) blob: Arc<Blob>,
    /// The bundle of the app in the realm.
    pub(super) bundle: Option<String>,
}

impl State {
    /// That of a realm without an app.
    pub(super) fn without_app(blob: Arc<Blob>) -> State {
        State { blob, bundle: None }
    }

    /// What `write` gave.
    pub(super) fn read(bytes: &[u8]) -> Result<State, Error> {
        let unreadable = || Error::new(jsep_status::JSEP_ENGINE_START, "a captured state can't be read");
        let (header, mut parts) = stored::split(bytes).ok_or_else(unreadable)?;
        let blob = stored::read_blob(&header["blob"], &mut parts).ok_or_else(unreadable)?;
        if !completing::expect() || !blob.data.is_valid() || !blob.data.can_be_rehashed() {
            return Err(unreadable());
        }
        seed::keep()?;
        Ok(State { blob: Arc::new(blob), bundle: header["bundle"].as_str().map(str::to_owned) })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut parts = Vec::new();
        let blob = stored::write_blob(&self.blob, &mut parts);
        stored::join(&serde_json::json!({ "blob": blob, "bundle": self.bundle }), &parts)
    }

    /// The app in the realm.
    pub(super) fn app(&self) -> Result<Option<Arc<App>>, Error> {
        self.bundle.as_deref().map(|bundle| live_request::parse(bundle).map(Arc::new)).transpose()
    }
}
