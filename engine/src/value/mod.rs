//! Floor 4: the value word (DESIGN 2).
//!
//! A value is 64 bits. Pointers are stored as they are; doubles are moved up by 2<<48 so that no
//! double looks like a pointer:
//!
//! | bits 63..48 | meaning |
//! |---|---|
//! | `0x0000` | address of a cell |
//! | `0x0001` | undefined, null, booleans and the engine's own markers |
//! | `0x0002`..`0xFFFD` | double, `bits + (2 << 48)` |
//! | `0xFFFE` | int32 in the low half |
//!
//! # Invariants
//! - A number that is an int32 may be stored either way; only -0 and non-integers must be doubles.
//!   [`Value::number`] prefers the int form, so that equal keys usually have equal bits.
//! - NaNs are canonical: no other NaN payload is ever boxed.
//! - [`RawValue`] is a copy of the bits without a count: it is valid only while somebody owns the value.
//!   [`Value`] owns one count. Outside the interpreter's handlers nothing else counts.

mod error;
pub mod kind;

pub use error::{JsResult, Thrown};

use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use crate::heap::{Cell, Header, Heap, Ref, Tracer};

const SPECIAL: u64 = 0x0001_0000_0000_0000;
const DOUBLE_OFFSET: u64 = 0x0002_0000_0000_0000;
const INT: u64 = 0xFFFE_0000_0000_0000;

/// The bits of a value, without a count: the borrowed, copyable form.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct RawValue(u64);

/// Some int32 of a double: its integral part where an int32 can hold that.
#[inline(always)]
fn truncate(d: f64) -> i32 {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use core::arch::x86_64::{_mm_cvttsd_si32, _mm_set_sd};
        // SAFETY: every processor of this architecture has SSE2.
        unsafe { _mm_cvttsd_si32(_mm_set_sd(d)) }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    {
        d as i32
    }
}

impl RawValue {
    /// `undefined`.
    pub const UNDEFINED: RawValue = RawValue(SPECIAL | 3);
    /// `null`.
    pub const NULL: RawValue = RawValue(SPECIAL | 2);
    /// `false`.
    pub const FALSE: RawValue = RawValue(SPECIAL | 4);
    /// `true`.
    pub const TRUE: RawValue = RawValue(SPECIAL | 5);
    /// What a handler returns when an exception is pending.
    pub const EXCEPTION: RawValue = RawValue(SPECIAL | 6);
    /// A lexical binding before its declaration ran (temporal dead zone).
    pub const UNINITIALIZED: RawValue = RawValue(SPECIAL | 7);
    /// A missing element of a dense array; also an unused property slot.
    pub const HOLE: RawValue = RawValue(SPECIAL | 8);

    /// The bits.
    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Bits that came from [`RawValue::bits`].
    #[inline(always)]
    pub const fn from_bits(bits: u64) -> RawValue {
        RawValue(bits)
    }

    /// A boolean.
    #[inline(always)]
    pub const fn boolean(b: bool) -> RawValue {
        RawValue(SPECIAL | 4 | b as u64)
    }

    /// An int32.
    #[inline(always)]
    pub const fn int(i: i32) -> RawValue {
        RawValue(INT | i as u32 as u64)
    }

    /// A double, stored as a double even if it is integral.
    #[inline(always)]
    pub const fn double(d: f64) -> RawValue {
        let bits = if d.is_nan() { 0x7FF8_0000_0000_0000 } else { d.to_bits() };
        RawValue(bits.wrapping_add(DOUBLE_OFFSET))
    }

    /// What arithmetic on doubles gave, stored as a double even if it is integral. The NaNs that processors
    /// make, of this or the other sign, need no change to be no int.
    #[inline(always)]
    pub const fn computed(d: f64) -> RawValue {
        let value = RawValue(d.to_bits().wrapping_add(DOUBLE_OFFSET));
        debug_assert!(value.is_double());
        value
    }

    /// A number in its preferred form: int32 where possible. Nothing may rely on that form: equal
    /// numbers can have different bits ([`RawValue::computed`]).
    #[inline(always)]
    pub fn number(d: f64) -> RawValue {
        let i = truncate(d);
        if f64::from(i).to_bits() == d.to_bits() { RawValue::int(i) } else { RawValue::double(d) }
    }

    /// A cell, borrowed.
    #[inline(always)]
    pub fn cell(cell: NonNull<Header>) -> RawValue {
        RawValue(cell.as_ptr().expose_provenance() as u64)
    }

