//! Global variables, `with`, and the variables that direct evals declare.

use super::{Flow, Interp, cache};
use crate::code::function::GlobalKind;
use crate::code::opcodes::Op;
use crate::exec::property::Descriptor;
use crate::object::{PropertyFlags, VarRef, shape_flags};
use crate::runtime::Context;
use crate::text::{RawAtom, names};
use crate::value::{JsResult, Object, Thrown, Value};

pub(super) unsafe fn execute(i: Interp, op: Op) -> JsResult<Flow> {
    let size = op.size();
    match op {
        Op::GetGlobal => match cache::get_global(i, i.u16(1))? {
            Some(value) => i.push(value),
            None => return Err(throw_undefined(i, i.cache_atom(1))),
        },
        Op::GetGlobalOrUndefined => {
            let value = cache::get_global(i, i.u16(1))?;
            i.push(value.unwrap_or_default());
        }
        Op::PutGlobal => {
            let value = i.pop();
            let key = i.cache_atom(1);
            let strict = i.is_strict();
            if !put_global(i, key, value, !strict)? {
                return Err(throw_undefined(i, key));
            }
            cache::learn_put_global(i, i.u16(1));
        }
        Op::HasGlobal => {
            let mut cx = i.cx();
            let lexical = cx.realm().lexicals().find(i.atom(1)).is_some();
            let global = cx.global();
            let has = lexical || cx.has_property(&global, i.atom(1))?;
            i.push(Value::boolean(has));
        }
        Op::PutGlobalRef => {
            let (value, existed) = (i.pop(), i.pop());
            let key = i.atom(1);
            if existed.is_null() {
                // A function in a block (Annex B.3.2.2): the var it goes to, if it has one.
                let mut cx = i.cx();
                if cx.realm().lexicals().find(key).is_none() {
                    let global = cx.global();
                    cx.set_value(global.as_value(), key, value, false)?;
                }
                return i.done(size);
            }
            let strict = i.is_strict();
            if (strict && !existed.to_boolean()) || !put_global(i, key, value, !strict)? {
                return Err(throw_undefined(i, key));
            }
        }
        Op::GetGlobalNamed => {
            let key = i.atom(2);
            match cache::find_global(i, key)? {
                Some(value) => i.push(value),
                None if i.u8(1) == 1 => i.push(Value::UNDEFINED),
                None => return Err(throw_undefined(i, key)),
            }
        }
        Op::InitGlobal => {
            let value = i.pop();
            let lexicals = i.cx().realm().lexicals();
            if let Some((slot, _)) = lexicals.find(i.atom(1))
                && let Some(variable) = lexicals.slot(slot).downcast::<VarRef>()
            {
                variable.set(value);
            }
        }
        Op::DeleteGlobal => {
            let mut cx = i.cx();
            let deleted = if cx.realm().lexicals().find(i.atom(1)).is_some() {
                false
            } else {
                let global = cx.global();
                cx.delete_property(&global, i.atom(1))?
            };
            i.push(Value::boolean(deleted));
        }
        Op::DeclareGlobals => declare_globals(i)?,
        Op::DefineGlobalFunction => {
            let function = i.pop();
            define_global_function(i, i.atom(1), function)?;
        }

        // ----- with, and variables of direct evals -----
        Op::DeclareVar => {
            let value = i.pop();
            if let Some(object) = value.as_object()
                && object.find(i.atom(1)).is_none()
            {
                object.add_property(i.atom(1), Value::UNDEFINED, PropertyFlags::DEFAULT)?;
            }
        }
        Op::WithHas => {
            let taken = with_has(i, &i.peek(0), i.atom(1))?;
            if !taken {
                drop(i.pop());
            }
            return i.branch(taken, i.i32(5) as isize, size);
        }
        Op::WithGet => {
            let object = i.pop();
            let value = with_get(i, &object, i.atom(1))?;
            i.push(value);
        }
        Op::WithPut => {
            let (value, object) = (i.pop(), i.pop());
            with_put(i, &object, i.atom(1), value)?;
        }
        Op::RefGet => {
            let reference = i.peek(0);
            let taken = reference.is_object();
            if taken {
                let value = with_get(i, &reference, i.atom(1))?;
                i.push(value);
            }
            return i.branch(taken, i.i32(5) as isize, size);
        }
        Op::RefPut => {
            let taken = i.peek(1).is_object();
            let value = i.pop();
            let reference = i.pop();
            if taken {
                with_put(i, &reference, i.atom(1), value)?;
            } else {
                i.push(value);
            }
            return i.branch(taken, i.i32(5) as isize, size);
        }
        _ => return super::slow_iter::execute(i, op),
    }
    i.done(size)
}

fn throw_undefined(i: Interp, key: RawAtom) -> Thrown {
    let mut cx = i.cx();
    let name = cx.describe_key(key);
    cx.throw_reference_error(format_args!("{name} is not defined"))
}

/// Assigns a global variable; false when there is none and `create` is false.
fn put_global(i: Interp, key: RawAtom, value: Value, create: bool) -> JsResult<bool> {
    let mut cx = i.cx();
    let lexicals = cx.realm().lexicals();
    if let Some((slot, flags)) = lexicals.find(key) {
        let variable = lexicals.slot(slot);
        cx.read_variable(&variable, key)?;
        if !flags.is_writable() {
            let name = cx.describe_key(key);
            return Err(cx.throw_type_error(format_args!("assignment to constant '{name}'")));
        }
        if let Some(variable) = variable.downcast::<VarRef>() {
            variable.set(value);
        }
        return Ok(true);
    }
    let global = cx.global();
    if !create && !cx.has_property(&global, key)? {
        return Ok(false);
    }
    cx.set_value(global.as_value(), key, value, i.is_strict())?;
    Ok(true)
}

