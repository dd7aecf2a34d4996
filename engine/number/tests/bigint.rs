//! BigInt arithmetic against `num-bigint`, at all sizes at which the methods change.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};
use num_traits::{FromPrimitive, One, Pow, Signed, ToPrimitive, Zero};
use proptest::prelude::*;
use tare_allocators::{Memory, System};
use tare_number::Text;
use tare_number::bigint::{self, BigIntBuf, BigIntRef, Error, MAX_BITS, Work};

fn work() -> Work<'static, 'static> {
    Work::new(Memory::new(&System))
}

/// The limbs of the oracle's number.
fn limbs(number: &BigInt) -> Vec<u64> {
    number.iter_u64_digits().collect()
}

fn with<R>(number: &BigInt, f: impl FnOnce(BigIntRef<'_>) -> R) -> R {
    f(BigIntRef::new(number.is_negative(), &limbs(number)))
}

fn with2<R>(a: &BigInt, b: &BigInt, f: impl FnOnce(BigIntRef<'_>, BigIntRef<'_>) -> R) -> R {
    with(a, |a| with(b, |b| f(a, b)))
}

/// The oracle's number of a result, whose invariants are checked on the way.
fn back(number: &BigIntBuf<'_>) -> BigInt {
    let number = number.as_ref();
    assert_ne!(number.limbs().last(), Some(&0));
    assert!(!(number.is_zero() && number.is_negative()));
    let digits: Vec<u32> =
        number.limbs().iter().flat_map(|limb| [*limb as u32, (*limb >> 32) as u32]).collect();
    BigInt::from_slice(if number.is_negative() { Sign::Minus } else { Sign::Plus }, &digits)
}

/// Limbs that provoke carries: random ones mixed with runs of ones and zeros.
fn magnitudes(sizes: std::ops::Range<usize>) -> impl Strategy<Value = BigInt> {
    let limb =
        prop_oneof![4 => any::<u64>(), 2 => Just(0), 2 => Just(u64::MAX), 1 => Just(1), 1 => Just(1 << 63)];
    (prop::collection::vec(limb, sizes), any::<bool>()).prop_map(|(limbs, negative)| {
        let digits: Vec<u32> = limbs.iter().flat_map(|limb| [*limb as u32, (*limb >> 32) as u32]).collect();
        BigInt::from_slice(if negative { Sign::Minus } else { Sign::Plus }, &digits)
    })
}

/// So many cases, or so many thousandths of what `PROPTEST_CASES` asks for.
fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let wanted = if std::env::var_os("PROPTEST_CASES").is_some() {
        (u64::from(cases) * u64::from(default.cases) / 1000).max(1) as u32
    } else {
        cases
    };
    ProptestConfig { cases: wanted, ..default }
}

