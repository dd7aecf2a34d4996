//! Prints how long BigInt operations take here and in QuickJS-ng, by the number of decimal digits.
//!
//! `cargo run --release -p tare-number --features quickjs --example ratio [largest power of ten] [operation]`
//!
//! Both sides make a new result each time: ours in a block of the pool allocator with a header of 16 bytes,
//! as a heap cell would have it (`and`, whose limbs are written once and not zeroed before, in an array), and
//! the text as a byte array. The time of QuickJS-ng's empty loop is taken off its figures, so
//! that the interpreter does not count. QuickJS-ng refuses BigInts above a million bits (315,652 digits).

use std::alloc::Layout;
use std::hint::black_box;

use rquickjs::{Context, Ctx, Function, Runtime};
use tare_allocators::{Memory, Pool, System};
use tare_number::Text;
use tare_number::bigint::{self, BigIntBuf, BigIntRef, Work};

/// Seconds of processor time this thread has had: other work on the machine does not count.
fn clock() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of this frame.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Seconds a run takes, the least of several measurements of at least 20 ms.
fn measure(mut run: impl FnMut(u32)) -> f64 {
    let mut count = 1u32;
    let mut best = f64::INFINITY;
    let mut rounds = 0;
    while rounds < 3 {
        let start = clock();
        run(count);
        let seconds = clock() - start;
        if seconds < 0.02 {
            let factor = (0.03 / seconds.max(1e-7)).clamp(2.0, 1000.0);
            count = (f64::from(count) * factor).min(1e9) as u32;
            continue;
        }
        best = best.min(seconds / f64::from(count));
        rounds += 1;
        if seconds > 0.5 {
            break;
        }
    }
    best
}

/// Reproducible decimal digits.
fn digits(len: usize, seed: u64) -> String {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % 10
    };
    let mut text = String::from("7");
    text.extend((1..len).map(|_| char::from(b'0' + next() as u8)));
    text
}

fn number(text: &str) -> BigIntBuf<'static> {
    bigint::parse(&mut Work::new(memory()), Text::from(text)).unwrap().unwrap()
}

struct Case {
    name: &'static str,
    /// The body of QuickJS-ng's loop, of a, b, s and e.
    script: &'static str,
    ours: fn(&mut Work<'_, '_>, &Operands),
    /// The result in hexadecimal, to compare.
    check: fn(&mut Work<'_, '_>, &Operands) -> Option<String>,
}

struct Operands {
    a: BigIntBuf<'static>,
    b: BigIntBuf<'static>,
    wide: BigIntBuf<'static>,
    base: BigIntBuf<'static>,
    exponent: BigIntBuf<'static>,
    text: String,
}

/// What a runtime's numbers live in: the pool, as QuickJS-ng has its own arena of small blocks.
fn memory() -> Memory<'static> {
    thread_local!(static POOL: &'static Pool<System> = Box::leak(Box::new(Pool::new(System))));
    POOL.with(|pool| Memory::new(*pool))
}

fn hex(work: &mut Work<'_, '_>, number: BigIntRef<'_>) -> Option<String> {
    let text = bigint::to_text(work, number, 16).ok()?;
    String::from_utf8(text.to_vec()).ok()
}

/// Makes a result in a block of its own, as an engine's heap does, and frees it.
fn in_cell(work: &mut Work<'_, '_>, limbs: usize, write: impl FnOnce(&mut Work<'_, '_>, &mut [u64])) {
    let layout = Layout::array::<u64>(2 + limbs).expect("a small array");
    let memory = work.memory();
    // SAFETY: the size is not zero; the block is filled with zeros, so it holds `2 + limbs` numbers, of which the slice
    // borrows the last until the call returns; then it is freed with its layout, and not used again.
    unsafe {
        let block = memory.allocator().alloc(layout).expect("memory");
        block.write_bytes(0, layout.size());
        write(work, core::slice::from_raw_parts_mut(block.cast::<u64>().as_ptr().add(2), limbs));
        black_box(block);
        memory.allocator().free(block, layout);
    }
}

macro_rules! cell_case {
    ($name:expr, $script:expr, |$work:ident, $out:ident, $o:ident| $limbs:expr, $write:expr, $op:expr) => {
        Case {
            name: $name,
            script: $script,
            ours: |$work, $o| {
                in_cell($work, $limbs, |$work, $out| {
                    let _ = black_box(($write, &$work));
                })
            },
            check: |$work, $o| {
                let result = $op.ok()?;
                hex($work, result.as_ref())
            },
        }
    };
}

