//! What an allocation and its free cost together, for every allocator and in several patterns.
//!
//! `cargo bench -p tare-allocators --bench alloc` runs all; a filter as in `-- pair/` runs some. The
//! time that criterion prints is the processor time of one alloc and one free. Names are `pattern/allocator`, with
//! `dyn` before an allocator that is called through `Box<dyn Allocator>`, as a runtime does it without
//! the pool. `process:` marks the heaps that the whole process shares, which show what a heap per
//! runtime costs.

use std::alloc::{GlobalAlloc, Layout};
use std::fmt;
use std::hint::black_box;
use std::ptr::NonNull;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use tare_allocators::{Allocator, Counting, Guard, Jemalloc, Limit, Mimalloc, Poison, Pool, System};

/// A mix of sizes like that of a script's small objects. In bytes.
const SIZES: [usize; 4] = [32, 48, 64, 96];

/// A process-wide heap as an allocator.
struct Process<G>(G, &'static str);

// SAFETY: the guarantees of `GlobalAlloc` are the same for sizes greater than zero.
unsafe impl<G: GlobalAlloc + Send> Allocator for Process<G> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        NonNull::new(unsafe { self.0.alloc(layout) })
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1, 2) passed on.
        unsafe { self.0.dealloc(block.as_ptr(), layout) };
    }
}

/// The alignment is a constant, as it is wherever the type of a block is known.
#[inline(always)]
fn layout(size: usize) -> Layout {
    // SAFETY: 8 is a power of two, and the sizes here are far from `isize::MAX`.
    unsafe { Layout::from_size_align_unchecked(size, 8) }
}

#[inline(always)]
fn take(allocator: &impl Allocator, layout: Layout) -> NonNull<u8> {
    // SAFETY: (1) no pattern asks for an empty block; the block has room for the word written.
    unsafe {
        let block = allocator.alloc(layout).unwrap();
        block.cast::<u64>().write(1);
        block
    }
}

#[inline(always)]
fn give(allocator: &impl Allocator, block: NonNull<u8>, layout: Layout) {
    // SAFETY: (1, 2) every pattern gives back what it took, once, with its layout.
    unsafe { allocator.free(block, layout) };
}

/// The processor time of this thread: on a machine that others use too, the wall clock tells little.
#[derive(Clone, Copy)]
struct Start(Duration);

impl Start {
    fn now() -> Self {
        // SAFETY: the call fills in the structure that it is given; the clock exists.
        let time = unsafe {
            let mut time = std::mem::zeroed::<libc::timespec>();
            libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time);
            time
        };
        Start(Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec as u32))
    }
    fn elapsed(self) -> Duration {
        Self::now().0 - self.0
    }
}

/// The time of `iterations` pairs, from that of `done`.
fn scaled(elapsed: Duration, iterations: u64, done: u64) -> Duration {
    Duration::from_secs_f64(elapsed.as_secs_f64() * iterations as f64 / done as f64)
}

/// Alloc, free, alloc, free.
fn pair(allocator: &impl Allocator, sizes: [usize; 4], iterations: u64) -> Duration {
    let sizes = black_box(sizes);
    let start = Start::now();
    for i in 0..iterations {
        let layout = layout(sizes[i as usize & 3]);
        let block = take(allocator, layout);
        give(allocator, black_box(block), layout);
    }
    start.elapsed()
}

/// A thousand allocs, then their frees in the same order.
fn batch(allocator: &impl Allocator, iterations: u64) -> Duration {
    let sizes = black_box(SIZES);
    let mut blocks = vec![NonNull::<u8>::dangling(); 1_000];
    let rounds = iterations.div_ceil(1_000);
    let start = Start::now();
    for _ in 0..rounds {
        for (i, block) in blocks.iter_mut().enumerate() {
            *block = take(allocator, layout(sizes[i & 3]));
        }
        for (i, &block) in blocks.iter().enumerate() {
            give(allocator, block, layout(sizes[i & 3]));
        }
    }
    scaled(start.elapsed(), iterations, rounds * 1_000)
}

