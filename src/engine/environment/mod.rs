//! The web's globals that apps may use, as scripts over a few native functions, the same for all engines.

use super::functions::Function;

/// What the scripts are built from.
pub const NATIVES: [Function; 0] = [];

/// Script name, source, and the globals that it makes.
pub const SCRIPTS: [(&str, &str, &[&str]); 0] = [];
