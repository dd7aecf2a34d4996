//! The interpreter: frames, calls, returns, unwinding, and the door from native code.
//!
//! The instructions themselves are in [`handlers`] (what is done often, written once for both
//! forms of dispatch) and [`slow`] (everything else). [`dispatch`] ties them together; [`cache`]
//! fills the inline caches.
//!
//! # Invariants
//! - Registers live in Rust variables while handlers run and in [`Machine`] while anything else does.
//!   Whoever leaves the handlers saves them, whoever comes back loads them.
//! - The stack owns what lies between the frame's `fp - 2` and `sp`. A handler moves whole
//!   values: it counts up what it copies and counts down what it overwrites or drops.
//! - Slow paths pop operands into owned `Value`s, so that an error leaves nothing behind.
//! - JavaScript calling JavaScript does not recurse natively. Native code that calls a closure starts
//!   a nested run, which ends when the frame marked [`FRAME_ENTRY`] is left.
#![allow(
    unsafe_op_in_unsafe_fn,
    clippy::missing_safety_doc,
    reason = "every function here works on the frames under the invariants above"
)]

pub(crate) mod cache;
mod call;
mod dispatch;
mod handlers;
pub(crate) mod native;
mod resume;
mod slow;
mod slow_class;
mod slow_global;
mod slow_iter;
mod strings;
mod tail;
mod trace;

use core::ptr::NonNull;

pub(crate) use crate::object::generator::Resume;

use crate::code::opcodes::Op;
use crate::runtime::machine::*;
use crate::runtime::{CodeCell, Context, Realm, Runtime};
use crate::text::RawAtom;
use crate::value::{JsResult, RawValue, Thrown, Value};

/// What a slow path wants next.
pub(crate) enum Flow {
    /// Go on with the registers in the machine.
    Continue,
    /// Leave the dispatch loop; the outcome is in `exit`.
    Exit,
}

/// The interpreter's view of a runtime.
#[derive(Clone, Copy)]
pub(crate) struct Interp {
    pub(crate) rt: NonNull<Runtime>,
}

