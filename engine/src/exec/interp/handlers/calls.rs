//! Handlers of calls and returns.
#![allow(clippy::undocumented_unsafe_blocks, reason = "the module's invariants are every handler's reason")]

use super::*;

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
            return D::helper::<CallNative>(s);
        }
        D::helper::<CallOther>(s)
    }
    construct s { D::helper::<Construct>(s) }
    initial_yield s { D::helper::<InitialYield>(s) }
    yield_value s { D::helper::<Yield>(s) }
    await_value s { D::helper::<Await>(s) }
    delegate_step s { D::helper::<DelegateStep>(s) }
    for_of_next s { D::helper::<ForOfNext>(s) }
    finish s { D::helper::<Finish>(s) }
    ret s {
        let frame = (*s.vm).machine.frame;
        if (*frame).flags != 0 { return D::slow(s) }
        D::alternative::<ReturnPlain>(s)
    }
    ret_undefined s {
        let frame = (*s.vm).machine.frame;
        if (*frame).flags != 0 { return D::slow(s) }
        D::alternative::<ReturnPlain>(s.push(RawValue::UNDEFINED))
    }
}

helpers! {
    CallNative i i.call_native_on_stack(i.u16(1), 3);
    CallOther i i.call_on_stack(i.u16(1), 3);
    Construct i i.construct_on_stack(i.u16(1), 3);
    InitialYield i resume::initial_yield(i);
    Yield i resume::yield_value(i);
    Await i resume::await_value(i);
    DelegateStep i resume::delegate_step(i);
    ForOfNext i resume::for_of_next(i);
    Finish i resume::finish(i);
}

alternatives! {
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
        let budget = (*machine).budget - 1;
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