fn check_all(a: &BigInt, b: &BigInt) {
    let work = &mut work();
    with2(a, b, |x, y| {
        assert_eq!(back(&bigint::add(work, x, y).unwrap()), a + b);
        assert_eq!(back(&bigint::sub(work, x, y).unwrap()), a - b);
        assert_eq!(back(&bigint::mul(work, x, y).unwrap()), a * b);
        assert_eq!(back(&bigint::mul(work, x, x).unwrap()), a * a);
        if b.is_zero() {
            assert_eq!(bigint::div_rem(work, x, y).err(), Some(Error::DivisionByZero));
        } else {
            assert_eq!(back(&bigint::div(work, x, y).unwrap()), a / b);
            assert_eq!(back(&bigint::rem(work, x, y).unwrap()), a % b);
        }
        assert_eq!(back(&bigint::and(work, x, y).unwrap()), a & b);
        assert_eq!(back(&bigint::or(work, x, y).unwrap()), a | b);
        assert_eq!(back(&bigint::xor(work, x, y).unwrap()), a ^ b);
        assert_eq!(back(&bigint::not(work, x).unwrap()), !a);
        assert_eq!(back(&bigint::neg(work, x).unwrap()), -a);
        assert_eq!(x.cmp(&y), a.cmp(b));
        assert_eq!(x.bit_length(), a.bits());
    });
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn small_numbers_agree(a in magnitudes(0..6), b in magnitudes(0..6)) {
        check_all(&a, &b);
    }

    #[test]
    fn shifts_and_windows_agree(a in magnitudes(0..6), bits in 0..400u64) {
        let work = &mut work();
        let power = BigInt::one() << bits;
        with(&a, |x| {
            assert_eq!(back(&bigint::shift_left_bits(work, x, bits).unwrap()), &a << bits);
            assert_eq!(back(&bigint::shift_right_bits(work, x, bits).unwrap()), &a >> bits);
            let limbs = [bits];
            let amount = BigIntRef::new(true, &limbs);
            assert_eq!(back(&bigint::shift_left(work, x, amount).unwrap()), &a >> bits);
            assert_eq!(back(&bigint::shift_right(work, x, amount).unwrap()), &a << bits);
            let low = ((&a % &power) + &power) % &power;
            assert_eq!(back(&bigint::as_uint_n(work, bits, x).unwrap()), low.clone());
            let signed = if bits > 0 && low.bit(bits - 1) { low - &power } else { low };
            assert_eq!(back(&bigint::as_int_n(work, bits, x).unwrap()), signed);
            assert_eq!(x.to_u64_wrapping(), back(&bigint::as_uint_n(work, 64, x).unwrap()).to_u64().unwrap());
            assert_eq!(x.to_i64_wrapping(), back(&bigint::as_int_n(work, 64, x).unwrap()).to_i64().unwrap());
            assert_eq!(x.to_i64(), a.to_i64());
            assert_eq!(x.to_u64(), a.to_u64());
        });
    }

    #[test]
    fn powers_agree(a in magnitudes(0..3), exponent in 0..40u64) {
        let work = &mut work();
        let expected = Pow::pow(&a, exponent);
        with(&a, |x| {
            assert_eq!(back(&bigint::pow(work, x, BigIntRef::new(false, &[exponent])).unwrap()), expected);
        });
    }

    #[test]
    fn doubles_agree(a in magnitudes(0..20), exponent in -80..80i32, mantissa: u64) {
        let work = &mut work();
        // Near a boundary of rounding, in the leading bits and below.
        let near = BigInt::from(mantissa) * (BigInt::one() << exponent.unsigned_abs()) + exponent;
        for number in [&a, &near] {
            with(number, |x| {
                // Not the oracle's own conversion: num-bigint 0.5 loses what is below a tie of more than two
                // digits, such as in 10178537117137765 * 2^76 + 76.
                let expected: f64 = number.to_string().parse().unwrap();
                assert_eq!(bigint::to_f64(x), expected);
                let double = mantissa as f64 * 2f64.powi(exponent);
                for double in [double, -double, expected, expected.next_up(), expected.next_down(), double + 0.5] {
                    let order = match BigInt::from_f64(double) {
                        None if double > 0.0 => Ordering::Less,
                        None => Ordering::Greater,
                        Some(whole) => number.cmp(&whole).then(0f64.partial_cmp(&double.fract()).unwrap()),
                    };
                    assert_eq!(bigint::compare_with_f64(x, double), Some(order), "{number} {double}");
                    let made = bigint::from_f64(work, double).unwrap();
                    assert_eq!(made.is_some(), double.is_finite() && double.fract() == 0.0);
                    if let Some(made) = made {
                        assert_eq!(back(&made), BigInt::from_f64(double).unwrap());
                    }
                }
            });
        }
        assert_eq!(bigint::compare_with_f64(BigIntRef::ZERO, f64::NAN), None);
    }

    #[test]
    fn text_agrees(a in magnitudes(0..12), radix in 2..=36u32) {
        check_text(&a, radix);
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn middle_numbers_agree(a in magnitudes(20..160), b in magnitudes(20..320)) {
        check_all(&a, &b);
        check_all(&b, &a);
    }

    #[test]
    fn long_text_agrees(a in magnitudes(20..500), radix in prop_oneof![Just(10u32), 2..=36u32]) {
        check_text(&a, radix);
    }
}

proptest! {
    #![proptest_config(config(6))]

    #[test]
    fn large_numbers_agree(a in magnitudes(1400..5000), b in magnitudes(1400..3500)) {
        check_all(&a, &b);
    }

    #[test]
    fn large_powers_agree(a in magnitudes(2..30), exponent in 100..300u64) {
        let expected = Pow::pow(&a, exponent);
        with(&a, |x| {
            let power = bigint::pow(&mut work(), x, BigIntRef::new(false, &[exponent])).unwrap();
            assert_eq!(back(&power), expected);
        });
    }

    #[test]
    fn very_long_text_agrees(a in magnitudes(2000..3000), radix in prop_oneof![Just(10u32), 2..=36u32]) {
        check_text(&a, radix);
    }
}

fn check_text(a: &BigInt, radix: u32) {
    let work = &mut work();
    let text = with(a, |x| bigint::to_text(work, x, radix).unwrap());
    let text = std::str::from_utf8(&text).unwrap();
    assert_eq!(text, a.to_str_radix(radix));
    let digits = text.trim_start_matches('-');
    let read = bigint::from_digits(work, Text::from(digits), radix, a.is_negative()).unwrap().unwrap();
    assert_eq!(&back(&read), a);
    let padded: Vec<u16> = format!("00_{digits}").encode_utf16().collect();
    let read = bigint::from_digits(work, Text::Utf16(&padded), radix, false).unwrap().unwrap();
    assert_eq!(back(&read), a.abs());
}

/// Division at sizes where halves and reciprocals work, by multiplying back: the oracle is too slow here.
#[test]
fn division_of_large_numbers_multiplies_back() {
    let work = &mut work();
    let pattern = |len: usize, seed: u64| -> Vec<u64> {
        let mut state = seed;
        (0..len)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                if state >> 60 == 0 { u64::MAX } else { state ^ state >> 29 }
            })
            .collect()
    };
    for (a_len, b_len) in [(9000, 4500), (20000, 6000), (30000, 4000), (16000, 15900), (12345, 8191)] {
        let (a, b) = (pattern(a_len, 1), pattern(b_len, 2));
        let (a, b) = (BigIntRef::new(true, &a), BigIntRef::new(false, &b));
        let (quotient, rest) = bigint::div_rem(work, a, b).unwrap();
        assert!(rest.as_ref().is_negative() && rest.as_ref().negated() < b);
        let product = bigint::mul(work, quotient.as_ref(), b).unwrap();
        let sum = bigint::add(work, product.as_ref(), rest.as_ref()).unwrap();
        assert_eq!(sum.as_ref(), a);
    }
}

