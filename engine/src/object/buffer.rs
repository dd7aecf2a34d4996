//! ArrayBuffer and SharedArrayBuffer, and the views of them: typed arrays and DataView.
//!
//! # Invariants
//! - A buffer and its typed arrays share a [`Backing`] block, freed when the last of them is finalized,
//!   in whatever order that happens. The buffer alone owns the bytes.
//! - The bytes never move: a resizable buffer takes its maximum at once, and is charged for it.
//! - The bytes of a shared buffer are nobody's but the process's; each SharedArrayBuffer charges its runtime with
//!   them for as long as it lives.
//! - Every typed array of a backing is in its list. Its `data` and `length` say at any time what may be
//!   accessed, and are brought up to date by whatever changes the buffer. A view of a growable shared buffer
//!   has length 0 there: other threads grow the buffer, so its length is asked for at each access.
//! - Bytes are read and written with relaxed atomic operations: those of shared buffers may change at
//!   any time.

use core::alloc::Layout;
use core::cell::Cell as StdCell;
use core::ptr::{NonNull, null, null_mut};
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use super::{ObjectHead, Shape};
use crate::heap::{self, Blocks, Cell, Tracer};
use crate::mem::{Part, Use};
use crate::value::{BigInt, JsResult, Object, RawValue, Thrown, Value, kind};

/// Longest buffer, in bytes.
pub const MAX_BYTES: usize = 1 << 33;

/// Types of elements, in the order of the constructors' intrinsics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are the specification's (ECMA-262 table 71)")]
pub enum Element {
    Int8,
    Uint8,
    Uint8Clamped,
    Int16,
    Uint16,
    Int32,
    Uint32,
    BigInt64,
    BigUint64,
    Float16,
    Float32,
    Float64,
}

impl Element {
    /// All types.
    pub const ALL: [Element; 12] = [
        Element::Int8,
        Element::Uint8,
        Element::Uint8Clamped,
        Element::Int16,
        Element::Uint16,
        Element::Int32,
        Element::Uint32,
        Element::BigInt64,
        Element::BigUint64,
        Element::Float16,
        Element::Float32,
        Element::Float64,
    ];

    /// The logarithm of the size in bytes.
    #[inline(always)]
    pub const fn shift(self) -> u32 {
        match self {
            Element::Int8 | Element::Uint8 | Element::Uint8Clamped => 0,
            Element::Int16 | Element::Uint16 | Element::Float16 => 1,
            Element::Int32 | Element::Uint32 | Element::Float32 => 2,
            Element::BigInt64 | Element::BigUint64 | Element::Float64 => 3,
        }
    }

    /// Size in bytes.
    #[inline(always)]
    pub const fn size(self) -> usize {
        1 << self.shift()
    }

    /// Whether elements are BigInts.
    #[inline(always)]
    pub const fn is_bigint(self) -> bool {
        matches!(self, Element::BigInt64 | Element::BigUint64)
    }

    /// The bits of a number as an element of this type (not of a BigInt type).
    #[inline]
    pub fn encode(self, number: f64) -> u64 {
        match self {
            Element::Int8 | Element::Uint8 => u64::from(tare_number::to_int32(number) as u8),
            Element::Uint8Clamped => u64::from(tare_number::to_uint8_clamp(number)),
            Element::Int16 | Element::Uint16 => u64::from(tare_number::to_int32(number) as u16),
            Element::Int32 | Element::Uint32 => u64::from(tare_number::to_int32(number) as u32),
            Element::Float16 => u64::from(tare_number::f16_from_f64(number)),
            Element::Float32 if number.is_nan() => u64::from(f32::NAN.to_bits()),
            Element::Float32 => u64::from((number as f32).to_bits()),
            // All NaNs look alike in a buffer.
            Element::Float64 if number.is_nan() => f64::NAN.to_bits(),
            Element::Float64 => number.to_bits(),
            Element::BigInt64 | Element::BigUint64 => 0,
        }
    }

