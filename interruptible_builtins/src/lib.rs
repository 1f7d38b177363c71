//! V8's built-in functions, with looks at the limit where they can go on for long.
//!
//! V8 compiles its built-in functions when it is built itself. They look whether the script is to end where they begin and where they
//! call a function of the script, but some do so nowhere. A list that says that it has 2⁵³ − 1 elements, and has none, makes `forEach` go
//! on for hours, and so do comparisons of long texts that follow each other without a loop. So this macro takes the machine code of these
//! functions from V8's static library, puts looks into it, and defines the result under V8's names; the linker then leaves the library's
//! own out.
//!
//! It is a macro, not a build script: cargo runs the build script of a crate perhaps before that of `v8`, which unpacks the library, but
//! compiles the crate after it.

mod code;
mod library;
mod looks;

use library::{Builtins, Section};
use proc_macro::TokenStream;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Defines V8's built-in functions, with looks. Takes nothing. Reads V8's library from where its crate has unpacked it, and leaves two
/// files in `OUT_DIR`, so the crate that calls it must have a build script.
#[proc_macro]
pub fn define(_: TokenStream) -> TokenStream {
    let expansion = match definition() {
        Ok(assembly) => format!("::std::arch::global_asm!({assembly:?}, options(att_syntax));"),
        Err(reason) => format!("::std::compile_error!({reason:?});"),
    };
    expansion.parse().unwrap_or_default()
}

/// The assembly that defines all that V8's library has in its object file of built-in functions.
fn definition() -> Result<String, String> {
    let directory =
        PathBuf::from(std::env::var_os("OUT_DIR").ok_or("the crate has no build script, so there is no OUT_DIR")?);
    let library = find_library(&directory)?;
    let mut builtins = library::read(&library)?;
    let end = looks::insert(&mut builtins).map_err(|reason| format!("{}: {reason}", library.display()))?;
    let code = store(&directory, "builtins_code", &builtins.code.content)?;
    let data = store(&directory, "builtins_data", &builtins.data.content)?;
    Ok(assembly(&builtins, &code, &data, &end))
}

/// V8's crate unpacks the library into a directory beside those of all build scripts.
fn find_library(directory: &Path) -> Result<PathBuf, String> {
    directory
        .ancestors()
        .map(|ancestor| ancestor.join("gn_out/obj/librusty_v8.a"))
        .find(|library| library.is_file())
        .ok_or_else(|| format!("no directory above {} has gn_out/obj/librusty_v8.a", directory.display()))
}

/// Writes a file at once: cargo may compile a crate and its tests at the same time, with one directory.
fn store(directory: &Path, name: &str, content: &[u8]) -> Result<PathBuf, String> {
    let half = directory.join(format!("{name}.{}", std::process::id()));
    let whole = directory.join(name);
    std::fs::write(&half, content)
        .and_then(|()| std::fs::rename(&half, &whole))
        .map_err(|error| format!("{}: {error}", whole.display()))?;
    Ok(whole)
}

/// Functions that host frames call, through which an unwinder has to find its way.
const ENTRIES: [&str; 3] = ["Builtins_JSEntry", "Builtins_JSConstructEntry", "Builtins_JSRunMicrotasksEntry"];

/// `pushq %rbp; movq %rsp, %rbp`
const PROLOGUE: u64 = 4;

fn assembly(builtins: &Builtins, code: &Path, data: &Path, end: &str) -> String {
    let mut text = String::new();
    let include = |text: &mut String, file: &Path, from: u64, to: u64| {
        _ = writeln!(text, ".incbin {file:?}, {from}, {}", to - from);
    };
    _ = writeln!(
        text,
        ".section .text.v8_builtins,\"ax\",@progbits\n.balign {}\nv8_builtins_code:",
        builtins.code.alignment
    );
    let mut position = 0;
    let mut entries: Vec<_> = builtins.code.symbols.iter().filter(|symbol| ENTRIES.contains(&&*symbol.name)).collect();
    entries.sort_by_key(|symbol| symbol.address);
    for entry in entries {
        include(&mut text, code, position, entry.address);
        text.push_str(".cfi_startproc\n");
        include(&mut text, code, entry.address, entry.address + PROLOGUE);
        text.push_str(".cfi_def_cfa %rbp, 16\n.cfi_offset %rbp, -16\n");
        position = entry.address + entry.size;
        include(&mut text, code, entry.address + PROLOGUE, position);
        text.push_str(".cfi_endproc\n");
    }
    include(&mut text, code, position, builtins.code.content.len() as u64);
    text.push_str(end);
    define_symbols(&mut text, "v8_builtins_code", &builtins.code);
    _ = writeln!(
        text,
        ".section .rodata.v8_builtins,\"a\",@progbits\n.balign {}\nv8_builtins_data:",
        builtins.data.alignment
    );
    include(&mut text, data, 0, builtins.data.content.len() as u64);
    define_symbols(&mut text, "v8_builtins_data", &builtins.data);
    text.push_str(".text\n");
    text
}

/// V8 refers to four of these names; the others are for debuggers and profilers.
fn define_symbols(text: &mut String, base: &str, section: &Section) {
    for symbol in &section.symbols {
        let name = &symbol.name;
        if !name.starts_with("Builtins_") {
            _ = writeln!(text, ".globl {name}\n.hidden {name}");
        } else {
            _ = writeln!(text, ".type {name}, @function");
        }
        _ = writeln!(text, ".set {name}, {base} + {}\n.size {name}, {}", symbol.address, symbol.size);
    }
}
