//! The web's globals that apps may use, as scripts over a few native functions, the same for all engines.
//!
//! Native functions keep nothing between calls. What an object remembers is in its script.

mod base64;
mod clone;
mod text;
mod url;

use super::functions::Function;

/// What the scripts are built from.
pub const NATIVES: [Function; 11] = [
    Function { name: "encode", length: 1, run: text::encode },
    Function { name: "encodingName", length: 1, run: text::encoding_name },
    Function { name: "wholeBytes", length: 2, run: text::whole_bytes },
    Function { name: "decode", length: 4, run: text::decode },
    Function { name: "parseUrl", length: 2, run: url::parse },
    Function { name: "changeUrl", length: 3, run: url::change },
    Function { name: "parseQuery", length: 1, run: url::parse_query },
    Function { name: "writeQuery", length: 1, run: url::write_query },
    Function { name: "toBase64", length: 1, run: base64::encode },
    Function { name: "isProxy", length: 1, run: clone::is_proxy },
    Function { name: "fromBase64", length: 1, run: base64::decode },
];

/// A script in which `interfaces.js` comes first: that is a function, which is called with the one that follows.
macro_rules! with_interfaces {
    ($file:literal) => {
        concat!(include_str!("interfaces.js"), include_str!($file))
    };
}

/// Script name, source, and the globals that it makes.
pub const SCRIPTS: [(&str, &str, &[&str]); 4] = [
    ("text.js", with_interfaces!("text.js"), &["TextEncoder", "TextDecoder"]),
    ("url.js", with_interfaces!("url.js"), &["URL", "URLSearchParams"]),
    ("base64.js", with_interfaces!("base64.js"), &["atob", "btoa"]),
    ("clone.js", with_interfaces!("clone.js"), &["structuredClone"]),
];
