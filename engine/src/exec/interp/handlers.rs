//! The handlers: the fast paths of the instructions that are executed often, each written once for
//! both forms of dispatch.
//!
//! A handler looks at its operands, does the common case, and ends in `D::next`. What it does
//! not do itself it leaves to `D::slow` *before it has had any effect*: the slow path carries out the
//! whole instruction from its beginning. One fast exit, and no call that returns, keeps a handler
//! free of a prologue in the tail form; so freeing a cell is the last thing a handler does
//! (`D::free`), and larger alternatives are functions of their own (`D::alternative`).
//!
//! # Invariants
//! Those of [`super`]. `State` is the registers; it is passed by value and never escapes.
#![allow(clippy::undocumented_unsafe_blocks, reason = "the module's invariants are every handler's reason")]

use super::dispatch::{Alternative, Dispatch, Helper, copy, decrement};
use super::{Flow, Interp, cache, resume, strings};
use crate::object::buffer::TypedArrayCell;
use crate::object::{ArrayCell, HEAD_BYTES, VarRef};
use crate::runtime::code::CacheKind;
use crate::runtime::machine::{FRAME_CHUNK, FRAME_ENTRY, Frame};
use crate::runtime::{ClosureCell, CodeCell, InlineCache, NativeCell, Realm, Runtime};
use crate::text::string::Flat;
use crate::value::{JsResult, RawValue, Value, kind};

/// The registers.
#[derive(Clone, Copy)]
pub(super) struct State {
    pub(super) pc: *const u8,
    pub(super) sp: *mut RawValue,
    pub(super) fp: *mut RawValue,
    pub(super) k: *const CodeCell,
    pub(super) vm: *mut Runtime,
}

impl State {
    #[inline(always)]
    unsafe fn u8(self, at: usize) -> usize {
        usize::from(*self.pc.add(at))
    }
    #[inline(always)]
    unsafe fn i8(self, at: usize) -> i32 {
        i32::from(*self.pc.add(at) as i8)
    }
    #[inline(always)]
    unsafe fn u16(self, at: usize) -> usize {
        usize::from(self.pc.add(at).cast::<u16>().read_unaligned())
    }
    #[inline(always)]
    unsafe fn i16(self, at: usize) -> isize {
        self.pc.add(at).cast::<i16>().read_unaligned() as isize
    }
    #[inline(always)]
    unsafe fn i32(self, at: usize) -> i32 {
        self.pc.add(at).cast::<i32>().read_unaligned()
    }
    /// The value `n` below the stack pointer, from 1.
    #[inline(always)]
    unsafe fn top(self, n: usize) -> RawValue {
        *self.sp.sub(n)
    }
    #[inline(always)]
    unsafe fn put(self, n: usize, value: RawValue) {
        *self.sp.sub(n) = value;
    }
    #[inline(always)]
    unsafe fn push(self, value: RawValue) -> State {
        *self.sp = value;
        State { sp: self.sp.add(1), ..self }
    }
    #[inline(always)]
    unsafe fn pop(self, n: usize) -> State {
        State { sp: self.sp.sub(n), ..self }
    }
    #[inline(always)]
    unsafe fn skip(self, bytes: usize) -> State {
        State { pc: self.pc.add(bytes), ..self }
    }
    #[inline(always)]
    unsafe fn jump(self, by: isize) -> State {
        State { pc: self.pc.offset(by), ..self }
    }
    #[inline(always)]
    unsafe fn local(self, i: usize) -> RawValue {
        *self.fp.add(i)
    }
    #[inline(always)]
    unsafe fn cache(self, at: usize) -> *mut InlineCache {
        (*self.k).caches.add(self.u16(at))
    }
    /// The box of capture `i`.
    #[inline(always)]
    unsafe fn capture(self, i: usize) -> *mut RawValue {
        let closure = (*self.fp.sub(1)).cell_unchecked().as_ptr();
        let slot = closure.byte_add(ClosureCell::CAPTURES_OFFSET).cast::<RawValue>().add(i);
        boxed(*slot)
    }
}

/// The place of the value in a box.
#[inline(always)]
unsafe fn boxed(value: RawValue) -> *mut RawValue {
    value.cell_unchecked().as_ptr().byte_add(VarRef::VALUE_OFFSET).cast()
}

#[inline(always)]
unsafe fn word(value: RawValue) -> u32 {
    (*value.cell_unchecked().as_ptr()).word()
}

