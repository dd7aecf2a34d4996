//! What a call of `exec` costs on short subjects, and what compiling costs, in nanoseconds.

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
        println!("{:8.1}  /{pattern}/ on {subject:?}", best * 1e9);
    }
    for (pattern, flags) in [
        (r"\p{Lu}\p{Ll}+", Flags::UNICODE),
        (r"\b(?:function|return|var|if|else|for|while|break|new|delete)\b", Flags::NONE),
        (r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})", Flags::NONE),
        ("agggtaaa|tttaccct|[cgt]gggtaaa|tttaccc[acg]", Flags::IGNORE_CASE),
    ] {
        let mut best = f64::MAX;
        for _ in 0..20 {
            let begin = Instant::now();
            for _ in 0..500 {
                black_box(
                    compile(Text::Latin1(black_box(pattern.as_bytes())), flags, memory).expect("a pattern"),
                );
            }
            best = best.min(begin.elapsed().as_secs_f64() / 500.0);
        }
        println!("{:8.1}  compiling /{pattern}/", best * 1e9);
    }
}
