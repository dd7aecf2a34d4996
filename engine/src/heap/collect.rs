//! The cycle collector: trial deletion on side tables.
//!
//! It finds the cells that only cells hold which nothing outside holds, without knowing any root:
//! 1. *Count*: walk all cells and count, in the side tables, the counted references between them.
//! 2. *Mark*: a cell with more references than were counted is held from outside (the stack, the host, a
//!    native structure). Mark it and all it leads to.
//! 3. *Sweep*: what is not marked is garbage: finalize it, then free it.
//!
//! # Invariants
//! - Until the sweep nothing but the side tables is written, so that running out of memory before leaves
//!   the heap as it was. The sweep takes no memory.
//! - Marking needs no more memory once it has begun: what finds no room on its stack is made gray in the side
//!   tables, and found again there.
//! - A collection may leave cells out (see [`Collector::Young`]): references from them are not counted, so
//!   that what they refer to stays. Cells that a table owns are always left out then: the
//!   uncounted references to them are not known.
//! - Leaves are never looked at beyond their header: a cell without references is in no cycle.
//! - The reference that a table holds to a cell it owns is counted as internal, and the uncounted
//!   references to such cells only matter to marking.
//! - Dead cells on the worklist keep what they refer to until they are finalized: their counted
//!   references are not counted in step 1, and their uncounted ones are marked from.
//! - During the sweep each garbage cell has one reference too many, the collector's, and is marked dead, so
//!   that finalizers can drop references to each other's cells in any order.

use core::cell::{Cell as StdCell, UnsafeCell};
use core::fmt;
use core::ptr::NonNull;

use super::cell::{BATCH, EdgeSink, PLAIN_FLAGS, Tracer};
use super::event::{Event, Outcome, Reason};
use super::policy::PolicyError;
use super::side::{HEAVY, Tables, View, WORD_PLACES, prefetch};
use super::space::{GRANULE, GRANULES_PER_CHUNK, cell_size};
use super::{CellId, Header, Heap, WORKLIST_END};
use crate::mem::{OutOfMemory, Use, Vec};

/// What a collection that the policy asks for looks at. One that somebody requests looks at everything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Collector {
    /// All cells.
    Full,
    /// The cells on pages that were allocated from since the last collection, and all cells once the
    /// heap is `factor` times what the last full collection left.
    ///
    /// Needs no write barrier: cells that old ones refer to have more references than are found among
    /// the young, and stay. Garbage in which an old cell takes part waits for a full collection.
    Young {
        /// At least 1.
        factor: f64,
    },
}

/// No full collection is due below this many charged bytes.
const LEAST_FULL: usize = 4 << 20;

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Collector::Full => f.write_str("full"),
            Collector::Young { factor } => write!(f, "young({factor})"),
        }
    }
}

impl core::str::FromStr for Collector {
    type Err = PolicyError;

    /// Reads `full` or `young([factor])`.
    fn from_str(text: &str) -> Result<Collector, PolicyError> {
        let factor = match text.trim() {
            "full" => return Ok(Collector::Full),
            "young" => "2",
            other => {
                let rest = other.strip_prefix("young(").ok_or(PolicyError::UnknownName)?;
                rest.strip_suffix(')').ok_or(PolicyError::Syntax)?
            }
        };
        match factor.trim().parse() {
            Ok(factor) if (1.0..=1000.0).contains(&factor) => Ok(Collector::Young { factor }),
            Ok(_) => Err(PolicyError::OutOfRange),
            Err(_) => Err(PolicyError::BadNumber),
        }
    }
}

/// Cells that are fetched ahead of their turn.
const RING: usize = 64;
/// References whose balance is fetched ahead of counting them.
const FETCHED: usize = 32;
/// Cells that the mark stack has room for: what finds none is made gray.
const STACK_CELLS: usize = 1024;
/// Header words of plain cells that marking remembers, by their tag.
const SEEN_WORDS: usize = 64;

