//! Symbol cells, and private names, which are symbols that no script can hold.

use core::cell::Cell as StdCell;

use super::atom::{AtomTable, RawAtom};
use crate::heap::{self, Cell, Header, Tracer};
use crate::value::{JsResult, Symbol, Value, kind};

/// A symbol: its tag is its atom's index.
#[repr(C)]
pub struct SymbolCell {
    header: Header,
    /// Bit 0: has weak references (the heap's convention). Bit 1: made by `Symbol.for`.
    flags: StdCell<u64>,
    description: Value,
}

/// A private name: the same cell under another kind.
#[repr(transparent)]
pub struct PrivateNameCell(SymbolCell);

// SAFETY: `repr(C)` with the header first; the description is the only reference.
unsafe impl Cell for SymbolCell {
    const KIND: u8 = kind::SYMBOL;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.description.trace(tracer);
    }
}

// SAFETY: as above.
unsafe impl Cell for PrivateNameCell {
    const KIND: u8 = kind::PRIVATE_NAME;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.0.trace(tracer);
    }
}

impl Drop for SymbolCell {
    fn drop(&mut self) {
        if self.header.tag() != 0 {
            AtomTable::current().forget(self.header.tag());
        }
    }
}

impl Symbol {
    /// A new symbol. `description` is a string or `undefined`.
    pub fn new(description: Value) -> JsResult<Symbol> {
        let cell = SymbolCell { header: Header::new(0), flags: StdCell::new(0), description };
        let cell = heap::current().alloc(cell, u32::from(kind::SYMBOL))?;
        let value = Value::from(cell);
        AtomTable::current().adopt(value.cell_unchecked())?;
        // SAFETY: the cell is a symbol.
        Ok(unsafe { Symbol::from_value_unchecked(value) })
    }

    /// A symbol's cell.
    pub fn cell(&self) -> &SymbolCell {
        // SAFETY: a symbol's cell is a `SymbolCell`.
        unsafe { self.as_cell().cast::<SymbolCell>().as_ref() }
    }

    /// The atom that stands for this symbol.
    pub fn atom(&self) -> RawAtom {
        // SAFETY: the symbol is alive.
        RawAtom::from_index(unsafe { self.as_cell().as_ref().tag() })
    }
}

impl SymbolCell {
    /// The description: a string or `undefined`.
    pub fn description(&self) -> &Value {
        &self.description
    }

    /// Whether `Symbol.for` made it.
    pub fn is_registered(&self) -> bool {
        self.flags.get() & 2 != 0
    }

    /// Notes that `Symbol.for` made it.
    pub fn set_registered(&self) {
        self.flags.set(self.flags.get() | 2);
    }

    /// Notes whether weak references to it exist.
    pub fn set_weak(&self, weak: bool) {
        self.flags.set(self.flags.get() & !1 | u64::from(weak));
    }
}

/// A new private name with a description for messages.
pub fn new_private_name(description: Value) -> JsResult<Value> {
    let cell = PrivateNameCell(SymbolCell { header: Header::new(0), flags: StdCell::new(0), description });
    let value = Value::from(heap::current().alloc(cell, u32::from(kind::PRIVATE_NAME))?);
    AtomTable::current().adopt(value.cell_unchecked())?;
    Ok(value)
}
