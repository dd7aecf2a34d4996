//! A harness that runs a program of calls against an allocator and a model of it, and a probe that
//! stands at the bottom of a stack and watches what reaches it.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::alloc::Layout;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tare_allocators::{Allocator, System};

/// One call of a random program. Blocks are chosen by an index modulo the number of live ones.
#[derive(Clone, Debug)]
pub enum Op {
    Alloc { size: usize, align: usize, zeroed: bool },
    Realloc { which: usize, size: usize },
    Free { which: usize },
    Trim,
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => 1..=64_usize,
        6 => 65..=640_usize,
        2 => (4_u32..17, 0..3_usize).prop_map(|(shift, off)| (1_usize << shift) + off - 1),
        2 => 641..=40_000_usize,
        1 => 40_001..=400_000_usize,
    ]
}

fn align() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 0..=4_u32, 2 => 5..=9_u32, 1 => 10..=12_u32].prop_map(|shift| 1_usize << shift)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        10 => (size(), align(), any::<bool>()).prop_map(|(size, align, zeroed)| Op::Alloc { size, align, zeroed }),
        6 => any::<usize>().prop_map(|which| Op::Free { which }),
        4 => (any::<usize>(), size()).prop_map(|(which, size)| Op::Realloc { which, size }),
        1 => Just(Op::Trim),
    ]
}

/// Random programs of up to `length` calls.
pub fn program(length: usize) -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..length)
}

#[derive(Clone, Copy)]
struct Block {
    start: NonNull<u8>,
    layout: Layout,
    usable: usize,
    seed: u8,
}

impl Block {
    fn expected(&self, offset: usize) -> u8 {
        self.seed.wrapping_add((offset as u8).wrapping_mul(31)) ^ (offset >> 8) as u8
    }
    /// The parts of the first `bytes` that are written and checked: all, or the ends of a long block.
    fn parts(bytes: usize) -> impl Iterator<Item = usize> {
        const END: usize = 1024;
        let middle = if bytes > 2 * END { END..bytes - END } else { 0..0 };
        (0..middle.start).chain(middle.end..bytes)
    }
    /// Writes the usable bytes, up to both ends.
    fn fill(&self) {
        for offset in Self::parts(self.usable) {
            // SAFETY: duty 5 of the contract: all usable bytes may be used.
            unsafe { self.start.add(offset).write(self.expected(offset)) };
        }
    }
    /// Checks the first `bytes`, as far as they were written.
    fn check(&self, bytes: usize, when: &str) {
        for offset in Self::parts(self.usable).take_while(|&offset| offset < bytes) {
            // SAFETY: `bytes` is at most the usable size; these bytes of it were written.
            let found = unsafe { self.start.add(offset).read() };
            assert_eq!(found, self.expected(offset), "byte {offset} of {:?} {when}", self.layout);
        }
    }
}

/// An allocator with the model of what it must do.
pub struct Harness {
    pub allocator: Box<dyn Allocator>,
    name: String,
    /// Whether a refusal is something this allocator may do.
    may_refuse: bool,
    live: Vec<Block>,
    /// Usable bytes of live blocks, by address, to find overlaps.
    ranges: BTreeMap<usize, usize>,
    requested: usize,
    peak: usize,
    allocations: u64,
    pub refused: u64,
    steps: u64,
}

// SAFETY: the pointers lead to blocks of `allocator`, which is `Send` and moves with them.
unsafe impl Send for Harness {}

impl Harness {
    pub fn new(allocator: Box<dyn Allocator>) -> Self {
        let name = describe(&*allocator);
        let may_refuse = name.contains("fail-") || name.contains("limit");
        // An allocator that was used before brings its history along.
        let before = allocator.stats();
        Harness {
            allocator,
            name,
            may_refuse,
            live: Vec::new(),
            ranges: BTreeMap::new(),
            requested: 0,
            peak: before.peak_requested.unwrap_or(0),
            allocations: before.total_allocations.unwrap_or(0),
            refused: before.failed.unwrap_or(0),
            steps: 0,
        }
    }

