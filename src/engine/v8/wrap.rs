//! How a function takes the place of one inside V8.

/// The instruction that goes on in another function.
#[cfg(target_arch = "x86_64")]
macro_rules! jump {
    () => {
        "jmp"
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! jump {
    () => {
        "b"
    };
}

/// Gives a function of this file the name that the linker puts in the place of V8's. The name stays inside the library, which an
/// exported Rust function would not.
macro_rules! wrap {
    ($name:literal, $function:ident) => {
        std::arch::global_asm!(
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ", @function"),
            concat!($name, ": ", jump!(), " {function}"),
            function = sym $function,
        );
    };
}
