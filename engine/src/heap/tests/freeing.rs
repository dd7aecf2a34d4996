//! Counting, the worklist, and what the memory's books say.

use super::*;
use crate::mem::Use;

#[test]
fn a_long_list_is_freed_without_recursion() {
    with_heaps(|heap| {
        let mut head = node(heap);
        for _ in 0..200_000 {
            let next = node(heap);
            next.set(0, Some(&head));
            head = next;
        }
        drop(head);
        assert_eq!(heap.live_cells(), 0);
    });
}

#[test]
fn weak_hooks_that_drop_the_next_cell_do_not_recurse() {
    // Each cell of the chain is held by the hook of the one before, as values of a WeakMap are.
    std::thread_local! {
        static HELD: RefCell<Vec<Link>> = const { RefCell::new(Vec::new()) };
    }
    unsafe fn drop_next(_owner: *mut (), _cell: NonNull<Header>) {
        let next = HELD.with_borrow_mut(Vec::pop);
        drop(next);
    }
    with_heaps(|heap| {
        heap.set_owner(core::ptr::null_mut(), drop_next);
        for _ in 0..100_000 {
            let cell = node(heap);
            cell.flag_weak();
            HELD.with_borrow_mut(|held| held.push(Link::to(&cell)));
        }
        let first = HELD.with_borrow_mut(Vec::pop);
        drop(first);
        assert_eq!(heap.live_cells(), 0);
    });
}

#[test]
fn books_follow_every_cell() {
    with_heaps(|heap| {
        let mem = heap.mem();
        let before = mem.charged();
        let a = node(heap);
        let size = match mem.front() {
            Front::Pool => 32,
            Front::Direct => 40,
        };
        assert_eq!(mem.charged_to(Use::Cells), size);
        assert_eq!(mem.blocks_of(Use::Cells), 1);
        let table = mem.charged_to(Use::Runtime);
        assert_eq!(mem.charged(), before + size + table);
        let sum: usize = Use::ALL.iter().map(|&purpose| mem.charged_to(purpose)).sum();
        assert_eq!(sum, mem.charged());
        let allocations = mem.allocations();
        drop(a);
        assert_eq!(mem.charged_to(Use::Cells), 0);
        assert_eq!(mem.allocations(), allocations);
        assert_eq!(mem.peak(), before + size + table);
    });
}

#[test]
fn the_limit_is_never_passed() {
    for front in FRONTS {
        let mem = mem(front);
        let heap = Heap::new(&mem, &KIND_TABLE);
        let _entered = heap.enter();
        mem.set_limit(200_000);
        let mut list = Link::default();
        let mut made = 0;
        while let Ok(next) = try_node(&heap) {
            // SAFETY: nothing else uses the links now.
            unsafe { (*next.links.get())[0] = core::mem::take(&mut list) };
            list = Link::to(&next);
            made += 1;
            assert!(mem.charged() <= mem.taken() && mem.taken() <= 200_000);
        }
        assert!(made > 3000 && mem.peak() <= 200_000 && mem.peak() > 100_000);
        assert!(mem.refused() > 0);
        // Freeing makes room again, also after the limit was lowered below what is used.
        mem.set_limit(1000);
        assert!(try_node(&heap).is_err());
        drop(list);
        assert_eq!(heap.live_cells(), 0);
        assert!(mem.peak() > 100_000);
        mem.set_limit(0);
        assert!(try_node(&heap).is_ok());
        sound(&heap);
    }
}

#[test]
fn numbers_of_cells_lead_back_to_them() {
    with_heaps(|heap| {
        let nodes: Vec<_> = (0..5000).map(|_| node(heap)).collect();
        let wide = wide(heap);
        for cell in nodes.iter().map(Ref::as_cell).chain([wide.as_cell()]) {
            // SAFETY: the cells are live.
            unsafe {
                let id = heap.space().id_of(cell);
                assert_eq!(heap.space().cell_at(id), cell);
            }
        }
    });
}

#[test]
fn resizing_keeps_contents_and_books() {
    with_heaps(|heap| {
        for (old, new) in [(32, 48), (48, 40), (32, 600), (600, 32), (600, 5000), (5000, 520), (600, 604)] {
            let before = heap.mem().charged_to(Use::Cells);
            // SAFETY: the cell is filled before it is seen, and has one reference.
            unsafe {
                let cell = heap.alloc_raw(old, u32::from(LEAF)).unwrap();
                let body = cell.cast::<u8>().add(8);
                body.as_ptr().write_bytes(0xAB, old - 8);
                let cell = heap.resize_raw(cell, new).unwrap();
                assert!(heap.cell_size(cell) >= new);
                assert_eq!(cell.as_ref().count(), 1);
                let body = core::slice::from_raw_parts(cell.cast::<u8>().add(8).as_ptr(), old.min(new) - 8);
                assert!(body.iter().all(|&byte| byte == 0xAB));
                sound(heap);
                (*cell.as_ptr()).decrement();
                heap.release(cell);
            }
            assert_eq!(heap.mem().charged_to(Use::Cells), before);
        }
    });
}
