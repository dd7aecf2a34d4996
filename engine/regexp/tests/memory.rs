//! Memory: every allocation refused in turn, nothing kept, nothing from the global allocator.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;
use std::alloc::GlobalAlloc;
use std::cell::Cell;

use tare_allocators::{Allocator, Memory, System};
use tare_regexp::{CompileError, ExecError, Flags, Scratch, Text, compile, exec};

thread_local! {
    static GLOBAL: Cell<usize> = const { Cell::new(0) };
}

/// Counts what this thread takes from the global allocator.
struct CountingGlobal;

// SAFETY: every duty is passed on to the system's allocator.
unsafe impl GlobalAlloc for CountingGlobal {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        GLOBAL.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's duties are the same.
        unsafe { std::alloc::System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's duties are the same.
        unsafe { std::alloc::System.dealloc(block, layout) }
    }
}

#[global_allocator]
static COUNTING: CountingGlobal = CountingGlobal;

/// Refuses one allocation, counted from zero, or all that pass a limit of bytes.
struct Refusing {
    inner: System,
    made: Cell<usize>,
    refused: usize,
    live: Cell<usize>,
    limit: usize,
    peak: Cell<usize>,
}

impl Refusing {
    fn new(refused: usize, limit: usize) -> Self {
        let (made, live, peak) = (Cell::new(0), Cell::new(0), Cell::new(0));
        Refusing { inner: System, made, refused, live, limit, peak }
    }

    fn admits(&self, more: usize) -> bool {
        let number = self.made.replace(self.made.get() + 1);
        number != self.refused && self.live.get() + more <= self.limit
    }

    fn charge(&self, more: usize, less: usize) {
        self.live.set(self.live.get() + more - less);
        self.peak.set(self.peak.get().max(self.live.get()));
    }
}

// SAFETY: blocks come from the inner allocator, whose duties are the same; refusals are `None`.
unsafe impl Allocator for Refusing {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refusing")
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        if !self.admits(layout.size()) {
            return None;
        }
        self.charge(layout.size(), 0);
        // SAFETY: (1) passed on to the caller.
        unsafe { self.inner.alloc(layout) }
    }
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        if !self.admits(new_size - old.size().min(new_size)) {
            return None;
        }
        self.charge(new_size, old.size());
        // SAFETY: (1, 2, 3) passed on to the caller.
        unsafe { self.inner.realloc(block, old, new_size) }
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        self.charge(0, layout.size());
        // SAFETY: (1, 2) passed on to the caller.
        unsafe { self.inner.free(block, layout) }
    }
}

const CASES: &[(&str, &str, &str)] = &[
    (r"(?<year>\d{4})-(?<month>\d\d)|(?<year>x)\k<year>", "", "in 2026-11 or so"),
    (r"((a+)?(b+)?(c))*", "", "aacbbbcac"),
    (r"(?<=(\d+)(\d+))[^a-fé]", "i", "1053x"),
    (r"[\p{Lu}--[A-F]]+[\q{abc|de|f}k]", "iv", "HELLOabcde"),
    (r"^(?:alpha|beta|gamma|delta|epsilon)\b(?!.*(\w)\1)", "m", "x\nalpha beta"),
    (r"(?:a|ab)(?:c|bcd)(?:d*)?(?=(z*?)y)(?i:k)", "u", "abcdzyk abcdk"),
    (r"\p{RGI_Emoji}", "v", "x 👩\u{200d}👩\u{200d}👦"),
    (r"(?:(x|y|z){2,5}?,)*\1", "s", "xyz,zyx,x"),
];