/// The value words of a plain cell ([`KindInfo::plain`]) of a size.
///
/// # Safety
/// `cell` is whole, of this size, and of a kind whose value words begin at `words_at`.
#[inline(always)]
unsafe fn plain_words<'a>(cell: NonNull<Header>, size: usize, words_at: usize) -> Option<&'a [u64]> {
    // SAFETY: a cell of a plain kind has a second word, and value words up to its end.
    unsafe {
        let words = cell.cast::<u64>();
        if words.add(1).read() & !PLAIN_FLAGS != 0 {
            return None;
        }
        let words = words.as_ptr().byte_add(words_at);
        Some(core::slice::from_raw_parts(words, (size - words_at) / size_of::<u64>()))
    }
}

/// The cell that a value word refers to, if it refers to one.
#[inline(always)]
fn cell_of_word(word: u64) -> Option<NonNull<Header>> {
    if word >> 48 != 0 {
        return None;
    }
    NonNull::new(core::ptr::with_exposed_provenance_mut(word as usize))
}

/// Step 1: counts references.
struct Counting<'a> {
    tables: UnsafeCell<&'a mut Tables>,
    direct: bool,
    edges: StdCell<u64>,
    failed: StdCell<bool>,
    view: View,
}

impl EdgeSink for Counting<'_> {
    const UNCOUNTED: bool = false;

    fn edges(&self, edges: &[NonNull<Header>]) {
        if self.direct {
            for &target in edges {
                prefetch(target.as_ptr());
            }
        }
        let mut places = [0; BATCH];
        // SAFETY: targets are live cells, at most a batch; nothing else uses the tables during this call.
        unsafe {
            for (place, &target) in places.iter_mut().zip(edges) {
                *place = self.view.place_of(target);
                self.view.fetch(*place);
            }
            for &place in &places[..edges.len()] {
                self.count(place);
            }
        }
        self.edges.set(self.edges.get() + edges.len() as u64);
    }

    fn ephemeron(&self, _key: NonNull<Header>, _value: NonNull<Header>) -> bool {
        true
    }
}

/// The places of the references found last: they are counted when their balance was fetched.
struct Fetched {
    places: [usize; FETCHED],
    taken: usize,
}

impl Fetched {
    /// Takes a place in, and returns the one to count now.
    #[inline(always)]
    fn exchange(&mut self, view: View, place: usize) -> Option<usize> {
        view.fetch(place);
        let before = core::mem::replace(&mut self.places[self.taken % FETCHED], place);
        self.taken += 1;
        (self.taken > FETCHED).then_some(before)
    }

    /// Those not counted yet.
    fn rest(&self) -> &[usize] {
        &self.places[..self.taken.min(FETCHED)]
    }
}

/// What is to be done with the cells that have a certain header word.
#[derive(Clone, Copy, PartialEq)]
enum Treatment {
    Skip,
    Plain,
    Trace,
}

