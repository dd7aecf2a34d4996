//! Inline caches: the look-up an instruction does when its cache did not help, and what it learns.
//!
//! # Invariants
//! - A cache is filled only for shapes that may be cached ([`Shape::is_cacheable`]) and for plain
//!   data properties.
//! - What was found through the prototype chain is guarded by the epoch: every object on a chain has a
//!   unique shape whose changes bump it, and so does replacing a prototype's value.

use super::{Flow, Interp};
use crate::object::iteration::{Iteration, IteratorCell};
use crate::object::{Accessor, PropertyFlags, Shape, ShapeTable, VarRef, mark_as_prototype, shape_flags};
use crate::runtime::code::{CacheKind, InlineCache};
use crate::runtime::{Context, Intrinsic};
use crate::text::{RawAtom, names};
use crate::value::{JsResult, Object, Value, kind};

/// A cache that was refilled this often gives up.
const MAX_MISSES: u8 = 200;

impl Interp {
    fn cache(&self, index: usize) -> *mut InlineCache {
        // SAFETY: the verifier checked the cache's index.
        unsafe { self.code().caches.add(index) }
    }
}

/// Whether objects of this kind look up named properties as ordinary objects do, for keys that
/// are neither integers nor `length`.
fn is_plain_kind(kind: u8, key: RawAtom) -> bool {
    match kind {
        kind::PROXY | kind::NAMESPACE | kind::TYPED_ARRAY => false,
        kind::ARRAY | kind::PRIMITIVE => !key.is_integer() && key != names::LENGTH,
        kind::ARGUMENTS => !key.is_integer(),
        _ => true,
    }
}

/// `object.name` where the cache at `index` did not know it.
pub(super) fn get_field(i: Interp, object: &Value, index: usize) -> JsResult<Value> {
    let cache = i.cache(index);
    // SAFETY: the cache is the running code's; nothing else refers to it.
    let key = unsafe { (*cache).atom };
    let mut cx = i.cx();
    let start = match object.as_object() {
        Some(target) => target.clone(),
        None => {
            if let Some(string) = object.as_string() {
                if key == names::LENGTH {
                    return Ok(Value::int(string.len() as i32));
                }
                if !key.is_integer() {
                    let prototype = cx.intrinsic(Intrinsic::StringPrototype);
                    // SAFETY: as above.
                    unsafe { learn_string_method(prototype, key, cache) };
                }
            }
            return cx.get_value(object, key);
        }
    };
    if is_plain_kind(start.kind(), key) {
        // SAFETY: as above.
        unsafe { learn_get(&start, key, cache) };
    }
    cx.get(&start, key)
}

unsafe fn learn_get(object: &Object, key: RawAtom, cache: *mut InlineCache) {
    // SAFETY: the caller's cache is alive and nobody else's.
    unsafe {
        let shape = object.shape();
        if !shape.is_cacheable()
            || (*cache).kind == CacheKind::Megamorphic
            || shape.has(shape_flags::LAZY_FUNCTION)
        {
            return;
        }
        let word = object.as_cell().as_ref().word();
        if let Some((slot, flags)) = shape.find(key) {
            if flags.is_plain() && note_miss(cache) {
                learn_own(shape, slot, word, cache);
            }
            return;
        }
        if let Ok(prototype) = Object::try_from(object.prototype())
            && let Some((address, flags)) = find_on_chain(prototype, key)
            && note_miss(cache)
        {
            (*cache).kind = if flags.is_plain() { CacheKind::Prototype } else { CacheKind::Accessor };
            (*cache).word2 = word;
            (*cache).aux = address as u64;
            (*cache).epoch = ShapeTable::current().epoch();
        }
    }
}

/// The address of the slot of a property that a prototype or one of its prototypes has, where the epoch
/// guards it.
fn find_on_chain(prototype: Object, key: RawAtom) -> Option<(usize, PropertyFlags)> {
    let mut at = prototype;
    loop {
        let shape = at.shape();
        if !is_plain_kind(at.kind(), key)
            || shape.has(shape_flags::LAZY_FUNCTION)
            || !shape.has(shape_flags::PROTOTYPE)
        {
            return None;
        }
        if let Some((slot, flags)) = shape.find(key) {
            return (flags.is_plain() || flags.is_accessor()).then(|| (at.slot_address(slot), flags));
        }
        at = Object::try_from(at.prototype()).ok()?;
    }
}

