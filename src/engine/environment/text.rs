//! Text to bytes and back, in the encodings of the web.

use super::super::functions::{Answer, Call, Stop, Value};
use encoding_rs::{DecoderResult, Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// The UTF-8 of a string.
pub fn encode(call: &mut dyn Call) -> Result<Answer, Stop> {
    Ok(Answer::Bytes(call.argument(0)?.text().unwrap_or_default().into_bytes()))
}

/// The name of the encoding that a label stands for, else null.
pub fn encoding_name(call: &mut dyn Call) -> Result<Answer, Stop> {
    let encoding = encoding(call)?;
    Ok(encoding.map_or(Answer::Null, |encoding| Answer::Text(encoding.name().to_ascii_lowercase())))
}

/// How many of the bytes can be decoded before the next ones are known.
pub fn whole_bytes(call: &mut dyn Call) -> Result<Answer, Stop> {
    let Some(encoding) = encoding(call)? else {
        return Ok(Answer::Null);
    };
    let bytes = call.argument(1)?.bytes().unwrap_or_default();
    Ok(Answer::Number(bytes.len().saturating_sub(begun(encoding, &bytes)) as f64))
}

/// The text of bytes. Null when it must be valid (third argument) and is not. The byte order mark of Unicode encodings is left
/// out, unless it is to be kept (fourth argument).
pub fn decode(call: &mut dyn Call) -> Result<Answer, Stop> {
    let Some(encoding) = encoding(call)? else {
        return Ok(Answer::Null);
    };
    let bytes = call.argument(1)?.bytes().unwrap_or_default();
    let text = if call.truthy(2) {
        let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(&bytes) else {
            return Ok(Answer::Null);
        };
        text
    } else {
        encoding.decode_without_bom_handling(&bytes).0
    };
    let marked = [UTF_8, UTF_16LE, UTF_16BE].contains(&encoding) && !call.truthy(3);
    let unmarked = if marked { text.strip_prefix(BYTE_ORDER_MARK) } else { None };
    Ok(Answer::Text(unmarked.map(str::to_owned).unwrap_or_else(|| text.into_owned())))
}

fn encoding(call: &mut dyn Call) -> Result<Option<&'static Encoding>, Stop> {
    Ok(match call.argument(0)? {
        Value::Text(label) => Encoding::for_label_no_replacement(&label),
        _ => None,
    })
}

/// The length of the character at the end that more bytes may complete.
fn begun(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    if encoding == UTF_8 {
        begun_utf_8(bytes)
    } else if encoding == UTF_16LE || encoding == UTF_16BE {
        begun_utf_16(encoding, bytes)
    } else if encoding == ISO_2022_JP {
        // What a byte means depends on all bytes before it, so its text comes as a whole at the end.
        bytes.len()
    } else if encoding.is_single_byte() {
        0
    } else {
        begun_of_several_bytes(encoding, bytes)
    }
}

fn begun_utf_8(bytes: &[u8]) -> usize {
    let could_continue = |length: &usize| {
        let end = &bytes[bytes.len() - length..];
        std::str::from_utf8(end).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (1..=bytes.len().min(3)).find(could_continue).unwrap_or(0)
}

fn begun_utf_16(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    let odd = bytes.len() % 2;
    let high_byte = |unit: &[u8; 2]| if encoding == UTF_16LE { unit[1] } else { unit[0] };
    let high_surrogate = |unit: &[u8; 2]| (0xD8..0xDC).contains(&high_byte(unit));
    let paired = bytes[..bytes.len() - odd].last_chunk().is_some_and(high_surrogate);
    odd + if paired { 2 } else { 0 }
}

/// A decoder whose input ends within a character tells how long that is so far.
fn begun_of_several_bytes(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let Some(capacity) = decoder.max_utf8_buffer_length(bytes.len()) else {
        return 0;
    };
    let mut text = String::with_capacity(capacity);
    let _ = decoder.decode_to_string(bytes, &mut text, false);
    match decoder.decode_to_string_without_replacement(&[], &mut text, true).0 {
        DecoderResult::Malformed(length, _) => usize::from(length),
        _ => 0,
    }
}
