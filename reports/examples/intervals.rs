//! False alarms, coverage and power of the intervals on made-up measurements, beside the methods
//! that were not taken: `cargo run --release -p tare-reports --example intervals [ROUNDS]`.

use tare_reports::stats::simulate::{self, Plan, SHARED_MACHINE, Spread};
use tare_reports::stats::{Blocks, Interval, Pair, median};

type Method = fn(&[Vec<Pair>], f64) -> Option<Interval>;

fn main() {
    let rounds = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(4000);
    let methods: [(&str, Method); 3] = [
        ("ours", |blocks, confidence| Blocks::new(blocks).interval(confidence)),
        ("t of medians", |blocks, confidence| plain(blocks, confidence, |pairs| median(&shifts(pairs)))),
        ("t of means", |blocks, confidence| {
            plain(blocks, confidence, |pairs| {
                let logs = shifts(pairs);
                Some(logs.iter().sum::<f64>() / logs.len() as f64)
            })
        }),
    ];
    println!("{rounds} comparisons a row; intervals at 99 %, coverage at 95 %");
    println!(
        "workloads samples blocks workloads are  method         coverage  alarms  finds 3 %  finds 5 %  half width"
    );
    for (workloads, samples) in [(1, 1), (1, 3), (1, 5), (1, 9), (5, 1), (9, 1), (27, 1)] {
        for blocks in [5, 10, 20] {
            for (kind, spread, uneven) in [
                ("alike", Spread::None, 1.0),
                ("all differ", Spread::All(0.1), 1.0),
                ("one differs", Spread::One(-0.2), 1.0),
                ("uneven noise", Spread::All(0.1), 8.0),
            ] {
                if workloads == 1 && kind != "alike" {
                    continue;
                }
                for (name, method) in methods {
                    let plan = Plan { workloads, samples, blocks, spread, uneven };
                    let r = simulate::rates(&method, plan, SHARED_MACHINE, rounds, 1);
                    println!(
                        "{workloads:9} {samples:7} {blocks:6} {kind:12}  {name:13} {:7.1} % {:5.1} % {:8.0} % {:8.0} % {:9.2} %",
                        100.0 * r.coverage,
                        100.0 * r.alarms,
                        100.0 * r.found_3,
                        100.0 * r.found_5,
                        100.0 * r.half_width
                    );
                }
            }
        }
    }
}

fn shifts(pairs: &[Pair]) -> Vec<f64> {
    pairs
        .iter()
        .filter_map(|p| {
            let logs = |v: &[f64]| v.iter().map(|x| x.ln()).collect::<Vec<_>>();
            Some(median(&logs(&p.b))? - median(&logs(&p.a))?)
        })
        .collect()
}

/// A t interval over the figures of the blocks, nothing trimmed. Nine equal pairs stand for each
/// block, so that the library's own interval does the rest.
fn plain(blocks: &[Vec<Pair>], confidence: f64, centre: impl Fn(&[Pair]) -> Option<f64>) -> Option<Interval> {
    let folded: Option<Vec<Vec<Pair>>> = blocks
        .iter()
        .map(|pairs| Some(vec![Pair { a: vec![1.0], b: vec![centre(pairs)?.exp()] }; 9]))
        .collect();
    Blocks::new(&folded?).interval(confidence)
}
