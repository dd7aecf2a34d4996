//! The machinery of promises (ECMA-262 27.2.1, 27.2.2): resolving, reactions, jobs, capabilities.
//!
//! What the engine does for itself (`await`, promises made by the intrinsic constructor) makes no
//! resolving functions and runs no observable code: a [`Reaction`]'s target says what to settle.

use crate::exec::interp::Resume;
use crate::object::promise::{PromiseCell, PromiseState, Reaction, Reactions};
use crate::object::{ShapeTable, VarRef};
use crate::runtime::{
    Arguments, Context, Intrinsic, NativeCell, NativeDef, NativeKind, SuspendedFrame, undefined,
};
use crate::text::names;
use crate::value::{JsResult, Object, Thrown, Value, kind};

/// A PromiseCapability record (27.2.1.1). A capability of the intrinsic constructor has no functions
/// until somebody asks for them.
#[derive(Clone)]
pub struct Capability {
    /// The promise.
    pub promise: Value,
    /// Resolves it; undefined for a promise the engine settles itself.
    pub resolve: Value,
    /// Rejects it; likewise.
    pub reject: Value,
}

const fn internal(length: u8, magic: i32, function: crate::runtime::NativeFn) -> NativeDef {
    NativeDef { name: "", length, kind: NativeKind::Function, magic, function }
}

static RESOLVE_FUNCTION: NativeDef = internal(1, 0, resolving_function);
static REJECT_FUNCTION: NativeDef = internal(1, 1, resolving_function);
static EXECUTOR: NativeDef = internal(2, 0, capability_executor);

/// The functions of CreateResolvingFunctions (27.2.1.3): slot 0 the promise, slot 1 the shared flag.
fn resolving_function(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (promise, flag) = (call.data(0), call.data(1));
    let Some(flag) = flag.downcast::<VarRef>() else { return Ok(Value::UNDEFINED) };
    if flag.get().to_boolean() {
        return Ok(Value::UNDEFINED);
    }
    flag.set(Value::TRUE);
    if call.magic == 0 {
        cx.resolve_promise(&promise, call.get(0))?;
    } else {
        cx.reject_promise(&promise, call.get(0).clone())?;
    }
    Ok(Value::UNDEFINED)
}

/// GetCapabilitiesExecutor functions (27.2.1.5.1): slots 0 and 1 receive the functions' boxes.
fn capability_executor(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    for i in 0..2 {
        let slot = call.data(i);
        let Some(place) = slot.downcast::<VarRef>() else { return Ok(Value::UNDEFINED) };
        if !place.get().is_undefined() {
            return Err(cx.throw_type_error(format_args!("promise executor was called already")));
        }
    }
    for i in 0..2 {
        if let Some(place) = call.data(i).downcast::<VarRef>() {
            place.set(call.get(i).clone());
        }
    }
    Ok(Value::UNDEFINED)
}

impl Context {
    /// A new pending promise of the intrinsic constructor.
    pub fn new_promise(&mut self) -> JsResult<Value> {
        self.collect_if_due();
        let prototype = self.realm().intrinsic(Intrinsic::PromisePrototype);
        let shape = ShapeTable::current().root(&prototype, 0, 0)?;
        Ok(PromiseCell::create(shape)?.into())
    }

    /// CreateResolvingFunctions (27.2.1.3).
    pub fn resolving_functions(&mut self, promise: &Value) -> JsResult<(Value, Value)> {
        let flag: Value = VarRef::new(Value::FALSE)?.into();
        let resolve = self.new_native(&RESOLVE_FUNCTION, &[promise.clone(), flag.clone()])?;
        let reject = self.new_native(&REJECT_FUNCTION, &[promise.clone(), flag])?;
        Ok((resolve.into(), reject.into()))
    }

