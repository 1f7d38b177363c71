//! What a host offers to one request, as a safe trait, and the rules about its store that no engine may break.

mod maps;
mod permission;
mod transaction;

pub use maps::Maps;
pub use permission::{MapMethod, MapRights, Permission};
pub use transaction::Transaction;

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// A host, for the duration of one request. Its functions run on the thread that executes the request.
pub trait Host {
    /// The value of `key` in `map`.
    fn get(&self, map: &str, key: &[u8]) -> Result<Option<Vec<u8>>, HostError>;
    /// Whether `key` has a value.
    fn has(&self, map: &str, key: &[u8]) -> Result<bool, HostError>;
    /// Version of the last committed write to `key`.
    fn version(&self, map: &str, key: &[u8]) -> Result<Option<i64>, HostError>;
    /// Number of entries.
    fn size(&self, map: &str) -> Result<u64, HostError>;
    /// All entries, in an order that stays the same for the same state.
    fn entries(&self, map: &str) -> Result<Vec<Entry>, HostError>;
    /// Sets the value of `key`.
    fn put(&self, map: &str, key: &[u8], value: &[u8]) -> Result<(), HostError>;
    /// Removes `key`.
    fn remove(&self, map: &str, key: &[u8]) -> Result<(), HostError>;
    /// Removes all entries.
    fn clear(&self, map: &str) -> Result<(), HostError>;
    /// Takes a line of the app's log.
    fn log(&self, level: LogLevel, text: &str);
    /// Whether lines are kept until the run that wrote them has ended.
    fn holds_log_back(&self) -> bool {
        false
    }
    /// Milliseconds since 1970 in UTC, if the host has a clock of its own.
    fn clock(&self) -> Option<f64>;

    /// Milliseconds since 1970 in UTC, by the host's clock or else the system's.
    fn time(&self) -> f64 {
        let system = || {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            since.map_or(0.0, |since| since.as_millis() as f64)
        };
        self.clock().unwrap_or_else(system)
    }
    /// Fills `bytes` with unpredictable bytes.
    fn entropy(&self, bytes: &mut [u8]) -> Result<(), HostError>;

    /// The last transaction that is committed for ever.
    fn last_committed(&self) -> Result<TransactionId, HostError>;
    /// What became of a transaction.
    fn transaction_status(&self, id: TransactionId) -> Result<TransactionStatus, HostError>;
    /// The view in which `seqno` was written.
    fn view_of(&self, seqno: u64) -> Result<Option<u64>, HostError>;

    /// The states from `first` to `last`, or none while they are being fetched.
    fn historical_range(&self, range: HistoricalRange) -> Result<Option<Vec<State>>, HostError>;
    /// Lets go what was fetched under `handle`; whether there was anything.
    fn historical_drop(&self, handle: u64) -> Result<bool, HostError>;
    /// The value of `key` in `map` in a past state.
    fn state_get(&self, state: u64, map: &str, key: &[u8]) -> Result<Option<Vec<u8>>, HostError>;
    /// Version of the last write to `key` in a past state.
    fn state_version(&self, state: u64, map: &str, key: &[u8]) -> Result<Option<i64>, HostError>;
    /// All entries in a past state.
    fn state_entries(&self, state: u64, map: &str) -> Result<Vec<Entry>, HostError>;

    /// What is left of `permission` for a map, and the host's reason if it gives one.
    fn restrict(&self, map: &str, permission: Permission) -> Result<(Permission, Option<String>), HostError>;
    /// Starts a process.
    fn trigger_subprocess(&self, arguments: &[String], input: Option<&[u8]>) -> Result<(), HostError>;
    /// Verifies an attestation: the result as JSON.
    fn verify_attestation(&self, attestation: &Attestation) -> Result<Vec<u8>, HostError>;

    /// Has a message leave for another realm when the turn is on the disk. Only durable realms can.
    fn send(&self, _to: &str, _message: &[u8]) -> Result<(), HostError> {
        Err(HostError::NotOffered { function: "send" })
    }
    /// Sets an alarm, in milliseconds since 1970 in UTC, or clears it. Only durable realms can.
    fn set_alarm(&self, _name: &str, _time: Option<f64>) -> Result<(), HostError> {
        Err(HostError::NotOffered { function: "set_alarm" })
    }
}

/// Id of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionId {
    pub view: u64,
    pub seqno: u64,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionStatus {
    Unknown,
    Pending,
    Committed,
    Invalid,
}

/// Which past states a script asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoricalRange {
    /// The script's name for the request.
    pub handle: u64,
    /// First sequence number.
    pub first: u64,
    /// Last sequence number, included.
    pub last: u64,
    /// How long the host is to keep what it fetched.
    pub seconds: u64,
}

/// What one committed transaction wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The host's name for it.
    pub state: u64,
    /// The transaction.
    pub transaction: TransactionId,
    /// Its receipt as JSON, or nothing.
    pub receipt: Vec<u8>,
}

/// What `snp_attestation.verifySnpAttestation` was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    pub evidence: Vec<u8>,
    pub endorsements: Vec<u8>,
    pub uvm_endorsements: Option<Vec<u8>>,
    pub endorsed_tcb: Option<String>,
}

/// Why the host gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostError {
    /// The transaction has to be run again.
    Conflict,
    /// A function of the host table answered with a failure.
    Failed { function: &'static str, code: u32 },
    /// A function of the host table said why it failed.
    Explained { why: String },
    /// The host does not offer the function.
    NotOffered { function: &'static str },
    /// The request has written as much as it may.
    TooManyWrites,
}

impl std::fmt::Display for HostError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            HostError::Conflict => write!(formatter, "the transaction has to be run again"),
            HostError::Failed { function, code } => {
                write!(formatter, "host function `{function}` failed with code {code}")
            }
            HostError::Explained { why } => write!(formatter, "{why}"),
            HostError::NotOffered { function } => write!(formatter, "the host does not offer `{function}`"),
            HostError::TooManyWrites => write!(formatter, "the request has written as much as it may"),
        }
    }
}

/// How bad a logged event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// For information.
    Info,
    /// Something failed.
    Fail,
    /// Something failed badly.
    Fatal,
}
