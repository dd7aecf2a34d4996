//! Floor 5: objects as storage. Nothing here can run JavaScript: getters, setters, proxies and exotic
//! behaviour are the business of `exec`.
//!
//! Every object cell starts with an [`ObjectHead`]: header and pointer to out-of-line slots.
//! Ordinary objects have inline slots behind it, arrays their elements pointer, functions their code.
//!
//! # Invariants
//! - The slots that the shape counts are initialised, and so are all others the cell or the
//!   out-of-line block has room for (with the hole marker).
//! - `ext` is 0 or the address of slot 0 of an out-of-line block whose capacity stands in the
//!   eight bytes before it. Its low three bits are flags; bit 0: weak references exist; bit 1: an array's
//!   elements begin behind slots that were cut off.
//! - Slots are read by cloning ([`Object::slot`]) and written by replacing
//!   ([`Object::set_slot`]), never by holding a reference into them while anything else runs.

pub mod array;
pub mod bigint;
pub mod buffer;
pub mod collections;
pub mod dispose;
mod elements;
pub mod exotic;
pub mod generator;
pub mod iteration;
pub mod promise;
mod property_table;
pub mod regexp;
pub mod shape;
mod sparse;
pub mod weak;

use core::alloc::Layout;
use core::cell::Cell as StdCell;
use core::ptr::NonNull;

pub use array::ArrayCell;
pub use elements::ElementsBlock;
pub use shape::{Property, PropertyFlags, Shape, ShapeTable, shape_flags};

use crate::heap::{self, Cell, Header, Tracer};
use crate::mem::Use;
use crate::text::RawAtom;
use crate::value::{JsResult, Object, RawValue, Value, kind};

/// Bit 0 of `ext`: the object has weak references.
pub const EXT_WEAK: usize = 1;
/// Bit 1 of `ext`: there are slots before an array's first element; see `array.rs`.
const EXT_CUT: usize = 2;
const EXT_FLAGS: usize = 7;
const EXT_HEAD_BYTES: usize = 8;

/// What every object cell starts with.
#[repr(C)]
pub struct ObjectHead {
    header: Header,
    ext: StdCell<usize>,
}

/// Bytes of [`ObjectHead`]: the offset of an ordinary object's first inline slot.
pub const HEAD_BYTES: usize = size_of::<ObjectHead>();

impl ObjectHead {
    /// The head of a new object; the heap fills the header in.
    pub fn new() -> ObjectHead {
        ObjectHead { header: Header::new(0), ext: StdCell::new(0) }
    }

    /// Reports shape and out-of-line slots.
    pub fn trace(&self, tracer: &mut Tracer<'_>) {
        let shape = ShapeTable::current().get(self.header.tag());
        tracer.uncounted(NonNull::from(shape).cast());
        let (slots, capacity) = self.ext_slots();
        for i in 0..capacity {
            // SAFETY: all slots of the block are initialised.
            unsafe { (*slots.add(i)).trace(tracer) };
        }
    }

    #[inline(always)]
    fn ext_slots(&self) -> (*mut Value, usize) {
        let slots: *mut Value = core::ptr::with_exposed_provenance_mut(self.ext.get() & !EXT_FLAGS);
        if slots.is_null() {
            return (slots, 0);
        }
        // SAFETY: the capacity stands before slot 0.
        (slots, unsafe { slots.cast::<u64>().sub(1).read() } as usize)
    }

    fn ext_layout(capacity: usize) -> Layout {
        Layout::from_size_align(EXT_HEAD_BYTES + capacity * size_of::<Value>(), 8)
            .expect("slot counts are bounded by the shape's")
    }

    /// Makes room for `slots` out-of-line slots.
    fn reserve_ext(&self, slots: usize) -> JsResult<()> {
        let (old, capacity) = self.ext_slots();
        if slots <= capacity {
            return Ok(());
        }
        // 1, 3, 5, 9, 15, ...: with the head these fill the pool's size classes.
        let wanted =
            if capacity == 0 { slots.max(1) | 1 } else { (capacity + capacity / 2 + 1).max(slots) | 1 };
        let mem = heap::current().mem();
        // SAFETY: a non-null block has the layout of its capacity; all slots of the new block
        // are initialised before it is published.
        unsafe {
            let block = if old.is_null() {
                mem.alloc(Use::Slots, Self::ext_layout(wanted))?
            } else {
                let block = NonNull::new_unchecked(old.cast::<u8>().sub(EXT_HEAD_BYTES));
                let bytes = Self::ext_layout(wanted).size();
                mem.realloc(Use::Slots, block, Self::ext_layout(capacity), bytes)?
            };
            block.cast::<u64>().write(wanted as u64);
            let new = block.as_ptr().add(EXT_HEAD_BYTES).cast::<Value>();
            for i in capacity..wanted {
                new.add(i).write(Value::HOLE);
            }
            self.ext.set(new.expose_provenance() | self.ext.get() & EXT_FLAGS);
        }
        Ok(())
    }