unsafe fn learn_string_method(prototype: Object, key: RawAtom, cache: *mut InlineCache) {
    // SAFETY: the caller's cache is alive and nobody else's.
    unsafe {
        // No object has it as its prototype: nobody has said yet that its changes matter.
        if mark_as_prototype(&prototype).is_ok()
            && (*cache).kind != CacheKind::Megamorphic
            && let Some((address, flags)) = find_on_chain(prototype, key)
            && flags.is_plain()
            && note_miss(cache)
        {
            (*cache).kind = CacheKind::StringMethod;
            (*cache).word2 = crate::runtime::code::NO_WORD;
            (*cache).aux = address as u64;
            (*cache).epoch = ShapeTable::current().epoch();
        }
    }
}

/// Counts a refill; false when the cache gives up.
unsafe fn note_miss(cache: *mut InlineCache) -> bool {
    // SAFETY: the caller's cache is alive and nobody else's.
    unsafe {
        (*cache).misses = (*cache).misses.saturating_add(1);
        if (*cache).misses > MAX_MISSES {
            (*cache).flush();
            (*cache).kind = CacheKind::Megamorphic;
            return false;
        }
        true
    }
}

unsafe fn learn_own(shape: &Shape, slot: u32, word: u32, cache: *mut InlineCache) {
    let inline = shape.inline_capacity();
    // SAFETY: the caller's cache is alive and nobody else's.
    unsafe {
        if slot < inline {
            (*cache).word = word;
            (*cache).offset = (crate::object::HEAD_BYTES + slot as usize * 8) as u16;
        } else {
            (*cache).kind = CacheKind::OwnExt;
            (*cache).word2 = word;
            (*cache).offset2 = slot - inline;
        }
    }
}

/// The accessor that the cache at `index` knows for an object.
unsafe fn known_accessor(i: Interp, object: &Value, index: usize) -> Option<&'static Accessor> {
    let cache = i.cache(index);
    // SAFETY: the cache is the running code's; while its epoch holds, the slot at the address lives and has an
    // accessor. What is in it is copied before anything runs.
    unsafe {
        if (*cache).kind != CacheKind::Accessor
            || !object.is_cell()
            || object.cell_unchecked().as_ref().word() != (*cache).word2
            || (*cache).epoch != ShapeTable::current().epoch()
        {
            return None;
        }
        (*core::ptr::with_exposed_provenance::<Value>((*cache).aux as usize)).downcast::<Accessor>()
    }
}

/// Ends an instruction of `size` bytes that pushes `object.name`: a getter runs in a frame above this one.
pub(super) unsafe fn push_field(i: Interp, object: Value, index: usize, size: usize) -> JsResult<Flow> {
    let getter = known_accessor(i, &object, index).map(|accessor| accessor.getter.clone());
    if let Some(getter) = getter.filter(|getter| i.cx().is_callable(getter)) {
        let closure = getter.kind() == kind::CLOSURE;
        i.push(object);
        i.push(getter);
        return if closure { i.call_getter(size) } else { i.call_on_stack(0, size) };
    }
    let value = get_field(i, &object, index)?;
    i.push(value);
    i.done(size)
}

/// Ends an instruction of `size` bytes that stores `object.name`: a setter runs in a frame above this one,
/// and what it returns is dropped.
pub(super) unsafe fn store_field(
    i: Interp,
    object: Value,
    value: Value,
    index: usize,
    size: usize,
) -> JsResult<Flow> {
    let setter = known_accessor(i, &object, index).map(|accessor| accessor.setter.clone());
    if let Some(setter) = setter.filter(|setter| setter.kind() == kind::CLOSURE) {
        return i.call_and_drop(object, setter, Some(value), size);
    }
    put_field(i, &object, value, index)?;
    i.done(size)
}

