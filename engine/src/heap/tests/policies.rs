//! Policies: the laws they obey, and their names.

use super::*;
use crate::heap::policy::Figures;

const KIB: usize = 1024;

fn outcome(reason: Reason, before: usize, after: usize, start_ns: u64, pause_ns: u64) -> Outcome {
    Outcome {
        reason,
        collector: "full",
        start_ns,
        pause_ns,
        count_ns: 0,
        mark_ns: 0,
        sweep_ns: 0,
        cells_scanned: 0,
        edges: 0,
        freed_cells: 0,
        freed_bytes: before - after,
        charged_before: before,
        charged_after: after,
        live_cells: 0,
    }
}

fn at(charged: usize, now_ns: u64) -> Figures {
    Figures { charged, now_ns }
}

/// Starts a policy on an empty heap and tells it of one collection; returns both triggers.
fn triggers(name: &str, before: usize, after: usize) -> (usize, Option<usize>) {
    let mut policy = parse_policy(name).unwrap();
    let first = policy.begin(&at(0, 0));
    let next =
        policy.after(&outcome(Reason::Policy, before, after, 1_000_000, 500_000), &at(after, 1_500_000));
    (first, next)
}

#[test]
fn names_read_back() {
    for row in catalogue() {
        let policy = parse_policy(row.example).unwrap();
        assert_eq!(policy.name(), row.name);
        assert!(row.syntax.starts_with(row.name) && row.summary.ends_with('.'));
        let printed = policy.to_string();
        assert_eq!(parse_policy(&printed).unwrap().to_string(), printed);
        // All arguments are optional, but for `fixed`.
        assert_eq!(parse_policy(row.name).is_err(), row.name == "fixed");
    }
    for (text, printed) in [
        ("quickjs", "quickjs(256K)"),
        (" quickjs ( 1.5M ) ", "quickjs(1536K)"),
        ("quickjs(100)", "quickjs(100)"),
        ("quickjs(1M, 64K)", "quickjs(1M, 64K)"),
        ("quickjs(1M,64K,2G)", "quickjs(1M, 64K, 2G)"),
        ("every(3, 7)", "every(3, 7)"),
        ("thinning", "thinning(100)"),
        ("live(1.5,1M)", "live(1.5, 1M)"),
        ("gogc(50, 64M)", "gogc(50, 64M)"),
        ("never", "never"),
        ("never()", "never"),
    ] {
        assert_eq!(parse_policy(text).unwrap().to_string(), printed);
    }
}

#[test]
fn nonsense_is_refused() {
    for (text, error) in [
        ("", PolicyError::UnknownName),
        ("sometimes", PolicyError::UnknownName),
        ("quickjs(", PolicyError::Syntax),
        ("quickjs(1, 2, 3, 4)", PolicyError::Syntax),
        ("never(1)", PolicyError::Syntax),
        ("fixed", PolicyError::Missing),
        ("fixed(many)", PolicyError::BadNumber),
        ("fixed(-1)", PolicyError::OutOfRange),
        ("fixed(99999999999G)", PolicyError::OutOfRange),
        ("fixed(NaN)", PolicyError::OutOfRange),
        ("live(0.5)", PolicyError::OutOfRange),
        ("every(0)", PolicyError::OutOfRange),
        ("quickjs(1, 3, 2)", PolicyError::OutOfRange),
    ] {
        assert_eq!(parse_policy(text).unwrap_err(), error, "{text}");
    }
}

