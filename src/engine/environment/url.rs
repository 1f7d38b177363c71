//! URLs and queries as the web's `URL` and `URLSearchParams` know them.

use super::super::Thrown;
use super::super::functions::{Answer, Call, Stop, Value};
use ::url::{Url, form_urlencoded, quirks};
use std::collections::BTreeMap;

/// A byte of a text may become `%` and two digits of a URL.
const ENCODED: usize = 3;

/// The parts of a URL, from its text and perhaps that of its base; null when it is none.
pub fn parse(call: &mut dyn Call) -> Result<Answer, Stop> {
    let text = call.argument(0)?.text().unwrap_or_default();
    let base = call.argument(1)?.text();
    call.take(ENCODED * (text.len() + 2 * base.as_ref().map_or(0, String::len)))?;
    let url = match base {
        Some(base) => Url::parse(&base).and_then(|base| base.join(&text)),
        None => Url::parse(&text),
    };
    url.map_or(Ok(Answer::Null), |url| parts(call, &url))
}

/// The parts of a URL after one of them was set. A part that can't have the value stays as it is.
pub fn change(call: &mut dyn Call) -> Result<Answer, Stop> {
    let text = call.argument(0)?.text().unwrap_or_default();
    let part = call.argument(1)?.text().unwrap_or_default();
    let value = call.argument(2)?.text().unwrap_or_default();
    call.take(ENCODED * (text.len() + value.len()))?;
    let Ok(mut url) = Url::parse(&text) else {
        return Ok(Answer::Null);
    };
    let _ = match part.as_str() {
        "protocol" => quirks::set_protocol(&mut url, &value),
        "username" => quirks::set_username(&mut url, &value),
        "password" => quirks::set_password(&mut url, &value),
        "host" => quirks::set_host(&mut url, &value),
        "hostname" => quirks::set_hostname(&mut url, &value),
        "port" => quirks::set_port(&mut url, &value),
        "pathname" => {
            set_pathname(&mut url, &value);
            Ok(())
        }
        "search" => {
            quirks::set_search(&mut url, &value);
            Ok(())
        }
        "hash" => {
            quirks::set_hash(&mut url, &value);
            Ok(())
        }
        _ => Err(()),
    };
    parts(call, &url)
}

/// Without a host, a path that begins with two slashes must not read as one.
fn set_pathname(url: &mut Url, value: &str) {
    let has_host = url.has_authority();
    quirks::set_pathname(url, value);
    let (protocol, rest) = url.as_str().split_at(quirks::protocol(url).len());
    let text = if !has_host && rest.starts_with("//") { format!("{protocol}/.{rest}") } else { url.to_string() };
    if let Ok(separated) = Url::parse(&text) {
        *url = separated;
    }
}

/// The origin of a blob is that of the website that it belongs to.
fn origin(url: &Url) -> String {
    let is_website = |url: Url| ["http", "https"].contains(&url.scheme());
    if url.scheme() == "blob" && !Url::parse(url.path()).is_ok_and(is_website) {
        return "null".to_owned();
    }
    quirks::origin(url)
}

fn parts(call: &mut dyn Call, url: &Url) -> Result<Answer, Stop> {
    let origin = origin(url);
    let parts = BTreeMap::from([
        ("href", quirks::href(url)),
        ("origin", &origin),
        ("protocol", quirks::protocol(url)),
        ("username", quirks::username(url)),
        ("password", quirks::password(url)),
        ("host", quirks::host(url)),
        ("hostname", quirks::hostname(url)),
        ("port", quirks::port(url)),
        ("pathname", quirks::pathname(url)),
        ("search", quirks::search(url)),
        ("hash", quirks::hash(url)),
    ]);
    call.take(parts.values().map(|part| part.len()).sum())?;
    as_json(serde_json::to_vec(&parts))
}

fn as_json(json: serde_json::Result<Vec<u8>>) -> Result<Answer, Stop> {
    Ok(Answer::Json(json.map_err(|error| Thrown::internal(error.to_string()))?))
}

/// Names and values of a query, one after the other.
pub fn parse_query(call: &mut dyn Call) -> Result<Answer, Stop> {
    let query = call.argument(0)?.text().unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes());
    let texts: Vec<_> = pairs.flat_map(|(name, value)| [name, value]).collect();
    call.take(texts.iter().map(|text| text.len()).sum())?;
    as_json(serde_json::to_vec(&texts))
}

/// The query of names and values, one after the other.
pub fn write_query(call: &mut dyn Call) -> Result<Answer, Stop> {
    let texts = call.elements(0)?.unwrap_or_default();
    let texts: Vec<String> = texts.into_iter().filter_map(Value::text).collect();
    let encoded = |text: &String| form_urlencoded::byte_serialize(text.as_bytes()).map(str::len).sum::<usize>();
    call.take(texts.iter().map(encoded).sum())?;
    let pairs = texts.as_chunks().0.iter().map(|[name, value]| (name, value));
    Ok(Answer::Text(form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()))
}
