//! Bundles: arbitrary bytes, and bundles of which a part was changed. What is installed is served.
#![no_main]

use arbitrary::Unstructured;
use jsep_fuzz::apps::{Parts, send};
use jsep_fuzz::host::MemoryHost;
use jsep_fuzz::{Library, json};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

/// Statuses that an install may fail with.
const INSTALL: std::ops::RangeInclusive<u32> = 200..=209;

fuzz_target!(|data: &[u8]| {
    let registry = Library::get().registry();
    if let Err(failure) = registry.install(data) {
        assert!(INSTALL.contains(&failure.status), "{failure:?}");
        assert_eq!(registry.report()["installed"], false);
        return;
    }
    let report = registry.report();
    for endpoint in report["endpoints"].as_array().expect("a list of endpoints") {
        let endpoint = endpoint.as_str().expect("method and template");
        let (method, template) = endpoint.split_once(' ').expect("method and template");
        // A template's parameters are filled by their own names.
        let path = template.replace(['{', '}'], "");
        let Ok(found) = registry.find(method.as_bytes(), path.as_bytes()) else { continue };
        let mut host = MemoryHost::default();
        let parts = Parts { method: method.as_bytes(), path: path.as_bytes(), ..Parts::default() };
        send(&found, &parts, &host.table()).expect("what is found is executed");
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let random: Vec<u8> =
        (0..64u32).map(|step| (seed.wrapping_mul(2_654_435_761).wrapping_add(step * 40_503) >> 13) as u8).collect();
    let mut input = Unstructured::new(&random);
    if !seed.is_multiple_of(4)
        && let Ok(mut bundle) = serde_json::from_slice::<serde_json::Value>(&data[..size])
        && json::change(&mut bundle, &mut input).is_ok()
    {
        let text = bundle.to_string().into_bytes();
        if text.len() <= max_size {
            data[..text.len()].copy_from_slice(&text);
            return text.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
});
