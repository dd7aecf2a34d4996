//! Runtimes come and go without leaving anything behind.

#[path = "support/again.rs"]
mod again;

use std::alloc::Layout;
use std::cell::Cell;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tare::{Front, Runtime};
use tare_allocators::{Allocator, System};

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

/// With a bound on how much is freed at once the rest waits: names and weak references among it are not found again,
/// and all of it goes while the script allocates.
#[test]
fn large_structures_are_freed_bit_by_bit() {
    for front in [Front::Direct, Front::Pool] {
        let runtime = Runtime::builder().front(front).build().unwrap();
        let context = runtime.new_context().unwrap();
        runtime.set_release_budget(7);
        let source = "
            globalThis.failed = 0;
            for (let round = 0; round < 4; round++) {
                let list = null, refs = [];
                for (let i = 0; i < 3000; i++) {
                    list = { next: list, ['name' + i]: i, text: 'text' + i };
                    if (i % 100 === 0) refs.push(new WeakRef(list), new WeakRef(Symbol('s' + i)));
                }
                Promise.resolve().then(() => {
                    list = null;
                    for (let i = 0; i < 3000; i++) {
                        const name = 'name' + i, o = { [name]: i };
                        if (o[name] !== i || Object.keys(o)[0] !== name) failed++;
                    }
                }).then(() => { for (const ref of refs) if (ref.deref() !== undefined) failed++; });
            }";
        context.eval(source, "slices.js").unwrap();
        runtime.run_jobs().unwrap();
        assert_eq!(context.eval("failed", "failed.js").unwrap().as_number(), Some(0.0), "{front}");
        drop(context);
        let left = runtime.close().ok().expect("no other handle");
        assert_eq!(left.cells, 0, "{front}");
    }
}

#[test]
fn again_under_stress() {
    again::again("thinning(5)");
}

/// Keeps the sum of live sizes where the test can read it.
struct Watched(Arc<AtomicUsize>);

// SAFETY: (1–5) every block is the system's, passed on unchanged.
unsafe impl Allocator for Watched {
    fn describe(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("watched")
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        let block = unsafe { System.alloc(layout) }?;
        self.0.fetch_add(layout.size(), Relaxed);
        Some(block)
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        self.0.fetch_sub(layout.size(), Relaxed);
        // SAFETY: (1, 2) passed on.
        unsafe { System.free(block, layout) };
    }
}

/// Sets a flag when it is dropped.
struct Flag(Rc<Cell<u32>>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// A runtime that ends with much alive, in cycles and leaked to the host: all memory goes back, and what the host
/// gave is dropped once.
#[test]
fn a_runtime_with_much_alive_frees_everything() {
    for front in [Front::Direct, Front::Pool] {
        let (bytes, dropped) = (Arc::new(AtomicUsize::new(0)), Rc::new(Cell::new(0)));
        let runtime =
            Runtime::builder().allocator(Box::new(Watched(bytes.clone()))).front(front).build().unwrap();
        let context = runtime.new_context().unwrap();
        let flag = Flag(dropped.clone());
        let function =
            context.new_function("host", 0, move |context, _, _| context.value(flag.0.get())).unwrap();
        context.global().set(&context, "host", function).unwrap();
        context.set_opaque(Some(Box::new(Flag(dropped.clone()))));
        assert_eq!(context.with_opaque(|flag: &mut Flag| flag.0.get()), Some(0));
        assert_eq!(context.with_opaque(|_: &mut String| ()), None);
        runtime.set_opaque(Some(Box::new(Flag(dropped.clone()))));
        let last = Flag(dropped.clone());
        runtime.add_finalizer(move || {
            assert_eq!(last.0.get(), 3, "finalizers run at the end");
            drop(last);
        });
        let source = "
            globalThis.keep = [];
            for (let i = 0; i < 3000; i++) {
                const node = { i, name: 'n' + i, list: [i, { i }], big: BigInt(i) ** 20n };
                node.self = node;
                keep.push(node, new Map([[node, i]]), new Float64Array(i % 90), Symbol(String(i)), () => node);
            }
            keep.push(new SharedArrayBuffer(4096), new ArrayBuffer(100000), /a+b/g.exec('aab'), new Date(0));
            keep.push((function* () { yield keep; })(), (async () => { await host(); })(), new WeakRef(keep));
            keep.push(new Proxy(keep, {}), new FinalizationRegistry(() => {}), new WeakMap([[keep, keep]]));
            new Error('stack').stack.length + keep.length;
        ";
        context.eval(source, "alive.js").unwrap();
        assert_ne!(bytes.load(Relaxed), 0);
        drop((context, runtime));
        assert_eq!(dropped.get(), 4, "{front}");
        assert_eq!(bytes.load(Relaxed), 0, "{front}");
    }
}
