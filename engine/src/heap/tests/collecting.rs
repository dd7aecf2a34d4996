//! The collector and the verifier.

use std::rc::Rc;

use super::*;

fn finalized_of(kind: u8) -> usize {
    FINALIZED.with_borrow(|counts| counts[usize::from(kind)])
}

#[test]
fn rings_are_collected_and_live_ones_stay() {
    with_heaps(|heap| {
        let held = node(heap);
        let other = node(heap);
        held.set(0, Some(&other));
        other.set(0, Some(&held));
        for _ in 0..10 {
            let first = node(heap);
            let mut last = first.clone();
            for _ in 0..99 {
                let next = node(heap);
                last.set(0, Some(&next));
                next.set(1, Some(&held));
                last = next;
            }
            last.set(0, Some(&first));
        }
        drop(other);
        let outcome = heap.collect(Reason::Requested).unwrap();
        assert_eq!(outcome.freed_cells, 1000);
        assert_eq!(outcome.cells_scanned, 1002);
        assert_eq!(outcome.edges, 2 + 1000 + 990);
        assert_eq!(heap.live_cells(), 2);
        assert_eq!(outcome.freed_bytes, outcome.charged_before - heap.mem().charged());
        sound(heap);
        held.set(0, None::<&Ref<Node>>);
    });
}

#[test]
fn garbage_drops_what_it_held() {
    with_heaps(|heap| {
        let kept = leaf(heap, 7);
        let a = node(heap);
        a.set(0, Some(&a));
        let b = node(heap);
        b.set(0, Some(&kept));
        b.set(1, Some(&leaf(heap, 8)));
        a.set(1, Some(&b));
        drop((a, b));
        let outcome = heap.collect(Reason::Requested).unwrap();
        assert_eq!(outcome.freed_cells, 3, "two nodes, and the leaf that only they held");
        assert_eq!(kept.payload, 7);
        assert_eq!(finalized_of(LEAF), 1);
        sound(heap);
    });
}

#[test]
fn many_references_to_one_cell_are_carried() {
    with_heaps(|heap| {
        for held in [0u32, 1] {
            // 127, 128, 129 and several times 128 references to hubs in cycles.
            let hubs: Vec<_> = [127usize, 128, 129, 255, 256, 257, 1000].map(|n| (n, node(heap))).into();
            for (n, hub) in &hubs {
                for _ in 0..*n {
                    let spoke = node(heap);
                    spoke.set(0, Some(hub));
                    let chain = node(heap);
                    // SAFETY: nothing else uses the links now.
                    let old = unsafe { (&*hub.links.get())[0].cell() };
                    if let Some(old) = old {
                        // SAFETY: the cell is a live node.
                        let old = unsafe { Ref::<Node>::share(old.cast()) };
                        chain.set(0, Some(&old));
                    }
                    chain.set(1, Some(&spoke));
                    hub.set(0, Some(&chain));
                }
            }
            let kept = (held == 1).then(|| hubs[3].1.clone());
            let before = heap.live_cells();
            drop(hubs);
            let outcome = heap.collect(Reason::Requested).unwrap();
            let left = if kept.is_some() { 1 + 2 * 255 } else { 0 };
            assert_eq!(outcome.freed_cells as usize, before - left);
            assert_eq!(heap.live_cells(), left);
            sound(heap);
        }
    });
}

