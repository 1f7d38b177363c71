//! Arguments that the header promises to refuse, among those that it takes, and handles in any state.

use crate::interface::{Bytes, Handle};
use std::ptr::null_mut;

/// Handles of one kind.
#[derive(Default)]
pub struct Slots(Vec<Handle>);

impl Slots {
    /// Which handle a number means: few of them mean null.
    fn index(&self, number: u8) -> Option<usize> {
        const SELDOM: u8 = 8;
        let is_null = self.0.is_empty() || number % SELDOM == SELDOM - 1;
        (!is_null).then(|| usize::from(number / SELDOM) % self.0.len())
    }

    pub fn get(&self, number: u8) -> Handle {
        self.index(number).map_or(null_mut(), |index| self.0[index])
    }

    /// Keeps a handle, and frees the oldest of too many.
    pub fn keep(&mut self, handle: Handle, free: unsafe extern "C" fn(Handle)) {
        const MOST: usize = 4;
        if !handle.is_null() {
            self.0.push(handle);
        }
        if self.0.len() > MOST {
            // SAFETY: it is taken out, so it is freed once.
            unsafe { free(self.0.remove(0)) };
        }
    }

    pub fn take(&mut self, number: u8) -> Handle {
        self.index(number).map_or(null_mut(), |index| self.0.remove(index))
    }

    pub fn free(&mut self, free: unsafe extern "C" fn(Handle)) {
        // SAFETY: they are taken out, so each is freed once.
        self.0.drain(..).for_each(|handle| unsafe { free(handle) });
    }
}

/// Lengths and counts that no memory has: first those beyond what an address can count, then those beyond what a process can have.
const LENGTHS: [usize; 6] = [usize::MAX, 1 << 63, isize::MAX.unsigned_abs(), 1 << 62, 1 << 48, 1 << 47];
/// A length that no memory has, for few of the numbers.
pub fn impossible(number: u8) -> Option<usize> {
    LENGTHS.get(usize::from(u8::MAX - number)).copied()
}

/// Bytes as the header has them, or with a place or a length that can't be.
pub fn bytes(text: &str, number: u8) -> Bytes {
    const NO_PLACE: u8 = 100;
    match impossible(number) {
        Some(len) => Bytes { data: text.as_ptr(), len },
        None if number == NO_PLACE => Bytes { data: std::ptr::null(), len: text.len() + 1 },
        None => Bytes::of(text.as_bytes()),
    }
}

/// One of the texts as [`bytes`].
pub fn one_of_texts(texts: &[&str], number: u8) -> Bytes {
    bytes(texts[usize::from(number) % texts.len()], number)
}

/// The size that a struct says it has.
pub fn size_of_struct<T>(number: u8) -> usize {
    match number {
        252 => 1,
        253 => 0,
        254 => size_of::<T>() - 1,
        // Of a later version of the header.
        255 => size_of::<T>() + 8,
        _ => size_of::<T>(),
    }
}

/// A struct with room behind it, for sizes that claim more.
#[repr(C)]
pub struct WithRoom<T>(pub T, [u64; 2]);

impl<T> WithRoom<T> {
    pub fn of(inner: T) -> WithRoom<T> {
        WithRoom(inner, [0; 2])
    }
}

/// A pointer to it, or null for few of the numbers.
pub fn pointer<T>(inner: &T, number: u8) -> *const T {
    const NONE: u8 = 101;
    if number == NONE { std::ptr::null() } else { inner }
}
