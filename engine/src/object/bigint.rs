//! BigInt cells: sign and magnitude in 64-bit limbs, least significant first, without leading zeroes.

use core::cell::Cell as StdCell;

use tare_number::bigint::BigIntRef;

use crate::heap::{self, Cell, Header, Tracer};
use crate::value::{BigInt, JsResult, RawValue, Value, kind};

/// A BigInt; the limbs follow.
#[repr(C)]
pub struct BigIntCell {
    header: Header,
    count: u32,
    negative: bool,
    _reserved: StdCell<u8>,
}

// SAFETY: `repr(C)` with the header first; no references.
unsafe impl Cell for BigIntCell {
    const KIND: u8 = kind::BIGINT;
    fn trace(&self, _: &mut Tracer<'_>) {}
}

impl BigInt {
    /// A new BigInt. Leading zero limbs are left out, and zero has no sign.
    pub fn from_limbs(negative: bool, limbs: &[u64]) -> JsResult<BigInt> {
        let count = limbs.iter().rposition(|&l| l != 0).map_or(0, |i| i + 1);
        let size = size_of::<BigIntCell>() + count * size_of::<u64>();
        let cell = heap::current().alloc_raw(size, u32::from(kind::BIGINT))?;
        // SAFETY: the whole cell is initialised before anybody sees it; its count is handed over.
        unsafe {
            let header = cell.read();
            let negative = negative && count > 0;
            cell.cast::<BigIntCell>().write(BigIntCell {
                header,
                count: count as u32,
                negative,
                _reserved: StdCell::new(0),
            });
            let to = cell.as_ptr().byte_add(size_of::<BigIntCell>()).cast::<u64>();
            to.copy_from_nonoverlapping(limbs.as_ptr(), count);
            Ok(BigInt::from_value_unchecked(Value::from_raw(RawValue::cell(cell))))
        }
    }

    fn cell(&self) -> &BigIntCell {
        // SAFETY: a BigInt's cell is a `BigIntCell`.
        unsafe { self.as_cell().cast::<BigIntCell>().as_ref() }
    }

    /// Sign and limbs.
    pub fn parts(&self) -> BigIntRef<'_> {
        let cell = self.cell();
        // SAFETY: the limbs follow the head and never change.
        let limbs = unsafe {
            let first = self.as_cell().as_ptr().byte_add(size_of::<BigIntCell>()).cast::<u64>();
            core::slice::from_raw_parts(first, cell.count as usize)
        };
        BigIntRef::new(cell.negative, limbs)
    }

    /// Whether this is 0n.
    pub fn is_zero(&self) -> bool {
        self.cell().count == 0
    }

    /// Whether two BigInts are equal.
    pub fn equals(&self, other: &BigInt) -> bool {
        self.parts() == other.parts()
    }
}