impl<'a> Counting<'a> {
    fn new(tables: &'a mut Tables) -> Counting<'a> {
        Counting {
            direct: tables.only_table(),
            view: tables.view(),
            edges: StdCell::new(0),
            failed: StdCell::new(false),
            tables: UnsafeCell::new(tables),
        }
    }

    /// # Safety
    /// `place` is one of the tables, which nothing else uses now.
    #[inline(always)]
    unsafe fn count(&self, place: usize) {
        // SAFETY: the caller's duty.
        unsafe {
            if self.view.count(place) && (**self.tables.get()).carry_byte(place).is_err() {
                self.failed.set(true);
            }
        }
    }

    /// Takes a run of slots in: of each cell its count, and the references it has. Returns how many took part.
    ///
    /// # Safety
    /// There are `len` used slots or table entries from `first` on, `step` bytes and a place for every granule
    /// of them apart; the tracer hands its references to this sink.
    #[inline(always)]
    unsafe fn visit(
        &self,
        heap: &Heap,
        young: bool,
        (first, step, len): (NonNull<Header>, usize, usize),
        first_place: usize,
        tracer: &mut Tracer<'_>,
    ) -> u64 {
        let (mut scanned, mut edges) = (0, 0);
        let view = self.view;
        let mut fetched = Fetched { places: [0; FETCHED], taken: 0 };
        // Cells of a kind and shape often lie together.
        let (mut known, mut treatment, mut owned, mut words_at) = (0, Treatment::Skip, 0, 0);
        for index in 0..len {
            // SAFETY: a used slot or table entry has a header; the cell is live when it is neither free
            // nor dead. The tables are used through one of view, sink and tracer at a time.
            unsafe {
                let cell = first.byte_add(index * step);
                let place = first_place + index * (step / GRANULE);
                let header = cell.as_ref();
                let (count, word) = (header.count(), header.word());
                if word != known {
                    known = word;
                    let info = heap.kind_info(word as u8);
                    (owned, words_at) = (u32::from(info.table_owned), info.words_at);
                    treatment = if header.is_dead() || info.leaf || (young && info.table_owned) {
                        Treatment::Skip
                    } else if words_at != 0 {
                        Treatment::Plain
                    } else {
                        Treatment::Trace
                    };
                }
                if count == 0 || treatment == Treatment::Skip {
                    continue;
                }
                scanned += 1;
                // The table's own reference is taken for an internal one.
                if count - owned < HEAVY {
                    view.admit(place, count - owned);
                } else if (**self.tables.get()).admit_heavy(place, count - owned).is_err() {
                    self.failed.set(true);
                }
                if treatment == Treatment::Plain
                    && let Some(words) = plain_words(cell, step, words_at)
                {
                    for &word in words {
                        if let Some(target) = cell_of_word(word) {
                            edges += 1;
                            if let Some(place) = fetched.exchange(view, view.place_of(target)) {
                                self.count(place);
                            }
                        }
                    }
                } else {
                    (heap.kind_info(word as u8).trace)(cell, tracer);
                }
            }
        }
        self.edges.set(self.edges.get() + edges);
        for &place in fetched.rest() {
            // SAFETY: places of the tables, which nothing else uses now.
            unsafe { self.count(place) };
        }
        scanned
    }
}

/// Step 2: marks.
///
/// What a cell leads to goes on a stack; when that is full, all on it is made gray in the side tables. These
/// are gone through in the order of addresses, which is what memory is fastest at, as often as gray cells were
/// left behind: only a stack would wait for memory where each cell leads to one other, only gray
/// cells would go through the tables once for each.
struct Marking<'a> {
    tables: UnsafeCell<&'a mut Tables>,
    view: View,
    direct: bool,
    // The first `top` entries of the stack are cells to look at.
    stack: UnsafeCell<Vec<'static, NonNull<Header>>>,
    top: StdCell<usize>,
    // The word of marks whose gray cells are being looked at, the last that has gray ones, and the first and
    // last of those before the present one to which gray cells came.
    word: StdCell<usize>,
    last: StdCell<usize>,
    behind: StdCell<(usize, usize)>,
    // Header words of plain cells: what goes with the word alone has been marked.
    seen: [StdCell<u32>; SEEN_WORDS],
    // The cell whose references are being reported.
    current: StdCell<NonNull<Header>>,
    // The cell whose references filled the last full batch.
    batch_of: StdCell<NonNull<Header>>,
    // Ephemerons whose key was not marked when they were reported. The first `sorted` are in the order of their
    // keys, so that a key that is marked later finds its own: no map is looked at twice.
    ephemerons: UnsafeCell<Vec<'static, Ephemeron>>,
    sorted: StdCell<usize>,
}

/// A reference to `value` that counts once `key` is marked.
#[derive(Clone, Copy)]
struct Ephemeron {
    key: NonNull<Header>,
    value: NonNull<Header>,
}

/// No gray cell is behind.
const NONE_BEHIND: (usize, usize) = (usize::MAX, 0);

