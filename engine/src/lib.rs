//! A JavaScript engine that accounts for every byte.
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
    Alive, AliveReport, Builder, Context, DumpFlags, Error, FileLoader, Front, IntoValue, Leftover,
    MemoryReport, MemoryRow, MemoryUsage, Module, ModuleLoader, Runtime, TypeSize, Value,
};
