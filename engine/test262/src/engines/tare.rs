//! Tare, through its public interface.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use tare::object::buffer::SharedMemory;
use tare::runtime::module::ModuleLoader;
use tare::{Context, Error, Runtime, Value};

use crate::agents::{self, Agent, Agents};
use crate::engine::{self, Completion, Engine, Job, Ran};
use crate::meta::Phase;

/// The engine; it has no state.
pub struct Tare;

/// Defines the host's functions as the suite wants them: writable, configurable, not enumerable.
/// Detaching goes through `transfer`, kept from before the test can change it.
const SETUP: &str = r#"
(function (print, host, agent) {
  "use strict";
  const define = (object, name, value) =>
    Object.defineProperty(object, name, { value, writable: true, configurable: true, enumerable: false });
  const global = globalThis;
  const transfer = typeof ArrayBuffer === "function" ? ArrayBuffer.prototype.transfer : undefined;
  const call = Function.prototype.call;
  const detach = transfer && call.bind(transfer);
  host.detachArrayBuffer = function detachArrayBuffer(buffer) {
    if (!buffer.detached) detach(buffer);
    return null;
  };
  host.global = global;
  host.agent = agent;
  define(global, "print", print);
  define(global, "$262", host);
})
"#;

impl Engine for Tare {
    fn name(&self) -> String {
        format!("tare {}", env!("CARGO_PKG_VERSION"))
    }

    fn run(&self, job: &Job<'_>) -> Ran {
        let printed = Rc::new(RefCell::new(Vec::new()));
        let completion = run_in(job, &printed);
        let printed = printed.take();
        Ran { completion, printed }
    }
}

/// Loads modules from the folder of the test. Names are absolute paths.
struct Files {
    test: PathBuf,
    /// Whether anything was asked for: the test's own text had been parsed by then.
    asked: Rc<Cell<bool>>,
}

impl ModuleLoader for Files {
    fn resolve(&mut self, specifier: &str, referrer: &str) -> Result<String, String> {
        self.asked.set(true);
        // Texts of `eval` and the like have no place of their own.
        let referrer = if Path::new(referrer).is_absolute() { Path::new(referrer) } else { &self.test };
        Ok(engine::resolve(referrer, specifier).to_string_lossy().into_owned())
    }

    fn load(&mut self, name: &str) -> Result<Vec<u8>, String> {
        std::fs::read(name).map_err(|error| format!("{name}: {error}"))
    }
}

/// Makes a runtime, runs the harness and the test in it.
fn run_in(job: &Job<'_>, printed: &Rc<RefCell<Vec<String>>>) -> Completion {
    let broken = |error: Error| Completion::Broken(error.to_string());
    let builder = Runtime::builder().memory_limit(job.memory_limit).output(Box::new(std::io::sink()));
    let runtime = match builder.build() {
        Ok(runtime) => runtime,
        Err(error) => return broken(error),
    };
    let timed_out = Rc::new(Cell::new(false));
    let (deadline, flag) = (job.deadline, Rc::clone(&timed_out));
    runtime.set_interrupt_handler(Some(Box::new(move || {
        if Instant::now() > deadline {
            flag.set(true);
        }
        flag.get()
    })));
    runtime.set_can_block(job.can_block);
    let role = Rc::new(Role::Test(Agents::new(deadline), job.memory_limit));
    let asked = Rc::new(Cell::new(false));
    runtime
        .set_module_loader(Some(Box::new(Files { test: job.path.to_path_buf(), asked: Rc::clone(&asked) })));
    let context = match runtime
        .new_context()
        .and_then(|context| install(&context, printed, deadline, &role).map(|_| context))
    {
        Ok(context) => context,
        Err(error) => return broken(error),
    };
    for (name, text) in job.harness {
        if let Err(error) = context.eval(text, name) {
            return Completion::Broken(format!("{name}: {error}"));
        }
    }
    let done = if job.module {
        run_module(&runtime, &context, job, &asked, printed)
    } else {
        run_script(&runtime, &context, job, printed)
    };
    if timed_out.get() {
        return Completion::TimedOut;
    }
    match done {
        Ok(()) => Completion::Normal,
        Err((phase, error)) => threw(&context, phase, error),
    }
}

/// Runs a script and the jobs it leaves.
fn run_script(
    runtime: &Runtime,
    context: &Context,
    job: &Job<'_>,
    printed: &RefCell<Vec<String>>,
) -> Result<(), (Phase, Error)> {
    let file = job.path.to_string_lossy();
    context.eval(job.source, &file).map_err(|error| (phase_of(&error, &file), error))?;
    run_jobs(runtime, printed)
}

/// Runs jobs, and waits for those that other threads and the clock bring, until an asynchronous test says that
/// it is done.
fn run_jobs(runtime: &Runtime, printed: &RefCell<Vec<String>>) -> Result<(), (Phase, Error)> {
    loop {
        runtime.run_jobs().map_err(|error| (Phase::Runtime, error))?;
        if is_done(printed) || !runtime.wait(true) {
            return Ok(());
        }
    }
}

