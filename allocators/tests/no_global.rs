//! No allocator of this crate takes memory from Rust's global allocator while it runs.

use std::alloc::{GlobalAlloc, Layout, System as Std};
use std::cell::Cell;

use tare_allocators::{Memory, Vec as TareVec, catalogue, parse};

struct Counted;

thread_local! {
    /// Calls of this thread: the test harness has threads of its own.
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is the system's, passed on unchanged.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: passed on.
        unsafe { Std.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { Std.dealloc(block, layout) }
    }
}

#[global_allocator]
static GLOBAL: Counted = Counted;

#[test]
fn the_global_allocator_is_not_touched() {
    let path = format!("{}/no-global-{}.trace", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    for base in catalogue().iter().filter(|entry| !entry.wraps && entry.available) {
        for stack in [
            "_",
            "pool(_)",
            "pool(uncounted, _)",
            "counting(_)",
            "limit(64M, _)",
            "fail-rate(0.01, 1, _)",
            "poison(_)",
            "guard(_)",
            "trace(PATH, _)",
            "limit(64M, counting(pool(guard(poison(_)))))",
        ] {
            let text = stack.replace('_', base.name).replace("PATH", &format!("{path:?}"));
            let allocator = parse(&text).unwrap();
            let before = CALLS.get();
            let memory = Memory::new(&*allocator);
            let mut refused = 0;
            for round in 0..40 {
                let mut rows: TareVec<TareVec<u64>> = TareVec::new(memory);
                for row in 0..100_u64 {
                    let mut cells = TareVec::new(memory);
                    for cell in 0..(row * 7 + round) % 300 {
                        refused += usize::from(cells.try_push(cell * row).is_err());
                    }
                    refused += usize::from(rows.try_push(cells).is_err());
                }
                allocator.trim();
                allocator.stats();
            }
            // SAFETY: (1) every vector is gone.
            unsafe { allocator.destroy_all() };
            assert_eq!(CALLS.get(), before, "{text}");
            assert_eq!(refused > 0, text.contains("fail"), "{text}");
        }
    }
    std::fs::remove_file(&path).unwrap();
}