/// Random graphs of nodes, wide cells and leaves, against reachability in a model.
#[test]
fn random_graphs_agree_with_a_model() {
    with_heaps(|heap| {
        for seed in 1..30u64 {
            let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let n = 20 + random.below(400);
            let nodes: Vec<_> = (0..n).map(|_| node(heap)).collect();
            let wides: Vec<_> = (0..n / 20).map(|_| wide(heap)).collect();
            let total = n + wides.len();
            let mut edges = vec![Vec::new(); total];
            let density = 1 + random.below(3);
            for from in 0..total {
                let slots = if from < n { 2 } else { 100 };
                for slot in 0..slots {
                    if random.below(3) >= density {
                        continue;
                    }
                    let to = random.below(total + n / 10);
                    if to < total {
                        edges[from].push(to);
                    }
                    match (from < n, to) {
                        (true, to) if to < n => nodes[from].set(slot, Some(&nodes[to])),
                        (true, to) if to < total => nodes[from].set(slot, Some(&wides[to - n])),
                        (true, to) => nodes[from].set(slot, Some(&leaf(heap, to as u64))),
                        (false, to) if to < n => wides[from - n].set(slot, Some(&nodes[to])),
                        (false, to) if to < total => wides[from - n].set(slot, Some(&wides[to - n])),
                        (false, to) => wides[from - n].set(slot, Some(&leaf(heap, to as u64))),
                    }
                }
            }
            let held: Vec<usize> = (0..random.below(6)).map(|_| random.below(total)).collect();
            let mut alive = vec![false; total];
            let mut pending = held.clone();
            while let Some(at) = pending.pop() {
                if !core::mem::replace(&mut alive[at], true) {
                    pending.extend(&edges[at]);
                }
            }
            let roots: Vec<Link> = held
                .iter()
                .map(|&at| if at < n { Link::to(&nodes[at]) } else { Link::to(&wides[at - n]) })
                .collect();
            sound(heap);
            drop((nodes, wides));
            heap.collect(Reason::Requested).unwrap();
            let mut left = [0usize; KINDS];
            heap.for_each_cell(&mut |cell| {
                // SAFETY: visited cells are whole.
                left[usize::from(unsafe { cell.as_ref() }.kind())] += 1;
            });
            let live_nodes = alive[..n].iter().filter(|&&live| live).count();
            assert_eq!(left[usize::from(NODE)], live_nodes, "seed {seed}");
            assert_eq!(left[usize::from(WIDE)], alive[n..].iter().filter(|&&live| live).count());
            sound(heap);
            drop(roots);
            heap.collect(Reason::Requested).unwrap();
            assert_eq!(heap.live_cells(), 0);
        }
    });
}

#[test]
fn weak_hook_sees_whole_dead_cells_before_any_finalizer() {
    with_heaps(|heap| {
        let (a, b) = (node(heap), node(heap));
        a.set(0, Some(&b));
        b.set(0, Some(&a));
        a.flag_weak();
        b.flag_weak();
        let mut expected = vec![a.as_cell().addr().get(), b.as_cell().addr().get()];
        let alone = node(heap);
        alone.flag_weak();
        expected.push(alone.as_cell().addr().get());
        drop(alone);
        drop((a, b));
        assert_eq!(WEAK.with_borrow(Vec::len), 1);
        heap.collect(Reason::Requested).unwrap();
        let mut seen = WEAK.with_borrow(Vec::clone);
        seen.sort_unstable();
        expected.sort_unstable();
        assert_eq!(seen, expected);
    });
}

#[test]
fn table_owned_cells_live_while_something_alive_refers_to_them() {
    with_heaps(|heap| {
        let root = shape(heap, None);
        let child = shape(heap, Some(&root));
        let unused = shape(heap, Some(&child));
        let unused_at = unused.as_cell().addr().get();
        let user = shaped(heap, child.as_cell());
        drop((root, child, unused));
        heap.collect(Reason::Requested).unwrap();
        assert_eq!(OWNED.with_borrow(Vec::clone), [unused_at]);
        assert_eq!(heap.live_cells(), 3);
        sound(heap);
        // A garbage ring of users takes the rest with it.
        let ring = shaped(heap, user.shape);
        // SAFETY: nothing else uses the link now.
        unsafe { *ring.link.get() = Link::to(&ring) };
        drop((user, ring));
        heap.collect(Reason::Requested).unwrap();
        assert_eq!(OWNED.with_borrow(Vec::len), 3);
        assert_eq!(finalized_of(SHAPE), 3);
    });
}

#[test]
fn shapes_held_from_outside_stay() {
    with_heaps(|heap| {
        let root = shape(heap, None);
        let child = shape(heap, Some(&root));
        drop(root);
        heap.collect(Reason::Requested).unwrap();
        assert_eq!(heap.live_cells(), 2);
        drop(child);
    });
}

fn entry(map: &Ref<WeakMap>, index: usize, key: &Ref<Node>, value: Link) {
    // SAFETY: nothing else uses the entries now.
    unsafe { (*map.entries.get())[index] = (Some(key.as_cell()), value) };
}

