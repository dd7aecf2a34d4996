//! Allocators by name, chosen at run time: `limit(64M, counting(mimalloc))`.
//!
//! # The syntax
//! A name, and for wrappers in parentheses what they take, the allocator inside last; without one the
//! inside is `system`. Blanks do not matter. Sizes are bytes, or end in `K`, `M` or `G` (powers of
//! 1024). Paths with blanks, commas, quotes or parentheses are put in double quotes, where a backslash
//! keeps the next character. [`catalogue`] lists the names.
//!
//! [`Spec`] is the parsed form: it can be compared, printed and built any number of times; parsing
//! alone has no effect. [`parse`] does both steps. [`Allocator::describe`] prints what is read here.
//!
//! ```
//! use tare_allocators::{Memory, Spec, Vec, parse};
//!
//! let allocator = parse("limit(64K, counting(system))")?;
//! let mut bytes = Vec::new(Memory::new(&*allocator));
//! assert!(bytes.try_resize(60_000, 0_u8).is_ok());
//! assert!(bytes.try_resize(70_000, 0_u8).is_err());
//! assert_eq!(allocator.stats().peak_requested, Some(60_000));
//!
//! assert_eq!("pool".parse::<Spec>()?.to_string(), "pool(system)");
//! let error = parse("limit(64M, mimaloc)").err().expect("it is misspelt");
//! assert!(error.to_string().starts_with(
//!     "column 12: no allocator is called \"mimaloc\"; did you mean mimalloc?"
//! ));
//! # Ok::<(), tare_allocators::ParseError>(())
//! ```

use core::fmt;
use core::str::FromStr;
use std::borrow::ToOwned as _;
use std::boxed::Box;
use std::format;
use std::string::{String, ToString as _};
use std::vec::Vec;

use crate::contract::Allocator;
use crate::pool::Pool;
use crate::system::System;
use crate::wrappers::{Counting, Fail, Guard, Limit, Plan, Poison, Trace};

/// Wrappers may be nested so deep; deeper text is an error, not a deep recursion.
const DEEPEST: usize = 32;

/// One name that [`parse`] knows.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name.
    pub name: &'static str,
    /// How it is written, with what it takes in capitals.
    pub usage: &'static str,
    /// One sentence on what it is for.
    pub summary: &'static str,
    /// Whether it wraps another allocator.
    pub wraps: bool,
    /// Whether this build has it.
    pub available: bool,
    /// A use of it that parses.
    pub example: &'static str,
}

const fn base(name: &'static str, available: bool, summary: &'static str) -> Entry {
    Entry { name, usage: name, summary, wraps: false, available, example: name }
}

const fn wrapper(
    name: &'static str,
    usage: &'static str,
    example: &'static str,
    summary: &'static str,
) -> Entry {
    Entry { name, usage, summary, wraps: true, available: true, example }
}

static CATALOGUE: [Entry; 13] = [
    base("system", true, "The C library's malloc, shared by the whole process."),
    base("mimalloc", cfg!(feature = "mimalloc"), "mimalloc 3 with a heap of its own, dropped whole."),
    base("jemalloc", cfg!(feature = "jemalloc"), "jemalloc 5.3 with an arena and a thread cache of its own."),
    wrapper(
        "pool",
        "pool([uncounted,] INNER)",
        "pool(mimalloc)",
        "Size classes up to 512 bytes in pages taken from INNER; larger blocks go straight to INNER.",
    ),
    wrapper("counting", "counting(INNER)", "counting(system)", "Keeps exact figures of every call."),
    wrapper(
        "limit",
        "limit(BYTES, INNER)",
        "limit(64M, counting(mimalloc))",
        "Refuses what would make live blocks hold more than BYTES.",
    ),
    wrapper(
        "fail-never",
        "fail-never(INNER)",
        "fail-never(system)",
        "Refuses nothing until its handle says so.",
    ),
    wrapper("fail-nth", "fail-nth(N, INNER)", "fail-nth(7, system)", "Refuses the N-th request."),
    wrapper(
        "fail-from",
        "fail-from(N, INNER)",
        "fail-from(7, system)",
        "Refuses the N-th request and all later ones.",
    ),
    wrapper(
        "fail-rate",
        "fail-rate(PROBABILITY, SEED, INNER)",
        "fail-rate(0.01, 42, system)",
        "Refuses each request with a probability, the same ones in every run.",
    ),
    wrapper(
        "poison",
        "poison(INNER)",
        "poison(system)",
        "Fills fresh and freed memory, and moves every reallocated block.",
    ),
    wrapper(
        "guard",
        "guard([ZONE_BYTES,] INNER)",
        "guard(64, system)",
        "Finds writes outside blocks or after free, double frees and foreign pointers, and reports them.",
    ),
    wrapper(
        "trace",
        "trace(PATH, INNER)",
        "trace(allocations.trace, system)",
        "Records every call into a file, to be replayed on another allocator.",
    ),
];

