//! Handlers of operators on numbers: arithmetic, bits, comparisons, and loops that count.
#![allow(clippy::undocumented_unsafe_blocks, reason = "the module's invariants are every handler's reason")]

use super::*;

/// Arithmetic on two stack values: ints without overflow and doubles inline, one of each as an
/// alternative. What comes of doubles stays a double, also where an int32 could hold it; so does an int
/// that is too large.
macro_rules! arithmetic {
    ($name:ident $float:ident $checked:ident $op:tt $strings:ident) => {
        handlers! { $name s {
            let (a, b) = (s.top(2), s.top(1));
            if RawValue::both_int(a, b) {
                if let Some(result) = a.int_unchecked().$checked(b.int_unchecked()) {
                    s.put(2, RawValue::int(result));
                    return D::next(s.pop(1).skip(1));
                }
            } else if RawValue::both_double(a, b) {
                s.put(2, RawValue::computed(a.double_unchecked() $op b.double_unchecked()));
                return D::next(s.pop(1).skip(1));
            }
            D::alternative::<$float>(s)
        } }
        alternatives! { $float s {
            let (a, b) = (s.top(2), s.top(1));
            if both_numbers(a, b) {
                s.put(2, RawValue::computed(number(a) $op number(b)));
                return D::next(s.pop(1).skip(1));
            }
            $strings::<D>(s)
        } }
    };
}

/// What is left of an addition.
#[inline(always)]
unsafe fn add_strings<D: Dispatch>(s: State) -> D::Out {
    if s.top(2).is_string() || s.top(1).is_string() { D::helper::<AddStrings>(s) } else { D::slow(s) }
}

#[inline(always)]
unsafe fn no_strings<D: Dispatch>(s: State) -> D::Out {
    D::slow(s)
}

/// Units that are compared without more ado.
const QUICK_TEXT: u32 = 1 << 14;

/// Whether two values are strictly equal, where that needs no flattening.
#[inline(always)]
pub(super) unsafe fn quick_equal(a: RawValue, b: RawValue) -> Option<bool> {
    if both_numbers(a, b) {
        return Some(number(a) == number(b));
    }
    if !a.is_cell() || !b.is_cell() || a == b {
        return Some(a == b);
    }
    match a.kind() {
        kind::BIGINT if b.kind() == kind::BIGINT => None,
        kind::STRING8..=kind::ROPE if b.is_string() => {
            let length = string_length(a);
            if length != string_length(b) {
                return Some(false);
            }
            // Long texts are compared where the work is paid.
            if a.kind() != kind::STRING8 || b.kind() != kind::STRING8 || length > QUICK_TEXT {
                return None;
            }
            let tag = |s: RawValue| (*s.cell_unchecked().as_ptr()).tag();
            if tag(a) != 0 && tag(b) != 0 {
                return Some(false);
            }
            let units = |s: RawValue| {
                let first = s.cell_unchecked().as_ptr().byte_add(Flat::<false>::UNITS_OFFSET).cast::<u8>();
                core::slice::from_raw_parts(first, length as usize)
            };
            Some(units(a) == units(b))
        }
        _ => Some(false),
    }
}

/// Whether two values of one type are loosely equal, or both are undefined or null.
#[inline(always)]
pub(super) unsafe fn quick_loosely_equal(a: RawValue, b: RawValue) -> Option<bool> {
    if both_numbers(a, b) {
        return Some(number(a) == number(b));
    }
    if a.is_nullish() && b.is_nullish() {
        return Some(true);
    }
    if a.is_nullish() || b.is_nullish() {
        // The one object that is like undefined is a native function.
        return if a.kind() == kind::NATIVE || b.kind() == kind::NATIVE { None } else { Some(false) };
    }
    if (a.is_string() && b.is_string()) || (a.is_object() && b.is_object()) {
        quick_equal(a, b)
    } else {
        None
    }
}

