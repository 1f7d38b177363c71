//! A request and its reply as bytes. `docs/durable.md` gives them byte by byte.

use super::codec::{Malformed, Reader, Writer};
use crate::engine::{Reply, RequestInput, content_type};

/// Stands for no endpoint.
const NO_ENDPOINT: u64 = u64::MAX;

/// What the host gets for a request.
pub(super) type Replied = (Reply, Vec<(String, String)>);

/// Default content types by their number in a reply.
const TYPES: [&str; 3] = [content_type::TEXT, content_type::BYTES, content_type::JSON];

pub(super) fn write_request(writer: &mut Writer, request: &RequestInput) {
    writer.number(request.endpoint.map_or(NO_ENDPOINT, |endpoint| endpoint as u64));
    write_pairs(writer, &request.parameters);
    for text in [&request.method, &request.path, &request.query] {
        writer.bytes(text.as_bytes());
    }
    write_pairs(writer, &request.headers);
    writer.bytes(&request.body);
    writer.byte(request.caller.is_some().into());
    writer.bytes(request.caller.as_deref().unwrap_or_default().as_bytes());
}

pub(super) fn read_request(reader: &mut Reader<'_>) -> Result<RequestInput, Malformed> {
    let endpoint = match reader.number()? {
        NO_ENDPOINT => None,
        number => Some(usize::try_from(number).map_err(|_| Malformed)?),
    };
    let parameters = read_pairs(reader)?;
    let (method, path, query) = (reader.text()?, reader.text()?, reader.text()?);
    let headers = read_pairs(reader)?;
    let body = reader.bytes()?.to_vec();
    let (called, caller) = (reader.byte()? != 0, reader.text()?);
    let caller = called.then_some(caller);
    Ok(RequestInput { endpoint, parameters, method, path, query, headers, body, caller })
}

pub(super) fn encode_reply((reply, headers): &Replied) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.number(reply.status.into());
    write_pairs(&mut writer, headers);
    let number = |of: &str| TYPES.iter().position(|known| *known == of).map_or(u8::MAX, |index| index as u8 + 1);
    writer.byte(reply.body.as_ref().map_or(0, |(_, of)| number(of)));
    writer.bytes(reply.body.as_ref().map_or(&[], |(body, _)| body));
    writer.0
}

pub(super) fn decode_reply(bytes: &[u8]) -> Result<Replied, Malformed> {
    let mut reader = Reader(bytes);
    let status = u16::try_from(reader.number()?).map_err(|_| Malformed)?;
    let headers = read_pairs(&mut reader)?;
    let (kind, body) = (usize::from(reader.byte()?), reader.bytes()?.to_vec());
    reader.end()?;
    let body = match kind.checked_sub(1) {
        None => None,
        Some(index) => Some((body, *TYPES.get(index).ok_or(Malformed)?)),
    };
    Ok((Reply { status, body }, headers))
}

fn write_pairs(writer: &mut Writer, pairs: &[(String, String)]) {
    writer.number(pairs.len() as u64);
    for (name, value) in pairs {
        writer.bytes(name.as_bytes());
        writer.bytes(value.as_bytes());
    }
}

fn read_pairs(reader: &mut Reader<'_>) -> Result<Vec<(String, String)>, Malformed> {
    (0..reader.number()?).map(|_| Ok((reader.text()?, reader.text()?))).collect()
}
