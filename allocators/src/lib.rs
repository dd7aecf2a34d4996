//! The memory contract of the Tare engine, the allocators that fulfil it, and the wrappers that
//! watch, limit and test them.
//!
//! Nothing here knows JavaScript. [`contract`] is what the engine asks for; every other module is
//! an allocator, a wrapper around one, or a collection that lives in one. A runtime owns one boxed
//! allocator, usually made by name: `parse("limit(64M, counting(mimalloc))")`; see [`spec`].
//!
//! | module | what it has |
//! |---|---|
//! | [`contract`] | [`Allocator`], [`Stats`] |
//! | [`system`], `mimalloc`, `jemalloc`, [`pool`] | the allocators |
//! | [`wrappers`] | counting, limit, fail, poison, guard, trace |
//! | [`spec`] | allocators by name |
//! | [`mod@replay`] | recorded traces, run again |
//! | [`collections`] | [`Vec`], and [`Memory`], which is also an `allocator_api2` allocator |
//!
//! # How to add an allocator
//! 1. Write a type with a module of its own. It belongs to one runtime: no global state that two of
//!    them share without locks, nothing bound to a thread. It is `Send`; if it holds pointers, say in
//!    the `unsafe impl Send` why they may move.
//! 2. Implement [`Allocator`]. `alloc`, `free` and `describe` suffice; then `usable_size`, `good_size`
//!    and `stats` as far as the allocator *knows*; leave `None` where it would guess. Give
//!    `destroy_all` if the allocator has a heap to drop, and drop it in `Drop` too. Answer each
//!    numbered duty in the `SAFETY` comment of the `impl`.
//! 3. A wrapper is generic over `A: Allocator`, passes on what it does not change (do not leave
//!    `alloc_zeroed`, `realloc`, `good_size`, `trim` and `destroy_all` to the trait's defaults by
//!    accident), and reports figures as its own callers see them: `wrappers/limit.rs` is the shortest
//!    example.
//! 4. Add a row to the catalogue in [`spec`], a variant to [`spec::Spec`], and its lines in `interpret`,
//!    `build` and `Display`. A test fails until `describe` and `Display` agree.
//! 5. Add its name to the stacks in `tests/laws.rs` and to the rows of `benches/alloc.rs`. The law suite
//!    runs random programs against it: alignment, contents, overlap, figures, refusals, threads.
//! 6. An allocator in C goes behind a feature, as `mimalloc` and `jemalloc` do.

pub mod collections;
pub mod contract;
#[cfg(feature = "jemalloc")]
pub mod jemalloc;
#[cfg(feature = "mimalloc")]
pub mod mimalloc;
pub mod pool;
pub mod replay;
pub mod spec;
pub mod system;
mod table;
pub mod wrappers;

pub use collections::{Memory, OutOfMemory, Vec};
pub use contract::{Allocator, Stats};
#[cfg(feature = "jemalloc")]
pub use jemalloc::Jemalloc;
#[cfg(feature = "mimalloc")]
pub use mimalloc::Mimalloc;
pub use pool::Pool;
pub use replay::replay;
pub use spec::{ParseError, Spec, catalogue, parse};
pub use system::System;
pub use wrappers::{Counting, Fail, Guard, Limit, Plan, Poison, Trace, take_trace_failure};