/// Gives up two values that an instruction popped.
#[inline(always)]
pub(super) unsafe fn drop_both(s: State, a: RawValue, b: RawValue) {
    for value in [a, b] {
        if decrement(value) {
            (*s.vm).heap.release(value.cell_unchecked());
        }
    }
}

macro_rules! equality {
    ($($name:ident $equal:ident $holds:literal;)*) => {
        alternatives! {
            $($name s {
                let (a, b) = (s.top(2), s.top(1));
                if let Some(equal) = $equal(a, b) {
                    s.put(2, RawValue::boolean(equal == $holds));
                    drop_both(s, a, b);
                    return D::next(s.pop(1).skip(1));
                }
                D::slow(s)
            })*
        }
    };
}

macro_rules! equality_jump {
    ($($name:ident $equal:ident $holds:literal;)*) => {
        alternatives! {
            $($name s {
                let (a, b) = (s.top(2), s.top(1));
                if let Some(equal) = $equal(a, b) {
                    let by = if equal == $holds { s.i16(1) } else { 3 };
                    drop_both(s, a, b);
                    return D::next(s.pop(2).jump(by));
                }
                D::slow(s)
            })*
        }
    };
}

equality! {
    StrictEqOther quick_equal true;
    StrictNeOther quick_equal false;
    LooseEq quick_loosely_equal true;
    LooseNe quick_loosely_equal false;
}
equality_jump! {
    IfNotStrictEqOther quick_equal false;
    IfStrictEqOther quick_equal true;
    IfNotEq quick_loosely_equal false;
    IfEq quick_loosely_equal true;
}

handlers! {
    loosely_eq s { D::alternative::<LooseEq>(s) }
    loosely_ne s { D::alternative::<LooseNe>(s) }
    if_not_eq s { D::alternative::<IfNotEq>(s) }
    if_eq s { D::alternative::<IfEq>(s) }
    if_not_case s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_int(a, b) {
            return if a == b { D::next(s.pop(2).skip(5)) } else { D::next(s.pop(1).jump(s.i32(1) as isize)) };
        }
        D::alternative::<IfNotCaseOther>(s)
    }
    typeof_is s { D::alternative::<TypeofIs>(s) }
    neg s {
        let a = s.top(1);
        if a.is_int() && a.int_unchecked() != 0 && a.int_unchecked() != i32::MIN {
            s.put(1, RawValue::int(-a.int_unchecked()));
            return D::next(s.skip(1));
        }
        if a.is_double() {
            s.put(1, RawValue::computed(-a.double_unchecked()));
            return D::next(s.skip(1));
        }
        D::slow(s)
    }
    shr s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_int(a, b) {
            let result = a.int_unchecked() as u32 >> (b.int_unchecked() as u32 & 31);
            s.put(2, RawValue::number(f64::from(result)));
            return D::next(s.pop(1).skip(1));
        }
        D::slow(s)
    }
    bit_not s {
        let a = s.top(1);
        if a.is_int() {
            s.put(1, RawValue::int(!a.int_unchecked()));
            return D::next(s.skip(1));
        }
        D::slow(s)
    }
}

/// Position in `TYPE_NAMES` of a value's type; `None` where one has to look closer.
#[inline(always)]
fn type_number(value: RawValue) -> Option<usize> {
    if value.is_undefined() {
        return Some(0);
    }
    if value.is_null() {
        return Some(1);
    }
    if value.is_boolean() {
        return Some(2);
    }
    if value.is_number() {
        return Some(3);
    }
    Some(match value.kind() {
        kind::STRING8..=kind::ROPE => 4,
        kind::SYMBOL => 5,
        kind::BIGINT => 6,
        kind::CLOSURE | kind::BOUND => 7,
        kind::NATIVE | kind::PROXY => return None,
        _ if value.is_object() => 1,
        _ => return None,
    })
}

