//! What is alive in a runtime, in words: the leak dump's data.
//!
//! [`Runtime::explain`] renders what [`Heap::leaks`](crate::heap::Heap::leaks) finds. Nothing here runs a
//! script. The report is the host's own memory.
//!
//! # Invariants
//! - Between the walk and the last word no cell is made, changed or freed: values are looked at through
//!   [`look`], which takes no count, ropes are read piece by piece, and the heap is held still.
//! - What the engine made for itself is told apart from what scripts made: *builtins* ([`mark_builtins`]), texts
//!   of atoms, and what the runtime remembers for speed.

use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use std::collections::{BTreeMap, BTreeSet};

use super::{Error, Runtime};
use crate::heap::{Header, Leaks, LiveCell, Reason, Tracer};
use crate::object::{ObjectHead, Shape};
use crate::runtime as rt;
use crate::runtime::code::ClosureCell;
use crate::text::RawAtom;
use crate::value::{JsString, Object, RawValue, Value, kind};

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
    /// Bytes of the cell and of what it owns outside of itself: elements, tables, slots, bytes of buffers.
    pub bytes: usize,
    /// Bytes of all that would go with it, its own included.
    pub retained_bytes: usize,
    /// The shortest path that keeps it alive, from a cell with external references down to it. The middle of a
    /// long one is left out.
    pub path: Vec<String>,
    /// The largest things that live only because of it, each by the path that leads there.
    pub keeps: Vec<String>,
    /// The function and position that allocated it, when allocations are tracked; `None` for what the host made.
    pub allocated_at: Option<String>,
}

/// All that is alive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AliveReport {
    /// Number of live cells that scripts and the host made; the engine's own are counted apart.
    pub cells: usize,
    /// Their bytes, with all that they own.
    pub bytes: usize,
    /// Number of the engine's own cells: builtins, texts of atoms, what it remembers for speed.
    pub own_cells: usize,
    /// Their bytes.
    pub own_bytes: usize,
    /// Cells and bytes per kind, without the engine's own, for the kinds there are.
    pub kinds: Vec<(&'static str, usize, usize)>,
    /// The cells with external references, most retained bytes first: what has to be let go. Atoms, and what
    /// only the engine itself remembers, are left out.
    pub held: Vec<Alive>,
    /// The cells that retain most, without builtins and those that another of the list accounts for.
    pub largest: Vec<Alive>,
    /// While allocations are tracked: where what is alive was allocated, with cells and bytes; most bytes first.
    pub sites: Vec<(String, usize, usize)>,
}

impl Runtime {
    /// Collects, and explains what is still alive; each list has at most `most` entries.
    ///
    /// # Errors
    /// Without memory for the analysis, about 120 bytes per live cell.
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

/// What the engine itself refers to or made.
struct Own {
    /// References of the runtime's own to cells that it remembers, by place.
    remembered: BTreeMap<usize, u32>,
    /// By place: not the script's.
    cells: Vec<bool>,
}

impl Own {
    fn find(state: &rt::Runtime, cells: &[LiveCell]) -> Own {
        let mut own = Own { remembered: BTreeMap::new(), cells: vec![false; cells.len()] };
        for cell in state.remembered() {
            if let Some(at) = place(cells, cell) {
                *own.remembered.entry(at).or_default() += 1;
            }
        }
        mark_builtins(cells, &mut own.cells);
        for (at, cell) in cells.iter().enumerate() {
            // What only a remembered cell leads to is remembered with it, as a symbol's description is its own.
            let root = cell.root as usize;
            let only_remembered = own.remembered.contains_key(&root) && !own.is_held(cells, root);
            let of_symbol = cells.get(root).is_some_and(|root| is_atom(state, root));
            own.cells[at] |= only_remembered || of_symbol || is_atom(state, cell);
        }
        own
    }

