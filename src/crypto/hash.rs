//! Digests.

use super::library::start;
use openssl::hash::MessageDigest;
use openssl::sha::sha256;

/// A digest that signatures are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The digest that scripts call `name`.
    pub fn from_name(name: &str) -> Option<Hash> {
        match name {
            "SHA-256" => Some(Hash::Sha256),
            "SHA-384" => Some(Hash::Sha384),
            "SHA-512" => Some(Hash::Sha512),
            _ => None,
        }
    }

    pub(super) fn message_digest(self) -> MessageDigest {
        match self {
            Hash::Sha256 => MessageDigest::sha256(),
            Hash::Sha384 => MessageDigest::sha384(),
            Hash::Sha512 => MessageDigest::sha512(),
        }
    }
}

/// `ccf.crypto.digest`: only SHA-256. The error is the message of a `RangeError`.
pub fn digest(algorithm: &str, data: &[u8]) -> Result<[u8; 32], &'static str> {
    start();
    match Hash::from_name(algorithm) {
        Some(Hash::Sha256) => Ok(sha256(data)),
        _ => Err("unsupported digest algorithm, supported: SHA-256"),
    }
}
