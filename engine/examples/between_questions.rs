//! The longest time, of the processor, that passes between two questions to the interrupt handler, for each native
//! that can take long.
//!
//!     cargo run --profile quick -p tare --example between_questions -- [SIZE] [TEXT]
//!
//! SIZE is the number of elements or so that each call goes over, 2^20 if none is given; with a TEXT only calls are
//! measured that contain it. Collections are off and results are kept meanwhile: only natives are measured.

use std::cell::Cell;
use std::rc::Rc;

#[path = "../tests/natives/mod.rs"]
mod natives;

/// Longer than this is told of as long.
const LONG_NS: u64 = 1_000_000;

/// Nanoseconds that this thread has run.
fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to the record that it is given, which lives as long, and to nothing else.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// A call, and what was seen of it.
struct Seen {
    call: &'static str,
    longest_ns: u64,
    whole_ns: u64,
    questions: u64,
}

fn measure(size: usize, wanted: &str) -> Result<Vec<Seen>, tare::Error> {
    let mut all = Vec::new();
    for (setup, calls) in natives::LONG {
        let calls: Vec<&'static str> = calls.iter().copied().filter(|call| call.contains(wanted)).collect();
        if calls.is_empty() {
            continue;
        }
        let runtime = tare::Runtime::builder().memory_limit(6 << 30).build()?;
        runtime.set_gc_policy(tare::heap::parse_policy("never").expect("a policy's name"));
        let context = runtime.new_context()?;
        context.eval(&format!("const N = {size}; {setup}"), "setup.js")?;
        for call in calls {
            // What is left of the call before is no part of this one.
            context.eval("globalThis.kept = 0", "before.js")?;
            runtime.run_gc();
            let (last, longest, questions) =
                (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
            let note = {
                let (last, longest, questions) = (last.clone(), longest.clone(), questions.clone());
                move || {
                    let now = cpu_ns();
                    longest.set(longest.get().max(now - last.get()));
                    questions.set(questions.get() + 1);
                    // The question itself is not what is measured.
                    last.set(cpu_ns());
                    false
                }
            };
            let at_end = note.clone();
            runtime.set_interrupt_handler(Some(Box::new(note)));
            // The budget begins anew.
            runtime.set_interrupt_interval(4_000);
            let start = cpu_ns();
            last.set(start);
            // The result is kept for the time: collecting and freeing are paid, too, but in one go.
            let result = context.eval(&format!("globalThis.kept = {call}"), "call.js");
            at_end();
            if let Err(error) = result {
                eprintln!("{call}: {error}");
            }
            runtime.set_interrupt_handler(None);
            all.push(Seen {
                call,
                longest_ns: longest.get(),
                whole_ns: cpu_ns() - start,
                questions: questions.get(),
            });
        }
    }
    Ok(all)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let size = arguments.next_if(|first| first.parse::<usize>().is_ok());
    let size = size.map_or(Ok(1 << 20), |size| size.parse())?;
    let wanted = arguments.next().unwrap_or_default();
    let mut all = measure(size, &wanted)?;
    all.sort_by_key(|seen| core::cmp::Reverse(seen.longest_ns));
    println!("longest ms  whole ms  questions  call");
    let ms = |ns: u64| ns as f64 / 1e6;
    for seen in &all {
        let call: String = seen.call.chars().take(80).collect();
        println!("{:10.3} {:9.1} {:10}  {call}", ms(seen.longest_ns), ms(seen.whole_ns), seen.questions);
    }
    let long = all.iter().filter(|seen| seen.longest_ns > LONG_NS).count();
    println!("{} calls, {long} with more than {:.0} ms between two questions.", all.len(), ms(LONG_NS));
    Ok(())
}