/// `object.name = value` where the cache at `index` did not know it.
pub(super) fn put_field(i: Interp, object: &Value, value: Value, index: usize) -> JsResult<()> {
    let cache = i.cache(index);
    // SAFETY: the cache is the running code's; nothing else refers to it.
    let key = unsafe { (*cache).atom };
    let strict = i.is_strict();
    let mut cx = i.cx();
    let Some(target) = object.as_object() else { return cx.set_value(object, key, value, strict) };
    let before = target.shape();
    let learnable = is_plain_kind(target.kind(), key)
        && before.is_cacheable()
        && !before.has(shape_flags::PROTOTYPE | shape_flags::LAZY_FUNCTION);
    if learnable {
        // SAFETY: as above.
        unsafe {
            if let Some((slot, flags)) = before.find(key)
                && flags.is_plain()
                && flags.is_writable()
                && (*cache).kind != CacheKind::Megamorphic
            {
                if note_miss(cache) {
                    learn_own(before, slot, target.as_cell().as_ref().word(), cache);
                }
                target.set_slot(slot, value);
                return Ok(());
            }
        }
    }
    if learnable && before.find(key).is_none() {
        // SAFETY: as above.
        unsafe { learn_setter(target, before, key, cache) };
    }
    let old_word = word_of(target);
    // A setter may take the shape away from its last object, and collect.
    let held = learnable.then(|| before.to_value());
    cx.set_value(object, key, value, strict)?;
    if held.is_some() && !before.has(shape_flags::UNIQUE) {
        // SAFETY: as above.
        unsafe { learn_add(target, before, old_word, key, cache) };
    }
    Ok(())
}

fn word_of(object: &Object) -> u32 {
    // SAFETY: the object is alive.
    unsafe { object.as_cell().as_ref().word() }
}

/// Learns that a store calls a setter of a prototype.
unsafe fn learn_setter(object: &Object, before: &Shape, key: RawAtom, cache: *mut InlineCache) {
    // SAFETY: the caller's cache is alive and nobody else's.
    unsafe {
        if (*cache).kind != CacheKind::Megamorphic
            && let Ok(prototype) = Object::try_from(before.prototype().clone())
            && let Some((address, flags)) = find_on_chain(prototype, key)
            && flags.is_accessor()
            && note_miss(cache)
        {
            (*cache).kind = CacheKind::Accessor;
            (*cache).word2 = word_of(object);
            (*cache).aux = address as u64;
            (*cache).epoch = ShapeTable::current().epoch();
        }
    }
}

/// Learns the transition that a store has just made, if it was a plain one.
unsafe fn learn_add(object: &Object, before: &Shape, old_word: u32, key: RawAtom, cache: *mut InlineCache) {
    let after = object.shape();
    let Some((slot, flags)) = after.find(key) else { return };
    let added = after.count() == before.count() + 1 && slot == before.count();
    if !added || after.has(shape_flags::UNIQUE) || flags != PropertyFlags::DEFAULT {
        return;
    }
    // SAFETY: the caller's cache is alive and nobody else's.
    unsafe {
        if (*cache).kind == CacheKind::Megamorphic || !note_miss(cache) {
            return;
        }
        let inline = after.inline_capacity();
        let is_inline = slot < inline;
        (*cache).kind = if is_inline { CacheKind::AddInline } else { CacheKind::AddExt };
        (*cache).word2 = old_word;
        (*cache).offset2 =
            if is_inline { crate::object::HEAD_BYTES as u32 + slot * 8 } else { slot - inline };
        (*cache).aux = u64::from(word_of(object));
        // No setter and no read-only property on the chain: that could only change with the epoch.
        (*cache).epoch = ShapeTable::current().epoch();
    }
}

/// What [`look_up`] found.
pub(super) enum Found {
    /// The value of a data property.
    Value(Value),
    /// There is no such property.
    Nothing,
    /// The protocol must be followed.
    Unknown,
}

/// A named property of an object, its own or inherited, as far as shapes tell.
pub(super) fn look_up(object: &Object, key: RawAtom) -> Found {
    let mut at = object;
    loop {
        let shape = at.shape();
        // Kinds whose shapes hold all their named properties.
        let simple =
            matches!(at.kind(), kind::OBJECT | kind::ARRAY | kind::ITERATOR | kind::CLOSURE | kind::NATIVE);
        if !simple || !is_plain_kind(at.kind(), key) || shape.has(shape_flags::LAZY_FUNCTION) {
            return Found::Unknown;
        }
        if let Some((slot, flags)) = shape.find(key) {
            return if flags.is_plain() { Found::Value(at.slot(slot)) } else { Found::Unknown };
        }
        match shape.prototype().as_object() {
            Some(next) => at = next,
            None => return Found::Nothing,
        }
    }
}

/// The key that a string is already.
fn string_key(key: &Value) -> Option<RawAtom> {
    let index = key.as_string()?.atom_index();
    (index != 0).then(|| RawAtom::from_index(index))
}

