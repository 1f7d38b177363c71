//! What `ccf.crypto` and the certificate converters do, the same for each engine: functions of bytes and texts.

mod certificate;
mod hash;
mod library;
mod pem;

pub use certificate::{is_valid_x509_cert_bundle, is_valid_x509_cert_chain, pem_to_id};
pub use hash::{Hash, digest};
pub use library::Failure;
