//! The front matter of a test: the subset of YAML that the suite uses, and what follows from it.
//!
//! A test file carries a block between `/*---` and `---*/` of `key: value` pairs. Values that
//! matter here are lists (`[a, b]`, possibly over several lines, or `- a` lines) and the mapping
//! under `negative`; free text (`description`, `info`, …) is skipped.

use std::fmt;

/// What a test file says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Feature names of `features.txt`.
    pub features: Vec<String>,
    /// Files of the suite's `harness` folder to evaluate first, in this order.
    pub includes: Vec<String>,
    /// The error that the test must end with.
    pub negative: Option<Negative>,
    /// The text is a module.
    pub module: bool,
    /// No harness, no changes to the text.
    pub raw: bool,
    /// The test reports its end through `print`.
    pub is_async: bool,
    /// Run in strict mode only.
    pub only_strict: bool,
    /// Run in sloppy mode only.
    pub no_strict: bool,
    /// Whether the agent may block; `true` unless the test asks for one that may not.
    pub can_block: bool,
}

/// The error a negative test must end with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negative {
    /// When it must be thrown.
    pub phase: Phase,
    /// The name of the error's constructor.
    pub error: String,
}

/// The stages of running a test, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Parsing the test's own text, early errors included.
    Parse,
    /// Loading and linking the modules that a module asks for.
    Resolution,
    /// Evaluation, the jobs that follow included.
    Runtime,
}

impl Phase {
    fn from_name(name: &str) -> Option<Phase> {
        [Phase::Parse, Phase::Resolution, Phase::Runtime].into_iter().find(|phase| phase.to_string() == name)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Phase::Parse => "parse",
            Phase::Resolution => "resolution",
            Phase::Runtime => "runtime",
        })
    }
}

/// One of the ways in which a test is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A script as it stands, after the harness.
    Sloppy,
    /// A script with a `"use strict"` directive put in front.
    Strict,
    /// A module.
    Module,
    /// A script as it stands, without the harness.
    Raw,
}

impl Mode {
    /// The word for this mode in reports.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Sloppy => "sloppy",
            Mode::Strict => "strict",
            Mode::Module => "module",
            Mode::Raw => "raw",
        }
    }
}

impl Meta {
    /// Reads the front matter of a test's `text`.
    ///
    /// # Errors
    /// A sentence for people: no front matter, or a flag, phase or list that is not understood.
    pub fn parse(text: &str) -> Result<Meta, String> {
        let start = text.find("/*---").ok_or("no front matter")? + "/*---".len();
        let length = text[start..].find("---*/").ok_or("front matter without an end")?;
        // A few tests are about line terminators and use lone carriage returns throughout.
        let block = text[start..start + length].replace("\r\n", "\n").replace('\r', "\n");

        let mut meta = Meta { can_block: true, ..Meta::default() };
        for (key, value) in entries(&block) {
            match key {
                "features" => meta.features = list(&value)?,
                "includes" => meta.includes = list(&value)?,
                "negative" => meta.negative = Some(negative(&value)?),
                "flags" => {
                    for flag in list(&value)? {
                        meta.set_flag(&flag)?;
                    }
                }
                _ => {}
            }
        }
        Ok(meta)
    }

    fn set_flag(&mut self, flag: &str) -> Result<(), String> {
        match flag {
            "onlyStrict" => self.only_strict = true,
            "noStrict" => self.no_strict = true,
            "module" => self.module = true,
            "raw" => self.raw = true,
            "async" => self.is_async = true,
            "CanBlockIsFalse" => self.can_block = false,
            "CanBlockIsTrue" | "generated" | "non-deterministic" | "explicit-resource-management" => {}
            other => return Err(format!("unknown flag `{other}`")),
        }
        Ok(())
    }

    /// The ways in which the test has to be run; all must pass.
    pub fn modes(&self) -> &'static [Mode] {
        if self.module {
            &[Mode::Module]
        } else if self.raw {
            &[Mode::Raw]
        } else if self.only_strict {
            &[Mode::Strict]
        } else if self.no_strict {
            &[Mode::Sloppy]
        } else {
            &[Mode::Sloppy, Mode::Strict]
        }
    }

    /// Names of the harness files to evaluate before the test, in order.
    pub fn harness(&self) -> Vec<&str> {
        if self.raw {
            return Vec::new();
        }
        let mut files = vec!["assert.js", "sta.js"];
        if self.is_async {
            files.push("doneprintHandle.js");
        }
        files.extend(self.includes.iter().map(String::as_str));
        files
    }
}

/// Top-level `key: value` pairs; a value holds the rest of its line and the lines indented below.
fn entries(block: &str) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    let indent_of = |line: &str| line.len() - line.trim_start().len();
    let lines = || block.lines().filter(|line| !line.trim().is_empty());
    let margin = lines().map(indent_of).min().unwrap_or(0);
    for line in lines() {
        let key = line.trim_start().split_once(':').filter(|(key, rest)| {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let spaced = rest.is_empty() || rest.starts_with([' ', '\t']);
            indent_of(line) == margin && !key.is_empty() && key.chars().all(word) && spaced
        });
        match (key, found.last_mut()) {
            (Some((key, rest)), _) => found.push((key, rest.trim().to_string())),
            (None, Some((_, value))) => {
                value.push('\n');
                value.push_str(line.trim());
            }
            // A comment before the first key.
            (None, None) => {}
        }
    }
    found
}