    /// A promise resolve function's work (27.2.1.3.2, from step 7): does nothing to a promise that is
    /// settled already.
    pub fn resolve_promise(&mut self, promise: &Value, resolution: &Value) -> JsResult<()> {
        let Some(object) = resolution.as_object() else {
            return self.settle_promise(promise, PromiseState::Fulfilled, resolution.clone());
        };
        if promise.bits() == resolution.bits() {
            let error = self.make_error(
                Intrinsic::TypeErrorPrototype,
                format_args!("promise cannot resolve to itself"),
            )?;
            return self.reject_promise(promise, error.into());
        }
        let then = match self.get(object, names::THEN) {
            Ok(then) => then,
            Err(thrown) => {
                let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
                return self.reject_promise(promise, reason);
            }
        };
        if !self.is_callable(&then) {
            return self.settle_promise(promise, PromiseState::Fulfilled, resolution.clone());
        }
        self.enqueue(thenable_job, &[promise, resolution, &then])
    }

    /// RejectPromise (27.2.1.7); does nothing to a promise that is settled already.
    pub fn reject_promise(&mut self, promise: &Value, reason: Value) -> JsResult<()> {
        self.settle_promise(promise, PromiseState::Rejected, reason)
    }

    fn settle_promise(&mut self, promise: &Value, state: PromiseState, result: Value) -> JsResult<()> {
        let Some(cell) = promise.downcast::<PromiseCell>() else { return Ok(()) };
        if cell.state() != PromiseState::Pending {
            return Ok(());
        }
        let reactions = cell.settle(state, result.clone());
        if state == PromiseState::Rejected && !cell.is_handled() {
            self.track_rejection(promise, &result, true);
        }
        match reactions {
            Reactions::None => Ok(()),
            Reactions::One(reaction) => self.enqueue_reaction(&reaction, state, &result),
            Reactions::Many(list) => {
                for reaction in list.iter() {
                    self.enqueue_reaction(reaction, state, &result)?;
                }
                Ok(())
            }
        }
    }

    /// HostPromiseRejectionTracker: `unhandled` when a promise was rejected without a handler, false when
    /// it gets its first one later.
    fn track_rejection(&mut self, promise: &Value, reason: &Value, unhandled: bool) {
        if unhandled {
            self.rt().rejections.note(promise);
        }
        // Taken out while it runs, so that it cannot be replaced under itself.
        if let Some(mut tracker) = self.rt().rejection_tracker.take() {
            tracker(self, promise, reason, unhandled);
            self.rt().rejection_tracker.get_or_insert(tracker);
        }
    }

    fn enqueue_reaction(&mut self, reaction: &Reaction, state: PromiseState, result: &Value) -> JsResult<()> {
        let rejected = state == PromiseState::Rejected;
        if reaction.target.kind() == kind::FRAME {
            return self.enqueue(await_job, &[&reaction.target, result, &Value::boolean(rejected)]);
        }
        let handler = if rejected { &reaction.rejected } else { &reaction.fulfilled };
        self.enqueue(reaction_job, &[&reaction.target, handler, result, &Value::boolean(rejected)])
    }

    /// PerformPromiseThen (27.2.5.4.1) without the making of handlers: `promise` is a promise.
    pub fn promise_then(&mut self, promise: &Value, reaction: Reaction) -> JsResult<()> {
        let Some(cell) = promise.downcast::<PromiseCell>() else { return Ok(()) };
        match cell.state() {
            PromiseState::Pending => cell.add_reaction(reaction)?,
            state => {
                let result = cell.result();
                if state == PromiseState::Rejected && !cell.is_handled() {
                    self.track_rejection(promise, &result, false);
                }
                self.enqueue_reaction(&reaction, state, &result)?;
            }
        }
        cell.set_handled();
        Ok(())
    }

    /// PromiseResolve (27.2.4.7.1).
    pub fn promise_resolve(&mut self, constructor: &Value, value: &Value) -> JsResult<Value> {
        if value.kind() == kind::PROMISE {
            let own = self.get_value(value, names::CONSTRUCTOR)?;
            if own.bits() == constructor.bits() {
                return Ok(value.clone());
            }
        }
        let capability = self.new_capability(constructor)?;
        self.capability_resolve(&capability, value)?;
        Ok(capability.promise)
    }

    /// PromiseResolve with the intrinsic constructor.
    pub fn intrinsic_promise_resolve(&mut self, value: &Value) -> JsResult<Value> {
        let constructor = self.realm().intrinsic(Intrinsic::Promise);
        self.promise_resolve(&constructor, value)
    }