alternatives! {
    IfNotCaseOther s {
        let (a, b) = (s.top(2), s.top(1));
        if let Some(equal) = quick_equal(a, b) {
            let next = if equal { s.pop(2).skip(5) } else { s.pop(1).jump(s.i32(1) as isize) };
            drop_both(s, if equal { a } else { RawValue::UNDEFINED }, b);
            return D::next(next);
        }
        D::slow(s)
    }
    TypeofIs s {
        let value = s.top(1);
        if let Some(number) = type_number(value) {
            s.put(1, RawValue::boolean(number == s.u8(1)));
            let s = s.skip(2);
            if decrement(value) { return D::free(s, value) }
            return D::next(s);
        }
        D::slow(s)
    }
}

helpers! {
    AddPutLocal i {
        let (b, a) = (i.pop(), i.pop());
        let value = strings::add_owned(i, a, b)?;
        i.set_local(i.u8(1), value);
        i.done(2)
    };
    AddStrings i strings::add(i);
    AddLocalString i {
        let a = i.pop();
        let value = strings::add_owned(i, a, i.local(i.u8(1)))?;
        i.push(value);
        i.done(2)
    };
}

/// A comparison that pushes its result, and the jump that is taken unless it holds.
macro_rules! comparison {
    ($push:ident $float_push:ident $jump:ident $float_jump:ident $loop:ident $float_loop:ident $op:tt) => {
        handlers! {
            $push s {
                let (a, b) = (s.top(2), s.top(1));
                if RawValue::both_int(a, b) {
                    s.put(2, RawValue::boolean(a.int_unchecked() $op b.int_unchecked()));
                    return D::next(s.pop(1).skip(1));
                }
                if RawValue::both_double(a, b) {
                    s.put(2, RawValue::boolean(a.double_unchecked() $op b.double_unchecked()));
                    return D::next(s.pop(1).skip(1));
                }
                D::alternative::<$float_push>(s)
            }
            $jump s {
                let (a, b) = (s.top(2), s.top(1));
                if RawValue::both_int(a, b) {
                    let by = if a.int_unchecked() $op b.int_unchecked() { 3 } else { s.i16(1) };
                    return D::next(s.pop(2).jump(by));
                }
                if RawValue::both_double(a, b) {
                    let by = if a.double_unchecked() $op b.double_unchecked() { 3 } else { s.i16(1) };
                    return D::next(s.pop(2).jump(by));
                }
                D::alternative::<$float_jump>(s)
            }
            $loop s {
                let (a, b) = (s.top(2), s.top(1));
                if RawValue::both_int(a, b) {
                    if a.int_unchecked() $op b.int_unchecked() {
                        return back_edge::<D>(s.pop(2), s.i16(1));
                    }
                    return D::next(s.pop(2).skip(3));
                }
                D::alternative::<$float_loop>(s)
            }
        }
        alternatives! {
            $float_push s {
                let (a, b) = (s.top(2), s.top(1));
                if both_numbers(a, b) {
                    s.put(2, RawValue::boolean(number(a) $op number(b)));
                    return D::next(s.pop(1).skip(1));
                }
                D::slow(s)
            }
            $float_jump s {
                let (a, b) = (s.top(2), s.top(1));
                if both_numbers(a, b) {
                    let by = if number(a) $op number(b) { 3 } else { s.i16(1) };
                    return D::next(s.pop(2).jump(by));
                }
                D::slow(s)
            }
            $float_loop s {
                let (a, b) = (s.top(2), s.top(1));
                if both_numbers(a, b) {
                    if number(a) $op number(b) {
                        return back_edge::<D>(s.pop(2), s.i16(1));
                    }
                    return D::next(s.pop(2).skip(3));
                }
                D::slow(s)
            }
        }
    };
}

