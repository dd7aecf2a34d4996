//! Floor 2: reference-counted cells, where they live, how they die.
//!
//! A *cell* is a block that starts with a [`Header`]. Its count is the number of counted
//! references to it, from other cells, from the stack and from the host. At zero the cell is
//! put on a worklist and freed without recursion; cycles are found by the collector.
//!
//! This floor knows no JavaScript type: a cell's kind is a number into a table of [`KindInfo`].
//!
//! # Invariants
//! 1. A live cell's count is at least one. A free slot of a page has count 0; a dead cell that
//!    waits on the worklist has [`DEAD`] set in its kind and the next waiting cell's id in its count.
//! 2. Every counted reference is an owned value (`Ref`, `Value`) somewhere; nothing else changes counts
//!    but the interpreter's handlers, which move whole values.
//! 3. A kind's `trace` reports each counted reference of a cell exactly once: one too few only
//!    leaks, one too many would free a live cell.
//! 4. While code of a runtime runs on a thread, that runtime's heap is the thread's
//!    *current* heap ([`Heap::enter`]); references are only dropped then.
//! 5. `trace` and `finalize` never run JavaScript and never allocate cells.

mod cell;
mod collect;
mod event;
mod leaks;
mod policy;
mod side;
mod space;
#[cfg(test)]
mod tests;
mod verify;

pub use cell::{Blocks, Cell, DEAD, Header, KIND_MASK, KindInfo, Ref, Tracer};
pub use collect::Collector;
pub use event::{Clock, Event, Observer, Outcome, Reason};
pub use leaks::{KindTotal, Leaks, LiveCell, NO_CELL};
pub use policy::{Figures, Policy, PolicyError, PolicyRow, catalogue, parse_policy};
pub use space::{CellId, PAGE_BYTES, SMALL_CELL_BYTES};
pub use verify::Fault;

use core::cell::Cell as StdCell;
use core::ptr::NonNull;

use crate::mem::{Mem, OutOfMemory, Part, Use};
use collect::Reach;
use space::Space;

/// How many kinds the table has room for; the eighth bit of the kind byte is [`DEAD`].
pub const KINDS: usize = 128;

std::thread_local! {
    static CURRENT: StdCell<*const Heap> = const { StdCell::new(core::ptr::null()) };
}

/// Called for a cell that has weak references to it, when it dies and before anything that dies with it
/// is finalized. The cell is dead ([`Heap::is_live`] says so) but whole. The hook makes no new reference to it,
/// allocates no cells and runs no JavaScript; it may drop references.
pub type WeakHook = unsafe fn(owner: *mut (), cell: NonNull<Header>);

/// Called for a cell that a table owns ([`KindInfo::table_owned`]) when the collector frees it, before it is
/// finalized. The owner takes it out of its table without dropping the table's reference, which goes
/// with the cell.
pub type TableHook = unsafe fn(owner: *mut (), cell: NonNull<Header>);

/// Called at the end of each collection, and when an upper floor is out of something that a collection may have set
/// free (`urgent`). Cells may be visited, but it makes, frees and collects none.
pub type CollectedHook = unsafe fn(owner: *mut (), urgent: bool);

/// Called when a cell is allocated, while allocations are tracked: the number of the place that asks for it. It neither
/// allocates cells nor runs JavaScript.
pub type SiteHook = unsafe fn(owner: *mut ()) -> u32;

/// Called with each cell that a collection is about to free, while all of them are whole. It changes nothing.
pub type GarbageHook = unsafe fn(owner: *mut (), cell: NonNull<Header>);

