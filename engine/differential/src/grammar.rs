//! Programs from grammars that are data: `grammars/*.txt`.
//!
//! ```text
//! # a comment
//! rule =
//!   one alternative, with @other or @(other) in it
//!   *3 another alternative, three times as likely
//! ```
//!
//! | in an alternative | gives |
//! |---|---|
//! | `@rule`, `@(rule)` | one expansion; names have small letters, digits and `_` |
//! | `@rule*3`, `@rule+3` | up to three (`+`: at least one), each on a line of its own |
//! | `@rule,3` | up to three with commas between them |
//! | `@"rule` | one expansion, written as a string literal |
//! | `@%` | a number of this expansion's own, the same in all of the alternative |
//! | `@\n` | a line break |
//! | `@-` | nothing |
//!
//! A rule that is not in the file is looked up in `common.txt`. A program grows until its budget of expansions is
//! spent; then each rule takes the alternative that ends soonest.

use std::collections::BTreeMap;

use crate::dice::Dice;

/// How often a piece stands there.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Times {
    Once,
    /// At least, at most, and what stands between them.
    Up(usize, usize, &'static str),
    Quoted,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Rule(String, Times),
    Number,
}

#[derive(Debug)]
struct Alternative {
    weight: usize,
    pieces: Vec<Piece>,
    /// How many levels it needs at least.
    depth: usize,
}

/// The rules of a family of programs, and those common to all.
pub struct Grammar {
    rules: BTreeMap<String, Vec<Alternative>>,
}

/// A depth that no rule has.
const ENDLESS: usize = usize::MAX / 2;

impl Grammar {
    /// Reads the texts, in which a later rule replaces an earlier one of its name.
    pub fn parse(texts: &[&str]) -> Result<Grammar, String> {
        let mut rules: BTreeMap<String, Vec<Alternative>> = BTreeMap::new();
        for text in texts {
            let mut current: Option<String> = None;
            for (number, line) in text.lines().enumerate() {
                let at = |problem: &str| format!("line {}: {problem}: {line:?}", number + 1);
                if line.trim().is_empty() || line.starts_with('#') {
                    continue;
                }
                if let Some(body) = line.strip_prefix("  ") {
                    let name = current.as_ref().ok_or(at("an alternative of no rule"))?;
                    let rule = rules.get_mut(name).ok_or(at("an alternative of no rule"))?;
                    rule.push(alternative(body).map_err(|problem| at(&problem))?);
                } else {
                    let name =
                        line.strip_suffix('=').ok_or(at("neither `rule =` nor an alternative"))?.trim();
                    rules.insert(name.to_string(), Vec::new());
                    current = Some(name.to_string());
                }
            }
        }
        let mut grammar = Grammar { rules };
        grammar.measure()?;
        Ok(grammar)
    }

    /// Finds the depth of each alternative, and rules that are missing or never end.
    fn measure(&mut self) -> Result<(), String> {
        let mut least: BTreeMap<String, usize> =
            self.rules.keys().map(|name| (name.clone(), ENDLESS)).collect();
        loop {
            let mut changed = false;
            for (name, alternatives) in &mut self.rules {
                for alternative in alternatives.iter_mut() {
                    let mut depth = 1;
                    for piece in &alternative.pieces {
                        let Piece::Rule(rule, times) = piece else { continue };
                        let below =
                            *least.get(rule).ok_or(format!("{name} names {rule}, which is no rule"))?;
                        if !matches!(times, Times::Up(0, ..)) {
                            depth = depth.max((below + 1).min(ENDLESS));
                        }
                    }
                    alternative.depth = depth;
                    let known = least.get_mut(name).expect("every rule has an entry");
                    if depth < *known {
                        *known = depth;
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        match least.iter().find(|(_, depth)| **depth >= ENDLESS) {
            Some((name, _)) => Err(format!("{name} never ends")),
            None => Ok(()),
        }
    }

    /// A program: an expansion of the rule `start`.
    pub fn program(&self, dice: &mut Dice) -> String {
        let budget = 30 + dice.below(220);
        let mut writer = Writer { grammar: self, dice, budget, numbers: 0, text: String::new() };
        writer.expand("start", 0);
        writer.text
    }
}

struct Writer<'a> {
    grammar: &'a Grammar,
    dice: &'a mut Dice,
    budget: usize,
    numbers: usize,
    text: String,
}

impl Writer<'_> {
    fn expand(&mut self, rule: &str, depth: usize) {
        let grammar = self.grammar;
        let alternatives = &grammar.rules[rule];
        let spent = self.budget == 0 || depth > 24;
        self.budget = self.budget.saturating_sub(1);
        let least = alternatives.iter().map(|a| a.depth).min().unwrap_or(0);
        let open = |a: &&Alternative| if spent { a.depth == least } else { a.depth < ENDLESS };
        let total: usize = alternatives.iter().filter(open).map(|a| a.weight).sum();
        let mut at = self.dice.below(total);
        let chosen = alternatives.iter().filter(open).find(|a| {
            let here = at < a.weight;
            at = at.wrapping_sub(a.weight);
            here
        });
        let Some(chosen) = chosen else { return };
        let mut own = None;
        for piece in &chosen.pieces {
            match piece {
                Piece::Text(text) => self.text.push_str(text),
                Piece::Number => {
                    let number = *own.get_or_insert_with(|| {
                        self.numbers += 1;
                        self.numbers
                    });
                    self.text.push_str(&number.to_string());
                }
                Piece::Rule(rule, Times::Once) => self.expand(rule, depth + 1),
                Piece::Rule(rule, Times::Quoted) => {
                    let before = std::mem::take(&mut self.text);
                    self.expand(rule, depth + 1);
                    let inner = std::mem::replace(&mut self.text, before);
                    self.text.push_str(&quoted(&inner));
                }
                Piece::Rule(rule, Times::Up(least, most, between)) => {
                    let count = if spent { *least } else { least + self.dice.below(most - least + 1) };
                    for i in 0..count {
                        if i > 0 {
                            self.text.push_str(between);
                        }
                        self.expand(rule, depth + 1);
                    }
                }
            }
        }
    }
}

/// A string literal; what is not ASCII is escaped.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(b'"') => out.push_str("\\\""),
            Ok(b'\\') => out.push_str("\\\\"),
            Ok(b'\n') => out.push_str("\\n"),
            Ok(byte @ b' '..=b'~') => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\u{unit:04x}")),
        }
    }
    out + "\""
}