#[inline(always)]
unsafe fn slot_at(value: RawValue, offset: u16) -> *mut RawValue {
    value.cell_unchecked().as_ptr().byte_add(usize::from(offset)).cast()
}

#[inline(always)]
unsafe fn ext_slot(value: RawValue, slot: u32) -> *mut RawValue {
    let ext = value.cell_unchecked().as_ptr().byte_add(8).cast::<usize>().read() & !7;
    core::ptr::with_exposed_provenance_mut::<RawValue>(ext).add(slot as usize)
}

/// A number of either form.
#[inline(always)]
fn number(value: RawValue) -> f64 {
    if value.is_int() { f64::from(value.int_unchecked()) } else { value.double_unchecked() }
}

#[inline(always)]
fn both_numbers(a: RawValue, b: RawValue) -> bool {
    a.is_number() && b.is_number()
}

/// The truth of a value that needs no look into a cell: `None` for strings, BigInts, objects.
#[inline(always)]
fn quick_truth(value: RawValue) -> Option<bool> {
    if value.is_boolean() {
        Some(value == RawValue::TRUE)
    } else if value.is_int() {
        Some(value.int_unchecked() != 0)
    } else if value.is_nullish() {
        Some(false)
    } else {
        None
    }
}

/// What instructions do out of the handlers, with the registers saved.
macro_rules! helpers {
    ($($name:ident $i:ident $body:expr;)*) => {
        $(pub(in crate::exec::interp) struct $name;
        impl Helper for $name {
            #[inline(always)]
            unsafe fn run($i: Interp) -> JsResult<Flow> { $body }
        })*
    };
}

/// Jumps back and counts the steps, see [`steps_back`]; at their end the interrupt handler is asked.
#[inline(always)]
unsafe fn back_edge<D: Dispatch>(s: State, by: isize) -> D::Out {
    let budget = &raw mut (*s.vm).machine.budget;
    *budget -= steps_back(by);
    let s = s.jump(by);
    if *budget <= 0 { D::poll(s) } else { D::next(s) }
}

/// Steps of the budget for a jump back (`by` is 0 or below): one, and more for a long body.
#[inline(always)]
pub(in crate::exec::interp) fn steps_back(by: isize) -> i32 {
    -((by - 1) >> 7) as i32
}

macro_rules! handlers {
    ($($name:ident $s:ident $body:block)*) => {
        $(#[inline(always)]
        pub(in crate::exec::interp) unsafe fn $name<D: Dispatch>($s: State) -> D::Out $body)*
    };
}

macro_rules! alternatives {
    ($($name:ident $s:ident $body:block)*) => {
        $(pub(in crate::exec::interp) struct $name;
        impl Alternative for $name {
            #[inline(always)]
            unsafe fn run<D: Dispatch>($s: State) -> D::Out $body
        })*
    };
}

mod arithmetic;
mod calls;
mod properties;

pub(super) use arithmetic::*;
pub(super) use calls::*;
pub(super) use properties::*;