    /// Whether weak references to this object exist.
    pub fn is_weakly_held(&self) -> bool {
        self.ext.get() & EXT_WEAK != 0
    }

    /// Notes whether weak references to this object exist.
    pub fn set_weakly_held(&self, held: bool) {
        self.ext.set(self.ext.get() & !EXT_WEAK | usize::from(held));
    }

    /// Whether slots of an array's block stand before its first element.
    #[inline(always)]
    fn is_cut(&self) -> bool {
        self.ext.get() & EXT_CUT != 0
    }

    fn set_cut(&self, cut: bool) {
        self.ext.set(if cut { self.ext.get() | EXT_CUT } else { self.ext.get() & !EXT_CUT });
    }

    /// Bytes of the out-of-line block.
    pub fn ext_bytes(&self) -> usize {
        match self.ext_slots() {
            (slots, _) if slots.is_null() => 0,
            (_, capacity) => Self::ext_layout(capacity).size(),
        }
    }
}

impl Default for ObjectHead {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for ObjectHead {
    #[inline]
    fn drop(&mut self) {
        let (slots, capacity) = self.ext_slots();
        if !slots.is_null() {
            // SAFETY: the block is this object's alone, and its slots are initialised.
            unsafe {
                for i in 0..capacity {
                    slots.add(i).drop_in_place();
                }
                let block = NonNull::new_unchecked(slots.cast::<u8>().sub(EXT_HEAD_BYTES));
                heap::current().mem().free(Use::Slots, block, Self::ext_layout(capacity));
            }
        }
    }
}

/// An ordinary object: inline slots follow the head, as many as the cell has room for.
#[repr(C)]
pub struct OrdinaryCell {
    head: ObjectHead,
}

impl OrdinaryCell {
    #[inline(always)]
    fn inline_slots(&self) -> (*mut Value, usize) {
        let cell = NonNull::from(&self.head.header);
        // SAFETY: the cell is live or being finalized; its slots follow the head.
        unsafe {
            let bytes = heap::current().cell_size(cell);
            (cell.as_ptr().byte_add(HEAD_BYTES).cast(), (bytes - HEAD_BYTES) / size_of::<Value>())
        }
    }
}

// SAFETY: `repr(C)` with the header first; all slots, inline and out of line, are reported.
unsafe impl Cell for OrdinaryCell {
    const KIND: u8 = kind::OBJECT;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        let (slots, count) = self.inline_slots();
        for i in 0..count {
            // SAFETY: all inline slots are initialised.
            unsafe { (*slots.add(i)).trace(tracer) };
        }
    }
}

impl Drop for OrdinaryCell {
    fn drop(&mut self) {
        let (slots, count) = self.inline_slots();
        for i in 0..count {
            // SAFETY: all inline slots are initialised, and dropped once.
            unsafe { slots.add(i).drop_in_place() };
        }
    }
}

/// A getter and a setter; either may be undefined.
#[repr(C)]
pub struct Accessor {
    header: Header,
    /// The getter: a callable object or undefined.
    pub getter: Value,
    /// The setter: a callable object or undefined.
    pub setter: Value,
}

// SAFETY: `repr(C)` with the header first; both references are reported.
unsafe impl Cell for Accessor {
    const KIND: u8 = kind::ACCESSOR;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.getter.trace(tracer);
        self.setter.trace(tracer);
    }
}

impl Accessor {
    /// A new accessor cell, as the value a slot holds.
    pub fn cell(getter: Value, setter: Value) -> JsResult<Value> {
        let cell = Accessor { header: Header::new(0), getter, setter };
        Ok(heap::current().alloc(cell, u32::from(kind::ACCESSOR))?.into())
    }
}

