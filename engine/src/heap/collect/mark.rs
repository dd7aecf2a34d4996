//! Step 2 of a collection: marks what is alive.

use core::cell::{Cell as StdCell, UnsafeCell};
use core::ops::Range;
use core::ptr::NonNull;

use super::plain::{ANY, SCAN_AHEAD, by_words, each_target, is_plain};
use crate::heap::cell::{BATCH, EdgeSink, Tracer};
use crate::heap::side::{Home, Tables, View, WORD_PLACES, prefetch};
use crate::heap::space::{cell_size, page_of_cells};
use crate::heap::{Header, Heap};
use crate::mem::{OutOfMemory, Use, Vec};

/// Cells that are fetched ahead of their turn.
const RING: usize = 64;
/// How far ahead a chain is fetched where it goes on in equal steps.
const STRIDES_AHEAD: usize = 64;
/// Cells that the mark stack has room for: what finds none is made gray.
const STACK_CELLS: usize = 1024;
/// Header words of plain cells that marking remembers, by their tag.
const SEEN_WORDS: usize = 64;

/// Marks.
///
/// What a cell leads to goes on a stack; when that is full, all on it is made gray in the side tables. These
/// are gone through in the order of addresses, which is what memory is fastest at, as often as gray cells were
/// left behind: only a stack would wait for memory where each cell leads to one other, only gray
/// cells would go through the tables once for each.
pub(super) struct Marking<'a> {
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
            self.reach(edges);
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
    pub(super) fn new(heap: &Heap, tables: &'a mut Tables) -> Result<Marking<'a>, OutOfMemory> {
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

    /// Marks what a plain cell refers to, and puts on the stack what was not marked.
    ///
    /// # Safety
    /// As [`each_target`]; the words are not more than the stack has room for when it is empty.
    #[inline(always)]
    unsafe fn reach_from<const WORDS: usize>(&self, cell: NonNull<Header>, words: Range<usize>) {
        if STACK_CELLS - self.top.get() < words.len() / size_of::<u64>() {
            self.spill();
        }
        // SAFETY: the caller's duty; nothing else uses the tables and the stack during this call; there is
        // room for all targets, and one is written at a time.
        unsafe {
            let view = self.view;
            let stack = (*self.stack.get()).as_mut_ptr();
            let mut top = self.top.get();
            // Without branches: whether a target is new cannot be predicted.
            each_target::<WORDS>(cell, words, |target| {
                stack.add(top).write(target);
                top += usize::from(view.mark(view.place_of(target)));
            });
            self.top.set(top);
        }
    }

    /// Marks targets, no more than the stack has room for when it is empty, and puts those on the stack that
    /// were not marked.
    #[inline(always)]
    fn reach(&self, targets: &[NonNull<Header>]) {
        debug_assert!(targets.len() <= STACK_CELLS);
        if STACK_CELLS - self.top.get() < targets.len() {
            self.spill();
        }
        // SAFETY: nothing else uses the tables and the stack during this call; targets are live cells; there is
        // room for all of them, and one is written at a time.
        unsafe {
            let view = self.view;
            let stack = (*self.stack.get()).as_mut_ptr();
            let mut top = self.top.get();
            // Without branches: whether a target is new cannot be predicted.
            for &target in targets {
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
                if seen.replace(word) == word && is_plain(cell) {
                    let words = info.words_at..cell_size(cell);
                    if words.len() <= STACK_CELLS * size_of::<u64>() {
                        return by_words!(words, self.reach_from(cell, words));
                    }
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
    unsafe fn chase(&self, heap: &Heap, cell: NonNull<Header>, tracer: &mut Tracer<'_>) {
        let mut cell = Some(cell);
        while let Some(first) = cell {
            // SAFETY: marked cells are live, and have a header.
            unsafe {
                let word = (*first.as_ptr()).word();
                let words_at = heap.kind_info(word as u8).words_at;
                let size = cell_size(first);
                let seen = self.seen[(word >> 8) as usize % SEEN_WORDS].get() == word;
                if !seen || words_at == 0 || size > STACK_CELLS * size_of::<u64>() || !is_plain(first) {
                    return self.trace(heap, first, tracer);
                }
                let words = words_at..size;
                cell = by_words!(words, self.chase_alike(first, word, words));
            }
        }
    }

    /// Follows a chain of plain cells as far as it stays in one page and in cells with the same header word.
    /// Returns the first that is different.
    ///
    /// # Safety
    /// As [`Marking::chase`]; `first` is plain, with this header word and value words in this range of bytes.
    #[inline(never)]
    unsafe fn chase_alike<const WORDS: usize>(
        &self,
        first: NonNull<Header>,
        word: u32,
        words: Range<usize>,
    ) -> Option<NonNull<Header>> {
        // SAFETY: nothing else uses the tables and the stack during this call; targets are live cells, and
        // at most all words of a cell go on the empty stack.
        unsafe {
            let view = self.view;
            let home = Home::of(first, view.place_of(first));
            let page = page_of_cells(first);
            let stack = (*self.stack.get()).as_mut_ptr();
            let mut cell = first;
            loop {
                let (mut next, mut top) = (None, 0);
                each_target::<WORDS>(cell, words.clone(), |target| {
                    let new = match home.place_of(target) {
                        Some(place) => view.mark(place),
                        None => view.mark_far(target),
                    };
                    if new && let Some(before) = next.replace(target) {
                        stack.add(top).write(before);
                        top += 1;
                    }
                });
                let target = next?;
                if top != 0 {
                    stack.add(top).write(target);
                    self.top.set(top + 1);
                    return None;
                }
                if !page.contains(&target.addr().get())
                    || (*target.as_ptr()).word() != word
                    || !is_plain(target)
                {
                    return next;
                }
                // What was allocated in a row is often linked in a row.
                let stride = target.addr().get().wrapping_sub(cell.addr().get());
                prefetch(target.as_ptr().wrapping_byte_add(stride.wrapping_mul(STRIDES_AHEAD)));
                cell = target;
            }
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
                                prefetch(cell.as_ptr().wrapping_byte_add(SCAN_AHEAD));
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

    pub(super) fn run(&self, heap: &Heap) {
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
                    self.reach(&[value]);
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
            self.reach(&[ephemeron.value]);
        }
    }
}
