//! Case mappings: simple, full (without locale and context), folding, and the classes of characters
//! that case-insensitive regular expressions cannot tell apart.
//!
//! A run table gives each code point a rule; a rule is three distances (to lower, upper and folded
//! case) and a mark for a full upper-case mapping that is listed apart. Rule 0 is "no case"; rules 1
//! and 2 stand for stretches of pairs, upper case first.

use core::ops::Deref;

use crate::MAX_CODE_POINT;
use crate::runs::Runs;
use crate::tables;

static RUNS: Runs = Runs {
    pages: &tables::CASE_PAGES,
    low: &tables::CASE_LOW,
    value: &tables::CASE_VALUE,
    tail: &tables::CASE_TAIL,
};

/// Which of the distances of a rule.
#[derive(Clone, Copy)]
enum To {
    Lower = 0,
    Upper = 1,
    Fold = 2,
}

/// The rule of a code point; 0 for numbers that are none.
#[inline]
fn rule(c: u32) -> u8 {
    if c > MAX_CODE_POINT { 0 } else { RUNS.get(c) }
}

#[inline]
fn apply(c: u32, rule: u8, to: To) -> u32 {
    match rule {
        0 => c,
        1 | 2 => {
            let is_upper = c & 1 == u32::from(rule - 1);
            match to {
                To::Upper => c - u32::from(!is_upper),
                To::Lower | To::Fold => c + u32::from(is_upper),
            }
        }
        _ => {
            let delta = tables::CASE_RULE[usize::from(rule) * 4 + to as usize];
            c.wrapping_add_signed(tables::CASE_DELTA[usize::from(delta)])
        }
    }
}

/// The full upper-case mapping of a code point under a rule, if it is a special one.
#[inline]
fn special_upper(c: u32, rule: u8) -> Option<&'static [u16]> {
    if tables::CASE_RULE[usize::from(rule) * 4 + 3] == 0 {
        return None;
    }
    let index = tables::CASE_SPECIAL_KEY.binary_search(&c).ok()?;
    let mapping = &tables::CASE_SPECIAL[index * 3..index * 3 + 3];
    Some(if mapping[2] == 0 { &mapping[..2] } else { mapping })
}

/// What a code point becomes under a full case mapping: one to three code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseMapping {
    code_points: [u32; 3],
    len: u8,
}

impl CaseMapping {
    #[inline]
    fn one(c: u32) -> Self {
        CaseMapping { code_points: [c, 0, 0], len: 1 }
    }

    fn several(list: &[u16]) -> Self {
        let mut code_points = [0; 3];
        for (to, &from) in code_points.iter_mut().zip(list) {
            *to = u32::from(from);
        }
        CaseMapping { code_points, len: list.len().min(3) as u8 }
    }
}

impl Deref for CaseMapping {
    type Target = [u32];

    #[inline]
    fn deref(&self) -> &[u32] {
        &self.code_points[..usize::from(self.len)]
    }
}

impl IntoIterator for CaseMapping {
    type Item = u32;
    type IntoIter = core::iter::Take<core::array::IntoIter<u32, 3>>;

    fn into_iter(self) -> Self::IntoIter {
        self.code_points.into_iter().take(usize::from(self.len))
    }
}

/// The simple lower-case mapping.
#[inline]
#[must_use]
pub fn to_lower_simple(c: u32) -> u32 {
    if c < 0x80 {
        return u32::from((c as u8).to_ascii_lowercase());
    }
    apply(c, rule(c), To::Lower)
}

/// The simple upper-case mapping.
#[inline]
#[must_use]
pub fn to_upper_simple(c: u32) -> u32 {
    if c < 0x80 {
        return u32::from((c as u8).to_ascii_uppercase());
    }
    apply(c, rule(c), To::Upper)
}

/// Simple case folding (`scf`): what Canonicalize of ECMA-262 (22.2.2.7.3) uses with `u` or `v`.
#[inline]
#[must_use]
pub fn fold_simple(c: u32) -> u32 {
    if c < 0x80 {
        return u32::from((c as u8).to_ascii_lowercase());
    }
    apply(c, rule(c), To::Fold)
}

/// The full lower-case mapping without conditions: `String.prototype.toLowerCase` for all but U+03A3,
/// for which the caller looks around with [`crate::is_cased`] and [`crate::is_case_ignorable`].
#[inline]
#[must_use]
pub fn to_lower_full(c: u32) -> CaseMapping {
    // The only unconditional entry of SpecialCasing.txt for lower case; the generator checks that.
    if c == 0x130 {
        return CaseMapping::several(&[0x69, 0x307]);
    }
    CaseMapping::one(to_lower_simple(c))
}

