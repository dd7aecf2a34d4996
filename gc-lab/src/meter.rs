//! The meter of an engine's memory: bytes taken, their peak, their course, and the ledger at the peak.
//!
//! It has two forms. A [`Meter`] stands between engine and allocator and counts every call; that costs some
//! nanoseconds per call, which is nothing behind a pool, but up to a tenth of the time of a program whose every
//! block comes from the allocator. There an engine that keeps exact books of its own is *polled* instead
//! ([`Handle::polled`], [`Handle::poll`]): nothing is done per call.
//!
//! # Readings of the ledger
//! The kernel's figures and the allocator's own cost up to some hundred microseconds, so they are read
//! seldom: before the first free (or at the first poll) after the bytes taken have grown by a [`SPACING`]th
//! over the last reading, before the free of a block that is a large part of a heap near its peak, every
//! [`ASK_EVERY`] near the peak, and at the end. A reading waits for a free because a block is touched after it
//! was allocated. The time of readings is measured and told apart ([`Handle::watch_ns`]).
//!
//! # Invariant
//! The meter's figures are written by the one thread that uses the allocator; the handle may read
//! them from another. That is why plain loads and stores of relaxed atomics are enough.

use crate::machine;
use std::alloc::Layout;
use std::cell::RefCell;
use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tare_allocators::{Allocator, Stats};
use tare_reports::record::{Ledger, Point};

/// The course keeps at most this many points; when it is full every second one goes.
const POINTS: usize = 512;

/// Near the peak the ledger is read at least this often, as far as the course goes on.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// A reading is near the peak when less than one part in so many is missing.
const SPACING: u64 = 32;

/// What the meter has seen.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Bytes taken now.
    pub live_bytes: u64,
    /// The most bytes taken at once.
    pub peak_bytes: u64,
    /// Successful allocations.
    pub allocations: u64,
    /// Refused requests.
    pub refused: u64,
    /// The course of the bytes taken.
    pub series: Vec<Point>,
    /// The ledger at the peak.
    pub peak: Ledger,
}

/// What an engine's own books say at a moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Books {
    /// Sum of the sizes its code asked for.
    pub asked_bytes: u64,
    /// What its blocks can hold; `None` where they are the allocator's own.
    pub usable_bytes: Option<u64>,
    /// Its live blocks.
    pub blocks: u64,
    /// What it has charged for them now, and at most since the script began.
    pub charged_bytes: u64,
    /// See [`Books::charged_bytes`].
    pub peak_bytes: u64,
}

thread_local! {
    /// The books of the engine that runs on this thread, for readings made from inside its allocator.
    static BOOKS: RefCell<Option<Box<dyn Fn() -> Books>>> = const { RefCell::new(None) };
}

/// A handle to the figures of a [`Meter`] that an engine owns.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

struct Shared {
    live: AtomicU64,
    peak: AtomicU64,
    low: AtomicU64,
    /// What the live blocks can hold.
    usable: AtomicU64,
    blocks: AtomicU64,
    allocations: AtomicU64,
    /// Requests for memory, from the start and never set back.
    requests: AtomicU64,
    refused: AtomicU64,
    /// Operations left until the next point of the course.
    countdown: AtomicU64,
    /// A peak of this many bytes calls for a reading, at the first free after it.
    next_reading: AtomicU64,
    /// Whether such a reading is due.
    due: AtomicU64,
    /// The same for polls, in bytes that the engine charged.
    next_polled: AtomicU64,
    watch_cpu_ns: AtomicU64,
    watch_wall_ns: AtomicU64,
    course: Mutex<Course>,
    /// For an engine that is polled: what the allocator held before it, of the process.
    held_before: Option<u64>,
}

struct Course {
    start: Instant,
    read: Instant,
    stride: u64,
    points: Vec<Point>,
    /// The best reading of the peak so far, and the bytes taken at it.
    peak: Option<(u64, Ledger)>,
}

impl Course {
    fn new(start: Instant, live: Option<u64>) -> Self {
        let points = live.map(|live| Point(0, live)).into_iter().collect();
        Course { start, read: start, stride: 1, points, peak: None }
    }
}

/// Blocks up to this size have their usable sizes in a table.
const TABLE_BYTES: usize = 1024;

