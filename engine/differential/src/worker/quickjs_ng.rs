//! QuickJS-ng, by the crate rquickjs.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::context::EvalOptions;
use rquickjs::{Context, Ctx, Error, Function, Module, Runtime, Value};

use super::{Job, LINES, Output, class};

/// Runs a job; settings are not for this engine.
pub fn run(job: &Job) -> Output {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let timed_out = Rc::new(Cell::new(false));
    let end = in_runtime(job, &lines, &timed_out).unwrap_or_else(|error| format!("host: {error}"));
    let end = if timed_out.get() { "timeout".to_string() } else { end };
    Output { lines: lines.take(), end }
}

fn in_runtime(
    job: &Job,
    lines: &Rc<RefCell<Vec<String>>>,
    timed_out: &Rc<Cell<bool>>,
) -> Result<String, Error> {
    let runtime = Runtime::new()?;
    let (deadline, flag) = (Instant::now() + Duration::from_millis(job.limit_ms), Rc::clone(timed_out));
    runtime.set_interrupt_handler(Some(Box::new(move || {
        flag.set(flag.get() || Instant::now() > deadline);
        flag.get()
    })));
    runtime.set_memory_limit(512 << 20);
    runtime.set_max_stack_size(1 << 20);
    let context = Context::full(&runtime)?;
    let mut end = context.with(|ctx| run_in(&ctx, job, lines))?;
    while runtime.is_job_pending() {
        if runtime.execute_pending_job().is_err() && end == "ok" {
            end = "threw in a job".to_string();
        }
    }
    Ok(end)
}

fn run_in<'js>(ctx: &Ctx<'js>, job: &Job, lines: &Rc<RefCell<Vec<String>>>) -> Result<String, Error> {
    let kept = Rc::clone(lines);
    let print =
        Function::new(ctx.clone(), move |arguments: rquickjs::function::Rest<rquickjs::Coerced<String>>| {
            let mut kept = kept.borrow_mut();
            if kept.len() < LINES {
                let texts: Vec<&str> = arguments.iter().map(|argument| argument.0.as_str()).collect();
                kept.push(texts.join(" "));
            }
        })?;
    ctx.globals().set("print", print)?;
    for (i, script) in job.scripts.iter().enumerate() {
        let last = i + 1 == job.scripts.len();
        let done = match &job.module {
            Some(path) if last => Module::evaluate(ctx.clone(), path.as_str(), script.as_str()).map(drop),
            _ => {
                let mut options = EvalOptions::default();
                options.strict = false;
                ctx.eval_with_options::<Value<'_>, _>(script.as_str(), options).map(drop)
            }
        };
        match done {
            Ok(()) => {}
            Err(Error::Exception) => return Ok(format!("threw {}", name_of(&ctx.catch()))),
            Err(error) => return Err(error),
        }
    }
    Ok("ok".to_string())
}

fn name_of(value: &Value<'_>) -> String {
    let Some(exception) = value.as_exception() else { return "value".to_string() };
    let name: Result<String, _> = exception.as_object().get("name");
    class(&name.unwrap_or_default())
}
