//! The families of programs: each is a grammar.

use crate::dice::Dice;
use crate::grammar::Grammar;

const COMMON: &str = include_str!("../grammars/common.txt");

/// The log functions that every program starts with.
pub const PRELUDE: &str = include_str!("prelude.js");

macro_rules! families {
    ($($name:literal),* $(,)?) => {
        /// Name and grammar of each family.
        pub const FAMILIES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../grammars/", $name, ".txt")))),*];
    };
}

families! {
    "async", "buffers", "builtins", "classes", "collections", "control", "generators", "iterators", "json", "objects",
    "patterns", "proxies", "regexps", "scopes", "sorting", "syntax", "text",
}

/// Names of the families.
pub fn names() -> Vec<String> {
    FAMILIES.iter().map(|(name, _)| name.to_string()).collect()
}

/// The grammar of a family.
pub fn grammar(name: &str) -> Result<Grammar, String> {
    let found = FAMILIES.iter().find(|(family, _)| *family == name);
    let (_, text) = found.ok_or_else(|| format!("no family {name:?}; there are {}", names().join(", ")))?;
    Grammar::parse(&[COMMON, text]).map_err(|problem| format!("grammar {name}: {problem}"))
}

/// The program of a seed.
pub fn program(name: &str, seed: u64) -> Result<String, String> {
    Ok(grammar(name)?.program(&mut Dice::new(seed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_makes_programs() {
        for name in names() {
            let grammar = grammar(&name).expect("a grammar");
            for seed in 0..50 {
                let text = grammar.program(&mut Dice::new(seed));
                assert!(!text.is_empty() && text.len() < 200_000, "{name} {seed}: {} bytes", text.len());
            }
        }
    }
}
