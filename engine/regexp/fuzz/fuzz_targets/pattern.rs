//! One byte of flags, one that says where the pattern ends, then pattern and subject.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

use libfuzzer_sys::fuzz_target;
use tare_regexp::Flags;

fuzz_target!(|data: &[u8]| {
    let [letters, split, rest @ ..] = data else { return };
    let mut flags = Flags::from_bits(u16::from(*letters));
    if flags.has(Flags::UNICODE_SETS) {
        flags = flags.without(Flags::UNICODE);
    }
    let (pattern, subject) = rest.split_at(rest.len().min(usize::from(*split)));
    // Bytes that are text stay text; the others become units above Latin-1.
    let pattern: Vec<u16> = String::from_utf8_lossy(pattern).encode_utf16().collect();
    let subject: Vec<u16> = String::from_utf8_lossy(subject).encode_utf16().take(64).collect();
    let mut next = 0usize;
    common::checks::check(&pattern, flags, &subject, &mut |sides| {
        next = next.wrapping_mul(31).wrapping_add(data.len() + usize::from(data[next % data.len()]));
        next % sides
    });
});
