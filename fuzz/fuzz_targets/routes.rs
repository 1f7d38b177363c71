//! Path templates and the paths that are looked up: templates that are ambiguous or wrong are refused, and what is found fits.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use jsep_fuzz::{Library, apps};
use libfuzzer_sys::fuzz_target;

const PIECES: [&str; 22] = [
    "/", "/", "/", "a", "b", "{", "}", "{a}", "{b}", "{}", "*", ":", ".", "..", "%2f", "%", "?", "\\", "é", "(",
    "\u{0}", "app",
];
const METHODS: [&str; 6] = ["get", "post", "put", "delete", "head", "options"];
/// Statuses that a look-up may fail with.
const LOOK_UP: std::ops::RangeInclusive<u32> = 300..=301;

#[derive(Debug)]
struct Path(String);

impl<'a> Arbitrary<'a> for Path {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Path> {
        let mut path = String::from(if input.ratio(15u8, 16u8)? { "/" } else { "" });
        for _ in 0..input.int_in_range(0..=8)? {
            path.push_str(if input.ratio(1u8, 16u8)? { input.arbitrary()? } else { input.choose(&PIECES)? });
        }
        Ok(Path(path))
    }
}

#[derive(Arbitrary, Debug)]
struct Input {
    templates: Vec<(Path, u8)>,
    paths: Vec<(Path, u8)>,
}

fn method(number: u8) -> &'static str {
    METHODS[usize::from(number) % METHODS.len()]
}

fuzz_target!(|input: Input| {
    let endpoints: Vec<_> = input
        .templates
        .iter()
        .take(8)
        .map(|(path, number)| (method(*number), path.0.as_str(), "f", "readonly"))
        .collect();
    let registry = Library::get().registry();
    let bundle = apps::bundle("export function f() {}", &endpoints);
    if let Err(failure) = registry.install(bundle.as_bytes()) {
        assert!((200..=209).contains(&failure.status), "{failure:?}");
        return;
    }
    let templates = endpoints.iter().map(|(method, path, ..)| (*method, *path));
    let paths = input.paths.iter().map(|(path, number)| (method(*number), path.0.as_str()));
    for (method, path) in templates.chain(paths) {
        let found = registry.find(method.to_ascii_uppercase().as_bytes(), path.as_bytes());
        let methods = registry.methods(path.as_bytes());
        match &found {
            Err(failure) => {
                assert!(LOOK_UP.contains(&failure.status), "{failure:?}");
                assert_eq!(failure.status == 301, methods.is_ok(), "{method} {path}: {failure:?} {methods:?}");
            }
            Ok(_) => {
                let methods = methods.expect("a path that is found has methods");
                let found_as = if method == "head" { vec!["HEAD", "GET"] } else { vec![method] };
                let listed = |name: &&str| methods.split(", ").any(|known| known.eq_ignore_ascii_case(name));
                assert!(method == "options" || found_as.iter().any(listed), "{method} {path}: {methods}");
            }
        }
    }
});
