//! Literals, definitions, classes, private names.

use super::{Flow, Interp, cache};
use crate::code::function::Constant;
use crate::code::opcodes::Op;
use crate::exec::property::{Descriptor, OwnProperty};
use crate::object::{Accessor, ArrayCell, PropertyFlags, ShapeTable};
use crate::runtime::{ClosureCell, Context, Intrinsic};
use crate::text::{RawAtom, names};
use crate::value::{JsResult, Object, Thrown, Value, kind};

#[expect(clippy::too_many_lines, reason = "one arm per instruction, each a few lines")]
pub(super) unsafe fn execute(i: Interp, op: Op) -> JsResult<Flow> {
    let size = op.size();
    match op {
        Op::Closure => {
            let closure = i.new_closure(i.u32(1))?;
            i.cx().collect_if_due();
            i.push(closure);
        }
        Op::PushRegExp => {
            let value = push_regexp(i, i.u32(1))?;
            i.push(value);
        }
        Op::PushTemplate => {
            let value = push_template(i, i.u32(1))?;
            i.push(value);
        }
        Op::NewObject => {
            let mut cx = i.cx();
            cx.collect_if_due();
            let object = Object::with_shape(cx.realm().literal_shape(4))?;
            i.push(object.into());
        }
        Op::ObjectLiteral => {
            i.cx().collect_if_due();
            object_literal(i, i.u16(1))?;
        }
        Op::NewArray => {
            let count = i.u16(1);
            let mut cx = i.cx();
            cx.collect_if_due();
            let shape = ShapeTable::current().get(cx.realm().shapes().array);
            let array = ArrayCell::create(shape, count)?;
            append(i, &array, count)?;
            i.push(array.into());
        }
        Op::ArrayAppend => {
            let count = i.u16(1);
            if let Some(array) = i.peek(count).as_object() {
                append(i, array, count)?;
            }
        }
        Op::ArrayHole => {
            let array = i.peek(0);
            if let Some(cell) = array.as_object().and_then(|o| o.as_array()) {
                cell.set_length(cell.length() + 1);
            }
        }
        Op::ArraySpread => {
            let iterable = i.pop();
            let target = i.peek(0);
            if let Some(array) = target.as_object() {
                i.cx().spread_into(array, &iterable)?;
            }
        }
        Op::DefineField => return define_field(i),
        Op::DefineElem => {
            let (value, key) = (i.pop(), i.pop());
            let target = i.peek(0);
            let mut cx = i.cx();
            let key = cx.to_property_key(&key)?;
            if let Some(object) = target.as_object() {
                cx.create_data_property_or_throw(object, key.raw(), value)?;
            }
        }
        Op::DefineMethod => {
            let function = i.pop();
            define_method(i, &i.peek(0), i.atom(2), function, i.u8(1))?;
        }
        Op::DefineMethodElem => {
            let (function, key) = (i.pop(), i.pop());
            let mut cx = i.cx();
            let key = cx.to_property_key(&key)?;
            let operand = i.u8(1);
            let prefix = ["", "get ", "set ", ""][operand & 3];
            if let Some(object) = function.as_object() {
                cx.set_function_name(object, key.raw(), prefix)?;
            }
            define_method(i, &i.peek(0), key.raw(), function, operand)?;
        }
        Op::SetProto => {
            let value = i.pop();
            if let (Some(object), true) = (i.peek(0).as_object(), value.is_object() || value.is_null()) {
                i.cx().set_prototype_of(object, &value)?;
            }
        }
        Op::CopyDataProperties => {
            let source = i.pop();
            if let Some(object) = i.peek(0).as_object() {
                i.cx().copy_data_properties(object, &source, &[])?;
            }
        }
        Op::ObjectRest => {
            let count = i.u16(1);
            let mut keys = i.cx().scratch();
            for at in 0..count {
                keys.try_push(i.peek(at))?;
            }
            let source = i.peek(count);
            let mut cx = i.cx();
            let object = cx.new_object()?;
            cx.copy_data_properties(&object, &source, &keys)?;
            i.cut(i.m().sp.sub(count));
            i.push(object.into());
        }
        Op::SetFunctionName => {
            let key = i.peek(i.u8(1));
            let function = i.peek(0);
            let mut cx = i.cx();
            let key = cx.to_property_key(&key)?;
            if let Some(object) = function.as_object() {
                let is_class =
                    object.downcast::<ClosureCell>().is_some_and(|c| c.code().flags.class_constructor());
                let keeps = is_class && object.find(names::NAME).is_some() && !object_name_is_empty(object)?;
                if !keeps {
                    cx.set_function_name(object, key.raw(), "")?;
                }
            }
        }
        Op::SetHomeObject => {
            let function = i.peek(0);
            if let Some(closure) = function.downcast::<ClosureCell>() {
                closure.set_home_object(i.peek(1));
            }
        }
        Op::DefineClass => define_class(i, i.u8(1) & 1 != 0)?,
        Op::SetFieldsInit => {
            let function = i.pop();
            if let Some(closure) = i.peek(1).downcast::<ClosureCell>() {
                closure.set_fields_init(function);
            }
        }
        Op::InitFields => return init_fields(i),
        Op::SuperBase => {
            let home = i.pop();
            let base = match home.as_object() {
                Some(home) => i.cx().get_prototype_of(home)?,
                None => Value::NULL,
            };
            i.push(base);
        }
        Op::GetSuper => {
            let (base, key, this) = (i.pop(), i.pop(), i.pop());
            let mut cx = i.cx();
            let Some(object) = base.as_object() else {
                let what = cx.describe(&base);
                return Err(cx.throw_type_error(format_args!("cannot read property of {what}")));
            };
            let key = cx.to_property_key(&key)?;
            let value = cx.get_with_receiver(object, key.raw(), &this)?;
            i.push(value);
        }
        Op::PutSuper => {
            let (value, base, key, this) = (i.pop(), i.pop(), i.pop(), i.pop());
            let mut cx = i.cx();
            let Some(object) = base.as_object() else {
                let what = cx.describe(&base);
                return Err(cx.throw_type_error(format_args!("cannot set property of {what}")));
            };
            let key = cx.to_property_key(&key)?;
            let done = cx.set_with_receiver(object, key.raw(), value, &this)?;
            if !done && i.is_strict() {
                return Err(cx.throw_read_only(key.raw()));
            }
        }

        // ----- Private names -----
        Op::NewPrivateName => {
            let description = i.atom(1).to_value()?;
            let name = crate::text::symbol::new_private_name(description)?;
            i.push(name);
        }
        Op::GetPrivate => {
            let (name, object) = (i.pop(), i.pop());
            let value = get_private(i, &object, &name)?;
            i.push(value);
        }
        Op::PutPrivate => {
            let (value, name, object) = (i.pop(), i.pop(), i.pop());
            put_private(i, &object, &name, value)?;
        }
        Op::HasPrivate => {
            let (name, object) = (i.pop(), i.pop());
            let Some(object) = object.as_object() else {
                return Err(i.cx().throw_type_error(format_args!("invalid 'in' operand")));
            };
            i.push(Value::boolean(object.find(private_key(&name)).is_some()));
        }
        Op::DefinePrivate => {
            let (value, name) = (i.pop(), i.pop());
            add_private(i, &i.peek(0), &name, value, PropertyFlags(PropertyFlags::WRITABLE))?;
        }
        Op::DefinePrivateMethod => {
            let (function, name) = (i.pop(), i.pop());
            let target = i.peek(0);
            if let Some(closure) = function.downcast::<ClosureCell>()
                && closure.home_object().is_undefined()
            {
                closure.set_home_object(target.clone());
            }
            add_private(i, &target, &name, function, PropertyFlags::FIXED)?;
        }
        Op::DefinePrivateAccessor => {
            let (setter, getter, name) = (i.pop(), i.pop(), i.pop());
            let accessor = Accessor::cell(getter, setter)?;
            add_private(i, &i.peek(0), &name, accessor, PropertyFlags(PropertyFlags::ACCESSOR))?;
        }
        _ => return super::slow_global::execute(i, op),
    }
    i.done(size)
}

