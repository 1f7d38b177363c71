//! The error that every room reports and the border hands to the host.

use crate::status::jsep_status;

/// A failure with a stable code, a text for people and, where known, the place.
#[derive(Clone, Debug)]
pub struct Error {
    /// Stable code.
    pub status: jsep_status,
    /// What went wrong, naming the thing.
    pub message: String,
    /// Interface function that reported it; set at the border.
    pub function: &'static str,
    /// Where it went wrong, if that is a place in a text.
    pub place: Place,
}

/// A place in a bundle: a module with line and column, or a JSON path.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Module name without leading slash, or empty.
    pub module: String,
    /// JSON path in the bundle, or empty.
    pub path: String,
    /// Line from 1, or 0 when unknown.
    pub line: u32,
    /// Column from 1, or 0 when unknown.
    pub column: u32,
}

impl Error {
    /// An error without a place.
    pub fn new(status: jsep_status, message: impl Into<String>) -> Self {
        Error { status, message: message.into(), function: "", place: Place::default() }
    }

    /// The same error at a line and column of a module.
    pub fn at_module(mut self, module: &str, line: u32, column: u32) -> Self {
        self.place.module = module.trim_start_matches('/').to_owned();
        self.place.line = line;
        self.place.column = column;
        self
    }

    /// The same error at a line and column of the bundle's text.
    pub fn at_text(mut self, line: usize, column: usize) -> Self {
        self.place.line = u32::try_from(line).unwrap_or(u32::MAX);
        self.place.column = u32::try_from(column).unwrap_or(u32::MAX);
        self
    }

    /// The same error at a JSON path.
    pub fn at_path(mut self, path: impl Into<String>) -> Self {
        self.place.path = path.into();
        self
    }

    /// The same error, reported by an interface function.
    pub fn in_function(mut self, function: &'static str) -> Self {
        self.function = function;
        self
    }
}
