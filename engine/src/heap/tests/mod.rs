//! Toy kinds for the tests of this floor, and a heap to put them in.

mod collecting;
mod freeing;
mod leaking;
mod policies;
mod spaces;

use core::cell::UnsafeCell;
use core::ptr::NonNull;
use std::boxed::Box;
use std::cell::RefCell;

use tare_allocators::System;

use super::*;
use crate::mem::{Front, Mem, OutOfMemory};

pub const NODE: u8 = 1;
pub const LEAF: u8 = 2;
pub const WIDE: u8 = 3;
pub const SHAPE: u8 = 4;
pub const SHAPED: u8 = 5;
pub const WEAK_MAP: u8 = 6;
pub const FAULTY: u8 = 7;
pub const OUTSIDE: u8 = 8;
pub const LATE: u8 = 9;
pub const PLAIN: u8 = 10;

pub static KIND_TABLE: [KindInfo; KINDS] = {
    let mut table = [KindInfo::UNUSED; KINDS];
    table[NODE as usize] = KindInfo::of::<Node>("node").weakable();
    table[LEAF as usize] = KindInfo::of::<Leaf>("leaf").leaf();
    table[WIDE as usize] = KindInfo::of::<Wide>("wide");
    table[SHAPE as usize] = KindInfo::of::<Shape>("shape").table_owned();
    table[SHAPED as usize] = KindInfo::of::<Shaped>("shaped");
    table[WEAK_MAP as usize] = KindInfo::of::<WeakMap>("weak map");
    table[FAULTY as usize] = KindInfo::of::<Faulty>("faulty");
    table[LATE as usize] = KindInfo::of::<Late>("late").late();
    table[PLAIN as usize] = KindInfo::of::<Plain>("plain").plain(16);
    table[OUTSIDE as usize] = KindInfo::of::<Outside>("outside");
    table
};

std::thread_local! {
    /// Cells the hooks were called for, and kinds that were finalized.
    pub static WEAK: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    pub static OWNED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    pub static FINALIZED: RefCell<[usize; KINDS]> = const { RefCell::new([0; KINDS]) };
    pub static ORDER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn finalized(kind: u8) {
    FINALIZED.with_borrow_mut(|counts| counts[usize::from(kind)] += 1);
    ORDER.with_borrow_mut(|order| order.push(kind));
}

/// An owned reference to a cell of any kind, or nothing.
#[derive(Default)]
pub struct Link(Option<NonNull<Header>>);

impl Link {
    pub fn to<T: Cell>(target: &Ref<T>) -> Link {
        Link(Some(target.clone().into_raw().cast()))
    }
    pub fn cell(&self) -> Option<NonNull<Header>> {
        self.0
    }
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Some(cell) = self.0 {
            tracer.edge(cell);
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(cell) = self.0 {
            // SAFETY: the link owns one count of a live cell of the current heap.
            unsafe {
                if (*cell.as_ptr()).decrement() {
                    Heap::current().release(cell);
                }
            }
        }
    }
}

#[repr(C)]
pub struct Node {
    header: Header,
    pub weak: UnsafeCell<u64>,
    pub links: UnsafeCell<[Link; 2]>,
}

// SAFETY: `repr(C)` with a header first; both links are traced, and dropped with the node.
unsafe impl Cell for Node {
    const KIND: u8 = NODE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: nothing writes links while a cell is traced.
        unsafe { &*self.links.get() }.iter().for_each(|link| link.trace(tracer));
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        finalized(NODE);
    }
}

impl Node {
    pub fn set<T: Cell>(&self, index: usize, target: Option<&Ref<T>>) {
        let link = target.map_or(Link::default(), Link::to);
        // SAFETY: the old link is taken out before it is dropped, which may free cells.
        let _old = unsafe { core::mem::replace(&mut (*self.links.get())[index], link) };
    }
    pub fn flag_weak(&self) {
        // SAFETY: one thread, no reference to the word alive.
        unsafe { *self.weak.get() = 1 };
    }
}

