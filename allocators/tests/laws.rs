//! The laws of the contract, driven by random programs against every allocator and many stacks.

mod support;

use std::alloc::Layout;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use support::{Harness, Op, Probe, Seen, describe, program};
use tare_allocators::{Allocator, Counting, Fail, Guard, Limit, Plan, Poison, Pool, Trace, catalogue, parse};

/// A failing program is written to a file beside this one, to be committed with the repair.
fn config(cases: u32) -> ProptestConfig {
    let persistence = FileFailurePersistence::WithSource("regressions");
    ProptestConfig { cases, failure_persistence: Some(Box::new(persistence)), ..ProptestConfig::default() }
}

/// A trace file that no other test writes.
fn trace_path() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{}/laws-{}-{number}.trace", env!("CARGO_TARGET_TMPDIR"), std::process::id())
}

fn bases() -> Vec<&'static str> {
    let mut bases: Vec<_> =
        catalogue().iter().filter(|entry| !entry.wraps && entry.available).map(|entry| entry.name).collect();
    bases.push("pool(system)");
    bases
}

/// Every allocator, every wrapper around each of them, and stacks of several. `TRACE` stands for a path.
fn stacks() -> Vec<String> {
    let mut stacks = Vec::new();
    for base in bases() {
        stacks.push(base.to_owned());
        stacks.push(format!("pool({base})"));
        for wrapper in [
            "pool(uncounted, _)",
            "counting(_)",
            "limit(300K, _)",
            "fail-never(_)",
            "fail-nth(5, _)",
            "fail-from(40, _)",
            "fail-rate(0.1, 42, _)",
            "poison(_)",
            "guard(_)",
            "guard(5, _)",
            "trace(TRACE, _)",
            "counting(limit(200K, guard(poison(pool(_)))))",
            "pool(limit(400K, _))",
            "guard(pool(counting(_)))",
            "poison(fail-rate(0.05, 3, pool(counting(_))))",
            "pool(guard(fail-rate(0.2, 9, _)))",
            "limit(1M, trace(TRACE, fail-nth(7, pool(uncounted, poison(_)))))",
        ] {
            stacks.push(wrapper.replace('_', base));
        }
    }
    stacks
}

fn build(stack: &str) -> Box<dyn Allocator> {
    let text = stack.replace("TRACE", &format!("{:?}", trace_path()));
    parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

proptest! {
    #![proptest_config(config(12))]

    #[test]
    fn every_stack_keeps_the_contract(program in program(160)) {
        for stack in stacks() {
            let mut harness = Harness::new(build(&stack));
            harness.run(&program);
            harness.free_all();
            // What was freed can be had again.
            harness.run(&program);
            harness.destroy_all();
            harness.run(&program);
            harness.free_all();
        }
    }

    #[test]
    fn nothing_is_left_below_and_layouts_arrive_unchanged(program in program(200)) {
        for (name, make) in over_probe() {
            // Freed one by one, then the allocator is dropped.
            let seen = Seen::default();
            let mut harness = Harness::new(make(Probe(seen.clone())));
            harness.run(&program);
            harness.free_all();
            drop(harness);
            prop_assert_eq!(seen.live(), 0, "{} after free and drop", name);
            seen.check();

            // Destroyed at once.
            let seen = Seen::default();
            let mut harness = Harness::new(make(Probe(seen.clone())));
            harness.run(&program);
            if harness.destroy_all() {
                prop_assert_eq!(seen.live(), 0, "{} after destroy_all", name);
                harness.run(&program);
                // Dropped with live blocks: an allocator that can destroy them does so.
                drop(harness);
                prop_assert_eq!(seen.live(), 0, "{} dropped", name);
            } else {
                harness.check_contents();
                harness.free_all();
            }
            seen.check();
        }
    }

    #[test]
    fn a_limit_is_never_passed_below(program in program(200), limit in 1_000..600_000_usize) {
        let seen = Seen::default();
        let mut harness = Harness::new(Box::new(Limit::new(limit, Probe(seen.clone()))));
        for op in &program {
            harness.run(std::slice::from_ref(op));
            prop_assert!(seen.bytes() <= limit, "{} bytes of {limit}", seen.bytes());
        }
        harness.free_all();
    }
}

type Make = fn(Probe) -> Box<dyn Allocator>;

fn over_probe() -> Vec<(&'static str, Make)> {
    vec![
        ("pool", |probe| Box::new(Pool::new(probe))),
        ("uncounted pool", |probe| Box::new(Pool::uncounted(probe))),
        ("counting", |probe| Box::new(Counting::new(probe))),
        ("limit", |probe| Box::new(Limit::new(200_000, probe))),
        ("fail", |probe| Box::new(Fail::new(Plan::Rate { probability: 0.2, seed: 1 }, probe))),
        ("poison", |probe| Box::new(Poison::new(probe))),
        ("guard", |probe| Box::new(Guard::new(probe))),
        ("trace", |probe| Box::new(Trace::new("nowhere", std::io::sink(), probe))),
        ("pool in limit", |probe| Box::new(Limit::new(200_000, Pool::new(probe)))),
        ("limit in pool", |probe| Box::new(Pool::new(Limit::new(300_000, probe)))),
        ("guard in pool", |probe| Box::new(Pool::new(Guard::new(probe)))),
        ("pool in guard", |probe| Box::new(Guard::new(Pool::new(probe)))),
        ("failing inside", |probe| {
            let fail = Fail::new(Plan::Rate { probability: 0.3, seed: 5 }, probe);
            Box::new(Guard::new(Pool::new(Poison::new(fail))))
        }),
    ]
}

/// A program that leaves many blocks live, the same every time.
fn fixed_program(seed: usize) -> Vec<Op> {
    let mut state = seed as u64 * 2 + 1;
    let mut draw = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    (0..1_500)
        .map(|_| match draw(10) {
            0..=4 => {
                let size = if draw(12) == 0 { draw(60_000) + 1 } else { draw(400) + 1 };
                Op::Alloc { size, align: 1 << draw(7), zeroed: draw(4) == 0 }
            }
            5 | 6 => Op::Realloc { which: draw(1 << 30), size: draw(1_000) + 1 },
            _ => Op::Free { which: draw(1 << 30) },
        })
        .collect()
}

#[test]
fn several_runtimes_on_several_threads_at_once() {
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for (index, stack) in stacks().iter().enumerate() {
                    let mut one = Harness::new(build(stack));
                    let mut other = Harness::new(build(stack));
                    // Two runtimes take turns on each thread.
                    for round in 0..3 {
                        one.run(&fixed_program(thread * 1_000 + index * 10 + round)[..300]);
                        other.run(&fixed_program(thread * 2_000 + index * 10 + round)[..300]);
                    }
                    one.leave();
                    other.check_contents();
                    other.free_all();
                }
            });
        }
    });
}

