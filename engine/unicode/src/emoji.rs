//! Properties of strings (ECMA-262, table 69): sets of emoji sequences.
//!
//! Sequences joined by ZWJ are stored as patterns with places for skin tones; everything else follows
//! from binary properties, a list of exceptions, a table of flag letters and three subdivision flags.

use crate::property::{Property, lookup_property};
use crate::tables;

const ZWJ: u32 = 0x200D;
const VS16: u32 = 0xFE0F;
const KEYCAP: u32 = 0x20E3;
const FIRST_TONE: u32 = 0x1_F3FB;
const FIRST_INDICATOR: u32 = 0x1_F1E6;
const FIRST_TAG: u32 = 0xE_0000;
const LAST_TAG: u32 = 0xE_007F;
const BLACK_FLAG: u32 = 0x1_F3F4;

/// A set of strings that a regular expression with `v` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PropertyOfStrings {
    /// `Basic_Emoji`
    BasicEmoji,
    /// `Emoji_Keycap_Sequence`
    EmojiKeycapSequence,
    /// `RGI_Emoji_Modifier_Sequence`
    RgiEmojiModifierSequence,
    /// `RGI_Emoji_Flag_Sequence`
    RgiEmojiFlagSequence,
    /// `RGI_Emoji_Tag_Sequence`
    RgiEmojiTagSequence,
    /// `RGI_Emoji_ZWJ_Sequence`
    RgiEmojiZwjSequence,
    /// `RGI_Emoji`: the union of all the others.
    RgiEmoji,
}

/// The longest string of any of these properties, in code points.
pub const MAX_EMOJI_LENGTH: usize = 16;

/// What `\p{name}` names with `v`, if it is a property of strings.
#[must_use]
pub fn lookup_property_of_strings(name: &str) -> Option<PropertyOfStrings> {
    Some(match name {
        "Basic_Emoji" => PropertyOfStrings::BasicEmoji,
        "Emoji_Keycap_Sequence" => PropertyOfStrings::EmojiKeycapSequence,
        "RGI_Emoji_Modifier_Sequence" => PropertyOfStrings::RgiEmojiModifierSequence,
        "RGI_Emoji_Flag_Sequence" => PropertyOfStrings::RgiEmojiFlagSequence,
        "RGI_Emoji_Tag_Sequence" => PropertyOfStrings::RgiEmojiTagSequence,
        "RGI_Emoji_ZWJ_Sequence" => PropertyOfStrings::RgiEmojiZwjSequence,
        "RGI_Emoji" => PropertyOfStrings::RgiEmoji,
        _ => return None,
    })
}

impl PropertyOfStrings {
    /// Calls `f` with the code points of every string of the set, each string once, in no particular
    /// order.
    pub fn for_each_string(self, mut f: impl FnMut(&[u32])) {
        let f: &mut dyn FnMut(&[u32]) = &mut f;
        match self {
            PropertyOfStrings::BasicEmoji => basic(f),
            PropertyOfStrings::EmojiKeycapSequence => keycaps(f),
            PropertyOfStrings::RgiEmojiModifierSequence => modifiers(f),
            PropertyOfStrings::RgiEmojiFlagSequence => flags(f),
            PropertyOfStrings::RgiEmojiTagSequence => tags(f),
            PropertyOfStrings::RgiEmojiZwjSequence => joined(f),
            PropertyOfStrings::RgiEmoji => {
                for part in [basic, keycaps, modifiers, flags, tags, joined] {
                    part(f);
                }
            }
        }
    }
}

fn each_member(name: &str, f: &mut dyn FnMut(u32)) {
    if let Some(property) = lookup_property(name, None) {
        property.for_each_range(|start, end| (start..=end).for_each(&mut *f));
    }
}

fn has(property: Option<Property>, c: u32) -> bool {
    property.is_some_and(|property| property.contains(c))
}

