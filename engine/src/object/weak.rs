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
use crate::value::{JsResult, Object, RawValue, Value, kind};

/// The number under which the table is registered with the heap.
pub const WEAK: usize = 2;

const EMPTY: usize = 0;
const DELETED: usize = 1;

#[derive(Clone, Copy)]
struct Pair {
    target: usize,
    holder: usize,
}

/// Who refers weakly to what.
pub struct WeakTable {
    // Open addressing by target; a target may have several pairs.
    pairs: UnsafeCell<Vec<'static, Pair>>,
    // Places that are not empty.
    used: StdCell<usize>,
    live: StdCell<usize>,
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
            used: StdCell::new(0),
            live: StdCell::new(0),
        }
    }

    /// Reports the table's block.
    pub fn blocks(&self, blocks: &mut Blocks<'_>) {
        blocks.list(Use::Collections, Part::WeakTable, self.pairs());
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

    fn add(&self, target: NonNull<Header>, holder: NonNull<Header>) -> JsResult<()> {
        let pairs = self.pairs();
        if (self.used.get() + 1) * 4 > pairs.len() * 3 {
            let size = (self.live.get() * 2 + 8).next_power_of_two();
            let mut larger = Vec::new(pairs.memory());
            larger.try_resize(size, Pair { target: EMPTY, holder: 0 })?;
            for pair in pairs.iter().filter(|pair| pair.target > DELETED) {
                let mut at = place(pair.target, size - 1);
                while larger[at].target != EMPTY {
                    at = (at + 1) & (size - 1);
                }
                larger[at] = *pair;
            }
            *pairs = larger;
            self.used.set(self.live.get());
        }
        let mask = pairs.len() - 1;
        let mut at = place(target.addr().get(), mask);
        while pairs[at].target > DELETED {
            at = (at + 1) & mask;
        }
        if pairs[at].target == EMPTY {
            self.used.set(self.used.get() + 1);
        }
        pairs[at] =
            Pair { target: target.as_ptr().expose_provenance(), holder: holder.as_ptr().expose_provenance() };
        self.live.set(self.live.get() + 1);
        set_flag(target, true);
        Ok(())
    }

    /// Removes a pair.
    fn remove(&self, target: usize, holder: usize) {
        let pairs = self.pairs();
        if pairs.is_empty() {
            return;
        }
        let mask = pairs.len() - 1;
        let mut at = place(target, mask);
        let (mut found, mut others) = (false, false);
        while pairs[at].target != EMPTY {
            if pairs[at].target == target {
                if pairs[at].holder == holder && !found {
                    found = true;
                    pairs[at] = Pair { target: DELETED, holder: 0 };
                    self.live.set(self.live.get() - 1);
                } else {
                    others = true;
                }
            }
            at = (at + 1) & mask;
        }
        if found && !others {
            set_flag(pointer(target), false);
        }
    }

    /// Takes one of a target's pairs out and gives its holder.
    fn take(&self, target: usize) -> Option<NonNull<Header>> {
        let pairs = self.pairs();
        if pairs.is_empty() {
            return None;
        }
        let mask = pairs.len() - 1;
        let mut at = place(target, mask);
        while pairs[at].target != EMPTY {
            if pairs[at].target == target {
                let holder = pairs[at].holder;
                pairs[at] = Pair { target: DELETED, holder: 0 };
                self.live.set(self.live.get() - 1);
                return Some(pointer(holder));
            }
            at = (at + 1) & mask;
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
        while let Some(holder) = self.take(address) {
            // SAFETY: a holder in a pair is whole, and its kind says what it is.
            unsafe {
                match holder.as_ref().kind() & heap::KIND_MASK {
                    kind::WEAK_REF => holder.cast::<WeakRefCell>().as_ref().forget(),
                    kind::WEAK_MAP => holder.cast::<WeakMapCell>().as_ref().forget(address),
                    kind::WEAK_SET => holder.cast::<WeakSetCell>().as_ref().forget(address),
                    kind::FINALIZATION_REGISTRY => {
                        let registry = holder.cast::<RegistryCell>().as_ref();
                        if registry.forget(address) && !holder.as_ref().is_dead() {
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
}

impl WeakRefCell {
    /// A new weak reference to something that can be held weakly.
    pub fn create(shape: &Shape, target: &Value) -> JsResult<Object> {
        let object = Object::alloc(WeakRefCell { head: ObjectHead::new(), target: StdCell::new(0) }, shape)?;
        if let Some(cell) = object.downcast::<WeakRefCell>() {
            let target = target.cell_unchecked();
            WeakTable::current().add(target, cell_of(cell))?;
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
            WeakTable::current().remove(self.target.get(), cell_of(self).addr().get());
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
            larger.try_push(Entry { key: EMPTY, value: Value::UNDEFINED })?;
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

    fn insert(&mut self, key: usize, value: Value) {
        let mask = self.places.len() - 1;
        let mut at = place(key, mask);
        while self.places[at].key != EMPTY {
            at = (at + 1) & mask;
        }
        self.places[at] = Entry { key, value };
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
        WeakTable::current().add(cell, cell_of(self))?;
        self.entries().insert(address, value);
        Ok(())
    }

    /// Removes a key; whether it was there.
    pub fn delete(&self, key: &Value) -> bool {
        let Some(cell) = key.as_cell() else { return false };
        let address = cell.addr().get();
        let Some(at) = self.entries().find(address) else { return false };
        WeakTable::current().remove(address, cell_of(self).addr().get());
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
        let holder = cell_of(self).addr().get();
        let table = WeakTable::current();
        for entry in self.entries().places.iter().filter(|entry| entry.key != EMPTY) {
            table.remove(entry.key, holder);
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

struct Registration {
    // 0 when the target has died.
    target: usize,
    // 0 for none.
    token: usize,
    held: Value,
}

/// A FinalizationRegistry.
#[repr(C)]
pub struct RegistryCell {
    head: ObjectHead,
    callback: Value,
    realm: Value,
    list: UnsafeCell<Vec<'static, Registration>>,
    // A job to call back was enqueued and has not run.
    notified: StdCell<bool>,
}

impl RegistryCell {
    /// A new registry.
    pub fn create(shape: &Shape, callback: Value, realm: Value) -> JsResult<Object> {
        let cell = RegistryCell {
            head: ObjectHead::new(),
            callback,
            realm,
            list: UnsafeCell::new(Vec::new(heap::current().mem().memory(Use::Collections))),
            notified: StdCell::new(false),
        };
        Object::alloc(cell, shape)
    }

    #[allow(
        clippy::mut_from_ref,
        reason = "the borrow never outlives a use here, and values are dropped after it"
    )]
    fn list(&self) -> &mut Vec<'static, Registration> {
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

    fn refers_to(&self, address: usize) -> bool {
        self.list().iter().any(|r| r.target == address || r.token == address)
    }

    fn refer(&self, cell: NonNull<Header>) -> JsResult<()> {
        if self.refers_to(cell.addr().get()) {
            return Ok(());
        }
        WeakTable::current().add(cell, cell_of(self))
    }

    /// Registers a target with a value, and a token (undefined for none).
    pub fn register(&self, target: &Value, held: Value, token: &Value) -> JsResult<()> {
        self.list().try_reserve(1)?;
        let target = target.cell_unchecked();
        self.refer(target)?;
        let address = target.addr().get();
        self.list().try_push(Registration { target: address, token: 0, held })?;
        if let Some(cell) = token.as_cell() {
            self.refer(cell)?;
            if let Some(last) = self.list().last_mut() {
                last.token = cell.addr().get();
            }
        }
        Ok(())
    }

    /// Removes what was registered with a token; whether there was something.
    pub fn unregister(&self, token: &Value) -> bool {
        let Some(cell) = token.as_cell() else { return false };
        let address = cell.addr().get();
        let mut found = false;
        while let Some(at) = self.list().iter().position(|r| r.token == address) {
            let removed = self.list().remove(at);
            found = true;
            for end in [removed.target, removed.token] {
                if end != 0 && !self.refers_to(end) {
                    WeakTable::current().remove(end, cell_of(self).addr().get());
                }
            }
            drop(removed);
        }
        found
    }

    /// The value of a target that has died, which is thereby removed.
    pub fn take_dead(&self) -> Option<Value> {
        let at = self.list().iter().position(|r| r.target == 0)?;
        let removed = self.list().remove(at);
        if removed.token != 0 && !self.refers_to(removed.token) {
            WeakTable::current().remove(removed.token, cell_of(self).addr().get());
        }
        Some(removed.held)
    }

    /// A target or token has died; true when it was a target.
    fn forget(&self, address: usize) -> bool {
        let mut target = false;
        for registration in self.list().iter_mut() {
            if registration.target == address {
                registration.target = 0;
                target = true;
            }
            if registration.token == address {
                registration.token = 0;
            }
        }
        target
    }
}

impl Drop for RegistryCell {
    fn drop(&mut self) {
        let holder = cell_of(self).addr().get();
        let table = WeakTable::current();
        for registration in self.list().iter() {
            // A pair that several registrations share is found once.
            for end in [registration.target, registration.token] {
                if end != 0 {
                    table.remove(end, holder);
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
        for registration in self.list().iter() {
            registration.held.trace(tracer);
        }
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        blocks.list(Use::Collections, Part::Table, self.list());
    }
}