#[test]
fn ephemerons_do_not_keep_their_key() {
    with_heaps(|heap| {
        let map = weak_map(heap);
        let (live_key, dying_key) = (node(heap), node(heap));
        // Each value refers back to its key; the second pair is held by nothing else.
        for (index, key) in [&live_key, &dying_key].into_iter().enumerate() {
            let value = node(heap);
            value.set(0, Some(key));
            entry(&map, index, key, Link::to(&value));
        }
        // The third key is the value of the first: found alive only when that was followed.
        // SAFETY: the cell is a live node.
        let chained = unsafe { Ref::<Node>::share((&*map.entries.get())[0].1.cell().unwrap().cast()) };
        entry(&map, 2, &chained, Link::to(&leaf(heap, 3)));
        let last = node(heap);
        last.set(0, Some(&last));
        entry(&map, 3, &chained, Link::to(&last));
        drop((chained, last, dying_key));
        // What the weak hook of a runtime does: the entry goes with its key. Here the map is told beforehand,
        // keeping the value in a ring with its key.
        // SAFETY: nothing else uses the entries now.
        let value = unsafe { core::mem::take(&mut (*map.entries.get())[1]).1 };
        drop(value);
        let outcome = heap.collect(Reason::Requested).unwrap();
        assert_eq!(outcome.freed_cells, 0, "the dying pair went by counting");
        assert_eq!(heap.live_cells(), 5);
        sound(heap);
        // SAFETY: nothing else uses the entries now.
        unsafe { *map.entries.get() = Default::default() };
    });
}

#[test]
fn a_garbage_map_goes_with_its_ephemerons() {
    with_heaps(|heap| {
        let map = weak_map(heap);
        let key = node(heap);
        let value = node(heap);
        value.set(0, Some(&map));
        value.set(1, Some(&key));
        entry(&map, 0, &key, Link::to(&value));
        key.set(0, Some(&map));
        drop((map, value));
        // The key is alive and holds the map: everything stays.
        heap.collect(Reason::Requested).unwrap();
        assert_eq!(heap.live_cells(), 3);
        drop(key);
        heap.collect(Reason::Requested).unwrap();
        assert_eq!(heap.live_cells(), 0);
    });
}

#[test]
fn without_memory_nothing_changes() {
    for front in FRONTS {
        let mem = mem(front);
        let heap = Heap::new(&mem, &KIND_TABLE);
        let _entered = heap.enter();
        for _ in 0..3000 {
            let a = node(&heap);
            a.set(0, Some(&a));
        }
        mem.set_limit(mem.charged());
        assert_eq!(heap.collect(Reason::Requested), Err(OutOfMemory));
        assert_eq!(heap.live_cells(), 3000);
        assert!(mem.charged() <= mem.limit());
        mem.set_limit(0);
        assert_eq!(heap.collect(Reason::Requested).unwrap().freed_cells, 3000);
    }
}

/// Marking a graph too wide for the mark stack, with as much memory as a collection takes at its start and less.
#[test]
fn marking_takes_no_memory() {
    for front in FRONTS {
        let mem = mem(front);
        let heap = Heap::new(&mem, &KIND_TABLE);
        let _entered = heap.enter();
        heap.set_verifying(false);
        let root = wide(&heap);
        for i in 0..100 {
            let second = wide(&heap);
            root.set(i, Some(&second));
            for j in 0..100 {
                let third = node(&heap);
                second.set(j, Some(&third));
                third.set(0, Some(&root));
                let garbage = node(&heap);
                garbage.set(0, Some(&garbage));
                garbage.set(1, Some(&third));
            }
        }
        let before = mem.taken();
        mem.reset_peak();
        heap.collect(Reason::Requested).unwrap();
        let tables = mem.peak_taken() - before;
        assert_eq!(heap.live_cells(), 1 + 100 + 10_000);
        for percent in (0..101).step_by(4).rev() {
            let garbage = node(&heap);
            garbage.set(0, Some(&garbage));
            drop(garbage);
            mem.set_limit(mem.taken() + tables * percent / 100);
            let collected = heap.collect(Reason::Requested).is_ok();
            assert_eq!(collected, percent == 100, "{percent} %");
            mem.set_limit(0);
            assert_eq!(heap.live_cells(), 1 + 100 + 10_000 + (100 - percent) / 4);
        }
        drop(root);
        heap.collect(Reason::Requested).unwrap();
        assert_eq!(heap.live_cells(), 0);
    }
}

