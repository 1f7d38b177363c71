//! Links the shared library: only the header's functions are visible, and it stays in memory once loaded.

include!("../scripts/link_arguments.rs");

fn main() {
    link_arguments("libjsquickjs.so.1");
}
