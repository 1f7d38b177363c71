//! The order of the marks over and under a letter, for QuickJS's `normalize`.

use crate::engine::symbol::called_as;
use std::ffi::c_int;

called_as!("jsquickjs_sort_marks", sort);

/// Sorts marks by their classes, which are below 256, and leaves those of one class in their order. Without memory it does nothing.
///
/// # Safety
/// Called by QuickJS with so many marks, and a function that tells the class of one.
unsafe extern "C" fn sort(marks: *mut u32, length: i64, class: unsafe extern "C" fn(u32) -> c_int) {
    // SAFETY: as the caller says.
    let marks = unsafe { std::slice::from_raw_parts_mut(marks, usize::try_from(length).unwrap_or(0)) };
    // SAFETY: as the caller says; it looks into a table.
    let class = |mark| usize::try_from(unsafe { class(mark) }).unwrap_or(0) & 0xff;
    let mut former = Vec::new();
    if former.try_reserve_exact(marks.len()).is_err() {
        return;
    }
    former.extend_from_slice(marks);
    let mut places = [0; 257];
    for &mark in &former {
        places[class(mark) + 1] += 1;
    }
    for class in 1..places.len() {
        places[class] += places[class - 1];
    }
    for mark in former {
        let place = &mut places[class(mark)];
        marks[*place] = mark;
        *place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn tens(mark: u32) -> c_int {
        c_int::try_from(mark / 10).unwrap()
    }

    #[test]
    fn marks_of_a_class_stay_in_their_order() {
        let mut marks = [35, 21, 2559, 20, 31, 1, 2551, 20];
        let mut sorted = marks;
        sorted.sort_by_key(|mark| mark / 10);
        // SAFETY: these are eight.
        unsafe { sort(marks.as_mut_ptr(), 8, tens) };
        assert_eq!(marks, sorted);
    }
}