/// The collector reads plain cells by itself: they live and die as if it asked them. Chains, trees and graphs
/// of them in both directions of addresses, some cells with words that are no references, some not plain
/// for the moment, and counts around the bounds of what a byte of the side tables holds.
#[test]
fn plain_cells_are_read_right() {
    with_heaps(|heap| {
        let mut state = 7u64;
        let mut random = move |bound: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % bound
        };
        for backwards in [false, true] {
            for round in 0..6 {
                let cells: Vec<_> = (0..3000).map(|_| plain(heap)).collect();
                let at = |i: usize| &cells[if backwards { cells.len() - 1 - i } else { i }];
                for i in 0..cells.len() {
                    at(i).set_other(random(3) as u64);
                    match round {
                        // A chain, then trees, then graphs.
                        0 => at(i).set(0, (i + 1 < cells.len()).then(|| at(i + 1))),
                        1 | 2 => (0..round).for_each(|j| {
                            at(i).set(j, (2 * i + j + 1 < cells.len()).then(|| at(2 * i + j + 1)));
                        }),
                        _ => (0..2)
                            .for_each(|j| at(i).set(j, Some(at(random(cells.len() >> (2 * round - 6)))))),
                    }
                    if random(50) == 0 {
                        at(i).extend(at(random(cells.len())));
                    }
                }
                let mut reached = vec![false; cells.len()];
                let address = |i: usize| cells[i].as_cell().addr().get();
                let mut order: Vec<usize> = (0..cells.len()).collect();
                order.sort_by_key(|&i| address(i));
                let start = if backwards { cells.len() - 1 } else { 0 };
                let mut todo = vec![start];
                while let Some(i) = todo.pop() {
                    if !core::mem::replace(&mut reached[i], true) {
                        for target in cells[i].targets() {
                            let found = order.binary_search_by_key(&target.addr().get(), |&i| address(i));
                            todo.push(order[found.unwrap()]);
                        }
                    }
                }
                let keep = cells[start].clone();
                drop(cells);
                heap.collect(Reason::Requested).unwrap();
                assert_eq!(heap.live_cells(), reached.iter().filter(|r| **r).count(), "round {round}");
                drop(keep);
                heap.collect(Reason::Requested).unwrap();
                assert_eq!(heap.live_cells(), 0, "round {round}");
            }
        }
        for count in [126, 127, 128, 129, 255, 256, 257, 383, 384, 1000] {
            let hub = plain(heap);
            for _ in 0..count - 1 {
                let spoke = plain(heap);
                spoke.set(1, Some(&hub));
                spoke.set(0, Some(&spoke));
            }
            hub.set(0, Some(&hub));
            let outside: Vec<_> = (0..256).map(|_| hub.clone()).collect();
            heap.collect(Reason::Requested).unwrap();
            assert_eq!(heap.live_cells(), 1, "the spokes are garbage");
            let spokes: Vec<_> = (0..count).map(|_| plain(heap)).collect();
            for spoke in &spokes {
                spoke.set(0, Some(spoke));
                spoke.set(1, Some(&hub));
                hub.extend(spoke);
            }
            drop(spokes);
            drop(hub);
            // As many references from outside as a byte loses when it runs over.
            heap.collect(Reason::Requested).unwrap();
            assert_ne!(heap.live_cells(), 0);
            drop(outside);
            heap.collect(Reason::Requested).unwrap();
            assert_eq!(heap.live_cells(), 0);
        }
    });
}

