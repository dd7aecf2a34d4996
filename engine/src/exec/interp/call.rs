//! Entering and leaving frames.

use core::ptr::NonNull;

use super::native::{FUNCTION_APPLY, FUNCTION_CALL};
use super::{Flow, Interp};
use crate::code::function::ArgumentsKind;
use crate::object::{ArrayCell, ShapeTable, VarRef};
use crate::runtime::machine::*;
use crate::runtime::{BoundCell, ClosureCell, CodeCell, Context, Intrinsic, NativeCell};
use crate::value::{JsResult, Object, RawValue, Thrown, Value, kind};

impl Interp {
    /// Enters the closure below `argc` arguments on the stack: `this f a1 .. an`. On success the machine's
    /// registers are the new frame's; on failure the stack is as it was.
    pub(crate) unsafe fn enter(&self, argc: usize, new_target: Value, flags: u32) -> JsResult<()> {
        let m = self.m();
        let callee = (*m.sp.sub(argc + 1)).to_owned();
        let Some(closure) = callee.downcast::<ClosureCell>() else { return Err(Thrown::Terminated) };
        // The callee on the stack keeps closure and code alive.
        let code: *const CodeCell = closure.code();
        let code = &*code;
        if code.flags.class_constructor() && flags & FRAME_CONSTRUCT == 0 {
            let mut cx = Context::new(self.rt, code.realm.cell_unchecked().cast());
            return Err(cx.throw_type_error(format_args!("class constructors must be invoked with 'new'")));
        }
        self.m().budget -= code.steps;
        if self.m().budget <= 0 {
            self.poll()?;
        }
        if m.frame.add(1) == m.frame_end {
            m.grow_frames()?;
        }
        // What depends on the arguments beyond the formal ones is made before they go.
        let arg_count = usize::from(code.arg_count);
        let (mut rest, mut arguments) = (Value::UNDEFINED, Value::UNDEFINED);
        if code.template.rest.is_some() || code.template.arguments.is_some() {
            let first = m.sp.sub(argc).cast::<Value>();
            let passed = core::slice::from_raw_parts(first, argc);
            let mut cx = Context::new(self.rt, code.realm.cell_unchecked().cast());
            if code.template.rest.is_some() {
                rest = cx.new_array(passed.get(arg_count..).unwrap_or(&[]))?.into();
            }
            if let Some((_, kind)) = code.template.arguments
                && kind != ArgumentsKind::Mapped
            {
                arguments = self.new_arguments(&mut cx, &callee, passed, kind)?;
            }
        }
        // Room for the whole frame, in another chunk if need be.
        let locals = usize::from(code.local_count);
        let room = locals + usize::from(code.stack_size);
        let whole = room.max(argc + usize::from(code.stack_size));
        let base = m.sp.sub(argc + 2);
        let mut flags = flags;
        // Arguments that the frame has no place for count as its stack while it runs, although they are gone:
        // a recursion whose calls grow ends before their sum is out of all proportion.
        let beyond = argc.saturating_sub(room);
        if beyond > MANY_ARGUMENTS {
            if !m.charge_arguments(beyond) {
                return Err(Thrown::StackOverflow);
            }
            flags |= FRAME_CHARGED;
        }
        if base.add(2 + whole) > m.stack_end {
            let chunk = m.stack.push_chunk(whole + 2);
            if chunk.is_err() && flags & FRAME_CHARGED != 0 {
                m.charged -= beyond;
            }
            let (low, high) = chunk?;
            let low = low.cast::<RawValue>();
            low.copy_from_nonoverlapping(base, argc + 2);
            m.sp = low.add(argc + 2);
            m.stack_end = high.cast::<RawValue>().sub(crate::runtime::stack::RED_ZONE);
            flags |= FRAME_CHUNK;
        }
        let fp = m.sp.sub(argc);
        while m.sp > fp.add(arg_count) {
            drop(self.pop());
        }
        while m.sp < fp.add(locals) {
            self.push(Value::UNDEFINED);
        }
        let frame = m.frame.add(1);
        frame.write(Frame {
            pc: code.bytecode,
            fp,
            code,
            new_target: new_target.into_raw(),
            resumable: RawValue::UNDEFINED,
            flags,
            argc: argc as u32,
            base,
        });
        m.frame = frame;
        m.fp = fp;
        m.code = code;
        m.pc = code.bytecode;
        if let Some(local) = code.template.rest {
            self.set_local(usize::from(local), rest);
        }
        if let Some((local, kind)) = code.template.arguments {
            if kind == ArgumentsKind::Mapped {
                if let Err(error) = self.map_arguments(&callee, argc, local) {
                    self.abandon(base, flags);
                    return Err(error);
                }
            } else {
                self.set_local(usize::from(local), arguments);
            }
        }
        Ok(())
    }

