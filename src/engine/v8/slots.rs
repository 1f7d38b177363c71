//! What V8 keeps for the library in each isolate: three pointers, null at first.

/// To what runs right now (`active`).
pub(super) const ACTIVE: u32 = 0;
/// To what array buffers may use (`reservations`).
pub(super) const BUDGET: u32 = 1;
/// No pointer, but bits.
const MARKS: u32 = 2;

/// A mark of an isolate. It stays for as long as the isolate lives.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    /// V8 was asked for optimised code.
    Optimized = 1,
    /// An app is captured in it.
    Captures = 2,
}

/// Sets a mark.
pub(super) fn mark(isolate: &mut v8::Isolate, mark: Mark) {
    let marks = isolate.get_data(MARKS).addr() | mark as usize;
    isolate.set_data(MARKS, std::ptr::without_provenance_mut(marks));
}

/// Whether a mark is set.
pub(super) fn is_marked(isolate: &v8::Isolate, mark: Mark) -> bool {
    isolate.get_data(MARKS).addr() & mark as usize != 0
}
