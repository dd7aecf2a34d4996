//! The properties that `\p{…}` can name (ECMA-262, tables 67 and 68 and the names of
//! PropertyValueAliases.txt), as sets of code points.
//!
//! # Representation
//! A binary property is the exclusive or of three sets: a union of general categories, its own list of
//! toggles, and the list of one other property. A toggle is a code point at which membership changes.
//! Ranges come from merging the toggles of all three; equal toggles cancel.

use crate::category::{self, in_categories};
use crate::runs::{Runs, Varints};
use crate::{MAX_CODE_POINT, tables};

static SCRIPTS: Runs = Runs {
    pages: &tables::SCRIPT_PAGES,
    low: &tables::SCRIPT_LOW,
    value: &tables::SCRIPT_VALUE,
    tail: &tables::SCRIPT_TAIL,
};

/// Names of the values of General_Category: the thirty values by number, then the groups.
static CATEGORY_NAMES: &str = "Cn,Unassigned;Lu,Uppercase_Letter;Ll,Lowercase_Letter;Lt,Titlecase_Letter;\
    Lm,Modifier_Letter;Lo,Other_Letter;Mn,Nonspacing_Mark;Me,Enclosing_Mark;Mc,Spacing_Mark;\
    Nd,Decimal_Number,digit;Nl,Letter_Number;No,Other_Number;Zs,Space_Separator;Zl,Line_Separator;\
    Zp,Paragraph_Separator;Cc,Control,cntrl;Cf,Format;Co,Private_Use;Cs,Surrogate;Pd,Dash_Punctuation;\
    Ps,Open_Punctuation;Pe,Close_Punctuation;Pc,Connector_Punctuation;Po,Other_Punctuation;\
    Sm,Math_Symbol;Sc,Currency_Symbol;Sk,Modifier_Symbol;So,Other_Symbol;Pi,Initial_Punctuation;\
    Pf,Final_Punctuation;\
    C,Other;L,Letter;LC,Cased_Letter;M,Mark,Combining_Mark;N,Number;P,Punctuation,punct;S,Symbol;Z,Separator";

/// The groups of [`CATEGORY_NAMES`], in its order, as sets of numbers.
static CATEGORY_GROUPS: [u32; 8] = [
    1 | 0b1111 << 15,            // Cn Cc Cf Co Cs
    0b1_1111 << 1,               // Lu Ll Lt Lm Lo
    0b111 << 1,                  // Lu Ll Lt
    0b111 << 6,                  // Mn Me Mc
    0b111 << 9,                  // Nd Nl No
    0b1_1111 << 19 | 0b11 << 28, // Pd Ps Pe Pc Po Pi Pf
    0b1111 << 24,                // Sm Sc Sk So
    0b111 << 12,                 // Zs Zl Zp
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Any,
    Ascii,
    Assigned,
    Category(u32),
    Script(u8),
    ScriptExtensions(u8),
    Binary(u8),
}

/// A set of code points that a regular expression can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Property(Kind);

/// Number of the entry of a list of names, `a,b;c;d,e`, that has this name.
fn find(names: &str, name: &str) -> Option<u8> {
    names.split(';').position(|entry| entry.split(',').any(|known| known == name)).map(|index| index as u8)
}

fn find_category(name: &str) -> Option<Property> {
    let number = find(CATEGORY_NAMES, name)?;
    let mask = match number {
        0..30 => 1 << number,
        _ => *CATEGORY_GROUPS.get(usize::from(number) - 30)?,
    };
    Some(Property(Kind::Category(mask)))
}

/// What `\p{name}` (without a value) or `\p{name=value}` names. Names must match exactly, as ECMA-262
/// demands; properties of strings are found by [`crate::lookup_property_of_strings`].
#[must_use]
pub fn lookup_property(name: &str, value: Option<&str>) -> Option<Property> {
    let Some(value) = value else {
        let kind = match name {
            "Any" => Kind::Any,
            "ASCII" => Kind::Ascii,
            "Assigned" => Kind::Assigned,
            _ => {
                return find_category(name)
                    .or_else(|| find(tables::BINARY_NAMES, name).map(|n| Property(Kind::Binary(n))));
            }
        };
        return Some(Property(kind));
    };
    match name {
        "General_Category" | "gc" => find_category(value),
        "Script" | "sc" => find(tables::SCRIPT_NAMES, value).map(|n| Property(Kind::Script(n))),
        "Script_Extensions" | "scx" => {
            find(tables::SCRIPT_NAMES, value).map(|n| Property(Kind::ScriptExtensions(n)))
        }
        _ => None,
    }
}

/// The toggles of a binary property's own list.
fn list(number: u8) -> impl Iterator<Item = u32> {
    let offset = |index: usize| usize::from(tables::BINARY_OFFSET[index]);
    let number = usize::from(number);
    let bytes = match number {
        // "No base" has an empty list.
        0xFF => &[],
        _ => &tables::BINARY_LISTS[offset(number)..offset(number + 1)],
    };
    Varints::new(bytes).scan(0, |at, gap| {
        *at += gap;
        Some(*at)
    })
}

