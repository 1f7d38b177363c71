//! Keys wrapped with keys.

use super::generate::{AesKeySize, generate_aes_key};
use super::key::{private_key, public_key};
use super::library::{Failure, start};
use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::{CipherCtx, CipherCtxFlags, CipherCtxRef};
use openssl::error::ErrorStack;
use openssl::md::Md;
use openssl::pkey::{Id, PKey, Private, Public};
use openssl::pkey_ctx::{PkeyCtx, PkeyCtxRef};
use openssl::rsa::Padding;

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
        KeyWrapping::AesKwp => aes_kwp(key, wrapping_key, CipherCtxRef::encrypt_init),
        KeyWrapping::RsaOaepAesKwp { aes_key_size, label } => {
            let wrapping_key = rsa_public_key(wrapping_key)?;
            let aes_key = generate_aes_key(aes_key_size.ok_or("invalid key size")?)?;
            let wrapped = aes_kwp(key, &aes_key, CipherCtxRef::encrypt_init)?;
            Ok([encrypt(&aes_key, &wrapping_key, label)?, wrapped].concat())
        }
    }
}

/// `ccf.crypto.unwrapKey`.
pub fn unwrap_key(wrapped: &[u8], unwrapping_key: &[u8], wrapping: &KeyWrapping) -> Result<Vec<u8>, Failure> {
    start();
    match wrapping {
        KeyWrapping::RsaOaep { label } => decrypt(wrapped, &rsa_private_key(unwrapping_key)?, label),
        KeyWrapping::AesKwp => aes_kwp(wrapped, unwrapping_key, CipherCtxRef::decrypt_init),
        KeyWrapping::RsaOaepAesKwp { label, .. } => {
            let unwrapping_key = rsa_private_key(unwrapping_key)?;
            let parts = wrapped.split_at_checked(unwrapping_key.size());
            let (aes_key, wrapped) = parts.ok_or("the wrapped key is too short")?;
            let aes_key = decrypt(aes_key, &unwrapping_key, label)?;
            aes_kwp(wrapped, &aes_key, CipherCtxRef::decrypt_init)
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

/// `CipherCtxRef::encrypt_init` or `decrypt_init`.
type Direction = fn(&mut CipherCtxRef, Option<&CipherRef>, Option<&[u8]>, Option<&[u8]>) -> Result<(), ErrorStack>;

fn aes_kwp(key: &[u8], wrapping_key: &[u8], direction: Direction) -> Result<Vec<u8>, Failure> {
    let cipher = match wrapping_key.len() {
        16 => Cipher::aes_128_wrap_pad(),
        24 => Cipher::aes_192_wrap_pad(),
        32 => Cipher::aes_256_wrap_pad(),
        _ => return Err("the wrapping key is no AES key".into()),
    };
    if key.is_empty() || i32::try_from(key.len()).is_err() {
        return Err("a key of this size can't be wrapped".into());
    }
    let mut context = CipherCtx::new()?;
    context.set_flags(CipherCtxFlags::FLAG_WRAP_ALLOW);
    direction(&mut context, Some(cipher), Some(wrapping_key), None)?;
    let mut result = Vec::new();
    // OpenSSL says nothing of why it refuses a wrapped key: it was changed, or wrapped with another key.
    context.cipher_update_vec(key, &mut result).map_err(|_| "the keys don't fit each other")?;
    Ok(result)
}
