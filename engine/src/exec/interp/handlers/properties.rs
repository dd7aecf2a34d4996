//! Handlers of properties and elements.
#![allow(clippy::undocumented_unsafe_blocks, reason = "the module's invariants are every handler's reason")]

use super::*;
use crate::object::PropertyFlags;
use crate::text::RawAtom;
use crate::value::Object;

handlers! {
    // ----- Properties -----
    get_field s {
        let object = s.top(1);
        if object.is_cell() {
            let cache = s.cache(1);
            if word(object) == (*cache).word {
                let value = copy(*slot_at(object, (*cache).offset));
                s.put(1, value);
                let s = s.skip(3);
                if decrement(object) { return D::free(s, object) }
                return D::next(s);
            }
        }
        D::alternative::<GetFieldOther>(s)
    }
    get_field2 s {
        let object = s.top(1);
        if object.is_cell() {
            let cache = s.cache(1);
            if word(object) == (*cache).word2 && (*cache).epoch == (*s.vm).shapes.epoch()
                && (*cache).kind == CacheKind::Prototype
            {
                let value = copy(*core::ptr::with_exposed_provenance::<RawValue>((*cache).aux as usize));
                return D::next(s.push(value).skip(3));
            }
        }
        D::alternative::<GetField2Other>(s)
    }
    local_get_field s {
        let object = s.local(s.u8(1));
        if object.is_cell() {
            let cache = s.cache(2);
            if word(object) == (*cache).word {
                let value = copy(*slot_at(object, (*cache).offset));
                return D::next(s.push(value).skip(4));
            }
        }
        D::alternative::<LocalGetFieldOther>(s)
    }
    local_get_field2 s {
        let object = s.local(s.u8(1));
        if object.is_cell() {
            let cache = s.cache(2);
            if word(object) == (*cache).word2 && (*cache).epoch == (*s.vm).shapes.epoch()
                && (*cache).kind == CacheKind::Prototype
            {
                let value = copy(*core::ptr::with_exposed_provenance::<RawValue>((*cache).aux as usize));
                return D::next(s.push(copy(object)).push(value).skip(4));
            }
        }
        D::alternative::<LocalGetField2Other>(s)
    }
    this_get_field s {
        let object = *s.fp.sub(2);
        if object.is_cell() {
            let cache = s.cache(1);
            if word(object) == (*cache).word {
                let value = copy(*slot_at(object, (*cache).offset));
                return D::next(s.push(value).skip(3));
            }
        }
        D::alternative::<ThisGetFieldOther>(s)
    }
    capture_get_field s {
        let object = *s.capture(s.u8(1));
        if object.is_cell() {
            let cache = s.cache(2);
            if word(object) == (*cache).word {
                let value = copy(*slot_at(object, (*cache).offset));
                return D::next(s.push(value).skip(4));
            }
        }
        D::slow(s)
    }
    put_field s {
        let object = s.top(2);
        if object.is_cell() {
            let cache = s.cache(1);
            if word(object) == (*cache).word {
                let place = slot_at(object, (*cache).offset);
                let old = *place;
                if !old.is_cell() || (*old.cell_unchecked().as_ptr()).count() > 1 {
                    decrement(old);
                    *place = s.top(1);
                    let s = s.pop(2).skip(3);
                    if decrement(object) { return D::free(s, object) }
                    return D::next(s);
                }
            }
        }
        D::alternative::<PutFieldOther>(s)
    }
    this_put_field s {
        let object = *s.fp.sub(2);
        if object.is_cell() {
            let cache = s.cache(1);
            if word(object) == (*cache).word {
                let place = slot_at(object, (*cache).offset);
                let old = *place;
                *place = s.top(1);
                let s = s.pop(1).skip(3);
                if decrement(old) { return D::free(s, old) }
                return D::next(s);
            }
        }
        D::alternative::<ThisPutFieldOther>(s)
    }
    get_length s {
        let object = s.top(1);
        if object.kind() == kind::ARRAY {
            let length = *object.cell_unchecked().as_ptr().byte_add(ArrayCell::LENGTH_OFFSET).cast::<u32>();
            if length <= i32::MAX as u32 {
                s.put(1, RawValue::int(length as i32));
                let s = s.skip(3);
                if decrement(object) { return D::free(s, object) }
                return D::next(s);
            }
        }
        D::alternative::<GetLengthOther>(s)
    }
    local_get_length s {
        let object = s.local(s.u8(1));
        if object.kind() == kind::ARRAY {
            let length = *object.cell_unchecked().as_ptr().byte_add(ArrayCell::LENGTH_OFFSET).cast::<u32>();
            if length <= i32::MAX as u32 {
                return D::next(s.push(RawValue::int(length as i32)).skip(4));
            }
        }
        D::alternative::<LocalGetLengthOther>(s)
    }
    get_elem s {
        let (object, key) = (s.top(2), s.top(1));
        if key.is_int() && object.kind() == kind::ARRAY {
            let value = array_element(object, key.int_unchecked() as u32);
            if value != RawValue::HOLE {
                s.put(2, copy(value));
                let s = s.pop(1).skip(1);
                if decrement(object) { return D::free(s, object) }
                return D::next(s);
            }
        }
        D::alternative::<GetElemOther>(s)
    }
    get_elem_locals s {
        let (object, key) = (s.local(s.u8(1)), s.local(s.u8(2)));
        if key.is_int() && object.kind() == kind::ARRAY {
            let value = array_element(object, key.int_unchecked() as u32);
            if value != RawValue::HOLE {
                return D::next(s.push(copy(value)).skip(3));
            }
        }
        D::alternative::<GetElemLocalsOther>(s)
    }
    get_elem_local s {
        let (object, key) = (s.top(1), s.local(s.u8(1)));
        if key.is_int() && object.kind() == kind::ARRAY {
            let value = array_element(object, key.int_unchecked() as u32);
            if value != RawValue::HOLE {
                s.put(1, copy(value));
                let s = s.skip(2);
                if decrement(object) { return D::free(s, object) }
                return D::next(s);
            }
        }
        D::alternative::<GetElemLocalOther>(s)
    }
    get_elem2 s {
        let (object, key) = (s.top(2), s.top(1));
        if key.is_int() && object.kind() == kind::ARRAY {
            let value = array_element(object, key.int_unchecked() as u32);
            if value != RawValue::HOLE {
                s.put(1, copy(value));
                return D::next(s.skip(1));
            }
        }
        D::slow(s)
    }
    put_elem s {
        let (object, key) = (s.top(3), s.top(2));
        if key.is_int() && object.kind() == kind::ARRAY {
            let array = object.cell_unchecked().cast::<ArrayCell>().as_ref();
            let index = key.int_unchecked() as u32;
            if index < array.capacity() {
                let place = array.slot_pointer(index).cast::<RawValue>();
                let old = *place;
                if old != RawValue::HOLE && (!old.is_cell() || (*old.cell_unchecked().as_ptr()).count() > 1) {
                    decrement(old);
                    *place = s.top(1);
                    let s = s.pop(3).skip(1);
                    if decrement(object) { return D::free(s, object) }
                    return D::next(s);
                }
            }
        }
        D::alternative::<PutElemOther>(s)
    }
}

