//! Replays a recorded trace on an allocator alone.
//!
//! [`Program::read`] turns the bytes that [`crate::wrappers::Trace`] wrote into calls on numbered
//! blocks, checking them on the way. [`Program::run`] makes the calls, and writes to the blocks as far as the recorded
//! program did: the first touch of a page costs more than most calls, and where it falls is the allocator's doing.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;
use std::collections::HashMap;
use std::time::Duration;
use std::vec::Vec;

use crate::contract::{Allocator, Stats};
use crate::wrappers::{FNV_START, LARGE, LINE, MAGIC, Tag, WHOLE_DESTROY, WHOLE_TRIM, fnv};

/// One call of a trace. `block` is the number of a place that holds at most one block at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Allocate.
    Alloc {
        /// Where the block is put.
        block: u32,
        /// Its layout.
        layout: Layout,
        /// Whether it is to be zeroed.
        zeroed: bool,
        /// How many of its bytes, from the start, were written to before it was freed or changed.
        touched: usize,
    },
    /// Change the size of a block.
    Realloc {
        /// Which.
        block: u32,
        /// The new size, in bytes.
        new_size: usize,
        /// How many of its bytes, from the start, were written to before it was freed or changed again.
        touched: usize,
    },
    /// Free a block.
    Free {
        /// Which.
        block: u32,
    },
    /// Free all blocks at once.
    DestroyAll,
    /// Give free memory back.
    Trim,
}

/// A trace that was read and found consistent.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The calls that succeeded, in order.
    pub ops: Vec<Op>,
    /// Number of places for blocks: the most that were live at once.
    pub places: u32,
    /// Number of calls that were refused when the trace was recorded; they are not replayed.
    pub refused: u64,
    /// False where the trace breaks off, because the recording program did.
    pub complete: bool,
}

/// Why bytes are not a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    /// The byte where the offending record begins, counted from 0.
    pub offset: usize,
    /// What is wrong.
    pub problem: &'static str,
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a usable allocation trace: byte {}: {}", self.offset, self.problem)
    }
}

impl std::error::Error for TraceError {}

/// How to replay.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Write to the blocks as far as the recorded program did: a byte in each line of 64.
    pub touch: bool,
    /// The clock, in nanoseconds: best that of the thread's time on a core. What else runs on the machine shows
    /// in the default, the clock on the wall.
    pub clock: fn() -> u64,
    /// Take the allocator's figures after so many calls, each time. The clock stands still for it.
    pub sample_every: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Options { touch: false, clock: wall_ns, sample_every: None }
    }
}

/// Nanoseconds by the clock on the wall since the first call.
fn wall_ns() -> u64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed().as_nanos() as u64
}

/// The allocator's figures at one moment of a replay.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Number of calls done.
    pub ops: usize,
    /// Bytes in live blocks, as they were asked for.
    pub requested: usize,
    /// The allocator's own figures.
    pub stats: Stats,
}

/// What a replay measured.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// Time of the calls, of writing to the blocks and of going through the list, by the clock of the options and
    /// without samples.
    pub elapsed: Duration,
    /// Bytes in the lines that were written to.
    pub touched: u64,
    /// Number of calls made.
    pub calls: u64,
    /// Number of calls that this allocator refused; calls on blocks it refused are left out.
    pub refused: u64,
    /// The most bytes that live blocks had been asked for.
    pub peak_requested: usize,
    /// The figures on the way.
    pub samples: Vec<Sample>,
    /// The figures at the end, before the blocks that are left are freed.
    pub end: Stats,
    /// Number of blocks left at the end.
    pub left: usize,
}

struct Bytes<'a> {
    bytes: &'a [u8],
    at: usize,
    last_address: u64,
    records: u64,
}

