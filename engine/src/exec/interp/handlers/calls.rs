//! Handlers of calls and returns.
#![allow(clippy::undocumented_unsafe_blocks, reason = "the module's invariants are every handler's reason")]

use super::super::{native, slow, slow_class, slow_iter};
use super::*;
use crate::code::opcodes::Op;

handlers! {
    // ----- Calls -----
    call s {
        let argc = s.u16(1);
        let callee = *s.sp.sub(argc + 1);
        if callee.kind() == kind::CLOSURE {
            let closure = callee.cell_unchecked().as_ptr();
            let k = *closure.byte_add(ClosureCell::CODE_OFFSET).cast::<*const CodeCell>();
            if (*k).is_simple && argc == usize::from((*k).arg_count) {
                return D::alternative::<CallExact>(s);
            }
        }
        if callee.kind() == kind::NATIVE {
            return D::alternative::<CallQuick>(s);
        }
        D::helper::<CallOther>(s)
    }
    construct s { D::helper::<Construct>(s) }
    instance_of s { D::helper::<InstanceOf>(s) }
    has_element s { D::helper::<HasElement>(s) }
    object_literal s { D::helper::<ObjectLiteral>(s) }
    new_array s { D::helper::<NewArray>(s) }
    closure s { D::helper::<Closure>(s) }
    define_field s {
        let object = s.top(2);
        if object.is_cell() && word(object) == (*s.cache(1)).word2 && put_cached(s, s.cache(1), object, s.top(1)) {
            return D::next(s.pop(1).skip(3));
        }
        D::helper::<DefineField>(s)
    }
    init_fields s { D::helper::<InitFields>(s) }
    iter_open s { D::helper::<IterOpen>(s) }
    iter_next_value s { D::helper::<IterNextValue>(s) }
    iter_close s { D::helper::<IterClose>(s) }
    for_in_next s { D::helper::<ForInNext>(s) }
    initial_yield s { D::helper::<InitialYield>(s) }
    yield_value s { D::helper::<Yield>(s) }
    await_value s { D::helper::<Await>(s) }
    delegate_step s { D::helper::<DelegateStep>(s) }
    for_of_next s { D::helper::<ForOfNext>(s) }
    finish s { D::helper::<Finish>(s) }
    ret s {
        let flags = (*(*s.vm).machine.frame).flags;
        if flags == 0 {
            return D::alternative::<ReturnPlain>(s);
        }
        if flags == FRAME_ENTRY {
            return D::alternative::<ReturnEntry>(s);
        }
        D::helper::<Return>(s)
    }
    ret_undefined s {
        let flags = (*(*s.vm).machine.frame).flags;
        if flags == 0 {
            return D::alternative::<ReturnPlain>(s.push(RawValue::UNDEFINED));
        }
        if flags == FRAME_ENTRY {
            return D::alternative::<ReturnEntry>(s.push(RawValue::UNDEFINED));
        }
        D::helper::<ReturnUndefined>(s)
    }
}

helpers! {
    CallNative i i.call_on_stack(i.u16(1), 3);
    CallOther i i.call_on_stack(i.u16(1), 3);
    Construct i i.construct_on_stack(i.u16(1), 3);
    Return i i.return_value();
    ReturnUndefined i {
        i.push(Value::UNDEFINED);
        i.return_value()
    };
    InstanceOf i slow::instance_of(i);
    HasElement i {
        let (b, a) = (i.pop(), i.pop());
        let has = cache::has_element(i, &a, &b)?;
        i.push(Value::boolean(has));
        i.done(1)
    };
    ObjectLiteral i slow_class::execute(i, Op::ObjectLiteral);
    NewArray i slow_class::execute(i, Op::NewArray);
    Closure i slow_class::execute(i, Op::Closure);
    DefineField i slow_class::define_field(i);
    InitFields i slow_class::init_fields(i);
    IterOpen i slow_iter::execute(i, Op::IterOpen);
    IterNextValue i slow_iter::execute(i, Op::IterNextValue);
    IterClose i slow_iter::execute(i, Op::IterClose);
    ForInNext i slow_iter::execute(i, Op::ForInNext);
    InitialYield i resume::initial_yield(i);
    Yield i resume::yield_value(i);
    Await i resume::await_value(i);
    DelegateStep i resume::delegate_step(i);
    ForOfNext i resume::for_of_next(i);
    Finish i resume::finish(i);
}

