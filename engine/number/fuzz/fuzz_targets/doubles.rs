//! Doubles and text: whatever prints reads back, in every base, and any bytes read as the standard library
//! reads them where it has the same grammar.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tare_number::*;

fuzz_target!(|data: &[u8]| {
    if let Some((head, _)) = data.split_first_chunk::<9>() {
        let [radix, bits @ ..] = *head;
        let (number, radix) = (f64::from_bits(u64::from_le_bytes(bits)), u32::from(radix) % 35 + 2);
        let mut buffer = NumberBuffer::new();
        let text = number_to_string(number, &mut buffer);
        let read = string_to_number(Text::from(text));
        assert!(read == number || number.is_nan() && read.is_nan());
        if number.is_finite() {
            let mut wide = RadixBuffer::new();
            let text = number_to_string_radix(number, radix, &mut wide);
            if number.trunc() == number && !text.contains('e') {
                assert_eq!(parse_int(Text::from(text), radix as i32), number);
            }
            let digits = u32::from(bits[0]) % 101;
            let mut fixed = FixedBuffer::new();
            for text in [
                to_precision(number, digits.clamp(17, 100), &mut fixed).to_owned(),
                to_exponential(number, Some(digits.clamp(16, 100)), &mut fixed).to_owned(),
                to_exponential(number, None, &mut fixed).to_owned(),
            ] {
                assert_eq!(string_to_number(Text::from(text.as_str())), number);
            }
            let text = to_fixed(number, digits, &mut fixed);
            let near = string_to_number(Text::from(text));
            assert!((near - number).abs() <= 0.5 || number.abs() >= 1e21);
        }
        assert_eq!(f64_from_f16(f16_from_f64(number)).is_nan(), number.is_nan());
    }
    let wide: Vec<u16> = data.iter().map(|byte| u16::from(*byte)).collect();
    let (narrow, wide) = (Text::Latin1(data), Text::Utf16(&wide));
    let number = string_to_number(narrow);
    assert_eq!(number.to_bits(), string_to_number(wide).to_bits());
    assert_eq!(parse_float_prefix(narrow), parse_float_prefix(wide));
    for radix in [0, 2, 3, 10, 16, 36] {
        assert_eq!(parse_int(narrow, radix).to_bits(), parse_int(wide, radix).to_bits());
    }
    assert_eq!(array_index_from_text(narrow), array_index_from_text(wide));
    assert_eq!(
        canonical_numeric_index(narrow).map(f64::to_bits),
        canonical_numeric_index(wide).map(f64::to_bits)
    );
    let _ = (decimal_literal_value(narrow), radix_digits_value(narrow, 7));
    let plain =
        data.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    if plain && !data.is_empty() {
        let expected = std::str::from_utf8(data).ok().and_then(|text| text.parse::<f64>().ok());
        assert_eq!((!number.is_nan()).then_some(number.to_bits()), expected.map(f64::to_bits));
    }
});
