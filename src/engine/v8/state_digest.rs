//! What can be reached in a realm, as one number: taken from V8's heap snapshot and from `state_contents`. It also sees what scripts
//! can't, such as the variables of closures, private fields, suspended generators and the reactions of promises.
//!
//! Objects are visited from the global object on, breadth first, and numbered as they come; so the digest does not depend on where they lie. What V8
//! keeps for speed is left out: shapes, code, feedback, hash tables as such.

use super::state_contents::{self, Place, place};
use super::wrap::wrap;
use crate::crypto::{SEAL_BYTES, seal};
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::fmt::Write as _;
use std::mem::ManuallyDrop;

unsafe extern "C" {
    /// `v8::HeapProfiler::TakeHeapSnapshot(const HeapSnapshotOptions&)`
    #[link_name = "__real__ZN2v812HeapProfiler16TakeHeapSnapshotERKNS0_19HeapSnapshotOptionsE"]
    fn v8_take_heap_snapshot(profiler: *mut c_void, options: *const SnapshotOptions) -> *const c_void;
}

unsafe extern "C" {
    /// `v8::HeapProfiler::GetObjectId(v8::Local<v8::Value>)`
    #[link_name = "_ZN2v812HeapProfiler11GetObjectIdENS_5LocalINS_5ValueEEE"]
    fn v8_object_id(profiler: *mut c_void, object: Place) -> u32;
}

thread_local! {
    /// The objects that visits begin with, while a snapshot is taken; then their numbers in the snapshot. Always taken out, so they need not be
    /// dropped, and are there also while the thread ends.
    static BEGIN: RefCell<ManuallyDrop<Vec<Place>>> = const { RefCell::new(ManuallyDrop::new(Vec::new())) };
    static NUMBERS: RefCell<ManuallyDrop<Vec<u32>>> = const { RefCell::new(ManuallyDrop::new(Vec::new())) };
}

/// `v8::HeapProfiler::HeapSnapshotOptions`
#[repr(C)]
#[derive(Clone, Copy)]
struct SnapshotOptions {
    control: *mut c_void,
    resolver: *mut c_void,
    mode: i32,
    numerics: i32,
    stack: i32,
}

/// `NumericsMode::kExposeNumericValues`
const WITH_NUMBERS: i32 = 1;

wrap!("__wrap__ZN2v812HeapProfiler16TakeHeapSnapshotERKNS0_19HeapSnapshotOptionsE", take_heap_snapshot);

/// Has heap snapshots show numbers, and finds the numbers of objects in them; the crate offers neither.
///
/// # Safety
/// Called by V8's interface with its own arguments.
unsafe extern "C" fn take_heap_snapshot(profiler: *mut c_void, options: *const SnapshotOptions) -> *const c_void {
    // SAFETY: V8's interface gives live options, which are plain data.
    let options = SnapshotOptions { numerics: WITH_NUMBERS, ..unsafe { *options } };
    // SAFETY: V8's own arguments go on to V8, which reads the options during the call.
    let snapshot = unsafe { v8_take_heap_snapshot(profiler, &raw const options) };
    let begin = ManuallyDrop::into_inner(BEGIN.take());
    // SAFETY: `Digest::of` put live handles there. V8 forgets the numbers when the snapshot goes.
    let numbers = begin.into_iter().map(|object| unsafe { v8_object_id(profiler, object) }).collect();
    NUMBERS.set(ManuallyDrop::new(numbers));
    snapshot
}

/// What was visited, an object a line.
pub(super) struct Digest(String);