handlers! {
    // ----- Constants -----
    push_undefined s { D::next(s.push(RawValue::UNDEFINED).skip(1)) }
    push_null s { D::next(s.push(RawValue::NULL).skip(1)) }
    push_true s { D::next(s.push(RawValue::TRUE).skip(1)) }
    push_false s { D::next(s.push(RawValue::FALSE).skip(1)) }
    push_i8 s { D::next(s.push(RawValue::int(s.i8(1))).skip(2)) }
    push_i32 s { D::next(s.push(RawValue::int(s.i32(1))).skip(5)) }
    push_const s {
        let value = copy((*(*s.k).constants.add(s.u16(1))).raw());
        D::next(s.push(value).skip(3))
    }
    push_this s { let value = copy(*s.fp.sub(2)); D::next(s.push(value).skip(1)) }
    push_function s { let value = copy(*s.fp.sub(1)); D::next(s.push(value).skip(1)) }

    // ----- Stack -----
    drop s {
        let value = s.top(1);
        let s = s.pop(1).skip(1);
        if decrement(value) { return D::free(s, value) }
        D::next(s)
    }
    nip s {
        let gone = s.top(2);
        s.put(2, s.top(1));
        let s = s.pop(1).skip(1);
        if decrement(gone) { return D::free(s, gone) }
        D::next(s)
    }
    dup s { let value = copy(s.top(1)); D::next(s.push(value).skip(1)) }
    dup2 s {
        let (a, b) = (copy(s.top(2)), copy(s.top(1)));
        D::next(s.push(a).push(b).skip(1))
    }
    dup_x1 s {
        let (a, b) = (s.top(2), s.top(1));
        s.put(2, copy(b));
        s.put(1, a);
        D::next(s.push(b).skip(1))
    }
    dup_x2 s {
        let (a, b, c) = (s.top(3), s.top(2), s.top(1));
        s.put(3, copy(c));
        s.put(2, a);
        s.put(1, b);
        D::next(s.push(c).skip(1))
    }
    swap s {
        let (a, b) = (s.top(2), s.top(1));
        s.put(2, b);
        s.put(1, a);
        D::next(s.skip(1))
    }

    // ----- Locals -----
    get_local s { let value = copy(s.local(s.u16(1))); D::next(s.push(value).skip(3)) }
    put_local s {
        let place = s.fp.add(s.u16(1));
        let old = *place;
        *place = s.top(1);
        let s = s.pop(1).skip(3);
        if decrement(old) { return D::free(s, old) }
        D::next(s)
    }
    set_local s {
        let place = s.fp.add(s.u16(1));
        let old = *place;
        *place = copy(s.top(1));
        let s = s.skip(3);
        if decrement(old) { return D::free(s, old) }
        D::next(s)
    }
    get_local8 s { let value = copy(s.local(s.u8(1))); D::next(s.push(value).skip(2)) }
    put_local8 s {
        let place = s.fp.add(s.u8(1));
        let old = *place;
        *place = s.top(1);
        let s = s.pop(1).skip(2);
        if decrement(old) { return D::free(s, old) }
        D::next(s)
    }
    set_local8 s {
        let place = s.fp.add(s.u8(1));
        let old = *place;
        *place = copy(s.top(1));
        let s = s.skip(2);
        if decrement(old) { return D::free(s, old) }
        D::next(s)
    }
    get_locals s {
        let (a, b) = (copy(s.local(s.u8(1))), copy(s.local(s.u8(2))));
        D::next(s.push(a).push(b).skip(3))
    }
    get_local_check s {
        let value = s.local(s.u16(1));
        if value == RawValue::UNINITIALIZED { return D::slow(s) }
        D::next(s.push(copy(value)).skip(3))
    }
    put_local_check s {
        let place = s.fp.add(s.u16(1));
        let old = *place;
        if old == RawValue::UNINITIALIZED { return D::slow(s) }
        *place = s.top(1);
        let s = s.pop(1).skip(3);
        if decrement(old) { return D::free(s, old) }
        D::next(s)
    }
    uninit_local s {
        let place = s.fp.add(s.u16(1));
        let old = *place;
        *place = RawValue::UNINITIALIZED;
        let s = s.skip(3);
        if decrement(old) { return D::free(s, old) }
        D::next(s)
    }
    inc_local s {
        let place = s.fp.add(s.u8(1));
        if (*place).is_int()
            && let Some(next) = (*place).int_unchecked().checked_add(1) {
                *place = RawValue::int(next);
                return D::next(s.skip(2));
            }
        if (*place).is_number() {
            *place = RawValue::computed(number(*place) + 1.0);
            return D::next(s.skip(2));
        }
        D::slow(s)
    }
    dec_local s {
        let place = s.fp.add(s.u8(1));
        if (*place).is_int()
            && let Some(next) = (*place).int_unchecked().checked_sub(1) {
                *place = RawValue::int(next);
                return D::next(s.skip(2));
            }
        if (*place).is_number() {
            *place = RawValue::computed(number(*place) - 1.0);
            return D::next(s.skip(2));
        }
        D::slow(s)
    }
    add_put_local s {
        let (a, b) = (s.top(2), s.top(1));
        let place = s.fp.add(s.u8(1));
        if RawValue::both_int(a, b) && !(*place).is_cell()
            && let Some(result) = a.int_unchecked().checked_add(b.int_unchecked()) {
                *place = RawValue::int(result);
                return D::next(s.pop(2).skip(2));
            }
        D::alternative::<AddPutLocalFloat>(s)
    }
    append_local s {
        // Numbers only: strings take the slow path, where growing in place is done.
        let b = s.top(1);
        let place = s.fp.add(s.u8(1));
        let a = *place;
        if RawValue::both_int(a, b)
            && let Some(result) = a.int_unchecked().checked_add(b.int_unchecked()) {
                *place = RawValue::int(result);
                return D::next(s.pop(1).skip(2));
            }
        if both_numbers(a, b) {
            *place = RawValue::computed(number(a) + number(b));
            return D::next(s.pop(1).skip(2));
        }
        D::alternative::<AppendLocalOther>(s)
    }

    // ----- Boxes and captures -----
    get_boxed s { let value = copy(*boxed(s.local(s.u16(1)))); D::next(s.push(value).skip(3)) }
    put_boxed s {
        let place = boxed(s.local(s.u16(1)));
        let old = *place;
        *place = s.top(1);
        let s = s.pop(1).skip(3);
        if decrement(old) { return D::free(s, old) }
        D::next(s)
    }
    get_boxed_check s {
        let value = *boxed(s.local(s.u16(1)));
        if value == RawValue::UNINITIALIZED { return D::slow(s) }
        D::next(s.push(copy(value)).skip(3))
    }
    put_boxed_check s {
        let place = boxed(s.local(s.u16(1)));
        let old = *place;
        if old == RawValue::UNINITIALIZED { return D::slow(s) }
        *place = s.top(1);
        let s = s.pop(1).skip(3);
        if decrement(old) { return D::free(s, old) }
        D::next(s)
    }
    get_capture s { let value = copy(*s.capture(s.u16(1))); D::next(s.push(value).skip(3)) }
    get_capture8 s { let value = copy(*s.capture(s.u8(1))); D::next(s.push(value).skip(2)) }
    put_capture s {
        let place = s.capture(s.u16(1));
        let old = *place;
        *place = s.top(1);
        let s = s.pop(1).skip(3);
        if decrement(old) { return D::free(s, old) }
        D::next(s)
    }
    get_capture_check s {
        let value = *s.capture(s.u16(1));
        if value == RawValue::UNINITIALIZED { return D::slow(s) }
        D::next(s.push(copy(value)).skip(3))
    }
    put_capture_check s {
        let place = s.capture(s.u16(1));
        let old = *place;
        if old == RawValue::UNINITIALIZED { return D::slow(s) }
        *place = s.top(1);
        let s = s.pop(1).skip(3);
        if decrement(old) { return D::free(s, old) }
        D::next(s)
    }

    // ----- Globals -----
    put_global s {
        let cache = s.cache(1);
        if (*cache).kind == CacheKind::Lexical && (*cache).epoch == (*s.vm).shapes.epoch() {
            let place = core::ptr::with_exposed_provenance_mut::<RawValue>((*cache).aux as usize);
            let old = *place;
            if old == RawValue::UNINITIALIZED { return D::slow(s) }
            *place = s.top(1);
            let s = s.pop(1).skip(3);
            if decrement(old) { return D::free(s, old) }
            return D::next(s);
        }
        D::slow(s)
    }
    get_global s {
        let cache = s.cache(1);
        if (*cache).kind == CacheKind::Lexical && (*cache).epoch == (*s.vm).shapes.epoch() {
            let value = *core::ptr::with_exposed_provenance::<RawValue>((*cache).aux as usize);
            if value == RawValue::UNINITIALIZED { return D::slow(s) }
            return D::next(s.push(copy(value)).skip(3));
        }
        D::slow(s)
    }

    // ----- Jumps -----
    jump s { D::next(s.jump(s.i32(1) as isize)) }
    jump16 s { D::next(s.jump(s.i16(1))) }
    if_true s {
        if let Some(truth) = quick_truth(s.top(1)) {
            let by = if truth { s.i32(1) as isize } else { 5 };
            return D::next(s.pop(1).jump(by));
        }
        D::slow(s)
    }
    if_false s {
        if let Some(truth) = quick_truth(s.top(1)) {
            let by = if truth { 5 } else { s.i32(1) as isize };
            return D::next(s.pop(1).jump(by));
        }
        D::slow(s)
    }
    if_true16 s {
        if let Some(truth) = quick_truth(s.top(1)) {
            let by = if truth { s.i16(1) } else { 3 };
            return D::next(s.pop(1).jump(by));
        }
        D::alternative::<IfTrue16Object>(s)
    }
    if_false16 s {
        if let Some(truth) = quick_truth(s.top(1)) {
            let by = if truth { 3 } else { s.i16(1) };
            return D::next(s.pop(1).jump(by));
        }
        D::alternative::<IfFalse16Object>(s)
    }
    if_false_local s {
        let value = s.local(s.u8(1));
        if let Some(truth) = quick_truth(value) {
            let by = if truth { 4 } else { s.i16(2) };
            return D::next(s.jump(by));
        }
        if value.is_object() && value.kind() != kind::NATIVE { return D::next(s.skip(4)) }
        D::slow(s)
    }
    if_true_local s {
        let value = s.local(s.u8(1));
        if let Some(truth) = quick_truth(value) {
            let by = if truth { s.i16(2) } else { 4 };
            return D::next(s.jump(by));
        }
        if value.is_object() && value.kind() != kind::NATIVE { return D::next(s.jump(s.i16(2))) }
        D::slow(s)
    }
    loop_jump s { back_edge::<D>(s, s.i32(1) as isize) }
    loop16 s { back_edge::<D>(s, s.i16(1)) }
    loop_if_true16 s {
        if let Some(truth) = quick_truth(s.top(1)) {
            if truth { return back_edge::<D>(s.pop(1), s.i16(1)) }
            return D::next(s.pop(1).skip(3));
        }
        D::slow(s)
    }
    if_not_strict_eq s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_int(a, b) || (!a.is_cell() && !b.is_cell() && !a.is_number()) {
            let by = if a == b { 3 } else { s.i16(1) };
            return D::next(s.pop(2).jump(by));
        }
        D::alternative::<IfNotStrictEqOther>(s)
    }
    if_strict_eq s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_int(a, b) || (!a.is_cell() && !b.is_cell() && !a.is_number()) {
            let by = if a == b { s.i16(1) } else { 3 };
            return D::next(s.pop(2).jump(by));
        }
        D::alternative::<IfStrictEqOther>(s)
    }
    if_not_strict_eq_int s {
        let a = s.top(1);
        if a.is_int() {
            let by = if a.int_unchecked() == s.i8(1) { 4 } else { s.i16(2) };
            return D::next(s.pop(1).jump(by));
        }
        D::slow(s)
    }
    if_strict_eq_int s {
        let a = s.top(1);
        if a.is_int() {
            let by = if a.int_unchecked() == s.i8(1) { s.i16(2) } else { 4 };
            return D::next(s.pop(1).jump(by));
        }
        D::slow(s)
    }
    loop_lt_locals s {
        let (a, b) = (s.local(s.u8(1)), s.local(s.u8(2)));
        if both_numbers(a, b) {
            let holds = if RawValue::both_int(a, b) {
                a.int_unchecked() < b.int_unchecked()
            } else {
                number(a) < number(b)
            };
            if holds { return back_edge::<D>(s, s.i16(3)) }
            return D::next(s.skip(5));
        }
        D::slow(s)
    }
    loop_lt_int s {
        let a = s.local(s.u8(1));
        if a.is_number() {
            let holds = if a.is_int() { a.int_unchecked() < s.i32(2) } else { number(a) < f64::from(s.i32(2)) };
            if holds { return back_edge::<D>(s, s.i16(6)) }
            return D::next(s.skip(8));
        }
        D::slow(s)
    }

}

