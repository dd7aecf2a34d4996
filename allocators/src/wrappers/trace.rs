//! Trace: records every call in a compact form, to be replayed on another allocator.
//!
//! # The format
//! Eight bytes [`MAGIC`], then records until the end tag. A record begins with one byte: the tag in
//! the lower 3 bits, and the logarithm of the alignment (or, for [`Tag::Whole`], which call it was) in
//! the upper 5. Numbers follow as little-endian base-128 (7 bits a byte, the highest bit set in all
//! but the last). Addresses are written as the difference to the address written before (zero at
//! first), zigzag-coded so that small differences of either sign are short.
//!
//! | tag | record | numbers |
//! |---|---|---|
//! | 0 | end | number of records before it, then the checksum |
//! | 1 | alloc | size, address |
//! | 2 | alloc_zeroed | size, address |
//! | 3 | realloc | old address, new size, new address, and of a large block its lines |
//! | 4 | free | address, and of a large block its lines |
//! | 5 | refused alloc or alloc_zeroed | size |
//! | 6 | refused realloc | address, new size |
//! | 7 | upper bits 0: destroy_all; 1: trim | |
//!
//! The checksum is FNV-1a of 64 bits over all bytes before it, in eight bytes, lowest first: a trace that
//! was damaged or cut short is told from a whole one.
//!
//! The lines of a block of [`LARGE`] bytes and more say how far it was written to, in lines of [`LINE`] bytes from
//! its start. To find out, the recorder puts a stamp into each line of such a block when it comes, and looks which
//! stamps are left when it goes or changes; in zeroed ones it looks for lines that are still zero. Smaller
//! blocks count as written to whole.
//!
//! Old sizes are not written: the reader knows them from the block's earlier records. An alloc and its
//! free take about eight bytes together.

use core::alloc::Layout;
use core::cell::RefCell;
use core::fmt;
use core::ptr::NonNull;
use std::boxed::Box;
use std::collections::HashSet;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::String;
use std::sync::{Mutex, PoisonError};
use std::vec::Vec;

use crate::contract::{Allocator, Stats};
use crate::spec::Word;

/// The first bytes of a trace; the last two are the version of the format.
pub(crate) const MAGIC: [u8; 8] = *b"TAREAT03";

/// Of blocks of this size and more it is recorded how far they were written to.
pub(crate) const LARGE: usize = 4096;

/// What is written to is told in lines of so many bytes.
pub(crate) const LINE: usize = 64;

/// What a line holds that nobody wrote to.
const STAMP: u64 = 0x7AE5_11A5_7AE5_11A5;

/// The lower three bits of a record's first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    End,
    Alloc,
    AllocZeroed,
    Realloc,
    Free,
    RefusedAlloc,
    RefusedRealloc,
    Whole,
}

/// What [`Tag::Whole`] has in its upper bits.
pub(crate) const WHOLE_DESTROY: u8 = 0;
pub(crate) const WHOLE_TRIM: u8 = 1;

/// FNV-1a over more bytes; begin with [`FNV_START`].
pub(crate) fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
pub(crate) const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// Maps small numbers of either sign to small numbers.
fn zigzag(value: u64) -> u64 {
    (value << 1) ^ (value.cast_signed() >> 63).cast_unsigned()
}

/// The buffer is written out when it is this full; no record is longer than [`LONGEST_RECORD`].
const BUFFER_BYTES: usize = 64 * 1024;
const LONGEST_RECORD: usize = 1 + 4 * 10;

struct Recorder {
    buffer: Vec<u8>,
    /// `None` after an error.
    writer: Option<Box<dyn Write + Send>>,
    last_address: u64,
    /// Records begun.
    records: u64,
    /// Large blocks that came zeroed, by address.
    zeroed: HashSet<usize>,
    /// Checksum of the bytes handed to the writer.
    checksum: u64,
    error: Option<std::io::Error>,
}

impl Recorder {
    fn begin(&mut self, tag: Tag, upper: u32) {
        if self.buffer.len() + LONGEST_RECORD > BUFFER_BYTES {
            self.flush();
        }
        self.records += 1;
        self.buffer.push(tag as u8 | (upper as u8) << 3);
    }
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.buffer.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.buffer.push(number as u8);
    }
    fn address(&mut self, block: NonNull<u8>) {
        let address = block.as_ptr().addr() as u64;
        self.number(zigzag(address.wrapping_sub(self.last_address)));
        self.last_address = address;
    }
    /// The lines of a block that goes or changes; nothing for a small one.
    fn lines(&mut self, lines: Option<usize>) {
        if let Some(lines) = lines {
            self.number(lines as u64);
        }
    }
    /// Hands the buffer to the writer. After an error nothing more is written.
    fn flush(&mut self) {
        self.checksum = fnv(self.checksum, &self.buffer);
        if let Some(writer) = &mut self.writer {
            let buffer = &self.buffer;
            // An allocator may not unwind, whatever the host's writer does.
            let result = catch_unwind(AssertUnwindSafe(|| {
                writer.write_all(buffer)?;
                writer.flush()
            }));
            let error = match result {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error),
                Err(_) => Some(std::io::Error::other("the writer of the trace panicked")),
            };
            if error.is_some() {
                self.error = error;
                self.writer = None;
            }
        }
        self.buffer.clear();
    }
}