/// A boxed variable: captured by closures, or a binding of the global or of a module.
#[repr(C)]
pub struct VarRef {
    header: Header,
    value: core::cell::UnsafeCell<Value>,
}

// SAFETY: `repr(C)` with the header first; the value is reported.
unsafe impl Cell for VarRef {
    const KIND: u8 = kind::VAR_REF;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: no reference into the cell is alive while the collector runs.
        unsafe { (*self.value.get()).trace(tracer) };
    }
}

impl VarRef {
    /// Byte offset of the value, for the interpreter.
    pub const VALUE_OFFSET: usize = core::mem::offset_of!(VarRef, value);

    /// A new box.
    pub fn new(value: Value) -> JsResult<heap::Ref<VarRef>> {
        let cell = VarRef { header: Header::new(0), value: core::cell::UnsafeCell::new(value) };
        Ok(heap::current().alloc(cell, u32::from(kind::VAR_REF))?)
    }

    /// The value.
    #[inline(always)]
    pub fn get(&self) -> Value {
        // SAFETY: cloned at once; no reference into the box is kept.
        unsafe { (*self.value.get()).clone() }
    }

    /// Replaces the value.
    #[inline(always)]
    pub fn set(&self, value: Value) {
        // SAFETY: the old value is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.value.get(), value) });
    }
}

/// Marks the object of global bindings: its slots may be cached by address.
pub fn mark_global(object: &Object) -> JsResult<()> {
    object.make_unique()?;
    ShapeTable::current().set_flag(object.shape(), shape_flags::GLOBAL);
    Ok(())
}

/// Marks an object as somebody's prototype: it gets a unique shape whose changes bump the epoch.
pub(crate) fn mark_as_prototype(object: &Object) -> JsResult<()> {
    let shape = object.shape();
    if shape.has(shape_flags::PROTOTYPE) {
        return Ok(());
    }
    object.make_unique()?;
    let table = ShapeTable::current();
    table.set_flag(object.shape(), shape_flags::PROTOTYPE);
    let indexed = object.shape().has(shape_flags::INTEGER_KEYS) || object.has_elements();
    if indexed || has_own_indices(object.shape().prototype()) {
        table.note_indexed_prototype();
    }
    Ok(())
}

/// Whether a prototype may answer for integer keys that are no properties of it. What has such a prototype, and is a
/// prototype itself, counts as one with integer keys; other objects look at their prototype.
pub fn has_own_indices(prototype: &Value) -> bool {
    let Some(object) = prototype.as_object() else { return false };
    match object.kind() {
        kind::PROXY | kind::TYPED_ARRAY | kind::NAMESPACE => true,
        kind::PRIMITIVE => object
            .downcast::<exotic::PrimitiveCell>()
            .is_some_and(|cell| cell.value().as_string().is_some_and(|text| !text.is_empty())),
        _ => false,
    }
}

impl Object {
    /// A new ordinary object of a shape without properties.
    #[inline]
    pub fn with_shape(shape: &Shape) -> JsResult<Object> {
        let capacity = shape.inline_capacity() as usize;
        let word = shape.id() << 8 | u32::from(kind::OBJECT);
        let cell = heap::current().alloc_raw(HEAD_BYTES + capacity * size_of::<Value>(), word)?;
        // SAFETY: the whole cell is initialised before anybody sees it; its count is handed over.
        unsafe {
            (&raw mut (*cell.cast::<ObjectHead>().as_ptr()).ext).write(StdCell::new(0));
            let size = heap::current().cell_size(cell);
            let slots = cell.as_ptr().byte_add(HEAD_BYTES).cast::<Value>();
            for i in 0..(size - HEAD_BYTES) / size_of::<Value>() {
                slots.add(i).write(Value::HOLE);
            }
            Ok(Object::from_value_unchecked(Value::from_raw(RawValue::cell(cell))))
        }
    }

    /// A new object cell of a type, with a shape.
    pub fn alloc<T: Cell>(cell: T, shape: &Shape) -> JsResult<Object> {
        debug_assert!(T::KIND >= kind::FIRST_OBJECT);
        let word = shape.id() << 8 | u32::from(T::KIND);
        let cell = heap::current().alloc(cell, word)?;
        // SAFETY: the kind is an object's.
        Ok(unsafe { Object::from_value_unchecked(cell.into()) })
    }

    /// The head.
    #[inline(always)]
    pub fn head(&self) -> &ObjectHead {
        // SAFETY: every object cell starts with its head.
        unsafe { self.as_cell().cast::<ObjectHead>().as_ref() }
    }

