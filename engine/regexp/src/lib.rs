//! The RegExp engine of Tare: ECMAScript 2025 patterns, compiled straight to bytecode and matched
//! by backtracking on an explicit stack.
//!
//! The crate knows strings only as slices of Latin-1 bytes or UTF-16 units ([`Text`]) and takes all
//! run-time memory from a [`tare_allocators::Memory`], fallibly. Neither the compiler nor the
//! matcher recurses natively, whatever the pattern: nesting is bounded by memory alone.
//!
//! ```
//! use tare_allocators::{Memory, System};
//! use tare_regexp::{Flags, Scratch, Text, compile, exec};
//!
//! let memory = Memory::new(&System);
//! let program = compile(Text::Latin1(b"(\\d+)-(\\d+)"), Flags::NONE, memory).unwrap();
//! let mut scratch = Scratch::new(memory);
//! let found = exec(program.as_ref(), Text::Latin1(b"on 12-34"), 0, &mut scratch, &mut || false).unwrap();
//! assert!(found);
//! assert_eq!(scratch.group(2), Some(6..8));
//! ```
//!
//! Data flow: pattern text → `scan` (counts groups, finds names) → `compile` (parses and emits in one
//! pass) → `optimize` (first-character guards, possessive loops, search strategy) → [`Program`], one
//! block of bytes → `exec`.

#![cfg_attr(not(test), warn(clippy::disallowed_types, clippy::disallowed_macros, clippy::disallowed_methods))]
#![forbid(unsafe_code)]

mod bits;
mod class;
mod compile;
mod emit;
mod escape;
mod exec;
mod flags;
mod interpret;
mod machine;
mod op;
mod optimize;
mod passages;
mod program;
mod scan;
mod search;
mod set;
mod single;
mod source;
mod unicode;
mod units;

pub use exec::{Scratch, exec, exec_with};
pub use flags::Flags;
pub use machine::FUEL;
pub use op::disassemble;
pub use program::{GroupName, GroupNames, Program, ProgramRef};

use tare_allocators::{Memory, OutOfMemory};

/// A string as the engine stores it: one byte per unit where all units are below 256, else UTF-16.
#[derive(Clone, Copy, Debug)]
pub enum Text<'t> {
    /// Code units 0 to 255, one byte each.
    Latin1(&'t [u8]),
    /// UTF-16 code units; surrogates need not be paired.
    Utf16(&'t [u16]),
}

impl Text<'_> {
    /// Length in code units.
    pub fn len(self) -> usize {
        match self {
            Text::Latin1(units) => units.len(),
            Text::Utf16(units) => units.len(),
        }
    }

    /// Whether there are no code units.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The code unit at `index`.
    #[inline]
    pub fn unit(self, index: usize) -> Option<u16> {
        match self {
            Text::Latin1(units) => units.get(index).map(|&unit| u16::from(unit)),
            Text::Utf16(units) => units.get(index).copied(),
        }
    }
}

/// Why a pattern did not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// An early error of the pattern grammar: the engine throws a `SyntaxError`.
    Syntax {
        /// A short English sentence without the pattern, such as `Unterminated group`.
        message: &'static str,
        /// The code unit of the pattern at which the error shows.
        position: usize,
    },
    /// The memory given refused.
    OutOfMemory,
    /// The caller did not want the compiler to go on.
    Interrupted,
    /// The pattern needs more groups, registers or code than a program can have.
    TooLarge,
}

impl From<OutOfMemory> for CompileError {
    fn from(_: OutOfMemory) -> Self {
        CompileError::OutOfMemory
    }
}

impl core::fmt::Display for CompileError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            CompileError::Syntax { message, position } => write!(f, "{message} (at {position})"),
            CompileError::OutOfMemory => f.write_str("out of memory"),
            CompileError::Interrupted => f.write_str("interrupted"),
            CompileError::TooLarge => f.write_str("Regular expression too large"),
        }
    }
}

/// Why a match was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecError {
    /// The interrupt callback asked to stop.
    Interrupted,
    /// The backtrack stack could not grow.
    OutOfMemory,
}

impl From<OutOfMemory> for ExecError {
    fn from(_: OutOfMemory) -> Self {
        ExecError::OutOfMemory
    }
}

/// Compiles a pattern (the text between the slashes). Takes memory from `memory` only, and keeps one
/// block of it: the program.
///
/// # Errors
/// [`CompileError::Syntax`] for every early error of ECMA-262 22.2.1 (with Annex B.1.2 where neither
/// `u` nor `v` is set), [`CompileError::OutOfMemory`], [`CompileError::TooLarge`].
pub fn compile<'a>(pattern: Text<'_>, flags: Flags, memory: Memory<'a>) -> Result<Program<'a>, CompileError> {
    compile_while(pattern, flags, memory, &mut || true)
}

/// As [`compile`], asking `goes_on` every few microseconds of work.
///
/// # Errors
/// As [`compile`], and [`CompileError::Interrupted`] when `goes_on` said no.
pub fn compile_while<'a>(
    pattern: Text<'_>,
    flags: Flags,
    memory: Memory<'a>,
    goes_on: &mut dyn FnMut() -> bool,
) -> Result<Program<'a>, CompileError> {
    compile::compile(pattern, flags, memory, goes_on)
}
