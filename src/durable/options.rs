//! How a durable realm is opened.

use crate::error::Error;
use crate::status::jsep_status;

/// How a realm is opened.
#[derive(Clone, Debug, Default)]
pub struct RealmOptions {
    /// Whether a turn that throws keeps what it did before.
    pub commit_on_throw: bool,
    /// What the realms that exchange messages share and nobody else knows; nothing if they are among themselves.
    pub peer_key: Vec<u8>,
}

impl RealmOptions {
    /// Reads options by name.
    pub fn parse(given: &[(&str, &str)]) -> Result<RealmOptions, Error> {
        let mut options = RealmOptions::default();
        for (name, value) in given {
            match (*name, *value) {
                ("on_throw", "commit") => options.commit_on_throw = true,
                ("on_throw", "rollback") => options.commit_on_throw = false,
                ("on_throw", _) => {
                    return Err(invalid(format!("option `on_throw` is `{value}`, but must be rollback or commit")));
                }
                ("peer_key", _) => options.peer_key = value.as_bytes().to_vec(),
                _ => return Err(invalid(format!("option `{name}` is not known; known are: on_throw, peer_key"))),
            }
        }
        Ok(options)
    }
}

fn invalid(message: String) -> Error {
    Error::new(jsep_status::JSEP_INVALID_OPTION, message)
}
