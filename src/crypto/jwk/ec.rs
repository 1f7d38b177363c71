//! EC keys as JWK.

use super::members::Jwk;
use crate::crypto::key::curve;
use crate::crypto::library::Failure;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Private, Public};

/// The names of curves.
const CURVES: [(&str, Nid); 4] = [
    ("P-256", Nid::X9_62_PRIME256V1),
    ("P-384", Nid::SECP384R1),
    ("P-521", Nid::SECP521R1),
    ("secp256k1", Nid::SECP256K1),
];

pub(super) fn put_public<T: HasPublic>(jwk: &mut Jwk, key: &PKeyRef<T>) -> Result<(), Failure> {
    if key.id() != Id::EC {
        return Err("the key is no EC key".into());
    }
    let curve = curve(key)?;
    let (name, _) = CURVES.iter().find(|(_, known)| *known == curve).ok_or("this curve has no name")?;
    let key = key.ec_key()?;
    let group = key.group();
    let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
    key.public_key().affine_coordinates(group, &mut x, &mut y, &mut *BigNumContext::new()?)?;
    jwk.put("crv", name);
    jwk.put_bytes("x", &x.to_vec_padded(length(group.degree()))?);
    jwk.put_bytes("y", &y.to_vec_padded(length(group.degree()))?);
    Ok(())
}

pub(super) fn put_private(jwk: &mut Jwk, key: &PKeyRef<Private>) -> Result<(), Failure> {
    put_public(jwk, key)?;
    let key = key.ec_key()?;
    jwk.put_bytes("d", &key.private_key().to_vec_padded(length(key.group().order_bits()))?);
    Ok(())
}

pub(super) fn public(jwk: &Jwk) -> Result<PKey<Public>, Failure> {
    let (group, point) = point(jwk)?;
    Ok(PKey::from_ec_key(EcKey::from_public_key(&group, &point)?)?)
}

pub(super) fn private(jwk: &Jwk) -> Result<PKey<Private>, Failure> {
    let (group, point) = point(jwk)?;
    let key = EcKey::from_private_components(&group, &*jwk.number("d")?, &point)?;
    key.check_key()?;
    Ok(PKey::from_ec_key(key)?)
}

/// The public key; OpenSSL refuses a point that is not on the curve.
fn point(jwk: &Jwk) -> Result<(EcGroup, EcPoint), Failure> {
    let name = jwk.text("crv")?;
    let (_, curve) = CURVES.iter().find(|(known, _)| *known == name).ok_or("this curve is not supported")?;
    let group = EcGroup::from_curve_name(*curve)?;
    let mut point = EcPoint::new(&group)?;
    let (x, y) = (jwk.number("x")?, jwk.number("y")?);
    point.set_affine_coordinates_gfp(&group, &x, &y, &mut *BigNumContext::new()?)?;
    Ok((group, point))
}

/// Bytes of a number of so many bits: RFC 7518 wants leading zeros.
fn length(bits: u32) -> i32 {
    bits.div_ceil(8) as i32
}