impl Bytes<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }
    /// `None` at the end of the bytes. Bits above the 64th are dropped.
    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            if shift < 64 {
                number |= u64::from(byte & 0x7F) << shift;
                shift += 7;
            }
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
    }
    fn address(&mut self) -> Option<u64> {
        let coded = self.number()?;
        let difference = (coded >> 1) ^ (coded & 1).wrapping_neg();
        self.last_address = self.last_address.wrapping_add(difference);
        Some(self.last_address)
    }
}

/// The blocks that are live while a trace is read.
#[derive(Default)]
struct Places {
    /// By address: place, layout, and the call that made it what it is.
    live: HashMap<u64, (u32, Layout, usize)>,
    free: Vec<u32>,
    count: u32,
}

impl Places {
    fn take(&mut self) -> Result<u32, &'static str> {
        if let Some(place) = self.free.pop() {
            return Ok(place);
        }
        let place = self.count;
        self.count = place.checked_add(1).ok_or("more than four thousand million live blocks")?;
        Ok(place)
    }
}

impl Program {
    /// Reads a trace.
    ///
    /// # Errors
    /// The bytes are not a trace, or contradict themselves. A trace that merely breaks off is read as
    /// far as it goes; see [`Program::complete`].
    pub fn read(bytes: &[u8]) -> Result<Self, TraceError> {
        if bytes.get(..MAGIC.len()) != Some(&MAGIC[..]) {
            return Err(TraceError { offset: 0, problem: "it does not begin with TAREAT03" });
        }
        let mut bytes = Bytes { bytes, at: MAGIC.len(), last_address: 0, records: 0 };
        let mut program = Program::default();
        let mut places = Places::default();
        loop {
            let offset = bytes.at;
            match program.read_record(&mut bytes, &mut places) {
                Ok(Some(true)) => {}
                Ok(Some(false)) => {
                    program.complete = true;
                    break;
                }
                Ok(None) => break,
                Err(problem) => return Err(TraceError { offset, problem }),
            }
        }
        program.places = places.count;
        Ok(program)
    }

