//! Step 1 of a collection: counts the references between cells.

use core::cell::{Cell as StdCell, UnsafeCell};
use core::mem::MaybeUninit;
use core::ops::Range;
use core::ptr::NonNull;

use super::Reach;
use super::plain::{ANY, SCAN_AHEAD, by_words, each_target, is_plain};
use crate::heap::cell::{BATCH, EdgeSink, Tracer};
use crate::heap::event::Outcome;
use crate::heap::side::{HEAVY, Home, Tables, View, prefetch};
use crate::heap::space::{GRANULE, GRANULES_PER_PAGE, cell_size};
use crate::heap::{Header, Heap};
use crate::mem::OutOfMemory;

/// References whose balances are fetched together before they are counted.
const FAR: usize = 64;

/// Counts references.
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

/// References that lead out of the chunk they were found in: counted together, when all their balances are being
/// fetched.
struct Far {
    targets: [MaybeUninit<NonNull<Header>>; FAR],
    len: usize,
}

/// What is to be done with the cells that have a certain header word. Cells of a kind and shape often lie
/// together.
#[derive(Clone, Copy)]
struct Treatment {
    word: u32,
    /// They have no part in cycles, or are dead.
    skip: bool,
    /// How many of the references to each are a table's.
    owned: u32,
    /// Those that have nothing unusual can be read without being traced.
    plain: bool,
    /// Where their value words begin.
    words_at: usize,
}

impl Treatment {
    fn of(heap: &Heap, header: &Header, tables: bool) -> Treatment {
        let info = heap.kind_info(header.kind());
        Treatment {
            word: header.word(),
            skip: header.is_dead() || info.leaf || (!tables && info.table_owned),
            owned: u32::from(info.table_owned),
            plain: info.words_at != 0 && !info.table_owned,
            words_at: info.words_at,
        }
    }
}

/// Slots in a row that are used, or an entry of the table of cells: `step` bytes apart, from `cell`, which has this
/// place, to `end`.
#[derive(Clone, Copy)]
struct Run {
    cell: NonNull<Header>,
    place: usize,
    end: NonNull<Header>,
    step: usize,
}

impl Run {
    /// # Safety
    /// There are `len` slots of a page, or one cell, from `cell` on, `step` bytes and a place for every
    /// granule of them apart.
    unsafe fn new(cell: NonNull<Header>, place: usize, step: usize, len: usize) -> Run {
        // SAFETY: the end of slots.
        Run { cell, place, end: unsafe { cell.byte_add(len * step) }, step }
    }

