//! The slow paths: every instruction in full generality, one `match` per family.
//!
//! [`step`] carries out the instruction at the machine's pc from its beginning and leaves the
//! registers at the next one. On an error the operands it popped are gone.

use core::cmp::Ordering;

use super::{Flow, Interp, cache, strings};
use crate::code::opcodes::{Op, TYPE_NAMES};
use crate::exec::operators::Binary;
use crate::object::VarRef;
use crate::runtime::{ClosureCell, CodeCell, Intrinsic};
use crate::text::{RawAtom, names};
use crate::value::{JsResult, Object, RawValue, Thrown, Value, kind};

type Step = JsResult<Flow>;

/// Carries out one instruction.
pub(super) fn step(i: Interp) -> Step {
    // SAFETY: the machine's pc points to an instruction of the running code.
    let byte = unsafe { *i.m().pc };
    let Some(op) = Op::from_byte(byte) else { return Err(Thrown::Terminated) };
    // SAFETY: the stack and the operands are as the verifier checked.
    unsafe { execute(i, op) }
}

/// The number an arithmetic instruction stands for.
fn binary_of(op: Op) -> Option<Binary> {
    Some(match op {
        Op::Sub => Binary::Sub,
        Op::Mul => Binary::Mul,
        Op::Div => Binary::Div,
        Op::Mod => Binary::Mod,
        Op::Exp => Binary::Exp,
        Op::Shl => Binary::Shl,
        Op::Sar => Binary::Sar,
        Op::Shr => Binary::Shr,
        Op::BitAnd => Binary::And,
        Op::BitOr => Binary::Or,
        Op::BitXor => Binary::Xor,
        _ => return None,
    })
}

impl Interp {
    /// `a op b` for the four orders.
    fn holds(&self, a: &Value, b: &Value, order: Order) -> JsResult<bool> {
        let mut cx = self.cx();
        let ordering = cx.compare(a, b)?;
        Ok(match order {
            Order::Lt => ordering == Some(Ordering::Less),
            Order::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
            Order::Gt => ordering == Some(Ordering::Greater),
            Order::Ge => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        })
    }

    /// Ends an instruction of `size` bytes that falls through.
    #[inline(always)]
    pub(super) fn done(&self, size: usize) -> Step {
        self.advance(size);
        Ok(Flow::Continue)
    }

    /// Ends an instruction of `size` bytes: jumps if `taken`, else falls through.
    #[inline(always)]
    pub(super) fn branch(&self, taken: bool, by: isize, size: usize) -> Step {
        self.jump(if taken { by } else { size as isize });
        Ok(Flow::Continue)
    }

    /// The same for a backward jump, which may be interrupted.
    fn branch_back(&self, taken: bool, by: isize, size: usize) -> Step {
        if taken {
            self.m().budget -= super::handlers::steps_back(by);
            if self.m().budget <= 0 {
                self.poll()?;
            }
        }
        self.branch(taken, by, size)
    }

    /// The ReferenceError for a binding that is not initialized yet.
    #[cold]
    pub(super) fn throw_uninitialized(&self, name: RawAtom) -> Thrown {
        let mut cx = self.cx();
        if name == crate::text::names::THIS {
            return cx.throw_reference_error(format_args!("super() must be called before accessing 'this'"));
        }
        let name = cx.describe_key(name);
        cx.throw_reference_error(format_args!("{name} is not initialized"))
    }

    fn local_name(&self, local: usize) -> RawAtom {
        RawAtom::from_bits(self.code().template.locals[local].name)
    }

    fn capture_name(&self, capture: usize) -> RawAtom {
        RawAtom::from_bits(self.code().template.captures[capture].name)
    }

    /// The box in a local.
    fn boxed(&self, local: usize) -> Value {
        self.local(local)
    }

    /// The box of a capture of the running closure.
    pub(super) fn capture(&self, capture: usize) -> Value {
        // SAFETY: `fp[-1]` is the running closure.
        let function = unsafe { (*self.m().fp.sub(1)).to_owned() };
        function.downcast::<ClosureCell>().map_or(Value::UNDEFINED, |c| c.capture(capture))
    }

    fn read_box(&self, variable: &Value) -> Value {
        variable.downcast::<VarRef>().map_or(Value::UNDEFINED, VarRef::get)
    }

