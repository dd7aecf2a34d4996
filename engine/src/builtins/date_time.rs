//! The calendar (ECMA-262 21.4.1), local time, and the parsing of dates. Nothing here touches objects.

use crate::text::Text;

/// Milliseconds of a day.
pub const DAY: f64 = 86_400_000.0;
/// Names of the months, three letters each.
pub const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Names of the days, three letters each.
pub const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// A time taken apart: year, month (from 0), day (from 1), hours, minutes, seconds, milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// The seven fields, as the setters count them.
    pub parts: [f64; 7],
    /// Day of the week, 0 for Sunday.
    pub week_day: usize,
}

/// Days from the epoch to the first day of a month; both in the proleptic Gregorian calendar.
fn day_number(year: i64, month: i64) -> i64 {
    // Years counted from March, so that the leap day is the last.
    let year = year + month.div_euclid(12);
    let month = month.rem_euclid(12);
    let shifted = (month + 10) % 12;
    let year = if month < 2 { year - 1 } else { year };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    days + (153 * shifted + 2) / 5 - 719_468
}

/// Days of a month (from 0).
pub fn days_in_month(year: i64, month: i64) -> i64 {
    day_number(year, month + 1) - day_number(year, month)
}

/// Takes a finite time value apart.
pub fn fields(time: f64) -> Fields {
    let days = (time / DAY).floor();
    let in_day = (time - days * DAY) as i64;
    let days = days as i64;
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let in_era = shifted.rem_euclid(146_097);
    let year_of_era = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * march + 2) / 5 + 1;
    let month = (march + 2) % 12;
    let year = year_of_era + era * 400 + i64::from(month < 2);
    let parts =
        [year, month, day, in_day / 3_600_000, in_day / 60_000 % 60, in_day / 1000 % 60, in_day % 1000];
    Fields { parts: parts.map(|part| part as f64), week_day: (days + 4).rem_euclid(7) as usize }
}

/// MakeDay and MakeTime and MakeDate (21.4.1.28, .27, .29) of seven fields; NaN when one is not finite.
pub fn from_parts(parts: &[f64; 7]) -> f64 {
    if parts.iter().any(|part| !part.is_finite()) {
        return f64::NAN;
    }
    let [year, month, day, hours, minutes, seconds, ms] = parts.map(f64::trunc);
    // Months of any size are carried over into the year first: what counts is the year they end in.
    let year = year + (month / 12.0).floor();
    let month = month.rem_euclid(12.0);
    if year.abs() > 400_000.0 {
        return f64::NAN;
    }
    let days = day_number(year as i64, month as i64) as f64 + (day - 1.0);
    let time = hours * 3_600_000.0 + minutes * 60_000.0 + seconds * 1000.0 + ms;
    let date = days * DAY + time;
    if date.is_finite() { date } else { f64::NAN }
}

/// TimeClip (21.4.1.31).
pub fn clip(time: f64) -> f64 {
    if time.abs() <= 8.64e15 { time.trunc() + 0.0 } else { f64::NAN }
}

/// Now, in milliseconds.
pub fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_millis() as f64)
}

/// The name of a time zone, in at most 15 bytes.
#[derive(Clone, Copy, Default)]
pub struct ZoneName {
    bytes: [u8; 15],
    length: u8,
}

impl ZoneName {
    /// The name; empty when the system has none in ASCII.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or("")
    }
}

/// Local time minus UTC at a UTC time, in milliseconds, and the zone's name.
pub fn zone_at(utc: f64) -> (f64, ZoneName) {
    let mut name = ZoneName::default();
    if !utc.is_finite() {
        return (0.0, name);
    }
    let seconds = (utc / 1000.0).floor() as libc::time_t;
    // SAFETY: `localtime_r` fills the structure in, or returns null; its zone name is a C string that
    // lives until the zone is set anew, and is copied at once.
    unsafe {
        let mut parts: libc::tm = core::mem::zeroed();
        if libc::localtime_r(&raw const seconds, &raw mut parts).is_null() {
            return (0.0, name);
        }
        if !parts.tm_zone.is_null() {
            let zone = core::ffi::CStr::from_ptr(parts.tm_zone).to_bytes();
            if zone.is_ascii() && zone.len() <= name.bytes.len() {
                name.bytes[..zone.len()].copy_from_slice(zone);
                name.length = zone.len() as u8;
            }
        }
        (parts.tm_gmtoff as f64 * 1000.0, name)
    }
}

