//! The members of a JWK.

use crate::crypto::library::Failure;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use openssl::bn::BigNum;
use serde_json::{Map, Value};

/// Base64url, written without padding, read with or without.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The longest number of a key in bytes: that of an RSA key of 8192 bits.
const LONGEST_NUMBER: usize = 1024;

/// A JWK.
pub(super) struct Jwk(Map<String, Value>);

impl Jwk {
    /// A JWK without a key yet.
    pub fn new(key_type: &str, kid: Option<&str>) -> Jwk {
        let mut jwk = Jwk(Map::new());
        jwk.put("kty", key_type);
        if let Some(kid) = kid {
            jwk.put("kid", kid);
        }
        jwk
    }

    /// A JWK that a script gave.
    pub fn read(key_type: &str, json: &[u8]) -> Result<Jwk, Failure> {
        let Ok(Value::Object(members)) = serde_json::from_slice(json) else {
            return Err("the JWK is no object".into());
        };
        let jwk = Jwk(members);
        if jwk.text("kty")? == key_type { Ok(jwk) } else { Err("the JWK has another kty".into()) }
    }

    pub fn json(self) -> Vec<u8> {
        Value::Object(self.0).to_string().into_bytes()
    }

    pub fn put(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.into());
    }

    pub fn put_bytes(&mut self, name: &str, bytes: &[u8]) {
        self.put(name, &BASE64URL.encode(bytes));
    }

    pub fn text(&self, name: &str) -> Result<&str, Failure> {
        let value = self.0.get(name).and_then(Value::as_str);
        value.ok_or_else(|| Failure::from(&*format!("the JWK has no text {name}")))
    }

    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let bytes = BASE64URL.decode(self.text(name)?);
        let bytes = bytes.ok().filter(|bytes| (1..=LONGEST_NUMBER).contains(&bytes.len()));
        bytes.ok_or_else(|| Failure::from(&*format!("{name} is not the base64url of a number of a key")))
    }

    pub fn number(&self, name: &str) -> Result<BigNum, Failure> {
        Ok(BigNum::from_slice(&self.bytes(name)?)?)
    }
}
