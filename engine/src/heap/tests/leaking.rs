//! Leak analysis, the heap walk, slices and tear-down.

use super::*;
use crate::mem::Use;

fn index_of(leaks: &Leaks, cell: NonNull<Header>) -> usize {
    leaks.cells().iter().position(|live| live.cell == cell).expect("the cell is listed")
}

#[test]
fn totals_add_up_to_the_books() {
    with_heaps(|heap| {
        let keep: Vec<_> = (0..100u64).map(|i| (node(heap), leaf(heap, i), wide(heap))).collect();
        let totals = heap.totals();
        assert_eq!(totals[usize::from(NODE)].cells, 100);
        assert_eq!(totals[usize::from(LEAF)].cells, 100);
        assert_eq!(totals[usize::from(WIDE)].cells, 100);
        let sum: usize = totals.iter().map(|total| total.bytes).sum();
        assert_eq!(sum, heap.mem().charged_to(Use::Cells));
        let leaks = heap.leaks(&|_| 0).unwrap();
        assert_eq!(leaks.totals(), totals);
        assert_eq!(leaks.bytes(), sum);
        drop(leaks);
        drop(keep);
    });
}

#[test]
fn paths_and_retained_bytes() {
    with_heaps(|heap| {
        // held -> a -> b -> shared; held -> c -> shared; other -> d
        let (held, a, b, c) = (node(heap), node(heap), node(heap), node(heap));
        let (shared, other, d) = (node(heap), node(heap), node(heap));
        held.set(0, Some(&a));
        held.set(1, Some(&c));
        a.set(0, Some(&b));
        b.set(0, Some(&shared));
        c.set(0, Some(&shared));
        other.set(0, Some(&d));
        shared.set(0, Some(&held));
        let second_handle = held.clone();
        let cells = [&held, &a, &b, &c, &shared, &other, &d].map(Ref::as_cell);
        drop((a, b, c, shared, d));
        let leaks = heap.leaks(&|_| 0).unwrap();
        let at = cells.map(|cell| index_of(&leaks, cell));
        let live = leaks.cells();
        assert_eq!(at.map(|i| live[i].external), [2, 0, 0, 0, 0, 1, 0]);
        assert_eq!(at.map(|i| live[i].depth), [0, 1, 2, 1, 2, 0, 1]);
        let size = live[at[0]].bytes;
        assert_eq!(at.map(|i| live[i].retained / size), [5, 2, 1, 1, 1, 2, 1]);
        assert_eq!(leaks.path(at[4]).collect::<Vec<_>>(), [at[4], at[3], at[0]]);
        let mut roots: Vec<_> = leaks.held().collect();
        roots.sort_unstable();
        let mut expected = vec![at[0], at[5]];
        expected.sort_unstable();
        assert_eq!(roots, expected);
        drop(leaks);
        drop(second_handle);
        held.set(0, None::<&Ref<Node>>);
    });
}

#[test]
fn garbage_is_told_from_leaks() {
    with_heaps(|heap| {
        let a = node(heap);
        a.set(0, Some(&a));
        let at = a.as_cell();
        drop(a);
        let leaks = heap.leaks(&|_| 0).unwrap();
        let garbage = leaks.cells()[index_of(&leaks, at)];
        assert!(garbage.is_garbage() && garbage.external == 0);
        assert_eq!(garbage.retained, garbage.bytes);
        assert_eq!(leaks.path(0).count(), 1);
        assert_eq!(leaks.held().count(), 0);
    });
}

