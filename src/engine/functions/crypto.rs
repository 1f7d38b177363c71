//! `ccf.crypto`.

use super::call::no_buffer;
use super::{Answer, Call, Function, Stop, Value};
use crate::crypto::SigningAlgorithm;
use crate::crypto::{self, AesKeySize, EcdsaCurve, EddsaCurve, Failure, Hash, KeyFamily, KeyPair, KeyWrapping};
use crate::engine::Thrown;
use std::time::Instant;

/// Functions of `ccf.crypto`.
pub(super) const CRYPTO: [Function; 23] = [
    Function { name: "sign", length: 3, run: sign },
    Function { name: "verifySignature", length: 4, run: verify_signature },
    Function { name: "generateAesKey", length: 1, run: generate_aes_key },
    Function { name: "generateRsaKeyPair", length: 1, run: generate_rsa_key_pair },
    Function { name: "generateEcdsaKeyPair", length: 1, run: generate_ecdsa_key_pair },
    Function { name: "generateEddsaKeyPair", length: 1, run: generate_eddsa_key_pair },
    Function { name: "wrapKey", length: 3, run: wrap_key },
    Function { name: "unwrapKey", length: 3, run: unwrap_key },
    Function { name: "digest", length: 2, run: digest },
    Function { name: "isValidX509CertBundle", length: 1, run: is_valid_x509_cert_bundle },
    Function { name: "isValidX509CertChain", length: 2, run: is_valid_x509_cert_chain },
    Function { name: "pubPemToJwk", length: 1, run: |call| to_jwk(call, KeyFamily::Ec, crypto::public_pem_to_jwk) },
    Function { name: "pemToJwk", length: 1, run: |call| to_jwk(call, KeyFamily::Ec, crypto::private_pem_to_jwk) },
    Function { name: "pubRsaPemToJwk", length: 1, run: |call| to_jwk(call, KeyFamily::Rsa, crypto::public_pem_to_jwk) },
    Function { name: "rsaPemToJwk", length: 1, run: |call| to_jwk(call, KeyFamily::Rsa, crypto::private_pem_to_jwk) },
    Function {
        name: "pubEddsaPemToJwk",
        length: 1,
        run: |call| to_jwk(call, KeyFamily::Eddsa, crypto::public_pem_to_jwk),
    },
    Function {
        name: "eddsaPemToJwk",
        length: 1,
        run: |call| to_jwk(call, KeyFamily::Eddsa, crypto::private_pem_to_jwk),
    },
    Function { name: "pubJwkToPem", length: 1, run: |call| to_pem(call, KeyFamily::Ec, crypto::public_jwk_to_pem) },
    Function { name: "jwkToPem", length: 1, run: |call| to_pem(call, KeyFamily::Ec, crypto::private_jwk_to_pem) },
    Function { name: "pubRsaJwkToPem", length: 1, run: |call| to_pem(call, KeyFamily::Rsa, crypto::public_jwk_to_pem) },
    Function { name: "rsaJwkToPem", length: 1, run: |call| to_pem(call, KeyFamily::Rsa, crypto::private_jwk_to_pem) },
    Function {
        name: "pubEddsaJwkToPem",
        length: 1,
        run: |call| to_pem(call, KeyFamily::Eddsa, crypto::public_jwk_to_pem),
    },
    Function {
        name: "eddsaJwkToPem",
        length: 1,
        run: |call| to_pem(call, KeyFamily::Eddsa, crypto::private_jwk_to_pem),
    },
];

fn sign(call: &mut dyn Call) -> Result<Answer, Stop> {
    const HASHES: &str = "Unsupported hash algorithm, supported: SHA-256, SHA-384, SHA-512";
    const ALGORITHMS: &str = "Unsupported signing algorithm, supported: RSA-PSS, ECDSA, EdDSA, HMAC";
    call.expect(3)?;
    let name = property_text(call, 0, "name")?;
    let key = call.text(1)?;
    let data = call.bytes(2)?;
    let failed = failed(if name == "EdDSA" { "Failed to sign with EdDSA pair" } else { "Failed to sign" });
    let algorithm = if name == "EdDSA" {
        SigningAlgorithm::Eddsa
    } else {
        let hash = Hash::from_name(&property_text(call, 0, "hash")?).ok_or_else(|| Thrown::range_error(HASHES))?;
        match &*name {
            "RSA-PSS" => SigningAlgorithm::RsaPss(hash, salt_length(call, &failed)?),
            "ECDSA" => SigningAlgorithm::Ecdsa(hash),
            "HMAC" => SigningAlgorithm::Hmac(hash),
            _ => return Err(Thrown::range_error(ALGORITHMS).into()),
        }
    };
    if matches!(algorithm, SigningAlgorithm::RsaPss(..) | SigningAlgorithm::Ecdsa(_)) {
        draw_randomness(call)?;
    }
    Ok(Answer::Bytes(crypto::sign(algorithm, &key, &data).map_err(failed)?))
}