/// LocalTime (21.4.1.25).
pub fn to_local(utc: f64) -> f64 {
    utc + zone_at(utc).0
}

/// UTC (21.4.1.26): a time that comes twice is the first, one that is skipped is read with the offset that
/// held before.
pub fn to_utc(local: f64) -> f64 {
    if !local.is_finite() || local.abs() > 8.65e15 {
        return f64::NAN;
    }
    let (before, after) = (zone_at(local - DAY).0, zone_at(local + DAY).0);
    if before == after || zone_at(local - before).0 == before {
        return local - before;
    }
    if zone_at(local - after).0 == after { local - after } else { local - before }
}

// ----- Parsing -----

/// Reads ASCII text; whatever is not ASCII is no part of any format.
struct Reader<'a> {
    text: Text<'a>,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        if self.at < self.text.len() { u8::try_from(self.text.at(self.at)).unwrap_or(0xFF) } else { 0 }
    }

    /// Whether the unit at `at` is an ASCII letter or digit.
    fn is_word(&self, at: usize) -> bool {
        u8::try_from(self.text.at(at)).is_ok_and(|unit| unit.is_ascii_alphanumeric())
    }

    fn done(&self) -> bool {
        self.at >= self.text.len()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = !self.done() && self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    /// Exactly `count` digits.
    fn fixed(&mut self, count: usize) -> Option<i64> {
        let mut value = 0;
        for _ in 0..count {
            let digit = self.peek();
            if !digit.is_ascii_digit() {
                return None;
            }
            value = value * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        Some(value)
    }

    /// One to nine digits, and how many there were.
    fn digits(&mut self) -> Option<(i64, usize)> {
        let start = self.at;
        let mut value = 0;
        while self.peek().is_ascii_digit() {
            if self.at - start == 9 {
                return None;
            }
            value = value * 10 + i64::from(self.peek() - b'0');
            self.at += 1;
        }
        if self.at > start { Some((value, self.at - start)) } else { None }
    }

    /// The digits after a decimal point, as milliseconds.
    fn fraction(&mut self) -> Option<f64> {
        let (mut ms, mut scale) = (0, 100);
        if !self.peek().is_ascii_digit() {
            return None;
        }
        while self.peek().is_ascii_digit() {
            ms += i64::from(self.peek() - b'0') * scale;
            scale /= 10;
            self.at += 1;
        }
        Some(ms as f64)
    }
}

/// The time that a text stands for; NaN for none. First the format of 21.4.1.32, then what `toString` and
/// `toUTCString` write and other common forms.
pub fn parse(text: Text<'_>) -> f64 {
    let time = parse_iso(Reader { text, at: 0 }).or_else(|| parse_loose(Reader { text, at: 0 }));
    time.map_or(f64::NAN, clip)
}

fn parse_iso(mut reader: Reader<'_>) -> Option<f64> {
    let reader = &mut reader;
    let year = match reader.peek() {
        sign @ (b'+' | b'-') => {
            reader.at += 1;
            let year = reader.fixed(6)?;
            if sign == b'-' && year == 0 {
                return Some(f64::NAN);
            }
            if sign == b'-' { -year } else { year }
        }
        _ => reader.fixed(4)?,
    };
    let mut parts = [year as f64, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    let mut in_range = true;
    if reader.eat(b'-') {
        let month = reader.fixed(2)?;
        in_range &= (1..=12).contains(&month);
        parts[1] = (month - 1) as f64;
        if reader.eat(b'-') {
            let day = reader.fixed(2)?;
            in_range &= day >= 1 && day <= days_in_month(year, (month - 1).clamp(0, 11));
            parts[2] = day as f64;
        }
    }
    let mut offset = Some(0.0);
    if reader.eat(b'T') || (reader.peek() == b' ' && reader.eat(b' ')) {
        let hours = reader.fixed(2)?;
        if !reader.eat(b':') {
            return None;
        }
        let minutes = reader.fixed(2)?;
        let mut seconds = 0;
        if reader.eat(b':') {
            seconds = reader.fixed(2)?;
            if reader.eat(b'.') || reader.eat(b',') {
                parts[6] = reader.fraction()?;
            }
        }
        in_range &= hours <= 24 && minutes < 60 && seconds < 60;
        in_range &= hours < 24 || (minutes == 0 && seconds == 0 && parts[6] == 0.0);
        [parts[3], parts[4], parts[5]] = [hours, minutes, seconds].map(|part| part as f64);
        offset = match reader.peek() {
            b'Z' => {
                reader.at += 1;
                Some(0.0)
            }
            sign @ (b'+' | b'-') => {
                reader.at += 1;
                let hours = reader.fixed(2)?;
                if !reader.eat(b':') {
                    return None;
                }
                let minutes = reader.fixed(2)?;
                in_range &= hours < 24 && minutes < 60;
                let offset = (hours * 60 + minutes) as f64 * 60_000.0;
                Some(if sign == b'-' { -offset } else { offset })
            }
            _ => None,
        };
    } else {
        // No part of the format, but others read it, too; a date alone is of that zone anyway.
        reader.eat(b'Z');
    }
    if !reader.done() {
        return None;
    }
    if !in_range {
        return Some(f64::NAN);
    }
    let time = from_parts(&parts);
    Some(match offset {
        Some(offset) => time - offset,
        None => to_utc(time),
    })
}

/// Month names in any case, day names, numbers, times and offsets, in any order that makes sense: `Nov 21
/// 2026 05:11:07 GMT+0100 (CET)`, `21 November 2026`, `11/21/2026 5:11 PM`.
fn parse_loose(mut reader: Reader<'_>) -> Option<f64> {
    let reader = &mut reader;
    let mut numbers = [0i64; 3];
    let mut widths = [0usize; 3];
    let mut count = 0;
    let mut month = None;
    let mut month_first = false;
    let mut time: Option<[f64; 4]> = None;
    let mut offset: Option<f64> = None;
    let mut negative_year = false;
    while !reader.done() {
        let start = reader.at;
        match reader.peek() {
            b' ' | b',' | b'/' | b'.' | b'\t' => reader.at += 1,
            b'(' => {
                let mut depth = 0;
                while !reader.done() {
                    match reader.peek() {
                        b'(' => depth += 1,
                        b')' => depth -= 1,
                        _ => (),
                    }
                    reader.at += 1;
                    if depth == 0 {
                        break;
                    }
                }
            }
            sign @ (b'+' | b'-') => {
                let separates = start > 0 && reader.is_word(start - 1);
                reader.at += 1;
                let follows_date = time.is_some();
                if !reader.peek().is_ascii_digit() {
                    if sign == b'+' {
                        return None;
                    }
                } else if follows_date {
                    let (value, width) = reader.digits()?;
                    let minutes = if reader.eat(b':') {
                        value * 60 + reader.digits()?.0
                    } else if width <= 2 {
                        value * 60
                    } else {
                        value / 100 * 60 + value % 100
                    };
                    if minutes >= 24 * 60 {
                        return None;
                    }
                    let ms = minutes as f64 * 60_000.0;
                    offset = Some(if sign == b'-' { -ms } else { ms });
                } else if sign == b'-' && (count == 2 || (count == 1 && month.is_some())) {
                    // A separator in 21-Nov-2026; a sign before years as this engine writes them, four
                    // digits or more behind a space.
                    let (value, width) = reader.digits()?;
                    negative_year = width >= if separates { 6 } else { 4 };
                    numbers[count] = value;
                    widths[count] = width;
                    count += 1;
                }
            }
            b'0'..=b'9' => {
                let (value, width) = reader.digits()?;
                if reader.peek() == b':' && time.is_none() {
                    reader.at += 1;
                    let minutes = reader.digits()?.0;
                    let (mut seconds, mut ms) = (0, 0.0);
                    if reader.eat(b':') {
                        seconds = reader.digits()?.0;
                        if reader.eat(b'.') {
                            ms = reader.fraction()?;
                        }
                    }
                    if value > 24 || minutes > 59 || seconds > 59 {
                        return None;
                    }
                    time = Some([value as f64, minutes as f64, seconds as f64, ms]);
                } else {
                    if count == 3 {
                        return None;
                    }
                    month_first |= count == 0 && month.is_none();
                    numbers[count] = value;
                    widths[count] = width;
                    count += 1;
                }
            }
            byte if byte.is_ascii_alphabetic() => {
                while reader.peek().is_ascii_alphabetic() {
                    reader.at += 1;
                }
                let length = reader.at - start;
                let word = |i: usize| {
                    if i < length { (reader.text.at(start + i) as u8).to_ascii_lowercase() } else { 0 }
                };
                let three = [word(0), word(1), word(2)];
                let is =
                    |name: &str| name.bytes().enumerate().all(|(i, b)| word(i) == b.to_ascii_lowercase());
                let find = |names: &[&str]| {
                    names.iter().position(|name| length >= 3 && name.as_bytes().eq_ignore_ascii_case(&three))
                };
                if let Some(found) = find(&MONTHS) {
                    if month.is_some() {
                        return None;
                    }
                    month = Some(found as i64);
                } else if find(&DAYS).is_some() {
                } else if length <= 3 && (is("gmt") || is("utc") || (length == 1 && is("z"))) {
                    offset = Some(0.0);
                } else if length == 2 && (is("am") || is("pm")) {
                    let time = time.as_mut()?;
                    if !(1.0..=12.0).contains(&time[0]) {
                        return None;
                    }
                    time[0] = time[0] % 12.0 + if is("pm") { 12.0 } else { 0.0 };
                } else if length == 1 && is("t") && count == 3 {
                } else if length == 3 && word(2) == b't' && matches!(word(1), b's' | b'd') {
                    // The zones that RFC 822 names.
                    let hours = match word(0) {
                        b'e' => -5.0,
                        b'c' => -6.0,
                        b'm' => -7.0,
                        b'p' => -8.0,
                        _ => return None,
                    };
                    let summer = if word(1) == b'd' { 1.0 } else { 0.0 };
                    offset = Some((hours + summer) * 3_600_000.0);
                } else {
                    return None;
                }
            }
            _ => return None,
        }
    }
    let (mut year, month, day, width) = match (month, count) {
        // A name and two numbers: the day comes first unless it looks like a year.
        (Some(month), 2) if widths[0] > 2 => (numbers[0], month, numbers[1], widths[0]),
        (Some(month), 2) => (numbers[1], month, numbers[0], widths[1]),
        (Some(month), 1) if widths[0] > 2 => (numbers[0], month, 1, widths[0]),
        (Some(month), 1) => (2001, month, numbers[0], 4),
        (None, 3) if widths[0] > 2 => (numbers[0], numbers[1] - 1, numbers[2], widths[0]),
        (None, 3) if month_first => (numbers[2], numbers[0] - 1, numbers[1], widths[2]),
        _ => return None,
    };
    if width <= 2 {
        year += if year < 50 { 2000 } else { 1900 };
    }
    if negative_year {
        year = -year;
    }
    if !(0..12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let [hours, minutes, seconds, ms] = time.unwrap_or([0.0; 4]);
    let time = from_parts(&[year as f64, month as f64, day as f64, hours, minutes, seconds, ms]);
    Some(match offset {
        Some(offset) => time - offset,
        None => to_utc(time),
    })
}
