//! The two forms of dispatch around the same handlers.
//!
//! In the tail form every handler is a function of one signature that ends in a call of the next
//! handler; LLVM turns that call into a jump, so that the registers stay in registers and the
//! stack does not grow. In the match form a loop calls them inlined. `build.rs` chooses.

use super::handlers::{self, State};
use super::{Flow, Interp, slow};
use crate::value::{JsResult, RawValue, Value};

/// How a handler goes on. Every handler ends in exactly one of these.
pub(super) trait Dispatch {
    /// What a handler returns.
    type Out;
    /// On to the instruction at `pc`.
    unsafe fn next(s: State) -> Self::Out;
    /// The slow path of the instruction at `pc`, which has had no effect yet.
    unsafe fn slow(s: State) -> Self::Out;
    /// Another try at the instruction, out of line.
    unsafe fn alternative<A: Alternative>(s: State) -> Self::Out;
    /// Code that is no handler, for this instruction alone: spares the way through the slow path.
    unsafe fn helper<H: Helper>(s: State) -> Self::Out;
    /// Frees a cell whose count has just become zero, then on to the next instruction.
    unsafe fn free(s: State, cell: RawValue) -> Self::Out;
    /// Ends the run.
    unsafe fn exit(s: State) -> Self::Out;
    /// Asks the interrupt handler, then on to the next instruction.
    unsafe fn poll(s: State) -> Self::Out;
}

/// A second way to carry out an instruction, too large to be inlined in its handler.
pub(super) trait Alternative {
    unsafe fn run<D: Dispatch>(s: State) -> D::Out;
}

/// What an instruction does out of the handlers, from its beginning, with the registers saved.
pub(super) trait Helper {
    unsafe fn run(i: Interp) -> JsResult<Flow>;
}

/// Saves the registers for code that is not a handler.
#[inline(always)]
unsafe fn save(s: State) -> Interp {
    let interp = Interp { rt: core::ptr::NonNull::new_unchecked(s.vm) };
    let m = interp.m();
    m.pc = s.pc;
    m.sp = s.sp;
    m.fp = s.fp;
    m.code = s.k;
    interp
}

#[inline(always)]
unsafe fn load(interp: Interp) -> State {
    let m = interp.m();
    State { pc: m.pc, sp: m.sp, fp: m.fp, k: m.code, vm: interp.rt.as_ptr() }
}

/// Carries out the instruction at the machine's pc in full generality.
#[inline(never)]
fn execute(interp: Interp) -> Flow {
    let m = interp.m();
    // For stack texts: one byte into the instruction, as if it had called something.
    // SAFETY: the machine's frame and pc are those of the running function.
    unsafe { (*m.frame).pc = m.pc.add(1) };
    match slow::step(interp) {
        Ok(flow) => flow,
        Err(thrown) => interp.unwind(thrown),
    }
}

/// Carries out a helper. Never inlined: a helper has locals that others refer to, and as long as such a local is
/// in the frame of the tail form's function, that cannot jump to the next handler, and the stack grows.
#[inline(never)]
fn execute_helper<H: Helper>(interp: Interp) -> Flow {
    let m = interp.m();
    // SAFETY: as above; the helper stands at its instruction.
    unsafe {
        (*m.frame).pc = m.pc.add(1);
        match H::run(interp) {
            Ok(flow) => flow,
            Err(thrown) => interp.unwind(thrown),
        }
    }
}

#[inline(never)]
fn execute_poll(interp: Interp) -> Flow {
    match interp.poll() {
        Ok(()) => Flow::Continue,
        Err(thrown) => interp.unwind(thrown),
    }
}

#[cfg(all(tail_dispatch, not(debug_assertions)))]
mod tail {
    use super::*;
    use crate::code::opcodes::Op;
    use crate::runtime::{CodeCell, Runtime};
    use core::mem::MaybeUninit;

    /// One signature for all handlers: the registers, and one scratch register for slow paths.
    pub(super) type Handler = unsafe extern "C" fn(
        *const u8,
        *mut RawValue,
        *mut RawValue,
        *const CodeCell,
        *mut Runtime,
        MaybeUninit<u64>,
    );

    pub(in super::super) struct Tail;