    /// Whether something outside of the heap holds a cell, other than the engine's memory of it.
    fn is_held(&self, cells: &[LiveCell], at: usize) -> bool {
        cells[at].external > self.remembered.get(&at).copied().unwrap_or_default()
    }
}

fn place(cells: &[LiveCell], cell: NonNull<Header>) -> Option<usize> {
    cells.binary_search_by_key(&cell, |live| live.cell).ok()
}

/// Whether a cell is alive only as the text of an atom, or as a string that the atom table keeps.
fn is_atom(state: &rt::Runtime, cell: &LiveCell) -> bool {
    let text = matches!(cell.kind, kind::STRING8 | kind::STRING16 | kind::SYMBOL | kind::PRIVATE_NAME);
    // SAFETY: the cell is live.
    text && (unsafe { cell.cell.as_ref() }.tag() != 0 || state.atoms.is_single(cell.cell))
}

/// Marks what belongs to the realms themselves: realms, what they refer to, and what can be reached from there by
/// prototypes, shapes and properties that enumeration does not show, as those of builtins are. Functions written in
/// JavaScript are the scripts', and so is what only they lead to.
fn mark_builtins(cells: &[LiveCell], own: &mut [bool]) {
    let mut pending: Vec<usize> = (0..cells.len()).filter(|&at| cells[at].kind == kind::REALM).collect();
    while let Some(at) = pending.pop() {
        if core::mem::replace(&mut own[at], true) {
            continue;
        }
        let mut lead = |target: NonNull<Header>| {
            let lead = place(cells, target).filter(|&to| !own[to] && cells[to].kind != kind::CLOSURE);
            pending.extend(lead);
        };
        match cells[at].kind {
            kind::REALM | kind::SHAPE | kind::ACCESSOR => targets(cells[at].cell, &mut lead),
            kind if kind >= kind::FIRST_OBJECT => {
                let object = look(cells[at].cell);
                let Some(object) = object.as_object() else { continue };
                let shape = object.shape();
                lead(NonNull::from(shape).cast());
                for slot in 0..shape.count() {
                    let Some(property) = shape.property(slot) else { continue };
                    let hidden = !property.flags.is_enumerable() && !property.flags.is_variable();
                    if property.atom != RawAtom::NONE && hidden {
                        slot_cell(object, slot).into_iter().for_each(&mut lead);
                    }
                }
            }
            _ => (),
        }
    }
}

/// The cells of atoms that builtins have among their names and values. `None` without
/// memory to find out.
pub(super) fn builtin_names(state: &rt::Runtime) -> Option<BTreeSet<NonNull<Header>>> {
    let leaks = state.heap.leaks(&|_| 0).ok()?;
    let _still = state.heap.hold_still();
    let cells = leaks.cells();
    let mut own = vec![false; cells.len()];
    mark_builtins(cells, &mut own);
    let mut names = BTreeSet::new();
    for (cell, _) in cells.iter().zip(own).filter(|(_, own)| *own) {
        names.insert(cell.cell);
        if cell.kind == kind::SHAPE {
            // SAFETY: the cell is a live shape.
            let shape = unsafe { cell.cell.cast::<Shape>().as_ref() };
            names.extend((0..shape.count()).filter_map(|slot| shape.property(slot)?.atom.as_cell()));
        }
    }
    Some(names)
}

/// Calls `visit` with what a cell refers to.
fn targets(cell: NonNull<Header>, visit: &mut dyn FnMut(NonNull<Header>)) {
    let mut each = |target, _counted| visit(target);
    // SAFETY: the cell is live, and the table pairs kinds with their functions.
    unsafe {
        let heap = crate::heap::Heap::current();
        (heap.kind_info(cell.as_ref().kind()).trace)(cell, &mut Tracer::visitor(&mut each));
    }
}

/// How many paths below a held cell are told.
const KEPT: usize = 3;
/// Steps of a path that are told at each of its ends.
const PATH_END: usize = 8;

/// Cells in line that are passed over because the next retains nearly as much.
const LEADING: usize = 8;

/// Explains what is alive. `leaks_only` tells, for what is held, what hangs below it. `None` without memory for it.
pub(super) fn explain(state: &rt::Runtime, most: usize, leaks_only: bool) -> Option<AliveReport> {
    let heap = &state.heap;
    let leaks = heap.leaks(&|cell| slot_bytes(state, cell)).ok()?;
    let _still = heap.hold_still();
    let cells = leaks.cells();
    let own = Own::find(state, cells);
    let plain = |kind| matches!(kind, kind::REALM | kind::SHAPE | kind::CODE);
    let words = |index: usize| path_in_words(&leaks, index);
    let mut held: Vec<usize> =
        leaks.held().filter(|&i| own.is_held(cells, i) && !is_atom(state, &cells[i])).collect();
    held.sort_by_key(|&i| (core::cmp::Reverse(cells[i].retained), i));
    held.truncate(most);
    let by_depth = in_order_of_depth(cells);
    let mut beneath = BTreeMap::new();
    if leaks_only {
        beneath.extend(held.iter().map(|&at| (at as u32, Vec::new())));
        // What only hangs on its class, by way of shape and realm, is not its own.
        let mut hangs_on_class = vec![false; cells.len()];
        for &at in &by_depth {
            let cell = &cells[at];
            let above = cell.parent as usize;
            hangs_on_class[at] = plain(cell.kind) || hangs_on_class.get(above).is_some_and(|&hangs| hangs);
            if cell.depth != 0
                && is_value(cell.kind)
                && !hangs_on_class[at]
                && let Some(list) = beneath.get_mut(&cell.root)
            {
                list.push(at);
            }
        }
    }
    let alive = |index: usize| {
        let cell = &cells[index];
        let mut beneath = beneath.get(&(index as u32)).cloned().unwrap_or_default();
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
    let largest = largest(cells, &by_depth, most, |at| own.cells[at] || plain(cells[at].kind));
    let mut totals = [(0, 0); crate::heap::KINDS];
    let mut sites: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
    let (mut counted, mut engine) = ((0, 0), (0, 0));
    for (at, cell) in cells.iter().enumerate() {
        let add = |(cells, bytes): &mut (usize, usize)| {
            *cells += 1;
            *bytes += cell.bytes;
        };
        if own.cells[at] {
            add(&mut engine);
            continue;
        }
        add(&mut counted);
        add(&mut totals[usize::from(cell.kind)]);
        // SAFETY: the cell is live.
        if let Some(number) = unsafe { heap.site_of(cell.cell) } {
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
        own_cells: engine.0,
        own_bytes: engine.1,
        kinds: (0..totals.len())
            .filter(|&k| totals[k].0 > 0)
            .map(|k| (heap.kind_info(k as u8).name, totals[k].0, totals[k].1))
            .collect(),
        held: held.into_iter().map(alive).collect(),
        largest: largest.into_iter().map(alive).collect(),
        sites,
    })
}

/// Bytes of an object's out-of-line slots, which the heap does not know of.
fn slot_bytes(state: &rt::Runtime, cell: NonNull<Header>) -> usize {
    // SAFETY: the walk gives live cells; those of objects start with their head.
    let bytes = unsafe {
        if cell.as_ref().kind() < kind::FIRST_OBJECT {
            return 0;
        }
        cell.cast::<ObjectHead>().as_ref().ext_bytes()
    };
    if bytes == 0 { 0 } else { state.mem.charge_of(bytes) }
}

/// The cells that a path leads to, what is nearest to its beginning first.
fn in_order_of_depth(cells: &[LiveCell]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..cells.len()).filter(|&at| !cells[at].is_garbage()).collect();
    order.sort_by_key(|&at| cells[at].depth);
    order
}

/// The cells that retain most and are not to be skipped, without those that hang below another of the list, or
/// that only lead to one which retains nearly as much.
fn largest(cells: &[LiveCell], by_depth: &[usize], most: usize, skip: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut leads_on = vec![false; cells.len()];
    // What the first cell of a line of such cells retains, and how many there were: a long list is told by its
    // beginning, not by its end.
    let mut line = vec![(0, 0); cells.len()];
    for &at in by_depth.iter().filter(|&&at| !skip(at)) {
        let above = cells[at].parent as usize;
        let (head, steps) = line.get(above).copied().unwrap_or_default();
        line[at] = if head != 0 && cells[at].retained >= head / 10 * 9 && steps < LEADING {
            leads_on[above] = true;
            (head, steps + 1)
        } else {
            (cells[at].retained, 0)
        };
    }
    // The cells below one in the tree of shortest paths get the numbers behind its own.
    let mut sizes = vec![1; cells.len()];
    for &at in by_depth.iter().rev() {
        if let Some(above) = sizes.get(at).copied().filter(|_| (cells[at].parent as usize) < cells.len()) {
            sizes[cells[at].parent as usize] += above;
        }
    }
    let (mut numbers, mut next) = (vec![0; cells.len()], vec![0; cells.len()]);
    let mut roots = 0;
    for &at in by_depth {
        let number = match next.get_mut(cells[at].parent as usize) {
            Some(next) => core::mem::replace(next, *next + sizes[at]),
            None => {
                roots += sizes[at];
                roots - sizes[at]
            }
        };
        numbers[at] = number;
        next[at] = number + 1;
    }
    let mut order: Vec<usize> = by_depth.iter().copied().filter(|&i| !skip(i) && !leads_on[i]).collect();
    order.sort_by_key(|&i| (core::cmp::Reverse(cells[i].retained), i));
    let mut list: Vec<usize> = Vec::new();
    // What hangs below one of the list is told with it: first numbers and ends, none within another.
    let mut told: BTreeMap<usize, usize> = BTreeMap::new();
    for index in order {
        if list.len() == most {
            break;
        }
        let (first, end) = (numbers[index], numbers[index] + sizes[index]);
        if told.range(..=first).next_back().is_some_and(|(_, &end)| first < end) {
            continue;
        }
        let within: Vec<usize> = told.range(first..end).map(|(&first, _)| first).collect();
        for first in within {
            told.remove(&first);
        }
        told.insert(first, end);
        list.push(index);
    }
    list
}

/// The steps of a path from outside to a cell.
fn path_in_words(leaks: &Leaks, index: usize) -> Vec<String> {
    let cells = leaks.cells();
    let mut path: Vec<usize> = leaks.path(index).collect();
    path.reverse();
    let step = |at: usize| {
        let edge = at.checked_sub(1).and_then(|before| edge(cells[path[before]].cell, cells[path[at]].cell));
        edge.unwrap_or_default() + &what(cells[path[at]].cell)
    };
    if path.len() <= 2 * PATH_END + 1 {
        return (0..path.len()).map(step).collect();
    }
    let between = format!("… {} more …", path.len() - 2 * PATH_END);
    let ends = (0..PATH_END).map(step).chain([between]);
    ends.chain((path.len() - PATH_END..path.len()).map(step)).collect()
}

/// A live cell as a value to look at: no count is taken, and none given back.
fn look(cell: NonNull<Header>) -> ManuallyDrop<Value> {
    // SAFETY: the cell is live: the analysis lists live cells, and nothing is freed meanwhile.
    ManuallyDrop::new(unsafe { Value::from_raw(RawValue::cell(cell)) })
}

/// The cell that an object's slot refers to.
fn slot_cell(object: &Object, slot: u32) -> Option<NonNull<Header>> {
    // SAFETY: the slot is one of the object's shape, so it is initialised; it is only read.
    unsafe { &*core::ptr::with_exposed_provenance::<Value>(object.slot_address(slot)) }.as_cell()
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
    let value = look(cell);
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
    let function = look(slot_cell(prototype, slot)?);
    let name = atom_text(function.downcast::<ClosureCell>()?.code().name());
    (!name.is_empty()).then_some(name)
}

/// How one object refers to another: `.name ` of a property, `[3] ` of an element.
fn edge(from: NonNull<Header>, to: NonNull<Header>) -> Option<String> {
    if !is_value(kind_of(from)) {
        return None;
    }
    let value = look(from);
    let object = value.as_object()?;
    let shape = object.shape();
    for slot in 0..shape.count() {
        let Some(property) = shape.property(slot) else { continue };
        if property.atom != RawAtom::NONE && slot_cell(object, slot) == Some(to) {
            return Some(format!(".{} ", atom_text(property.atom)));
        }
    }
    let array = object.as_array()?;
    // SAFETY: nothing runs while the slice is looked at.
    let elements = unsafe { array.dense_slice() };
    elements.iter().take(100_000).position(|value| value.as_cell() == Some(to)).map(|i| format!("[{i}] "))
}

fn atom_text(atom: RawAtom) -> String {
    if atom == RawAtom::NONE {
        return String::new();
    }
    crate::runtime::sites::atom_name(atom).chars().take(TEXT).collect()
}

fn cut(string: &JsString) -> String {
    let mut units = Vec::with_capacity(TEXT);
    string.beginning(TEXT, &mut |unit| units.push(unit));
    let mut out: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{FFFD}')).collect();
    if string.len() > TEXT {
        out.push('…');
    }
    out
}
