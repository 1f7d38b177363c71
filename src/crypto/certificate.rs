//! Certificates as PEM.

use super::library::{Failure, start};
use super::pem::blocks;
use openssl::hash::MessageDigest;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509StoreContext};

/// `ccf.pemToId`: lower-case hex of the SHA-256 of the first certificate in `pem`.
pub fn pem_to_id(pem: &str) -> Result<String, Failure> {
    start();
    let certificates = certificates(pem)?;
    let first = certificates.first().ok_or("there is no certificate")?;
    Ok(first.digest(MessageDigest::sha256())?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `ccf.crypto.isValidX509CertBundle`: whether `pem` is one or more certificates. Neither dates nor issuers count.
pub fn is_valid_x509_cert_bundle(pem: &str) -> bool {
    start();
    certificates(pem).is_ok_and(|certificates| !certificates.is_empty())
}

/// `ccf.crypto.isValidX509CertChain`: whether the first certificate of `chain` leads, over the others, to one of `trusted` at `time`,
/// in seconds since 1970; the system's clock is asked if there is none. A trusted certificate needs no issuer.
pub fn is_valid_x509_cert_chain(chain: &str, trusted: &str, time: Option<i64>) -> bool {
    start();
    leads_to(chain, trusted, time).unwrap_or(false)
}

fn leads_to(chain: &str, trusted: &str, time: Option<i64>) -> Result<bool, Failure> {
    let mut chain = certificates(chain)?.into_iter();
    let target = chain.next().ok_or("the chain is empty")?;
    let mut others = Stack::new()?;
    for other in chain {
        others.push(other)?;
    }
    let store = store(certificates(trusted)?, time)?;
    Ok(X509StoreContext::new()?.init(&store, &target, &others, |context| context.verify_cert())?)
}

/// A store of `trusted` and nothing else: the system's certificates are not among them.
fn store(trusted: Vec<X509>, time: Option<i64>) -> Result<X509Store, Failure> {
    let mut store = X509StoreBuilder::new()?;
    for certificate in trusted {
        store.add_cert(certificate)?;
    }
    let mut rules = X509VerifyParam::new()?;
    rules.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
    if let Some(time) = time {
        rules.set_time(time);
    }
    store.set_param(&rules)?;
    Ok(store.build())
}

/// All certificates of a PEM text that holds nothing else.
pub(super) fn certificates(pem: &str) -> Result<Vec<X509>, Failure> {
    blocks(pem)?
        .into_iter()
        .map(|block| match block.tag() {
            "CERTIFICATE" => Ok(X509::from_der(block.contents())?),
            _ => Err("this is no certificate".into()),
        })
        .collect()
}
