//! jemalloc 5.3, with an arena and an explicit thread cache of its own for each runtime.
//!
//! Neither is bound to a thread, so both move with their runtime. Without the cache every call would
//! take the arena's lock: two to four times slower. Figures come from `mallctl`; the cache is flushed
//! first, so that they count what the runtime holds and not what the cache keeps.

use core::alloc::Layout;
use core::cell::Cell;
use core::ffi::{CStr, c_char, c_int, c_uint, c_void};
use core::fmt::{self, Write as _};
use core::ptr::{self, NonNull};

use tikv_jemalloc_sys as je;

use crate::collections::OutOfMemory;
use crate::contract::{Allocator, Stats};

/// An arena and a cache for it. Dropping it frees every block.
pub struct Jemalloc {
    arena: c_uint,
    cache: c_uint,
    /// Names arena and cache to the `…allocx` functions.
    flags: c_int,
    /// What jemalloc counted as live after the last reset, which it does not count as frees.
    lost: Cell<usize>,
}

/// The name of a control with the number of an arena in it, as a C string.
struct Name {
    bytes: [u8; 64],
    len: usize,
}

impl Name {
    /// Puts the number of an arena between two parts of a name.
    fn new(before: &str, arena: c_uint, after: &str) -> Self {
        let mut name = Name { bytes: [0; 64], len: 0 };
        // Cannot fail: the names in this module fit with any number, see `write_str`.
        let _ = write!(name, "{before}{arena}{after}");
        name
    }
    fn as_ptr(&self) -> *const c_char {
        self.bytes.as_ptr().cast()
    }
}

impl fmt::Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // One byte always stays zero, for the end of the string.
        let end = self.len + text.len();
        if end >= self.bytes.len() {
            return Err(fmt::Error);
        }
        self.bytes[self.len..end].copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Reads a control of type `T`. `None` where jemalloc does not have it.
fn read<T: Copy + Default>(name: *const c_char) -> Option<T> {
    let mut value = T::default();
    let mut size = size_of::<T>();
    // SAFETY: `name` is a C string; `value` has room for `size` bytes, and jemalloc writes only if
    // that is the control's own size.
    let status = unsafe { je::mallctl(name, (&raw mut value).cast(), &raw mut size, ptr::null_mut(), 0) };
    (status == 0 && size == size_of::<T>()).then_some(value)
}

/// Writes a control of type `T`, or runs one that takes nothing. False where jemalloc refuses.
fn write<T>(name: *const c_char, value: Option<T>) -> bool {
    let mut value = value;
    let (new, size): (*mut c_void, usize) = match &mut value {
        Some(value) => ((&raw mut *value).cast(), size_of::<T>()),
        None => (ptr::null_mut(), 0),
    };
    // SAFETY: `name` is a C string; `new` is null or readable for `size` bytes.
    unsafe { je::mallctl(name, ptr::null_mut(), ptr::null_mut(), new, size) == 0 }
}

const TCACHE_CREATE: &CStr = c"tcache.create";
const TCACHE_FLUSH: &CStr = c"tcache.flush";
const TCACHE_DESTROY: &CStr = c"tcache.destroy";

impl Jemalloc {
    /// Makes an arena and a cache.
    ///
    /// # Errors
    /// jemalloc has no memory for them, or no number left: it has about 4,000.
    pub fn new() -> Result<Self, OutOfMemory> {
        let arena = read::<c_uint>(c"arenas.create".as_ptr()).ok_or(OutOfMemory)?;
        let Some(cache) = read::<c_uint>(TCACHE_CREATE.as_ptr()) else {
            write::<()>(Name::new("arena.", arena, ".destroy").as_ptr(), None);
            return Err(OutOfMemory);
        };
        let flags = je::MALLOCX_ARENA(arena as usize) | je::MALLOCX_TCACHE(cache as usize);
        Ok(Jemalloc { arena, cache, flags, lost: Cell::new(0) })
    }

    /// The number of the arena, for use with jemalloc's own controls.
    pub fn arena(&self) -> u32 {
        self.arena
    }

    fn flush(&self) {
        write(TCACHE_FLUSH.as_ptr(), Some(self.cache));
    }

    /// Makes the figures those of this moment: what the cache holds counts as free.
    fn refresh(&self) -> bool {
        self.flush();
        write(c"epoch".as_ptr(), Some(1_u64))
    }

    /// The name of one of the arena's figures.
    fn figure(&self, control: &str) -> Name {
        Name::new("stats.arenas.", self.arena, control)
    }

