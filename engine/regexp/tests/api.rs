//! The public face: errors with positions, flags, names, captures, stickiness, bytes.

use tare_allocators::{Memory, System};
use tare_regexp::{CompileError, Flags, ProgramRef, Scratch, Text, compile, disassemble, exec, exec_with};

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn flags(text: &str) -> Flags {
    Flags::parse(Text::Latin1(text.as_bytes())).expect("flags")
}

fn error(pattern: &str, letters: &str) -> (&'static str, usize) {
    match compile(Text::Utf16(&units(pattern)), flags(letters), Memory::new(&System)) {
        Err(CompileError::Syntax { message, position }) => (message, position),
        other => panic!("/{pattern}/{letters} gives {other:?}"),
    }
}

#[test]
fn early_errors_say_what_and_where() {
    for (pattern, letters, message, position) in [
        ("a(b", "", "Unterminated group", 1),
        ("a)", "", "Unmatched ')'", 1),
        ("a**", "", "Nothing to repeat", 2),
        ("^*", "", "Nothing to repeat", 1),
        ("a|?", "", "Nothing to repeat", 2),
        ("{1}", "", "Nothing to repeat", 0),
        ("a(?<=b)+", "", "Nothing to repeat", 7),
        ("(?=a)*", "u", "Nothing to repeat", 5),
        ("x{2,1}", "", "numbers out of order in {} quantifier", 1),
        ("a{1", "u", "Incomplete quantifier", 1),
        ("{", "u", "Lone quantifier brackets", 0),
        ("a]", "u", "Lone quantifier brackets", 1),
        ("[b-a]", "", "Range out of order in character class", 1),
        ("x[a", "", "Unterminated character class", 1),
        ("[\\d-a]", "u", "Invalid character class", 1),
        ("a\\", "", "\\ at end of pattern", 1),
        ("(?<a", "", "Invalid capture group name", 4),
        ("(?<1>a)", "", "Invalid capture group name", 3),
        ("(?<a>)(?<a>)", "", "Duplicate capture group name", 9),
        ("(?:(?<a>)|(?<b>))(?<a>)", "", "Duplicate capture group name", 20),
        ("(?<a>(?<a>))", "", "Duplicate capture group name", 8),
        ("\\k<b>(?<a>)", "", "Invalid named capture referenced", 0),
        ("(?<a>)\\k", "", "Invalid named reference", 6),
        ("\\k", "u", "Invalid named reference", 0),
        ("\\1", "u", "Invalid escape", 0),
        ("\\-", "u", "Invalid escape", 0),
        ("\\00", "u", "Invalid decimal escape", 0),
        ("[\\1]", "u", "Invalid class escape", 1),
        ("\\u{110000}", "u", "Invalid Unicode escape", 0),
        ("a\\p{Nope}", "u", "Invalid property name", 1),
        ("\\p{gc=Nope}", "u", "Invalid property name", 0),
        ("\\p{RGI_Emoji}", "u", "Invalid property name", 0),
        ("\\P{RGI_Emoji}", "v", "Invalid property name", 0),
        ("(?x)", "", "Invalid group", 0),
        ("(?ii:a)", "", "Repeated flag in flag group", 3),
        ("(?i-i:a)", "", "Repeated flag in flag group", 4),
        ("(?i--m:a)", "", "Multiple dashes in flag group", 4),
        ("(?-:a)", "", "Invalid flag group", 3),
        ("[^\\q{ab}]", "v", "Negated character class may contain strings", 0),
        ("[a&&&b]", "v", "Invalid set operation in character class", 2),
        ("[a-z&&b]", "v", "Invalid set operation in character class", 4),
        ("[a--b&&c]", "v", "Invalid set operation in character class", 5),
        ("[(]", "v", "Invalid character in character class", 1),
        ("[a", "v", "Unterminated character class", 0),
    ] {
        assert_eq!(error(pattern, letters), (message, position), "/{pattern}/{letters}");
    }
}

