//! Random patterns: what must hold for all of them. `examples/fuzz.rs` runs the same checks for long.

mod common;

use common::checks::check;
use common::generate::{Dice, Features, mutate, pattern, subject};
use tare_regexp::Flags;

#[test]
fn random_patterns_keep_the_rules() {
    let mut valid = 0;
    for seed in 0..2000 {
        let dice = &mut Dice::new(seed);
        let mut flags = Flags::NONE;
        for flag in [Flags::IGNORE_CASE, Flags::MULTILINE, Flags::DOT_ALL] {
            if dice.rarely(3) {
                flags = flags.with(flag);
            }
        }
        let mode = dice.roll(3);
        let features =
            Features { unicode: mode == 1, sets: mode == 2, lookbehind: true, named: true, modifiers: true };
        flags = match mode {
            1 => flags.with(Flags::UNICODE),
            2 => flags.with(Flags::UNICODE_SETS),
            _ => flags,
        };
        let mut text = pattern(dice, features, 3);
        if dice.rarely(4) {
            text = mutate(dice, &text);
        }
        let units: Vec<u16> = text.encode_utf16().collect();
        let subject = subject(dice);
        let ok = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            check(&units, flags, &subject, &mut |sides| dice.roll(sides))
        }));
        match ok {
            Ok(ok) => valid += usize::from(ok),
            Err(_) => panic!("seed {seed}: /{text}/{flags:?} on {subject:?}"),
        }
    }
    assert!(valid > 1000, "most patterns are valid: {valid}");
}
