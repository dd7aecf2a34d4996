//! Our engine, through its public API.

use super::{Backend, Run, Script, Setup};
use crate::cost::Told;
use crate::machine;
use crate::meter::{Books, Handle, Meter};
use crate::policy::Policy;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;
use tare::heap::Event;
use tare::{Context, Error, FileLoader, Front, MemoryReport, Runtime};
use tare_allocators::Allocator;
use tare_reports::record::{Collection, Ledger, Ledgers, MAX_COLLECTIONS, Measured, Outcome};

/// Of `Math.random`: every sample of a script sees the same numbers.
const RANDOM_SEED: u64 = 1;

/// The back end.
pub struct Tare;

impl Backend for Tare {
    fn name(&self) -> &str {
        "tare"
    }

    fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").into()
    }

    fn fronts(&self) -> &'static [&'static str] {
        &["pool", "direct"]
    }

    fn supports(&self, policy: &Policy) -> Result<(), String> {
        policy.parsed().map(|_| ())
    }

    fn run(&self, script: &Script, setup: &Setup) -> Run {
        let base = super::base(&setup.allocator);
        let begun = Instant::now();
        let (runtime, context, handle, told) = match make(script, setup) {
            Ok(made) => made,
            Err((message, handle)) => {
                let mut run = Run::not_begun(Outcome::Failed { message });
                note_rest(&mut run, handle.as_ref());
                return run;
            }
        };
        let setup_ns = begun.elapsed().as_nanos() as u64;
        let mut run = match iterate(&runtime, script, setup.warmup) {
            Ok(()) => measure(&runtime, &context, script, setup, handle.as_ref()),
            Err(message) => {
                Run::not_begun(Outcome::Threw { message: format!("while warming up: {message}") })
            }
        };
        let ended = Instant::now();
        drop(context);
        drop(runtime);
        if let Some(measured) = &mut run.measured {
            measured.setup_ns = setup_ns;
            measured.teardown_ns = ended.elapsed().as_nanos() as u64;
            measured.ledger.base = base;
        }
        note_rest(&mut run, handle.as_ref());
        run.cost = told.map(|told| told.estimate());
        run
    }
}

/// What the allocator refused, and what it did not get back.
fn note_rest(run: &mut Run, handle: Option<&Handle>) {
    if let Some(handle) = handle {
        run.refused = handle.finish().refused;
        run.requests = handle.requests();
        run.left_bytes = handle.live_bytes();
    }
}

type Made = (Runtime, Context, Option<Handle>, Option<Told>);

/// Makes runtime and context; on failure, why, with the handle to what the allocator saw.
fn make(script: &Script, setup: &Setup) -> Result<Made, (String, Option<Handle>)> {
    let (allocator, told) = super::allocator_of(setup).map_err(|message| (message, None))?;
    let policy = setup.policy().and_then(|p| p.parsed()).map_err(|message| (message, None))?;
    let front = match setup.front.as_str() {
        "pool" => Front::Pool,
        "direct" => Front::Direct,
        other => return Err((format!("tare has no front `{other}`"), None)),
    };
    let (allocator, handle): (Box<dyn Allocator>, Option<Handle>) = if polled(setup) {
        let handle = Handle::polled(&*allocator);
        (allocator, Some(handle))
    } else if setup.watch {
        let (meter, handle) = Meter::new(allocator);
        (Box::new(meter), Some(handle))
    } else {
        (allocator, None)
    };
    let mut builder = Runtime::builder()
        .allocator(allocator)
        .front(front)
        .memory_limit(setup.memory_limit_bytes as usize)
        .gc_policy(policy);
    if let Some(bytes) = setup.max_stack_bytes {
        builder = builder.max_stack_size(bytes as usize);
    }
    if !script.prints {
        builder = builder.output(Box::new(std::io::sink()));
    }
    let failed = |error: Error| (format!("the runtime could not be made: {error}"), handle.clone());
    let runtime = builder.random_seed(RANDOM_SEED).build().map_err(failed)?;
    runtime.set_module_loader(Some(Box::new(FileLoader)));
    runtime.track_rejections(true);
    let context = runtime.new_context().map_err(failed)?;
    Ok((runtime, context, handle, told))
}

/// Whether the runtime is polled: with the direct front its books are those of the allocator.
fn polled(setup: &Setup) -> bool {
    setup.watch && !setup.meter && setup.front == "direct"
}

/// Whether readings of the ledger are made at polls: without a meter, and behind the pool, where the meter sees
/// little of what goes on.
fn reads_at_polls(setup: &Setup) -> bool {
    polled(setup) || (setup.watch && setup.front == "pool")
}

/// Done now and then, and before each collection.
fn poll(runtime: &Runtime, handle: &Handle) {
    let mem = runtime.mem();
    handle.poll(mem.charged() as u64, mem.peak() as u64, mem.allocator());
}

