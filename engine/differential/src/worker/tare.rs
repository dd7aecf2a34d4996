//! Tare, through its public interface, under any setting.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tare::{Context, Error, Front, Runtime};
use tare_allocators::wrappers::FailHandle;
use tare_allocators::{Fail, ParseError, Plan, Spec};

use super::{Job, LINES, Output, class};

/// Runs a job and, under every setting, closes the runtime: what is left then is a leak.
pub fn run(job: &Job) -> Output {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let end = match start(job) {
        Ok((runtime, refusals)) => in_runtime(job, runtime, refusals.as_ref(), &lines),
        Err(end) => end,
    };
    Output { lines: lines.take(), end }
}

/// A runtime, and what ends the refusals of its allocator.
fn start(job: &Job) -> Result<(Runtime, Option<FailHandle>), String> {
    let setting = &job.setting;
    let mut refusals = None;
    let mut builder = Runtime::builder().output(Box::new(std::io::sink()));
    if let Some(policy) = &setting.policy {
        builder = builder.gc_policy(policy.parse().map_err(|error| format!("host: {policy}: {error}"))?);
    }
    if let Some(spec) = &setting.allocator {
        let host = |error: ParseError| format!("host: {spec}: {error}");
        builder = builder.allocator(match spec.parse().map_err(host)? {
            Spec::Fail { plan, inner } => {
                let fail = Fail::new(plan, inner.build().map_err(host)?);
                refusals = Some(fail.handle());
                Box::new(fail)
            }
            other => other.build().map_err(host)?,
        });
    }
    if setting.direct {
        builder = builder.front(Front::Direct);
    }
    if let Some(bytes) = setting.stack {
        builder = builder.max_stack_size(bytes);
    }
    let runtime = builder.memory_limit(setting.memory.unwrap_or(512 << 20)).build();
    Ok((runtime.map_err(|error| ended(&error))?, refusals))
}

fn in_runtime(
    job: &Job,
    runtime: Runtime,
    refusals: Option<&FailHandle>,
    lines: &Rc<RefCell<Vec<String>>>,
) -> String {
    let timed_out = Rc::new(Cell::new(false));
    let (deadline, flag) = (Instant::now() + Duration::from_millis(job.limit_ms), Rc::clone(&timed_out));
    runtime.set_interrupt_handler(Some(Box::new(move || {
        flag.set(flag.get() || Instant::now() > deadline);
        flag.get()
    })));
    runtime.set_module_loader(Some(Box::new(tare::FileLoader)));
    let done = in_context(job, &runtime, lines);
    let mut end = match done {
        _ if timed_out.get() => "timeout".to_string(),
        Ok(()) => "ok".to_string(),
        Err(error) => ended(&error),
    };
    // Whatever happened, the runtime works once there is memory and stack again.
    runtime.set_interrupt_handler(None);
    runtime.set_memory_limit(0);
    if let Some(refusals) = refusals {
        refusals.set_plan(Plan::Never);
    }
    if job.setting.memory.is_some() || job.setting.stack.is_some() || job.setting.allocator.is_some() {
        runtime.set_max_stack_size(1 << 20);
        let again = runtime.new_context().and_then(|context| {
            context.eval(
                "var all = []; for (var i = 0; i < 9; i++) all.push({ i }, async () => i); all.length",
                "again.js",
            )
        });
        match again {
            Ok(value) if value.as_number() == Some(18.0) => {}
            Ok(_) => end = "unsound: the next script had a wrong result".to_string(),
            Err(error) => end = format!("unsound: the next script failed: {error}"),
        }
    }
    runtime.run_gc();
    match runtime.close() {
        Ok(left) if left.cells == 0 && left.bytes == 0 => end,
        Ok(left) => format!("unsound: {} cells, {} bytes left", left.cells, left.bytes),
        Err(_) => "unsound: something holds the runtime".to_string(),
    }
}

fn in_context(job: &Job, runtime: &Runtime, lines: &Rc<RefCell<Vec<String>>>) -> Result<(), Error> {
    let context = runtime.new_context()?;
    let kept = Rc::clone(lines);
    let print = context.new_function("print", 1, move |context, _, arguments| {
        let mut text = String::new();
        for (i, argument) in arguments.iter().enumerate() {
            text += if i > 0 { " " } else { "" };
            text += &argument.to_display(context)?;
        }
        let mut kept = kept.borrow_mut();
        if kept.len() < LINES {
            kept.push(text);
        }
        context.value(())
    })?;
    context.global().set(&context, "print", print)?;
    let (last, first) =
        job.scripts.split_last().map_or(("", &[][..]), |(last, first)| (last.as_str(), first));
    for script in first {
        context.eval(script, "prelude.js")?;
    }
    match &job.module {
        None => drop(context.eval(last, "program.js")?),
        Some(path) => {
            let promise = context.eval_module(last, path)?;
            jobs(runtime)?;
            return settled(&context, &promise);
        }
    }
    jobs(runtime)
}

fn settled(context: &Context, promise: &tare::Value) -> Result<(), Error> {
    match context.promise_result(promise) {
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(error),
        None => Err(Error::Host("the module never settled".to_string())),
    }
}

fn jobs(runtime: &Runtime) -> Result<(), Error> {
    runtime.run_jobs()?;
    while runtime.wait(false) {
        runtime.run_jobs()?;
    }
    Ok(())
}

fn ended(error: &Error) -> String {
    match error {
        Error::Exception { message, .. } => format!("threw {}", class(message)),
        Error::OutOfMemory => "threw InternalError".to_string(),
        Error::Terminated => "timeout".to_string(),
        Error::Host(problem) => format!("host: {problem}"),
    }
}
