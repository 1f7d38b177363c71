//! Certificates as PEM.

use super::library::{Failure, start};
use super::pem::blocks;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyFlags;
use openssl::x509::{X509, X509StoreContext};
use pem::Pem;

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
/// in seconds since 1970. A trusted certificate needs no issuer.
pub fn is_valid_x509_cert_chain(chain: &str, trusted: &str, time: i64) -> bool {
    start();
    leads_to(chain, trusted, time).unwrap_or(false)
}

fn leads_to(chain: &str, trusted: &str, time: i64) -> Result<bool, Failure> {
    let mut chain = certificates(chain)?.into_iter();
    let target = chain.next().ok_or("the chain is empty")?;
    let mut others = Stack::new()?;
    let mut store = X509StoreBuilder::new()?;
    for other in chain.filter(|other| is_current(other, time)) {
        others.push(other)?;
    }
    for certificate in certificates(trusted)?.into_iter().filter(|trusted| is_current(trusted, time)) {
        store.add_cert(certificate)?;
    }
    // Only current certificates take part. OpenSSL's own check of the time would read the system's time zone from a file.
    store.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::NO_CHECK_TIME)?;
    let store = store.build();
    let leads = X509StoreContext::new()?.init(&store, &target, &others, |context| context.verify_cert())?;
    Ok(leads && is_current(&target, time))
}

/// Whether `time` is within the dates of the certificate.
fn is_current(certificate: &X509, time: i64) -> bool {
    let seconds = |date: &Asn1TimeRef| {
        let since = Asn1Time::from_str("19700101000000Z")?.diff(date)?;
        Ok::<_, ErrorStack>(i64::from(since.days) * 86_400 + i64::from(since.secs))
    };
    match (seconds(certificate.not_before()), seconds(certificate.not_after())) {
        (Ok(first), Ok(last)) => (first..=last).contains(&time),
        _ => false,
    }
}

/// All certificates of a PEM text that holds nothing else.
pub(super) fn certificates(pem: &str) -> Result<Vec<X509>, Failure> {
    let certificate = |block: &Pem| match block.tag() {
        "CERTIFICATE" => X509::from_der(block.contents()).ok(),
        _ => None,
    };
    let certificates: Option<_> = blocks(pem)?.iter().map(certificate).collect();
    certificates.ok_or_else(|| "this is no certificate".into())
}