impl Digest {
    /// Of what can be reached in a realm, from its global object and from these modules. None when V8 does not tell.
    pub(super) fn of<'a>(
        isolate: &mut v8::Isolate,
        context: &v8::Global<v8::Context>,
        modules: impl Iterator<Item = (&'a String, &'a v8::Global<v8::Module>)>,
    ) -> Option<Digest> {
        let mut json = Vec::new();
        // What objects hold, beginning with the global object, which holds nothing more than is seen.
        let mut contents = vec![String::new()];
        let roots;
        isolate.low_memory_notification();
        {
            v8::scope!(let scope, isolate);
            let context = v8::Local::new(scope, context);
            let scope = &mut v8::ContextScope::new(scope, context);
            let mut begin = vec![place(context.global(scope))];
            for (_, module) in modules {
                let module = v8::Local::new(scope, module);
                begin.push(place(module));
                contents.push(state_contents::of_module(scope, module).unwrap_or_default());
            }
            roots = begin.len();
            for (object, holds) in state_contents::of_heap(scope) {
                begin.push(object);
                contents.push(holds);
            }
            BEGIN.set(ManuallyDrop::new(begin));
            scope.take_heap_snapshot(|part| {
                json.extend_from_slice(part);
                true
            });
        }
        let numbers = ManuallyDrop::into_inner(NUMBERS.take());
        let contents = numbers.iter().copied().zip(contents).collect();
        let text = Heap::read(&json)?.lines(numbers.get(..roots)?, &contents)?;
        Some(Digest(text))
    }

    pub(super) fn digest(&self) -> [u8; SEAL_BYTES] {
        seal(b"", &[self.0.as_bytes()])
    }

    /// The first difference, for people.
    pub(super) fn difference(&self, other: &Digest) -> Option<String> {
        if self.0 == other.0 {
            return None;
        }
        let Some((one, other)) = self.0.lines().zip(other.0.lines()).find(|(one, other)| one != other) else {
            return Some("it has more".to_owned());
        };
        let object: String = one.chars().take(LONGEST).collect();
        let (ones, others) = (one.split(' ').chain([""]), other.split(' ').chain([""]));
        let (one, other) = ones.zip(others).find(|(one, other)| one != other).unwrap_or_default();
        Some(format!("`{one}` became `{other}` in `{object}`"))
    }
}

/// So much of an object is shown.
const LONGEST: usize = 100;

/// A heap snapshot.
struct Heap {
    node_size: usize,
    nodes: Vec<u64>,
    edges: Vec<u64>,
    strings: Vec<String>,
    node_types: Vec<String>,
    edge_types: Vec<String>,
    /// Where the edges of each node begin.
    first_edges: Vec<usize>,
}

/// Positions in a node and in an edge.
const TYPE: usize = 0;
const NAME: usize = 1;
const ID: usize = 2;
const EDGE_COUNT: usize = 4;
const EDGE_SIZE: usize = 3;
const TO: usize = 2;

impl Heap {
    fn read(json: &[u8]) -> Option<Heap> {
        // V8 may cut a string within a character.
        let json = String::from_utf8_lossy(json);
        let parts: HashMap<String, &RawValue> = serde_json::from_str(&json).ok()?;
        let part = |name: &str| parts.get(name).map(|part| part.get());
        let snapshot: serde_json::Value = serde_json::from_str(part("snapshot")?).ok()?;
        let meta = &snapshot["meta"];
        let names = |value: &serde_json::Value| -> Option<Vec<String>> {
            value.as_array()?.iter().map(|name| Some(name.as_str()?.to_owned())).collect()
        };
        let node_fields = names(&meta["node_fields"])?;
        let known = node_fields.get(..5)? == ["type", "name", "id", "self_size", "edge_count"]
            && names(&meta["edge_fields"])? == ["type", "name_or_index", "to_node"];
        let node_size = node_fields.len();
        let nodes: Vec<u64> = serde_json::from_str(part("nodes")?).ok()?;
        let mut first_edges = vec![0];
        for node in nodes.chunks(node_size) {
            first_edges.push(first_edges.last()? + usize::try_from(*node.get(EDGE_COUNT)?).ok()?);
        }
        known.then_some(Heap {
            node_size,
            nodes,
            edges: serde_json::from_str(part("edges")?).ok()?,
            strings: serde_json::from_str(part("strings")?).ok()?,
            node_types: names(&meta["node_types"][0])?,
            edge_types: names(&meta["edge_types"][0])?,
            first_edges,
        })
    }

    fn string(&self, index: u64) -> &str {
        usize::try_from(index).ok().and_then(|index| self.strings.get(index)).map_or("", String::as_str)
    }

    fn node_type(&self, node: usize) -> &str {
        self.node_types.get(self.nodes[node * self.node_size + TYPE] as usize).map_or("", String::as_str)
    }

    fn node_name(&self, node: usize) -> &str {
        self.string(self.nodes[node * self.node_size + NAME])
    }

    /// Edges of a node: type, name or number, and where to.
    fn edges(&self, node: usize) -> impl Iterator<Item = (&str, String, usize)> {
        let edges = self.first_edges[node] * EDGE_SIZE..self.first_edges[node + 1] * EDGE_SIZE;
        self.edges.get(edges).unwrap_or_default().chunks_exact(EDGE_SIZE).filter_map(|edge| {
            let kind = self.edge_types.get(edge[TYPE] as usize)?.as_str();
            let name = match kind {
                "element" | "hidden" => edge[NAME].to_string(),
                _ => self.string(edge[NAME]).to_owned(),
            };
            let to = edge[TO] as usize / self.node_size;
            (to + 1 < self.first_edges.len()).then_some((kind, name, to))
        })
    }

