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
//! | 3 | realloc | old address, new size, new address |
//! | 4 | free | address |
//! | 5 | refused alloc or alloc_zeroed | size |
//! | 6 | refused realloc | address, new size |
//! | 7 | upper bits 0: destroy_all; 1: trim | |
//!
//! The checksum is FNV-1a of 64 bits over all bytes before it, in eight bytes, lowest first: a trace that
//! was damaged or cut short is told from a whole one.
//!
//! Old sizes are not written: the reader knows them from the block's earlier records. An alloc and its
//! free take about eight bytes together.

use core::alloc::Layout;
use core::cell::RefCell;
use core::fmt;
use core::ptr::NonNull;
use std::boxed::Box;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::String;
use std::sync::{Mutex, PoisonError};
use std::vec::Vec;

use crate::contract::{Allocator, Stats};
use crate::spec::Word;

/// The first bytes of a trace; the last two are the version of the format.
pub(crate) const MAGIC: [u8; 8] = *b"TAREAT02";

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
const LONGEST_RECORD: usize = 1 + 3 * 10;

struct Recorder {
    buffer: Vec<u8>,
    /// `None` after an error.
    writer: Option<Box<dyn Write + Send>>,
    last_address: u64,
    /// Records begun.
    records: u64,
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
        let tag = if answer.is_some() { tag } else { Tag::RefusedAlloc };
        self.record(tag, layout.align().trailing_zeros(), |recorder| {
            recorder.number(layout.size() as u64);
            if let Some(block) = answer {
                recorder.address(block);
            }
        });
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
        // SAFETY: (1, 2, 3) passed on.
        let answer = unsafe { self.inner.realloc(block, old, new_size) };
        let tag = if answer.is_some() { Tag::Realloc } else { Tag::RefusedRealloc };
        self.record(tag, old.align().trailing_zeros(), |recorder| {
            recorder.address(block);
            recorder.number(new_size as u64);
            if let Some(moved) = answer {
                recorder.address(moved);
            }
        });
        answer
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        self.record(Tag::Free, layout.align().trailing_zeros(), |recorder| recorder.address(block));
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
            self.record(Tag::Whole, WHOLE_DESTROY.into(), |_| {});
        }
        done
    }
}