/// `text` without a comment at its end.
fn uncommented(text: &str) -> &str {
    match text.find(" #") {
        Some(at) => text[..at].trim(),
        None if text.starts_with('#') => "",
        None => text.trim(),
    }
}

/// The items of `[a, b]`, or of lines that start with `-`.
fn list(value: &str) -> Result<Vec<String>, String> {
    let clean = value.lines().map(uncommented).collect::<Vec<_>>().join("\n");
    let clean = clean.trim();
    let item = |text: &str| text.trim().trim_matches(['"', '\'']).to_string();
    if let Some(inner) = clean.strip_prefix('[') {
        let inner = inner.strip_suffix(']').ok_or_else(|| format!("list without an end: `{value}`"))?;
        return Ok(inner.split(',').map(item).filter(|item| !item.is_empty()).collect());
    }
    clean
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.strip_prefix('-').map(item).ok_or_else(|| format!("not a list: `{value}`")))
        .collect()
}

/// The mapping under `negative`.
fn negative(value: &str) -> Result<Negative, String> {
    let field = |name: &str| {
        let found = value.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found.map(uncommented).ok_or_else(|| format!("negative without `{name}`"))
    };
    let phase = field("phase")?;
    let phase = Phase::from_name(phase).ok_or_else(|| format!("unknown phase `{phase}`"))?;
    Ok(Negative { phase, error: field("type")?.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_in_three_forms() {
        let text = "// c\n/*---\ndescription: >\n  flags: [raw]\n  more: text\nfeatures: [a, b-c,\n  Symbol.iterator]\n\
            includes:\n  - x.js\n  - y.js # why\nflags: [async, noStrict] # both\nlocale: []\n---*/\ncode";
        let meta = Meta::parse(text).unwrap();
        assert_eq!(meta.features, ["a", "b-c", "Symbol.iterator"]);
        assert_eq!(meta.includes, ["x.js", "y.js"]);
        assert!(meta.is_async && meta.no_strict && !meta.raw && meta.can_block);
        assert_eq!(meta.modes(), [Mode::Sloppy]);
        assert_eq!(meta.harness(), ["assert.js", "sta.js", "doneprintHandle.js", "x.js", "y.js"]);
    }

    #[test]
    fn negative_tells_phase_and_error() {
        let meta =
            Meta::parse("/*---\nnegative:\n  phase: resolution\n  type: SyntaxError\nflags: [module]\n---*/")
                .unwrap();
        assert_eq!(meta.negative, Some(Negative { phase: Phase::Resolution, error: "SyntaxError".into() }));
        assert_eq!(meta.modes(), [Mode::Module]);
        assert_eq!(
            Meta::parse("/*---\nnegative:\n  phase: early\n  type: X\n---*/").unwrap_err(),
            "unknown phase `early`"
        );
        assert_eq!(
            Meta::parse("/*---\nnegative:\n  phase: parse\n---*/").unwrap_err(),
            "negative without `type`"
        );
    }

    #[test]
    fn modes_follow_the_flags() {
        let modes = |flags: &str| Meta::parse(&format!("/*---\nflags: [{flags}]\n---*/")).unwrap().modes();
        assert_eq!(modes(""), [Mode::Sloppy, Mode::Strict]);
        assert_eq!(modes("onlyStrict"), [Mode::Strict]);
        assert_eq!(modes("raw"), [Mode::Raw]);
        assert_eq!(modes("module, async"), [Mode::Module]);
        assert!(!Meta::parse("/*---\nflags: [CanBlockIsFalse]\n---*/").unwrap().can_block);
        assert!(Meta::parse("/*---\nflags: [raw, async]\n---*/").unwrap().harness().is_empty());
    }

    #[test]
    fn carriage_returns_and_an_indented_block_are_read() {
        let meta = Meta::parse(
            "/*---\r    es5id: 1\r    flags:\r      - onlyStrict\r    info: |\r        flags: no\r---*/",
        )
        .unwrap();
        assert!(meta.only_strict);
        let meta = Meta::parse("/*---\r\nincludes: [a.js]\r\nflags: [noStrict]\r\n---*/").unwrap();
        assert!(meta.no_strict && meta.includes == ["a.js"]);
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        assert_eq!(Meta::parse("code").unwrap_err(), "no front matter");
        assert_eq!(Meta::parse("/*---\nflags: [new]\n---*/").unwrap_err(), "unknown flag `new`");
        assert!(Meta::parse("/*---\nflags: [raw\n---*/").unwrap_err().starts_with("list without an end"));
        assert!(Meta::parse("/*---\nflags: raw\n---*/").unwrap_err().starts_with("not a list"));
    }
}
