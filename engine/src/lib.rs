//! A JavaScript engine that accounts for every byte.
//!
//! A [`Runtime`] owns one allocator, chosen when it is built, and takes the memory of its scripts from
//! nothing else. It has a limit that is never passed, a collector with a policy, and reports of what every
//! byte is for. A [`Context`] is a realm (ECMA-262, 9.3) of a runtime: globals and intrinsics of its own.
//! Handles ([`Value`], [`Context`], [`Module`]) keep what they refer to alive.
//!
//! ```
//! use tare::Runtime;
//!
//! let runtime = Runtime::builder()
//!     .allocator(tare_allocators::parse("counting(system)")?)
//!     .memory_limit(16 << 20)
//!     .build()?;
//! let context = runtime.new_context()?;
//!
//! // Values come back as handles, and go in as arguments of native functions.
//! let answer = context.eval("[1, 2, 3].map((x) => x * 14).at(-1)", "answer.js")?;
//! assert_eq!(answer.as_number(), Some(42.0));
//!
//! // Running out of memory is an exception like any other: the script goes on, and so does the host.
//! let said = context.eval(
//!     "(() => { try { const a = []; for (;;) a.push({}) } catch (e) { return `${e}` } })()",
//!     "greedy.js",
//! )?;
//! assert_eq!(said.to_display(&context)?, "InternalError: out of memory");
//!
//! // Every byte has a name.
//! let usage = runtime.memory_usage();
//! assert_eq!(usage.memory_used_size, usage.malloc_size);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a script can do wrong arrives as an [`Error`] that carries the exception; nothing a script does
//! panics or aborts. The modules are floors, listed in ARCHITECTURE.md: hosts need only what stands here.
#![cfg_attr(not(test), warn(clippy::disallowed_types, clippy::disallowed_macros, clippy::disallowed_methods))]

// What the host gives and gets is in the host's memory.
#[allow(clippy::disallowed_types, clippy::disallowed_macros, clippy::disallowed_methods)]
pub mod api;
pub mod base;
pub mod builtins;
pub mod code;
pub mod compile;
pub mod exec;
pub mod heap;
pub mod mem;
pub mod object;
pub mod runtime;
pub mod text;
pub mod value;

pub use api::{
    Alive, AliveReport, Builder, Context, DumpFlags, Error, FileLoader, Front, Fusion, Fusions, HostBlock,
    IntoValue, Leftover, MemoryReport, MemoryRow, MemoryUsage, Module, ModuleLoader, RejectionTracker,
    Runtime, TypeSize, Value,
};