/// Whether an asynchronous test said that it is done.
fn is_done(printed: &RefCell<Vec<String>>) -> bool {
    printed.borrow().iter().any(|line| line.starts_with("Test262:Async"))
}

/// Runs a module and the jobs it leaves.
fn run_module(
    runtime: &Runtime,
    context: &Context,
    job: &Job<'_>,
    asked: &Cell<bool>,
    printed: &RefCell<Vec<String>>,
) -> Result<(), (Phase, Error)> {
    let file = job.path.to_string_lossy();
    let early = |error: Error| {
        // The module's own text is parsed before anything is asked of the loader.
        let parse = !asked.get() && phase_of(&error, &file) == Phase::Parse;
        (if parse { Phase::Parse } else { Phase::Resolution }, error)
    };
    let promise = context.eval_module(job.source, &file).map_err(early)?;
    run_jobs(runtime, printed)?;
    match context.promise_result(&promise) {
        Some(Err(error)) => Err((Phase::Runtime, error)),
        Some(Ok(_)) => Ok(()),
        // An asynchronous test that has said that it is done may leave its module waiting.
        None if is_done(printed) => Ok(()),
        None => Err((Phase::Runtime, Error::Host("the module's evaluation never settles".to_string()))),
    }
}

/// When a script's error was thrown. An early error is a SyntaxError whose stack text begins with a
/// place in the test's own text and no function's name: nothing ran.
fn phase_of(error: &Error, file: &str) -> Phase {
    let Error::Exception { message, stack, .. } = error else { return Phase::Runtime };
    let first = stack.lines().next().unwrap_or_default().trim_start();
    let early = message.starts_with("SyntaxError")
        && first.strip_prefix("at ").is_some_and(|at| at.starts_with(file));
    if early { Phase::Parse } else { Phase::Runtime }
}

/// What an error is to the runner.
fn threw(context: &Context, phase: Phase, error: Error) -> Completion {
    let message = error.to_string().lines().next().unwrap_or_default().to_string();
    let Error::Exception { value, message, .. } = error else {
        return Completion::Threw { phase, error: "(no error object)".to_string(), message };
    };
    let name = value
        .is_object()
        .then(|| value.get(context, "constructor").and_then(|constructor| constructor.get(context, "name")))
        .and_then(Result::ok)
        .and_then(|name| name.as_str());
    Completion::Threw { phase, error: name.unwrap_or_else(|| "(no error object)".to_string()), message }
}

/// Defines `print` and `$262` in a context; the latter is returned.
fn install(
    context: &Context,
    printed: &Rc<RefCell<Vec<String>>>,
    deadline: Instant,
    role: &Rc<Role>,
) -> Result<Value, Error> {
    let lines = Rc::clone(printed);
    let print = context.new_function("print", 1, move |context, _, arguments| {
        let text = arguments.first().map_or_else(|| Ok(String::new()), |value| value.to_display(context))?;
        lines.borrow_mut().push(text);
        context.value(())
    })?;
    let host = context.new_object()?;
    let (lines, realm_role) = (Rc::clone(printed), Rc::clone(role));
    let create_realm = move |context: &Context, _: &Value, _: &[Value]| {
        let realm = context.runtime().new_context()?;
        install(&realm, &lines, deadline, &realm_role)
    };
    host.set(context, "createRealm", context.new_function("createRealm", 0, create_realm)?)?;
    let eval_script = |context: &Context, _: &Value, arguments: &[Value]| {
        let text = arguments.first().map_or_else(|| Ok(String::new()), |value| value.to_display(context))?;
        context.eval(&text, "<evalScript>")
    };
    host.set(context, "evalScript", context.new_function("evalScript", 1, eval_script)?)?;
    let gc = |context: &Context, _: &Value, _: &[Value]| {
        context.runtime().run_gc();
        context.value(())
    };
    host.set(context, "gc", context.new_function("gc", 0, gc)?)?;

    let dda = context.new_function("IsHTMLDDA", 0, |context, _, _| context.value(None::<bool>))?;
    context.mark_html_dda(&dda)?;
    host.set(context, "IsHTMLDDA", dda)?;

    let agent = context.new_object()?;
    let sleep = move |context: &Context, _: &Value, arguments: &[Value]| {
        agents::sleep(arguments.first().and_then(Value::as_number).unwrap_or(0.0), deadline);
        context.value(())
    };
    agent.set(context, "sleep", context.new_function("sleep", 1, sleep)?)?;
    let now = |context: &Context, _: &Value, _: &[Value]| context.value(agents::monotonic_now());
    agent.set(context, "monotonicNow", context.new_function("monotonicNow", 0, now)?)?;

    define_agents(context, &agent, role)?;

    let setup = context.eval(SETUP, "<host>")?;
    setup.call(context, &context.value(())?, &[print, host.clone(), agent])?;
    Ok(host)
}

