//! Generator and async function objects (ECMA-262 27.3 to 27.7), and the prototypes of async iteration
//! (27.1.4, 27.1.6.2).

use super::{Class, Row, constructor, method_magic, symbol_method, tag};
use crate::exec::generator::Step;
use crate::exec::iteration::GENERATOR_NEXT;
use crate::object::PropertyFlags;
use crate::object::generator::{GeneratorCell, Resume};
use crate::runtime::{Arguments, Context, Intrinsic, NativeDef, NativeKind};
use crate::text::names;
use crate::value::{JsResult, Object, Value};

/// `next`, `throw` (1), `return` (2).
fn resume(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(generator) = call.this.downcast::<GeneratorCell>() else {
        return Err(cx.throw_type_error(format_args!("not a generator")));
    };
    match cx.generator_resume(generator, how(call.magic), call.get(0).clone())? {
        Step::Value(value) => cx.iter_result(value, false),
        Step::Result(result) => Ok(result),
        Step::Done(value) => cx.iter_result(value, true),
    }
}

fn how(magic: i32) -> Resume {
    match magic {
        1 => Resume::Throw,
        2 => Resume::Return,
        _ => Resume::Next,
    }
}

fn resume_async(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.async_generator_request(call.this, how(call.magic), call.get(0))
}

fn resume_wrapper(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.async_from_sync(call.this, how(call.magic), call.list)
}

/// Bit 0 of the magic number: a generator; bit 1: async.
fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.create_dynamic_function(call, call.magic & 1 != 0, call.magic & 2 != 0)
}

static GENERATOR_ROWS: &[Row] = &[
    method_magic("next", 1, resume, GENERATOR_NEXT),
    method_magic("return", 1, resume, 2),
    method_magic("throw", 1, resume, 1),
    tag("Generator"),
];

static ASYNC_GENERATOR_ROWS: &[Row] = &[
    method_magic("next", 1, resume_async, 0),
    method_magic("return", 1, resume_async, 2),
    method_magic("throw", 1, resume_async, 1),
    tag("AsyncGenerator"),
];

static WRAPPER_ROWS: &[Row] = &[
    method_magic("next", 1, resume_wrapper, 0),
    method_magic("return", 1, resume_wrapper, 2),
    method_magic("throw", 1, resume_wrapper, 1),
];

static ASYNC_ITERATOR_ROWS: &[Row] = &[
    symbol_method(names::SYM_ASYNC_ITERATOR, "[Symbol.asyncIterator]", 0, super::array::return_this),
    symbol_method(
        names::SYM_ASYNC_DISPOSE,
        "[Symbol.asyncDispose]",
        0,
        super::disposable::async_iterator_dispose,
    ),
];

const fn function_class(
    name: &'static str,
    magic: i32,
    intrinsic: Intrinsic,
    prototype_intrinsic: Intrinsic,
    prototype: &'static [Row],
) -> Class {
    let mut constructor: NativeDef = constructor(name, 1, NativeKind::ConstructorOrFunction, construct);
    constructor.magic = magic;
    Class {
        constructor,
        intrinsic,
        prototype_intrinsic,
        parent: Intrinsic::FunctionPrototype,
        constructor_parent: Intrinsic::Function,
        prototype,
        statics: &[],
        global: false,
    }
}

static GENERATOR_FUNCTION: Class = function_class(
    "GeneratorFunction",
    1,
    Intrinsic::GeneratorFunction,
    Intrinsic::GeneratorFunctionPrototype,
    &[tag("GeneratorFunction")],
);
static ASYNC_FUNCTION: Class = function_class(
    "AsyncFunction",
    2,
    Intrinsic::AsyncFunction,
    Intrinsic::AsyncFunctionPrototype,
    &[tag("AsyncFunction")],
);
static ASYNC_GENERATOR_FUNCTION: Class = function_class(
    "AsyncGeneratorFunction",
    3,
    Intrinsic::AsyncGeneratorFunction,
    Intrinsic::AsyncGeneratorFunctionPrototype,
    &[tag("AsyncGeneratorFunction")],
);

/// The object that generators inherit from, tied to the prototype of their functions.
fn link(cx: &mut Context, functions: Intrinsic, objects: Option<Object>) -> JsResult<()> {
    let prototype = cx.intrinsic(functions);
    let class = cx.get(&prototype, names::CONSTRUCTOR)?;
    cx.define_builtin(&prototype, names::CONSTRUCTOR, class, PropertyFlags::CONFIG)?;
    if let Some(objects) = objects {
        let back = prototype.as_value().clone();
        cx.define_builtin(&objects, names::CONSTRUCTOR, back, PropertyFlags::CONFIG)?;
        cx.define_builtin(&prototype, names::PROTOTYPE, objects.into(), PropertyFlags::CONFIG)?;
    }
    Ok(())
}

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    let object = cx.realm().intrinsic(Intrinsic::ObjectPrototype);
    let async_iterator = cx.new_builtin_object(&object)?;
    cx.define_rows(&async_iterator, ASYNC_ITERATOR_ROWS)?;
    cx.realm().set_intrinsic(Intrinsic::AsyncIteratorPrototype, async_iterator.as_value().clone());
    let wrapper = cx.new_builtin_object(async_iterator.as_value())?;
    cx.define_rows(&wrapper, WRAPPER_ROWS)?;
    cx.realm().set_intrinsic(Intrinsic::AsyncFromSyncIteratorPrototype, wrapper.into());

    let iterator = cx.realm().intrinsic(Intrinsic::IteratorPrototype);
    let generator = cx.new_builtin_object(&iterator)?;
    cx.define_class(&GENERATOR_FUNCTION)?;
    link(cx, Intrinsic::GeneratorFunctionPrototype, Some(generator.clone()))?;
    cx.define_rows(&generator, GENERATOR_ROWS)?;
    cx.realm().set_intrinsic(Intrinsic::GeneratorPrototype, generator.into());

    let generator = cx.new_builtin_object(async_iterator.as_value())?;
    cx.define_class(&ASYNC_GENERATOR_FUNCTION)?;
    link(cx, Intrinsic::AsyncGeneratorFunctionPrototype, Some(generator.clone()))?;
    cx.define_rows(&generator, ASYNC_GENERATOR_ROWS)?;
    cx.realm().set_intrinsic(Intrinsic::AsyncGeneratorPrototype, generator.into());

    cx.define_class(&ASYNC_FUNCTION)?;
    link(cx, Intrinsic::AsyncFunctionPrototype, None)
}
