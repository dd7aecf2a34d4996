//! The flags of a regular expression.

use crate::Text;

/// A set of the flags `d g i m s u v y`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(u16);

impl Flags {
    /// No flag.
    pub const NONE: Flags = Flags(0);
    /// `d`: results carry indices. Kept for the caller; matching does not look at it.
    pub const HAS_INDICES: Flags = Flags(1);
    /// `g`. Kept for the caller; matching does not look at it.
    pub const GLOBAL: Flags = Flags(2);
    /// `i`
    pub const IGNORE_CASE: Flags = Flags(4);
    /// `m`
    pub const MULTILINE: Flags = Flags(8);
    /// `s`
    pub const DOT_ALL: Flags = Flags(16);
    /// `u`
    pub const UNICODE: Flags = Flags(32);
    /// `v`
    pub const UNICODE_SETS: Flags = Flags(64);
    /// `y`
    pub const STICKY: Flags = Flags(128);

    const LETTERS: [(u8, Flags); 8] = [
        (b'd', Flags::HAS_INDICES),
        (b'g', Flags::GLOBAL),
        (b'i', Flags::IGNORE_CASE),
        (b'm', Flags::MULTILINE),
        (b's', Flags::DOT_ALL),
        (b'u', Flags::UNICODE),
        (b'v', Flags::UNICODE_SETS),
        (b'y', Flags::STICKY),
    ];

    /// Reads the text of flags; `None` for an unknown letter, a repeated one, or `u` with `v`.
    pub fn parse(text: Text<'_>) -> Option<Flags> {
        let mut flags = Flags::NONE;
        for index in 0..text.len() {
            let unit = text.unit(index)?;
            let flag = Flags::LETTERS.iter().find(|(letter, _)| u16::from(*letter) == unit)?.1;
            if flags.has(flag) {
                return None;
            }
            flags = flags.with(flag);
        }
        (!(flags.has(Flags::UNICODE) && flags.has(Flags::UNICODE_SETS))).then_some(flags)
    }

    /// The letters of the set, in the order in which `RegExp.prototype.flags` lists them.
    pub fn letters(self) -> impl Iterator<Item = char> {
        Flags::LETTERS
            .into_iter()
            .filter(move |(_, flag)| self.has(*flag))
            .map(|(letter, _)| char::from(letter))
    }

    /// Whether all flags of `other` are set.
    #[inline]
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The union of two sets.
    #[must_use]
    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// This set without the flags of `other`.
    #[must_use]
    pub const fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }

    /// Whether `u` or `v` is set: the pattern and the subject are sequences of code points.
    #[inline]
    pub const fn full_unicode(self) -> bool {
        self.0 & (Flags::UNICODE.0 | Flags::UNICODE_SETS.0) != 0
    }

    /// The set as a number, for serialisation.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The set with the given number; unknown bits are dropped.
    pub const fn from_bits(bits: u16) -> Flags {
        Flags(bits & 255)
    }
}
