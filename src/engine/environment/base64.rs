//! Base64 as `atob` and `btoa` know it: strings whose characters stand for bytes.

use super::super::functions::{Answer, Call, Stop};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Padding is taken off before; the bits that are left over may be anything.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// Base64 of a string; null when a character stands for no byte.
pub fn encode(call: &mut dyn Call) -> Result<Answer, Stop> {
    let text = call.argument(0)?.text().unwrap_or_default();
    let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    Ok(bytes.map_or(Answer::Null, |bytes| Answer::Text(base64::engine::general_purpose::STANDARD.encode(bytes))))
}

/// The string whose base64 this is; null when it is none. White space does not count, and padding may be missing.
pub fn decode(call: &mut dyn Call) -> Result<Answer, Stop> {
    let mut text = call.argument(0)?.text().unwrap_or_default();
    text.retain(|character| !character.is_ascii_whitespace());
    let mut digits = text.as_str();
    if digits.len().is_multiple_of(4) {
        digits = digits.strip_suffix("==").or_else(|| digits.strip_suffix('=')).unwrap_or(digits);
    }
    let bytes = FORGIVING.decode(digits);
    Ok(bytes.map_or(Answer::Null, |bytes| Answer::Text(bytes.into_iter().map(char::from).collect())))
}
