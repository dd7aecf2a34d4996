//! What is recorded is what is replayed, and bytes that are no trace do no harm.

mod support;

use std::alloc::Layout;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use support::{Harness, Op as Call, describe, program};
use tare_allocators::replay::{Op, Options, Program};
use tare_allocators::{Allocator, Counting, Limit, Pool, System, Trace, catalogue, parse, replay};

/// A writer whose bytes can be read while it belongs to a trace.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Runs a program and returns its trace, the most bytes it held, and what it left.
fn record(program: &[Call]) -> (Vec<u8>, usize, usize) {
    let shared = Shared::default();
    let trace = Trace::new("shared", shared.clone(), Counting::new(Pool::new(System)));
    let mut harness = Harness::new(Box::new(trace));
    harness.run(program);
    let peak = harness.allocator.stats().peak_requested.unwrap();
    let left = harness.live();
    drop(harness);
    (shared.take(), peak, left)
}

/// Calls without how far blocks were written to: a replay that writes nothing, or a trace that breaks off before a block
/// ends, makes the same calls and tells less of that.
fn calls(ops: &[Op]) -> Vec<Op> {
    let bare = |op: &Op| match *op {
        Op::Alloc { block, layout, zeroed, .. } => Op::Alloc { block, layout, zeroed, touched: 0 },
        Op::Realloc { block, new_size, .. } => Op::Realloc { block, new_size, touched: 0 },
        other => other,
    };
    ops.iter().map(bare).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_replay_makes_the_calls_that_were_recorded(program in program(300)) {
        let (trace, peak, left) = record(&program);
        let read = Program::read(&trace).unwrap();
        prop_assert!(read.complete);
        prop_assert_eq!(read.refused, 0);
        for base in catalogue().iter().filter(|entry| !entry.wraps && entry.available) {
            let allocator = parse(&format!("counting(pool({}))", base.name)).unwrap();
            let options = Options { touch: true, sample_every: Some(10), ..Options::default() };
            let replay = read.run(&*allocator, options);
            prop_assert_eq!(replay.peak_requested, peak);
            prop_assert_eq!(replay.end.peak_requested, Some(peak));
            prop_assert_eq!(replay.touched, read.touches());
            prop_assert_eq!((replay.left, replay.refused), (left, 0));
            prop_assert_eq!(replay.calls, read.ops.len() as u64);
            prop_assert_eq!(replay.samples.len(), read.ops.len() / 10);
            for sample in &replay.samples {
                prop_assert_eq!(sample.stats.requested, Some(sample.requested));
            }
            prop_assert_eq!(allocator.stats().live_blocks, Some(0));
        }
        // A replay can itself be recorded, and says the same again.
        let shared = Shared::default();
        let again = Trace::new("again", shared.clone(), Pool::new(System));
        read.run(&again, Options::default());
        drop(again);
        let reread = Program::read(&shared.take()).unwrap();
        prop_assert_eq!(calls(&reread.ops[..read.ops.len()]), calls(&read.ops));
        prop_assert_eq!(reread.ops.len(), read.ops.len() + left);
    }

    #[test]
    fn a_trace_cut_short_is_read_as_far_as_it_goes(program in program(60), cut in any::<prop::sample::Index>()) {
        let (trace, ..) = record(&program);
        let whole = Program::read(&trace).unwrap();
        let cut = 8 + cut.index(trace.len() - 8);
        let part = Program::read(&trace[..cut]).unwrap();
        prop_assert!(!part.complete);
        prop_assert_eq!(calls(&whole.ops[..part.ops.len()]), calls(&part.ops));
        part.run(&System, Options::default());
    }

    #[test]
    fn other_bytes_are_refused_or_harmless(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        program in program(40),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut marked = b"TAREAT03".to_vec();
        marked.extend(&bytes);
        let (mut spoilt, ..) = record(&program);
        for (index, bits) in flips {
            let index = index.index(spoilt.len());
            spoilt[index] ^= bits;
        }
        for trace in [bytes, marked, spoilt] {
            match Program::read(&trace) {
                // A limit, so that no absurd size is really taken.
                Ok(program) => {
                    program.run(&Limit::new(1 << 24, Pool::new(System)), Options::default());
                }
                Err(error) => prop_assert!(error.offset <= trace.len()),
            }
        }
    }
}