/// Runs a program that many times, each in a context of its own.
fn iterate(runtime: &Runtime, script: &Script, iterations: u32) -> Result<(), String> {
    for _ in 0..iterations {
        let context = runtime.new_context().map_err(|e| e.to_string())?;
        prepare(&context, script).map_err(|e| e.to_string())?;
        evaluate(runtime, &context, script)?;
    }
    Ok(())
}

/// Gives the program its size.
fn prepare(context: &Context, script: &Script) -> Result<(), Error> {
    match script.size {
        Some(size) => context.global().set(context, "SIZE", size as f64),
        None => Ok(()),
    }
}

/// Runs a program and its jobs. A module that is never done is an error: something it waits for never comes.
fn evaluate(runtime: &Runtime, context: &Context, script: &Script) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    if !script.module {
        context.eval(&script.source, &script.filename).map_err(text)?;
        return runtime.run_jobs().map(drop).map_err(text);
    }
    let promise = context.eval_module(&script.source, &script.filename).map_err(text)?;
    runtime.run_jobs().map_err(text)?;
    match context.promise_result(&promise) {
        Some(settled) => settled.map(drop).map_err(text),
        None => Err(super::NEVER_SETTLED.into()),
    }
}

fn measure(
    runtime: &Runtime,
    context: &Context,
    script: &Script,
    setup: &Setup,
    handle: Option<&Handle>,
) -> Run {
    if let Err(error) = prepare(context, script) {
        return Run::not_begun(Outcome::Failed { message: format!("SIZE could not be set: {error}") });
    }
    runtime.mem().reset_peak();
    let books = handle.map(|_| books(runtime));
    let start = handle.map_or_else(Instant::now, |handle| handle.start(books, reads_at_polls(setup)));
    let watched = setup.watch.then(|| watch(runtime, start, handle.cloned(), reads_at_polls(setup)));
    if let (true, Some(handle)) = (reads_at_polls(setup), handle.cloned()) {
        let runtime_there = runtime.clone();
        runtime.set_interrupt_handler(Some(Box::new(move || {
            poll(&runtime_there, &handle);
            false
        })));
    }
    let (allocations_before, refused_before) = (runtime.mem().allocations(), runtime.mem().refused());
    let cpu = machine::cpu_ns();
    let ended = iterate(runtime, script, setup.further_iterations);
    let ended = ended.and_then(|()| evaluate(runtime, context, script));
    // A promise that was rejected without a handler is an exception that nobody saw.
    let unseen = || context.next_unhandled_rejection().map_or(Ok(()), |error| Err(error.to_string()));
    let ended = ended.and_then(|()| unseen());
    let cpu_ns = machine::cpu_ns() - cpu;
    let wall_ns = start.elapsed().as_nanos() as u64;
    let (watch_cpu_ns, watch_wall_ns) = handle.map(Handle::watch_ns).unwrap_or_default();
    runtime.set_observer(None);
    if reads_at_polls(setup) {
        runtime.set_interrupt_handler(None);
        handle.into_iter().for_each(|handle| poll(runtime, handle));
    }
    let end = handle.map(|handle| handle.end(runtime.mem().allocator())).unwrap_or_default();
    let mut figures = handle.map(Handle::finish).unwrap_or_default();
    if polled(setup) {
        let mem = runtime.mem();
        figures.peak_bytes = mem.peak() as u64;
        figures.allocations = mem.allocations() - allocations_before;
        figures.refused = mem.refused() - refused_before;
    }
    let followed = watched.map(|w| w.take()).unwrap_or_default();
    let (_, peak) = runtime.memory_in_use();
    let report = runtime.memory_report();
    let usage = usage(&report);
    let outcome = match &ended {
        Ok(_) => Outcome::Ok,
        Err(message) => Outcome::Threw { message: message.clone() },
    };
    // Without memory for the text of a number the result stays unread.
    let result =
        context.global().get(context, "result").and_then(|v| v.to_display(context)).unwrap_or_default();
    let mut full_collection_ns = Vec::new();
    for _ in 0..setup.full_collections {
        let begun = machine::cpu_ns();
        runtime.run_gc();
        full_collection_ns.push(machine::cpu_ns() - begun);
    }
    let memory = serde_json::from_str(&report.to_json()).ok();
    let measured = Measured {
        wall_ns: wall_ns.saturating_sub(watch_wall_ns),
        cpu_ns: cpu_ns.saturating_sub(watch_cpu_ns),
        watch_cpu_ns,
        peak_requested_bytes: Some(peak as u64),
        peak_charged_bytes: figures.peak_bytes,
        ledger: Ledgers { base: Ledger::default(), peak: figures.peak, end },
        end_charged_bytes: figures.live_bytes,
        allocations: figures.allocations,
        refused: figures.refused,
        series: figures.series,
        collection_count: followed.count,
        pause_total_ns: followed.total_ns,
        pause_max_ns: followed.max_ns,
        pause_cpu_total_ns: followed.cpu_total_ns,
        pause_cpu_max_ns: followed.cpu_max_ns,
        collections: followed.collections,
        result,
        usage,
        ..Measured::default()
    };
    Run {
        measured: Some(measured),
        full_collection_ns,
        memory_report: report.to_string(),
        memory,
        ..Run::not_begun(outcome)
    }
}

