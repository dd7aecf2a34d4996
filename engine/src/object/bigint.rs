//! BigInt cells: sign and magnitude in 64-bit limbs, least significant first, without leading zeroes.

use core::cell::Cell as StdCell;
use core::mem::MaybeUninit;

use tare_number::bigint::{BigIntRef, Written};

use crate::heap::{self, Cell, Header, Tracer};
use crate::value::{BigInt, JsResult, RawValue, Value, kind};

/// Limbs up to which results are made on the stack, and then copied.
const ON_STACK: usize = 16;
/// Limbs that are zeroed in one go.
const PIECE: usize = 1 << 14;

/// A BigInt; the limbs follow, perhaps with room for some more.
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
        let result = BigInt::with_room(count)?;
        // SAFETY: the room behind the head is `count` limbs, and nobody else knows the cell yet.
        unsafe {
            let cell = result.as_cell().cast::<BigIntCell>().as_ptr();
            cell.add(1).cast::<u64>().copy_from_nonoverlapping(limbs.as_ptr(), count);
            (*cell).count = count as u32;
            (*cell).negative = negative && count > 0;
        }
        Ok(result)
    }

    /// A BigInt that `write` makes in `limbs` zeroed limbs, the lowest first: in the cell itself if there are
    /// many; then `pay` is asked before each piece of them is zeroed. The inner error is `write`'s.
    pub fn write_with<C, E>(
        context: &mut C,
        limbs: usize,
        pay: impl Fn(&mut C, usize) -> JsResult<()>,
        write: impl FnOnce(&mut C, &mut [u64]) -> Result<Written, E>,
    ) -> JsResult<Result<BigInt, E>> {
        if limbs <= ON_STACK {
            let mut out = [0; ON_STACK];
            return match write(context, &mut out[..limbs]) {
                Ok(Written { negative, len }) => BigInt::from_limbs(negative, &out[..len]).map(Ok),
                Err(error) => Ok(Err(error)),
            };
        }
        let result = BigInt::with_room(limbs)?;
        let cell = result.as_cell().cast::<BigIntCell>().as_ptr();
        let mut at = 0;
        while at < limbs {
            let stop = limbs.min(at + PIECE);
            pay(context, stop - at)?;
            // SAFETY: the room behind the head is `limbs` limbs, and nobody else knows the cell yet.
            unsafe { cell.add(1).cast::<u64>().add(at).write_bytes(0, stop - at) };
            at = stop;
        }
        // SAFETY: as above, and all of it was written. Should `write` fail, the cell is dropped with the room it was
        // made with.
        let out = unsafe { core::slice::from_raw_parts_mut(cell.add(1).cast::<u64>(), limbs) };
        let Written { negative, len } = match write(context, out) {
            Ok(written) => written,
            Err(error) => return Ok(Err(error)),
        };
        if len < limbs / 2 {
            return BigInt::from_limbs(negative, &out[..len]).map(Ok);
        }
        // SAFETY: as above.
        unsafe {
            (*cell).count = len as u32;
            (*cell).negative = negative && len > 0;
        }
        Ok(Ok(result))
    }

    /// `op` on the limbs of two numbers that are not negative, the shorter one continued with zeros. Each
    /// limb is written once: for these operations that is most of the cost.
    pub fn zip_naturals(a: &[u64], b: &[u64], op: impl Fn(u64, u64) -> u64) -> JsResult<BigInt> {
        let (longer, shorter) = if a.len() >= b.len() { (a, b) } else { (b, a) };
        let keep_rest = op(u64::MAX, 0) != 0;
        let room = if keep_rest { longer.len() } else { shorter.len() };
        let result = BigInt::with_room(room)?;
        // SAFETY: the room behind the head is `room` limbs, which the loop and the copy write once each;
        // `count` is set to those without leading zeros.
        unsafe {
            let cell = result.as_cell().cast::<BigIntCell>().as_ptr();
            let first = cell.add(1).cast::<u64>();
            let out = core::slice::from_raw_parts_mut(first.cast::<MaybeUninit<u64>>(), shorter.len());
            for ((limb, x), y) in out.iter_mut().zip(longer).zip(shorter) {
                limb.write(op(*x, *y));
            }
            if keep_rest {
                let rest = &longer[shorter.len()..];
                first.add(shorter.len()).copy_from_nonoverlapping(rest.as_ptr(), rest.len());
            }
            let written = core::slice::from_raw_parts(first, room);
            let count = written.iter().rposition(|&l| l != 0).map_or(0, |i| i + 1);
            if count < room / 2 {
                return BigInt::from_limbs(false, &written[..count]);
            }
            (*cell).count = count as u32;
        }
        Ok(result)
    }

    /// Zero, in a cell with room for `limbs` limbs that nobody has written.
    fn with_room(limbs: usize) -> JsResult<BigInt> {
        let size = size_of::<BigIntCell>() + limbs * size_of::<u64>();
        let cell = heap::current().alloc_raw(size, u32::from(kind::BIGINT))?;
        // SAFETY: the head is initialised before anybody sees the cell; its count is handed over.
        unsafe {
            let header = cell.read();
            cell.cast::<BigIntCell>().write(BigIntCell {
                header,
                count: 0,
                negative: false,
                _reserved: StdCell::new(0),
            });
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
