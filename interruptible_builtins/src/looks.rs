//! Looks at the limit, put into V8's functions.
//!
//! A look is behind all functions. It compares the stack pointer with V8's limit of the stack, as V8's own code does, which is out of
//! reach as soon as V8 is asked to do something soon; if that is to end the script, it ends it, else the function goes on. So a look
//! changes no register, and nothing moves that V8 knows the place of: in the functions change the targets of the branches with which
//! loops begin anew, the first instructions, and the call of C++.
//!
//! To end a script, a look makes the call with which V8 itself ends one, as if the function did so where it calls another one, or as if
//! its caller did. V8 then gives up all frames up to the one through which its embedder called, and never returns here.

use crate::code::{self, Function};
use crate::library::Builtins;
use iced_x86::{
    BlockEncoder, BlockEncoderOptions, FlowControl, Instruction, InstructionBlock, Mnemonic, OpKind, Register,
};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::BTreeSet;

/// The functions that go through lists on V8's slow paths, an element at a time.
const LOOPS: &[&str] = &[
    "ArrayEveryLoopContinuation",
    "ArrayFilterLoopContinuation",
    "ArrayFindIndexLoopContinuation",
    "ArrayFindLastIndexLoopContinuation",
    "ArrayFindLastLoopContinuation",
    "ArrayFindLoopContinuation",
    "ArrayForEachLoopContinuation",
    "ArrayFrom",
    "ArrayMapLoopContinuation",
    "ArrayPowerSort",
    "ArrayPowerSortIntoCopy",
    "ArrayPrototypeCopyWithin",
    "ArrayPrototypeFlat",
    "ArrayPrototypeJoinImpl",
    "ArrayPrototypeLastIndexOf",
    "ArrayPrototypeReverse",
    "ArrayPrototypeShift",
    "ArrayPrototypeSlice",
    "ArrayPrototypeSplice",
    "ArrayPrototypeToLocaleString",
    "ArrayPrototypeUnshift",
    "ArrayReduceLoopContinuation",
    "ArrayReduceRightLoopContinuation",
    "ArraySomeLoopContinuation",
    "FlattenIntoArrayWithMapFn",
    "FlattenIntoArrayWithoutMapFn",
    "GenericArrayToReversed",
];

/// Where V8 keeps the limit of the stack, from register r13: `IsolateData::jslimit_offset()`.
const STACK_LIMIT: i8 = -0x60;

/// `cmpq STACK_LIMIT(%r13), %rsp`
const LOOK: [u8; 4] = [0x49, 0x3b, 0x65, STACK_LIMIT as u8];

/// Where V8 keeps what it is asked to do soon: `StackGuard::ThreadLocal::interrupt_flags_`, 32 bytes behind the limit.
const REQUESTS: i8 = STACK_LIMIT + 0x20;

/// `StackGuard::TERMINATE_EXECUTION`
const END_REQUESTED: u8 = 1;

/// V8's call of a function of its runtime.
const CALL: &str = "CEntry_Return1_ArgvOnStack_NoBuiltinExit";

/// The functions that take long for long texts, great numbers or long chains of prototypes: they compare, divide, and look up. Other
/// functions call them, and they have no frame where they begin.
const CALLED: &[&str] = &[
    "BigIntDivide",
    "BigIntDivideNoThrow",
    "BigIntEqual",
    "BigIntGreaterThan",
    "BigIntGreaterThanOrEqual",
    "BigIntLessThan",
    "BigIntLessThanOrEqual",
    "BigIntModulus",
    "BigIntModulusNoThrow",
    "ForInEnumerate",
    "ForInEnumerateHandler",
    "ForInEnumerateWideHandler",
    "ForInEnumerateExtraWideHandler",
    "GetProperty",
    "GetPropertyWithReceiver",
    "HasProperty",
    "KeyedHasIC_Megamorphic",
    "KeyedLoadIC_Megamorphic",
    "KeyedStoreIC_Megamorphic",
    "LoadIC_NoFeedback",
    "LoadIC_Noninlined",
    "OrdinaryHasInstance",
    "StoreIC_Megamorphic",
    "StoreIC_NoFeedback",
    "StringCompare",
    "StringEqual",
    "StringGreaterThan",
    "StringGreaterThanOrEqual",
    "StringLessThan",
    "StringLessThanOrEqual",
    "WasmJSStringEqual",
    "WasmStringCompare",
];