#[test]
fn a_runtime_moves_between_threads_with_its_blocks() {
    for (index, stack) in stacks().iter().enumerate() {
        let mut harness = Harness::new(build(stack));
        harness.run(&fixed_program(index));
        // There, where its blocks are freed and others made, and on to a thread after that one ended.
        for round in 1..4 {
            harness = std::thread::spawn(move || {
                harness.check_contents();
                harness.run(&fixed_program(index + round * 100));
                harness
            })
            .join()
            .unwrap();
        }
        harness.free_all();
        harness.run(&fixed_program(index + 7));
        // Dropped on a thread that never used it.
        std::thread::spawn(move || harness.leave()).join().unwrap();
    }
}

#[test]
fn a_runtime_bounces_between_two_live_threads() {
    for stack in stacks() {
        let (to, from) = mpsc::channel::<Harness>();
        let (back, returned) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for (round, mut harness) in from.into_iter().enumerate() {
                    harness.run(&fixed_program(round)[..400]);
                    back.send(harness).unwrap();
                }
            });
            let mut harness = Harness::new(build(&stack));
            for round in 0..4 {
                harness.run(&fixed_program(round + 50)[..400]);
                to.send(harness).unwrap();
                harness = returned.recv().unwrap();
            }
            drop(to);
            harness.free_all();
        });
    }
}

#[test]
fn sizes_that_no_machine_has_are_refused() {
    for base in bases() {
        let allocator = build(&format!("guard(counting({base}))"));
        let plain = build(base);
        for size in [isize::MAX as usize - 4096, 1 << 62, 1 << 56] {
            for align in [1, 16, 4096] {
                let layout = Layout::from_size_align(size, align).unwrap();
                // SAFETY: (1) not empty.
                assert_eq!(unsafe { plain.alloc(layout) }, None, "{base}: {layout:?}");
                // SAFETY: (1) not empty.
                assert_eq!(unsafe { plain.alloc_zeroed(layout) }, None, "{base}: {layout:?}");
                // SAFETY: (1) not empty.
                assert_eq!(unsafe { allocator.alloc(layout) }, None, "{base}: {layout:?}");
            }
        }
        let small = Layout::from_size_align(100, 8).unwrap();
        // SAFETY: (1) not empty; (1, 2, 3) live with this layout, still so after the refusals.
        unsafe {
            let block = plain.alloc_zeroed(small).unwrap();
            assert_eq!(plain.realloc(block, small, isize::MAX as usize - 4096), None, "{base}");
            block.write_bytes(7, 100);
            plain.free(block, small);
        }
    }
}

