//! Floor 1: the only door to the allocator.
//!
//! Every byte the engine uses comes through [`Mem`], which charges it to a [`Use`], checks the
//! limit before the allocator is asked, and takes the charge back when the block is freed.
//!
//! # Invariants
//! - `charged` is at every moment the sum of the charges of all live blocks, and the sum of
//!   `charged_to` over all uses. It never exceeds `limit` (0 means no limit).
//! - `taken` is what the allocator gave: with the pool front pages, chunks and large blocks, more than what is
//!   charged; with the direct front the same. It never exceeds the limit either: `requested <= charged <= taken`.
//! - Cells that live in pages are charged and counted by two fields only, because they are most
//!   of what a script allocates: their bytes are `charged` less what the accounts hold, their number is
//!   `page_cells_born` less `page_cells_dead`.
//! - `mark` is the smaller of the limit and the peak, so that one comparison per charge looks after both;
//!   only [`Mem::set_limit`] and [`Mem::reset_peak`] lower it.
//! - A block is charged what its front rounds it to: [`Mem::charge_of`] of its size, a pure
//!   function of the size, so that freeing gives back exactly what was taken.
//! - A `Mem` is used by one thread at a time and never moves while a block or a [`Memory`] handle
//!   from it is alive (it is boxed by the runtime that owns it).

mod gate;

use core::alloc::Layout;
use core::cell::{Cell, OnceCell};
use core::fmt;
use core::marker::PhantomPinned;
use core::ptr::NonNull;

use tare_allocators::{Allocator, Memory, Pool};

pub use tare_allocators::{OutOfMemory, Vec};

use self::gate::{Gate, Inner};
use crate::base::round_up;

macro_rules! uses {
    ($($(#[doc = $doc:literal])* $name:ident = $label:literal,)*) => {
        /// What a block is for. Every charge names one; the memory report has a row for each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Use { $($(#[doc = $doc])* $name,)* }

        impl Use {
            /// All uses, in the order of the report.
            pub const ALL: &'static [Use] = &[$(Use::$name,)*];
            /// The name in reports.
            pub const fn label(self) -> &'static str {
                match self { $(Use::$name => $label,)* }
            }
        }
    };
}

uses! {
    /// Reference-counted cells of every kind.
    Cells = "cells",
    /// Property slots outside their object.
    Slots = "property slots",
    /// Dense elements of arrays and arguments objects.
    Elements = "array elements",
    /// The atom table.
    Atoms = "atoms",
    /// Shape property tables and the transition table.
    Shapes = "shapes",
    /// Bytecode, constants, inline caches and position tables of functions.
    Code = "function code",
    /// Tables of Map, Set and the weak collections.
    Collections = "collections",
    /// Bytes of ArrayBuffers.
    Buffers = "array buffers",
    /// The value stack and control frames.
    Stack = "stack",
    /// The compiler's working memory.
    Compiler = "compiler",
    /// The RegExp compiler and matcher.
    RegExp = "regexp",
    /// Scratch memory of builtins (sorting, joining, parsing).
    Scratch = "scratch",
    /// Side tables of the collector.
    Collector = "collector",
    /// The runtime itself: realms, job queue, tables.
    Runtime = "runtime",
    /// Blocks the embedder took through the runtime.
    Host = "host",
}

const USES: usize = Use::ALL.len();

macro_rules! parts {
    ($($(#[doc = $doc:literal])* $name:ident = $label:literal,)*) => {
        /// What a block is to its owner: finer than [`Use`], and told by the owner when the heap is walked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Part { $($(#[doc = $doc])* $name,)* }

        impl Part {
            /// All parts, in the order of the report.
            pub const ALL: &'static [Part] = &[$(Part::$name,)*];
            /// The name in reports.
            pub const fn label(self) -> &'static str {
                match self { $(Part::$name => $label,)* }
            }
        }
    };
}

parts! {
    /// The cell itself, with what lies in it: inline slots, string units, limbs, captures.
    Cell = "cells",
    /// Property slots outside of their object.
    Slots = "property slots",
    /// Dense elements of an array or arguments object.
    Elements = "array elements",
    /// Entries and index of a Map, a Set or a weak collection, and the list of a FinalizationRegistry.
    Table = "collection tables",
    /// The bytes of an ArrayBuffer.
    Bytes = "buffer bytes",
    /// What a buffer shares with its views.
    BufferState = "buffer states",
    /// The instructions of a function.
    Bytecode = "bytecode",
    /// A function's table from instructions to lines and columns.
    Positions = "position tables",
    /// A function's constants, inner functions and literal shapes.
    Constants = "constants",
    /// A function's inline caches.
    Caches = "inline caches",
    /// Names, captures, handlers and scopes of a function, declarations of a script or module.
    CodeTables = "function tables",
    /// The text that functions were compiled from.
    Source = "source texts",
    /// The program of a RegExp.
    RegExp = "regexp programs",
    /// The raw stack of an error.
    Trace = "error stacks",
    /// Values of a suspended frame.
    Frame = "suspended frames",
    /// Reactions of a promise, requests of an async generator, keys of a `for-in`, links of a module.
    Lists = "lists of objects",
    /// Property tables of shapes.
    Properties = "property tables",
    /// The tables of all shapes.
    ShapeTable = "shape table",
    /// The table of atoms.
    AtomTable = "atom table",
    /// The table of weak references.
    WeakTable = "weak reference table",
    /// The runtime's own lists: jobs, modules, what WeakRefs gave.
    Runtime = "runtime lists",
    /// Chunks of the value stack.
    Stack = "value stack",
    /// Control frames.
    Frames = "control frames",
    /// The table of cells and that of pages.
    CellTable = "cell tables",
    /// Blocks of the embedder.
    Host = "host blocks",
    /// Working memory of what runs at this moment: compiler, matcher, collector, builtins.
    InFlight = "in flight",
}

/// Blocks up to this size go to the size-class pool when the front is [`Front::Pool`].
pub const SMALL_BLOCK_BYTES: usize = 512;

/// What stands between the engine and the allocator it was given (DESIGN 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Front {
    /// Every block reaches the allocator.
    Direct,
    /// A built-in size-class pool takes pages and large blocks from the allocator.
    #[default]
    Pool,
}

impl fmt::Display for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Front::Direct => "direct",
            Front::Pool => "pool",
        })
    }
}

