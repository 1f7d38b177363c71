//! What `ccf.crypto` and the certificate converters do, the same for each engine.

use base64::Engine as _;
use sha2::{Digest, Sha256};

/// `ccf.crypto.digest`: only SHA-256. The error is the message of a `RangeError`.
pub fn digest(algorithm: &str, data: &[u8]) -> Result<[u8; 32], &'static str> {
    match algorithm {
        "SHA-256" => Ok(Sha256::digest(data).into()),
        _ => Err("unsupported digest algorithm, supported: SHA-256"),
    }
}

/// `ccf.pemToId`: lower-case hex of the SHA-256 of the certificate in `pem`; the error says why there is none.
pub fn pem_to_id(pem: &str) -> Result<String, String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let (_, rest) = pem.split_once(BEGIN).ok_or("no certificate begins")?;
    let (encoded, _) = rest.split_once(END).ok_or("the certificate does not end")?;
    let encoded: String = encoded.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(encoded).map_err(|error| error.to_string())?;
    // A certificate is one DER sequence; anything else is no certificate.
    if der.first() != Some(&0x30) {
        return Err("not a DER sequence".to_owned());
    }
    Ok(Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect())
}
