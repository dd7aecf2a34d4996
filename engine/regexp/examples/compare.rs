//! The matcher against QuickJS-ng's, on the same patterns and subjects, in one run.
//!
//! Both find all matches of each pattern, `lre_exec` called directly and not through JavaScript, round
//! by round in turn; the best round counts. Matches must be the same.
//! `cargo run --release -p tare-regexp --features compare --example compare [ROUNDS [NAME]]`

use std::ffi::{c_char, c_int, c_void};
use std::hint::black_box;
use std::time::Instant;

use tare_allocators::{Memory, System};
use tare_regexp::{Flags, Program, Scratch, Text, compile, exec};

// SAFETY: the declarations repeat those of QuickJS-ng's `libregexp.h`, which rquickjs links.
unsafe extern "C" {
    fn lre_compile(
        len: *mut c_int,
        error: *mut c_char,
        error_size: c_int,
        pattern: *const c_char,
        pattern_len: usize,
        flags: c_int,
        opaque: *mut c_void,
    ) -> *mut u8;
    fn lre_exec(
        captures: *mut *mut u8,
        code: *const u8,
        subject: *const u8,
        index: c_int,
        len: c_int,
        kind: c_int,
        opaque: *mut c_void,
    ) -> c_int;
    fn lre_realloc(opaque: *mut c_void, block: *mut c_void, size: usize) -> *mut c_void;
    fn lre_get_alloc_count(code: *const u8) -> c_int;
}

/// A subject in the form both matchers want.
enum Subject {
    Narrow(Vec<u8>),
    Wide(Vec<u16>),
}

impl Subject {
    fn new(text: &str) -> Self {
        let units: Vec<u16> = text.encode_utf16().collect();
        match units.iter().map(|&unit| u8::try_from(unit)).collect() {
            Ok(narrow) => Subject::Narrow(narrow),
            Err(_) => Subject::Wide(units),
        }
    }

    fn text(&self) -> Text<'_> {
        match self {
            Subject::Narrow(units) => Text::Latin1(units),
            Subject::Wide(units) => Text::Utf16(units),
        }
    }
}

/// Pseudo-random numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % sides
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.roll(of.len())]
    }
}

const WORDS: &[&str] = &[
    "the",
    "engine",
    "of",
    "running",
    "a",
    "Warning",
    "pattern",
    "was",
    "matching",
    "ERROR",
    "in",
    "found",
    "text",
    "Sherlock",
    "and",
    "holding",
    "value",
    "critical",
    "returned",
    "that",
    "string",
    "is",
    "is",
    "function",
    "return",
    "var",
    "while",
    "camelCaseName",
    "innerHTML",
    "quick",
    "brown",
    "fox",
    "jumps",
];

fn prose(dice: &mut Dice, words: usize) -> String {
    let mut text = String::new();
    for index in 0..words {
        text.push_str(dice.pick(WORDS));
        text.push_str(match dice.roll(40) {
            0 => ". ",
            1 => ", ",
            2 => "\n",
            3 => " $12.50 ",
            4 => " joe.user+tag@mail.example.org ",
            5 => " 2026-11-21T05:11 ",
            6 => " 192.168.17.254 ",
            7 => " 10.0.300.1 ",
            _ => " ",
        });
        if index % 97 == 0 {
            text.push_str("\n  ");
        }
    }
    text
}

fn html(dice: &mut Dice, tags: usize) -> String {
    let mut text = String::from("<!DOCTYPE html>\n");
    for index in 0..tags {
        let tag = dice.pick(&["div", "span", "a", "p", "li", "h1"]);
        text.push_str(&format!(
            "<{tag} id=\"n{index}\" class=\"{} {}\" data-x>{} {}</{tag}>\n",
            dice.pick(WORDS),
            dice.pick(WORDS),
            dice.pick(WORDS),
            dice.pick(WORDS)
        ));
        if dice.roll(9) == 0 {
            text.push_str("<!-- a comment -- with dashes -->\n<br/>");
        }
    }
    text
}

