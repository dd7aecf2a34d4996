//! The memory contract of the Tare engine, the allocators that fulfil it, and the wrappers that
//! watch, limit and test them.
//!
//! Nothing here knows JavaScript. [`contract`] is what the engine asks for; every other module is
//! an allocator, a wrapper around one, or a collection that lives in one.

pub mod collections;
pub mod contract;
#[cfg(feature = "jemalloc")]
pub mod jemalloc;
#[cfg(feature = "mimalloc")]
pub mod mimalloc;
pub mod pool;
pub mod system;
mod table;

pub use collections::{Memory, OutOfMemory, Vec};
pub use contract::{Allocator, Stats};
#[cfg(feature = "jemalloc")]
pub use jemalloc::Jemalloc;
#[cfg(feature = "mimalloc")]
pub use mimalloc::Mimalloc;
pub use pool::Pool;
pub use system::System;
