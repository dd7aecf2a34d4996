//! The guard names what was done wrong, where and to which block, and never makes it worse.

mod support;

use std::alloc::Layout;
use std::ptr::NonNull;

use proptest::prelude::*;
use support::{Harness, Probe, Seen, program};
use tare_allocators::wrappers::{Noticed, ViolationKind, Violations};
use tare_allocators::{Allocator, Guard, Limit, Poison, Pool, System};

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

fn take(guard: &impl Allocator, size: usize) -> NonNull<u8> {
    // SAFETY: (1) the tests ask for no empty blocks.
    unsafe { guard.alloc(layout(size)) }.unwrap()
}

/// Gives back, rightly or, to see what the guard says, wrongly: it must withstand that.
fn give(guard: &impl Allocator, block: NonNull<u8>, size: usize) {
    // SAFETY: the duties are broken on purpose; the guard's table decides what really happens.
    unsafe { guard.free(block, layout(size)) };
}

fn poke(block: NonNull<u8>, offset: isize) {
    // SAFETY: the offset is inside the zones of the guard, or the block is in its quarantine.
    unsafe {
        let byte = block.offset(offset);
        byte.write(byte.read() ^ 0x10);
    }
}

/// What was found: kind, when, which block, where.
fn found(violations: &Violations) -> Vec<(ViolationKind, Noticed, u64, isize)> {
    violations.take().iter().map(|v| (v.kind, v.noticed, v.serial, v.offset)).collect()
}

#[test]
fn writes_outside_are_found_on_both_sides() {
    let (guard, violations) = Guard::collecting(System);
    let first = take(&guard, 40);
    let second = take(&guard, 41);
    let third = take(&guard, 1);
    poke(first, 40);
    poke(second, -1);
    give(&guard, first, 40);
    assert_eq!(found(&violations), [(ViolationKind::Overrun, Noticed::Free, 1, 40)]);
    // SAFETY: (1, 2, 3) live with this layout, and replaced.
    let second = unsafe { guard.realloc(second, layout(41), 90) }.unwrap();
    assert_eq!(found(&violations), [(ViolationKind::Underrun, Noticed::Realloc, 2, -1)]);
    poke(second, 93);
    poke(third, 1);
    assert_eq!(guard.check(), 2);
    let mut both = found(&violations);
    both.sort_by_key(|violation| violation.2);
    assert_eq!(
        both,
        [(ViolationKind::Overrun, Noticed::Check, 3, 1), (ViolationKind::Overrun, Noticed::Check, 4, 93),]
    );
    // Each is reported once.
    assert_eq!(guard.check(), 0);
    give(&guard, second, 90);
    give(&guard, third, 1);
    assert_eq!(found(&violations), []);
}

#[test]
fn second_frees_and_writes_after_free_are_found() {
    let seen = Seen::default();
    let (guard, violations) = Guard::collecting(Probe(seen.clone()));
    let block = take(&guard, 100);
    give(&guard, block, 100);
    give(&guard, block, 100);
    assert_eq!(found(&violations), [(ViolationKind::DoubleFree, Noticed::Free, 1, 0)]);
    // SAFETY: broken on purpose, as in `give`.
    assert_eq!(unsafe { guard.realloc(block, layout(100), 200) }, None);
    assert_eq!(found(&violations), [(ViolationKind::DoubleFree, Noticed::Realloc, 1, 0)]);
    poke(block, 17);
    guard.trim();
    assert_eq!(found(&violations), [(ViolationKind::WriteAfterFree, Noticed::Check, 1, 17)]);
    assert_eq!(guard.found(), 3);
    drop(guard);
    assert_eq!(seen.live(), 0);
    seen.check();
}

#[test]
fn freed_memory_is_not_reused_at_once_and_is_checked_before_it_is() {
    let (guard, violations) = Guard::collecting(System);
    let block = take(&guard, 64);
    give(&guard, block, 64);
    poke(block, 5);
    for _ in 0..4_095 {
        let other = take(&guard, 64);
        assert_ne!(other, block);
        give(&guard, other, 64);
    }
    assert_eq!(found(&violations), []);
    let last = take(&guard, 64);
    give(&guard, last, 64);
    assert_eq!(found(&violations), [(ViolationKind::WriteAfterFree, Noticed::Quarantine, 1, 5)]);
}

#[test]
fn foreign_pointers_and_wrong_layouts_are_found() {
    let (guard, violations) = Guard::collecting(System);
    let block = take(&guard, 48);
    let mut outside = [0_u64; 4];
    give(&guard, NonNull::from(&mut outside).cast(), 32);
    // SAFETY: inside the block.
    give(&guard, unsafe { block.add(8) }, 40);
    assert_eq!(
        found(&violations),
        [
            (ViolationKind::UnknownBlock, Noticed::Free, 0, 0),
            (ViolationKind::UnknownBlock, Noticed::Free, 1, 8),
        ]
    );
    assert_eq!(outside, [0; 4]);
    give(&guard, block, 47);
    let violation = violations.take()[0];
    assert_eq!((violation.kind, violation.size), (ViolationKind::WrongLayout, 48));
    assert_eq!(violation.named, Some(layout(47)));
    // It was freed all the same, as what it is.
    assert_eq!(guard.stats().requested, Some(0));
    assert_eq!(guard.stats().live_blocks, Some(0));
}

