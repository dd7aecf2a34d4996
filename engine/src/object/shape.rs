//! Shapes: which properties an object has, in which slots, and its prototype.
//!
//! Shapes form a tree: a root holds a prototype and an inline capacity, and adding a property
//! leads to a child. The first child of a shape appends to its parent's property table, further
//! children copy it. An object holds the number of its shape in its header, uncounted: the collector
//! finds out which shapes are still in use.
//!
//! Some shapes belong to a single object: *unique* ones (prototypes, builtins, the global object, objects
//! that lost a property) change in place, and *dictionaries* among them are not even cached.
//!
//! # Invariants
//! 1. `by_id[id]` is the shape whose tag is `id`, or null. An id is given again only after the
//!    inline caches were flushed ([`ShapeTable::recycle_ids`]).
//! 2. A shape's properties are the first `count` entries of its table. Entries with atom 0 were deleted;
//!    they exist in unique shapes only. A unique shape's table has no other owner.
//! 3. Property `i` lives in inline slot `i` if `i < inline_capacity`, else in out-of-line slot
//!    `i - inline_capacity`.
//! 4. One count of every shape is the table's; it is not a root for the collector. Children
//!    count their parent. Transitions and roots are found by uncounted hash entries, which
//!    the finalizer of the child removes.
//! 5. `epoch` changes whenever a property look-up that passed through a unique shape may have a different
//!    outcome: a property was added to, removed from or redefined in it, its prototype was changed, or
//!    the value of a prototype's property was replaced. It also changes when a shape that adding leads to is gone:
//!    a cached store would give objects its number.

use core::cell::{Cell as StdCell, UnsafeCell};
use core::ptr::NonNull;

use super::property_table::{LINEAR, PropertyTable};
use crate::base::hash_word;
use crate::heap::{self, Blocks, Cell, Header, Tracer};
use crate::mem::{Mem, Part, Use, Vec};
use crate::text::RawAtom;
use crate::value::{JsResult, RawValue, Thrown, Value, kind};

/// Attributes of a property, and how its slot is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct PropertyFlags(pub u8);

impl PropertyFlags {
    /// The value can be changed by assignment.
    pub const WRITABLE: u8 = 1;
    /// Seen by `for-in` and `Object.keys`.
    pub const ENUMERABLE: u8 = 2;
    /// Can be deleted and redefined.
    pub const CONFIGURABLE: u8 = 4;
    /// The slot holds an accessor cell.
    pub const ACCESSOR: u8 = 8;
    /// The slot holds a variable box: module namespaces and global lexical bindings.
    pub const VARIABLE: u8 = 16;

    /// Writable, enumerable and configurable: what assignment creates.
    pub const DEFAULT: PropertyFlags = PropertyFlags(7);
    /// Writable and configurable: methods of builtins.
    pub const HIDDEN: PropertyFlags = PropertyFlags(5);
    /// Configurable only: `length` and `name` of functions.
    pub const CONFIG: PropertyFlags = PropertyFlags(4);
    /// None of the three.
    pub const FIXED: PropertyFlags = PropertyFlags(0);

    /// Whether assignment can change the value.
    #[inline(always)]
    pub const fn is_writable(self) -> bool {
        self.0 & Self::WRITABLE != 0
    }
    /// Whether enumeration shows it.
    #[inline(always)]
    pub const fn is_enumerable(self) -> bool {
        self.0 & Self::ENUMERABLE != 0
    }
    /// Whether it can be deleted.
    #[inline(always)]
    pub const fn is_configurable(self) -> bool {
        self.0 & Self::CONFIGURABLE != 0
    }
    /// Whether the slot holds getter and setter.
    #[inline(always)]
    pub const fn is_accessor(self) -> bool {
        self.0 & Self::ACCESSOR != 0
    }
    /// Whether the slot holds a variable box.
    #[inline(always)]
    pub const fn is_variable(self) -> bool {
        self.0 & Self::VARIABLE != 0
    }
    /// Whether the slot holds the value itself.
    #[inline(always)]
    pub const fn is_plain(self) -> bool {
        self.0 & (Self::ACCESSOR | Self::VARIABLE) == 0
    }
}

