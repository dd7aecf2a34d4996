//! The machine, the process and the build, as far as records name them.

use std::collections::BTreeMap;
use std::fs;
use tare_reports::record::{Ledger, Machine, Versions};

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
        thp: fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").ok().and_then(|t| chosen(&t)),
    }
}

/// The versions of the lab and of an engine.
pub fn versions(engine: &str) -> Versions {
    Versions {
        lab: env!("CARGO_PKG_VERSION").into(),
        engine: engine.into(),
        rustc: env!("LAB_RUSTC").into(),
        profile: env!("LAB_PROFILE").into(),
        commit: option_env!("LAB_COMMIT").map(str::to_string),
    }
}

/// The time this process has spent on cores, all threads, in nanoseconds.
pub fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of our own; the call writes only to it.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) } != 0;
    if failed { 0 } else { time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64 }
}

/// What the kernel says this process holds now; only the kernel's lines are filled in.
pub fn memory() -> Ledger {
    let text = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let (rss, anon) = (kib(&text, "Rss"), kib(&text, "Anonymous"));
    Ledger {
        rss_anon_bytes: anon,
        rss_file_bytes: rss.zip(anon).map(|(rss, anon)| rss.saturating_sub(anon)),
        anon_huge_bytes: kib(&text, "AnonHugePages"),
        pss_bytes: kib(&text, "Pss"),
        ..Ledger::default()
    }
}

/// The variables of this process's environment that an allocator of the lab reads.
pub fn environment() -> BTreeMap<String, String> {
    let theirs = |name: &str| {
        ["MIMALLOC_", "MALLOC_"].iter().any(|prefix| name.starts_with(prefix))
            || ["_RJEM_MALLOC_CONF", "GLIBC_TUNABLES"].contains(&name)
    };
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| theirs(name))
        .collect()
}

/// The word in brackets.
fn chosen(text: &str) -> Option<String> {
    Some(text.split_once('[')?.1.split_once(']')?.0.to_string())
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
    }
}