/// (x + 1)(x - 1) = x^2 - 1, and text of a million digits there and back, through the transform.
#[test]
fn identities_at_a_million_digits() {
    let work = &mut work();
    let text = "3141592653589793".repeat(62_500);
    let x = bigint::parse(work, Text::from(text.as_str())).unwrap().unwrap();
    let one = BigIntRef::new(false, &[1]);
    let above = bigint::add(work, x.as_ref(), one).unwrap();
    let below = bigint::sub(work, x.as_ref(), one).unwrap();
    let product = bigint::mul(work, above.as_ref(), below.as_ref()).unwrap();
    let square = bigint::mul(work, x.as_ref(), x.as_ref()).unwrap();
    let less = bigint::sub(work, square.as_ref(), one).unwrap();
    assert_eq!(product.as_ref(), less.as_ref());
    let printed = bigint::to_text(work, x.as_ref(), 10).unwrap();
    assert!(&*printed == text.as_bytes());
    let quotient = bigint::div(work, square.as_ref(), x.as_ref()).unwrap();
    assert_eq!(quotient.as_ref(), x.as_ref());
}

#[test]
fn texts_of_the_specification() {
    let work = &mut work();
    for (text, value) in [
        ("", Some(0)),
        ("  \u{feff}\n", Some(0)),
        ("0", Some(0)),
        ("-0", Some(0)),
        ("  12 ", Some(12)),
        ("-12", Some(-12)),
        ("+12", Some(12)),
        ("0x1f", Some(31)),
        ("0B11", Some(3)),
        ("0o17", Some(15)),
        ("00012", Some(12)),
        ("-0x1f", None),
        ("0x", None),
        ("12n", None),
        ("1_2", None),
        ("1.0", None),
        ("1e3", None),
        ("-", None),
        ("+", None),
        ("1 2", None),
        ("0b2", None),
        ("Infinity", None),
        ("\u{131}", None),
    ] {
        let units: Vec<u16> = text.encode_utf16().collect();
        let read = bigint::parse(work, Text::Utf16(&units)).unwrap();
        assert_eq!(read.map(|read| read.as_ref().to_i64().unwrap()), value, "{text:?}");
    }
    assert!(bigint::from_digits(work, Text::from("_"), 10, false).unwrap().is_none());
    assert!(bigint::from_digits(work, Text::from("1"), 37, false).unwrap().is_none());
}

#[test]
fn text_of_numbers_at_the_edges_of_a_limb() {
    let power = |exponent: u32| BigInt::one() << exponent;
    for magnitude in [
        BigInt::zero(),
        BigInt::one(),
        BigInt::from(10u64.pow(19) - 1),
        BigInt::from(10u64.pow(19)),
        power(63),
        power(64) - 1,
        power(64),
        BigInt::from(10u128.pow(38)),
        power(1024) - 1,
        power(1024),
    ] {
        for radix in [0, 1, 37] {
            let text = with(&magnitude, |x| bigint::to_text(&mut work(), x, radix).unwrap());
            assert_eq!(*text, *magnitude.to_string().as_bytes());
        }
        for radix in 2..=36 {
            check_text(&magnitude, radix);
            check_text(&-magnitude.clone(), radix);
        }
    }
}

