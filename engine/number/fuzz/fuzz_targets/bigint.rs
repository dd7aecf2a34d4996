//! BigInt arithmetic and text against `num-bigint`: the bytes choose an operation and two numbers, in
//! which runs of ones and zeros are frequent and lengths are stretched to where the methods change.
#![no_main]

use libfuzzer_sys::fuzz_target;
use num_bigint::{BigInt, Sign};
use num_traits::{Signed, Zero};
use tare_allocators::{Memory, System};
use tare_number::Text;
use tare_number::bigint::{self, BigIntBuf, BigIntRef, Error, Work};

/// A number from bytes: each one is a limb of ones or zeros, a repetition of the last, or the start of a limb.
fn number(bytes: &[u8], stretch: usize) -> (bool, Vec<u64>) {
    let mut limbs = Vec::new();
    let mut rest = bytes.iter().skip(1);
    while let Some(byte) = rest.next() {
        match byte {
            0 => limbs.push(0),
            1 => limbs.push(u64::MAX),
            2..=31 => {
                let last = limbs.last().copied().unwrap_or(1u64);
                limbs.extend(std::iter::repeat_n(
                    last.rotate_left(u32::from(*byte)),
                    usize::from(*byte) * stretch,
                ));
            }
            _ => limbs.push(
                rest.by_ref().take(7).fold(u64::from(*byte), |limb, byte| limb << 8 | u64::from(*byte)),
            ),
        }
    }
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    (!limbs.is_empty() && bytes.first().is_some_and(|byte| byte & 1 == 1), limbs)
}

fn oracle(negative: bool, limbs: &[u64]) -> BigInt {
    let digits: Vec<u32> = limbs.iter().flat_map(|limb| [*limb as u32, (*limb >> 32) as u32]).collect();
    BigInt::from_slice(if negative { Sign::Minus } else { Sign::Plus }, &digits)
}

fn back(result: Result<BigIntBuf<'_>, Error>) -> BigInt {
    let result = result.expect("within the limits");
    assert_ne!(result.as_ref().limbs().last(), Some(&0));
    assert!(!(result.as_ref().is_zero() && result.as_ref().is_negative()));
    oracle(result.as_ref().is_negative(), result.as_ref().limbs())
}

fuzz_target!(|data: &[u8]| {
    let [op, stretch, cut, bytes @ ..] = data else { return };
    let (first, second) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    let stretch = usize::from(*stretch % 8) + 1;
    let ((an, al), (bn, bl)) = (number(first, stretch), number(second, stretch));
    if al.len() + bl.len() > 6000 {
        return;
    }
    let (a, b) = (BigIntRef::new(an, &al), BigIntRef::new(bn, &bl));
    let (x, y) = (oracle(an, &al), oracle(bn, &bl));
    let work = &mut Work::new(Memory::new(&System));
    let bits = b.to_u64_wrapping() % 5000;
    match op % 14 {
        0 => assert_eq!(back(bigint::add(work, a, b)), x + y),
        1 => assert_eq!(back(bigint::sub(work, a, b)), x - y),
        2 => assert_eq!(back(bigint::mul(work, a, b)), x * y),
        3 => assert_eq!(back(bigint::mul(work, a, a)), &x * &x),
        4 if y.is_zero() => assert!(bigint::div(work, a, b).is_err()),
        4 => {
            assert_eq!(back(bigint::div(work, a, b)), &x / &y);
            assert_eq!(back(bigint::rem(work, a, b)), x % y);
        }
        5 => assert_eq!(back(bigint::and(work, a, b)), x & y),
        6 => assert_eq!(back(bigint::or(work, a, b)), x | y),
        7 => assert_eq!(back(bigint::xor(work, a, b)), x ^ y),
        8 => assert_eq!(back(bigint::shift_left_bits(work, a, bits)), x << bits),
        9 => assert_eq!(back(bigint::shift_right_bits(work, a, bits)), x >> bits),
        10 => {
            let power = BigInt::from(1) << bits;
            let low = ((&x % &power) + &power) % &power;
            assert_eq!(back(bigint::as_uint_n(work, bits, a)), low.clone());
            let signed = if bits > 0 && low.bit(bits - 1) { low - power } else { low };
            assert_eq!(back(bigint::as_int_n(work, bits, a)), signed);
        }
        11 => {
            let exponent = b.to_u64_wrapping() % 20;
            if al.len() < 100 {
                let exponent_limb = [exponent];
                let power = bigint::pow(work, a, BigIntRef::new(false, &exponent_limb));
                assert_eq!(back(power), num_traits::Pow::pow(&x, exponent));
            }
        }
        12 => {
            let radix = (b.to_u64_wrapping() % 35) as u32 + 2;
            let text = bigint::to_text(work, a, radix).expect("memory");
            assert!(*text == *x.to_str_radix(radix).as_bytes());
            let digits = if an { &text[1..] } else { &text[..] };
            let read = bigint::from_digits(work, Text::Latin1(digits), radix, an);
            assert_eq!(back(Ok(read.expect("in range").expect("digits"))), x);
        }
        _ => {
            // Any bytes as text: agreement on what is a number at all, too.
            let read = bigint::parse(work, Text::Latin1(bytes)).expect("short");
            let is_plain = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+');
            if bytes.iter().all(is_plain) && !bytes.is_empty() {
                let text = std::str::from_utf8(bytes).expect("ASCII");
                let expected = text
                    .strip_prefix('+')
                    .map_or(text, |rest| if rest.starts_with('-') { "x" } else { rest });
                match (read, expected.parse::<BigInt>()) {
                    (Some(read), Ok(expected)) => {
                        assert_eq!(read.as_ref().is_negative(), expected.is_negative());
                        assert_eq!(back(Ok(read)), expected);
                    }
                    (None, Err(_)) => {}
                    (read, expected) => panic!("{text:?}: {read:?} against {expected:?}"),
                }
            }
        }
    }
});