/// Element `index` of a dense array, the hole marker when there is none.
#[inline(always)]
pub(super) unsafe fn array_element(object: RawValue, index: u32) -> RawValue {
    let array = object.cell_unchecked().cast::<ArrayCell>().as_ref();
    if index < array.capacity() { *array.slot_pointer(index).cast::<RawValue>() } else { RawValue::HOLE }
}

/// Whether this is an array of the running code's realm that nobody has given properties, and appending to
/// it stores elements and nothing else.
#[inline(always)]
pub(super) unsafe fn is_plain_array(s: State, object: RawValue) -> bool {
    object.is_cell()
        && word(object) == (*s.k).realm.cell_unchecked().cast::<Realm>().as_ref().array_word()
        && !(*s.vm).shapes.has_indexed_prototypes()
}

/// A property that the cache's second part knows, of any object.
#[inline(always)]
unsafe fn cached_other(s: State, cache: *mut InlineCache, object: RawValue) -> Option<RawValue> {
    if word(object) != (*cache).word2 {
        if (*cache).kind == CacheKind::StringMethod
            && (*cache).epoch == (*s.vm).shapes.epoch()
            && object.is_string()
        {
            return Some(*core::ptr::with_exposed_provenance::<RawValue>((*cache).aux as usize));
        }
        return None;
    }
    match (*cache).kind {
        CacheKind::OwnExt => Some(*ext_slot(object, (*cache).offset2)),
        CacheKind::Prototype if (*cache).epoch == (*s.vm).shapes.epoch() => {
            Some(*core::ptr::with_exposed_provenance::<RawValue>((*cache).aux as usize))
        }
        _ => None,
    }
}