#[test]
fn triggers_obey_their_law() {
    assert_eq!(triggers("never", 1000, 10), (usize::MAX, None));
    assert_eq!(triggers("quickjs", 300 * KIB, 200 * KIB), (256 * KIB, Some(300 * KIB)));
    assert_eq!(triggers("quickjs(10K, 64K)", 20 * KIB, 8 * KIB), (10 * KIB, Some(72 * KIB)));
    assert_eq!(triggers("quickjs(10K, 0, 1K)", 20 * KIB, 8 * KIB), (10 * KIB, Some(9 * KIB)));
    assert_eq!(triggers("fixed(1M)", 1 << 20, 5000), (1 << 20, Some((1 << 20) + 5000)));
    assert_eq!(triggers("live(3, 1K)", 90 * KIB, 10 * KIB), (KIB, Some(30 * KIB)));
    assert_eq!(triggers("every(5)", 90 * KIB, 10 * KIB), (0, Some(0)));
    assert_eq!(triggers("gogc(100)", 9 << 20, 8 << 20), (4 << 20, Some(16 << 20)));
    assert_eq!(triggers("gogc(100, 10M)", 9 << 20, 8 << 20), (4 << 20, Some(10 << 20)));
    // Above the soft limit there is still a little room, or every allocation would collect.
    let (_, next) = triggers("gogc(100, 4M)", 9 << 20, 8 << 20);
    assert!(next.unwrap() > 8 << 20 && next.unwrap() < 9 << 20);
    // Saturation instead of overflow.
    assert_eq!(triggers("live(1000)", usize::MAX, usize::MAX / 4).1, Some(usize::MAX));
}

#[test]
fn collections_asked_for_do_not_move_the_threshold_of_quickjs() {
    let mut policy = parse_policy("quickjs").unwrap();
    policy.begin(&at(0, 0));
    assert_eq!(policy.after(&outcome(Reason::Requested, 100, 50, 0, 1), &at(50, 1)), None);
}

#[test]
fn futile_collections_make_futility_patient() {
    let mut policy = parse_policy("futility(1K, 8)").unwrap();
    policy.begin(&at(0, 0));
    let mut after = |before, left| {
        policy.after(&outcome(Reason::Policy, before, left, 0, 1), &at(left, 1)).unwrap() - left
    };
    let live = 1 << 20;
    assert_eq!(after(live, live), live);
    assert_eq!(after(live, live), 2 * live);
    assert_eq!(after(live, live), 4 * live);
    assert_eq!(after(live, live), 4 * live, "eight times is the most");
    assert_eq!(after(2 * live, live), 2 * live);
    assert_eq!(after(2 * live, live), live);
    assert_eq!(after(2 * live, live), live / 2);
    assert_eq!(after(2 * live, live), live / 2);
}

#[test]
fn orc_and_php_adapt_to_what_is_found() {
    let mut outcome = outcome(Reason::Policy, 1 << 20, 1 << 20, 0, 1);
    outcome.cells_scanned = 1000;
    let mut grown = |policy: &mut Policy, freed| {
        outcome.freed_cells = freed;
        policy.after(&outcome, &at(1 << 20, 1)).unwrap() - (1 << 20)
    };
    let mut orc = parse_policy("orc(90K)").unwrap();
    orc.begin(&at(0, 0));
    let sizes = [0, 499, 500, 1000, 1000].map(|freed| grown(&mut orc, freed) / KIB);
    assert_eq!(sizes, [135, 202, 135, 90, 90]);
    let mut php = parse_policy("php(10K, 35K)").unwrap();
    php.begin(&at(0, 0));
    let sizes = [0, 99, 0, 0, 100, 1000, 1000, 1000].map(|freed| grown(&mut php, freed) / KIB);
    assert_eq!(sizes, [20, 30, 35, 35, 25, 15, 10, 10]);
}

#[test]
fn membalancer_grows_with_the_root() {
    let growth = |live: usize| triggers("membalancer", live + (4 << 20), live).1.unwrap() - live;
    let (small, large) = (growth(16 << 20), growth(64 << 20));
    let ratio = large as f64 / small as f64;
    // Four times the live bytes at a collection speed that is nearly four times as high, in this model:
    // the square root of less than four.
    assert!(ratio > 0.9 && ratio < 2.1, "{ratio}");
    assert!(
        triggers("membalancer(0.1)", 20 << 20, 16 << 20).1
            < triggers("membalancer(0.001)", 20 << 20, 16 << 20).1
    );
}

#[test]
fn budget_waits_for_its_share_of_time() {
    let mut policy = parse_policy("budget(10)").unwrap();
    policy.begin(&at(0, 0));
    let ended = outcome(Reason::Policy, 8 << 20, 4 << 20, 1_000_000, 1_000_000);
    let next = policy.after(&ended, &at(4 << 20, 2_000_000)).unwrap();
    // 8 MiB in 1 ms; the next is due in 9 ms.
    assert_eq!(next, (4 << 20) + 9 * (8 << 20));
    assert_eq!(policy.ask(&at(next, 5_000_000)), Some(next + 256 * KIB));
    assert_eq!(policy.ask(&at(next, 11_000_000)), None);
}