    /// # Safety
    /// The end has not been reached.
    #[inline(always)]
    unsafe fn advance(&mut self) {
        // SAFETY: within the run, or its end.
        self.cell = unsafe { self.cell.byte_add(self.step) };
        self.place += self.step / GRANULE;
    }
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
            if self.view.count(place) {
                self.carry(place);
            }
        }
    }

    /// # Safety
    /// As [`Counting::count`].
    #[cold]
    #[inline(never)]
    unsafe fn carry(&self, place: usize) {
        // SAFETY: the caller's duty.
        if unsafe { (**self.tables.get()).carry_byte(place) }.is_err() {
            self.failed.set(true);
        }
    }

    /// Takes a run of slots in: of each cell its count, and the references it has; of cells that a table owns if
    /// `tables`. Returns how many took part.
    ///
    /// # Safety
    /// The tracer hands its references to this sink.
    #[inline(always)]
    unsafe fn visit(
        &self,
        heap: &Heap,
        tables: bool,
        mut run: Run,
        far: &mut Far,
        tracer: &mut Tracer<'_>,
    ) -> u64 {
        let mut scanned = 0;
        // SAFETY: a used slot or table entry has a header; the cell is live when it is neither free nor
        // dead. The tables are used through one of view, sink and tracer at a time.
        unsafe {
            let mut treatment = Treatment::of(heap, run.cell.as_ref(), tables);
            while run.cell < run.end {
                let (cell, place) = (run.cell, run.place);
                let header = cell.as_ref();
                let (count, word) = (header.count(), header.word());
                if word != treatment.word {
                    treatment = Treatment::of(heap, header, tables);
                }
                if count == 0 || treatment.skip {
                    run.advance();
                    continue;
                }
                if treatment.plain && count < HEAVY && is_plain(cell) {
                    let words = treatment.words_at..run.step;
                    scanned += by_words!(words, self.visit_alike(&mut run, word, words, far));
                    continue;
                }
                run.advance();
                scanned += 1;
                self.view.admit(place);
                // The table's own reference is taken for an internal one.
                let count = count - treatment.owned;
                if count < HEAVY {
                    self.view.discount(place, count);
                } else if (**self.tables.get()).discount_heavy(place, count).is_err() {
                    self.failed.set(true);
                }
                (heap.kind_info(word as u8).trace)(cell, tracer);
            }
        }
        scanned
    }

    /// Takes plain cells in that lie in a row and have the same header word, as most in a page do. Returns how
    /// many.
    ///
    /// # Safety
    /// Of the first cell of the run this is the word, it is plain and its count is below [`HEAVY`].
    #[inline(never)]
    unsafe fn visit_alike<const WORDS: usize>(
        &self,
        run: &mut Run,
        word: u32,
        words: Range<usize>,
        far: &mut Far,
    ) -> u64 {
        let view = self.view;
        let home = Home::of(run.cell, run.place);
        let Run { mut cell, mut place, end, step } = *run;
        let mut edges = 0;
        // SAFETY: as for `visit`; cells with the same word are of the same kind.
        unsafe {
            loop {
                // The processor's own fetching ahead ends with each page of the machine's.
                prefetch(cell.as_ptr().wrapping_byte_add(SCAN_AHEAD));
                view.discount(place, cell.as_ref().count());
                each_target::<WORDS>(cell, words.clone(), |target| {
                    edges += 1;
                    // The balances of one chunk are in the first-level cache.
                    match home.place_of(target) {
                        Some(place) => {
                            if view.count(place) {
                                self.carry(place);
                            }
                        }
                        None => self.count_later(target, far),
                    }
                });
                (cell, place) = (cell.byte_add(step), place + step / GRANULE);
                if cell >= end
                    || cell.as_ref().word() != word
                    || cell.as_ref().count().wrapping_sub(1) >= HEAVY - 1
                    || !is_plain(cell)
                {
                    break;
                }
            }
            view.admit_all(run.place, place, step / GRANULE);
        }
        self.edges.set(self.edges.get() + edges);
        let scanned = (place - run.place) / (step / GRANULE);
        (run.cell, run.place) = (cell, place);
        scanned as u64
    }

    /// # Safety
    /// `target` is a cell that the tables have a place for; nothing else uses them now.
    #[inline(always)]
    unsafe fn count_later(&self, target: NonNull<Header>, far: &mut Far) {
        far.targets[far.len].write(target);
        far.len += 1;
        if far.len == FAR {
            // SAFETY: the caller's duty.
            unsafe { self.count_far(far) };
        }
    }

    /// Counts the references to the far cells, which are none afterwards.
    ///
    /// # Safety
    /// Nothing else uses the tables now.
    #[inline(never)]
    unsafe fn count_far(&self, far: &mut Far) {
        let mut places = [0; FAR];
        let len = core::mem::take(&mut far.len);
        // SAFETY: the first `len` targets were written, and are cells that the tables have places for.
        unsafe {
            for (place, target) in places.iter_mut().zip(&far.targets[..len]) {
                *place = self.view.place_of(target.assume_init());
                self.view.fetch(*place);
            }
            for &place in &places[..len] {
                self.count(place);
            }
        }
    }
}

impl Heap {
    /// Counts the references between the cells that take part.
    pub(super) fn count_edges(
        &self,
        reach: Reach,
        tables: &mut Tables,
        outcome: &mut Outcome,
    ) -> Result<(), OutOfMemory> {
        let (young, owned) = (reach == Reach::Young, reach == Reach::All);
        let space = self.space();
        let sink = Counting::new(tables);
        let mut tracer = Tracer::batches(&sink);
        let mut far = Far { targets: [MaybeUninit::uninit(); FAR], len: 0 };
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
                unsafe {
                    let run = Run::new(first, place, step, len);
                    scanned += sink.visit(self, owned, run, &mut far, &mut tracer);
                }
            });
            first_place += space.chunk_pages(chunk) * GRANULES_PER_PAGE;
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
                    let run = Run::new(cell, place, cell_size(cell), 1);
                    scanned += sink.visit(self, owned, run, &mut far, &mut tracer);
                }
            }
        }
        tracer.flush();
        // SAFETY: nothing else uses the tables now.
        unsafe { sink.count_far(&mut far) };
        outcome.cells_scanned = scanned;
        outcome.edges = sink.edges.get();
        if sink.failed.get() { Err(OutOfMemory) } else { Ok(()) }
    }
}