    /// Whether this is the address of a cell.
    #[inline(always)]
    pub const fn is_cell(self) -> bool {
        self.0 >> 48 == 0
    }

    /// The cell, when it is one.
    #[inline(always)]
    pub fn as_cell(self) -> Option<NonNull<Header>> {
        if self.is_cell() { Some(self.cell_unchecked()) } else { None }
    }

    /// The cell of a value known to be one (checked in debug builds).
    #[inline(always)]
    pub fn cell_unchecked(self) -> NonNull<Header> {
        debug_assert!(self.is_cell() && self.0 != 0);
        // SAFETY: cell values are made from non-null pointers only.
        unsafe { NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(self.0 as usize)) }
    }

    /// Whether this is an int32.
    #[inline(always)]
    pub const fn is_int(self) -> bool {
        self.0 >= INT
    }

    /// Whether both are stored as doubles.
    #[inline(always)]
    pub const fn both_double(a: RawValue, b: RawValue) -> bool {
        a.is_double() && b.is_double()
    }

    /// Whether both are int32.
    #[inline(always)]
    pub const fn both_int(a: RawValue, b: RawValue) -> bool {
        a.0 & b.0 >= INT
    }

    /// The int32 of a value known to be one.
    #[inline(always)]
    pub const fn int_unchecked(self) -> i32 {
        self.0 as i32
    }

    /// The int32.
    #[inline(always)]
    pub const fn as_int(self) -> Option<i32> {
        if self.is_int() { Some(self.0 as i32) } else { None }
    }

    /// The number as an int32, whichever way it is stored: for elements' keys. `None` for -0 as well.
    #[inline(always)]
    pub fn as_index(self) -> Option<i32> {
        if self.is_double() { RawValue::number(self.double_unchecked()).as_int() } else { self.as_int() }
    }

    /// Whether this is stored as a double.
    #[inline(always)]
    pub const fn is_double(self) -> bool {
        self.0.wrapping_sub(DOUBLE_OFFSET) < INT - DOUBLE_OFFSET
    }

    /// The double of a value known to be stored as one.
    #[inline(always)]
    pub const fn double_unchecked(self) -> f64 {
        f64::from_bits(self.0.wrapping_sub(DOUBLE_OFFSET))
    }

    /// Whether this is a number, in either form.
    #[inline(always)]
    pub const fn is_number(self) -> bool {
        self.0 >= DOUBLE_OFFSET
    }

    /// The number.
    #[inline(always)]
    pub fn as_number(self) -> Option<f64> {
        if self.is_int() {
            Some(f64::from(self.int_unchecked()))
        } else if self.is_number() {
            Some(self.double_unchecked())
        } else {
            None
        }
    }

    /// Whether this is `undefined`.
    #[inline(always)]
    pub const fn is_undefined(self) -> bool {
        self.0 == Self::UNDEFINED.0
    }

    /// Whether this is `null`.
    #[inline(always)]
    pub const fn is_null(self) -> bool {
        self.0 == Self::NULL.0
    }

    /// Whether this is `undefined` or `null`.
    #[inline(always)]
    pub const fn is_nullish(self) -> bool {
        self.0 & !1 == Self::NULL.0
    }

    /// Whether this is a boolean.
    #[inline(always)]
    pub const fn is_boolean(self) -> bool {
        self.0 & !1 == Self::FALSE.0
    }

    /// The boolean.
    #[inline(always)]
    pub const fn as_boolean(self) -> Option<bool> {
        if self.is_boolean() { Some(self.0 & 1 != 0) } else { None }
    }

    /// The cell's kind, 0 when this is no cell.
    #[inline(always)]
    pub fn kind(self) -> u8 {
        if self.is_cell() {
            // SAFETY: a raw value is used only while its owner keeps the cell alive.
            unsafe { (*self.cell_unchecked().as_ptr()).kind() }
        } else {
            0
        }
    }

    /// Whether this is an object.
    #[inline(always)]
    pub fn is_object(self) -> bool {
        self.kind() >= kind::FIRST_OBJECT
    }

    /// Whether this is a string, flat or rope.
    #[inline(always)]
    pub fn is_string(self) -> bool {
        matches!(self.kind(), kind::STRING8..=kind::ROPE)
    }

    /// Whether this is a symbol.
    #[inline(always)]
    pub fn is_symbol(self) -> bool {
        self.kind() == kind::SYMBOL
    }

    /// Whether this is a BigInt.
    #[inline(always)]
    pub fn is_bigint(self) -> bool {
        self.kind() == kind::BIGINT
    }

    /// Whether this is a marker that no script can see.
    #[inline(always)]
    pub const fn is_internal(self) -> bool {
        self.0 >= SPECIAL | 6 && self.0 < DOUBLE_OFFSET
    }

    /// Counts one more reference.
    ///
    /// # Safety
    /// 1. The value is alive: somebody owns it.
    #[inline(always)]
    pub unsafe fn to_owned(self) -> Value {
        if self.is_cell() {
            // SAFETY: (1) the cell is live.
            unsafe { (*self.cell_unchecked().as_ptr()).increment() };
        }
        Value(self)
    }
}