/// One use's view of a [`Mem`], as an [`Allocator`] for collections.
struct Door {
    mem: Cell<*const Mem>,
    purpose: Use,
}

// SAFETY: doors live inside the `Mem` they point to and move with it.
unsafe impl Send for Door {}

impl Door {
    fn mem(&self) -> &Mem {
        // SAFETY: set by `Mem::memory` to the `Mem` that holds this door.
        unsafe { &*self.mem.get() }
    }
}

// SAFETY: `Mem` hands out blocks of the allocator it owns, which keeps the contract.
unsafe impl Allocator for Door {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mem().gate.allocator().describe(f)
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        self.mem().alloc(self.purpose, layout).ok()
    }
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (1, 2, 3) the same duties.
        unsafe { self.mem().realloc(self.purpose, block, old, new_size) }.ok()
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1, 2) the same duties.
        unsafe { self.mem().free(self.purpose, block, layout) }
    }
}

/// The accounting of one use.
#[derive(Default)]
struct Account {
    charged: Cell<usize>,
    blocks: Cell<usize>,
}

/// Called when a request is refused: gives memory back that holds nothing. It takes none.
pub(crate) type Relief = unsafe fn(owner: *const ());

/// The runtime's memory: one allocator, an optional pool in front of it, and exact books.
pub struct Mem {
    charged: Cell<usize>,
    mark: Cell<usize>,
    // What may be charged now: `whole_limit`, less what is reserved unless the reserve is open.
    limit: Cell<usize>,
    whole_limit: Cell<usize>,
    // One part in so many of the limit is reserved; 0 for none.
    reserve: Cell<usize>,
    reserve_open: Cell<bool>,
    // The peak, where it lies above the mark.
    higher_peak: Cell<usize>,
    page_cells_born: Cell<u64>,
    page_cells_dead: Cell<u64>,
    allocations: Cell<u64>,
    refused: Cell<u64>,
    requested: Cell<usize>,
    accounts: [Account; USES],
    doors: OnceCell<[Door; USES]>,
    front: Front,
    relief: Cell<Option<(Relief, *const ())>>,
    // A request was refused, and nobody has looked for garbage since.
    pressed: Cell<bool>,
    // Dropped before `gate`, which it refers to.
    // Uncounted: these books hold the figures.
    pool: Option<Pool<Inner, false>>,
    gate: Box<Gate>,
    _pinned: PhantomPinned,
}

