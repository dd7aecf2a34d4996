//! Modules, through the public interface.

#[path = "support/again.rs"]
mod again;

#[path = "support/kept.rs"]
mod kept;

use std::collections::HashMap;

use kept::Kept;
use tare::{Context, Error, ModuleLoader, Runtime};

/// Modules from a table; a specifier is a name.
struct Table(HashMap<&'static str, &'static str>);

impl ModuleLoader for Table {
    fn resolve(&mut self, specifier: &str, _: &str) -> Result<String, String> {
        Ok(specifier.to_string())
    }
    fn load(&mut self, name: &str) -> Result<Vec<u8>, String> {
        self.0.get(name).map(|text| text.as_bytes().to_vec()).ok_or_else(|| format!("no module '{name}'"))
    }
}

/// Evaluates the module `main` of a table: what was printed, and how it ended.
fn run(modules: &[(&'static str, &'static str)]) -> (String, Result<(), Error>) {
    let sink = Kept::default();
    let runtime = Runtime::builder().output(Box::new(sink.clone())).build().unwrap();
    let table: HashMap<_, _> = modules.iter().copied().collect();
    let main = table["main"];
    runtime.set_module_loader(Some(Box::new(Table(table))));
    let context = runtime.new_context().unwrap();
    let result = evaluate(&runtime, &context, main);
    let printed = sink.text();
    (printed, result)
}

fn evaluate(runtime: &Runtime, context: &Context, source: &str) -> Result<(), Error> {
    let promise = context.eval_module(source, "main")?;
    runtime.run_jobs()?;
    context.promise_result(&promise).expect("settled").map(drop)
}

fn message(result: Result<(), Error>) -> String {
    match result {
        Err(Error::Exception { message, .. }) => message,
        other => format!("{other:?}"),
    }
}

#[test]
fn bindings_are_live_and_cycles_work() {
    let (printed, result) = run(&[
        (
            "main",
            "import first, { n, up, late } from 'a'; import * as all from 'a';
             print(first, n, late()); up(); print(n, all.n, Object.keys(all)); export const own = 'own';
             try { all.n = 1 } catch (e) { print(e.name) } print(Object.isSealed(all));",
        ),
        (
            "a",
            "import { own } from 'main'; export let n = 1; export function up() { n++ } export default 'first';
             export const late = () => { try { return own } catch (e) { return e.name } };",
        ),
    ]);
    assert_eq!(message(result), "Ok(())");
    assert_eq!(printed, "first 1 ReferenceError\n2 2 default,late,n,up\nTypeError\ntrue\n");
}

#[test]
fn asynchronous_modules_evaluate_in_order() {
    let (printed, result) = run(&[
        ("main", "import 'a'; import 'b'; import 'c'; print('main');"),
        ("a", "print('a1'); await 0; await 0; print('a2');"),
        ("b", "import 'a'; print('b');"),
        ("c", "print('c1'); await 0; print('c2');"),
    ]);
    assert_eq!(message(result), "Ok(())");
    assert_eq!(printed, "a1\nc1\nc2\na2\nb\nmain\n");
}

#[test]
fn errors_reach_all_importers() {
    let (printed, result) = run(&[
        ("main", "import 'b'; print('not reached');"),
        ("b", "import 'a'; print('not reached');"),
        ("a", "await 0; throw new RangeError('from a');"),
    ]);
    assert_eq!((printed.as_str(), message(result)), ("", "RangeError: from a".to_string()));
    let (_, result) = run(&[
        ("main", "import { x } from 'a';"),
        ("a", "export * from 'b'; export * from 'c';"),
        ("b", "export let x;"),
        ("c", "export let x;"),
    ]);
    assert_eq!(message(result), "SyntaxError: export 'x' is ambiguous");
    let (_, result) = run(&[("main", "import { y } from 'a';"), ("a", "export let x;")]);
    assert_eq!(message(result), "SyntaxError: there is no export 'y'");
    let (_, result) = run(&[("main", "import 'nowhere';")]);
    assert_eq!(message(result), "TypeError: no module 'nowhere'");
}

#[test]
fn import_calls_give_namespaces_or_reject() {
    let (printed, result) = run(&[
        (
            "main",
            "const a = await import('a'); print(a.default, a === await import('a'), typeof import.meta.url);
             for (const name of ['bad', 'nowhere', { toString() { throw new Error('name') } }])
               await import(name).catch(e => print(e.name, e.message));
             const data = (await import('data', { with: { type: 'json' } })).default; print(data.list[1]);
             await import('a', { with: { other: '' } }).catch(e => print(e.name));",
        ),
        ("a", "export default 1;"),
        ("bad", "export { nothing };"),
        ("data", "{ \"list\": [1, 2] }"),
    ]);
    assert_eq!(message(result), "Ok(())");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "1 true string");
    assert!(lines[1].starts_with("SyntaxError"), "{}", lines[1]);
    assert_eq!(&lines[2..], ["TypeError no module 'nowhere'", "Error name", "2", "TypeError"]);
}

#[test]
fn again_under_stress() {
    again::again("every(1)");
}