/// Moves `count` values from the stack to the end of an array.
unsafe fn append(i: Interp, array: &Object, count: usize) -> JsResult<()> {
    let Some(cell) = array.as_array() else { return Ok(()) };
    // Where elisions are missing slots, the elements decide about them.
    if cell.length() <= cell.capacity() {
        cell.grow(cell.length() + count as u32)?;
    }
    for at in (0..count).rev() {
        let value = i.peek(at);
        if cell.push_in_place(value.raw()) {
            // The count is the array's now.
            core::mem::forget(value);
        } else {
            i.cx().append_element(array, value)?;
        }
    }
    i.cut(i.m().sp.sub(count));
    Ok(())
}

/// An object whose keys the site knows and whose values are on the stack.
unsafe fn object_literal(i: Interp, site: usize) -> JsResult<()> {
    let code = i.code();
    let literal = &*code.literals.add(site);
    let keys = code.template.shape(site);
    let word = literal.word.get();
    if word != 0 && keys.len() <= literal.capacity.get() as usize {
        let object = Object::with_shape(ShapeTable::current().get(word >> 8))?;
        // The shape counts the slots already, and all of them are inline.
        let m = i.m();
        let first = m.sp.sub(keys.len());
        let slots = object.as_cell().as_ptr().byte_add(crate::object::HEAD_BYTES).cast();
        first.copy_to_nonoverlapping(slots, keys.len());
        m.sp = first;
        i.push(object.into());
        return Ok(());
    }
    let cx = i.cx();
    let object = Object::with_shape(cx.realm().literal_shape(keys.len()))?;
    for (at, &key) in keys.iter().enumerate() {
        let value = i.peek(keys.len() - 1 - at);
        object.add_property(RawAtom::from_bits(key), value, PropertyFlags::DEFAULT)?;
    }
    let shape = object.shape();
    if !shape.has(crate::object::shape_flags::UNIQUE) {
        let held = crate::value::RawValue::cell(core::ptr::NonNull::from(shape).cast()).to_owned();
        drop(core::mem::replace(&mut *literal.held.get(), held));
        literal.capacity.set(shape.inline_capacity());
        literal.word.set(shape.id() << 8 | u32::from(kind::OBJECT));
    }
    i.cut(i.m().sp.sub(keys.len()));
    i.push(object.into());
    Ok(())
}