fn verify_signature(call: &mut dyn Call) -> Result<Answer, Stop> {
    const HASHES: &str = "Unsupported hash algorithm, supported: SHA-256";
    const ALGORITHMS: &str = "Unsupported signing algorithm, supported: RSA-PSS, ECDSA, EdDSA";
    call.expect(4)?;
    let name = property_text(call, 0, "name")?;
    let key = call.text(1)?;
    let signature = call.bytes(2)?;
    let data = call.bytes(3)?;
    let failed = failed("Failed to verify signature");
    let algorithm = if name == "EdDSA" {
        SigningAlgorithm::Eddsa
    } else {
        let hash = match Hash::from_name(&property_text(call, 0, "hash")?) {
            Some(Hash::Sha256) => Hash::Sha256,
            _ => return Err(Thrown::range_error(HASHES).into()),
        };
        match &*name {
            "RSA-PSS" => SigningAlgorithm::RsaPss(hash, salt_length(call, &failed)?),
            "ECDSA" => SigningAlgorithm::Ecdsa(hash),
            _ => return Err(Thrown::range_error(ALGORITHMS).into()),
        }
    };
    Ok(Answer::Boolean(crypto::verify_signature(algorithm, &key, &signature, &data).map_err(failed)?))
}

fn generate_aes_key(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(1)?;
    let size = aes_key_size(call.argument(0)?);
    let size = size.ok_or_else(|| Thrown::range_error("invalid key size (not one of 128, 192, 256)"))?;
    draw_randomness(call)?;
    Ok(Answer::Bytes(crypto::generate_aes_key(size).map_err(failed("Failed to generate AES key"))?))
}

fn generate_rsa_key_pair(call: &mut dyn Call) -> Result<Answer, Stop> {
    const USUAL_EXPONENT: u32 = 65_537;
    call.expect_one_or_two()?;
    let bits = whole_number(call.argument(0)?)?;
    let exponent = match call.argument(1)? {
        Value::Undefined => USUAL_EXPONENT,
        given => whole_number(given)?,
    };
    let deadline = draw_randomness(call)?;
    let pair =
        crypto::generate_rsa_key_pair(bits, exponent, deadline).map_err(failed("Failed to generate RSA key pair"))?;
    Ok(key_pair(pair))
}

fn generate_ecdsa_key_pair(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(1)?;
    let curve = match &*call.text(0)? {
        "secp256r1" => EcdsaCurve::Secp256r1,
        "secp384r1" => EcdsaCurve::Secp384r1,
        _ => return Err(Thrown::range_error("Unsupported curve id, supported: secp256r1, secp384r1").into()),
    };
    draw_randomness(call)?;
    Ok(key_pair(crypto::generate_ecdsa_key_pair(curve).map_err(failed("Failed to generate ECDSA key pair"))?))
}

fn generate_eddsa_key_pair(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(1)?;
    let curve = match &*call.text(0)? {
        "curve25519" => EddsaCurve::Curve25519,
        "x25519" => EddsaCurve::X25519,
        _ => return Err(Thrown::range_error("Unsupported curve id, supported: curve25519, x25519").into()),
    };
    draw_randomness(call)?;
    Ok(key_pair(crypto::generate_eddsa_key_pair(curve).map_err(failed("Failed to generate EdDSA key pair"))?))
}

fn wrap_key(call: &mut dyn Call) -> Result<Answer, Stop> {
    const ALGORITHMS: &str = "unsupported key wrapping algorithm, supported: RSA-OAEP, AES-KWP, RSA-OAEP-AES-KWP";
    call.expect(3)?;
    let (key, wrapping_key) = (call.bytes(0)?, call.bytes(1)?);
    let wrapping = key_wrapping(call, ALGORITHMS)?;
    if wrapping != KeyWrapping::AesKwp {
        draw_randomness(call)?;
    }
    Ok(Answer::Bytes(crypto::wrap_key(&key, &wrapping_key, &wrapping).map_err(failed("Failed to wrap key"))?))
}

fn unwrap_key(call: &mut dyn Call) -> Result<Answer, Stop> {
    const ALGORITHMS: &str = "unsupported key unwrapping algorithm, supported: RSA-OAEP, AES-KWP, RSA-OAEP-AES-KWP";
    call.expect(3)?;
    let (wrapped, unwrapping_key) = (call.bytes(0)?, call.bytes(1)?);
    let wrapping = key_wrapping(call, ALGORITHMS)?;
    Ok(Answer::Bytes(crypto::unwrap_key(&wrapped, &unwrapping_key, &wrapping).map_err(failed("Failed to unwrap key"))?))
}

