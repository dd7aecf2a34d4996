//! Tail calls (ECMA-262 15.10.3), made good when they matter: a call in tail position is an ordinary call, and
//! its caller's frame goes only when the stack is full.
//!
//! That a strict function ends with a call can be seen from where its frame goes on: at a `return`. Such a frame
//! has nothing to do any more but to hand the result on, so its part of the stack and its record are taken out and
//! what lies above moves down. A chain of tail calls of any length thus runs in the space of the stack, calls
//! cost what they cost elsewhere, and stack texts show the callers that are still there.

use super::Interp;
use crate::code::opcodes::Op;
use crate::runtime::Frame;
use crate::value::Value;

impl Interp {
    /// Takes out the frames at the top of the stack that only wait for a tail call; false if there is none.
    ///
    /// Only frames of plain calls from bytecode move: nobody else knows where on the stack these are.
    ///
    /// # Safety
    /// The registers are saved, and the running frame is at a call that has not begun.
    pub(super) unsafe fn drop_tail_callers(&self) -> bool {
        let m = self.m();
        // SAFETY: the records from the bottom of the run up to the running one are in use; the stack from the
        // first of their parts up to `sp` is theirs, in one chunk, part after part.
        unsafe {
            let top = m.frame;
            let mut bottom = top;
            while (*bottom).flags == 0 && !(*bottom).code.is_null() {
                bottom = bottom.sub(1);
            }
            let mut to = bottom.add(1);
            let mut gone = 0;
            let mut at = to;
            while at <= top {
                let next = at.add(1);
                let low = (*at).fp.sub(2);
                let high = if at == top { m.sp } else { (*next).fp.sub(2) };
                let size = high.offset_from(low) as usize;
                if at != top && is_done(&*at) {
                    for i in 0..size {
                        drop(Value::from_raw(low.add(i).read()));
                    }
                    gone += size;
                } else {
                    core::ptr::copy(low, low.sub(gone), size);
                    let mut frame = at.read();
                    frame.fp = frame.fp.sub(gone);
                    frame.base = frame.base.sub(gone);
                    to.write(frame);
                    to = to.add(1);
                }
                at = next;
            }
            m.frame = to.sub(1);
            m.fp = m.fp.sub(gone);
            m.sp = m.sp.sub(gone);
            gone > 0
        }
    }
}

/// Whether a frame goes on with nothing but a return, in strict code and under no handler.
unsafe fn is_done(frame: &Frame) -> bool {
    // SAFETY: the frame's code is alive, and its pc points into it.
    unsafe {
        let code = &*frame.code;
        if !code.flags.strict() {
            return false;
        }
        let mut pc = frame.pc;
        let call = (pc.offset_from(code.bytecode) as u32).saturating_sub(1);
        if code.template.handlers.iter().any(|handler| handler.covers(call)) {
            return false;
        }
        loop {
            match Op::from_byte(*pc) {
                Some(Op::Return) => return true,
                // A variable that nobody else sees, and that ends with the frame.
                Some(op @ (Op::SetLocal | Op::SetLocal8)) => pc = pc.add(op.size()),
                // The same in two instructions.
                Some(Op::PutLocal8) if *pc.add(2) == Op::GetLocal8 as u8 && *pc.add(1) == *pc.add(3) => {
                    pc = pc.add(4);
                }
                // Jumps go forward.
                Some(Op::Jump) => pc = pc.offset(pc.add(1).cast::<i32>().read_unaligned() as isize),
                Some(Op::Jump16) => pc = pc.offset(pc.add(1).cast::<i16>().read_unaligned() as isize),
                _ => return false,
            }
        }
    }
}