/// Stretches `(start, end, set)` of one script whose extensions are other than that script alone.
fn extension_stretches() -> impl Iterator<Item = (u32, u32, &'static [u8])> {
    let mut bytes: &'static [u8] = &tables::SCX_STRETCHES;
    let mut last = 0;
    core::iter::from_fn(move || {
        let mut numbers = Varints::new(bytes);
        let (gap, length) = (numbers.next()?, numbers.next()?);
        let (&set, rest) = numbers.rest().split_first()?;
        bytes = rest;
        let start = last + gap;
        last = start + length;
        let offset = |index: u8| usize::from(tables::SCX_OFFSET[usize::from(index)]);
        let end = usize::from(tables::SCX_OFFSET[usize::from(set) + 1]);
        Some((start, last - 1, &tables::SCX_SETS[offset(set)..end]))
    })
}

/// Turns ranges into toggles: start, one past the end, and so on.
struct Edges<I> {
    ranges: I,
    end: Option<u32>,
}

impl<I: Iterator<Item = (u32, u32)>> Iterator for Edges<I> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if let Some(end) = self.end.take() {
            return Some(end);
        }
        let (start, end) = self.ranges.next()?;
        self.end = Some(end + 1);
        Some(start)
    }
}

fn edges<I: Iterator<Item = (u32, u32)>>(ranges: I) -> Edges<I> {
    Edges { ranges, end: None }
}

/// Calls `f` with the maximal ranges of the exclusive or of at most three ascending streams of toggles.
fn exclusive_or(streams: &mut [&mut dyn Iterator<Item = u32>], f: &mut dyn FnMut(u32, u32)) {
    let mut heads = [u32::MAX; 3];
    for (head, stream) in heads.iter_mut().zip(streams.iter_mut()) {
        *head = stream.next().unwrap_or(u32::MAX);
    }
    let mut open = None;
    loop {
        let at = heads[0].min(heads[1]).min(heads[2]);
        if at > MAX_CODE_POINT {
            break;
        }
        let mut changes = false;
        for (head, stream) in heads.iter_mut().zip(streams.iter_mut()) {
            while *head == at {
                changes = !changes;
                *head = stream.next().unwrap_or(u32::MAX);
            }
        }
        if changes {
            match open.take() {
                None => open = Some(at),
                Some(start) => f(start, at - 1),
            }
        }
    }
    if let Some(start) = open {
        f(start, MAX_CODE_POINT);
    }
}

impl Property {
    /// Has the code point the property? Numbers above U+10FFFF have none.
    ///
    /// Categories and scripts are found in the time of a short binary search; for a binary property a
    /// list of up to some hundred bytes is read. [`crate::is_id_start`] and its like are faster.
    #[must_use]
    pub fn contains(self, c: u32) -> bool {
        if c > MAX_CODE_POINT {
            return false;
        }
        match self.0 {
            Kind::Any => true,
            Kind::Ascii => c < 0x80,
            Kind::Assigned => !in_categories(c, 1),
            Kind::Category(mask) => in_categories(c, mask),
            Kind::Script(script) => SCRIPTS.get(c) == script,
            Kind::ScriptExtensions(script) => {
                match extension_stretches().take_while(|s| s.0 <= c).find(|s| c <= s.1) {
                    Some((_, _, set)) => set.contains(&script),
                    None => SCRIPTS.get(c) == script,
                }
            }
            Kind::Binary(number) => {
                let odd = |list: u8| self::list(list).take_while(|&toggle| toggle <= c).count() & 1 != 0;
                let index = usize::from(number);
                in_categories(c, tables::BINARY_MASK[index]) ^ odd(number) ^ odd(tables::BINARY_BASE[index])
            }
        }
    }

    /// Calls `f(start, end)` with the maximal ranges of the set in ascending order, ends inclusive.
    pub fn for_each_range(self, mut f: impl FnMut(u32, u32)) {
        self.ranges(&mut f);
    }

    /// Not generic, so that there is one copy of it.
    fn ranges(self, f: &mut dyn FnMut(u32, u32)) {
        let (categories, script) = match self.0 {
            Kind::Any => return f(0, MAX_CODE_POINT),
            Kind::Ascii => return f(0, 0x7F),
            Kind::Assigned => (!1, None),
            Kind::Category(mask) => (mask, None),
            Kind::Binary(number) => (tables::BINARY_MASK[usize::from(number)], None),
            Kind::Script(script) | Kind::ScriptExtensions(script) => (0, Some(script)),
        };
        let mut categories = edges(category::ranges(categories));
        let mut lists = [None, None];
        let mut flips = None;
        let mut scripts = None;
        match self.0 {
            Kind::Binary(number) => {
                lists = [number, tables::BINARY_BASE[usize::from(number)]].map(|number| Some(list(number)));
            }
            Kind::ScriptExtensions(script) => {
                // Where the extensions say other than the script does: those stretches flip.
                let stretches = extension_stretches()
                    .filter(move |&(start, _, set)| set.contains(&script) != (SCRIPTS.get(start) == script))
                    .map(|(start, end, _)| (start, end));
                flips = Some(edges(stretches));
            }
            _ => {}
        }
        if let Some(script) = script {
            scripts =
                Some(edges(SCRIPTS.iter().filter(move |run| run.2 == script).map(|run| (run.0, run.1))));
        }
        let [first, second] = &mut lists;
        match (&mut scripts, &mut flips) {
            (Some(scripts), Some(flips)) => exclusive_or(&mut [scripts, flips], f),
            (Some(scripts), None) => exclusive_or(&mut [scripts], f),
            _ => exclusive_or(
                &mut [&mut categories, &mut first.iter_mut().flatten(), &mut second.iter_mut().flatten()],
                f,
            ),
        }
    }
}
