//! Prints how long conversions of doubles take here and in QuickJS-ng, for kinds of numbers.
//!
//! `cargo run --release -p tare-number --features quickjs --example doubles`
//!
//! QuickJS-ng's figures are those of a loop over the same values, less the same loop without the
//! conversion; they hold the making of a string. Ours write into a buffer.

use std::hint::black_box;

use rquickjs::{Context, Function, Runtime};
use tare_number::*;

/// Seconds of processor time this thread has had: other work on the machine does not count.
fn clock() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of this frame.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Nanoseconds a value takes, the least of five rounds over all values.
fn measure(count: usize, mut run: impl FnMut()) -> f64 {
    let rounds = (2_000_000 / count).max(1);
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = clock();
        (0..rounds / 5 + 1).for_each(|_| run());
        best = best.min((clock() - start) / ((rounds / 5 + 1) * count) as f64);
    }
    best * 1e9
}

fn values(kind: &str) -> Vec<f64> {
    let mut state = 88172645463325252u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..1000)
        .map(|_| match kind {
            "small integers" => (next() % 100_000) as f64,
            "two places" => (next() % 1_000_000) as f64 / 100.0,
            "0 to 1" => (next() >> 11) as f64 / (1u64 << 53) as f64,
            _ => f64::from_bits(next() & !(1 << 62) & !(1 << 63)),
        })
        .collect()
}

type Ours = fn(f64, &str);

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let context = Context::full(&runtime).expect("a context");
    let operations: [(&str, &str, Ours); 5] = [
        ("toString()", "String(x)", |x, _| {
            black_box(number_to_string(x, &mut NumberBuffer::new()));
        }),
        ("toString(36)", "x.toString(36)", |x, _| {
            black_box(number_to_string_radix(x, 36, &mut RadixBuffer::new()));
        }),
        ("toFixed(2)", "x.toFixed(2)", |x, _| {
            black_box(to_fixed(x, 2, &mut FixedBuffer::new()));
        }),
        ("toPrecision(6)", "x.toPrecision(6)", |x, _| {
            black_box(to_precision(x, 6, &mut FixedBuffer::new()));
        }),
        ("Number(text)", "Number(s)", |_, text| {
            black_box(string_to_number(Text::from(text)));
        }),
    ];
    println!("| operation | values | QuickJS-ng | Tare | ratio |\n|---|---|--:|--:|--:|");
    for (name, script, ours) in operations {
        for kind in ["small integers", "two places", "0 to 1", "any below 2"] {
            let values = values(kind);
            let texts: Vec<String> =
                values.iter().map(|x| number_to_string(*x, &mut NumberBuffer::new()).to_owned()).collect();
            let own = measure(values.len(), || {
                values.iter().zip(&texts).for_each(|(x, text)| ours(black_box(*x), black_box(text)));
            });
            let theirs = context.with(|ctx| {
                ctx.globals().set("xs", values.clone()).expect("memory");
                ctx.globals().set("ss", texts.clone()).expect("memory");
                let time = |body: &str| {
                    let source = format!(
                        "(function() {{ const a = xs, b = ss; let r;
                          for (let i = 0; i < 1000; i++) {{ const x = a[i], s = b[i]; r = {body}; }} }})"
                    );
                    let function: Function<'_> = ctx.eval(source).expect("a function");
                    measure(values.len(), || function.call::<_, ()>(()).expect("no error"))
                };
                time(script) - time("x")
            });
            println!("| {name} | {kind} | {theirs:.1} ns | {own:.1} ns | {:.1} |", theirs / own);
        }
    }
}
