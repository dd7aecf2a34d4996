//! What a heap tells of its collections.
//!
//! An [`Observer`] is told when a collection starts and what it did. A heap without one pays for a null
//! check per collection, nothing else.

use core::fmt;
use std::time::Instant;

/// Why a collection ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The policy asked for it.
    Policy,
    /// The embedder or a script asked for it.
    Requested,
    /// An allocation was refused, and this may make room.
    OutOfMemory,
    /// The runtime is going away.
    TearDown,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Policy => "policy",
            Reason::Requested => "requested",
            Reason::OutOfMemory => "out of memory",
            Reason::TearDown => "tear-down",
        })
    }
}

/// What a collection did. Times are of the monotonic clock, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Why it ran.
    pub reason: Reason,
    /// The collector that ran.
    pub collector: &'static str,
    /// When it started, counted from the start of the heap.
    pub start_ns: u64,
    /// How long the script stood still.
    pub pause_ns: u64,
    /// The part of the pause spent counting references.
    pub count_ns: u64,
    /// The part of the pause spent marking what is alive.
    pub mark_ns: u64,
    /// The part of the pause spent finalizing and freeing.
    pub sweep_ns: u64,
    /// Cells whose references were looked at.
    pub cells_scanned: u64,
    /// Counted references found.
    pub edges: u64,
    /// Cells freed, with those that died with them.
    pub freed_cells: u64,
    /// Bytes freed: what was charged before less what is charged after.
    pub freed_bytes: usize,
    /// Bytes charged when it started.
    pub charged_before: usize,
    /// Bytes charged when it ended.
    pub charged_after: usize,
    /// Cells alive when it ended.
    pub live_cells: usize,
}

impl Outcome {
    /// Whether it was hardly worth its time: less than one thirty-second of the memory came back.
    pub fn futile(&self) -> bool {
        self.freed_bytes < self.charged_before / 32
    }
}

/// What an observer is told.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A collection starts.
    Start {
        /// Why.
        reason: Reason,
        /// When, counted from the start of the heap, in nanoseconds.
        start_ns: u64,
        /// Bytes charged.
        charged: usize,
        /// Cells alive.
        live_cells: usize,
    },
    /// A collection ended.
    End(&'a Outcome),
    /// A collection was given up for want of memory for its tables; nothing was changed.
    Failed {
        /// Why it had started.
        reason: Reason,
        /// Bytes charged.
        charged: usize,
    },
}

/// Is told of collections. It runs while the script stands still and must not touch the heap.
pub trait Observer {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>)> Observer for F {
    fn event(&self, event: &Event<'_>) {
        self(event);
    }
}

/// A monotonic clock that starts at zero.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that reads zero now.
    pub fn start() -> Clock {
        Clock(Instant::now())
    }

    /// Nanoseconds since the start.
    pub fn now_ns(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
