//! Allocators by name: what is read is what is written, and errors help.

mod support;

use proptest::prelude::*;
use support::describe;
use tare_allocators::{Plan, Spec, catalogue, parse};

fn spec() -> impl Strategy<Value = Spec> {
    let path = prop_oneof!["[a-z]{1,8}", "\\PC{0,12}"];
    let plan = prop_oneof![
        Just(Plan::Never),
        any::<u64>().prop_map(Plan::Nth),
        any::<u64>().prop_map(Plan::From),
        (0.0..=1.0, any::<u64>()).prop_map(|(probability, seed)| Plan::Rate { probability, seed }),
    ];
    let bytes = prop_oneof![any::<usize>(), (0_usize..4096, 0_u32..31).prop_map(|(n, shift)| n << shift)];
    let leaf = prop_oneof![Just(Spec::System), Just(Spec::Mimalloc), Just(Spec::Jemalloc)];
    leaf.prop_recursive(6, 8, 1, move |inner| {
        let inner = inner.prop_map(Box::new);
        prop_oneof![
            (any::<bool>(), inner.clone()).prop_map(|(counted, inner)| Spec::Pool { counted, inner }),
            inner.clone().prop_map(Spec::Counting),
            (bytes.clone(), inner.clone()).prop_map(|(bytes, inner)| Spec::Limit { bytes, inner }),
            (plan.clone(), inner.clone()).prop_map(|(plan, inner)| Spec::Fail { plan, inner }),
            inner.clone().prop_map(Spec::Poison),
            (prop::option::of(33..=65_536_usize), inner.clone())
                .prop_map(|(zone, inner)| Spec::Guard { zone, inner }),
            (path.clone(), inner).prop_map(|(path, inner)| Spec::Trace { path, inner }),
        ]
    })
}

/// Whether making it writes no file.
fn writes_nothing(spec: &Spec) -> bool {
    match spec {
        Spec::System | Spec::Mimalloc | Spec::Jemalloc => true,
        Spec::Trace { .. } => false,
        Spec::Counting(inner) | Spec::Poison(inner) => writes_nothing(inner),
        Spec::Pool { inner, .. }
        | Spec::Limit { inner, .. }
        | Spec::Fail { inner, .. }
        | Spec::Guard { inner, .. } => writes_nothing(inner),
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(spec in spec()) {
        let text = spec.to_string();
        prop_assert_eq!(text.parse::<Spec>(), Ok(spec), "{}", text);
    }

    #[test]
    fn what_is_made_calls_itself_what_it_was_made_from(spec in spec()) {
        if writes_nothing(&spec) {
            prop_assert_eq!(describe(&*spec.build().unwrap()), spec.to_string());
        }
    }

    #[test]
    fn any_text_is_an_allocator_or_an_error_that_points_into_it(text in "\\PC{0,40}") {
        if let Err(error) = text.parse::<Spec>() {
            let column = error.column.unwrap();
            prop_assert!((1..=text.chars().count() + 1).contains(&column));
            prop_assert!(!error.problem.is_empty() && !error.advice.is_empty());
        }
    }

    #[test]
    fn words_of_the_syntax_in_any_order_do_no_harm(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "(", ")", ",", "\"", "\\", " ", "pool", "limit", "guard", "trace", "fail-rate", "uncounted",
                "64M", "0.5", "7", "99999999999999999999G", "system", "é",
            ]),
            0..14,
        ),
    ) {
        let text = words.concat();
        if let Ok(spec) = text.parse::<Spec>() {
            prop_assert_eq!(spec.to_string().parse::<Spec>(), Ok(spec));
        }
    }
}

