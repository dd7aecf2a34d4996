//! Finds the tests of a checkout of the suite and reads them.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::features;
use crate::meta::{Meta, Mode};

/// The folders below `test/` that make up the scope `core`.
pub const CORE: &[&str] = &["annexB", "built-ins", "harness", "language"];

/// A checkout of tc39/test262.
pub struct Suite {
    root: PathBuf,
}

impl Suite {
    /// The suite in the folder `root`.
    ///
    /// # Errors
    /// The folder is not a checkout of the suite.
    pub fn open(root: &Path) -> Result<Suite, String> {
        let missing = ["harness/assert.js", "harness/sta.js", "test"]
            .into_iter()
            .find(|part| !root.join(part).exists());
        if let Some(part) = missing {
            return Err(format!("{} is no checkout of tc39/test262: it has no {part}", root.display()));
        }
        let root = root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))?;
        Ok(Suite { root })
    }

    /// The suite's folder, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Differences between the table of excluded features and this suite's `features.txt`.
    pub fn feature_notes(&self) -> Vec<String> {
        fs::read_to_string(self.root.join("features.txt"))
            .map_or_else(|_| Vec::new(), |text| features::compare(&text))
    }

    /// Names of all tests below the folders `scope`, sorted; a name is the path below `test/` with
    /// `/` between its parts.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn tests(&self, scope: &[&str]) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        for folder in scope {
            if self.root.join("test").join(folder).exists() {
                self.walk(folder, &mut names)?;
            }
        }
        names.sort();
        Ok(names)
    }

    fn walk(&self, folder: &str, names: &mut Vec<String>) -> Result<(), String> {
        let path = self.root.join("test").join(folder);
        let fail = |error| format!("{}: {error}", path.display());
        for entry in fs::read_dir(&path).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let below = format!("{folder}/{name}");
            if entry.file_type().map_err(fail)?.is_dir() {
                self.walk(&below, names)?;
            } else if name.ends_with(".js") && !name.contains("_FIXTURE") {
                names.push(below);
            }
        }
        Ok(())
    }

    /// Absolute path of a test.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join("test").join(name)
    }

    /// Reads one test.
    ///
    /// # Errors
    /// The file cannot be read, is not UTF-8, or its front matter is not understood.
    pub fn read(&self, name: &str) -> Result<Test, String> {
        let bytes = fs::read(self.path(name)).map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
        Ok(Test { meta: Meta::parse(&text)?, text })
    }
}

/// One test file.
#[derive(Debug)]
pub struct Test {
    /// What it says about itself.
    pub meta: Meta,
    /// The file's text.
    pub text: String,
}

impl Test {
    /// The text to evaluate in `mode`.
    pub fn source(&self, mode: Mode) -> String {
        match mode {
            Mode::Strict => format!("\"use strict\";\n{}", self.text),
            Mode::Sloppy | Mode::Module | Mode::Raw => self.text.clone(),
        }
    }
}

/// The harness files that tests include, each read once.
pub struct Harness {
    folder: PathBuf,
    files: HashMap<String, String>,
}

impl Harness {
    /// The harness of `suite`.
    pub fn new(suite: &Suite) -> Harness {
        Harness { folder: suite.root().join("harness"), files: HashMap::new() }
    }

    /// Names and texts of the files `names`, in that order.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn load<'a>(&'a mut self, names: &[&'a str]) -> Result<Vec<(&'a str, &'a str)>, String> {
        for name in names {
            if !self.files.contains_key(*name) {
                let text = fs::read_to_string(self.folder.join(name))
                    .map_err(|error| format!("harness/{name}: {error}"))?;
                self.files.insert(name.to_string(), text);
            }
        }
        Ok(names.iter().map(|name| (*name, self.files[*name].as_str())).collect())
    }
}