impl core::fmt::Debug for RawValue {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            RawValue::UNDEFINED => f.write_str("undefined"),
            RawValue::NULL => f.write_str("null"),
            RawValue::UNINITIALIZED => f.write_str("<uninitialized>"),
            RawValue::HOLE => f.write_str("<hole>"),
            RawValue::EXCEPTION => f.write_str("<exception>"),
            v if v.is_int() => write!(f, "{}", v.int_unchecked()),
            v if v.is_double() => write!(f, "{}", v.double_unchecked()),
            v if v.is_boolean() => write!(f, "{}", v == RawValue::TRUE),
            v if v.is_cell() => write!(f, "<{} {:#x}>", kind::name(v.kind()), v.0),
            v => write!(f, "<{:#x}>", v.0),
        }
    }
}

/// A value that owns its reference: cloning counts, dropping gives the count back.
#[repr(transparent)]
pub struct Value(RawValue);

impl Value {
    /// `undefined`.
    pub const UNDEFINED: Value = Value(RawValue::UNDEFINED);
    /// `null`.
    pub const NULL: Value = Value(RawValue::NULL);
    /// `true`.
    pub const TRUE: Value = Value(RawValue::TRUE);
    /// `false`.
    pub const FALSE: Value = Value(RawValue::FALSE);
    /// See [`RawValue::UNINITIALIZED`].
    pub const UNINITIALIZED: Value = Value(RawValue::UNINITIALIZED);
    /// See [`RawValue::HOLE`].
    pub const HOLE: Value = Value(RawValue::HOLE);

    /// A boolean.
    #[inline(always)]
    pub const fn boolean(b: bool) -> Value {
        Value(RawValue::boolean(b))
    }

    /// An int32.
    #[inline(always)]
    pub const fn int(i: i32) -> Value {
        Value(RawValue::int(i))
    }

    /// A number in its preferred form.
    #[inline(always)]
    pub fn number(d: f64) -> Value {
        Value(RawValue::number(d))
    }

    /// Takes over the count behind the bits.
    ///
    /// # Safety
    /// 1. One count of the value is handed over.
    #[inline(always)]
    pub const unsafe fn from_raw(raw: RawValue) -> Value {
        Value(raw)
    }

    /// The bits, without giving the count up.
    #[inline(always)]
    pub const fn raw(&self) -> RawValue {
        self.0
    }

    /// Gives the value up without dropping its count.
    #[inline(always)]
    pub fn into_raw(self) -> RawValue {
        ManuallyDrop::new(self).0
    }

    /// The value as an object, when it is one.
    #[inline(always)]
    pub fn as_object(&self) -> Option<&Object> {
        // SAFETY: `Object` is a transparent wrapper whose only duty was just checked.
        if self.is_object() { Some(unsafe { &*(self as *const Value).cast::<Object>() }) } else { None }
    }

    /// The value as an object, when it is one.
    #[inline(always)]
    pub fn into_object(self) -> Result<Object, Value> {
        if self.is_object() { Ok(Object(self)) } else { Err(self) }
    }

    /// The value as a reference to a cell of type `T`, when it is of `T`'s kind.
    #[inline(always)]
    pub fn downcast<T: Cell>(&self) -> Option<&T> {
        if self.kind() == T::KIND {
            // SAFETY: the kind says that the cell holds a `T`; it lives as long as `self` owns it.
            Some(unsafe { self.cell_unchecked().cast::<T>().as_ref() })
        } else {
            None
        }
    }

    /// A new counted reference to the cell, when it is of `T`'s kind.
    #[inline(always)]
    pub fn downcast_ref<T: Cell>(&self) -> Option<Ref<T>> {
        // SAFETY: as in `downcast`.
        (self.kind() == T::KIND).then(|| unsafe { Ref::share(self.cell_unchecked().cast::<T>()) })
    }

