//! mimalloc version 3, with a heap of its own for each runtime.
//!
//! A version 3 heap may be used from any thread: each thread that allocates from it gets a part of
//! its own. A runtime that moves to another thread therefore keeps its heap; blocks from its first
//! thread that it frees on the second are collected when mimalloc next looks at their pages. That
//! is why [`Stats::usable`] is not known here: mimalloc's count of used blocks lags behind. Wrap the
//! heap in `counting` to know.

use core::alloc::Layout;
use core::cell::Cell;
use core::ffi::c_void;
use core::fmt;
use core::ptr::NonNull;

use libmimalloc_sys as mi;

use crate::collections::OutOfMemory;
use crate::contract::{Allocator, Stats};

/// The alignment of every block that is at least as large.
const NATURAL_ALIGN: usize = 16;

/// A mimalloc heap. Dropping it frees every block.
pub struct Mimalloc {
    heap: Cell<NonNull<mi::mi_heap_t>>,
}

// SAFETY: a version 3 heap is not bound to the thread that made it (see the module).
unsafe impl Send for Mimalloc {}

fn new_heap() -> Result<NonNull<mi::mi_heap_t>, OutOfMemory> {
    // SAFETY: has no preconditions; a failure is null.
    NonNull::new(unsafe { mi::mi_heap_new() }).ok_or(OutOfMemory)
}

/// Whether a block of `size` bytes is aligned to `align` without being asked.
#[inline(always)]
fn naturally_aligned(size: usize, align: usize) -> bool {
    align <= NATURAL_ALIGN && align <= size
}

impl Mimalloc {
    /// Makes a heap.
    ///
    /// # Errors
    /// Memory for the heap's own structure was refused.
    pub fn new() -> Result<Self, OutOfMemory> {
        Ok(Mimalloc { heap: Cell::new(new_heap()?) })
    }

    #[inline(always)]
    fn heap(&self) -> *mut mi::mi_heap_t {
        self.heap.get().as_ptr()
    }
}

impl Drop for Mimalloc {
    fn drop(&mut self) {
        // SAFETY: the heap is ours and live; blocks do not outlive their allocator.
        unsafe { mi::mi_heap_destroy(self.heap()) };
    }
}

/// Adds what the used blocks of one area of a heap hold to the sum that `sum` points to.
unsafe extern "C" fn add_area(
    _heap: *const mi::mi_heap_t,
    area: *const mi::mi_heap_area_t,
    _block: *mut c_void,
    _block_size: usize,
    sum: *mut c_void,
) -> bool {
    // SAFETY: mimalloc passes a valid area, and what `held` gave it: a pointer to a `usize` that outlives the walk.
    unsafe { *sum.cast::<usize>() += (*area).used * (*area).full_block_size };
    true
}

/// What mimalloc holds from the operating system for all heaps of the process: its own account of readable
/// and writable memory. A heap has no such account of its own.
fn committed() -> usize {
    let (mut current, mut unused) = (0_usize, [0_usize; 7]);
    let [elapsed, user, system, rss, peak_rss, peak_commit, faults] = &mut unused;
    // SAFETY: every pointer is to a number of ours; the call writes to them and reads nothing.
    unsafe {
        mi::mi_process_info(elapsed, user, system, rss, peak_rss, &raw mut current, peak_commit, faults)
    };
    current
}

// SAFETY: (1, 2, 3) mimalloc gives these guarantees for sizes greater than zero; (4) it is C, does
// not unwind, and answers null; (5) `mi_usable_size` is what the block holds, all of it usable.
unsafe impl Allocator for Mimalloc {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("mimalloc")
    }
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        let (size, align) = (layout.size(), layout.align());
        // SAFETY: the heap is live until drop.
        NonNull::new(unsafe {
            if naturally_aligned(size, align) {
                mi::mi_heap_malloc(self.heap(), size).cast()
            } else {
                mi::mi_heap_malloc_aligned(self.heap(), size, align).cast()
            }
        })
    }
    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        let (size, align) = (layout.size(), layout.align());
        // SAFETY: the heap is live until drop.
        NonNull::new(unsafe {
            if naturally_aligned(size, align) {
                mi::mi_heap_zalloc(self.heap(), size).cast()
            } else {
                mi::mi_heap_zalloc_aligned(self.heap(), size, align).cast()
            }
        })
    }
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        let block = block.as_ptr().cast();
        // SAFETY: (1) the block is a live one of this heap; (3) given up on success.
        NonNull::new(unsafe {
            if naturally_aligned(new_size, old.align()) {
                mi::mi_heap_realloc(self.heap(), block, new_size).cast()
            } else {
                mi::mi_heap_realloc_aligned(self.heap(), block, new_size, old.align()).cast()
            }
        })
    }
    #[inline]
    unsafe fn free(&self, block: NonNull<u8>, _layout: Layout) {
        // SAFETY: (1, 2) a live mimalloc block, not used again.
        unsafe { mi::mi_free(block.as_ptr().cast()) };
    }
    unsafe fn usable_size(&self, block: NonNull<u8>, _layout: Layout) -> Option<usize> {
        // SAFETY: (1) a live mimalloc block.
        Some(unsafe { mi::mi_usable_size(block.as_ptr().cast()) })
    }
    fn good_size(&self, layout: Layout) -> usize {
        if naturally_aligned(layout.size(), layout.align()) {
            // SAFETY: computes a size; reads no memory of ours.
            unsafe { mi::mi_good_size(layout.size()) }.max(layout.size())
        } else {
            layout.size()
        }
    }
    fn stats(&self) -> Stats {
        Stats { committed: Some(committed()), ..Stats::default() }
    }
    fn committed(&self) -> Option<usize> {
        Some(committed())
    }
    fn held(&self) -> Option<usize> {
        let mut held = 0_usize;
        // SAFETY: the heap is live and used by this thread alone; the visitor gets a pointer to `held`, which
        // outlives the walk.
        unsafe { mi::mi_heap_visit_blocks(self.heap(), false, Some(add_area), (&raw mut held).cast()) };
        Some(held)
    }
    fn trim(&self) {
        // SAFETY: the heap is live.
        unsafe { mi::mi_heap_collect(self.heap(), true) };
    }
    unsafe fn destroy_all(&self) -> bool {
        // The new heap comes first, so that a refusal leaves everything as it was.
        let Ok(fresh) = new_heap() else {
            return false;
        };
        let old = self.heap.replace(fresh);
        // SAFETY: (1) no block of the old heap is used again, and the heap itself is replaced.
        unsafe { mi::mi_heap_destroy(old.as_ptr()) };
        true
    }
}
