//! What a call of `exec` costs on short subjects, in nanoseconds.

use std::hint::black_box;
use std::time::Instant;
use tare_allocators::{Memory, System};
use tare_regexp::{Flags, Scratch, Text, compile, exec};

fn main() {
    let memory = Memory::new(&System);
    for (pattern, subject) in [
        ("^ba", "foobar"),
        ("a", "a"),
        ("", ""),
        ("[0-9]", "abcdef"),
        ("(a)(b)(c)", "xabc"),
        (r"^\s+|\s+$", "hello world"),
        (r"^(\w+)-(\d+)$", "item-42"),
        (r"\bfoo\b", "a foo b"),
        ("z", "abcdefghijklmnopqrstuvwxy"),
    ] {
        let program = compile(Text::Latin1(pattern.as_bytes()), Flags::NONE, memory).expect("a pattern");
        let mut scratch = Scratch::new(memory);
        let mut best = f64::MAX;
        for _ in 0..20 {
            let begin = Instant::now();
            for _ in 0..20_000 {
                let text = Text::Latin1(black_box(subject.as_bytes()));
                let found = exec(black_box(program.as_ref()), text, 0, &mut scratch, &mut || false);
                black_box(found.expect("no limit"));
            }
            best = best.min(begin.elapsed().as_secs_f64() / 20_000.0);
        }
        println!("{:5.1}  /{pattern}/ on {subject:?}", best * 1e9);
    }
}