/// 100,000 live blocks, of which random ones are freed and replaced.
fn random(allocator: &impl Allocator, iterations: u64) -> Duration {
    let sizes = black_box(SIZES);
    let mut blocks: Vec<_> =
        (0..100_000).map(|i| (take(allocator, layout(sizes[i & 3])), sizes[i & 3])).collect();
    let mut state = 88_172_645_463_325_252_u64;
    let start = Start::now();
    for _ in 0..iterations {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let place = &mut blocks[(state % 100_000) as usize];
        give(allocator, place.0, layout(place.1));
        let size = sizes[(state >> 60) as usize & 3];
        *place = (take(allocator, layout(size)), size);
    }
    let elapsed = start.elapsed();
    for (block, size) in blocks {
        give(allocator, block, layout(size));
    }
    elapsed
}

/// Binary trees of 131,071 nodes of 32 bytes, built and freed depth first.
fn tree(allocator: &impl Allocator, iterations: u64) -> Duration {
    type Node = [Option<NonNull<u8>>; 4];
    const DEPTH: u32 = 16;
    fn grow(allocator: &impl Allocator, depth: u32) -> NonNull<u8> {
        let node = take(allocator, Layout::new::<Node>());
        let children = if depth == 0 {
            [None; 4]
        } else {
            [Some(grow(allocator, depth - 1)), Some(grow(allocator, depth - 1)), None, None]
        };
        // SAFETY: the node was allocated with this layout.
        unsafe { node.cast::<Node>().write(children) };
        node
    }
    fn fell(allocator: &impl Allocator, node: NonNull<u8>) {
        // SAFETY: `grow` wrote it.
        for child in unsafe { node.cast::<Node>().read() }.into_iter().flatten() {
            fell(allocator, child);
        }
        give(allocator, node, Layout::new::<Node>());
    }
    let nodes = (2 << DEPTH) - 1;
    let rounds = iterations.div_ceil(nodes);
    let start = Start::now();
    for _ in 0..rounds {
        let root = grow(allocator, DEPTH);
        fell(allocator, root);
    }
    scaled(start.elapsed(), iterations, rounds * nodes)
}

fn one<A: Allocator>(c: &mut Criterion, name: &str, make: impl Fn() -> A) {
    let mut run = |pattern: &str, work: &dyn Fn(&A, u64) -> Duration| {
        let allocator = make();
        c.bench_function(&format!("{pattern}/{name}"), |b| b.iter_custom(|n| work(&allocator, n)));
    };
    run("pair", &|a, n| pair(a, SIZES, n));
    run("batch", &|a, n| batch(a, n));
    run("random100k", &|a, n| random(a, n));
    run("tree", &|a, n| tree(a, n));
    for size in [16, 32, 64, 128, 256, 512, 2_048, 65_536] {
        run(&format!("size{size}"), &|a, n| pair(a, [size; 4], n));
    }
}

/// An allocator, called directly and through the dyn door.
fn both<A: Allocator + 'static>(c: &mut Criterion, name: &str, make: impl Fn() -> A) {
    one(c, name, &make);
    one(c, &format!("dyn {name}"), || black_box(Box::new(make()) as Box<dyn Allocator>));
}

fn boxed(allocator: impl Allocator + 'static) -> Box<dyn Allocator> {
    black_box(Box::new(allocator))
}

fn allocators(c: &mut Criterion) {
    both(c, "system", || System);
    both(c, "mimalloc", || Mimalloc::new().unwrap());
    both(c, "jemalloc", || Jemalloc::new().unwrap());
    both(c, "pool(system)", || Pool::new(boxed(System)));
    both(c, "pool(mimalloc)", || Pool::new(boxed(Mimalloc::new().unwrap())));
    one(c, "pool(uncounted, system)", || Pool::uncounted(boxed(System)));
    one(c, "process: mimalloc", || Process(mimalloc::MiMalloc, "mimalloc"));
    one(c, "process: jemalloc", || Process(jemallocator::Jemalloc, "jemalloc"));
    one(c, "counting(system)", || Counting::new(System));
    one(c, "counting(pool(system))", || Counting::new(Pool::new(boxed(System))));
    one(c, "limit(1G, pool(system))", || Limit::new(1 << 30, Pool::new(boxed(System))));
    one(c, "poison(pool(system))", || Poison::new(Pool::new(boxed(System))));
    one(c, "guard(pool(system))", || Guard::new(Pool::new(boxed(System))));
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .sample_size(10);
    targets = allocators
}
criterion_main!(benches);