/// The same with operands in locals or in the instruction.
macro_rules! local_comparison {
    ($locals:ident $float_locals:ident $int:ident $op:tt) => {
        handlers! {
            $locals s {
                let (a, b) = (s.local(s.u8(1)), s.local(s.u8(2)));
                if RawValue::both_int(a, b) {
                    let by = if a.int_unchecked() $op b.int_unchecked() { 5 } else { s.i16(3) };
                    return D::next(s.jump(by));
                }
                if RawValue::both_double(a, b) {
                    let by = if a.double_unchecked() $op b.double_unchecked() { 5 } else { s.i16(3) };
                    return D::next(s.jump(by));
                }
                D::alternative::<$float_locals>(s)
            }
            $int s {
                let a = s.local(s.u8(1));
                if a.is_int() {
                    let by = if a.int_unchecked() $op s.i8(2) { 5 } else { s.i16(3) };
                    return D::next(s.jump(by));
                }
                if a.is_double() {
                    let by = if a.double_unchecked() $op f64::from(s.i8(2)) { 5 } else { s.i16(3) };
                    return D::next(s.jump(by));
                }
                D::slow(s)
            }
        }
        alternatives! { $float_locals s {
            let (a, b) = (s.local(s.u8(1)), s.local(s.u8(2)));
            if both_numbers(a, b) {
                let by = if number(a) $op number(b) { 5 } else { s.i16(3) };
                return D::next(s.jump(by));
            }
            D::slow(s)
        } }
    };
}

/// `i += step; if (i op limit) jump back`, with the limit in a local or the instruction.
macro_rules! counted_loop {
    ($name:ident $limit_bytes:literal $step:literal $op:tt |$s:ident| $limit:expr) => {
        handlers! { $name $s {
            let place = $s.fp.add($s.u8(1));
            let a = *place;
            let limit: RawValue = $limit;
            if RawValue::both_int(a, limit) {
                if let Some(next) = a.int_unchecked().checked_add($step) {
                    *place = RawValue::int(next);
                    if next $op limit.int_unchecked() {
                        return back_edge::<D>($s, $s.i16(2 + $limit_bytes));
                    }
                    return D::next($s.skip(4 + $limit_bytes));
                }
            }
            if both_numbers(a, limit) {
                let next = number(a) + f64::from($step);
                *place = RawValue::computed(next);
                if next $op number(limit) {
                    return back_edge::<D>($s, $s.i16(2 + $limit_bytes));
                }
                return D::next($s.skip(4 + $limit_bytes));
            }
            D::slow($s)
        } }
    };
}

arithmetic!(add AddFloat checked_add + add_strings);
arithmetic!(sub SubFloat checked_sub - no_strings);
comparison!(lt LtFloat if_not_lt IfNotLtFloat loop_lt LoopLtFloat <);
comparison!(le LeFloat if_not_le IfNotLeFloat loop_le LoopLeFloat <=);
comparison!(gt GtFloat if_not_gt IfNotGtFloat loop_gt LoopGtFloat >);
comparison!(ge GeFloat if_not_ge IfNotGeFloat loop_ge LoopGeFloat >=);
local_comparison!(if_not_lt_locals IfNotLtLocalsFloat if_not_lt_int <);
local_comparison!(if_not_le_locals IfNotLeLocalsFloat if_not_le_int <=);
local_comparison!(if_not_gt_locals IfNotGtLocalsFloat if_not_gt_int >);
local_comparison!(if_not_ge_locals IfNotGeLocalsFloat if_not_ge_int >=);
counted_loop!(inc_loop_lt_locals 1 1 < |s| s.local(s.u8(2)));
counted_loop!(inc_loop_le_locals 1 1 <= |s| s.local(s.u8(2)));
counted_loop!(inc_loop_lt_int 4 1 < |s| RawValue::int(s.i32(2)));
counted_loop!(inc_loop_le_int 4 1 <= |s| RawValue::int(s.i32(2)));
counted_loop!(dec_loop_gt_int 1 -1 > |s| RawValue::int(s.i8(2)));
counted_loop!(dec_loop_ge_int 1 -1 >= |s| RawValue::int(s.i8(2)));

