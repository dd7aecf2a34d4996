//! Weak references: WeakRef, WeakMap, WeakSet and FinalizationRegistry as storage.
//!
//! A weak reference is an address that is not counted. The [`WeakTable`] of the runtime knows for every
//! target who refers to it weakly (its *holders*); a flag in the target says that there is somebody, so that
//! the heap tells the table when the target dies, and the table tells the holders. A holder that
//! dies takes its pairs out.
//!
//! # Cycles
//! The value of a WeakMap's entry is owned (counted) by the map, but reported to the collector as an
//! ephemeron: it is followed only when map and key are both alive. A value that refers to its own key
//! is therefore garbage with it: nothing outside reaches the key, so the value is not marked, both are swept,
//! and the hook takes the entry out of the map. Without such a cycle the entry goes as soon as the
//! key's count falls to zero.
//!
//! # Invariants
//! - A pair (target, holder) is in the table exactly as long as the holder has the target's address.
//! - Both ends of a pair are whole: the heap calls the hook before a target is finalized, and a holder's
//!   `drop` removes its pairs.

use core::cell::{Cell as StdCell, UnsafeCell};
use core::ptr::NonNull;

use super::{ObjectHead, Shape};
use crate::heap::{self, Blocks, Cell, Header, Tracer};
use crate::mem::{Mem, Part, Use, Vec};
use crate::text::symbol::SymbolCell;
use crate::value::{JsResult, Object, RawValue, Thrown, Value, kind};

/// The number under which the table is registered with the heap.
pub const WEAK: usize = 2;

const EMPTY: usize = 0;
/// Ends a list of pairs, and stands for no pair.
const NO_PAIR: u32 = u32::MAX;

/// One weak reference: in the list of its target, or in that of the free pairs (by `next`).
#[derive(Clone, Copy)]
struct Pair {
    target: usize,
    holder: usize,
    next: u32,
    // Of the first pair of a list, itself.
    previous: u32,
    // What the holder calls it.
    tag: u32,
}

/// Who refers weakly to what.
///
/// Pairs stand in a table of their own and are known by number to their holders, so that each is added and removed
/// in constant time, however many a target has.
pub struct WeakTable {
    pairs: UnsafeCell<Vec<'static, Pair>>,
    // Numbers of the first pair of each target plus one, by open addressing: 0 for none. Gaps are closed.
    targets: UnsafeCell<Vec<'static, u32>>,
    held: StdCell<usize>,
    free: StdCell<u32>,
}