#[test]
fn planted_faults_are_found() {
    with_heaps(|heap| {
        heap.set_verifying(false);
        let target = node(heap);
        let faulty = faulty(heap, 1);
        // SAFETY: nothing else uses the link now.
        unsafe { *faulty.link.get() = Link::to(&target) };
        let hold = target.into_raw();
        // SAFETY: the count of `hold` is given up: only `faulty` holds the target.
        unsafe { (*hold.cast::<Header>().as_ptr()).decrement() };
        sound(heap);
        faulty.times.set(2);
        assert!(matches!(heap.verify().unwrap(), Err(Fault::TooManyReferences { count: 1, found: 2, .. })));
        // The collector survives it: a cell with fewer counts than references is kept.
        heap.collect(Reason::Requested).unwrap();
        assert_eq!(heap.live_cells(), 2);
        faulty.times.set(0);
        sound(heap);
        let held = faulty.into_raw();
        assert!(matches!(heap.verify_closed().unwrap(), Err(Fault::TooFewReferences { .. })));
        heap.collect(Reason::Requested).unwrap();
        assert_eq!(heap.live_cells(), 2, "a missed reference only leaks");
        // SAFETY: the count taken by `into_raw` comes back.
        let faulty = unsafe { Ref::from_raw(held) };
        faulty.times.set(1);
    });
}

#[test]
fn dangling_references_are_found() {
    with_heaps(|heap| {
        heap.set_verifying(false);
        let user = shaped(heap, NonNull::dangling());
        assert!(matches!(heap.verify().unwrap(), Err(Fault::Dangling { kind: "shaped", .. })));
        drop(user);
    });
}

#[test]
fn observers_are_told() {
    with_heaps(|heap| {
        let log = Rc::new(RefCell::new(Vec::new()));
        let seen = log.clone();
        heap.set_observer(Some(Box::new(move |event: &Event<'_>| {
            seen.borrow_mut().push(match event {
                Event::Start { reason, live_cells, .. } => format!("start {reason} {live_cells}"),
                Event::End(outcome) => format!("end {} {}", outcome.freed_cells, outcome.live_cells),
                Event::Failed { .. } => "failed".to_string(),
            });
        })));
        let a = node(heap);
        a.set(0, Some(&a));
        drop(a);
        heap.collect(Reason::Requested).unwrap();
        heap.mem().set_limit(1);
        assert!(heap.collect(Reason::OutOfMemory).is_err());
        heap.mem().set_limit(0);
        assert!(heap.set_observer(None).is_some());
        heap.collect(Reason::Requested).unwrap();
        assert_eq!(*log.borrow(), ["start requested 1", "end 1 0", "start out of memory 0", "failed"]);
    });
}

#[test]
fn collectors_read_back() {
    for (text, printed) in [("full", "full"), ("young", "young(2)"), (" young( 1.5 ) ", "young(1.5)")] {
        let collector: Collector = text.parse().unwrap();
        assert_eq!(collector.to_string(), printed);
        assert_eq!(printed.parse::<Collector>().unwrap(), collector);
    }
    for text in ["", "old", "young(", "young(x)", "young(0.5)", "young(NaN)", "full(1)"] {
        assert!(text.parse::<Collector>().is_err(), "{text}");
    }
}

fn young_ring(heap: &Heap, held: &Ref<Node>) {
    let (a, b) = (node(heap), node(heap));
    a.set(0, Some(&b));
    b.set(0, Some(&a));
    b.set(1, Some(held));
}

#[test]
fn the_young_collector_frees_young_rings_only() {
    with_heaps(|heap| {
        heap.set_collector(Collector::Young { factor: 100.0 });
        let held = node(heap);
        // Old garbage: it fills pages that are not allocated from afterwards.
        let old: Vec<_> = (0..6000).map(|_| node(heap)).collect();
        assert_eq!(heap.collect(Reason::Policy).unwrap().collector, "full");
        old.iter().for_each(|node| node.set(0, Some(node)));
        let count = old.len();
        drop(old);
        let big = wide(heap);
        big.set(0, Some(&big));
        drop(big);
        for _ in 0..100 {
            young_ring(heap, &held);
        }
        let outcome = heap.collect(Reason::Policy).unwrap();
        assert_eq!(outcome.collector, "young");
        let old_freed = match heap.mem().front() {
            // The page that was current when it got old is young again, and mixed pages always are.
            Front::Pool => (outcome.freed_cells as usize) - 201,
            Front::Direct => 0,
        };
        assert!(old_freed < 2100, "{old_freed}");
        assert!(outcome.freed_cells >= 201 && outcome.cells_scanned < 2500, "{outcome:?}");
        sound(heap);
        assert_eq!(heap.live_cells(), 1 + count - old_freed);
        // Nothing is young: nothing to do.
        assert_eq!(heap.collect(Reason::Policy).unwrap().freed_cells, 0);
        let outcome = heap.collect(Reason::Requested).unwrap();
        assert_eq!((outcome.collector, outcome.freed_cells as usize), ("full", count - old_freed));
    });
}