    /// All that is visited from the objects of these numbers on, an object a line; `contents` is what objects hold besides, by their
    /// numbers. None when there is no such object.
    fn lines(&self, begin: &[u32], contents: &HashMap<u32, String>) -> Option<String> {
        let place = |id: &u32| self.nodes.chunks(self.node_size).position(|node| node[ID] == u64::from(*id));
        let mut queue = begin.iter().map(place).collect::<Option<Vec<usize>>>()?;
        let mut numbers: HashMap<_, _> = queue.iter().enumerate().map(|(number, node)| (*node, number)).collect();
        let mut lines = String::new();
        let mut next = 0;
        while let Some(node) = queue.get(next).copied() {
            let _ = write!(lines, "{next} {} {:?}", self.node_type(node), without_numbers(self.node_name(node)));
            let holds = u32::try_from(self.nodes[node * self.node_size + ID]).ok().and_then(|id| contents.get(&id));
            if let Some(holds) = holds.filter(|holds| !holds.is_empty()) {
                let _ = write!(lines, " holds:{holds}");
            }
            // Tables of properties have their hash seed's order.
            let mut edges: Vec<_> = self.edges(node).filter(|edge| self.is_followed(node, edge)).collect();
            edges.sort_by_cached_key(|(kind, name, to)| (*kind, name.clone(), self.node_name(*to)));
            for (kind, name, to) in edges {
                let fresh = queue.len();
                let number = *numbers.entry(to).or_insert(fresh);
                if number == fresh {
                    queue.push(to);
                }
                let _ = write!(lines, " {kind}:{}={number}", without_numbers(&name));
            }
            lines.push('\n');
            next += 1;
        }
        Some(lines)
    }

    /// Whether an edge belongs to the state, rather than to what V8 keeps for speed.
    fn is_followed(&self, from: usize, (kind, name, to): &(&str, String, usize)) -> bool {
        let (from, from_node, to_type) = (self.node_name(from), from, self.node_type(*to));
        match *kind {
            "internal" if from.starts_with(FUNCTION) => matches!(name.as_str(), "script" | "function_literal_id"),
            "internal" if from == SCRIPT || from.starts_with(NAMED_SCRIPT) => name == "source",
            "internal" if name == "shared" => true,
            "internal" if name == "script" || to_type == "code" || to_type == "object shape" => false,
            "internal" if from.ends_with("NativeContext") => !NOT_STATE.iter().any(|part| name.contains(part)),
            "internal" => !matches!(name.as_str(), "map" | "properties" | "hash"),
            // Tables of maps and sets, registers of generators and the like.
            "hidden" if from == ELEMENTS => false,
            "hidden" if from == MODULE => name != EXPORTS && to_type != "code",
            "hidden" if from.ends_with(SCRIPT_CONTEXTS) => self.node_name(*to).ends_with("Context"),
            "hidden" => self.node_type(from_node) == "array" && !matches!(to_type, "code" | "object shape"),
            "context" | "element" | "property" | "shortcut" => to_type != "code",
            _ => false,
        }
    }
}

/// Names of what V8 shares between closures of one function.
const FUNCTION: &str = "system / SharedFunctionInfo";
const SCRIPT: &str = "system / Script";
const NAMED_SCRIPT: &str = "system / Script /";

/// The variables of scripts. Beside them stands a table of their names, which has an order of its own.
const SCRIPT_CONTEXTS: &str = "ScriptContextTable";

/// Elements of an object, which are seen by their numbers. As a table they have an order of their own.
const ELEMENTS: &str = "(object elements)";

/// A module, and the number of the table of its exports, which has an order of its own. The same variables stand beside it.
const MODULE: &str = "system / SourceTextModule";
const EXPORTS: &str = "0";

/// What V8 keeps in a realm for speed, or draws anew.
const NOT_STATE: &[&str] =
    &["cache", "random", "microtask_queue", "serialized_objects", "embedder_data", "_map", "next_context_link"];

/// A name without the numbers of objects and of entries of weak maps in it, which differ from snapshot to snapshot.
fn without_numbers(name: &str) -> String {
    let weak = name.split_once(" / part of key ").map(|(_, rest)| rest);
    let mut parts = weak.unwrap_or(name).split('@');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + "@" + part.trim_start_matches(|letter: char| letter.is_ascii_digit()))
}