/// The full upper-case mapping: `String.prototype.toUpperCase`.
#[inline]
#[must_use]
pub fn to_upper_full(c: u32) -> CaseMapping {
    if c < 0x80 {
        return CaseMapping::one(u32::from((c as u8).to_ascii_uppercase()));
    }
    let rule = rule(c);
    match special_upper(c, rule) {
        Some(mapping) => CaseMapping::several(mapping),
        None => CaseMapping::one(apply(c, rule, To::Upper)),
    }
}

/// Canonicalize of ECMA-262 (22.2.2.7.3) without `u` and `v`: upper case, unless that is more than one
/// code unit or leads from outside ASCII into it.
#[inline]
#[must_use]
pub fn canonicalize_non_unicode(unit: u16) -> u16 {
    if unit < 0x80 {
        return u16::from((unit as u8).to_ascii_uppercase());
    }
    let c = u32::from(unit);
    let rule = rule(c);
    if rule == 0 || special_upper(c, rule).is_some() {
        return unit;
    }
    match u16::try_from(apply(c, rule, To::Upper)) {
        Ok(upper) if upper >= 0x80 => upper,
        _ => unit,
    }
}

/// Which code points count as equal in a case-insensitive regular expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseMode {
    /// With `u` or `v`: those with the same simple folding.
    Unicode,
    /// Without: code units with the same [`canonicalize_non_unicode`]; code points above U+FFFF are
    /// equal to themselves only.
    CodeUnits,
}

impl CaseMode {
    /// The representative of the class of `c`.
    #[inline]
    #[must_use]
    pub fn canonicalize(self, c: u32) -> u32 {
        match (self, u16::try_from(c)) {
            (CaseMode::Unicode, _) => fold_simple(c),
            (CaseMode::CodeUnits, Ok(unit)) => u32::from(canonicalize_non_unicode(unit)),
            (CaseMode::CodeUnits, Err(_)) => c,
        }
    }
}

/// Calls `f` with every code point *other than* `c` that a case-insensitive match takes for `c`, each
/// once, in no particular order. At most three.
pub fn for_each_case_equivalent(c: u32, mode: CaseMode, f: impl FnMut(u32)) {
    let (list, len) = case_equivalents(c, mode);
    list[..len].iter().copied().for_each(f);
}

/// The list for [`for_each_case_equivalent`] and its length; one copy for all callers.
fn case_equivalents(c: u32, mode: CaseMode) -> ([u32; 3], usize) {
    let mut list = [0; 3];
    let mut len = 0;
    if rule(c) == 0 {
        return (list, 0);
    }
    let leader = mode.canonicalize(c);
    let classes: &[u32] = match mode {
        CaseMode::Unicode => &tables::CASE_CLASS_FOLD,
        CaseMode::CodeUnits => &tables::CASE_CLASS_UPPER,
    };
    // A class has at most four members; a test looks at all of them.
    let mut add = |member: u32| {
        if member != c && len < list.len() {
            list[len] = member;
            len += 1;
        }
    };
    // The class is: the leader, its simple mappings as far as they lead back, and the listed rest.
    add(leader);
    for near in [to_lower_simple(leader), to_upper_simple(leader)] {
        if near != leader && mode.canonicalize(near) == leader {
            add(near);
        }
    }
    // Pairs sorted by the leader.
    let (pairs, _) = classes.as_chunks::<2>();
    let first = pairs.partition_point(|pair| pair[0] < leader);
    pairs[first..].iter().take_while(|pair| pair[0] == leader).for_each(|pair| add(pair[1]));
    (list, len)
}

/// Calls `f(c, e)` for every code point `c` of a range and every `e` other than `c` that a
/// case-insensitive match takes for it. Skips stretches without case, so that a range of all code
/// points costs some three thousand steps and not a million.
pub fn for_each_case_equivalent_in_range(start: u32, end: u32, mode: CaseMode, mut f: impl FnMut(u32, u32)) {
    if start > end {
        return;
    }
    for (first, last, rule) in RUNS.iter_from(start) {
        if first > end {
            return;
        }
        if rule != 0 {
            for c in first..=last.min(end) {
                for_each_case_equivalent(c, mode, |equivalent| f(c, equivalent));
            }
        }
    }
}
