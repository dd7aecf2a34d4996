//! The committed list of tests that are expected to fail.
//!
//! One entry a line, sorted: the name of a test, or of a folder with a `/` at its end when every
//! test below it fails. Text after ` # ` is the reason, kept when the list is updated. The list is
//! exact in both directions: a test that fails without an entry is a regression, and an entry whose
//! test passes must go.

use std::collections::{BTreeMap, BTreeSet};

/// The list: names of tests and folders, each with its reason or an empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    entries: BTreeMap<String, String>,
}

/// Where results and list differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Tests that fail and are not on the list.
    pub unexpected_failures: Vec<String>,
    /// Tests on the list, or in a folder on the list, that pass.
    pub unexpected_passes: Vec<String>,
    /// Entries that stand for no test of the suite.
    pub unknown: Vec<String>,
}

impl Difference {
    /// Whether results and list agree.
    pub fn is_empty(&self) -> bool {
        self.unexpected_failures.is_empty() && self.unexpected_passes.is_empty() && self.unknown.is_empty()
    }
}

impl Expected {
    /// Reads the text of the list.
    ///
    /// # Errors
    /// An entry is out of order or doubled.
    pub fn parse(text: &str) -> Result<Expected, String> {
        let mut entries = BTreeMap::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, reason) = line.split_once(" # ").unwrap_or((line, ""));
            if entries.last_key_value().is_some_and(|(last, _): (&String, &String)| last.as_str() >= name) {
                return Err(format!("`{name}` is out of order"));
            }
            entries.insert(name.to_string(), reason.to_string());
        }
        Ok(Expected { entries })
    }

    /// The text of the list.
    pub fn render(&self) -> String {
        let mut text =
            "# Tests of the scope `core` that fail. Written by `tare-test262 --update`.\n".to_string();
        for (name, reason) in &self.entries {
            text.push_str(name);
            if !reason.is_empty() {
                text.push_str(" # ");
                text.push_str(reason);
            }
            text.push('\n');
        }
        text
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the list has no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether `test` is expected to fail: it is on the list, or one of its folders is.
    pub fn covers(&self, test: &str) -> bool {
        self.entries.contains_key(test) || folders(test).any(|folder| self.entries.contains_key(folder))
    }

    /// Compares the list with results. `all` are the names of all tests in the scope, `results`
    /// the tests that were run, with whether each passed.
    pub fn compare(&self, all: &[String], results: &BTreeMap<String, bool>) -> Difference {
        let mut difference = Difference::default();
        for (test, passed) in results {
            match (passed, self.covers(test)) {
                (false, false) => difference.unexpected_failures.push(test.clone()),
                (true, true) => difference.unexpected_passes.push(test.clone()),
                _ => {}
            }
        }
        let known: BTreeSet<&str> =
            all.iter().flat_map(|test| folders(test).chain([test.as_str()])).collect();
        difference.unknown =
            self.entries.keys().filter(|name| !known.contains(name.as_str())).cloned().collect();
        difference
    }

    /// The list that fits `results`. Tests that were not run keep their state; reasons of entries
    /// that stay are kept; a folder stands for its tests when all of them fail and there are two
    /// or more.
    pub fn updated(&self, all: &[String], results: &BTreeMap<String, bool>) -> Expected {
        let fails = |test: &str| results.get(test).map_or_else(|| self.covers(test), |passed| !passed);
        let mut failing = BTreeSet::new();
        // Number of tests and of failing tests below each folder.
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for test in all {
            let failed = fails(test);
            if failed {
                failing.insert(test.as_str());
            }
            for folder in folders(test) {
                let (total, bad) = counts.entry(folder).or_default();
                *total += 1;
                *bad += usize::from(failed);
            }
        }
        let whole = |folder: &str| counts.get(folder).is_some_and(|(total, bad)| total == bad && *total > 1);
        let name_of = |test: &'_ str| folders(test).find(|folder| whole(folder)).unwrap_or(test).to_string();
        let reason = |name: &String| self.entries.get(name).cloned().unwrap_or_default();
        let names: BTreeSet<String> = failing.into_iter().map(name_of).collect();
        Expected {
            entries: names
                .into_iter()
                .map(|name| {
                    let why = reason(&name);
                    (name, why)
                })
                .collect(),
        }
    }
}

/// The folders of a test from the outermost on, each with a `/` at its end.
fn folders(test: &str) -> impl Iterator<Item = &str> {
    test.match_indices('/').map(|(at, _)| &test[..=at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<String> {
        ["a/b/1.js", "a/b/2.js", "a/c.js", "d/e.js", "d/f.js"].map(String::from).to_vec()
    }

    fn results(list: &[(&str, bool)]) -> BTreeMap<String, bool> {
        list.iter().map(|(name, passed)| (name.to_string(), *passed)).collect()
    }

    #[test]
    fn the_list_is_exact_in_both_directions() {
        let expected = Expected::parse("# head\na/b/ # why\nd/e.js\nx.js\n").unwrap();
        let run = results(&[
            ("a/b/1.js", false),
            ("a/b/2.js", true),
            ("a/c.js", false),
            ("d/e.js", true),
            ("d/f.js", true),
        ]);
        let difference = expected.compare(&all(), &run);
        assert_eq!(difference.unexpected_failures, ["a/c.js"]);
        assert_eq!(difference.unexpected_passes, ["a/b/2.js", "d/e.js"]);
        assert_eq!(difference.unknown, ["x.js"]);
        assert!(!difference.is_empty());
        let fixed = expected.updated(&all(), &run);
        assert!(fixed.compare(&all(), &run).is_empty());
        assert_eq!(fixed.entries.keys().collect::<Vec<_>>(), ["a/b/1.js", "a/c.js"]);
    }

    #[test]
    fn whole_folders_fold_and_reasons_stay() {
        let expected = Expected::parse("a/c.js # slow\nd/e.js # odd\n").unwrap();
        let run = results(&[("a/b/1.js", false), ("a/b/2.js", false)]);
        let updated = expected.updated(&all(), &run);
        // All of `a` fails now; `d/e.js` was not run and keeps its entry and reason.
        assert_eq!(
            updated.entries.iter().collect::<Vec<_>>(),
            [(&"a/".into(), &"".into()), (&"d/e.js".into(), &"odd".into())]
        );
        assert_eq!(Expected::parse(&updated.render()).unwrap(), updated);
        assert_eq!(updated.len(), 2);
        // An entry for a folder opens up again when one of its tests passes.
        let opened = updated.updated(&all(), &results(&[("a/c.js", true)]));
        assert_eq!(opened.entries.keys().collect::<Vec<_>>(), ["a/b/", "d/e.js"]);
    }

    #[test]
    fn order_is_part_of_the_form() {
        assert_eq!(Expected::parse("b.js\na.js\n").unwrap_err(), "`a.js` is out of order");
        assert_eq!(Expected::parse("a.js # x\na.js\n").unwrap_err(), "`a.js` is out of order");
        assert!(Expected::parse("").unwrap().is_empty());
    }
}