/// An allocator that passes every call on and counts it.
pub struct Meter {
    inner: Box<dyn Allocator>,
    shared: Arc<Shared>,
    /// What a block of n times eight bytes can hold, by n.
    rounding: [u16; TABLE_BYTES / 8 + 1],
}

impl Meter {
    /// Puts a meter before an allocator.
    pub fn new(inner: Box<dyn Allocator>) -> (Self, Handle) {
        let shared = Arc::new(Shared::new(None));
        let mut rounding = [0; TABLE_BYTES / 8 + 1];
        for (index, rounding) in rounding.iter_mut().enumerate().skip(1) {
            if let Ok(layout) = Layout::from_size_align(index * 8, 8) {
                *rounding = inner.good_size(layout) as u16;
            }
        }
        (Self { inner, shared: shared.clone(), rounding }, Handle(shared))
    }

    /// What a block can hold, by the allocator's rounding of sizes. What is left over behind a block that was
    /// aligned is not counted: nobody can use it.
    #[inline]
    fn usable(&self, layout: Layout) -> u64 {
        if layout.size() <= TABLE_BYTES && layout.align() <= 16 {
            return u64::from(self.rounding[layout.size().div_ceil(8)]);
        }
        self.inner.good_size(layout) as u64
    }

    #[inline]
    fn add(&self, bytes: usize, usable: u64) {
        let shared = &*self.shared;
        let live = shared.live.load(Relaxed) + bytes as u64;
        shared.live.store(live, Relaxed);
        shared.usable.store(shared.usable.load(Relaxed).wrapping_add(usable), Relaxed);
        if live > shared.peak.load(Relaxed) {
            shared.peak.store(live, Relaxed);
            if live >= shared.next_reading.load(Relaxed) {
                shared.due.store(1, Relaxed);
            }
        }
        self.step();
    }

    /// Called before bytes are given back.
    #[inline]
    fn before_sub(&self, bytes: usize) {
        let shared = &*self.shared;
        if shared.due.load(Relaxed) != 0 || bytes as u64 > shared.live.load(Relaxed) / 16 {
            self.before_decline();
        }
    }

    #[cold]
    fn before_decline(&self) {
        let shared = &*self.shared;
        let reading = shared.next_reading.load(Relaxed) != u64::MAX;
        if reading && near(shared.live.load(Relaxed), shared.peak.load(Relaxed)) {
            self.read(&mut lock(&shared.course));
        }
        shared.due.store(0, Relaxed);
    }

    #[inline]
    fn sub(&self, bytes: usize, usable: u64) {
        let shared = &*self.shared;
        let live = shared.live.load(Relaxed).wrapping_sub(bytes as u64);
        shared.live.store(live, Relaxed);
        shared.usable.store(shared.usable.load(Relaxed).wrapping_sub(usable), Relaxed);
        if live < shared.low.load(Relaxed) {
            shared.low.store(live, Relaxed);
        }
        self.step();
    }

    #[inline]
    fn count(&self, counter: &AtomicU64, by: i64) {
        counter.store(counter.load(Relaxed).wrapping_add_signed(by), Relaxed);
    }

    #[inline]
    fn answered(&self, layout: Layout, answer: Option<NonNull<u8>>) -> Option<NonNull<u8>> {
        self.count(&self.shared.requests, 1);
        match answer {
            Some(_) => {
                self.count(&self.shared.blocks, 1);
                self.count(&self.shared.allocations, 1);
                self.add(layout.size(), self.usable(layout));
            }
            None => self.count(&self.shared.refused, 1),
        }
        answer
    }

    #[inline]
    fn step(&self) {
        let left = self.shared.countdown.load(Relaxed) - 1;
        self.shared.countdown.store(left, Relaxed);
        if left == 0 {
            self.note();
        }
    }

    /// Adds a point to the course. Its memory is the lab's, not the engine's.
    #[cold]
    fn note(&self) {
        let shared = &*self.shared;
        let mut course = lock(&shared.course);
        let now = Instant::now();
        let live = shared.live.load(Relaxed);
        let reading = shared.next_reading.load(Relaxed) != u64::MAX;
        if reading && now - course.read >= ASK_EVERY && near(live, shared.peak.load(Relaxed)) {
            self.read(&mut course);
        }
        let at = now.duration_since(course.start).as_nanos() as u64;
        course.add(Point(at, live));
        shared.countdown.store(course.stride, Relaxed);
    }