fn run(case: &(&str, &str, &str), memory: Memory<'_>) -> Result<bool, CompileError> {
    let mut buffers = [[0u16; 128]; 3];
    let mut lengths = [0; 3];
    for ((text, buffer), length) in [case.0, case.1, case.2].into_iter().zip(&mut buffers).zip(&mut lengths) {
        for unit in text.encode_utf16() {
            buffer[*length] = unit;
            *length += 1;
        }
    }
    let texts: [Text<'_>; 3] = core::array::from_fn(|index| Text::Utf16(&buffers[index][..lengths[index]]));
    let flags = Flags::parse(texts[1]).expect("flags");
    let program = compile(texts[0], flags, memory)?;
    let mut scratch = Scratch::new(memory);
    let mut start = 0;
    let mut any = false;
    while start <= texts[2].len() {
        match exec(program.as_ref(), texts[2], start, &mut scratch, &mut || false) {
            Ok(true) => any = true,
            Ok(false) => break,
            Err(ExecError::OutOfMemory) => return Err(CompileError::OutOfMemory),
            Err(error) => panic!("{error:?}"),
        }
        start = scratch.group(0).expect("a match").end.max(start + 1);
    }
    Ok(any)
}

#[test]
fn every_allocation_can_fail() {
    for case in CASES {
        let counting = Refusing::new(usize::MAX, usize::MAX);
        let expected = run(case, Memory::new(&counting)).expect("enough memory");
        assert_eq!(counting.live.get(), 0, "nothing is kept");
        for refused in 0..counting.made.get() {
            let refusing = Refusing::new(refused, usize::MAX);
            match run(case, Memory::new(&refusing)) {
                Err(CompileError::OutOfMemory) => {}
                Ok(found) => assert_eq!(found, expected),
                Err(error) => panic!("{error}"),
            }
            assert_eq!(refusing.live.get(), 0, "nothing is kept when allocation {refused} fails");
        }
    }
}

#[test]
fn nothing_comes_from_the_global_allocator() {
    for case in CASES {
        let before = GLOBAL.with(Cell::get);
        let result = run(case, Memory::new(&System));
        let after = GLOBAL.with(Cell::get);
        assert!(result.is_ok());
        assert_eq!(after - before, 0, "{}", case.0);
    }
}

#[test]
fn a_limit_of_memory_stops_the_stack() {
    let refusing = Refusing::new(usize::MAX, 1 << 20);
    let memory = Memory::new(&refusing);
    let program = compile(Text::Latin1(b"(?:a|b|ab)*c"), Flags::NONE, memory).expect("a pattern");
    let subject = vec![b'a'; 1 << 20];
    let mut scratch = Scratch::new(memory);
    let result = exec(program.as_ref(), Text::Latin1(&subject), 0, &mut scratch, &mut || false);
    // The required `c` is missing, so there is nothing to try.
    assert_eq!(result, Ok(false));
    let program = compile(Text::Latin1(b"(?:a|b|ab)*(?:c|d)"), Flags::NONE, memory).expect("a pattern");
    let result = exec(program.as_ref(), Text::Latin1(&subject), 0, &mut scratch, &mut || false);
    assert_eq!(result, Err(ExecError::OutOfMemory));
    assert!(refusing.peak.get() <= 1 << 20);
    // The same scratch serves again.
    let again = exec(program.as_ref(), Text::Latin1(b"abd"), 0, &mut scratch, &mut || false);
    assert_eq!(again, Ok(true));
    assert_eq!(scratch.group(0), Some(0..3));
}

#[test]
fn deterministic_loops_take_no_stack() {
    let refusing = Refusing::new(usize::MAX, 4096);
    let memory = Memory::new(&refusing);
    let subject = b"abcab,".repeat(100_000);
    for pattern in [&br"(?:([ac])(b)?|,)*$"[..], br"(?:[a-c]+,)+$", br"^(?:(\w)|(,)){100,}"] {
        let program = compile(Text::Latin1(pattern), Flags::NONE, memory).expect("a pattern");
        let mut scratch = Scratch::new(memory);
        let result = exec(program.as_ref(), Text::Latin1(&subject), 0, &mut scratch, &mut || false);
        let name = String::from_utf8_lossy(pattern);
        if pattern.starts_with(b"^") {
            // What follows the loop is unknown, so every iteration keeps its choice.
            assert_eq!(result, Err(ExecError::OutOfMemory), "{name}");
        } else {
            assert_eq!(result, Ok(true), "{name}");
        }
    }
}
