//! Figures as people read them: bytes, times, ratios.

/// Bytes with a binary unit and three significant digits: `312 B`, `1.25 MiB`.
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (value, 0);
    while value.abs() >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{value:.0} B") } else { format!("{} {}", digits(value), UNITS[unit]) }
}

/// A time in the unit that suits it: `812 ns`, `1.25 ms`, `2.10 s`.
pub fn time(ns: f64) -> String {
    const UNITS: [(&str, f64); 4] = [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];
    let mut choice = UNITS[0];
    for unit in UNITS {
        // A value that would print as 1000 belongs to the next unit.
        if ns.abs() >= unit.1 * 0.9995 {
            choice = unit;
        }
    }
    if choice.1 == 1.0 { format!("{ns:.0} ns") } else { format!("{} {}", digits(ns / choice.1), choice.0) }
}

/// A ratio: `1.27×`.
pub fn ratio(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}×") } else { format!("{}×", digits(value)) }
}

/// A share as percent: `3.4 %`.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value != 0.0 && value.abs() < 0.95 { format!("{value:.2} %") } else { format!("{value:.1} %") }
}

/// A change relative to one as percent with its direction: `23 % more`, `4 % less`.
pub fn change(ratio: f64, more: &str, less: &str) -> String {
    let percent = (ratio - 1.0) * 100.0;
    if percent.abs() < 0.5 {
        "the same".to_string()
    } else if ratio >= 2.0 {
        format!("{ratio:.1} times {}", more.replacen("more", "as much", 1))
    } else if percent > 0.0 {
        format!("{percent:.0} % {more}")
    } else {
        format!("{:.0} % {less}", -percent)
    }
}

/// A count with thin groups of three digits: `1 234 567`.
pub fn count(value: u64) -> String {
    let text = value.to_string();
    let mut out = String::with_capacity(text.len() + text.len() / 3);
    for (index, digit) in text.chars().enumerate() {
        if index > 0 && (text.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// Three significant digits for values of at least 1, two decimals below.
fn digits(value: f64) -> String {
    let size = value.abs();
    if size >= 99.95 {
        format!("{value:.0}")
    } else if size >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_change_unit_before_four_digits() {
        assert_eq!(bytes(312.0), "312 B");
        assert_eq!(bytes(1000.0), "0.98 KiB");
        assert_eq!(bytes(1_310_720.0), "1.25 MiB");
        assert_eq!(bytes(104_857_600.0), "100 MiB");
    }

    #[test]
    fn times_pick_the_unit_that_prints_shortest() {
        assert_eq!(time(812.0), "812 ns");
        assert_eq!(time(999_600.0), "1.00 ms");
        assert_eq!(time(1_250_000.0), "1.25 ms");
        assert_eq!(time(2.1e9), "2.10 s");
    }

    #[test]
    fn changes_name_their_direction() {
        assert_eq!(change(1.234, "more", "less"), "23 % more");
        assert_eq!(change(0.9, "more", "less"), "10 % less");
        assert_eq!(change(3.04, "more", "less"), "3.0 times as much");
        assert_eq!(change(1.001, "more", "less"), "the same");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