/// What a broadcast carries: the shared bytes, and the source text of a number or BigInt.
#[derive(Clone)]
struct Payload {
    memory: SharedMemory,
    number: String,
}

/// What the host functions of a runtime find of agents: those it started, or the one it is.
enum Role {
    /// The test itself, and the memory limit of its agents.
    Test(Agents<Payload>, usize),
    /// An agent, with the function it wants called with the next broadcast.
    Agent(Agent<Payload>, RefCell<Option<Value>>),
}

/// Defines those functions of `$262.agent` that differ between a test and its agents.
fn define_agents(context: &Context, object: &Value, role: &Rc<Role>) -> Result<(), Error> {
    type Code = fn(&Context, &Role, &[Value]) -> Result<Value, Error>;
    let functions: &[(&str, u8, Code)] = match **role {
        Role::Test(..) => &[("start", 1, start), ("broadcast", 2, broadcast), ("getReport", 0, get_report)],
        Role::Agent(..) => {
            &[("receiveBroadcast", 1, receive), ("report", 1, report), ("leaving", 0, leaving)]
        }
    };
    for &(name, length, code) in functions {
        let role = Rc::clone(role);
        let function = context
            .new_function(name, length, move |context, _, arguments| code(context, &role, arguments))?;
        object.set(context, name, function)?;
    }
    Ok(())
}

fn start(context: &Context, role: &Role, arguments: &[Value]) -> Result<Value, Error> {
    if let (Role::Test(agents, limit), Some(script)) = (role, arguments.first()) {
        let (script, limit) = (script.to_display(context)?, *limit);
        // Without a thread the test misses the agent's report.
        let _ = agents.start(move |agent| run_agent(agent, &script, limit));
    }
    context.value(())
}

fn broadcast(context: &Context, role: &Role, arguments: &[Value]) -> Result<Value, Error> {
    let memory = arguments.first().and_then(Value::shared_memory);
    if let (Role::Test(agents, _), Some(memory)) = (role, memory) {
        let number = match arguments.get(1) {
            Some(number) if number.is_undefined() => "0".to_string(),
            Some(number) if number.as_number().is_some() => number.to_display(context)?,
            Some(big) => format!("{}n", big.to_display(context)?),
            None => "0".to_string(),
        };
        agents.broadcast(&Payload { memory, number });
    }
    context.value(())
}

fn get_report(context: &Context, role: &Role, _: &[Value]) -> Result<Value, Error> {
    match role {
        Role::Test(agents, _) => match agents.take_report() {
            Some(text) => context.value(text.as_str()),
            None => context.value(None::<bool>),
        },
        Role::Agent(..) => context.value(()),
    }
}

fn receive(context: &Context, role: &Role, arguments: &[Value]) -> Result<Value, Error> {
    if let Role::Agent(_, wanted) = role {
        wanted.replace(arguments.first().cloned());
    }
    context.value(())
}

fn report(context: &Context, role: &Role, arguments: &[Value]) -> Result<Value, Error> {
    if let (Role::Agent(agent, _), Some(text)) = (role, arguments.first()) {
        agent.report(text.to_display(context)?);
    }
    context.value(())
}

fn leaving(context: &Context, _: &Role, _: &[Value]) -> Result<Value, Error> {
    context.value(())
}

/// Runs an agent's script and the functions it gives to `receiveBroadcast`, on the agent's thread. What an
/// agent throws goes nowhere: the test misses its report.
fn run_agent(agent: Agent<Payload>, script: &str, memory_limit: usize) {
    let deadline = agent.deadline();
    let builder = Runtime::builder().memory_limit(memory_limit).output(Box::new(std::io::sink()));
    let Ok(runtime) = builder.build() else { return };
    runtime.set_interrupt_handler(Some(Box::new(move || Instant::now() > deadline)));
    let role = Rc::new(Role::Agent(agent, RefCell::new(None)));
    let Ok(context) = runtime.new_context() else { return };
    if install(&context, &Rc::default(), deadline, &role).is_err() {
        return;
    }
    let _ = context.eval(script, "<agent>");
    let Role::Agent(agent, wanted) = &*role else { return };
    loop {
        let _ = runtime.run_jobs();
        while runtime.wait(true) {
            let _ = runtime.run_jobs();
        }
        let Some(callback) = wanted.take() else { break };
        let Some(payload) = agent.receive() else { break };
        let buffer = context.new_shared_buffer(payload.memory);
        let number = context.eval(&payload.number, "<agent>");
        if let (Ok(buffer), Ok(number), Ok(this)) = (buffer, number, context.value(())) {
            let _ = callback.call(&context, &this, &[buffer, number]);
        }
    }
}