#[test]
fn a_finding_reads_as_a_sentence() {
    let (guard, violations) = Guard::collecting(System);
    let block = take(&guard, 48);
    let address = block.as_ptr().addr();
    poke(block, 50);
    give(&guard, block, 48);
    give(&guard, block, 48);
    let said: Vec<String> = violations.take().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            format!(
                "write at offset 50, 2 bytes past the end of block #1 (48 bytes, alignment 8, at {address:#x}); \
             noticed when it was freed"
            ),
            format!(
                "second free of block #1 (48 bytes, alignment 8, at {address:#x}); noticed when it was freed"
            ),
        ]
    );
}

#[test]
fn memory_in_quarantine_is_given_up_before_a_request_is_refused() {
    let guard = Guard::new(Limit::new(40_000, System));
    let block = take(&guard, 20_000);
    give(&guard, block, 20_000);
    let block = take(&guard, 25_000);
    // SAFETY: (1) not empty.
    assert_eq!(unsafe { guard.alloc(layout(20_000)) }, None);
    give(&guard, block, 25_000);
    assert_eq!(guard.found(), 0);
}

#[test]
fn a_sink_that_panics_does_not_unwind_through_the_allocator() {
    let guard = Guard::with_sink(16, System, |_| panic!("the host's sink fails"));
    let block = take(&guard, 8);
    poke(block, 8);
    give(&guard, block, 8);
    assert_eq!(guard.found(), 1);
    let block = take(&guard, 8);
    give(&guard, block, 8);
}

#[test]
fn poison_shows_in_fresh_and_moved_blocks() {
    let poison = Poison::new(Pool::new(System));
    let block = take(&poison, 64);
    // SAFETY: the block holds 64 bytes, all written by the wrapper.
    unsafe {
        assert_eq!(block.cast::<[u8; 64]>().read(), [0xA5; 64]);
        block.write_bytes(1, 64);
        let moved = poison.realloc(block, layout(64), 72).unwrap();
        assert_ne!(moved, block);
        let bytes = moved.cast::<[u8; 72]>().read();
        assert_eq!(bytes[..64], [1; 64]);
        assert_eq!(bytes[64..], [0xA5; 8]);
        // The pool keeps its free list in the first eight bytes of what was freed.
        assert_eq!(block.add(8).cast::<[u8; 56]>().read(), [0xDD; 56]);
        give(&poison, moved, 72);
    }
    assert_eq!(poison.stats().total_allocations, Some(1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn correct_programs_are_never_accused(program in program(200)) {
        let (guard, violations) = Guard::collecting(Pool::new(System));
        let mut harness = Harness::new(Box::new(guard));
        harness.run(&program);
        harness.destroy_all();
        harness.run(&program);
        harness.free_all();
        drop(harness);
        prop_assert_eq!(violations.take(), vec![]);
    }

    /// One wrong call after a random program is found, named rightly, and the rest goes on unharmed.
    #[test]
    fn one_wrong_call_among_many_is_named(program in program(120), size in 1..900_usize, what in 0..4) {
        let seen = Seen::default();
        let (guard, violations) = Guard::collecting(Pool::new(Probe(seen.clone())));
        let mut blocks: Vec<_> = (0..50).map(|_| take(&guard, size)).collect();
        let victim = blocks.swap_remove(20);
        let (kind, offset) = match what {
            0 => {
                poke(victim, size.cast_signed() + 3);
                give(&guard, victim, size);
                (ViolationKind::Overrun, size.cast_signed() + 3)
            }
            1 => {
                poke(victim, -9);
                give(&guard, victim, size);
                (ViolationKind::Underrun, -9)
            }
            2 => {
                give(&guard, victim, size);
                give(&guard, victim, size);
                (ViolationKind::DoubleFree, 0)
            }
            _ => {
                give(&guard, victim, size);
                poke(victim, size.cast_signed() - 1);
                guard.check();
                (ViolationKind::WriteAfterFree, size.cast_signed() - 1)
            }
        };
        let said = violations.take();
        prop_assert_eq!(said.len(), 1);
        prop_assert_eq!((said[0].kind, said[0].serial, said[0].offset), (kind, 21, offset));
        for block in blocks {
            give(&guard, block, size);
        }
        let mut harness = Harness::new(Box::new(guard));
        harness.run(&program);
        prop_assert_eq!(violations.take(), vec![]);
        drop(harness);
        prop_assert_eq!(seen.live(), 0);
        seen.check();
    }
}
