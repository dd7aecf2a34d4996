//! The dumps that the dump flags ask for.

use core::fmt::{self, Write};
use core::ptr::NonNull;
use std::rc::Rc;

use super::leaks::{self, Alive, AliveReport};
use super::usage;
use crate::heap::{Event, Header, Outcome};
use crate::runtime::Runtime;
use crate::runtime::dump::{DumpFlags, DumpText};
use crate::runtime::sites::atom_name;
use crate::value::kind;

/// Entries of the leak dump's list.
const MOST: usize = 100;

/// Connects the heap's log to what the flags say. Called when they are set.
pub(super) fn connect(state: &Runtime) {
    let gc = state.dump_flags.has(DumpFlags::GC).then(|| {
        let to = Rc::clone(&state.dump_output);
        Box::new(move |event: &Event<'_>| {
            let mut text = DumpText(&to);
            let _ = match event {
                Event::Start { .. } => Ok(()),
                Event::End(outcome) => collection(&mut text, outcome),
                Event::Failed { reason, charged } => {
                    writeln!(text, "gc: {reason}, given up for want of memory at {charged} bytes")
                }
                #[allow(unreachable_patterns, reason = "other events tell of parts of a collection")]
                _ => Ok(()),
            };
        }) as Box<dyn crate::heap::Observer>
    });
    state.heap.set_log(gc);
    let free = state.dump_flags.has(DumpFlags::GC_FREE);
    state.heap.set_garbage_hook(free.then_some(freeing as crate::heap::GarbageHook));
}

fn collection(text: &mut dyn Write, outcome: &Outcome) -> fmt::Result {
    writeln!(
        text,
        "gc: {}, {}: {} -> {} bytes, freed {} cells of {}, {} us",
        outcome.reason,
        outcome.collector,
        outcome.charged_before,
        outcome.charged_after,
        outcome.freed_cells,
        outcome.freed_cells + outcome.live_cells as u64,
        outcome.pause_ns / 1000
    )
}

/// The heap's garbage hook: `owner` is the runtime.
unsafe fn freeing(owner: *mut (), cell: NonNull<Header>) {
    // SAFETY: the heap calls this with its owner, which is a runtime, and a whole cell.
    unsafe {
        let state = &*owner.cast::<Runtime>();
        let mut text = DumpText(&state.dump_output);
        let size = state.heap.cell_size(cell);
        let _ = writeln!(text, "gc frees {}, {size} bytes{}", leaks::what(cell), allocated(state, cell));
    }
}

fn allocated(state: &Runtime, cell: NonNull<Header>) -> String {
    leaks::site(state, cell).map_or(String::new(), |site| format!(", allocated at {site}"))
}

/// The dumps that are made before the runtime lets anything go.
pub(super) fn before_end(state: &mut Runtime) {
    let flags = state.dump_flags;
    let to = Rc::clone(&state.dump_output);
    let mut text = DumpText(&to);
    // A dump is no reason to stop: what cannot be written is lost.
    let _ = (|| -> fmt::Result {
        if flags.has(DumpFlags::MEM) {
            write!(text, "{}", usage::report(state))?;
        }
        if flags.has(DumpFlags::OBJECTS) {
            objects(state, &mut text)?;
        }
        if flags.has(DumpFlags::ATOMS) {
            writeln!(text, "atoms: {}", state.atoms.len())?;
            let mut result = Ok(());
            state.atoms.for_each(&mut |atom| {
                // SAFETY: an atom of the table has a live cell.
                let count = atom.as_cell().map_or(0, |cell| unsafe { cell.as_ref() }.count());
                let kind = if atom.is_symbol() || atom.is_private() { "symbol " } else { "" };
                if result.is_ok() {
                    result = writeln!(text, "  {:>6} {count:>6} {kind}{:?}", atom.bits(), atom_name(atom));
                }
            });
            result?;
        }
        if flags.has(DumpFlags::SHAPES) {
            shapes(state, &mut text)?;
        }
        Ok(())
    })();
}