    /// Lets a suspended frame wait for a value: Await (27.7.5.3).
    pub(crate) fn await_value(&mut self, value: &Value, frame: &Value) -> JsResult<()> {
        if !value.is_object() {
            // The promise that would be made is fulfilled at once, and nobody could see it.
            return self.enqueue(await_job, &[frame, value, &Value::FALSE]);
        }
        let promise = self.intrinsic_promise_resolve(value)?;
        let reaction =
            Reaction { target: frame.clone(), fulfilled: Value::UNDEFINED, rejected: Value::UNDEFINED };
        self.promise_then(&promise, reaction)
    }

    // ----- Capabilities -----

    /// NewPromiseCapability (27.2.1.5).
    pub fn new_capability(&mut self, constructor: &Value) -> JsResult<Capability> {
        if constructor.bits() == self.realm().intrinsic(Intrinsic::Promise).bits() {
            let promise = self.new_promise()?;
            return Ok(Capability { promise, resolve: Value::UNDEFINED, reject: Value::UNDEFINED });
        }
        if !self.is_constructor(constructor) {
            let what = self.describe(constructor);
            return Err(self.throw_type_error(format_args!("{what} is not a constructor")));
        }
        let resolve = VarRef::new(Value::UNDEFINED)?;
        let reject = VarRef::new(Value::UNDEFINED)?;
        let executor = self.new_native(&EXECUTOR, &[resolve.to_value(), reject.to_value()])?;
        let promise = self.construct(constructor, &[executor.into()], constructor)?;
        let (resolve, reject) = (resolve.get(), reject.get());
        if !self.is_callable(&resolve) || !self.is_callable(&reject) {
            return Err(self.throw_type_error(format_args!("promise resolve or reject is not a function")));
        }
        Ok(Capability { promise, resolve, reject })
    }

    /// NewPromiseCapability with functions in any case.
    pub fn new_full_capability(&mut self, constructor: &Value) -> JsResult<Capability> {
        let mut capability = self.new_capability(constructor)?;
        if capability.resolve.is_undefined() {
            (capability.resolve, capability.reject) = self.resolving_functions(&capability.promise)?;
        }
        Ok(capability)
    }

    /// Calls the capability's [[Resolve]].
    pub fn capability_resolve(&mut self, capability: &Capability, value: &Value) -> JsResult<()> {
        if capability.resolve.is_undefined() {
            return self.resolve_promise(&capability.promise, value);
        }
        self.call(&capability.resolve, undefined(), core::slice::from_ref(value)).map(drop)
    }

    /// Calls the capability's [[Reject]].
    pub fn capability_reject(&mut self, capability: &Capability, reason: Value) -> JsResult<()> {
        if capability.reject.is_undefined() {
            return self.reject_promise(&capability.promise, reason);
        }
        self.call(&capability.reject, undefined(), &[reason]).map(drop)
    }

    /// IfAbruptRejectPromise (27.2.1.1.1): rejects with what was thrown and gives the promise.
    pub fn reject_with(&mut self, capability: &Capability, thrown: Thrown) -> JsResult<Value> {
        let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
        self.capability_reject(capability, reason)?;
        Ok(capability.promise.clone())
    }

    /// A capability as a reaction's target.
    pub fn capability_target(&mut self, capability: &Capability) -> JsResult<Value> {
        if capability.resolve.is_undefined() {
            return Ok(capability.promise.clone());
        }
        let parts = [capability.promise.clone(), capability.resolve.clone(), capability.reject.clone()];
        Ok(self.new_array(&parts)?.into())
    }

