//! DisposableStack and AsyncDisposableStack (ECMA-262 27.3, 27.4).

use super::{Class, Key, Row, constructor, getter_magic, method, method_magic, same_as, tag};
use crate::exec::task::{Step, Task, TaskDef};
use crate::object::ShapeTable;
use crate::object::dispose::{Disposer, DisposerCell, Hint, Resource};
use crate::runtime::{Arguments, Context, Intrinsic, NativeDef, NativeKind};
use crate::text::names;
use crate::value::{JsResult, Thrown, Value};

/// The magic number says which of the two: 0 or [`ASYNC`].
const ASYNC: i32 = 1;

fn kind_of(magic: i32) -> Disposer {
    if magic == ASYNC { Disposer::AsyncStack } else { Disposer::Stack }
}

fn new_stack(what: Disposer, prototype: &Value) -> JsResult<Value> {
    let shape = ShapeTable::current().root(prototype, 0, 0)?;
    Ok(DisposerCell::create(shape, what)?.into())
}

fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let what = kind_of(call.magic);
    let fallback = match what {
        Disposer::AsyncStack => Intrinsic::AsyncDisposableStackPrototype,
        _ => Intrinsic::DisposableStackPrototype,
    };
    let prototype = cx.prototype_from_constructor(call.new_target, fallback)?;
    new_stack(what, prototype.as_value())
}

fn this_stack<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a DisposerCell> {
    let what = kind_of(call.magic);
    match call.this.downcast::<DisposerCell>().filter(|stack| stack.what() == what) {
        Some(stack) => Ok(stack),
        None if what == Disposer::AsyncStack => {
            Err(cx.throw_type_error(format_args!("not an AsyncDisposableStack")))
        }
        None => Err(cx.throw_type_error(format_args!("not a DisposableStack"))),
    }
}

/// The stack, which must not be disposed yet.
fn pending_stack<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a DisposerCell> {
    let stack = this_stack(cx, call)?;
    if stack.is_disposed() {
        return Err(cx.throw_reference_error(format_args!("stack is disposed already")));
    }
    Ok(stack)
}

fn hint(magic: i32) -> Hint {
    if magic == ASYNC { Hint::Async } else { Hint::Sync }
}

fn use_resource(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let stack = pending_stack(cx, call)?;
    cx.add_disposable(stack, call.get(0), call.magic == ASYNC)?;
    Ok(call.get(0).clone())
}

fn adopt(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let stack = pending_stack(cx, call)?;
    super::function::callback(cx, call.get(1))?;
    let (value, method) = (call.get(0).clone(), call.get(1).clone());
    stack.push(Resource { value, as_argument: true, method, hint: hint(call.magic) })?;
    Ok(call.get(0).clone())
}

fn defer(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let stack = pending_stack(cx, call)?;
    super::function::callback(cx, call.get(0))?;
    let (value, method) = (Value::UNDEFINED, call.get(0).clone());
    stack.push(Resource { value, as_argument: false, method, hint: hint(call.magic) })?;
    Ok(Value::UNDEFINED)
}

fn move_resources(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let stack = pending_stack(cx, call)?;
    let prototype = match stack.what() {
        Disposer::AsyncStack => Intrinsic::AsyncDisposableStackPrototype,
        _ => Intrinsic::DisposableStackPrototype,
    };
    let prototype = cx.realm().intrinsic(prototype);
    let made = new_stack(stack.what(), &prototype)?;
    if let Some(other) = made.downcast::<DisposerCell>() {
        stack.move_to(other);
    }
    stack.set_disposed();
    Ok(made)
}

fn disposed(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(this_stack(cx, call)?.is_disposed()))
}

fn dispose(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let stack = this_stack(cx, call)?;
    if !stack.is_disposed() {
        stack.set_disposed();
        cx.dispose_all(stack)?;
    }
    Ok(Value::UNDEFINED)
}

static DISPOSE: TaskDef = TaskDef::new(step, resume);

fn resume(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.resume_task(&DISPOSE, call)
}

