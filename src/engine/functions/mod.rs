//! The functions that apps call, written once for all engines.
//!
//! An engine lends a [`Call`] and turns the [`Answer`] into a value of its own. Texts and checks are therefore the same in each.

mod call;
mod ccf;
mod consensus;
mod crypto;
mod historical;
mod host;

pub use call::{Answer, Call, Stop, Value, buffer_of, text_of};
pub use historical::historical_state_json;

use super::environment;

/// A function that an engine gives to scripts.
pub struct Function {
    /// Its `name`.
    pub name: &'static str,
    /// Its `length`.
    pub length: u8,
    /// What it does.
    pub run: fn(&mut dyn Call) -> Result<Answer, Stop>,
}

/// Functions of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Ccf,
    Rpc,
    Consensus,
    Historical,
    Crypto,
    Host,
    Attestation,
    /// What the scripts of the environment are built from.
    Environment,
}

impl Group {
    /// All groups.
    pub const ALL: [Group; 8] = [
        Group::Ccf,
        Group::Rpc,
        Group::Consensus,
        Group::Historical,
        Group::Crypto,
        Group::Host,
        Group::Attestation,
        Group::Environment,
    ];

    /// The name by which scripts know the object.
    pub fn name(self) -> &'static str {
        match self {
            Group::Ccf => "ccf",
            Group::Rpc => "rpc",
            Group::Consensus => "consensus",
            Group::Historical => "historical",
            Group::Crypto => "crypto",
            Group::Host => "host",
            Group::Attestation => "snp_attestation",
            Group::Environment => "environment",
        }
    }

    /// Its functions.
    pub fn functions(self) -> &'static [Function] {
        match self {
            Group::Ccf => &ccf::CCF,
            Group::Rpc => &ccf::RPC,
            Group::Consensus => &consensus::CONSENSUS,
            Group::Historical => &historical::HISTORICAL,
            Group::Crypto => &crypto::CRYPTO,
            Group::Host => &host::HOST,
            Group::Attestation => &host::ATTESTATION,
            Group::Environment => &environment::NATIVES,
        }
    }

    /// The number of one of its functions, from which [`function`] finds it again.
    pub fn number(self, index: usize) -> u16 {
        // Both fit: there are few groups, and none has that many functions.
        ((self as u16) << GROUP_BITS) | index as u16
    }
}

const GROUP_BITS: u16 = 6;

/// The function of a number.
pub fn function(number: u16) -> Option<&'static Function> {
    let group = Group::ALL.get(usize::from(number >> GROUP_BITS))?;
    group.functions().get(usize::from(number & ((1 << GROUP_BITS) - 1)))
}

/// Functions of `ccf.crypto` that older apps call on `ccf` itself.
pub const ALIASES: [&str; 7] = [
    "digest",
    "generateAesKey",
    "generateRsaKeyPair",
    "generateEcdsaKeyPair",
    "wrapKey",
    "isValidX509CertBundle",
    "isValidX509CertChain",
];
