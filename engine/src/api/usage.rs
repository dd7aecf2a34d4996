//! The memory report: `JS_ComputeMemoryUsage` and `JS_DumpMemoryUsage`, and a finer breakdown.
//!
//! The report is the host's own memory; making it takes none of the runtime's.

use core::fmt;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::Runtime;
use crate::heap::{KIND_MASK, SMALL_CELL_BYTES};
use crate::mem::{Front, Part, Use};
use crate::object::{ArrayCell, HEAD_BYTES, Shape, bigint, collections, promise};
use crate::runtime as rt;
use crate::runtime::usage::MemoryUsage;
use crate::runtime::{ClosureCell, CodeCell, NativeCell, Realm};
use crate::text::{rope::Rope, string::Flat};
use crate::value::kind;

/// A line of a report: what, how many, how many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryRow {
    /// What is counted.
    pub name: &'static str,
    /// How many of them.
    pub count: u64,
    /// Their bytes, as charged.
    pub bytes: u64,
}

/// The size of a type's cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeSize {
    /// The type.
    pub name: &'static str,
    /// Bytes asked for.
    pub bytes: u64,
    /// Bytes charged beyond them: rounding and, for cells with a block of their own, the prefix.
    pub slack: u64,
}

/// All that [`Runtime::memory_report`] finds out. Its `Display` form is the dump of `JS_DumpMemoryUsage`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryReport {
    /// QuickJS's figures.
    pub usage: MemoryUsage,
    /// What stands in front of the allocator.
    pub front: Front,
    /// The most bytes that were charged at once.
    pub peak: u64,
    /// Bytes of pages and blocks that cells live in, free slots included.
    pub committed: u64,
    /// Bytes taken from the allocator, as it was asked for them: what the memory limit is on.
    pub taken: u64,
    /// The most bytes taken at once.
    pub peak_taken: u64,
    /// What the allocator holds from the system, where it knows: what is beyond `taken` is its own doing.
    pub held: Option<u64>,
    /// Sizes of common cells.
    pub types: Vec<TypeSize>,
    /// Objects by class number: cells, and the bytes of these and of all that they own.
    pub classes: Vec<(u8, MemoryRow)>,
    /// Cells of other kinds, likewise.
    pub kinds: Vec<(u8, MemoryRow)>,
    /// Blocks by what they are to their owner.
    pub parts: Vec<MemoryRow>,
    /// Blocks by what the books charge them to.
    pub uses: Vec<MemoryRow>,
    /// Uses for which the walk found other figures than the books hold: found and booked. There are none.
    pub disagreements: Vec<(MemoryRow, MemoryRow)>,
}

impl Runtime {
    /// How much memory is used, and for what (`JS_ComputeMemoryUsage`). Walks the whole heap.
    pub fn memory_usage(&self) -> MemoryUsage {
        let _entry = self.shared.enter();
        self.state().memory_usage()
    }

    /// The same with a finer breakdown.
    pub fn memory_report(&self) -> MemoryReport {
        let _entry = self.shared.enter();
        report(self.state())
    }

    /// Writes the report as text (`JS_DumpMemoryUsage`).
    ///
    /// # Errors
    /// What the writer says.
    pub fn dump_memory_usage(&self, to: &mut dyn Write) -> io::Result<()> {
        write!(to, "{}", self.memory_report())
    }
}

/// The report of a runtime that is entered.
pub(super) fn report(state: &rt::Runtime) -> MemoryReport {
    let mem = &state.mem;
    let mut parts = vec![(0, 0); Part::ALL.len()];
    let mut uses = vec![(0, 0); Use::ALL.len()];
    let mut kinds: BTreeMap<u8, (u64, u64)> = BTreeMap::new();
    state.for_each_block(&mut |block| {
        let (count, bytes) = (block.count as u64, block.bytes as u64);
        for row in [&mut parts[block.part as usize], &mut uses[block.purpose as usize]] {
            row.0 += count;
            row.1 += bytes;
        }
        if let Some(cell) = block.cell {
            // SAFETY: the walk gives whole cells.
            let row = kinds.entry(unsafe { cell.as_ref() }.kind() & KIND_MASK).or_default();
            row.0 += u64::from(block.part == Part::Cell);
            row.1 += bytes;
        }
    });
    let row = |name, (count, bytes): (u64, u64)| MemoryRow { name, count, bytes };
    let rows = |list: Vec<MemoryRow>| list.into_iter().filter(|row| row.count != 0).collect();
    let all_uses: Vec<MemoryRow> =
        Use::ALL.iter().zip(uses).map(|(purpose, figures)| row(purpose.label(), figures)).collect();
    let booked = Use::ALL.iter().map(|&purpose| {
        row(purpose.label(), (mem.blocks_of(purpose) as u64, mem.charged_to(purpose) as u64))
    });
    let (classes, kinds) = kinds
        .into_iter()
        .map(|(kind, figures)| (kind, row(kind::name(kind), figures)))
        .partition(|&(kind, _)| kind >= kind::FIRST_OBJECT);
    MemoryReport {
        usage: state.memory_usage(),
        front: mem.front(),
        peak: mem.peak() as u64,
        committed: state.heap.committed() as u64,
        taken: mem.taken() as u64,
        peak_taken: mem.peak_taken() as u64,
        held: mem.allocator().stats().committed.map(|bytes| bytes as u64),
        types: type_sizes(state),
        classes,
        kinds,
        parts: rows(Part::ALL.iter().zip(parts).map(|(part, f)| row(part.label(), f)).collect()),
        disagreements: all_uses.iter().copied().zip(booked).filter(|(found, held)| found != held).collect(),
        uses: rows(all_uses),
    }
}

