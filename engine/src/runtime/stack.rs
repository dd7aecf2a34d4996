//! The value stack and the control frames of the interpreter.
//!
//! # Invariants
//! - Values lie in chunks that never move, so that pointers into the stack stay valid while frames
//!   come and go. A frame lies wholly within one chunk.
//! - Everything below the current stack pointer is owned by the stack and initialised; what
//!   lies above it is garbage.
//! - Bytes in use, of values and frames together, stay within the limit (`JS_SetMaxStackSize`).

use core::alloc::Layout;
use core::ptr::{NonNull, null_mut};

use crate::heap::Blocks;
use crate::mem::{Mem, Part, Use};
use crate::value::{JsResult, Thrown, Value};

const FIRST_CHUNK_BYTES: usize = 16 * 1024;
/// Values that natives and slow paths may push beyond what a frame reserved.
pub const RED_ZONE: usize = 64;

#[repr(C)]
struct Chunk {
    below: *mut Chunk,
    bytes: usize,
}

/// The chunks of the value stack.
pub struct Stack {
    mem: *const Mem,
    current: *mut Chunk,
    /// A chunk kept for the next time the stack grows.
    spare: *mut Chunk,
    bytes: usize,
    limit: usize,
}

impl Stack {
    /// An empty stack.
    pub fn new(mem: &Mem) -> Stack {
        Stack { mem, current: null_mut(), spare: null_mut(), bytes: 0, limit: DEFAULT_STACK_BYTES }
    }

    fn mem(&self) -> &Mem {
        // SAFETY: the memory outlives the runtime that holds the stack.
        unsafe { &*self.mem }
    }

    /// Sets the limit in bytes; 0 removes it.
    pub fn set_limit(&mut self, bytes: usize) {
        self.limit = if bytes == 0 { usize::MAX } else { bytes };
    }

    /// The limit in bytes; 0 when there is none.
    pub fn limit(&self) -> usize {
        if self.limit == usize::MAX { 0 } else { self.limit }
    }

    /// Bytes of the chunks.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Reports the chunks.
    pub fn blocks(&self, blocks: &mut Blocks<'_>) {
        for mut chunk in [self.current.cast_const(), self.spare.cast_const()] {
            // SAFETY: chunks are live while linked. What a spare one was above is no longer its own.
            while let Some(head) = unsafe { chunk.as_ref() } {
                blocks.block(Use::Stack, Part::Stack, head.bytes);
                chunk = if chunk == self.spare.cast_const() { core::ptr::null() } else { head.below };
            }
        }
    }

    /// First usable place and end of the current chunk.
    pub fn bounds(&self) -> (*mut Value, *mut Value) {
        if self.current.is_null() {
            return (null_mut(), null_mut());
        }
        // SAFETY: the current chunk is live.
        unsafe { (self.current.add(1).cast(), self.current.byte_add((*self.current).bytes).cast()) }
    }

    /// The bounds of the first chunk, which is made unless it is there.
    pub fn first_chunk(&mut self) -> JsResult<(*mut Value, *mut Value)> {
        if self.current.is_null() { self.push_chunk(0) } else { Ok(self.bounds()) }
    }

    /// Starts a chunk with room for at least `values` values, and returns its bounds.
    pub fn push_chunk(&mut self, values: usize) -> JsResult<(*mut Value, *mut Value)> {
        let wanted = size_of::<Chunk>() + (values + RED_ZONE) * size_of::<Value>();
        // SAFETY: chunks are live while linked; sizes are those they were allocated with.
        unsafe {
            let spare = self.spare;
            if !spare.is_null() && (*spare).bytes >= wanted {
                self.spare = null_mut();
                (*spare).below = self.current;
                self.current = spare;
                return Ok(self.bounds());
            }
            let double = if self.current.is_null() { FIRST_CHUNK_BYTES } else { (*self.current).bytes * 2 };
            let room = self.limit.saturating_sub(self.bytes).max(FIRST_CHUNK_BYTES);
            let bytes = double.min(room).max(wanted).next_multiple_of(16);
            if self.bytes.saturating_add(bytes) > self.limit.saturating_add(FIRST_CHUNK_BYTES) {
                return Err(Thrown::StackOverflow);
            }
            let chunk: *mut Chunk = self.mem().alloc(Use::Stack, Self::layout(bytes))?.as_ptr().cast();
            chunk.write(Chunk { below: self.current, bytes });
            self.current = chunk;
            self.bytes += bytes;
            Ok(self.bounds())
        }
    }

    /// Leaves the current chunk, whose values are gone, for the one below.
    pub fn pop_chunk(&mut self) {
        let chunk = self.current;
        // SAFETY: there is a chunk, since one was pushed; the spare one, if any, is freed first.
        unsafe {
            self.current = (*chunk).below;
            self.free_spare();
            self.spare = chunk;
        }
    }

    fn layout(bytes: usize) -> Layout {
        Layout::from_size_align(bytes, 16).expect("stack chunks are bounded by the limit")
    }

    unsafe fn free(&mut self, chunk: *mut Chunk) {
        // SAFETY: the caller's chunk is live, unlinked, and holds no values.
        unsafe {
            let bytes = (*chunk).bytes;
            self.bytes -= bytes;
            self.mem().free(Use::Stack, NonNull::new_unchecked(chunk.cast()), Self::layout(bytes));
        }
    }

    fn free_spare(&mut self) {
        let spare = core::mem::replace(&mut self.spare, null_mut());
        if !spare.is_null() {
            // SAFETY: the spare chunk is linked nowhere else.
            unsafe { self.free(spare) };
        }
    }
}

/// Stack bytes a runtime allows unless told otherwise.
pub const DEFAULT_STACK_BYTES: usize = 1024 * 1024;

impl Drop for Stack {
    fn drop(&mut self) {
        self.free_spare();
        while !self.current.is_null() {
            let chunk = self.current;
            // SAFETY: the interpreter is not running: the chunks hold no values.
            unsafe {
                self.current = (*chunk).below;
                self.free(chunk);
            }
        }
    }
}