/// The engine's own books, for readings of the ledger.
fn books(runtime: &Runtime) -> Box<dyn Fn() -> Books> {
    let runtime = runtime.clone();
    Box::new(move || {
        let mem = runtime.mem();
        let own = mem.front() == Front::Pool;
        let (asked_bytes, blocks) = (mem.requested() as u64, mem.blocks() as u64);
        Books {
            asked_bytes,
            usable_bytes: own.then(|| mem.usable() as u64),
            blocks,
            charged_bytes: mem.charged() as u64,
            peak_bytes: mem.peak() as u64,
        }
    })
}

/// What the engine told of its collections.
#[derive(Default)]
struct Followed {
    count: u64,
    total_ns: u64,
    max_ns: u64,
    cpu_total_ns: u64,
    cpu_max_ns: u64,
    collections: Vec<Collection>,
    /// When the one that runs began: thread time, and the time of readings until then, on a core and by the wall.
    begun: (u64, u64, u64),
}

/// Follows the runtime's collections; times count from `start`.
fn watch(runtime: &Runtime, start: Instant, handle: Option<Handle>, polled: bool) -> Rc<RefCell<Followed>> {
    let followed = Rc::new(RefCell::new(Followed::default()));
    let seen = followed.clone();
    let to_poll = handle.clone().filter(|_| polled).map(|handle| (runtime.clone(), handle));
    let readings = move || handle.as_ref().map(Handle::watch_ns).unwrap_or_default();
    runtime.set_observer(Some(Box::new(move |event: &Event<'_>| {
        let mut seen = seen.borrow_mut();
        if let Event::Start { .. } = event {
            // The heap is as large now as it gets before it shrinks. The engine's clock runs already.
            let (_, wall) = readings();
            to_poll.iter().for_each(|(runtime, handle)| poll(runtime, handle));
            seen.begun = (machine::thread_cpu_ns(), readings().0, wall);
        }
        let Event::End(outcome) = event else { return };
        // Readings of the ledger within the pause are the lab's, not the collector's.
        let (begun, read_cpu, read_wall) = seen.begun;
        let (now_cpu, now_wall) = readings();
        let cpu_ns = (machine::thread_cpu_ns() - begun).saturating_sub(now_cpu - read_cpu);
        let pause_ns = outcome.pause_ns.saturating_sub(now_wall - read_wall);
        seen.count += 1;
        seen.total_ns += pause_ns;
        seen.max_ns = seen.max_ns.max(pause_ns);
        seen.cpu_total_ns += cpu_ns;
        seen.cpu_max_ns = seen.cpu_max_ns.max(cpu_ns);
        if seen.collections.len() < MAX_COLLECTIONS {
            seen.collections.push(Collection {
                at_ns: (start.elapsed().as_nanos() as u64).saturating_sub(outcome.pause_ns),
                pause_ns,
                pause_cpu_ns: Some(cpu_ns),
                reason: outcome.reason.to_string(),
                bytes_before: Some(outcome.charged_before as u64),
                bytes_after: Some(outcome.charged_after as u64),
                cells_scanned: Some(outcome.cells_scanned),
                cells_freed: Some(outcome.freed_cells),
            });
        }
    })));
    followed
}

/// QuickJS's figures, and what is charged to each use.
fn usage(report: &MemoryReport) -> BTreeMap<String, i64> {
    let fields = report.usage.fields();
    let mut usage: BTreeMap<String, i64> =
        fields.iter().map(|(name, value)| (name.to_string(), *value as i64)).collect();
    for row in &report.uses {
        let name = row.name.replace(' ', "_");
        usage.insert(format!("use_{name}_size"), row.bytes as i64);
        usage.insert(format!("use_{name}_count"), row.count as i64);
    }
    usage
}

/// Gives the script `__native(value)`: a handle whose closure, outside of the heap, keeps the value.
///
/// # Errors
/// Without memory for the function.
pub fn provide_native(context: &Context) -> Result<(), Error> {
    let native = context.new_function("__native", 1, |context, _this, arguments| {
        let kept = arguments.first().cloned();
        let held = context.new_function("held", 0, move |context, _this, _arguments| match &kept {
            Some(value) => Ok(value.clone()),
            None => context.value(()),
        })?;
        let handle = context.new_object()?;
        handle.set(context, "held", held)?;
        Ok(handle)
    })?;
    context.global().set(context, "__native", native)
}