macro_rules! case {
    ($name:expr, $script:expr, |$work:ident, $operands:ident| $op:expr) => {
        Case {
            name: $name,
            script: $script,
            ours: |$work, $operands| {
                let _ = black_box($op);
            },
            check: |$work, $operands| {
                let result = $op.ok()?;
                hex($work, result.as_ref())
            },
        }
    };
}

fn cases() -> Vec<Case> {
    vec![
        cell_case!(
            "add",
            "r = a + b",
            |work, out, o| bigint::add_limbs(o.a.as_ref(), o.b.as_ref()).unwrap_or(0),
            bigint::add_into(work, out, o.a.as_ref(), o.b.as_ref()),
            bigint::add(work, o.a.as_ref(), o.b.as_ref())
        ),
        cell_case!(
            "sub",
            "r = a - b",
            |work, out, o| bigint::add_limbs(o.a.as_ref(), o.b.as_ref()).unwrap_or(0),
            bigint::sub_into(work, out, o.a.as_ref(), o.b.as_ref()),
            bigint::sub(work, o.a.as_ref(), o.b.as_ref())
        ),
        cell_case!(
            "mul",
            "r = a * b",
            |work, out, o| bigint::mul_limbs(o.a.as_ref(), o.b.as_ref()).unwrap_or(0),
            bigint::mul_into(work, out, o.a.as_ref(), o.b.as_ref()),
            bigint::mul(work, o.a.as_ref(), o.b.as_ref())
        ),
        cell_case!(
            "square",
            "r = a * a",
            |work, out, o| bigint::mul_limbs(o.a.as_ref(), o.a.as_ref()).unwrap_or(0),
            bigint::mul_into(work, out, o.a.as_ref(), o.a.as_ref()),
            bigint::mul(work, o.a.as_ref(), o.a.as_ref())
        ),
        cell_case!(
            "div 2n/n",
            "r = w / b",
            |work, out, o| bigint::div_limbs(o.wide.as_ref(), o.b.as_ref()),
            bigint::div_into(work, out, o.wide.as_ref(), o.b.as_ref()),
            bigint::div(work, o.wide.as_ref(), o.b.as_ref())
        ),
        cell_case!(
            "rem 2n/n",
            "r = w % b",
            |work, out, o| bigint::rem_limbs(o.wide.as_ref(), o.b.as_ref()),
            bigint::rem_into(work, out, o.wide.as_ref(), o.b.as_ref()),
            bigint::rem(work, o.wide.as_ref(), o.b.as_ref())
        ),
        case!("pow", "r = p ** e", |work, o| bigint::pow(work, o.base.as_ref(), o.exponent.as_ref())),
        case!("and", "r = a & b", |work, o| bigint::and(work, o.a.as_ref(), o.b.as_ref())),
        cell_case!(
            "shl 13",
            "r = a << 13n",
            |work, out, o| bigint::shift_left_limbs(o.a.as_ref(), 13).unwrap_or(0),
            bigint::shift_left_into(work, out, o.a.as_ref(), 13),
            bigint::shift_left_bits(work, o.a.as_ref(), 13)
        ),
        cell_case!(
            "shr 13",
            "r = a >> 13n",
            |work, out, o| bigint::shift_right_limbs(o.a.as_ref(), 13),
            bigint::shift_right_into(work, out, o.a.as_ref(), 13),
            bigint::shift_right_bits(work, o.a.as_ref(), 13)
        ),
        cell_case!(
            "asIntN 64",
            "r = BigInt.asIntN(64, a)",
            |work, out, o| bigint::as_int_n_limbs(64, o.a.as_ref()),
            bigint::as_int_n_into(out, 64, o.a.as_ref()),
            bigint::as_int_n(work, 64, o.a.as_ref())
        ),
        Case {
            name: "to text",
            script: "r = a.toString()",
            ours: |work, o| {
                let _ = black_box(bigint::to_text(work, o.a.as_ref(), 10));
            },
            check: |work, o| {
                let text = bigint::to_text(work, o.a.as_ref(), 10).ok()?;
                String::from_utf8(text.to_vec()).ok()
            },
        },
        Case {
            name: "from text",
            script: "r = BigInt(s)",
            ours: |work, o| {
                let _ = black_box(bigint::parse(work, Text::from(o.text.as_str())));
            },
            check: |work, o| {
                let number = bigint::parse(work, Text::from(o.text.as_str())).ok()??;
                hex(work, number.as_ref())
            },
        },
    ]
}

