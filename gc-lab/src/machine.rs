//! The machine, the process and the build, as far as records name them.

use std::fs;
use tare_reports::record::{Machine, Versions};

/// The machine this process runs on.
pub fn machine() -> Machine {
    let cpu = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| field(&text, "model name"))
        .unwrap_or_else(|| std::env::consts::ARCH.to_string());
    let memory =
        fs::read_to_string("/proc/meminfo").ok().and_then(|text| kib(&text, "MemTotal")).unwrap_or(0);
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Machine {
        cpu,
        cores: std::thread::available_parallelism().map_or(0, |n| n.get() as u32),
        memory_bytes: memory,
        system: format!("{} {}", std::env::consts::OS, release.trim()).trim_end().to_string(),
    }
}

/// The versions of the lab and of an engine.
pub fn versions(engine: &str) -> Versions {
    Versions {
        lab: env!("CARGO_PKG_VERSION").into(),
        engine: engine.into(),
        rustc: env!("LAB_RUSTC").into(),
        profile: env!("LAB_PROFILE").into(),
    }
}

/// The time this process has spent on cores, all threads, in nanoseconds.
pub fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of our own; the call writes only to it.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) } != 0;
    if failed { 0 } else { time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64 }
}

/// The most physical memory this process has had, in bytes.
pub fn peak_rss_bytes() -> u64 {
    if let Some(bytes) = fs::read_to_string("/proc/self/status").ok().and_then(|text| kib(&text, "VmHWM")) {
        return bytes;
    }
    // SAFETY: rusage is plain data for which all zeroes is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a struct of our own; the call writes only to it.
    let failed = unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) } != 0;
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    if failed { 0 } else { usage.ru_maxrss as u64 * unit }
}

fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

fn kib(text: &str, name: &str) -> Option<u64> {
    let value = field(text, name)?;
    value.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_proc_files() {
        let text = "VmPeak:\t  100 kB\nVmHWM:\t    2048 kB\n";
        assert_eq!(kib(text, "VmHWM"), Some(2048 * 1024));
        assert_eq!(kib(text, "VmSwap"), None);
    }

    #[test]
    fn work_takes_time_on_a_core() {
        let before = cpu_ns();
        let mut x = 1u64;
        while cpu_ns() == before {
            x = std::hint::black_box(x.wrapping_mul(3));
        }
        assert!(cpu_ns() > before);
        assert!(peak_rss_bytes() > 0);
    }
}