#[test]
fn annex_b_is_for_patterns_without_unicode() {
    for pattern in [
        "{", "a{1", "]", "\\k", "\\u{", "\\x", "\\c", "[\\c]", "\\8", "\\1", "[\\d-z]", "(?=a)*", "\\-",
        "\\p{L}",
    ] {
        assert!(
            compile(Text::Utf16(&units(pattern)), Flags::NONE, Memory::new(&System)).is_ok(),
            "{pattern}"
        );
        let strict = compile(Text::Utf16(&units(pattern)), Flags::UNICODE, Memory::new(&System));
        assert_eq!(strict.is_ok(), pattern == "\\p{L}", "{pattern}");
    }
}

#[test]
fn flags_are_read_and_written() {
    assert_eq!(flags("yvsmigd").letters().collect::<String>(), "dgimsvy");
    assert!(flags("u").full_unicode() && flags("v").full_unicode() && !flags("gimsdy").full_unicode());
    for wrong in ["gg", "uv", "x", "G", " "] {
        assert_eq!(Flags::parse(Text::Latin1(wrong.as_bytes())), None, "{wrong}");
    }
    assert_eq!(Flags::parse(Text::Utf16(&[0x167])), None);
    let some = flags("gi");
    assert_eq!(Flags::from_bits(some.bits()), some);
    assert_eq!(some.without(Flags::GLOBAL), Flags::IGNORE_CASE);
}

fn groups(pattern: &str, letters: &str, subject: &str) -> Option<Vec<Option<(usize, usize)>>> {
    let memory = Memory::new(&System);
    let program = compile(Text::Utf16(&units(pattern)), flags(letters), memory).expect("a pattern");
    let mut scratch = Scratch::new(memory);
    let subject = units(subject);
    let found =
        exec(program.as_ref(), Text::Utf16(&subject), 0, &mut scratch, &mut || false).expect("no limit");
    assert_eq!(scratch.group(scratch.group_count()), None);
    found.then(|| {
        (0..scratch.group_count()).map(|group| scratch.group(group).map(|at| (at.start, at.end))).collect()
    })
}

#[test]
fn groups_of_iterations_are_reset() {
    let expected = vec![Some((0, 10)), Some((0, 1)), Some((8, 10)), Some((8, 9)), None, Some((9, 10))];
    assert_eq!(groups("(z)((a+)?(b+)?(c))*", "", "zaacbbbcac"), Some(expected));
    assert_eq!(groups("(?:(a)|b)*", "", "ab"), Some(vec![Some((0, 2)), None]));
    assert_eq!(groups("(?=(a+))a*b\\1", "", "baaabac"), Some(vec![Some((3, 6)), Some((3, 4))]));
    assert_eq!(
        groups("(.*?)a(?!(a+)b\\2c)\\2(.*)", "", "baaabaac"),
        Some(vec![Some((0, 8)), Some((0, 2)), None, Some((3, 8))])
    );
    assert_eq!(groups("(a*)*", "", "b"), Some(vec![Some((0, 0)), None]));
    assert_eq!(groups("(?:|(a)){3}b", "", "ab"), Some(vec![Some((0, 2)), Some((0, 1))]));
}

#[test]
fn names_are_listed_with_their_groups() {
    let memory = Memory::new(&System);
    let pattern = units("(?<year>\\d)-(?<\\u{1d49c}>x)|(b)|(?<year>z)");
    let program = compile(Text::Utf16(&pattern), Flags::NONE, memory).expect("a pattern");
    let names: Vec<(String, usize)> = program
        .as_ref()
        .group_names()
        .map(|(name, group)| (String::from_utf16(&name.units().collect::<Vec<_>>()).expect("text"), group))
        .collect();
    assert_eq!(names, [("year".into(), 1), ("\u{1d49c}".into(), 2), ("year".into(), 4)]);
    assert_eq!(program.as_ref().group_count(), 5);
    assert_eq!(groups("(?:(?<a>x)|(?<a>y))\\k<a>", "", "xyy"), Some(vec![Some((1, 3)), None, Some((1, 2))]));
    assert_eq!(
        groups("(?<=\\k<a>(?:(?<a>x)|(?<a>y)))z", "", "xyyz"),
        Some(vec![Some((3, 4)), None, Some((2, 3))])
    );
}