fn read(text: &str) -> String {
    match text.parse::<Spec>() {
        Ok(spec) => spec.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn short_forms_stand_for_long_ones() {
    assert_eq!(read("pool"), "pool(system)");
    assert_eq!(read("pool()"), "pool(system)");
    assert_eq!(read(" limit ( 65536 , counting ) "), "limit(64K, counting(system))");
    assert_eq!(read("limit(1MiB)"), "limit(1M, system)");
    assert_eq!(read("limit(1025, mimalloc)"), "limit(1025, mimalloc)");
    assert_eq!(read("guard(32, system)"), "guard(system)");
    assert_eq!(read("guard(8)"), "guard(8, system)");
    assert_eq!(read("pool(uncounted)"), "pool(uncounted, system)");
    assert_eq!(read("trace(a/b.trace, pool(jemalloc))"), "trace(a/b.trace, pool(jemalloc))");
    assert_eq!(read(r#"trace("a, (b\"\\", system)"#), r#"trace("a, (b\"\\", system)"#);
    assert_eq!(read("fail-rate(0.25, 9, system)"), "fail-rate(0.25, 9, system)");
}

#[test]
fn errors_name_the_place_the_problem_and_the_remedy() {
    let names = catalogue().iter().filter(|entry| entry.available).map(|entry| entry.name);
    let names = names.collect::<Vec<_>>().join(", ");
    for (text, message) in [
        (
            "mimaloc",
            format!(
                "column 1: no allocator is called \"mimaloc\"; did you mean mimalloc? The names are: {names}"
            ),
        ),
        ("pool(xyzzy)", format!("column 6: no allocator is called \"xyzzy\"; the names are: {names}")),
        ("", format!("column 1: a name was expected, not nothing; write one of: {names}")),
        ("limit(64M,)", format!("column 11: a name was expected, not ')'; write one of: {names}")),
        ("limit", "column 1: limit needs a number of bytes; write limit(BYTES, INNER)".to_owned()),
        (
            "pool(limit(system))",
            "column 12: \"system\" is not a number of bytes; \
             write limit(BYTES, INNER), for example limit(64M, counting(mimalloc))"
                .to_owned(),
        ),
        (
            "limit(99999999999999999999, system)",
            "column 7: \"99999999999999999999\" is not a number of bytes; \
             write limit(BYTES, INNER), for example limit(64M, counting(mimalloc))"
                .to_owned(),
        ),
        ("system(pool)", "column 8: system takes no arguments; remove the parentheses".to_owned()),
        (
            "counting(system, pool)",
            "column 18: counting takes fewer arguments; write counting(INNER)".to_owned(),
        ),
        ("pool(system", "column 12: the parenthesis opened at column 5 is not closed; add ')'".to_owned()),
        ("pool(system))", "column 13: ')' after the end; remove it".to_owned()),
        ("pool(system system)", "column 13: 's' between arguments; write ',' or ')' there".to_owned()),
        ("trace(\"a, system)", "column 7: a quote that is not closed; add '\"' at its end".to_owned()),
        (
            "guard(0, system)",
            "column 7: \"0\" is not a zone of 1 to 65536 bytes; \
             write guard([ZONE_BYTES,] INNER), for example guard(64, system)"
                .to_owned(),
        ),
        (
            "fail-rate(2, 1, system)",
            "column 11: \"2\" is not a probability from 0 to 1; \
             write fail-rate(PROBABILITY, SEED, INNER), for example fail-rate(0.01, 42, system)"
                .to_owned(),
        ),
    ] {
        assert_eq!(read(text), message, "{text}");
    }
    let deep = "pool(".repeat(100_000);
    assert_eq!(read(&deep), "column 166: nested more than 32 deep; use fewer wrappers");
}

#[test]
fn a_trace_file_that_cannot_be_written_is_an_error() {
    let error = parse("trace(/nowhere/at/all/x.trace, system)").err().unwrap();
    assert_eq!(error.column, None);
    assert!(error.problem.starts_with("the trace file /nowhere/at/all/x.trace cannot be written: "));
}

#[test]
fn every_entry_of_the_catalogue_parses_and_is_explained() {
    for entry in catalogue() {
        let spec = entry.example.parse::<Spec>().unwrap_or_else(|error| panic!("{}: {error}", entry.name));
        assert_eq!(spec.to_string(), entry.example);
        assert!(entry.summary.ends_with('.') && entry.usage.starts_with(entry.name));
        if entry.available && entry.name != "trace" {
            assert_eq!(describe(&*spec.build().unwrap()), entry.example);
        }
        if !entry.available {
            let error = spec.build().err().unwrap();
            assert!(error.problem.contains("this build has no"), "{error}");
        }
    }
}
