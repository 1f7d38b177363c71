//! RSA keys as JWK.

use super::members::Jwk;
use crate::crypto::key::check_private_numbers;
use crate::crypto::library::Failure;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Private, Public};
use openssl::rsa::Rsa;

pub(super) fn put_public<T: HasPublic>(jwk: &mut Jwk, key: &PKeyRef<T>) -> Result<(), Failure> {
    if key.id() != Id::RSA {
        return Err("the key is no RSA key".into());
    }
    let key = key.rsa()?;
    jwk.put_bytes("n", &key.n().to_vec());
    jwk.put_bytes("e", &key.e().to_vec());
    Ok(())
}

pub(super) fn put_private(jwk: &mut Jwk, key: &PKeyRef<Private>) -> Result<(), Failure> {
    put_public(jwk, key)?;
    let key = key.rsa()?;
    jwk.put_bytes("d", &key.d().to_vec());
    let others = [("p", key.p()), ("q", key.q()), ("dp", key.dmp1()), ("dq", key.dmq1()), ("qi", key.iqmp())];
    for (name, number) in others {
        jwk.put_bytes(name, &number.ok_or("the key lacks a number")?.to_vec());
    }
    Ok(())
}

pub(super) fn public(jwk: &Jwk) -> Result<PKey<Public>, Failure> {
    Ok(PKey::from_rsa(Rsa::from_public_components(jwk.number("n")?, jwk.number("e")?)?)?)
}

pub(super) fn private(jwk: &Jwk) -> Result<PKey<Private>, Failure> {
    let key = Rsa::from_private_components(
        jwk.number("n")?,
        jwk.number("e")?,
        jwk.number("d")?,
        jwk.number("p")?,
        jwk.number("q")?,
        jwk.number("dp")?,
        jwk.number("dq")?,
        jwk.number("qi")?,
    )?;
    check_private_numbers(&key)?;
    Ok(PKey::from_rsa(key)?)
}
