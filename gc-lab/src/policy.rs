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

/// What a parameter of a policy is, and the values of it that are worth trying: from `least` on, each
/// `ratio` times the one before, up to `most`.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    bytes: bool,
    least: f64,
    most: f64,
    ratio: f64,
}

const fn size(least: u64, most: u64) -> Parameter {
    Parameter { bytes: true, least: least as f64, most: most as f64, ratio: 2.0 }
}

const fn number(least: f64, most: f64, ratio: f64) -> Parameter {
    Parameter { bytes: false, least, most, ratio }
}

impl Parameter {
    /// How many values there are.
    pub fn values(&self) -> usize {
        ((self.most / self.least).ln() / self.ratio.ln() + 1e-9) as usize + 1
    }

    /// A value as policies spell it.
    fn word(&self, index: usize) -> String {
        let value = self.least * self.ratio.powi(index as i32);
        if self.bytes {
            return crate::units::show_bytes(value as u64);
        }
        // Three digits that count.
        let scale = 10f64.powi(2 - value.log10().floor() as i32);
        ((value * scale).round() / scale).to_string()
    }
}

/// A policy of the engine and what can be chosen about it. Parameters after the first may be left out.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// Its parameters in their order.
    pub parameters: &'static [Parameter],
}

impl Family {
    /// The policy with the values of these numbers; `None` where the engine has no such policy, since its values
    /// contradict each other.
    pub fn at(&self, indices: &[usize]) -> Option<Policy> {
        let words: Vec<String> = self.parameters.iter().zip(indices).map(|(p, i)| p.word(*i)).collect();
        let text =
            if words.is_empty() { self.name.into() } else { format!("{}({})", self.name, words.join(", ")) };
        text.parse().ok()
    }
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Every policy that a program may be run with and every value worth trying, the plainest first: of policies that
/// come to the same, the first is chosen.
pub const SPACE: &[Family] = &[
    Family {
        name: "quickjs",
        parameters: &[size(16 * KIB, 256 * MIB), size(32 * KIB, 64 * MIB), size(64 * KIB, 256 * MIB)],
    },
    Family { name: "fixed", parameters: &[size(32 * KIB, 256 * MIB)] },
    Family { name: "live", parameters: &[number(1.1, 12.0, 1.2), size(32 * KIB, 64 * MIB)] },
    Family { name: "gogc", parameters: &[number(6.25, 1600.0, 2.0), size(MIB, 1024 * MIB)] },
    Family { name: "futility", parameters: &[size(32 * KIB, 64 * MIB), number(2.0, 64.0, 2.0)] },
    Family { name: "orc", parameters: &[size(32 * KIB, 64 * MIB)] },
    Family { name: "php", parameters: &[size(32 * KIB, 64 * MIB), size(64 * MIB, 1024 * MIB)] },
    Family { name: "membalancer", parameters: &[number(1e-6, 10.0, 3.162_277_660_168_379_5)] },
    Family { name: "v8", parameters: &[number(1.1, 16.0, 1.3)] },
    Family { name: "budget", parameters: &[number(0.25, 64.0, 2.0)] },
    Family { name: "never", parameters: &[] },
];

/// The policies that are there to find faults, not to run programs with.
#[cfg(test)]
const STRESS: [&str; 2] = ["every", "thinning"];

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
    fn every_policy_of_the_engine_is_in_the_space_and_every_value_is_one() {
        for row in tare::heap::catalogue() {
            let times = SPACE.iter().filter(|f| f.name == row.name).count();
            let stress = STRESS.contains(&row.name);
            assert_eq!(times, usize::from(!stress), "{} in the table of what is worth trying", row.name);
            if let Some(family) = SPACE.iter().find(|f| f.name == row.name) {
                let written = row.syntax.matches(['(', ',']).count();
                assert_eq!(family.parameters.len(), written, "parameters of {}", row.syntax);
            }
        }
        for family in SPACE {
            for (place, parameter) in family.parameters.iter().enumerate() {
                let mut words: Vec<String> = (0..parameter.values()).map(|i| parameter.word(i)).collect();
                assert!(words.len() >= 4, "{} {place}: {words:?}", family.name);
                words.dedup();
                assert_eq!(words.len(), parameter.values(), "{} {place}", family.name);
            }
            for first in 0..family.parameters.first().map_or(1, Parameter::values) {
                let indices = &[first][..family.parameters.len().min(1)];
                let policy = family.at(indices).unwrap();
                assert_eq!(policy.to_string().parse::<Policy>().unwrap(), policy);
            }
        }
        assert_eq!(SPACE[0].at(&[4]), Some(Policy::quickjs(QUICKJS_THRESHOLD)));
        assert_eq!(SPACE[0].at(&[0, 6, 0]), None, "a floor above the ceiling");
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
