//! Functions of the library that engines call by a name.

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

/// Gives a function the name that an engine's code, or the linker, has for it. The name stays inside the library, which that of an
/// exported Rust function would not.
macro_rules! called_as {
    ($name:expr, $function:ident) => {
        std::arch::global_asm!(
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ", @function"),
            concat!($name, ": ", $crate::engine::symbol::jump!(), " {function}"),
            function = sym $function,
        );
    };
}

pub(super) use {called_as, jump};