    /// Undoes an `enter` that failed late: the frame goes, its stack part becomes garbage that the
    /// caller of `enter` still counts as `this f` and arguments, so these are left as undefined.
    unsafe fn abandon(&self, base: *mut RawValue, flags: u32) {
        let m = self.m();
        let argc = (*m.frame).argc as usize;
        self.cut(m.fp.sub(2));
        self.leave_frame();
        let m = self.m();
        m.sp = base;
        let _ = flags;
        for _ in 0..argc + 2 {
            self.push(Value::UNDEFINED);
        }
    }

    /// An arguments object that does not share the parameters (10.4.4.6).
    unsafe fn new_arguments(
        &self,
        cx: &mut Context,
        callee: &Value,
        passed: &[Value],
        kind: ArgumentsKind,
    ) -> JsResult<Value> {
        cx.collect_if_due();
        let shape = ShapeTable::current().get(cx.realm().shapes().arguments_root);
        let object = ArrayCell::create_arguments(shape, passed.len())?;
        if let Some(array) = object.as_array() {
            for value in passed {
                if array.push_dense(value.clone())?.is_err() {
                    return Err(Thrown::OutOfMemory);
                }
            }
        }
        self.finish_arguments(cx, &object, passed.len(), callee, kind)?;
        Ok(object.into())
    }

    unsafe fn finish_arguments(
        &self,
        cx: &mut Context,
        object: &Object,
        count: usize,
        callee: &Value,
        kind: ArgumentsKind,
    ) -> JsResult<()> {
        let values = cx.intrinsic(Intrinsic::ArrayProtoValues);
        let shapes = cx.realm().shapes();
        let (shape, callee) = if kind == ArgumentsKind::Unmapped {
            let thrower = cx.intrinsic(Intrinsic::ThrowTypeError);
            let accessor =
                crate::object::Accessor::cell(thrower.as_value().clone(), thrower.as_value().clone())?;
            (shapes.strict_arguments, accessor)
        } else {
            (shapes.arguments, callee.clone())
        };
        object.adopt(ShapeTable::current().get(shape), [Value::int(count as i32), values.into(), callee])
    }

    /// Boxes the parameters and makes an arguments object that shares the boxes (10.4.4.7). The
    /// arguments beyond the parameters are gone already, so they come through `extra`.
    unsafe fn map_arguments(&self, callee: &Value, argc: usize, local: u16) -> JsResult<()> {
        let mut cx = self.cx();
        cx.collect_if_due();
        let code = self.code();
        let count = usize::from(code.arg_count);
        for i in 0..count {
            let boxed = VarRef::new(self.local(i))?;
            self.set_local(i, boxed.into());
        }
        let shape = ShapeTable::current().get(cx.realm().shapes().arguments_root);
        let object = ArrayCell::create_arguments(shape, argc)?;
        let Some(array) = object.as_array() else { return Ok(()) };
        let extra = core::mem::take(&mut self.m().extra_arguments);
        for i in 0..argc {
            let value = if i < count {
                // Of parameters with one name only the last is mapped.
                let name = code.template.locals[i].name;
                let shadowed = name != 0 && code.template.locals[i + 1..count].iter().any(|l| l.name == name);
                if shadowed {
                    self.local(i).downcast::<VarRef>().map_or(Value::UNDEFINED, VarRef::get)
                } else {
                    self.local(i)
                }
            } else {
                extra
                    .as_object()
                    .and_then(|o| o.as_array())
                    .and_then(|a| a.dense((i - count) as u32))
                    .unwrap_or_default()
            };
            if array.push_dense(value)?.is_err() {
                return Err(Thrown::OutOfMemory);
            }
        }
        self.finish_arguments(&mut cx, &object, argc, callee, ArgumentsKind::Mapped)?;
        self.set_local(usize::from(local), object.into());
        Ok(())
    }

