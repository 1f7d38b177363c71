//! Links the shared library: only the header's functions are visible, and it stays in memory once loaded. Two files of QuickJS
//! are compiled here, with the insertions of `insertions.rs`; they take the place of those that crate `rquickjs-sys` compiles.

include!("../scripts/link_arguments.rs");

#[path = "insertions.rs"]
mod insertions;

use std::path::{Path, PathBuf};
use std::process::Command;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    link_arguments("libjsquickjs.so.1");
    println!("cargo::rerun-if-changed=insertions.rs");
    println!("cargo::rerun-if-changed=../Cargo.lock");
    println!("cargo::rerun-if-env-changed=CARGO_CFG_SANITIZE");
    if cfg!(feature = "without_guards") {
        println!("cargo::warning=without guards, which is for measurements only");
    }
    let folder = PathBuf::from(std::env::var("OUT_DIR")?);
    let sources = sources(&folder)?;
    let mut compiler = compiler(&sources);
    for (name, insertions) in insertions::FILES {
        let insertions = if cfg!(feature = "without_guards") { &[] } else { insertions };
        let file = std::fs::read_to_string(sources.join(name))?;
        std::fs::write(folder.join(name), insertions::inserted(file, insertions)?)?;
        compiler.file(folder.join(name));
    }
    // The whole of it is linked, and before `rquickjs-sys`, whose own files of these names are then not asked for.
    compiler.link_lib_modifier("+whole-archive").compile("quickjs_with_insertions");
    Ok(())
}

/// A compiler that does as that of `rquickjs-sys`.
fn compiler(sources: &Path) -> cc::Build {
    let mut compiler = cc::Build::new();
    compiler.extra_warnings(false).flag_if_supported("-Wno-implicit-const-int-float-conversion");
    compiler.define("_GNU_SOURCE", None).include(sources);
    if let Ok(sanitizer) = std::env::var("CARGO_CFG_SANITIZE") {
        compiler
            .flag(format!("-fsanitize={sanitizer}"))
            .flag("-fno-sanitize-recover=all")
            .flag("-fno-omit-frame-pointer");
    }
    compiler
}

/// Where the sources are of the QuickJS that Cargo.lock names. Cargo tells it of a package that needs nothing else, so that nothing else
/// has to be there.
fn sources(folder: &Path) -> Outcome<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = folder.join("sources");
    std::fs::create_dir_all(package.join("src"))?;
    std::fs::write(package.join("src/lib.rs"), "")?;
    std::fs::write(
        package.join("Cargo.toml"),
        "[package]\nname = \"sources\"\n\n[dependencies]\nrquickjs-sys = \"*\"\n\n[workspace]\n",
    )?;
    std::fs::copy(root.join("../Cargo.lock"), package.join("Cargo.lock"))?;
    // Started in the repository, Cargo has its settings, for instance where dependencies come from.
    let told = Command::new(std::env::var("CARGO")?)
        .args(["metadata", "--offline", "--format-version", "1", "--filter-platform", &std::env::var("TARGET")?])
        .arg("--manifest-path")
        .arg(package.join("Cargo.toml"))
        .current_dir(root)
        .output()?;
    if !told.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&told.stderr)).into());
    }
    let told: serde_json::Value = serde_json::from_slice(&told.stdout)?;
    let packages = told["packages"].as_array().into_iter().flatten();
    let manifest =
        packages.filter(|package| package["name"] == "rquickjs-sys").find_map(|it| it["manifest_path"].as_str());
    let manifest = Path::new(manifest.ok_or("cargo metadata names no package rquickjs-sys")?);
    Ok(manifest.with_file_name("quickjs"))
}