impl Mem {
    /// Takes over an allocator.
    pub fn new(allocator: Box<dyn Allocator>, front: Front) -> Box<Mem> {
        let gate = Box::new(Gate::new(allocator));
        // SAFETY: (1) `Mem` owns both and drops the pool first; the boxed gate does not move.
        let shared = unsafe { Inner::new(&gate) };
        Box::new(Mem {
            charged: Cell::new(0),
            mark: Cell::new(0),
            limit: Cell::new(usize::MAX),
            whole_limit: Cell::new(usize::MAX),
            reserve: Cell::new(0),
            reserve_open: Cell::new(false),
            higher_peak: Cell::new(0),
            page_cells_born: Cell::new(0),
            page_cells_dead: Cell::new(0),
            allocations: Cell::new(0),
            refused: Cell::new(0),
            requested: Cell::new(0),
            accounts: Default::default(),
            doors: OnceCell::new(),
            front,
            relief: Cell::new(None),
            pressed: Cell::new(false),
            pool: (front == Front::Pool).then(|| Pool::uncounted(shared)),
            gate,
            _pinned: PhantomPinned,
        })
    }

    /// A handle for collections, charged to `purpose`. The `Mem` outlives it by the rule at the
    /// top of this module, which is why the lifetime is the caller's to choose.
    pub fn memory<'a>(&self, purpose: Use) -> Memory<'a> {
        let doors = self.doors.get_or_init(|| {
            core::array::from_fn(|i| Door { mem: Cell::new(core::ptr::null()), purpose: Use::ALL[i] })
        });
        let door = &doors[purpose as usize];
        door.mem.set(self);
        // SAFETY: a `Mem` is boxed and outlives every handle to it (invariant of this module).
        Memory::new(unsafe { &*(door as &dyn Allocator as *const dyn Allocator) })
    }

    /// What a block of `size` bytes is charged.
    #[inline(always)]
    pub fn charge_of(&self, size: usize) -> usize {
        if self.front == Front::Pool && size <= SMALL_BLOCK_BYTES { round_up(size, 16) } else { size }
    }

    /// What would be charged with `size` more bytes, unless that passes the limit.
    #[inline(always)]
    fn admit(&self, size: usize) -> Result<usize, OutOfMemory> {
        let charged = self.charged.get().wrapping_add(size);
        if charged > self.mark.get() && (charged > self.limit.get() || charged < size) {
            return Err(self.refuse());
        }
        Ok(charged)
    }

    #[cold]
    #[inline(never)]
    fn refuse(&self) -> OutOfMemory {
        self.refused.set(self.refused.get() + 1);
        // What the collector is refused is no reason to collect.
        if !self.reserve_open.get() {
            self.pressed.set(true);
            self.gate.ring();
        }
        OutOfMemory
    }

    /// Asks once more when there was something to give back before.
    #[cold]
    #[inline(never)]
    fn ask_again(&self, ask: &dyn Fn() -> Option<NonNull<u8>>) -> Result<NonNull<u8>, OutOfMemory> {
        let again = if self.spare() { ask() } else { None };
        again.ok_or_else(|| self.refuse())
    }

    /// Gives back to the allocator what holds nothing; true when that was anything, so that a request which was
    /// refused is worth repeating.
    #[cold]
    #[inline(never)]
    fn spare(&self) -> bool {
        let Some(pool) = &self.pool else { return false };
        let before = self.taken();
        pool.give_empty();
        if let Some((relief, owner)) = self.relief.get() {
            // SAFETY: the owner is the one that was registered with it, and is gone only after it was taken back.
            unsafe { relief(owner) };
        }
        self.taken() < before
    }

    /// Says who is asked to give back what it does not need when a request is refused, and which trigger is set to
    /// zero then and when the bytes of [`Mem::set_near`] are passed.
    ///
    /// # Safety
    /// 1. The owner is what `relief` takes; it and the trigger do not move until [`Mem::forget_relief`].
    pub(crate) unsafe fn set_relief(&self, relief: Relief, owner: *const (), trigger: *const Cell<usize>) {
        self.relief.set(Some((relief, owner)));
        // SAFETY: (1) the caller's duty.
        unsafe { self.gate.set_alarm(trigger) };
    }