    /// The number that bits of this type are; `None` for the BigInt types.
    #[inline]
    pub fn decode_number(self, bits: u64) -> Option<RawValue> {
        Some(match self {
            Element::Int8 => RawValue::int(i32::from(bits as i8)),
            Element::Uint8 | Element::Uint8Clamped => RawValue::int(i32::from(bits as u8)),
            Element::Int16 => RawValue::int(i32::from(bits as i16)),
            Element::Uint16 => RawValue::int(i32::from(bits as u16)),
            Element::Int32 => RawValue::int(bits as i32),
            Element::Uint32 => match i32::try_from(bits as u32) {
                Ok(int) => RawValue::int(int),
                Err(_) => RawValue::double(f64::from(bits as u32)),
            },
            Element::Float16 => RawValue::number(tare_number::f64_from_f16(bits as u16)),
            Element::Float32 => RawValue::double(f64::from(f32::from_bits(bits as u32))),
            Element::Float64 => RawValue::double(f64::from_bits(bits)),
            Element::BigInt64 | Element::BigUint64 => return None,
        })
    }

    /// The value that bits of this type are.
    pub fn decode(self, bits: u64) -> JsResult<Value> {
        if let Some(number) = self.decode_number(bits) {
            // SAFETY: numbers have no count.
            return Ok(unsafe { Value::from_raw(number) });
        }
        let negative = self == Element::BigInt64 && (bits as i64) < 0;
        let magnitude = if negative { (bits as i64).unsigned_abs() } else { bits };
        Ok(BigInt::from_limbs(negative, &[magnitude])?.into())
    }
}

/// Reads `1 << shift` bytes as a little-endian (native) number.
///
/// # Safety
/// 1. The bytes are those of a live buffer.
#[inline(always)]
pub unsafe fn load(at: *const u8, shift: u32) -> u64 {
    // SAFETY: (1); each atomic type is used only where the address has its alignment.
    unsafe {
        match shift {
            0 => u64::from((*at.cast::<AtomicU8>()).load(Ordering::Relaxed)),
            1 if at.addr() & 1 == 0 => u64::from((*at.cast::<AtomicU16>()).load(Ordering::Relaxed)),
            2 if at.addr() & 3 == 0 => u64::from((*at.cast::<AtomicU32>()).load(Ordering::Relaxed)),
            3 if at.addr() & 7 == 0 => (*at.cast::<AtomicU64>()).load(Ordering::Relaxed),
            _ => {
                let mut bytes = [0; 8];
                for (i, byte) in bytes.iter_mut().take(1 << shift).enumerate() {
                    *byte = (*at.add(i).cast::<AtomicU8>()).load(Ordering::Relaxed);
                }
                u64::from_le_bytes(bytes)
            }
        }
    }
}

/// Writes the low `1 << shift` bytes of a number, little-endian (native).
///
/// # Safety
/// 1. The bytes are those of a live buffer.
#[inline(always)]
pub unsafe fn store(at: *mut u8, shift: u32, bits: u64) {
    // SAFETY: (1); each atomic type is used only where the address has its alignment.
    unsafe {
        match shift {
            0 => (*at.cast::<AtomicU8>()).store(bits as u8, Ordering::Relaxed),
            1 if at.addr() & 1 == 0 => (*at.cast::<AtomicU16>()).store(bits as u16, Ordering::Relaxed),
            2 if at.addr() & 3 == 0 => (*at.cast::<AtomicU32>()).store(bits as u32, Ordering::Relaxed),
            3 if at.addr() & 7 == 0 => (*at.cast::<AtomicU64>()).store(bits, Ordering::Relaxed),
            _ => {
                for (i, byte) in bits.to_le_bytes().into_iter().take(1 << shift).enumerate() {
                    (*at.add(i).cast::<AtomicU8>()).store(byte, Ordering::Relaxed);
                }
            }
        }
    }
}

/// The bytes of a SharedArrayBuffer: counted by the runtimes that hold it, outside of any runtime's memory.
pub struct SharedBlock {
    holders: AtomicUsize,
    length: AtomicUsize,
    max: usize,
    growable: bool,
}

const SHARED_HEAD: usize = 64;