/// GlobalDeclarationInstantiation (16.1.7) and the global half of EvalDeclarationInstantiation (19.2.1.3).
fn declare_globals(i: Interp) -> JsResult<()> {
    let script = i.code().script();
    let mut cx = i.cx();
    let lexicals = cx.realm().lexicals();
    let global = cx.global();
    for declaration in script.globals.iter() {
        let key = RawAtom::from_bits(declaration.name);
        let name = cx.describe_key(key);
        match declaration.kind {
            GlobalKind::Let | GlobalKind::Const => {
                let restricted =
                    cx.get_own_property(&global, key)?.is_some_and(|p| !p.flags().is_configurable());
                if lexicals.find(key).is_some() || restricted {
                    return Err(cx.throw_syntax_error(format_args!("redeclaration of '{name}'")));
                }
            }
            GlobalKind::Var | GlobalKind::Function => {
                if lexicals.find(key).is_some() {
                    return Err(cx.throw_syntax_error(format_args!("redeclaration of '{name}'")));
                }
                let function = declaration.kind == GlobalKind::Function;
                if !can_declare(&mut cx, &global, key, function)? {
                    return Err(cx.throw_type_error(format_args!("cannot define variable '{name}'")));
                }
            }
            GlobalKind::AnnexB => (),
        }
    }
    let deletable = if script.is_eval { PropertyFlags::CONFIGURABLE } else { 0 };
    for declaration in script.globals.iter() {
        let key = RawAtom::from_bits(declaration.name);
        match declaration.kind {
            GlobalKind::Let | GlobalKind::Const => {
                let writable = if declaration.kind == GlobalKind::Let { PropertyFlags::WRITABLE } else { 0 };
                let variable = VarRef::new(Value::UNINITIALIZED)?;
                let flags = PropertyFlags(PropertyFlags::VARIABLE | writable);
                lexicals.add_property(key, variable.into(), flags)?;
            }
            GlobalKind::AnnexB
                if lexicals.find(key).is_some() || !can_declare(&mut cx, &global, key, false)? => {}
            GlobalKind::Var | GlobalKind::Function | GlobalKind::AnnexB => {
                if !cx.has_own_property(&global, key)? {
                    let bits = PropertyFlags::WRITABLE | PropertyFlags::ENUMERABLE | deletable;
                    let desc = Descriptor::data(Value::UNDEFINED, PropertyFlags(bits));
                    cx.define_property_or_throw(&global, key, desc)?;
                }
            }
        }
    }
    Ok(())
}

/// CanDeclareGlobalVar and CanDeclareGlobalFunction (9.1.1.4.15, 16).
fn can_declare(cx: &mut Context, global: &Object, key: RawAtom, function: bool) -> JsResult<bool> {
    let Some(property) = cx.get_own_property(global, key)? else { return cx.is_extensible(global) };
    if !function {
        return Ok(true);
    }
    let flags = property.flags();
    Ok(flags.is_configurable() || (flags.is_plain() && flags.is_writable() && flags.is_enumerable()))
}

/// CreateGlobalFunctionBinding (9.1.1.4.18).
fn define_global_function(i: Interp, key: RawAtom, function: Value) -> JsResult<()> {
    let deletable = i.code().script().is_eval;
    let mut cx = i.cx();
    let global = cx.global();
    let existing = cx.get_own_property(&global, key)?;
    let desc = if existing.is_none_or(|p| p.flags().is_configurable()) {
        Descriptor {
            value: Some(function.clone()),
            writable: Some(true),
            enumerable: Some(true),
            configurable: Some(deletable),
            ..Descriptor::default()
        }
    } else {
        Descriptor { value: Some(function.clone()), ..Descriptor::default() }
    };
    cx.define_property_or_throw(&global, key, desc)?;
    cx.set(&global, key, function)
}

/// HasBinding of an object environment (9.1.1.2.1).
fn with_has(i: Interp, object: &Value, key: RawAtom) -> JsResult<bool> {
    let Some(target) = object.as_object() else { return Ok(false) };
    let mut cx = i.cx();
    if !cx.has_property(target, key)? {
        return Ok(false);
    }
    if target.kind() == crate::value::kind::OBJECT
        && target.prototype().is_null()
        && target.find(names::SYM_UNSCOPABLES).is_none()
        && !target.shape().has(shape_flags::NOT_EXTENSIBLE)
    {
        return Ok(true);
    }
    let unscopables = cx.get(target, names::SYM_UNSCOPABLES)?;
    if let Some(list) = unscopables.as_object() {
        let blocked = cx.get(list, key)?;
        return Ok(!blocked.to_boolean());
    }
    Ok(true)
}

/// GetBindingValue of an object environment (9.1.1.2.6).
fn with_get(i: Interp, object: &Value, key: RawAtom) -> JsResult<Value> {
    let Some(target) = object.as_object() else { return Ok(Value::UNDEFINED) };
    let mut cx = i.cx();
    if !cx.has_property(target, key)? {
        return if i.is_strict() { Err(throw_undefined(i, key)) } else { Ok(Value::UNDEFINED) };
    }
    cx.get(target, key)
}

/// SetMutableBinding of an object environment (9.1.1.2.5).
fn with_put(i: Interp, object: &Value, key: RawAtom, value: Value) -> JsResult<()> {
    let Some(target) = object.as_object() else { return Ok(()) };
    let mut cx = i.cx();
    let strict = i.is_strict();
    if !cx.has_property(target, key)? && strict {
        return Err(throw_undefined(i, key));
    }
    cx.set_value(target.as_value(), key, value, strict)
}