fn place(address: usize, mask: usize) -> usize {
    ((address as u64 >> 3).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & mask
}

fn set_flag(target: NonNull<Header>, held: bool) {
    // SAFETY: targets are live or dead but whole, and of the two kinds that carry the flag.
    unsafe {
        if target.as_ref().kind() & heap::KIND_MASK == kind::SYMBOL {
            target.cast::<SymbolCell>().as_ref().set_weak(held);
        } else {
            target.cast::<ObjectHead>().as_ref().set_weakly_held(held);
        }
    }
}

fn pointer(address: usize) -> NonNull<Header> {
    RawValue::from_bits(address as u64).cell_unchecked()
}

impl WeakTable {
    /// An empty table.
    pub fn new(mem: &Mem) -> WeakTable {
        WeakTable {
            pairs: UnsafeCell::new(Vec::new(mem.memory(Use::Collections))),
            targets: UnsafeCell::new(Vec::new(mem.memory(Use::Collections))),
            held: StdCell::new(0),
            free: StdCell::new(NO_PAIR),
        }
    }

    /// Reports the table's blocks.
    pub fn blocks(&self, blocks: &mut Blocks<'_>) {
        blocks.list(Use::Collections, Part::WeakTable, self.pairs());
        blocks.list(Use::Collections, Part::WeakTable, self.targets());
    }

    fn current() -> &'static WeakTable {
        let table = heap::current().table(WEAK).cast::<WeakTable>();
        // SAFETY: the runtime registers its table before the first weak reference is made.
        unsafe { &*table }
    }

    #[allow(
        clippy::mut_from_ref,
        reason = "the borrow never outlives a method here, none of which re-enters"
    )]
    fn pairs(&self) -> &mut Vec<'static, Pair> {
        // SAFETY: used by the methods below only, which drop no values.
        unsafe { &mut *self.pairs.get() }
    }

    #[allow(
        clippy::mut_from_ref,
        reason = "the borrow never outlives a method here, none of which re-enters"
    )]
    fn targets(&self) -> &mut Vec<'static, u32> {
        // SAFETY: as above.
        unsafe { &mut *self.targets.get() }
    }

    /// The place of a target in `targets`: where it is, or where it would be put.
    fn find(&self, target: usize) -> usize {
        let (pairs, targets) = (self.pairs(), self.targets());
        let mask = targets.len() - 1;
        let mut at = place(target, mask);
        while targets[at] != 0 && pairs[targets[at] as usize - 1].target != target {
            at = (at + 1) & mask;
        }
        at
    }

    /// The first pair of a target.
    fn first(&self, target: usize) -> u32 {
        if self.targets().is_empty() {
            return NO_PAIR;
        }
        // None is 0, and one less the end of a list.
        self.targets()[self.find(target)].wrapping_sub(1)
    }

    /// Makes room for another target.
    fn reserve(&self) -> JsResult<()> {
        let targets = self.targets();
        if (self.held.get() + 1) * 4 <= targets.len() * 3 {
            return Ok(());
        }
        let size = (self.held.get() * 2 + 8).next_power_of_two();
        let mut larger = Vec::new(targets.memory());
        larger.try_resize(size, 0u32)?;
        for &first in targets.iter().filter(|&&first| first != 0) {
            let mut at = place(self.pairs()[first as usize - 1].target, size - 1);
            while larger[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            larger[at] = first;
        }
        *targets = larger;
        Ok(())
    }

    /// Adds a pair, and gives its number.
    fn add(&self, target: NonNull<Header>, holder: NonNull<Header>, tag: u32) -> JsResult<u32> {
        self.reserve()?;
        let pairs = self.pairs();
        let address = target.as_ptr().expose_provenance();
        let at = self.find(address);
        let next = self.targets()[at].wrapping_sub(1);
        let mut pair = Pair { target: address, holder: 0, next, previous: NO_PAIR, tag };
        pair.holder = holder.as_ptr().expose_provenance();
        let number = match self.free.get() {
            NO_PAIR => {
                let number = u32::try_from(pairs.len()).ok().filter(|&number| number < NO_PAIR);
                pairs.try_push(pair)?;
                number.ok_or(Thrown::OutOfMemory)?
            }
            number => {
                self.free.set(pairs[number as usize].next);
                pairs[number as usize] = pair;
                number
            }
        };
        pairs[number as usize].previous = number;
        if next == NO_PAIR {
            self.held.set(self.held.get() + 1);
            set_flag(target, true);
        } else {
            pairs[next as usize].previous = number;
        }
        self.targets()[at] = number + 1;
        Ok(number)
    }

    /// Removes a pair.
    fn remove(&self, number: u32) {
        let pairs = self.pairs();
        let Pair { target, next, previous, .. } = pairs[number as usize];
        if next != NO_PAIR {
            pairs[next as usize].previous = if previous == number { next } else { previous };
        }
        if previous != number {
            pairs[previous as usize].next = next;
        } else {
            let at = self.find(target);
            self.targets()[at] = next.wrapping_add(1);
            if next == NO_PAIR {
                self.close_gap(at);
                self.held.set(self.held.get() - 1);
                set_flag(pointer(target), false);
            }
        }
        pairs[number as usize] =
            Pair { target: EMPTY, holder: 0, next: self.free.get(), previous: 0, tag: 0 };
        self.free.set(number);
        if self.held.get() == 0 {
            // Nothing is in use: the tables go, as large as they were.
            let memory = pairs.memory();
            *pairs = Vec::new(memory);
            *self.targets() = Vec::new(memory);
            self.free.set(NO_PAIR);
        }
    }

    /// Moves what was displaced by a target that is gone.
    fn close_gap(&self, mut gap: usize) {
        let (pairs, targets) = (self.pairs(), self.targets());
        let mask = targets.len() - 1;
        let mut next = gap;
        loop {
            next = (next + 1) & mask;
            if targets[next] == 0 {
                return;
            }
            let home = place(pairs[targets[next] as usize - 1].target, mask);
            // An entry may move to the gap unless its home lies behind the gap.
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(gap) & mask {
                targets.swap(gap, next);
                gap = next;
            }
        }
    }

    /// The tag of some pair of a target with a holder for which `matches` holds.
    fn tag_of(&self, target: usize, holder: usize, matches: impl Fn(u32) -> bool) -> Option<u32> {
        let mut number = self.first(target);
        while number != NO_PAIR {
            let pair = self.pairs()[number as usize];
            if pair.holder == holder && matches(pair.tag) {
                return Some(pair.tag);
            }
            number = pair.next;
        }
        None
    }

    /// A target has died: its holders forget it. Registries that have something to tell now are handed to
    /// `notify`, each as often as it was told.
    ///
    /// # Safety
    /// 1. Called from the heap's weak hook with the cell that died.
    pub unsafe fn died(&self, target: NonNull<Header>, notify: &mut dyn FnMut(&RegistryCell)) {
        let address = target.addr().get();
        loop {
            let number = self.first(address);
            if number == NO_PAIR {
                return;
            }
            let Pair { holder, tag, .. } = self.pairs()[number as usize];
            let holder = pointer(holder);
            self.remove(number);
            // SAFETY: a holder in a pair is whole, and its kind says what it is.
            unsafe {
                match holder.as_ref().kind() & heap::KIND_MASK {
                    kind::WEAK_REF => holder.cast::<WeakRefCell>().as_ref().forget(),
                    kind::WEAK_MAP => holder.cast::<WeakMapCell>().as_ref().forget(address),
                    kind::WEAK_SET => holder.cast::<WeakSetCell>().as_ref().forget(address),
                    kind::FINALIZATION_REGISTRY => {
                        let registry = holder.cast::<RegistryCell>().as_ref();
                        if registry.forget(tag) && !holder.as_ref().is_dead() {
                            notify(registry);
                        }
                    }
                    _ => (),
                }
            }
        }
    }
}

