//! From what the engine came to, to what the host gets.

use crate::engine::{Exception, Execution, Failure, Outcome, RuntimeOptions, content_type, nanoseconds_since};
use crate::error::Error;
use crate::host::{HostError, LogLevel};
use crate::status::jsep_status;
use indexmap::IndexMap;
use std::time::Instant;

/// The response of one request.
#[derive(Debug)]
pub struct Response {
    /// Status from 200 to 599.
    pub status: u16,
    /// Headers with lower-case names, each name once.
    pub headers: IndexMap<String, String>,
    /// Body.
    pub body: Vec<u8>,
    /// Whether the transaction is to be committed.
    pub apply_writes: bool,
    /// Claims digest for the transaction.
    pub claims_digest: Option<[u8; 32]>,
    /// Whether the time limit ended the request.
    pub timed_out: bool,
    /// The exception behind status 500.
    pub exception: Option<Exception>,
    /// What it took.
    pub timings: ExecutionTimings,
}

/// Nanoseconds of the parts of a request.
#[derive(Clone, Copy, Debug)]
pub struct ExecutionTimings {
    /// Getting a realm.
    pub realm: u64,
    /// Request object, handler, conversion.
    pub call: u64,
    /// Handing the writes over.
    pub flush: u64,
    /// All of it.
    pub total: u64,
    /// Rung of the realm ladder.
    pub rung: u32,
}

impl Response {
    /// The response to a request that came to this. It applies no writes.
    pub fn new(outcome: Outcome, options: &RuntimeOptions) -> Response {
        let mut response = Response {
            status: 500,
            headers: IndexMap::new(),
            body: Vec::new(),
            apply_writes: false,
            claims_digest: None,
            timed_out: matches!(outcome.result, Err(Failure::TimedOut)),
            exception: outcome.exception,
            timings: ExecutionTimings {
                realm: outcome.realm_ns,
                call: outcome.call_ns,
                flush: 0,
                total: 0,
                rung: outcome.rung,
            },
        };
        match outcome.result {
            Ok(reply) => {
                response.status = reply.status;
                if let Some((body, default_type)) = reply.body {
                    response.body = body;
                    response.headers.insert("content-type".to_owned(), default_type.to_owned());
                }
                response.headers.extend(outcome.headers);
            }
            Err(failure) => {
                response.headers.extend(outcome.headers);
                let shown = options.return_exception_details.then_some(response.exception.as_ref()).flatten();
                response.body = error_body(&failure.message(), shown);
                response.headers.insert("content-type".to_owned(), content_type::JSON.to_owned());
            }
        }
        response
    }

    /// What the log gets to know of the exception of a request, if it is to.
    pub fn exception_line(&self, method: &str, route: &str, options: &RuntimeOptions) -> Option<String> {
        let exception = self.exception.as_ref().filter(|_| options.log_exception_details)?;
        let trace = exception.trace.as_deref().unwrap_or_default();
        Some(format!("[js] {method} {route}: {}\n{trace}", exception.message))
    }
}

/// Makes the response, hands the writes to the host if they apply, and writes the log.
pub(super) fn finish(outcome: Outcome, mut execution: Execution<'_>, begin: Instant) -> Result<Response, Error> {
    if execution.transaction.conflicted() {
        return Err(conflict());
    }
    let failed = outcome.result.is_err();
    let mut response = Response::new(outcome, execution.options);
    response.claims_digest = execution.claims_digest;
    let line = response.exception_line(&execution.request.method, &execution.route, execution.options);
    if let Some(line) = line.filter(|_| failed) {
        execution.host().log(LogLevel::Fail, &line);
    }
    response.apply_writes = execution.apply_writes.unwrap_or((200..300).contains(&response.status));
    if response.apply_writes {
        let flush = Instant::now();
        execution.transaction.flush().map_err(flush_error)?;
        response.timings.flush = nanoseconds_since(flush);
    }
    response.timings.total = nanoseconds_since(begin);
    if !failed && execution.metrics_logging {
        let line = format!(
            "[js] JS execution complete: Method={}, Path={}, Status={}, ExecMilliseconds={}",
            execution.request.method,
            execution.route,
            response.status,
            response.timings.total / 1_000_000,
        );
        execution.host().log(LogLevel::Info, &line);
    }
    Ok(response)
}

fn error_body(message: &str, exception: Option<&Exception>) -> Vec<u8> {
    let mut error = serde_json::json!({ "code": "InternalError", "message": message });
    if let Some(exception) = exception {
        let mut detail = serde_json::json!({ "code": "JSException", "message": exception.message });
        if let Some(trace) = &exception.trace {
            detail["trace"] = trace.as_str().into();
        }
        error["details"] = serde_json::json!([detail]);
    }
    serde_json::json!({ "error": error }).to_string().into_bytes()
}

fn conflict() -> Error {
    Error::new(jsep_status::JSEP_CONFLICT, "the host's store asked to run the request again")
}

fn flush_error(error: HostError) -> Error {
    match error {
        HostError::Conflict => conflict(),
        other => Error::new(jsep_status::JSEP_STORE_FAILED, other.to_string()),
    }
}