/// One property of a shape.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Property {
    /// The key; `NONE` when the property was deleted.
    pub atom: RawAtom,
    /// Its attributes.
    pub flags: PropertyFlags,
}

/// An object with more properties becomes a dictionary.
const MAX_SHARED: u32 = 512;
/// A unique shape that changed its layout more often than this is no longer cached.
const MAX_CHURN: u8 = 64;
/// Set in the number of a table's owners once [`ShapeTable::blocks`] has seen it. There are at most 2^24 shapes.
const SEEN: u32 = 1 << 31;

/// Flags of a shape.
pub mod shape_flags {
    /// Belongs to one object and changes in place.
    pub const UNIQUE: u32 = 1;
    /// Unique, and changes too often to be cached.
    pub const DICTIONARY: u32 = 2;
    /// Its object is the prototype of others.
    pub const PROTOTYPE: u32 = 4;
    /// No properties may be added.
    pub const NOT_EXTENSIBLE: u32 = 8;
    /// Has integer keys among its properties.
    pub const INTEGER_KEYS: u32 = 16;
    /// `length` of the array that has this shape is read-only.
    pub const LENGTH_READ_ONLY: u32 = 32;
    /// A function whose `length`, `name` and `prototype` have not been made yet.
    pub const LAZY_FUNCTION: u32 = 64;
    /// The object that Annex B.3.6 tells of.
    pub const HTML_DDA: u32 = 256;
    /// The prototype cannot be changed (Object.prototype, namespaces).
    pub const IMMUTABLE_PROTOTYPE: u32 = 128;
    /// Made by `JSON.rawJSON`.
    pub const RAW_JSON: u32 = 512;
    /// The global object's, and that of the global lexical bindings: their slots are cached by address, and
    /// may shadow each other, so that every addition bumps the epoch, a dictionary's too.
    pub const GLOBAL: u32 = 1024;
}
use shape_flags::*;

/// A shape.
#[repr(C)]
pub struct Shape {
    header: Header,
    flags: StdCell<u32>,
    count: StdCell<u32>,
    inline_capacity: u16,
    churn: StdCell<u8>,
    added_flags: u8,
    added: RawAtom,
    table: StdCell<Option<NonNull<PropertyTable>>>,
    /// An object or null.
    prototype: UnsafeCell<Value>,
    /// The shape this one extends, or undefined.
    parent: Value,
}

// SAFETY: `repr(C)` with the header first; prototype and parent are the references to cells that
// the collector needs to know (atoms are leaves but for symbols, whose description is a string).
unsafe impl Cell for Shape {
    const KIND: u8 = kind::SHAPE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: no reference into the cell is alive while the collector runs.
        unsafe { (*self.prototype.get()).trace(tracer) };
        self.parent.trace(tracer);
        // Atoms are strings and symbols: neither can be part of a cycle, so their counts need not
        // be taken apart.
    }
}

impl Drop for Shape {
    fn drop(&mut self) {
        if let Some(table) = self.table.get() {
            // SAFETY: the shape owns one share.
            unsafe { PropertyTable::release(table) };
        }
        ShapeTable::current().forget(self);
    }
}

impl Shape {
    /// The number in the headers of objects.
    #[inline(always)]
    pub fn id(&self) -> u32 {
        self.header.tag()
    }

    /// See [`shape_flags`].
    #[inline(always)]
    pub fn has(&self, flag: u32) -> bool {
        self.flags.get() & flag != 0
    }

    /// Number of slots in use, deleted ones included.
    #[inline(always)]
    pub fn count(&self) -> u32 {
        self.count.get()
    }

    /// How many properties live in the object itself.
    #[inline(always)]
    pub fn inline_capacity(&self) -> u32 {
        u32::from(self.inline_capacity)
    }

    /// The prototype: an object or null.
    #[inline(always)]
    pub fn prototype(&self) -> &Value {
        // SAFETY: replaced only by `set_prototype`, which no caller holds this borrow across.
        unsafe { &*self.prototype.get() }
    }