#[test]
fn modifiers_hold_inside_their_group() {
    assert!(groups("a(?i:b)c", "", "aBc").is_some());
    assert!(groups("a(?i:b)c", "", "aBC").is_none());
    assert!(groups("a(?-i:b)c", "i", "AbC").is_some());
    assert!(groups("a(?-i:b)c", "i", "ABC").is_none());
    assert!(groups("(?m:^b$)", "", "a\nb\nc").is_some());
    assert!(groups("(?s:a.b)(?-s:.)", "s", "a\nb\n").is_none());
    assert!(groups("(a)(?i:\\1)", "", "aA").is_some());
    assert!(groups("(?i-s:A.)", "s", "a\n").is_none());
}

#[test]
fn positions_inside_a_pair_are_passed_over() {
    let memory = Memory::new(&System);
    let subject = units("\u{1F600}a");
    let mut scratch = Scratch::new(memory);
    for (pattern, letters, start, expected) in [
        ("", "u", 1, 0..0),
        ("(?!\u{1F600})", "u", 0, 2..2),
        ("\\udE00", "", 0, 1..2),
        ("a", "uy", 2, 2..3),
        (".", "uy", 1, 0..2),
    ] {
        let program = compile(Text::Utf16(&units(pattern)), flags(letters), memory).expect("a pattern");
        assert_eq!(
            exec(program.as_ref(), Text::Utf16(&subject), start, &mut scratch, &mut || false),
            Ok(true)
        );
        assert_eq!(scratch.group(0), Some(expected), "/{pattern}/{letters}");
    }
}

#[test]
fn stickiness_is_the_flag_or_the_wish() {
    let memory = Memory::new(&System);
    let mut scratch = Scratch::new(memory);
    let program = compile(Text::Latin1(b"b"), Flags::NONE, memory).expect("a pattern");
    let mut never = || false;
    let text = Text::Latin1(b"abc");
    assert_eq!(exec(program.as_ref(), text, 0, &mut scratch, &mut never), Ok(true));
    assert_eq!(exec_with(program.as_ref(), text, 0, true, &mut scratch, &mut never), Ok(false));
    assert_eq!(scratch.group(0), None);
    assert_eq!(exec_with(program.as_ref(), text, 1, true, &mut scratch, &mut never), Ok(true));
    assert_eq!(exec(program.as_ref(), text, 4, &mut scratch, &mut never), Ok(false));
    let sticky = compile(Text::Latin1(b"b"), Flags::STICKY, memory).expect("a pattern");
    assert_eq!(exec(sticky.as_ref(), text, 0, &mut scratch, &mut never), Ok(false));
    scratch.release();
}

#[test]
fn programs_are_bytes() {
    let memory = Memory::new(&System);
    let program =
        compile(Text::Latin1(b"(?<n>a+)|[b-d\\xe9]{2}"), Flags::IGNORE_CASE, memory).expect("a pattern");
    let bytes = program.as_bytes();
    let copy = bytes.to_vec();
    let again = ProgramRef::from_bytes(&copy).expect("a program");
    assert_eq!(again.flags(), Flags::IGNORE_CASE);
    for cut in 0..bytes.len() {
        assert!(ProgramRef::from_bytes(&bytes[..cut]).is_none());
    }
    let mut text = String::new();
    disassemble(again, &mut text).expect("text");
    assert!(text.contains("loop") && text.contains("match"), "{text}");
}

#[test]
fn ascii_ignores_case_as_the_specification_says() {
    let memory = Memory::new(&System);
    let mut scratch = Scratch::new(memory);
    for letters in ["i", "iu", "iv"] {
        for c in 0..128u16 {
            let pattern = units(&format!("\\x{c:02x}"));
            let program = compile(Text::Utf16(&pattern), flags(letters), memory).expect("a pattern");
            for other in (0..0x600u16).chain(0x2100..0x2200) {
                let fold = |unit: u16| {
                    if letters == "i" {
                        tare_unicode::canonicalize_non_unicode(unit).into()
                    } else {
                        tare_unicode::fold_simple(unit.into())
                    }
                };
                let subject = [other];
                let found = exec(program.as_ref(), Text::Utf16(&subject), 0, &mut scratch, &mut || false);
                assert_eq!(found, Ok(fold(c) == fold(other)), "{c:x} {other:x} {letters}");
            }
        }
    }
}