/// CanBeHeldWeakly (9.13): objects, and symbols that are not registered.
pub fn can_be_held_weakly(value: &Value) -> bool {
    match value.as_symbol() {
        Some(symbol) => !symbol.cell().is_registered(),
        None => value.is_object() && heap::current().kind_info(value.kind()).weakable,
    }
}

fn cell_of<T>(cell: &T) -> NonNull<Header> {
    NonNull::from(cell).cast()
}

/// A weak reference.
#[repr(C)]
pub struct WeakRefCell {
    head: ObjectHead,
    target: StdCell<usize>,
    pair: StdCell<u32>,
}

impl WeakRefCell {
    /// A new weak reference to something that can be held weakly.
    pub fn create(shape: &Shape, target: &Value) -> JsResult<Object> {
        let (target_cell, pair) = (StdCell::new(0), StdCell::new(NO_PAIR));
        let object =
            Object::alloc(WeakRefCell { head: ObjectHead::new(), target: target_cell, pair }, shape)?;
        if let Some(cell) = object.downcast::<WeakRefCell>() {
            let target = target.cell_unchecked();
            cell.pair.set(WeakTable::current().add(target, cell_of(cell), 0)?);
            cell.target.set(target.addr().get());
        }
        Ok(object)
    }

    /// The target; undefined when it is gone.
    pub fn target(&self) -> Value {
        match self.target.get() {
            0 => Value::UNDEFINED,
            address => {
                let cell = pointer(address);
                // SAFETY: the target is whole until `forget` is called; a dead one is left alone.
                unsafe {
                    if cell.as_ref().is_dead() { Value::UNDEFINED } else { RawValue::cell(cell).to_owned() }
                }
            }
        }
    }

    fn forget(&self) {
        self.target.set(0);
    }
}

impl Drop for WeakRefCell {
    fn drop(&mut self) {
        if self.target.get() != 0 {
            WeakTable::current().remove(self.pair.get());
        }
    }
}

