//! Having V8 write a snapshot in less time, with the same result: an install does little else.
//!
//! V8 sums up a blob three times, byte by byte with two divisions each. And it marks all that the heap reaches, to find functions of
//! WebAssembly among that, which would be an error; a capture that has not touched WebAssembly has none, reachable or not.

use super::wrap::wrap;
use std::cell::Cell;
use std::ffi::c_void;

unsafe extern "C" {
    /// `v8::internal::HeapObjectIterator::HeapObjectIterator(Heap*, HeapObjectsFiltering)`.
    #[link_name = "__real__ZN2v88internal18HeapObjectIteratorC1EPNS0_4HeapENS1_20HeapObjectsFilteringE"]
    fn v8_heap_object_iterator(iterator: *mut c_void, heap: *mut c_void, filtering: i32);
}

wrap!("__wrap__ZN2v88internal8ChecksumENS_4base6VectorIKhEE", checksum);
wrap!("__wrap__ZN2v88internal18HeapObjectIteratorC1EPNS0_4HeapENS1_20HeapObjectsFilteringE", heap_object_iterator);

/// `HeapObjectIterator::kNoFiltering`.
const NO_FILTERING: i32 = 0;

thread_local! {
    /// Whether this thread writes a snapshot of a heap without WebAssembly.
    static WITHOUT_WASM: Cell<bool> = const { Cell::new(false) };
}

/// Writes the snapshot; `touched_wasm` tells whether a script may have used WebAssembly in the isolate.
pub(super) fn write(creator: v8::OwnedIsolate, touched_wasm: bool) -> Option<v8::StartupData> {
    WITHOUT_WASM.set(!touched_wasm);
    let data = creator.create_blob(v8::FunctionCodeHandling::Keep);
    WITHOUT_WASM.set(false);
    data
}

/// Called by V8 to go through a heap.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn heap_object_iterator(iterator: *mut c_void, heap: *mut c_void, filtering: i32) {
    let filtering = if WITHOUT_WASM.get() { NO_FILTERING } else { filtering };
    // SAFETY: V8's own arguments go on to V8; it goes through heaps without the filter too.
    unsafe { v8_heap_object_iterator(iterator, heap, filtering) }
}

/// Called by V8 to sum up a part of a blob: Fletcher's checksum of 32 bits, over bytes.
///
/// # Safety
/// Called by V8 with its own argument, a readable run of bytes.
unsafe extern "C" fn checksum(bytes: *const u8, len: usize) -> u32 {
    // SAFETY: as above; V8 gives null for none.
    let bytes = if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(bytes, len) } };
    fletcher(bytes)
}

/// Fletcher's checksum. Equal to adding each byte to the first sum and that to the second, both modulo 65535.
fn fletcher(bytes: &[u8]) -> u32 {
    const MODULUS: u64 = 65_535;
    /// So short that the sums of a run fit, and so long that the divisions don't matter.
    const RUN: usize = 1 << 16;
    /// As many bytes as the processor takes at once.
    const STEP: usize = 32;
    let (mut first, mut second) = (0_u64, 0_u64);
    for run in bytes.chunks(RUN) {
        let mut steps = run.chunks_exact(STEP);
        for step in &mut steps {
            let mut sum = 0_u32;
            // Each byte counts as often as sums follow it.
            let mut weighted = 0_u32;
            for (index, byte) in step.iter().enumerate() {
                sum += u32::from(*byte);
                weighted += (STEP - index) as u32 * u32::from(*byte);
            }
            second += STEP as u64 * first + u64::from(weighted);
            first += u64::from(sum);
        }
        for byte in steps.remainder() {
            first += u64::from(*byte);
            second += first;
        }
        first %= MODULUS;
        second %= MODULUS;
    }
    (second as u32) << 16 | first as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" {
        /// `v8::internal::Checksum(base::Vector<const uint8_t>)`.
        #[link_name = "__real__ZN2v88internal8ChecksumENS_4base6VectorIKhEE"]
        fn v8_checksum(bytes: *const u8, len: usize) -> u32;
    }

    #[test]
    fn sum_is_that_of_v8() {
        let mut bytes = vec![0; 300_000];
        getrandom::fill(&mut bytes).unwrap();
        bytes[100_000..200_000].fill(0xff);
        for len in [0, 1, 31, 32, 33, 1000, 65_535, 65_536, 65_537, 200_001, 300_000] {
            for bytes in [&bytes[..len], &bytes[300_000 - len..]] {
                // SAFETY: the bytes are there during the call.
                let expected = unsafe { v8_checksum(bytes.as_ptr(), bytes.len()) };
                assert_eq!(fletcher(bytes), expected, "{len} bytes");
            }
        }
    }
}
