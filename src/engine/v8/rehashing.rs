//! Capturing modules for processes with another hash seed.
//!
//! V8 hashes the tables of a blob anew when it restores it, also those of the exports of modules. But it says that it can't when it writes
//! them, because tables of other kinds have the same type; those have entries of another size.

use super::wrap::{SMALL_INTEGER, TAG, wrap};
use std::cell::Cell;

unsafe extern "C" {
    /// `v8::internal::HeapObject::CanBeRehashed() const`
    #[link_name = "__real__ZNK2v88internal10HeapObject13CanBeRehashedEv"]
    fn v8_can_be_rehashed(object: *const Table) -> bool;
}

wrap!("__wrap__ZNK2v88internal10HeapObject13CanBeRehashedEv", can_be_rehashed);

thread_local! {
    /// Whether this thread writes a snapshot for other processes.
    static FOR_OTHERS: Cell<bool> = const { Cell::new(false) };
}

/// Runs what writes a snapshot, with whose modules other processes can do.
pub(super) fn with_modules<R>(write: impl FnOnce() -> R) -> R {
    FOR_OTHERS.set(true);
    let result = write();
    FOR_OTHERS.set(false);
    result
}

/// The head of `v8::internal::Map`.
#[repr(C)]
struct Map {
    map: usize,
    sizes: u32,
    instance_type: u16,
}

/// The head of `v8::internal::HashTable`, in which numbers are small integers of V8's.
#[repr(C)]
struct Table {
    map: usize,
    len: u32,
    padding: u32,
    elements: usize,
    deleted: usize,
    capacity: usize,
}

/// `HASH_TABLE_TYPE`. What V8 calls by this number in another version is refused as before, or has no entries of that size.
const HASH_TABLE: u16 = 206;

/// `HashTableBase::kPrefixStartIndex`, and `ObjectHashTableShape::kEntrySize`.
const PREFIX: usize = 3;
const ENTRY: usize = 2;

/// Asked by V8 for each table that it writes.
///
/// # Safety
/// Called by V8 with a live object that depends on the hash seed.
unsafe extern "C" fn can_be_rehashed(object: *const Table) -> bool {
    // SAFETY: V8's own argument goes on to V8.
    let possible = unsafe { v8_can_be_rehashed(object) };
    // SAFETY: the object is live.
    possible || (FOR_OTHERS.get() && unsafe { is_table_of_objects(object) })
}

/// Whether an object is a `v8::internal::ObjectHashTable`, which is what V8 takes all of its type for when it hashes them anew.
///
/// # Safety
/// The object is live.
unsafe fn is_table_of_objects(object: *const Table) -> bool {
    // SAFETY: each object begins with its tagged map, which has such a head.
    let instance_type = unsafe { (*((*object).map.wrapping_sub(TAG) as *const Map)).instance_type };
    if instance_type != HASH_TABLE {
        return false;
    }
    // SAFETY: it is a table.
    let table = unsafe { &*object };
    table.len as usize == PREFIX + ENTRY * (table.capacity >> SMALL_INTEGER)
}
