//! What `ccf.crypto` and the certificate converters do, the same for each engine: functions of bytes and texts.

mod certificate;
mod generate;
mod hash;
mod jwk;
mod key;
mod library;
mod pem;
mod seal;
mod signature;
mod wrap;

pub use certificate::{is_valid_x509_cert_bundle, is_valid_x509_cert_chain, pem_to_id};
pub use generate::{
    AesKeySize, EcdsaCurve, EddsaCurve, KeyPair, generate_aes_key, generate_ecdsa_key_pair, generate_eddsa_key_pair,
    generate_rsa_key_pair,
};
pub use hash::{Hash, digest};
pub use jwk::{KeyFamily, private_jwk_to_pem, private_pem_to_jwk, public_jwk_to_pem, public_pem_to_jwk};
pub use library::Failure;
pub use seal::{SEAL_BYTES, same_seal, seal};
pub use signature::{SigningAlgorithm, sign, verify_signature};
pub use wrap::{KeyWrapping, unwrap_key, wrap_key};