/// Element of an object that is no dense array, or with a key that is no int; the result is counted.
#[inline(always)]
unsafe fn other_element(s: State, place: *const RawValue, key: RawValue) -> Option<RawValue> {
    let object = *place;
    let index = match key.as_index() {
        Some(index) => usize::try_from(index).ok()?,
        None => return named_element(place, key),
    };
    match object.kind() {
        kind::ARGUMENTS => {
            let value = array_element(object, index as u32);
            // A parameter that is shared with the object lies in its box.
            let value = if value.kind() == kind::VAR_REF { *boxed(value) } else { value };
            Some(copy(value)).filter(|v| *v != RawValue::HOLE)
        }
        kind::TYPED_ARRAY => object.cell_unchecked().cast::<TypedArrayCell>().as_ref().fast_get(index),
        kind::STRING8 if index < string_length(object) as usize => {
            let units = object.cell_unchecked().as_ptr().byte_add(Flat::<false>::UNITS_OFFSET).cast::<u8>();
            Some((*s.vm).atoms.single(*units.add(index)).into_value().into_raw())
        }
        kind::ARRAY => Some(copy(array_element(object, index as u32))).filter(|v| *v != RawValue::HOLE),
        _ => None,
    }
}

/// Slot and attributes of the own property of an ordinary object whose key is a string that is an atom.
#[inline(always)]
unsafe fn named_slot(object: &Object, key: RawValue) -> Option<(u32, PropertyFlags)> {
    let tag = match key.kind() {
        kind::STRING8 | kind::STRING16 => (*key.cell_unchecked().as_ptr()).tag(),
        _ => 0,
    };
    if tag == 0 || object.kind() != kind::OBJECT { None } else { object.find(RawAtom::from_index(tag)) }
}

/// The value of such a property, counted. The object is given by its place on the stack: the address of a copy
/// would keep a handler from ending in a jump.
#[inline(always)]
unsafe fn named_element(object: *const RawValue, key: RawValue) -> Option<RawValue> {
    if !(*object).is_object() {
        return None;
    }
    let object = &*object.cast::<Object>();
    let (slot, flags) = named_slot(object, key)?;
    if flags.is_plain() { Some(object.slot(slot).into_raw()) } else { None }
}

/// Stores to such a property; false where that is not all there is to do. The value's count goes to it.
#[inline(always)]
unsafe fn put_named_element(object: *const RawValue, key: RawValue, value: RawValue) -> bool {
    if !(*object).is_object() {
        return false;
    }
    let object = &*object.cast::<Object>();
    match named_slot(object, key) {
        Some((slot, flags)) if flags.is_plain() && flags.is_writable() => {
            object.set_slot(slot, Value::from_raw(value));
            true
        }
        _ => false,
    }
}

/// Number of units of a string.
#[inline(always)]
pub(super) unsafe fn string_length(string: RawValue) -> u32 {
    *string.cell_unchecked().as_ptr().byte_add(Flat::<false>::LENGTH_OFFSET).cast::<u32>()
}

/// The length of a string.
#[inline(always)]
unsafe fn other_length(object: RawValue) -> Option<RawValue> {
    if object.is_string() { Some(RawValue::int(string_length(object) as i32)) } else { None }
}

