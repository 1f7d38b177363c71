//! Keys as PEM, and what a key must be before it is used: a script may give any, also one made to keep OpenSSL busy.

use super::certificate::certificates;
use super::library::Failure;
use super::pem::blocks;
use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::ec::EcKey;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Private, Public};
use openssl::rsa::{Rsa, RsaRef};
use pem::Pem;
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};

/// The longest RSA modulus that is used, in bits.
const LONGEST_MODULUS: i32 = 8192;

/// The kinds of keys that are read: RSA, EC, X25519 and Ed25519.
const KINDS: [ObjectIdentifier; 4] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.2.1"),
    ObjectIdentifier::new_unwrap("1.3.101.110"),
    ObjectIdentifier::new_unwrap("1.3.101.112"),
];

/// A private key: PKCS#8, or the older forms of RSA and EC keys. Encrypted keys are refused.
pub(super) fn private_key(pem: &str) -> Result<PKey<Private>, Failure> {
    // OpenSSL's command puts the curve of an EC key before the key, which repeats it.
    let block = blocks(pem)?.into_iter().find(|block| block.tag() != "EC PARAMETERS");
    let key = block.and_then(|block| read_private_key(&block)).ok_or("this is no private key that is supported")?;
    if key.id() == Id::RSA {
        check_private_numbers(&*key.rsa()?)?;
    }
    usable(key)
}

fn read_private_key(block: &Pem) -> Option<PKey<Private>> {
    let der = block.contents();
    let key = match block.tag() {
        "PRIVATE KEY" if is_of_known_kind(der) => PKey::private_key_from_pkcs8(der),
        "RSA PRIVATE KEY" => Rsa::private_key_from_der(der).and_then(PKey::from_rsa),
        "EC PRIVATE KEY" => EcKey::private_key_from_der(der).and_then(PKey::from_ec_key),
        _ => return None,
    };
    // OpenSSL tries several readings, and leaves the errors of those that fail.
    ErrorStack::get();
    key.ok()
}

/// Whether OpenSSL may read a PKCS#8 key: for a DSA key it computes the public key at once, however long the numbers are.
fn is_of_known_kind(der: &[u8]) -> bool {
    PrivateKeyInfoRef::try_from(der).is_ok_and(|key| KINDS.contains(&key.algorithm.oid))
}

/// A public key.
pub(super) fn public_key(pem: &str) -> Result<PKey<Public>, Failure> {
    let key = blocks(pem)?.into_iter().next().filter(|block| block.tag() == "PUBLIC KEY");
    let key = key.and_then(|block| PKey::public_key_from_der(block.contents()).ok());
    usable(key.ok_or("this is no public key")?)
}

/// A public key, or that of the first certificate.
pub(super) fn verification_key(pem: &str) -> Result<PKey<Public>, Failure> {
    if !pem.trim_start().starts_with("-----BEGIN CERTIFICATE") {
        return public_key(pem);
    }
    usable(certificates(pem)?.first().ok_or("there is no certificate")?.public_key()?)
}

/// The key, if it is of a kind and size that this library works with.
pub(super) fn usable<T: HasPublic>(key: PKey<T>) -> Result<PKey<T>, Failure> {
    match key.id() {
        Id::RSA if key.rsa()?.n().num_bits() <= LONGEST_MODULUS => Ok(key),
        Id::RSA => Err("the RSA key is longer than 8192 bits".into()),
        Id::EC => curve(&key).map(|_| key),
        Id::ED25519 | Id::X25519 => Ok(key),
        _ => Err("keys of this kind are not supported".into()),
    }
}

/// The curve of an EC key.
pub(super) fn curve<T: HasPublic>(key: &PKeyRef<T>) -> Result<Nid, Failure> {
    match key.ec_key()?.group().curve_name() {
        Some(curve @ (Nid::X9_62_PRIME256V1 | Nid::SECP384R1 | Nid::SECP521R1 | Nid::SECP256K1)) => Ok(curve),
        _ => Err("this curve is not supported".into()),
    }
}

/// Refuses RSA keys whose numbers don't belong together: OpenSSL would compute with exponents of any length.
pub(super) fn check_private_numbers(key: &RsaRef<Private>) -> Result<(), Failure> {
    let n = key.n();
    let refusal = || Failure::from("the numbers of the RSA key don't belong together");
    let (Some(p), Some(q)) = (key.p(), key.q()) else { return Err(refusal()) };
    let short = |number: &BigNumRef| number.num_bits() <= n.num_bits();
    let numbers = [Some(key.e()), Some(key.d()), Some(p), Some(q), key.dmp1(), key.dmq1(), key.iqmp()];
    if n.num_bits() > LONGEST_MODULUS || !numbers.iter().all(|number| number.is_some_and(short)) {
        return Err(refusal());
    }
    let mut product = BigNum::new()?;
    product.checked_mul(p, q, &mut *BigNumContext::new()?)?;
    if product == *n { Ok(()) } else { Err(refusal()) }
}

/// PEM as a string: OpenSSL writes only ASCII.
pub(super) fn text(pem: Vec<u8>) -> String {
    String::from_utf8_lossy(&pem).into_owned()
}