    /// Takes [`Mem::set_relief`] back.
    pub(crate) fn forget_relief(&self) {
        self.relief.set(None);
        // SAFETY: (1) there is none.
        unsafe { self.gate.set_alarm(core::ptr::null()) };
    }

    /// Whether a request was refused since [`Mem::set_pressed`] said otherwise.
    pub(crate) fn is_pressed(&self) -> bool {
        self.pressed.get()
    }

    pub(crate) fn set_pressed(&self, pressed: bool) {
        self.pressed.set(pressed);
    }

    /// Makes an admitted figure the charged one. Called when the allocator has said yes, so that the peak
    /// is of bytes that were had.
    #[inline(always)]
    fn commit(&self, charged: usize) {
        self.charged.set(charged);
        if charged > self.mark.get() {
            self.mark.set(charged);
        }
    }

    #[inline(always)]
    fn discharge(&self, purpose: Use, size: usize) {
        self.charged.set(self.charged.get() - size);
        let account = &self.accounts[purpose as usize];
        account.charged.set(account.charged.get() - size);
    }

    #[inline(always)]
    fn count(&self, purpose: Use, blocks: isize, requested: isize) {
        let account = &self.accounts[purpose as usize];
        account.blocks.set(account.blocks.get().wrapping_add_signed(blocks));
        self.requested.set(self.requested.get().wrapping_add_signed(requested));
    }

    /// Whether [`Mem::page_cell_born`] would succeed now.
    pub(crate) fn admits_page_cell(&self, size: usize) -> Result<(), OutOfMemory> {
        self.admit(size).map(|_| ())
    }

    /// Charges and counts a cell of `size` bytes that lives in a page.
    #[inline(always)]
    pub(crate) fn page_cell_born(&self, size: usize) -> Result<(), OutOfMemory> {
        self.commit(self.admit(size)?);
        self.page_cells_born.set(self.page_cells_born.get() + 1);
        Ok(())
    }

    /// Takes back what [`Mem::page_cell_born`] of the same size did.
    #[inline(always)]
    pub(crate) fn page_cell_died(&self, size: usize) {
        self.charged.set(self.charged.get() - size);
        self.page_cells_dead.set(self.page_cells_dead.get() + 1);
    }

    /// Takes back the bytes of a cell that [`Mem::page_cell_died`] was told has none.
    pub(crate) fn page_cell_shrank(&self, size: usize) {
        self.charged.set(self.charged.get() - size);
    }

    /// Number of live cells in pages.
    #[inline(always)]
    pub(crate) fn page_cells(&self) -> usize {
        (self.page_cells_born.get() - self.page_cells_dead.get()) as usize
    }

    /// Bytes of live cells in pages.
    fn page_cell_bytes(&self) -> usize {
        self.charged.get() - self.accounts.iter().map(|a| a.charged.get()).sum::<usize>()
    }

    /// Allocates a block. `layout.size()` must not be zero.
    #[inline]
    pub fn alloc(&self, purpose: Use, layout: Layout) -> Result<NonNull<u8>, OutOfMemory> {
        self.alloc_by(purpose, layout, || {
            // SAFETY: (1) the size is greater than zero.
            unsafe {
                match &self.pool {
                    Some(pool) => pool.alloc(layout),
                    None => self.gate.allocator().alloc(layout),
                }
            }
        })
    }

    /// Allocates a block of zeroes: an allocator may give pages that are not there before they are touched.
    /// `layout.size()` must not be zero.
    pub fn alloc_zeroed(&self, purpose: Use, layout: Layout) -> Result<NonNull<u8>, OutOfMemory> {
        self.alloc_by(purpose, layout, || {
            // SAFETY: (1) the size is greater than zero.
            unsafe {
                match &self.pool {
                    Some(pool) => pool.alloc_zeroed(layout),
                    None => self.gate.allocator().alloc_zeroed(layout),
                }
            }
        })
    }

    #[inline(always)]
    fn alloc_by(
        &self,
        purpose: Use,
        layout: Layout,
        ask: impl Fn() -> Option<NonNull<u8>>,
    ) -> Result<NonNull<u8>, OutOfMemory> {
        debug_assert!(layout.size() != 0);
        let charge = self.charge_of(layout.size());
        let charged = self.admit(charge)?;
        let block = match ask() {
            Some(block) => block,
            None => self.ask_again(&ask)?,
        };
        self.commit(charged);
        let account = &self.accounts[purpose as usize];
        account.charged.set(account.charged.get() + charge);
        self.allocations.set(self.allocations.get() + 1);
        self.count(purpose, 1, layout.size() as isize);
        Ok(block)
    }

