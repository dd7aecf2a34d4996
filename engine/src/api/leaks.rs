//! What is alive in a runtime, in words: the leak dump's data.
//!
//! [`Runtime::explain`] renders what [`Heap::leaks`](crate::heap::Heap::leaks) finds. Nothing here runs a
//! script. The report is the host's own memory.

use core::ptr::NonNull;
use std::collections::BTreeMap;

use super::{Error, Runtime};
use crate::heap::{Header, LiveCell, Reason};
use crate::runtime as rt;
use crate::runtime::code::ClosureCell;
use crate::text::RawAtom;
use crate::value::{JsString, RawValue, Value, kind};

/// Texts of strings in a report are cut to this many characters.
const TEXT: usize = 40;

/// A live cell, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alive {
    /// What it is: its class, a function's name, the beginning of a string.
    pub what: String,
    /// References to it that no live cell holds: the host's, the stack's, or leaked ones.
    pub external: u32,
    /// References to it in all.
    pub count: u32,
    /// Bytes of the cell itself.
    pub bytes: usize,
    /// Bytes of the cells that would go with it, its own included.
    pub retained_bytes: usize,
    /// The shortest path that keeps it alive, from a cell with external references down to it.
    pub path: Vec<String>,
    /// The largest things that live only because of it, each by the path that leads there.
    pub keeps: Vec<String>,
    /// The function and position that allocated it, when allocations are tracked; `None` for what the host made.
    pub allocated_at: Option<String>,
}

/// All that is alive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AliveReport {
    /// Number of live cells.
    pub cells: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Cells and bytes per kind, for the kinds there are.
    pub kinds: Vec<(&'static str, usize, usize)>,
    /// The cells with external references, most retained bytes first: what has to be let go.
    pub held: Vec<Alive>,
    /// The cells that retain most, without those that another of the list accounts for.
    pub largest: Vec<Alive>,
    /// While allocations are tracked: where what is alive was allocated, with cells and bytes; most bytes first.
    pub sites: Vec<(String, usize, usize)>,
}

impl Runtime {
    /// Collects, and explains what is still alive; each list has at most `most` entries.
    ///
    /// # Errors
    /// Without memory for the analysis, about 70 bytes per live cell.
    pub fn explain(&self, most: usize) -> Result<AliveReport, Error> {
        let _entry = self.shared.enter();
        let state = self.state();
        state.heap.collect(Reason::Requested).map_err(|_| Error::OutOfMemory)?;
        explain(state, most, false).ok_or(Error::OutOfMemory)
    }
}

/// Where a cell was allocated, when that is known.
pub(super) fn site(state: &rt::Runtime, cell: NonNull<Header>) -> Option<String> {
    // SAFETY: callers give live cells.
    let number = unsafe { state.heap.site_of(cell) }?;
    state.sites.as_ref()?.get(number).map(|site| site.to_string())
}

/// Whether a cell is alive only as the text of an atom, or as a string that the atom table keeps.
fn is_atom(state: &rt::Runtime, cell: &LiveCell) -> bool {
    let text = matches!(cell.kind, kind::STRING8 | kind::STRING16 | kind::SYMBOL | kind::PRIVATE_NAME);
    // SAFETY: the cell is live.
    text && (unsafe { cell.cell.as_ref() }.tag() != 0 || state.atoms.is_single(cell.cell))
}

/// How many paths below a held cell are told.
const KEPT: usize = 3;