fn type_sizes(state: &rt::Runtime) -> Vec<TypeSize> {
    let mem = &state.mem;
    let paged = mem.front() == Front::Pool && !state.heap.is_tracking();
    let size = |name, bytes: usize| {
        let charge = if paged && bytes <= SMALL_CELL_BYTES {
            bytes.next_multiple_of(16)
        } else {
            mem.charge_of(bytes.next_multiple_of(8) + 8)
        };
        TypeSize { name, bytes: bytes as u64, slack: (charge - bytes) as u64 }
    };
    vec![
        size("realm", size_of::<Realm>()),
        size("object of 2 properties", HEAD_BYTES + 2 * 8),
        size("object of 4 properties", HEAD_BYTES + 4 * 8),
        size("array", size_of::<ArrayCell>()),
        size("closure of 1 capture", ClosureCell::CAPTURES_OFFSET + 8),
        size("native function", size_of::<NativeCell>()),
        size("map", size_of::<collections::MapCell>()),
        size("promise", size_of::<promise::PromiseCell>()),
        size("string of 10 units", size_of::<Flat<false>>() + 10),
        size("rope", size_of::<Rope>()),
        size("bigint of 1 limb", size_of::<bigint::BigIntCell>() + 8),
        size("shape", size_of::<Shape>()),
        size("function code", size_of::<CodeCell>()),
    ]
}