fn urls(dice: &mut Dice, count: usize) -> String {
    (0..count)
        .map(|index| {
            format!(
                "{}://{}.example.{}/{}/{}.html?q={}&n={index}#{}\n",
                dice.pick(&["http", "https", "ftp"]),
                dice.pick(WORDS),
                dice.pick(&["com", "org", "net"]),
                dice.pick(WORDS),
                dice.pick(WORDS),
                dice.pick(WORDS),
                dice.pick(WORDS)
            )
        })
        .collect()
}

fn log(dice: &mut Dice, lines: usize) -> String {
    (0..lines)
        .map(|index| {
            format!(
                "10.0.{}.{} - {} [21/Nov/2026:05:{:02}:{:02} +0000] \"{} /{}/{}.js?v={index} HTTP/1.1\" {} {}\n",
                dice.roll(256),
                dice.roll(256),
                dice.pick(&["-", "joe", "ann"]),
                dice.roll(60),
                dice.roll(60),
                dice.pick(&["GET", "POST", "HEAD"]),
                dice.pick(WORDS),
                dice.pick(WORDS),
                dice.pick(&["200", "304", "404"]),
                dice.roll(100_000)
            )
        })
        .collect()
}

fn csv(dice: &mut Dice, rows: usize) -> String {
    (0..rows)
        .map(|index| {
            format!(
                "{index},{},\"{}, \"\"{}\"\"\",{}.{},,{}\n",
                dice.pick(WORDS),
                dice.pick(WORDS),
                dice.pick(WORDS),
                dice.roll(1000),
                dice.roll(100),
                dice.pick(WORDS)
            )
        })
        .collect()
}

fn json(dice: &mut Dice, rows: usize) -> String {
    (0..rows)
        .map(|index| {
            format!(
                "{{\"id\": {index}, \"name\": \"{} \\\"{}\\\"\", \"size\": -{}.5e+3, \"ok\": {}, \"tags\": [null, 1]}},\n",
                dice.pick(WORDS),
                dice.pick(WORDS),
                dice.roll(1000),
                dice.pick(&["true", "false"])
            )
        })
        .collect()
}

fn genes(dice: &mut Dice, len: usize) -> String {
    (0..len).map(|_| dice.pick(&["a", "c", "g", "t"])).collect()
}

fn foreign(dice: &mut Dice, words: usize) -> String {
    let words_of = [
        "Москва",
        "столица",
        "России",
        "Ελλάδα",
        "γλώσσα",
        "Straße",
        "über",
        "naïve",
        "日本語",
        "テキスト",
        "और",
        "123",
        "😀",
        "STRASSE",
        "Привет",
        "мир",
    ];
    (0..words).map(|_| format!("{} ", dice.pick(&words_of))).collect()
}

