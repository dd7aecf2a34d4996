//! What every cell has in common: header, kind, counted reference.

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::Deref;
use core::ptr::NonNull;

use super::{CellId, Heap};
use crate::mem::{Mem, Part, Use, Vec};

/// Set in the kind byte of a cell that waits on the worklist.
pub const DEAD: u8 = 0x80;
/// The part of the kind byte that names the kind.
pub const KIND_MASK: u8 = 0x7F;

/// The first eight bytes of every cell: a count, and a word whose low byte is the kind.
/// The upper 24 bits of the word belong to the kind: an object's shape, a string's atom.
#[repr(C)]
#[derive(Debug)]
pub struct Header {
    count: u32,
    word: u32,
}

impl Header {
    /// A header with a count of one.
    #[inline(always)]
    pub const fn new(word: u32) -> Header {
        Header { count: 1, word }
    }

    /// Number of counted references.
    #[inline(always)]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Kind in the low byte, the kind's own number above.
    #[inline(always)]
    pub fn word(&self) -> u32 {
        self.word
    }

    /// Replaces the word, keeping the count.
    #[inline(always)]
    pub fn set_word(&mut self, word: u32) {
        self.word = word;
    }

    /// The kind byte.
    #[inline(always)]
    pub fn kind(&self) -> u8 {
        self.word as u8
    }

    /// The upper 24 bits of the word.
    #[inline(always)]
    pub fn tag(&self) -> u32 {
        self.word >> 8
    }

    /// Whether the cell waits to be freed.
    #[inline(always)]
    pub fn is_dead(&self) -> bool {
        self.kind() & DEAD != 0
    }

    /// Says that the cell is about to be freed, and returns its kind.
    #[inline(always)]
    pub(super) fn mark_dead(&mut self) -> u8 {
        // The word is read and written whole: a byte written alone would hold up the next read of the word.
        let word = self.word;
        self.word = word | u32::from(DEAD);
        word as u8
    }

    /// Replaces the count: by the next cell of the worklist, or the collector's guard.
    #[inline(always)]
    pub(super) fn set_count(&mut self, count: u32) {
        self.count = count;
    }

    /// Adds a reference.
    #[inline(always)]
    pub fn increment(&mut self) {
        self.count = self.count.wrapping_add(1);
    }

    /// Removes a reference; true when it was the last.
    #[inline(always)]
    pub fn decrement(&mut self) -> bool {
        self.count = self.count.wrapping_sub(1);
        self.count == 0
    }

    /// Whether a weakable cell has weak references: by convention bit 0 of the word behind the header.
    ///
    /// # Safety
    /// 1. `cell` is of a kind whose [`KindInfo::weakable`] is set.
    #[inline(always)]
    pub unsafe fn weak_flag(cell: NonNull<Header>) -> bool {
        // SAFETY: (1) such kinds keep an initialised word there.
        unsafe { cell.cast::<u64>().add(1).read() & 1 != 0 }
    }
}

/// A type that lives in cells.
///
/// # Safety
/// An implementation promises:
/// 1. The type is `repr(C)`, starts with a [`Header`], and needs no more than 8-byte alignment.
/// 2. `trace` reports each counted reference the cell owns exactly once.
/// 3. Dropping it drops those references and frees the blocks the cell owns, and nothing else; it
///    neither runs JavaScript nor allocates.
pub unsafe trait Cell: Sized {
    /// The number of this kind.
    const KIND: u8;

    /// Whether its cells own something that is not in the runtime's memory (a block of the host, a share in
    /// a buffer of several runtimes): they are finalized even when the whole memory is dropped at once.
    const OUTSIDE: bool = false;