    impl Dispatch for Tail {
        type Out = ();
        #[inline(always)]
        unsafe fn next(s: State) {
            let handler = *TABLE.get_unchecked(usize::from(*s.pc));
            handler(s.pc, s.sp, s.fp, s.k, s.vm, MaybeUninit::uninit());
        }
        #[inline(always)]
        unsafe fn slow(s: State) {
            slow_tail(s.pc, s.sp, s.fp, s.k, s.vm, MaybeUninit::uninit());
        }
        #[inline(always)]
        unsafe fn alternative<A: Alternative>(s: State) {
            alternative_tail::<A>(s.pc, s.sp, s.fp, s.k, s.vm, MaybeUninit::uninit());
        }
        #[inline(always)]
        unsafe fn helper<H: Helper>(s: State) {
            helper_tail::<H>(s.pc, s.sp, s.fp, s.k, s.vm, MaybeUninit::uninit());
        }
        #[inline(always)]
        unsafe fn free(s: State, cell: RawValue) {
            free_tail(s.pc, s.sp, s.fp, s.k, s.vm, MaybeUninit::new(cell.bits()));
        }
        #[inline(always)]
        unsafe fn exit(_: State) {}
        #[inline(always)]
        unsafe fn poll(s: State) {
            poll_tail(s.pc, s.sp, s.fp, s.k, s.vm, MaybeUninit::uninit());
        }
    }

    #[inline(never)]
    unsafe extern "C" fn alternative_tail<A: Alternative>(
        pc: *const u8,
        sp: *mut RawValue,
        fp: *mut RawValue,
        k: *const CodeCell,
        vm: *mut Runtime,
        _scratch: MaybeUninit<u64>,
    ) {
        A::run::<Tail>(State { pc, sp, fp, k, vm });
    }

    #[inline(never)]
    unsafe extern "C" fn helper_tail<H: Helper>(
        pc: *const u8,
        sp: *mut RawValue,
        fp: *mut RawValue,
        k: *const CodeCell,
        vm: *mut Runtime,
        _scratch: MaybeUninit<u64>,
    ) {
        let interp = save(State { pc, sp, fp, k, vm });
        if let Flow::Exit = execute_helper::<H>(interp) {
            return;
        }
        Tail::next(load(interp));
    }

    #[inline(never)]
    unsafe extern "C" fn slow_tail(
        pc: *const u8,
        sp: *mut RawValue,
        fp: *mut RawValue,
        k: *const CodeCell,
        vm: *mut Runtime,
        _scratch: MaybeUninit<u64>,
    ) {
        let interp = save(State { pc, sp, fp, k, vm });
        if let Flow::Exit = execute(interp) {
            return;
        }
        Tail::next(load(interp));
    }

    #[inline(never)]
    unsafe extern "C" fn poll_tail(
        pc: *const u8,
        sp: *mut RawValue,
        fp: *mut RawValue,
        k: *const CodeCell,
        vm: *mut Runtime,
        _scratch: MaybeUninit<u64>,
    ) {
        let interp = save(State { pc, sp, fp, k, vm });
        if let Flow::Exit = execute_poll(interp) {
            return;
        }
        Tail::next(load(interp));
    }

    #[inline(never)]
    unsafe extern "C" fn free_tail(
        pc: *const u8,
        sp: *mut RawValue,
        fp: *mut RawValue,
        k: *const CodeCell,
        vm: *mut Runtime,
        cell: MaybeUninit<u64>,
    ) {
        (*vm).heap.release(RawValue::from_bits(cell.assume_init()).cell_unchecked());
        Tail::next(State { pc, sp, fp, k, vm });
    }

    macro_rules! tail_table {
        ($($op:ident $handler:ident;)*) => {
            #[allow(non_snake_case)]
            mod entry {
                use super::*;
                $(pub(super) unsafe extern "C" fn $op(
                    pc: *const u8,
                    sp: *mut RawValue,
                    fp: *mut RawValue,
                    k: *const CodeCell,
                    vm: *mut Runtime,
                    _scratch: MaybeUninit<u64>,
                ) {
                    handlers::$handler::<Tail>(State { pc, sp, fp, k, vm });
                })*
            }
            pub(super) static TABLE: [Handler; 256] = {
                let mut table: [Handler; 256] = [slow_tail; 256];
                $(table[Op::$op as usize] = entry::$op;)*
                table
            };
        };
    }
    handlers::handler_list!(tail_table);