/// Retained sizes of random graphs against their definition: what cannot be reached without the cell.
#[test]
fn retained_bytes_keep_their_definition() {
    with_heaps(|heap| {
        for seed in 1..12u64 {
            let mut random = Random(seed * 0x1234_5671);
            let nodes: Vec<_> = (0..60).map(|_| node(heap)).collect();
            for node in &nodes {
                for slot in 0..2 {
                    if random.below(4) != 0 {
                        node.set(slot, Some(&nodes[random.below(60)]));
                    }
                }
            }
            let held: Vec<_> = (0..3).map(|_| nodes[random.below(60)].clone()).collect();
            let cells: Vec<_> = nodes.iter().map(Ref::as_cell).collect();
            let edges: Vec<Vec<usize>> = nodes
                .iter()
                .map(|node| {
                    // SAFETY: nothing writes the links now.
                    let links = unsafe { &*node.links.get() };
                    let targets = links.iter().filter_map(Link::cell);
                    targets.map(|target| cells.iter().position(|&cell| cell == target).unwrap()).collect()
                })
                .collect();
            let roots: Vec<usize> =
                held.iter().map(|h| cells.iter().position(|&cell| cell == h.as_cell()).unwrap()).collect();
            drop(nodes);
            heap.collect(Reason::Requested).unwrap();
            let reach = |without: usize| {
                let mut seen = vec![false; 60];
                let mut pending: Vec<usize> = roots.iter().copied().filter(|&r| r != without).collect();
                while let Some(at) = pending.pop() {
                    if !core::mem::replace(&mut seen[at], true) {
                        pending.extend(edges[at].iter().filter(|&&to| to != without));
                    }
                }
                seen.into_iter().filter(|&s| s).count()
            };
            let leaks = heap.leaks(&|_| 0).unwrap();
            assert_eq!(leaks.cells().len(), reach(usize::MAX));
            for live in leaks.cells() {
                let index = cells.iter().position(|&cell| cell == live.cell).unwrap();
                let lost = reach(usize::MAX) - reach(index);
                assert_eq!(live.retained, lost * live.bytes, "seed {seed}");
            }
            drop((leaks, held));
            heap.collect(Reason::Requested).unwrap();
        }
    });
}

/// A chain whose cells all refer to one more, which has so as many predecessors as there are cells. With a method
/// that walks up the chain for each of them this would take some 10^10 steps.
#[test]
fn long_chains_with_a_common_end() {
    with_heaps(|heap| {
        const LENGTH: usize = 100_000;
        let common = node(heap);
        let mut first = node(heap);
        for _ in 1..LENGTH {
            let next = node(heap);
            next.set(0, Some(&first));
            next.set(1, Some(&common));
            first = next;
        }
        let at = (first.as_cell(), common.as_cell());
        drop(common);
        let leaks = heap.leaks(&|_| 0).unwrap();
        let live = leaks.cells();
        let size = live[0].bytes;
        let (start, end) = (index_of(&leaks, at.0), index_of(&leaks, at.1));
        assert_eq!(live[start].retained, (LENGTH + 1) * size);
        assert_eq!((live[end].retained, live[end].depth, live[end].root), (size, 1, start as u32));
        drop(leaks);
        drop(first);
    });
}

#[test]
fn leak_analysis_without_memory_says_so() {
    with_heaps(|heap| {
        let keep: Vec<_> = (0..100).map(|_| node(heap)).collect();
        keep.windows(2).for_each(|pair| pair[0].set(0, Some(&pair[1])));
        let mut done = false;
        for room in (0..40_000).step_by(500) {
            heap.mem().set_limit(heap.mem().taken() + room);
            done |= heap.leaks(&|_| 0).is_ok();
            assert!(!done || heap.leaks(&|_| 0).is_ok());
        }
        assert!(done);
        heap.mem().set_limit(0);
    });
}

fn long_list(heap: &Heap, len: usize) -> Ref<Node> {
    let mut head = node(heap);
    for _ in 1..len {
        let next = node(heap);
        next.set(0, Some(&head));
        head = next;
    }
    head
}

#[test]
fn slices_free_a_list_bit_by_bit() {
    with_heaps(|heap| {
        heap.set_trigger(1 << 20);
        heap.set_release_budget(100);
        let head = long_list(heap, 5000);
        drop(head);
        assert_eq!(heap.live_cells(), 4900);
        assert_eq!(heap.trigger(), 1 << 20);
        sound(heap);
        // Allocation goes on with it.
        assert!(heap.wants_collection());
        assert!(!heap.maybe_collect());
        assert_eq!(heap.live_cells(), 4800);
        heap.free_waiting(1000);
        assert_eq!(heap.live_cells(), 3800);
        // A death in between does its share.
        drop(node(heap));
        assert_eq!(heap.live_cells(), 3701);
        // What waits keeps a shape it refers to from being collected.
        let user = shaped(heap, shape(heap, None).as_cell());
        let second = node(heap);
        second.set(0, Some(&user));
        drop(user);
        heap.set_release_budget(1);
        drop(second);
        heap.collect(Reason::Requested).unwrap();
        assert_eq!(OWNED.with_borrow(Vec::len), 0);
        sound(heap);
        while heap.wants_collection() {
            assert!(!heap.maybe_collect());
        }
        assert_eq!(heap.live_cells(), 1, "the shape");
        assert_eq!(heap.trigger(), 1 << 20);
    });
}

