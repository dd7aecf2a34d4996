//! A JavaScript engine that accounts for every byte.

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
    Alive, AliveReport, Builder, Context, Error, FileLoader, Front, IntoValue, Leftover, Module,
    ModuleLoader, Runtime, Value,
};
