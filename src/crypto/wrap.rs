//! Keys wrapped with keys.

use super::generate::{AesKeySize, generate_aes_key};
use super::key::{private_key, public_key};
use super::library::{Failure, start};
use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::{CipherCtx, CipherCtxFlags};
use openssl::md::Md;
use openssl::pkey::{Id, PKey, Private, Public};
use openssl::pkey_ctx::{PkeyCtx, PkeyCtxRef};
use openssl::rsa::Padding;

/// The longest key that AES wraps, in bytes. Wrapping is slow; keys are short.
const LONGEST_KEY: usize = 1 << 20;
/// What wrapping adds to a key of that length.
const WRAPPING: usize = 8;

/// How to wrap a key. Labels are bound to what RSA wraps; an empty one is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyWrapping {
    /// RSA with a PEM key, and SHA-256.
    RsaOaep { label: Vec<u8> },
    /// RFC 5649.
    AesKwp,
    /// A new AES key wraps the key, and RSA wraps the AES key; as PKCS #11 has it. The size counts for wrapping only.
    RsaOaepAesKwp { aes_key_size: Option<AesKeySize>, label: Vec<u8> },
}

/// `ccf.crypto.wrapKey`.
pub fn wrap_key(key: &[u8], wrapping_key: &[u8], wrapping: &KeyWrapping) -> Result<Vec<u8>, Failure> {
    start();
    match wrapping {
        KeyWrapping::RsaOaep { label } => encrypt(key, &rsa_public_key(wrapping_key)?, label),
        KeyWrapping::AesKwp => aes_wrap(key, wrapping_key),
        KeyWrapping::RsaOaepAesKwp { aes_key_size, label } => {
            let wrapping_key = rsa_public_key(wrapping_key)?;
            let aes_key = generate_aes_key(aes_key_size.ok_or("invalid key size")?)?;
            let wrapped = aes_wrap(key, &aes_key)?;
            Ok([encrypt(&aes_key, &wrapping_key, label)?, wrapped].concat())
        }
    }
}

/// `ccf.crypto.unwrapKey`.
pub fn unwrap_key(wrapped: &[u8], unwrapping_key: &[u8], wrapping: &KeyWrapping) -> Result<Vec<u8>, Failure> {
    start();
    match wrapping {
        KeyWrapping::RsaOaep { label } => decrypt(wrapped, &rsa_private_key(unwrapping_key)?, label),
        KeyWrapping::AesKwp => aes_unwrap(wrapped, unwrapping_key),
        KeyWrapping::RsaOaepAesKwp { label, .. } => {
            let unwrapping_key = rsa_private_key(unwrapping_key)?;
            let parts = wrapped.split_at_checked(unwrapping_key.size());
            let (aes_key, wrapped) = parts.ok_or("the wrapped key is too short")?;
            let aes_key = decrypt(aes_key, &unwrapping_key, label)?;
            aes_unwrap(wrapped, &aes_key)
        }
    }
}

fn rsa_public_key(pem: &[u8]) -> Result<PKey<Public>, Failure> {
    let key = public_key(&String::from_utf8_lossy(pem))?;
    if key.id() == Id::RSA { Ok(key) } else { Err("the wrapping key is no RSA key".into()) }
}

fn rsa_private_key(pem: &[u8]) -> Result<PKey<Private>, Failure> {
    let key = private_key(&String::from_utf8_lossy(pem))?;
    if key.id() == Id::RSA { Ok(key) } else { Err("the unwrapping key is no RSA key".into()) }
}

fn encrypt(key: &[u8], wrapping_key: &PKey<Public>, label: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut context = PkeyCtx::new(wrapping_key)?;
    context.encrypt_init()?;
    set_oaep(&mut context, label)?;
    let mut wrapped = Vec::new();
    context.encrypt_to_vec(key, &mut wrapped)?;
    Ok(wrapped)
}

fn decrypt(wrapped: &[u8], unwrapping_key: &PKey<Private>, label: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut context = PkeyCtx::new(unwrapping_key)?;
    context.decrypt_init()?;
    set_oaep(&mut context, label)?;
    let mut key = Vec::new();
    context.decrypt_to_vec(wrapped, &mut key)?;
    Ok(key)
}

fn set_oaep<T>(context: &mut PkeyCtxRef<T>, label: &[u8]) -> Result<(), Failure> {
    context.set_rsa_padding(Padding::PKCS1_OAEP)?;
    context.set_rsa_oaep_md(Md::sha256())?;
    context.set_rsa_mgf1_md(Md::sha256())?;
    if !label.is_empty() {
        context.set_rsa_oaep_label(label)?;
    }
    Ok(())
}

fn aes_wrap(key: &[u8], wrapping_key: &[u8]) -> Result<Vec<u8>, Failure> {
    check_length(key, LONGEST_KEY)?;
    let mut context = aes_context()?;
    context.encrypt_init(Some(cipher(wrapping_key)?), Some(wrapping_key), None)?;
    let mut wrapped = Vec::new();
    context.cipher_update_vec(key, &mut wrapped)?;
    Ok(wrapped)
}

fn aes_unwrap(wrapped: &[u8], unwrapping_key: &[u8]) -> Result<Vec<u8>, Failure> {
    check_length(wrapped, LONGEST_KEY + WRAPPING)?;
    let mut context = aes_context()?;
    context.decrypt_init(Some(cipher(unwrapping_key)?), Some(unwrapping_key), None)?;
    // When it fails, OpenSSL clears as many bytes as were wrapped, which are more than the key has and than its size is given for.
    let mut key = vec![0; wrapped.len()];
    let length = context.cipher_update(wrapped, Some(&mut key));
    // OpenSSL gives no reason.
    key.truncate(length.map_err(|_| "it was changed, or wrapped with another key")?);
    Ok(key)
}

fn aes_context() -> Result<CipherCtx, Failure> {
    let mut context = CipherCtx::new()?;
    context.set_flags(CipherCtxFlags::FLAG_WRAP_ALLOW);
    Ok(context)
}

fn cipher(key: &[u8]) -> Result<&'static CipherRef, Failure> {
    match key.len() {
        16 => Ok(Cipher::aes_128_wrap_pad()),
        24 => Ok(Cipher::aes_192_wrap_pad()),
        32 => Ok(Cipher::aes_256_wrap_pad()),
        _ => Err("the AES key is not of 128, 192 or 256 bits".into()),
    }
}

fn check_length(key: &[u8], longest: usize) -> Result<(), Failure> {
    if (1..=longest).contains(&key.len()) { Ok(()) } else { Err("the key is empty or longer than 1 MiB".into()) }
}
