//! Plain cells ([`KindInfo::plain`]), which the collector reads by itself instead of asking them.
//!
//! [`KindInfo::plain`]: crate::heap::KindInfo::plain

use core::ops::Range;
use core::ptr::NonNull;

use crate::heap::Header;
use crate::heap::cell::PLAIN_FLAGS;

/// How far ahead of the cell it looks at a pass over all cells fetches, in bytes. Twice the latency of a memory that
/// others use, too, at 4 ns a cell; the processor's own fetching ahead ends with each page of the machine's.
pub(super) const SCAN_AHEAD: usize = 2048;

/// Whether the value words of a cell are all that it refers to: see [`KindInfo::plain`].
///
/// # Safety
/// `cell` is whole, and of a kind that has plain cells.
#[inline(always)]
pub(super) unsafe fn is_plain(cell: NonNull<Header>) -> bool {
    // SAFETY: such a cell has a second word.
    unsafe { cell.cast::<u64>().add(1).read() & !PLAIN_FLAGS == 0 }
}

/// Calls `visit` with each cell that a plain cell refers to. `WORDS` is the number of its value words, for the
/// commonest sizes, or [`ANY`].
///
/// # Safety
/// `cell` is whole and plain, and its value words are at these offsets.
#[inline(always)]
pub(super) unsafe fn each_target<const WORDS: usize>(
    cell: NonNull<Header>,
    words: Range<usize>,
    mut visit: impl FnMut(NonNull<Header>),
) {
    let mut visit_word = |word: u64| {
        // Zero is none, either.
        if word.wrapping_sub(1) < (1 << 48) - 1 {
            // SAFETY: value words with upper bits of zero that are not zero are addresses of cells.
            visit(unsafe { NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(word as usize)) });
        }
    };
    // SAFETY: the words are part of the cell.
    unsafe {
        let mut at = cell.byte_add(words.start).cast::<u64>();
        if WORDS != ANY {
            debug_assert_eq!(words.len(), WORDS * size_of::<u64>());
            for index in 0..WORDS {
                visit_word(at.add(index).read());
            }
            return;
        }
        let end = cell.byte_add(words.end).cast();
        while at < end {
            visit_word(at.read());
            at = at.add(1);
        }
    }
}

/// Any number of value words.
pub(super) const ANY: usize = 0;

/// Calls a method that is made for the commonest numbers of value words with the one for these.
macro_rules! by_words {
    ($words:expr, $this:ident.$method:ident($($argument:expr),*)) => {
        match $words.len() / size_of::<u64>() {
            2 => $this.$method::<2>($($argument),*),
            4 => $this.$method::<4>($($argument),*),
            _ => $this.$method::<ANY>($($argument),*),
        }
    };
}
pub(super) use by_words;
