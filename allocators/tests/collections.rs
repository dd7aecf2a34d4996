//! The fallible vector and the `allocator_api2` bridge, beside their models, while memory is refused.

use allocator_api2::alloc::{Allocator as _, Layout};
use allocator_api2::boxed::Box as TareBox;
use proptest::prelude::*;
use tare_allocators::{
    Allocator, Counting, Fail, Guard, Limit, Memory, OutOfMemory, Plan, Pool, System, Vec as TareVec,
};

#[derive(Clone, Debug)]
enum Op {
    Push(u32),
    Pop,
    Insert(usize, u32),
    Remove(usize),
    SwapRemove(usize),
    Truncate(usize),
    Extend(Vec<u32>),
    Resize(usize, u32),
    Reserve(usize),
    Shrink,
    Retain(u32),
    Drain(usize, usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => any::<u32>().prop_map(Op::Push),
        2 => Just(Op::Pop),
        2 => (any::<usize>(), any::<u32>()).prop_map(|(at, value)| Op::Insert(at, value)),
        1 => any::<usize>().prop_map(Op::Remove),
        1 => any::<usize>().prop_map(Op::SwapRemove),
        1 => (0..200_usize).prop_map(Op::Truncate),
        2 => prop::collection::vec(any::<u32>(), 0..60).prop_map(Op::Extend),
        1 => (0..300_usize, any::<u32>()).prop_map(|(len, value)| Op::Resize(len, value)),
        1 => (0..300_usize).prop_map(Op::Reserve),
        1 => Just(Op::Shrink),
        1 => any::<u32>().prop_map(Op::Retain),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Op::Drain(from, to)),
    ]
}

/// Does one thing to both; on a refusal, to neither.
fn step(op: &Op, vec: &mut TareVec<u32>, model: &mut Vec<u32>) -> Result<(), OutOfMemory> {
    let len = model.len();
    match *op {
        Op::Push(value) => {
            vec.try_push(value)?;
            model.push(value);
        }
        Op::Pop => assert_eq!(vec.pop(), model.pop()),
        Op::Insert(at, value) => {
            vec.try_insert(at % (len + 1), value)?;
            model.insert(at % (len + 1), value);
        }
        Op::Remove(at) if len > 0 => assert_eq!(vec.remove(at % len), model.remove(at % len)),
        Op::SwapRemove(at) if len > 0 => assert_eq!(vec.swap_remove(at % len), model.swap_remove(at % len)),
        Op::Remove(_) | Op::SwapRemove(_) => {}
        Op::Truncate(to) => {
            vec.truncate(to);
            model.truncate(to);
        }
        Op::Extend(ref values) => {
            vec.try_extend_from_slice(values)?;
            model.extend_from_slice(values);
        }
        Op::Resize(to, value) => {
            vec.try_resize(to, value)?;
            model.resize(to, value);
        }
        Op::Reserve(more) => {
            vec.try_reserve(more)?;
            assert!(vec.capacity() >= len + more);
        }
        Op::Shrink => {
            vec.try_shrink_to_fit()?;
            assert_eq!(vec.capacity(), len);
        }
        Op::Retain(bits) => {
            vec.retain(|value| value & bits != 0);
            model.retain(|value| value & bits != 0);
        }
        Op::Drain(from, to) => {
            let (from, to) = (from % (len + 1), to % (len + 1));
            let range = from.min(to)..from.max(to);
            assert!(vec.drain(range.clone()).eq(model.drain(range)));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_vector_is_what_std_says_or_unchanged(ops in prop::collection::vec(op(), 1..120), rate in 0.0..0.6) {
        let plan = Plan::Rate { probability: rate, seed: ops.len() as u64 };
        let (guard, violations) = Guard::collecting(Pool::new(System));
        let allocator = Counting::new(Fail::new(plan, guard));
        {
            let mut vec = TareVec::new(Memory::new(&allocator));
            let mut model = Vec::new();
            for op in &ops {
                // A refusal may come at any time; it must change nothing.
                let _ = step(op, &mut vec, &mut model);
                prop_assert_eq!(&vec[..], &model[..]);
            }
            let copy = TareVec::try_from_slice(&vec, vec.memory());
            if let Ok(copy) = copy {
                prop_assert_eq!(&copy[..], &model[..]);
            }
        }
        prop_assert_eq!(allocator.live_blocks(), 0);
        prop_assert_eq!(violations.take(), vec![]);
    }
}

#[test]
fn elements_are_dropped_once() {
    let allocator = Counting::new(System);
    let drops = std::cell::Cell::new(0);
    struct Counted<'a>(&'a std::cell::Cell<u32>);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let mut vec = TareVec::new(Memory::new(&allocator));
    for _ in 0..10 {
        assert!(vec.try_push(Counted(&drops)).is_ok());
    }
    vec.truncate(7);
    assert_eq!(drops.get(), 3);
    assert!(vec.try_shrink_to_fit().is_ok());
    assert_eq!(drops.get(), 3);
    drop(vec);
    assert_eq!(drops.get(), 10);
    assert_eq!(allocator.live_blocks(), 0);
}

#[test]
fn a_refused_push_keeps_the_vector_and_drops_the_value() {
    let allocator = Limit::new(64, System);
    let mut vec = TareVec::new(Memory::new(&allocator));
    let mut pushed = 0;
    while vec.try_push(pushed).is_ok() {
        pushed += 1_u64;
    }
    assert_eq!((pushed, vec.len()), (8, 8));
    assert!(vec.iter().copied().eq(0..8));
}

#[test]
fn the_bridge_serves_boxes_empty_blocks_and_changes_of_alignment() {
    let allocator = Counting::new(Guard::new(Pool::new(System)));
    let memory = Memory::new(&allocator);
    let boxed = TareBox::try_new_in([7_u64; 9], memory).unwrap();
    assert_eq!(allocator.requested(), 72);
    drop(boxed);
    let mut units: TareVec<()> = TareVec::new(memory);
    for _ in 0..1_000 {
        units.try_push(()).unwrap();
    }
    assert_eq!((units.len(), allocator.live_blocks()), (1_000, 0));

    let layouts = [(0, 1), (0, 64), (10, 1), (100, 8), (700, 64), (5_000, 4_096), (9_000, 2)];
    let layouts = layouts.map(|(size, align)| Layout::from_size_align(size, align).unwrap());
    for from in layouts {
        for to in layouts {
            let block = memory.allocate(from).unwrap().cast::<u8>();
            assert_eq!(block.as_ptr().addr() % from.align(), 0);
            // SAFETY: the block is live with the layout named each time, and holds its size.
            unsafe {
                block.write_bytes(0x5A, from.size());
                let moved = if to.size() >= from.size() {
                    memory.grow(block, from, to)
                } else {
                    memory.shrink(block, from, to)
                };
                let moved = moved.unwrap().cast::<u8>();
                assert_eq!(moved.as_ptr().addr() % to.align(), 0);
                let kept = std::slice::from_raw_parts(moved.as_ptr(), from.size().min(to.size()));
                assert!(kept.iter().all(|&byte| byte == 0x5A));
                memory.deallocate(moved, to);
            }
            assert_eq!(allocator.live_blocks(), 0, "{from:?} to {to:?}");
        }
    }
    assert_eq!(allocator.inner().found(), 0);
    assert_eq!(allocator.stats().failed, Some(0));
}