#[test]
fn calls_are_recorded_in_few_bytes_and_read_back_exactly() {
    let shared = Shared::default();
    let trace = Trace::new("shared", shared.clone(), Limit::new(10_000, Pool::new(System)));
    let (small, aligned) =
        (Layout::from_size_align(24, 8).unwrap(), Layout::from_size_align(300, 64).unwrap());
    // SAFETY: (1, 2, 3) no size is zero; blocks are live with the layouts named, and given up once.
    unsafe {
        let first = trace.alloc(small).unwrap();
        let second = trace.alloc_zeroed(aligned).unwrap();
        assert_eq!(trace.alloc(Layout::from_size_align(20_000, 8).unwrap()), None);
        assert_eq!(trace.realloc(first, small, 30_000), None);
        let first = trace.realloc(first, small, 1_000).unwrap();
        trace.free(second, aligned);
        trace.trim();
        trace.free(first, Layout::from_size_align(1_000, 8).unwrap());
    }
    drop(trace);
    let bytes = shared.take();
    assert!(bytes.len() < 8 + 80, "{} bytes", bytes.len());
    let read = Program::read(&bytes).unwrap();
    assert_eq!(
        read.ops,
        [
            Op::Alloc { block: 0, layout: small, zeroed: false, touched: 24 },
            Op::Alloc { block: 1, layout: aligned, zeroed: true, touched: 300 },
            Op::Realloc { block: 0, new_size: 1_000, touched: 1_000 },
            Op::Free { block: 1 },
            Op::Trim,
            Op::Free { block: 0 },
        ]
    );
    assert_eq!((read.places, read.refused, read.complete), (2, 2, true));
}

/// A replay writes to what the program wrote to, not to all that it asked for.
#[test]
fn what_is_touched_is_recorded_and_touched_again() {
    let shared = Shared::default();
    let trace = Trace::new("shared", shared.clone(), System);
    let layout = |size| Layout::from_size_align(size, 8).unwrap();
    // SAFETY: no size is zero; blocks are live with the layouts named, written to within their sizes, given up once.
    unsafe {
        let plain = trace.alloc(layout(100_000)).unwrap();
        plain.write_bytes(7, 10_000);
        let zeroed = trace.alloc_zeroed(layout(50_000)).unwrap();
        assert!((0..50_000).all(|at| zeroed.add(at).read() == 0), "a stamp in a zeroed block");
        zeroed.add(5_000).write(1);
        let grown = trace.realloc(plain, layout(100_000), 300_000).unwrap();
        assert!((0..10_000).all(|at| grown.add(at).read() == 7));
        grown.add(200_000).write(7);
        let untouched = trace.alloc(layout(8_000)).unwrap();
        trace.free(untouched, layout(8_000));
        trace.free(zeroed, layout(50_000));
        trace.free(grown, layout(300_000));
    }
    drop(trace);
    let read = Program::read(&shared.take()).unwrap();
    let lines = |bytes: usize| bytes.div_ceil(64) * 64;
    let touched = |op: &Op| match op {
        Op::Alloc { touched, .. } | Op::Realloc { touched, .. } => Some(*touched),
        _ => None,
    };
    let found: Vec<usize> = read.ops.iter().filter_map(touched).collect();
    assert_eq!(found, [lines(10_000), lines(5_001), lines(200_001), 0]);
    let total = (lines(200_001) + lines(5_001)) as u64;
    assert_eq!(read.touches(), total);
    for name in ["system", "pool(system)"] {
        let replay = read.run(&*parse(name).unwrap(), Options { touch: true, ..Options::default() });
        assert_eq!((replay.touched, replay.calls), (total, 7), "{name}");
    }
}

/// The time of a replay is that of the clock it was given.
#[test]
fn a_replay_is_timed_by_the_clock_of_its_caller() {
    use std::sync::atomic::{AtomicU64, Ordering};
    static TICKS: AtomicU64 = AtomicU64::new(0);
    let clock = || TICKS.fetch_add(1000, Ordering::Relaxed);
    let (trace, ..) = record(&[]);
    let read = Program::read(&trace).unwrap();
    let replay = read.run(&System, Options { clock, ..Options::default() });
    assert_eq!(replay.elapsed.as_nanos(), 1000);
}