/// V8's call of a built-in function that is written in C++.
const CALL_OF_BUILTIN: &str = "CEntry_Return1_ArgvOnStack_BuiltinExit";

/// Puts looks into the code, and answers with the assembly of what comes after it.
pub(crate) fn insert(builtins: &mut Builtins) -> Result<String, String> {
    if !builtins.code.content.windows(LOOK.len()).any(|bytes| bytes == LOOK) {
        return Err("V8's functions do not look for the limit of the stack where it is expected".to_owned());
    }
    let (call, context) = {
        let call = function(builtins, CALL)?;
        (call.begin(), context(&call).ok_or_else(|| in_function(CALL, "it keeps no context"))?)
    };
    let mut looks = Looks { code: builtins.code.content.clone(), ends: Vec::new() };
    for name in LOOPS {
        let branches = begin_anew(&function(builtins, name)?);
        if branches.is_empty() {
            return Err(in_function(name, "there is no loop that could look"));
        }
        for branch in branches {
            looks.before_a_turn(&branch)?;
        }
    }
    for name in CALLED {
        looks.at_the_begin(&function(builtins, name)?).map_err(|reason| in_function(name, &reason))?;
    }
    looks.before_cpp(&function(builtins, CALL_OF_BUILTIN)?).map_err(|reason| in_function(CALL_OF_BUILTIN, &reason))?;
    builtins.code.content = looks.finish()?;
    Ok(format!(
        "# What is called instead of C++.\n\
         .byte 0xe9\n\
         .long {END_SCRIPT} - . - 4\n\
         # Ends the script. On the stack is an address to which a call could return.\n\
         movq {context}(%r13), %rsi\n\
         xorl %eax, %eax\n\
         leaq {END_SCRIPT}(%rip), %rbx\n\
         jmp v8_builtins_code + {call}\n"
    ))
}

/// `v8::internal::Runtime_TerminateExecution`
const END_SCRIPT: &str = "_ZN2v88internal26Runtime_TerminateExecutionEiPmPNS0_7IsolateE";

/// The places in the assembly that comes after the code.
#[derive(Clone, Copy)]
enum End {
    InsteadOfCpp = 0,
    OfScript = 5,
}

fn in_function(name: &str, reason: &str) -> String {
    format!("V8's function {name}: {reason}")
}

fn function(builtins: &Builtins, name: &str) -> Result<Function, String> {
    let symbol = builtins.code.symbols.iter().find(|symbol| symbol.name.strip_prefix("Builtins_") == Some(name));
    let (begin, size) =
        symbol.map(|symbol| (symbol.address, symbol.size)).ok_or_else(|| in_function(name, "there is none"))?;
    let bytes = builtins.code.content.get(begin as usize..(begin + size) as usize);
    code::read(bytes.unwrap_or_default(), begin).map_err(|reason| in_function(name, &reason))
}

/// The code, and the looks behind it.
struct Looks {
    code: Vec<u8>,
    /// Where a jump to an end has its displacement.
    ends: Vec<(usize, End)>,
}

/// The bytes of a displacement.
const DISPLACEMENT: usize = 4;

impl Looks {
    fn here(&self) -> u64 {
        self.code.len() as u64
    }

    /// Sets the displacement before a place.
    fn aim(&mut self, next: u64, target: u64) -> Result<(), String> {
        let displacement = i32::try_from(target.wrapping_sub(next) as i64).map_err(|_| "the code is too long")?;
        self.code[next as usize - DISPLACEMENT..next as usize].copy_from_slice(&displacement.to_le_bytes());
        Ok(())
    }