    fn read(&self, course: &mut Course) {
        self.shared.read(course, &*self.inner);
        self.shared.after_reading();
    }
}

/// The peak that calls for the reading after one at this peak.
fn after(peak: u64) -> u64 {
    peak + peak / SPACING + (1 << 14)
}

/// Whether so many bytes are near that peak.
fn near(live: u64, peak: u64) -> bool {
    live + peak / SPACING >= peak
}

impl Shared {
    fn new(held_before: Option<u64>) -> Self {
        let zero = || AtomicU64::new(0);
        Shared {
            live: zero(),
            peak: zero(),
            low: zero(),
            usable: zero(),
            blocks: zero(),
            allocations: zero(),
            requests: zero(),
            refused: zero(),
            countdown: AtomicU64::new(1),
            next_reading: AtomicU64::new(u64::MAX),
            due: zero(),
            next_polled: AtomicU64::new(u64::MAX),
            watch_cpu_ns: zero(),
            watch_wall_ns: zero(),
            course: Mutex::new(Course::new(Instant::now(), None)),
            held_before,
        }
    }

    /// What the live blocks hold by themselves, and with their heads: by the meter's count, or, of an engine that
    /// is polled, by the allocator's account; without one, by the engine's books.
    fn held(&self, allocator: &dyn Allocator, books: Option<Books>) -> (u64, u64) {
        let head = allocator.block_head() as u64;
        match (self.held_before, books) {
            (Some(before), Some(books)) => {
                let heads = books.blocks * head;
                let held = allocator.held().map(|held| (held as u64).saturating_sub(before));
                let held = held.unwrap_or(books.asked_bytes + heads).max(books.asked_bytes + heads);
                (held - heads, held)
            }
            _ => {
                let usable = self.usable.load(Relaxed);
                (usable, usable + self.blocks.load(Relaxed) * head)
            }
        }
    }

    fn after_reading(&self) {
        let peak = self.peak.load(Relaxed);
        self.next_reading.store(after(peak), Relaxed);
    }

    /// Reads the ledger, and keeps it where it is the best of the peak so far: of readings near the peak
    /// the one with most physical memory.
    fn read(&self, course: &mut Course, allocator: &dyn Allocator) -> Ledger {
        let (cpu, wall) = (machine::cpu_ns(), Instant::now());
        let books = BOOKS.with_borrow(|books| books.as_ref().map(|books| books()));
        let (usable, taken_bytes) = self.held(allocator, books);
        let ledger = Ledger {
            asked_bytes: books.map(|b| b.asked_bytes),
            usable_bytes: books.map(|b| b.usable_bytes.unwrap_or(usable)),
            taken_bytes,
            committed_bytes: allocator.committed().map(|bytes| bytes as u64),
            ..machine::memory()
        };
        // How near the peak this is, the engine knows best: a pool does not give back what it has once taken.
        let (live, peak) = match books {
            Some(books) => (books.charged_bytes, books.peak_bytes),
            None => (self.live.load(Relaxed), self.peak.load(Relaxed)),
        };
        let better = match &course.peak {
            Some((best, kept)) if near(*best, peak) => ledger.rss_anon_bytes >= kept.rss_anon_bytes,
            _ => true,
        };
        if better && near(live, peak) || course.peak.is_none() {
            course.peak = Some((live, ledger.clone()));
        }
        course.read = Instant::now();
        let spent = |sum: &AtomicU64, more: u64| sum.store(sum.load(Relaxed) + more, Relaxed);
        spent(&self.watch_cpu_ns, machine::cpu_ns() - cpu);
        spent(&self.watch_wall_ns, wall.elapsed().as_nanos() as u64);
        ledger
    }
}

impl Course {
    fn add(&mut self, point: Point) {
        if self.points.len() == POINTS {
            let mut index = 0;
            self.points.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.stride *= 2;
        }
        self.points.push(point);
    }
}