    /// Reports the cell's references (invariant 3 of the heap).
    fn trace(&self, tracer: &mut Tracer<'_>);

    /// Reports the blocks of the runtime's memory that this cell alone owns, each once; not the cell itself,
    /// nor an object's out-of-line slots, which whoever walks the heap knows of. The memory report adds up to
    /// the books only if nothing is left out.
    fn blocks(&self, _blocks: &mut Blocks<'_>) {}
}

/// Receives the blocks that something owns, with what the books hold for each.
pub struct Blocks<'a> {
    mem: &'a Mem,
    visit: &'a mut dyn FnMut(Use, Part, usize),
}

impl<'a> Blocks<'a> {
    /// Calls `visit` with the use, the part and the charge of each block.
    pub fn new(mem: &'a Mem, visit: &'a mut dyn FnMut(Use, Part, usize)) -> Blocks<'a> {
        Blocks { mem, visit }
    }

    /// Reports a block of `bytes` bytes, as they were asked for; none if that is 0.
    pub fn block(&mut self, purpose: Use, part: Part, bytes: usize) {
        if bytes != 0 {
            (self.visit)(purpose, part, self.mem.charge_of(bytes));
        }
    }

    /// Reports the block of a list, whatever part of it is in use.
    pub fn list<T>(&mut self, purpose: Use, part: Part, list: &Vec<'_, T>) {
        self.block(purpose, part, list.capacity() * size_of::<T>());
    }
}