impl SharedBlock {
    /// A zeroed block of `length` bytes that can grow to `max`.
    fn create(length: usize, max: Option<usize>) -> Option<NonNull<SharedBlock>> {
        let (growable, max) = (max.is_some(), max.unwrap_or(length));
        // SAFETY: the size is not zero; the head fits and is initialised.
        unsafe {
            let block = libc::calloc(1, SHARED_HEAD + max.max(1)).cast::<SharedBlock>();
            let block = NonNull::new(block)?;
            block.write(SharedBlock {
                holders: AtomicUsize::new(1),
                length: AtomicUsize::new(length),
                max,
                growable,
            });
            Some(block)
        }
    }

    fn data(&self) -> *mut u8 {
        core::ptr::from_ref(self).cast_mut().cast::<u8>().wrapping_add(SHARED_HEAD)
    }

    /// Takes the charge of the current runtime back and gives its hold up.
    ///
    /// # Safety
    /// As [`SharedBlock::release`]; the block was charged to the current runtime.
    unsafe fn discharge(block: NonNull<SharedBlock>) {
        // SAFETY: the caller's duties.
        unsafe {
            heap::current().mem().discharge_outside(Use::Buffers, SHARED_HEAD + block.as_ref().max);
            SharedBlock::release(block);
        }
    }

    /// # Safety
    /// The caller holds the block, and gives its hold up.
    unsafe fn release(block: NonNull<SharedBlock>) {
        // SAFETY: the block is alive; the last holder frees it.
        unsafe {
            if block.as_ref().holders.fetch_sub(1, Ordering::AcqRel) == 1 {
                libc::free(block.as_ptr().cast());
            }
        }
    }
}

/// A hold on the bytes of a SharedArrayBuffer, to take them to a runtime on another thread.
pub struct SharedMemory(NonNull<SharedBlock>);

// SAFETY: the count and the length are atomic, and the bytes are accessed by atomic operations only.
unsafe impl Send for SharedMemory {}
// SAFETY: as above.
unsafe impl Sync for SharedMemory {}

impl Clone for SharedMemory {
    fn clone(&self) -> SharedMemory {
        // SAFETY: this value holds the block.
        unsafe { self.0.as_ref() }.holders.fetch_add(1, Ordering::Relaxed);
        SharedMemory(self.0)
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: this value's hold is given up.
        unsafe { SharedBlock::release(self.0) };
    }
}

/// What a buffer and its views share.
pub struct Backing {
    /// The buffer and the typed arrays that refer to this block.
    holders: StdCell<u32>,
    data: StdCell<*mut u8>,
    length: StdCell<usize>,
    /// Bytes that `data` has; 0 once detached.
    capacity: StdCell<usize>,
    resizable: bool,
    detached: StdCell<bool>,
    shared: Option<NonNull<SharedBlock>>,
    views: StdCell<*const TypedArrayCell>,
}

fn bytes_layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes, 16).ok()
}

impl Backing {
    fn release(this: NonNull<Backing>) {
        // SAFETY: the caller gives one hold up; the last one frees the block.
        unsafe {
            let left = this.as_ref().holders.get() - 1;
            this.as_ref().holders.set(left);
            if left == 0 {
                heap::current().mem().free(Use::Buffers, this.cast(), Layout::new::<Backing>());
            }
        }
    }

    fn free_bytes(&self) {
        let data = self.data.replace(null_mut());
        let capacity = self.capacity.replace(0);
        self.length.set(0);
        if let (Some(data), Some(layout), None) = (NonNull::new(data), bytes_layout(capacity), self.shared) {
            // SAFETY: the block was made with this layout and is unlinked.
            unsafe { heap::current().mem().free(Use::Buffers, data, layout) };
        }
    }

    /// Brings the views up to date.
    fn refresh(&self) {
        let mut at = self.views.get();
        // SAFETY: views take themselves off the list before they go.
        while let Some(view) = unsafe { at.as_ref() } {
            view.refresh();
            at = view.next.get();
        }
    }
}

/// A buffer, shared or not.
#[repr(C)]
pub struct BufferCell {
    head: ObjectHead,
    backing: NonNull<Backing>,
}

/// A SharedArrayBuffer has the same layout.
#[repr(transparent)]
pub struct SharedBufferCell(BufferCell);