// SAFETY: `repr(C)` with the header first; only the head has counted references.
unsafe impl Cell for WeakRefCell {
    const KIND: u8 = kind::WEAK_REF;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
    }
}

struct Entry {
    // 0 for an empty place.
    key: usize,
    value: Value,
    pair: u32,
}

/// The entries of a weak collection: open addressing by the key's address.
struct Entries {
    places: Vec<'static, Entry>,
    live: usize,
}

impl Entries {
    fn find(&self, key: usize) -> Option<usize> {
        if self.places.is_empty() {
            return None;
        }
        let mask = self.places.len() - 1;
        let mut at = place(key, mask);
        while self.places[at].key != EMPTY {
            if self.places[at].key == key {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
        None
    }

    fn reserve(&mut self) -> JsResult<()> {
        if (self.live + 1) * 4 <= self.places.len() * 3 {
            return Ok(());
        }
        let size = (self.live * 2 + 4).next_power_of_two();
        let mut larger = Vec::try_with_capacity(size, self.places.memory())?;
        for _ in 0..size {
            larger.try_push(Entry { key: EMPTY, value: Value::UNDEFINED, pair: NO_PAIR })?;
        }
        for entry in self.places.drain(..) {
            if entry.key != EMPTY {
                let mut at = place(entry.key, size - 1);
                while larger[at].key != EMPTY {
                    at = (at + 1) & (size - 1);
                }
                larger[at] = entry;
            }
        }
        self.places = larger;
        Ok(())
    }

    fn insert(&mut self, key: usize, value: Value, pair: u32) {
        let mask = self.places.len() - 1;
        let mut at = place(key, mask);
        while self.places[at].key != EMPTY {
            at = (at + 1) & mask;
        }
        self.places[at] = Entry { key, value, pair };
        self.live += 1;
    }

    /// Removes the entry in a place, closing the gap, and gives its value.
    fn remove(&mut self, mut at: usize) -> Value {
        let mask = self.places.len() - 1;
        let value = self.places[at].value.take();
        self.places[at].key = EMPTY;
        self.live -= 1;
        let mut next = at;
        loop {
            next = (next + 1) & mask;
            if self.places[next].key == EMPTY {
                return value;
            }
            let home = place(self.places[next].key, mask);
            // An entry may move to the gap unless its home lies behind the gap.
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(at) & mask {
                self.places.swap(at, next);
                at = next;
            }
        }
    }
}

/// A WeakMap (kind `WEAK_MAP`) or WeakSet (kind `WEAK_SET`).
#[repr(C)]
pub struct WeakCollection<const KIND: u8> {
    head: ObjectHead,
    entries: UnsafeCell<Entries>,
}

/// A WeakMap.
pub type WeakMapCell = WeakCollection<{ kind::WEAK_MAP }>;
/// A WeakSet.
pub type WeakSetCell = WeakCollection<{ kind::WEAK_SET }>;

impl<const KIND: u8> WeakCollection<KIND> {
    /// A new empty collection.
    pub fn create(shape: &Shape) -> JsResult<Object> {
        let places = Vec::new(heap::current().mem().memory(Use::Collections));
        let entries = UnsafeCell::new(Entries { places, live: 0 });
        Object::alloc(WeakCollection::<KIND> { head: ObjectHead::new(), entries }, shape)
    }

    #[allow(
        clippy::mut_from_ref,
        reason = "the borrow never outlives a use here, and values are dropped after it"
    )]
    fn entries(&self) -> &mut Entries {
        // SAFETY: dropping a value may remove entries by way of the weak hook, so no borrow is kept
        // across a drop.
        unsafe { &mut *self.entries.get() }
    }

    /// Whether the key is there.
    pub fn has(&self, key: &Value) -> bool {
        key.as_cell().is_some_and(|cell| self.entries().find(cell.addr().get()).is_some())
    }

    /// The value of a key.
    pub fn get(&self, key: &Value) -> Option<Value> {
        let entries = self.entries();
        let at = entries.find(key.as_cell()?.addr().get())?;
        Some(entries.places[at].value.clone())
    }

