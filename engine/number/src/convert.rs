//! Conversions of doubles to the integer types of ECMAScript (7.1.6 to 7.1.12) and to binary16.

/// ToInt32: truncation, then the value modulo 2^32 as a signed number; 0 for NaN and infinities.
#[inline]
pub fn to_int32(number: f64) -> i32 {
    // The saturating cast is exact for every value in range, and NaN becomes 0.
    let direct = number as i64;
    if direct != i64::MAX && direct != i64::MIN {
        return direct as i32;
    }
    modulo_2_64(number) as i32
}

/// The integer part of a double modulo 2^64; 0 for infinities. For values beyond the range of i64.
#[cold]
fn modulo_2_64(number: f64) -> u64 {
    let bits = number.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i32 - 1075;
    // From 2^63 on the mantissa is shifted up by at least 11; from 64 on nothing stays.
    if !(0..64).contains(&exponent) {
        return 0;
    }
    let magnitude = (bits & ((1 << 52) - 1) | 1 << 52) << exponent;
    if number < 0.0 { magnitude.wrapping_neg() } else { magnitude }
}

/// ToUint32.
#[inline]
pub fn to_uint32(number: f64) -> u32 {
    to_int32(number) as u32
}

/// ToInt16.
#[inline]
pub fn to_int16(number: f64) -> i16 {
    to_int32(number) as i16
}

/// ToUint16.
#[inline]
pub fn to_uint16(number: f64) -> u16 {
    to_int32(number) as u16
}

/// ToInt8.
#[inline]
pub fn to_int8(number: f64) -> i8 {
    to_int32(number) as i8
}

/// ToUint8.
#[inline]
pub fn to_uint8(number: f64) -> u8 {
    to_int32(number) as u8
}

/// ToUint8Clamp: to the nearest integer in 0 to 255, ties to even; 0 for NaN.
#[inline]
pub fn to_uint8_clamp(number: f64) -> u8 {
    // The cast saturates, and takes NaN to 0.
    number.round_ties_even() as u8
}

/// The bits of the binary16 nearest to a double, ties to even, rounded once.
pub fn f16_from_f64(number: f64) -> u16 {
    let bits = number.to_bits();
    let sign = (bits >> 48) as u16 & 0x8000;
    let magnitude = f64::from_bits(bits & !(1 << 63));
    let rounded = if magnitude.is_nan() {
        0x7E00
    } else if magnitude >= 65520.0 {
        // Half way between the largest finite value and the next power of two.
        0x7C00
    } else if magnitude >= 6.103515625e-5 {
        // Normal: drop 42 of the 52 fraction bits. A carry runs into the exponent, as it should.
        let bits = magnitude.to_bits();
        let rounded = (bits + ((1 << 41) - 1) + (bits >> 42 & 1)) >> 42;
        (rounded - ((1023 - 15) << 10)) as u16
    } else {
        // Subnormal: beside 2^28 a double has a step of 2^-24, that of the subnormals.
        let anchor = 268_435_456.0f64;
        ((magnitude + anchor).to_bits() - anchor.to_bits()) as u16
    };
    sign | rounded
}

/// The double equal to a binary16 given by its bits.
pub fn f64_from_f16(half: u16) -> f64 {
    let fraction = u64::from(half & 0x3FF);
    let magnitude = match half >> 10 & 0x1F {
        0 => fraction as f64 * (1.0 / 16_777_216.0),
        0x1F => f64::from_bits(0x7FF << 52 | fraction << 42),
        exponent => f64::from_bits((u64::from(exponent) + 1023 - 15) << 52 | fraction << 42),
    };
    if half & 0x8000 != 0 { -magnitude } else { magnitude }
}

/// `Math.f16round`.
pub fn round_to_f16(number: f64) -> f64 {
    f64_from_f16(f16_from_f64(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_int32_wraps_as_the_specification_says() {
        for (number, expected) in [
            (0.0, 0),
            (-0.0, 0),
            (1.9, 1),
            (-1.9, -1),
            (f64::NAN, 0),
            (f64::INFINITY, 0),
            (f64::NEG_INFINITY, 0),
            (2147483647.0, i32::MAX),
            (2147483648.0, i32::MIN),
            (4294967295.0, -1),
            (4294967296.0, 0),
            (-2147483649.0, i32::MAX),
            (9007199254740993.0, 0),
            (9223372036854775808.0, 0),
            (9223372036854777856.0, 2048),
            (-9223372036854777856.0, -2048),
            (-9223372036854775808.0, 0),
            (1.8446744073709552e19, 0),
            (3.6893488147419103e19 + 8192.0, 8192),
            (2f64.powi(83) + 2f64.powi(31), i32::MIN),
            (2f64.powi(84), 0),
            (1e300, 0),
        ] {
            assert_eq!(to_int32(number), expected, "{number}");
        }
        assert_eq!(to_uint32(-1.0), u32::MAX);
        assert_eq!(
            (to_int8(200.0), to_uint8(-1.0), to_int16(40000.0), to_uint16(-1.0)),
            (-56, 255, -25536, 65535)
        );
    }

    #[test]
    fn clamping_rounds_ties_to_even() {
        for (number, expected) in
            [(f64::NAN, 0), (-5.0, 0), (0.5, 0), (1.5, 2), (2.5, 2), (254.5, 254), (254.6, 255), (1e9, 255)]
        {
            assert_eq!(to_uint8_clamp(number), expected, "{number}");
        }
    }

    /// Every binary16 survives, and every midpoint of neighbours goes to the even one, while the
    /// doubles next to the midpoint go to their side.
    #[test]
    fn halves_are_exact_for_all_values_and_midpoints() {
        for half in 0..0x7C00u16 {
            let here = f64_from_f16(half);
            assert_eq!(f16_from_f64(here), half);
            assert_eq!(f16_from_f64(-here), half | 0x8000);
            let next = if half == 0x7BFF { 65536.0 } else { f64_from_f16(half + 1) };
            let middle = (here + next) / 2.0;
            assert_eq!(f16_from_f64(middle), half + (half & 1), "{middle}");
            assert_eq!(f16_from_f64(middle.next_down()), half);
            assert_eq!(f16_from_f64(middle.next_up()), half + 1);
        }
        assert_eq!(f16_from_f64(f64::INFINITY), 0x7C00);
        assert_eq!(f16_from_f64(-1e300), 0xFC00);
        assert_eq!(f16_from_f64(f64::from_bits(1)), 0);
        assert!(f64_from_f16(f16_from_f64(f64::NAN)).is_nan());
        assert_eq!(round_to_f16(1.337), 1.3369140625);
        assert!(round_to_f16(-0.0).is_sign_negative());
    }
}