#[test]
fn the_chosen_request_fails_and_no_other() {
    let fail = Fail::new(Plan::Nth(3), Counting::new(Probe::default()));
    let handle = fail.handle();
    let layout = Layout::from_size_align(48, 8).unwrap();
    let mut blocks = Vec::new();
    for request in 1..=5 {
        // SAFETY: (1) not empty.
        let answer = unsafe { fail.alloc(layout) };
        assert_eq!(answer.is_none(), request == 3, "request {request}");
        blocks.extend(answer);
    }
    assert_eq!((handle.requests(), handle.refused()), (5, 1));
    handle.set_plan(Plan::From(2));
    for block in &mut blocks {
        // SAFETY: (1, 2, 3) live with this layout; the size stays the same.
        *block = unsafe { fail.realloc(*block, layout, 48) }.unwrap_or(*block);
    }
    assert_eq!((handle.requests(), handle.refused()), (4, 3));
    assert_eq!(fail.stats().live_blocks, Some(4));
    for block in blocks {
        // SAFETY: (1, 2) live with this layout, not used again.
        unsafe { fail.free(block, layout) };
    }
    assert_eq!(fail.inner().live_blocks(), 0);
}

#[test]
fn a_lowered_limit_lets_blocks_shrink() {
    let limit = Limit::new(1_000, Probe::default());
    let layout = Layout::from_size_align(800, 8).unwrap();
    // SAFETY: (1) not empty; the block is live with the layout named each time.
    unsafe {
        let block = limit.alloc(layout).unwrap();
        limit.set_limit_bytes(100);
        assert_eq!(limit.alloc(Layout::new::<u8>()), None);
        assert_eq!(limit.realloc(block, layout, 801), None);
        let block = limit.realloc(block, layout, 60).unwrap();
        let layout = Layout::from_size_align(60, 8).unwrap();
        assert_eq!(limit.realloc(block, layout, 101), None);
        let block = limit.realloc(block, layout, 100).unwrap();
        limit.free(block, Layout::from_size_align(100, 8).unwrap());
    }
    assert_eq!(limit.stats().failed, Some(3));
    assert_eq!(limit.stats().requested, Some(0));
}

/// Resident memory of this process, in bytes.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Names the allocator that [`dropped_heaps_give_their_memory_back`] is to try in this process.
#[cfg(target_os = "linux")]
const ALONE: &str = "TARE_LAWS_ALONE";

/// Resident memory is the whole process's, so that each allocator is tried in a process of its own, in which nothing
/// else runs.
#[cfg(target_os = "linux")]
#[test]
fn dropped_heaps_give_their_memory_back() {
    if let Ok(base) = std::env::var(ALONE) {
        return make_and_drop_heaps(&base);
    }
    for base in bases().into_iter().filter(|&base| base != "system") {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "dropped_heaps_give_their_memory_back", "--test-threads=1"])
            .env(ALONE, base)
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success(), "{base}: {output}{}", String::from_utf8_lossy(&child.stderr));
        assert!(output.contains("1 passed"), "{base}: the child ran nothing: {output}");
    }
}

#[cfg(target_os = "linux")]
fn make_and_drop_heaps(base: &str) {
    const MIB: usize = 1 << 20;
    // Some give pages back only a while after they are free, unless they are told to.
    let settled = || {
        build(base).trim();
        resident()
    };
    let mut after_first = 0;
    for round in 0..24 {
        let allocator = build(base);
        // 40 MiB in small blocks, medium ones, and one that is far above every size class.
        for (size, count) in [(96, 10 * MIB / 96), (3_000, 10 * MIB / 3_000), (20 * MIB, 1)] {
            let layout = Layout::from_size_align(size, 8).unwrap();
            for _ in 0..count {
                // SAFETY: (1) not empty; the block holds `size` bytes.
                unsafe { allocator.alloc(layout).unwrap().write_bytes(1, size) };
            }
        }
        if round % 2 == 0 {
            // SAFETY: (1) no block is used again.
            assert!(unsafe { allocator.destroy_all() }, "{base}");
        }
        drop(allocator);
        if round == 1 {
            after_first = settled();
        }
    }
    let grown = settled().saturating_sub(after_first);
    // One heap and a half: what a leak of 22 heaps is far from.
    assert!(grown < 60 * MIB, "{base}: {} MiB more after 22 rounds", grown / MIB);
    println!("{base}: {} KiB more after 22 rounds", grown / 1024);
}

#[test]
fn an_allocator_describes_itself_as_it_was_asked_for() {
    for stack in stacks() {
        let text = stack.replace("TRACE", &format!("{:?}", trace_path()));
        let described = describe(&*parse(&text).unwrap());
        let again = describe(&*parse(&described).unwrap());
        assert_eq!(described, again, "{text}");
    }
}
