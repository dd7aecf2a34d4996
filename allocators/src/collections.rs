//! Fallible collections over any [`Allocator`], built on `allocator-api2`.
//!
//! `std::vec::Vec` aborts when memory runs out, which a script must never cause. [`Vec`] here
//! has only operations that say so with [`OutOfMemory`], and it keeps its memory in the
//! allocator it was given.

use core::alloc::Layout;
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use allocator_api2::alloc::AllocError;

use crate::contract::Allocator;

/// An allocation was refused: by the operating system, by a limit, or by a testing wrapper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of memory")
    }
}

impl std::error::Error for OutOfMemory {}

/// A copyable reference to an allocator: where a collection keeps its memory.
#[derive(Clone, Copy)]
pub struct Memory<'a>(&'a dyn Allocator);

impl<'a> Memory<'a> {
    /// Refers to an allocator.
    pub fn new(allocator: &'a dyn Allocator) -> Self {
        Memory(allocator)
    }

    /// The allocator referred to.
    pub fn allocator(self) -> &'a dyn Allocator {
        self.0
    }
}

// SAFETY: `Allocator` gives the same guarantees for non-zero sizes; zero sizes never reach it.
// Copies of `Memory` refer to the same allocator, so blocks may be freed through any of them.
unsafe impl allocator_api2::alloc::Allocator for Memory<'_> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if layout.size() == 0 {
            let dangling = NonNull::without_provenance(layout.align().try_into().map_err(|_| AllocError)?);
            return Ok(NonNull::slice_from_raw_parts(dangling, 0));
        }
        // SAFETY: (1) the size is greater than zero.
        let block = unsafe { self.0.alloc(layout) }.ok_or(AllocError)?;
        Ok(NonNull::slice_from_raw_parts(block, layout.size()))
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        if layout.size() != 0 {
            // SAFETY: (1, 2) the caller hands over a live block of this allocator.
            unsafe { self.0.free(block, layout) };
        }
    }

    unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if old.size() == 0 || old.align() != new.align() {
            let moved = self.allocate(new)?;
            // SAFETY: both blocks are valid for the old size, which is not the larger one.
            unsafe {
                moved.cast::<u8>().as_ptr().copy_from_nonoverlapping(block.as_ptr(), old.size());
                self.deallocate(block, old);
            }
            return Ok(moved);
        }
        // SAFETY: (1) live with `old`; (2) `new` is a valid layout no smaller than `old`, which
        // is not zero; (3) the caller gives the old pointer up.
        let moved = unsafe { self.0.realloc(block, old, new.size()) }.ok_or(AllocError)?;
        Ok(NonNull::slice_from_raw_parts(moved, new.size()))
    }

    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if new.size() == 0 || old.align() != new.align() {
            let moved = self.allocate(new)?;
            // SAFETY: both blocks are valid for the new size, which is not the larger one.
            unsafe {
                moved.cast::<u8>().as_ptr().copy_from_nonoverlapping(block.as_ptr(), new.size());
                self.deallocate(block, old);
            }
            return Ok(moved);
        }
        // SAFETY: (1) live with `old`; (2) `new` is valid and not zero; (3) as above.
        let moved = unsafe { self.0.realloc(block, old, new.size()) }.ok_or(AllocError)?;
        Ok(NonNull::slice_from_raw_parts(moved, new.size()))
    }
}

/// A growable array whose every growth can fail.
pub struct Vec<'a, T> {
    inner: allocator_api2::vec::Vec<T, Memory<'a>>,
}

impl<'a, T> Vec<'a, T> {
    /// An empty array; takes no memory yet.
    pub fn new(memory: Memory<'a>) -> Self {
        Vec { inner: allocator_api2::vec::Vec::new_in(memory) }
    }

    /// An empty array with room for `capacity` elements.
    pub fn try_with_capacity(capacity: usize, memory: Memory<'a>) -> Result<Self, OutOfMemory> {
        let mut vec = Self::new(memory);
        vec.try_reserve_exact(capacity)?;
        Ok(vec)
    }

    /// A copy of a slice.
    pub fn try_from_slice(slice: &[T], memory: Memory<'a>) -> Result<Self, OutOfMemory>
    where
        T: Copy,
    {
        let mut vec = Self::try_with_capacity(slice.len(), memory)?;
        vec.try_extend_from_slice(slice)?;
        Ok(vec)
    }

    /// The memory this array lives in.
    pub fn memory(&self) -> Memory<'a> {
        *self.inner.allocator()
    }