impl fmt::Display for MemoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let u = &self.usage;
        let limit = if u.malloc_limit == 0 { String::from("none") } else { u.malloc_limit.to_string() };
        writeln!(
            f,
            "Tare memory usage -- version {}, {}-bit, {} front, malloc limit: {limit}\n",
            env!("CARGO_PKG_VERSION"),
            usize::BITS,
            self.front
        )?;
        writeln!(f, "Cell sizes (bytes + slack)")?;
        for size in &self.types {
            writeln!(f, "  {:>5} + {:<3} {}", size.bytes, size.slack, size.name)?;
        }
        for (title, list) in [("Object classes", &self.classes), ("Other cells", &self.kinds)] {
            writeln!(f, "\n{title}\n  {:>10} {:>12} {:>4}  NAME", "COUNT", "SIZE", "ID")?;
            for (id, row) in list {
                writeln!(f, "  {:>10} {:>12} {id:>4}  {}", row.count, row.bytes, row.name)?;
            }
        }
        writeln!(f, "\n{:<22} {:>10} {:>12}", "NAME", "COUNT", "SIZE")?;
        let per = |bytes: u64, count: u64| if count == 0 { 0.0 } else { bytes as f64 / count as f64 };
        let mut line = |name: &str, count: Option<u64>, bytes: Option<u64>, note: String| {
            let count = count.map_or(String::new(), |n| n.to_string());
            let bytes = bytes.map_or(String::new(), |n| n.to_string());
            let text = format!("{name:<22} {count:>10} {bytes:>12}  {note}");
            writeln!(f, "{}", text.trim_end())
        };
        let each = |bytes, count, what: &str| format!("({:.1} per {what})", per(bytes, count));
        line(
            "memory allocated",
            Some(u.malloc_count),
            Some(u.malloc_size),
            each(u.malloc_size, u.malloc_count, "block"),
        )?;
        let rest = u.malloc_size as i128 - u.memory_used_size as i128;
        line(
            "memory used",
            Some(u.memory_used_count),
            Some(u.memory_used_size),
            format!("({rest} not attributed)"),
        )?;
        line("atoms", Some(u.atom_count), Some(u.atom_size), each(u.atom_size, u.atom_count, "atom"))?;
        line("strings", Some(u.str_count), Some(u.str_size), each(u.str_size, u.str_count, "string"))?;
        line("objects", Some(u.obj_count), Some(u.obj_size), each(u.obj_size, u.obj_count, "object"))?;
        let note = format!("({:.1} per object)", per(u.prop_count, u.obj_count));
        line("  properties", Some(u.prop_count), Some(u.prop_size), note)?;
        line(
            "  shapes",
            Some(u.shape_count),
            Some(u.shape_size),
            each(u.shape_size, u.shape_count, "shape"),
        )?;
        line(
            "bytecode functions",
            Some(u.js_func_count),
            Some(u.js_func_size),
            each(u.js_func_size, u.js_func_count, "function"),
        )?;
        let note = each(u.js_func_code_size, u.js_func_count, "function");
        line("  bytecode", None, Some(u.js_func_code_size), note)?;
        let note = each(u.js_func_pc2line_size, u.js_func_pc2line_count, "function");
        line("  pc2line", Some(u.js_func_pc2line_count), Some(u.js_func_pc2line_size), note)?;
        line("native functions", Some(u.c_func_count), None, String::new())?;
        line("arrays", Some(u.array_count), None, String::new())?;
        line("  fast arrays", Some(u.fast_array_count), None, String::new())?;
        let note = each(u.fast_array_elements, u.fast_array_count, "fast array");
        line("  elements", Some(u.fast_array_elements), None, note)?;
        line("binary objects", Some(u.binary_object_count), Some(u.binary_object_size), String::new())?;
        for (title, rows) in [("BLOCKS", &self.parts), ("CHARGED TO", &self.uses)] {
            writeln!(f, "\n{title:<22} {:>10} {:>12}", "COUNT", "SIZE")?;
            for row in rows {
                writeln!(f, "{:<22} {:>10} {:>12}", row.name, row.count, row.bytes)?;
            }
        }
        writeln!(f, "\n{:<22} {:>10} {:>12}", "peak", "", self.peak)?;
        writeln!(f, "{:<22} {:>10} {:>12}", "held for cells", "", self.committed)?;
        writeln!(f, "{:<22} {:>10} {:>12}", "taken", "", self.taken)?;
        writeln!(f, "{:<22} {:>10} {:>12}", "peak taken", "", self.peak_taken)?;
        if let Some(held) = self.held {
            let beyond = held as i128 - i128::from(self.taken);
            writeln!(f, "{:<22} {:>10} {held:>12}  ({beyond} beyond taken)", "held by the allocator", "")?;
        }
        Ok(())
    }
}

impl MemoryReport {
    /// The report as a JSON object. Its names are fixed: those of [`MemoryUsage`] below `usage`.
    pub fn to_json(&self) -> String {
        let mut out = String::from("{\"usage\":{");
        let list = |out: &mut String, items: &mut dyn Iterator<Item = String>| {
            for (i, item) in items.enumerate() {
                let comma = if i == 0 { "" } else { "," };
                let _ = write!(out, "{comma}{item}");
            }
        };
        list(&mut out, &mut self.usage.fields().iter().map(|(name, value)| format!("{name:?}:{value}")));
        let _ = write!(
            out,
            "}},\"front\":\"{}\",\"peak\":{},\"committed\":{},\"taken\":{},\"peak_taken\":{},\"held\":{}",
            self.front,
            self.peak,
            self.committed,
            self.taken,
            self.peak_taken,
            self.held.map_or(String::from("null"), |held| held.to_string())
        );
        let row = |row: &MemoryRow| {
            format!("\"name\":{:?},\"count\":{},\"bytes\":{}", row.name, row.count, row.bytes)
        };
        out.push_str(",\"types\":[");
        list(
            &mut out,
            &mut self
                .types
                .iter()
                .map(|t| format!("{{\"name\":{:?},\"bytes\":{},\"slack\":{}}}", t.name, t.bytes, t.slack)),
        );
        for (name, rows) in [("classes", &self.classes), ("kinds", &self.kinds)] {
            let _ = write!(out, "],\"{name}\":[");
            list(&mut out, &mut rows.iter().map(|(id, r)| format!("{{\"id\":{id},{}}}", row(r))));
        }
        for (name, rows) in [("parts", &self.parts), ("uses", &self.uses)] {
            let _ = write!(out, "],\"{name}\":[");
            list(&mut out, &mut rows.iter().map(|r| format!("{{{}}}", row(r))));
        }
        out.push_str("]}");
        out
    }
}
