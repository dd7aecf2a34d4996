//! Where memory comes from and goes: nothing from the global allocator, an error for every allocation that
//! is refused, and nothing left over.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::fmt;
use std::ptr::NonNull;

use tare_allocators::{Allocator, Memory, System};
use tare_number::bigint::{self, BigIntRef, Error, Work};
use tare_number::*;

/// Counts what goes through the global allocator.
struct Counting;

thread_local! {
    /// Of this thread only: the test harness has others.
    static GLOBAL_CALLS: Cell<usize> = const { Cell::new(0) };
}

fn global_calls() -> usize {
    GLOBAL_CALLS.with(Cell::get)
}

// SAFETY: every duty is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        GLOBAL_CALLS.with(|calls| calls.set(calls.get() + 1));
        // SAFETY: the same duties hold for the inner call.
        unsafe { std::alloc::System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the same duties hold for the inner call.
        unsafe { std::alloc::System.dealloc(block, layout) }
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

/// Refuses one allocation, counted from the start, and keeps account of the bytes in use.
struct Failing {
    calls: Cell<usize>,
    refused: usize,
    live: Cell<usize>,
}

impl Failing {
    fn new(refused: usize) -> Self {
        Failing { calls: Cell::new(0), refused, live: Cell::new(0) }
    }
}

// SAFETY: blocks come from `System`, and go back there, with their layouts; the default `realloc` uses both.
unsafe impl Allocator for Failing {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failing")
    }

    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        let call = self.calls.get();
        self.calls.set(call + 1);
        if call == self.refused {
            return None;
        }
        self.live.set(self.live.get() + layout.size());
        // SAFETY: (1) the caller's size is greater than zero.
        unsafe { System.alloc(layout) }
    }

    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        self.live.set(self.live.get() - layout.size());
        // SAFETY: (1, 2) the block came from `System` with this layout, and the caller gives it up.
        unsafe { System.free(block, layout) }
    }
}

type Operation = fn(&mut Work<'_, '_>, BigIntRef<'_>, BigIntRef<'_>, &str) -> Result<(), Error>;

const OPERATIONS: [(&str, Operation); 18] = [
    ("add", |work, a, b, _| bigint::add(work, a, b).map(drop)),
    ("sub", |work, a, b, _| bigint::sub(work, a, b).map(drop)),
    ("neg", |work, a, _, _| bigint::neg(work, a).map(drop)),
    ("mul", |work, a, b, _| bigint::mul(work, a, b).map(drop)),
    ("square", |work, a, _, _| bigint::mul(work, a, a).map(drop)),
    ("div_rem", |work, a, b, _| bigint::div_rem(work, a, b).map(drop)),
    ("div small", |work, a, _, _| bigint::div(work, a, BigIntRef::new(true, &[7])).map(drop)),
    ("pow", |work, _, b, _| bigint::pow(work, b, BigIntRef::new(false, &[5])).map(drop)),
    ("shl", |work, a, _, _| bigint::shift_left_bits(work, a, 1000).map(drop)),
    ("shr", |work, a, _, _| bigint::shift_right_bits(work, a, 100).map(drop)),
    ("and", |work, a, b, _| bigint::and(work, a, b).map(drop)),
    ("not", |work, a, _, _| bigint::not(work, a).map(drop)),
    ("as_int_n", |work, a, _, _| bigint::as_int_n(work, 77, a.negated()).map(drop)),
    ("as_uint_n", |work, a, _, _| bigint::as_uint_n(work, 77, a.negated()).map(drop)),
    ("from_f64", |work, _, _, _| bigint::from_f64(work, -1e300).map(drop)),
    ("to_text", |work, a, _, _| bigint::to_text(work, a, 10).map(drop)),
    ("to_text 16", |work, a, _, _| bigint::to_text(work, a, 16).map(drop)),
    ("parse", |work, _, _, text| bigint::parse(work, Text::Latin1(text.as_bytes())).map(drop)),
];

fn operands() -> (Vec<u64>, Vec<u64>, String) {
    let long: Vec<u64> = (1..11_000u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    let short = long[..5000].to_vec();
    (long, short, "90817263540".repeat(3000))
}

#[test]
fn every_refused_allocation_is_an_error_and_leaves_nothing() {
    let (long, short, text) = operands();
    // Sizes on both sides of the transform and of the reciprocal, and small ones.
    for (a_len, b_len) in [(3, 2), (300, 140), (3500, 1600), (long.len(), short.len())] {
        let (a, b) = (BigIntRef::new(false, &long[..a_len]), BigIntRef::new(true, &short[..b_len]));
        for (name, operation) in OPERATIONS {
            let counting = Failing::new(usize::MAX);
            operation(&mut Work::new(Memory::new(&counting)), a, b, &text[..11 * b_len.min(3000)]).unwrap();
            assert_eq!(counting.live.get(), 0, "{name}");
            let calls = counting.calls.get();
            assert!(calls > 0, "{name}");
            // Long runs repeat the same places; failures spread over them will do.
            for refused in (0..calls).step_by(calls / 60 + 1).chain([calls - 1]) {
                let failing = Failing::new(refused);
                let result =
                    operation(&mut Work::new(Memory::new(&failing)), a, b, &text[..11 * b_len.min(3000)]);
                assert_eq!(result, Err(Error::OutOfMemory), "{name}, allocation {refused} of {calls}");
                assert_eq!(failing.live.get(), 0, "{name}, allocation {refused} of {calls}");
            }
        }
    }
}

#[test]
fn nothing_comes_from_the_global_allocator() {
    let (long, short, text) = operands();
    let (a, b) = (BigIntRef::new(false, &long), BigIntRef::new(true, &short));
    let units: Vec<u16> = text.encode_utf16().collect();
    let before = global_calls();
    for (_, operation) in OPERATIONS {
        operation(&mut Work::new(Memory::new(&System)), a, b, &text).unwrap();
    }
    for value in [0.1, -1e-320, 1.7e308, 123456.789, 1e21, 4294967296.5] {
        let _ = number_to_string(value, &mut NumberBuffer::new());
        for radix in [2, 3, 16, 36] {
            let _ = number_to_string_radix(value, radix, &mut RadixBuffer::new());
        }
        let _ = to_fixed(value, 50, &mut FixedBuffer::new());
        let _ = to_precision(value, 100, &mut FixedBuffer::new());
        let _ = to_exponential(value, None, &mut FixedBuffer::new());
        let _ = bigint::compare_with_f64(a, value);
    }
    for units in [Text::Utf16(&units), Text::Latin1(text.as_bytes()), Text::from("0.30000000000000004e-300")]
    {
        let _ = string_to_number(units);
        let _ = parse_float_prefix(units);
        for radix in [0, 3, 10, 16] {
            let _ = parse_int(units, radix);
        }
        let _ = canonical_numeric_index(units);
    }
    assert_eq!(global_calls(), before);
    // The counter does count.
    drop(Box::new(std::hint::black_box(1u64)));
    assert!(global_calls() > before);
}
