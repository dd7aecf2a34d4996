//! When collections run: the engine's policies, under the names they have everywhere.

use std::fmt;
use std::str::FromStr;

/// A collection policy by its canonical name, as [`tare::heap::parse_policy`] reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy(String);

/// QuickJS's first threshold, in bytes.
pub const QUICKJS_THRESHOLD: u64 = 256 * 1024;

impl Policy {
    /// QuickJS's policy with its first threshold in bytes.
    pub fn quickjs(threshold: u64) -> Self {
        Policy(format!("quickjs({})", crate::units::show_bytes(threshold)))
    }

    /// The engine's form of it.
    ///
    /// # Errors
    /// A sentence that names the policies there are.
    pub fn parsed(&self) -> Result<tare::heap::Policy, String> {
        parse(&self.0)
    }

    #[cfg(any(test, feature = "quickjs-ng"))]
    /// QuickJS's first threshold in bytes where this is QuickJS's own policy and nothing more;
    /// `u64::MAX` where there are no automatic collections.
    pub fn as_quickjs_threshold(&self) -> Option<u64> {
        if self.0 == "never" {
            return Some(u64::MAX);
        }
        let inside = self.0.strip_prefix("quickjs(")?.strip_suffix(')')?;
        crate::units::parse_bytes(inside).ok()
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Policy(parse(text)?.to_string()))
    }
}

fn parse(text: &str) -> Result<tare::heap::Policy, String> {
    tare::heap::parse_policy(text.trim()).map_err(|error| {
        let forms: Vec<&str> = tare::heap::catalogue().iter().map(|row| row.syntax).collect();
        format!("`{text}`: {error}; the policies are {}", forms.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_read_back_as_written() {
        for row in tare::heap::catalogue() {
            let policy: Policy = row.example.parse().unwrap();
            assert_eq!(policy.to_string().parse::<Policy>().unwrap(), policy);
        }
        assert_eq!(Policy::quickjs(QUICKJS_THRESHOLD), "quickjs".parse().unwrap());
    }

    #[test]
    fn wrong_policies_are_told_the_forms() {
        for text in ["", "often", "every(0)", "every(x)", "quickjs(1M"] {
            let message = text.parse::<Policy>().unwrap_err();
            assert!(message.contains("fixed(bytes)"), "{text}: {message}");
        }
    }

    #[test]
    fn quickjs_thresholds_are_told_from_other_policies() {
        let threshold = |text: &str| text.parse::<Policy>().unwrap().as_quickjs_threshold();
        assert_eq!(threshold("quickjs(1M)"), Some(1 << 20));
        assert_eq!(threshold("never"), Some(u64::MAX));
        assert_eq!(threshold("live(2)"), None);
        assert_eq!(threshold("quickjs(1M, 2M)"), None);
    }
}