impl EdgeSink for Marking<'_> {
    const UNCOUNTED: bool = true;

    fn edges(&self, edges: &[NonNull<Header>]) {
        if self.direct {
            for &target in edges {
                prefetch(target.as_ptr());
            }
        }
        if edges.len() == BATCH && self.batch_of.replace(self.current.get()) == self.current.get() {
            self.reach_many(edges);
        } else {
            self.reach(edges.len(), edges.iter().copied());
        }
    }

    fn ephemeron(&self, key: NonNull<Header>, value: NonNull<Header>) -> bool {
        // SAFETY: nothing else uses the tables and the list during this call; the key is a cell.
        unsafe {
            if (**self.tables.get()).is_marked(self.view.place_of(key)) {
                return true;
            }
            // Without room to remember it, the value is kept: it leaks until the next collection.
            (*self.ephemerons.get()).try_push(Ephemeron { key, value }).is_err()
        }
    }
}

impl<'a> Marking<'a> {
    fn new(heap: &Heap, tables: &'a mut Tables) -> Result<Marking<'a>, OutOfMemory> {
        let memory = heap.mem().memory(Use::Collector);
        let mut stack = Vec::try_with_capacity(STACK_CELLS, memory)?;
        stack.try_resize(STACK_CELLS, NonNull::dangling())?;
        Ok(Marking {
            direct: tables.only_table(),
            last: StdCell::new(tables.words()),
            view: tables.view(),
            tables: UnsafeCell::new(tables),
            stack: UnsafeCell::new(stack),
            top: StdCell::new(0),
            word: StdCell::new(0),
            behind: StdCell::new(NONE_BEHIND),
            seen: [const { StdCell::new(u32::MAX) }; SEEN_WORDS],
            current: StdCell::new(NonNull::dangling()),
            batch_of: StdCell::new(NonNull::dangling()),
            ephemerons: UnsafeCell::new(Vec::new(memory)),
            sorted: StdCell::new(0),
        })
    }

    /// Marks targets, at most `most` and no more than the stack has room for when it is empty, and puts those
    /// on the stack that were not marked.
    #[inline(always)]
    fn reach(&self, most: usize, targets: impl Iterator<Item = NonNull<Header>>) {
        debug_assert!(most <= STACK_CELLS);
        if STACK_CELLS - self.top.get() < most {
            self.spill();
        }
        // SAFETY: nothing else uses the tables and the stack during this call; targets are live cells; there is
        // room for all of them, and one is written at a time.
        unsafe {
            let view = self.view;
            let stack = (*self.stack.get()).as_mut_ptr();
            let mut top = self.top.get();
            // Without branches: whether a target is new cannot be predicted.
            for target in targets {
                stack.add(top).write(target);
                top += usize::from(view.mark(view.place_of(target)));
            }
            self.top.set(top);
        }
    }

    /// Empties the stack by making gray what is on it.
    #[cold]
    #[inline(never)]
    fn spill(&self) {
        // SAFETY: nothing else uses the tables and the stack during this call; what is on the stack is live.
        unsafe {
            let tables = &mut **self.tables.get();
            for &cell in &(&*self.stack.get())[..self.top.replace(0)] {
                self.make_gray(tables, self.view.place_of(cell));
            }
        }
    }

    /// Marks targets and makes those gray that were not marked: part of the references of a cell that has many.
    fn reach_many(&self, targets: &[NonNull<Header>]) {
        // SAFETY: nothing else uses the tables during this call; targets are live cells.
        unsafe {
            let tables = &mut **self.tables.get();
            for &target in targets {
                let place = self.view.place_of(target);
                if self.view.mark(place) {
                    self.make_gray(tables, place);
                }
            }
        }
    }

    #[inline(always)]
    fn make_gray(&self, tables: &mut Tables, place: usize) {
        tables.make_gray(place);
        let word = place / WORD_PLACES;
        if word < self.word.get() {
            let (first, last) = self.behind.get();
            self.behind.set((first.min(word), last.max(word)));
        } else {
            self.last.set(self.last.get().max(word + 1));
        }
    }

    #[inline(always)]
    fn pop(&self) -> Option<NonNull<Header>> {
        let top = self.top.get().checked_sub(1)?;
        self.top.set(top);
        // SAFETY: entries below `top` were written; nothing else uses the stack now.
        Some(unsafe { *(&*self.stack.get()).get_unchecked(top) })
    }

    /// Marks what a cell refers to.
    ///
    /// # Safety
    /// `cell` is live, or waits to be finalized.
    #[inline(always)]
    unsafe fn trace(&self, heap: &Heap, cell: NonNull<Header>, tracer: &mut Tracer<'_>) {
        if self.sorted.get() != 0 {
            self.wake(cell);
        }
        // SAFETY: the caller's cell is whole.
        unsafe {
            let word = (*cell.as_ptr()).word();
            let info = heap.kind_info(word as u8);
            if info.words_at != 0 {
                let seen = &self.seen[(word >> 8) as usize % SEEN_WORDS];
                if seen.replace(word) == word
                    && let Some(words) = plain_words(cell, cell_size(cell), info.words_at)
                    && words.len() <= STACK_CELLS
                {
                    self.reach(words.len(), words.iter().filter_map(|&word| cell_of_word(word)));
                    return;
                }
            }
            self.current.set(cell);
            (info.trace)(cell, tracer);
        }
    }

    /// Follows plain cells each of which leads to one other: there is nothing to fetch ahead, so that the time from
    /// one address to the next is all that counts. Without a stack, and with branches, because the processor
    /// guesses right where they go and need not wait. Ends where the way forks, with the stack holding
    /// what is to be looked at.
    ///
    /// # Safety
    /// `cell` is live, and the stack is empty.
    unsafe fn chase(&self, heap: &Heap, mut cell: NonNull<Header>, tracer: &mut Tracer<'_>) {
        // SAFETY: nothing else uses the tables and the stack before the tracer is called; targets are live
        // cells. At most all words of a cell go on the empty stack.
        unsafe {
            let view = self.view;
            let stack = (*self.stack.get()).as_mut_ptr();
            let (mut known, mut words_at) = (u32::MAX, 0);
            loop {
                let word = (*cell.as_ptr()).word();
                if word != known {
                    known = word;
                    words_at = heap.kind_info(word as u8).words_at;
                    if self.seen[(word >> 8) as usize % SEEN_WORDS].get() != word || words_at == 0 {
                        break;
                    }
                }
                let Some(words) = plain_words(cell, cell_size(cell), words_at) else { break };
                if words.len() > STACK_CELLS {
                    break;
                }
                let mut next: Option<NonNull<Header>> = None;
                let mut top = 0;
                for target in words.iter().filter_map(|&word| cell_of_word(word)) {
                    if view.mark(view.place_of(target))
                        && let Some(before) = next.replace(target)
                    {
                        stack.add(top).write(before);
                        top += 1;
                    }
                }
                let Some(target) = next else { return };
                if top != 0 {
                    stack.add(top).write(target);
                    self.top.set(top + 1);
                    return;
                }
                cell = target;
            }
            self.trace(heap, cell, tracer);
        }
    }

    /// Marks everything that the cells on the stack lead to.
    fn drain(&self, heap: &Heap, tracer: &mut Tracer<'_>) {
        let mut ring = [NonNull::<Header>::dangling(); RING];
        let (mut head, mut len) = (0usize, 0usize);
        loop {
            while len < RING
                && let Some(cell) = self.pop()
            {
                if len == 0 && self.top.get() == 0 && self.sorted.get() == 0 {
                    // SAFETY: marked cells are live.
                    unsafe { self.chase(heap, cell, tracer) };
                    continue;
                }
                prefetch(cell.as_ptr());
                ring[(head + len) % RING] = cell;
                len += 1;
            }
            if len == 0 {
                if tracer.flush() {
                    continue;
                }
                break;
            }
            let cell = ring[head];
            head = (head + 1) % RING;
            len -= 1;
            // SAFETY: marked cells are live.
            unsafe { self.trace(heap, cell, tracer) };
        }
    }

    /// Marks everything that gray cells lead to.
    fn follow_gray(&self, heap: &Heap, tracer: &mut Tracer<'_>) {
        loop {
            let mut word = self.word.get();
            while word < self.last.get() {
                self.word.set(word);
                loop {
                    // SAFETY: nothing else uses the tables during this statement.
                    let mut gray = unsafe { (**self.tables.get()).take_gray(word) };
                    if gray == 0 {
                        break;
                    }
                    while gray != 0 {
                        let place = word * WORD_PLACES + gray.trailing_zeros() as usize;
                        gray &= gray - 1;
                        // SAFETY: nothing else uses the tables now; gray cells are live.
                        unsafe {
                            if let Some(cell) = (**self.tables.get()).cell_at(heap.space(), place) {
                                self.trace(heap, cell, tracer);
                            }
                        }
                    }
                    if self.top.get() != 0 {
                        self.drain(heap, tracer);
                    }
                }
                word += 1;
            }
            self.word.set(word);
            // Only now: references of few cells are handed on together.
            self.drain(heap, tracer);
            if word < self.last.get() {
                continue;
            }
            let (first, last) = self.behind.replace(NONE_BEHIND);
            if first > last {
                break;
            }
            self.word.set(first);
            self.last.set(last + 1);
        }
    }

    fn run(&self, heap: &Heap) {
        // SAFETY: nothing else uses the tables during this statement.
        unsafe { (**self.tables.get()).find_roots() };
        let mut tracer = Tracer::batches(self);
        heap.each_waiting(|cell| {
            // SAFETY: a cell on the worklist is whole.
            unsafe { self.trace(heap, cell, &mut tracer) };
        });
        self.drain(heap, &mut tracer);
        self.follow_gray(heap, &mut tracer);
        while self.sort_ephemerons() {
            self.drain(heap, &mut tracer);
            self.follow_gray(heap, &mut tracer);
        }
    }

    /// Reaches the values whose keys have been marked since they were reported, and puts the other ephemerons in
    /// the order of their keys. False when none was reported since the last time.
    fn sort_ephemerons(&self) -> bool {
        // SAFETY: nothing else uses the list during this call, and nothing is traced; keys are cells.
        unsafe {
            let waiting = &mut *self.ephemerons.get();
            let mut at = self.sorted.get();
            if at == waiting.len() {
                return false;
            }
            while let Some(&Ephemeron { key, value }) = waiting.get(at) {
                if (**self.tables.get()).is_marked(self.view.place_of(key)) {
                    self.reach(1, core::iter::once(value));
                    waiting.swap_remove(at);
                } else {
                    at += 1;
                }
            }
            waiting.sort_unstable_by_key(|ephemeron| ephemeron.key);
            self.sorted.set(waiting.len());
            true
        }
    }

    /// Reaches the values of the ephemerons that wait for a cell, which is marked.
    #[cold]
    #[inline(never)]
    fn wake(&self, key: NonNull<Header>) {
        // SAFETY: nothing else uses the list during this call, and nothing is traced.
        let sorted = unsafe { &(&*self.ephemerons.get())[..self.sorted.get()] };
        let first = sorted.partition_point(|ephemeron| ephemeron.key < key);
        for ephemeron in sorted[first..].iter().take_while(|ephemeron| ephemeron.key == key) {
            self.reach(1, core::iter::once(ephemeron.value));
        }
    }
}

impl Heap {
    /// Calls `visit` with each dead cell that waits to be freed.
    pub(super) fn each_waiting(&self, mut visit: impl FnMut(NonNull<Header>)) {
        let mut id = self.worklist.get();
        while id != WORKLIST_END {
            // SAFETY: ids on the worklist are of whole, dead cells.
            unsafe {
                let cell = self.space.cell_at(CellId(id));
                visit(cell);
                id = (*cell.as_ptr()).count();
            }
        }
    }

