//! The lab's child processes: what is fixed about them before they start, and that they end with the lab.
//!
//! # Invariants
//! - A child ends when the lab does, however the lab ends: by the kernel's parent-death signal, and by
//!   its standard input, whose other end the lab holds open while it waits: closing it kills the child.
//! - Between fork and exec only system calls are made, on values made before the fork.

use crate::backend::Setup;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// The variable that pads a child's environment.
const PADDING: &str = "GC_LAB_PADDING";

/// Variables by which allocators are asked for huge pages where `thp` is `always`.
const HUGE: [(&str, &str); 3] = [
    ("MIMALLOC_ALLOW_THP", "1"),
    ("_RJEM_MALLOC_CONF", "thp:always"),
    ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"),
];

/// The modes of transparent huge pages a sample may ask for.
pub const THP_MODES: [&str; 3] = ["never", "always", "inherit"];

/// Says whether a mode can be had.
///
/// # Errors
/// A sentence that names the modes, or what the system lacks.
pub fn check_thp(mode: &str) -> Result<(), String> {
    if !THP_MODES.contains(&mode) {
        return Err(format!("--thp: there is no mode `{mode}`; there are {}", THP_MODES.join(", ")));
    }
    if mode != "inherit" && !cfg!(target_os = "linux") {
        return Err(format!("--thp {mode}: only Linux lets a process choose; use `--thp inherit`"));
    }
    if mode == "always" && crate::machine::machine().thp.as_deref() == Some("never") {
        return Err("--thp always: transparent huge pages are switched off on this system \
                    (/sys/kernel/mm/transparent_hugepage/enabled)"
            .into());
    }
    Ok(())
}

/// The variables that a child's allocators get beside those of the lab's own environment.
pub fn variables(setup: &Setup) -> Vec<(&'static str, String)> {
    let ask = |(name, value): (&'static str, &str)| {
        // What the user set comes last: it has the last word.
        let value = match (std::env::var(name), name) {
            (Ok(own), "MIMALLOC_ALLOW_THP") => own,
            (Ok(own), "GLIBC_TUNABLES") => format!("{value}:{own}"),
            (Ok(own), _) => format!("{value},{own}"),
            (Err(_), _) => value.into(),
        };
        (name, value)
    };
    if setup.thp == "always" { HUGE.into_iter().map(ask).collect() } else { Vec::new() }
}

/// A child of a lab, this program where none is named, under a hidden subcommand, with pipes for its input and
/// output.
///
/// # Errors
/// When this program cannot be found.
pub fn child(lab: Option<&Path>, subcommand: &str, setup: &Setup) -> Result<Command, String> {
    let program = match lab {
        Some(path) => path.to_path_buf(),
        None => std::env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?,
    };
    let mut command = Command::new(program);
    command.arg(subcommand).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if setup.env_bytes > 0 {
        command.env(PADDING, "x".repeat(setup.env_bytes as usize));
    }
    command.envs(variables(setup));
    prepare(&mut command, setup);
    Ok(command)
}

/// Ties a process to this one, which is to start it: it ends with this one, and has the huge pages and the core of
/// the set-up.
pub fn prepare(command: &mut Command, setup: &Setup) {
    before_exec(command, setup);
}

#[cfg(target_os = "linux")]
fn before_exec(command: &mut Command, setup: &Setup) {
    use std::os::unix::process::CommandExt;
    // The states of PR_SET_THP_DISABLE: on, off, untouched.
    let disable: Option<libc::c_ulong> = match setup.thp.as_str() {
        "never" => Some(1),
        "always" => Some(0),
        _ => None,
    };
    let core = setup.pinned_core;
    let lab = std::process::id() as libc::pid_t;
    let prepare = move || -> io::Result<()> {
        // SAFETY: plain system calls on numbers and on a set of our own; none allocates or takes a lock.
        unsafe {
            let zero: libc::c_ulong = 0;
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong) != 0 {
                return Err(io::Error::last_os_error());
            }
            // The lab may have died before the call above.
            if libc::getppid() != lab {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            if let Some(disable) = disable
                && libc::prctl(libc::PR_SET_THP_DISABLE, disable, zero, zero, zero) != 0
            {
                return Err(io::Error::last_os_error());
            }
            if let Some(core) = core {
                let mut set: libc::cpu_set_t = std::mem::zeroed();
                libc::CPU_SET(core as usize, &mut set);
                if libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set) != 0 {
                    return Err(io::Error::last_os_error());
                }
            }
        }
        Ok(())
    };
    // SAFETY: the closure makes only system calls that are safe after a fork.
    unsafe { command.pre_exec(prepare) };
}

#[cfg(not(target_os = "linux"))]
fn before_exec(_command: &mut Command, _setup: &Setup) {}

/// The child's side: from now on the end of standard input ends this process. A thread that waits for it
/// would change how allocators lock; the kernel's signal does not.
pub fn end_with_the_lab() {
    #[cfg(target_os = "linux")]
    // SAFETY: plain system calls on numbers and a structure of this frame; the handler makes only calls that a
    // handler may make. Where standard input is no pipe the calls fail, and nobody is waited for.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_input as extern "C" fn(libc::c_int) as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(libc::SIGIO, &action, std::ptr::null_mut());
        if libc::fcntl(0, libc::F_SETOWN, libc::getpid()) == 0 {
            let flags = libc::fcntl(0, libc::F_GETFL);
            libc::fcntl(0, libc::F_SETFL, flags | libc::O_ASYNC);
        }
    }
}

/// Something happened to standard input. The kernel also says so late of the job that was read before: its writer may
/// not have left the write yet.
#[cfg(target_os = "linux")]
extern "C" fn on_input(_signal: libc::c_int) {
    let mut input = libc::pollfd { fd: 0, events: 0, revents: 0 };
    // SAFETY: both calls may be made in a handler; the descriptor is described by a structure of this frame, and what
    // was interrupted finds its error number as it was.
    unsafe {
        let error = *libc::__errno_location();
        if libc::poll(&mut input, 1, 0) > 0 {
            // The other end is closed: nothing else is asked for.
            libc::_exit(1);
        }
        *libc::__errno_location() = error;
    }
}
