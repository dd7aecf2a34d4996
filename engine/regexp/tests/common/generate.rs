//! Random patterns and subjects, valid and invalid, from a seed.

/// A small generator of pseudo-random numbers.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }

    /// True once in `sides`.
    pub fn rarely(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

const LITERALS: &[&str] = &[
    "a",
    "b",
    "c",
    "a",
    "b",
    "A",
    "B",
    "k",
    "s",
    "x",
    "0",
    "_",
    " ",
    "é",
    "ß",
    "ſ",
    "\u{212a}",
    "µ",
    "-",
    ",",
    "😀",
    "\\n",
    "\\u0041",
    "\\x62",
    "\\0",
    "\\cA",
    "\u{10400}",
    "\u{10428}",
    "ǅ",
    "\\ud83d",
    "\\ude00",
    "ab",
    "abc",
    "aab",
];
const CLASSES: &[&str] = &[
    "[abc]", "[^a]", "[a-c]", "[^a-c]", "\\w", "\\W", "\\d", "\\D", "\\s", "\\S", ".", "[\\w-]", "[]",
    "[\\s\\S]", "[a-zA-Z]", "[^\\W]", "[ſ]", "[k]", "[^k]", "[é-ſ]", "[\\b]", "[^\\n]", "[-a]", "[a-]",
    "[^]", "[\\d_]",
];
const UNICODE: &[&str] =
    &["\\p{Lu}", "\\p{L}", "\\P{Ll}", "\\u{1F600}", "\\p{sc=Greek}", "[\\p{Nd}a]", "[^\\p{L}]"];
const SETS: &[&str] = &[
    "[a-z--b]",
    "[\\w&&[a-c]]",
    "[\\q{ab|a|abc}c]",
    "[^[a-b]]",
    "[[a-c][k]]",
    "[\\q{}a]",
    "[\\w--[a-c]]",
    "[a--\\q{a|b}]",
    "[\\q{KS|k}]",
    "\\p{Emoji_Keycap_Sequence}",
];
const QUANTIFIERS: &[&str] =
    &["*", "+", "?", "{2}", "{1,2}", "{0,2}", "{2,}", "{0}", "{0,}", "{1}", "{3}", "{2,3}", "{1,}"];
const CHARACTERS: &[&str] = &[
    "a",
    "b",
    "c",
    "a",
    "b",
    "c",
    "A",
    "B",
    "k",
    "K",
    "s",
    "S",
    "x",
    "0",
    "1",
    "_",
    " ",
    "\n",
    "é",
    "É",
    "ß",
    "µ",
    "-",
    ",",
    "ab",
    "abc",
    "\r",
    "ſ",
    "\u{212a}",
    "ı",
    "😀",
    "\u{10400}",
    "\u{10428}",
    "ǅ",
    "\u{2028}",
    "λ",
    "Ω",
];
/// How many of `CHARACTERS`, from the start, are Latin-1.
const NARROW: usize = 27;

/// What a pattern may contain.
#[derive(Clone, Copy, Default)]
pub struct Features {
    pub unicode: bool,
    pub sets: bool,
    pub lookbehind: bool,
    pub named: bool,
    pub modifiers: bool,
}

struct Generator<'d> {
    dice: &'d mut Dice,
    features: Features,
    groups: usize,
    names: usize,
    text: String,
}

/// A pattern that is valid but for rare slips, with groups nested as deep as `depth`.
pub fn pattern(dice: &mut Dice, features: Features, depth: usize) -> String {
    let mut generator = Generator { dice, features, groups: 0, names: 0, text: String::new() };
    generator.alternatives(depth);
    generator.text
}

impl Generator<'_> {
    fn alternatives(&mut self, depth: usize) {
        self.sequence(depth);
        while self.dice.rarely(4) {
            self.text.push('|');
            if !self.dice.rarely(6) {
                self.sequence(depth);
            }
        }
    }

    fn sequence(&mut self, depth: usize) {
        for _ in 0..=self.dice.roll(4) {
            let start = self.text.len();
            self.atom(depth);
            let assertion = self.text[start..].starts_with("(?<=")
                || self.text[start..].starts_with("(?<!")
                || ((self.features.unicode || self.features.sets)
                    && (self.text[start..].starts_with("(?=") || self.text[start..].starts_with("(?!")))
                || matches!(&self.text[start..], "^" | "$" | "\\b" | "\\B");
            if !assertion && self.dice.roll(14) < 6 {
                self.text.push_str(self.dice.pick(QUANTIFIERS));
                if self.dice.rarely(3) {
                    self.text.push('?');
                }
            }
        }
    }

    fn group(&mut self, open: &str, depth: usize) {
        self.text.push_str(open);
        self.alternatives(depth - 1);
        self.text.push(')');
    }

    fn atom(&mut self, depth: usize) {
        let choices = if depth > 0 { 26 } else { 9 };
        match self.dice.roll(choices) {
            0..=5 => self.text.push_str(self.dice.pick(LITERALS)),
            6..=8 => {
                let from = match self.dice.roll(3) {
                    0 if self.features.sets => SETS,
                    1 if self.features.sets || self.features.unicode => UNICODE,
                    _ => CLASSES,
                };
                self.text.push_str(self.dice.pick(from));
            }
            9..=11 => {
                self.groups += 1;
                self.group("(", depth);
            }
            12 if self.features.modifiers => {
                let open = self.dice.pick(&["(?i:", "(?-i:", "(?m:", "(?s-m:", "(?-s:"]);
                self.group(open, depth);
            }
            12..=15 => self.group("(?:", depth),
            16 => self.group("(?=", depth),
            17 => self.group("(?!", depth),
            18 if self.features.lookbehind => self.group("(?<=", depth),
            19 if self.features.lookbehind => self.group("(?<!", depth),
            20 if self.features.named => {
                self.groups += 1;
                self.names += 1;
                let open = format!("(?<n{}>", self.names);
                self.group(&open, depth);
            }
            21 if self.names > 0 => {
                let name = 1 + self.dice.roll(self.names);
                self.text.push_str(&format!("\\k<n{name}>"));
            }
            22 if self.groups > 0 => {
                let group = 1 + self.dice.roll(self.groups);
                self.text.push_str(&format!("(?:\\{group})"));
            }
            23 => self.text.push_str(self.dice.pick(&["\\b", "\\B", "^", "$"])),
            _ => self.group("(?:", depth),
        }
    }
}

/// Damages a pattern at a few places.
pub fn mutate(dice: &mut Dice, pattern: &str) -> String {
    const PIECES: &[u8] = b"()[]{}|\\?*+^$.-:=!<>,&dwbkuxpcq0129a~";
    let mut characters: Vec<char> = pattern.chars().collect();
    for _ in 0..=dice.roll(3) {
        let at = dice.roll(characters.len() + 1);
        let end = (at + dice.roll(3)).min(characters.len());
        characters.drain(at..end);
        if !dice.rarely(4) {
            characters.insert(at, char::from(dice.pick(PIECES)));
        }
    }
    characters.into_iter().collect()
}

/// A short subject; Latin-1 half of the time.
pub fn subject(dice: &mut Dice) -> Vec<u16> {
    let from = if dice.rarely(2) { CHARACTERS } else { &CHARACTERS[..NARROW] };
    let mut units = Vec::new();
    for _ in 0..dice.roll(14) {
        units.extend(dice.pick(from).encode_utf16());
        if from.len() > NARROW && dice.rarely(12) {
            units.push(dice.pick(&[0xD83D, 0xDE00]));
        }
    }
    units
}