/// Every name that [`parse`] knows, the allocators first and then the wrappers.
pub fn catalogue() -> &'static [Entry] {
    &CATALOGUE
}

/// A description of an allocator: what [`parse`] reads and [`Allocator::describe`] writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Spec {
    /// `system`
    System,
    /// `mimalloc`
    Mimalloc,
    /// `jemalloc`
    Jemalloc,
    /// `pool(…)`
    Pool {
        /// False for `pool(uncounted, …)`.
        counted: bool,
        /// Where pages and large blocks come from.
        inner: Box<Spec>,
    },
    /// `counting(…)`
    Counting(Box<Spec>),
    /// `limit(BYTES, …)`
    Limit {
        /// The limit, in bytes.
        bytes: usize,
        /// What is limited.
        inner: Box<Spec>,
    },
    /// `fail-never(…)`, `fail-nth(N, …)`, `fail-from(N, …)`, `fail-rate(P, SEED, …)`
    Fail {
        /// What is refused.
        plan: Plan,
        /// What answers the rest.
        inner: Box<Spec>,
    },
    /// `poison(…)`
    Poison(Box<Spec>),
    /// `guard(…)`
    Guard {
        /// Bytes on each side of a block, where they are not the default.
        zone: Option<usize>,
        /// What is guarded.
        inner: Box<Spec>,
    },
    /// `trace(PATH, …)`
    Trace {
        /// The file that is written.
        path: String,
        /// What is recorded.
        inner: Box<Spec>,
    },
}

/// Why a description could not be read, or an allocator not be made from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The character where the problem is, counted from 1; `None` for problems in making it.
    pub column: Option<usize>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub advice: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = self.column {
            write!(f, "column {column}: ")?;
        }
        write!(f, "{}; {}", self.problem, self.advice)
    }
}

impl std::error::Error for ParseError {}

/// Reads a description and makes the allocator.
///
/// # Errors
/// The text cannot be read; this build lacks the allocator; its heap or trace file cannot be made.
pub fn parse(text: &str) -> Result<Box<dyn Allocator>, ParseError> {
    text.parse::<Spec>()?.build()
}

impl Spec {
    /// Makes the allocator.
    ///
    /// # Errors
    /// This build lacks the allocator; its heap or trace file cannot be made.
    pub fn build(&self) -> Result<Box<dyn Allocator>, ParseError> {
        Ok(match self {
            Spec::System => Box::new(System),
            Spec::Mimalloc => build_mimalloc()?,
            Spec::Jemalloc => build_jemalloc()?,
            Spec::Pool { counted: true, inner } => Box::new(Pool::new(inner.build()?)),
            Spec::Pool { counted: false, inner } => Box::new(Pool::uncounted(inner.build()?)),
            Spec::Counting(inner) => Box::new(Counting::new(inner.build()?)),
            Spec::Limit { bytes, inner } => Box::new(Limit::new(*bytes, inner.build()?)),
            Spec::Fail { plan, inner } => Box::new(Fail::new(*plan, inner.build()?)),
            Spec::Poison(inner) => Box::new(Poison::new(inner.build()?)),
            Spec::Guard { zone: None, inner } => Box::new(Guard::new(inner.build()?)),
            Spec::Guard { zone: Some(zone), inner } => Box::new(Guard::with_zone(*zone, inner.build()?)),
            Spec::Trace { path, inner } => {
                let inner = inner.build()?;
                let file = std::fs::File::create(path).map_err(|error| ParseError {
                    column: None,
                    problem: format!("the trace file {path} cannot be written: {error}"),
                    advice: "name a file in a folder that exists and may be written".to_owned(),
                })?;
                Box::new(Trace::new(path, file, inner))
            }
        })
    }
}

