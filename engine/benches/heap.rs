//! What cells cost: allocation and freeing, full collections of live graphs of a million cells, and garbage.
//!
//! `cargo bench -p tare --bench heap`. Times of collections are per collection of the whole graph; divide by
//! 2^20 for one cell. They are of the processor's time for this thread, so that a busy machine counts less.
#![allow(missing_docs)]

use core::cell::UnsafeCell;
use core::ptr::NonNull;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tare::heap::{Cell, Collector, Header, Heap, KINDS, KindInfo, Outcome, Reason, Ref, Tracer};
use tare::mem::{Front, Mem};
use tare_allocators::System;

const NODE: u8 = 1;
const ARRAY: u8 = 2;
const MILLION: usize = 1 << 20;

static KIND_TABLE: [KindInfo; KINDS] = {
    let mut table = [KindInfo::UNUSED; KINDS];
    table[NODE as usize] = KindInfo::of::<Node>("node").weakable();
    table[ARRAY as usize] = KindInfo::of::<Array>("array");
    table
};

/// The size of an object with two properties.
#[repr(C)]
struct Node {
    header: Header,
    ext: u64,
    links: UnsafeCell<[Option<Ref<Node>>; 2]>,
}

// SAFETY: `repr(C)` with a header first; both links are traced and dropped.
unsafe impl Cell for Node {
    const KIND: u8 = NODE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: nothing writes links while a cell is traced.
        for link in unsafe { &*self.links.get() } {
            tracer.optional(link);
        }
    }
}

impl Ref2 for Ref<Node> {
    fn set(&self, index: usize, target: Option<Ref<Node>>) {
        // SAFETY: one thread, and no reference to the links is kept.
        let _old = unsafe { core::mem::replace(&mut (*self.links.get())[index], target) };
    }
}

trait Ref2 {
    fn set(&self, index: usize, target: Option<Ref<Node>>);
}

/// Holds many nodes.
#[repr(C)]
struct Array {
    header: Header,
    elements: Vec<Ref<Node>>,
}

// SAFETY: `repr(C)` with a header first; all elements are traced and dropped.
unsafe impl Cell for Array {
    const KIND: u8 = ARRAY;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.elements.iter().for_each(|element| tracer.reference(element));
    }
}

fn node(heap: &Heap, a: Option<Ref<Node>>, b: Option<Ref<Node>>) -> Ref<Node> {
    let value = Node { header: Header::new(0), ext: 0, links: UnsafeCell::new([a, b]) };
    heap.alloc(value, u32::from(NODE)).expect("the machine has memory for a million nodes")
}

fn tree(heap: &Heap, depth: u32) -> Ref<Node> {
    let root = node(heap, None, None);
    if depth > 0 {
        root.set(0, Some(tree(heap, depth - 1)));
        root.set(1, Some(tree(heap, depth - 1)));
    }
    root
}

fn chain(heap: &Heap) -> Ref<Node> {
    let mut head = node(heap, None, None);
    for _ in 1..MILLION {
        head = node(heap, Some(head), None);
    }
    head
}

