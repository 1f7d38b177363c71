//! Converters between strings, buffers and JSON, and digests.

use super::super::value::Answer;
use super::Call;
use crate::crypto;
use crate::engine::Thrown;

const STRING: &str = "Argument must be a string";
const BUFFER: &str = "Argument must be an ArrayBuffer";

pub(super) fn str_to_buf(call: &Call<'_>) -> Answer {
    call.count(1)?;
    let text = call.string(0, STRING)?;
    call.context.buffer(text.as_bytes())
}

pub(super) fn buf_to_str(call: &Call<'_>) -> Answer {
    call.count(1)?;
    call.context.string(&String::from_utf8_lossy(&call.bytes(0, BUFFER)?))
}

pub(super) fn json_compatible_to_buf(call: &Call<'_>) -> Answer {
    call.count(1)?;
    let json = call.argument(0).to_json()?;
    if json.is_undefined() {
        return Err(Thrown::type_error(STRING).into());
    }
    call.context.buffer(&json.to_bytes()?)
}

pub(super) fn buf_to_json_compatible(call: &Call<'_>) -> Answer {
    call.count(1)?;
    call.context.parse_json(&call.bytes(0, BUFFER)?)
}

pub(super) fn pem_to_id(call: &Call<'_>) -> Answer {
    call.count(1)?;
    let pem = call.string(0, STRING)?;
    let id = crypto::pem_to_id(&pem).map_err(|why| Thrown::internal(format!("Failed to parse PEM: {why}")))?;
    call.context.string(&id)
}

pub(super) fn digest(call: &Call<'_>) -> Answer {
    call.count(2)?;
    let algorithm = call.string(0, STRING)?;
    let digest = crypto::digest(&algorithm, &call.bytes(1, BUFFER)?).map_err(Thrown::range_error)?;
    call.context.buffer(&digest)
}
