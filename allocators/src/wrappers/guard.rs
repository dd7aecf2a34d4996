//! Guard: finds writes outside a block, writes after free, double frees, and foreign pointers.
//!
//! Every block is given a zone of known bytes on both sides, and freed blocks are kept for a while,
//! filled, before they go back. What the guard knows of its blocks is in a table apart from them, so a
//! damaged program cannot damage it, and a free that is wrong is reported and *not* done: the guard
//! never makes things worse.
//!
//! # Invariants
//! - The table holds every block that the guard has from the allocator inside, by the address that
//!   callers know: live ones, and freed ones in quarantine.
//! - The quarantine is a queue through the records of its blocks, oldest first.

use core::alloc::Layout;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::ptr::NonNull;
use std::boxed::Box;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use super::tally::Tally;
use super::{FREED_BYTE, FRESH_BYTE};
use crate::contract::{Allocator, Stats};
use crate::pool::large::PackedLayout;
use crate::table::AddressTable;

/// The quarantine holds at most so many blocks, and so many bytes.
const QUARANTINE_BLOCKS: usize = 4096;
const QUARANTINE_BYTES: usize = 1 << 20;
/// The zone on each side, unless another size is asked for. In bytes.
pub(crate) const DEFAULT_ZONE: usize = 32;

/// What was done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViolationKind {
    /// A byte behind the end of the block was changed.
    Overrun,
    /// A byte before the start of the block was changed.
    Underrun,
    /// A byte of the block was changed after it was freed.
    WriteAfterFree,
    /// The block was freed or reallocated after it was freed.
    DoubleFree,
    /// The block was freed or reallocated with another size or alignment than it has.
    WrongLayout,
    /// The pointer is not the start of any block of this allocator.
    UnknownBlock,
}

/// What the guard was doing when it noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// The block was being freed.
    Free,
    /// The block was being reallocated.
    Realloc,
    /// The block was leaving the quarantine.
    Quarantine,
    /// All blocks were being checked: by [`Guard::check`], `trim`, `destroy_all`, or drop.
    Check,
}

/// One finding of the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What was done wrong.
    pub kind: ViolationKind,
    /// When it was noticed.
    pub noticed: Noticed,
    /// The address that was passed, or that of the damaged block.
    pub address: usize,
    /// The block's number: it was the n-th that this guard gave out. Zero for unknown blocks that
    /// lie in none.
    pub serial: u64,
    /// The block's size in bytes, zero for unknown blocks that lie in none.
    pub size: usize,
    /// The block's alignment, zero for unknown blocks that lie in none.
    pub align: usize,
    /// The first changed byte, counted from the start of the block; for an unknown block that lies in
    /// a known one, where. Zero otherwise.
    pub offset: isize,
    /// The layout that the caller named, for `WrongLayout`.
    pub named: Option<Layout>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { serial, size, align, offset, address, .. } = *self;
        match self.kind {
            ViolationKind::Overrun => {
                let past = offset - size.cast_signed();
                write!(f, "write at offset {offset}, {past} bytes past the end of")?;
            }
            ViolationKind::Underrun => write!(f, "write {} bytes before the start of", -offset)?,
            ViolationKind::WriteAfterFree => write!(f, "write after free at offset {offset} of")?,
            ViolationKind::DoubleFree => f.write_str("second free of")?,
            ViolationKind::WrongLayout => {
                let (size, align) = self.named.map_or((0, 0), |named| (named.size(), named.align()));
                write!(f, "size {size} and alignment {align} named for")?;
            }
            ViolationKind::UnknownBlock if serial == 0 => {
                write!(f, "pointer {address:#x}, which is in no block of this allocator")?;
            }
            ViolationKind::UnknownBlock => {
                write!(f, "pointer {address:#x}, which lies at offset {offset} of")?;
            }
        }
        if serial != 0 {
            write!(f, " block #{serial} ({size} bytes, alignment {align}, at {address:#x})")?;
        }
        f.write_str(match self.noticed {
            Noticed::Free => "; noticed when it was freed",
            Noticed::Realloc => "; noticed when it was reallocated",
            Noticed::Quarantine => "; noticed when its memory was about to be reused",
            Noticed::Check => "; noticed when all blocks were checked",
        })
    }
}

#[derive(Clone, Copy)]
struct Record {
    layout: PackedLayout,
    serial: u64,
    /// In quarantine: the block freed next after this one.
    next: Option<NonNull<u8>>,
    freed: bool,
}

/// The findings of a guard made by [`Guard::collecting`], shared with it.
#[derive(Clone, Default)]
pub struct Violations(Arc<Mutex<std::vec::Vec<Violation>>>);