fn digest(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(2)?;
    let algorithm = call.text(0)?;
    let data = call.bytes(1)?;
    Ok(Answer::Bytes(crypto::digest(&algorithm, &data).map_err(Thrown::range_error)?.to_vec()))
}

fn is_valid_x509_cert_bundle(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(1)?;
    Ok(Answer::Boolean(crypto::is_valid_x509_cert_bundle(&call.text(0)?)))
}

fn is_valid_x509_cert_chain(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(2)?;
    let (chain, trusted) = (call.text(0)?, call.text(1)?);
    let mut milliseconds = 0.0;
    // The real time, also where `Date` does not show it.
    call.request("the clock", &mut |execution| {
        milliseconds = execution.host().time();
        Ok(())
    })?;
    let seconds = (milliseconds / 1000.0) as i64;
    Ok(Answer::Boolean(crypto::is_valid_x509_cert_chain(&chain, &trusted, seconds)))
}

/// A conversion of a PEM text, with a key id if there is one, to a JWK as JSON.
type ToJwk = fn(KeyFamily, &str, Option<&str>) -> Result<Vec<u8>, Failure>;

fn to_jwk(call: &mut dyn Call, family: KeyFamily, convert: ToJwk) -> Result<Answer, Stop> {
    call.expect_one_or_two()?;
    let pem = call.text(0)?;
    let kid = call.optional_text(1)?;
    Ok(Answer::Json(convert(family, &pem, kid.as_deref()).map_err(failed("Failed to convert pem to jwk"))?))
}

/// A conversion of a JWK as JSON to a PEM text.
type ToPem = fn(KeyFamily, &[u8]) -> Result<String, Failure>;

fn to_pem(call: &mut dyn Call, family: KeyFamily, convert: ToPem) -> Result<Answer, Stop> {
    call.expect(1)?;
    let jwk = call.json(0)?.unwrap_or_default();
    Ok(Answer::Text(convert(family, &jwk).map_err(failed("Failed to convert jwk to pem"))?))
}

/// Notes that the result is never the same again, so that it is not kept from the capture of an app. Answers with the deadline of the
/// request, for what takes long.
fn draw_randomness(call: &mut dyn Call) -> Result<Instant, Thrown> {
    let mut deadline = Instant::now();
    call.request("randomness", &mut |execution| {
        deadline = execution.deadline;
        Ok(())
    })?;
    Ok(deadline)
}

/// A text in an object; what is no text is an empty one, which names nothing.
fn property_text(call: &mut dyn Call, index: usize, name: &str) -> Result<String, Stop> {
    Ok(call.property(index, name)?.text().unwrap_or_default())
}

/// The member `saltLength` of the algorithm; without one there is no salt, as in CCF.
fn salt_length(call: &mut dyn Call, failed: &dyn Fn(Failure) -> Thrown) -> Result<u16, Stop> {
    match call.property(0, "saltLength")? {
        Value::Undefined => Ok(0),
        Value::Number(length) if f64::from(length as u16) == length => Ok(length as u16),
        _ => Err(failed("invalid salt length".into()).into()),
    }
}

fn key_wrapping(call: &mut dyn Call, refusal: &'static str) -> Result<KeyWrapping, Stop> {
    match &*property_text(call, 2, "name")? {
        "RSA-OAEP" => Ok(KeyWrapping::RsaOaep { label: label(call)? }),
        "AES-KWP" => Ok(KeyWrapping::AesKwp),
        "RSA-OAEP-AES-KWP" => Ok(KeyWrapping::RsaOaepAesKwp {
            aes_key_size: aes_key_size(call.property(2, "aesKeySize")?),
            label: label(call)?,
        }),
        _ => Err(Thrown::range_error(refusal).into()),
    }
}

fn label(call: &mut dyn Call) -> Result<Vec<u8>, Stop> {
    match call.property(2, "label")? {
        Value::Undefined => Ok(Vec::new()),
        label => label.bytes().ok_or_else(|| no_buffer().into()),
    }
}

fn aes_key_size(bits: Value) -> Option<AesKeySize> {
    match bits {
        Value::Number(bits) => AesKeySize::from_bits(bits),
        _ => None,
    }
}

/// A number without its fraction; one out of range is 0, which is out of range for all that takes numbers here.
fn whole_number(value: Value) -> Result<u32, Thrown> {
    match value {
        Value::Number(number) if number <= f64::from(u32::MAX) => Ok(number as u32),
        Value::Number(_) => Ok(0),
        _ => Err(Thrown::type_error("Argument must be a number")),
    }
}

fn key_pair(pair: KeyPair) -> Answer {
    let json = serde_json::json!({ "privateKey": pair.private_key, "publicKey": pair.public_key });
    Answer::Json(json.to_string().into_bytes())
}

/// Makes an `InternalError` of a failure.
fn failed(what: &'static str) -> impl Fn(Failure) -> Thrown {
    move |why| Thrown::internal(format!("{what}: {why}"))
}