    /// Reads one record: `true` if there is more, `false` at the end tag, `None` where bytes break off.
    fn read_record(
        &mut self,
        bytes: &mut Bytes<'_>,
        places: &mut Places,
    ) -> Result<Option<bool>, &'static str> {
        const UNKNOWN: &str = "it names a block that is not live";
        // Nothing is entered into `self` before the whole record is there.
        macro_rules! get {
            ($read:expr) => {
                match $read {
                    Some(value) => value,
                    None => return Ok(None),
                }
            };
        }
        let first = get!(bytes.byte());
        let upper = first >> 3;
        let layout = |size: u64| {
            let size = usize::try_from(size).map_err(|_| "it names a size that no machine has")?;
            if size == 0 {
                return Err("it names a block of no bytes");
            }
            Layout::from_size_align(size, 1 << upper).map_err(|_| "it names a size that no machine has")
        };
        // `None` where the bytes break off; all lines for a block too small to have its lines told.
        let lines = |bytes: &mut Bytes<'_>, layout: Layout| {
            let all = layout.size().div_ceil(LINE);
            if layout.size() < LARGE {
                return Ok(Some(all));
            }
            let lines = bytes.number().map(|n| usize::try_from(n).unwrap_or(usize::MAX));
            match lines {
                Some(lines) if lines > all => Err("more of a block was written to than there is"),
                lines => Ok(lines),
            }
        };
        match first & 7 {
            tag if tag == Tag::End as u8 => {
                let records = get!(bytes.number());
                let sum = fnv(FNV_START, &bytes.bytes[..bytes.at]).to_le_bytes();
                let rest = &bytes.bytes[bytes.at..];
                if rest.len() < sum.len() && sum.starts_with(rest) {
                    return Ok(None);
                }
                if records != bytes.records || rest != sum {
                    return Err("it is damaged: what is read does not have the checksum at its end");
                }
                return Ok(Some(false));
            }
            tag if tag == Tag::Alloc as u8 || tag == Tag::AllocZeroed as u8 => {
                let layout = layout(get!(bytes.number()))?;
                let address = get!(bytes.address());
                let block = places.take()?;
                if places.live.insert(address, (block, layout, self.ops.len())).is_some() {
                    return Err("it allocates a block where one is live");
                }
                // Whole, until its end says otherwise.
                let (zeroed, touched) = (tag == Tag::AllocZeroed as u8, layout.size());
                self.ops.push(Op::Alloc { block, layout, zeroed, touched });
            }
            tag if tag == Tag::Realloc as u8 => {
                let old = get!(bytes.address());
                let layout = layout(get!(bytes.number()))?;
                let new = get!(bytes.address());
                let (block, before, made) = *places.live.get(&old).ok_or(UNKNOWN)?;
                let lines = get!(lines(bytes, before)?);
                places.live.remove(&old);
                if places.live.insert(new, (block, layout, self.ops.len())).is_some() {
                    return Err("it moves a block to where one is live");
                }
                self.touched(made, before, lines);
                let new_size = layout.size();
                self.ops.push(Op::Realloc { block, new_size, touched: new_size });
            }
            tag if tag == Tag::Free as u8 => {
                let address = get!(bytes.address());
                let (block, layout, made) = *places.live.get(&address).ok_or(UNKNOWN)?;
                let lines = get!(lines(bytes, layout)?);
                places.live.remove(&address);
                self.touched(made, layout, lines);
                places.free.push(block);
                self.ops.push(Op::Free { block });
            }
            tag if tag == Tag::RefusedAlloc as u8 => {
                get!(bytes.number());
                self.refused += 1;
            }
            tag if tag == Tag::RefusedRealloc as u8 => {
                get!(bytes.address());
                get!(bytes.number());
                self.refused += 1;
            }
            _ if upper == WHOLE_DESTROY => {
                places.free.extend(places.live.drain().map(|(_, (block, ..))| block));
                self.ops.push(Op::DestroyAll);
            }
            _ if upper == WHOLE_TRIM => self.ops.push(Op::Trim),
            _ => return Err("it is of a kind that this version does not know"),
        }
        bytes.records += 1;
        Ok(Some(true))
    }

    /// Notes how much was written to a block since a call.
    fn touched(&mut self, call: usize, layout: Layout, lines: usize) {
        if let Some(Op::Alloc { touched, .. } | Op::Realloc { touched, .. }) = self.ops.get_mut(call) {
            *touched = (lines * LINE).min(layout.size());
        }
    }

    /// Bytes that a replay on an allocator that refuses nothing writes to.
    pub fn touches(&self) -> u64 {
        let mut at = std::vec![0; self.places as usize];
        let mut sum = 0;
        for op in &self.ops {
            if let Op::Alloc { block, touched, .. } = *op {
                at[block as usize] = touched;
                sum += touched as u64;
            } else if let Op::Realloc { block, new_size, touched } = *op {
                let before = at[block as usize].min(new_size);
                sum += touched.saturating_sub(before) as u64;
                at[block as usize] = touched.max(before);
            }
        }
        sum
    }

    /// Makes the calls on `allocator`, measures, and frees what is left. The allocator should be fresh.
    pub fn run(&self, allocator: &dyn Allocator, options: Options) -> Replay {
        let mut state = State {
            allocator,
            touch: options.touch,
            blocks: std::vec![None; self.places as usize],
            requested: 0,
            replay: Replay::default(),
        };
        let since = |start: u64| Duration::from_nanos((options.clock)().saturating_sub(start));
        let mut started = (options.clock)();
        for (index, &op) in self.ops.iter().enumerate() {
            state.call(op);
            if options.sample_every.is_some_and(|every| every != 0 && (index + 1) % every == 0) {
                state.replay.elapsed += since(started);
                let sample = Sample { ops: index + 1, requested: state.requested, stats: allocator.stats() };
                state.replay.samples.push(sample);
                started = (options.clock)();
            }
        }
        state.replay.elapsed += since(started);
        state.replay.end = allocator.stats();
        state.replay.left = state.blocks.iter().flatten().count();
        state.free_all();
        state.replay
    }
}