    /// Changes the size of a block; it may move.
    ///
    /// # Safety
    /// 1. `block` is live, from this `Mem`, with layout `old` and this `purpose`.
    /// 2. `new_size` is not zero; on success the old pointer is not used again.
    pub unsafe fn realloc(
        &self,
        purpose: Use,
        block: NonNull<u8>,
        old: Layout,
        new_size: usize,
    ) -> Result<NonNull<u8>, OutOfMemory> {
        let (before, after) = (self.charge_of(old.size()), self.charge_of(new_size));
        if Layout::from_size_align(new_size, old.align()).is_err() {
            return Err(OutOfMemory);
        }
        // Only the difference is checked: old and new block never exist at once in the allocator's own
        // `realloc`.
        let grown = if after > before { self.admit(after - before)? } else { self.charged.get() };
        // SAFETY: (1, 2) the caller's duties; the size was checked above.
        let ask = || unsafe {
            match &self.pool {
                Some(pool) => pool.realloc(block, old, new_size),
                None => self.gate.allocator().realloc(block, old, new_size),
            }
        };
        let moved = match ask() {
            Some(moved) => moved,
            None => self.ask_again(&ask)?,
        };
        // A smaller block may leave the charge above a limit that was lowered: the mark is not its to move.
        if after > before {
            self.commit(grown);
        } else {
            self.charged.set(grown - (before - after));
        }
        let account = &self.accounts[purpose as usize];
        account.charged.set(account.charged.get() - before + after);
        self.count(purpose, 0, new_size as isize - old.size() as isize);
        Ok(moved)
    }

