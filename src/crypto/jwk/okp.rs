//! Ed25519 and X25519 keys as JWK.

use super::members::Jwk;
use crate::crypto::library::Failure;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Private, Public};

pub(super) fn put_public<T: HasPublic>(jwk: &mut Jwk, key: &PKeyRef<T>) -> Result<(), Failure> {
    let curve = match key.id() {
        Id::ED25519 => "Ed25519",
        Id::X25519 => "X25519",
        _ => return Err("the key is no Ed25519 or X25519 key".into()),
    };
    jwk.put("crv", curve);
    jwk.put_bytes("x", &key.raw_public_key()?);
    Ok(())
}

pub(super) fn put_private(jwk: &mut Jwk, key: &PKeyRef<Private>) -> Result<(), Failure> {
    put_public(jwk, key)?;
    jwk.put_bytes("d", &key.raw_private_key()?);
    Ok(())
}

pub(super) fn public(jwk: &Jwk) -> Result<PKey<Public>, Failure> {
    Ok(PKey::public_key_from_raw_bytes(&jwk.bytes("x")?, curve(jwk)?)?)
}

pub(super) fn private(jwk: &Jwk) -> Result<PKey<Private>, Failure> {
    let key = PKey::private_key_from_raw_bytes(&jwk.bytes("d")?, curve(jwk)?)?;
    if key.raw_public_key()? == jwk.bytes("x")? { Ok(key) } else { Err("x and d are of different keys".into()) }
}

fn curve(jwk: &Jwk) -> Result<Id, Failure> {
    match jwk.text("crv")? {
        "Ed25519" => Ok(Id::ED25519),
        "X25519" => Ok(Id::X25519),
        _ => Err("this curve is not supported".into()),
    }
}