fn objects(state: &Runtime, text: &mut dyn Write) -> fmt::Result {
    writeln!(text, "objects:\n  {:>6} {:>6} {:>6}  CLASS {{PROPERTIES}}", "COUNT", "SIZE", "SHAPE")?;
    let mut result = Ok(());
    state.heap.for_each_cell(&mut |cell| {
        // SAFETY: visited cells are whole; a live object's tag is its shape's number.
        let header = unsafe { cell.as_ref() };
        if header.is_dead() || header.kind() < kind::FIRST_OBJECT || result.is_err() {
            return;
        }
        // SAFETY: as above.
        let size = unsafe { state.heap.cell_size(cell) };
        let keys = state.shapes.live(header.tag()).map_or(String::new(), keys);
        let what = leaks::what(cell);
        let site = allocated(state, cell);
        result =
            writeln!(text, "  {:>6} {size:>6} {:>6}  {what} {{{keys}}}{site}", header.count(), header.tag());
    });
    result
}

fn keys(shape: &crate::object::Shape) -> String {
    let names: Vec<String> =
        (0..shape.count()).filter_map(|i| shape.property(i)).map(|p| atom_name(p.atom)).collect();
    names.join(", ")
}

fn shapes(state: &Runtime, text: &mut dyn Write) -> fmt::Result {
    writeln!(
        text,
        "shapes: {}\n  {:>6} {:>6} {:>6}  PROTOTYPE {{PROPERTIES}}",
        state.shapes.len(),
        "ID",
        "SLOTS",
        "INLINE"
    )?;
    let mut result = Ok(());
    state.shapes.for_each(&mut |shape| {
        if result.is_ok() {
            let prototype = shape.prototype().as_cell().map_or(String::from("null"), leaks::what);
            let unique = if shape.has(crate::object::shape_flags::UNIQUE) { " unique" } else { "" };
            result = writeln!(
                text,
                "  {:>6} {:>6} {:>6}  {prototype} {{{}}}{unique}",
                shape.id(),
                shape.count(),
                shape.inline_capacity(),
                keys(shape)
            );
        }
    });
    result
}

/// The leak dump, when everything that the runtime held was let go but the predefined atoms.
pub(super) fn leaks(state: &Runtime) {
    let mut text = DumpText(&state.dump_output);
    if !state.dump_flags.has(DumpFlags::LEAKS) {
        return;
    }
    let _ = match leaks::explain(state, MOST, true) {
        Some(report) => write_leaks(&mut text, &report),
        None => writeln!(text, "leaks: there is no memory to find out about them"),
    };
}

/// Writes a report of what leaked.
fn write_leaks(text: &mut dyn Write, report: &AliveReport) -> fmt::Result {
    if report.held.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "leaks: {} held from outside keep {} cells, {} bytes",
        report.held.len(),
        report.cells,
        report.bytes
    )?;
    writeln!(text, "  {:>8} {:>10}  CLASS", "COUNT", "SIZE")?;
    for (name, cells, bytes) in &report.kinds {
        writeln!(text, "  {cells:>8} {bytes:>10}  {name}")?;
    }
    for alive in &report.held {
        write_alive(text, alive)?;
    }
    Ok(())
}

fn write_alive(text: &mut dyn Write, alive: &Alive) -> fmt::Result {
    write!(
        text,
        "  {}: {} of {} references from outside, {} bytes, keeps {} bytes",
        alive.what, alive.external, alive.count, alive.bytes, alive.retained_bytes
    )?;
    if let Some(site) = &alive.allocated_at {
        write!(text, ", allocated at {site}")?;
    }
    writeln!(text)?;
    for beneath in &alive.keeps {
        writeln!(text, "      {}", beneath)?;
    }
    Ok(())
}

/// Atoms that are left when the predefined ones were let go, without the names of builtins that something which
/// leaked keeps.
pub(super) fn atom_leaks(state: &Runtime) {
    if !state.dump_flags.has(DumpFlags::ATOM_LEAKS) || state.atoms.is_empty() {
        return;
    }
    let names = leaks::builtin_names(state).unwrap_or_default();
    let mut left = Vec::new();
    state.atoms.for_each_cell(&mut |cell| {
        if !names.contains(&cell) {
            left.push(cell);
        }
    });
    if left.is_empty() {
        return;
    }
    let mut text = DumpText(&state.dump_output);
    let _ = writeln!(text, "atom leaks: {}", left.len());
    for cell in left {
        // SAFETY: an atom of the table has a live cell.
        let count = unsafe { cell.as_ref() }.count();
        let _ = writeln!(text, "  {count:>6} {}", leaks::what(cell));
    }
}