/// One step of `disposeAsync`: slot 0 is the stack, slot 1 whether the disposal began.
fn step(cx: &mut Context, task: &Task, input: Result<Value, Value>) -> JsResult<Step> {
    let this = task.get(0);
    let Some(stack) = this.downcast::<DisposerCell>().filter(|stack| stack.what() == Disposer::AsyncStack)
    else {
        return Err(cx.throw_type_error(format_args!("not an AsyncDisposableStack")));
    };
    if !task.get(1).to_boolean() {
        if stack.is_disposed() {
            return Ok(Step::Done(Value::UNDEFINED));
        }
        task.set(1, Value::TRUE);
        stack.set_disposed();
    } else if let Err(reason) = input {
        cx.note_disposal_error(stack, reason)?;
    }
    Ok(match cx.dispose_step(stack)? {
        Some(value) => Step::Await(value),
        None => Step::Done(Value::UNDEFINED),
    })
}

fn dispose_async(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.start_task(&DISPOSE, &[call.this.clone(), Value::FALSE])
}

static ROWS: &[Row] = &[
    method("adopt", 2, adopt),
    method("defer", 1, defer),
    method("dispose", 0, dispose),
    getter_magic("disposed", disposed, 0),
    method("move", 0, move_resources),
    method("use", 1, use_resource),
    same_as(Key::Symbol(names::SYM_DISPOSE), "dispose"),
    tag("DisposableStack"),
];

static ASYNC_ROWS: &[Row] = &[
    method_magic("adopt", 2, adopt, ASYNC),
    method_magic("defer", 1, defer, ASYNC),
    method("disposeAsync", 0, dispose_async),
    getter_magic("disposed", disposed, ASYNC),
    method_magic("move", 0, move_resources, ASYNC),
    method_magic("use", 1, use_resource, ASYNC),
    same_as(Key::Symbol(names::SYM_ASYNC_DISPOSE), "disposeAsync"),
    tag("AsyncDisposableStack"),
];

const fn class(
    name: &'static str,
    magic: i32,
    intrinsic: Intrinsic,
    prototype_intrinsic: Intrinsic,
    prototype: &'static [Row],
) -> Class {
    let mut constructor: NativeDef = constructor(name, 0, NativeKind::Constructor, construct);
    constructor.magic = magic;
    Class {
        constructor,
        intrinsic,
        prototype_intrinsic,
        parent: Intrinsic::ObjectPrototype,
        constructor_parent: Intrinsic::FunctionPrototype,
        prototype,
        statics: &[],
        global: true,
    }
}

static STACK: Class =
    class("DisposableStack", 0, Intrinsic::DisposableStack, Intrinsic::DisposableStackPrototype, ROWS);
static ASYNC_STACK: Class = class(
    "AsyncDisposableStack",
    ASYNC,
    Intrinsic::AsyncDisposableStack,
    Intrinsic::AsyncDisposableStackPrototype,
    ASYNC_ROWS,
);

/// `%AsyncIteratorPrototype%[Symbol.asyncDispose]` (27.1.5.2): calls `return` and waits for it.
pub(super) fn async_iterator_dispose(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.start_task(&CLOSE, &[call.this.clone(), Value::FALSE])
}

static CLOSE: TaskDef = TaskDef::new(close_step, resume_close);

fn resume_close(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.resume_task(&CLOSE, call)
}

fn close_step(cx: &mut Context, task: &Task, input: Result<Value, Value>) -> JsResult<Step> {
    if task.get(1).to_boolean() {
        return match input {
            Ok(_) => Ok(Step::Done(Value::UNDEFINED)),
            Err(reason) => Err::<Step, Thrown>(cx.throw(reason)),
        };
    }
    task.set(1, Value::TRUE);
    let iterator = task.get(0);
    let method = cx.get_method(&iterator, names::RETURN)?;
    if method.is_undefined() {
        return Ok(Step::Done(Value::UNDEFINED));
    }
    Ok(Step::Await(cx.call(&method, &iterator, &[])?))
}

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_class(&STACK)?;
    cx.define_class(&ASYNC_STACK)?;
    Ok(())
}