// SAFETY: `repr(C)` with the header first; the head's references are reported. The rest owns no cells.
unsafe impl Cell for BufferCell {
    const KIND: u8 = kind::ARRAY_BUFFER;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        // Views hold their buffer, so that whenever there is a backing there is its buffer.
        blocks.block(Use::Buffers, Part::BufferState, size_of::<Backing>());
        let head = if self.is_shared() { SHARED_HEAD } else { 0 };
        blocks.block(Use::Buffers, Part::Bytes, head + self.backing().capacity.get());
    }
}

// SAFETY: as above.
unsafe impl Cell for SharedBufferCell {
    const KIND: u8 = kind::SHARED_ARRAY_BUFFER;
    const OUTSIDE: bool = true;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.0.trace(tracer);
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        self.0.blocks(blocks);
    }
}

impl Drop for BufferCell {
    fn drop(&mut self) {
        // SAFETY: the buffer holds its backing.
        let backing = unsafe { self.backing.as_ref() };
        backing.free_bytes();
        backing.detached.set(true);
        if let Some(block) = backing.shared {
            // SAFETY: the buffer holds the block; views see none any more.
            unsafe { SharedBlock::discharge(block) };
        }
        backing.refresh();
        Backing::release(self.backing);
    }
}

impl BufferCell {
    /// A new zeroed buffer. `max` makes it resizable (a shared one growable). `Ok(None)` when no buffer may have
    /// that many bytes.
    pub fn create(
        shape: &Shape,
        length: usize,
        max: Option<usize>,
        shared: bool,
    ) -> JsResult<Option<Object>> {
        let capacity = max.unwrap_or(length);
        if capacity > MAX_BYTES || length > capacity {
            return Ok(None);
        }
        if shared {
            let Some(block) = SharedBlock::create(length, max) else { return Err(Thrown::OutOfMemory) };
            return BufferCell::create_shared(shape, SharedMemory(block)).map(Some);
        }
        let data = match bytes_layout(capacity) {
            Some(layout) if capacity > 0 => {
                heap::current().mem().alloc_zeroed(Use::Buffers, layout)?.as_ptr()
            }
            _ => null_mut(),
        };
        BufferCell::with_backing(shape, data, length, capacity, max.is_some(), None).map(Some)
    }

    /// A new SharedArrayBuffer of bytes that others hold as well.
    pub fn create_shared(shape: &Shape, memory: SharedMemory) -> JsResult<Object> {
        // SAFETY: the value holds the block.
        let block = unsafe { memory.0.as_ref() };
        let (data, max, growable) = (block.data(), block.max, block.growable);
        let length = block.length.load(Ordering::SeqCst);
        heap::current().mem().charge_outside(Use::Buffers, SHARED_HEAD + max)?;
        let place = memory.0;
        // The hold goes to the backing.
        core::mem::forget(memory);
        BufferCell::with_backing(shape, data, length, max, growable, Some(place))
    }

    /// The bytes of a SharedArrayBuffer, to be taken elsewhere.
    pub fn shared_memory(&self) -> Option<SharedMemory> {
        let block = self.backing().shared?;
        // SAFETY: the buffer holds the block; the new value gets a hold of its own.
        unsafe { block.as_ref() }.holders.fetch_add(1, Ordering::Relaxed);
        Some(SharedMemory(block))
    }

    fn with_backing(
        shape: &Shape,
        data: *mut u8,
        length: usize,
        capacity: usize,
        resizable: bool,
        block: Option<NonNull<SharedBlock>>,
    ) -> JsResult<Object> {
        let mem = heap::current().mem();
        let backing = Backing {
            holders: StdCell::new(1),
            data: StdCell::new(data),
            length: StdCell::new(length),
            capacity: StdCell::new(capacity),
            resizable,
            detached: StdCell::new(false),
            shared: block,
            views: StdCell::new(null()),
        };
        let Ok(place) = mem.alloc(Use::Buffers, Layout::new::<Backing>()) else {
            backing.free_bytes();
            if let Some(block) = block {
                // SAFETY: the buffer that was to be made held it.
                unsafe { SharedBlock::discharge(block) };
            }
            return Err(Thrown::OutOfMemory);
        };
        let place = place.cast::<Backing>();
        // SAFETY: the block has the layout of a backing.
        unsafe { place.write(backing) };
        // From here on the cell's `Drop` frees everything, also when no cell can be had.
        let cell = BufferCell { head: ObjectHead::new(), backing: place };
        match block {
            Some(_) => Object::alloc(SharedBufferCell(cell), shape),
            None => Object::alloc(cell, shape),
        }
    }

