//! Which build of the library this is: what the linker noted in the file that holds it.

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;

/// The kind of note that holds a build id.
const NT_GNU_BUILD_ID: u32 = 3;

/// What `look` finds.
struct Search {
    /// An address inside of the library.
    address: usize,
    found: Option<Vec<u8>>,
}

/// The build id, a digest over the whole file; none when the linker was not asked for one.
pub(super) fn build_id() -> Option<&'static [u8]> {
    static ID: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    let id = ID.get_or_init(|| {
        let mut search = Search { address: build_id as *const () as usize, found: None };
        // SAFETY: the callback gets the search back and fits.
        unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
        search.found
    });
    id.as_deref()
}

unsafe extern "C" fn look(object: *mut libc::dl_phdr_info, _size: usize, search: *mut c_void) -> c_int {
    // SAFETY: the loader gives a live object with its headers, and `build_id` its search.
    let (object, search) = unsafe { (&*object, &mut *search.cast::<Search>()) };
    // SAFETY: as above.
    let headers = unsafe { std::slice::from_raw_parts(object.dlpi_phdr, usize::from(object.dlpi_phnum)) };
    let start = |header: &libc::Elf64_Phdr| (object.dlpi_addr as usize).wrapping_add(header.p_vaddr as usize);
    let holds = |header: &libc::Elf64_Phdr| {
        header.p_type == libc::PT_LOAD && search.address.wrapping_sub(start(header)) < header.p_memsz as usize
    };
    if !headers.iter().any(holds) {
        return 0;
    }
    for header in headers.iter().filter(|header| header.p_type == libc::PT_NOTE) {
        // SAFETY: notes are loaded with the object and are read-only.
        let notes = unsafe { std::slice::from_raw_parts(start(header) as *const u8, header.p_memsz as usize) };
        search.found = search.found.take().or_else(|| find(notes));
    }
    1
}

/// The build id among notes: each is the length of its name, that of its content, its kind, name and content.
fn find(mut notes: &[u8]) -> Option<Vec<u8>> {
    let number = |bytes: &[u8], at: usize| Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    loop {
        let (name_len, len, kind) = (number(notes, 0)? as usize, number(notes, 4)? as usize, number(notes, 8)?);
        let begin = 12 + name_len.next_multiple_of(4);
        if kind == NT_GNU_BUILD_ID && notes.get(12..12 + name_len)? == b"GNU\0" {
            return notes.get(begin..begin + len).map(<[u8]>::to_vec);
        }
        notes = notes.get(begin + len.next_multiple_of(4)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_id_is_found_behind_other_notes() {
        let note = |kind: u32, name: &[u8], content: &[u8]| {
            let mut bytes = Vec::new();
            for number in [name.len() as u32, content.len() as u32, kind] {
                bytes.extend_from_slice(&number.to_ne_bytes());
            }
            for part in [name, content] {
                bytes.extend_from_slice(part);
                bytes.resize(bytes.len().next_multiple_of(4), 0);
            }
            bytes
        };
        let notes = [note(1, b"GNU\0", b"abcde"), note(3, b"Go\0\0", b"no"), note(3, b"GNU\0", b"yes")].concat();
        assert_eq!(find(&notes).as_deref(), Some(&b"yes"[..]));
        assert_eq!(find(&notes[..notes.len() - 4]), None);
        assert_eq!(find(&[]), None);
    }
}