/// QuickJS-ng's seconds, and its result if asked for.
fn theirs(ctx: &Ctx<'_>, case: &Case, o: &Operands, with_result: bool) -> Option<(f64, Option<String>)> {
    let work = &mut Work::new(memory());
    let mut set = |name: &str, number: &BigIntBuf<'_>| {
        let value =
            format!("globalThis.{name} = BigInt('0x{}')", hex(work, number.as_ref()).unwrap_or_default());
        ctx.eval::<(), _>(value).is_ok()
    };
    let all = [("a", &o.a), ("b", &o.b), ("w", &o.wide), ("p", &o.base), ("e", &o.exponent)];
    for (name, number) in all {
        // The widest operand may be refused where the case does not need it.
        let given = set(name, number);
        if !given && (case.script.contains(&format!(" {name} ")) || name != "w") {
            return None;
        }
    }
    ctx.globals().set("s", o.text.as_str()).ok()?;
    let function = |body: &str| -> Option<Function<'_>> {
        let fetch = "const {a, b, w, p, e, s} = globalThis;";
        ctx.eval(format!(
            "(function(n) {{ {fetch} let r; for (let i = 0; i < n; i++) {{ {body}; }} return r }})"
        ))
        .ok()
    };
    let (run, empty) = (function(case.script)?, function("r = a")?);
    let result: rquickjs::Value<'_> = run.call((1,)).ok()?;
    let shown = if with_result {
        ctx.globals().set("result", result).ok()?;
        ctx.eval("typeof result === 'string' ? result : result.toString(16)").ok()
    } else {
        None
    };
    let seconds = measure(|count| drop(run.call::<_, rquickjs::Value<'_>>((count,))));
    let overhead = measure(|count| drop(empty.call::<_, rquickjs::Value<'_>>((count,))));
    Some(((seconds - overhead).max(1e-10), shown))
}

fn main() {
    let largest: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(6);
    let runtime = Runtime::new().expect("a runtime");
    runtime.set_max_stack_size(1 << 20);
    let context = Context::full(&runtime).expect("a context");
    println!("| operation | digits | QuickJS-ng | Tare | ratio |\n|---|--:|--:|--:|--:|");
    let sizes: Vec<usize> =
        (1..=largest).flat_map(|power| [10usize.pow(power), 3 * 10usize.pow(power)]).collect();
    let sizes = &sizes[..sizes.len() - 1];
    let wanted = std::env::args().nth(2);
    for case in cases() {
        if wanted.as_deref().is_some_and(|name| name != case.name) {
            continue;
        }
        for &size in sizes {
            let work = &mut Work::new(memory());
            let (first, second) = (digits(size, 1), digits(size, 2));
            let (a, b) = (number(&first), number(&second));
            let wide = bigint::mul(work, a.as_ref(), b.as_ref()).expect("in range");
            let wide = bigint::add(work, wide.as_ref(), a.as_ref()).expect("in range");
            let exponent = BigIntBuf::from_u64((size as u64 / 7).max(2), work.memory()).expect("memory");
            let o = Operands { a, b, wide, base: number("1234567"), exponent, text: first };
            let ours = measure(|count| (0..count).for_each(|_| (case.ours)(work, &o)));
            let quick = context.with(|ctx| theirs(&ctx, &case, &o, size <= 100_000));
            if let Some((_, Some(shown))) = &quick {
                assert!(
                    Some(shown) == (case.check)(work, &o).as_ref(),
                    "{} of {size} digits differs",
                    case.name
                );
            }
            let (other, ratio) = match quick {
                Some((seconds, _)) => (show(seconds), format!("{:.1}", seconds / ours)),
                None => ("refused".to_owned(), "-".to_owned()),
            };
            println!("| {} | {size} | {other} | {} | {ratio} |", case.name, show(ours));
        }
    }
}

fn show(seconds: f64) -> String {
    match seconds {
        s if s < 1e-6 => format!("{:.1} ns", s * 1e9),
        s if s < 1e-3 => format!("{:.2} us", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}