#[test]
fn a_full_collection_comes_when_the_heap_has_grown() {
    with_heaps(|heap| {
        heap.set_verifying(false);
        heap.set_collector(Collector::Young { factor: 1.5 });
        let mut kinds = Vec::new();
        let mut keep = Vec::new();
        for _ in 0..8 {
            keep.extend((0..40_000).map(|_| node(heap)));
            kinds.push(heap.collect(Reason::Policy).unwrap().collector);
        }
        assert_eq!(kinds[0], "full");
        let full = kinds.iter().filter(|&&kind| kind == "full").count();
        assert!((3..7).contains(&full), "{kinds:?}");
    });
}

/// Shapes are referred to by cells that a young collection does not see.
#[test]
fn the_young_collector_keeps_shapes() {
    with_heaps(|heap| {
        heap.set_collector(Collector::Young { factor: 100.0 });
        let fillers: Vec<_> = (0..3000).map(|_| node(heap)).collect();
        heap.collect(Reason::Policy).unwrap();
        let user = shaped(heap, shape(heap, None).as_cell());
        let unused = shape(heap, None);
        drop(unused);
        assert_eq!(heap.collect(Reason::Policy).unwrap().collector, "young");
        assert_eq!(OWNED.with_borrow(Vec::len), 0);
        heap.collect(Reason::Requested).unwrap();
        assert_eq!(OWNED.with_borrow(Vec::len), 1);
        drop((user, fillers));
    });
}

/// A mutator that never stops, against a model of what is reachable; young and full collections by turns.
#[test]
fn a_running_mutator_keeps_what_it_reaches() {
    with_heaps(|heap| {
        heap.set_collector(Collector::Young { factor: 1.5 });
        heap.set_policy(parse_policy("every(50, 3)").unwrap());
        let mut random = Random(0xBEEF_CAFE_1234_5677);
        let root = wide(heap);
        // The model: slots of the root, each a list of payloads reachable by link 0.
        let mut model: Vec<Vec<u64>> = vec![Vec::new(); 100];
        for step in 0..4000u64 {
            if heap.wants_collection() {
                heap.maybe_collect();
            }
            let slot = random.below(100);
            if random.below(4) == 0 {
                root.set(slot, None::<&Ref<Node>>);
                model[slot].clear();
                continue;
            }
            // A new head; its second link closes a cycle with a leaf behind it.
            let head = node(heap);
            // SAFETY: nothing writes the links now.
            if let Some(next) = unsafe { (&*root.links.get())[slot].cell() } {
                // SAFETY: the root's links are live nodes.
                let next = unsafe { Ref::<Node>::share(next.cast()) };
                head.set(0, Some(&next));
                next.set(1, Some(&head));
            } else {
                head.set(1, Some(&head));
            }
            // SAFETY: the word is the node's own; weak flags are bit 0, which stays clear.
            unsafe { *head.weak.get() = step << 1 };
            root.set(slot, Some(&head));
            model[slot].push(step);
        }
        for (slot, expected) in model.iter().enumerate() {
            let mut found = Vec::new();
            // SAFETY: nothing writes the links now.
            let mut at = unsafe { (&*root.links.get())[slot].cell() };
            while let Some(cell) = at {
                // SAFETY: what the root leads to is live nodes.
                let node = unsafe { cell.cast::<Node>().as_ref() };
                // SAFETY: as above.
                unsafe {
                    found.push(*node.weak.get() >> 1);
                    at = (&*node.links.get())[0].cell();
                }
            }
            found.reverse();
            assert_eq!(&found, expected);
        }
        sound(heap);
        drop(root);
    });
}
