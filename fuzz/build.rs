//! The instrumented libraries call functions of libFuzzer, which the program has to show them.

fn main() {
    println!("cargo::rustc-link-arg-bins=-rdynamic");
    // All of them, also those that the program itself does not call.
    println!("cargo::rerun-if-changed=build.rs");
}
