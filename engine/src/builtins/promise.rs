//! Promise objects (ECMA-262 27.2).

use super::{Class, Row, constructor, method, method_magic, symbol_getter, tag};
use crate::exec::promise::Capability;
use crate::object::promise::{PromiseCell, Reaction};
use crate::object::{PropertyFlags, ShapeTable, VarRef};
use crate::runtime::{Arguments, Context, Intrinsic, NativeDef, NativeKind, undefined};
use crate::text::names;
use crate::value::{JsResult, Value, kind};

/// `new Promise(executor)` (27.2.3.1).
fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let executor = call.get(0);
    if !cx.is_callable(executor) {
        let what = cx.describe(executor);
        return Err(cx.throw_type_error(format_args!("promise executor {what} is not a function")));
    }
    let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::PromisePrototype)?;
    cx.collect_if_due();
    let shape = ShapeTable::current().root(prototype.as_value(), 0, 0)?;
    let promise: Value = PromiseCell::create(shape)?.into();
    let (resolve, reject) = cx.resolving_functions(&promise)?;
    if let Err(thrown) = cx.call(executor, undefined(), &[resolve, reject.clone()]) {
        let Some(reason) = cx.caught_value(thrown) else { return Err(thrown) };
        cx.call(&reject, undefined(), &[reason])?;
    }
    Ok(promise)
}

/// `then` (27.2.5.4).
fn then(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(promise) = call.this.as_object().filter(|o| o.kind() == kind::PROMISE) else {
        return Err(cx.throw_type_error(format_args!("not a promise")));
    };
    let class = cx.species_constructor(promise, Intrinsic::Promise)?;
    let capability = cx.new_capability(&class)?;
    let handler = |cx: &Context, value: &Value| {
        if cx.is_callable(value) { value.clone() } else { Value::UNDEFINED }
    };
    let reaction = Reaction {
        target: cx.capability_target(&capability)?,
        fulfilled: handler(cx, call.get(0)),
        rejected: handler(cx, call.get(1)),
    };
    cx.promise_then(promise.as_value(), reaction)?;
    Ok(capability.promise)
}

fn invoke_then(cx: &mut Context, promise: &Value, handlers: &[Value]) -> JsResult<Value> {
    let then = cx.get_value(promise, names::THEN)?;
    cx.call(&then, promise, handlers)
}

fn catch(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    invoke_then(cx, call.this, &[Value::UNDEFINED, call.get(0).clone()])
}

const fn internal(length: u8, magic: i32, function: crate::runtime::NativeFn) -> NativeDef {
    NativeDef { name: "", length, kind: NativeKind::Function, magic, function }
}

static THEN_FINALLY: NativeDef = internal(1, 0, run_finally);
static CATCH_FINALLY: NativeDef = internal(1, 1, run_finally);
static VALUE_THUNK: NativeDef = internal(0, 0, thunk);
static THROWER: NativeDef = internal(0, 1, thunk);

/// `finally` (27.2.5.3).
fn finally(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(promise) = call.this.as_object() else {
        return Err(cx.throw_type_error(format_args!("not an object")));
    };
    let class = cx.species_constructor(promise, Intrinsic::Promise)?;
    let callback = call.get(0);
    if !cx.is_callable(callback) {
        return invoke_then(cx, call.this, &[callback.clone(), callback.clone()]);
    }
    let data = [callback.clone(), class];
    let fulfilled = cx.new_native(&THEN_FINALLY, &data)?;
    let rejected = cx.new_native(&CATCH_FINALLY, &data)?;
    invoke_then(cx, call.this, &[fulfilled.into(), rejected.into()])
}

/// The handlers `finally` makes: call back, wait for the result, pass value or reason on.
fn run_finally(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (callback, class) = (call.data(0), call.data(1));
    let result = cx.call(&callback, undefined(), &[])?;
    let promise = cx.promise_resolve(&class, &result)?;
    let def = if call.magic == 0 { &VALUE_THUNK } else { &THROWER };
    let thunk = cx.new_native(def, core::slice::from_ref(call.get(0)))?;
    invoke_then(cx, &promise, &[thunk.into()])
}