    fn write_box(&self, variable: &Value, value: Value) {
        if let Some(variable) = variable.downcast::<VarRef>() {
            variable.set(value);
        }
    }
}

/// The four orders of comparison.
#[derive(Clone, Copy)]
enum Order {
    Lt,
    Le,
    Gt,
    Ge,
}

#[expect(clippy::too_many_lines, reason = "one arm per instruction, each a few lines")]
unsafe fn execute(i: Interp, op: Op) -> Step {
    let size = op.size();
    match op {
        // ----- Constants -----
        Op::PushUndefined => i.push(Value::UNDEFINED),
        Op::PushNull => i.push(Value::NULL),
        Op::PushTrue => i.push(Value::TRUE),
        Op::PushFalse => i.push(Value::FALSE),
        Op::PushI8 => i.push(Value::int(i.i8(1))),
        Op::PushI32 => i.push(Value::int(i.i32(1))),
        Op::PushConst => i.push(i.code().constant(i.u16(1))),
        Op::PushConst32 => i.push(i.code().constant(i.u32(1))),
        Op::PushThis => i.push((*i.m().fp.sub(2)).to_owned()),
        Op::PushFunction => i.push((*i.m().fp.sub(1)).to_owned()),
        Op::PushNewTarget => {
            let frame = &*i.m().frame;
            let driven = frame.flags & crate::runtime::machine::FRAME_DRIVEN != 0;
            i.push(if driven { Value::UNDEFINED } else { frame.new_target.to_owned() });
        }
        Op::PushHomeObject => {
            let function = (*i.m().fp.sub(1)).to_owned();
            i.push(function.downcast::<ClosureCell>().map_or(Value::UNDEFINED, ClosureCell::home_object));
        }
        Op::CoerceThis => {
            let place = i.m().fp.sub(2);
            let this = (*place).to_owned();
            if !this.is_object() {
                let mut cx = i.cx();
                let object = if this.is_nullish() { cx.global() } else { cx.to_object(&this)? };
                drop(Value::from_raw(core::mem::replace(&mut *place, object.into_value().into_raw())));
            }
        }

        // ----- Stack -----
        Op::Drop => drop(i.pop()),
        Op::Nip => {
            let top = i.pop();
            i.poke(0, top);
        }
        Op::Dup => i.push(i.peek(0)),
        Op::Dup2 => {
            i.push(i.peek(1));
            i.push(i.peek(1));
        }
        Op::Dup3 => {
            i.push(i.peek(2));
            i.push(i.peek(2));
            i.push(i.peek(2));
        }
        Op::DupX1 | Op::DupX2 | Op::DupX3 => {
            let depth = op as usize - Op::DupX1 as usize + 1;
            let top = i.pop();
            i.push(top.clone());
            // Open a place under `depth` values and put the copy there.
            let m = i.m();
            let place = m.sp.sub(depth + 1);
            core::ptr::copy(place, place.add(1), depth + 1);
            place.write(top.into_raw());
            m.sp = m.sp.add(1);
        }
        Op::Swap => {
            let m = i.m();
            core::ptr::swap(m.sp.sub(1), m.sp.sub(2));
        }
        Op::RotRight3 => {
            let m = i.m();
            let (a, b, c) = (*m.sp.sub(3), *m.sp.sub(2), *m.sp.sub(1));
            *m.sp.sub(3) = c;
            *m.sp.sub(2) = a;
            *m.sp.sub(1) = b;
        }
        Op::RotLeft3 => {
            let m = i.m();
            let (a, b, c) = (*m.sp.sub(3), *m.sp.sub(2), *m.sp.sub(1));
            *m.sp.sub(3) = b;
            *m.sp.sub(2) = c;
            *m.sp.sub(1) = a;
        }
        Op::Pick => i.push(i.peek(i.u8(1))),

        // ----- Locals -----
        Op::GetLocal => i.push(i.local(i.u16(1))),
        Op::PutLocal => i.set_local(i.u16(1), i.pop()),
        Op::SetLocal => i.set_local(i.u16(1), i.peek(0)),
        Op::GetLocal8 => i.push(i.local(i.u8(1))),
        Op::PutLocal8 => i.set_local(i.u8(1), i.pop()),
        Op::SetLocal8 => i.set_local(i.u8(1), i.peek(0)),
        Op::GetLocals => {
            i.push(i.local(i.u8(1)));
            i.push(i.local(i.u8(2)));
        }
        Op::GetLocalCheck => {
            let value = i.local(i.u16(1));
            if value.raw() == RawValue::UNINITIALIZED {
                return Err(i.throw_uninitialized(i.local_name(i.u16(1))));
            }
            i.push(value);
        }
        Op::PutLocalCheck => {
            if i.local(i.u16(1)).raw() == RawValue::UNINITIALIZED {
                return Err(i.throw_uninitialized(i.local_name(i.u16(1))));
            }
            i.set_local(i.u16(1), i.pop());
        }
        Op::UninitLocal => i.set_local(i.u16(1), Value::UNINITIALIZED),
        Op::IncLocal | Op::DecLocal => {
            let value = i.cx().step(&i.local(i.u8(1)), op == Op::IncLocal)?;
            i.set_local(i.u8(1), value);
        }
        Op::AddPutLocal => {
            let (b, a) = (i.pop(), i.pop());
            let value = strings::add_owned(i, a, b)?;
            i.set_local(i.u8(1), value);
        }
        Op::AppendLocal => return strings::append_local(i),

        // ----- Boxes and captures -----
        Op::BoxLocal => {
            let variable = VarRef::new(i.local(i.u16(1)))?;
            i.set_local(i.u16(1), variable.into());
        }
        Op::BoxUninit => {
            let variable = VarRef::new(Value::UNINITIALIZED)?;
            i.set_local(i.u16(1), variable.into());
        }
        Op::Rebox => {
            let variable = VarRef::new(i.read_box(&i.boxed(i.u16(1))))?;
            i.set_local(i.u16(1), variable.into());
        }
        Op::GetBoxed => i.push(i.read_box(&i.boxed(i.u16(1)))),
        Op::PutBoxed => i.write_box(&i.boxed(i.u16(1)), i.pop()),
        Op::GetBoxedCheck => {
            let value = i.read_box(&i.boxed(i.u16(1)));
            if value.raw() == RawValue::UNINITIALIZED {
                return Err(i.throw_uninitialized(i.local_name(i.u16(1))));
            }
            i.push(value);
        }
        Op::PutBoxedCheck => {
            let variable = i.boxed(i.u16(1));
            if i.read_box(&variable).raw() == RawValue::UNINITIALIZED {
                return Err(i.throw_uninitialized(i.local_name(i.u16(1))));
            }
            i.write_box(&variable, i.pop());
        }
        Op::GetCapture => i.push(i.read_box(&i.capture(i.u16(1)))),
        Op::GetCapture8 => i.push(i.read_box(&i.capture(i.u8(1)))),
        Op::PutCapture => i.write_box(&i.capture(i.u16(1)), i.pop()),
        Op::GetCaptureCheck => {
            let value = i.read_box(&i.capture(i.u16(1)));
            if value.raw() == RawValue::UNINITIALIZED {
                return Err(i.throw_uninitialized(i.capture_name(i.u16(1))));
            }
            i.push(value);
        }
        Op::PutCaptureCheck => {
            let variable = i.capture(i.u16(1));
            if i.read_box(&variable).raw() == RawValue::UNINITIALIZED {
                return Err(i.throw_uninitialized(i.capture_name(i.u16(1))));
            }
            i.write_box(&variable, i.pop());
        }
        Op::ThrowIfInitialized => {
            if i.pop().raw() != RawValue::UNINITIALIZED {
                return Err(i.cx().throw_reference_error(format_args!("super() called twice")));
            }
        }
        Op::ThrowConst => {
            let mut cx = i.cx();
            let name = cx.describe_key(i.atom(1));
            return Err(cx.throw_type_error(format_args!("assignment to constant '{name}'")));
        }

        // ----- Properties -----
        Op::GetField | Op::GetLength => return cache::push_field(i, i.pop(), i.u16(1), size),
        Op::GetField2 => return cache::push_field(i, i.peek(0), i.u16(1), size),
        Op::LocalGetField | Op::LocalGetLength => {
            return cache::push_field(i, i.local(i.u8(1)), i.u16(2), size);
        }
        Op::LocalGetField2 => {
            i.push(i.local(i.u8(1)));
            return cache::push_field(i, i.peek(0), i.u16(2), size);
        }
        Op::ThisGetField => return cache::push_field(i, (*i.m().fp.sub(2)).to_owned(), i.u16(1), size),
        Op::CaptureGetField => {
            let object = i.read_box(&i.capture(i.u8(1)));
            return cache::push_field(i, object, i.u16(2), size);
        }
        Op::PutField => {
            let (value, object) = (i.pop(), i.pop());
            return cache::store_field(i, object, value, i.u16(1), size);
        }
        Op::ThisPutField => {
            let value = i.pop();
            let this = (*i.m().fp.sub(2)).to_owned();
            return cache::store_field(i, this, value, i.u16(1), size);
        }
        Op::GetElem => {
            let (key, object) = (i.pop(), i.pop());
            let value = cache::get_element(i, &object, &key)?;
            i.push(value);
        }
        Op::GetElem2 => {
            let key = i.pop();
            let value = cache::get_element(i, &i.peek(0), &key)?;
            i.push(value);
        }
        Op::GetElemLocals => {
            let value = cache::get_element(i, &i.local(i.u8(1)), &i.local(i.u8(2)))?;
            i.push(value);
        }
        Op::GetElemLocal => {
            let object = i.pop();
            let value = cache::get_element(i, &object, &i.local(i.u8(1)))?;
            i.push(value);
        }
        Op::PutElem => {
            let (value, key, object) = (i.pop(), i.pop(), i.pop());
            cache::put_element(i, &object, &key, value)?;
        }
        Op::DeleteField | Op::DeleteElem => {
            let key = if op == Op::DeleteElem { Some(i.pop()) } else { None };
            let object = i.pop();
            let mut cx = i.cx();
            let target = cx.to_object(&object)?;
            let key = match key {
                Some(key) => cx.to_property_key(&key)?,
                None => i.atom(1).to_owned(),
            };
            let deleted = cx.delete_property(&target, key.raw())?;
            if !deleted && i.is_strict() {
                let name = cx.describe_key(key.raw());
                return Err(cx.throw_type_error(format_args!("could not delete property '{name}'")));
            }
            i.push(Value::boolean(deleted));
        }
        Op::ToKey => {
            if !(i.peek(0).is_int() || i.peek(0).is_string() || i.peek(0).is_symbol()) {
                let value = i.pop();
                let key = i.cx().to_property_key(&value)?.to_value()?;
                i.push(key);
            }
        }
        Op::ToKey2 => {
            if i.peek(1).is_nullish() {
                let mut cx = i.cx();
                let object = i.peek(1);
                let what = cx.describe(&object);
                return Err(cx.throw_type_error(format_args!("cannot read property of {what}")));
            }
            if !(i.peek(0).is_int() || i.peek(0).is_string() || i.peek(0).is_symbol()) {
                let value = i.pop();
                let key = i.cx().to_property_key(&value)?.to_value()?;
                i.push(key);
            }
        }

        // ----- Operators -----
        Op::Add => return strings::add(i),
        Op::AddLocals => i.push(i.cx().add(&i.local(i.u8(1)), &i.local(i.u8(2)))?),
        Op::SubLocals => i.push(i.cx().binary(Binary::Sub, &i.local(i.u8(1)), &i.local(i.u8(2)))?),
        Op::MulLocals => i.push(i.cx().binary(Binary::Mul, &i.local(i.u8(1)), &i.local(i.u8(2)))?),
        Op::MulLocal => {
            let a = i.pop();
            let value = i.cx().binary(Binary::Mul, &a, &i.local(i.u8(1)))?;
            i.push(value);
        }
        Op::AddLocal => {
            let a = i.pop();
            let value = strings::add_owned(i, a, i.local(i.u8(1)))?;
            i.push(value);
        }
        Op::AddLocalInt => i.push(i.cx().add(&i.local(i.u8(1)), &Value::int(i.i8(2)))?),
        Op::SubLocalInt => {
            let value = i.cx().binary(Binary::Sub, &i.local(i.u8(1)), &Value::int(i.i8(2)))?;
            i.push(value);
        }
        Op::AddInt => {
            let a = i.pop();
            let value = strings::add_owned(i, a, Value::int(i.i8(1)))?;
            i.push(value);
        }
        Op::SubInt | Op::ModInt | Op::AndInt | Op::ShlInt | Op::SarInt | Op::ShrInt | Op::ToInt32 => {
            let a = i.pop();
            let (operator, b) = match op {
                Op::SubInt => (Binary::Sub, i.i8(1)),
                Op::ModInt => (Binary::Mod, i.i8(1)),
                Op::AndInt => (Binary::And, i.i32(1)),
                Op::ShlInt => (Binary::Shl, i.u8(1) as i32),
                Op::SarInt => (Binary::Sar, i.u8(1) as i32),
                Op::ShrInt => (Binary::Shr, i.u8(1) as i32),
                _ => (Binary::Or, 0),
            };
            let value = i.cx().binary(operator, &a, &Value::int(b))?;
            i.push(value);
        }
        Op::BitNot => {
            let a = i.pop();
            let value = i.cx().bit_not(&a)?;
            i.push(value);
        }
        Op::Neg => {
            let a = i.pop();
            let value = i.cx().negate(&a)?;
            i.push(value);
        }
        Op::Plus => {
            let a = i.pop();
            let value = i.cx().to_number(&a)?;
            i.push(Value::number(value));
        }
        Op::Inc | Op::Dec => {
            let a = i.pop();
            let value = i.cx().step(&a, op == Op::Inc)?;
            i.push(value);
        }
        Op::ToNumeric => {
            let a = i.pop();
            let value = i.cx().to_numeric(&a)?;
            i.push(value);
        }
        Op::Not => {
            let a = i.pop();
            let truth = i.truth(&a);
            i.push(Value::boolean(!truth));
        }
        Op::Typeof => {
            let a = i.pop();
            let value = i.cx().type_of(&a).to_value()?;
            i.push(value);
        }
        Op::TypeofIs => {
            let a = i.pop();
            let name = i.cx().type_of(&a).to_js_string()?;
            let wanted = TYPE_NAMES.get(i.u8(1)).copied().unwrap_or("");
            let is = name.text()?.equals_str(wanted);
            i.push(Value::boolean(is));
        }
        Op::ToString => {
            // Ints stay what they are: `concat` writes their digits.
            if !(i.peek(0).is_string() || i.peek(0).is_int()) {
                let a = i.pop();
                let value = i.cx().to_string(&a)?;
                i.push(value.into());
            }
        }
        Op::Concat => return strings::concat(i),
        Op::Lt | Op::Le | Op::Gt | Op::Ge => {
            let (b, a) = (i.pop(), i.pop());
            let order = [Order::Lt, Order::Le, Order::Gt, Order::Ge][op as usize - Op::Lt as usize];
            let holds = i.holds(&a, &b, order)?;
            i.push(Value::boolean(holds));
        }
        Op::Eq | Op::Ne => {
            let (b, a) = (i.pop(), i.pop());
            let equal = i.cx().loose_equals(&a, &b)?;
            i.push(Value::boolean(equal == (op == Op::Eq)));
        }
        Op::StrictEq | Op::StrictNe => {
            let (b, a) = (i.pop(), i.pop());
            let equal = i.cx().strict_equals(&a, &b)?;
            i.push(Value::boolean(equal == (op == Op::StrictEq)));
        }
        Op::Instanceof => return instance_of(i),
        Op::In => {
            let (b, a) = (i.pop(), i.pop());
            let has = cache::has_element(i, &a, &b)?;
            i.push(Value::boolean(has));
        }

        // ----- Jumps -----
        Op::Jump => return i.branch(true, i.i32(1) as isize, size),
        Op::Jump16 => return i.branch(true, i.i16(1), size),
        Op::IfTrue | Op::IfFalse => {
            let by = i.i32(1) as isize;
            let truth = i.truth(&i.pop());
            return i.branch(truth == (op == Op::IfTrue), by, size);
        }
        Op::IfTrue16 | Op::IfFalse16 => {
            let by = i.i16(1);
            let truth = i.truth(&i.pop());
            return i.branch(truth == (op == Op::IfTrue16), by, size);
        }
        Op::Loop => return i.branch_back(true, i.i32(1) as isize, size),
        Op::Loop16 => return i.branch_back(true, i.i16(1), size),
        Op::LoopIfTrue => {
            let truth = i.truth(&i.pop());
            return i.branch_back(truth, i.i32(1) as isize, size);
        }
        Op::LoopIfTrue16 => {
            let truth = i.truth(&i.pop());
            return i.branch_back(truth, i.i16(1), size);
        }
        Op::IfTrueOrPop | Op::IfFalseOrPop | Op::IfNotNullishOrPop | Op::IfDefinedOrPop => {
            let value = i.peek(0);
            let taken = match op {
                Op::IfTrueOrPop => i.truth(&value),
                Op::IfFalseOrPop => !i.truth(&value),
                Op::IfNotNullishOrPop => !value.is_nullish(),
                _ => !value.is_undefined(),
            };
            if !taken {
                drop(i.pop());
            }
            return i.branch(taken, i.i32(1) as isize, size);
        }
        Op::OptionalChain => {
            let taken = i.peek(0).is_nullish();
            if taken {
                i.poke(0, Value::UNDEFINED);
            }
            return i.branch(taken, i.i32(1) as isize, size);
        }
        Op::OptionalCall => {
            let taken = i.peek(0).is_nullish();
            if taken {
                drop(i.pop());
                i.poke(0, Value::UNDEFINED);
            }
            return i.branch(taken, i.i32(1) as isize, size);
        }
        Op::IfNotCase => {
            let b = i.pop();
            let equal = i.cx().strict_equals(&i.peek(0), &b)?;
            if equal {
                drop(i.pop());
            }
            return i.branch(!equal, i.i32(1) as isize, size);
        }
        Op::IfFalseLocal | Op::IfTrueLocal => {
            let truth = i.truth(&i.local(i.u8(1)));
            return i.branch(truth == (op == Op::IfTrueLocal), i.i16(2), size);
        }
        Op::IfNotLt | Op::IfNotLe | Op::IfNotGt | Op::IfNotGe => {
            let (b, a) = (i.pop(), i.pop());
            let order = [Order::Lt, Order::Le, Order::Gt, Order::Ge][op as usize - Op::IfNotLt as usize];
            let holds = i.holds(&a, &b, order)?;
            return i.branch(!holds, i.i16(1), size);
        }
        Op::IfNotEq | Op::IfEq => {
            let (b, a) = (i.pop(), i.pop());
            let equal = i.cx().loose_equals(&a, &b)?;
            return i.branch(equal == (op == Op::IfEq), i.i16(1), size);
        }
        Op::IfNotStrictEq | Op::IfStrictEq => {
            let (b, a) = (i.pop(), i.pop());
            let equal = i.cx().strict_equals(&a, &b)?;
            return i.branch(equal == (op == Op::IfStrictEq), i.i16(1), size);
        }
        Op::IfNotLtLocals | Op::IfNotLeLocals | Op::IfNotGtLocals | Op::IfNotGeLocals => {
            let (a, b) = (i.local(i.u8(1)), i.local(i.u8(2)));
            let order =
                [Order::Lt, Order::Le, Order::Gt, Order::Ge][op as usize - Op::IfNotLtLocals as usize];
            let holds = i.holds(&a, &b, order)?;
            return i.branch(!holds, i.i16(3), size);
        }
        Op::IfNotLtInt | Op::IfNotLeInt | Op::IfNotGtInt | Op::IfNotGeInt => {
            let (a, b) = (i.local(i.u8(1)), Value::int(i.i8(2)));
            let order = [Order::Lt, Order::Le, Order::Gt, Order::Ge][op as usize - Op::IfNotLtInt as usize];
            let holds = i.holds(&a, &b, order)?;
            return i.branch(!holds, i.i16(3), size);
        }
        Op::IfNotStrictEqInt | Op::IfStrictEqInt => {
            let a = i.pop();
            let equal = a.as_number() == Some(f64::from(i.i8(1)));
            return i.branch(equal == (op == Op::IfStrictEqInt), i.i16(2), size);
        }
        Op::LoopLt | Op::LoopLe | Op::LoopGt | Op::LoopGe => {
            let (b, a) = (i.pop(), i.pop());
            let order = [Order::Lt, Order::Le, Order::Gt, Order::Ge][op as usize - Op::LoopLt as usize];
            let holds = i.holds(&a, &b, order)?;
            return i.branch_back(holds, i.i16(1), size);
        }
        Op::LoopLtLocals => {
            let holds = i.holds(&i.local(i.u8(1)), &i.local(i.u8(2)), Order::Lt)?;
            return i.branch_back(holds, i.i16(3), size);
        }
        Op::LoopLtInt => {
            let holds = i.holds(&i.local(i.u8(1)), &Value::int(i.i32(2)), Order::Lt)?;
            return i.branch_back(holds, i.i16(6), size);
        }
        Op::IncLoopLtLocals
        | Op::IncLoopLeLocals
        | Op::IncLoopLtInt
        | Op::IncLoopLeInt
        | Op::DecLoopGtInt
        | Op::DecLoopGeInt => {
            let up = !matches!(op, Op::DecLoopGtInt | Op::DecLoopGeInt);
            let stepped = i.cx().step(&i.local(i.u8(1)), up)?;
            i.set_local(i.u8(1), stepped);
            let (limit, by) = match op {
                Op::IncLoopLtLocals | Op::IncLoopLeLocals => (i.local(i.u8(2)), i.i16(3)),
                Op::IncLoopLtInt | Op::IncLoopLeInt => (Value::int(i.i32(2)), i.i16(6)),
                _ => (Value::int(i.i8(2)), i.i16(3)),
            };
            let order = match op {
                Op::IncLoopLtLocals | Op::IncLoopLtInt => Order::Lt,
                Op::IncLoopLeLocals | Op::IncLoopLeInt => Order::Le,
                Op::DecLoopGtInt => Order::Gt,
                _ => Order::Ge,
            };
            let holds = i.holds(&i.local(i.u8(1)), &limit, order)?;
            return i.branch_back(holds, by, size);
        }
        Op::Gosub => {
            i.push(Value::int((i.pc_offset() + size) as i32));
            return i.branch(true, i.i32(1) as isize, size);
        }
        Op::Ret => {
            let address = i.pop().as_int().unwrap_or(0);
            i.m().pc = i.code().bytecode.add(address as usize);
            return Ok(Flow::Continue);
        }
        Op::Throw => {
            let value = i.pop();
            return Err(i.cx().throw(value));
        }
        Op::ThrowError => {
            let mut cx = i.cx();
            return Err(match i.u8(1) {
                1 => cx.throw_reference_error(format_args!("unsupported reference to 'super'")),
                _ => cx.throw_reference_error(format_args!("invalid assignment left-hand side")),
            });
        }

        // ----- Calls -----
        Op::Call => return i.call_on_stack(i.u16(1), size),
        Op::Construct => return i.construct_on_stack(i.u16(1), size),
        Op::CallSpread | Op::ConstructSpread => {
            let array = i.pop();
            let construct = op == Op::ConstructSpread;
            return match i.spread_on_stack(&array)? {
                Some(count) if construct => i.construct_on_stack(count, size),
                Some(count) => i.call_on_stack(count, size),
                None => i.call_with_array(&array, construct, size),
            };
        }
        Op::Return => return i.return_value(),
        Op::ReturnUndefined => {
            i.push(Value::UNDEFINED);
            return i.return_value();
        }
        Op::DerivedReturn => {
            let (this, value) = (i.pop(), i.pop());
            if value.is_object() {
                i.push(value);
            } else if !value.is_undefined() {
                let mut cx = i.caller_cx();
                return Err(cx.throw_type_error(format_args!(
                    "derived class constructor must return an object or undefined"
                )));
            } else if this.raw() == RawValue::UNINITIALIZED {
                let mut cx = i.caller_cx();
                return Err(
                    cx.throw_reference_error(format_args!("super() must be called before accessing 'this'"))
                );
            } else {
                i.push(this);
            }
        }
        _ => match binary_of(op) {
            Some(operator) => {
                let (b, a) = (i.pop(), i.pop());
                let value = i.cx().binary(operator, &a, &b)?;
                i.push(value);
            }
            None => return super::slow_class::execute(i, op),
        },
    }
    i.done(size)
}