    /// Adds an instruction that ends with a displacement.
    fn add(&mut self, bytes: &[u8], target: u64) -> Result<(), String> {
        self.code.extend(bytes);
        self.code.extend([0; DISPLACEMENT]);
        self.aim(self.here(), target)
    }

    /// Adds a jump to an end.
    fn add_jump_to(&mut self, end: End) {
        // jmp end
        self.code.extend([0xe9, 0, 0, 0, 0]);
        self.ends.push((self.code.len(), end));
    }

    /// Adds the look itself: what follows it, of `size` bytes, is only done when the script is to end.
    fn add_look(&mut self, size: u8) {
        const REST: u8 = 7;
        self.code.extend(LOOK);
        // ja over
        self.code.extend([0x77, REST + size]);
        // testb $END_REQUESTED, REQUESTS(%r13); je over
        self.code.extend([0x41, 0xf6, 0x45, REQUESTS as u8, END_REQUESTED, 0x74, size]);
    }

    /// Has a loop look before each turn.
    fn before_a_turn(&mut self, branch: &Branch) -> Result<(), String> {
        self.aim(branch.instruction.next_ip(), self.here())?;
        self.add_look(14);
        // leaq after_a_call(%rip), %r10; pushq %r10
        self.add(&[0x4c, 0x8d, 0x15], branch.after_a_call)?;
        self.code.extend([0x41, 0x52]);
        self.add_jump_to(End::OfScript);
        // jmp begin
        self.add(&[0xe9], branch.instruction.near_branch_target())
    }

    /// Has a function look before it does anything. Its first instructions move behind the look.
    fn at_the_begin(&mut self, function: &Function) -> Result<(), String> {
        let mut moved: Vec<Instruction> = Vec::new();
        let mut next = function.begin();
        while next < function.begin() + 5 {
            let instruction = function.at(next).ok_or("it ends too early")?;
            if next != function.begin() && function.is_branched_to(next) || code::is_call(&instruction) {
                return Err("its first instructions can't move".to_owned());
            }
            moved.push(instruction);
            next = instruction.next_ip();
        }
        // jmp look
        self.code[function.begin() as usize] = 0xe9;
        self.aim(function.begin() + 5, self.here())?;
        self.add_look(5);
        self.add_jump_to(End::OfScript);
        let block = InstructionBlock::new(&moved, self.here());
        let encoded = BlockEncoder::encode(64, block, BlockEncoderOptions::NONE).map_err(|error| error.to_string())?;
        self.code.extend(encoded.code_buffer);
        self.add(&[0xe9], next)
    }