fn thunk(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let value = call.data(0);
    if call.magic == 0 { Ok(value) } else { Err(cx.throw(value)) }
}

// ----- Static methods -----

/// The `this` of a static method: any object.
fn class_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if !call.this.is_object() {
        return Err(cx.throw_type_error(format_args!("not an object")));
    }
    Ok(call.this.clone())
}

fn resolve(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let class = class_of(cx, call)?;
    cx.promise_resolve(&class, call.get(0))
}

fn reject(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let capability = cx.new_capability(call.this)?;
    cx.capability_reject(&capability, call.get(0).clone())?;
    Ok(capability.promise)
}

fn with_resolvers(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let capability = cx.new_full_capability(call.this)?;
    let object = cx.new_object()?;
    object.add_property(names::PROMISE, capability.promise, PropertyFlags::DEFAULT)?;
    object.add_property(names::RESOLVE, capability.resolve, PropertyFlags::DEFAULT)?;
    object.add_property(names::REJECT, capability.reject, PropertyFlags::DEFAULT)?;
    Ok(object.into())
}

fn try_(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let class = class_of(cx, call)?;
    let capability = cx.new_capability(&class)?;
    match cx.call(call.get(0), undefined(), call.rest(1)) {
        Ok(value) => {
            cx.capability_resolve(&capability, &value)?;
            Ok(capability.promise)
        }
        Err(thrown) => cx.reject_with(&capability, thrown),
    }
}

const ALL: i32 = 0;
const ALL_SETTLED: i32 = 1;
const ANY: i32 = 2;
const RACE: i32 = 3;

/// `all`, `allSettled`, `any`, `race`, told apart by the magic number.
fn combine(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let capability = cx.new_full_capability(call.this)?;
    match run_combination(cx, call, &capability) {
        Ok(()) => Ok(capability.promise),
        Err(thrown) => cx.reject_with(&capability, thrown),
    }
}

static ALL_ELEMENT: NativeDef = internal(1, 0, element);
static SETTLED_ELEMENT: NativeDef = internal(1, 1, element);
static SETTLED_REJECTION: NativeDef = internal(1, 2, element);
static ANY_ELEMENT: NativeDef = internal(1, 3, element);

fn run_combination(cx: &mut Context, call: &Arguments<'_>, capability: &Capability) -> JsResult<()> {
    let class = call.this;
    let resolve = cx.get_value(class, names::RESOLVE)?;
    if !cx.is_callable(&resolve) {
        return Err(cx.throw_type_error(format_args!("promise resolve is not a function")));
    }
    let values: Value = cx.new_array(&[])?.into();
    // One more than the elements met, until all have been.
    let remaining = VarRef::new(Value::int(1))?;
    let mut index = 0;
    cx.iterate(call.get(0), &mut |cx, value| {
        let promise = cx.call(&resolve, class, &[value])?;
        if call.magic == RACE {
            invoke_then(cx, &promise, &[capability.resolve.clone(), capability.reject.clone()])?;
            return Ok(true);
        }
        if let Some(list) = values.as_object().and_then(|o| o.as_array()) {
            let _: Result<(), Value> = list.push_dense(Value::UNDEFINED)?;
        }
        let settle = if call.magic == ANY { &capability.reject } else { &capability.resolve };
        let place = VarRef::new(Value::int(index))?;
        let data = [values.clone(), remaining.to_value(), settle.clone(), place.into()];
        let handlers: [Value; 2] = match call.magic {
            ALL => [cx.new_native(&ALL_ELEMENT, &data)?.into(), capability.reject.clone()],
            ALL_SETTLED => [
                cx.new_native(&SETTLED_ELEMENT, &data)?.into(),
                cx.new_native(&SETTLED_REJECTION, &data)?.into(),
            ],
            _ => [capability.resolve.clone(), cx.new_native(&ANY_ELEMENT, &data)?.into()],
        };
        index += 1;
        remaining.set(Value::int(remaining.get().as_int().unwrap_or(0) + 1));
        invoke_then(cx, &promise, &handlers)?;
        Ok(true)
    })?;
    if call.magic != RACE {
        let settle = if call.magic == ANY { &capability.reject } else { &capability.resolve };
        count_down(cx, &values, &remaining, settle, call.magic == ANY)?;
    }
    Ok(())
}