#[cfg(feature = "mimalloc")]
fn build_mimalloc() -> Result<Box<dyn Allocator>, ParseError> {
    match crate::Mimalloc::new() {
        Ok(allocator) => Ok(Box::new(allocator)),
        Err(_) => Err(no_heap("mimalloc")),
    }
}

#[cfg(feature = "jemalloc")]
fn build_jemalloc() -> Result<Box<dyn Allocator>, ParseError> {
    match crate::Jemalloc::new() {
        Ok(allocator) => Ok(Box::new(allocator)),
        Err(_) => Err(no_heap("jemalloc")),
    }
}

#[cfg(not(feature = "mimalloc"))]
fn build_mimalloc() -> Result<Box<dyn Allocator>, ParseError> {
    Err(not_in_build("mimalloc"))
}

#[cfg(not(feature = "jemalloc"))]
fn build_jemalloc() -> Result<Box<dyn Allocator>, ParseError> {
    Err(not_in_build("jemalloc"))
}

#[cfg(any(feature = "mimalloc", feature = "jemalloc"))]
fn no_heap(name: &str) -> ParseError {
    ParseError {
        column: None,
        problem: format!("{name} could not make a heap"),
        advice: "free memory, or drop runtimes that are no longer used".to_owned(),
    }
}

#[cfg(not(all(feature = "mimalloc", feature = "jemalloc")))]
fn not_in_build(name: &str) -> ParseError {
    ParseError {
        column: None,
        problem: format!("this build has no {name}"),
        advice: format!("build tare-allocators with the feature \"{name}\", or use one of: {}", names()),
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spec::System => f.write_str("system"),
            Spec::Mimalloc => f.write_str("mimalloc"),
            Spec::Jemalloc => f.write_str("jemalloc"),
            Spec::Pool { counted: true, inner } => write!(f, "pool({inner})"),
            Spec::Pool { counted: false, inner } => write!(f, "pool(uncounted, {inner})"),
            Spec::Counting(inner) => write!(f, "counting({inner})"),
            Spec::Limit { bytes, inner } => write!(f, "limit({}, {inner})", Bytes(*bytes)),
            Spec::Fail { plan, inner } => match plan {
                Plan::Never => write!(f, "fail-never({inner})"),
                Plan::Nth(n) => write!(f, "fail-nth({n}, {inner})"),
                Plan::From(n) => write!(f, "fail-from({n}, {inner})"),
                Plan::Rate { probability, seed } => write!(f, "fail-rate({probability}, {seed}, {inner})"),
            },
            Spec::Poison(inner) => write!(f, "poison({inner})"),
            Spec::Guard { zone: None, inner } => write!(f, "guard({inner})"),
            Spec::Guard { zone: Some(zone), inner } => write!(f, "guard({zone}, {inner})"),
            Spec::Trace { path, inner } => write!(f, "trace({}, {inner})", Word(path)),
        }
    }
}

impl FromStr for Spec {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut reader = Reader { rest: text, column: 1 };
        let node = reader.node(0)?;
        reader.skip_blanks();
        match reader.rest.chars().next() {
            None => interpret(&node),
            Some(c) => Err(error(reader.column, format!("{c:?} after the end"), "remove it")),
        }
    }
}

/// Shows a size the way it is read: with the largest unit that fits exactly.
pub(crate) struct Bytes(pub(crate) usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0"),
            n if n.trailing_zeros() >= 30 => write!(f, "{}G", n >> 30),
            n if n.trailing_zeros() >= 20 => write!(f, "{}M", n >> 20),
            n if n.trailing_zeros() >= 10 => write!(f, "{}K", n >> 10),
            n => write!(f, "{n}"),
        }
    }
}

