//! Generated cases against the crate `regress`. Where the two disagree, the specification has decided,
//! and the case is listed with the reason: the list is exact in both directions.

mod common;

use common::checks::{Found, find};
use common::generate::{Dice, Features, pattern, subject};
use tare_allocators::{Memory, System};
use tare_regexp::{Flags, Text, compile};

/// The oracle's answer: `None` if it does not accept the pattern.
fn oracle(pattern: &str, flags: Flags, subject: &[u16]) -> Option<Found> {
    let letters: String = flags.letters().collect();
    // Without `u` and `v` a pattern is a sequence of code units.
    let regex = if flags.full_unicode() {
        regress::Regex::with_flags(pattern, letters.as_str()).ok()?
    } else {
        regress::Regex::from_unicode(pattern.encode_utf16().map(u32::from), letters.as_str()).ok()?
    };
    let first = if flags.full_unicode() {
        regex.find_from_utf16(subject, 0).next()
    } else {
        regex.find_from_ucs2(subject, 0).next()
    };
    Some(first.map(|found| found.groups().map(|group| group.map(|range| (range.start, range.end))).collect()))
}

fn case(seed: u64) -> (String, Flags, Vec<u16>) {
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
    // The oracle has no limit of steps, so patterns and subjects are kept small.
    let pattern = pattern(dice, features, 1);
    let mut subject = subject(dice);
    subject.truncate(7);
    (pattern, flags, subject)
}

#[test]
fn generated_cases_agree_with_the_oracle() {
    let listed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/disagreements.txt"));
    let listed = listed.expect("the list");
    let mut expected: Vec<u64> = Vec::new();
    for line in listed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        expected.push(line.split('\t').next().and_then(|seed| seed.parse().ok()).expect("a seed"));
    }
    let (mut compared, mut found, mut text) = (0, Vec::new(), String::new());
    for seed in 0..20_000 {
        let (pattern, flags, subject) = case(seed);
        let units: Vec<u16> = pattern.encode_utf16().collect();
        let Ok(program) = compile(Text::Utf16(&units), flags, Memory::new(&System)) else { continue };
        let Ok(own) = find(program.as_ref(), Text::Utf16(&subject), 0, false, 8) else { continue };
        let Some(theirs) = oracle(&pattern, flags, &subject) else { continue };
        compared += 1;
        if own != theirs {
            found.push(seed);
            let subject = String::from_utf16_lossy(&subject);
            text.push_str(&format!(
                "{seed}\t/{pattern}/{}\t{subject:?}\t{own:?}\t{theirs:?}\n",
                flags.letters().collect::<String>()
            ));
        }
    }
    assert!(compared > 10_000, "enough patterns are compared: {compared}");
    assert_eq!(found, expected, "of {compared}:\n{text}");
}
