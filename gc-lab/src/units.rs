//! Sizes and times as the command line spells them.

use std::time::Duration;

/// Reads a number of bytes: digits with an optional K, M or G (powers of 1024): `256K`, `1.5M`.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let trimmed = text.trim().trim_end_matches("iB").trim_end_matches('B');
    let digits = trimmed.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &trimmed[digits.len()..] {
        "" => 1.0,
        "K" | "k" => 1024.0,
        "M" | "m" => 1024.0 * 1024.0,
        "G" | "g" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(wrong_bytes(text)),
    };
    let value: f64 = digits.trim().parse().map_err(|_| wrong_bytes(text))?;
    let bytes = value * unit;
    if !(0.0..9e18).contains(&bytes) {
        return Err(wrong_bytes(text));
    }
    Ok(bytes as u64)
}

fn wrong_bytes(text: &str) -> String {
    format!("`{text}` is not a size: write a number of bytes, optionally with K, M or G, such as 256K or 64M")
}

/// Writes bytes so that [`parse_bytes`] reads them again, with the largest unit that divides them.
pub fn show_bytes(bytes: u64) -> String {
    for (shift, unit) in [(30, "G"), (20, "M"), (10, "K")] {
        if bytes > 0 && bytes.is_multiple_of(1 << shift) {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}

/// Reads a time in seconds: `20`, `0.5`, with an optional `s`, `ms` or `m`.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("`{text}` is not a time: write seconds such as 20 or 0.5, or a number with ms, s or m");
    let (digits, unit) = match text.trim() {
        t if t.ends_with("ms") => (&t[..t.len() - 2], 0.001),
        t if t.ends_with('s') => (&t[..t.len() - 1], 1.0),
        t if t.ends_with('m') => (&t[..t.len() - 1], 60.0),
        t => (t, 1.0),
    };
    let value: f64 = digits.trim().parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(value * unit).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_and_write_back() {
        for (text, bytes) in [("0", 0), ("17", 17), ("256K", 262_144), ("1M", 1 << 20), ("2G", 2 << 30)] {
            assert_eq!(parse_bytes(text), Ok(bytes));
            assert_eq!(show_bytes(bytes), text);
        }
        assert_eq!(parse_bytes("1.5M"), Ok(1_572_864));
        assert_eq!(parse_bytes("64MiB"), Ok(64 << 20));
        for wrong in ["", "M", "12Q", "-1", "nan", "1e30", "1 2"] {
            assert!(parse_bytes(wrong).unwrap_err().contains("256K"), "{wrong} was accepted");
        }
    }

    #[test]
    fn times_know_their_units() {
        assert_eq!(parse_seconds("20"), Ok(Duration::from_secs(20)));
        assert_eq!(parse_seconds("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_seconds("2m"), Ok(Duration::from_secs(120)));
        assert!(parse_seconds("soon").is_err() && parse_seconds("-1").is_err());
    }
}
