//! What running an endpoint came to, and the rules by which a returned value becomes a response.

use std::time::Instant;

/// What running an endpoint came to.
#[derive(Debug)]
pub struct Outcome {
    /// The handler's reply, or why there is none.
    pub result: Result<Reply, Failure>,
    /// Headers that the handler set before a failure; they stay in the error response.
    pub headers: Vec<(String, String)>,
    /// The exception behind a failure.
    pub exception: Option<Exception>,
    /// Rung of the realm ladder that served.
    pub rung: u32,
    /// Nanoseconds until the realm was there.
    pub realm_ns: u64,
    /// Nanoseconds from there to the reply.
    pub call_ns: u64,
}

/// The handler's reply. Its headers are in [`Outcome::headers`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Status from 200 to 599.
    pub status: u16,
    /// Body; `None` differs from an empty one by having no default content type.
    pub body: Option<(Vec<u8>, &'static str)>,
}

/// Default content types of the kinds of body.
pub mod content_type {
    /// For strings.
    pub const TEXT: &str = "text/plain";
    /// For buffers and views.
    pub const BYTES: &str = "application/octet-stream";
    /// For anything else.
    pub const JSON: &str = "application/json";
}

/// An exception as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// `String(error)` for errors, JSON for other objects, text for other values.
    pub message: String,
    /// Stack frames, without the message.
    pub trace: Option<String>,
}

/// Why there is no reply. Each becomes a response with status 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The handler, or the app's top level, threw.
    Thrown,
    /// The time limit was reached.
    TimedOut,
    /// The handler's promise is pending and nothing is left to run.
    Pending,
    /// The handler's result is no response.
    Return(ReturnProblem),
}

/// What is wrong with a returned value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnProblem {
    NotAnObject,
    ReadingBody,
    BodyToJson,
    BodyToString,
    ReadingHeaders,
    ReadingHeaderNames,
    HeaderName,
    ReadingHeaderValue,
    HeaderValue,
    ReadingStatusCode,
    StatusCode,
    /// There is no memory for the headers.
    OutOfMemory,
}

impl Failure {
    /// The text that the caller gets as `error.message`.
    pub fn message(self) -> String {
        let problem = match self {
            Failure::Thrown => return "Exception thrown while executing.".to_owned(),
            Failure::TimedOut => return "Operation took too long to complete.".to_owned(),
            Failure::Pending => return "Handler did not complete.".to_owned(),
            Failure::Return(problem) => problem,
        };
        let reason = match problem {
            ReturnProblem::OutOfMemory => return Failure::Thrown.message(),
            ReturnProblem::NotAnObject => "not an object",
            ReturnProblem::ReadingBody => "error reading body",
            ReturnProblem::BodyToJson => "error during JSON conversion of body",
            ReturnProblem::BodyToString => "error during string conversion of body",
            ReturnProblem::ReadingHeaders => "error reading headers",
            ReturnProblem::ReadingHeaderNames => "error reading header names",
            ReturnProblem::HeaderName => "header type",
            ReturnProblem::ReadingHeaderValue => "error reading header value",
            ReturnProblem::HeaderValue => "header value type",
            ReturnProblem::ReadingStatusCode => "error reading status code",
            ReturnProblem::StatusCode => "status code type",
        };
        format!("Invalid endpoint function return value ({reason}).")
    }
}

/// The status for a `statusCode` that is a number.
pub fn status_code(number: f64) -> Result<u16, ReturnProblem> {
    if number.fract() == 0.0 && (200.0..600.0).contains(&number) {
        // Exact: a whole number in the range of u16.
        Ok(number as u16)
    } else {
        Err(ReturnProblem::StatusCode)
    }
}

/// Checks one response header, so that no script can break out of its line.
pub fn header_pair(name: String, value: String) -> Result<(String, String), ReturnProblem> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(ReturnProblem::HeaderName);
    }
    if value.contains(['\r', '\n', '\0']) {
        return Err(ReturnProblem::HeaderValue);
    }
    Ok((name.to_ascii_lowercase(), value))
}

/// Nanoseconds since `begin`.
pub fn nanoseconds_since(begin: Instant) -> u64 {
    u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