    /// Has V8 look before it calls C++.
    fn before_cpp(&mut self, function: &Function) -> Result<(), String> {
        // leaq -128(%r13), %rdx; callq *%rbx
        const CALL: [u8; 6] = [0x49, 0x8d, 0x55, 0x80, 0xff, 0xd3];
        let begin = function.begin() as usize;
        let place = self.code[begin..].windows(CALL.len()).position(|bytes| bytes == CALL).map(|place| begin + place);
        let place = place.filter(|place| function.at(*place as u64).is_some()).ok_or("it does not call as expected")?;
        // nop; call look
        self.code[place..place + 2].copy_from_slice(&[0x90, 0xe8]);
        self.aim((place + CALL.len()) as u64, self.here())?;
        self.code.extend(&CALL[..4]);
        self.add_look(5);
        self.add_jump_to(End::InsteadOfCpp);
        // jmpq *%rbx
        self.code.extend([0xff, 0xe3]);
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<u8>, String> {
        for (next, end) in std::mem::take(&mut self.ends) {
            self.aim(next as u64, self.here() + end as u64)?;
        }
        Ok(self.code)
    }
}

/// A branch with which a loop begins anew.
struct Branch {
    instruction: Instruction,
    /// Where the function goes on after a call that it has in the loop.
    after_a_call: u64,
}

/// Where V8's call keeps the context of its caller, from register r13.
fn context(call: &Function) -> Option<i64> {
    let keeps = |instruction: &&Instruction| {
        instruction.mnemonic() == Mnemonic::Mov
            && instruction.op0_kind() == OpKind::Memory
            && instruction.memory_base() == Register::R13
            && instruction.op1_kind() == OpKind::Register
            && instruction.op1_register() == Register::RSI
    };
    call.graph.node_weights().find(keeps).map(|instruction| instruction.memory_displacement64() as i64)
}

/// The branches with which a function's loops begin anew: of all loops with calls, outer ones first, until only loops are left that call
/// nothing, or are so short that their branches can't reach a look. V8 calls something where it goes on in another way than the usual
/// one, so the others go through what is in memory already.
fn begin_anew(function: &Function) -> Vec<Branch> {
    let mut graph: DiGraph<Instruction, ()> = function.graph.clone();
    let mut branches = Vec::new();
    loop {
        let mut ends = Vec::new();
        for nodes in petgraph::algo::tarjan_scc(&graph) {
            let nodes: BTreeSet<NodeIndex> = nodes.into_iter().collect();
            let Some(call) = nodes.iter().find(|node| code::is_call(&graph[**node]) && function.framed.contains(node))
            else {
                continue;
            };
            let inside = nodes.iter().flat_map(|node| graph.edges(*node)).filter(|edge| nodes.contains(&edge.target()));
            let back: Vec<_> = inside.filter(|edge| graph[edge.target()].ip() <= graph[edge.source()].ip()).collect();
            let Some(begin) = back.iter().map(|edge| graph[edge.target()].ip()).min() else { continue };
            for edge in back.iter().filter(|edge| graph[edge.target()].ip() == begin) {
                let instruction = graph[edge.source()];
                if reaches_far(&instruction) && function.framed.contains(&edge.source()) {
                    branches.push(Branch { instruction, after_a_call: graph[*call].next_ip() });
                }
                ends.push(edge.id());
            }
        }
        if ends.is_empty() {
            return branches;
        }
        graph.retain_edges(|_, edge| !ends.contains(&edge));
    }
}

/// Whether a branch has four bytes to say how far it goes.
fn reaches_far(instruction: &Instruction) -> bool {
    match instruction.flow_control() {
        FlowControl::UnconditionalBranch => instruction.len() == 5,
        FlowControl::ConditionalBranch => instruction.len() == 6,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pushq %rbp; movq %rsp, %rbp`
    const FRAME: [u8; 4] = [0x55, 0x48, 0x89, 0xe5];
    /// `popq %rbp; ret`
    const RETURN: [u8; 2] = [0x5d, 0xc3];
    /// `call` of what is 64 bytes further.
    const CALL: [u8; 5] = [0xe8, 64, 0, 0, 0];
    const NOP: [u8; 1] = [0x90];

    /// `jz` by so many bytes from its end, which is far for V8's branches.
    fn far(displacement: i32) -> Vec<u8> {
        [&[0x0f, 0x84][..], &displacement.to_le_bytes()].concat()
    }

    /// The same where four bytes less are enough.
    fn near(displacement: i8) -> Vec<u8> {
        vec![0x74, displacement as u8]
    }

    fn branches(parts: &[&[u8]]) -> Vec<u64> {
        let function = code::read(&parts.concat(), 0x1000).unwrap();
        begin_anew(&function).iter().map(|branch| branch.instruction.ip() - 0x1000).collect()
    }

    #[test]
    fn loop_with_a_call_looks() {
        assert_eq!(branches(&[&FRAME, &CALL, &far(-11), &RETURN]), [9]);
    }

    #[test]
    fn outer_and_inner_loops_with_calls_look() {
        assert_eq!(branches(&[&FRAME, &NOP, &CALL, &far(-11), &far(-18), &RETURN]), [16, 10]);
    }

    #[test]
    fn loop_that_calls_nothing_is_left() {
        assert_eq!(branches(&[&FRAME, &NOP, &far(-7), &RETURN]), []);
        assert_eq!(branches(&[&FRAME, &CALL, &NOP, &far(-7), &RETURN]), []);
    }

    #[test]
    fn loop_without_a_frame_is_left() {
        assert_eq!(branches(&[&CALL, &far(-11), &FRAME, &RETURN]), []);
    }

    #[test]
    fn branch_that_can_not_reach_a_look_is_left() {
        assert_eq!(branches(&[&FRAME, &CALL, &near(-7), &RETURN]), []);
    }

    #[test]
    fn table_of_jumps_is_no_code() {
        // leaq 6(%rip), %r10; movslq (%r10,%rax,4), %rax; jmp *%rax: to a loop with a call, and to what comes after it
        let jump = [0x4c, 0x8d, 0x15, 19, 0, 0, 0, 0x49, 0x63, 0x04, 0x82, 0xff, 0xe0];
        let table = [(-13_i32).to_le_bytes(), (-2_i32).to_le_bytes()].concat();
        assert_eq!(branches(&[&FRAME, &jump, &CALL, &far(-11), &RETURN, &table]), [22]);
    }

    fn looks(parts: &[&[u8]]) -> (Looks, Function) {
        let code = parts.concat();
        let function = code::read(&code, 0).unwrap();
        (Looks { code, ends: Vec::new() }, function)
    }

    /// Where the near branch at a place goes to.
    fn target(code: &[u8], place: usize) -> usize {
        let instruction = iced_x86::Decoder::with_ip(64, &code[place..], place as u64, 0).decode();
        instruction.near_branch_target() as usize
    }

    #[test]
    fn turn_goes_by_way_of_a_look() {
        let (mut looks, function) = looks(&[&FRAME, &CALL, &far(-11), &RETURN]);
        looks.before_a_turn(&begin_anew(&function)[0]).unwrap();
        let (code, length) = (looks.finish().unwrap(), 17);
        assert_eq!(target(&code, 9), length);
        // Both branches of the look, and the jump behind it, go on with the turn.
        let on = code.len() - 5;
        assert_eq!((target(&code, length + 4), target(&code, length + 11), target(&code, on)), (on, on, 4));
        // The end is behind all looks.
        assert_eq!(target(&code, on - 5), code.len() + End::OfScript as usize);
    }

    #[test]
    fn first_instructions_move_behind_a_look() {
        // cmpq %rax, %rdx; je by 1; nop; ret
        let (mut looks, function) = looks(&[&[0x48, 0x39, 0xc2], &far(1), &NOP, &RETURN[1..]]);
        looks.at_the_begin(&function).unwrap();
        let (code, length) = (looks.finish().unwrap(), 11);
        assert_eq!(target(&code, 0), length);
        let moved = length + 13 + 5;
        assert_eq!(code[moved..moved + 3], [0x48, 0x39, 0xc2]);
        assert_eq!((target(&code, moved + 3), target(&code, code.len() - 5)), (10, 9));
    }

    #[test]
    fn first_instructions_stay_if_a_branch_goes_between_them() {
        let (mut looks, function) = looks(&[&NOP, &NOP, &NOP, &NOP, &near(-3), &RETURN[1..]]);
        assert!(looks.at_the_begin(&function).is_err());
    }

    #[test]
    fn cpp_is_called_by_way_of_a_look() {
        let (mut looks, function) = looks(&[&FRAME, &[0x49, 0x8d, 0x55, 0x80, 0xff, 0xd3], &RETURN]);
        looks.before_cpp(&function).unwrap();
        let code = looks.finish().unwrap();
        assert_eq!((code[4], target(&code, 5)), (0x90, 12));
        assert_eq!(target(&code, code.len() - 7), code.len() + End::InsteadOfCpp as usize);
    }
}