    #[inline(always)]
    fn backing(&self) -> &Backing {
        // SAFETY: the buffer holds its backing.
        unsafe { self.backing.as_ref() }
    }

    /// Bytes that may be accessed now.
    pub fn byte_length(&self) -> usize {
        match self.backing().shared {
            // SAFETY: the buffer holds the block.
            Some(block) => unsafe { block.as_ref() }.length.load(Ordering::SeqCst),
            None => self.backing().length.get(),
        }
    }

    /// What the length may become; the length itself unless the buffer is resizable. 0 when detached.
    pub fn max_byte_length(&self) -> usize {
        if self.backing().resizable { self.backing().capacity.get() } else { self.byte_length() }
    }

    /// Whether the buffer was made with a maximum length.
    pub fn is_resizable(&self) -> bool {
        self.backing().resizable
    }

    /// Whether it is a SharedArrayBuffer.
    pub fn is_shared(&self) -> bool {
        self.backing().shared.is_some()
    }

    /// Whether its bytes are gone.
    pub fn is_detached(&self) -> bool {
        self.backing().detached.get()
    }

    /// The first byte; any pointer when the length is 0.
    pub fn data(&self) -> *mut u8 {
        self.backing().data.get()
    }

    /// Lets the bytes go.
    pub fn detach(&self) {
        self.backing().free_bytes();
        self.backing().detached.set(true);
        self.backing().refresh();
    }

    /// Hands the bytes to another buffer, which is empty and, like this one, not resizable.
    pub fn move_bytes_to(&self, other: &BufferCell) {
        let (from, to) = (self.backing(), other.backing());
        debug_assert!(to.capacity.get() == 0 && from.shared.is_none() && to.shared.is_none());
        to.data.swap(&from.data);
        to.capacity.swap(&from.capacity);
        to.length.swap(&from.length);
        self.detach();
    }

    /// Changes the length of a resizable buffer to at most its maximum.
    pub fn resize(&self, length: usize) {
        let backing = self.backing();
        let old = backing.length.get();
        debug_assert!(backing.resizable && length <= backing.capacity.get());
        if length < old {
            // SAFETY: the bytes exist.
            unsafe { backing.data.get().add(length).write_bytes(0, old - length) };
        }
        backing.length.set(length);
        backing.refresh();
    }

    /// Grows a growable shared buffer; false when another thread has made it longer than that already, or
    /// the maximum is exceeded.
    pub fn grow_shared(&self, length: usize) -> bool {
        let Some(block) = self.backing().shared else { return false };
        // SAFETY: the buffer holds the block.
        let block = unsafe { block.as_ref() };
        length <= block.max
            && block
                .length
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |old| (length >= old).then_some(length))
                .is_ok()
    }
}

/// A typed array.
///
/// `data`, `length` and `element` are all that a fast access needs.
#[repr(C)]
pub struct TypedArrayCell {
    head: ObjectHead,
    data: StdCell<*mut u8>,
    length: StdCell<usize>,
    element: Element,
    /// Whether `length` is not kept here: the buffer is shared and growable.
    live: bool,
    out_of_bounds: StdCell<bool>,
    buffer: Value,
    backing: NonNull<Backing>,
    offset: usize,
    /// Length in elements; `None` when it follows the buffer's.
    fixed: Option<usize>,
    previous: StdCell<*const TypedArrayCell>,
    next: StdCell<*const TypedArrayCell>,
}

// SAFETY: `repr(C)` with the header first; head and buffer are reported.
unsafe impl Cell for TypedArrayCell {
    const KIND: u8 = kind::TYPED_ARRAY;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        self.buffer.trace(tracer);
    }
}

