//! Memory of the runtime in the host's hands: `js_malloc_rt` and its kin.
//!
//! Blocks count in the runtime's books and against its limit, as [`Use::Host`]. A block keeps its runtime alive and is
//! given back when it is dropped (`js_free_rt`).

use core::alloc::Layout;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use core::{fmt, slice};
use std::rc::Rc;

use super::{Context, Error, Runtime, Shared};
use crate::mem::{Mem, Use};

/// Alignment of every block: what `malloc` gives.
const ALIGN: usize = 16;

/// Bytes that were taken from a runtime's memory.
pub struct HostBlock {
    shared: Shared,
    // Dangling when `len` is 0.
    block: NonNull<u8>,
    len: usize,
}

fn layout(len: usize) -> Result<Layout, Error> {
    Layout::from_size_align(len, ALIGN).map_err(|_| Error::OutOfMemory)
}

impl HostBlock {
    fn new(shared: &Shared, len: usize) -> Result<HostBlock, Error> {
        let mut block =
            HostBlock { shared: Rc::clone(shared), block: NonNull::<u128>::dangling().cast(), len: 0 };
        if len != 0 {
            block.block =
                block.mem().alloc_zeroed(Use::Host, layout(len)?).map_err(|_| Error::OutOfMemory)?;
            block.len = len;
        }
        Ok(block)
    }

    fn copy(shared: &Shared, bytes: &[u8]) -> Result<HostBlock, Error> {
        let mut block = HostBlock::new(shared, bytes.len())?;
        block.copy_from_slice(bytes);
        Ok(block)
    }

    fn mem(&self) -> &Mem {
        // SAFETY: the state lives as long as its handles, of which the block has one.
        unsafe { &self.shared.state.as_ref().mem }
    }

    /// Changes the length (`js_realloc_rt`): what both have stays, what is new is zero. The block may move.
    ///
    /// # Errors
    /// Without memory; the block is as before then.
    pub fn resize(&mut self, len: usize) -> Result<(), Error> {
        if len == 0 || self.len == 0 {
            let mut other = HostBlock::new(&self.shared, len)?;
            core::mem::swap(self, &mut other);
            return Ok(());
        }
        let (old, _) = (layout(self.len)?, layout(len)?);
        // SAFETY: (1) the block is live with this layout and use; (2) the length is not zero and makes a layout;
        // the old pointer is replaced.
        let moved = unsafe { self.mem().realloc(Use::Host, self.block, old, len) };
        self.block = moved.map_err(|_| Error::OutOfMemory)?;
        if len > self.len {
            // SAFETY: the block has room for `len` bytes.
            unsafe { self.block.as_ptr().add(self.len).write_bytes(0, len - self.len) };
        }
        self.len = len;
        Ok(())
    }

    /// What the books charge for the block, rounding included (`js_malloc_usable_size`).
    pub fn charge(&self) -> usize {
        if self.len == 0 { 0 } else { self.mem().charge_of(self.len) }
    }
}

impl Drop for HostBlock {
    fn drop(&mut self) {
        if let (true, Ok(layout)) = (self.len != 0, layout(self.len)) {
            // SAFETY: (1) the block is live with this layout and use, and not used again.
            unsafe { self.mem().free(Use::Host, self.block, layout) };
        }
    }
}

impl Deref for HostBlock {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: `len` bytes were initialised; a dangling pointer serves for none.
        unsafe { slice::from_raw_parts(self.block.as_ptr(), self.len) }
    }
}

impl DerefMut for HostBlock {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and the block is borrowed exclusively.
        unsafe { slice::from_raw_parts_mut(self.block.as_ptr(), self.len) }
    }
}

impl fmt::Debug for HostBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostBlock({} bytes)", self.len)
    }
}

impl Runtime {
    /// Bytes of the runtime's memory, all zero (`js_malloc_rt`, `js_mallocz_rt`).
    ///
    /// # Errors
    /// When the limit or the allocator refuses them.
    pub fn alloc(&self, bytes: usize) -> Result<HostBlock, Error> {
        HostBlock::new(&self.shared, bytes)
    }

    /// Room for `count` things of `size` bytes, all zero (`js_calloc_rt`).
    ///
    /// # Errors
    /// Likewise, and when the product is no size.
    pub fn alloc_array(&self, count: usize, size: usize) -> Result<HostBlock, Error> {
        HostBlock::new(&self.shared, count.checked_mul(size).ok_or(Error::OutOfMemory)?)
    }
}

impl Context {
    /// A copy of a text in the runtime's memory (`js_strdup`; `js_strndup` with a part of it).
    ///
    /// # Errors
    /// When the limit or the allocator refuses it.
    pub fn copy_text(&self, text: &str) -> Result<HostBlock, Error> {
        HostBlock::copy(self.shared(), text.as_bytes())
    }
}