    /// Makes room for `additional` more elements, growing geometrically.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), OutOfMemory> {
        self.inner.try_reserve(additional).map_err(|_| OutOfMemory)
    }

    /// Makes room for exactly `additional` more elements.
    pub fn try_reserve_exact(&mut self, additional: usize) -> Result<(), OutOfMemory> {
        self.inner.try_reserve_exact(additional).map_err(|_| OutOfMemory)
    }

    /// Appends an element.
    #[inline]
    pub fn try_push(&mut self, value: T) -> Result<(), OutOfMemory> {
        if self.inner.len() == self.inner.capacity() {
            self.try_reserve(1)?;
        }
        self.inner.push(value);
        Ok(())
    }

    /// Inserts an element at `index`, moving those behind it. Panics if `index > len`.
    pub fn try_insert(&mut self, index: usize, value: T) -> Result<(), OutOfMemory> {
        self.try_reserve(1)?;
        self.inner.insert(index, value);
        Ok(())
    }

    /// Appends copies of the elements of a slice.
    #[inline]
    pub fn try_extend_from_slice(&mut self, slice: &[T]) -> Result<(), OutOfMemory>
    where
        T: Copy,
    {
        let len = self.inner.len();
        if self.inner.capacity() - len < slice.len() {
            self.try_reserve(slice.len())?;
        }
        // SAFETY: there is room for the slice behind `len`; it cannot overlap what it is copied into, which is
        // borrowed mutably; `Copy` elements may be copied as bytes.
        unsafe {
            let end = self.inner.as_mut_ptr().add(len);
            core::ptr::copy_nonoverlapping(slice.as_ptr(), end, slice.len());
            self.inner.set_len(len + slice.len());
        }
        Ok(())
    }

    /// Appends `op` of the elements of two slices, pair by pair, as far as both go. The new room is
    /// written once, not zeroed before.
    #[inline]
    pub fn try_extend_zip<U: Copy>(
        &mut self,
        a: &[U],
        b: &[U],
        op: impl Fn(U, U) -> T,
    ) -> Result<(), OutOfMemory>
    where
        T: Copy,
    {
        let count = a.len().min(b.len());
        self.try_reserve(count)?;
        let len = self.inner.len();
        let room = &mut self.inner.spare_capacity_mut()[..count];
        for ((slot, x), y) in room.iter_mut().zip(&a[..count]).zip(&b[..count]) {
            slot.write(op(*x, *y));
        }
        // SAFETY: the loop has written the first `count` elements of the room behind `len`.
        unsafe { self.inner.set_len(len + count) };
        Ok(())
    }

    /// Grows or shrinks to `len`, filling with copies of `value`.
    pub fn try_resize(&mut self, len: usize, value: T) -> Result<(), OutOfMemory>
    where
        T: Clone,
    {
        self.try_reserve(len.saturating_sub(self.inner.len()))?;
        self.inner.resize(len, value);
        Ok(())
    }

    /// Gives unused capacity back; a refusal is harmless and ignored by most callers.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), OutOfMemory> {
        let (len, memory) = (self.inner.len(), self.memory());
        if len == self.inner.capacity() {
            return Ok(());
        }
        let mut exact = Self::try_with_capacity(len, memory)?;
        exact.inner.append(&mut self.inner);
        *self = exact;
        Ok(())
    }

    /// Says that the first `len` elements are there.
    ///
    /// # Safety
    /// 1. `len` is at most the capacity.
    /// 2. Those elements are initialised.
    #[inline]
    pub unsafe fn set_len(&mut self, len: usize) {
        // SAFETY: (1), (2) the caller's duties.
        unsafe { self.inner.set_len(len) };
    }

    /// Removes and returns the last element.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.inner.pop()
    }

    /// Removes the element at `index`, moving those behind it. Panics if `index >= len`.
    pub fn remove(&mut self, index: usize) -> T {
        self.inner.remove(index)
    }

    /// Removes the element at `index`, putting the last in its place. Panics if `index >= len`.
    pub fn swap_remove(&mut self, index: usize) -> T {
        self.inner.swap_remove(index)
    }

    /// Drops the elements from `len` on.
    pub fn truncate(&mut self, len: usize) {
        self.inner.truncate(len);
    }

    /// Drops all elements, keeping the capacity.
    pub fn clear(&mut self) {
        self.inner.clear();
    }

    /// How many elements fit without growing.
    pub fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    /// Keeps the elements for which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.inner.retain(keep);
    }

    /// Removes a range of elements and yields them.
    pub fn drain(&mut self, range: impl core::ops::RangeBounds<usize>) -> impl Iterator<Item = T> + '_ {
        self.inner.drain(range)
    }
}

impl<T> Deref for Vec<'_, T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        &self.inner
    }
}

impl<T> DerefMut for Vec<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.inner
    }
}

impl<T: fmt::Debug> fmt::Debug for Vec<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<'v, T> IntoIterator for &'v Vec<'_, T> {
    type Item = &'v T;
    type IntoIter = core::slice::Iter<'v, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.inner.iter()
    }
}
