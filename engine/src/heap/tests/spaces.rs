//! Pages, chunks and the table of cells.

use super::*;

/// Random allocations and frees of all sizes, with the space checked as it goes.
#[test]
fn random_programs_keep_the_space_whole() {
    with_heaps(|heap| {
        let mut random = Random(0x1234_5678_9ABC_DEF1);
        let mut cells: Vec<(NonNull<Header>, usize, u8)> = Vec::new();
        let fill = |cell: NonNull<Header>, size: usize, byte: u8| {
            // SAFETY: the cell has `size` bytes.
            unsafe { cell.cast::<u8>().add(8).as_ptr().write_bytes(byte, size - 8) }
        };
        for round in 0..40 {
            let growing = round % 4 < 2;
            for _ in 0..500 {
                if random.below(10) < if growing { 8 } else { 2 } {
                    let size =
                        if random.below(20) == 0 { 500 + random.below(3000) } else { 16 + random.below(120) };
                    let cell = heap.alloc_raw(size, u32::from(LEAF)).unwrap();
                    let byte = random.below(256) as u8;
                    fill(cell, size, byte);
                    cells.push((cell, size, byte));
                } else if !cells.is_empty() {
                    let (cell, size, byte) = cells.swap_remove(random.below(cells.len()));
                    // SAFETY: the cell is live, holds `size` bytes, and has one reference.
                    unsafe {
                        let body = core::slice::from_raw_parts(cell.cast::<u8>().add(8).as_ptr(), size - 8);
                        assert!(body.iter().all(|&b| b == byte), "a cell was written over");
                        (*cell.as_ptr()).decrement();
                        heap.release(cell);
                    }
                }
            }
            assert_eq!(heap.live_cells(), cells.len());
            assert_eq!(heap.space().check(), Ok(()));
        }
        for (cell, _, _) in cells {
            // SAFETY: the cell is live and has one reference.
            unsafe {
                (*cell.as_ptr()).decrement();
                heap.release(cell);
            }
        }
        assert_eq!(heap.space().check(), Ok(()));
    });
}

#[test]
fn empty_chunks_go_back() {
    let mem = mem(Front::Pool);
    let heap = Heap::new(&mem, &KIND_TABLE);
    let _entered = heap.enter();
    let many: Vec<_> = (0..200_000).map(|_| node(&heap)).collect();
    let full = heap.committed();
    assert!((200_000 * 32..200_000 * 34).contains(&full), "{full} bytes");
    drop(many);
    // Kept for the next burst, until two collections have passed without one.
    assert_eq!(heap.committed(), full);
    heap.collect(Reason::Requested).unwrap();
    assert_eq!(heap.committed(), full);
    heap.collect(Reason::Requested).unwrap();
    assert!(heap.committed() < full - full / 4, "{} of {full} bytes are kept", heap.committed());
    heap.trim();
    // The current page of the class stays.
    assert!(heap.committed() <= 256 * 1024);
    assert_eq!(heap.space().check(), Ok(()));
    // Numbers of chunks that went are used again.
    let again: Vec<_> = (0..200_000).map(|_| node(&heap)).collect();
    assert!(heap.committed() <= full);
    assert_eq!(heap.space().check(), Ok(()));
    drop(again);
}

#[test]
fn freed_slots_are_used_before_fresh_ones() {
    let mem = mem(Front::Pool);
    let heap = Heap::new(&mem, &KIND_TABLE);
    let _entered = heap.enter();
    let mut cells: Vec<_> = (0..50_000).map(|_| node(&heap)).collect();
    let committed = heap.committed();
    for round in 0..10 {
        let mut index = 0;
        cells.retain(|_| {
            index += 1;
            (index + round) % 2 == 0
        });
        while cells.len() < 50_000 {
            cells.push(node(&heap));
        }
        assert_eq!(heap.committed(), committed);
    }
    sound(&heap);
}
