//! What can be reached in a realm, as one number: taken from V8's heap snapshot, which also sees what scripts can't, such as the variables
//! of closures, private fields, suspended generators and the reactions of promises.
//!
//! Objects are visited from the global object on, breadth first, and numbered as they come; so the digest does not depend on where they lie. What V8
//! keeps for speed is left out: shapes, code, feedback, hash tables as such.

use super::wrap::wrap;
use crate::crypto::{SEAL_BYTES, seal};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::ffi::c_void;

unsafe extern "C" {
    /// `v8::HeapProfiler::TakeHeapSnapshot(const HeapSnapshotOptions&)`
    #[link_name = "__real__ZN2v812HeapProfiler16TakeHeapSnapshotERKNS0_19HeapSnapshotOptionsE"]
    fn v8_take_heap_snapshot(profiler: *mut c_void, options: *const SnapshotOptions) -> *const c_void;
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

/// Has heap snapshots show numbers; the crate does not offer it.
///
/// # Safety
/// Called by V8's interface with its own arguments.
unsafe extern "C" fn take_heap_snapshot(profiler: *mut c_void, options: *const SnapshotOptions) -> *const c_void {
    // SAFETY: V8's interface gives live options, which are plain data.
    let options = SnapshotOptions { numerics: WITH_NUMBERS, ..unsafe { *options } };
    // SAFETY: V8's own arguments go on to V8, which reads the options during the call.
    unsafe { v8_take_heap_snapshot(profiler, &raw const options) }
}

/// What was visited, an object a line.
pub(super) struct Digest(String);

impl Digest {
    /// Of what can be reached in the isolate's realm. None when V8 does not tell.
    pub(super) fn of(isolate: &mut v8::Isolate) -> Option<Digest> {
        let mut json = Vec::new();
        isolate.low_memory_notification();
        isolate.take_heap_snapshot(|part| {
            json.extend_from_slice(part);
            true
        });
        Some(Digest(Heap::read(&json)?.lines()))
    }

    pub(super) fn digest(&self) -> [u8; SEAL_BYTES] {
        seal(b"", &[self.0.as_bytes()])
    }

    /// The first difference, for people.
    pub(super) fn difference(&self, other: &Digest) -> Option<String> {
        if self.0 == other.0 {
            return None;
        }
        let differing = self.0.lines().zip(other.0.lines()).find(|(one, other)| one != other);
        let (one, other) = differing.unwrap_or(("one has more", ""));
        Some(format!("`{}` and `{}`", cut(one), cut(other)))
    }
}

fn cut(line: &str) -> String {
    line.chars().take(200).collect()
}

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

    /// All that is visited, an object a line.
    fn lines(&self) -> String {
        let mut numbers = HashMap::new();
        let mut queue = Vec::new();
        let mut lines = String::new();
        for (kind, _, to) in self.edges(0) {
            if kind == "shortcut" && numbers.insert(to, queue.len()).is_none() {
                queue.push(to);
            }
        }
        let mut next = 0;
        while let Some(node) = queue.get(next).copied() {
            lines.push_str(&format!("{next} {} {:?}", self.node_type(node), self.node_name(node)));
            for (kind, name, to) in self.edges(node) {
                if !is_followed(kind, &name, self.node_type(to), self.node_name(to)) {
                    continue;
                }
                let fresh = queue.len();
                let number = *numbers.entry(to).or_insert(fresh);
                if number == fresh {
                    queue.push(to);
                }
                lines.push_str(&format!(" {kind}:{name}={number}"));
            }
            lines.push('\n');
            next += 1;
        }
        lines
    }
}

/// Whether an edge belongs to the state, rather than to what V8 keeps for speed.
fn is_followed(kind: &str, name: &str, to_type: &str, _to_name: &str) -> bool {
    match kind {
        "context" | "element" | "property" | "shortcut" => to_type != "code",
        "internal" => !matches!(to_type, "code" | "object shape") && !matches!(name, "map" | "properties" | "elements"),
        _ => false,
    }
}