    /// Removes the running frame, whose stack part is gone already, and loads the caller's
    /// registers. The stack pointer is where the result goes.
    pub(crate) unsafe fn leave_frame(&self) {
        let m = self.m();
        let frame = &mut *m.frame;
        drop(Value::from_raw(core::mem::replace(&mut frame.new_target, RawValue::UNDEFINED)));
        drop(Value::from_raw(core::mem::replace(&mut frame.resumable, RawValue::UNDEFINED)));
        if frame.flags & FRAME_CHARGED != 0 {
            let room = usize::from((*frame.code).local_count) + usize::from((*frame.code).stack_size);
            m.charged -= (frame.argc as usize).saturating_sub(room);
        }
        if frame.flags & FRAME_CHUNK != 0 {
            m.sp = frame.base;
            m.stack.pop_chunk();
            let (_, high) = m.stack.bounds();
            m.stack_end = high.cast::<RawValue>().sub(crate::runtime::stack::RED_ZONE);
        }
        m.frame = m.frame.sub(1);
        let below = &*m.frame;
        m.pc = below.pc;
        m.fp = below.fp;
        m.code = below.code;
    }

    /// The slow half of `return`: the value is on top of the stack.
    pub(crate) unsafe fn return_value(&self) -> JsResult<Flow> {
        let mut result = self.pop();
        let flags = (*self.m().frame).flags;
        if flags & FRAME_CONSTRUCT != 0 && !result.is_object() {
            // A derived constructor's `this` is checked by `derived_return` before.
            result = (*self.m().fp.sub(2)).to_owned();
        }
        self.cut(self.m().fp.sub(2));
        self.leave_frame();
        if flags & FRAME_ENTRY != 0 {
            self.m().exit = Some(Exit::Return(result));
            return Ok(Flow::Exit);
        }
        if flags & FRAME_DISCARD == 0 {
            self.push(result);
        }
        Ok(Flow::Continue)
    }

    /// Calls the getter, a closure, that lies with its `this` on top of the stack, in a frame above this one.
    pub(super) unsafe fn call_getter(&self, size: usize) -> JsResult<Flow> {
        let m = self.m();
        let code = (*m.sp.sub(1)).cell_unchecked().cast::<ClosureCell>().as_ref().code();
        let is_async = code.flags.async_() && !code.flags.generator();
        (*m.frame).pc = m.pc.add(size);
        self.keep_extra_arguments(code, 0)?;
        self.enter(0, Value::UNDEFINED, if is_async { FRAME_ASYNC | FRAME_GETTER } else { FRAME_GETTER })?;
        Ok(Flow::Continue)
    }

    /// Calls a closure with at most one argument in a frame above this one, and drops what it returns; the
    /// instruction has `size` bytes.
    pub(super) unsafe fn call_and_drop(
        &self,
        this: Value,
        function: Value,
        argument: Option<Value>,
        size: usize,
    ) -> JsResult<Flow> {
        let code = function.downcast::<ClosureCell>().map(|c| NonNull::from(c.code()));
        let Some(code) = code else { return Err(Thrown::Terminated) };
        let argc = usize::from(argument.is_some());
        self.push(this);
        self.push(function);
        if let Some(argument) = argument {
            self.push(argument);
        }
        let m = self.m();
        (*m.frame).pc = m.pc.add(size);
        self.keep_extra_arguments(code.as_ref(), argc)?;
        self.enter(argc, Value::UNDEFINED, FRAME_DISCARD)?;
        Ok(Flow::Continue)
    }

    /// The `this` of a base constructor: a new object whose prototype is `new_target.prototype`.
    pub(crate) fn instance(&self, code: &CodeCell, new_target: &Value) -> JsResult<Value> {
        // SAFETY: the code's realm is alive with it.
        let mut cx = unsafe { Context::new(self.rt, code.realm.cell_unchecked().cast()) };
        cx.collect_if_due();
        let prototype = cx.prototype_from_constructor(new_target, Intrinsic::ObjectPrototype)?;
        // SAFETY: the cached prototype is compared and replaced, never kept.
        unsafe {
            let cached = &mut *code.instance_prototype.get();
            if cached.bits() == prototype.bits() && code.instance_word.get() != 0 {
                // The shape goes with its last object, which leaves its number unused.
                if let Some(shape) = ShapeTable::current().live(code.instance_word.get() >> 8) {
                    return Ok(Object::with_shape(shape)?.into());
                }
            }
            let capacity = code.instance_capacity.get();
            let shape = cx.rt().shapes.root(&prototype, capacity, 0)?;
            code.instance_word.set(shape.id() << 8 | u32::from(kind::OBJECT));
            drop(core::mem::replace(&mut *code.instance_prototype.get(), prototype.into()));
            Ok(Object::with_shape(shape)?.into())
        }
    }

