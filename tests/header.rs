//! The committed header is what cbindgen makes of the source. `JSEP_WRITE_HEADER=1` writes it instead of comparing.

use std::path::Path;

/// The sources of the header, in the order in which a reader wants them.
const SOURCES: [&str; 22] = [
    "status.rs",
    "abi/bytes.rs",
    "abi/version.rs",
    "abi/error.rs",
    "abi/options.rs",
    "abi/timings.rs",
    "abi/engine.rs",
    "abi/cache.rs",
    "abi/registry.rs",
    "abi/endpoint.rs",
    "abi/consensus.rs",
    "abi/historical.rs",
    "abi/request.rs",
    "abi/host.rs",
    "abi/response.rs",
    "abi/storage.rs",
    "abi/log.rs",
    "abi/checkpoint.rs",
    "abi/realm.rs",
    "abi/realm_app.rs",
    "abi/alarms.rs",
    "abi/messages.rs",
];

/// Files of the border without anything for the header.
const INTERNAL: [&str; 4] = ["abi/boundary.rs", "abi/host_call.rs", "abi/host_table.rs", "abi/mod.rs"];

#[test]
fn header_equals_generated() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml can be read");
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(root.join("src").join(source));
    }
    let mut generated = Vec::new();
    builder.generate().expect("cbindgen understands the source").write(&mut generated);
    let generated = String::from_utf8(generated).expect("the header is UTF-8");
    let path = root.join("include/jsep.h");
    if std::env::var_os("JSEP_WRITE_HEADER").is_some() {
        std::fs::write(&path, generated).expect("include/jsep.h can be written");
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == generated, "include/jsep.h is not what cbindgen makes of src/abi; run `make header`");
}

#[test]
fn header_leaves_no_file_of_the_border_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/abi");
    for entry in std::fs::read_dir(folder).expect("src/abi can be listed") {
        let name = entry.expect("an entry can be read").file_name();
        let source = format!("abi/{}", name.to_string_lossy());
        assert!(
            SOURCES.contains(&source.as_str()) || INTERNAL.contains(&source.as_str()),
            "{source} is not among the sources of the header"
        );
    }
}