/// `object[key]` beyond the handler's cases.
pub(super) fn get_element(i: Interp, object: &Value, key: &Value) -> JsResult<Value> {
    if let (Some(target), Some(key)) = (object.as_object(), string_key(key)) {
        match look_up(target, key) {
            Found::Value(value) => return Ok(value),
            Found::Nothing => return Ok(Value::UNDEFINED),
            Found::Unknown => {}
        }
    }
    i.cx().get_element(object, key)
}

/// `key in object`.
pub(super) fn has_element(i: Interp, key: &Value, object: &Value) -> JsResult<bool> {
    if let (Some(target), Some(key)) = (object.as_object(), string_key(key)) {
        match look_up(target, key) {
            Found::Value(_) => return Ok(true),
            Found::Nothing => return Ok(false),
            Found::Unknown => {}
        }
    }
    i.cx().has_element(key, object)
}

/// The iterator of an array and its `next`, where both methods are the builtin ones.
pub(super) fn open_array(i: Interp, iterable: &Value) -> JsResult<Option<(Value, Value)>> {
    let cx = i.cx();
    let plain = iterable.as_object().is_some_and(|object| word_of(object) == cx.array_word());
    if !plain {
        return Ok(None);
    }
    let builtin = cx.realm().intrinsic(Intrinsic::ArrayProtoValues);
    let (arrays, iterators) =
        (cx.intrinsic(Intrinsic::ArrayPrototype), cx.intrinsic(Intrinsic::ArrayIteratorPrototype));
    let own = |object: &Object, key| match object.find(key) {
        Some((slot, flags)) if flags.is_plain() => Some(object.slot(slot)),
        _ => None,
    };
    let method = own(&arrays, names::SYM_ITERATOR);
    let (Some(next), true) =
        (own(&iterators, names::NEXT), method.is_some_and(|m| m.bits() == builtin.bits()))
    else {
        return Ok(None);
    };
    let shape = ShapeTable::current().root(&iterators, 0, 0)?;
    let iterator = IteratorCell::create(shape, Iteration::ArrayValues, iterable.clone(), Value::UNDEFINED)?;
    Ok(Some((iterator.into(), next)))
}

/// Whether an iterator has no `return` method for sure.
pub(super) fn needs_no_close(iterator: &Value) -> bool {
    iterator.kind() == kind::ITERATOR
        && iterator.as_object().is_some_and(|object| matches!(look_up(object, names::RETURN), Found::Nothing))
}

/// `object[key] = value` beyond the handler's case.
pub(super) fn put_element(i: Interp, object: &Value, key: &Value, value: Value) -> JsResult<()> {
    let mut cx = i.cx();
    let mut value = value;
    if let (Some(target), Some(index)) = (object.as_object(), key.as_index())
        && target.kind() == kind::ARRAY
        && index >= 0
        && let Some(array) = target.as_array()
    {
        let index = index as u32;
        let plain = word_of(target) == cx.array_word() && !ShapeTable::current().has_indexed_prototypes();
        if index < array.length() && array.dense(index).is_some() {
            array.set_dense(index, value);
            return Ok(());
        }
        if plain && index <= array.length() {
            match array.put_dense(index, value)? {
                Ok(()) => return Ok(()),
                Err(back) => value = back,
            }
        }
    }
    if let (Some(target), Some(key)) = (object.as_object(), string_key(key))
        && target.kind() == kind::OBJECT
        && target.is_extensible_shape()
        && !target.shape().has(shape_flags::PROTOTYPE)
        && matches!(look_up(target, key), Found::Nothing)
    {
        return target.add_property(key, value, PropertyFlags::DEFAULT);
    }
    cx.set_element(object, key, value, i.is_strict())
}