#[repr(C)]
pub struct Leaf {
    header: Header,
    pub payload: u64,
}

// SAFETY: `repr(C)` with a header first; it owns nothing.
unsafe impl Cell for Leaf {
    const KIND: u8 = LEAF;
    fn trace(&self, _tracer: &mut Tracer<'_>) {}
}

impl Drop for Leaf {
    fn drop(&mut self) {
        finalized(LEAF);
    }
}

/// Too large for a page.
#[repr(C)]
pub struct Wide {
    header: Header,
    pub links: UnsafeCell<[Link; 100]>,
}

// SAFETY: `repr(C)` with a header first; all links are traced, and dropped with the cell.
unsafe impl Cell for Wide {
    const KIND: u8 = WIDE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: nothing writes links while a cell is traced.
        unsafe { &*self.links.get() }.iter().for_each(|link| link.trace(tracer));
    }
}

impl Wide {
    pub fn set<T: Cell>(&self, index: usize, target: Option<&Ref<T>>) {
        let link = target.map_or(Link::default(), Link::to);
        // SAFETY: the old link is taken out before it is dropped, which may free cells.
        let _old = unsafe { core::mem::replace(&mut (*self.links.get())[index], link) };
    }
}

/// Owned by a table, with a parent.
#[repr(C)]
pub struct Shape {
    header: Header,
    pub parent: UnsafeCell<Link>,
}

// SAFETY: `repr(C)` with a header first; the parent is traced, and dropped with the shape.
unsafe impl Cell for Shape {
    const KIND: u8 = SHAPE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: nothing writes links while a cell is traced.
        unsafe { &*self.parent.get() }.trace(tracer);
    }
}

impl Drop for Shape {
    fn drop(&mut self) {
        finalized(SHAPE);
    }
}

/// Refers to a shape without counting.
#[repr(C)]
pub struct Shaped {
    header: Header,
    pub shape: NonNull<Header>,
    pub link: UnsafeCell<Link>,
}

// SAFETY: `repr(C)` with a header first; the link is traced, and dropped with the cell.
unsafe impl Cell for Shaped {
    const KIND: u8 = SHAPED;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.uncounted(self.shape);
        // SAFETY: nothing writes links while a cell is traced.
        unsafe { &*self.link.get() }.trace(tracer);
    }
}

/// Holds values that live as long as it and their keys do. Keys are not counted.
#[repr(C)]
pub struct WeakMap {
    header: Header,
    pub entries: UnsafeCell<[(Option<NonNull<Header>>, Link); 4]>,
}

// SAFETY: `repr(C)` with a header first; each value is reported once, and dropped with the map.
unsafe impl Cell for WeakMap {
    const KIND: u8 = WEAK_MAP;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: nothing writes entries while a cell is traced.
        for (key, value) in unsafe { &*self.entries.get() } {
            if let (Some(key), Some(value)) = (key, value.cell()) {
                tracer.ephemeron(*key, value);
            }
        }
    }
}

/// Reports its link as often as it is told to: once is right.
#[repr(C)]
pub struct Faulty {
    header: Header,
    pub times: StdCell<u32>,
    pub link: UnsafeCell<Link>,
}

// SAFETY: not kept while `times` is not one: that is what the verifier is to find.
unsafe impl Cell for Faulty {
    const KIND: u8 = FAULTY;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        for _ in 0..self.times.get() {
            // SAFETY: nothing writes links while a cell is traced.
            unsafe { &*self.link.get() }.trace(tracer);
        }
    }
}

/// Stands for an owner of something outside the runtime's memory.
#[repr(C)]
pub struct Outside {
    header: Header,
    pub link: UnsafeCell<Link>,
}

