//! PEM, the text around keys and certificates.

use super::library::Failure;
use pem::Pem;

/// The longest text that is read, in bytes: enough for some hundred certificates.
const LONGEST_TEXT: usize = 1 << 20;

/// The blocks of a PEM text. OpenSSL's own reader is not used: it asks the terminal for the passwords of encrypted blocks.
pub(super) fn blocks(text: &str) -> Result<Vec<Pem>, Failure> {
    if text.len() > LONGEST_TEXT {
        return Err("the PEM text is longer than 1 MiB".into());
    }
    let blocks = pem::parse_many(text).map_err(|error| Failure::from(&*error.to_string()))?;
    if blocks.len() != text.matches("-----BEGIN ").count() {
        return Err("a block has no end".into());
    }
    Ok(blocks)
}