fn flat(heap: &Heap) -> Ref<Array> {
    let elements = (0..MILLION).map(|_| node(heap, None, None)).collect();
    heap.alloc(Array { header: Header::new(0), elements }, u32::from(ARRAY)).expect("memory")
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// A ring through all nodes in random order, and a random second link each.
fn random(heap: &Heap) -> Ref<Node> {
    let all: Vec<_> = (0..MILLION).map(|_| node(heap, None, None)).collect();
    let mut order: Vec<usize> = (0..MILLION).collect();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for i in (1..MILLION).rev() {
        order.swap(i, random.below(i + 1));
    }
    for i in 0..MILLION {
        let from = &all[order[i]];
        from.set(0, Some(all[order[(i + 1) % MILLION]].clone()));
        from.set(1, Some(all[random.below(MILLION)].clone()));
    }
    all[0].clone()
}

fn rings(heap: &Heap, count: usize, size: usize) {
    for _ in 0..count {
        let first = node(heap, None, None);
        let mut last = first.clone();
        for _ in 1..size {
            let next = node(heap, None, None);
            last.set(0, Some(next.clone()));
            last = next;
        }
        last.set(0, Some(first));
    }
}

fn with_heap<R>(front: Front, run: impl FnOnce(&Heap) -> R) -> R {
    let mem = Mem::new(Box::new(System), front);
    let heap = Heap::new(&mem, &KIND_TABLE);
    heap.set_verifying(false);
    let _entered = heap.enter();
    run(&heap)
}

/// Time this thread has had the processor.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every system the engine is built for, and `time` is writable.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Collects, and tells how long it took.
fn collect(heap: &Heap) -> (Outcome, Duration) {
    let start = cpu_time();
    let outcome = heap.collect(Reason::Requested).expect("memory");
    (outcome, cpu_time() - start)
}

fn alloc_free(c: &mut Criterion) {
    let mut group = c.benchmark_group("alloc");
    for front in [Front::Pool, Front::Direct] {
        with_heap(front, |heap| {
            group.bench_function(BenchmarkId::new("pair", front), |b| {
                b.iter(|| core::hint::black_box(node(heap, None, None)));
            });
            let mut batch = Vec::with_capacity(1000);
            group.throughput(Throughput::Elements(1000));
            group.bench_function(BenchmarkId::new("batch of 1000", front), |b| {
                b.iter(|| {
                    batch.extend((0..1000).map(|_| node(heap, None, None)));
                    batch.clear();
                });
            });
            group.throughput(Throughput::Elements((1 << 15) - 1));
            group.bench_function(BenchmarkId::new("tree of depth 14", front), |b| {
                b.iter(|| drop(tree(heap, 14)));
            });
        });
    }
    group.finish();
}

fn collections(c: &mut Criterion) {
    let mut group = c.benchmark_group("collect live");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for front in [Front::Pool, Front::Direct] {
        let mut run = |name: &str, build: &dyn Fn(&Heap) -> Box<dyn std::any::Any>| {
            with_heap(front, |heap| {
                let root = build(heap);
                group.bench_function(BenchmarkId::new(name, front), |b| {
                    b.iter_custom(|times| (0..times).map(|_| collect(heap).1).sum());
                });
                drop(root);
                heap.collect(Reason::Requested).expect("memory");
            });
        };
        run("tree", &|heap| Box::new(tree(heap, 19)));
        run("random", &|heap| Box::new(random(heap)));
        run("chain", &|heap| Box::new(chain(heap)));
        run("flat", &|heap| Box::new(flat(heap)));
    }
    group.finish();
}

/// Garbage and a few live cells among a million old ones.
fn young(c: &mut Criterion) {
    let mut group = c.benchmark_group("collect young");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for front in [Front::Pool, Front::Direct] {
        with_heap(front, |heap| {
            heap.set_collector(Collector::Young { factor: 1000.0 });
            let root = tree(heap, 19);
            heap.collect(Reason::Policy).expect("memory");
            group.bench_function(BenchmarkId::new("20k of 1M", front), |b| {
                b.iter_custom(|times| {
                    let mut total = Duration::ZERO;
                    for _ in 0..times {
                        rings(heap, 5000, 2);
                        let keep: Vec<_> =
                            (0..10_000).map(|_| node(heap, Some(root.clone()), None)).collect();
                        let start = cpu_time();
                        let outcome = heap.collect(Reason::Policy).expect("memory");
                        total += cpu_time() - start;
                        assert_eq!((outcome.collector, outcome.freed_cells), ("young", 10_000));
                        drop(keep);
                    }
                    total
                });
            });
        });
    }
    group.finish();
}

fn garbage(c: &mut Criterion) {
    let mut group = c.benchmark_group("collect garbage");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Elements(1_000_000));
    for front in [Front::Pool, Front::Direct] {
        with_heap(front, |heap| {
            group.bench_function(BenchmarkId::new("1M in rings of 100", front), |b| {
                b.iter_custom(|times| {
                    let mut total = Duration::ZERO;
                    for _ in 0..times {
                        rings(heap, 10_000, 100);
                        let (outcome, time) = collect(heap);
                        assert_eq!(outcome.freed_cells, 1_000_000);
                        total += time;
                    }
                    total
                });
            });
        });
    }
    group.finish();
}

fn tear_down(c: &mut Criterion) {
    let mut group = c.benchmark_group("tear-down");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    for front in [Front::Pool, Front::Direct] {
        group.bench_function(BenchmarkId::new("1M cells, one by one", front), |b| {
            b.iter_custom(|times| {
                let mut total = Duration::ZERO;
                for _ in 0..times {
                    with_heap(front, |heap| {
                        let root = tree(heap, 19);
                        let start = cpu_time();
                        drop(root);
                        total += cpu_time() - start;
                    });
                }
                total
            });
        });
    }
    group.bench_function("1M cells, memory dropped whole", |b| {
        b.iter_custom(|times| {
            let mut total = Duration::ZERO;
            for _ in 0..times {
                let mem = Mem::new(Box::new(System), Front::Pool);
                let heap = Heap::new(&mem, &KIND_TABLE);
                let entered = heap.enter();
                core::mem::forget(tree(&heap, 19));
                let start = cpu_time();
                // SAFETY: (1) the one reference was forgotten; (2) the pool gives back all its blocks.
                unsafe { heap.abandon() };
                drop((entered, heap, mem));
                total += cpu_time() - start;
            }
            total
        });
    });
    group.finish();
}

// A cell's first field is its header; the benchmark keeps the unused ones from being flagged.
const _: fn(&Node, &Array) -> (u64, NonNull<Header>) = |node, array| {
    let _ = &array.header;
    (node.ext, NonNull::from(&node.header))
};

criterion_group!(benches, alloc_free, collections, young, garbage, tear_down);
criterion_main!(benches);