    pub(super) unsafe fn run(interp: Interp) {
        Tail::next(load(interp));
    }
}

#[cfg(not(all(tail_dispatch, not(debug_assertions))))]
mod matching {
    use super::*;
    use crate::code::opcodes::Op;

    /// Handlers are inlined into the loop; what leaves them goes through memory, so that the
    /// state in the loop stays in registers.
    pub(in super::super) struct Match;

    /// What a handler asks the loop to do.
    pub(in super::super) enum Ask {
        Next(State),
        Exit,
    }

    impl Dispatch for Match {
        type Out = Ask;
        #[inline(always)]
        unsafe fn next(s: State) -> Ask {
            Ask::Next(s)
        }
        #[inline(never)]
        unsafe fn slow(s: State) -> Ask {
            let interp = save(s);
            match execute(interp) {
                Flow::Continue => Ask::Next(load(interp)),
                Flow::Exit => Ask::Exit,
            }
        }
        #[inline(always)]
        unsafe fn alternative<A: Alternative>(s: State) -> Ask {
            A::run::<Match>(s)
        }
        #[inline(never)]
        unsafe fn helper<H: Helper>(s: State) -> Ask {
            let interp = save(s);
            match execute_helper::<H>(interp) {
                Flow::Continue => Ask::Next(load(interp)),
                Flow::Exit => Ask::Exit,
            }
        }
        #[inline(never)]
        unsafe fn free(s: State, cell: RawValue) -> Ask {
            (*s.vm).heap.release(cell.cell_unchecked());
            Ask::Next(s)
        }
        #[inline(always)]
        unsafe fn exit(_: State) -> Ask {
            Ask::Exit
        }
        #[inline(never)]
        unsafe fn poll(s: State) -> Ask {
            let interp = save(s);
            match execute_poll(interp) {
                Flow::Continue => Ask::Next(load(interp)),
                Flow::Exit => Ask::Exit,
            }
        }
    }

    /// What no script may see is not on the operand stack: a box never, a marker only where the next
    /// instruction looks for it.
    #[cfg(debug_assertions)]
    unsafe fn check_stack(s: State) {
        let op = Op::from_byte(*s.pc);
        if matches!(op, Some(Op::ThrowIfInitialized | Op::DerivedReturn)) {
            return;
        }
        let depth = s.sp.offset_from(s.fp.add(usize::from((*s.k).local_count)));
        for n in 1..=depth.clamp(0, 2) {
            let value = *s.sp.offset(-n);
            assert!(
                !value.is_internal() && value.kind() != crate::value::kind::VAR_REF,
                "an internal value is {n} deep on the stack before {op:?}"
            );
        }
    }

    macro_rules! match_loop {
        ($($op:ident $handler:ident;)*) => {
            pub(super) unsafe fn run(interp: Interp) {
                let mut s = load(interp);
                loop {
                    #[cfg(debug_assertions)]
                    check_stack(s);
                    let ask = match Op::from_byte(*s.pc) {
                        $(Some(Op::$op) => handlers::$handler::<Match>(s),)*
                        _ => Match::slow(s),
                    };
                    match ask {
                        Ask::Next(next) => s = next,
                        Ask::Exit => return,
                    }
                }
            }
        };
    }
    handlers::handler_list!(match_loop);
}

/// Runs from the machine's registers until an entry frame is left.
pub(super) fn run(interp: Interp) {
    // SAFETY: the machine's registers are those of a frame that was just entered or resumed.
    unsafe {
        #[cfg(all(tail_dispatch, not(debug_assertions)))]
        tail::run(interp);
        #[cfg(not(all(tail_dispatch, not(debug_assertions))))]
        matching::run(interp);
    }
}

/// Drops a value a handler owns; true when the caller must free the cell.
#[inline(always)]
pub(super) unsafe fn decrement(value: RawValue) -> bool {
    value.is_cell() && (*value.cell_unchecked().as_ptr()).decrement()
}

/// Counts a value a handler copies.
#[inline(always)]
pub(super) unsafe fn copy(value: RawValue) -> RawValue {
    Value::into_raw(value.to_owned())
}