// SAFETY: `repr(C)` with a header first; the link is traced, and dropped with the cell.
unsafe impl Cell for Outside {
    const KIND: u8 = OUTSIDE;
    const OUTSIDE: bool = true;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: nothing writes links while a cell is traced.
        unsafe { &*self.link.get() }.trace(tracer);
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        finalized(OUTSIDE);
    }
}

/// What the collector reads by itself as long as `more`, without its low bits, is zero.
#[repr(C)]
pub struct Plain {
    header: Header,
    more: UnsafeCell<u64>,
    links: UnsafeCell<[Link; 2]>,
    other: UnsafeCell<u64>,
    unused: u64,
}

// SAFETY: `repr(C)` with a header first; the links, and the one in `more`, are traced, and dropped with the cell.
unsafe impl Cell for Plain {
    const KIND: u8 = PLAIN;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        for target in self.targets() {
            tracer.edge(target);
        }
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        drop(self.take_more());
        finalized(PLAIN);
    }
}

impl Plain {
    fn more(&self) -> Option<NonNull<Header>> {
        // SAFETY: nothing writes while the word is read.
        NonNull::new(core::ptr::with_exposed_provenance_mut((unsafe { *self.more.get() } & !7) as usize))
    }
    fn take_more(&self) -> Link {
        let more = Link(self.more());
        // SAFETY: the reference in the word is the link's now.
        unsafe { *self.more.get() = 1 };
        more
    }
    /// Every cell referred to.
    pub fn targets(&self) -> impl Iterator<Item = NonNull<Header>> {
        // SAFETY: nothing writes links while a cell is traced.
        let links = unsafe { &*self.links.get() };
        links.iter().filter_map(Link::cell).chain(self.more())
    }
    pub fn set<T: Cell>(&self, index: usize, target: Option<&Ref<T>>) {
        let link = target.map_or(Link::default(), Link::to);
        // SAFETY: the old link is taken out before it is dropped, which may free cells.
        let _old = unsafe { core::mem::replace(&mut (*self.links.get())[index], link) };
    }
    /// Keeps another reference, which only `trace` tells of.
    pub fn extend<T: Cell>(&self, target: &Ref<T>) {
        let address = target.as_cell().expose_provenance().get() as u64;
        let old = self.take_more();
        core::mem::forget(Link::to(target));
        // SAFETY: one thread; the reference is the word's now.
        unsafe { *self.more.get() = address | 5 };
        drop(old);
    }
    /// A word that is no reference.
    pub fn set_other(&self, number: u64) {
        // SAFETY: one thread.
        unsafe { *self.other.get() = 1 << 48 | number };
    }
}

pub fn plain(heap: &Heap) -> Ref<Plain> {
    let value = Plain {
        header: Header::new(0),
        more: UnsafeCell::new(1),
        links: UnsafeCell::new([Link::default(), Link::default()]),
        other: UnsafeCell::new(u64::MAX),
        unused: 1 << 48,
    };
    heap.alloc(value, u32::from(PLAIN)).unwrap()
}

/// Stands for a symbol, which shapes refer to by its atom.
#[repr(C)]
pub struct Late {
    header: Header,
    pub link: UnsafeCell<Link>,
}

// SAFETY: `repr(C)` with a header first; the link is traced, and dropped with the cell.
unsafe impl Cell for Late {
    const KIND: u8 = LATE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: nothing writes links while a cell is traced.
        unsafe { &*self.link.get() }.trace(tracer);
    }
}

impl Drop for Late {
    fn drop(&mut self) {
        finalized(LATE);
    }
}

pub fn late<T: Cell>(heap: &Heap, target: &Ref<T>) -> Ref<Late> {
    let value = Late { header: Header::new(0), link: UnsafeCell::new(Link::to(target)) };
    heap.alloc(value, u32::from(LATE)).unwrap()
}

pub fn outside<T: Cell>(heap: &Heap, target: &Ref<T>) -> Ref<Outside> {
    let value = Outside { header: Header::new(0), link: UnsafeCell::new(Link::to(target)) };
    heap.alloc(value, u32::from(OUTSIDE)).unwrap()
}