impl Drop for TypedArrayCell {
    fn drop(&mut self) {
        let (previous, next) = (self.previous.get(), self.next.get());
        // SAFETY: neighbours take themselves off the list before they go, and this view holds the backing.
        unsafe {
            match previous.as_ref() {
                Some(previous) => previous.next.set(next),
                None if self.backing.as_ref().views.get() == core::ptr::from_ref(self) => {
                    self.backing.as_ref().views.set(next);
                }
                None => (),
            }
            if let Some(next) = next.as_ref() {
                next.previous.set(previous);
            }
        }
        Backing::release(self.backing);
    }
}

impl TypedArrayCell {
    /// Byte offset of the pointer to element 0, for the interpreter.
    pub const DATA_OFFSET: usize = core::mem::offset_of!(TypedArrayCell, data);
    /// Byte offset of the length in elements, a `usize`; 0 when nothing may be accessed directly.
    pub const LENGTH_OFFSET: usize = core::mem::offset_of!(TypedArrayCell, length);
    /// Byte offset of the [`Element`], a byte.
    pub const ELEMENT_OFFSET: usize = core::mem::offset_of!(TypedArrayCell, element);

    /// A new view of a buffer, from byte `offset` on. `fixed` is its length in elements; without it the view
    /// follows the buffer's length.
    pub fn create(
        shape: &Shape,
        element: Element,
        buffer: &Object,
        offset: usize,
        fixed: Option<usize>,
    ) -> JsResult<Object> {
        let Some(cell) = buffer.as_buffer() else { return Err(Thrown::OutOfMemory) };
        let backing = cell.backing();
        backing.holders.set(backing.holders.get() + 1);
        let view = TypedArrayCell {
            head: ObjectHead::new(),
            data: StdCell::new(null_mut()),
            length: StdCell::new(0),
            element,
            live: backing.shared.is_some() && backing.resizable,
            out_of_bounds: StdCell::new(false),
            buffer: buffer.as_value().clone(),
            backing: cell.backing,
            offset,
            fixed,
            previous: StdCell::new(null()),
            next: StdCell::new(null()),
        };
        let object = Object::alloc(view, shape)?;
        if let Some(view) = object.downcast::<TypedArrayCell>() {
            let first = backing.views.get();
            view.next.set(first);
            // SAFETY: views on the list are alive.
            if let Some(first) = unsafe { first.as_ref() } {
                first.previous.set(view);
            }
            backing.views.set(view);
            view.refresh();
        }
        Ok(object)
    }

    fn refresh(&self) {
        // SAFETY: the view holds the backing.
        let backing = unsafe { self.backing.as_ref() };
        let state = if backing.detached.get() { None } else { self.measure(backing.length.get()) };
        let visible = if self.live { None } else { state };
        self.out_of_bounds.set(state.is_none() && !self.live);
        self.length.set(visible.unwrap_or(0));
        self.data.set(backing.data.get().wrapping_add(self.offset));
    }

    /// The length when the buffer has `bytes` bytes.
    fn measure(&self, bytes: usize) -> Option<usize> {
        let room = bytes.checked_sub(self.offset)?;
        match self.fixed {
            Some(fixed) => (fixed <= room >> self.element.shift()).then_some(fixed),
            None => Some(room >> self.element.shift()),
        }
    }

    /// The length in elements; `None` when the buffer is detached or too short.
    #[inline]
    pub fn len(&self) -> Option<usize> {
        if self.live {
            return self.measure(self.buffer_cell()?.byte_length());
        }
        if self.out_of_bounds.get() { None } else { Some(self.length.get()) }
    }

    /// Whether there are no elements to access.
    pub fn is_empty(&self) -> bool {
        self.len().unwrap_or(0) == 0
    }

    fn buffer_cell(&self) -> Option<&BufferCell> {
        self.buffer.as_object().and_then(Object::as_buffer)
    }

    /// The elements' type.
    #[inline(always)]
    pub fn element(&self) -> Element {
        self.element
    }

    /// The buffer.
    pub fn buffer(&self) -> &Value {
        &self.buffer
    }