#[test]
fn stress_collects_at_every_object() {
    with_heaps(|heap| {
        heap.set_policy(parse_policy("every(1)").unwrap());
        for _ in 0..20 {
            assert!(!heap.wants_collection() || heap.maybe_collect());
            let a = node(heap);
            a.set(0, Some(&a));
            drop(a);
            assert_eq!(heap.live_cells(), 1);
        }
        heap.set_policy(parse_policy("every(4)").unwrap());
        let ran = (0..20).filter(|_| heap.maybe_collect()).count();
        assert_eq!(ran, 5);
        // With a seed the same spans come again.
        let spans = |heap: &Heap| {
            heap.set_policy(parse_policy("every(4, 99)").unwrap());
            (0..200).map(|_| heap.maybe_collect()).collect::<Vec<_>>()
        };
        let (one, two) = (spans(heap), spans(heap));
        assert_eq!(one, two);
        let ran = one.iter().filter(|&&ran| ran).count();
        assert!((30..=80).contains(&ran), "{ran}");
        heap.set_policy(parse_policy("thinning(3)").unwrap());
        let ran: Vec<usize> = (0..40).filter(|_| heap.maybe_collect()).collect();
        assert_eq!(ran, [0, 1, 2, 4, 6, 8, 12, 16, 20, 28, 36]);
    });
}

#[test]
fn the_trigger_can_be_set_by_hand() {
    with_heaps(|heap| {
        assert_eq!(heap.trigger(), 256 * KIB);
        heap.set_trigger(1000);
        let cells: Vec<_> = (0..100).map(|_| node(heap)).collect();
        assert!(heap.wants_collection());
        assert!(heap.maybe_collect());
        let charged = heap.mem().charged();
        assert_eq!(heap.trigger(), charged + charged / 2);
        assert!(!heap.wants_collection());
        heap.set_trigger(usize::MAX);
        assert!(!heap.wants_collection());
        drop(cells);
    });
}

#[test]
fn a_collection_without_memory_is_not_tried_at_every_object() {
    with_heaps(|heap| {
        heap.set_trigger(0);
        let cells: Vec<_> = (0..100).map(|_| node(heap)).collect();
        heap.mem().set_limit(heap.mem().charged());
        assert!(!heap.maybe_collect());
        assert!(!heap.wants_collection());
        heap.mem().set_limit(0);
        drop(cells);
    });
}

/// Under a limit, garbage is collected before memory runs out, whatever the policy says, and a heap full of
/// what is alive does not collect at every object.
#[test]
fn near_the_limit_collections_come_in_time() {
    for front in FRONTS {
        let mem = mem(front);
        let heap = Heap::new(&mem, &KIND_TABLE);
        let _entered = heap.enter();
        heap.set_verifying(false);
        heap.set_policy(parse_policy("fixed(1G)").unwrap());
        heap.stay();
        mem.set_limit(2 << 20);
        heap.limit_changed();
        let mut keep = Vec::new();
        for index in 0..100_000 {
            if heap.wants_collection() {
                heap.maybe_collect();
            }
            let ring = try_node(&heap).expect("garbage makes room");
            ring.set(0, Some(&ring));
            if index % 100 == 0 {
                keep.push(ring);
            }
        }
        assert!(heap.collections() >= 1 && mem.peak_taken() <= 2 << 20);
        let before = heap.collections();
        while let Ok(node) = try_node(&heap) {
            keep.push(node);
            if heap.wants_collection() {
                heap.maybe_collect();
            }
        }
        assert!(heap.collections() - before < 40, "{} collections", heap.collections() - before);
        // All but the reserve was used, and that is enough for a collection.
        assert!(mem.room() < PAGE_BYTES && mem.usable_limit() < 2 << 20);
        assert!(heap.collect(Reason::OutOfMemory).is_ok());
        assert!(mem.peak_taken() <= 2 << 20);
        for node in keep.drain(..) {
            node.set(0, None::<&Ref<Node>>);
        }
    }
}