handlers! {
    // ----- Operators -----
    mul s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_double(a, b) {
            s.put(2, RawValue::computed(a.double_unchecked() * b.double_unchecked()));
            return D::next(s.pop(1).skip(1));
        }
        D::alternative::<MulOther>(s)
    }
    mul_locals s {
        let (a, b) = (s.local(s.u8(1)), s.local(s.u8(2)));
        if RawValue::both_double(a, b) {
            let product = RawValue::computed(a.double_unchecked() * b.double_unchecked());
            return D::next(s.push(product).skip(3));
        }
        D::alternative::<MulLocalsOther>(s)
    }
    mul_local s {
        let (a, b) = (s.top(1), s.local(s.u8(1)));
        if RawValue::both_double(a, b) {
            s.put(1, RawValue::computed(a.double_unchecked() * b.double_unchecked()));
            return D::next(s.skip(2));
        }
        D::alternative::<MulLocalOther>(s)
    }
    div s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_double(a, b) {
            s.put(2, RawValue::computed(a.double_unchecked() / b.double_unchecked()));
            return D::next(s.pop(1).skip(1));
        }
        D::alternative::<DivOther>(s)
    }
    rem s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_int(a, b) {
            let (x, y) = (a.int_unchecked(), b.int_unchecked());
            if x >= 0 && y > 0 {
                s.put(2, RawValue::int(x % y));
                return D::next(s.pop(1).skip(1));
            }
        }
        D::slow(s)
    }
    bit_and s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_int(a, b) {
            s.put(2, RawValue::int(a.int_unchecked() & b.int_unchecked()));
            return D::next(s.pop(1).skip(1));
        }
        D::slow(s)
    }
    bit_or s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_int(a, b) {
            s.put(2, RawValue::int(a.int_unchecked() | b.int_unchecked()));
            return D::next(s.pop(1).skip(1));
        }
        D::slow(s)
    }
    bit_xor s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_int(a, b) {
            s.put(2, RawValue::int(a.int_unchecked() ^ b.int_unchecked()));
            return D::next(s.pop(1).skip(1));
        }
        D::slow(s)
    }
    shl s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_int(a, b) {
            s.put(2, RawValue::int(a.int_unchecked().wrapping_shl(b.int_unchecked() as u32 & 31)));
            return D::next(s.pop(1).skip(1));
        }
        D::slow(s)
    }
    sar s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_int(a, b) {
            s.put(2, RawValue::int(a.int_unchecked() >> (b.int_unchecked() as u32 & 31)));
            return D::next(s.pop(1).skip(1));
        }
        D::slow(s)
    }
    not s {
        let a = s.top(1);
        if let Some(truth) = quick_truth(a) {
            s.put(1, RawValue::boolean(!truth));
            return D::next(s.skip(1));
        }
        D::slow(s)
    }
    inc s {
        let a = s.top(1);
        if a.is_int()
            && let Some(next) = a.int_unchecked().checked_add(1) {
                s.put(1, RawValue::int(next));
                return D::next(s.skip(1));
            }
        if a.is_number() {
            s.put(1, RawValue::computed(number(a) + 1.0));
            return D::next(s.skip(1));
        }
        D::slow(s)
    }
    dec s {
        let a = s.top(1);
        if a.is_int()
            && let Some(next) = a.int_unchecked().checked_sub(1) {
                s.put(1, RawValue::int(next));
                return D::next(s.skip(1));
            }
        if a.is_number() {
            s.put(1, RawValue::computed(number(a) - 1.0));
            return D::next(s.skip(1));
        }
        D::slow(s)
    }
    to_numeric s {
        if s.top(1).is_number() { return D::next(s.skip(1)) }
        D::slow(s)
    }
    strict_eq s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_int(a, b) || (!a.is_cell() && !b.is_cell() && !a.is_number()) {
            s.put(2, RawValue::boolean(a == b));
            return D::next(s.pop(1).skip(1));
        }
        if both_numbers(a, b) {
            s.put(2, RawValue::boolean(number(a) == number(b)));
            return D::next(s.pop(1).skip(1));
        }
        D::alternative::<StrictEqOther>(s)
    }
    strict_ne s {
        let (a, b) = (s.top(2), s.top(1));
        if RawValue::both_int(a, b) || (!a.is_cell() && !b.is_cell() && !a.is_number()) {
            s.put(2, RawValue::boolean(a != b));
            return D::next(s.pop(1).skip(1));
        }
        if both_numbers(a, b) {
            s.put(2, RawValue::boolean(number(a) != number(b)));
            return D::next(s.pop(1).skip(1));
        }
        D::alternative::<StrictNeOther>(s)
    }

    // ----- Fused operators -----
    add_locals s {
        let (a, b) = (s.local(s.u8(1)), s.local(s.u8(2)));
        if RawValue::both_int(a, b)
            && let Some(result) = a.int_unchecked().checked_add(b.int_unchecked()) {
                return D::next(s.push(RawValue::int(result)).skip(3));
            }
        if both_numbers(a, b) {
            return D::next(s.push(RawValue::computed(number(a) + number(b))).skip(3));
        }
        D::slow(s)
    }
    sub_locals s {
        let (a, b) = (s.local(s.u8(1)), s.local(s.u8(2)));
        if RawValue::both_int(a, b)
            && let Some(result) = a.int_unchecked().checked_sub(b.int_unchecked()) {
                return D::next(s.push(RawValue::int(result)).skip(3));
            }
        if both_numbers(a, b) {
            return D::next(s.push(RawValue::computed(number(a) - number(b))).skip(3));
        }
        D::slow(s)
    }
    add_local s {
        let (a, b) = (s.top(1), s.local(s.u8(1)));
        if RawValue::both_int(a, b)
            && let Some(result) = a.int_unchecked().checked_add(b.int_unchecked()) {
                s.put(1, RawValue::int(result));
                return D::next(s.skip(2));
            }
        if both_numbers(a, b) {
            s.put(1, RawValue::computed(number(a) + number(b)));
            return D::next(s.skip(2));
        }
        D::alternative::<AddLocalOther>(s)
    }
    add_local_int s {
        let (a, b) = (s.local(s.u8(1)), s.i8(2));
        if a.is_int()
            && let Some(result) = a.int_unchecked().checked_add(b) {
                return D::next(s.push(RawValue::int(result)).skip(3));
            }
        if a.is_number() {
            return D::next(s.push(RawValue::computed(number(a) + f64::from(b))).skip(3));
        }
        D::slow(s)
    }
    sub_local_int s {
        let (a, b) = (s.local(s.u8(1)), s.i8(2));
        if a.is_int()
            && let Some(result) = a.int_unchecked().checked_sub(b) {
                return D::next(s.push(RawValue::int(result)).skip(3));
            }
        if a.is_number() {
            return D::next(s.push(RawValue::computed(number(a) - f64::from(b))).skip(3));
        }
        D::slow(s)
    }
    add_int s {
        let (a, b) = (s.top(1), s.i8(1));
        if a.is_int()
            && let Some(result) = a.int_unchecked().checked_add(b) {
                s.put(1, RawValue::int(result));
                return D::next(s.skip(2));
            }
        if a.is_number() {
            s.put(1, RawValue::computed(number(a) + f64::from(b)));
            return D::next(s.skip(2));
        }
        D::slow(s)
    }
    sub_int s {
        let (a, b) = (s.top(1), s.i8(1));
        if a.is_int()
            && let Some(result) = a.int_unchecked().checked_sub(b) {
                s.put(1, RawValue::int(result));
                return D::next(s.skip(2));
            }
        if a.is_number() {
            s.put(1, RawValue::computed(number(a) - f64::from(b)));
            return D::next(s.skip(2));
        }
        D::slow(s)
    }
    mod_int s {
        let a = s.top(1);
        if a.is_int() && a.int_unchecked() >= 0 {
            s.put(1, RawValue::int(a.int_unchecked() % s.i8(1)));
            return D::next(s.skip(2));
        }
        D::slow(s)
    }
    and_int s {
        let a = s.top(1);
        if a.is_int() {
            s.put(1, RawValue::int(a.int_unchecked() & s.i32(1)));
            return D::next(s.skip(5));
        }
        D::slow(s)
    }
    shl_int s {
        let a = s.top(1);
        if a.is_int() {
            s.put(1, RawValue::int(a.int_unchecked().wrapping_shl(s.u8(1) as u32)));
            return D::next(s.skip(2));
        }
        D::slow(s)
    }
    sar_int s {
        let a = s.top(1);
        if a.is_int() {
            s.put(1, RawValue::int(a.int_unchecked() >> s.u8(1)));
            return D::next(s.skip(2));
        }
        D::slow(s)
    }
    shr_int s {
        let a = s.top(1);
        if a.is_int() {
            let result = a.int_unchecked() as u32 >> s.u8(1);
            s.put(1, RawValue::number(f64::from(result)));
            return D::next(s.skip(2));
        }
        D::slow(s)
    }
    to_int32 s {
        let a = s.top(1);
        if a.is_int() { return D::next(s.skip(1)) }
        if a.is_double() {
            let d = a.double_unchecked();
            let i = d as i64;
            // Every double below 2^52 in magnitude converts exactly after truncation.
            if d.abs() < 4503599627370496.0 {
                s.put(1, RawValue::int(i as i32));
                return D::next(s.skip(1));
            }
        }
        D::slow(s)
    }
}