#[test]
fn sizes_beyond_the_limit_are_refused_before_memory_is_taken() {
    let work = &mut work();
    let (one, two, three) = ([1u64], [2u64], [3u64]);
    let (one, two, three) =
        (BigIntRef::new(false, &one), BigIntRef::new(false, &two), BigIntRef::new(true, &three));
    let too_big = |result: Result<BigIntBuf<'_>, Error>| assert_eq!(result.err(), Some(Error::TooBig));
    let largest = bigint::shift_left_bits(work, one, MAX_BITS - 1).unwrap();
    assert_eq!(largest.as_ref().bit_length(), MAX_BITS);
    too_big(bigint::shift_left_bits(work, one, MAX_BITS));
    too_big(bigint::shift_left_bits(work, one, u64::MAX));
    too_big(bigint::shift_left(work, one, BigIntRef::new(false, &[0, 1])));
    too_big(bigint::shift_right(work, one, BigIntRef::new(true, &[u64::MAX])));
    too_big(bigint::add(work, largest.as_ref(), largest.as_ref()));
    too_big(bigint::mul(work, largest.as_ref(), two));
    too_big(bigint::mul(work, largest.as_ref(), largest.as_ref()));
    too_big(bigint::pow(work, two, BigIntRef::new(false, &[MAX_BITS])));
    too_big(bigint::pow(work, three, BigIntRef::new(false, &[MAX_BITS - 1])));
    too_big(bigint::pow(work, two, BigIntRef::new(false, &[0, 1])));
    too_big(bigint::pow(work, largest.as_ref(), two));
    too_big(bigint::as_uint_n(work, MAX_BITS + 1, three));
    too_big(bigint::as_uint_n(work, u64::MAX, three));
    assert_eq!(bigint::as_int_n(work, u64::MAX, three).unwrap().as_ref(), three);
    assert_eq!(bigint::as_uint_n(work, u64::MAX, one).unwrap().as_ref(), one);
    assert_eq!(bigint::mul(work, largest.as_ref(), one).unwrap().as_ref(), largest.as_ref());
    assert_eq!(
        bigint::pow(work, two, BigIntRef::new(false, &[MAX_BITS - 1])).unwrap().as_ref(),
        largest.as_ref()
    );
    let minus_one = bigint::sub(work, BigIntRef::ZERO, one).unwrap();
    for (exponent, value) in [(MAX_BITS * 8, 1), (MAX_BITS * 8 + 1, -1)] {
        let power = bigint::pow(work, minus_one.as_ref(), BigIntRef::new(false, &[exponent])).unwrap();
        assert_eq!(power.as_ref().to_i64(), Some(value));
    }
    assert_eq!(bigint::pow(work, two, minus_one.as_ref()).err(), Some(Error::NegativeExponent));
    assert!(bigint::pow(work, BigIntRef::ZERO, BigIntRef::new(false, &[0, 5])).unwrap().as_ref().is_zero());
    let wide = "9".repeat(330_000_000);
    assert_eq!(bigint::parse(work, Text::from(wide.as_str())).err(), Some(Error::TooBig));
    assert_eq!(bigint::shift_right_bits(work, largest.as_ref(), MAX_BITS - 1).unwrap().as_ref(), one);
}

/// A hook that asks to stop at its n-th call ends every long operation there, and at no call means no end.
#[test]
fn long_operations_can_be_interrupted() {
    let limbs: Vec<u64> = (1..30_000u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    let (long, short) = (BigIntRef::new(false, &limbs), BigIntRef::new(false, &limbs[..9000]));
    type Operation<'a> = &'a dyn Fn(&mut Work<'_, '_>) -> Result<(), Error>;
    let operations: [Operation<'_>; 5] = [
        &|work| bigint::mul(work, long, short).map(drop),
        &|work| bigint::div(work, long, short).map(drop),
        &|work| bigint::to_text(work, long, 10).map(drop),
        &|work| bigint::pow(work, short, BigIntRef::new(false, &[5])).map(drop),
        &|work| bigint::from_digits(work, Text::from("7".repeat(300_000).as_str()), 10, false).map(drop),
    ];
    for operation in operations {
        let mut calls = 0;
        let mut count = || {
            calls += 1;
            false
        };
        operation(&mut Work::with_interrupt(Memory::new(&System), &mut count)).unwrap();
        assert!(calls > 5);
        for stop in [1, calls / 2, calls] {
            let mut calls = 0;
            let mut hook = || {
                calls += 1;
                calls == stop
            };
            let result = operation(&mut Work::with_interrupt(Memory::new(&System), &mut hook));
            assert_eq!(result, Err(Error::Interrupted));
            assert_eq!(calls, stop);
        }
    }
}

/// A tie in the leading 54 bits that a single bit far below decides.
#[test]
fn ties_are_decided_far_below() {
    let tie = BigInt::from(10178537117137765u64) << 76;
    let expected = [7.69068520425856e38, 7.690685204258562e38];
    for (below, expected) in [(0, expected[0]), (1, expected[1]), (76, expected[1])] {
        with(&(&tie + below), |x| assert_eq!(bigint::to_f64(x), expected, "{below}"));
    }
}