/// The cells of one runtime.
pub struct Heap {
    space: Space,
    kinds: &'static [KindInfo; KINDS],
    worklist: StdCell<u32>,
    draining: StdCell<bool>,
    // The last cell put on the worklist while the present one was buried.
    batch_end: StdCell<Option<NonNull<Header>>>,
    weak_hook: StdCell<Option<WeakHook>>,
    table_hook: StdCell<Option<TableHook>>,
    garbage_hook: StdCell<Option<GarbageHook>>,
    collected_hook: StdCell<Option<CollectedHook>>,
    owner: StdCell<*mut ()>,
    tables: [StdCell<*const ()>; TABLES],
    /// Charged bytes above which an object allocation asks the policy whether to collect.
    trigger: StdCell<usize>,
    // What `trigger` is but while dead cells wait, and what the policy set it to.
    due: StdCell<usize>,
    policy_trigger: StdCell<usize>,
    // Cells freed at once; 0 for no bound.
    release_budget: StdCell<usize>,
    abandoned: StdCell<bool>,
    policy: StdCell<Policy>,
    collecting: StdCell<bool>,
    collector: StdCell<Collector>,
    // Charged bytes from which on a collection is a full one.
    full_at: StdCell<usize>,
    collections: StdCell<u64>,
    observer: StdCell<Option<Box<dyn Observer>>>,
    log: StdCell<Option<Box<dyn Observer>>>,
    clock: Clock,
    verifying: StdCell<bool>,
    // Somebody looks at all cells: debug builds see to it that none is made, moved or freed.
    still: StdCell<bool>,
    meter: StdCell<*mut i32>,
    // Collections in a row that were made because memory ran out and found little, and what was tried since the last.
    futile: StdCell<u32>,
    caught: StdCell<u32>,
    tries: StdCell<u64>,
}

/// See [`Heap::hold_still`].
pub struct Still<'a>(&'a Heap);

impl Drop for Still<'_> {
    fn drop(&mut self) {
        self.0.still.set(false);
    }
}

/// A collection made because memory ran out has found enough when it frees this part of what was in use.
const ENOUGH_DIVISOR: usize = 64;
/// So many collections in a row may find less before the next has to wait.
const MOST_FUTILE: u32 = 8;
/// So many are allowed in any case after a script has caught that memory ran out: what it lets go of then is garbage ...
const AFTER_CATCH: u32 = 4;
/// ... but not if so many times in a row that was not enough.
const MOST_CATCHES: u32 = 32;
/// A refused request counts for one in so many live cells: it then waits for as many refusals, at most.
const REFUSAL_DIVISOR: u64 = 16;

/// This part of the memory limit is kept for the collector's tables, which take ten bits for every 16 bytes of
/// the cells' pages, and its stack.
const RESERVE_DIVISOR: usize = 10;
/// When all but this part of the rest of the limit is in use, a collection is due.
const NEAR_DIVISOR: usize = 24;

/// How many tables upper floors can register with a heap.
pub const TABLES: usize = 3;

/// The thread's current heap, for the floors above (invariant 4). Panics outside of a runtime.
#[inline(always)]
pub(crate) fn current() -> &'static Heap {
    let heap = CURRENT.get();
    assert!(!heap.is_null(), "engine code ran outside its runtime");
    // SAFETY: `enter` stored a reference that outlives its guard; the floors above keep the
    // reference no longer than the call they were made in.
    unsafe { &*heap }
}

impl Drop for Heap {
    fn drop(&mut self) {
        self.mem().forget_relief();
        // When a thread unwinds the heap may be in any state, and a second panic would abort: it leaks.
        if self.live_cells() != 0 && !self.abandoned.get() && !std::thread::panicking() {
            // SAFETY: (1) a runtime drops its heap when nothing uses its cells any more; what is left was
            // leaked. What the cells own must go back, also where the memory cannot be dropped whole.
            unsafe { self.clear() };
        }
    }
}

/// Gives chunks without cells back when a request was refused.
///
/// # Safety
/// 1. `heap` is a [`Heap`].
unsafe fn give_spare(heap: *const ()) {
    // SAFETY: (1) the caller's duty.
    let heap = unsafe { &*heap.cast::<Heap>() };
    // The collector's tables know the chunks.
    if !heap.collecting.get() {
        heap.space.trim();
    }
}

/// Marks the end of the worklist: no cell has this id.
const WORKLIST_END: u32 = u32::MAX;

/// Restores the heap that was current before [`Heap::enter`].
pub struct Entered {
    before: *const Heap,
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}

