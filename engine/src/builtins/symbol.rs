//! Symbol and Boolean objects (ECMA-262 20.4, 20.3).

use super::{Class, Row, constructor, getter, method, symbol_method, tag};
use crate::object::PropertyFlags;
use crate::object::exotic::PrimitiveCell;
use crate::runtime::{Arguments, Context, Intrinsic, NativeKind};
use crate::text::{Atom, StringBuilder, names};
use crate::value::{JsResult, Object, Symbol, Value};

/// The primitive that `this` is or wraps, if `is` says that it is of the right type.
pub(super) fn this_primitive(
    cx: &mut Context,
    call: &Arguments<'_>,
    is: impl Fn(&Value) -> bool,
    what: &str,
) -> JsResult<Value> {
    if is(call.this) {
        return Ok(call.this.clone());
    }
    if let Some(value) = call.this.downcast::<PrimitiveCell>().map(PrimitiveCell::value)
        && is(value)
    {
        return Ok(value.clone());
    }
    Err(cx.throw_type_error(format_args!("not a {what}")))
}

fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if call.is_construct() {
        return Err(cx.throw_type_error(format_args!("Symbol is not a constructor")));
    }
    let description =
        if call.get(0).is_undefined() { Value::UNDEFINED } else { cx.to_string(call.get(0))?.into() };
    Ok(Symbol::new(description)?.into())
}

/// The registry of `Symbol.for`: an object without prototype.
fn registry(cx: &mut Context) -> JsResult<Object> {
    if let Some(object) = cx.rt().symbol_registry.as_object() {
        return Ok(object.clone());
    }
    let object = cx.new_builtin_object(&Value::NULL)?;
    cx.rt().symbol_registry = object.as_value().clone();
    Ok(object)
}

fn symbol_for(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let key = cx.to_string(call.get(0))?;
    let registry = registry(cx)?;
    let atom = Atom::from_string(&key)?;
    if let Some((slot, _)) = registry.find(atom.raw()) {
        return Ok(registry.slot(slot));
    }
    let symbol = Symbol::new(key.into())?;
    symbol.cell().set_registered();
    registry.add_property(atom.raw(), symbol.as_value().clone(), PropertyFlags::DEFAULT)?;
    Ok(symbol.into())
}

fn key_for(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    match call.get(0).as_symbol() {
        Some(symbol) if symbol.cell().is_registered() => Ok(symbol.cell().description().clone()),
        Some(_) => Ok(Value::UNDEFINED),
        None => Err(cx.throw_type_error(format_args!("not a symbol"))),
    }
}

fn description(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let value = this_primitive(cx, call, |v| v.is_symbol(), "symbol")?;
    Ok(value.as_symbol().map_or(Value::UNDEFINED, |s| s.cell().description().clone()))
}

fn to_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let value = this_primitive(cx, call, |v| v.is_symbol(), "symbol")?;
    descriptive_string(&value)
}

/// SymbolDescriptiveString (20.4.3.3.1).
pub(super) fn descriptive_string(value: &Value) -> JsResult<Value> {
    let mut text = StringBuilder::new();
    text.push_str("Symbol(")?;
    if let Some(description) = value.as_symbol().and_then(|s| s.cell().description().as_string()) {
        text.push(description)?;
    }
    text.push_str(")")?;
    Ok(text.finish()?.into())
}

fn value_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    this_primitive(cx, call, |v| v.is_symbol(), "symbol")
}

static ROWS: &[Row] = &[
    getter("description", description),
    method("toString", 0, to_string),
    method("valueOf", 0, value_of),
    symbol_method(names::SYM_TO_PRIMITIVE, "[Symbol.toPrimitive]", 1, value_of)
        .with_flags(PropertyFlags::CONFIG),
    tag("Symbol"),
];

static SYMBOL: Class = Class {
    constructor: constructor("Symbol", 0, NativeKind::ConstructorOrFunction, construct),
    intrinsic: Intrinsic::Symbol,
    prototype_intrinsic: Intrinsic::SymbolPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ROWS,
    statics: &[method("for", 1, symbol_for), method("keyFor", 1, key_for)],
    global: true,
};

// ----- Boolean -----

fn construct_boolean(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let value = call.get(0);
    let value = Value::boolean(value.to_boolean() && !cx.is_html_dda(value));
    if !call.is_construct() {
        return Ok(value);
    }
    let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::BooleanPrototype)?;
    Ok(cx.wrap_primitive(value, &prototype)?.into())
}

fn boolean_to_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let value = this_primitive(cx, call, |v| v.is_boolean(), "boolean")?;
    Ok(cx.to_string(&value)?.into())
}

fn boolean_value_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    this_primitive(cx, call, |v| v.is_boolean(), "boolean")
}

static BOOLEAN: Class = Class {
    constructor: constructor("Boolean", 1, NativeKind::ConstructorOrFunction, construct_boolean),
    intrinsic: Intrinsic::Boolean,
    prototype_intrinsic: Intrinsic::BooleanPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: &[method("toString", 0, boolean_to_string), method("valueOf", 0, boolean_value_of)],
    statics: &[],
    global: true,
};

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    let symbol = cx.define_class(&SYMBOL)?;
    for (atom, name) in (0..).zip(names::SYMBOLS) {
        let well_known = crate::text::RawAtom::from_index(names::COUNT + 1 + atom);
        let short = name.strip_prefix("Symbol.").unwrap_or(name);
        let key = Atom::from_str(short)?;
        cx.define_builtin(&symbol, key.raw(), well_known.to_value()?, PropertyFlags::FIXED)?;
    }
    let prototype = cx.intrinsic(Intrinsic::ObjectPrototype);
    let wrapper = cx.rt().shapes.unique(&prototype, 0)?;
    let boolean = PrimitiveCell::create(wrapper, Value::FALSE)?;
    cx.realm().set_intrinsic(Intrinsic::BooleanPrototype, boolean.into());
    cx.define_class(&BOOLEAN)?;
    Ok(())
}
