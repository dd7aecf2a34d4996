//! The pool's own tests; those of the contract are in `tests/laws.rs`.

use std::vec::Vec;

use super::*;
use crate::System;

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn take(pool: &Pool<System>, size: usize) -> NonNull<u8> {
    // SAFETY: (1) the tests ask for no empty blocks.
    unsafe { pool.alloc(layout(size, 8)) }.unwrap()
}

fn give(pool: &Pool<System>, block: NonNull<u8>, size: usize) {
    // SAFETY: (1, 2) the tests give back what `take` returned, once.
    unsafe { pool.free(block, layout(size, 8)) };
}

#[test]
fn an_unused_pool_holds_nothing_and_a_small_one_little() {
    let pool = Pool::new(System);
    assert_eq!(pool.committed(), 0);
    let block = take(&pool, 24);
    assert_eq!(pool.committed(), mixed::MIXED_BYTES);
    assert_eq!(pool.stats().requested, Some(24));
    assert_eq!(pool.stats().usable, Some(32));
    give(&pool, block, 24);
    pool.trim();
    assert_eq!(pool.committed(), 0);
    assert_eq!(pool.stats().live_blocks, Some(0));
    assert_eq!(pool.stats().peak_requested, Some(24));
}

/// Programs that need little of everything take little: all classes share pages until they have some KiB each.
#[test]
fn a_little_of_every_class_shares_pages() {
    let pool = Pool::new(System);
    for round in 1..=20 {
        let blocks: Vec<_> = (1..=CLASSES * 2).map(|n| (take(&pool, n * 8), n * 8)).collect();
        let starts: Vec<_> = blocks.iter().map(|(block, size)| (block.as_ptr().addr(), *size)).collect();
        for &(start, size) in &starts {
            let class = size.next_multiple_of(GRAIN);
            assert_eq!(start % (1 << class.trailing_zeros()), 0, "{size}");
            let overlaps = |&&(other, _): &&(usize, usize)| other > start && other < start + size;
            assert_eq!(starts.iter().find(overlaps), None, "{size}");
        }
        let asked: usize = starts.iter().map(|&(_, size)| size).sum();
        assert!(pool.committed() < asked * 3, "{} for {asked}", pool.committed());
        assert_eq!(pool.stats().live_blocks, Some(blocks.len()));
        for (block, size) in blocks {
            give(&pool, block, size);
        }
        assert_eq!((pool.stats().live_blocks, pool.stats().usable), (Some(0), Some(0)));
        if round % 5 == 0 {
            pool.trim();
            assert_eq!(pool.committed(), 0);
        }
    }
}

/// A class that frees much leaves the shared pages, and the pages go back when their last block has gone.
#[test]
fn a_busy_class_gets_pages_of_its_own() {
    let pool = Pool::new(System);
    let kept = take(&pool, 100);
    for _ in 0..5000 {
        let block = take(&pool, 24);
        give(&pool, block, 24);
    }
    assert_eq!(pool.committed(), mixed::MIXED_BYTES + PAGE_BYTES);
    pool.trim();
    assert_eq!(pool.committed(), mixed::MIXED_BYTES);
    give(&pool, kept, 100);
    pool.trim();
    assert_eq!(pool.committed(), 0);
}

#[test]
fn the_last_block_freed_is_the_next_one_taken() {
    let pool = Pool::new(System);
    let first = take(&pool, 40);
    give(&pool, first, 40);
    let again = take(&pool, 48);
    assert_eq!(first, again);
    give(&pool, again, 48);
}

#[test]
fn empty_pages_serve_other_classes() {
    let pool = Pool::new(System);
    let small: Vec<_> = (0..20_000).map(|_| take(&pool, 32)).collect();
    let committed = pool.committed();
    for block in small {
        give(&pool, block, 32);
    }
    let large: Vec<_> = (0..1_000).map(|_| take(&pool, 500)).collect();
    assert!(pool.committed() <= committed, "{} > {committed}", pool.committed());
    for block in large {
        give(&pool, block, 500);
    }
}

#[test]
fn freeing_most_of_a_big_heap_returns_chunks_without_being_asked() {
    let pool = Pool::new(System);
    let blocks: Vec<_> = (0..200_000).map(|_| take(&pool, 64)).collect();
    let full = pool.committed();
    assert!(full >= 200_000 * 64);
    for block in blocks {
        give(&pool, block, 64);
    }
    assert!(pool.committed() < full / 4, "{} of {full}", pool.committed());
    pool.trim();
    assert_eq!(pool.committed(), 0);
}

