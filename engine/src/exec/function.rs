//! Functions as objects: calling and constructing from native code, and the properties that are
//! made when they are first touched.

use crate::object::exotic::ProxyCell;
use crate::object::{PropertyFlags, ShapeTable, shape_flags};
use crate::runtime::machine::{FRAME_NATIVE, Frame};
use crate::runtime::{
    Arguments, BoundCell, ClosureCell, Context, Intrinsic, NativeCell, NativeDef, NativeKind,
};
use crate::text::{Atom, RawAtom, StringBuilder, names};
use crate::value::{JsResult, JsString, Object, Value, kind};

impl Context {
    /// IsCallable (7.2.3).
    #[inline]
    pub fn is_callable(&self, value: &Value) -> bool {
        match value.kind() {
            kind::CLOSURE | kind::NATIVE | kind::BOUND => true,
            kind::PROXY => value.downcast::<ProxyCell>().is_some_and(ProxyCell::is_callable),
            _ => false,
        }
    }

    /// IsConstructor (7.2.4).
    pub fn is_constructor(&self, value: &Value) -> bool {
        match value.kind() {
            kind::CLOSURE => value.downcast::<ClosureCell>().is_some_and(|c| c.code().flags.constructor()),
            kind::NATIVE => value.downcast::<NativeCell>().is_some_and(|c| c.def().is_constructor()),
            kind::BOUND => value.downcast::<BoundCell>().is_some_and(|bound| bound.constructor),
            kind::PROXY => value.downcast::<ProxyCell>().is_some_and(ProxyCell::is_constructor),
            _ => false,
        }
    }

    /// Call (7.3.14): a TypeError if `callee` is not callable.
    pub fn call(&mut self, callee: &Value, this: &Value, arguments: &[Value]) -> JsResult<Value> {
        match callee.kind() {
            kind::CLOSURE => self.call_closure(callee, this, arguments, &Value::UNDEFINED),
            kind::NATIVE => self.call_native(callee, this, arguments, &Value::UNDEFINED),
            kind::BOUND => {
                self.check_native_stack()?;
                let Some(bound) = callee.downcast::<BoundCell>() else { return Ok(Value::UNDEFINED) };
                let (target, this) = (bound.target.clone(), bound.this.clone());
                let all = self.bound_arguments(bound, arguments)?;
                self.call(target.as_value(), &this, &all)
            }
            kind::PROXY if self.is_callable(callee) => {
                self.check_native_stack()?;
                self.proxy_call(callee, this, arguments)
            }
            _ => {
                let what = self.describe(callee);
                Err(self.throw_type_error(format_args!("{what} is not a function")))
            }
        }
    }

    /// Construct (7.3.15): a TypeError if `callee` is no constructor.
    pub fn construct(&mut self, callee: &Value, arguments: &[Value], new_target: &Value) -> JsResult<Value> {
        if !self.is_constructor(callee) {
            let what = self.describe(callee);
            return Err(self.throw_type_error(format_args!("{what} is not a constructor")));
        }
        match callee.kind() {
            kind::CLOSURE => self.call_closure(callee, &Value::UNDEFINED, arguments, new_target),
            kind::NATIVE => self.call_native(callee, &Value::UNDEFINED, arguments, new_target),
            kind::BOUND => {
                self.check_native_stack()?;
                let Some(bound) = callee.downcast::<BoundCell>() else { return Ok(Value::UNDEFINED) };
                let target = bound.target.clone();
                let all = self.bound_arguments(bound, arguments)?;
                let same = new_target.bits() == callee.bits();
                let new_target = if same { target.as_value().clone() } else { new_target.clone() };
                self.construct(target.as_value(), &all, &new_target)
            }
            _ => {
                self.check_native_stack()?;
                self.proxy_construct(callee, arguments, new_target)
            }
        }
    }