/// Emoji presentation by default, except the letters of flags; and the other emoji with VS16, except
/// the bases of keycaps.
fn basic(f: &mut dyn FnMut(&[u32])) {
    each_member("Emoji_Presentation", &mut |c| {
        if !(FIRST_INDICATOR..FIRST_INDICATOR + 26).contains(&c) {
            f(&[c]);
        }
    });
    let presentation = lookup_property("Emoji_Presentation", None);
    each_member("Emoji", &mut |c| {
        if c >= 0x80 && !has(presentation, c) {
            f(&[c, VS16]);
        }
    });
}

fn keycaps(f: &mut dyn FnMut(&[u32])) {
    for base in *b"#*0123456789" {
        f(&[u32::from(base), VS16, KEYCAP]);
    }
}

fn modifiers(f: &mut dyn FnMut(&[u32])) {
    each_member("Emoji_Modifier_Base", &mut |c| {
        if !tables::MODIFIER_EXCEPT.contains(&c) {
            (0..5).for_each(|tone| f(&[c, FIRST_TONE + tone]));
        }
    });
}

fn flags(f: &mut dyn FnMut(&[u32])) {
    for (first, &letters) in (FIRST_INDICATOR..).zip(&tables::FLAG_LETTERS) {
        for second in (0..26).filter(|second| letters >> second & 1 != 0) {
            f(&[first, FIRST_INDICATOR + second]);
        }
    }
}

/// A string under construction.
struct Buffer {
    code_points: [u32; MAX_EMOJI_LENGTH],
    len: usize,
}

impl Buffer {
    fn new() -> Self {
        Buffer { code_points: [0; MAX_EMOJI_LENGTH], len: 0 }
    }

    /// The tables hold nothing longer; a test looks at every string.
    fn push(&mut self, c: u32) {
        self.code_points[self.len] = c;
        self.len += 1;
    }

    fn as_slice(&self) -> &[u32] {
        &self.code_points[..self.len]
    }
}

fn tags(f: &mut dyn FnMut(&[u32])) {
    for name in tables::FLAG_TAGS.split(';') {
        let mut buffer = Buffer::new();
        buffer.push(BLACK_FLAG);
        name.bytes().for_each(|letter| buffer.push(FIRST_TAG + u32::from(letter)));
        buffer.push(LAST_TAG);
        f(buffer.as_slice());
    }
}

/// Writes a pattern with skin tones behind its first and its last code point.
fn toned(parts: &[u8], first: Option<u32>, last: Option<u32>, f: &mut dyn FnMut(&[u32])) {
    let mut buffer = Buffer::new();
    for (index, &part) in parts.iter().enumerate() {
        if index > 0 {
            buffer.push(ZWJ);
        }
        let word = u32::from(tables::ZWJ_ELEMENTS[usize::from(part & 0x7F)]);
        buffer.push(if word < 0xE000 { word } else { 0x1_0000 | word });
        if let (0, Some(tone)) = (index, first) {
            buffer.push(FIRST_TONE + tone);
        }
        if part & 0x80 != 0 {
            buffer.push(VS16);
        }
    }
    if let Some(tone) = last {
        buffer.push(FIRST_TONE + tone);
    }
    f(buffer.as_slice());
}

fn joined(f: &mut dyn FnMut(&[u32])) {
    let mut rest: &[u8] = &tables::ZWJ_PATTERNS;
    while let Some((&head, tail)) = rest.split_first() {
        let (parts, after) = tail.split_at(usize::from(head & 0xF));
        rest = after;
        let kind = head >> 4;
        // Without tones: kinds 0, 1 and 3. One tone: 1 and 2. Two: 3, and 4 if they differ.
        if matches!(kind, 0 | 1 | 3) {
            toned(parts, None, None, f);
        }
        for first in 0..5 {
            if matches!(kind, 1 | 2) {
                toned(parts, Some(first), None, f);
            }
            for last in 0..5 {
                if kind == 3 || (kind == 4 && first != last) {
                    toned(parts, Some(first), Some(last), f);
                }
            }
        }
    }
}
