//! Runtimes come and go without leaving anything behind.

mod support;

use tare::{Front, Runtime};

#[test]
fn an_empty_runtime_frees_everything() {
    for front in [Front::Direct, Front::Pool] {
        let runtime = Runtime::builder().front(front).build().unwrap();
        let context = runtime.new_context().unwrap();
        let global = context.global();
        assert!(global.is_object());
        drop((global, context));
        runtime.run_gc();
        drop(runtime);
    }
}

#[test]
fn again_under_stress() {
    support::again("every(1)");
}
