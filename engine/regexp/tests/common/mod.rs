//! Reading corpus files and running their cases.
//!
//! A case is a line of five fields separated by tabs: pattern (as it stands), flags (`-` for none),
//! subject (with the escapes of JSON strings), index to start at, result. A result is `none`, `error`,
//! or the groups: `start,end` or `-`, separated by spaces. Lines that are empty or start with `#` do
//! not count.

#![allow(dead_code)]

pub mod checks;
pub mod generate;

use tare_allocators::{Memory, System};
use tare_regexp::{CompileError, Flags, Scratch, Text, compile, exec};

/// One line of a corpus file.
#[derive(Clone, Debug)]
pub struct Case {
    pub pattern: Vec<u16>,
    pub flags: String,
    pub subject: Vec<u16>,
    pub start: usize,
    pub result: String,
}

fn unescape(text: &str) -> Vec<u16> {
    let mut units = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let c = match c {
            '\\' => match rest.next().expect("escape") {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => {
                    let digits: String = rest.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&digits, 16).expect("four digits"));
                    continue;
                }
                other => other,
            },
            other => other,
        };
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
    units
}

/// Reads the cases of a corpus file.
pub fn cases(text: &str) -> Vec<Case> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [pattern, flags, subject, start, result] = fields[..] else { panic!("five fields: {line}") };
            Case {
                pattern: pattern.encode_utf16().collect(),
                flags: flags.replace('-', ""),
                subject: unescape(subject),
                start: start.parse().expect("an index"),
                result: result.to_owned(),
            }
        })
        .collect()
}

/// The text as Latin-1, where that is possible.
pub fn narrow(units: &[u16]) -> Option<Vec<u8>> {
    units.iter().map(|&unit| u8::try_from(unit).ok()).collect()
}

/// Runs a case on texts of either width that can hold it; the results must agree.
pub fn run(case: &Case) -> String {
    let flags: Vec<u16> = case.flags.encode_utf16().collect();
    let flags = Flags::parse(Text::Utf16(&flags)).expect("valid flags");
    let wide = run_texts(Text::Utf16(&case.pattern), flags, Text::Utf16(&case.subject), case.start);
    if let Some(pattern) = narrow(&case.pattern) {
        let other = run_texts(Text::Latin1(&pattern), flags, Text::Utf16(&case.subject), case.start);
        assert_eq!(wide, other, "width of the pattern matters: {case:?}");
    }
    if let Some(subject) = narrow(&case.subject) {
        let other = run_texts(Text::Utf16(&case.pattern), flags, Text::Latin1(&subject), case.start);
        assert_eq!(wide, other, "width of the subject matters: {case:?}");
    }
    wide
}

/// Compiles and matches; the result as a corpus file writes it.
pub fn run_texts(pattern: Text<'_>, flags: Flags, subject: Text<'_>, start: usize) -> String {
    let memory = Memory::new(&System);
    let program = match compile(pattern, flags, memory) {
        Ok(program) => program,
        Err(CompileError::Syntax { message, position }) => {
            assert!(!message.is_empty() && position <= pattern.len());
            return "error".to_owned();
        }
        Err(other) => return other.to_string(),
    };
    let mut scratch = Scratch::new(memory);
    let mut patience = 1000;
    let mut interrupt = || {
        patience -= 1;
        patience == 0
    };
    match exec(program.as_ref(), subject, start, &mut scratch, &mut interrupt) {
        Ok(false) => "none".to_owned(),
        Ok(true) => {
            let groups: Vec<String> = (0..scratch.group_count())
                .map(|index| {
                    scratch
                        .group(index)
                        .map_or("-".to_owned(), |range| format!("{},{}", range.start, range.end))
                })
                .collect();
            groups.join(" ")
        }
        Err(error) => format!("{error:?}"),
    }
}
