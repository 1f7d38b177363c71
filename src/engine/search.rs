//! The search of one text in another, for engines that have only slower ones, in a time that grows with the sum of their lengths and
//! not with their product.

use memchr::memmem;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::LazyLock;

/// Where `part` begins in `text`, with characters of any width: first at or after `from`, or, backward, last at or before it.
pub(in crate::engine) fn mixed<T: Copy + Into<u64>, P: Copy + Into<u64>>(
    text: &[T],
    part: &[P],
    from: usize,
    backward: bool,
) -> Option<usize> {
    let forth =
        |text: &[T], part: &[P]| find(text.len(), part.len(), |place| text[place].into(), |place| part[place].into());
    let back = |text: &[T], part: &[P]| {
        let (text_length, part_length) = (text.len(), part.len());
        let of_text = |place: usize| text[text_length - 1 - place].into();
        let of_part = |place: usize| part[part_length - 1 - place].into();
        find(text_length, part_length, of_text, of_part).map(|place| text_length - part_length - place)
    };
    within(text, part, from, backward, forth, back)
}

/// The same with characters of one byte, for which there is a faster way.
pub(in crate::engine) fn narrow(text: &[u8], part: &[u8], from: usize, backward: bool) -> Option<usize> {
    within(text, part, from, backward, memmem::find, memmem::rfind)
}

/// Searches the part of the text in which a result may lie, and gives the place in the whole.
fn within<T, P>(
    text: &[T],
    part: &[P],
    from: usize,
    backward: bool,
    forth: impl FnOnce(&[T], &[P]) -> Option<usize>,
    back: impl FnOnce(&[T], &[P]) -> Option<usize>,
) -> Option<usize> {
    if backward {
        let end = text.len().min(from.saturating_add(part.len()));
        back(&text[..end], part)
    } else {
        forth(text.get(from..)?, part).map(|place| from + place)
    }
}

/// The search of Karp and Rabin: only where a checksum that is carried along agrees are the characters compared. Nobody who writes
/// scripts knows the number that it is made with, so nobody can make texts for which it agrees in vain.
fn find(
    text_length: usize,
    part_length: usize,
    text: impl Fn(usize) -> u64,
    part: impl Fn(usize) -> u64,
) -> Option<usize> {
    static BASE: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0) % (PRIME - (1 << 32)) + (1 << 32));
    let last = text_length.checked_sub(part_length)?;
    let base = *BASE;
    let (mut wanted, mut seen, mut weight) = (0, 0, 1);
    for place in 0..part_length {
        wanted = add(multiply(wanted, base), part(place));
        seen = add(multiply(seen, base), text(place));
        weight = multiply(weight, base);
    }
    let mut place = 0;
    loop {
        if seen == wanted && (0..part_length).all(|offset| text(place + offset) == part(offset)) {
            return Some(place);
        }
        if place == last {
            return None;
        }
        let gone = multiply(text(place), weight);
        seen = add(add(multiply(seen, base), text(place + part_length)), PRIME - gone);
        place += 1;
    }
}

const PRIME: u64 = (1 << 61) - 1;

/// A sum, of numbers that are not greater than the prime.
fn add(left: u64, right: u64) -> u64 {
    reduce(left + right)
}

fn multiply(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    // Both halves fit: the factors are below 2 ** 61.
    reduce((product as u64 & PRIME) + (product >> 61) as u64)
}

fn reduce(number: u64) -> u64 {
    if number >= PRIME { number - PRIME } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All texts over an alphabet of two, of up to so many characters.
    fn texts(length: u32) -> impl Iterator<Item = Vec<u16>> {
        (0..=length).flat_map(|length| {
            (0..1_u32 << length)
                .map(move |bits| (0..length).map(|bit| if bits >> bit & 1 == 1 { 0x61 } else { 0x162 }).collect())
        })
    }

    #[test]
    fn finds_what_a_simple_search_finds() {
        for text in texts(7) {
            for part in texts(4) {
                let is_at = |place: &usize| text[*place..].starts_with(&part);
                for from in 0..=text.len() {
                    let first = (from..=text.len()).find(is_at);
                    let last = (0..=from).rev().find(is_at);
                    assert_eq!(mixed(&text, &part, from, false), first, "{text:?} {part:?} {from}");
                    assert_eq!(mixed(&text, &part, from, true), last, "{text:?} {part:?} {from}");
                }
            }
        }
    }

    #[test]
    fn widths_do_not_matter() {
        let narrow = b"one, two, three, two".as_slice();
        let wide: Vec<u16> = narrow.iter().map(|&byte| byte.into()).collect();
        let part = b"two".as_slice();
        let wide_part: Vec<u16> = part.iter().map(|&byte| byte.into()).collect();
        for (backward, place) in [(false, Some(5)), (true, Some(17))] {
            assert_eq!(mixed(narrow, &wide_part, if backward { 20 } else { 0 }, backward), place);
            assert_eq!(mixed(&wide, part, if backward { 20 } else { 0 }, backward), place);
        }
        assert_eq!(super::narrow(narrow, part, 6, false), Some(17));
        assert_eq!(super::narrow(narrow, part, 16, true), Some(5));
    }

    #[test]
    fn arithmetic_is_modulo_the_prime() {
        for (left, right) in [(PRIME - 1, PRIME - 1), (PRIME - 1, 1 << 60), (0, 5), (1 << 33, 1 << 40)] {
            let expected = u128::from(left) * u128::from(right) % u128::from(PRIME);
            assert_eq!(u128::from(multiply(left, right)), expected);
        }
    }
}
