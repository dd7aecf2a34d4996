//! The workloads of Tare: JavaScript programs that put a memory system to work.
//!
//! Each program is one file in `js/`, a classic script that uses no host function (one optional
//! exception: [`Feature::NativeHandle`]). The comment that opens the file is the only description
//! of it: why it exists, what its size parameter means, three sizes, the result at each of them,
//! what it stresses and what it needs of the engine. [`catalogue`] is read from those headers, so
//! that adding a workload means adding a file and its name in [`FILES`].
//!
//! How a host runs one:
//! 1. Set the global `SIZE` to a number, or leave it undefined for the default size.
//! 2. Evaluate [`Workload::source`] as a script (not as a module), then run all pending jobs.
//! 3. Read the global `result`: a non-negative integer below 2^32, a checksum that depends on the
//!    size alone. A wrong intermediate result throws an `Error`, or, in a program that finishes
//!    in a job, leaves the error's text in `result`. [`Workload::check`] tells good from bad.

#![forbid(unsafe_code)]

mod header;

use std::sync::LazyLock;

/// One program of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// The name, also that of the file without its extension: lower case, digits and `_`.
    pub name: &'static str,
    /// One line that says what the program is.
    pub summary: &'static str,
    /// Why the program is in the catalogue: one paragraph, lines joined by spaces.
    pub why: &'static str,
    /// What the size parameter counts, e.g. `nodes kept in the tree`.
    pub size_unit: &'static str,
    /// The parts of an engine that the program leans on, e.g. `closures`.
    pub stresses: &'static [&'static str],
    /// The program's text, ASCII or UTF-8.
    pub source: &'static str,
    /// Values of the size parameter: `small` for tests, `default` takes 50 to 300 ms in an
    /// interpreter of QuickJS's class, `large` takes seconds.
    pub sizes: Sizes,
    /// What the global `result` must hold after a run at the size of the same name.
    pub results: Sizes,
    /// Whether memory is meant to be still reachable, or held by the host, after the run.
    pub leaks: bool,
    /// Parts of the language and library that not every engine has.
    pub needs: &'static [Feature],
    /// Iterations before the measured one: 0 for a program that is measured cold, from its compilation on; some
    /// for a service, whose users meet it warm.
    pub warmup: u32,
    /// Whether the program belongs to the runs that name none.
    pub by_default: bool,
}

impl Workload {
    /// Checks the text of the global `result` after a run at `size` (`None`: the default).
    ///
    /// # Errors
    /// A sentence for people: the program reported a failure of its own, left no result, or the
    /// checksum of a listed size differs. A size that is not listed has no recorded checksum: any
    /// number is accepted then, since the program has checked itself.
    pub fn check(&self, size: Option<u32>, result: &str) -> Result<(), String> {
        let found: u32 = result.parse().map_err(|_| format!("{}: result is {result:?}", self.name))?;
        let size = size.unwrap_or(self.sizes.default);
        let expected = match size {
            n if n == self.sizes.small => self.results.small,
            n if n == self.sizes.default => self.results.default,
            n if n == self.sizes.large => self.results.large,
            _ => return Ok(()),
        };
        if found == expected {
            Ok(())
        } else {
            Err(format!("{} at size {size}: result is {found}, expected {expected}", self.name))
        }
    }
}

/// One number for each of the three listed sizes of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// For tests: milliseconds.
    pub small: u32,
    /// For measurements.
    pub default: u32,
    /// For long measurements: seconds.
    pub large: u32,
}

/// A part of the language, its library or the host that a program cannot do without.
///
/// ES5, `let`, arrow functions, template literals, destructuring, spread and `for-of` over arrays
/// are expected of every engine and have no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// `class` with fields, private names, accessors and statics.
    Classes,
    /// `Map`, `Set`, `WeakMap`, `WeakSet` and their iterators.
    Collections,
    /// Generator functions.
    Generators,
    /// Promises and async functions.
    Async,
    /// `JSON`.
    Json,
    /// Typed arrays and `ArrayBuffer`.
    TypedArrays,
    /// `WeakRef` and `FinalizationRegistry`.
    WeakRefs,
    /// Regular expressions.
    RegExp,
    /// `BigInt`.
    BigInt,
    /// The host function `__native(value)`: returns a new host object that keeps `value` alive as
    /// long as the object lives, without telling the cycle collector. The program also runs
    /// without it, but then leaks nothing.
    NativeHandle,
}

impl Feature {
    /// Every feature with the word that headers use for it.
    pub const NAMES: &'static [(Feature, &'static str)] = &[
        (Feature::Classes, "classes"),
        (Feature::Collections, "collections"),
        (Feature::Generators, "generators"),
        (Feature::Async, "async"),
        (Feature::Json, "json"),
        (Feature::TypedArrays, "typed-arrays"),
        (Feature::WeakRefs, "weak-refs"),
        (Feature::RegExp, "regexp"),
        (Feature::BigInt, "bigint"),
        (Feature::NativeHandle, "native-handle"),
    ];

    /// The word that headers use for this feature.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(feature, _)| *feature == self).map_or("?", |(_, name)| name)
    }
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Names and texts of the programs in the order of the catalogue.
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../js/", $name, ".js")))),*];
    };
}

// Churn first, then large heaps, the library's structures, whole programs, and the leaks.
files![
    "churn_acyclic",
    "churn_cyclic",
    "binary_trees",
    "splay",
    "live_graph",
    "tiles",
    "closures",
    "class_fields",
    "exceptions",
    "events",
    "strings",
    "dictionary",
    "arrays",
    "numeric",
    "caches",
    "weak_cache",
    "json",
    "promises",
    "generators",
    "log_search",
    "bigint_digits",
    "interpreter",
    "scheduler",
    "constraints",
    "raytracer",
    "leak_cache",
    "leak_listener",
    "leak_native",
];

/// All workloads, in an order that stays the same from run to run.
pub fn catalogue() -> &'static [Workload] {
    static CATALOGUE: LazyLock<&'static [Workload]> = LazyLock::new(|| {
        // The files are part of the program and a test reads them all: a bad header never ships.
        let read = |(name, source): &(&'static str, &'static str)| match header::parse(name, source) {
            Ok(workload) => workload,
            Err(message) => panic!("js/{name}.js: {message}"),
        };
        FILES.iter().map(read).collect::<Vec<_>>().leak()
    });
    &CATALOGUE
}

/// The workload of that name.
pub fn find(name: &str) -> Option<&'static Workload> {
    catalogue().iter().find(|workload| workload.name == name)
}
