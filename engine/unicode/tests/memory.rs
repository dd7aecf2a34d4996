//! Memory: nothing comes from the global allocator, every refusal is an error that leaks nothing, and the
//! tables are as small as they were.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr::NonNull;

use tare_allocators::{Allocator, Memory, System};
use tare_unicode as u;

/// The global allocator, counting the requests of each thread.
struct Counting;

thread_local! {
    static REQUESTS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        REQUESTS.with(|requests| requests.set(requests.get() + 1));
        // SAFETY: the caller keeps the same duties.
        unsafe { std::alloc::System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the same duties.
        unsafe { std::alloc::System.dealloc(block, layout) }
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

/// Refuses the request number `fail_at` (from 1), counts requests and live blocks.
struct Failing {
    system: System,
    fail_at: usize,
    requests: Cell<usize>,
    live: Cell<usize>,
}

impl Failing {
    fn new(fail_at: usize) -> Self {
        Failing { system: System, fail_at, requests: Cell::new(0), live: Cell::new(0) }
    }

    fn refuses(&self) -> bool {
        self.requests.set(self.requests.get() + 1);
        self.requests.get() == self.fail_at
    }
}

// SAFETY: blocks come from `System`, which keeps the contract; a refusal is `None` and changes nothing.
unsafe impl Allocator for Failing {
    fn describe(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failing")
    }

    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        if self.refuses() {
            return None;
        }
        self.live.set(self.live.get() + 1);
        // SAFETY: (1) is the caller's.
        unsafe { self.system.alloc(layout) }
    }

    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        if self.refuses() {
            return None;
        }
        // SAFETY: (1-3) are the caller's; the block is one of `System`.
        unsafe { self.system.realloc(block, old, new_size) }
    }

    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        self.live.set(self.live.get() - 1);
        // SAFETY: (1, 2) are the caller's; the block is one of `System`.
        unsafe { self.system.free(block, layout) }
    }
}

/// Texts that take every path: clean, decomposing, growing, reordering, composing, beyond the BMP.
fn texts() -> Vec<Vec<u16>> {
    let marks: String = (0..300).map(|i| if i % 2 == 0 { '\u{301}' } else { '\u{323}' }).collect();
    [
        "plain text",
        "d\u{e9}j\u{e0} vu",
        "\u{fdfa}\u{fdfa}\u{fb03}",
        "\u{1e9b}\u{323}e\u{301}\u{316}",
        "\u{d55c}\u{ae00}\u{1112}\u{1161}\u{11ab}",
        "\u{1d15e}\u{1d1bb}\u{2f800}\u{110ba}",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain([format!("a{marks}b{marks}")])
    .map(|text| text.encode_utf16().collect())
    .collect()
}

const FORMS: [u::Form; 4] = [u::Form::Nfc, u::Form::Nfd, u::Form::Nfkc, u::Form::Nfkd];

#[test]
fn every_refused_request_is_an_error_and_leaks_nothing() {
    let latin: Vec<u8> = (0..=255).collect();
    let mut refusals = 0;
    let texts = texts();
    let texts: Vec<u::Text> =
        texts.iter().map(|text| u::Text::Utf16(text)).chain([u::Text::Latin1(&latin)]).collect();
    for text in texts {
        for form in FORMS {
            for fail_at in 1.. {
                let allocator = Failing::new(fail_at);
                let result = u::normalize(form, text, Memory::new(&allocator));
                let refused = allocator.requests.get() >= fail_at;
                assert_eq!(result.is_err(), refused, "{form:?} request {fail_at} of {text:X?}");
                drop(result);
                assert_eq!(allocator.live.get(), 0, "{form:?} request {fail_at} of {text:X?}");
                if !refused {
                    break;
                }
                refusals += 1;
            }
        }
    }
    assert!(refusals > 100, "{refusals}");
}

#[test]
fn nothing_comes_from_the_global_allocator() {
    let texts = texts();
    let allocator = Failing::new(usize::MAX);
    let before = REQUESTS.with(Cell::get);
    let mut sum = 0usize;
    for text in &texts {
        for form in FORMS {
            sum +=
                u::normalize(form, u::Text::Utf16(text), Memory::new(&allocator)).map_or(0, |out| out.len());
            sum += u::quick_check(form, u::Text::Utf16(text)) as usize;
        }
    }
    for c in (0..=u::MAX_CODE_POINT).step_by(7) {
        sum += usize::from(u::is_id_start(c)) + usize::from(u::is_id_continue(c)) + u::to_upper_full(c).len();
        sum += u::to_lower_full(c).len() + u::fold_simple(c) as usize + usize::from(u::is_cased(c));
        u::for_each_case_equivalent(c, u::CaseMode::Unicode, |e| sum += e as usize);
    }
    for (name, value) in
        [("Alphabetic", None), ("Lu", None), ("scx", Some("Latin")), ("Script", Some("Greek"))]
    {
        let property = u::lookup_property(name, value);
        assert!(property.is_some());
        if let Some(property) = property {
            property.for_each_range(|start, end| sum += (end - start) as usize);
            sum += usize::from(property.contains(0x3B1));
        }
    }
    if let Some(property) = u::lookup_property_of_strings("RGI_Emoji") {
        property.for_each_string(|string| sum += string.len());
    }
    let after = REQUESTS.with(Cell::get);
    assert!(sum > 0 && allocator.requests.get() > 0);
    assert_eq!(after - before, 0, "requests to the global allocator");
    // The counter counts: one box is one request.
    drop(std::hint::black_box(Box::new(sum)));
    assert_eq!(REQUESTS.with(Cell::get), after + 1);
}

#[test]
fn the_tables_are_as_small_as_they_were() {
    assert_eq!(u::TABLE_BYTES, 56_371);
    const { assert!(u::TABLE_BYTES <= 64 * 1024) };
}
