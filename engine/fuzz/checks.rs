//! What must hold for any bytes: shared by the fuzz targets and the test that runs the corpus.

use std::cell::Cell;

use tare::{Context, Error, Runtime};

/// A runtime with limits that any text can meet, and none can pass.
fn runtime(policy: Option<&str>) -> Runtime {
    // Native frames of a build without optimisation are several times larger.
    let stack = if cfg!(debug_assertions) { 32 << 20 } else { 192 << 10 };
    let mut builder =
        Runtime::builder().memory_limit(24 << 20).max_stack_size(stack).output(Box::new(std::io::sink()));
    if let Some(policy) = policy {
        builder = builder.gc_policy(policy.parse().expect("a policy"));
    }
    let runtime = builder.build().expect("memory for a runtime");
    let asked = Cell::new(0);
    runtime.set_interrupt_handler(Some(Box::new(move || {
        asked.set(asked.get() + 1);
        asked.get() > 40
    })));
    runtime
}

/// Nothing is left when the runtime ends.
fn close(runtime: Runtime) {
    runtime.run_gc();
    let left = runtime.close().unwrap_or_else(|_| panic!("something holds the runtime"));
    assert_eq!((left.cells, left.bytes), (0, 0), "left when the runtime ended");
}

/// A source text: the first byte says what it is. It may fail, but only as scripts fail; a text that is a function's
/// body is one, too, when the function's own text is read again.
pub fn source(data: &[u8]) {
    let Some((kind, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let runtime = runtime((kind & 8 != 0).then_some("every(3)"));
    {
        let context = runtime.new_context().expect("memory for a context");
        let done = match kind % 4 {
            0 => context.eval(&text, "fuzz.js").map(drop),
            1 => context.eval_module(&text, "fuzz.mjs").map(drop),
            2 => context.eval(&format!("\"use strict\";\n{text}"), "fuzz.js").map(drop),
            _ => body(&context, &text),
        };
        check(done);
        check(runtime.run_jobs().map(drop));
    }
    close(runtime);
}

fn body(context: &Context, text: &str) -> Result<(), Error> {
    context.global().set(context, "text", text)?;
    let made = context.eval("f = Function('a', 'b = a', text); 1", "fuzz.js");
    if made.is_ok() {
        let again = context.eval("eval('(' + f + ')').toString() === f.toString()", "fuzz.js");
        match again {
            Ok(same) => assert_eq!(same.as_bool(), Some(true), "a function's text is not that of its copy"),
            Err(error) => {
                let message = error.to_string();
                assert!(
                    !message.starts_with("SyntaxError"),
                    "a function's own text is no function: {message}"
                );
            }
        }
        context.eval("f(1)", "fuzz.js")?;
    }
    made.map(drop)
}

/// No failure of the host's kind: those come of what the host asked for.
fn check(done: Result<(), Error>) {
    if let Err(Error::Host(problem)) = done {
        panic!("{problem}");
    }
}

/// A JSON text: accepted exactly when another parser accepts it, the same beside text that is wider than Latin-1, and
/// after a round of writing and reading.
pub fn json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // The other parser knows no deep nesting, and no halves of surrogate pairs.
    let deep = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() > 120;
    if deep || text.contains("\\u") || text.contains("\\U") {
        return;
    }
    let expected = match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => true,
        // JSON has no largest number; this parser has.
        Err(error) if error.to_string().starts_with("number out of range") => return,
        Err(_) => false,
    };
    let runtime = runtime(None);
    {
        let context = runtime.new_context().expect("memory for a context");
        let told =
            context.global().set(&context, "text", text).and_then(|()| context.eval(ROUND, "round.js"));
        match told {
            Ok(value) => {
                let told = value.as_str().expect("a text");
                let wanted = if expected { "same" } else { "no JSON" };
                assert_eq!(told, wanted, "{text:?}");
            }
            Err(error) => {
                assert!(error.is_out_of_memory() || matches!(error, Error::Terminated), "{text:?}: {error}")
            }
        }
    }
    close(runtime);
}

const ROUND: &str = r#"
(function () {
  const read = text => {
    try { return [JSON.parse(text)]; } catch (error) { if (!(error instanceof SyntaxError)) throw error; }
  };
  const narrow = read(text), wide = read('["\u0100",' + text + ']'), named = read('{"\u0100":[],"v":' + text + '}');
  // Text that opens or closes a bracket of its own is another text between others.
  if (!narrow) return "no JSON";
  if (!wide || !named) return "refused beside wide text";
  const once = JSON.stringify(narrow[0]);
  const all = [once, JSON.stringify(wide[0][1]), JSON.stringify(named[0].v), JSON.stringify(JSON.parse(once))];
  const lists = JSON.stringify(JSON.parse(JSON.stringify(narrow[0], null, 1)));
  for (const text of [...all, lists]) if (text !== once) return "differs: " + text + " for " + once;
  return keys(narrow[0], wide[0][1]) ? "same" : "keys differ";
  // Both widths make the same keys, found by the same lookups.
  function keys(a, b) {
    if (typeof a !== "object" || a === null) return Object.is(a, b);
    const names = Reflect.ownKeys(a);
    return names.length === Reflect.ownKeys(b).length && names.every(k => Object.hasOwn(b, k) && keys(a[k], b[k]));
  }
})()
"#;