impl Interp {
    /// ToBoolean, with the exception of Annex B.3.6.
    pub(super) fn truth(&self, value: &Value) -> bool {
        value.to_boolean() && !(value.kind() == kind::NATIVE && self.cx().is_html_dda(value))
    }

    /// Pushes the elements of an array that the compiler made, and returns how many; `None` where there is no
    /// room for them in this chunk of the stack.
    pub(super) unsafe fn spread_on_stack(&self, array: &Value) -> JsResult<Option<usize>> {
        let Some(cell) = array.as_object().and_then(|o| o.as_array()) else { return Ok(Some(0)) };
        let count = cell.length() as usize;
        let m = self.m();
        if m.sp.add(count + 8) > m.stack_end {
            return Ok(None);
        }
        for at in 0..count {
            self.push(cell.dense(at as u32).unwrap_or_default());
        }
        Ok(Some(count))
    }

    /// A call of the two topmost values with the elements of an array that the compiler made, from where
    /// they are: a closure gets a chunk of the stack of its own.
    pub(super) unsafe fn call_with_array(&self, array: &Value, construct: bool, size: usize) -> Step {
        let Some(cell) = array.as_object().and_then(|o| o.as_array()) else { return Ok(Flow::Continue) };
        let (second, first) = (self.pop(), self.pop());
        // No script has the array: it stays as it is.
        let arguments = cell.dense_slice();
        let result = if construct {
            self.cx().construct(&first, arguments, &second)?
        } else {
            self.cx().call(&second, &first, arguments)?
        };
        self.push(result);
        self.done(size)
    }