    pub fn live(&self) -> usize {
        self.live.len()
    }

    pub fn run(&mut self, program: &[Op]) {
        for op in program {
            self.step(op);
            self.steps += 1;
            if self.steps.is_multiple_of(32) {
                self.check_stats();
            }
        }
        self.check_stats();
        self.check_contents();
    }

    fn refuse(&mut self) {
        assert!(self.may_refuse, "{} refused without reason", self.name);
        self.refused += 1;
    }

    fn enter(&mut self, start: NonNull<u8>, layout: Layout) -> Block {
        let address = start.as_ptr().addr();
        assert_eq!(address % layout.align(), 0, "{}: {layout:?} at {address:#x}", self.name);
        // SAFETY: (1) the block was just returned for this layout.
        let usable = unsafe { self.allocator.usable_size(start, layout) };
        let usable = usable.unwrap_or(layout.size());
        assert!(usable >= layout.size(), "{}: {usable} usable of {layout:?}", self.name);
        assert!(self.allocator.good_size(layout) >= layout.size());
        if let Some((&before, &length)) = self.ranges.range(..=address).next_back() {
            assert!(before + length <= address, "{}: overlaps the block before it", self.name);
        }
        if let Some((&after, _)) = self.ranges.range(address..).next() {
            assert!(address + usable <= after, "{}: overlaps the block behind it", self.name);
        }
        self.ranges.insert(address, usable);
        self.peak = self.peak.max(self.requested);
        let block = Block { start, layout, usable, seed: (self.steps as u8).wrapping_mul(97) };
        block.fill();
        block
    }

    fn step(&mut self, op: &Op) {
        match *op {
            Op::Alloc { size, align, zeroed } => {
                let layout = Layout::from_size_align(size, align).unwrap();
                // SAFETY: (1) sizes are at least 1.
                let answer = unsafe {
                    if zeroed { self.allocator.alloc_zeroed(layout) } else { self.allocator.alloc(layout) }
                };
                let Some(start) = answer else {
                    return self.refuse();
                };
                if zeroed {
                    // SAFETY: the block holds `size` initialised bytes.
                    let bytes = unsafe { std::slice::from_raw_parts(start.as_ptr(), size) };
                    assert!(bytes.iter().all(|&byte| byte == 0), "{}: not zeroed", self.name);
                }
                self.requested += size;
                self.allocations += 1;
                let block = self.enter(start, layout);
                self.live.push(block);
            }
            Op::Realloc { which, size } => {
                if self.live.is_empty() {
                    return;
                }
                let index = which % self.live.len();
                let old = self.live[index];
                old.check(old.usable, "before realloc");
                // SAFETY: (1) live with this layout; (2) sizes are small and not zero; (3) replaced.
                let Some(start) = (unsafe { self.allocator.realloc(old.start, old.layout, size) }) else {
                    // Duty 3: a refusal leaves the block as it was.
                    old.check(old.layout.size(), "after a refused realloc");
                    return self.refuse();
                };
                let kept = old.layout.size().min(size);
                Block { start, ..old }.check(kept, "after realloc");
                self.ranges.remove(&old.start.as_ptr().addr());
                self.requested = self.requested - old.layout.size() + size;
                let layout = Layout::from_size_align(size, old.layout.align()).unwrap();
                self.live[index] = self.enter(start, layout);
            }
            Op::Free { which } => {
                if !self.live.is_empty() {
                    let index = which % self.live.len();
                    self.free(index);
                }
            }
            Op::Trim => self.allocator.trim(),
        }
    }

    fn free(&mut self, index: usize) {
        let block = self.live.swap_remove(index);
        block.check(block.usable, "before free");
        self.ranges.remove(&block.start.as_ptr().addr());
        self.requested -= block.layout.size();
        // SAFETY: (1, 2) live with this layout, and forgotten.
        unsafe { self.allocator.free(block.start, block.layout) };
    }

    pub fn free_all(&mut self) {
        while !self.live.is_empty() {
            self.free(self.live.len() - 1);
        }
        self.check_stats();
    }

