//! The machine code of a function, as a graph of its instructions.

use iced_x86::{Code, Decoder, FlowControl, Instruction, Mnemonic, Register};
use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};

/// A function: each instruction with those that may follow it.
pub(crate) struct Function {
    pub(crate) graph: DiGraph<Instruction, ()>,
    /// Instructions at which a frame of the function is set up, whichever way led there.
    pub(crate) framed: BTreeSet<NodeIndex>,
    /// Where each instruction is.
    nodes: BTreeMap<u64, NodeIndex>,
    begin: u64,
}

impl Function {
    /// The address of the first instruction.
    pub(crate) fn begin(&self) -> u64 {
        self.begin
    }

    /// The instruction at an address, if one begins there.
    pub(crate) fn at(&self, address: u64) -> Option<Instruction> {
        self.nodes.get(&address).map(|node| self.graph[*node])
    }

    /// Whether the instruction at an address follows another one than that before it.
    pub(crate) fn is_branched_to(&self, address: u64) -> bool {
        let node = self.nodes.get(&address);
        let mut before = node.into_iter().flat_map(|node| self.graph.neighbors_directed(*node, Direction::Incoming));
        before.any(|node| self.graph[node].next_ip() != address)
    }
}

/// Reads the function that begins at `address` with the bytes of `code`.
pub(crate) fn read(code: &[u8], address: u64) -> Result<Function, String> {
    let tables = tables(code, address);
    let end = tables.first().copied().unwrap_or(address + code.len() as u64);
    let mut graph = DiGraph::new();
    let mut nodes = BTreeMap::new();
    let mut edges = Vec::new();
    let mut waiting = vec![address];
    while let Some(place) = waiting.pop() {
        if nodes.contains_key(&place) {
            continue;
        }
        let instruction = decode(code, address, place)?;
        nodes.insert(place, graph.add_node(instruction));
        for next in followers(code, address, &instruction, &nodes, &graph, &tables) {
            // After calls that never return come tables, or nothing.
            if (address..end).contains(&next) && code[(next - address) as usize] != BREAKPOINT {
                waiting.push(next);
                edges.push((place, next));
            }
        }
    }
    graph.extend_with_edges(edges.iter().map(|(from, to)| (nodes[from], nodes[to])));
    let framed = framed(&graph, nodes[&address]);
    Ok(Function { graph, framed, nodes, begin: address })
}

/// `int3`, with which V8 fills up.
const BREAKPOINT: u8 = 0xcc;

fn decode(code: &[u8], address: u64, place: u64) -> Result<Instruction, String> {
    let instruction = Decoder::with_ip(64, &code[(place - address) as usize..], place, 0).decode();
    match instruction.is_invalid() {
        true => Err(format!("there is no instruction at byte {}", place - address)),
        false => Ok(instruction),
    }
}

pub(crate) fn is_call(instruction: &Instruction) -> bool {
    matches!(instruction.flow_control(), FlowControl::Call | FlowControl::IndirectCall)
}

/// Where a table of jumps begins that an instruction takes the address of: `leaq table(%rip), %r10`.
fn table(instruction: &Instruction) -> Option<u64> {
    let takes = instruction.mnemonic() == Mnemonic::Lea
        && instruction.is_ip_rel_memory_operand()
        && instruction.op0_register() == Register::R10;
    takes.then(|| instruction.ip_rel_memory_address())
}

/// Where the function has tables of jumps. They are behind its instructions, so that all of those are read in a row here.
fn tables(code: &[u8], address: u64) -> BTreeSet<u64> {
    let end = address + code.len() as u64;
    let mut tables = BTreeSet::new();
    let mut before = None;
    for instruction in &mut Decoder::with_ip(64, code, address, 0) {
        let reads = instruction.mnemonic() == Mnemonic::Movsxd && instruction.memory_base() == Register::R10;
        tables.extend(before.filter(|table| reads && (instruction.ip()..end).contains(table)));
        before = table(&instruction);
    }
    tables
}

/// Where it goes on after an instruction.
fn followers(
    code: &[u8],
    address: u64,
    instruction: &Instruction,
    nodes: &BTreeMap<u64, NodeIndex>,
    graph: &DiGraph<Instruction, ()>,
    tables: &BTreeSet<u64>,
) -> Vec<u64> {
    match instruction.flow_control() {
        FlowControl::UnconditionalBranch => vec![instruction.near_branch_target()],
        FlowControl::ConditionalBranch => vec![instruction.next_ip(), instruction.near_branch_target()],
        FlowControl::Return | FlowControl::Exception => vec![],
        FlowControl::IndirectBranch => {
            let before = nodes.range(..instruction.ip()).rev().take(4);
            let table = before.filter_map(|(_, node)| table(&graph[*node])).find(|place| tables.contains(place));
            let Some(table) = table else {
                return vec![];
            };
            let end = tables.range(table + 1..).next().copied().unwrap_or(address + code.len() as u64);
            let entries = &code[(table - address) as usize..(end - address) as usize];
            let offsets = entries.as_chunks().0.iter().map(|entry| i64::from(i32::from_le_bytes(*entry)));
            // What fills up behind the last table is no place before the tables.
            offsets
                .map(|offset| table.wrapping_add_signed(offset))
                .take_while(|place| (address..table).contains(place))
                .collect()
        }
        _ => vec![instruction.next_ip()],
    }
}

/// The instructions that are only reached with a frame of the function.
fn framed(graph: &DiGraph<Instruction, ()>, begin: NodeIndex) -> BTreeSet<NodeIndex> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![(begin, false)];
    while let Some((node, framed)) = waiting.pop() {
        if reached.insert((node, framed)) {
            let framed = match graph[node].code() {
                Code::Mov_r64_rm64 | Code::Mov_rm64_r64 if graph[node].op0_register() == Register::RBP => {
                    graph[node].op1_register() == Register::RSP
                }
                Code::Leaveq => false,
                Code::Pop_r64 if graph[node].op0_register() == Register::RBP => false,
                _ => framed,
            };
            waiting.extend(graph.neighbors(node).map(|next| (next, framed)));
        }
    }
    graph.node_indices().filter(|node| reached.contains(&(*node, true)) && !reached.contains(&(*node, false))).collect()
}