    /// Whether a cell is alive: neither waiting to be freed nor found to be garbage.
    ///
    /// # Safety
    /// 1. `cell` is a cell of this heap whose memory was not freed.
    pub unsafe fn is_live(&self, cell: NonNull<Header>) -> bool {
        // SAFETY: (1) the caller's duty.
        unsafe { !(*cell.as_ptr()).is_dead() }
    }

    /// What collections of the policy look at.
    pub fn collector(&self) -> Collector {
        self.collector.get()
    }

    /// Replaces the collector. The next collection is a full one.
    pub fn set_collector(&self, collector: Collector) {
        self.collector.set(collector);
        self.full_at.set(0);
    }

    /// Collects cyclic garbage. Fails, leaving everything as it was, when there is no memory for the
    /// collector's tables. Does nothing when called from a hook or finalizer of a collection.
    pub fn collect(&self, reason: Reason) -> Result<Outcome, OutOfMemory> {
        let start_ns = self.clock.now_ns();
        let charged_before = self.mem().charged();
        let young = reason == Reason::Policy && matches!(self.collector.get(), Collector::Young { .. });
        let young = young && charged_before < self.full_at.get();
        let mut outcome = Outcome {
            reason,
            collector: if young { "young" } else { "full" },
            start_ns,
            pause_ns: 0,
            count_ns: 0,
            mark_ns: 0,
            sweep_ns: 0,
            cells_scanned: 0,
            edges: 0,
            freed_cells: 0,
            freed_bytes: 0,
            charged_before,
            charged_after: charged_before,
            live_cells: self.live_cells(),
        };
        if self.collecting.replace(true) {
            return Ok(outcome);
        }
        self.observe(&Event::Start {
            reason,
            start_ns,
            charged: charged_before,
            live_cells: outcome.live_cells,
        });
        let result = self.mem().with_reserve(|| self.collect_cycles(young, &mut outcome));
        self.collecting.set(false);
        if let Err(error) = result {
            self.observe(&Event::Failed { reason, charged: charged_before });
            return Err(error);
        }
        self.collected(false);
        self.space.settle();
        self.space.age();
        outcome.charged_after = self.mem().charged();
        outcome.freed_bytes = charged_before.saturating_sub(outcome.charged_after);
        outcome.freed_cells = (outcome.live_cells - self.live_cells()) as u64;
        outcome.live_cells = self.live_cells();
        if let (false, Collector::Young { factor }) = (young, self.collector.get()) {
            let next = (outcome.charged_after as f64 * factor) as usize;
            self.full_at.set(next.max(LEAST_FULL));
        }
        outcome.pause_ns = self.clock.now_ns() - start_ns;
        self.collections.set(self.collections.get() + 1);
        self.after_collection(&outcome);
        self.observe(&Event::End(&outcome));
        #[cfg(debug_assertions)]
        if self.verifying.get()
            && let Ok(Err(fault)) = self.verify()
        {
            panic!("the heap is broken after a collection: {fault}");
        }
        Ok(outcome)
    }