/// A poisoned lock only means that a reader panicked; the figures are whole.
fn lock(course: &Mutex<Course>) -> MutexGuard<'_, Course> {
    course.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handle {
    /// A handle without a meter, for an engine that is polled; its allocator was just made.
    pub fn polled(allocator: &dyn Allocator) -> Self {
        Handle(Arc::new(Shared::new(Some(allocator.held().unwrap_or(0) as u64))))
    }

    /// Reads the ledger where that is due by the bytes the engine has charged, now and at most. For an engine
    /// without a meter they are also noted as those taken.
    pub fn poll(&self, charged: u64, peak: u64, allocator: &dyn Allocator) {
        let shared = &*self.0;
        let next = shared.next_polled.load(Relaxed);
        let mut left = 1;
        if shared.held_before.is_some() {
            shared.live.store(charged, Relaxed);
            shared.peak.store(peak, Relaxed);
            left = shared.countdown.load(Relaxed).saturating_sub(1);
            shared.countdown.store(left, Relaxed);
        }
        if next == u64::MAX {
            return;
        }
        let mut course = lock(&shared.course);
        let now = Instant::now();
        let waited = now - course.read >= ASK_EVERY && near(charged, peak);
        if charged >= next || waited {
            shared.read(&mut course, allocator);
            shared.next_polled.store(after(charged.max(peak)), Relaxed);
        }
        if left == 0 {
            let at = now.duration_since(course.start).as_nanos() as u64;
            course.add(Point(at, charged));
            shared.countdown.store(course.stride, Relaxed);
        }
    }

    /// Starts the course and the peak anew, at the moment a script begins. From here on the ledger is read,
    /// with `books` for the engine's part of it: at polls where `polls` says so, else by what the meter sees.
    pub fn start(&self, books: Option<Box<dyn Fn() -> Books>>, polls: bool) -> Instant {
        if let (Some(_), Some(books)) = (self.0.held_before, &books) {
            self.0.live.store(books().asked_bytes, Relaxed);
        }
        BOOKS.set(books);
        let mut course = lock(&self.0.course);
        let now = Instant::now();
        let live = self.0.live.load(Relaxed);
        *course = Course::new(now, Some(live));
        self.0.peak.store(live, Relaxed);
        self.0.allocations.store(0, Relaxed);
        self.0.countdown.store(1, Relaxed);
        self.0.next_reading.store(if polls { u64::MAX } else { live + 1 }, Relaxed);
        self.0.next_polled.store(if polls { 1 } else { u64::MAX }, Relaxed);
        self.0.due.store(0, Relaxed);
        self.0.watch_cpu_ns.store(0, Relaxed);
        self.0.watch_wall_ns.store(0, Relaxed);
        now
    }

    /// Reads the ledger at the end of a script; `allocator` is that of the meter. No reading follows.
    pub fn end(&self, allocator: &dyn Allocator) -> Ledger {
        self.0.next_reading.store(u64::MAX, Relaxed);
        self.0.next_polled.store(u64::MAX, Relaxed);
        let ledger = self.0.read(&mut lock(&self.0.course), allocator);
        BOOKS.set(None);
        ledger
    }

    /// Ends the course with a last point and returns what was seen.
    pub fn finish(&self) -> Figures {
        let mut course = lock(&self.0.course);
        let at = course.start.elapsed().as_nanos() as u64;
        let live = self.0.live.load(Relaxed);
        course.add(Point(at, live));
        Figures {
            live_bytes: live,
            peak_bytes: self.0.peak.load(Relaxed),
            allocations: self.0.allocations.load(Relaxed),
            refused: self.0.refused.load(Relaxed),
            series: course.points.clone(),
            peak: course.peak.clone().unwrap_or_default().1,
        }
    }

    /// Time of the readings since the start, on a core and by the wall clock.
    pub fn watch_ns(&self) -> (u64, u64) {
        (self.0.watch_cpu_ns.load(Relaxed), self.0.watch_wall_ns.load(Relaxed))
    }

    /// Begins to look for the least number of bytes anew.
    #[cfg(feature = "quickjs-ng")]
    pub fn reset_low(&self) {
        self.0.low.store(self.0.live.load(Relaxed), Relaxed);
    }

    /// The least number of bytes taken since [`Handle::reset_low`].
    #[cfg(feature = "quickjs-ng")]
    pub fn low_bytes(&self) -> u64 {
        self.0.low.load(Relaxed)
    }

    /// Requests for memory since the meter was made.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Relaxed)
    }

    /// Bytes taken now.
    pub fn live_bytes(&self) -> u64 {
        self.0.live.load(Relaxed)
    }
}