fn object_name_is_empty(object: &Object) -> JsResult<bool> {
    Ok(match object.find(names::NAME) {
        Some((slot, flags)) if flags.is_plain() => {
            object.slot(slot).as_string().is_some_and(|name| name.is_empty())
                && object.downcast::<ClosureCell>().is_some_and(|c| c.code().name() == names::EMPTY)
        }
        _ => false,
    })
}

/// `define_method`: operand bits 0-1 method, getter, setter; bit 2 enumerable.
fn define_method(i: Interp, target: &Value, key: RawAtom, function: Value, operand: usize) -> JsResult<()> {
    let Some(object) = target.as_object() else { return Ok(()) };
    if let Some(closure) = function.downcast::<ClosureCell>() {
        closure.set_home_object(target.clone());
    }
    let mut cx = i.cx();
    let enumerable = if operand & 4 != 0 { PropertyFlags::ENUMERABLE } else { 0 };
    match operand & 3 {
        0 => {
            let flags = PropertyFlags(PropertyFlags::HIDDEN.0 | enumerable);
            cx.define_property_or_throw(object, key, Descriptor::data(function, flags))
        }
        which => {
            let mut desc = Descriptor {
                enumerable: Some(enumerable != 0),
                configurable: Some(true),
                ..Descriptor::default()
            };
            if which == 1 {
                desc.get = Some(function);
            } else {
                desc.set = Some(function);
            }
            cx.define_property_or_throw(object, key, desc)
        }
    }
}

