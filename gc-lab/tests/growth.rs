//! The rows of the example `growth`: they run, and every builtin has one.

const SCRIPT: &str = include_str!("../examples/growth.js");

fn evaluate(context: &tare::Context, source: &str) -> String {
    context.eval(source, "growth.js").and_then(|value| value.to_display(context)).unwrap()
}

#[test]
fn every_builtin_has_a_row() {
    let runtime = tare::Runtime::new().unwrap();
    let context = runtime.new_context().unwrap();
    evaluate(&context, SCRIPT);
    assert_eq!(evaluate(&context, "uncovered().join()"), "", "builtins without a row in examples/growth.js");
    // A new one is noticed, wherever it stands.
    evaluate(&context, "Array.prototype.fresh = function () {}; globalThis.Fresh = class { get x() {} }");
    assert_eq!(
        evaluate(&context, "uncovered().sort().join()"),
        "Array.prototype.fresh,Fresh,get:Fresh.prototype.x"
    );
}

#[test]
fn every_row_runs() {
    let runtime = tare::Runtime::new().unwrap();
    let context = runtime.new_context().unwrap();
    evaluate(&context, SCRIPT);
    let failed =
        "rows.map(row => { try { row.run(row.make(40), 40); } catch (e) { return row.title + ': ' + e; } })
                  .filter(Boolean).join('\\n')";
    assert_eq!(evaluate(&context, failed), "");
    runtime.run_jobs().unwrap();
}