/// The result of a function that is done without a frame, given its `this` and its only argument.
/// Whatever has a count is left alone, except that the argument of `push` goes to the array.
#[inline(always)]
unsafe fn quick_result(s: State, magic: i32, this: RawValue, argument: RawValue) -> Option<RawValue> {
    match magic {
        native::ARRAY_PUSH if is_plain_array(s, this) => {
            let array = this.cell_unchecked().cast::<ArrayCell>().as_ref();
            if array.push_in_place(argument) { Some(RawValue::int(array.length() as i32)) } else { None }
        }
        native::CHAR_CODE_AT if argument.is_int() && this.kind() == kind::STRING8 => {
            let index = argument.int_unchecked() as u32;
            if index >= string_length(this) {
                return None;
            }
            let units = this.cell_unchecked().as_ptr().byte_add(Flat::<false>::UNITS_OFFSET).cast::<u8>();
            Some(RawValue::int(i32::from(*units.add(index as usize))))
        }
        native::MATH_FLOOR if argument.is_int() => Some(argument),
        native::MATH_FLOOR if argument.is_double() => {
            Some(RawValue::number(argument.double_unchecked().floor()))
        }
        native::MATH_ABS if argument.is_double() => {
            Some(RawValue::computed(argument.double_unchecked().abs()))
        }
        native::MATH_ABS if argument.is_int() && argument.int_unchecked() != i32::MIN => {
            Some(RawValue::int(argument.int_unchecked().abs()))
        }
        native::MATH_SQRT if argument.is_number() => Some(RawValue::computed(number(argument).sqrt())),
        _ => None,
    }
}

alternatives! {
    CallQuick s {
        let (this, callee) = (s.top(3), s.top(2));
        if s.u16(1) == 1 && callee.kind() == kind::NATIVE {
            let magic = callee.cell_unchecked().cast::<NativeCell>().as_ref().def().magic;
            // Neither of the two may die here.
            if (*callee.cell_unchecked().as_ptr()).count() > 1
                && !(this.is_cell() && (*this.cell_unchecked().as_ptr()).count() == 1)
                && let Some(result) = quick_result(s, magic, this, s.top(1))
            {
                decrement(this);
                decrement(callee);
                s.put(3, result);
                return D::next(s.pop(2).skip(3));
            }
        }
        D::helper::<CallNative>(s)
    }
    CallExact s {
        let argc = s.u16(1);
        let callee = *s.sp.sub(argc + 1);
        let closure = callee.cell_unchecked().as_ptr();
        let k = *closure.byte_add(ClosureCell::CODE_OFFSET).cast::<*const CodeCell>();
        let machine = &raw mut (*s.vm).machine;
        let locals = usize::from((*k).local_count) - argc;
        let room = locals + usize::from((*k).stack_size);
        let frame = (*machine).frame;
        let next = frame.add(1);
        let budget = (*machine).budget - (*k).steps;
        if s.sp.add(room) > (*machine).stack_end || next == (*machine).frame_end || budget <= 0 {
            return D::slow(s);
        }
        (*machine).budget = budget;
        (*frame).pc = s.pc.add(3);
        (*machine).frame = next;
        let fp = s.sp.sub(argc);
        next.write(Frame {
            pc: (*k).bytecode,
            fp,
            code: k,
            new_target: RawValue::UNDEFINED,
            resumable: RawValue::UNDEFINED,
            flags: 0,
            argc: argc as u32,
            base: fp,
        });
        let mut sp = s.sp;
        for _ in 0..locals {
            *sp = RawValue::UNDEFINED;
            sp = sp.add(1);
        }
        D::next(State { pc: (*k).bytecode, sp, fp, k, vm: s.vm })
    }
    ReturnEntry s {
        // As below, but native code entered the frame: it has the caller's registers.
        let result = s.top(1);
        let base = s.fp.sub(2);
        let mut sp = s.sp.sub(1);
        while sp > base {
            sp = sp.sub(1);
            let value = *sp;
            if decrement(value) {
                (*s.vm).heap.release(value.cell_unchecked());
            }
        }
        let machine = &raw mut (*s.vm).machine;
        (*machine).frame = (*machine).frame.sub(1);
        (*machine).returned = result;
        D::exit(s)
    }
    ReturnPlain s {
        // Drops everything down to `this`; a cell that dies goes through the heap at once, which
        // is why this is an alternative: it may call.
        let result = s.top(1);
        let base = s.fp.sub(2);
        let mut sp = s.sp.sub(1);
        while sp > base {
            sp = sp.sub(1);
            let value = *sp;
            if decrement(value) {
                (*s.vm).heap.release(value.cell_unchecked());
            }
        }
        let frame = (*s.vm).machine.frame.sub(1);
        (*s.vm).machine.frame = frame;
        *base = result;
        debug_assert!((*frame).flags & FRAME_CHUNK == 0 || !(*frame).code.is_null());
        D::next(State { pc: (*frame).pc, sp: base.add(1), fp: (*frame).fp, k: (*frame).code, vm: s.vm })
    }
}