impl Violations {
    /// Takes the findings so far.
    pub fn take(&self) -> std::vec::Vec<Violation> {
        core::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

type Sink = Box<dyn FnMut(&Violation) + Send>;

/// Surrounds, fills, checks and quarantines the blocks of the allocator inside. See the module.
pub struct Guard<A: Allocator> {
    zone: usize,
    table: AddressTable<Record>,
    tally: Tally,
    serial: Cell<u64>,
    oldest: Cell<Option<NonNull<u8>>>,
    newest: Cell<Option<NonNull<u8>>>,
    quarantined: Cell<usize>,
    quarantined_bytes: Cell<usize>,
    found: Cell<u64>,
    sink: RefCell<Sink>,
    inner: A,
}

// SAFETY: the pointers lead to blocks of `inner`, which move to another thread together with it.
unsafe impl<A: Allocator> Send for Guard<A> {}

/// The byte that belongs at an address of a zone. It differs from its neighbours, so that a copied
/// row of equal bytes cannot pass for it.
fn zone_byte(address: usize) -> u8 {
    (address as u8).wrapping_mul(0x9D) ^ 0xC3
}

impl<A: Allocator> Guard<A> {
    /// Guards `inner` and writes what it finds to standard error.
    pub fn new(inner: A) -> Self {
        Self::with_sink(DEFAULT_ZONE, inner, |violation| {
            // There is nobody to tell if standard error is closed.
            let _ = writeln!(std::io::stderr(), "guard: {violation}");
        })
    }

    /// As [`Guard::new`], with zones of `zone_bytes` (at least 1, at most 64 KiB) on both sides.
    pub fn with_zone(zone_bytes: usize, inner: A) -> Self {
        let mut guard = Self::new(inner);
        guard.zone = zone_bytes.clamp(1, 1 << 16);
        guard
    }

    /// Guards `inner` and collects what it finds.
    pub fn collecting(inner: A) -> (Self, Violations) {
        let violations = Violations::default();
        let shared = violations.clone();
        let guard = Self::with_sink(DEFAULT_ZONE, inner, move |violation| {
            shared.0.lock().unwrap_or_else(PoisonError::into_inner).push(*violation);
        });
        (guard, violations)
    }

    /// Guards `inner` and hands what it finds to `sink`, which must not use this allocator.
    pub fn with_sink(zone_bytes: usize, inner: A, sink: impl FnMut(&Violation) + Send + 'static) -> Self {
        Guard {
            zone: zone_bytes.clamp(1, 1 << 16),
            // SAFETY: (1) it is only ever given `inner`.
            table: unsafe { AddressTable::new() },
            tally: Tally::default(),
            serial: Cell::new(0),
            oldest: Cell::new(None),
            newest: Cell::new(None),
            quarantined: Cell::new(0),
            quarantined_bytes: Cell::new(0),
            found: Cell::new(0),
            sink: RefCell::new(Box::new(sink)),
            inner,
        }
    }

    /// The allocator inside.
    pub fn inner(&self) -> &A {
        &self.inner
    }

    /// Number of violations found so far.
    pub fn found(&self) -> u64 {
        self.found.get()
    }

    /// Checks the zones of all live blocks and the bytes of all quarantined ones. Returns the number
    /// of violations found by this call.
    pub fn check(&self) -> u64 {
        let before = self.found.get();
        self.table.each(|block, record| {
            self.check_zones(block, record, Noticed::Check);
            if record.freed {
                self.check_freed(block, record, Noticed::Check);
            }
        });
        self.found.get() - before
    }

    fn report(&self, violation: Violation) {
        self.found.set(self.found.get() + 1);
        // A sink that uses this allocator, against its duty, is not entered twice.
        if let Ok(mut sink) = self.sink.try_borrow_mut() {
            // An allocator may not unwind, whatever the host's sink does.
            let _ = catch_unwind(AssertUnwindSafe(|| sink(&violation)));
        }
    }

    fn violation(
        &self,
        kind: ViolationKind,
        noticed: Noticed,
        block: NonNull<u8>,
        record: Record,
    ) -> Violation {
        let layout = record.layout.unpack();
        Violation {
            kind,
            noticed,
            address: block.as_ptr().addr(),
            serial: record.serial,
            size: layout.size(),
            align: layout.align(),
            offset: 0,
            named: None,
        }
    }

    /// Bytes before the block, which keep its alignment.
    fn front(&self, layout: Layout) -> usize {
        self.zone.next_multiple_of(layout.align())
    }

    /// The layout of the block of `inner` around a block.
    fn outer(&self, layout: Layout) -> Option<Layout> {
        let size = self.front(layout).checked_add(layout.size())?.checked_add(self.zone)?;
        Layout::from_size_align(size, layout.align()).ok()
    }

    fn fill_zones(&self, block: NonNull<u8>, layout: Layout) {
        let front = self.front(layout);
        // SAFETY: the outer block has `front` bytes before and `zone` bytes behind the inner one.
        unsafe {
            for i in 1..=front {
                let byte = block.as_ptr().sub(i);
                byte.write(zone_byte(byte.addr()));
            }
            for i in 0..self.zone {
                let byte = block.as_ptr().add(layout.size() + i);
                byte.write(zone_byte(byte.addr()));
            }
        }
    }

    /// Reports, and repairs, changed zones.
    fn check_zones(&self, block: NonNull<u8>, record: Record, noticed: Noticed) {
        let layout = record.layout.unpack();
        let front = self.front(layout);
        // SAFETY: as in `fill_zones`; blocks in the table are the guard's, also freed ones.
        let (under, over) = unsafe {
            let intact = |byte: *mut u8| byte.read() == zone_byte(byte.addr());
            let under = (1..=front).find(|&i| !intact(block.as_ptr().sub(i)));
            let over = (0..self.zone).find(|&i| !intact(block.as_ptr().add(layout.size() + i)));
            (under, over)
        };
        if let Some(before) = under {
            let violation = self.violation(ViolationKind::Underrun, noticed, block, record);
            self.report(Violation { offset: -before.cast_signed(), ..violation });
        }
        if let Some(past) = over {
            let violation = self.violation(ViolationKind::Overrun, noticed, block, record);
            self.report(Violation { offset: (layout.size() + past).cast_signed(), ..violation });
        }
        if under.is_some() || over.is_some() {
            self.fill_zones(block, layout);
        }
    }

    /// Reports, and repairs, changed bytes of a quarantined block.
    fn check_freed(&self, block: NonNull<u8>, record: Record, noticed: Noticed) {
        let layout = record.layout.unpack();
        // SAFETY: a quarantined block is the guard's own, all of it was written when it was freed.
        let changed = unsafe {
            let bytes = core::slice::from_raw_parts(block.as_ptr(), layout.size());
            bytes.iter().position(|&byte| byte != FREED_BYTE)
        };
        if let Some(offset) = changed {
            let violation = self.violation(ViolationKind::WriteAfterFree, noticed, block, record);
            self.report(Violation { offset: offset.cast_signed(), ..violation });
            // SAFETY: as above.
            unsafe { block.as_ptr().write_bytes(FREED_BYTE, layout.size()) };
        }
    }

    /// Finds the record of a live block, or reports why there is none.
    fn live(&self, block: NonNull<u8>, named: Layout, noticed: Noticed) -> Option<Record> {
        let Some(record) = self.table.get(block) else {
            let address = block.as_ptr().addr();
            let mut violation = Violation {
                kind: ViolationKind::UnknownBlock,
                noticed,
                address,
                serial: 0,
                size: 0,
                align: 0,
                offset: 0,
                named: None,
            };
            self.table.each(|other, record| {
                let layout = record.layout.unpack();
                let start = other.as_ptr().addr();
                if (start..start + layout.size()).contains(&address) {
                    violation.serial = record.serial;
                    violation.size = layout.size();
                    violation.align = layout.align();
                    violation.offset = (address - start).cast_signed();
                }
            });
            self.report(violation);
            return None;
        };
        if record.freed {
            self.report(self.violation(ViolationKind::DoubleFree, noticed, block, record));
            return None;
        }
        if record.layout.unpack() != named {
            let violation = self.violation(ViolationKind::WrongLayout, noticed, block, record);
            self.report(Violation { named: Some(named), ..violation });
        }
        self.check_zones(block, record, noticed);
        Some(record)
    }

    /// Gives the oldest quarantined block back to `inner`. False if there is none.
    fn release_oldest(&self) -> bool {
        let Some(block) = self.oldest.get() else {
            return false;
        };
        let Some(record) = self.table.get(block) else {
            return false;
        };
        self.check_zones(block, record, Noticed::Quarantine);
        self.check_freed(block, record, Noticed::Quarantine);
        self.table.remove(block);
        self.oldest.set(record.next);
        if record.next.is_none() {
            self.newest.set(None);
        }
        self.quarantined.set(self.quarantined.get() - 1);
        self.quarantined_bytes.set(self.quarantined_bytes.get() - record.layout.unpack().size());
        self.give_back(block, record.layout.unpack());
        true
    }

    fn release_all_quarantined(&self) {
        while self.release_oldest() {}
    }

    /// Frees the outer block. The block must have left the table.
    fn give_back(&self, block: NonNull<u8>, layout: Layout) {
        if let Some(outer) = self.outer(layout) {
            // SAFETY: (1, 2) the outer block was allocated with this layout, `front` bytes before
            // this one, and nothing refers to it any more.
            unsafe { self.inner.free(block.sub(self.front(layout)), outer) };
        }
    }

    /// Puts a live block into quarantine.
    fn quarantine(&self, block: NonNull<u8>, record: Record) {
        let layout = record.layout.unpack();
        // SAFETY: the caller of `free` gave the block up; it holds this many bytes.
        unsafe { block.as_ptr().write_bytes(FREED_BYTE, layout.size()) };
        self.table.set(block, Record { freed: true, next: None, ..record });
        match self.newest.replace(Some(block)) {
            None => self.oldest.set(Some(block)),
            Some(newest) => {
                if let Some(record) = self.table.get(newest) {
                    self.table.set(newest, Record { next: Some(block), ..record });
                }
            }
        }
        self.quarantined.set(self.quarantined.get() + 1);
        self.quarantined_bytes.set(self.quarantined_bytes.get() + layout.size());
        while self.quarantined.get() > QUARANTINE_BLOCKS || self.quarantined_bytes.get() > QUARANTINE_BYTES {
            self.release_oldest();
        }
    }

    /// A fresh guarded block, in the table. Freed blocks go back early if memory is short.
    fn fresh(&self, layout: Layout, zeroed: bool) -> Option<NonNull<u8>> {
        let packed = PackedLayout::new(layout)?;
        let outer = self.outer(layout)?;
        loop {
            let start = if self.table.reserve_one(&self.inner) {
                // SAFETY: (1) the outer size is greater than zero.
                unsafe { if zeroed { self.inner.alloc_zeroed(outer) } else { self.inner.alloc(outer) } }
            } else {
                None
            };
            let Some(start) = start else {
                if self.release_oldest() {
                    continue;
                }
                return None;
            };
            // SAFETY: the outer block is `front` + size + `zone` bytes long.
            let block = unsafe {
                let block = start.add(self.front(layout));
                if !zeroed {
                    block.as_ptr().write_bytes(FRESH_BYTE, layout.size());
                }
                block
            };
            self.fill_zones(block, layout);
            self.serial.set(self.serial.get() + 1);
            let record = Record { layout: packed, serial: self.serial.get(), next: None, freed: false };
            self.table.insert(block, record);
            return Some(block);
        }
    }
}

impl<A: Allocator> Drop for Guard<A> {
    fn drop(&mut self) {
        // SAFETY: (1) blocks do not outlive their allocator.
        unsafe { self.destroy_all() };
    }
}

// SAFETY: (1, 2) a block lies inside one of `inner`, `front` bytes behind its start, which is a
// multiple of the alignment; blocks that are freed wrongly are not touched; (3) `realloc` copies
// before it frees; (4) the sink is kept from unwinding; (5) the usable size is the layout's.
unsafe impl<A: Allocator> Allocator for Guard<A> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.zone == DEFAULT_ZONE {
            f.write_str("guard(")?;
        } else {
            write!(f, "guard({}, ", self.zone)?;
        }
        self.inner.describe(f)?;
        f.write_str(")")
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        let answer = self.fresh(layout, false);
        self.tally.allocated(&answer, layout.size());
        answer
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        let answer = self.fresh(layout, true);
        self.tally.allocated(&answer, layout.size());
        answer
    }
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        let record = self.live(block, old, Noticed::Realloc)?;
        let old_size = record.layout.unpack().size();
        // SAFETY: (2) makes the layout valid.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, old.align()) };
        let answer = self.fresh(new, false);
        if let Some(moved) = answer {
            // SAFETY: both blocks are live, apart, and hold the copied length: the table knows the
            // true size of the old one.
            unsafe { moved.as_ptr().copy_from_nonoverlapping(block.as_ptr(), old_size.min(new_size)) };
            self.quarantine(block, record);
        }
        self.tally.reallocated(&answer, old_size, new_size);
        answer
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        if let Some(record) = self.live(block, layout, Noticed::Free) {
            self.tally.freed(record.layout.unpack().size());
            self.quarantine(block, record);
        }
    }
    unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> Option<usize> {
        let _ = block;
        Some(layout.size())
    }
    fn committed(&self) -> Option<usize> {
        self.inner.committed()
    }
    fn stats(&self) -> Stats {
        Stats { usable: Some(self.tally.requested()), ..self.tally.over(self.inner.stats()) }
    }
    fn trim(&self) {
        self.check();
        self.release_all_quarantined();
        self.table.shrink(&self.inner);
        self.inner.trim();
    }
    unsafe fn destroy_all(&self) -> bool {
        self.check();
        self.oldest.set(None);
        self.newest.set(None);
        self.quarantined.set(0);
        self.quarantined_bytes.set(0);
        self.tally.destroyed();
        // SAFETY: (1) every block of `inner` is the guard's, which forgets them all.
        if unsafe { self.inner.destroy_all() } {
            self.table.forget();
        } else {
            self.table.each(|block, record| self.give_back(block, record.layout.unpack()));
            self.table.release(&self.inner);
        }
        true
    }
}