// SAFETY: every duty is passed on to the inner allocator; the meter touches no block.
unsafe impl Allocator for Meter {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.describe(f)
    }

    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on by the caller.
        self.answered(layout, unsafe { self.inner.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on by the caller.
        self.answered(layout, unsafe { self.inner.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        self.count(&self.shared.requests, 1);
        if new_size < old.size() {
            self.before_sub(old.size() - new_size);
        }
        let before = self.usable(old);
        // SAFETY: (1, 2, 3) passed on by the caller.
        let moved = unsafe { self.inner.realloc(block, old, new_size) };
        let Some(moved) = moved else {
            self.count(&self.shared.refused, 1);
            return None;
        };
        // SAFETY: (2) the size is valid with the old alignment.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, old.align()) };
        let after = self.usable(new);
        if new_size >= old.size() {
            self.add(new_size - old.size(), after.wrapping_sub(before));
        } else {
            self.sub(old.size() - new_size, before.wrapping_sub(after));
        }
        Some(moved)
    }

    #[inline]
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        self.before_sub(layout.size());
        let usable = self.usable(layout);
        // SAFETY: (1, 2) passed on by the caller.
        unsafe { self.inner.free(block, layout) };
        self.count(&self.shared.blocks, -1);
        self.sub(layout.size(), usable);
    }

    unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> Option<usize> {
        // SAFETY: (1) passed on by the caller.
        unsafe { self.inner.usable_size(block, layout) }
    }

    fn good_size(&self, layout: Layout) -> usize {
        self.inner.good_size(layout)
    }

    fn stats(&self) -> Stats {
        self.inner.stats()
    }

    fn committed(&self) -> Option<usize> {
        self.inner.committed()
    }

    fn block_head(&self) -> usize {
        self.inner.block_head()
    }

    fn trim(&self) {
        self.inner.trim();
    }

    unsafe fn destroy_all(&self) -> bool {
        // SAFETY: (1) passed on by the caller.
        let destroyed = unsafe { self.inner.destroy_all() };
        if destroyed {
            self.shared.live.store(0, Relaxed);
            self.shared.usable.store(0, Relaxed);
            self.shared.blocks.store(0, Relaxed);
        }
        destroyed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meter_counts_what_passes_and_keeps_a_bounded_course() {
        let (meter, handle) = Meter::new(Box::new(tare_allocators::System));
        handle.start(None, false);
        let layout = Layout::from_size_align(64, 8).unwrap();
        let mut blocks = Vec::new();
        for _ in 0..10_000 {
            // SAFETY: the size is above zero.
            blocks.push(unsafe { meter.alloc(layout) }.unwrap());
        }
        let big = blocks.pop().unwrap();
        // SAFETY: the block is live, was allocated with this layout, and is not used again.
        let big = unsafe { meter.realloc(big, layout, 1000) }.unwrap();
        let figures = handle.finish();
        assert_eq!(figures.live_bytes, 9_999 * 64 + 1000);
        assert_eq!(figures.peak_bytes, figures.live_bytes);
        assert_eq!(figures.allocations, 10_000);
        assert!(figures.series.len() <= POINTS && figures.series.len() >= POINTS / 2);
        assert!(figures.series.is_sorted_by_key(|p| p.0));
        let ledger = handle.end(&meter);
        let exact = |block: &NonNull<u8>, layout| {
            // SAFETY: the block is live with this layout.
            let usable = unsafe { tare_allocators::System.usable_size(*block, layout) };
            usable.unwrap_or(layout.size()) + meter.block_head()
        };
        let big_layout = Layout::from_size_align(1000, 8).unwrap();
        let held: usize = blocks.iter().map(|b| exact(b, layout)).sum::<usize>() + exact(&big, big_layout);
        let off = ledger.taken_bytes.abs_diff(held as u64);
        // The library rounds up where the rest would be too small to be a block.
        assert!(off * 100 <= held as u64, "{} taken, {held} held", ledger.taken_bytes);
        for block in blocks {
            // SAFETY: each block is live and freed once.
            unsafe { meter.free(block, layout) };
        }
        // SAFETY: the block is live with this layout and freed once.
        unsafe { meter.free(big, Layout::from_size_align(1000, 8).unwrap()) };
        assert_eq!(handle.live_bytes(), 0);
        assert_eq!(handle.finish().peak_bytes, 9_999 * 64 + 1000);
    }
}