    fn collect_cycles(&self, young: bool, outcome: &mut Outcome) -> Result<(), OutOfMemory> {
        let mut tables = Tables::new(self)?;
        self.count_edges(young, &mut tables, outcome)?;
        let counted_ns = self.clock.now_ns();
        let marking = Marking::new(self, &mut tables)?;
        marking.run(self);
        drop(marking);
        let marked_ns = self.clock.now_ns();
        self.sweep(&tables);
        drop(tables);
        outcome.count_ns = counted_ns - outcome.start_ns;
        outcome.mark_ns = marked_ns - counted_ns;
        outcome.sweep_ns = self.clock.now_ns() - marked_ns;
        Ok(())
    }

    fn count_edges(
        &self,
        young: bool,
        tables: &mut Tables,
        outcome: &mut Outcome,
    ) -> Result<(), OutOfMemory> {
        let space = self.space();
        let sink = Counting::new(tables);
        let mut tracer = Tracer::batches(&sink);
        let mut scanned = 0u64;
        let mut first_place = 0;
        for chunk in 0..space.chunk_numbers() {
            let base = space.chunk_base(chunk);
            if base.is_null() {
                continue;
            }
            space.each_run(chunk, young, |first, step, len| {
                let place = first_place + (first.addr().get() - base.addr()) / GRANULE;
                // SAFETY: used slots of the chunk whose places begin at `first_place`.
                scanned += unsafe { sink.visit(self, young, (first, step, len), place, &mut tracer) };
            });
            first_place += GRANULES_PER_CHUNK;
        }
        const AHEAD: usize = 8;
        for index in 0..space.table_len() {
            if index + AHEAD < space.table_len()
                && let Some(cell) = if young {
                    space.young_table_cell(index + AHEAD)
                } else {
                    space.table_cell(index + AHEAD)
                }
            {
                prefetch(cell.as_ptr());
            }
            let cell = if young { space.young_table_cell(index) } else { space.table_cell(index) };
            if let Some(cell) = cell {
                // SAFETY: a cell of the table; the tables are only read here.
                unsafe {
                    let place = (**sink.tables.get()).place_of_entry(index);
                    scanned += sink.visit(self, young, (cell, cell_size(cell), 1), place, &mut tracer);
                }
            }
        }
        tracer.flush();
        outcome.cells_scanned = scanned;
        outcome.edges = sink.edges.get();
        if sink.failed.get() { Err(OutOfMemory) } else { Ok(()) }
    }