    /// Calls what lies below `argc` arguments on the stack. A closure is entered, also behind `call`, `apply` and
    /// `bind`; anything else has run when this returns, its result in the place of the call.
    pub(crate) unsafe fn call_on_stack(&self, argc: usize, size: usize) -> JsResult<Flow> {
        let mut argc = argc;
        loop {
            let m = self.m();
            let callee = *m.sp.sub(argc + 1);
            match callee.kind() {
                kind::CLOSURE => {
                    let code = callee.cell_unchecked().cast::<ClosureCell>().as_ref().code();
                    let is_async = code.flags.async_() && !code.flags.generator();
                    (*m.frame).pc = m.pc.add(size);
                    self.keep_extra_arguments(code, argc)?;
                    let flags = if is_async { FRAME_ASYNC } else { 0 };
                    if let Err(thrown) = self.enter(argc, Value::UNDEFINED, flags) {
                        if thrown != Thrown::StackOverflow || !self.drop_tail_callers() {
                            return Err(thrown);
                        }
                        self.enter(argc, Value::UNDEFINED, flags)?;
                    }
                    return Ok(Flow::Continue);
                }
                kind::NATIVE => match self.forward_on_stack(argc) {
                    Some(count) => argc = count,
                    None => return self.call_native_on_stack(argc, size),
                },
                kind::BOUND => match self.unbind_on_stack(argc) {
                    Some(count) => argc = count,
                    None => return self.call_any_on_stack(argc, size),
                },
                _ => return self.call_any_on_stack(argc, size),
            }
        }
    }

    unsafe fn call_any_on_stack(&self, argc: usize, size: usize) -> JsResult<Flow> {
        // The stack keeps callee, this and arguments alive during the call.
        let first = self.m().sp.sub(argc + 2).cast::<Value>();
        let arguments = core::slice::from_raw_parts(first.add(2), argc);
        let result = self.cx().call(&*first.add(1), &*first, arguments)?;
        self.cut(first.cast());
        self.push(result);
        self.advance(size);
        Ok(Flow::Continue)
    }

    /// Turns a call of `Function.prototype.call`, or of `apply` with an array, into the call it makes; the number
    /// of its arguments then.
    unsafe fn forward_on_stack(&self, argc: usize) -> Option<usize> {
        let m = self.m();
        let first = m.sp.sub(argc + 2);
        let magic = (*first.add(1)).cell_unchecked().cast::<NativeCell>().as_ref().def().magic;
        if !matches!((*first).kind(), kind::CLOSURE | kind::NATIVE | kind::BOUND) {
            // Not a function: the error is that of the native's realm.
            return None;
        }
        if magic == FUNCTION_CALL {
            // `f call this a1 ..` becomes `this f a1 ..`.
            let this = if argc > 0 { *first.add(2) } else { RawValue::UNDEFINED };
            let (function, native) = (*first, *first.add(1));
            first.write(this);
            first.add(1).write(function);
            if argc > 0 {
                core::ptr::copy(first.add(3), first.add(2), argc - 1);
                m.sp = m.sp.sub(1);
            }
            drop(Value::from_raw(native));
            return Some(argc.saturating_sub(1));
        }
        if magic != FUNCTION_APPLY || argc != 2 {
            return None;
        }
        let list = (*first.add(3)).to_owned();
        let array = list.as_object().filter(|o| o.kind() == kind::ARRAY).and_then(|o| o.as_array());
        let array = array.filter(|array| array.is_packed())?;
        let count = array.length() as usize;
        if m.sp.add(count + 8) > m.stack_end {
            return None;
        }
        let (function, native, this) = (*first, *first.add(1), *first.add(2));
        first.write(this);
        first.add(1).write(function);
        m.sp = first.add(2);
        for value in array.dense_slice() {
            self.push(value.clone());
        }
        // The list had the count of the stack, and has one of its own.
        drop(Value::from_raw(list.raw()));
        drop(Value::from_raw(native));
        Some(count)
    }