/// The product of two numbers of which one is an int.
#[inline(always)]
fn product(a: RawValue, b: RawValue) -> Option<RawValue> {
    if RawValue::both_int(a, b) {
        let (x, y) = (a.int_unchecked(), b.int_unchecked());
        if let Some(result) = x.checked_mul(y) {
            // A zero product of a negative factor is -0, which is no int.
            if result != 0 || (x | y) >= 0 {
                return Some(RawValue::int(result));
            }
        }
    }
    if both_numbers(a, b) { Some(RawValue::computed(number(a) * number(b))) } else { None }
}

alternatives! {
    AddLocalOther s {
        if s.top(1).is_string() { return D::helper::<AddLocalString>(s) }
        D::slow(s)
    }
    MulOther s {
        if let Some(result) = product(s.top(2), s.top(1)) {
            s.put(2, result);
            return D::next(s.pop(1).skip(1));
        }
        D::slow(s)
    }
    MulLocalsOther s {
        if let Some(result) = product(s.local(s.u8(1)), s.local(s.u8(2))) {
            return D::next(s.push(result).skip(3));
        }
        D::slow(s)
    }
    MulLocalOther s {
        if let Some(result) = product(s.top(1), s.local(s.u8(1))) {
            s.put(1, result);
            return D::next(s.skip(2));
        }
        D::slow(s)
    }
    DivOther s {
        let (a, b) = (s.top(2), s.top(1));
        if both_numbers(a, b) {
            let quotient = number(a) / number(b);
            // Of two ints it is often an index or a count.
            let result = if RawValue::both_int(a, b) { RawValue::number(quotient) } else { RawValue::computed(quotient) };
            s.put(2, result);
            return D::next(s.pop(1).skip(1));
        }
        D::slow(s)
    }
    AddPutLocalFloat s {
        let (a, b) = (s.top(2), s.top(1));
        let place = s.fp.add(s.u8(1));
        if both_numbers(a, b) && !(*place).is_cell() {
            *place = RawValue::computed(number(a) + number(b));
            return D::next(s.pop(2).skip(2));
        }
        D::helper::<AddPutLocal>(s)
    }
}
