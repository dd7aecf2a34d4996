//! The property tables of shapes: entries in the order of their slots, with a hash index over them.
//!
//! # Invariants
//! - Entries with atom 0 were deleted. An entry owns its atom.
//! - The index, of tables with room for more than [`LINEAR`] entries, leads to every other entry; it is at least twice
//!   as large as there are entries.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::shape::Property;
use crate::heap;
use crate::mem::{Mem, OutOfMemory, Use};
use crate::text::RawAtom;

/// Shapes with more properties than this have a hash index.
pub(super) const LINEAR: u32 = 8;
const EMPTY: u32 = 0;
const TOMB: u32 = u32::MAX;

/// A block of properties, shared along a line of shapes.
#[repr(C)]
pub(super) struct PropertyTable {
    pub(super) owners: u32,
    pub(super) len: u32,
    pub(super) capacity: u32,
    /// Size of the hash index behind the entries; 0 when there is none, else a power of two.
    pub(super) index_size: u32,
}

impl PropertyTable {
    pub(super) fn layout(capacity: u32, index_size: u32) -> Layout {
        let bytes = size_of::<PropertyTable>()
            + capacity as usize * size_of::<Property>()
            + index_size as usize * size_of::<u32>();
        Layout::from_size_align(bytes, 8).expect("tables are far below the address space")
    }

    pub(super) fn mem() -> &'static Mem {
        heap::current().mem()
    }

    pub(super) fn alloc(capacity: u32) -> Result<NonNull<PropertyTable>, OutOfMemory> {
        let index_size = if capacity > LINEAR { (capacity * 2).next_power_of_two() } else { 0 };
        let block = Self::mem().alloc(Use::Shapes, Self::layout(capacity, index_size))?.cast();
        // SAFETY: the block has room for head, entries and index.
        unsafe {
            block.write(PropertyTable { owners: 1, len: 0, capacity, index_size });
            Self::index_of(block).write_bytes(0, index_size as usize);
        }
        Ok(block)
    }

    /// # Safety
    /// `table` is alive.
    #[inline(always)]
    pub(super) unsafe fn entries_of(table: NonNull<PropertyTable>) -> *mut Property {
        // SAFETY: the entries follow the head.
        unsafe { table.as_ptr().add(1).cast() }
    }

    /// # Safety
    /// `table` is alive.
    #[inline(always)]
    pub(super) unsafe fn index_of(table: NonNull<PropertyTable>) -> *mut u32 {
        // SAFETY: the index follows `capacity` entries.
        unsafe { Self::entries_of(table).add(table.as_ref().capacity as usize).cast() }
    }

    #[inline(always)]
    pub(super) fn hash(atom: RawAtom) -> usize {
        (atom.bits().wrapping_mul(0x9E37_79B1) >> 7) as usize
    }

    /// Position of `atom` among the first `count` entries.
    ///
    /// # Safety
    /// `table` is alive and has at least `count` entries.
    #[inline]
    pub(super) unsafe fn find(table: NonNull<PropertyTable>, count: u32, atom: RawAtom) -> Option<u32> {
        // SAFETY: indices stay below `count` and the index size.
        unsafe {
            let entries = Self::entries_of(table);
            let index_size = table.as_ref().index_size;
            if index_size == 0 || count <= LINEAR {
                return (0..count).find(|&i| (*entries.add(i as usize)).atom == atom);
            }
            let index = Self::index_of(table);
            let mask = index_size as usize - 1;
            let mut at = Self::hash(atom) & mask;
            loop {
                let entry = *index.add(at);
                if entry == EMPTY {
                    return None;
                }
                if entry != TOMB && (*entries.add(entry as usize - 1)).atom == atom {
                    return (entry - 1 < count).then_some(entry - 1);
                }
                at = (at + 1) & mask;
            }
        }
    }

    /// Appends an entry, whose atom's count is handed over. There must be room.
    ///
    /// # Safety
    /// `table` is alive, `len < capacity`, and the atom is not in it.
    pub(super) unsafe fn push(mut table: NonNull<PropertyTable>, property: Property) {
        // SAFETY: the caller's duties.
        unsafe {
            let at = table.as_ref().len;
            Self::entries_of(table).add(at as usize).write(property);
            table.as_mut().len = at + 1;
            if table.as_ref().index_size != 0 {
                Self::link(table, property.atom, at);
            }
        }
    }

    /// # Safety
    /// `table` is alive and has an index.
    pub(super) unsafe fn link(table: NonNull<PropertyTable>, atom: RawAtom, position: u32) {
        // SAFETY: the index is at least twice the capacity, so there is an empty place.
        unsafe {
            let index = Self::index_of(table);
            let mask = table.as_ref().index_size as usize - 1;
            let mut at = Self::hash(atom) & mask;
            while *index.add(at) != EMPTY && *index.add(at) != TOMB {
                at = (at + 1) & mask;
            }
            *index.add(at) = position + 1;
        }
    }

    /// Marks an entry as deleted and gives its atom's count back.
    ///
    /// # Safety
    /// `table` is alive with a single owner and has an entry at `position`.
    pub(super) unsafe fn delete(table: NonNull<PropertyTable>, position: u32) {
        // SAFETY: the caller's duties.
        unsafe {
            let entry = Self::entries_of(table).add(position as usize);
            let atom = (*entry).atom;
            if table.as_ref().index_size != 0 {
                let index = Self::index_of(table);
                let mask = table.as_ref().index_size as usize - 1;
                let mut at = Self::hash(atom) & mask;
                while *index.add(at) != position + 1 {
                    at = (at + 1) & mask;
                }
                *index.add(at) = TOMB;
            }
            (*entry).atom = RawAtom::NONE;
            drop(crate::text::Atom::from_raw(atom));
        }
    }

    /// A copy of the first `count` entries with room for more, owning its atoms.
    ///
    /// # Safety
    /// `table` is alive and has at least `count` entries.
    pub(super) unsafe fn copy(
        table: Option<NonNull<PropertyTable>>,
        count: u32,
        capacity: u32,
    ) -> Result<NonNull<PropertyTable>, OutOfMemory> {
        let copy = Self::alloc(capacity)?;
        if let Some(table) = table {
            for i in 0..count {
                // SAFETY: below `count`; deleted entries stay, so that slots keep their numbers.
                unsafe {
                    let property = *Self::entries_of(table).add(i as usize);
                    if property.atom.is_none() {
                        let mut to = copy;
                        Self::entries_of(copy).add(i as usize).write(property);
                        to.as_mut().len += 1;
                    } else {
                        property.atom.to_owned().into_raw();
                        Self::push(copy, property);
                    }
                }
            }
        }
        Ok(copy)
    }

    /// Gives one ownership up.
    ///
    /// # Safety
    /// The caller owns one share of `table` and does not use it again.
    pub(super) unsafe fn release(mut table: NonNull<PropertyTable>) {
        // SAFETY: the last owner frees atoms and block.
        unsafe {
            table.as_mut().owners -= 1;
            if table.as_ref().owners > 0 {
                return;
            }
            for i in 0..table.as_ref().len {
                let atom = (*Self::entries_of(table).add(i as usize)).atom;
                if !atom.is_none() {
                    drop(crate::text::Atom::from_raw(atom));
                }
            }
            let layout = Self::layout(table.as_ref().capacity, table.as_ref().index_size);
            Self::mem().free(Use::Shapes, table.cast(), layout);
        }
    }

    pub(super) fn grown(capacity: u32) -> u32 {
        if capacity < 4 { 4 } else { capacity + capacity / 2 + 2 }
    }
}