/// Pattern, flags, subject.
fn set() -> Vec<(&'static str, &'static str, &'static str, Subject)> {
    let dice = &mut Dice(42);
    let prose = prose(dice, 12_000);
    let html = html(dice, 900);
    let urls = urls(dice, 1000);
    let log = log(dice, 900);
    let csv = csv(dice, 1500);
    let json = json(dice, 900);
    let genes = genes(dice, 60_000);
    let foreign = foreign(dice, 8000);
    let nested = "aabaababc aab aaabc aababcaabcd ".repeat(2000);
    let case = |name, pattern, flags, text: &str| (name, pattern, flags, Subject::new(text));
    vec![
        case("html tag", r#"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*(/?)>"#, "", &html),
        case("html comment", r"<!--[\s\S]*?-->", "", &html),
        case(
            "url parts",
            r"^(?:([^:/?#\n]+):)?(?://([^/?#\n]*))?([^?#\n]*)(?:\?([^#\n]*))?(?:#(.*))?$",
            "m",
            &urls,
        ),
        case("url in text", r"\b(?:https?|ftp)://[^\s/?#]+(?:/[^\s?#]*)?", "", &urls),
        case(
            "log line",
            r#"^(\S+) (\S+) (\S+) \[([^\]]+)\] "([A-Z]+) ([^ "]+)[^"]*" (\d{3}) (\d+|-)$"#,
            "m",
            &log,
        ),
        case("words, any case", r"\b(?:error|warning|critical)\b", "i", &prose),
        case("unicode classes", r"\p{Lu}\p{Ll}+", "u", &foreign),
        case("unicode, any case", r"стр|straße|γλώσσα|мир", "iu", &foreign),
        case("back reference", r"\b(\w+)\s+\1\b", "", &prose),
        case("lookbehind", r"(?<=\$)\d+(?:\.\d+)?", "", &prose),
        case("email", r"[\w.+-]+@[\w-]+\.[\w.-]+", "", &prose),
        case("date", r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})", "", &prose),
        case("csv field", r#"("([^"]|"")*"|[^,\n]*)(,|\n)"#, "", &csv),
        case("trim lines", r"^\s+|\s+$", "m", &prose),
        case("word boundary", r"\b[a-z]+ing\b", "", &prose),
        case("nested loops", r"(?:(?:a+b)+c)+d", "", &nested),
        case(
            "json token",
            r#""(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}\[\],:]"#,
            "",
            &json,
        ),
        case("keywords", r"\b(?:function|return|var|if|else|for|while|break|new|delete)\b", "", &prose),
        case("dna", r"agggtaaa|tttaccct|[cgt]gggtaaa|tttaccc[acg]", "i", &genes),
        case("literal", r"Sherlock", "", &prose),
        case(
            "ip address",
            r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b",
            "",
            &log,
        ),
        case("camel case", r"([a-z])([A-Z])", "", &prose),
    ]
}

/// Number of matches and a sum over all group positions.
type Result = (usize, usize);

fn advance(start: usize, end: usize) -> usize {
    if end == start { end + 1 } else { end }
}

fn run_own(program: &Program<'_>, subject: Text<'_>, scratch: &mut Scratch<'_>) -> Result {
    let (mut count, mut sum, mut index) = (0, 0, 0);
    while exec(program.as_ref(), subject, index, scratch, &mut || false).expect("no limit is reached") {
        let whole = scratch.group(0).expect("group 0");
        count += 1;
        for group in 0..scratch.group_count() {
            sum += scratch.group(group).map_or(1, |range| range.start + 3 * range.end);
        }
        index = advance(whole.start, whole.end);
    }
    (count, sum)
}

fn run_other(code: *const u8, groups: usize, subject: &Subject, context: *mut c_void) -> Result {
    let (base, len, kind, width) = match subject {
        Subject::Narrow(units) => (units.as_ptr(), units.len(), 0, 1),
        Subject::Wide(units) => (units.as_ptr().cast::<u8>(), units.len(), 1, 2),
    };
    // SAFETY: the program was returned by `lre_compile`.
    let slots = unsafe { lre_get_alloc_count(code) } as usize;
    let mut captures = vec![std::ptr::null_mut::<u8>(); slots.max(2 * groups)];
    let (mut count, mut sum, mut index) = (0, 0, 0);
    while index <= len {
        // SAFETY: program, subject and captures are live and as long as they are said to be; the
        // context is the one the program was compiled with.
        let found = unsafe {
            lre_exec(captures.as_mut_ptr(), code, base, index as c_int, len as c_int, kind, context)
        };
        if found != 1 {
            assert_eq!(found, 0, "an error of lre_exec");
            break;
        }
        let position = |pointer: *mut u8| (pointer as usize - base as usize) / width;
        count += 1;
        for group in 0..groups {
            let (start, end) = (captures[2 * group], captures[2 * group + 1]);
            let unset = start.is_null() || end.is_null();
            sum += if unset { 1 } else { position(start) + 3 * position(end) };
        }
        index = advance(position(captures[0]), position(captures[1]));
    }
    (count, sum)
}

fn main() {
    let rounds: usize = std::env::args().nth(1).map_or(15, |text| text.parse().expect("a number"));
    let runtime = rquickjs::Runtime::new().expect("a runtime");
    let context = rquickjs::Context::full(&runtime).expect("a context");
    let opaque = context.as_raw().as_ptr().cast::<c_void>();
    let memory = Memory::new(&System);
    let (mut product, mut compile_product) = (0.0, 0.0);
    let wanted = std::env::args().nth(2).unwrap_or_default();
    let cases: Vec<_> = set().into_iter().filter(|case| case.0.contains(&wanted)).collect();
    println!(
        "{:20} {:>8} {:>12} {:>12} {:>7} {:>9}",
        "pattern", "matches", "tare us", "quickjs us", "ratio", "bytes"
    );
    for (name, pattern, flags, subject) in &cases {
        let pattern_units: Vec<u16> = pattern.encode_utf16().collect();
        let own_flags = Flags::parse(Text::Utf16(&flags.encode_utf16().collect::<Vec<_>>())).expect("flags");
        let program = compile(Text::Utf16(&pattern_units), own_flags, memory).expect("a valid pattern");
        let other_flags = flags.chars().fold(0, |bits, flag| {
            bits | match flag {
                'i' => 2,
                'm' => 4,
                's' => 8,
                'u' => 16,
                _ => panic!("unknown flag"),
            }
        });
        let mut len = 0;
        let mut error = [0 as c_char; 128];
        let terminated = std::ffi::CString::new(*pattern).expect("no NUL");
        // SAFETY: all buffers are live, the pattern is terminated, the context is that of a live runtime.
        let code = unsafe {
            lre_compile(
                &mut len,
                error.as_mut_ptr(),
                128,
                terminated.as_ptr(),
                pattern.len(),
                other_flags,
                opaque,
            )
        };
        assert!(!code.is_null(), "QuickJS compiles {pattern}");
        let (mut own_compile, mut other_compile) = (f64::MAX, f64::MAX);
        for _ in 0..200 {
            let begin = Instant::now();
            black_box(compile(Text::Utf16(&pattern_units), own_flags, memory).expect("a valid pattern"));
            own_compile = own_compile.min(begin.elapsed().as_secs_f64());
            let begin = Instant::now();
            // SAFETY: as above; the program returned is freed with the function it was allocated by.
            unsafe {
                let again = lre_compile(
                    &mut len,
                    error.as_mut_ptr(),
                    128,
                    terminated.as_ptr(),
                    pattern.len(),
                    other_flags,
                    opaque,
                );
                lre_realloc(opaque, again.cast(), 0);
            }
            other_compile = other_compile.min(begin.elapsed().as_secs_f64());
        }
        compile_product += (other_compile / own_compile).ln();
        let groups = program.as_ref().group_count();
        let mut scratch = Scratch::new(memory);
        let (mut own_best, mut other_best) = (f64::MAX, f64::MAX);
        for _ in 0..rounds {
            let begin = Instant::now();
            let own = black_box(run_own(&program, subject.text(), &mut scratch));
            own_best = own_best.min(begin.elapsed().as_secs_f64());
            let begin = Instant::now();
            let other = black_box(run_other(code, groups, subject, opaque));
            other_best = other_best.min(begin.elapsed().as_secs_f64());
            assert_eq!(own, other, "{name}: count and positions of the matches");
            if own.0 == 0 {
                panic!("{name} matches nothing");
            }
        }
        let count = run_own(&program, subject.text(), &mut scratch).0;
        let ratio = other_best / own_best;
        product += ratio.ln();
        println!(
            "{name:20} {count:8} {:12.1} {:12.1} {ratio:7.2} {:5}/{len:5} {:7.1}/{:7.1}",
            own_best * 1e6,
            other_best * 1e6,
            program.as_bytes().len(),
            own_compile * 1e6,
            other_compile * 1e6
        );
    }
    println!("geometric mean over {}: {:.2}", cases.len(), (product / cases.len() as f64).exp());
    println!("compiling, geometric mean: {:.2}", (compile_product / cases.len() as f64).exp());
}
