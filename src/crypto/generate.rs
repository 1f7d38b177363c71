//! New keys.

use super::key::text;
use super::library::{Failure, start};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rand::rand_priv_bytes;
use openssl::rsa::Rsa;

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

/// `ccf.crypto.generateRsaKeyPair`.
pub fn generate_rsa_key_pair(bits: u32, exponent: u32) -> Result<KeyPair, Failure> {
    start();
    if !RSA_BITS.contains(&bits) {
        return Err("the size must be from 2048 to 4096 bits".into());
    }
    if !RSA_EXPONENTS.contains(&exponent) || exponent.is_multiple_of(2) {
        return Err("the exponent must be odd and at least 3".into());
    }
    let key = Rsa::generate_with_e(bits, &*BigNum::from_u32(exponent)?)?;
    key_pair(&PKey::from_rsa(key)?)
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
