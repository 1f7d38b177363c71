//! Parts of V8 that were built differently do not run together: V8 compares the options of whoever starts it with its own, and ends the
//! process when they differ. And the archive that is linked is the one that the bindings were made for.

// The archive calls functions of this library.
use jsv8 as _;
use std::env;
use std::ffi::c_int;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

/// The options that V8 compares, by the bits of `v8::V8::BuildConfigurationFeatures`. None is on in the archive.
const OPTIONS: [(&str, c_int); 5] = [
    ("pointer compression", 1 << 0),
    ("Smi value size", 1 << 1),
    ("sandbox", 1 << 2),
    ("target OS", 1 << 3),
    ("V8_ENABLE_CHECKS", 1 << 4),
];
const ASKED: &str = "JSEP_TEST_BUILD_OPTIONS";

unsafe extern "C" {
    /// `v8::V8::Initialize(int)`, to which the headers of V8 give the options that they were compiled with.
    #[link_name = "_ZN2v82V810InitializeEi"]
    safe fn initialize(options: c_int) -> bool;
}

/// Starts V8 in another process of this test.
fn start_with(options: c_int) -> io::Result<Output> {
    let words = ["--exact", "start", "--ignored", "--nocapture", "--test-threads=1"];
    Command::new(env::current_exe()?).args(words).env(ASKED, options.to_string()).output()
}

#[test]
#[ignore = "run by the others"]
fn start() {
    let options = env::var(ASKED).ok().and_then(|options| options.parse().ok()).expect("the options are asked for");
    // Its end is expected, so nobody wants to look into it.
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit is read during the call only.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
    v8::V8::initialize_platform(v8::new_single_threaded_default_platform(false).make_shared());
    assert!(initialize(options));
}

#[test]
fn v8_starts_for_parts_with_its_own_options() {
    let output = start_with(0).expect("it can be started");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn v8_ends_the_process_of_parts_with_other_options() {
    for (name, bit) in OPTIONS {
        let output = start_with(bit).expect("it can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.signal().is_some(), "{name}: {output:?}");
        assert!(said.contains("Embedder-vs-V8 build configuration mismatch") && said.contains(name), "{name}: {said}");
    }
}

#[test]
fn the_archive_is_of_the_version_that_the_bindings_were_made_for() {
    assert_eq!(v8::V8::get_version(), v8::VERSION_STRING);
}