    /// Turns a call of a bound function into a call of its target; the number of its arguments then.
    unsafe fn unbind_on_stack(&self, argc: usize) -> Option<usize> {
        let m = self.m();
        let first = m.sp.sub(argc + 2);
        let callee = (*first.add(1)).to_owned();
        let bound = callee.downcast::<BoundCell>()?;
        let array = bound.arguments.as_array()?;
        let more = array.length() as usize;
        if m.sp.add(more + 8) > m.stack_end {
            return None;
        }
        let arguments = first.add(2);
        core::ptr::copy(arguments, arguments.add(more), argc);
        m.sp = m.sp.add(more);
        for at in 0..more {
            arguments.add(at).write(array.dense(at as u32).unwrap_or_default().into_raw());
        }
        let this = first.replace(bound.this.clone().into_raw());
        let function = first.add(1).replace(bound.target.as_value().clone().into_raw());
        drop((Value::from_raw(this), Value::from_raw(function)));
        Some(argc + more)
    }

    /// For a mapped arguments object: sets the arguments beyond the parameters aside.
    pub(crate) unsafe fn keep_extra_arguments(&self, code: &CodeCell, argc: usize) -> JsResult<()> {
        if !matches!(code.template.arguments, Some((_, ArgumentsKind::Mapped))) {
            return Ok(());
        }
        let count = usize::from(code.arg_count);
        let first = self.m().sp.sub(argc).cast::<Value>();
        let passed = core::slice::from_raw_parts(first, argc);
        let mut cx = Context::new(self.rt, code.realm.cell_unchecked().cast());
        let extra = if argc > count { cx.new_array(&passed[count..])?.into() } else { Value::UNDEFINED };
        self.m().extra_arguments = extra;
        Ok(())
    }

    /// [[Construct]] on `f new_target a1 .. an`.
    pub(crate) unsafe fn construct_on_stack(&self, argc: usize, size: usize) -> JsResult<Flow> {
        let m = self.m();
        let first = m.sp.sub(argc + 2);
        let callee = *first;
        if callee.kind() == kind::CLOSURE {
            let code = callee.cell_unchecked().cast::<ClosureCell>().as_ref().code();
            if code.flags.constructor() {
                let new_target = (*first.add(1)).to_owned();
                let this =
                    if code.flags.derived() { Value::UNDEFINED } else { self.instance(code, &new_target)? };
                // `f new_target` becomes `this f`.
                drop(Value::from_raw(*first.add(1)));
                *first.add(1) = callee;
                *first = this.into_raw();
                (*m.frame).pc = m.pc.add(size);
                self.keep_extra_arguments(code, argc)?;
                self.enter(argc, new_target, FRAME_CONSTRUCT)?;
                return Ok(Flow::Continue);
            }
        }
        let first = first.cast::<Value>();
        let arguments = core::slice::from_raw_parts(first.add(2), argc);
        let result = self.cx().construct(&*first, arguments, &*first.add(1))?;
        self.cut(first.cast());
        self.push(result);
        self.advance(size);
        Ok(Flow::Continue)
    }
}

impl Context {
    /// The interpreter of this runtime.
    #[inline(always)]
    pub(crate) fn interp(&self) -> Interp {
        Interp { rt: self.rt_ptr() }
    }

    /// Calls or constructs a closure from native code.
    pub(crate) fn call_closure(
        &mut self,
        callee: &Value,
        this: &Value,
        arguments: &[Value],
        new_target: &Value,
    ) -> JsResult<Value> {
        let Some(closure) = callee.downcast::<ClosureCell>() else { return Ok(Value::UNDEFINED) };
        let code = closure.code();
        if code.is_simple && new_target.is_undefined() {
            self.check_native_stack()?;
            self.rt().machine.start()?;
            // SAFETY: the caller keeps the callee alive, and with it the code; the machine has started.
            match unsafe { self.interp().run_simple(code, callee, this, arguments) } {
                Some(Exit::Return(value)) => return Ok(value),
                Some(Exit::Throw(thrown)) => return Err(thrown),
                // Code that suspends is not simple.
                Some(Exit::Yield(..) | Exit::Await(..)) => return Ok(Value::UNDEFINED),
                None => {}
            }
        }
        if code.flags.async_() && !code.flags.generator() {
            return self.call_async(callee, this, arguments);
        }
        match self.run_closure(callee, this, arguments, new_target, 0)? {
            Exit::Return(value) => Ok(value),
            Exit::Throw(thrown) => Err(thrown),
            // Only resumable frames suspend, and those are driven elsewhere.
            Exit::Yield(..) | Exit::Await(..) => Ok(Value::UNDEFINED),
        }
    }