    /// Settles a reaction's target with an outcome.
    fn settle_target(&mut self, target: &Value, outcome: JsResult<Value>) -> JsResult<()> {
        if target.is_undefined() {
            return match outcome {
                Err(Thrown::Terminated) => Err(Thrown::Terminated),
                Err(thrown) => {
                    drop(self.caught_value(thrown));
                    Ok(())
                }
                Ok(_) => Ok(()),
            };
        }
        let mut capability =
            Capability { promise: target.clone(), resolve: Value::UNDEFINED, reject: Value::UNDEFINED };
        if let Some(parts) = target.as_object().filter(|o| o.kind() == kind::ARRAY).and_then(|o| o.as_array())
        {
            capability.promise = parts.dense(0).unwrap_or_default();
            capability.resolve = parts.dense(1).unwrap_or_default();
            capability.reject = parts.dense(2).unwrap_or_default();
        }
        match outcome {
            Ok(value) => self.capability_resolve(&capability, &value),
            Err(thrown) => self.reject_with(&capability, thrown).map(drop),
        }
    }

    // ----- Species -----

    /// SpeciesConstructor (7.3.22).
    pub fn species_constructor(&mut self, object: &Object, default: Intrinsic) -> JsResult<Value> {
        let default = self.realm().intrinsic(default);
        let constructor = self.get(object, names::CONSTRUCTOR)?;
        if constructor.is_undefined() {
            return Ok(default);
        }
        let Some(class) = constructor.as_object() else {
            return Err(self.throw_type_error(format_args!("constructor property is not an object")));
        };
        if constructor.bits() == default.bits() && has_builtin_species(class) {
            return Ok(default);
        }
        let species = self.get(class, names::SYM_SPECIES)?;
        if species.is_nullish() {
            return Ok(default);
        }
        if !self.is_constructor(&species) {
            return Err(self.throw_type_error(format_args!("species is not a constructor")));
        }
        Ok(species)
    }
}

/// Whether a constructor's own `Symbol.species` is a builtin getter, which returns the constructor.
fn has_builtin_species(class: &Object) -> bool {
    let Some((slot, _)) = class.find(names::SYM_SPECIES) else { return false };
    let value = class.slot(slot);
    value
        .downcast::<crate::object::Accessor>()
        .and_then(|accessor| accessor.getter.downcast::<NativeCell>())
        .is_some_and(|getter| getter.def().name == "[Symbol.species]")
}

/// NewPromiseReactionJob (27.2.2.1): target, handler, argument, whether rejected.
fn reaction_job(cx: &mut Context, values: &[Value]) -> JsResult<Value> {
    let [target, handler, argument, rejected] = values else { return Ok(Value::UNDEFINED) };
    let outcome = if !handler.is_undefined() {
        cx.call(handler, undefined(), core::slice::from_ref(argument))
    } else if rejected.to_boolean() {
        Err(cx.throw(argument.clone()))
    } else {
        Ok(argument.clone())
    };
    cx.settle_target(target, outcome)?;
    Ok(Value::UNDEFINED)
}

/// Goes on with a frame that awaited: frame, value, whether rejected.
fn await_job(cx: &mut Context, values: &[Value]) -> JsResult<Value> {
    let [frame, value, rejected] = values else { return Ok(Value::UNDEFINED) };
    if let Some(frame) = frame.downcast_ref::<SuspendedFrame>() {
        let how = if rejected.to_boolean() { Resume::Throw } else { Resume::Next };
        cx.go_on(&frame, how, value.clone())?;
    }
    Ok(Value::UNDEFINED)
}

/// NewPromiseResolveThenableJob (27.2.2.2): promise, thenable, then.
fn thenable_job(cx: &mut Context, values: &[Value]) -> JsResult<Value> {
    let [promise, thenable, then] = values else { return Ok(Value::UNDEFINED) };
    let (resolve, reject) = cx.resolving_functions(promise)?;
    if let Err(thrown) = cx.call(then, thenable, &[resolve, reject.clone()]) {
        let Some(reason) = cx.caught_value(thrown) else { return Err(thrown) };
        cx.call(&reject, undefined(), &[reason])?;
    }
    Ok(Value::UNDEFINED)
}

/// Resolves a promise: promise, value.
pub(crate) fn resolve_job(cx: &mut Context, values: &[Value]) -> JsResult<Value> {
    let [promise, value] = values else { return Ok(Value::UNDEFINED) };
    cx.resolve_promise(promise, value)?;
    Ok(Value::UNDEFINED)
}