/// Shows a path the way it is read: in quotes where it needs them.
pub(crate) struct Word<'a>(pub(crate) &'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_empty() && self.0.chars().all(is_bare) {
            return f.write_str(self.0);
        }
        f.write_str("\"")?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

/// Whether a character may stand in a word without quotes.
fn is_bare(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '(' | ')' | ',' | '"')
}

fn error(column: usize, problem: impl Into<String>, advice: impl Into<String>) -> ParseError {
    ParseError { column: Some(column), problem: problem.into(), advice: advice.into() }
}

/// A word and, if parentheses follow, what is in them.
struct Node {
    word: String,
    quoted: bool,
    column: usize,
    arguments: Option<Vec<Node>>,
}

struct Reader<'a> {
    rest: &'a str,
    column: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        self.column += 1;
        Some(c)
    }

    fn next_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        if self.rest.chars().next().is_some_and(wanted) { self.next() } else { None }
    }

    fn skip_blanks(&mut self) {
        while self.next_if(char::is_whitespace).is_some() {}
    }

    fn node(&mut self, depth: usize) -> Result<Node, ParseError> {
        self.skip_blanks();
        let column = self.column;
        if depth > DEEPEST {
            return Err(error(column, format!("nested more than {DEEPEST} deep"), "use fewer wrappers"));
        }
        let mut word = String::new();
        let quoted = self.next_if(|c| c == '"').is_some();
        if quoted {
            loop {
                match self.next() {
                    Some('"') => break,
                    Some('\\') => word.extend(self.next()),
                    Some(c) => word.push(c),
                    None => return Err(error(column, "a quote that is not closed", "add '\"' at its end")),
                }
            }
        } else {
            while let Some(c) = self.next_if(is_bare) {
                word.push(c);
            }
            if word.is_empty() {
                let found = self.rest.chars().next().map_or("nothing".to_owned(), |c| format!("{c:?}"));
                let advice = format!("write one of: {}", names());
                return Err(error(column, format!("a name was expected, not {found}"), advice));
            }
        }
        self.skip_blanks();
        let mut node = Node { word, quoted, column, arguments: None };
        let open = self.column;
        if self.next_if(|c| c == '(').is_none() {
            return Ok(node);
        }
        let mut arguments = Vec::new();
        self.skip_blanks();
        if self.next_if(|c| c == ')').is_none() {
            loop {
                arguments.push(self.node(depth + 1)?);
                self.skip_blanks();
                let column = self.column;
                match self.next() {
                    Some(',') => {}
                    Some(')') => break,
                    Some(c) => {
                        return Err(error(
                            column,
                            format!("{c:?} between arguments"),
                            "write ',' or ')' there",
                        ));
                    }
                    None => {
                        let problem = format!("the parenthesis opened at column {open} is not closed");
                        return Err(error(column, problem, "add ')'"));
                    }
                }
            }
        }
        node.arguments = Some(arguments);
        Ok(node)
    }
}

fn names() -> String {
    let names: Vec<_> = CATALOGUE.iter().filter(|entry| entry.available).map(|entry| entry.name).collect();
    names.join(", ")
}

/// How many single-character changes lead from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let best = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = best;
        }
    }
    row[b.len()]
}

fn unknown(node: &Node) -> ParseError {
    let close = CATALOGUE
        .iter()
        .map(|entry| (distance(&node.word, entry.name), entry.name))
        .min()
        .filter(|&(distance, name)| distance <= name.len() / 3);
    let mut advice = match close {
        Some((_, name)) => format!("did you mean {name}? The names are: "),
        None => "the names are: ".to_owned(),
    };
    advice.push_str(&names());
    error(node.column, format!("no allocator is called {:?}", node.word), advice)
}

/// The arguments of a wrapper that is being read.
struct Arguments<'a> {
    entry: &'static Entry,
    column: usize,
    rest: &'a [Node],
}

