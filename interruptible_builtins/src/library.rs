//! V8's static library, of which one member has the built-in functions.

use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol};
use std::path::Path;

/// The member with the built-in functions.
const MEMBER: &[u8] = b"embedded.o";

/// What the member defines.
pub(crate) struct Builtins {
    /// The built-in functions.
    pub(crate) code: Section,
    /// What V8 knows of them.
    pub(crate) data: Section,
}

pub(crate) struct Section {
    pub(crate) content: Vec<u8>,
    pub(crate) alignment: u64,
    pub(crate) symbols: Vec<Symbol>,
}

pub(crate) struct Symbol {
    pub(crate) name: String,
    /// From the section's begin.
    pub(crate) address: u64,
    /// In bytes; none of what only marks a place.
    pub(crate) size: u64,
}

/// Reads the member of a library.
pub(crate) fn read(library: &Path) -> Result<Builtins, String> {
    let in_library = |reason: &dyn std::fmt::Display| format!("{}: {reason}", library.display());
    let bytes = std::fs::read(library).map_err(|error| in_library(&error))?;
    let archive = ArchiveFile::parse(&*bytes).map_err(|error| in_library(&error))?;
    for member in archive.members() {
        let member = member.map_err(|error| in_library(&error))?;
        if member.name() == MEMBER {
            let member = member.data(&*bytes).map_err(|error| in_library(&error))?;
            return builtins(member).map_err(|error| in_library(&format_args!("embedded.o: {error}")));
        }
    }
    Err(in_library(&"there is no member embedded.o"))
}

fn builtins(member: &[u8]) -> Result<Builtins, String> {
    let file = object::File::parse(member).map_err(|error| error.to_string())?;
    Ok(Builtins { code: section(&file, ".text")?, data: section(&file, ".rodata")? })
}

/// A section with what is defined in it.
fn section(file: &object::File<'_>, name: &str) -> Result<Section, String> {
    let section = file.section_by_name(name).ok_or_else(|| format!("there is no section {name}"))?;
    if section.relocations().next().is_some() {
        return Err(format!("section {name} refers to other places"));
    }
    let mut symbols = Vec::new();
    for symbol in file.symbols().filter(|symbol| symbol.section_index() == Some(section.index())) {
        if symbol.kind() != object::SymbolKind::Section {
            let name = symbol.name().map_err(|error| error.to_string())?.to_owned();
            symbols.push(Symbol { name, address: symbol.address(), size: symbol.size() });
        }
    }
    let content = section.data().map_err(|error| error.to_string())?.to_vec();
    Ok(Section { content, alignment: section.align(), symbols })
}