/// `parent constructor` becomes `constructor prototype` (15.7.14).
fn define_class(i: Interp, has_heritage: bool) -> JsResult<()> {
    let constructor = i.peek(0);
    let parent = i.peek(1);
    let mut cx = i.cx();
    let Some(function) = constructor.as_object() else { return Ok(()) };
    let (proto_parent, constructor_parent) = if !has_heritage {
        (cx.intrinsic(Intrinsic::ObjectPrototype).into_value(), None)
    } else if parent.is_null() {
        (Value::NULL, None)
    } else {
        let Some(object) = parent.as_object().filter(|_| cx.is_constructor(&parent)) else {
            return Err(cx.throw_type_error(format_args!("parent class must be constructor")));
        };
        let prototype = cx.get(object, names::PROTOTYPE)?;
        if !prototype.is_object() && !prototype.is_null() {
            return Err(cx.throw_type_error(format_args!("parent prototype must be an object or null")));
        }
        (prototype, Some(object.clone()))
    };
    let prototype = cx.new_object_with_prototype(&proto_parent)?;
    if let Some(parent) = constructor_parent {
        cx.set_prototype_of(function, parent.as_value())?;
    }
    if let Some(closure) = function.downcast::<ClosureCell>() {
        closure.set_home_object(prototype.as_value().clone());
    }
    cx.materialize(function)?;
    function.add_property(names::PROTOTYPE, prototype.as_value().clone(), PropertyFlags::FIXED)?;
    prototype.add_property(names::CONSTRUCTOR, constructor.clone(), PropertyFlags::HIDDEN)?;
    i.poke(1, constructor);
    i.poke(0, prototype.into());
    Ok(())
}

// ----- Private names -----

/// The key of a private name value.
fn private_key(name: &Value) -> RawAtom {
    // SAFETY: a private name's tag is its atom.
    RawAtom::from_index(unsafe { name.cell_unchecked().as_ref().tag() })
}

fn throw_no_private(i: Interp, name: &Value) -> Thrown {
    let mut cx = i.cx();
    let name = cx.describe_key(private_key(name));
    cx.throw_type_error(format_args!("private member '{name}' does not exist on this object"))
}

fn get_private(i: Interp, object: &Value, name: &Value) -> JsResult<Value> {
    let found = object.as_object().and_then(|o| o.find(private_key(name)).map(|f| (o, f)));
    let Some((target, (slot, flags))) = found else { return Err(throw_no_private(i, name)) };
    let value = target.slot(slot);
    if flags.is_plain() {
        return Ok(value);
    }
    let getter = value.downcast::<Accessor>().map_or(Value::UNDEFINED, |a| a.getter.clone());
    let mut cx = i.cx();
    if getter.is_undefined() {
        let name = cx.describe_key(private_key(name));
        return Err(cx.throw_type_error(format_args!("'{name}' was defined without a getter")));
    }
    cx.call(&getter, object, &[])
}

fn put_private(i: Interp, object: &Value, name: &Value, value: Value) -> JsResult<()> {
    let found = object.as_object().and_then(|o| o.find(private_key(name)).map(|f| (o, f)));
    let Some((target, (slot, flags))) = found else { return Err(throw_no_private(i, name)) };
    let mut cx = i.cx();
    if flags.is_accessor() {
        let setter = target.slot(slot).downcast::<Accessor>().map_or(Value::UNDEFINED, |a| a.setter.clone());
        if setter.is_undefined() {
            let name = cx.describe_key(private_key(name));
            return Err(cx.throw_type_error(format_args!("'{name}' was defined without a setter")));
        }
        cx.call(&setter, object, &[value])?;
        return Ok(());
    }
    if !flags.is_writable() {
        return Err(cx.throw_read_only(private_key(name)));
    }
    target.set_slot(slot, value);
    Ok(())
}

fn add_private(i: Interp, target: &Value, name: &Value, value: Value, flags: PropertyFlags) -> JsResult<()> {
    let Some(object) = target.as_object() else { return Ok(()) };
    let key = private_key(name);
    let mut cx = i.cx();
    if object.find(key).is_some() {
        let name = cx.describe_key(key);
        return Err(cx.throw_type_error(format_args!("private member '{name}' already exists")));
    }
    cx.materialize(object)?;
    object.add_property(key, value, flags)
}

// ----- Constants made on first use -----

