//! Signatures.

use super::hash::Hash;
use super::key::{private_key, verification_key};
use super::library::{Failure, start};
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::hash;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer, Verifier};

/// How to sign, with what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// The salt's length is in bytes.
    RsaPss(Hash, u16),
    /// Signatures are the two numbers side by side, as IEEE P1363 has them.
    Ecdsa(Hash),
    Eddsa,
    /// The key is any text.
    Hmac(Hash),
}

/// `ccf.crypto.sign`.
pub fn sign(algorithm: SigningAlgorithm, key: &str, data: &[u8]) -> Result<Vec<u8>, Failure> {
    start();
    if let SigningAlgorithm::Hmac(hash) = algorithm {
        let key = PKey::private_key_from_raw_bytes(key.as_bytes(), Id::HMAC)?;
        return Ok(Signer::new(hash.message_digest(), &key)?.sign_oneshot_to_vec(data)?);
    }
    let key = private_key(key)?;
    check_kind(algorithm, &key)?;
    match algorithm {
        SigningAlgorithm::RsaPss(hash, salt_length) => {
            let mut signer = Signer::new(hash.message_digest(), &key)?;
            signer.set_rsa_padding(Padding::PKCS1_PSS)?;
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt_length.into()))?;
            Ok(signer.sign_oneshot_to_vec(data)?)
        }
        SigningAlgorithm::Ecdsa(algorithm) => {
            let key = key.ec_key()?;
            let signature = EcdsaSig::sign(&hash(algorithm.message_digest(), data)?, &key)?;
            let length = number_length(key.group().order_bits());
            Ok([signature.r().to_vec_padded(length)?, signature.s().to_vec_padded(length)?].concat())
        }
        _ => Ok(Signer::new_without_digest(&key)?.sign_oneshot_to_vec(data)?),
    }
}

/// `ccf.crypto.verifySignature`: any signature that is not right is false.
pub fn verify_signature(
    algorithm: SigningAlgorithm,
    key: &str,
    signature: &[u8],
    data: &[u8],
) -> Result<bool, Failure> {
    start();
    let key = verification_key(key)?;
    check_kind(algorithm, &key)?;
    match algorithm {
        SigningAlgorithm::RsaPss(hash, salt_length) => {
            let mut verifier = Verifier::new(hash.message_digest(), &key)?;
            verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
            verifier.set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt_length.into()))?;
            // OpenSSL has errors for some signatures that can't be right, as those of a wrong length.
            Ok(verifier.verify_oneshot(signature, data).unwrap_or(false))
        }
        SigningAlgorithm::Ecdsa(algorithm) => {
            let key = key.ec_key()?;
            let length = number_length(key.group().order_bits()) as usize;
            if signature.len() != 2 * length {
                return Ok(false);
            }
            let (r, s) = signature.split_at(length);
            let signature = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
            Ok(signature.verify(&hash(algorithm.message_digest(), data)?, &key).unwrap_or(false))
        }
        _ => Ok(Verifier::new_without_digest(&key)?.verify_oneshot(signature, data).unwrap_or(false)),
    }
}

/// Refuses a key that is of no use for an algorithm.
fn check_kind<T: HasPublic>(algorithm: SigningAlgorithm, key: &PKeyRef<T>) -> Result<(), Failure> {
    let (fitting, refusal) = match algorithm {
        SigningAlgorithm::RsaPss(..) => (Id::RSA, "the key is no RSA key"),
        SigningAlgorithm::Ecdsa(_) => (Id::EC, "the key is no EC key"),
        SigningAlgorithm::Eddsa => (Id::ED25519, "the key is no Ed25519 key"),
        SigningAlgorithm::Hmac(_) => return Err("HMAC has no public keys".into()),
    };
    if key.id() == fitting { Ok(()) } else { Err(refusal.into()) }
}

/// Bytes of each of the two numbers of a signature.
fn number_length(order_bits: u32) -> i32 {
    order_bits.div_ceil(8) as i32
}