/// A global variable: from the lexical scope, then from the global object. `None` when there is none.
pub(super) fn get_global(i: Interp, index: usize) -> JsResult<Option<Value>> {
    let cache = i.cache(index);
    // SAFETY: the cache is the running code's; nothing else refers to it.
    let key = unsafe { (*cache).atom };
    let mut cx = i.cx();
    let lexicals = cx.realm().lexicals();
    if let Some((slot, _)) = lexicals.find(key) {
        let variable = lexicals.slot(slot);
        let value = cx.read_variable(&variable, key)?;
        if let Some(variable) = variable.downcast::<VarRef>() {
            let address = core::ptr::from_ref(variable).addr() + VarRef::VALUE_OFFSET;
            // SAFETY: as above. Global lexical bindings live as long as their realm.
            unsafe { learn_global(cache, address) };
        }
        return Ok(Some(value));
    }
    let global = cx.global();
    if let Some((slot, flags)) = global.find(key)
        && flags.is_plain()
    {
        // SAFETY: as above. The global object's shape is unique: adding, removing or redefining
        // a property bumps the epoch.
        unsafe { learn_global(cache, global.slot_address(slot)) };
        return Ok(Some(global.slot(slot)));
    }
    if !cx.has_property(&global, key)? {
        return Ok(None);
    }
    cx.get(&global, key).map(Some)
}

/// The value of a global variable, if there is one.
pub(super) fn find_global(i: Interp, key: RawAtom) -> JsResult<Option<Value>> {
    let mut cx = i.cx();
    let lexicals = cx.realm().lexicals();
    if let Some((slot, _)) = lexicals.find(key) {
        return cx.read_variable(&lexicals.slot(slot), key).map(Some);
    }
    let global = cx.global();
    if !cx.has_property(&global, key)? {
        return Ok(None);
    }
    cx.get(&global, key).map(Some)
}

/// A global variable that has just been assigned: where it is, unless a store there has to be asked about.
pub(super) fn learn_put_global(i: Interp, index: usize) {
    let cache = i.cache(index);
    let cx = i.cx();
    // SAFETY: the cache is the running code's; addresses are good as in `get_global`.
    unsafe {
        let key = (*cache).atom;
        let lexicals = cx.realm().lexicals();
        if let Some((slot, flags)) = lexicals.find(key) {
            let variable = lexicals.slot(slot);
            if let Some(variable) = variable.downcast::<VarRef>().filter(|_| flags.is_writable()) {
                learn_global(cache, core::ptr::from_ref(variable).addr() + VarRef::VALUE_OFFSET);
            }
            return;
        }
        let global = cx.global();
        if let Some((slot, flags)) = global.find(key)
            && flags.is_plain()
            && flags.is_writable()
            && !global.shape().has(shape_flags::PROTOTYPE)
        {
            learn_global(cache, global.slot_address(slot));
        }
    }
}

/// CreateDataProperty of a literal or a class field: learns the transition, and stores.
pub(super) fn define_field(i: Interp, target: &Object, value: Value, index: usize) -> JsResult<()> {
    let cache = i.cache(index);
    // SAFETY: the cache is the running code's; nothing else refers to it.
    let key = unsafe { (*cache).atom };
    let before = target.shape();
    let learnable = is_plain_kind(target.kind(), key)
        && before.is_cacheable()
        && !before.has(shape_flags::PROTOTYPE | shape_flags::LAZY_FUNCTION | shape_flags::UNIQUE);
    let old_word = word_of(target);
    i.cx().create_data_property_or_throw(target, key, value)?;
    if learnable {
        // SAFETY: as above.
        unsafe { learn_add(target, before, old_word, key, cache) };
    }
    Ok(())
}

unsafe fn learn_global(cache: *mut InlineCache, address: usize) {
    // SAFETY: the caller's cache is alive and nobody else's.
    unsafe {
        (*cache).kind = CacheKind::Lexical;
        (*cache).aux = address as u64;
        (*cache).epoch = ShapeTable::current().epoch();
    }
}

impl Context {
    /// Header word of an array that nobody has given properties of its own.
    #[inline]
    pub(crate) fn array_word(&self) -> u32 {
        self.realm().array_word()
    }

    /// The shape of a new closure.
    pub(crate) fn closure_shape(&mut self, flags: crate::code::function::Flags) -> JsResult<&'static Shape> {
        let prototype = match (flags.generator(), flags.async_()) {
            (false, false) => return Ok(ShapeTable::current().get(self.realm().shapes().function)),
            (true, false) => Intrinsic::GeneratorFunctionPrototype,
            (false, true) => Intrinsic::AsyncFunctionPrototype,
            (true, true) => Intrinsic::AsyncGeneratorFunctionPrototype,
        };
        let prototype = self.intrinsic(prototype);
        self.rt().shapes.root(&prototype, 0, shape_flags::LAZY_FUNCTION)
    }
}
