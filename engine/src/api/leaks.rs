//! What is alive in a runtime, in words: the leak dump's data.
//!
//! [`Runtime::explain`] renders what [`Heap::leaks`](crate::heap::Heap::leaks) finds. Nothing here runs a
//! script. The report is the host's own memory.

use core::ptr::NonNull;

use super::{Error, Runtime};
use crate::heap::{Header, Reason};
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
}

impl Runtime {
    /// Collects, and explains what is still alive; each list has at most `most` entries.
    ///
    /// # Errors
    /// Without memory for the analysis, about 70 bytes per live cell.
    pub fn explain(&self, most: usize) -> Result<AliveReport, Error> {
        let _entry = self.shared.enter();
        let heap = &self.state().heap;
        heap.collect(Reason::Requested).map_err(|_| Error::OutOfMemory)?;
        let leaks = heap.leaks().map_err(|_| Error::OutOfMemory)?;
        let cells = leaks.cells();
        let alive = |index: usize| {
            let cell = &cells[index];
            let mut path: Vec<usize> = leaks.path(index).collect();
            path.reverse();
            let mut words: Vec<String> = Vec::with_capacity(path.len());
            for (step, &at) in path.iter().enumerate() {
                let edge =
                    step.checked_sub(1).and_then(|before| edge(cells[path[before]].cell, cells[at].cell));
                words.push(edge.unwrap_or_default() + &what(cells[at].cell));
            }
            Alive {
                what: what(cell.cell),
                external: cell.external,
                count: cell.count,
                bytes: cell.bytes,
                retained_bytes: cell.retained,
                path: words,
            }
        };
        let mut held: Vec<usize> = leaks.held().collect();
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
        let plain = |kind| matches!(kind, kind::REALM | kind::SHAPE | kind::CODE);
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
        let totals = leaks.totals();
        Ok(AliveReport {
            cells: cells.len(),
            bytes: leaks.bytes(),
            kinds: (0..totals.len())
                .filter(|&k| totals[k].cells > 0)
                .map(|k| (heap.kind_info(k as u8).name, totals[k].cells, totals[k].bytes))
                .collect(),
            held: held.into_iter().map(alive).collect(),
            largest: largest.into_iter().map(alive).collect(),
        })
    }
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
fn what(cell: NonNull<Header>) -> String {
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
    atom.to_js_string().map_or(String::new(), |string| cut(&string))
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
