//! What is left of this thread's native stack. WebAssembly, Rust and JavaScript share it, and each counts for itself:
//! wasmtime from where it was entered, V8 from the thread's start. V8 that is entered beyond its own limit aborts
//! (Node 26) or crashes later (Node 24); a thread that runs out of stack ends the process. So neither is entered then.
//! Takes V8's default `--stack-size` for granted. Linux only.

use std::cell::Cell;

/// What V8 uses at most on the main thread.
const MAIN_JAVASCRIPT: usize = 984 << 10;
/// What V8 leaves of the stack of a worker.
const WORKER_REST: usize = 192 << 10;
/// For what runs between the check and the next one.
const RESERVE: usize = 48 << 10;

#[derive(Clone, Copy)]
struct Bounds {
    top: usize,
    size: usize,
    javascript: usize,
}

thread_local!(static BOUNDS: Cell<Option<Bounds>> = const { Cell::new(None) });

/// Whether WebAssembly that may use that many bytes of stack may be entered.
pub fn may_enter_guest(bytes: usize) -> bool {
    let bounds = bounds();
    used(bounds) + bytes + RESERVE <= bounds.size
}

/// Whether JavaScript may be called.
pub fn may_call_javascript() -> bool {
    let bounds = bounds();
    used(bounds) + RESERVE <= bounds.javascript
}

#[inline(never)]
fn used(bounds: Bounds) -> usize {
    let here = 0u8;
    bounds.top.saturating_sub(&raw const here as usize)
}

fn bounds() -> Bounds {
    BOUNDS.get().unwrap_or_else(|| {
        let found = find_bounds();
        BOUNDS.set(Some(found));
        found
    })
}

fn find_bounds() -> Bounds {
    let (mut low, mut size) = (std::ptr::null_mut(), 0);
    let main = unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        libc::pthread_getattr_np(libc::pthread_self(), &mut attributes);
        libc::pthread_attr_getstack(&attributes, &mut low, &mut size);
        libc::pthread_attr_destroy(&mut attributes);
        libc::gettid() == libc::getpid()
    };
    let javascript =
        if main { MAIN_JAVASCRIPT.min(size) } else { size.saturating_sub(WORKER_REST) };
    Bounds { top: low as usize + size, size, javascript }
}
