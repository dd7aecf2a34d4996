//! The operating system's allocator, as Rust's `std::alloc::System` reaches it.

use core::alloc::{GlobalAlloc, Layout};
use core::fmt;
use core::ptr::NonNull;
use std::alloc::System as Std;

use crate::contract::{Allocator, Stats};

/// The C library's `malloc` family. Has no heap of its own: [`Allocator::destroy_all`] does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

/// The C library's head of a block, and the size from which a block may get pages of its own.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAD_BYTES: usize = 8;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MMAP_BYTES: usize = 128 * 1024;

// The calls that return a block are not inlined: the optimiser knows `malloc` by name and how many
// bytes it was asked for, and would take a write into the rest of `usable_size` for an error.
//
// SAFETY: `std::alloc::System` gives the same guarantees; sizes are never zero by contract.
unsafe impl Allocator for System {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("system")
    }
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) the size is greater than zero.
        NonNull::new(unsafe { Std.alloc(layout) })
    }
    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) the size is greater than zero.
        NonNull::new(unsafe { Std.alloc_zeroed(layout) })
    }
    #[inline(never)]
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (1, 2, 3) the duties of `GlobalAlloc::realloc` are the same.
        NonNull::new(unsafe { Std.realloc(block.as_ptr(), old, new_size) })
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1, 2) the duties of `GlobalAlloc::dealloc` are the same.
        unsafe { Std.dealloc(block.as_ptr(), layout) }
    }
    #[cfg(all(target_os = "linux", not(miri)))]
    unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> Option<usize> {
        let _ = layout;
        // SAFETY: (1) on Linux `std::alloc::System` hands out blocks of the C library's `malloc`,
        // `calloc`, `realloc` and `posix_memalign`, and nothing else.
        Some(unsafe { libc::malloc_usable_size(block.as_ptr().cast()) })
    }
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn good_size(&self, layout: Layout) -> usize {
        let (size, align) = (layout.size(), layout.align());
        // The C library adds its head and rounds to 16; a page of its own begins with two heads. Larger
        // alignments leave a rest that depends on the place.
        if size >= MMAP_BYTES || align > 16 {
            size
        } else {
            (size + HEAD_BYTES).next_multiple_of(16).max(32) - HEAD_BYTES
        }
    }
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn block_head(&self) -> usize {
        HEAD_BYTES
    }
    fn stats(&self) -> Stats {
        Stats { committed: self.committed(), ..Stats::default() }
    }
    fn committed(&self) -> Option<usize> {
        #[cfg(all(target_os = "linux", target_env = "gnu", not(miri)))]
        {
            // SAFETY: reads the library's own account, under its locks.
            let figures = unsafe { libc::mallinfo2() };
            Some(figures.arena + figures.hblkhd)
        }
        #[cfg(not(all(target_os = "linux", target_env = "gnu", not(miri))))]
        None
    }
    fn held(&self) -> Option<usize> {
        #[cfg(all(target_os = "linux", target_env = "gnu", not(miri)))]
        {
            // SAFETY: as above.
            let figures = unsafe { libc::mallinfo2() };
            Some(figures.uordblks + figures.hblkhd)
        }
        #[cfg(not(all(target_os = "linux", target_env = "gnu", not(miri))))]
        None
    }
    fn trim(&self) {
        #[cfg(all(target_os = "linux", target_env = "gnu", not(miri)))]
        // SAFETY: gives free pages of the C library's heaps back; takes that library's own locks.
        unsafe {
            libc::malloc_trim(0);
        }
    }
}