    /// The shape as a counted value.
    pub fn to_value(&self) -> Value {
        // SAFETY: the shape is alive.
        unsafe { crate::value::RawValue::cell(NonNull::from(self).cast()).to_owned() }
    }

    /// Slot and attributes of a property.
    #[inline]
    pub fn find(&self, atom: RawAtom) -> Option<(u32, PropertyFlags)> {
        let table = self.table.get()?;
        // SAFETY: the table is alive and has at least `count` entries.
        unsafe {
            let at = PropertyTable::find(table, self.count.get(), atom)?;
            Some((at, (*PropertyTable::entries_of(table).add(at as usize)).flags))
        }
    }

    /// The property in slot `i`, unless it was deleted.
    pub fn property(&self, i: u32) -> Option<Property> {
        let table = self.table.get()?;
        if i >= self.count.get() {
            return None;
        }
        // SAFETY: below `count`.
        let property = unsafe { *PropertyTable::entries_of(table).add(i as usize) };
        (!property.atom.is_none()).then_some(property)
    }

    /// Whether the table is full and most of its entries were deleted, in a shape that nothing has cached.
    #[inline]
    pub(super) fn is_mostly_deleted(&self) -> bool {
        const CACHED: u32 = PROTOTYPE | GLOBAL;
        let Some(table) = self.table.get() else { return false };
        // SAFETY: the table is alive.
        let full = unsafe { table.as_ref().capacity } == self.count.get();
        full && self.has(DICTIONARY)
            && !self.has(CACHED)
            && self.count.get() > LINEAR
            && self.deleted() * 2 >= self.count.get()
    }

    #[cold]
    fn deleted(&self) -> u32 {
        (0..self.count.get()).filter(|&i| self.property(i).is_none()).count() as u32
    }

    /// Something that differs after properties were added, or the table was put in order.
    pub fn stamp(&self) -> (u32, u8) {
        (self.count.get(), self.churn.get())
    }

    /// Whether lookups through objects of this shape may be cached.
    #[inline(always)]
    pub fn is_cacheable(&self) -> bool {
        !self.has(DICTIONARY)
    }

    /// Bytes and whether they are shared, of the property table.
    pub fn table_bytes(&self) -> usize {
        self.table.get().map_or(0, |table| {
            // SAFETY: the table is alive.
            let table = unsafe { table.as_ref() };
            PropertyTable::layout(table.capacity, table.index_size).size()
        })
    }

    fn set(&self, flag: u32) {
        self.flags.set(self.flags.get() | flag);
    }
}

/// Hash entries: the shape's address, 0 for empty, 1 for deleted.
type Bucket = usize;

/// All shapes of a runtime.
pub struct ShapeTable {
    by_id: UnsafeCell<Vec<'static, *const Shape>>,
    free_ids: UnsafeCell<Vec<'static, u32>>,
    retired_ids: UnsafeCell<Vec<'static, u32>>,
    hash: UnsafeCell<Vec<'static, Bucket>>,
    hash_used: StdCell<usize>,
    epoch: StdCell<u32>,
    /// Set once an object with integer keys became a prototype: then arrays must ask the chain.
    indexed_prototypes: StdCell<bool>,
    /// Elements deleted from dense arrays since one was looked at.
    deletions: StdCell<u32>,
}

/// The heap's table slot for shapes.
pub const SHAPES: usize = 1;
/// Numbers have 24 bits; in this crate's own tests fewer, to run out of them.
const MAX_SHAPES: usize = if cfg!(test) { 1 << 13 } else { 1 << 24 };
/// Fewer retired numbers are not worth the flush of all caches.
const LEAST_RETIRED: usize = if cfg!(test) { 1 << 8 } else { 1 << 14 };

impl ShapeTable {
    /// An empty table.
    pub fn new(mem: &Mem) -> ShapeTable {
        let memory = mem.memory(Use::Shapes);
        ShapeTable {
            by_id: UnsafeCell::new(Vec::new(memory)),
            free_ids: UnsafeCell::new(Vec::new(memory)),
            retired_ids: UnsafeCell::new(Vec::new(memory)),
            hash: UnsafeCell::new(Vec::new(memory)),
            hash_used: StdCell::new(0),
            epoch: StdCell::new(1),
            indexed_prototypes: StdCell::new(false),
            deletions: StdCell::new(0),
        }
    }