/// Explains what is alive. `leaks` leaves out what is alive only as an atom. `None` without memory for it.
pub(super) fn explain(state: &rt::Runtime, most: usize, leaks_only: bool) -> Option<AliveReport> {
    let heap = &state.heap;
    let leaks = heap.leaks().ok()?;
    let cells = leaks.cells();
    let plain = |kind| matches!(kind, kind::REALM | kind::SHAPE | kind::CODE);
    let words = |index: usize| {
        let mut path: Vec<usize> = leaks.path(index).collect();
        path.reverse();
        let mut words: Vec<String> = Vec::with_capacity(path.len());
        for (step, &at) in path.iter().enumerate() {
            let edge = step.checked_sub(1).and_then(|before| edge(cells[path[before]].cell, cells[at].cell));
            words.push(edge.unwrap_or_default() + &what(cells[at].cell));
        }
        words
    };
    let alive = |index: usize| {
        let cell = &cells[index];
        let mut beneath: Vec<usize> = if leaks_only {
            // What only hangs on its class, by way of shape and realm, is not its own.
            (0..cells.len())
                .filter(|&i| i != index && cells[i].depth != 0 && is_value(cells[i].kind))
                .filter(|&i| leaks.path(i).last() == Some(index))
                .filter(|&i| leaks.path(i).all(|above| !plain(cells[above].kind)))
                .collect()
        } else {
            Vec::new()
        };
        beneath.sort_by_key(|&i| (core::cmp::Reverse(cells[i].retained), i));
        Alive {
            what: what(cell.cell),
            external: cell.external,
            count: cell.count,
            bytes: cell.bytes,
            retained_bytes: cell.retained,
            path: words(index),
            keeps: beneath.into_iter().take(KEPT).map(|i| words(i).join(" → ")).collect(),
            allocated_at: site(state, cell.cell),
        }
    };
    let mut held: Vec<usize> = leaks.held().filter(|&i| !(leaks_only && is_atom(state, &cells[i]))).collect();
    held.sort_by_key(|&i| (core::cmp::Reverse(cells[i].retained), i));
    held.truncate(most);
    // A cell whose retained bytes are nearly all those of one below it only leads there.
    let mut leads_on = vec![false; cells.len()];
    for cell in cells {
        if let Some(above) = cells.get(cell.parent as usize)
            && cell.retained >= above.retained / 10 * 9
        {
            leads_on[cell.parent as usize] = true;
        }
    }
    let mut order: Vec<usize> = (0..cells.len())
        .filter(|&i| !cells[i].is_garbage() && !plain(cells[i].kind) && !leads_on[i])
        .collect();
    order.sort_by_key(|&i| (core::cmp::Reverse(cells[i].retained), i));
    let mut largest: Vec<usize> = Vec::new();
    for index in order {
        if largest.len() == most {
            break;
        }
        // What hangs below one of the list is told with it.
        let told = leaks.path(index).skip(1).any(|above| largest.contains(&above));
        if !told {
            largest.push(index);
        }
    }
    let mut totals = [(0, 0); crate::heap::KINDS];
    let mut sites: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
    let mut counted = (0, 0);
    for cell in cells.iter().filter(|cell| !(leaks_only && is_atom(state, cell))) {
        // SAFETY: the cell is live.
        let number = unsafe { heap.site_of(cell.cell) };
        let add = |(cells, bytes): &mut (usize, usize)| {
            *cells += 1;
            *bytes += cell.bytes;
        };
        add(&mut counted);
        add(&mut totals[usize::from(cell.kind)]);
        if let Some(number) = number {
            add(sites.entry(number).or_default());
        }
    }
    let mut sites: Vec<(String, usize, usize)> = sites
        .into_iter()
        .filter_map(|(number, (cells, bytes))| {
            Some((state.sites.as_ref()?.get(number)?.to_string(), cells, bytes))
        })
        .collect();
    sites.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    sites.truncate(most);
    Some(AliveReport {
        cells: counted.0,
        bytes: counted.1,
        kinds: (0..totals.len())
            .filter(|&k| totals[k].0 > 0)
            .map(|k| (heap.kind_info(k as u8).name, totals[k].0, totals[k].1))
            .collect(),
        held: held.into_iter().map(alive).collect(),
        largest: largest.into_iter().map(alive).collect(),
        sites,
    })
}

/// A live cell as a value of one's own.
fn value_of(cell: NonNull<Header>) -> Value {
    // SAFETY: the cell is live: the analysis lists live cells, and nothing is freed meanwhile.
    unsafe { RawValue::cell(cell).to_owned() }
}

fn kind_of(cell: NonNull<Header>) -> u8 {
    // SAFETY: the cell is live.
    unsafe { cell.as_ref() }.kind()
}

/// Whether cells of this kind are values that a script can hold.
fn is_value(kind: u8) -> bool {
    kind <= kind::BIGINT || (kind >= kind::FIRST_OBJECT && kind != kind::FOR_IN)
}

/// What a cell is.
pub(super) fn what(cell: NonNull<Header>) -> String {
    let kind = kind_of(cell);
    if !is_value(kind) {
        return kind::name(kind).to_string();
    }
    let value = value_of(cell);
    if let Some(string) = value.as_string() {
        return format!("string {:?}", cut(string));
    }
    if let Some(closure) = value.downcast::<ClosureCell>() {
        let name = atom_text(closure.code().name());
        return if name.is_empty() { "function".into() } else { format!("function {name}") };
    }
    let Some(object) = value.as_object() else { return kind::name(kind).to_string() };
    match constructor(object.shape().prototype()) {
        Some(name) if kind == kind::OBJECT => name,
        _ => kind::name(kind).to_string(),
    }
}

/// The name of the function that a prototype calls its constructor.
fn constructor(prototype: &Value) -> Option<String> {
    let prototype = prototype.as_object()?;
    let (slot, _) = prototype.find(crate::text::names::CONSTRUCTOR)?;
    let function = prototype.slot(slot);
    let name = atom_text(function.downcast::<ClosureCell>()?.code().name());
    (!name.is_empty()).then_some(name)
}

/// How one object refers to another: `.name ` of a property, `[3] ` of an element.
fn edge(from: NonNull<Header>, to: NonNull<Header>) -> Option<String> {
    if !is_value(kind_of(from)) {
        return None;
    }
    let value = value_of(from);
    let object = value.as_object()?;
    let shape = object.shape();
    for slot in 0..shape.count() {
        let Some(property) = shape.property(slot) else { continue };
        if property.atom != RawAtom::NONE && object.slot(slot).as_cell() == Some(to) {
            return Some(format!(".{} ", atom_text(property.atom)));
        }
    }
    let array = object.as_array()?;
    (0..array.length().min(100_000))
        .find(|&i| array.dense(i).is_some_and(|v| v.as_cell() == Some(to)))
        .map(|i| format!("[{i}] "))
}

fn atom_text(atom: RawAtom) -> String {
    if atom == RawAtom::NONE {
        return String::new();
    }
    crate::runtime::sites::atom_name(atom).chars().take(TEXT).collect()
}

fn cut(string: &JsString) -> String {
    let Ok(text) = string.text() else { return String::new() };
    let mut out: String =
        char::decode_utf16(text.units()).take(TEXT).map(|c| c.unwrap_or('\u{FFFD}')).collect();
    if text.len() > TEXT {
        out.push('…');
    }
    out
}
