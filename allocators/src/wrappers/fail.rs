//! Fail: refuses chosen requests, to see whether the program survives.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::contract::{Allocator, Stats};

/// Which requests are refused. Requests are numbered from 1; `alloc`, `alloc_zeroed` and `realloc`
/// are requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plan {
    /// None.
    Never,
    /// The one with this number.
    Nth(u64),
    /// The one with this number, and every later one.
    From(u64),
    /// Each with this probability, drawn from the seed and the number alone: the same run refuses
    /// the same requests.
    Rate {
        /// Between 0 and 1.
        probability: f64,
        /// Any number.
        seed: u64,
    },
}

impl Plan {
    fn refuses(self, number: u64) -> bool {
        match self {
            Plan::Never => false,
            Plan::Nth(n) => number == n,
            Plan::From(n) => number >= n,
            Plan::Rate { probability, seed } => {
                // 53 random bits, as many as a double's fraction holds.
                let draw = mix(seed ^ mix(number)) >> 11;
                (draw as f64) < probability * (1_u64 << 53) as f64
            }
        }
    }
}

/// A bijection on 64 bits that looks random (the finaliser of SplitMix64).
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

struct State {
    plan: Plan,
    requests: u64,
    refused: u64,
    /// Answered with a failure since the start, by a plan or by the allocator inside.
    failed: u64,
}

/// Steers a [`Fail`] from outside, also after it was boxed and given to a runtime.
#[derive(Clone)]
pub struct FailHandle(Arc<Mutex<State>>);

impl FailHandle {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while holding the lock; its state is whole in any case.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets a plan and starts to number requests from 1 again.
    pub fn set_plan(&self, plan: Plan) {
        let mut state = self.state();
        state.plan = plan;
        state.requests = 0;
        state.refused = 0;
    }

    /// Number of requests since the plan was set.
    pub fn requests(&self) -> u64 {
        self.state().requests
    }

    /// Number of requests that the plan refused since it was set.
    pub fn refused(&self) -> u64 {
        self.state().refused
    }
}

/// Refuses requests by a [`Plan`]; lets everything else through.
pub struct Fail<A: Allocator> {
    handle: FailHandle,
    inner: A,
}

impl<A: Allocator> Fail<A> {
    /// Puts a plan before `inner`.
    pub fn new(plan: Plan, inner: A) -> Self {
        let state = State { plan, requests: 0, refused: 0, failed: 0 };
        Fail { handle: FailHandle(Arc::new(Mutex::new(state))), inner }
    }

    /// The handle that steers this wrapper.
    pub fn handle(&self) -> FailHandle {
        self.handle.clone()
    }

    /// The allocator inside.
    pub fn inner(&self) -> &A {
        &self.inner
    }

    /// Numbers a request, and makes it unless the plan refuses it.
    fn request(&self, make: impl FnOnce() -> Option<NonNull<u8>>) -> Option<NonNull<u8>> {
        {
            let mut state = self.handle.state();
            state.requests += 1;
            if state.plan.refuses(state.requests) {
                state.refused += 1;
                state.failed += 1;
                return None;
            }
        }
        let answer = make();
        if answer.is_none() {
            self.handle.state().failed += 1;
        }
        answer
    }
}

// SAFETY: every block is `inner`'s, passed on unchanged; a refusal touches none.
unsafe impl<A: Allocator> Allocator for Fail<A> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.handle.state().plan;
        match plan {
            Plan::Never => f.write_str("fail-never(")?,
            Plan::Nth(n) => write!(f, "fail-nth({n}, ")?,
            Plan::From(n) => write!(f, "fail-from({n}, ")?,
            Plan::Rate { probability, seed } => write!(f, "fail-rate({probability}, {seed}, ")?,
        }
        self.inner.describe(f)?;
        f.write_str(")")
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        self.request(|| unsafe { self.inner.alloc(layout) })
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        self.request(|| unsafe { self.inner.alloc_zeroed(layout) })
    }
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (1, 2, 3) passed on.
        self.request(|| unsafe { self.inner.realloc(block, old, new_size) })
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1, 2) passed on.
        unsafe { self.inner.free(block, layout) };
    }
    unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> Option<usize> {
        // SAFETY: (1) passed on.
        unsafe { self.inner.usable_size(block, layout) }
    }
    fn good_size(&self, layout: Layout) -> usize {
        self.inner.good_size(layout)
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
    fn stats(&self) -> Stats {
        Stats { failed: Some(self.handle.state().failed), ..self.inner.stats() }
    }
    fn trim(&self) {
        self.inner.trim();
    }
    unsafe fn destroy_all(&self) -> bool {
        // SAFETY: (1) passed on.
        unsafe { self.inner.destroy_all() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_and_repeats() {
        let plan = Plan::Rate { probability: 0.1, seed: 7 };
        let refused: std::vec::Vec<u64> = (1..=100_000).filter(|&n| plan.refuses(n)).collect();
        assert!((9_500..10_500).contains(&refused.len()), "{} of 100000", refused.len());
        let again: std::vec::Vec<u64> = (1..=100_000).filter(|&n| plan.refuses(n)).collect();
        assert_eq!(refused, again);
        let other = Plan::Rate { probability: 0.1, seed: 8 };
        assert!((1..=100_000).any(|n| plan.refuses(n) != other.refuses(n)));
        assert!((1..=1_000).all(|n| Plan::Rate { probability: 1.0, seed: 1 }.refuses(n)));
        assert!(!(1..=1_000).any(|n| Plan::Rate { probability: 0.0, seed: 1 }.refuses(n)));
    }
}