    /// Allocations less frees, as jemalloc counts them.
    fn counted_live(&self) -> Option<usize> {
        let count = |control| read::<u64>(self.figure(control).as_ptr());
        let small = count(".small.nmalloc")?.checked_sub(count(".small.ndalloc")?)?;
        let large = count(".large.nmalloc")?.checked_sub(count(".large.ndalloc")?)?;
        usize::try_from(small + large).ok()
    }

    /// The flags for a layout. jemalloc aligns to 16 bytes only blocks of at least 16.
    #[inline(always)]
    fn flags(&self, size: usize, align: usize) -> c_int {
        if align <= 16 && align <= size { self.flags } else { self.flags | je::MALLOCX_ALIGN(align) }
    }
}

impl Drop for Jemalloc {
    fn drop(&mut self) {
        // The cache first: what it holds belongs to the arena. Blocks do not outlive their allocator.
        write(TCACHE_DESTROY.as_ptr(), Some(self.cache));
        write::<()>(Name::new("arena.", self.arena, ".destroy").as_ptr(), None);
    }
}

// SAFETY: (1, 2, 3) jemalloc gives these guarantees for sizes greater than zero, and refuses sizes
// above its largest class; (4) it is C, does not unwind, and answers null; (5) `sallocx` is the
// block's size class, all of it usable. Arena and cache are not bound to a thread: every call names
// them, and no thread is ever bound to this arena.
unsafe impl Allocator for Jemalloc {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("jemalloc")
    }
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        let flags = self.flags(layout.size(), layout.align());
        // SAFETY: (1) the size is greater than zero; arena and cache live until drop.
        NonNull::new(unsafe { je::mallocx(layout.size(), flags) }.cast())
    }
    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        let flags = self.flags(layout.size(), layout.align()) | je::MALLOCX_ZERO;
        // SAFETY: as in `alloc`.
        NonNull::new(unsafe { je::mallocx(layout.size(), flags) }.cast())
    }
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        let flags = self.flags(new_size, old.align());
        // SAFETY: (1) a live block of this arena; (2) the size is not zero; (3) given up on success.
        NonNull::new(unsafe { je::rallocx(block.as_ptr().cast(), new_size, flags) }.cast())
    }
    #[inline]
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        let flags = self.flags(layout.size(), layout.align());
        // SAFETY: (1, 2) a live block of this arena, last allocated with this size and these flags.
        unsafe { je::sdallocx(block.as_ptr().cast(), layout.size(), flags) };
    }
    unsafe fn usable_size(&self, block: NonNull<u8>, _layout: Layout) -> Option<usize> {
        // SAFETY: (1) a live block of jemalloc's.
        Some(unsafe { je::sallocx(block.as_ptr().cast(), 0) })
    }
    fn good_size(&self, layout: Layout) -> usize {
        let flags = self.flags(layout.size(), layout.align());
        // SAFETY: the size is greater than zero; computes a size, zero if it is above every class.
        unsafe { je::nallocx(layout.size(), flags) }.max(layout.size())
    }
    fn stats(&self) -> Stats {
        if !self.refresh() {
            return Stats::default();
        }
        let bytes = |control| read::<usize>(self.figure(control).as_ptr());
        Stats {
            usable: bytes(".small.allocated").zip(bytes(".large.allocated")).map(|(s, l)| s + l),
            committed: bytes(".mapped"),
            resident: bytes(".resident"),
            live_blocks: self.counted_live().and_then(|live| live.checked_sub(self.lost.get())),
            ..Stats::default()
        }
    }
    fn committed(&self) -> Option<usize> {
        // Without the flush of `refresh`: what the arena holds includes what the cache keeps.
        write(c"epoch".as_ptr(), Some(1_u64)).then(|| read::<usize>(self.figure(".mapped").as_ptr()))?
    }
    fn held(&self) -> Option<usize> {
        let bytes = |control| read::<usize>(self.figure(control).as_ptr());
        write(c"epoch".as_ptr(), Some(1_u64))
            .then(|| Some(bytes(".small.allocated")? + bytes(".large.allocated")?))?
    }
    fn trim(&self) {
        self.flush();
        write::<()>(Name::new("arena.", self.arena, ".purge").as_ptr(), None);
    }
    unsafe fn destroy_all(&self) -> bool {
        // What the cache holds must be back in the arena before it is reset. (1) The rest is garbage.
        self.flush();
        let done = write::<()>(Name::new("arena.", self.arena, ".reset").as_ptr(), None);
        if done && self.refresh() {
            self.lost.set(self.counted_live().unwrap_or(0));
        }
        done
    }
}