    fn bound_arguments(
        &mut self,
        bound: &BoundCell,
        arguments: &[Value],
    ) -> JsResult<crate::mem::Vec<'static, Value>> {
        let mut all = self.scratch();
        if let Some(array) = bound.arguments.as_array() {
            for i in 0..array.length() {
                all.try_push(array.dense(i).unwrap_or_default())?;
            }
        }
        for argument in arguments {
            all.try_push(argument.clone())?;
        }
        Ok(all)
    }

    /// Calls a native function, in its realm, with a control frame of its own.
    pub(crate) fn call_native(
        &mut self,
        callee: &Value,
        this: &Value,
        arguments: &[Value],
        new_target: &Value,
    ) -> JsResult<Value> {
        self.check_native_stack()?;
        self.collect_if_due();
        let Some(cell) = callee.downcast::<NativeCell>() else { return Ok(Value::UNDEFINED) };
        let Some(object) = callee.as_object() else { return Ok(Value::UNDEFINED) };
        let def = cell.def();
        if def.kind == NativeKind::Constructor && new_target.is_undefined() {
            return Err(self.throw_type_error(format_args!("constructor {} requires 'new'", def.name)));
        }
        self.pay(1)?;
        let machine = &mut self.rt().machine;
        machine.start()?;
        // SAFETY: the machine has started; `grow_frames` makes room.
        unsafe {
            if machine.frame.add(1) == machine.frame_end {
                machine.grow_frames()?;
            }
            machine.frame = machine.frame.add(1);
            let mut frame = Frame::blank();
            frame.flags = FRAME_NATIVE;
            frame.resumable = callee.raw();
            machine.frame.write(frame);
        }
        let call = Arguments { this, list: arguments, new_target, callee: object, magic: def.magic };
        // SAFETY: the native's realm is kept alive by the native, which the caller holds.
        let mut context = unsafe { Context::new(self.rt_ptr(), cell.realm().cell_unchecked().cast()) };
        call.check(None);
        let result = (def.function)(&mut context, &call);
        call.check(Some(&result));
        let machine = &mut self.rt().machine;
        // SAFETY: natives leave the frames as they found them.
        unsafe { machine.frame = machine.frame.sub(1) };
        result
    }

    // ----- Lazy properties -----

    /// Whether `key` names a property that the function will have once it is materialised.
    #[inline]
    pub(crate) fn has_lazy(&self, object: &Object, key: RawAtom) -> bool {
        matches!(object.kind(), kind::CLOSURE | kind::NATIVE)
            && matches!(
                key,
                names::LENGTH | names::NAME | names::PROTOTYPE | names::CALLER | names::ARGUMENTS
            )
            && object.shape().has(shape_flags::LAZY_FUNCTION)
    }

    /// Makes a function's `length`, `name` and `prototype`, if that was not done yet.
    #[inline]
    pub(crate) fn materialize(&mut self, object: &Object) -> JsResult<()> {
        if object.shape().has(shape_flags::LAZY_FUNCTION) { self.materialize_slow(object) } else { Ok(()) }
    }

    #[cold]
    fn materialize_slow(&mut self, object: &Object) -> JsResult<()> {
        let mut caller = false;
        let (length, name, prototype) = if let Some(cell) = object.downcast::<ClosureCell>() {
            let code = cell.code();
            // Of old, `f.caller` and `f.arguments` did not throw: sloppy functions may have them (17.1).
            caller = code.flags.has_prototype() && !code.flags.strict() && !code.flags.generator();
            let prototype = if code.flags.has_prototype() && !code.flags.class_constructor() {
                // SAFETY: the function keeps its code and with it its realm alive.
                let mut cx = unsafe { Context::new(self.rt_ptr(), code.realm.cell_unchecked().cast()) };
                Some(cx.new_function_prototype(object, code.flags.generator(), code.flags.async_())?)
            } else {
                None
            };
            (i32::from(code.template.length), code.name().to_js_string()?, prototype)
        } else if let Some(cell) = object.downcast::<NativeCell>() {
            (i32::from(cell.def().length), native_name(cell.def())?, None)
        } else {
            return Ok(());
        };
        if object.shape().has(shape_flags::UNIQUE) {
            object.clear_shape_flag(shape_flags::LAZY_FUNCTION);
        } else {
            let root = self.rt().shapes.root(&object.prototype(), 0, 0)?;
            object.replace_empty_shape(root);
        }
        let add = |key, value, flags| object.add_property(key, value, flags);
        add(names::LENGTH, Value::int(length), PropertyFlags::CONFIG)?;
        add(names::NAME, name.into(), PropertyFlags::CONFIG)?;
        if let Some(prototype) = prototype {
            add(names::PROTOTYPE, prototype.into(), PropertyFlags(PropertyFlags::WRITABLE))?;
        }
        if caller {
            add(names::CALLER, Value::UNDEFINED, PropertyFlags::FIXED)?;
            add(names::ARGUMENTS, Value::NULL, PropertyFlags::FIXED)?;
        }
        Ok(())
    }

    /// The `prototype` object of a new function: of an ordinary function with `constructor`, of a
    /// generator without.
    fn new_function_prototype(
        &mut self,
        function: &Object,
        generator: bool,
        is_async: bool,
    ) -> JsResult<Object> {
        if generator {
            let which =
                if is_async { Intrinsic::AsyncGeneratorPrototype } else { Intrinsic::GeneratorPrototype };
            let parent = self.intrinsic(which);
            return self.new_object_with_prototype(&parent);
        }
        let prototype = Object::with_shape(self.realm().literal_shape(4))?;
        prototype.add_property(names::CONSTRUCTOR, function.as_value().clone(), PropertyFlags::HIDDEN)?;
        Ok(prototype)
    }

    /// SetFunctionName (10.2.9) on a function that has no own `name` yet.
    pub fn set_function_name(&mut self, function: &Object, key: RawAtom, prefix: &str) -> JsResult<()> {
        let name = function_name(key, prefix)?;
        self.materialize(function)?;
        self.define_builtin(function, names::NAME, name.into(), PropertyFlags::CONFIG)
    }

    /// A new native function object in this realm, with data slots.
    pub fn new_native(&mut self, def: &'static NativeDef, data: &[Value]) -> JsResult<Object> {
        let shape = ShapeTable::current().get(self.realm().shapes().native);
        NativeCell::create(shape, def, self.realm_value(), data.iter().cloned())
    }

    /// GetPrototypeFromConstructor (10.1.14): `default` from the realm of `new_target` where it has
    /// no object as `prototype`.
    pub fn prototype_from_constructor(&mut self, new_target: &Value, default: Intrinsic) -> JsResult<Object> {
        let Some(constructor) = new_target.as_object() else { return Ok(self.intrinsic(default)) };
        let prototype = self.get(constructor, names::PROTOTYPE)?;
        if let Ok(prototype) = Object::try_from(prototype) {
            self.materialize(&prototype)?;
            return Ok(prototype);
        }
        let realm = self.function_realm(constructor)?;
        // SAFETY: the realm value keeps its cell alive for this block.
        let context = unsafe { Context::new(self.rt_ptr(), realm.cell_unchecked().cast()) };
        Ok(context.intrinsic(default))
    }

    /// GetFunctionRealm (7.3.25): a realm cell.
    pub fn function_realm(&mut self, function: &Object) -> JsResult<Value> {
        let mut at = function.clone();
        loop {
            if let Some(cell) = at.downcast::<ClosureCell>() {
                return Ok(cell.code().realm.clone());
            }
            if let Some(cell) = at.downcast::<NativeCell>() {
                return Ok(cell.realm().clone());
            }
            let next = if let Some(bound) = at.downcast::<BoundCell>() {
                bound.target.clone()
            } else if let Some(proxy) = at.downcast::<ProxyCell>() {
                match Object::try_from(proxy.target()) {
                    Ok(target) => target,
                    Err(_) => return Err(self.throw_type_error(format_args!("proxy has been revoked"))),
                }
            } else {
                return Ok(self.realm_value());
            };
            at = next;
        }
    }

    /// An error when the native stack is nearly used up.
    #[inline]
    pub fn check_native_stack(&mut self) -> JsResult<()> {
        if crate::runtime::thread_stack::here() < self.rt().native_stack_floor {
            return Err(crate::value::Thrown::StackOverflow);
        }
        Ok(())
    }

    /// A new array of values.
    pub fn new_array(&mut self, values: &[Value]) -> JsResult<Object> {
        self.collect_if_due();
        let shape = ShapeTable::current().get(self.realm().shapes().array);
        let array = crate::object::ArrayCell::create(shape, values.len())?;
        if let Some(cell) = array.as_array() {
            for value in values {
                if cell.push_dense(value.clone())?.is_err() {
                    return Err(crate::value::Thrown::OutOfMemory);
                }
            }
        }
        Ok(array)
    }

    /// Appends to an array under construction, which no script has seen.
    pub(crate) fn append_element(&mut self, array: &Object, value: Value) -> JsResult<()> {
        let Some(cell) = array.as_array() else { return Ok(()) };
        match cell.push_dense(value)? {
            Ok(()) => Ok(()),
            Err(value) => self.create_index_or_throw(array, u64::from(cell.length()), value),
        }
    }

    /// A new array of the values of a list of keys or strings.
    pub fn new_array_from_atoms(&mut self, atoms: &[Atom]) -> JsResult<Object> {
        let array = self.new_array(&[])?;
        for atom in atoms {
            let value = atom.to_value()?;
            if let Some(cell) = array.as_array()
                && cell.push_dense(value)?.is_err()
            {
                return Err(crate::value::Thrown::OutOfMemory);
            }
        }
        Ok(array)
    }
}

fn native_name(def: &NativeDef) -> JsResult<JsString> {
    let prefix = match def.kind {
        NativeKind::Getter => "get ",
        NativeKind::Setter => "set ",
        _ => "",
    };
    let mut name = StringBuilder::new();
    name.push_str(prefix)?;
    name.push_str(def.name)?;
    name.finish()
}

/// The `name` of a function that is the value of a property: the key, a symbol's description in brackets.
fn function_name(key: RawAtom, prefix: &str) -> JsResult<JsString> {
    let mut name = StringBuilder::new();
    name.push_str(prefix)?;
    let text = key.to_js_string()?;
    if key.is_symbol() {
        let value = key.to_value()?;
        let described = value.as_symbol().is_some_and(|s| !s.cell().description().is_undefined());
        if described {
            name.push_str("[")?;
            name.push(&text)?;
            name.push_str("]")?;
        }
    } else {
        name.push(&text)?;
    }
    name.finish()
}