struct State<'a> {
    allocator: &'a dyn Allocator,
    touch: bool,
    /// What is at each place: the block, its layout, and how many of its bytes were written to.
    blocks: Vec<Option<(NonNull<u8>, Layout, usize)>>,
    requested: usize,
    replay: Replay,
}

impl State<'_> {
    fn call(&mut self, op: Op) {
        match op {
            Op::Alloc { block, layout, zeroed, touched } => {
                // SAFETY: (1) the reader accepts no empty blocks.
                let answer = unsafe {
                    if zeroed { self.allocator.alloc_zeroed(layout) } else { self.allocator.alloc(layout) }
                };
                self.replay.calls += 1;
                match answer {
                    Some(start) => {
                        self.grow(layout.size());
                        let touched = self.write(start, 0, touched);
                        self.blocks[block as usize] = Some((start, layout, touched));
                    }
                    None => self.replay.refused += 1,
                }
            }
            Op::Realloc { block, new_size, touched } => {
                let Some((start, old, before)) = self.blocks[block as usize] else {
                    return;
                };
                let Ok(new) = Layout::from_size_align(new_size, old.align()) else {
                    return;
                };
                self.replay.calls += 1;
                // SAFETY: (1) the block is live here with this layout; (2) checked just now, and the
                // reader accepts no empty blocks; (3) the pointer is replaced.
                match unsafe { self.allocator.realloc(start, old, new_size) } {
                    Some(moved) => {
                        self.requested -= old.size();
                        self.grow(new_size);
                        let touched = self.write(moved, before.min(new_size), touched);
                        self.blocks[block as usize] = Some((moved, new, touched));
                    }
                    None => self.replay.refused += 1,
                }
            }
            Op::Free { block } => {
                if let Some((start, layout, _)) = self.blocks[block as usize].take() {
                    self.replay.calls += 1;
                    self.requested -= layout.size();
                    // SAFETY: (1, 2) the block is live here with this layout, and forgotten.
                    unsafe { self.allocator.free(start, layout) };
                }
            }
            Op::DestroyAll => {
                self.replay.calls += 1;
                // SAFETY: (1) every block is forgotten.
                if unsafe { self.allocator.destroy_all() } {
                    self.blocks.fill(None);
                    self.requested = 0;
                } else {
                    self.free_all();
                }
            }
            Op::Trim => {
                self.replay.calls += 1;
                self.allocator.trim();
            }
        }
    }

    fn grow(&mut self, bytes: usize) {
        self.requested += bytes;
        self.replay.peak_requested = self.replay.peak_requested.max(self.requested);
    }

    /// Writes to the lines of a block between two offsets, the last of which lies within it; returns how far it is
    /// written to.
    fn write(&mut self, start: NonNull<u8>, from: usize, to: usize) -> usize {
        if self.touch && to > from {
            for offset in (from..to).step_by(LINE) {
                // SAFETY: the block holds `to` bytes, and nobody else uses it.
                unsafe { start.add(offset).write(1) };
            }
            self.replay.touched += (to - from) as u64;
        }
        to.max(from)
    }

    fn free_all(&mut self) {
        for block in &mut self.blocks {
            if let Some((start, layout, _)) = block.take() {
                // SAFETY: (1, 2) the block is live here with this layout, and forgotten.
                unsafe { self.allocator.free(start, layout) };
            }
        }
        self.requested = 0;
    }
}

/// Reads a trace and replays it. A shorthand for [`Program::read`] and [`Program::run`].
///
/// # Errors
/// As [`Program::read`].
pub fn replay(trace: &[u8], allocator: &dyn Allocator, options: Options) -> Result<Replay, TraceError> {
    Ok(Program::read(trace)?.run(allocator, options))
}