    /// A closure of inner function `index`.
    pub(super) fn new_closure(&self, index: usize) -> JsResult<Value> {
        let Some(code) = self.code().functions[index].downcast_ref::<CodeCell>() else {
            return Ok(Value::UNDEFINED);
        };
        self.closure_in_frame(&code)
    }

    /// A closure whose captures come from the running frame and its closure.
    pub(crate) fn closure_in_frame(&self, code: &crate::heap::Ref<CodeCell>) -> JsResult<Value> {
        use crate::code::function::CaptureSource;
        let mut cx = self.cx();
        let shape = cx.closure_shape(code.flags)?;
        let closure = ClosureCell::create(shape, code)?;
        if let Some(cell) = closure.downcast::<ClosureCell>() {
            for (at, capture) in code.template.captures.iter().enumerate() {
                let variable = match capture.source {
                    CaptureSource::Local(local) => self.local(usize::from(local)),
                    CaptureSource::Capture(outer) => self.capture(usize::from(outer)),
                    // Modules' own captures are made by linking, never here.
                    CaptureSource::Module { .. } | CaptureSource::Import(_) => Value::UNDEFINED,
                };
                cell.set_capture(at, variable);
            }
        }
        Ok(closure.into())
    }
}

/// `a instanceof b`; a class or function whose @@hasInstance is the builtin one is answered at once.
pub(super) unsafe fn instance_of(i: Interp) -> Step {
    let (b, a) = (i.pop(), i.pop());
    let is = match quick_instance_of(i, &a, &b) {
        Some(is) => is,
        None => i.cx().instance_of(&a, &b)?,
    };
    i.push(Value::boolean(is));
    i.done(1)
}

fn quick_instance_of(i: Interp, a: &Value, b: &Value) -> Option<bool> {
    let constructor = b.as_object().filter(|b| b.kind() == kind::CLOSURE)?;
    // Function.prototype's own @@hasInstance can be neither changed nor removed.
    let last = i.cx().realm().intrinsic(Intrinsic::FunctionPrototype);
    let mut at = constructor.clone();
    while at.bits() != last.bits() {
        if !matches!(at.kind(), kind::CLOSURE | kind::OBJECT) || at.find(names::SYM_HAS_INSTANCE).is_some() {
            return None;
        }
        at = Object::try_from(at.prototype()).ok()?;
    }
    let (slot, flags) = constructor.find(names::PROTOTYPE)?;
    let prototype = constructor.slot(slot);
    if !flags.is_plain() || !prototype.is_object() {
        return None;
    }
    let Some(object) = a.as_object() else { return Some(false) };
    let mut at = object.clone();
    loop {
        if matches!(at.kind(), kind::PROXY | kind::NAMESPACE) {
            return None;
        }
        match Object::try_from(at.prototype()) {
            Ok(next) if next.bits() == prototype.bits() => return Some(true),
            Ok(next) => at = next,
            Err(_) => return Some(false),
        }
    }
}
