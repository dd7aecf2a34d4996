//! Calls of native functions from bytecode: the arguments stay where they are, on the stack.
//!
//! Functions that are called very often are carried out here and in the handlers without a frame of their
//! own. They are known by the magic numbers of their rows.

use super::{Flow, Interp};
use crate::exec::iteration::GENERATOR_NEXT;
use crate::object::generator::GeneratorCell;
use crate::runtime::machine::*;
use crate::runtime::{Arguments, Context, NativeCell, NativeKind, undefined};
use crate::value::{JsResult, Object, Value};

/// Magic number of the row of `Array.prototype.push`.
pub(crate) const ARRAY_PUSH: i32 = 0x4152_5055;
/// The same of `String.prototype.charCodeAt`.
pub(crate) const CHAR_CODE_AT: i32 = 0x5354_4343;
/// The same of `Function.prototype.call`.
pub(crate) const FUNCTION_CALL: i32 = 0x4675_4361;
/// The same of `Function.prototype.apply`.
pub(crate) const FUNCTION_APPLY: i32 = 0x4675_4170;
/// The same of `Math.abs`.
pub(crate) const MATH_ABS: i32 = 0x4D41_0000;
/// The same of `Math.floor`.
pub(crate) const MATH_FLOOR: i32 = 0x4D41_0001;
/// The same of `Math.sqrt`.
pub(crate) const MATH_SQRT: i32 = 0x4D41_0002;

impl Interp {
    /// Calls the native function below `argc` arguments: `this f a1 .. an` becomes the result.
    pub(super) unsafe fn call_native_on_stack(&self, argc: usize, size: usize) -> JsResult<Flow> {
        let m = self.m();
        // The stack keeps all of them alive during the call.
        let first = m.sp.sub(argc + 2).cast::<Value>();
        let callee = &*first.add(1);
        let cell = callee.cell_unchecked().cast::<NativeCell>().as_ref();
        let def = cell.def();
        if def.magic == GENERATOR_NEXT && self.is_ready(&*first, callee) {
            return self.call_next(argc, size);
        }
        if def.kind == NativeKind::Constructor {
            let mut cx = self.cx();
            return Err(cx.throw_type_error(format_args!("constructor {} requires 'new'", def.name)));
        }
        let mut cx = Context::new(self.rt, cell.realm().cell_unchecked().cast());
        cx.check_native_stack()?;
        cx.collect_if_due();
        // Counted only: the next back edge or call asks.
        m.budget -= 1;
        if m.frame.add(1) == m.frame_end {
            m.grow_frames()?;
        }
        m.frame = m.frame.add(1);
        m.frame.write(Frame { flags: FRAME_NATIVE, resumable: callee.raw(), ..Frame::blank() });
        let call = Arguments {
            this: &*first,
            list: core::slice::from_raw_parts(first.add(2), argc),
            new_target: undefined(),
            callee: &*core::ptr::from_ref(callee).cast::<Object>(),
            magic: def.magic,
        };
        call.check(None);
        let result = (def.function)(&mut cx, &call);
        call.check(Some(&result));
        let m = self.m();
        m.frame = m.frame.sub(1);
        let result = result?;
        self.cut(first.cast());
        self.push(result);
        self.advance(size);
        Ok(Flow::Continue)
    }

    /// `next()` of a generator that is ready for it.
    unsafe fn call_next(&self, argc: usize, size: usize) -> JsResult<Flow> {
        let m = self.m();
        let first = m.sp.sub(argc + 2);
        let generator = (*first).to_owned();
        debug_assert!(generator.downcast::<GeneratorCell>().is_some());
        let value = if argc > 0 { (*first.add(2)).to_owned() } else { Value::UNDEFINED };
        self.cut(first);
        (*m.frame).pc = m.pc.add(size);
        self.enter_generator(&generator, value, FRAME_NEXT)?;
        Ok(Flow::Continue)
    }
}
