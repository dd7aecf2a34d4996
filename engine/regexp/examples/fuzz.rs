//! Random patterns, valid and damaged, for as long as it is told: `fuzz MINUTES [SEED]`.
//! Stops with a panic at the first pattern that breaks a rule of `tests/common/checks.rs`.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use common::checks::check;
use common::generate::{Dice, Features, mutate, pattern, subject};
use tare_regexp::Flags;

fn main() {
    let mut args = std::env::args().skip(1);
    let minutes: f64 = args.next().map_or(1.0, |text| text.parse().expect("minutes"));
    let first: u64 = args.next().map_or(1_000_000, |text| text.parse().expect("a seed"));
    let end = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    let (mut seed, mut valid) = (first, 0u64);
    let mut pool: Vec<String> = Vec::new();
    while Instant::now() < end {
        let dice = &mut Dice::new(seed);
        let mut flags = Flags::NONE;
        for flag in [Flags::IGNORE_CASE, Flags::MULTILINE, Flags::DOT_ALL, Flags::STICKY] {
            if dice.rarely(4) {
                flags = flags.with(flag);
            }
        }
        let (unicode, sets) = (dice.rarely(3), dice.rarely(4));
        flags = match (unicode, sets) {
            (_, true) => flags.with(Flags::UNICODE_SETS),
            (true, false) => flags.with(Flags::UNICODE),
            _ => flags,
        };
        let features = Features { unicode, sets, lookbehind: true, named: true, modifiers: true };
        let mut text = if pool.len() > 100 && dice.rarely(3) {
            let index = dice.roll(pool.len());
            mutate(dice, &pool[index])
        } else {
            pattern(dice, features, 3)
        };
        if dice.rarely(3) {
            text = mutate(dice, &text);
        }
        let units: Vec<u16> = text.encode_utf16().collect();
        let subject = subject(dice);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            check(&units, flags, &subject, &mut |sides| dice.roll(sides))
        }));
        let Ok(ok) = result else {
            eprintln!("seed {seed}: /{text}/{flags:?} on {subject:?}");
            std::process::exit(1);
        };
        valid += u64::from(ok);
        if text.len() < 200 {
            if pool.len() < 5000 {
                pool.push(text);
            } else {
                let index = dice.roll(pool.len());
                pool[index] = text;
            }
        }
        seed += 1;
        if (seed - first).is_multiple_of(1_000_000) {
            println!("{} patterns, {valid} valid", seed - first);
        }
    }
    println!("{} patterns, {valid} valid, no rule broken", seed - first);
}
