//! When collections run, as the command line and the records spell it.

use crate::units::{parse_bytes, show_bytes};
use std::fmt;
use std::str::FromStr;

/// A collection policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    /// No automatic collection.
    Never,
    /// A collection at every n-th allocation of an object: a stress test.
    Every(u64),
    /// A collection whenever this many bytes have been allocated since the last.
    Fixed(u64),
    /// A collection when memory has grown to so many times what the last one left, at the
    /// earliest at the floor in bytes.
    Multiple(f64, u64),
    /// QuickJS's: the first at this many bytes, then at one and a half times what is left.
    QuickJs(u64),
}

/// The floor of [`Policy::Multiple`] where none is given.
const FLOOR: u64 = 1 << 20;

/// QuickJS's first threshold.
pub const QUICKJS_THRESHOLD: u64 = 256 * 1024;

/// The policies with their syntax and meaning, for help and for error texts.
pub const SYNTAX: [(&str, &str); 5] = [
    ("quickjs(256K)", "first at 256 KiB, then at 1.5 times what the last collection left (QuickJS's own)"),
    ("multiple(2, 1M)", "at twice what the last collection left, but not below 1 MiB"),
    ("fixed(4M)", "after every 4 MiB of allocation"),
    ("every(1000)", "at every 1000th allocation of an object (a stress test)"),
    ("never", "no automatic collection"),
];

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Policy::Never => write!(f, "never"),
            Policy::Every(n) => write!(f, "every({n})"),
            Policy::Fixed(bytes) => write!(f, "fixed({})", show_bytes(*bytes)),
            Policy::Multiple(factor, FLOOR) => write!(f, "multiple({factor})"),
            Policy::Multiple(factor, floor) => write!(f, "multiple({factor}, {})", show_bytes(*floor)),
            Policy::QuickJs(bytes) => write!(f, "quickjs({})", show_bytes(*bytes)),
        }
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            let forms: Vec<&str> = SYNTAX.iter().map(|s| s.0).collect();
            format!("`{text}` is not a collection policy{why}; the forms are {}", forms.join(", "))
        };
        let text = text.trim();
        let (name, inside) = match text.split_once('(') {
            Some((name, rest)) => {
                (name.trim(), rest.trim_end().strip_suffix(')').ok_or_else(|| wrong(" (a `)` is missing)"))?)
            }
            None => (text, ""),
        };
        let arguments: Vec<&str> = inside.split(',').map(str::trim).filter(|a| !a.is_empty()).collect();
        let size = |text: &str| parse_bytes(text).map_err(|e| wrong(&format!(" ({e})")));
        match (name, arguments.as_slice()) {
            ("never", []) => Ok(Policy::Never),
            ("every", [n]) => match n.parse() {
                Ok(n) if n > 0 => Ok(Policy::Every(n)),
                _ => Err(wrong(" (every takes a whole number above zero)")),
            },
            ("fixed", [bytes]) => match size(bytes)? {
                0 => Err(wrong(" (fixed takes a size above zero)")),
                bytes => Ok(Policy::Fixed(bytes)),
            },
            ("multiple", [factor, floor @ ..]) if floor.len() < 2 => match factor.parse::<f64>() {
                Ok(factor) if factor > 1.0 && factor.is_finite() => {
                    Ok(Policy::Multiple(factor, floor.first().map_or(Ok(FLOOR), |f| size(f))?))
                }
                _ => Err(wrong(" (multiple takes a factor above 1)")),
            },
            ("quickjs", []) => Ok(Policy::QuickJs(QUICKJS_THRESHOLD)),
            ("quickjs", [bytes]) => Ok(Policy::QuickJs(size(bytes)?)),
            _ => Err(wrong("")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_read_back_as_written() {
        for text in ["never", "every(64)", "fixed(4M)", "multiple(1.5)", "multiple(2, 4M)", "quickjs(256K)"] {
            assert_eq!(text.parse::<Policy>().unwrap().to_string(), text);
        }
        assert_eq!("quickjs".parse(), Ok(Policy::QuickJs(QUICKJS_THRESHOLD)));
        assert_eq!(" multiple( 2 ,1M ) ".parse(), Ok(Policy::Multiple(2.0, 1 << 20)));
    }

    #[test]
    fn wrong_policies_are_told_the_forms() {
        for text in [
            "",
            "often",
            "every",
            "every(0)",
            "every(x)",
            "fixed(0)",
            "multiple(1)",
            "quickjs(1M",
            "never(1)",
        ] {
            let message = text.parse::<Policy>().unwrap_err();
            assert!(message.contains("every(1000)"), "{text}: {message}");
        }
    }

    #[test]
    fn the_syntax_table_is_true() {
        for (form, _) in SYNTAX {
            form.parse::<Policy>().unwrap();
        }
    }
}