pub fn mem(front: Front) -> Box<Mem> {
    Mem::new(Box::new(System), front)
}

pub const FRONTS: [Front; 2] = [Front::Pool, Front::Direct];

unsafe fn on_weak(owner: *mut (), cell: NonNull<Header>) {
    WEAK.with_borrow_mut(|list| list.push(cell.addr().get()));
    let heap = owner.cast::<Heap>();
    if !heap.is_null() {
        // SAFETY: tests name the heap as its own owner; the cell is dead but whole.
        assert!(!unsafe { (*heap).is_live(cell) });
    }
}

unsafe fn on_owned(_owner: *mut (), cell: NonNull<Header>) {
    OWNED.with_borrow_mut(|list| list.push(cell.addr().get()));
}

/// Runs a test on a fresh heap with each front, and checks that the heap is empty and whole at the end.
pub fn with_heaps(test: impl Fn(&Heap)) {
    for front in FRONTS {
        let mem = mem(front);
        {
            let heap = Heap::new(&mem, &KIND_TABLE);
            let _entered = heap.enter();
            heap.set_owner(core::ptr::from_ref(&heap).cast_mut().cast(), on_weak);
            heap.set_table_hook(on_owned);
            WEAK.with_borrow_mut(Vec::clear);
            OWNED.with_borrow_mut(Vec::clear);
            FINALIZED.with_borrow_mut(|counts| *counts = [0; KINDS]);
            test(&heap);
            heap.collect(Reason::Requested).unwrap();
            sound(&heap);
            assert_eq!(heap.live_cells(), 0, "cells leaked with the {front} front");
        }
        assert_eq!(mem.charged(), 0);
        assert_eq!(mem.blocks(), 0);
        assert_eq!(mem.requested(), 0);
    }
}

pub fn sound(heap: &Heap) {
    assert_eq!(heap.verify().unwrap(), Ok(()));
}

pub fn node(heap: &Heap) -> Ref<Node> {
    try_node(heap).unwrap()
}

pub fn try_node(heap: &Heap) -> Result<Ref<Node>, OutOfMemory> {
    let value = Node { header: Header::new(0), weak: UnsafeCell::new(0), links: Default::default() };
    heap.alloc(value, u32::from(NODE))
}

pub fn leaf(heap: &Heap, payload: u64) -> Ref<Leaf> {
    heap.alloc(Leaf { header: Header::new(0), payload }, u32::from(LEAF)).unwrap()
}

pub fn wide(heap: &Heap) -> Ref<Wide> {
    let links = UnsafeCell::new([const { Link(None) }; 100]);
    heap.alloc(Wide { header: Header::new(0), links }, u32::from(WIDE)).unwrap()
}

/// A shape that only its table holds.
pub fn shape(heap: &Heap, parent: Option<&Ref<Shape>>) -> Ref<Shape> {
    let parent = UnsafeCell::new(parent.map_or(Link::default(), Link::to));
    let shape = heap.alloc(Shape { header: Header::new(0), parent }, u32::from(SHAPE)).unwrap();
    core::mem::forget(shape.clone());
    shape
}

pub fn shaped(heap: &Heap, shape: NonNull<Header>) -> Ref<Shaped> {
    let value = Shaped { header: Header::new(0), shape, link: Default::default() };
    heap.alloc(value, u32::from(SHAPED)).unwrap()
}

pub fn weak_map(heap: &Heap) -> Ref<WeakMap> {
    let entries = UnsafeCell::default();
    heap.alloc(WeakMap { header: Header::new(0), entries }, u32::from(WEAK_MAP)).unwrap()
}

pub fn faulty(heap: &Heap, times: u32) -> Ref<Faulty> {
    let value = Faulty { header: Header::new(0), times: StdCell::new(times), link: Default::default() };
    heap.alloc(value, u32::from(FAULTY)).unwrap()
}

/// A small generator of numbers that look random.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}