impl Heap {
    /// An empty heap over `mem`, which must outlive it.
    pub fn new(mem: &Mem, kinds: &'static [KindInfo; KINDS]) -> Heap {
        let heap = Heap {
            space: Space::new(mem),
            kinds,
            worklist: StdCell::new(WORKLIST_END),
            draining: StdCell::new(false),
            batch_end: StdCell::new(None),
            weak_hook: StdCell::new(None),
            table_hook: StdCell::new(None),
            garbage_hook: StdCell::new(None),
            collected_hook: StdCell::new(None),
            owner: StdCell::new(core::ptr::null_mut()),
            tables: [const { StdCell::new(core::ptr::null()) }; TABLES],
            trigger: StdCell::new(256 * 1024),
            due: StdCell::new(256 * 1024),
            policy_trigger: StdCell::new(256 * 1024),
            release_budget: StdCell::new(0),
            abandoned: StdCell::new(false),
            policy: StdCell::new(Policy::default()),
            collecting: StdCell::new(false),
            collector: StdCell::new(Collector::Full),
            full_at: StdCell::new(0),
            collections: StdCell::new(0),
            observer: StdCell::new(None),
            log: StdCell::new(None),
            clock: Clock::start(),
            verifying: StdCell::new(cfg!(debug_assertions)),
            still: StdCell::new(false),
            meter: StdCell::new(core::ptr::null_mut()),
            futile: StdCell::new(0),
            caught: StdCell::new(0),
            tries: StdCell::new(0),
        };
        mem.set_reserve(RESERVE_DIVISOR);
        heap.set_due();
        heap
    }

    /// Makes this heap the thread's current one until the guard is dropped.
    #[must_use]
    pub fn enter(&self) -> Entered {
        Entered { before: CURRENT.replace(self) }
    }

    /// The thread's current heap.
    ///
    /// # Safety
    /// 1. A heap is entered on this thread, and stays so while the reference is used.
    #[inline(always)]
    pub unsafe fn current<'a>() -> &'a Heap {
        let heap = CURRENT.get();
        debug_assert!(!heap.is_null(), "a reference was touched outside its runtime");
        // SAFETY: (1) `enter` stored a reference that outlives its guard.
        unsafe { &*heap }
    }

    /// The memory the cells live in.
    #[inline(always)]
    pub fn mem(&self) -> &Mem {
        self.space.mem()
    }

