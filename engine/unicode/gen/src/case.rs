//! Case mappings: a run table of rules, a list of the mappings to several code points, and the
//! members of case-folding classes that the simple mappings do not reach.

use std::collections::{BTreeMap, BTreeSet};

use icu_casemap::CaseMapper;

use crate::CODE_POINTS;
use crate::emit::Emitter;
use crate::runs;

/// What a rule says of a code point: distances to its simple mappings, and whether its full
/// mappings are in the list of special ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Rule {
    lower: i32,
    upper: i32,
    fold: i32,
    special: bool,
}

struct Case {
    rules: Vec<Rule>,
    /// Code point, then its full lower-case and upper-case mapping where one is special.
    special_upper: Vec<(u32, Vec<u32>)>,
}

fn collect() -> Case {
    let mapper = CaseMapper::new();
    let mut rules = vec![Rule::default(); CODE_POINTS as usize];
    let mut special_upper = Vec::new();
    let root = "und".parse().expect("the root locale");
    for c in (0..CODE_POINTS).filter_map(char::from_u32) {
        let distance = |to: char| to as i32 - c as i32;
        let mut rule = Rule {
            lower: distance(mapper.simple_lowercase(c)),
            upper: distance(mapper.simple_uppercase(c)),
            fold: distance(mapper.simple_fold(c)),
            special: false,
        };
        let mut buffer = [0; 4];
        let text: &str = c.encode_utf8(&mut buffer);
        let upper: Vec<u32> = mapper.uppercase_to_string(text, &root).chars().map(u32::from).collect();
        let lower: Vec<u32> = mapper.lowercase_to_string(text, &root).chars().map(u32::from).collect();
        if upper != [mapper.simple_uppercase(c) as u32] {
            rule.special = true;
            special_upper.push((c as u32, upper));
        }
        if lower != [mapper.simple_lowercase(c) as u32] {
            // The one unconditional lower-case mapping to more than one code point, which the
            // crate spells out.
            assert_eq!((c, lower.as_slice()), ('\u{130}', [0x69, 0x307].as_slice()));
        }
        rules[c as usize] = rule;
    }
    Case { rules, special_upper }
}

/// Writes the run table, the rules and the lists.
pub fn emit(out: &mut Emitter) {
    let Case { rules, special_upper } = collect();
    let upper_of_pair = Rule { lower: 1, upper: 0, fold: 1, special: false };
    let lower_of_pair = Rule { lower: 0, upper: -1, fold: 0, special: false };
    let distinct: BTreeSet<Rule> = rules.iter().copied().filter(|rule| *rule != Rule::default()).collect();
    // Rule 0: no case. Rules 1 and 2: pairs, upper case at even or odd code points.
    let numbers: BTreeMap<Rule, u8> = distinct
        .iter()
        .enumerate()
        .map(|(index, rule)| (*rule, u8::try_from(index + 3).expect("at most 253 rules")))
        .collect();
    let mut values: Vec<u8> = rules.iter().map(|rule| numbers.get(rule).copied().unwrap_or(0)).collect();
    for parity in 0..2 {
        runs::mark_stretches(&mut values, 1 + parity as u8, |c| {
            rules[c as usize] == if c & 1 == parity { upper_of_pair } else { lower_of_pair }
        });
    }
    runs::emit(out, "CASE", "Case rules", &runs::cut(&values, |_| false));

    let deltas: Vec<i32> = {
        let all: BTreeSet<i32> = distinct.iter().flat_map(|r| [r.lower, r.upper, r.fold]).collect();
        all.into_iter().collect()
    };
    let index = |delta: i32| deltas.binary_search(&delta).expect("collected above") as u8;
    let mut rule_bytes = vec![0u8; 12];
    for rule in &distinct {
        rule_bytes.extend([index(rule.lower), index(rule.upper), index(rule.fold), u8::from(rule.special)]);
    }
    out.array("Case: distances used by the rules.", "CASE_DELTA", "i32", 4, &deltas);
    out.bytes(
        "Case: indices of the distances to lower, upper and folded case, and 1 if special, for each rule.",
        "CASE_RULE",
        &rule_bytes,
    );
    let keys: Vec<u32> = special_upper.iter().map(|entry| entry.0).collect();
    let mut special = Vec::new();
    for (_, upper) in &special_upper {
        assert!(upper.len() <= 3);
        special.extend((0..3).map(|i| upper.get(i).map_or(0, |&u| u16::try_from(u).expect("in the BMP"))));
    }
    out.longs("Code points with a full upper-case mapping of their own.", "CASE_SPECIAL_KEY", &keys);
    out.words("Those mappings, three code points each, filled up with zeros.", "CASE_SPECIAL", &special);
    emit_classes(out, &rules, &special_upper);
}

/// The canonical form of `RegExp` without `u` and `v` (ECMA-262, Canonicalize).
fn canonicalize(c: u32, rules: &[Rule], special: &BTreeMap<u32, Vec<u32>>) -> u32 {
    let upper = match special.get(&c) {
        Some(full) if full.len() > 1 => return c,
        Some(full) => full[0],
        None => c.wrapping_add_signed(rules[c as usize].upper),
    };
    if upper > 0xFFFF || (c >= 128 && upper < 128) { c } else { upper }
}

/// Writes, for both kinds of case-insensitive matching, the members of each class that are not the
/// representative, its simple lower case or its simple upper case: pairs (representative, member).
fn emit_classes(out: &mut Emitter, rules: &[Rule], special_upper: &[(u32, Vec<u32>)]) {
    let special: BTreeMap<u32, Vec<u32>> = special_upper.iter().cloned().collect();
    for (name, what, limit) in
        [("CASE_CLASS_FOLD", "folding", CODE_POINTS), ("CASE_CLASS_UPPER", "upper-casing", 0x1_0000)]
    {
        let mut classes: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let representative = |c: u32| {
            if limit == CODE_POINTS {
                c.wrapping_add_signed(rules[c as usize].fold)
            } else {
                canonicalize(c, rules, &special)
            }
        };
        for c in 0..limit {
            classes.entry(representative(c)).or_default().push(c);
        }
        let mut pairs = Vec::new();
        for (&leader, members) in classes.iter().filter(|class| class.1.len() > 1) {
            let rule = rules[leader as usize];
            let near =
                [leader, leader.wrapping_add_signed(rule.lower), leader.wrapping_add_signed(rule.upper)];
            for &member in members {
                assert_ne!(rules[member as usize], Rule::default(), "U+{member:04X} has no case rule");
                if !near.contains(&member) {
                    pairs.push(leader);
                    pairs.push(member);
                }
            }
        }
        out.longs(
            &format!("Members of classes under {what} beyond the simple mappings: leader, member."),
            name,
            &pairs,
        );
    }
}
