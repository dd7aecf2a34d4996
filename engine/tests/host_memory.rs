//! The host's own blocks, finalizers, liveness, and runtimes that change threads.

use std::cell::RefCell;
use std::rc::Rc;

use tare::mem::Use;
use tare::{Front, Runtime};

#[test]
fn host_blocks_are_in_the_books_and_under_the_limit() {
    for front in [Front::Pool, Front::Direct] {
        let runtime = Runtime::builder().front(front).build().unwrap();
        let context = runtime.new_context().unwrap();
        let before = runtime.memory_usage();
        let mut block = runtime.alloc(1024).unwrap();
        assert!(block.len() == 1024 && block.iter().all(|&b| b == 0));
        block[1023] = 7;
        assert_eq!(runtime.mem().charged_to(Use::Host), 1024);
        let array = runtime.alloc_array(10, 100).unwrap();
        assert_eq!((array.len(), runtime.mem().blocks_of(Use::Host)), (1000, 2));
        block.resize(2048).unwrap();
        assert_eq!((block.len(), block[1023], block[2047]), (2048, 7, 0));
        assert_eq!(runtime.mem().charged_to(Use::Host), block.charge() + array.charge());
        let text = context.copy_text("hello").unwrap();
        assert_eq!((&*text, &*context.copy_text(&"world"[..3]).unwrap()), (&b"hello"[..], &b"wor"[..]));
        let usage = runtime.memory_usage();
        assert_eq!(
            (usage.malloc_size, usage.malloc_count),
            (usage.memory_used_size, usage.memory_used_count)
        );

        runtime.set_memory_limit(usage.malloc_size as usize + 100_000);
        assert!(runtime.alloc(200_000).unwrap_err().is_out_of_memory());
        assert!(block.resize(200_000).unwrap_err().is_out_of_memory());
        assert_eq!((block.len(), block[1023]), (2048, 7), "a refusal changes nothing");
        assert!(runtime.alloc_array(usize::MAX, 2).is_err() && runtime.alloc(usize::MAX).is_err());
        runtime.set_memory_limit(0);

        block.resize(0).unwrap();
        assert!(block.is_empty() && block.charge() == 0);
        block.resize(3).unwrap();
        assert_eq!(&*block, &[0, 0, 0]);
        drop((block, array, text));
        assert_eq!(runtime.memory_usage(), before);
    }
}

#[test]
fn a_block_keeps_its_runtime() {
    let runtime = Runtime::new().unwrap();
    let block = runtime.alloc(100).unwrap();
    let Err(runtime) = runtime.close() else { panic!("the block has a handle") };
    drop(block);
    assert_eq!(runtime.close().ok().unwrap().cells, 0);
}

#[test]
fn finalizers_run_last_in_first_out_when_the_runtime_is_gone() {
    let order = Rc::new(RefCell::new(Vec::new()));
    let runtime = Runtime::new().unwrap();
    for number in 0..5 {
        let order = order.clone();
        runtime.add_finalizer(move || order.borrow_mut().push(number));
    }
    let context = runtime.new_context().unwrap();
    drop(runtime);
    assert!(order.borrow().is_empty(), "the context keeps the runtime");
    drop(context);
    assert_eq!(*order.borrow(), [4, 3, 2, 1, 0]);
}

#[test]
fn what_the_host_holds_is_alive() {
    let runtime = Runtime::new().unwrap();
    let context = runtime.new_context().unwrap();
    let object = context.eval("let a = {}; a.a = a; a", "a.js").unwrap();
    runtime.run_gc();
    assert!(context.is_live(&object) && context.is_live(&context.value(1).unwrap()));
}

#[test]
fn a_runtime_may_change_threads_between_calls() {
    /// Hands a runtime from thread to thread: never used by two at once.
    struct Moved(Runtime, tare::Context);
    // SAFETY: all handles move together, and one thread at a time uses them.
    unsafe impl Send for Moved {}
    let runtime = Runtime::builder().max_stack_size(256 << 10).build().unwrap();
    let context = runtime.new_context().unwrap();
    let source = "var depth = 0; function f() { depth++; f(); } try { f(); } catch (e) { e instanceof RangeError && depth > 10 }";
    let mut moved = Moved(runtime, context);
    for size in [1 << 20, 16 << 20, 2 << 20] {
        let thread = std::thread::Builder::new().stack_size(size).spawn(move || {
            let moved = moved;
            // Deep recursion in scripts, in the parser and in natives: the stack's place is found anew.
            for deep in [
                source,
                "try { eval('('.repeat(1e5)) } catch (e) { true }",
                "let a = []; a[0] = a; try { JSON.stringify([a]) } catch (e) { true }",
            ] {
                let result = moved.1.eval(&format!("(0, eval)({deep:?})"), "deep.js").unwrap();
                assert_eq!(result.as_bool(), Some(true), "{deep}");
            }
            moved
        });
        moved = thread.unwrap().join().unwrap();
    }
    let Moved(runtime, context) = moved;
    assert_eq!(context.eval("1 + 1", "here.js").unwrap().as_number(), Some(2.0));
    drop(context);
    assert_eq!(runtime.close().ok().unwrap().cells, 0);
}
