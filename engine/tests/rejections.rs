//! Rejected promises without handlers, as hosts see them; seeds of `Math.random`.

use std::cell::RefCell;
use std::rc::Rc;

use tare::{Context, Runtime};

fn make() -> (Runtime, Context) {
    let runtime = Runtime::new().unwrap();
    let context = runtime.new_context().unwrap();
    (runtime, context)
}

fn left(context: &Context) -> Vec<String> {
    std::iter::from_fn(|| context.next_unhandled_rejection()).map(|error| error.to_string()).collect()
}

#[test]
fn rejections_are_kept_when_asked_for() {
    let (runtime, context) = make();
    context.eval("Promise.reject('before')", "a.js").unwrap();
    assert_eq!(left(&context), [""; 0]);
    runtime.track_rejections(true);
    context
        .eval(
            "var late = Promise.reject('late'); Promise.reject(2); Promise.reject(3).catch(() => {});",
            "a.js",
        )
        .unwrap();
    context.eval("late.catch(() => {})", "a.js").unwrap();
    runtime.run_jobs().unwrap();
    assert_eq!(left(&context), ["2"]);
    assert_eq!(left(&context), [""; 0]);
    context.eval("Promise.reject('forgotten')", "a.js").unwrap();
    runtime.track_rejections(false);
    assert_eq!(left(&context), [""; 0]);
    let report = runtime.memory_report();
    assert!(report.disagreements.is_empty(), "{:?}", report.disagreements);
}

/// The list is memory of the script's: it has a limit, and rejections that got their handler do not fill it.
#[test]
fn the_list_is_bounded_by_what_is_unhandled() {
    let (runtime, context) = make();
    runtime.track_rejections(true);
    context.eval("for (let i = 0; i < 1000; i++) Promise.reject(i).catch(() => {});", "warm.js").unwrap();
    runtime.run_jobs().unwrap();
    runtime.run_gc();
    let before = runtime.memory_in_use().0;
    context
        .eval("let n = 0; (function f() { Promise.reject(n).catch(() => {}); if (n++ < 20000) Promise.resolve().then(f); })();", "a.js")
        .unwrap();
    runtime.run_jobs().unwrap();
    runtime.run_gc();
    let after = runtime.memory_in_use().0;
    assert!(after < before + (64 << 10), "{before} {after}");
    assert_eq!(left(&context), [""; 0]);
    // Under a limit: nothing is lost without a word.
    runtime.set_memory_limit(runtime.memory_in_use().0 + (256 << 10));
    let _ = context.eval("for (;;) Promise.reject(0);", "b.js").unwrap_err();
    assert!(!left(&context).is_empty());
    runtime.set_memory_limit(0);
    let report = runtime.memory_report();
    assert!(report.disagreements.is_empty(), "{:?}", report.disagreements);
}

#[test]
fn the_embedder_s_hook_is_told_at_once() {
    let (runtime, context) = make();
    let told = Rc::new(RefCell::new(Vec::new()));
    let log = told.clone();
    runtime.set_rejection_tracker(Some(Box::new(move |context, promise, reason, unhandled| {
        assert!(promise.is_object());
        log.borrow_mut().push((reason.to_display(context).unwrap(), unhandled));
    })));
    context.eval("const p = Promise.reject('a'); Promise.reject('b'); p.catch(() => {});", "a.js").unwrap();
    runtime.run_jobs().unwrap();
    let expected = [("a", true), ("b", true), ("a", false)];
    assert_eq!(*told.borrow(), expected.map(|(reason, unhandled)| (reason.to_string(), unhandled)));
    runtime.set_rejection_tracker(None);
    context.eval("Promise.reject('c')", "a.js").unwrap();
    assert_eq!(told.borrow().len(), 3);
}

#[test]
fn random_numbers_repeat_by_their_seed_only() {
    let first = |builder: tare::Builder| {
        let runtime = builder.build().unwrap();
        let context = runtime.new_context().unwrap();
        context.eval("Math.random()", "r.js").unwrap().as_number().unwrap()
    };
    assert_ne!(first(Runtime::builder()), first(Runtime::builder()));
    assert_eq!(first(Runtime::builder().random_seed(0)), first(Runtime::builder().random_seed(0)));
    assert_ne!(first(Runtime::builder().random_seed(0)), first(Runtime::builder().random_seed(1)));
    assert_eq!(first(Runtime::builder().hash_seed(7)), first(Runtime::builder().hash_seed(7)));
    assert_eq!(
        first(Runtime::builder().hash_seed(7).random_seed(8)),
        first(Runtime::builder().hash_seed(9).random_seed(8))
    );
    // Seeds that are alike give numbers that are not.
    let near: Vec<f64> = (0..64).map(|seed| first(Runtime::builder().random_seed(seed))).collect();
    let low = near.iter().filter(|number| **number < 0.5).count();
    assert!((16..=48).contains(&low), "{low} of 64 are below one half");
}
