//! Typed arrays in the object protocol (ECMA-262 10.4.5), and what their builtins share.

use crate::object::ShapeTable;
use crate::object::buffer::{BufferCell, Element, SharedMemory, TypedArrayCell};
use crate::runtime::{Context, Intrinsic};
use crate::value::{JsResult, Object, Thrown, Value};

impl Context {
    /// The element at an index; `None` beyond the length.
    pub(crate) fn typed_array_get(&mut self, object: &Object, index: u32) -> JsResult<Option<Value>> {
        let Some(view) = object.downcast::<TypedArrayCell>() else { return Ok(None) };
        match view.bits(index as usize) {
            Some(bits) => view.element().decode(bits).map(Some),
            None => Ok(None),
        }
    }

    /// TypedArraySetElement (10.4.5.16): beyond the length the value is converted and lost.
    pub(crate) fn typed_array_set(&mut self, object: &Object, index: u32, value: &Value) -> JsResult<()> {
        let Some(view) = object.downcast::<TypedArrayCell>() else { return Ok(()) };
        let bits = self.element_bits(view.element(), value)?;
        view.set_bits(index as usize, bits);
        Ok(())
    }

    /// The conversion of a value that is stored nowhere.
    pub(crate) fn typed_array_convert(&mut self, object: &Object, value: &Value) -> JsResult<()> {
        let Some(view) = object.downcast::<TypedArrayCell>() else { return Ok(()) };
        self.element_bits(view.element(), value)?;
        Ok(())
    }

    /// Whether an index is below the length.
    pub(crate) fn typed_array_has(&mut self, object: &Object, index: u32) -> bool {
        self.typed_array_length(object).is_some_and(|length| (index as usize) < length)
    }

    /// The length; `None` when the buffer is detached or too short.
    pub(crate) fn typed_array_length(&mut self, object: &Object) -> Option<usize> {
        object.downcast::<TypedArrayCell>()?.len()
    }

    /// IsTypedArrayFixedLength (10.4.5.14).
    pub(crate) fn typed_array_is_fixed_length(&mut self, object: &Object) -> bool {
        let Some(view) = object.downcast::<TypedArrayCell>() else { return true };
        let buffer = view.buffer().as_object().and_then(Object::as_buffer);
        !view.is_tracking() && buffer.is_none_or(|b| b.is_shared() || !b.is_resizable())
    }

    /// The bits that a value has as an element: ToNumber or ToBigInt, then the conversion to the type.
    pub(crate) fn element_bits(&mut self, element: Element, value: &Value) -> JsResult<u64> {
        if element.is_bigint() {
            let big = self.to_bigint(value)?;
            let parts = big.parts();
            let low = parts.limbs().first().copied().unwrap_or(0);
            return Ok(if parts.is_negative() { low.wrapping_neg() } else { low });
        }
        let number = self.to_number(value)?;
        Ok(element.encode(number))
    }

    /// AllocateArrayBuffer (25.1.3.1) and its shared counterpart.
    pub(crate) fn allocate_buffer(
        &mut self,
        prototype: &Object,
        length: u64,
        max: Option<u64>,
        shared: bool,
    ) -> JsResult<Object> {
        if max.is_some_and(|max| length > max) {
            return Err(self.throw_range_error(format_args!("array buffer is longer than its maximum")));
        }
        let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let create = || {
            // Looked up each time: a collection frees a shape that no object has.
            let shape = ShapeTable::current().root(prototype, 0, 0)?;
            BufferCell::create(shape, size(length), max.map(size), shared)
        };
        let mut made = create();
        // Garbage in cycles may hold the room. The failure below is no out-of-memory error, after
        // which a script would find that collected.
        if matches!(made, Err(Thrown::OutOfMemory)) {
            self.rt().heap.make_room();
            made = create();
        }
        // CreateByteDataBlock (6.2.9.1) wants a RangeError where there is no such block, unlike any other
        // allocation: programs test for it, and go on with a smaller one.
        match made {
            Ok(Some(buffer)) => Ok(buffer),
            Ok(None) | Err(Thrown::OutOfMemory) => {
                let bytes = max.unwrap_or(length);
                Err(self.throw_range_error(format_args!("array buffer of {bytes} bytes cannot be allocated")))
            }
            Err(thrown) => Err(thrown),
        }
    }

    /// A SharedArrayBuffer of bytes that another runtime made, see [`BufferCell::shared_memory`].
    pub fn new_shared_buffer(&mut self, memory: SharedMemory) -> JsResult<Object> {
        let prototype = self.intrinsic(Intrinsic::SharedArrayBufferPrototype);
        let shape = ShapeTable::current().root(&prototype, 0, 0)?;
        BufferCell::create_shared(shape, memory)
    }

    /// A new typed array of `length` elements, all zero, with a buffer of its own.
    pub(crate) fn allocate_typed(
        &mut self,
        element: Element,
        prototype: &Object,
        length: u64,
    ) -> JsResult<Object> {
        let bytes = length.saturating_mul(element.size() as u64);
        let parent = self.intrinsic(Intrinsic::ArrayBufferPrototype);
        let buffer = self.allocate_buffer(&parent, bytes, None, false)?;
        let shape = ShapeTable::current().root(prototype, 0, 0)?;
        TypedArrayCell::create(shape, element, &buffer, 0, Some(length as usize))
    }
}
