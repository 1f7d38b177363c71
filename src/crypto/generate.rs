//! New keys.

use super::key::text;
use super::library::{Failure, start};
use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::bn::{BigNum, BigNumRef};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rand::rand_priv_bytes;
use openssl::rsa::Rsa;
use openssl_sys::BN_GENCB;
use std::ffi::{c_int, c_void};
use std::time::Instant;

/// The sizes of RSA keys that are made, in bits. Longer ones would keep a host busy for many seconds.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=4096;
/// The exponents of RSA keys that are made.
const RSA_EXPONENTS: std::ops::RangeInclusive<u32> = 3..=u32::MAX;

/// A new key pair as PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// PKCS#8.
    pub private_key: String,
    /// SubjectPublicKeyInfo.
    pub public_key: String,
}

/// Sizes of AES keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AesKeySize {
    Bits128,
    Bits192,
    Bits256,
}

impl AesKeySize {
    /// The size of so many bits, if there is one.
    pub fn from_bits(bits: f64) -> Option<AesKeySize> {
        let sizes = [AesKeySize::Bits128, AesKeySize::Bits192, AesKeySize::Bits256];
        sizes.into_iter().find(|size| bits == (8 * size.bytes()) as f64)
    }

    fn bytes(self) -> usize {
        match self {
            AesKeySize::Bits128 => 16,
            AesKeySize::Bits192 => 24,
            AesKeySize::Bits256 => 32,
        }
    }
}

/// Curves of new ECDSA keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EcdsaCurve {
    Secp256r1,
    Secp384r1,
}

/// Curves of new EdDSA keys, and of X25519 keys, which agree on secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EddsaCurve {
    Curve25519,
    X25519,
}

/// `ccf.crypto.generateAesKey`.
pub fn generate_aes_key(size: AesKeySize) -> Result<Vec<u8>, Failure> {
    start();
    let mut key = vec![0; size.bytes()];
    rand_priv_bytes(&mut key)?;
    Ok(key)
}

/// `ccf.crypto.generateRsaKeyPair`, which fails at the deadline: large keys take seconds.
pub fn generate_rsa_key_pair(bits: u32, exponent: u32, deadline: Instant) -> Result<KeyPair, Failure> {
    start();
    if !RSA_BITS.contains(&bits) {
        return Err("the size must be from 2048 to 4096 bits".into());
    }
    if !RSA_EXPONENTS.contains(&exponent) || exponent.is_multiple_of(2) {
        return Err("the exponent must be odd and at least 3".into());
    }
    key_pair(&PKey::from_rsa(rsa_key(bits, &*BigNum::from_u32(exponent)?, deadline)?)?)
}

/// OpenSSL's own wrapper does not let a caller stop it.
fn rsa_key(bits: u32, exponent: &BigNumRef, mut deadline: Instant) -> Result<Rsa<Private>, Failure> {
    let bits = i32::try_from(bits).map_err(|_| "the size is too large")?;
    // SAFETY: null is checked for; the key is owned by `key` from then on. The callback gets the deadline, which outlives the call,
    // and is freed after it.
    unsafe {
        let key = openssl_sys::RSA_new();
        if key.is_null() {
            return Err(ErrorStack::get().into());
        }
        let key = Rsa::<Private>::from_ptr(key);
        let watch = BN_GENCB_new();
        if watch.is_null() {
            return Err(ErrorStack::get().into());
        }
        BN_GENCB_set(watch, may_go_on, (&raw mut deadline).cast());
        let made = openssl_sys::RSA_generate_key_ex(key.as_ptr(), bits, exponent.as_ptr(), watch);
        BN_GENCB_free(watch);
        if made == 1 { Ok(key) } else { Err(ErrorStack::get().into()) }
    }
}

/// Called by OpenSSL while it looks for primes.
unsafe extern "C" fn may_go_on(_step: c_int, _count: c_int, watch: *mut BN_GENCB) -> c_int {
    // SAFETY: `rsa_key` set the argument to a deadline that lives.
    c_int::from(Instant::now() < unsafe { *BN_GENCB_get_arg(watch).cast::<Instant>() })
}

unsafe extern "C" {
    fn BN_GENCB_new() -> *mut BN_GENCB;
    fn BN_GENCB_free(watch: *mut BN_GENCB);
    fn BN_GENCB_set(
        watch: *mut BN_GENCB,
        callback: unsafe extern "C" fn(c_int, c_int, *mut BN_GENCB) -> c_int,
        argument: *mut c_void,
    );
    fn BN_GENCB_get_arg(watch: *mut BN_GENCB) -> *mut c_void;
}

/// `ccf.crypto.generateEcdsaKeyPair`.
pub fn generate_ecdsa_key_pair(curve: EcdsaCurve) -> Result<KeyPair, Failure> {
    start();
    let curve = match curve {
        EcdsaCurve::Secp256r1 => Nid::X9_62_PRIME256V1,
        EcdsaCurve::Secp384r1 => Nid::SECP384R1,
    };
    let key = EcKey::generate(&*EcGroup::from_curve_name(curve)?)?;
    key_pair(&PKey::from_ec_key(key)?)
}

/// `ccf.crypto.generateEddsaKeyPair`.
pub fn generate_eddsa_key_pair(curve: EddsaCurve) -> Result<KeyPair, Failure> {
    start();
    key_pair(&match curve {
        EddsaCurve::Curve25519 => PKey::generate_ed25519()?,
        EddsaCurve::X25519 => PKey::generate_x25519()?,
    })
}

fn key_pair(key: &PKey<Private>) -> Result<KeyPair, Failure> {
    Ok(KeyPair { private_key: text(key.private_key_to_pem_pkcs8()?), public_key: text(key.public_key_to_pem()?) })
}