#[test]
fn large_blocks_are_remembered_wherever_they_move() {
    let pool = Pool::new(System);
    let mut blocks: Vec<_> = (0..1_000).map(|i| (take(&pool, 513 + i), 513 + i)).collect();
    let all: usize = blocks.iter().map(|b| b.1).sum();
    assert_eq!(pool.stats().requested, Some(all));
    assert_eq!(pool.stats().live_blocks, Some(1_000));
    for (block, size) in &mut blocks {
        // SAFETY: (1, 2, 3) a live block of this size; the old pointer is replaced.
        *block = unsafe { pool.realloc(*block, layout(*size, 8), *size * 3) }.unwrap();
        *size *= 3;
    }
    assert_eq!(pool.stats().requested, Some(all * 3));
    for (block, size) in blocks.into_iter().rev() {
        give(&pool, block, size);
    }
    pool.trim();
    assert_eq!(pool.committed(), 0);
}

#[test]
fn sizes_that_no_machine_has_are_refused() {
    let pool = Pool::new(System);
    let huge = layout(isize::MAX as usize - 7, 8);
    // SAFETY: (1) not empty.
    assert_eq!(unsafe { pool.alloc(huge) }, None);
    assert_eq!(pool.stats().failed, Some(1));
    assert_eq!(pool.stats().requested, Some(0));
}

#[test]
fn padded_alignments_come_from_pages() {
    let pool = Pool::new(System);
    let mut blocks = Vec::new();
    for align in (4..=9).map(|shift| 1 << shift) {
        for size in [1, 24, align, 500] {
            // SAFETY: (1) not empty.
            let block = unsafe { pool.alloc(layout(size, align)) }.unwrap();
            assert_eq!(block.as_ptr().addr() % align, 0, "{size} bytes at {align}");
            blocks.push((block, layout(size, align)));
        }
    }
    assert_eq!(pool.large.len(), 0);
    for (block, layout) in blocks {
        // SAFETY: (1, 2) taken above with this layout.
        unsafe { pool.free(block, layout) };
    }
    assert_eq!(pool.stats().live_blocks, Some(0));
}

#[test]
fn a_page_is_used_on_both_sides_of_its_header() {
    let pool = Pool::new(System);
    for class in 1..=CLASSES {
        let size = class * GRAIN;
        let before = pool.committed();
        // As many as fill 64 pages, wherever their headers are, but for a block or two each.
        let per_page = (PAGE_BYTES - HEADER - CHUNK_HEADER) / size - 2;
        let blocks: Vec<_> = (0..64 * per_page).map(|_| take(&pool, size)).collect();
        let pages = (pool.committed() - before) / PAGE_BYTES;
        assert!(pages <= 64 + CHUNK_PAGES.1, "{pages} pages for 64 pages of {size} bytes");
        let mut starts: Vec<_> = blocks.iter().map(|block| block.as_ptr().addr()).collect();
        starts.sort_unstable();
        assert!(starts.windows(2).all(|two| two[1] - two[0] >= size), "{size}");
        let offsets = || starts.iter().map(|start| start % PAGE_BYTES);
        assert!(offsets().min() == Some(0), "nothing lies before a header: {size}");
        for start in &starts {
            let header = (start & !(PAGE_BYTES - 1)) + header_offset(*start);
            assert!(*start + size <= header || *start >= header + HEADER, "{size}");
        }
        for block in blocks {
            give(&pool, block, size);
        }
        pool.trim();
    }
    assert_eq!(pool.committed(), 0);
}

#[test]
fn blocks_freed_in_full_pages_are_used_when_memory_is_refused() {
    let pool = Pool::new(crate::Limit::new(PAGE_BYTES * 2, System));
    let layout = layout(64, 8);
    let mut blocks = Vec::new();
    // SAFETY: (1) not empty.
    while let Some(block) = unsafe { pool.alloc(layout) } {
        blocks.push(block);
    }
    let all = blocks.len();
    // Short pages, which are what the limit has room for at the end, have more headers.
    assert!(all > 2 * PAGE_BYTES / 64 - 128, "{all} blocks");
    // One block of each page: too few for the pages to be looked at again in the ordinary way.
    for index in [all - 1, 0] {
        // SAFETY: (1, 2) live with this layout, and removed.
        unsafe { pool.free(blocks.swap_remove(index), layout) };
    }
    assert_eq!(pool.stats().live_blocks, Some(all - 2));
    for _ in 0..2 {
        // SAFETY: (1) not empty.
        blocks.push(unsafe { pool.alloc(layout) }.expect("a block is free"));
    }
    // SAFETY: (1) not empty.
    assert_eq!(unsafe { pool.alloc(layout) }, None);
    assert_eq!(pool.stats().live_blocks, Some(all));
    for block in blocks {
        // SAFETY: (1, 2) live with this layout, freed once.
        unsafe { pool.free(block, layout) };
    }
    pool.trim();
    assert_eq!(pool.committed(), 0);
}