#[test]
fn a_long_trace_costs_few_bytes_a_call() {
    let shared = Shared::default();
    let trace = Trace::new("shared", shared.clone(), Pool::new(System));
    let layout = Layout::from_size_align(48, 8).unwrap();
    for _ in 0..2_000 {
        // SAFETY: (1, 2) not empty; live with this layout, freed once.
        unsafe {
            let blocks = [trace.alloc(layout), trace.alloc(layout), trace.alloc(layout)];
            for block in blocks.into_iter().flatten() {
                trace.free(block, layout);
            }
        }
    }
    drop(trace);
    let bytes = shared.take().len();
    assert!(bytes <= 12_000 * 4, "{bytes} bytes for 12000 calls");
}

#[test]
fn destroying_everything_is_replayed_too() {
    let shared = Shared::default();
    let trace = Trace::new("shared", shared.clone(), Pool::new(System));
    let layout = Layout::new::<[u64; 5]>();
    for _ in 0..3 {
        for _ in 0..100 {
            // SAFETY: (1) not empty.
            unsafe { trace.alloc(layout) }.unwrap();
        }
        // SAFETY: (1) no block is used again.
        assert!(unsafe { trace.destroy_all() });
    }
    drop(trace);
    let bytes = shared.take();
    for (name, can) in [("counting(pool(system))", true), ("counting(system)", false)] {
        let allocator = parse(name).unwrap();
        let replay = replay(&bytes, &*allocator, Options::default()).unwrap();
        assert_eq!((replay.calls, replay.left), (303, 0), "{name} ({can})");
        assert_eq!(replay.peak_requested, 4_000);
        assert_eq!(allocator.stats().live_blocks, Some(0));
    }
}

#[test]
fn a_trace_into_a_file_by_name() {
    let path = format!("{}/by name-{}.trace", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let text = format!("trace({path:?}, counting(system))");
    let allocator = parse(&text).unwrap();
    assert_eq!(describe(&*allocator), text);
    let layout = Layout::new::<u64>();
    // SAFETY: (1, 2) not empty; live with this layout, freed once.
    unsafe {
        let block = allocator.alloc(layout).unwrap();
        allocator.free(block, layout);
    }
    drop(allocator);
    let read = Program::read(&std::fs::read(&path).unwrap()).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(read.ops, [Op::Alloc { block: 0, layout, zeroed: false, touched: 8 }, Op::Free { block: 0 }]);
}

/// A writer that fails or panics after some bytes.
struct Failing {
    left: usize,
    panics: bool,
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            assert!(!self.panics, "the host's writer fails");
            return Err(io::Error::other("the disk is full"));
        }
        let written = bytes.len().min(self.left);
        self.left -= written;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_ends_the_recording_and_nothing_else() {
    for (panics, message) in [(false, "the disk is full"), (true, "the writer of the trace panicked")] {
        let trace = Trace::new("failing", Failing { left: 20, panics }, Pool::new(System));
        let layout = Layout::new::<u64>();
        for _ in 0..100_000 {
            // SAFETY: (1, 2) not empty; live with this layout, freed once.
            unsafe {
                let block = trace.alloc(layout).unwrap();
                trace.free(block, layout);
            }
        }
        assert_eq!(trace.flush().unwrap_err().to_string(), message);
        assert!(trace.flush().is_ok(), "an error is told once");
    }
}

#[test]
fn a_trace_that_fails_at_its_very_end_is_told_of() {
    // Room for all but the last bytes, which are written when the trace is dropped.
    let trace = Trace::new("short", Failing { left: 10, panics: false }, Pool::new(System));
    drop(trace);
    assert_eq!(
        tare_allocators::take_trace_failure().unwrap(),
        "the trace short could not be written: the disk is full"
    );
    assert_eq!(tare_allocators::take_trace_failure(), None, "told once");
}

#[test]
fn every_single_damage_is_found() {
    let shared = Shared::default();
    let trace = Trace::new("shared", shared.clone(), Pool::new(System));
    let layout = Layout::new::<[u64; 3]>();
    for _ in 0..20 {
        // SAFETY: (1, 2) not empty; live with this layout, freed once.
        unsafe {
            let block = trace.alloc(layout).unwrap();
            trace.free(block, layout);
        }
    }
    drop(trace);
    let whole = shared.take();
    assert!(Program::read(&whole).unwrap().complete);
    for index in 0..whole.len() {
        for bit in 0..8 {
            let mut spoilt = whole.clone();
            spoilt[index] ^= 1 << bit;
            let read = Program::read(&spoilt);
            assert!(read.is_err() || !read.unwrap().complete, "bit {bit} of byte {index} passed");
        }
    }
    let longer = [&whole[..], b"x"].concat();
    assert!(Program::read(&longer).is_err(), "what follows the end is not looked at");
}