    /// Runs a closure in a frame of its own until it returns, throws or suspends.
    pub(crate) fn run_closure(
        &mut self,
        callee: &Value,
        this: &Value,
        arguments: &[Value],
        new_target: &Value,
        flags: u32,
    ) -> JsResult<Exit> {
        self.check_native_stack()?;
        self.rt().machine.start()?;
        let interp = self.interp();
        let Some(closure) = callee.downcast::<ClosureCell>() else {
            return Ok(Exit::Return(Value::UNDEFINED));
        };
        let code: NonNull<CodeCell> = NonNull::from(closure.code());
        // SAFETY: the callee is kept alive by the caller and, from the push on, by the stack.
        unsafe {
            let code = code.as_ref();
            let mut flags = flags | FRAME_ENTRY;
            let this = if new_target.is_undefined() {
                this.clone()
            } else {
                flags |= FRAME_CONSTRUCT;
                if code.flags.derived() { Value::UNDEFINED } else { interp.instance(code, new_target)? }
            };
            let saved = interp.save_registers();
            let m = interp.m();
            // A chunk that has to be made for the arguments is made for the whole frame.
            let room = 2 + arguments.len().max(usize::from(code.local_count)) + usize::from(code.stack_size);
            let chunk = m.sp.add(arguments.len() + 2) > m.stack_end;
            if chunk {
                let (low, high) = m.stack.push_chunk(room)?;
                m.sp = low.cast();
                m.stack_end = high.cast::<RawValue>().sub(crate::runtime::stack::RED_ZONE);
            }
            let start = m.sp;
            interp.push(this);
            interp.push(callee.clone());
            for argument in arguments {
                interp.push(argument.clone());
            }
            let entered = interp
                .keep_extra_arguments(code, arguments.len())
                .and_then(|()| interp.enter(arguments.len(), new_target.clone(), flags));
            let result = match entered {
                Ok(()) => Ok(interp.run()),
                Err(error) => {
                    interp.cut(start);
                    Err(error)
                }
            };
            if chunk {
                let m = interp.m();
                m.stack.pop_chunk();
                let (_, high) = m.stack.bounds();
                m.stack_end = high.cast::<RawValue>().sub(crate::runtime::stack::RED_ZONE);
            }
            interp.restore_registers(saved);
            result
        }
    }
}

impl Interp {
    /// The short way of `run_closure`: for code whose frame is its arguments, locals and operands, while there
    /// is room. `None`, and nothing done, where that is not so.
    #[inline]
    unsafe fn run_simple(
        &self,
        code: &CodeCell,
        callee: &Value,
        this: &Value,
        arguments: &[Value],
    ) -> Option<Exit> {
        let m = self.m();
        let (args, locals) = (usize::from(code.arg_count), usize::from(code.local_count));
        let base = m.sp;
        let end = base.add(2 + locals + usize::from(code.stack_size));
        if end > m.stack_end || m.frame.add(1) == m.frame_end || m.budget <= code.steps {
            return None;
        }
        m.budget -= code.steps;
        let saved = self.save_registers();
        base.write(this.clone().into_raw());
        base.add(1).write(callee.clone().into_raw());
        let fp = base.add(2);
        for at in 0..args {
            fp.add(at).write(arguments.get(at).map_or(RawValue::UNDEFINED, |v| v.clone().into_raw()));
        }
        for at in args..locals {
            fp.add(at).write(RawValue::UNDEFINED);
        }
        let frame = m.frame.add(1);
        frame.write(Frame {
            pc: code.bytecode,
            fp,
            code,
            new_target: RawValue::UNDEFINED,
            resumable: RawValue::UNDEFINED,
            flags: FRAME_ENTRY,
            argc: arguments.len() as u32,
            base,
        });
        m.frame = frame;
        m.sp = fp.add(locals);
        m.fp = fp;
        m.code = code;
        m.pc = code.bytecode;
        let exit = self.run();
        self.restore_registers(saved);
        Some(exit)
    }
}

/// Registers of a frame that native code interrupts.
pub(crate) struct Registers {
    pc: *const u8,
    sp: *mut RawValue,
    fp: *mut RawValue,
    code: *const CodeCell,
}

impl Interp {
    pub(crate) fn save_registers(&self) -> Registers {
        let m = self.m();
        Registers { pc: m.pc, sp: m.sp, fp: m.fp, code: m.code }
    }

    pub(crate) fn restore_registers(&self, saved: Registers) {
        let m = self.m();
        m.pc = saved.pc;
        m.sp = saved.sp;
        m.fp = saved.fp;
        m.code = saved.code;
    }
}
