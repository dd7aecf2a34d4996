//! Results for people and for programs: the table by folder, the commonest failures, JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::worker::Outcome;

/// Everything that one run found.
#[derive(Debug, Serialize)]
pub struct Results {
    /// Name and version of the engine.
    pub engine: String,
    /// The scope, `core` or a list of folders.
    pub scope: String,
    /// The filter given on the command line.
    pub filter: Option<String>,
    /// Tests in the scope that were left out, by the feature that excludes them.
    pub skipped: BTreeMap<String, usize>,
    /// Files passed.
    pub passed: usize,
    /// Files run.
    pub total: usize,
    /// Runs in one mode that passed.
    pub variants_passed: usize,
    /// Runs in one mode.
    pub variants_total: usize,
    /// Time for the whole run, in seconds.
    pub seconds: f64,
    /// One entry for each file, sorted by name.
    pub outcomes: Vec<Outcome>,
}

impl Results {
    /// Counts `outcomes`, which may come in any order.
    pub fn new(engine: String, scope: String, filter: Option<String>, mut outcomes: Vec<Outcome>) -> Results {
        outcomes.sort_by(|a, b| a.test.cmp(&b.test));
        let variants = || outcomes.iter().flat_map(|outcome| &outcome.variants);
        Results {
            engine,
            scope,
            filter,
            skipped: BTreeMap::new(),
            passed: outcomes.iter().filter(|outcome| outcome.passed()).count(),
            total: outcomes.len(),
            variants_passed: variants().filter(|variant| variant.failure.is_none()).count(),
            variants_total: variants().count(),
            seconds: 0.0,
            outcomes,
        }
    }

    /// Whether each test passed, by name.
    pub fn by_name(&self) -> BTreeMap<String, bool> {
        self.outcomes.iter().map(|outcome| (outcome.test.clone(), outcome.passed())).collect()
    }

    /// Passed and total files for each folder, down to `depth` parts of the name; the parts of a
    /// name count without the file itself.
    pub fn table(&self, depth: usize) -> String {
        let mut rows: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for outcome in &self.outcomes {
            let parts: Vec<&str> = outcome.test.split('/').collect();
            for level in 1..parts.len().min(depth + 1) {
                let (passed, total) = rows.entry(parts[..level].join("/")).or_default();
                *passed += usize::from(outcome.passed());
                *total += 1;
            }
        }
        let mut text = String::new();
        let width = rows.keys().map(String::len).max().unwrap_or(0);
        for (folder, (passed, total)) in rows {
            let _ =
                writeln!(text, "{folder:width$}  {passed:>6} / {total:>6}  {:>7}", percent(passed, total));
        }
        text
    }

    /// The commonest reasons for failures, at most `limit`, each with the number of files and one
    /// of them. Numbers and quoted parts in a reason are taken as equal.
    pub fn reasons(&self, limit: usize) -> String {
        let mut groups: BTreeMap<String, (usize, &str)> = BTreeMap::new();
        for outcome in &self.outcomes {
            if let Some((_, why)) = outcome.failure() {
                groups.entry(outline(why)).or_insert((0, &outcome.test)).0 += 1;
            }
        }
        let mut sorted: Vec<_> = groups.into_iter().collect();
        sorted.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
        let mut text = String::new();
        for (why, (count, example)) in sorted.into_iter().take(limit) {
            let _ = writeln!(text, "{count:>6}  {why}\n        e.g. {example}");
        }
        text
    }

    /// Each failing test with mode and reason.
    pub fn failures(&self) -> String {
        let mut text = String::new();
        for outcome in &self.outcomes {
            if let Some((mode, why)) = outcome.failure() {
                let _ = writeln!(text, "FAIL {} ({mode}): {why}", outcome.test);
            }
        }
        text
    }

    /// The last line of a run.
    pub fn summary(&self) -> String {
        format!(
            "{}: {}/{} files passed ({})",
            self.scope,
            self.passed,
            self.total,
            percent(self.passed, self.total)
        )
    }
}

/// A share with two digits after the point, cut and not rounded, so that only 100 % reads as that.
fn percent(passed: usize, total: usize) -> String {
    let hundredths = (passed * 10_000).checked_div(total).unwrap_or(0);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// A failure's reason with numbers and quoted parts replaced, to group like with like.
fn outline(why: &str) -> String {
    let mut out = String::new();
    let mut chars = why.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii_digit() {
            while chars.peek().is_some_and(|c| c.is_ascii_digit() || *c == '.') {
                chars.next();
            }
            out.push('N');
        } else if matches!(c, '«' | '"' | '`') {
            let end = if c == '«' { '»' } else { c };
            for inner in chars.by_ref() {
                if inner == end {
                    break;
                }
            }
            out.push('…');
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::Variant;

    fn results() -> Results {
        let outcome = |test: &str, failures: &[Option<&str>]| Outcome {
            test: test.into(),
            variants: failures
                .iter()
                .map(|failure| Variant { mode: "sloppy".into(), failure: failure.map(Into::into) })
                .collect(),
        };
        let outcomes = vec![
            outcome("b/x/2.js", &[None, Some("Error: got «1» at 17")]),
            outcome("a/1.js", &[None]),
            outcome("b/x/y/3.js", &[Some("Error: got «22» at 4.5")]),
            outcome("b/4.js", &[None, None]),
        ];
        Results::new("fake".into(), "core".into(), None, outcomes)
    }

    #[test]
    fn files_and_variants_are_counted_apart() {
        let results = results();
        assert_eq!((results.passed, results.total), (2, 4));
        assert_eq!((results.variants_passed, results.variants_total), (4, 6));
        assert_eq!(results.summary(), "core: 2/4 files passed (50.00 %)");
        assert_eq!(results.outcomes[0].test, "a/1.js");
    }

    #[test]
    fn the_table_counts_each_level() {
        let table = results().table(2);
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["a", "1", "/", "1", "100.00", "%"]);
        assert_eq!(rows[1], ["b", "1", "/", "3", "33.33", "%"]);
        assert_eq!(rows[2], ["b/x", "0", "/", "2", "0.00", "%"]);
        assert_eq!(rows.len(), 3);
    }

    #[test]
    fn like_failures_are_one_group() {
        let results = results();
        assert_eq!(results.reasons(5), "     2  Error: got … at N\n        e.g. b/x/2.js\n");
        assert!(results.failures().starts_with("FAIL b/x/2.js (sloppy): Error: got «1» at 17\n"));
    }

    #[test]
    fn shares_are_cut_not_rounded() {
        assert_eq!(percent(99_999, 100_000), "99.99 %");
        assert_eq!(percent(7, 7), "100.00 %");
        assert_eq!(percent(0, 0), "0.00 %");
    }
}
