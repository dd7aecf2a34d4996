//! The meter between an engine and its allocator: bytes taken, their peak, and their course.
//!
//! # Invariant
//! The meter's figures are written by the one thread that uses the allocator; the handle may read
//! them from another. That is why plain loads and stores of relaxed atomics are enough.

use std::alloc::Layout;
use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tare_allocators::{Allocator, Stats};
use tare_reports::record::Point;

/// The course keeps at most this many points; when it is full every second one goes.
const POINTS: usize = 512;

/// The allocator's own figures are asked for at least this often, as far as the course goes on.
const ASK_EVERY: Duration = Duration::from_millis(25);

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
    /// The most the allocator said to hold from the system.
    pub committed_bytes: Option<u64>,
    /// The course of the bytes taken.
    pub series: Vec<Point>,
}

/// A handle to the figures of a [`Meter`] that an engine owns.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

struct Shared {
    live: AtomicU64,
    peak: AtomicU64,
    low: AtomicU64,
    allocations: AtomicU64,
    /// Requests for memory, from the start and never set back.
    requests: AtomicU64,
    refused: AtomicU64,
    /// Operations left until the next point of the course.
    countdown: AtomicU64,
    course: Mutex<Course>,
}

struct Course {
    start: Instant,
    asked: Instant,
    asked_at: u64,
    stride: u64,
    committed: Option<u64>,
    points: Vec<Point>,
}

/// An allocator that passes every call on and counts it.
pub struct Meter {
    inner: Box<dyn Allocator>,
    shared: Arc<Shared>,
}

impl Meter {
    /// Puts a meter before an allocator.
    pub fn new(inner: Box<dyn Allocator>) -> (Self, Handle) {
        let now = Instant::now();
        let shared = Arc::new(Shared {
            live: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            low: AtomicU64::new(0),
            allocations: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            countdown: AtomicU64::new(1),
            course: Mutex::new(Course {
                start: now,
                asked: now,
                asked_at: 0,
                stride: 1,
                committed: None,
                points: Vec::new(),
            }),
        });
        (Self { inner, shared: shared.clone() }, Handle(shared))
    }

    #[inline]
    fn add(&self, bytes: usize) {
        let shared = &*self.shared;
        let live = shared.live.load(Relaxed) + bytes as u64;
        shared.live.store(live, Relaxed);
        if live > shared.peak.load(Relaxed) {
            shared.peak.store(live, Relaxed);
        }
        shared.allocations.store(shared.allocations.load(Relaxed) + 1, Relaxed);
        self.step();
    }

    #[inline]
    fn sub(&self, bytes: usize) {
        let shared = &*self.shared;
        let live = shared.live.load(Relaxed).wrapping_sub(bytes as u64);
        shared.live.store(live, Relaxed);
        if live < shared.low.load(Relaxed) {
            shared.low.store(live, Relaxed);
        }
        self.step();
    }

    #[inline]
    fn step(&self) {
        let left = self.shared.countdown.load(Relaxed) - 1;
        self.shared.countdown.store(left, Relaxed);
        if left == 0 {
            self.note();
        }
    }

    #[inline]
    fn request(&self) {
        self.shared.requests.store(self.shared.requests.load(Relaxed) + 1, Relaxed);
    }

    #[inline]
    fn refuse(&self) {
        self.shared.refused.store(self.shared.refused.load(Relaxed) + 1, Relaxed);
    }

    /// Adds a point to the course. Its memory is the lab's, not the engine's.
    #[cold]
    fn note(&self) {
        let mut course = lock(&self.shared.course);
        let now = Instant::now();
        let live = self.shared.live.load(Relaxed);
        // Asking may take time in proportion to the heap: by the clock, and when memory has grown.
        if now.duration_since(course.asked) >= ASK_EVERY || live > course.asked_at + course.asked_at / 8 {
            (course.asked, course.asked_at) = (now, live.max(1 << 16));
            course.ask(&*self.inner);
        }
        let at = now.duration_since(course.start).as_nanos() as u64;
        course.add(Point(at, live));
        self.shared.countdown.store(course.stride, Relaxed);
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

    fn ask(&mut self, allocator: &dyn Allocator) {
        if let Some(bytes) = allocator.stats().committed {
            self.committed = Some(self.committed.unwrap_or(0).max(bytes as u64));
        }
    }
}

/// A poisoned lock only means that a reader panicked; the figures are whole.
fn lock(course: &Mutex<Course>) -> MutexGuard<'_, Course> {
    course.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handle {
    /// Starts the course and the peak anew, at the moment a script begins.
    pub fn start(&self) -> Instant {
        let mut course = lock(&self.0.course);
        let now = Instant::now();
        let live = self.0.live.load(Relaxed);
        *course = Course {
            start: now,
            asked: now,
            asked_at: 0,
            stride: 1,
            committed: course.committed,
            points: vec![Point(0, live)],
        };
        self.0.peak.store(live, Relaxed);
        self.0.allocations.store(0, Relaxed);
        self.0.countdown.store(1, Relaxed);
        now
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
            committed_bytes: course.committed,
            series: course.points.clone(),
        }
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
        self.request();
        // SAFETY: (1) passed on by the caller.
        let block = unsafe { self.inner.alloc(layout) };
        if block.is_some() {
            self.add(layout.size());
        } else {
            self.refuse();
        }
        block
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        self.request();
        // SAFETY: (1) passed on by the caller.
        let block = unsafe { self.inner.alloc_zeroed(layout) };
        if block.is_some() {
            self.add(layout.size());
        } else {
            self.refuse();
        }
        block
    }

    #[inline]
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        self.request();
        // SAFETY: (1, 2, 3) passed on by the caller.
        let moved = unsafe { self.inner.realloc(block, old, new_size) };
        if moved.is_none() {
            self.refuse();
        } else if new_size >= old.size() {
            self.add(new_size - old.size());
            let allocations = &self.shared.allocations;
            allocations.store(allocations.load(Relaxed) - 1, Relaxed);
        } else {
            self.sub(old.size() - new_size);
        }
        moved
    }

    #[inline]
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1, 2) passed on by the caller.
        unsafe { self.inner.free(block, layout) };
        self.sub(layout.size());
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

    fn trim(&self) {
        self.inner.trim();
    }

    unsafe fn destroy_all(&self) -> bool {
        // SAFETY: (1) passed on by the caller.
        let destroyed = unsafe { self.inner.destroy_all() };
        if destroyed {
            self.shared.live.store(0, Relaxed);
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
        handle.start();
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
