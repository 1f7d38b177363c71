//! Regular expressions that refer back to long parts of a text.
//!
//! V8 looks whether a script is to end where a regular expression has to try something else. One that refers back to a long part, again and
//! again, has not to while it compares: for a text of ten million characters that takes an hour. So before each such comparison the
//! expression seems to try something else, which is to go on. The linker gives V8's names to the functions of this file, and the names
//! with `__real_` to V8's own (see `build.rs`).

use super::wrap::instead;
use std::ffi::c_void;

/// A `v8::internal::Label`: a place in code, before it is known.
type Label = [i32; 2];

/// What makes the code of an expression: a `v8::internal::regexp::MacroAssembler`.
type Assembler = *mut c_void;

/// Puts looks before the comparisons in code of one kind.
macro_rules! code {
    ($name:ident, $push:literal, $backtrack:literal, $bind:literal, $compare:literal, $compare_without_case:literal) => {
        mod $name {
            use super::*;

            unsafe extern "C" {
                #[link_name = $push]
                fn push(assembler: Assembler, place: *mut Label);
                #[link_name = $backtrack]
                fn backtrack(assembler: Assembler);
                #[link_name = $bind]
                fn bind(assembler: Assembler, place: *mut Label);
            }

            /// Adds code that looks.
            ///
            /// # Safety
            /// The assembler is live, and of this kind.
            unsafe fn look(assembler: Assembler) {
                let mut behind = Label::default();
                // SAFETY: the caller's promise; the label lives until its place is known.
                unsafe {
                    push(assembler, &raw mut behind);
                    backtrack(assembler);
                    bind(assembler, &raw mut behind);
                }
            }

            instead!(
                compare,
                $compare,
                (assembler: Assembler, register: i32, backward: bool, mismatch: *mut Label),
                (),
                {
                    // SAFETY: V8 adds a comparison to the code of this assembler.
                    unsafe { look(assembler) };
                    None
                }
            );

            instead!(
                compare_without_case,
                $compare_without_case,
                (assembler: Assembler, register: i32, backward: bool, unicode: bool, mismatch: *mut Label),
                (),
                {
                    // SAFETY: V8 adds a comparison to the code of this assembler.
                    unsafe { look(assembler) };
                    None
                }
            );
        }
    };
}

code!(
    bytecode,
    "_ZN2v88internal6regexp17BytecodeGenerator13PushBacktrackEPNS0_5LabelE",
    "_ZN2v88internal6regexp17BytecodeGenerator9BacktrackEv",
    "_ZN2v88internal6regexp17BytecodeGenerator4BindEPNS0_5LabelE",
    "_ZN2v88internal6regexp17BytecodeGenerator21CheckNotBackReferenceEibPNS0_5LabelE",
    "_ZN2v88internal6regexp17BytecodeGenerator31CheckNotBackReferenceIgnoreCaseEibbPNS0_5LabelE"
);
#[cfg(target_arch = "x86_64")]
code!(
    machine_code,
    "_ZN2v88internal6regexp23RegExpMacroAssemblerX6413PushBacktrackEPNS0_5LabelE",
    "_ZN2v88internal6regexp23RegExpMacroAssemblerX649BacktrackEv",
    "_ZN2v88internal6regexp23RegExpMacroAssemblerX644BindEPNS0_5LabelE",
    "_ZN2v88internal6regexp23RegExpMacroAssemblerX6421CheckNotBackReferenceEibPNS0_5LabelE",
    "_ZN2v88internal6regexp23RegExpMacroAssemblerX6431CheckNotBackReferenceIgnoreCaseEibbPNS0_5LabelE"
);