    /// Where the view starts in the buffer, in bytes.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Whether the length follows the buffer's.
    pub fn is_tracking(&self) -> bool {
        self.fixed.is_none()
    }

    /// The place of an element below the length.
    #[inline(always)]
    pub fn place(&self, index: usize) -> *mut u8 {
        self.data.get().wrapping_add(index << self.element.shift())
    }

    /// The bits of an element; `None` beyond the length.
    #[inline]
    pub fn bits(&self, index: usize) -> Option<u64> {
        if index >= self.length.get() && index >= self.len()? {
            return None;
        }
        // SAFETY: below the length.
        Some(unsafe { load(self.place(index), self.element.shift()) })
    }

    /// Replaces the bits of an element; false beyond the length.
    #[inline]
    pub fn set_bits(&self, index: usize, bits: u64) -> bool {
        if index >= self.length.get() && self.len().is_none_or(|length| index >= length) {
            return false;
        }
        // SAFETY: below the length.
        unsafe { store(self.place(index), self.element.shift(), bits) };
        true
    }

    /// An element that needs neither memory nor look at the buffer: not of BigInt arrays, not of views of
    /// growable shared buffers, not beyond the length.
    #[inline(always)]
    pub fn fast_get(&self, index: usize) -> Option<RawValue> {
        if index >= self.length.get() {
            return None;
        }
        // SAFETY: below the length.
        self.element.decode_number(unsafe { load(self.place(index), self.element.shift()) })
    }

    /// Writes a number where [`TypedArrayCell::fast_get`] could read one; false when it could not.
    #[inline(always)]
    pub fn fast_set(&self, index: usize, value: RawValue) -> bool {
        if index >= self.length.get() || self.element.is_bigint() {
            return false;
        }
        let bits = match value.as_int() {
            Some(int) if self.element as u8 <= Element::Uint32 as u8 => match self.element {
                Element::Uint8Clamped => int.clamp(0, 255) as u64,
                _ => int as u32 as u64,
            },
            _ => match value.as_number() {
                Some(number) => self.element.encode(number),
                None => return false,
            },
        };
        // SAFETY: below the length.
        unsafe { store(self.place(index), self.element.shift(), bits) };
        true
    }
}

/// A DataView.
#[repr(C)]
pub struct DataViewCell {
    head: ObjectHead,
    buffer: Value,
    offset: usize,
    fixed: Option<usize>,
}

// SAFETY: `repr(C)` with the header first; head and buffer are reported.
unsafe impl Cell for DataViewCell {
    const KIND: u8 = kind::DATA_VIEW;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        self.buffer.trace(tracer);
    }
}

impl DataViewCell {
    /// A new view of a buffer; without `fixed` bytes its length follows the buffer's.
    pub fn create(shape: &Shape, buffer: &Object, offset: usize, fixed: Option<usize>) -> JsResult<Object> {
        let buffer = buffer.as_value().clone();
        Object::alloc(DataViewCell { head: ObjectHead::new(), buffer, offset, fixed }, shape)
    }

    /// The buffer.
    pub fn buffer(&self) -> &Value {
        &self.buffer
    }

    /// Where the view starts, in bytes.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// First byte and number of bytes; `None` when the buffer is detached or too short.
    pub fn bytes(&self) -> Option<(*mut u8, usize)> {
        let buffer = self.buffer.as_object()?.as_buffer()?;
        if buffer.is_detached() {
            return None;
        }
        let room = buffer.byte_length().checked_sub(self.offset)?;
        let length = match self.fixed {
            Some(fixed) if fixed > room => return None,
            Some(fixed) => fixed,
            None => room,
        };
        Some((buffer.data().wrapping_add(self.offset), length))
    }
}

impl Object {
    /// The buffer, when the object is an ArrayBuffer or a SharedArrayBuffer.
    #[inline]
    pub fn as_buffer(&self) -> Option<&BufferCell> {
        if !matches!(self.kind(), kind::ARRAY_BUFFER | kind::SHARED_ARRAY_BUFFER) {
            return None;
        }
        // SAFETY: both kinds have this layout.
        Some(unsafe { self.as_cell().cast::<BufferCell>().as_ref() })
    }
}