/// One element has settled (or all have been met): at the last one the whole is settled.
fn count_down(
    cx: &mut Context,
    values: &Value,
    remaining: &VarRef,
    settle: &Value,
    any: bool,
) -> JsResult<()> {
    let left = remaining.get().as_int().unwrap_or(0) - 1;
    remaining.set(Value::int(left));
    if left != 0 {
        return Ok(());
    }
    let mut result = values.clone();
    if any {
        let error =
            cx.make_error(Intrinsic::AggregateErrorPrototype, format_args!("all promises were rejected"))?;
        cx.define_builtin(&error, names::ERRORS, result, PropertyFlags::HIDDEN)?;
        result = error.into();
    }
    cx.call(settle, undefined(), &[result]).map(drop)
}

/// What the elements' promises call: slots are the values, the count, the function that settles the whole,
/// and a box with the element's index, undefined once it was called.
fn element(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (values, remaining, settle, place) = (call.data(0), call.data(1), call.data(2), call.data(3));
    let (Some(list), Some(remaining), Some(place)) = (
        values.as_object().and_then(|o| o.as_array()),
        remaining.downcast::<VarRef>(),
        place.downcast::<VarRef>(),
    ) else {
        return Ok(Value::UNDEFINED);
    };
    let Some(index) = place.get().as_int() else { return Ok(Value::UNDEFINED) };
    place.set(Value::UNDEFINED);
    let mut value = call.get(0).clone();
    if call.magic == 1 || call.magic == 2 {
        let object = cx.new_object()?;
        let (status, key): (crate::text::RawAtom, _) =
            if call.magic == 1 { (names::FULFILLED, names::VALUE) } else { (names::REJECTED, names::REASON) };
        object.add_property(names::STATUS, status.to_value()?, PropertyFlags::DEFAULT)?;
        object.add_property(key, value, PropertyFlags::DEFAULT)?;
        value = object.into();
    }
    list.set_dense(index as u32, value);
    count_down(cx, &values, remaining, &settle, call.magic == 3)?;
    Ok(Value::UNDEFINED)
}

static STATICS: &[Row] = &[
    method_magic("all", 1, combine, ALL),
    method_magic("allSettled", 1, combine, ALL_SETTLED),
    method_magic("any", 1, combine, ANY),
    method_magic("race", 1, combine, RACE),
    method("reject", 1, reject),
    method("resolve", 1, resolve),
    method("try", 1, try_),
    method("withResolvers", 0, with_resolvers),
    symbol_getter(names::SYM_SPECIES, "[Symbol.species]", super::array::return_this),
];

static ROWS: &[Row] =
    &[method("catch", 1, catch), method("finally", 1, finally), method("then", 2, then), tag("Promise")];

static PROMISE: Class = Class {
    constructor: constructor("Promise", 1, NativeKind::Constructor, construct),
    intrinsic: Intrinsic::Promise,
    prototype_intrinsic: Intrinsic::PromisePrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ROWS,
    statics: STATICS,
    global: true,
};

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    let class = cx.define_class(&PROMISE)?;
    let resolve = cx.get(&class, names::RESOLVE)?;
    cx.realm().set_intrinsic(Intrinsic::PromiseResolve, resolve);
    let prototype = cx.intrinsic(Intrinsic::PromisePrototype);
    let then = cx.get(&prototype, names::THEN)?;
    cx.realm().set_intrinsic(Intrinsic::PromiseThen, then);
    Ok(())
}