    /// Sets the value of a key that can be held weakly.
    pub fn set(&self, key: &Value, value: Value) -> JsResult<()> {
        let cell = key.cell_unchecked();
        let address = cell.addr().get();
        if let Some(at) = self.entries().find(address) {
            let old = core::mem::replace(&mut self.entries().places[at].value, value);
            drop(old);
            return Ok(());
        }
        self.entries().reserve()?;
        let pair = WeakTable::current().add(cell, cell_of(self), 0)?;
        self.entries().insert(address, value, pair);
        Ok(())
    }

    /// Removes a key; whether it was there.
    pub fn delete(&self, key: &Value) -> bool {
        let Some(cell) = key.as_cell() else { return false };
        let address = cell.addr().get();
        let Some(at) = self.entries().find(address) else { return false };
        WeakTable::current().remove(self.entries().places[at].pair);
        let value = self.entries().remove(at);
        drop(value);
        true
    }

    fn forget(&self, address: usize) {
        if let Some(at) = self.entries().find(address) {
            let value = self.entries().remove(at);
            drop(value);
        }
    }
}

impl<const KIND: u8> Drop for WeakCollection<KIND> {
    fn drop(&mut self) {
        let table = WeakTable::current();
        for entry in self.entries().places.iter().filter(|entry| entry.key != EMPTY) {
            table.remove(entry.pair);
        }
    }
}

// SAFETY: `repr(C)` with the header first; the head and the values are reported, the latter as ephemerons.
unsafe impl<const KIND: u8> Cell for WeakCollection<KIND> {
    const KIND: u8 = KIND;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        for entry in self.entries().places.iter() {
            if let (true, Some(value)) = (entry.key != EMPTY, entry.value.as_cell()) {
                tracer.ephemeron(pointer(entry.key), value);
            }
        }
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        blocks.list(Use::Collections, Part::Table, &self.entries().places);
    }
}

/// One registration, or a free place.
struct Registration {
    held: Value,
    // Of target and token; `NO_PAIR` for none, or one that has died.
    target_pair: u32,
    token_pair: u32,
    // The next of those whose target has died, or the next free place.
    next: u32,
    // It was taken back after its target had died.
    unregistered: bool,
}

/// Ends a list of registrations.
const NO_PLACE: u32 = u32::MAX;

/// The registrations of a registry, in places that are used again.
struct Registrations {
    places: Vec<'static, Registration>,
    free: u32,
    // Those whose target has died, in that order.
    first_dead: u32,
    last_dead: u32,
}

/// A FinalizationRegistry.
#[repr(C)]
pub struct RegistryCell {
    head: ObjectHead,
    callback: Value,
    realm: Value,
    list: UnsafeCell<Registrations>,
    // A job to call back was enqueued and has not run.
    notified: StdCell<bool>,
}

impl RegistryCell {
    /// A new registry.
    pub fn create(shape: &Shape, callback: Value, realm: Value) -> JsResult<Object> {
        let places = Vec::new(heap::current().mem().memory(Use::Collections));
        let list = Registrations { places, free: NO_PLACE, first_dead: NO_PLACE, last_dead: NO_PLACE };
        let cell = RegistryCell {
            head: ObjectHead::new(),
            callback,
            realm,
            list: UnsafeCell::new(list),
            notified: StdCell::new(false),
        };
        Object::alloc(cell, shape)
    }

