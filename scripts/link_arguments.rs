/// Passes the linker what a plugin needs: its SONAME, the version script beside this file, and that it is never unmapped.
fn link_arguments(soname: &str) {
    let root = env!("CARGO_MANIFEST_DIR");
    let folder = if std::path::Path::new(root).join("scripts").is_dir() { "scripts" } else { "../scripts" };
    let map = format!("{root}/{folder}/jsep.map");
    for argument in [
        format!("-Wl,-soname,{soname}"),
        format!("-Wl,--version-script={map}"),
        // What dependencies export stays inside.
        "-Wl,--exclude-libs,ALL".to_owned(),
        "-Wl,-z,nodelete,-z,now,-z,relro".to_owned(),
        // Nothing may be left for the host to provide, but what an instrumented library tells libFuzzer.
        if std::env::var_os("JSEP_INSTRUMENTED").is_some() { "-Wl,-z,undefs" } else { "-Wl,-z,defs" }.to_owned(),
    ] {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
    println!("cargo::rerun-if-changed={map}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=JSEP_INSTRUMENTED");
}