    /// What a kind does.
    #[inline(always)]
    pub fn kind_info(&self, kind: u8) -> &'static KindInfo {
        &self.kinds[usize::from(kind & KIND_MASK)]
    }

    /// The runtime state behind this heap, as set by [`Heap::set_owner`].
    #[inline(always)]
    pub fn owner(&self) -> *mut () {
        self.owner.get()
    }

    /// Says where steps of work are counted down, which lives as long as the heap.
    pub fn set_meter(&self, meter: *mut i32) {
        self.meter.set(meter);
    }

    /// Counts steps of work that were or will be done without asking whether they may.
    pub fn owe(&self, steps: u32) {
        let meter = self.meter.get();
        if !meter.is_null() {
            // SAFETY: `set_meter` was given a place that lives as long as the heap; nobody keeps a
            // reference to it.
            unsafe { *meter = (*meter).saturating_sub(i32::try_from(steps).unwrap_or(i32::MAX)) };
        }
    }

    /// Names the runtime state that hooks and finalizers are given. From now on the heap does not move until it is
    /// dropped.
    pub fn set_owner(&self, owner: *mut (), weak_hook: WeakHook) {
        self.owner.set(owner);
        self.stay();
        self.weak_hook.set(Some(weak_hook));
    }

    /// Lets the memory tell the heap when it runs out, which is before the policy is asked again. From now on the heap
    /// does not move until it is dropped.
    pub(crate) fn stay(&self) {
        // SAFETY: (1) the heap stays where it is, and takes this back when it is dropped.
        unsafe { self.mem().set_relief(give_spare, (&raw const *self).cast(), &raw const self.trigger) };
    }

    /// A table that an upper floor registered, for finalizers that must find it.
    #[inline(always)]
    pub fn table(&self, index: usize) -> *const () {
        self.tables[index].get()
    }

    /// Registers a table; it must outlive the heap's cells and not move.
    pub fn set_table(&self, index: usize, table: *const ()) {
        self.tables[index].set(table);
    }

    /// Says what to call when the collector frees a cell that a table owns.
    pub fn set_table_hook(&self, hook: TableHook) {
        self.table_hook.set(Some(hook));
    }

    /// Charged bytes above which object allocation asks for a collection.
    #[inline(always)]
    pub fn trigger(&self) -> usize {
        self.policy_trigger.get()
    }

    /// Sets [`Heap::trigger`] until the policy sets it again, after the next collection it asked for.
    /// `usize::MAX` switches automatic collection off.
    pub fn set_trigger(&self, bytes: usize) {
        self.policy_trigger.set(bytes);
        self.set_due();
    }

    /// Works out when the next collection is due: at the policy's trigger, but earlier when the memory limit
    /// is near, as long as a collection can still have its tables.
    fn set_due(&self) {
        let mut due = self.policy_trigger.get();
        let (charged, limit) = (self.mem().charged(), self.mem().usable_limit());
        if limit != usize::MAX && due != usize::MAX {
            let near = limit - limit / NEAR_DIVISOR;
            // Once most of what is near is in use, ever smaller steps up to the limit: few futile collections.
            let last = charged.saturating_add(limit.saturating_sub(charged) / 2);
            due = due.min(if charged < near { near } else { last });
            // The same for what is taken: cells may be few on many pages.
            let taken = self.mem().taken();
            let last = taken.saturating_add(limit.saturating_sub(taken) / 2);
            self.mem().set_near(if taken < near { near } else { last });
        } else {
            self.mem().set_near(usize::MAX);
        }
        self.due.set(due);
        self.arm();
    }

    /// Sets what allocation compares with: 0 while dead cells wait, so that it goes on freeing them, and after a
    /// request was refused.
    fn arm(&self) {
        let waiting = self.worklist.get() != WORKLIST_END;
        let alarm = self.mem().is_pressed() || self.mem().is_near();
        self.trigger.set(if waiting || alarm { 0 } else { self.due.get() });
    }

    /// To be called when the memory's limit was changed: the next collection may be due earlier.
    pub fn limit_changed(&self) {
        self.set_due();
    }

    /// The policy that says when to collect.
    pub fn policy(&self) -> Policy {
        self.policy.get()
    }

    /// Replaces the policy, which sets the trigger at once.
    pub fn set_policy(&self, mut policy: Policy) {
        self.set_trigger(policy.begin(&self.figures()));
        self.policy.set(policy);
    }

    /// Whether to call [`Heap::maybe_collect`]: asked before each allocation of an object.
    #[inline(always)]
    pub fn wants_collection(&self) -> bool {
        self.mem().charged() > self.trigger.get()
    }

    /// Asks the policy, and collects if it says so; true when it did. Cells that are not
    /// yet filled in must not exist.
    #[cold]
    #[inline(never)]
    pub fn maybe_collect(&self) -> bool {
        if self.collecting.get() {
            return false;
        }
        if self.worklist.get() != WORKLIST_END {
            self.free_waiting(self.release_budget.get());
            let alarm = self.mem().is_pressed() || self.mem().is_near();
            if self.mem().charged() <= self.due.get() && !alarm {
                return false;
            }
        }
        if self.mem().is_pressed() {
            return self.relieve(1).is_some();
        }
        let mut policy = self.policy.get();
        let answer = policy.ask(&self.figures());
        self.policy.set(policy);
        match answer {
            // A collection that finds no memory for its tables is tried again when as much has come
            // to the heap as to be worth it.
            None => match self.collect(Reason::Policy) {
                Ok(_) => true,
                Err(OutOfMemory) => {
                    let charged = self.mem().charged();
                    self.set_trigger(charged + charged / 16);
                    false
                }
            },
            Some(trigger) => {
                self.set_trigger(trigger);
                false
            }
        }
    }

    /// Collects, whatever the policy says, because memory ran out, and gives empty pages back; the bytes gained. Nothing
    /// (`None`) is done while the last such collections found next to nothing and little was tried since: `weight` says
    /// how much this is. Cells that are not yet filled in must not exist.
    fn relieve(&self, weight: u64) -> Option<usize> {
        self.may_relieve(weight).then(|| self.relieve_now(Reach::All))
    }

    fn may_relieve(&self, weight: u64) -> bool {
        if self.collecting.get() {
            return false;
        }
        let limit = self.mem().usable_limit();
        if weight == 1 && limit != usize::MAX && limit.saturating_sub(self.mem().charged()) > limit / 8 {
            self.trim();
            self.mem().give_empty();
            if self.mem().room() > limit / 8 {
                // There is room again without it.
                self.mem().set_pressed(false);
                self.arm();
                return false;
            }
        }
        let tries = self.tries.get().saturating_add(weight);
        self.tries.set(tries);
        if self.futile.get() >= MOST_FUTILE && tries < self.live_cells() as u64 {
            return false;
        }
        self.tries.set(0);
        true
    }

    fn relieve_now(&self, reach: Reach) -> usize {
        let (charged, taken) = (self.mem().charged(), self.mem().taken());
        // Without memory for the collector's tables the script has to let go of something itself.
        let done = self.collect_what(Reason::OutOfMemory, reach).is_ok();
        self.trim();
        self.mem().give_empty();
        let freed = charged.saturating_sub(self.mem().charged());
        if done && freed >= charged / ENOUGH_DIVISOR {
            self.futile.set(0);
            self.caught.set(0);
            self.mem().set_pressed(false);
        } else {
            self.futile.set(self.futile.get().saturating_add(1));
            // The allocator alone knows what it can give: it is asked again.
            if self.mem().limit() == 0 {
                self.mem().set_pressed(false);
            }
        }
        self.arm();
        freed.max(taken.saturating_sub(self.mem().taken()))
    }

    /// Collects, as for a refused request, when a script has caught that memory ran out: what it had made may be
    /// cyclic garbage now.
    pub(crate) fn collect_after_refusal(&self) {
        self.caught.set(self.caught.get().saturating_add(1));
        if self.caught.get() <= MOST_CATCHES {
            self.futile.set(self.futile.get().min(MOST_FUTILE - AFTER_CATCH));
        }
        let weight = self.live_cells() as u64 / REFUSAL_DIVISOR + 2;
        let _ = self.relieve(weight);
    }

    /// Tries to make room for a large request that was refused, in the middle of whatever asks; true when it is worth
    /// asking again. Cells that are not yet filled in must not exist, and nobody may hold a shape that no live object has.
    #[cold]
    #[inline(never)]
    pub(crate) fn make_room(&self) -> bool {
        if self.worklist.get() != WORKLIST_END && !self.draining.get() {
            self.free_waiting(0);
        }
        let weight = self.live_cells() as u64 / REFUSAL_DIVISOR + 2;
        // Finalizers run while the worklist is drained: what they see is not whole.
        !self.draining.get() && self.may_relieve(weight) && self.relieve_now(Reach::NotTables) > 0
    }

    fn figures(&self) -> Figures {
        Figures { charged: self.mem().charged(), now_ns: self.clock.now_ns() }
    }

    fn after_collection(&self, outcome: &Outcome) {
        let mut policy = self.policy.get();
        if let Some(trigger) = policy.after(outcome, &self.figures()) {
            self.policy_trigger.set(trigger);
        }
        self.policy.set(policy);
        self.set_due();
    }

    /// Collections since the start.
    pub fn collections(&self) -> u64 {
        self.collections.get()
    }

    /// Sets or removes the observer of collections, and returns the one before.
    pub fn set_observer(&self, observer: Option<Box<dyn Observer>>) -> Option<Box<dyn Observer>> {
        self.observer.replace(observer)
    }

    /// Sets or removes a second observer, for the runtime's own log.
    pub fn set_log(&self, log: Option<Box<dyn Observer>>) {
        drop(self.log.replace(log));
    }

    /// Says what to call at the end of each collection.
    pub fn set_collected_hook(&self, hook: CollectedHook) {
        self.collected_hook.set(Some(hook));
    }

    /// Calls the hook of [`Heap::set_collected_hook`].
    pub(crate) fn collected(&self, urgent: bool) {
        if let Some(hook) = self.collected_hook.get() {
            // SAFETY: the owner is the hook's, and the hook keeps its contract.
            unsafe { hook(self.owner.get(), urgent) };
        }
    }

    /// Says what to call for each cell that a collection frees.
    pub fn set_garbage_hook(&self, hook: Option<GarbageHook>) {
        self.garbage_hook.set(hook);
    }

    fn observe(&self, event: &Event<'_>) {
        for place in [&self.observer, &self.log] {
            if let Some(observer) = place.take() {
                observer.event(event);
                // One that was set meanwhile stays.
                if let Some(newer) = place.replace(Some(observer)) {
                    place.set(Some(newer));
                }
            }
        }
    }

    /// Notes for every cell from now on where it was allocated. To be called before the first cell is made: cells
    /// have blocks of their own then, whatever the front.
    pub fn track_allocations(&self, hook: SiteHook) {
        self.space.track(hook, self.owner.get());
    }

    /// Whether cells have blocks of their own because allocations are tracked.
    pub fn is_tracking(&self) -> bool {
        self.space.is_tracking()
    }

    /// The number of the place that allocated a cell; none unless allocations are tracked.
    ///
    /// # Safety
    /// 1. `cell` is a cell of this heap whose memory was not freed.
    pub unsafe fn site_of(&self, cell: NonNull<Header>) -> Option<u32> {
        // SAFETY: (1) the caller's duty.
        unsafe { self.space.site_of(cell) }
    }

    /// The heap's clock: zero when it was made.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Whether builds with debug assertions verify the heap after each collection (they do unless told
    /// not to).
    pub fn set_verifying(&self, verifying: bool) {
        self.verifying.set(verifying);
    }

    /// Allocates a cell of `size` bytes with a count of one. Everything after the header is
    /// uninitialised: the caller fills it before anything else can see the cell.
    #[inline(always)]
    pub fn alloc_raw(&self, size: usize, word: u32) -> Result<NonNull<Header>, OutOfMemory> {
        debug_assert!(!self.still.get(), "a cell was made while somebody looked at all cells");
        let cell = match self.space.alloc(size) {
            Ok(cell) => cell,
            Err(OutOfMemory) => self.alloc_again(size, self.kind_info(word as u8).leaf)?,
        };
        // SAFETY: the space returned a block of at least a header.
        unsafe { cell.as_ptr().write(Header::new(word)) };
        Ok(cell)
    }

    /// Allocates a cell and moves `value` into it. Its header is set to a count of one and `word`.
    #[inline]
    pub fn alloc<T: Cell>(&self, value: T, word: u32) -> Result<Ref<T>, OutOfMemory> {
        debug_assert_eq!(word as u8, T::KIND);
        debug_assert!(!self.still.get(), "a cell was made while somebody looked at all cells");
        let size = size_of::<T>();
        let cell = if T::OUTSIDE { self.space.alloc_apart(size) } else { self.space.alloc(size) };
        let cell = match cell {
            Ok(cell) => cell,
            Err(OutOfMemory) => self.alloc_again(size, false)?,
        };
        let cell = cell.cast::<T>();
        // SAFETY: the block has room for `T`; cells are 8-aligned, and `Cell` promises `T` needs no more.
        unsafe {
            cell.as_ptr().write(value);
            cell.cast::<Header>().as_ptr().write(Header::new(word));
            Ok(Ref::from_raw(cell))
        }
    }

    /// Tries once more when dead cells waited to be freed, and for a large leaf, such as a string, when a collection made
    /// room. Not for others: whoever makes an object may hold a shape that goes with the last object that has it.
    #[cold]
    #[inline(never)]
    fn alloc_again(&self, size: usize, leaf: bool) -> Result<NonNull<Header>, OutOfMemory> {
        if leaf && size > SMALL_CELL_BYTES {
            return if self.make_room() { self.space.alloc(size) } else { Err(OutOfMemory) };
        }
        if self.worklist.get() == WORKLIST_END || self.draining.get() {
            return Err(OutOfMemory);
        }
        self.free_waiting(0);
        self.space.alloc(size)
    }

    /// Changes the size of a cell that has exactly one reference. The cell may move; the caller
    /// replaces that reference.
    ///
    /// # Safety
    /// 1. `cell` is live with a count of one, and the reference to it is the caller's.
    /// 2. The kind's bytes may be moved (no pointers into itself).
    pub unsafe fn resize_raw(
        &self,
        cell: NonNull<Header>,
        new_size: usize,
    ) -> Result<NonNull<Header>, OutOfMemory> {
        debug_assert!(!self.still.get(), "a cell was moved while somebody looked at all cells");
        // SAFETY: (1, 2) the caller's duties.
        unsafe { self.space.resize(cell, new_size) }
    }

    /// The bytes a live cell occupies, its rounding included.
    ///
    /// # Safety
    /// 1. `cell` is a live cell of this heap.
    #[inline(always)]
    pub unsafe fn cell_size(&self, cell: NonNull<Header>) -> usize {
        // SAFETY: (1) the caller's duty.
        unsafe { space::cell_size(cell) }
    }

    /// Frees a cell whose last reference is gone, and whatever dies with it.
    ///
    /// # Safety
    /// 1. `cell` belongs to this heap, its count has just become zero, and nobody uses it again.
    #[cold]
    #[inline(never)]
    pub unsafe fn release(&self, cell: NonNull<Header>) {
        debug_assert!(!self.still.get(), "a cell was freed while somebody looked at all cells");
        // SAFETY: (1) the cell is whole and unreferenced: it may be finalized, or wait for that.
        unsafe {
            let header = cell.as_ptr();
            let kind = (*header).mark_dead();
            if self.draining.get() {
                // In front of what waited before, behind what died with the same cell: cells are then
                // visited in the order in which most were allocated, which is that of their addresses.
                let id = self.space.id_of(cell).0;
                match self.batch_end.replace(Some(cell)) {
                    None => {
                        (*header).set_count(self.worklist.get());
                        self.worklist.set(id);
                    }
                    Some(before) => {
                        (*header).set_count((*before.as_ptr()).count());
                        (*before.as_ptr()).set_count(id);
                    }
                }
                return;
            }
            self.draining.set(true);
            self.bury(cell, kind);
        }
        if self.worklist.get() != WORKLIST_END {
            match self.release_budget.get() {
                0 => self.empty_worklist(0),
                budget => {
                    if budget > 1 {
                        self.empty_worklist(budget - 1);
                    }
                    self.arm();
                }
            }
        }
        self.draining.set(false);
    }

    /// Finalizes a dead cell and gives its memory back. What it referred to is put on the worklist if it
    /// dies too, also by way of the weak hook: nothing here recurses.
    ///
    /// # Safety
    /// 1. The cell is dead and whole, of this kind, nothing refers to it, and `draining` is set.
    #[inline(always)]
    unsafe fn bury(&self, cell: NonNull<Header>, kind: u8) {
        // SAFETY: (1) the caller's duty.
        unsafe {
            self.batch_end.set(None);
            let info = self.kind_info(kind);
            if info.weakable
                && Header::weak_flag(cell)
                && let Some(hook) = self.weak_hook.get()
            {
                hook(self.owner.get(), cell);
            }
            (info.finalize)(cell);
            self.space.free(cell);
        }
    }

    /// Bounds how many cells are freed at once when a large structure dies; 0, the default, for no bound.
    /// The rest waits, still charged, and is freed bit by bit by later deaths, by
    /// [`Heap::maybe_collect`], by [`Heap::free_waiting`], or when memory runs out.
    ///
    /// A weak reference to a waiting cell must be taken for dead: ask [`Heap::is_live`]. The bound is on
    /// cells: one with a million references still drops all of them at once.
    pub fn set_release_budget(&self, cells: usize) {
        self.release_budget.set(cells);
    }

    /// Frees up to `cells` of the cells that wait, all of them for 0.
    pub fn free_waiting(&self, cells: usize) {
        if !self.draining.replace(true) {
            let _entered = self.enter();
            self.empty_worklist(cells);
            self.draining.set(false);
            self.arm();
        }
    }

    /// `cells` is 0 for no bound.
    fn empty_worklist(&self, mut cells: usize) {
        loop {
            let id = self.worklist.get();
            if id == WORKLIST_END {
                break;
            }
            // SAFETY: ids on the worklist are of dead cells that nothing else refers to; each is taken
            // off before it is buried.
            unsafe {
                let cell = self.space.cell_at(CellId(id));
                self.worklist.set((*cell.as_ptr()).count());
                self.bury(cell, (*cell.as_ptr()).kind());
            }
            // From 0 it wraps around, and does not come back to it.
            cells = cells.wrapping_sub(1);
            if cells == 0 {
                break;
            }
        }
    }

    /// Frees every cell, whatever its count: the slow but thorough tear-down, after leaks were reported.
    ///
    /// # Safety
    /// 1. References to cells that are left outside the heap are never used again, nor dropped.
    pub unsafe fn clear(&self) {
        self.free_waiting(0);
        self.collecting.set(true);
        let _entered = self.enter();
        let each = |visit: &mut dyn FnMut(NonNull<Header>, &KindInfo)| {
            self.for_each_cell(&mut |cell| {
                // SAFETY: visited cells are whole.
                visit(cell, self.kind_info(unsafe { cell.as_ref() }.kind()));
            });
        };
        // While finalizers run, no count may reach zero: each has one more. Leaves die by counting, which
        // puts them on the worklist.
        self.draining.set(true);
        each(&mut |cell, info| {
            if !info.leaf {
                // SAFETY: the cell is whole until it is finalized below.
                unsafe {
                    (*cell.as_ptr()).increment();
                    (*cell.as_ptr()).mark_dead();
                }
            }
        });
        for turn in 0..3 {
            each(&mut |cell, info| {
                let its_turn = if info.late { 2 } else { usize::from(info.table_owned) };
                if !info.leaf && its_turn == turn {
                    // SAFETY: each cell is finalized once: those that a table owns after their users, those
                    // that others find by number after these.
                    unsafe { (info.finalize)(cell) };
                }
            });
        }
        self.empty_worklist(0);
        each(&mut |cell, info| {
            if info.leaf {
                // SAFETY: a leaf that was leaked; it drops no references.
                unsafe { (info.finalize)(cell) };
            }
        });
        // SAFETY: (1) all cells were finalized, and nothing uses them again.
        unsafe { self.space.free_all() };
        self.draining.set(false);
        self.collecting.set(false);
    }

    /// Finalizes only the cells that own something outside the runtime's memory, and leaves all others
    /// as they are, for the memory to be dropped whole. Takes time in proportion to the former, and to the
    /// number of cells too large for a page.
    ///
    /// References that are dropped afterwards, while the heap exists, do nothing.
    ///
    /// # Safety
    /// 1. No cell is used again.
    /// 2. The [`Mem`] is dropped after the heap, and gives back all its blocks by itself: its front is the pool,
    ///    or its allocator destroys all it gave.
    pub unsafe fn abandon(&self) {
        self.abandoned.set(true);
        // Counts that reach zero put their cell on the worklist, which nobody looks at again.
        self.draining.set(true);
        let _entered = self.enter();
        for index in 0..self.space.table_len() {
            if let Some(cell) = self.space.table_cell(index) {
                // SAFETY: (1) the cell is live, or waits, and so whole; it is finalized once.
                unsafe {
                    let info = self.kind_info(cell.as_ref().kind());
                    if info.outside {
                        (info.finalize)(cell);
                    }
                }
            }
        }
    }

    /// Whether [`Heap::abandon`] was called.
    pub fn is_abandoned(&self) -> bool {
        self.abandoned.get()
    }

    /// While the guard lives, addresses of cells stay good because nothing makes, moves or frees one: debug
    /// builds stop whoever does.
    #[must_use]
    pub fn hold_still(&self) -> Still<'_> {
        self.still.set(true);
        Still(self)
    }

    /// Calls `visit` for every cell that is live or waits to be freed, in address order within a page.
    /// `visit` neither allocates nor frees cells.
    pub fn for_each_cell(&self, visit: &mut dyn FnMut(NonNull<Header>)) {
        self.space.for_each(visit);
    }

    /// Calls `visit` with every block that the heap owns, and the cell that it belongs to: cells themselves, what
    /// they own beside that ([`Cell::blocks`]), and the heap's own tables (no cell). Cells that wait to be freed
    /// are among them. `visit` neither allocates nor frees cells.
    pub fn for_each_block(&self, visit: &mut dyn FnMut(Option<NonNull<Header>>, Use, Part, usize)) {
        self.space.blocks(&mut Blocks::new(self.mem(), &mut |purpose, part, bytes| {
            visit(None, purpose, part, bytes);
        }));
        self.for_each_cell(&mut |cell| {
            // SAFETY: visited cells are whole, and the table pairs kinds with their functions.
            unsafe {
                visit(Some(cell), Use::Cells, Part::Cell, self.space.charge_of(cell));
                let mut each = |purpose, part, bytes| visit(Some(cell), purpose, part, bytes);
                let mut blocks = Blocks::new(self.mem(), &mut each);
                (self.kind_info(cell.as_ref().kind()).blocks)(cell, &mut blocks);
            }
        });
    }

    /// Where the collector finds its tables.
    pub(crate) fn space(&self) -> &Space {
        &self.space
    }

    /// Number of live cells.
    pub fn live_cells(&self) -> usize {
        self.space.live_cells()
    }

    /// Gives memory that holds no cell back to the allocator.
    pub fn trim(&self) {
        self.space.trim();
    }

    /// Bytes of pages and table blocks that the cells live in, free slots included.
    pub fn committed(&self) -> usize {
        self.space.committed()
    }
}