/// The first trace of this process that could not be written to its end, and why.
static FAILURE: Mutex<Option<String>> = Mutex::new(None);

fn note_failure(label: &str, error: &std::io::Error) {
    let mut failure = FAILURE.lock().unwrap_or_else(PoisonError::into_inner);
    failure.get_or_insert_with(|| std::format!("the trace {label} could not be written: {error}"));
}

/// Takes the message about the first trace of this process that could not be written to its end. An
/// allocator has no way to tell of it when it is dropped, which is when the last of a trace is written.
pub fn take_trace_failure() -> Option<String> {
    FAILURE.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Records every call to the allocator inside. See the module for the format, and
/// [`mod@crate::replay`] for what to do with it.
///
/// The end of the trace is written when the wrapper is dropped.
pub struct Trace<A: Allocator> {
    label: String,
    recorder: RefCell<Recorder>,
    inner: A,
}

impl<A: Allocator> Trace<A> {
    /// Records calls to `inner` into `writer`. `label` is what the wrapper calls itself: the path, for
    /// a trace into a file.
    pub fn new(label: &str, writer: impl Write + Send + 'static, inner: A) -> Self {
        let mut buffer = Vec::with_capacity(BUFFER_BYTES);
        buffer.extend_from_slice(&MAGIC);
        let recorder = Recorder {
            buffer,
            writer: Some(Box::new(writer)),
            last_address: 0,
            records: 0,
            zeroed: HashSet::new(),
            checksum: FNV_START,
            error: None,
        };
        Trace { label: label.into(), recorder: RefCell::new(recorder), inner }
    }

    /// The allocator inside.
    pub fn inner(&self) -> &A {
        &self.inner
    }

    /// Hands what is recorded so far to the writer.
    ///
    /// # Errors
    /// The first error that the writer returned, once; recording stopped there.
    pub fn flush(&self) -> std::io::Result<()> {
        let mut recorder = self.recorder.borrow_mut();
        recorder.flush();
        recorder.error.take().map_or(Ok(()), Err)
    }

    /// Writes one record. A writer that uses this allocator goes unrecorded.
    fn record(&self, tag: Tag, upper: u32, numbers: impl FnOnce(&mut Recorder)) {
        if let Ok(mut recorder) = self.recorder.try_borrow_mut() {
            recorder.begin(tag, upper);
            numbers(&mut recorder);
        }
    }

    fn record_alloc(&self, tag: Tag, layout: Layout, answer: Option<NonNull<u8>>) {
        if let Some(block) = answer.filter(|_| layout.size() >= LARGE) {
            if tag == Tag::AllocZeroed {
                self.zeroed(|zeroed| zeroed.insert(block.addr().get()));
            } else {
                // SAFETY: (1) the block was just returned for this size; nobody uses it yet.
                unsafe { stamp(block, 0, layout.size()) };
            }
        }
        let tag = if answer.is_some() { tag } else { Tag::RefusedAlloc };
        self.record(tag, layout.align().trailing_zeros(), |recorder| {
            recorder.number(layout.size() as u64);
            if let Some(block) = answer {
                recorder.address(block);
            }
        });
    }

    /// Looks at or changes the set of large zeroed blocks; false while the recorder is at work.
    fn zeroed(&self, with: impl FnOnce(&mut HashSet<usize>) -> bool) -> bool {
        self.recorder.try_borrow_mut().is_ok_and(|mut recorder| with(&mut recorder.zeroed))
    }

    /// How many lines of a large block, from its start, hold all that was written to.
    ///
    /// # Safety
    /// 1. `block` is live and holds `size` bytes.
    unsafe fn lines_of(&self, block: NonNull<u8>, size: usize) -> Option<usize> {
        if size < LARGE {
            return None;
        }
        let zeroed = self.zeroed(|zeroed| zeroed.contains(&block.addr().get()));
        let untouched = |line: &usize| {
            let (start, end) = (line * LINE, ((line + 1) * LINE).min(size));
            // A piece too short for a stamp tells nothing: it goes with the line before it.
            if end - start < size_of::<u64>() {
                return true;
            }
            // SAFETY: (1) the line lies within the block; a stamp was put into it, or it was zeroed or copied.
            let first = unsafe { block.add(start).cast::<u64>().as_ptr().read_unaligned() };
            let clear = || {
                // SAFETY: (1) as above.
                (start..end).all(|at| unsafe { block.add(at).as_ptr().read_volatile() } == 0)
            };
            first == STAMP || (zeroed && first == 0 && clear())
        };
        let lines = size.div_ceil(LINE);
        Some((0..lines).rev().find(|line| !untouched(line)).map_or(0, |last| last + 1))
    }
}

/// Puts a stamp into each line of a block from the first that begins at or after an offset.
///
/// # Safety
/// 1. The block is live, holds `size` bytes, and its owner does not use those from `from` on.
unsafe fn stamp(block: NonNull<u8>, from: usize, size: usize) {
    for offset in (from.next_multiple_of(LINE)..size).step_by(LINE) {
        if size - offset >= size_of::<u64>() {
            // SAFETY: (1) eight bytes from here on lie within the block.
            unsafe { block.add(offset).cast::<u64>().as_ptr().write_unaligned(STAMP) };
        }
    }
}

impl<A: Allocator> Drop for Trace<A> {
    fn drop(&mut self) {
        let recorder = self.recorder.get_mut();
        let records = recorder.records;
        recorder.begin(Tag::End, 0);
        recorder.number(records);
        // The checksum is of what was flushed.
        recorder.flush();
        let checksum = recorder.checksum;
        recorder.buffer.extend_from_slice(&checksum.to_le_bytes());
        recorder.flush();
        if let Some(error) = recorder.error.take() {
            note_failure(&self.label, &error);
        }
    }
}

// SAFETY: every block is `inner`'s, passed on unchanged; the writer is kept from unwinding.
unsafe impl<A: Allocator> Allocator for Trace<A> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trace({}, ", Word(&self.label))?;
        self.inner.describe(f)?;
        f.write_str(")")
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        let answer = unsafe { self.inner.alloc(layout) };
        self.record_alloc(Tag::Alloc, layout, answer);
        answer
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        let answer = unsafe { self.inner.alloc_zeroed(layout) };
        self.record_alloc(Tag::AllocZeroed, layout, answer);
        answer
    }
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (1) the block is still live here.
        let lines = unsafe { self.lines_of(block, old.size()) };
        // SAFETY: (1, 2, 3) passed on.
        let answer = unsafe { self.inner.realloc(block, old, new_size) };
        if let Some(moved) = answer {
            self.zeroed(|zeroed| {
                let was = zeroed.remove(&block.addr().get());
                was && new_size >= LARGE && zeroed.insert(moved.addr().get())
            });
            if new_size >= LARGE && new_size > old.size() {
                // SAFETY: (1) the block was just returned for the new size; what is beyond the old is nobody's yet.
                unsafe { stamp(moved, old.size(), new_size) };
            }
        }
        let tag = if answer.is_some() { Tag::Realloc } else { Tag::RefusedRealloc };
        self.record(tag, old.align().trailing_zeros(), |recorder| {
            recorder.address(block);
            recorder.number(new_size as u64);
            if let Some(moved) = answer {
                recorder.address(moved);
                recorder.lines(lines);
            }
        });
        answer
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1) the block is still live here.
        let lines = unsafe { self.lines_of(block, layout.size()) };
        self.zeroed(|zeroed| zeroed.remove(&block.addr().get()));
        self.record(Tag::Free, layout.align().trailing_zeros(), |recorder| {
            recorder.address(block);
            recorder.lines(lines);
        });
        // SAFETY: (1, 2) passed on.
        unsafe { self.inner.free(block, layout) };
    }
    unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> Option<usize> {
        // SAFETY: (1) passed on.
        unsafe { self.inner.usable_size(block, layout) }
    }
    fn good_size(&self, layout: Layout) -> usize {
        self.inner.good_size(layout)
    }
    fn committed(&self) -> Option<usize> {
        self.inner.committed()
    }
    fn held(&self) -> Option<usize> {
        self.inner.held()
    }
    fn block_head(&self) -> usize {
        self.inner.block_head()
    }
    fn stats(&self) -> Stats {
        self.inner.stats()
    }
    fn trim(&self) {
        self.record(Tag::Whole, WHOLE_TRIM.into(), |_| {});
        self.inner.trim();
    }
    unsafe fn destroy_all(&self) -> bool {
        // SAFETY: (1) passed on.
        let done = unsafe { self.inner.destroy_all() };
        if done {
            self.zeroed(|zeroed| {
                zeroed.clear();
                true
            });
            self.record(Tag::Whole, WHOLE_DESTROY.into(), |_| {});
        }
        done
    }
}