fn alternative(body: &str) -> Result<Alternative, String> {
    let mut weight = 1;
    let mut body = body;
    if let Some(rest) = body.strip_prefix('*')
        && let Some((digits, rest)) = rest.split_once(' ')
        && let Ok(number) = digits.parse()
    {
        (weight, body) = (number, rest);
    }
    let mut pieces = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find('@') {
        if at > 0 {
            pieces.push(Piece::Text(rest[..at].to_string()));
        }
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            pieces.push(Piece::Number);
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix('-') {
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix("\\n") {
            pieces.push(Piece::Text("\n".to_string()));
            rest = after;
            continue;
        }
        let quote = rest.strip_prefix('"');
        rest = quote.unwrap_or(rest);
        let name;
        if let Some(after) = rest.strip_prefix('(') {
            (name, rest) = after.split_once(')').ok_or("`@(` without `)`")?;
        } else {
            let end = rest
                .find(|c: char| !(c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit()))
                .unwrap_or(rest.len());
            (name, rest) = rest.split_at(end);
        }
        if name.is_empty() {
            return Err("`@` without a rule".to_string());
        }
        let mut times = if quote.is_some() { Times::Quoted } else { Times::Once };
        let mut characters = rest.chars();
        if let (Some(kind @ ('*' | '+' | ',')), Some(most)) = (characters.next(), characters.next())
            && let Some(most) = most.to_digit(10)
        {
            let most = most as usize;
            times = match kind {
                '*' => Times::Up(0, most, "\n"),
                '+' => Times::Up(1, most, "\n"),
                _ => Times::Up(0, most, ", "),
            };
            rest = &rest[2..];
        }
        pieces.push(Piece::Rule(name.to_string(), times));
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_string()));
    }
    Ok(Alternative { weight, pieces, depth: ENDLESS })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grammar_is_expanded_within_its_budget_and_the_same_each_time() {
        let text = "start =\n  [@item,4] @\"item\nitem =\n  *5 (@item@item)\n  x@%y@%\n";
        let grammar = Grammar::parse(&[text]).expect("a grammar");
        let one = grammar.program(&mut Dice::new(7));
        assert_eq!(one, grammar.program(&mut Dice::new(7)));
        assert!(one.len() < 100_000 && one.contains("x1y1"), "{one}");
        assert!((0..20).any(|seed| grammar.program(&mut Dice::new(seed)) != one));
    }

    #[test]
    fn mistakes_in_a_grammar_are_named() {
        let problem = |text| Grammar::parse(&[text]).err().unwrap_or_default();
        assert!(problem("start =\n  @other\n").contains("other, which is no rule"));
        assert!(problem("start =\n  @start\n").contains("start never ends"));
        assert!(problem("  x\n").contains("line 1"));
        assert!(problem("start =\n  @(x\n").contains("without `)`"));
    }

    #[test]
    fn quoted_text_is_a_literal_of_ascii() {
        assert_eq!(quoted("a\"\\\né"), "\"a\\\"\\\\\\n\\u00e9\"");
    }
}