    /// The table of the current runtime.
    #[inline(always)]
    pub fn current() -> &'static ShapeTable {
        let table = heap::current().table(SHAPES).cast::<ShapeTable>();
        debug_assert!(!table.is_null());
        // SAFETY: the runtime registers its table before any object is made and keeps it to the end.
        unsafe { &*table }
    }

    /// Guards cached look-ups that passed through a prototype (invariant 5).
    #[inline(always)]
    pub fn epoch(&self) -> u32 {
        self.epoch.get()
    }

    /// Invalidates cached look-ups through prototypes.
    #[inline(always)]
    pub fn bump_epoch(&self) {
        self.epoch.set(self.epoch.get().wrapping_add(1));
    }

    /// Whether any prototype has integer keys.
    #[inline(always)]
    pub fn has_indexed_prototypes(&self) -> bool {
        self.indexed_prototypes.get()
    }

    /// Notes that a prototype has integer keys.
    pub fn note_indexed_prototype(&self) {
        self.indexed_prototypes.set(true);
        self.bump_epoch();
    }

    /// The shape with a number.
    #[inline(always)]
    pub fn get(&self, id: u32) -> &'static Shape {
        // SAFETY: ids in headers are of live shapes (invariant 1), which do not move.
        unsafe {
            let shape = *(&*self.by_id.get()).get_unchecked(id as usize);
            debug_assert!(!shape.is_null(), "shape {id} is gone");
            &*shape
        }
    }

    /// The shape with a number, unless it is gone: for numbers that no cell holds.
    pub fn live(&self, id: u32) -> Option<&'static Shape> {
        // SAFETY: entries are null or live shapes, which do not move.
        unsafe { (&*self.by_id.get()).get(id as usize).and_then(|shape| shape.as_ref()) }
    }

    /// Number of live shapes.
    pub fn len(&self) -> usize {
        // SAFETY: no reference into the vector outlives this.
        unsafe { (&*self.by_id.get()).iter().filter(|s| !s.is_null()).count() }
    }

    /// Whether there are no shapes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reports the blocks of the table, and the property tables of all shapes, each once.
    pub fn blocks(&self, blocks: &mut Blocks<'_>) {
        // SAFETY: no mutable reference into the vectors is alive; property tables live as long as a shape has a
        // share in them. The mark is taken off again before anybody else looks at the number of owners.
        unsafe {
            blocks.list(Use::Shapes, Part::ShapeTable, &*self.by_id.get());
            blocks.list(Use::Shapes, Part::ShapeTable, &*self.free_ids.get());
            blocks.list(Use::Shapes, Part::ShapeTable, &*self.retired_ids.get());
            blocks.list(Use::Shapes, Part::ShapeTable, &*self.hash.get());
            self.for_each(&mut |shape| {
                let Some(mut table) = shape.table.get() else { return };
                let table = table.as_mut();
                if table.owners & SEEN == 0 {
                    table.owners |= SEEN;
                    let bytes = PropertyTable::layout(table.capacity, table.index_size).size();
                    blocks.block(Use::Shapes, Part::Properties, bytes);
                }
            });
            self.for_each(&mut |shape| {
                if let Some(mut table) = shape.table.get() {
                    table.as_mut().owners &= !SEEN;
                }
            });
        }
    }

    /// Calls `visit` with every live shape.
    pub fn for_each(&self, visit: &mut dyn FnMut(&Shape)) {
        // SAFETY: the vector is read anew at each step; shapes do not move.
        unsafe {
            for i in 0..(&*self.by_id.get()).len() {
                let shape = (&*self.by_id.get())[i];
                if !shape.is_null() {
                    visit(&*shape);
                }
            }
        }
    }

    fn new_id(&self) -> JsResult<u32> {
        // SAFETY: no other reference into the vectors is alive.
        unsafe {
            if let Some(id) = (&mut *self.free_ids.get()).pop() {
                return Ok(id);
            }
            let by_id = &mut *self.by_id.get();
            if by_id.is_empty() {
                by_id.try_push(core::ptr::null())?;
            }
            if by_id.len() >= MAX_SHAPES {
                // The last resort: whatever was retired comes back at once.
                heap::current().collected(true);
                return (&mut *self.free_ids.get()).pop().ok_or(Thrown::OutOfMemory);
            }
            // Room to retire every id later, so that finalizing a shape cannot fail.
            let len = by_id.len() + 1;
            for list in [&mut *self.retired_ids.get(), &mut *self.free_ids.get()] {
                list.try_reserve(len.saturating_sub(list.len()))?;
            }
            by_id.try_push(core::ptr::null())?;
            Ok(by_id.len() as u32 - 1)
        }
    }

    /// Lets retired ids be used again. To be called only when no inline cache holds one of them.
    pub fn recycle_ids(&self) {
        // SAFETY: no other reference into the vectors is alive; room was reserved with the ids.
        unsafe {
            let retired = &mut *self.retired_ids.get();
            while let Some(id) = retired.pop() {
                let _ = (&mut *self.free_ids.get()).try_push(id);
            }
        }
    }

    /// Whether it is time for [`ShapeTable::recycle_ids`]: most numbers are retired; or, where they are urgently
    /// needed, any is.
    pub fn wants_recycling(&self, urgent: bool) -> bool {
        // SAFETY: no mutable reference into the vectors is alive.
        let (retired, all) = unsafe { ((&*self.retired_ids.get()).len(), (&*self.by_id.get()).len()) };
        retired > if urgent { 0 } else { LEAST_RETIRED.max(all / 2) }
    }

    fn create(&self, mut shape: Shape) -> JsResult<&'static Shape> {
        let id = match self.new_id() {
            Ok(id) => id,
            Err(error) => {
                shape.header = Header::new(0);
                return Err(error);
            }
        };
        let word = id << 8 | u32::from(kind::SHAPE);
        let Ok(cell) = heap::current().alloc(shape, word) else {
            // SAFETY: no other reference into the vector is alive; room was reserved.
            unsafe {
                let _ = (&mut *self.free_ids.get()).try_push(id);
            }
            return Err(Thrown::OutOfMemory);
        };
        // The one count is the table's from here on.
        let shape = cell.into_raw();
        // SAFETY: the cell is live and does not move; `new_id` made room.
        unsafe {
            (&mut *self.by_id.get())[id as usize] = shape.as_ptr();
            Ok(shape.as_ref())
        }
    }

    fn blank(prototype: Value, inline_capacity: u16, flags: u32) -> Shape {
        Shape {
            header: Header::new(0),
            flags: StdCell::new(flags),
            count: StdCell::new(0),
            inline_capacity,
            churn: StdCell::new(0),
            added_flags: 0,
            added: RawAtom::NONE,
            table: StdCell::new(None),
            prototype: UnsafeCell::new(prototype),
            parent: Value::UNDEFINED,
        }
    }

    /// The root for a prototype (object or null), an inline capacity and flags.
    pub fn root(&self, prototype: &Value, inline_capacity: u16, flags: u32) -> JsResult<&'static Shape> {
        let salt = u64::from(inline_capacity) << 32 | u64::from(flags);
        let hash = hash_word(prototype.bits() ^ salt.wrapping_mul(0x9E37_79B9), 0x5EED) as usize;
        if let Some(shape) = self.lookup(hash, |s| {
            s.added.is_none()
                && s.parent.is_undefined()
                && !s.has(UNIQUE)
                && s.inline_capacity == inline_capacity
                && s.prototype().bits() == prototype.bits()
                && s.added_flags == flags as u8
        }) {
            return Ok(shape);
        }
        if let Some(object) = prototype.as_object() {
            super::mark_as_prototype(object)?;
        }
        self.reserve_hash()?;
        let mut shape = Self::blank(prototype.clone(), inline_capacity, flags);
        shape.added_flags = flags as u8;
        let shape = self.create(shape)?;
        self.place(hash, shape);
        Ok(shape)
    }

    /// A unique shape without properties.
    pub fn unique(&self, prototype: &Value, inline_capacity: u16) -> JsResult<&'static Shape> {
        if let Some(object) = prototype.as_object() {
            super::mark_as_prototype(object)?;
        }
        self.create(Self::blank(prototype.clone(), inline_capacity, UNIQUE))
    }

    /// The shape reached from a shared `shape` by adding a property.
    pub(crate) fn child(
        &self,
        shape: &'static Shape,
        atom: RawAtom,
        flags: PropertyFlags,
    ) -> JsResult<&'static Shape> {
        debug_assert!(!shape.has(UNIQUE));
        let hash = Self::transition_hash(shape.id(), atom, flags);
        let from = RawValue::cell(NonNull::from(&shape.header)).bits();
        if let Some(child) =
            self.lookup(hash, |s| s.added == atom && s.added_flags == flags.0 && s.parent.bits() == from)
        {
            return Ok(child);
        }
        self.reserve_hash()?;
        let count = shape.count.get();
        // SAFETY: tables are alive while a shape owns a share; entries are pushed only at `len`.
        unsafe {
            let table = match shape.table.get() {
                Some(mut table) if table.as_ref().len == count && count < table.as_ref().capacity => {
                    table.as_mut().owners += 1;
                    table
                }
                table => PropertyTable::copy(table, count, PropertyTable::grown(count))?,
            };
            let parent = RawValue::cell(NonNull::from(&shape.header)).to_owned();
            debug_assert!(!shape.has(LAZY_FUNCTION), "lazy functions are materialised first");
            let mut flag_bits = shape.flags.get();
            if atom.as_array_index().is_some() {
                flag_bits |= INTEGER_KEYS;
            }
            let mut child = Self::blank(shape.prototype().clone(), shape.inline_capacity, flag_bits);
            child.added = atom;
            child.added_flags = flags.0;
            child.count.set(count);
            child.table.set(Some(table));
            child.parent = parent;
            let child = self.create(child)?;
            PropertyTable::push(table, Property { atom: atom.to_owned().into_raw(), flags });
            child.count.set(count + 1);
            self.place(hash, child);
            Ok(child)
        }
    }

    /// A unique shape with the same properties and prototype.
    pub(super) fn make_unique(&self, shape: &'static Shape) -> JsResult<&'static Shape> {
        let count = shape.count.get();
        let flags = shape.flags.get() | UNIQUE;
        let copy = Self::blank(shape.prototype().clone(), shape.inline_capacity, flags);
        // SAFETY: the table is alive and has `count` entries.
        let table = unsafe { PropertyTable::copy(shape.table.get(), count, PropertyTable::grown(count))? };
        copy.table.set(Some(table));
        copy.count.set(count);
        let copy = self.create(copy)?;
        Ok(copy)
    }

    /// Adds a property to a unique shape; the caller has made room for its value.
    pub(super) fn add_to_unique(&self, shape: &Shape, atom: RawAtom, flags: PropertyFlags) -> JsResult<()> {
        debug_assert!(shape.has(UNIQUE));
        let count = shape.count.get();
        // SAFETY: a unique shape is its table's only owner.
        unsafe {
            let table = match shape.table.get() {
                Some(table) if count < table.as_ref().capacity => table,
                old => {
                    let table = PropertyTable::copy(old, count, PropertyTable::grown(count))?;
                    shape.table.set(Some(table));
                    if let Some(old) = old {
                        PropertyTable::release(old);
                    }
                    table
                }
            };
            PropertyTable::push(table, Property { atom: atom.to_owned().into_raw(), flags });
        }
        shape.count.set(count + 1);
        if atom.as_array_index().is_some() {
            shape.set(INTEGER_KEYS);
            if shape.has(PROTOTYPE) {
                self.note_indexed_prototype();
            }
        }
        if count + 1 > MAX_SHARED && !shape.has(PROTOTYPE) {
            shape.set(DICTIONARY);
        }
        if !shape.has(DICTIONARY) || shape.has(PROTOTYPE) || shape.has(GLOBAL) {
            self.bump_epoch();
        }
        Ok(())
    }

    /// Drops the deleted entries of a unique shape. `moved` is told of the slots of the others, in order, and moves
    /// what is in them.
    pub(super) fn drop_deleted(&self, shape: &Shape, moved: &mut dyn FnMut(u32)) -> JsResult<()> {
        debug_assert!(shape.has(UNIQUE));
        let Some(old) = shape.table.get() else { return Ok(()) };
        let count = shape.count.get();
        let table = PropertyTable::alloc(PropertyTable::grown(count - shape.deleted()))?;
        for slot in 0..count {
            if let Some(property) = shape.property(slot) {
                property.atom.to_owned().into_raw();
                // SAFETY: there is room for all that were not deleted, and none is twice in the old table.
                unsafe { PropertyTable::push(table, property) };
                moved(slot);
            }
        }
        // SAFETY: a unique shape is its table's only owner.
        unsafe {
            shape.count.set(table.as_ref().len);
            shape.table.set(Some(table));
            PropertyTable::release(old);
        }
        shape.churn.set(shape.churn.get().wrapping_add(1));
        self.bump_epoch();
        Ok(())
    }

    /// Counts the deletion of an element of an array with so many slots; true when so many were deleted since it
    /// was true that looking at all slots is paid for.
    #[inline]
    pub fn note_deletion(&self, slots: u32) -> bool {
        let deletions = self.deletions.get() + 1;
        let due = deletions > slots;
        self.deletions.set(if due { 0 } else { deletions });
        due
    }

    /// Deletes the property in slot `i` of a unique shape, whose object keeps the (now unused) slot.
    pub(super) fn delete_from_unique(&self, shape: &'static Shape, i: u32) -> JsResult<&'static Shape> {
        let shape = self.renumber(shape)?;
        if let Some(table) = shape.table.get() {
            // SAFETY: a unique shape is its table's only owner.
            unsafe { PropertyTable::delete(table, i) };
        }
        Ok(shape)
    }

    /// Changes the attributes of slot `i` of a unique shape.
    pub(super) fn redefine_in_unique(
        &self,
        shape: &'static Shape,
        i: u32,
        flags: PropertyFlags,
    ) -> JsResult<&'static Shape> {
        let shape = self.renumber(shape)?;
        if let Some(table) = shape.table.get() {
            // SAFETY: a unique shape is its table's only owner.
            unsafe { (*PropertyTable::entries_of(table).add(i as usize)).flags = flags };
        }
        Ok(shape)
    }

    /// Moves a unique shape's contents to a shape with a new number, so that nothing cached
    /// under the old one is believed. A shape that does this too often becomes a dictionary.
    fn renumber(&self, shape: &'static Shape) -> JsResult<&'static Shape> {
        debug_assert!(shape.has(UNIQUE));
        self.bump_epoch();
        if shape.has(DICTIONARY) {
            return Ok(shape);
        }
        let mut fresh = Self::blank(shape.prototype().clone(), shape.inline_capacity, shape.flags.get());
        let churn = shape.churn.get() + 1;
        fresh.churn = StdCell::new(churn);
        if churn > MAX_CHURN && !shape.has(PROTOTYPE) {
            fresh.flags.set(shape.flags.get() | DICTIONARY);
        }
        let fresh = self.create(fresh)?;
        fresh.table.set(shape.table.take());
        fresh.count.set(shape.count.replace(0));
        Ok(fresh)
    }

    /// Sets a flag of a unique shape.
    pub(super) fn set_flag(&self, shape: &'static Shape, flag: u32) {
        debug_assert!(shape.has(UNIQUE));
        shape.set(flag);
        self.bump_epoch();
    }

    /// Clears a flag of a unique shape.
    pub(super) fn clear_flag(&self, shape: &'static Shape, flag: u32) {
        debug_assert!(shape.has(UNIQUE));
        shape.flags.set(shape.flags.get() & !flag);
        self.bump_epoch();
    }

    /// Replaces the prototype of a unique shape.
    pub(super) fn set_prototype(&self, shape: &'static Shape, prototype: Value) -> JsResult<&'static Shape> {
        let shape = self.renumber(shape)?;
        // SAFETY: no borrow of the old prototype is alive: callers clone what they keep.
        drop(unsafe { core::mem::replace(&mut *shape.prototype.get(), prototype) });
        Ok(shape)
    }

    fn transition_hash(parent: u32, atom: RawAtom, flags: PropertyFlags) -> usize {
        let key = u64::from(parent) << 40 | u64::from(flags.0) << 32 | u64::from(atom.bits());
        hash_word(key, 0x7A1E) as usize
    }

    fn lookup(&self, hash: usize, matches: impl Fn(&Shape) -> bool) -> Option<&'static Shape> {
        // SAFETY: entries above 1 are addresses of live shapes (their finalizer removes them).
        unsafe {
            let table = &*self.hash.get();
            if table.is_empty() {
                return None;
            }
            let mask = table.len() - 1;
            let mut at = hash & mask;
            while table[at] != 0 {
                if table[at] > 1 {
                    let shape = &*core::ptr::with_exposed_provenance::<Shape>(table[at]);
                    if matches(shape) {
                        return Some(shape);
                    }
                }
                at = (at + 1) & mask;
            }
            None
        }
    }

    fn place(&self, hash: usize, shape: &Shape) {
        // SAFETY: no other reference into the vector is alive; `reserve_hash` made room.
        let table = unsafe { &mut *self.hash.get() };
        let mask = table.len() - 1;
        let mut at = hash & mask;
        while table[at] > 1 {
            at = (at + 1) & mask;
        }
        if table[at] == 0 {
            self.hash_used.set(self.hash_used.get() + 1);
        }
        table[at] = (&raw const *shape).expose_provenance();
    }

    fn hash_of(shape: &Shape) -> Option<usize> {
        if shape.has(UNIQUE) {
            return None;
        }
        if shape.parent.is_undefined() {
            let salt = u64::from(shape.inline_capacity) << 32 | u64::from(shape.added_flags);
            return Some(
                hash_word(shape.prototype().bits() ^ salt.wrapping_mul(0x9E37_79B9), 0x5EED) as usize
            );
        }
        // SAFETY: the parent is counted, so it is alive.
        let parent = unsafe { shape.parent.cell_unchecked().as_ref().tag() };
        Some(Self::transition_hash(parent, shape.added, PropertyFlags(shape.added_flags)))
    }

    fn reserve_hash(&self) -> JsResult<()> {
        // SAFETY: the old vector is replaced before shapes are placed again.
        let table = unsafe { &mut *self.hash.get() };
        if (self.hash_used.get() + 1) * 4 <= table.len() * 3 {
            return Ok(());
        }
        let live = table.iter().filter(|&&b| b > 1).count();
        let mut larger = Vec::new(table.memory());
        larger.try_resize(((live + 1) * 2).next_power_of_two().max(256), 0usize)?;
        let old = core::mem::replace(table, larger);
        self.hash_used.set(0);
        for &bucket in old.iter().filter(|&&b| b > 1) {
            // SAFETY: the bucket holds a live shape.
            let shape = unsafe { &*core::ptr::with_exposed_provenance::<Shape>(bucket) };
            if let Some(hash) = Self::hash_of(shape) {
                self.place(hash, shape);
            }
        }
        Ok(())
    }

    /// Takes a shape out that is being finalized.
    fn forget(&self, shape: &Shape) {
        let id = shape.id();
        // SAFETY: no other reference into the vectors is alive; room to retire was reserved with the id.
        unsafe {
            if id == 0 || (&*self.by_id.get())[id as usize] != &raw const *shape {
                return;
            }
            (&mut *self.by_id.get())[id as usize] = core::ptr::null();
            if !shape.parent.is_undefined() {
                self.bump_epoch();
            }
            let _ = (&mut *self.retired_ids.get()).try_push(id);
            let table = &mut *self.hash.get();
            if let Some(hash) = Self::hash_of(shape).filter(|_| !table.is_empty()) {
                let mask = table.len() - 1;
                let address = (&raw const *shape).expose_provenance();
                let mut at = hash & mask;
                while table[at] != 0 {
                    if table[at] == address {
                        table[at] = 1;
                        break;
                    }
                    at = (at + 1) & mask;
                }
            }
        }
    }
}
