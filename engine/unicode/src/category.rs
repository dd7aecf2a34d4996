//! General_Category: the number of each value, and sets of them as bits.

use crate::MAX_CODE_POINT;
use crate::runs::Runs;
use crate::tables;

static RUNS: Runs =
    Runs { pages: &tables::GC_PAGES, low: &tables::GC_LOW, value: &tables::GC_VALUE, tail: &tables::GC_TAIL };

/// Run value: upper case at even code points, lower case at odd ones; the next value: the reverse.
const ALTERNATING: u8 = 30;

macro_rules! categories {
    ($($variant:ident = $number:literal, $doc:literal;)*) => {
        /// A value of General_Category.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Category { $(#[doc = $doc] $variant = $number,)* }

        impl Category {
            /// All values; `ALL[n] as usize == n`.
            pub const ALL: [Category; 30] = [$(Category::$variant,)*];
        }
    };
}

categories! {
    Cn = 0, "Unassigned";
    Lu = 1, "Uppercase_Letter";
    Ll = 2, "Lowercase_Letter";
    Lt = 3, "Titlecase_Letter";
    Lm = 4, "Modifier_Letter";
    Lo = 5, "Other_Letter";
    Mn = 6, "Nonspacing_Mark";
    Me = 7, "Enclosing_Mark";
    Mc = 8, "Spacing_Mark";
    Nd = 9, "Decimal_Number";
    Nl = 10, "Letter_Number";
    No = 11, "Other_Number";
    Zs = 12, "Space_Separator";
    Zl = 13, "Line_Separator";
    Zp = 14, "Paragraph_Separator";
    Cc = 15, "Control";
    Cf = 16, "Format";
    Co = 17, "Private_Use";
    Cs = 18, "Surrogate";
    Pd = 19, "Dash_Punctuation";
    Ps = 20, "Open_Punctuation";
    Pe = 21, "Close_Punctuation";
    Pc = 22, "Connector_Punctuation";
    Po = 23, "Other_Punctuation";
    Sm = 24, "Math_Symbol";
    Sc = 25, "Currency_Symbol";
    Sk = 26, "Modifier_Symbol";
    So = 27, "Other_Symbol";
    Pi = 28, "Initial_Punctuation";
    Pf = 29, "Final_Punctuation";
}

/// The General_Category of a code point.
#[inline]
#[must_use]
pub fn category(c: u32) -> Category {
    if c > MAX_CODE_POINT {
        return Category::Cn;
    }
    let value = RUNS.get(c);
    if value < ALTERNATING {
        return Category::ALL[usize::from(value)];
    }
    if c & 1 == u32::from(value - ALTERNATING) { Category::Lu } else { Category::Ll }
}

/// Is the category of `c` in a set of categories (bit `n` stands for the category with number `n`)?
#[inline]
#[must_use]
pub fn in_categories(c: u32, mask: u32) -> bool {
    mask >> category(c) as u32 & 1 != 0
}

/// Yields the maximal ranges of runs whose category is in a set; neighbours may touch.
#[derive(Clone)]
pub(crate) struct CategoryRanges {
    runs: crate::runs::RunIter,
    mask: u32,
    /// What is left of an alternating stretch: next member, end.
    stretch: Option<(u32, u32)>,
}

pub(crate) fn ranges(mask: u32) -> CategoryRanges {
    CategoryRanges { runs: RUNS.iter(), mask, stretch: None }
}

impl Iterator for CategoryRanges {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<(u32, u32)> {
        if let Some((next, end)) = self.stretch {
            self.stretch = (next + 2 <= end).then_some((next + 2, end));
            return Some((next, next));
        }
        let (upper, lower) = (self.mask >> Category::Lu as u32 & 1, self.mask >> Category::Ll as u32 & 1);
        loop {
            let (start, end, value) = self.runs.next()?;
            if value < ALTERNATING {
                if self.mask >> value & 1 != 0 {
                    return Some((start, end));
                }
                continue;
            }
            match (upper, lower) {
                (0, 0) => {}
                (1, 1) => return Some((start, end)),
                _ => {
                    // The parity of the members: that of the upper case, or the other.
                    let parity = u32::from(value - ALTERNATING) ^ lower;
                    let first = start + ((start ^ parity) & 1);
                    if first <= end {
                        self.stretch = (first + 2 <= end).then_some((first + 2, end));
                        return Some((first, first));
                    }
                }
            }
        }
    }
}