helpers! {
    GetElem i {
        let (key, object) = (i.pop(), i.pop());
        let value = cache::get_element(i, &object, &key)?;
        i.push(value);
        i.done(1)
    };
    GetElemLocals i {
        let value = cache::get_element(i, &i.local(i.u8(1)), &i.local(i.u8(2)))?;
        i.push(value);
        i.done(3)
    };
    GetElemLocal i {
        let object = i.pop();
        let value = cache::get_element(i, &object, &i.local(i.u8(1)))?;
        i.push(value);
        i.done(2)
    };
    GetField i cache::push_field(i, i.pop(), i.u16(1), 3);
    GetField2 i cache::push_field(i, i.peek(0), i.u16(1), 3);
    LocalGetField i cache::push_field(i, i.local(i.u8(1)), i.u16(2), 4);
    LocalGetField2 i {
        i.push(i.local(i.u8(1)));
        cache::push_field(i, i.peek(0), i.u16(2), 4)
    };
    ThisGetField i cache::push_field(i, (*i.m().fp.sub(2)).to_owned(), i.u16(1), 3);
    PutField i {
        let (value, object) = (i.pop(), i.pop());
        cache::store_field(i, object, value, i.u16(1), 3)
    };
    ThisPutField i {
        let value = i.pop();
        cache::store_field(i, (*i.m().fp.sub(2)).to_owned(), value, i.u16(1), 3)
    };
    PutElem i {
        let (value, key, object) = (i.pop(), i.pop(), i.pop());
        cache::put_element(i, &object, &key, value)?;
        i.done(1)
    };
}

alternatives! {
    GetElemOther s {
        let (object, key) = (s.top(2), s.top(1));
        if let Some(value) = other_element(s, s.sp.sub(2), key) {
            s.put(2, value);
            let s = s.pop(1).skip(1);
            if key.is_cell() {
                drop_both(s, object, key);
                return D::next(s);
            }
            if decrement(object) { return D::free(s, object) }
            return D::next(s);
        }
        D::helper::<GetElem>(s)
    }
    GetElemLocalsOther s {
        if let Some(value) = other_element(s, s.fp.add(s.u8(1)), s.local(s.u8(2))) {
            return D::next(s.push(value).skip(3));
        }
        D::helper::<GetElemLocals>(s)
    }
    GetElemLocalOther s {
        let object = s.top(1);
        if let Some(value) = other_element(s, s.sp.sub(1), s.local(s.u8(1))) {
            s.put(1, value);
            let s = s.skip(2);
            if decrement(object) { return D::free(s, object) }
            return D::next(s);
        }
        D::helper::<GetElemLocal>(s)
    }
    PutElemOther s {
        let (object, key, value) = (s.top(3), s.top(2), s.top(1));
        if key.is_int() && object.kind() == kind::TYPED_ARRAY {
            let view = object.cell_unchecked().cast::<TypedArrayCell>().as_ref();
            // A negative key is far beyond any length.
            if view.fast_set(key.int_unchecked() as u32 as usize, value) {
                let s = s.pop(3).skip(1);
                if decrement(object) { return D::free(s, object) }
                return D::next(s);
            }
        }
        if key.is_int() && is_plain_array(s, object) {
            let array = object.cell_unchecked().cast::<ArrayCell>().as_ref();
            if key.int_unchecked() as u32 == array.length() && array.push_in_place(value) {
                let s = s.pop(3).skip(1);
                if decrement(object) { return D::free(s, object) }
                return D::next(s);
            }
        }
        if key.is_cell() && put_named_element(s.sp.sub(3), key, value) {
            drop_both(s, object, key);
            return D::next(s.pop(3).skip(1));
        }
        D::helper::<PutElem>(s)
    }
    GetLengthOther s {
        let object = s.top(1);
        if let Some(length) = other_length(object) {
            s.put(1, length);
            let s = s.skip(3);
            if decrement(object) { return D::free(s, object) }
            return D::next(s);
        }
        D::slow(s)
    }
    LocalGetLengthOther s {
        let object = s.local(s.u8(1));
        if let Some(length) = other_length(object) {
            return D::next(s.push(length).skip(4));
        }
        if object.is_cell()
            && let Some(value) = cached_other(s, s.cache(2), object)
        {
            return D::next(s.push(copy(value)).skip(4));
        }
        D::slow(s)
    }
    LocalGetField2Other s {
        let object = s.local(s.u8(1));
        if object.is_cell() {
            let cache = s.cache(2);
            if word(object) == (*cache).word {
                let value = copy(*slot_at(object, (*cache).offset));
                return D::next(s.push(copy(object)).push(value).skip(4));
            }
            if let Some(value) = cached_other(s, cache, object) {
                return D::next(s.push(copy(object)).push(copy(value)).skip(4));
            }
        }
        D::helper::<LocalGetField2>(s)
    }
    GetFieldOther s {
        let object = s.top(1);
        if object.is_cell()
            && let Some(value) = cached_other(s, s.cache(1), object) {
                s.put(1, copy(value));
                let s = s.skip(3);
                if decrement(object) { return D::free(s, object) }
                return D::next(s);
            }
        D::helper::<GetField>(s)
    }
    GetField2Other s {
        let object = s.top(1);
        if object.is_cell() {
            let cache = s.cache(1);
            if word(object) == (*cache).word {
                let value = copy(*slot_at(object, (*cache).offset));
                return D::next(s.push(value).skip(3));
            }
            if let Some(value) = cached_other(s, cache, object) {
                return D::next(s.push(copy(value)).skip(3));
            }
        }
        D::helper::<GetField2>(s)
    }
    LocalGetFieldOther s {
        let object = s.local(s.u8(1));
        if object.is_cell()
            && let Some(value) = cached_other(s, s.cache(2), object) {
                return D::next(s.push(copy(value)).skip(4));
            }
        D::helper::<LocalGetField>(s)
    }
    ThisGetFieldOther s {
        let object = *s.fp.sub(2);
        if object.is_cell()
            && let Some(value) = cached_other(s, s.cache(1), object) {
                return D::next(s.push(copy(value)).skip(3));
            }
        D::helper::<ThisGetField>(s)
    }
    PutFieldOther s {
        let object = s.top(2);
        if object.is_cell() && put_cached(s, s.cache(1), object, s.top(1)) {
            let s = s.pop(2).skip(3);
            if decrement(object) { return D::free(s, object) }
            return D::next(s);
        }
        D::helper::<PutField>(s)
    }
    ThisPutFieldOther s {
        let object = *s.fp.sub(2);
        if object.is_cell() && put_cached(s, s.cache(1), object, s.top(1)) {
            return D::next(s.pop(1).skip(3));
        }
        D::helper::<ThisPutField>(s)
    }
}

