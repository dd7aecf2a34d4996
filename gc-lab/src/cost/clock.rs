//! An allocator that measures the time of a random sample of the calls that pass through it.
//!
//! # The estimate
//! Calls fall into strata: by kind (allocate, change, free), and into small and large ones. Of the small calls each
//! is measured with the same chance, by the processor's counter of cycles; of the large ones (from [`LARGE`] bytes on)
//! every one is, by the thread's clock, since a call into the kernel is long and rare. A stratum's time is the number
//! of its calls times the mean of those measured, less what a measurement of nothing takes; the sum is unbiased,
//! since chance alone chooses what is measured. Its error is that of the means.
//!
//! The counter runs on while the thread does not: a measurement that is long, and during which the thread lost its
//! core, is left out and counted ([`Estimate::interrupted`]).

use crate::machine;
use serde::{Deserialize, Serialize};
use std::alloc::Layout;
use std::cell::RefCell;
use std::fmt;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tare_allocators::{Allocator, Stats};

/// Every call of at least so many bytes is measured.
const LARGE: usize = 64 << 10;

/// One in so many small calls is measured.
pub const ONE_IN: u32 = 32;

/// A measurement of more than this many nanoseconds may have been interrupted.
const LONG_NS: f64 = 20_000.0;

/// Measurements of nothing by which the clocks' own time is found.
const EMPTY: usize = 2001;

/// The kinds of calls.
const KINDS: usize = 3;
const ALLOC: usize = 0;
const REALLOC: usize = 1;
const FREE: usize = 2;

/// The calls of one kind and size, and what was measured of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stratum {
    /// All calls.
    pub calls: u64,
    /// Those that were measured.
    pub measured: u64,
    sum: f64,
    squares: f64,
}

impl Stratum {
    fn add(&mut self, value: f64) {
        self.measured += 1;
        self.sum += value;
        self.squares += value * value;
    }

    /// The time of all its calls, in what was measured in, and the variance of that.
    fn total(&self) -> (f64, f64) {
        if self.measured == 0 {
            return (0.0, 0.0);
        }
        let (calls, n) = (self.calls as f64, self.measured as f64);
        let mean = self.sum / n;
        let variance = (self.squares / n - mean * mean).max(0.0) * n / (n - 1.0).max(1.0);
        // Where nearly all were measured, little is left to chance.
        (calls * mean, calls * calls * variance / n * (1.0 - n / calls).max(0.0))
    }
}

/// What a run's calls took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Time in the allocator, in nanoseconds.
    pub ns: f64,
    /// Its standard error from the choice of calls.
    pub error_ns: f64,
    /// All calls, exactly.
    pub calls: u64,
    /// Calls that were measured.
    pub measured: u64,
    /// Measurements left out, since the thread lost its core in them.
    pub interrupted: u64,
    /// What a measurement of nothing takes by the counter of cycles, in nanoseconds. It was subtracted from each.
    pub clock_ns: f64,
}

/// The counter of cycles where there is one, else the clock on the wall.
#[derive(Clone, Copy, Debug)]
struct Ticks;