#[test]
fn what_waits_is_freed_before_memory_runs_out() {
    for front in FRONTS {
        let mem = mem(front);
        let heap = Heap::new(&mem, &KIND_TABLE);
        let _entered = heap.enter();
        heap.set_release_budget(10);
        drop(long_list(&heap, 1000));
        assert!(heap.live_cells() > 900);
        mem.set_limit(mem.charged());
        let again = try_node(&heap).unwrap();
        assert_eq!(heap.live_cells(), 1);
        drop(again);
    }
}

#[test]
fn clear_frees_what_leaked() {
    for front in FRONTS {
        let mem = mem(front);
        {
            let heap = Heap::new(&mem, &KIND_TABLE);
            let _entered = heap.enter();
            FINALIZED.with_borrow_mut(|counts| *counts = [0; KINDS]);
            heap.set_release_budget(5);
            drop(long_list(&heap, 100));
            let leaked = long_list(&heap, 1000);
            leaked.set(1, Some(&leaf(&heap, 1)));
            core::mem::forget(leaked);
            let shape = shape(&heap, None);
            core::mem::forget(shaped(&heap, shape.as_cell()));
            core::mem::forget(shape);
            assert!(heap.live_cells() > 1000);
            // SAFETY: the references that are left were forgotten.
            unsafe { heap.clear() };
            assert_eq!(heap.live_cells(), 0);
            assert_eq!(heap.space().check(), Ok(()));
            let counts = FINALIZED.with_borrow(|counts| *counts);
            assert_eq!([counts[NODE as usize], counts[LEAF as usize], counts[SHAPE as usize]], [1100, 1, 1]);
        }
        assert_eq!(mem.charged(), 0);
    }
}

#[test]
fn dropping_whole_runs_the_finalizers_that_matter() {
    let mem = mem(Front::Pool);
    FINALIZED.with_borrow_mut(|counts| *counts = [0; KINDS]);
    {
        let heap = Heap::new(&mem, &KIND_TABLE);
        let _entered = heap.enter();
        let nodes = long_list(&heap, 1000);
        for _ in 0..10 {
            let outside = outside(&heap, &nodes);
            core::mem::forget(outside);
        }
        // One that went before is not finalized twice.
        drop(outside(&heap, &nodes));
        core::mem::forget(nodes);
        // SAFETY: nothing refers to the cells any more, and the memory is dropped next.
        unsafe { heap.abandon() };
        let counts = FINALIZED.with_borrow(|counts| *counts);
        assert_eq!(counts[OUTSIDE as usize], 11);
        assert_eq!(counts[NODE as usize], 0);
    }
    drop(mem);
}

#[test]
fn a_dropped_heap_frees_what_leaked() {
    for front in FRONTS {
        let mem = mem(front);
        {
            let heap = Heap::new(&mem, &KIND_TABLE);
            let _entered = heap.enter();
            core::mem::forget(long_list(&heap, 100));
            core::mem::forget(wide(&heap));
        }
        assert_eq!(mem.charged(), 0);
        assert_eq!(mem.blocks(), 0);
    }
}

/// What others find by number is still there when they let it go.
#[test]
fn clear_finalizes_in_order() {
    for front in FRONTS {
        let mem = mem(front);
        let heap = Heap::new(&mem, &KIND_TABLE);
        let _entered = heap.enter();
        let (held, leaked) = (leaf(&heap, 1), leaf(&heap, 2));
        let symbol = late(&heap, &held);
        drop(held);
        let first = node(&heap);
        let shape = shape(&heap, None);
        let second = node(&heap);
        first.set(0, Some(&symbol));
        second.set(0, Some(&first));
        ORDER.with_borrow_mut(Vec::clear);
        for cell in [Link::to(&leaked), Link::to(&symbol), Link::to(&second), Link::to(&shape)] {
            core::mem::forget(cell);
        }
        drop((leaked, symbol, first, second, shape));
        // SAFETY: the references that are left were forgotten.
        unsafe { heap.clear() };
        assert_eq!(ORDER.with_borrow(Vec::clone), [NODE, NODE, SHAPE, LATE, LEAF, LEAF]);
        assert_eq!(heap.live_cells(), 0);
        sound(&heap);
    }
}