fn push_template(i: Interp, index: usize) -> JsResult<Value> {
    let code = i.code();
    let made = code.constant(index);
    if made.is_object() {
        return Ok(made);
    }
    let Some(Constant::Template { cooked, raw }) = code.template.constants.get(index) else {
        return Ok(Value::UNDEFINED);
    };
    let mut cx = i.cx();
    let list = |cx: &mut Context, atoms: &[u32]| -> JsResult<Object> {
        let mut values = cx.scratch();
        for &atom in atoms {
            let atom = RawAtom::from_bits(atom);
            values.try_push(if atom.is_none() { Value::UNDEFINED } else { atom.to_value()? })?;
        }
        cx.new_array(&values)
    };
    let raw = list(&mut cx, raw)?;
    cx.set_integrity(&raw, true)?;
    let template = list(&mut cx, cooked)?;
    cx.define_builtin(&template, names::RAW, raw.into(), PropertyFlags::FIXED)?;
    cx.set_integrity(&template, true)?;
    code.set_constant(index, template.as_value().clone());
    Ok(template.into())
}

fn push_regexp(i: Interp, index: usize) -> JsResult<Value> {
    let mut cx = i.cx();
    cx.collect_if_due();
    let code = i.code();
    let mut program = code.constant(index);
    if program.is_undefined() {
        // The first evaluation compiles; all that follow share the program.
        let Some(Constant::RegExp { pattern, flags }) = code.template.constants.get(index) else {
            return Ok(Value::UNDEFINED);
        };
        let pattern = RawAtom::from_bits(*pattern).to_js_string()?;
        let flags = RawAtom::from_bits(*flags).to_js_string()?;
        program = cx.compile_regexp(&pattern, &flags)?.into();
        code.set_constant(index, program.clone());
    }
    Ok(cx.regexp_of(program)?.into())
}

impl Context {
    /// SetIntegrityLevel (7.3.15): seals an object, or freezes it.
    pub fn set_integrity(&mut self, object: &Object, freeze: bool) -> JsResult<bool> {
        if !self.prevent_extensions(object)? {
            return Ok(false);
        }
        let keys = self.own_keys(object)?;
        for key in keys.iter() {
            let mut desc = Descriptor { configurable: Some(false), ..Descriptor::default() };
            if freeze {
                match self.get_own_property(object, key.raw())? {
                    None => continue,
                    Some(OwnProperty::Data(..)) => desc.writable = Some(false),
                    Some(OwnProperty::Accessor(..)) => (),
                }
            }
            self.define_property_or_throw(object, key.raw(), desc)?;
        }
        Ok(true)
    }

    /// TestIntegrityLevel (7.3.16).
    pub fn test_integrity(&mut self, object: &Object, frozen: bool) -> JsResult<bool> {
        if self.is_extensible(object)? {
            return Ok(false);
        }
        let keys = self.own_keys(object)?;
        for key in keys.iter() {
            if let Some(property) = self.get_own_property(object, key.raw())? {
                let flags = property.flags();
                let writable = matches!(property, OwnProperty::Data(..)) && flags.is_writable();
                if flags.is_configurable() || (frozen && writable) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Appends all values of an iterable to an array under construction.
    pub(crate) fn spread_into(&mut self, array: &Object, iterable: &Value) -> JsResult<()> {
        self.iterate(iterable, &mut |cx, value| cx.append_element(array, value).map(|()| true))
    }
}

/// A field of a literal or a class.
pub(super) unsafe fn define_field(i: Interp) -> JsResult<Flow> {
    let value = i.pop();
    let target = i.peek(0);
    if let Some(object) = target.as_object() {
        cache::define_field(i, object, value, i.u16(1))?;
    }
    i.done(3)
}

/// The fields' initializer runs in a frame above this one.
pub(super) unsafe fn init_fields(i: Interp) -> JsResult<Flow> {
    let (constructor, this) = (i.pop(), i.pop());
    let init = constructor.downcast::<ClosureCell>().map_or(Value::UNDEFINED, ClosureCell::fields_init);
    if init.kind() == kind::CLOSURE {
        return i.call_and_drop(this, init, None, 1);
    }
    i.done(1)
}