impl Ticks {
    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn now() -> u64 {
        // SAFETY: the instructions exist on every processor of this kind and touch no memory. The fences keep
        // what is measured between two readings.
        unsafe {
            core::arch::x86_64::_mm_lfence();
            let ticks = core::arch::x86_64::_rdtsc();
            core::arch::x86_64::_mm_lfence();
            ticks
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    #[inline]
    fn now() -> u64 {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }
}

struct State {
    strata: [[Stratum; 2]; KINDS],
    /// Small calls until the next that is measured.
    left: u32,
    random: u64,
    interrupted: u64,
    /// Switches of the thread so far, when last looked at.
    switches: u64,
    /// Of a measurement of nothing.
    empty_ticks: f64,
    empty_ns: f64,
    long_ticks: f64,
    begun: (Instant, u64),
}

impl State {
    fn new(seed: u64) -> Self {
        let middle = |of: &dyn Fn() -> u64| {
            let mut all: Vec<u64> = (0..EMPTY).map(|_| of()).collect();
            all.sort_unstable();
            all[EMPTY / 2] as f64
        };
        let begun = (Instant::now(), Ticks::now());
        let empty_ticks = middle(&|| {
            let start = Ticks::now();
            Ticks::now() - start
        });
        let empty_ns = middle(&|| {
            let start = machine::thread_cpu_ns();
            machine::thread_cpu_ns() - start
        });
        // The loops above took long enough to say how fast the counter runs.
        let per_ns = rate(begun);
        let mut state = State {
            strata: Default::default(),
            left: 0,
            // Near seeds give numbers that lie apart.
            random: (seed.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            interrupted: 0,
            switches: switches(),
            empty_ticks,
            empty_ns,
            long_ticks: LONG_NS * per_ns,
            begun,
        };
        // The first call, too, has no better chance than another: it is the one that makes a heap.
        state.left = state.gap();
        state
    }

    /// Calls to pass before the next that is measured: each has the same chance, whatever was chosen before.
    fn gap(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let share = ((self.random >> 11) as f64 / (1u64 << 53) as f64).max(f64::MIN_POSITIVE);
        let gap = share.ln() / (1.0 - 1.0 / f64::from(ONE_IN)).ln();
        1 + gap.min(1e6) as u32
    }

    /// Takes in a measurement of a small call.
    #[cold]
    fn measured(&mut self, kind: usize, ticks: u64) {
        self.left = self.gap();
        let now = switches();
        let lost = std::mem::replace(&mut self.switches, now) != now;
        if lost && ticks as f64 > self.long_ticks {
            self.interrupted += 1;
        } else {
            self.strata[kind][0].add(ticks as f64 - self.empty_ticks);
        }
    }

    fn estimate(&self) -> Estimate {
        let per_ns = rate(self.begun);
        let mut all = Estimate {
            interrupted: self.interrupted,
            clock_ns: self.empty_ticks / per_ns,
            ..Estimate::default()
        };
        let mut variance = 0.0;
        for (index, stratum) in self.strata.iter().flatten().enumerate() {
            let unit = if index % 2 == 0 { per_ns } else { 1.0 };
            let (sum, spread) = stratum.total();
            all.ns += sum / unit;
            variance += spread / (unit * unit);
            all.calls += stratum.calls;
            all.measured += stratum.measured;
        }
        all.error_ns = variance.sqrt();
        all
    }
}

/// Ticks per nanosecond since a moment.
fn rate((instant, ticks): (Instant, u64)) -> f64 {
    let ns = instant.elapsed().as_nanos().max(1) as f64;
    ((Ticks::now() - ticks) as f64 / ns).max(1e-9)
}

/// How often this thread has given up or lost its core.
fn switches() -> u64 {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: rusage is plain data for which all zeroes is a value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a struct of our own; the call writes only to it.
        unsafe { libc::getrusage(libc::RUSAGE_THREAD, &mut usage) };
        (usage.ru_nvcsw + usage.ru_nivcsw) as u64
    }
    #[cfg(not(target_os = "linux"))]
    0
}

/// The allocator that measures. What it found is told when it is dropped, or asked for.
pub struct Timed {
    inner: Box<dyn Allocator>,
    state: RefCell<State>,
    told: Arc<Mutex<Estimate>>,
}

/// Where a [`Timed`] tells what it found.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<Estimate>>);

impl Told {
    /// What was found, up to the last call of [`Timed::tell`].
    pub fn estimate(&self) -> Estimate {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Timed {
    /// Puts a clock before an allocator. The seed chooses the calls that are measured.
    pub fn new(inner: Box<dyn Allocator>, seed: u64) -> (Self, Told) {
        let told = Told::default();
        (Timed { inner, state: RefCell::new(State::new(seed)), told: told.0.clone() }, told)
    }

    /// Tells what was found since the last time, and begins anew.
    pub fn tell(&self) -> Estimate {
        let mut state = self.state.borrow_mut();
        let estimate = state.estimate();
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = estimate;
        state.strata = Default::default();
        state.interrupted = 0;
        estimate
    }

    #[inline]
    fn call<T>(&self, kind: usize, size: usize, call: impl FnOnce() -> T) -> T {
        let large = size >= LARGE;
        let choose = {
            let mut state = self.state.borrow_mut();
            state.strata[kind][usize::from(large)].calls += 1;
            if large {
                true
            } else {
                state.left -= 1;
                state.left == 0
            }
        };
        match (choose, large) {
            (false, _) => call(),
            (true, false) => {
                let start = Ticks::now();
                let answer = call();
                let ticks = Ticks::now() - start;
                self.state.borrow_mut().measured(kind, ticks);
                answer
            }
            (true, true) => {
                let start = machine::thread_cpu_ns();
                let answer = call();
                let ns = machine::thread_cpu_ns() - start;
                let mut state = self.state.borrow_mut();
                let empty = state.empty_ns;
                state.strata[kind][1].add(ns as f64 - empty);
                answer
            }
        }
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        let estimate = self.state.get_mut().estimate();
        // One that told already says no more.
        if estimate.calls > 0 {
            *self.told.lock().unwrap_or_else(PoisonError::into_inner) = estimate;
        }
    }
}

// SAFETY: every duty is passed on to the inner allocator; the clock touches no block.
unsafe impl Allocator for Timed {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.describe(f)
    }

    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on by the caller.
        self.call(ALLOC, layout.size(), || unsafe { self.inner.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on by the caller.
        self.call(ALLOC, layout.size(), || unsafe { self.inner.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        let size = old.size().max(new_size);
        // SAFETY: (1, 2, 3) passed on by the caller.
        self.call(REALLOC, size, || unsafe { self.inner.realloc(block, old, new_size) })
    }

    #[inline]
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1, 2) passed on by the caller.
        self.call(FREE, layout.size(), || unsafe { self.inner.free(block, layout) });
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

    fn held(&self) -> Option<usize> {
        self.inner.held()
    }

    fn block_head(&self) -> usize {
        self.inner.block_head()
    }

    fn trim(&self) {
        self.call(FREE, LARGE, || self.inner.trim());
    }

    unsafe fn destroy_all(&self) -> bool {
        // SAFETY: (1) passed on by the caller.
        self.call(FREE, LARGE, || unsafe { self.inner.destroy_all() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tare_reports::stats::Random;

    /// Strata whose times are known: the mean of many estimates is the truth, and their spread is as stated.
    #[test]
    fn the_estimate_is_unbiased_and_knows_its_error() {
        let mut random = Random::new(5);
        // Most calls take little, one in fifty much more, as where pages are asked for.
        let times: Vec<f64> =
            (0..20_000).map(|n| if n % 50 == 0 { 900.0 } else { 15.0 + (n % 7) as f64 }).collect();
        let truth: f64 = times.iter().sum();
        let (mut sum, mut inside, rounds) = (0.0, 0, 400);
        for _ in 0..rounds {
            let mut state = State::new(random.below(1 << 30) as u64);
            let mut stratum = Stratum::default();
            for time in &times {
                stratum.calls += 1;
                state.left -= 1;
                if state.left == 0 {
                    state.left = state.gap();
                    stratum.add(*time);
                }
            }
            let (total, variance) = stratum.total();
            sum += total;
            inside += u32::from((total - truth).abs() <= 1.96 * variance.sqrt());
        }
        let mean = sum / f64::from(rounds) / truth;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        assert!((0.90..0.985).contains(&(f64::from(inside) / f64::from(rounds))), "{inside} of {rounds}");
    }

    #[test]
    fn every_call_is_counted_and_large_ones_are_measured_each() {
        let (timed, told) = Timed::new(Box::new(tare_allocators::System), 1);
        let small = Layout::from_size_align(48, 8).unwrap();
        let large = Layout::from_size_align(LARGE, 8).unwrap();
        // SAFETY: no size is zero; each block is freed once with its layout.
        unsafe {
            for _ in 0..6400 {
                let block = timed.alloc(small).unwrap();
                timed.free(block, small);
            }
            for _ in 0..10 {
                let block = timed.alloc_zeroed(large).unwrap();
                timed.free(block, large);
            }
        }
        let strata = timed.state.borrow().strata;
        assert_eq!((strata[ALLOC][0].calls, strata[FREE][0].calls), (6400, 6400));
        assert_eq!((strata[ALLOC][1].measured, strata[FREE][1].measured), (10, 10));
        // One in 32 of 12,800 is 400, give or take.
        let chosen = strata[ALLOC][0].measured + strata[FREE][0].measured + timed.state.borrow().interrupted;
        assert!((280..540).contains(&chosen), "{chosen}");
        let estimate = timed.tell();
        assert_eq!((estimate.calls, estimate.measured + estimate.interrupted), (12_820, chosen + 20));
        assert!(estimate.ns > 0.0 && estimate.clock_ns > 0.0);
        assert_eq!(timed.tell().calls, 0, "it begins anew");
        drop(timed);
        assert_eq!(told.estimate().calls, 0);
    }

    #[test]
    fn a_measurement_that_was_interrupted_is_left_out() {
        let mut state = State::new(1);
        state.measured(ALLOC, 100);
        let long = (state.long_ticks * 3.0) as u64;
        state.switches = u64::MAX;
        state.measured(ALLOC, long);
        assert_eq!((state.interrupted, state.strata[ALLOC][0].measured), (1, 1));
        // Long by itself, as a call into the kernel is.
        state.switches = switches();
        state.measured(ALLOC, long);
        assert!(state.strata[ALLOC][0].measured + state.interrupted == 3);
    }
}
