//! The committed header is what cbindgen makes of the source. `JSEP_WRITE_HEADER=1` writes it instead of comparing.

use std::path::Path;

#[test]
fn header_equals_generated() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml can be read");
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/lib.rs"))
        .generate()
        .expect("cbindgen understands the source");
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let generated = String::from_utf8(generated).expect("the header is UTF-8");
    let path = root.join("include/jsep.h");
    if std::env::var_os("JSEP_WRITE_HEADER").is_some() {
        std::fs::write(&path, generated).expect("include/jsep.h can be written");
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == generated, "include/jsep.h is not what cbindgen makes of src/abi; run `make header`");
}