    /// The shape.
    #[inline(always)]
    pub fn shape(&self) -> &'static Shape {
        ShapeTable::current().get(self.head().header.tag())
    }

    #[inline(always)]
    fn set_shape(&self, shape: &Shape) {
        // SAFETY: the object is alive; the header's word is changed in one write.
        unsafe {
            let header = &mut *self.as_cell().as_ptr();
            header.set_word(shape.id() << 8 | u32::from(header.kind()));
        }
    }

    /// The header's word: shape number and kind.
    #[inline(always)]
    pub fn as_cell_word(&self) -> u32 {
        self.head().header.word()
    }

    /// The prototype: an object or null.
    #[inline]
    pub fn prototype(&self) -> Value {
        self.shape().prototype().clone()
    }

    /// Slot and attributes of an own named property. Array elements and the virtual properties of
    /// exotic objects are not among them.
    #[inline]
    pub fn find(&self, atom: RawAtom) -> Option<(u32, PropertyFlags)> {
        self.shape().find(atom)
    }

    #[inline(always)]
    fn slot_place(&self, i: u32) -> *mut Value {
        let inline = self.shape().inline_capacity();
        if i < inline {
            // SAFETY: inline slots follow the head.
            unsafe { self.as_cell().as_ptr().byte_add(HEAD_BYTES).cast::<Value>().add(i as usize) }
        } else {
            let (slots, capacity) = self.head().ext_slots();
            debug_assert!(((i - inline) as usize) < capacity);
            // SAFETY: slots that the shape counts exist.
            unsafe { slots.add((i - inline) as usize) }
        }
    }

    /// The address of slot `i`, for inline caches: valid as long as the shape's number and the
    /// epoch are unchanged.
    pub(crate) fn slot_address(&self, i: u32) -> usize {
        self.slot_place(i).expose_provenance()
    }

    /// The value in slot `i`, below the shape's count.
    #[inline]
    pub fn slot(&self, i: u32) -> Value {
        debug_assert!(i < self.shape().count());
        // SAFETY: the slot exists and is initialised; it is cloned at once.
        unsafe { (*self.slot_place(i)).clone() }
    }

    /// Replaces the value in slot `i`.
    #[inline]
    pub fn set_slot(&self, i: u32, value: Value) {
        debug_assert!(i < self.shape().count());
        // SAFETY: the slot exists and is initialised; the old value is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.slot_place(i), value) });
        if self.shape().has(shape_flags::PROTOTYPE) {
            ShapeTable::current().bump_epoch();
        }
    }

    /// Gives an object whose shape counts no slots the shape `shape`, which has as many as there are `slots`,
    /// none of them inline.
    pub fn adopt<const N: usize>(&self, shape: &Shape, slots: [Value; N]) -> JsResult<()> {
        debug_assert_eq!((self.shape().count(), shape.count() as usize, shape.inline_capacity()), (0, N, 0));
        self.head().reserve_ext(N)?;
        self.set_shape(shape);
        for (i, value) in (0..).zip(slots) {
            // SAFETY: the slots are new: they hold the hole marker, which needs no drop.
            unsafe { self.slot_place(i).write(value) };
        }
        Ok(())
    }

    /// Adds a property that the object does not have. Says nothing about extensibility.
    pub fn add_property(&self, atom: RawAtom, value: Value, flags: PropertyFlags) -> JsResult<()> {
        let shape = self.shape();
        let table = ShapeTable::current();
        if shape.has(shape_flags::UNIQUE) && shape.is_mostly_deleted() {
            self.drop_deleted()?;
        }
        let at = shape.count();
        let inline = shape.inline_capacity();
        if at >= inline {
            let before = self.head().ext_slots().0;
            self.head().reserve_ext((at - inline + 1) as usize)?;
            if shape.has(shape_flags::UNIQUE) && self.head().ext_slots().0 != before {
                // Addresses of slots may be cached, and what follows may fail.
                table.bump_epoch();
            }
        }
        let crowded = at >= 512 || (atom.is_integer() && at >= 16);
        if shape.has(shape_flags::UNIQUE) {
            table.add_to_unique(shape, atom, flags)?;
        } else if crowded {
            self.make_unique()?;
            table.set_flag(self.shape(), shape_flags::DICTIONARY);
            table.add_to_unique(self.shape(), atom, flags)?;
        } else {
            let child = table.child(shape, atom, flags)?;
            self.set_shape(child);
        }
        // SAFETY: the slot is new: it holds the hole marker, which needs no drop.
        unsafe { self.slot_place(at).write(value) };
        Ok(())
    }

    /// Removes the property in slot `i`.
    pub fn remove_property(&self, i: u32) -> JsResult<()> {
        self.make_unique()?;
        let shape = ShapeTable::current().delete_from_unique(self.shape(), i)?;
        self.set_shape(shape);
        // SAFETY: as in `set_slot`.
        drop(unsafe { core::mem::replace(&mut *self.slot_place(i), Value::HOLE) });
        Ok(())
    }

    /// Changes the attributes of the property in slot `i`, and its value.
    pub fn redefine_property(&self, i: u32, value: Value, flags: PropertyFlags) -> JsResult<()> {
        let shape = self.shape();
        if shape.property(i).is_none_or(|p| p.flags != flags) {
            self.make_unique()?;
            let shape = ShapeTable::current().redefine_in_unique(self.shape(), i, flags)?;
            self.set_shape(shape);
        }
        self.set_slot(i, value);
        Ok(())
    }

    /// Gives the object a shape of its own.
    pub fn make_unique(&self) -> JsResult<()> {
        let shape = self.shape();
        if !shape.has(shape_flags::UNIQUE) {
            let unique = ShapeTable::current().make_unique(shape)?;
            self.set_shape(unique);
        }
        Ok(())
    }

    /// Sets a flag of the object's (then unique) shape.
    pub fn set_shape_flag(&self, flag: u32) -> JsResult<()> {
        if !self.shape().has(flag) {
            self.make_unique()?;
            ShapeTable::current().set_flag(self.shape(), flag);
        }
        Ok(())
    }

    /// Clears a flag of the object's unique shape.
    pub(crate) fn clear_shape_flag(&self, flag: u32) {
        ShapeTable::current().clear_flag(self.shape(), flag);
    }

    /// Moves the object to a shape without properties, for one that has none yet.
    pub(crate) fn replace_empty_shape(&self, shape: &Shape) {
        debug_assert_eq!(self.shape().count(), 0);
        debug_assert_eq!(self.shape().inline_capacity(), shape.inline_capacity());
        self.set_shape(shape);
    }

    /// Whether properties may be added, as far as the shape says.
    pub fn is_extensible_shape(&self) -> bool {
        !self.shape().has(shape_flags::NOT_EXTENSIBLE)
    }

    /// Replaces the prototype, without any checks. An object without properties moves to the
    /// new prototype's shared root; one with properties gets a unique shape.
    pub fn set_prototype_unchecked(&self, prototype: &Value) -> JsResult<()> {
        let shape = self.shape();
        if shape.prototype().bits() == prototype.bits() {
            return Ok(());
        }
        if let Some(object) = prototype.as_object() {
            mark_as_prototype(object)?;
        }
        let table = ShapeTable::current();
        if shape.has(shape_flags::PROTOTYPE) && has_own_indices(prototype) {
            table.note_indexed_prototype();
        }
        if !shape.has(shape_flags::UNIQUE) && shape.count() == 0 && !shape.has(shape_flags::LAZY_FUNCTION) {
            let root = table.root(prototype, shape.inline_capacity() as u16, 0)?;
            self.set_shape(root);
            return Ok(());
        }
        if !shape.has(shape_flags::UNIQUE) && !shape.has(shape_flags::LAZY_FUNCTION) {
            // Rebuild the same properties below the new root, so that objects treated alike
            // (a base class's instances, say) keep sharing shapes.
            let mut target = table.root(prototype, shape.inline_capacity() as u16, 0)?;
            for i in 0..shape.count() {
                if let Some(property) = shape.property(i) {
                    target = table.child(target, property.atom, property.flags)?;
                }
            }
            if !shape.has(shape_flags::NOT_EXTENSIBLE) {
                self.set_shape(target);
                return Ok(());
            }
        }
        self.make_unique()?;
        let shape = table.set_prototype(self.shape(), prototype.clone())?;
        self.set_shape(shape);
        Ok(())
    }

    /// Whether the object is an array or arguments object with dense elements.
    pub fn has_elements(&self) -> bool {
        self.as_array().is_some_and(|a| a.capacity() > 0)
    }
}