impl Arguments<'_> {
    fn take(&mut self, what: &str) -> Result<&Node, ParseError> {
        match self.rest.split_first() {
            Some((first, rest)) => {
                self.rest = rest;
                Ok(first)
            }
            None => {
                let problem = format!("{} needs {what}", self.entry.name);
                Err(error(self.column, problem, format!("write {}", self.entry.usage)))
            }
        }
    }

    /// Takes a value that is not an allocator.
    fn value<T>(&mut self, what: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, ParseError> {
        let entry = self.entry;
        let node = self.take(what)?;
        let value = if node.arguments.is_none() { read(&node.word) } else { None };
        value.ok_or_else(|| {
            let problem = format!("{:?} is not {what}", node.word);
            error(node.column, problem, format!("write {}, for example {}", entry.usage, entry.example))
        })
    }

    /// Takes the allocator inside, which must be the last argument; `system` if there is none.
    fn inner(&mut self) -> Result<Box<Spec>, ParseError> {
        match self.rest {
            [] => Ok(Box::new(Spec::System)),
            [inner] => interpret(inner).map(Box::new),
            [.., last] => {
                let problem = format!("{} takes fewer arguments", self.entry.name);
                Err(error(last.column, problem, format!("write {}", self.entry.usage)))
            }
        }
    }
}

fn read_bytes(word: &str) -> Option<usize> {
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit: u32 = match word[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(1 << unit)
}

fn read_probability(word: &str) -> Option<f64> {
    word.parse().ok().filter(|p| (0.0..=1.0).contains(p))
}

fn read_number(word: &str) -> Option<u64> {
    word.parse().ok()
}

fn interpret(node: &Node) -> Result<Spec, ParseError> {
    let entry = CATALOGUE.iter().find(|entry| !node.quoted && entry.name == node.word);
    let Some(entry) = entry else {
        return Err(unknown(node));
    };
    let rest = node.arguments.as_deref().unwrap_or_default();
    if let (false, [first, ..]) = (entry.wraps, rest) {
        let problem = format!("{} takes no arguments", entry.name);
        return Err(error(first.column, problem, "remove the parentheses"));
    }
    let mut arguments = Arguments { entry, column: node.column, rest };
    Ok(match entry.name {
        "system" => Spec::System,
        "mimalloc" => Spec::Mimalloc,
        "jemalloc" => Spec::Jemalloc,
        "pool" => {
            let uncounted = matches!(rest, [first, ..] if first.word == "uncounted" && !first.quoted);
            if uncounted {
                arguments.take("uncounted")?;
            }
            Spec::Pool { counted: !uncounted, inner: arguments.inner()? }
        }
        "counting" => Spec::Counting(arguments.inner()?),
        "limit" => {
            let bytes = arguments.value("a number of bytes", read_bytes)?;
            Spec::Limit { bytes, inner: arguments.inner()? }
        }
        "fail-never" => Spec::Fail { plan: Plan::Never, inner: arguments.inner()? },
        "fail-nth" => {
            let plan = Plan::Nth(arguments.value("the number of a request", read_number)?);
            Spec::Fail { plan, inner: arguments.inner()? }
        }
        "fail-from" => {
            let plan = Plan::From(arguments.value("the number of a request", read_number)?);
            Spec::Fail { plan, inner: arguments.inner()? }
        }
        "fail-rate" => {
            let probability = arguments.value("a probability from 0 to 1", read_probability)?;
            let seed = arguments.value("a seed (a whole number)", read_number)?;
            Spec::Fail { plan: Plan::Rate { probability, seed }, inner: arguments.inner()? }
        }
        "poison" => Spec::Poison(arguments.inner()?),
        "guard" => {
            let sized = matches!(rest, [first, ..] if first.word.starts_with(|c: char| c.is_ascii_digit()));
            let read = |word: &str| read_bytes(word).filter(|zone| (1..=1 << 16).contains(zone));
            let zone = if sized { Some(arguments.value("a zone of 1 to 65536 bytes", read)?) } else { None };
            // The default, named, is the same allocator as the default unnamed.
            let zone = zone.filter(|&zone| zone != crate::wrappers::DEFAULT_ZONE);
            Spec::Guard { zone, inner: arguments.inner()? }
        }
        _ => {
            debug_assert_eq!(entry.name, "trace");
            let path = arguments.value("the path of a file", |word| Some(word.to_string()))?;
            Spec::Trace { path, inner: arguments.inner()? }
        }
    })
}