    /// Reports the reference to a tracer.
    #[inline(always)]
    pub fn trace(&self, tracer: &mut Tracer<'_>) {
        if self.is_cell() {
            tracer.edge(self.cell_unchecked());
        }
    }

    /// Replaces the value by `undefined` and returns it.
    #[inline(always)]
    pub fn take(&mut self) -> Value {
        core::mem::replace(self, Value::UNDEFINED)
    }
}

impl Deref for Value {
    type Target = RawValue;
    #[inline(always)]
    fn deref(&self) -> &RawValue {
        &self.0
    }
}

impl Clone for Value {
    #[inline(always)]
    fn clone(&self) -> Value {
        // SAFETY: (1) `self` owns the value.
        unsafe { self.0.to_owned() }
    }
}

impl Drop for Value {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0.is_cell() {
            let cell = self.0.cell_unchecked();
            // SAFETY: this value owns one count of a live cell; the heap's invariant 4 gives the heap.
            unsafe {
                if (*cell.as_ptr()).decrement() {
                    Heap::current().release(cell);
                }
            }
        }
    }
}

impl Default for Value {
    fn default() -> Value {
        Value::UNDEFINED
    }
}

impl core::fmt::Debug for Value {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Cell> From<Ref<T>> for Value {
    #[inline(always)]
    fn from(reference: Ref<T>) -> Value {
        Value(RawValue::cell(reference.into_raw().cast()))
    }
}

macro_rules! known_kind {
    ($(#[doc = $doc:literal])* $name:ident, $test:ident, $what:literal) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        #[repr(transparent)]
        pub struct $name(Value);

        impl $name {
            /// The value, borrowed.
            #[inline(always)]
            pub fn as_value(&self) -> &Value {
                &self.0
            }
            /// The value.
            #[inline(always)]
            pub fn into_value(self) -> Value {
                self.0
            }
            /// The cell behind it.
            #[inline(always)]
            pub fn as_cell(&self) -> NonNull<Header> {
                self.0.cell_unchecked()
            }
            #[doc = concat!("Takes a value that is ", $what, " (checked in debug builds).")]
            ///
            /// # Safety
            /// 1. The value is of that kind.
            #[inline(always)]
            pub unsafe fn from_value_unchecked(value: Value) -> $name {
                debug_assert!(value.$test());
                $name(value)
            }
            /// Whether two references are to the same cell.
            #[inline(always)]
            pub fn same(a: &$name, b: &$name) -> bool {
                a.0.bits() == b.0.bits()
            }
        }

        impl From<$name> for Value {
            #[inline(always)]
            fn from(x: $name) -> Value {
                x.0
            }
        }

        impl TryFrom<Value> for $name {
            type Error = Value;
            fn try_from(value: Value) -> Result<$name, Value> {
                if value.$test() { Ok($name(value)) } else { Err(value) }
            }
        }

        impl Deref for $name {
            type Target = Value;
            #[inline(always)]
            fn deref(&self) -> &Value {
                &self.0
            }
        }
    };
}

known_kind! {
    /// A value that is an object.
    Object, is_object, "an object"
}
known_kind! {
    /// A value that is a string, flat or rope.
    JsString, is_string, "a string"
}
known_kind! {
    /// A value that is a symbol.
    Symbol, is_symbol, "a symbol"
}
known_kind! {
    /// A value that is a BigInt.
    BigInt, is_bigint, "a BigInt"
}

impl Value {
    /// The value as a string, when it is one.
    #[inline(always)]
    pub fn as_string(&self) -> Option<&JsString> {
        // SAFETY: `JsString` is a transparent wrapper whose only duty is checked here.
        if self.is_string() { Some(unsafe { &*(self as *const Value).cast::<JsString>() }) } else { None }
    }

    /// The value as a BigInt, when it is one.
    #[inline(always)]
    pub fn as_bigint(&self) -> Option<&BigInt> {
        // SAFETY: `BigInt` is a transparent wrapper whose only duty is checked here.
        if self.is_bigint() { Some(unsafe { &*(self as *const Value).cast::<BigInt>() }) } else { None }
    }

    /// The value as a symbol, when it is one.
    #[inline(always)]
    pub fn as_symbol(&self) -> Option<&Symbol> {
        // SAFETY: `Symbol` is a transparent wrapper whose only duty is checked here.
        if self.is_symbol() { Some(unsafe { &*(self as *const Value).cast::<Symbol>() }) } else { None }
    }
}

impl<T: Cell> Ref<T> {
    /// A counted reference as a value, keeping this one.
    pub fn to_value(&self) -> Value {
        Value::from(self.clone())
    }
}