helpers! {
    AppendLocal i strings::append_local(i);
}

alternatives! {
    AppendLocalOther s {
        if (*s.fp.add(s.u8(1))).is_string() { return D::helper::<AppendLocal>(s) }
        D::slow(s)
    }
    IfTrue16Object s {
        let value = s.top(1);
        if value.is_object() && value.kind() != kind::NATIVE {
            let s = s.pop(1).jump(s.i16(1));
            if decrement(value) { return D::free(s, value) }
            return D::next(s);
        }
        D::slow(s)
    }
    IfFalse16Object s {
        let value = s.top(1);
        if value.is_object() && value.kind() != kind::NATIVE {
            let s = s.pop(1).skip(3);
            if decrement(value) { return D::free(s, value) }
            return D::next(s);
        }
        D::slow(s)
    }
}

const _: () = assert!(HEAD_BYTES == 16);
const _: () = assert!(size_of::<Value>() == size_of::<RawValue>());

/// Which handler serves which opcode; the others go straight to the slow path.
macro_rules! handler_list {
    ($use:ident) => {
        $use! {
            PushUndefined push_undefined; PushNull push_null; PushTrue push_true; PushFalse push_false;
            PushI8 push_i8; PushI32 push_i32; PushConst push_const; PushThis push_this;
            PushFunction push_function;
            Drop drop; Nip nip; Dup dup; Dup2 dup2; DupX1 dup_x1; DupX2 dup_x2; Swap swap;
            GetLocal get_local; PutLocal put_local; SetLocal set_local; GetLocal8 get_local8;
            PutLocal8 put_local8; SetLocal8 set_local8; GetLocals get_locals;
            GetLocalCheck get_local_check; PutLocalCheck put_local_check; UninitLocal uninit_local;
            IncLocal inc_local; DecLocal dec_local; AddPutLocal add_put_local; AppendLocal append_local;
            GetBoxed get_boxed; PutBoxed put_boxed; GetBoxedCheck get_boxed_check;
            PutBoxedCheck put_boxed_check; GetCapture get_capture; GetCapture8 get_capture8;
            PutCapture put_capture; GetCaptureCheck get_capture_check; PutCaptureCheck put_capture_check;
            GetGlobal get_global; PutGlobal put_global; DefineField define_field; InitFields init_fields;
            ForInNext for_in_next; IterOpen iter_open; IterNextValue iter_next_value; IterClose iter_close;
            GetField get_field; GetField2 get_field2; LocalGetField local_get_field;
            LocalGetField2 local_get_field2; ThisGetField this_get_field;
            CaptureGetField capture_get_field; PutField put_field; ThisPutField this_put_field;
            GetLength get_length; LocalGetLength local_get_length;
            GetElem get_elem; GetElemLocals get_elem_locals; GetElemLocal get_elem_local; PutElem put_elem;
            Add add; Sub sub; Mul mul; MulLocals mul_locals; MulLocal mul_local; Div div; Mod rem; BitAnd bit_and; BitOr bit_or; BitXor bit_xor;
            Shl shl; Sar sar; Not not; Inc inc; Dec dec; ToNumeric to_numeric;
            Neg neg; Shr shr; BitNot bit_not; TypeofIs typeof_is; Eq loosely_eq; Ne loosely_ne;
            IfNotEq if_not_eq; IfEq if_eq; IfNotCase if_not_case; Instanceof instance_of; In has_element;
            ObjectLiteral object_literal; NewArray new_array; Closure closure; GetElem2 get_elem2;
            Lt lt; Le le; Gt gt; Ge ge; StrictEq strict_eq; StrictNe strict_ne;
            AddLocals add_locals; SubLocals sub_locals; AddLocal add_local; AddLocalInt add_local_int;
            SubLocalInt sub_local_int; AddInt add_int; SubInt sub_int; ModInt mod_int; AndInt and_int;
            ShlInt shl_int; SarInt sar_int; ShrInt shr_int; ToInt32 to_int32;
            Jump jump; Jump16 jump16; IfTrue if_true; IfFalse if_false; IfTrue16 if_true16;
            IfFalse16 if_false16; IfFalseLocal if_false_local; IfTrueLocal if_true_local;
            Loop loop_jump; Loop16 loop16; LoopIfTrue16 loop_if_true16;
            IfNotLt if_not_lt; IfNotLe if_not_le; IfNotGt if_not_gt; IfNotGe if_not_ge;
            IfNotStrictEq if_not_strict_eq; IfStrictEq if_strict_eq;
            IfNotLtLocals if_not_lt_locals; IfNotLeLocals if_not_le_locals;
            IfNotGtLocals if_not_gt_locals; IfNotGeLocals if_not_ge_locals;
            IfNotLtInt if_not_lt_int; IfNotLeInt if_not_le_int; IfNotGtInt if_not_gt_int;
            IfNotGeInt if_not_ge_int; IfNotStrictEqInt if_not_strict_eq_int;
            IfStrictEqInt if_strict_eq_int;
            LoopLt loop_lt; LoopLe loop_le; LoopGt loop_gt; LoopGe loop_ge;
            LoopLtLocals loop_lt_locals; LoopLtInt loop_lt_int;
            IncLoopLtLocals inc_loop_lt_locals; IncLoopLeLocals inc_loop_le_locals;
            IncLoopLtInt inc_loop_lt_int; IncLoopLeInt inc_loop_le_int;
            DecLoopGtInt dec_loop_gt_int; DecLoopGeInt dec_loop_ge_int;
            Call call; Construct construct; InitialYield initial_yield; Yield yield_value; Await await_value;
            DelegateStep delegate_step; ForOfNext for_of_next; Finish finish; Return ret; ReturnUndefined ret_undefined;
        }
    };
}
pub(super) use handler_list;