impl Interp {
    /// The machine.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub(crate) fn m(&self) -> &mut Machine {
        // SAFETY: the runtime outlives the run; no borrow of the machine is kept across calls.
        unsafe { &mut (*self.rt.as_ptr()).machine }
    }

    /// The running code.
    #[inline(always)]
    pub(crate) fn code(&self) -> &'static CodeCell {
        // SAFETY: the running function, which the frame owns, keeps its code alive.
        unsafe { &*self.m().code }
    }

    /// A context in the running function's realm.
    #[inline(always)]
    pub(crate) fn cx(&self) -> Context {
        // SAFETY: the running code keeps its realm alive.
        unsafe { Context::new(self.rt, self.code().realm.cell_unchecked().cast::<Realm>()) }
    }

    /// A context in the realm of the running function's caller: what [[Construct]] does after the body is
    /// done in that one (10.2.2).
    pub(crate) fn caller_cx(&self) -> Context {
        // SAFETY: the record below the running one is the caller's or the sentinel; both what it names and
        // the running code, which the frame owns, keep their realms alive.
        unsafe {
            let below = &*self.m().frame.sub(1);
            let mut realm = self.code().realm.clone();
            if !below.code.is_null() {
                realm = (*below.code).realm.clone();
            } else if below.flags & FRAME_NATIVE != 0
                && let Some(native) = below.resumable.to_owned().downcast::<crate::runtime::NativeCell>()
            {
                realm = native.realm().clone();
            }
            Context::new(self.rt, realm.cell_unchecked().cast::<Realm>())
        }
    }

    // ----- Stack -----

    #[inline(always)]
    pub(crate) fn push(&self, value: Value) {
        let m = self.m();
        // SAFETY: the frame reserved its greatest depth.
        unsafe {
            m.sp.write(value.into_raw());
            m.sp = m.sp.add(1);
        }
    }

    #[inline(always)]
    pub(crate) fn pop(&self) -> Value {
        let m = self.m();
        // SAFETY: the verifier checked that the stack is not empty here.
        unsafe {
            m.sp = m.sp.sub(1);
            Value::from_raw(m.sp.read())
        }
    }

    /// A copy of the value `depth` below the top.
    #[inline(always)]
    pub(crate) fn peek(&self, depth: usize) -> Value {
        // SAFETY: as above.
        unsafe { self.m().sp.sub(depth + 1).read().to_owned() }
    }

    /// Replaces the value `depth` below the top.
    #[inline(always)]
    pub(crate) fn poke(&self, depth: usize, value: Value) {
        // SAFETY: as above; the old value is moved out before it is dropped.
        unsafe {
            let place = self.m().sp.sub(depth + 1);
            let old = place.read();
            place.write(value.into_raw());
            drop(Value::from_raw(old));
        }
    }

    #[inline(always)]
    pub(crate) fn local(&self, i: usize) -> Value {
        // SAFETY: the verifier checked the index.
        unsafe { self.m().fp.add(i).read().to_owned() }
    }

    #[inline(always)]
    pub(crate) fn set_local(&self, i: usize, value: Value) {
        // SAFETY: as above; the old value is moved out before it is dropped.
        unsafe {
            let place = self.m().fp.add(i);
            let old = place.read();
            place.write(value.into_raw());
            drop(Value::from_raw(old));
        }
    }

    /// Drops the values from `to` up to the stack pointer.
    pub(crate) unsafe fn cut(&self, to: *mut RawValue) {
        while self.m().sp > to {
            drop(self.pop());
        }
    }

    // ----- Operands -----

    #[inline(always)]
    pub(crate) fn u8(&self, at: usize) -> usize {
        // SAFETY: the verifier checked that operands lie within the code.
        unsafe { usize::from(self.m().pc.add(at).read()) }
    }
    #[inline(always)]
    pub(crate) fn i8(&self, at: usize) -> i32 {
        // SAFETY: as above.
        unsafe { i32::from(self.m().pc.add(at).read() as i8) }
    }
    #[inline(always)]
    pub(crate) fn u16(&self, at: usize) -> usize {
        // SAFETY: as above.
        unsafe { usize::from(self.m().pc.add(at).cast::<u16>().read_unaligned()) }
    }
    #[inline(always)]
    pub(crate) fn i16(&self, at: usize) -> isize {
        // SAFETY: as above.
        unsafe { self.m().pc.add(at).cast::<i16>().read_unaligned() as isize }
    }
    #[inline(always)]
    pub(crate) fn i32(&self, at: usize) -> i32 {
        // SAFETY: as above.
        unsafe { self.m().pc.add(at).cast::<i32>().read_unaligned() }
    }
    #[inline(always)]
    pub(crate) fn u32(&self, at: usize) -> usize {
        self.i32(at) as u32 as usize
    }
    #[inline(always)]
    pub(crate) fn atom(&self, at: usize) -> RawAtom {
        RawAtom::from_bits(self.i32(at) as u32)
    }
    /// The atom of the inline cache that the operand at `at` names.
    #[inline(always)]
    pub(crate) fn cache_atom(&self, at: usize) -> RawAtom {
        // SAFETY: the verifier checked the cache's index.
        unsafe { (*self.code().caches.add(self.u16(at))).atom }
    }
    /// Goes on at the next instruction, `size` bytes on.
    #[inline(always)]
    pub(crate) fn advance(&self, size: usize) {
        let m = self.m();
        // SAFETY: within the code.
        m.pc = unsafe { m.pc.add(size) };
    }
    /// Jumps relative to the present instruction.
    #[inline(always)]
    pub(crate) fn jump(&self, by: isize) {
        let m = self.m();
        // SAFETY: the verifier checked jump targets.
        m.pc = unsafe { m.pc.offset(by) };
    }
    /// Offset of the present instruction.
    pub(crate) fn pc_offset(&self) -> usize {
        // SAFETY: the program counter points into the running code.
        unsafe { self.m().pc.offset_from(self.code().bytecode) as usize }
    }

    /// Whether the present instruction is strict mode code.
    pub(crate) fn is_strict(&self) -> bool {
        let code = self.code();
        let flags = code.flags;
        // SAFETY: the program counter points to an instruction of the running code.
        debug_assert!(Op::from_byte(unsafe { *self.m().pc }).is_some_and(Op::asks_for_strict));
        if flags.strict() || !flags.strict_parts() {
            return flags.strict();
        }
        let pc = self.pc_offset() as u32;
        code.template.handlers.iter().any(|range| range.makes_strict(pc))
    }

    /// Asks the interrupt handler; called when the budget is used up.
    #[cold]
    pub(crate) fn poll(&self) -> JsResult<()> {
        // SAFETY: whoever calls this saved the registers.
        if unsafe { Runtime::asks_to_stop(self.rt) } { Err(Thrown::Terminated) } else { Ok(()) }
    }

    /// Runs until the innermost entry frame is left.
    pub(crate) fn run(&self) -> Exit {
        dispatch::run(*self);
        let m = self.m();
        match m.exit.take() {
            Some(exit) => exit,
            // SAFETY: the value is the machine's to give away, once.
            None => Exit::Return(unsafe {
                Value::from_raw(core::mem::replace(&mut m.returned, RawValue::UNDEFINED))
            }),
        }
    }

    /// Finds a handler for what was thrown, leaving frames that have none.
    #[cold]
    pub(crate) fn unwind(&self, mut thrown: Thrown) -> Flow {
        // SAFETY: the machine's registers are those of the running frame.
        unsafe {
            let mut top = true;
            loop {
                let m = self.m();
                let code = self.code();
                let mut pc = self.pc_offset() as u32;
                if !top {
                    // A return address: the call lies before it.
                    pc = pc.saturating_sub(1);
                }
                let found = code.template.handlers.iter().find(|h| h.covers(pc)).copied();
                if let (Some(handler), true) = (found, thrown != Thrown::Terminated) {
                    let base = m.fp.add(usize::from(code.local_count));
                    self.cut(base.add(usize::from(handler.depth)));
                    let mut cx = self.cx();
                    if let Some(value) = cx.caught_value(thrown) {
                        cx.collect_after_catch(&value);
                        self.push(value);
                        self.m().pc = code.bytecode.add(handler.target as usize);
                        return Flow::Continue;
                    }
                    thrown = Thrown::Terminated;
                    continue;
                }
                if thrown != Thrown::Exception && thrown != Thrown::Terminated {
                    // Make the error here, where the stack still shows where it happened.
                    let mut cx = self.cx();
                    if let Some(value) = cx.caught_value(thrown) {
                        thrown = cx.throw(value);
                    }
                }
                let flags = (*m.frame).flags;
                if flags & FRAME_DRIVEN != 0 {
                    resume::complete(&(*m.frame).new_target.to_owned());
                }
                let mut promise = None;
                if flags & FRAME_ASYNC != 0 && thrown != Thrown::Terminated {
                    match resume::rejected(*self, thrown) {
                        Ok(value) => promise = Some(value),
                        Err(next) => thrown = next,
                    }
                }
                self.cut(m.fp.sub(2));
                self.leave_frame();
                if let Some(promise) = promise {
                    self.push(promise);
                    return Flow::Continue;
                }
                if flags & FRAME_ENTRY != 0 {
                    self.m().exit = Some(Exit::Throw(thrown));
                    return Flow::Exit;
                }
                top = false;
            }
        }
    }
}