    /// Frees a block.
    ///
    /// # Safety
    /// 1. `block` is live, from this `Mem`, with this layout and `purpose`, and not used again.
    #[inline]
    pub unsafe fn free(&self, purpose: Use, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1) the caller's duty.
        unsafe {
            match &self.pool {
                Some(pool) => pool.free(block, layout),
                None => self.gate.allocator().free(block, layout),
            }
        }
        self.discharge(purpose, self.charge_of(layout.size()));
        self.count(purpose, -1, -(layout.size() as isize));
    }

    /// Charges memory that is not the allocator's to a use, as if it were one block: bytes that several runtimes
    /// share. They count against the limit of each.
    pub fn charge_outside(&self, purpose: Use, bytes: usize) -> Result<(), OutOfMemory> {
        let charge = self.charge_of(bytes);
        let charged = self.admit(charge)?;
        if self.pool.is_some() && self.gate.charge_outside(charge).is_err() {
            let again = self.spare() && self.gate.charge_outside(charge).is_ok();
            if !again {
                return Err(self.refuse());
            }
        }
        self.commit(charged);
        let account = &self.accounts[purpose as usize];
        account.charged.set(account.charged.get() + charge);
        self.allocations.set(self.allocations.get() + 1);
        self.count(purpose, 1, bytes as isize);
        Ok(())
    }

    /// Takes back what [`Mem::charge_outside`] of the same size did.
    pub fn discharge_outside(&self, purpose: Use, bytes: usize) {
        if self.pool.is_some() {
            self.gate.discharge_outside(self.charge_of(bytes));
        }
        self.discharge(purpose, self.charge_of(bytes));
        self.count(purpose, -1, -(bytes as isize));
    }

    /// Takes a block straight from the allocator without charging it: the pages whose cells are
    /// charged one by one. `last` says that nothing smaller is asked for when this is refused.
    pub fn take_page(&self, layout: Layout, last: bool) -> Result<NonNull<u8>, OutOfMemory> {
        // SAFETY: (1) pages are not empty.
        let ask = || unsafe { self.gate.alloc(layout) };
        let page = ask().or_else(|| if last && self.spare() { ask() } else { None });
        page.ok_or_else(|| if last { self.refuse() } else { OutOfMemory })
    }

    /// Gives a page back.
    ///
    /// # Safety
    /// 1. The page came from [`Mem::take_page`] with this layout and is not used again.
    pub unsafe fn give_page(&self, page: NonNull<u8>, layout: Layout) {
        // SAFETY: (1) the caller's duty.
        unsafe { self.gate.free(page, layout) }
    }

    /// Bytes taken from the allocator at this moment, as it was asked for them.
    pub fn taken(&self) -> usize {
        if self.pool.is_some() { self.gate.taken() } else { self.charged() }
    }

    /// The largest value [`Mem::taken`] has had.
    pub fn peak_taken(&self) -> usize {
        if self.pool.is_some() { self.gate.peak() } else { self.peak() }
    }

    /// Bytes that may still be taken before the limit, less what is reserved; `usize::MAX` without one.
    pub fn room(&self) -> usize {
        match self.usable_limit() {
            usize::MAX => usize::MAX,
            limit => limit.saturating_sub(self.taken()),
        }
    }

    /// Says at how many bytes taken [`Mem::is_near`] becomes true.
    pub(crate) fn set_near(&self, taken: usize) {
        self.gate.set_near(taken);
    }

    /// Whether more was taken than [`Mem::set_near`] said.
    pub(crate) fn is_near(&self) -> bool {
        self.gate.passed()
    }

    /// Bytes charged at this moment: `malloc_size` of the memory report.
    #[inline(always)]
    pub fn charged(&self) -> usize {
        self.charged.get()
    }

    /// The largest value [`Mem::charged`] has had.
    pub fn peak(&self) -> usize {
        self.mark.get().max(self.higher_peak.get())
    }

    /// Starts a new peak measurement from the present value.
    pub fn reset_peak(&self) {
        self.gate.reset_peak();
        self.higher_peak.set(self.charged.get());
        self.mark.set(self.charged.get().min(self.limit.get()));
    }

    /// Number of live blocks: `malloc_count` of the memory report.
    pub fn blocks(&self) -> usize {
        self.accounts.iter().map(|a| a.blocks.get()).sum::<usize>() + self.page_cells()
    }

    /// Bytes the engine asked for, before any rounding but that of a cell's page, over live blocks.
    pub fn requested(&self) -> usize {
        self.requested.get() + self.page_cell_bytes()
    }

    /// Bytes that live blocks and cells can hold, with the front's rounding but without the room of the front
    /// that nothing lives in.
    pub fn usable(&self) -> usize {
        self.charged.get()
    }

    /// Successful allocations since the start.
    #[inline(always)]
    pub fn allocations(&self) -> u64 {
        self.allocations.get() + self.page_cells_born.get()
    }

    /// Requests refused since the start, by the limit or by the allocator.
    pub fn refused(&self) -> u64 {
        self.refused.get()
    }

    /// Bytes charged to one use.
    pub fn charged_to(&self, purpose: Use) -> usize {
        let pages = if purpose == Use::Cells { self.page_cell_bytes() } else { 0 };
        self.accounts[purpose as usize].charged.get() + pages
    }

    /// Live blocks of one use.
    pub fn blocks_of(&self, purpose: Use) -> usize {
        let pages = if purpose == Use::Cells { self.page_cells() } else { 0 };
        self.accounts[purpose as usize].blocks.get() + pages
    }

    /// The limit on [`Mem::taken`]; 0 when there is none.
    pub fn limit(&self) -> usize {
        let limit = self.whole_limit.get();
        if limit == usize::MAX { 0 } else { limit }
    }

    /// The limit less what is reserved; `usize::MAX` when there is none.
    pub fn usable_limit(&self) -> usize {
        match (self.whole_limit.get(), self.reserve.get()) {
            (usize::MAX, _) => usize::MAX,
            (limit, 0) => limit,
            (limit, parts) => limit - limit / parts,
        }
    }

    /// Reserves one part in `parts` of any limit for [`Mem::with_reserve`].
    pub fn set_reserve(&self, parts: usize) {
        self.reserve.set(parts);
        self.apply_limit(self.usable_limit());
    }

    /// Lets `work` use the reserve: the collector, which is what makes room when there is none.
    pub fn with_reserve<T>(&self, work: impl FnOnce() -> T) -> T {
        self.apply_limit(self.whole_limit.get());
        self.reserve_open.set(true);
        let result = work();
        self.reserve_open.set(false);
        self.apply_limit(self.usable_limit());
        result
    }

    fn apply_limit(&self, limit: usize) {
        let peak = self.peak();
        self.limit.set(limit);
        self.gate.set_limit(limit);
        self.higher_peak.set(peak);
        self.mark.set(peak.min(limit));
    }

    /// Sets the limit; 0 removes it. A limit below what is in use refuses all growth until
    /// enough has been freed.
    pub fn set_limit(&self, bytes: usize) {
        self.whole_limit.set(if bytes == 0 { usize::MAX } else { bytes });
        self.apply_limit(self.usable_limit());
    }

    /// What stands in front of the allocator.
    pub fn front(&self) -> Front {
        self.front
    }

    /// The allocator that was given, for its figures and its name.
    pub fn allocator(&self) -> &dyn Allocator {
        self.gate.allocator()
    }

    /// Gives pages of the pool that hold nothing back to the allocator.
    pub(crate) fn give_empty(&self) {
        if let Some(pool) = &self.pool {
            pool.give_empty();
        }
    }

    /// Gives free pages back to the allocator, and lets it trim itself.
    pub fn trim(&self) {
        if let Some(pool) = &self.pool {
            pool.trim();
        }
        self.gate.allocator().trim();
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec as StdVec;

    use tare_allocators::System;

    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    /// The system's allocator, which refuses what is larger than a mebibyte.
    struct Small;

    // SAFETY: every duty is passed on to the system's allocator.
    unsafe impl Allocator for Small {
        fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("small")
        }
        unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
            // SAFETY: the same duties.
            if layout.size() > 1 << 20 { None } else { unsafe { System.alloc(layout) } }
        }
        unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
            // SAFETY: the same duties.
            unsafe { System.free(block, layout) }
        }
    }

    #[test]
    fn the_peak_is_of_bytes_that_were_had() {
        for front in [Front::Direct, Front::Pool] {
            let mem = Mem::new(Box::new(Small), front);
            let block = mem.alloc(Use::Host, layout(1000)).unwrap();
            assert_eq!(mem.peak(), 1000);
            // The allocator refuses, and nothing was charged.
            assert!(mem.alloc(Use::Host, layout(1 << 21)).is_err());
            assert_eq!((mem.peak(), mem.charged(), mem.refused()), (1000, 1000, 1));
            mem.set_limit(1500);
            assert!(mem.alloc(Use::Host, layout(600)).is_err());
            assert_eq!((mem.peak(), mem.charged(), mem.refused()), (1000, 1000, 2));
            // SAFETY: the block is live, with this layout.
            unsafe { mem.free(Use::Host, block, layout(1000)) };
            assert_eq!((mem.peak(), mem.charged()), (1000, 0));
            mem.reset_peak();
            assert_eq!(mem.peak(), 0);
        }
    }

    #[test]
    fn a_limit_below_what_is_used_refuses_growth_until_enough_is_freed() {
        let mem = Mem::new(Box::new(System), Front::Direct);
        let blocks: StdVec<_> = (0..10).map(|_| mem.alloc(Use::Host, layout(100)).unwrap()).collect();
        mem.set_limit(500);
        assert_eq!((mem.limit(), mem.peak()), (500, 1000));
        // SAFETY: each block is live, with the layout given; the second was made smaller.
        unsafe {
            // A smaller block is no growth, and does not hide that the limit is passed.
            let smaller = mem.realloc(Use::Host, blocks[0], layout(100), 60).unwrap();
            assert!(mem.alloc(Use::Host, layout(8)).is_err());
            assert!(mem.realloc(Use::Host, blocks[1], layout(100), 101).is_err());
            for &block in &blocks[1..7] {
                mem.free(Use::Host, block, layout(100));
            }
            assert_eq!(mem.charged(), 360);
            let more = mem.alloc(Use::Host, layout(140)).unwrap();
            assert!(mem.alloc(Use::Host, layout(1)).is_err());
            assert_eq!(mem.peak(), 1000);
            mem.set_limit(0);
            assert_eq!(mem.peak(), 1000);
            mem.free(Use::Host, more, layout(140));
            for &block in &blocks[7..] {
                mem.free(Use::Host, block, layout(100));
            }
            assert_eq!(mem.charged_to(Use::Host), 60);
            mem.free(Use::Host, smaller, layout(60));
        }
        assert_eq!(mem.charged(), 0);
    }
}