    /// Drops the allocator: with live blocks, where it has a heap that goes with it.
    pub fn leave(mut self) {
        let owns = ["pool", "guard", "mimalloc", "jemalloc"].iter().any(|heap| self.name.contains(heap));
        if !owns {
            self.free_all();
        }
    }

    /// Destroys all blocks if the allocator can. Returns whether it could.
    pub fn destroy_all(&mut self) -> bool {
        // SAFETY: (1) the blocks are forgotten if it says that it did so.
        let done = unsafe { self.allocator.destroy_all() };
        if done {
            self.live.clear();
            self.ranges.clear();
            self.requested = 0;
        }
        self.check_stats();
        done
    }

    pub fn check_contents(&self) {
        for block in &self.live {
            block.check(block.usable, "at the end");
        }
    }

    pub fn check_stats(&self) {
        let (stats, name) = (self.allocator.stats(), &self.name);
        let equal = |figure: Option<usize>, model: usize, what: &str| {
            if let Some(figure) = figure {
                assert_eq!(figure, model, "{name}: {what} after {} steps", self.steps);
            }
        };
        equal(stats.requested, self.requested, "requested");
        equal(stats.live_blocks, self.live.len(), "live blocks");
        equal(stats.peak_requested, self.peak, "peak");
        let usable: usize = self.live.iter().map(|block| block.usable).sum();
        equal(stats.usable, usable, "usable");
        if let Some(committed) = stats.committed {
            assert!(committed >= self.requested, "{name}: {committed} committed of {}", self.requested);
        }
        if let Some(total) = stats.total_allocations {
            assert_eq!(total, self.allocations, "{name}: allocations");
        }
        if let Some(failed) = stats.failed {
            assert_eq!(failed, self.refused, "{name}: failed");
        }
    }
}

/// What an allocator calls itself.
pub fn describe(allocator: &dyn Allocator) -> String {
    struct Described<'a>(&'a dyn Allocator);
    impl fmt::Display for Described<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.describe(f)
        }
    }
    Described(allocator).to_string()
}

/// What a [`Probe`] has seen.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    live: HashMap<usize, Layout>,
    errors: Vec<String>,
}

impl Seen {
    pub fn live(&self) -> usize {
        self.0.lock().unwrap().live.len()
    }
    pub fn bytes(&self) -> usize {
        self.0.lock().unwrap().live.values().map(Layout::size).sum()
    }
    /// Fails if a block reached the probe that is not live or has another layout.
    pub fn check(&self) {
        assert_eq!(self.0.lock().unwrap().errors, Vec::<String>::new());
    }
}

/// The system's allocator, with a note of every block that is live, and of every wrong call.
#[derive(Clone, Default)]
pub struct Probe(pub Seen);

impl Probe {
    fn enter(&self, block: Option<NonNull<u8>>, layout: Layout) -> Option<NonNull<u8>> {
        if let Some(block) = block {
            let mut seen = self.0.0.lock().unwrap();
            if layout.size() == 0 {
                seen.errors.push("an empty block was asked for".to_owned());
            }
            seen.live.insert(block.as_ptr().addr(), layout);
        }
        block
    }
    fn leave(&self, block: NonNull<u8>, layout: Layout) {
        let mut seen = self.0.0.lock().unwrap();
        let known = seen.live.remove(&block.as_ptr().addr());
        if known != Some(layout) {
            seen.errors.push(format!("{layout:?} was given back, not {known:?}"));
        }
    }
}

// SAFETY: every block is the system's, passed on unchanged.
unsafe impl Allocator for Probe {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("probe")
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        self.enter(unsafe { System.alloc(layout) }, layout)
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        self.enter(unsafe { System.alloc_zeroed(layout) }, layout)
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        self.leave(block, layout);
        // SAFETY: (1, 2) passed on.
        unsafe { System.free(block, layout) };
    }
    unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> Option<usize> {
        // SAFETY: (1) passed on.
        unsafe { System.usable_size(block, layout) }
    }
}
