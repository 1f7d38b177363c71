//! Generated requests: each field is mostly what clients and hosts send, and sometimes any bytes.

use crate::apps::{Parts, Past};
use crate::json;
use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::Value;

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "HEAD", "get", ""];
const PATHS: [&str; 8] = ["/echo/a", "/app/echo/a", "/", "", "/a%2fb", "/a?b=c", "//", "/é/\u{0}"];
const QUERIES: [&str; 7] = ["", "a=b", "a=b&a=c", "?", "a b&c", "é=\u{10ffff}", "a=%"];
const NAMES: [&str; 12] =
    ["accept", "Content-Type", "content-type", "HOST", "host", "x-a", "X-A", "0", "__proto__", "constructor", "É", ""];
const VALUES: [&str; 7] = ["", "a", "application/json", "localhost:8000", "a, b", "\u{0}", "é\u{10ffff}"];

/// What hosts say of a caller, of the shapes that the policies have.
const CALLERS: [&str; 7] = [
    "null",
    r#"{"policy": "no_auth"}"#,
    r#"{"policy": "user_cert", "id": "00ff", "data": {"roles": ["a", "b"]}, "cert": "-----BEGIN CERTIFICATE-----\n"}"#,
    r#"{"policy": "any_cert", "cert": ""}"#,
    r#"{"policy": "jwt", "jwt": {"keyIssuer": "a", "header": {"alg": "RS256"}, "payload": {"exp": 1e12, "aud": [0.1]}}}"#,
    r#"{"policy": ["jwt", "no_auth"], "jwt": {"policy": "jwt"}, "no_auth": {"policy": "no_auth"}}"#,
    r#"{"policy": "user_cose_sign1", "cose": {"content": {}}, "id": 9007199254740993, "data": [[], -0, 1e-7, "\u0000é"]}"#,
];

/// JSON that readers of JSON treat in different ways, and what is nearly JSON.
const CURIOSITIES: [&str; 17] = [
    " null\n",
    r#"{"a": 1, "a": 2}"#,
    r#"{"a": {"\\": 1}, "b": {"\n": 2}}"#,
    r#"{"__proto__": {"a": 1}, "constructor": 1, "1": 2, "0": 3}"#,
    "1e400",
    "-0",
    r#""\ud800""#,
    r#""\ud83d\ude00""#,
    "\"\u{2028}\"",
    "\u{feff}null",
    "nul",
    "{",
    "1 2",
    "01",
    "[1,]",
    "\"\n\"",
    "'a'",
];
/// What each engine can read.
const DEEPEST: usize = 100;

/// A request that owns its fields.
#[derive(Debug, Hash)]
pub struct Fields {
    pub method: Vec<u8>,
    pub path: Vec<u8>,
    pub query: Vec<u8>,
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub body: Vec<u8>,
    pub caller: Vec<u8>,
    /// View, sequence number and receipt.
    pub past: Option<(u64, u64, Vec<u8>)>,
}

impl Fields {
    pub fn parts(&self) -> Parts<'_> {
        Parts {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: self.headers.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect(),
            body: &self.body,
            caller: &self.caller,
            past: self.past.as_ref().map(|(view, seqno, receipt)| Past { view: *view, seqno: *seqno, receipt }),
        }
    }
}

impl<'a> Arbitrary<'a> for Fields {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Fields> {
        let headers = (0..input.int_in_range(0..=4)?).map(|_| Ok((text(input, &NAMES)?, text(input, &VALUES)?)));
        let headers = headers.collect::<Result<_>>()?;
        let is_past = !input.ratio(3u8, 4u8)?;
        Ok(Fields {
            headers,
            method: text(input, &METHODS)?,
            path: text(input, &PATHS)?,
            query: text(input, &QUERIES)?,
            caller: json(input)?,
            past: if is_past { Some((input.arbitrary()?, input.arbitrary()?, json(input)?)) } else { None },
            body: if input.ratio(1u8, 2u8)? { input.arbitrary::<&[u8]>()?.to_vec() } else { json(input)? },
        })
    }
}

/// One of the choices, or any bytes.
pub fn text(input: &mut Unstructured, choices: &[&str]) -> Result<Vec<u8>> {
    Ok(if input.ratio(7u8, 8u8)? {
        input.choose(choices)?.as_bytes().to_vec()
    } else {
        input.arbitrary::<&[u8]>()?.to_vec()
    })
}

/// JSON that is up to `deepest` deep.
pub fn deep(input: &mut Unstructured, deepest: usize) -> Result<Vec<u8>> {
    let depth = input.int_in_range(1..=deepest)?;
    Ok(["[".repeat(depth), "]".repeat(depth)].concat().into_bytes())
}

/// Nothing, JSON, or seldom what is none.
fn json(input: &mut Unstructured) -> Result<Vec<u8>> {
    Ok(match input.int_in_range(0..=15)? {
        0..=2 => Vec::new(),
        3 => input.choose(&CURIOSITIES)?.as_bytes().to_vec(),
        4 => deep(input, DEEPEST)?,
        5 => input.arbitrary::<&[u8]>()?.to_vec(),
        _ => {
            let mut value: Value = serde_json::from_str(input.choose(&CALLERS)?).expect("the callers are JSON");
            for _ in 0..input.int_in_range(0..=3)? {
                json::change(&mut value, input)?;
            }
            value.to_string().into_bytes()
        }
    })
}