/// Stores through the second part of a cache: out of line, or adding a property. True when done; the
/// value then belongs to the object.
#[inline(always)]
pub(super) unsafe fn put_cached(
    s: State,
    cache: *mut InlineCache,
    object: RawValue,
    value: RawValue,
) -> bool {
    if word(object) == (*cache).word {
        // The old value had no other owner.
        let place = slot_at(object, (*cache).offset);
        let old = *place;
        *place = value;
        if decrement(old) {
            (*s.vm).heap.release(old.cell_unchecked());
        }
        return true;
    }
    if word(object) != (*cache).word2 {
        return false;
    }
    let header = object.cell_unchecked().as_ptr();
    match (*cache).kind {
        CacheKind::OwnExt => {
            let place = ext_slot(object, (*cache).offset2);
            let old = *place;
            *place = value;
            if decrement(old) {
                (*s.vm).heap.release(old.cell_unchecked());
            }
            true
        }
        CacheKind::AddInline if (*cache).epoch == (*s.vm).shapes.epoch() => {
            *slot_at(object, (*cache).offset2 as u16) = value;
            (*header).set_word((*cache).aux as u32);
            true
        }
        CacheKind::AddExt if (*cache).epoch == (*s.vm).shapes.epoch() => {
            let ext = header.byte_add(8).cast::<usize>().read() & !7;
            if ext == 0 {
                return false;
            }
            let slots = core::ptr::with_exposed_provenance_mut::<RawValue>(ext);
            if u64::from((*cache).offset2) >= slots.cast::<u64>().sub(1).read() {
                return false;
            }
            *slots.add((*cache).offset2 as usize) = value;
            (*header).set_word((*cache).aux as u32);
            true
        }
        _ => false,
    }
}
