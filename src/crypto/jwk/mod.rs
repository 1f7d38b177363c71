//! Keys as JSON Web Keys (RFC 7517, 7518 and 8037) and as PEM.

mod ec;
mod members;
mod okp;
mod rsa;

use super::key::{private_key, public_key, text, usable};
use super::library::{Failure, start};
use members::Jwk;

/// The families of keys; each has conversions of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFamily {
    Ec,
    Rsa,
    /// Ed25519 and X25519.
    Eddsa,
}

impl KeyFamily {
    /// The member `kty`.
    fn key_type(self) -> &'static str {
        match self {
            KeyFamily::Ec => "EC",
            KeyFamily::Rsa => "RSA",
            KeyFamily::Eddsa => "OKP",
        }
    }
}

/// `ccf.crypto.pubPemToJwk` and its kin: the JWK as JSON.
pub fn public_pem_to_jwk(family: KeyFamily, pem: &str, kid: Option<&str>) -> Result<Vec<u8>, Failure> {
    start();
    let key = public_key(pem)?;
    let mut jwk = Jwk::new(family.key_type(), kid);
    match family {
        KeyFamily::Ec => ec::put_public(&mut jwk, &key)?,
        KeyFamily::Rsa => rsa::put_public(&mut jwk, &key)?,
        KeyFamily::Eddsa => okp::put_public(&mut jwk, &key)?,
    }
    Ok(jwk.json())
}

/// `ccf.crypto.pemToJwk` and its kin: the JWK as JSON.
pub fn private_pem_to_jwk(family: KeyFamily, pem: &str, kid: Option<&str>) -> Result<Vec<u8>, Failure> {
    start();
    let key = private_key(pem)?;
    let mut jwk = Jwk::new(family.key_type(), kid);
    match family {
        KeyFamily::Ec => ec::put_private(&mut jwk, &key)?,
        KeyFamily::Rsa => rsa::put_private(&mut jwk, &key)?,
        KeyFamily::Eddsa => okp::put_private(&mut jwk, &key)?,
    }
    Ok(jwk.json())
}

/// `ccf.crypto.pubJwkToPem` and its kin, for a JWK as JSON.
pub fn public_jwk_to_pem(family: KeyFamily, json: &[u8]) -> Result<String, Failure> {
    start();
    let jwk = Jwk::read(family.key_type(), json)?;
    let key = match family {
        KeyFamily::Ec => ec::public(&jwk)?,
        KeyFamily::Rsa => rsa::public(&jwk)?,
        KeyFamily::Eddsa => okp::public(&jwk)?,
    };
    Ok(text(usable(key)?.public_key_to_pem()?))
}

/// `ccf.crypto.jwkToPem` and its kin, for a JWK as JSON.
pub fn private_jwk_to_pem(family: KeyFamily, json: &[u8]) -> Result<String, Failure> {
    start();
    let jwk = Jwk::read(family.key_type(), json)?;
    let key = match family {
        KeyFamily::Ec => ec::private(&jwk)?,
        KeyFamily::Rsa => rsa::private(&jwk)?,
        KeyFamily::Eddsa => okp::private(&jwk)?,
    };
    Ok(text(usable(key)?.private_key_to_pem_pkcs8()?))
}