    /// Step 3. Everything unmarked is garbage.
    fn sweep(&self, tables: &Tables) {
        let space = self.space();
        if let Some(hook) = self.garbage_hook.get() {
            // SAFETY: garbage is whole until it is finalized; the hook keeps its contract.
            tables.each_unmarked(space, |cell| unsafe { hook(self.owner.get(), cell) });
        }
        let (mut garbage, mut weak, mut owned) = (0usize, false, false);
        tables.each_unmarked(space, |cell| {
            garbage += 1;
            // SAFETY: garbage is whole until it is finalized.
            unsafe {
                let header = cell.as_ptr();
                let info = self.kind_info((*header).kind());
                weak |= info.weakable && Header::weak_flag(cell);
                owned |= info.table_owned;
                (*header).increment();
                (*header).mark_dead();
            }
        });
        if garbage == 0 {
            return;
        }
        let _entered = self.enter();
        if weak && let Some(hook) = self.weak_hook.get() {
            tables.each_unmarked(space, |cell| {
                // SAFETY: as above; the hook keeps its contract.
                unsafe {
                    let info = self.kind_info((*cell.as_ptr()).kind());
                    if info.weakable && Header::weak_flag(cell) {
                        hook(self.owner.get(), cell);
                    }
                }
            });
        }
        tables.each_unmarked(space, |cell| {
            // SAFETY: each garbage cell is finalized once, here or below.
            unsafe {
                let info = self.kind_info((*cell.as_ptr()).kind());
                if !info.table_owned {
                    (info.finalize)(cell);
                }
            }
        });
        if owned {
            let hook = self.table_hook.get();
            tables.each_unmarked(space, |cell| {
                // SAFETY: as above; the hook sees the cell while it is whole.
                unsafe {
                    let info = self.kind_info((*cell.as_ptr()).kind());
                    if info.table_owned {
                        if let Some(hook) = hook {
                            hook(self.owner.get(), cell);
                        }
                        (info.finalize)(cell);
                    }
                }
            });
        }
        tables.each_unmarked(space, |cell| {
            // SAFETY: finalized, and only the collector's reference is left (the table's, too, for a cell
            // that a table owned).
            unsafe {
                debug_assert_eq!(
                    (*cell.as_ptr()).count(),
                    1 + u32::from(self.kind_info((*cell.as_ptr()).kind()).table_owned),
                    "a reference to garbage was not reported, or not dropped"
                );
                space.free(cell);
            }
        });
        self.free_waiting(0);
    }
}