/// What the heap has to know of a kind.
#[derive(Clone, Copy)]
pub struct KindInfo {
    /// The name in dumps.
    pub name: &'static str,
    /// Reports the references a cell owns.
    pub trace: unsafe fn(NonNull<Header>, &mut Tracer<'_>),
    /// Drops what a cell owns, leaving its memory to the heap.
    pub finalize: unsafe fn(NonNull<Header>),
    /// [`Cell::blocks`].
    pub blocks: unsafe fn(NonNull<Header>, &mut Blocks<'_>),
    /// Has no references to other cells, ever: the collector passes over it.
    pub leaf: bool,
    /// May have weak references; bit 0 of the word behind the header tells whether it has.
    pub weakable: bool,
    /// Owned by a table and referred to without counting: one of its references is the table's,
    /// and is not a root. The collector frees it when nothing reaches it.
    pub table_owned: bool,
    /// [`Cell::OUTSIDE`].
    pub outside: bool,
    /// Cells of other kinds refer to it by numbers of a table (atoms), and look it up when they let it go: when a
    /// whole heap is cleared, it is finalized after them.
    pub late: bool,
    /// Not 0: [`KindInfo::plain`].
    pub words_at: usize,
}

/// The bits of a plain cell's second word that do not matter to the collector.
pub(super) const PLAIN_FLAGS: u64 = 7;

impl KindInfo {
    /// A row for a number that no kind uses.
    pub const UNUSED: KindInfo = KindInfo {
        name: "unused",
        trace: |_, _| (),
        finalize: |_| (),
        blocks: |_, _| (),
        leaf: true,
        weakable: false,
        table_owned: false,
        outside: false,
        late: false,
        words_at: 0,
    };

    /// The row of a cell type.
    pub const fn of<T: Cell>(name: &'static str) -> KindInfo {
        KindInfo {
            name,
            trace: trace_as::<T>,
            finalize: finalize_as::<T>,
            blocks: blocks_as::<T>,
            leaf: false,
            weakable: false,
            table_owned: false,
            outside: T::OUTSIDE,
            late: false,
            words_at: 0,
        }
    }

    /// Marks the kind as free of references.
    pub const fn leaf(mut self) -> KindInfo {
        self.leaf = true;
        self
    }

    /// Marks the kind as a possible weak target.
    pub const fn weakable(mut self) -> KindInfo {
        self.weakable = true;
        self
    }

    /// Marks the kind as one that others refer to by number. Leaves count as such anyway.
    pub const fn late(mut self) -> KindInfo {
        self.late = true;
        self
    }

    /// Marks the kind as one whose usual cells the collector can read by itself, which saves it a call for each.
    /// Where the word behind the header is zero but for its low three bits, `trace` would report no more than
    /// this: a counted reference for each word from `words_at` to the end of the cell whose upper
    /// 16 bits are zero, which is a cell's address; and uncounted references that are the same for all cells of
    /// the kind with the same header word.
    pub const fn plain(mut self, words_at: usize) -> KindInfo {
        assert!(words_at >= 16 && words_at.is_multiple_of(8));
        self.words_at = words_at;
        self
    }

    /// Marks the kind as owned by a table.
    pub const fn table_owned(mut self) -> KindInfo {
        self.table_owned = true;
        self
    }
}

unsafe fn trace_as<T: Cell>(cell: NonNull<Header>, tracer: &mut Tracer<'_>) {
    // SAFETY: the kind table pairs this function with cells of type `T`.
    unsafe { cell.cast::<T>().as_ref() }.trace(tracer);
}

unsafe fn blocks_as<T: Cell>(cell: NonNull<Header>, blocks: &mut Blocks<'_>) {
    // SAFETY: the kind table pairs this function with cells of type `T`.
    unsafe { cell.cast::<T>().as_ref() }.blocks(blocks);
}

unsafe fn finalize_as<T: Cell>(cell: NonNull<Header>) {
    // SAFETY: the kind table pairs this function with cells of type `T`; the heap calls it once.
    unsafe { cell.cast::<T>().drop_in_place() }
}

/// How many references a [`Tracer`] gathers before it hands them on.
pub(crate) const BATCH: usize = 64;

/// Where a [`Tracer`] hands its batches.
pub(crate) trait EdgeSink {
    /// Whether uncounted references are wanted too.
    const UNCOUNTED: bool;
    /// Takes the next references.
    fn edges(&self, edges: &[NonNull<Header>]);
    /// Takes an ephemeron: true when the reference to the value is to be followed now.
    fn ephemeron(&self, key: NonNull<Header>, value: NonNull<Header>) -> bool;
}

trait AnySink {
    fn edges(&self, edges: &[NonNull<Header>]);
    fn ephemeron(&self, key: NonNull<Header>, value: NonNull<Header>) -> bool;
}

impl<S: EdgeSink> AnySink for S {
    fn edges(&self, edges: &[NonNull<Header>]) {
        EdgeSink::edges(self, edges);
    }
    fn ephemeron(&self, key: NonNull<Header>, value: NonNull<Header>) -> bool {
        EdgeSink::ephemeron(self, key, value)
    }
}

enum Output<'a> {
    Batches(&'a dyn AnySink),
    /// Calls back with the target and whether the reference is counted.
    Each(&'a mut dyn FnMut(NonNull<Header>, bool)),
}

/// Receives the references of a cell.
///
/// The collector's passes want references in batches, so that they can fetch what these lead to ahead of
/// use: reporting one is a store into a small array.
pub struct Tracer<'a> {
    // Always "full" when every reference is passed on at once.
    len: usize,
    uncounted: bool,
    output: Output<'a>,
    buffer: [MaybeUninit<NonNull<Header>>; BATCH],
}

impl<'a> Tracer<'a> {
    /// A tracer that calls `visit` with each target, and true for counted references.
    pub fn visitor(visit: &'a mut dyn FnMut(NonNull<Header>, bool)) -> Tracer<'a> {
        Tracer {
            len: BATCH,
            uncounted: true,
            output: Output::Each(visit),
            buffer: [const { MaybeUninit::uninit() }; BATCH],
        }
    }

    /// A tracer that hands batches to a sink. What is left at the end is handed on by [`Tracer::flush`].
    pub(crate) fn batches<S: EdgeSink>(sink: &'a S) -> Tracer<'a> {
        Tracer {
            len: 0,
            uncounted: S::UNCOUNTED,
            output: Output::Batches(sink),
            buffer: [const { MaybeUninit::uninit() }; BATCH],
        }
    }

    /// Hands on what was gathered; true when there was something.
    #[inline(always)]
    pub(crate) fn flush(&mut self) -> bool {
        let len = self.len;
        if let Output::Batches(sink) = &self.output
            && len != 0
        {
            self.len = 0;
            // SAFETY: the first `len` entries were written by `push`.
            let edges = unsafe { core::slice::from_raw_parts(self.buffer.as_ptr().cast(), len) };
            sink.edges(edges);
            return true;
        }
        false
    }

    #[inline(always)]
    fn push(&mut self, target: NonNull<Header>, counted: bool) {
        if self.len == BATCH && !self.make_room(target, counted) {
            return;
        }
        // SAFETY: `len` is below `BATCH`, see `make_room`.
        unsafe { self.buffer.get_unchecked_mut(self.len).write(target) };
        self.len += 1;
    }

    /// False when the reference was passed on already.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, target: NonNull<Header>, counted: bool) -> bool {
        if let Output::Each(visit) = &mut self.output {
            visit(target, counted);
            return false;
        }
        self.flush();
        true
    }

    /// Reports a counted reference.
    #[inline(always)]
    pub fn edge(&mut self, target: NonNull<Header>) {
        self.push(target, true);
    }

    /// Reports a reference that keeps its target alive without being counted (an object's shape).
    #[inline(always)]
    pub fn uncounted(&mut self, target: NonNull<Header>) {
        if self.uncounted {
            self.push(target, false);
        }
    }

    /// Reports a counted reference to `value` that keeps it alive only while both this cell and `key` are
    /// alive: an entry of a WeakMap. The key itself is not kept alive.
    pub fn ephemeron(&mut self, key: NonNull<Header>, value: NonNull<Header>) {
        let follow = match &self.output {
            Output::Batches(sink) => sink.ephemeron(key, value),
            Output::Each(_) => true,
        };
        if follow {
            self.push(value, true);
        }
    }

    /// Reports an owned reference.
    #[inline(always)]
    pub fn reference<T: Cell>(&mut self, reference: &Ref<T>) {
        self.edge(reference.as_cell());
    }

    /// Reports an owned reference if there is one.
    #[inline(always)]
    pub fn optional<T: Cell>(&mut self, reference: &Option<Ref<T>>) {
        if let Some(reference) = reference {
            self.edge(reference.as_cell());
        }
    }
}

/// A counted reference to a cell of a known type.
#[repr(transparent)]
pub struct Ref<T: Cell> {
    cell: NonNull<T>,
    _owns: PhantomData<T>,
}

impl<T: Cell> Ref<T> {
    /// Takes over one counted reference.
    ///
    /// # Safety
    /// 1. `cell` is a live cell of type `T`, and one of its counts is handed over.
    #[inline(always)]
    pub unsafe fn from_raw(cell: NonNull<T>) -> Ref<T> {
        Ref { cell, _owns: PhantomData }
    }

    /// Gives the reference up without dropping its count.
    #[inline(always)]
    pub fn into_raw(self) -> NonNull<T> {
        let cell = self.cell;
        core::mem::forget(self);
        cell
    }

    /// Counts one more reference to a cell.
    ///
    /// # Safety
    /// 1. `cell` is a live cell of type `T`.
    #[inline(always)]
    pub unsafe fn share(cell: NonNull<T>) -> Ref<T> {
        // SAFETY: (1) the header is the first field of a live cell.
        unsafe { (*cell.cast::<Header>().as_ptr()).increment() };
        Ref { cell, _owns: PhantomData }
    }

    /// The address, for identity and raw access.
    #[inline(always)]
    pub fn as_ptr(&self) -> NonNull<T> {
        self.cell
    }

    /// The cell as the heap sees it.
    #[inline(always)]
    pub fn as_cell(&self) -> NonNull<Header> {
        self.cell.cast()
    }

    /// Whether two references are to the same cell.
    pub fn same(a: &Ref<T>, b: &Ref<T>) -> bool {
        a.cell == b.cell
    }
}

impl<T: Cell> Clone for Ref<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        // SAFETY: the cell is live while this reference exists.
        unsafe { Ref::share(self.cell) }
    }
}

impl<T: Cell> Drop for Ref<T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: this reference owns one count of a live cell; invariant 4 gives the heap.
        unsafe {
            if (*self.as_cell().as_ptr()).decrement() {
                Heap::current().release(self.as_cell());
            }
        }
    }
}

impl<T: Cell> Deref for Ref<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the cell is live while this reference exists.
        unsafe { self.cell.as_ref() }
    }
}

impl From<CellId> for u32 {
    fn from(id: CellId) -> u32 {
        id.0
    }
}