    #[allow(
        clippy::mut_from_ref,
        reason = "the borrow never outlives a use here, and values are dropped after it"
    )]
    fn list(&self) -> &mut Registrations {
        // SAFETY: as in `WeakCollection::entries`.
        unsafe { &mut *self.list.get() }
    }

    /// The function to call.
    pub fn callback(&self) -> &Value {
        &self.callback
    }

    /// The realm it was made in.
    pub fn realm(&self) -> &Value {
        &self.realm
    }

    /// Whether a job was enqueued; sets it.
    pub fn set_notified(&self, notified: bool) -> bool {
        self.notified.replace(notified)
    }

    /// Registers a target with a value, and a token (undefined for none).
    pub fn register(&self, target: &Value, held: Value, token: &Value) -> JsResult<()> {
        let list = self.list();
        if list.free == NO_PLACE {
            list.places.try_reserve(1)?;
            let place = u32::try_from(list.places.len()).ok().filter(|&place| place < 1 << 31);
            list.free = place.ok_or(Thrown::OutOfMemory)?;
            list.places.try_push(Registration::unused(NO_PLACE))?;
        }
        let place = list.free;
        let (table, holder) = (WeakTable::current(), cell_of(self));
        let target_pair = table.add(target.cell_unchecked(), holder, place << 1)?;
        let mut token_pair = NO_PAIR;
        if let Some(cell) = token.as_cell() {
            token_pair = match table.add(cell, holder, place << 1 | 1) {
                Ok(pair) => pair,
                Err(error) => {
                    table.remove(target_pair);
                    return Err(error);
                }
            };
        }
        let registration = Registration { held, target_pair, token_pair, ..Registration::unused(NO_PLACE) };
        let unused = core::mem::replace(&mut list.places[place as usize], registration);
        list.free = unused.next;
        Ok(())
    }

    /// Takes a registration out, with its pairs, and gives the value.
    fn take(&self, place: u32) -> Value {
        let list = self.list();
        let gone = core::mem::replace(&mut list.places[place as usize], Registration::unused(list.free));
        list.free = place;
        for pair in [gone.target_pair, gone.token_pair] {
            if pair != NO_PAIR {
                WeakTable::current().remove(pair);
            }
        }
        gone.held
    }

    /// Removes what was registered with a token; whether there was something.
    pub fn unregister(&self, token: &Value) -> bool {
        let Some(cell) = token.as_cell() else { return false };
        let (address, holder) = (cell.addr().get(), cell_of(self).addr().get());
        let mut found = false;
        while let Some(tag) = WeakTable::current().tag_of(address, holder, |tag| tag & 1 == 1) {
            let place = tag >> 1;
            found = true;
            let registration = &mut self.list().places[place as usize];
            if registration.target_pair == NO_PAIR {
                // Its target has died, and it waits in the list of these: it only has nothing to tell any more.
                WeakTable::current().remove(registration.token_pair);
                (registration.token_pair, registration.unregistered) = (NO_PAIR, true);
                drop(registration.held.take());
            } else {
                drop(self.take(place));
            }
        }
        found
    }

    /// The value of a target that has died, which is thereby removed.
    pub fn take_dead(&self) -> Option<Value> {
        loop {
            let list = self.list();
            let place = list.first_dead;
            if place == NO_PLACE {
                return None;
            }
            let Registration { unregistered, next, .. } = list.places[place as usize];
            list.first_dead = next;
            if list.first_dead == NO_PLACE {
                list.last_dead = NO_PLACE;
            }
            let held = self.take(place);
            if !unregistered {
                return Some(held);
            }
        }
    }

    /// The target (even tag) or token (odd) of a registration has died; true when it was a target.
    fn forget(&self, tag: u32) -> bool {
        let list = self.list();
        let place = tag >> 1;
        let registration = &mut list.places[place as usize];
        if tag & 1 == 1 {
            registration.token_pair = NO_PAIR;
            return false;
        }
        registration.target_pair = NO_PAIR;
        match list.last_dead {
            NO_PLACE => list.first_dead = place,
            last => list.places[last as usize].next = place,
        }
        list.last_dead = place;
        true
    }
}

impl Registration {
    fn unused(next: u32) -> Registration {
        let held = Value::UNDEFINED;
        Registration { held, target_pair: NO_PAIR, token_pair: NO_PAIR, next, unregistered: false }
    }
}

impl Drop for RegistryCell {
    fn drop(&mut self) {
        let table = WeakTable::current();
        for registration in self.list().places.iter() {
            for pair in [registration.target_pair, registration.token_pair] {
                if pair != NO_PAIR {
                    table.remove(pair);
                }
            }
        }
    }
}

// SAFETY: `repr(C)` with the header first; head, callback, realm and held values are reported.
unsafe impl Cell for RegistryCell {
    const KIND: u8 = kind::FINALIZATION_REGISTRY;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        self.callback.trace(tracer);
        self.realm.trace(tracer);
        for registration in self.list().places.iter() {
            registration.held.trace(tracer);
        }
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        blocks.list(Use::Collections, Part::Table, &self.list().places);
    }
}
