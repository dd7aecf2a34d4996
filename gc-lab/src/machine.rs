//! The machine, the process and the build, as far as records name them.

use std::collections::BTreeMap;
use std::fs;
use tare_reports::record::{Ledger, Machine, Noise, Versions};

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
    clock_ns(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// The time that the children this process has waited for spent on cores, in nanoseconds.
pub fn children_cpu_ns() -> u64 {
    let usage = usage(libc::RUSAGE_CHILDREN);
    let ns = |time: libc::timeval| time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1000;
    ns(usage.ru_utime) + ns(usage.ru_stime)
}

fn usage(who: libc::c_int) -> libc::rusage {
    // SAFETY: rusage is plain data for which all zeroes is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a struct of our own; the call writes only to it, and cannot fail for it.
    unsafe { libc::getrusage(who, &mut usage) };
    usage
}

/// The time this thread has spent on a core, in nanoseconds.
pub fn thread_cpu_ns() -> u64 {
    clock_ns(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn clock_ns(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of our own; the call writes only to it.
    let failed = unsafe { libc::clock_gettime(clock, &mut time) } != 0;
    if failed { 0 } else { time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64 }
}

/// What the system has done to this process so far. [`Disturbance::until`] makes the noise of a stretch of it.
#[derive(Clone, Copy, Debug)]
pub struct Disturbance {
    usage: [u64; 4],
    steal_ticks: Option<u64>,
}

impl Disturbance {
    /// The counters now.
    pub fn now() -> Self {
        let counts = |who| {
            let usage = usage(who);
            [usage.ru_nvcsw, usage.ru_nivcsw, usage.ru_minflt, usage.ru_majflt].map(|n| n as u64)
        };
        // An engine that is run by its own shell is a child.
        let (own, children) = (counts(libc::RUSAGE_SELF), counts(libc::RUSAGE_CHILDREN));
        let usage = std::array::from_fn(|i| own[i] + children[i]);
        Disturbance { usage, steal_ticks: steal_ticks() }
    }

    /// The noise from `self` until `end`; the lab that started the sample knows the rest of it.
    pub fn until(&self, end: &Disturbance) -> Noise {
        let [voluntary, involuntary, minor, major] =
            std::array::from_fn(|i| end.usage[i].saturating_sub(self.usage[i]));
        Noise {
            voluntary_switches: voluntary,
            involuntary_switches: involuntary,
            minor_faults: minor,
            major_faults: major,
            steal_ticks: end.steal_ticks.zip(self.steal_ticks).map(|(end, start)| end.saturating_sub(start)),
            load1: None,
            pressure_cpu_some: None,
            governor: None,
            aslr: None,
            env_bytes: 0,
            pinned_core: None,
            wall_over_cpu: 0.0,
            disturbed: false,
            retaken: false,
        }
    }
}

/// Ticks that the hypervisor kept from all cores since the system began.
fn steal_ticks() -> Option<u64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    text.lines().next()?.split_whitespace().nth(8)?.parse().ok()
}

/// The load average over one minute.
pub fn load1() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// Percentage of the last ten seconds in which something waited for a core.
pub fn pressure_cpu_some() -> Option<f64> {
    let text = fs::read_to_string("/proc/pressure/cpu").ok()?;
    let line = text.lines().find(|line| line.starts_with("some"))?;
    line.split_whitespace().find_map(|word| word.strip_prefix("avg10="))?.parse().ok()
}

/// The governor of the processor's frequency.
pub fn governor() -> Option<String> {
    let text = fs::read_to_string("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").ok()?;
    Some(text.trim().to_string())
}

/// Whether the system gives processes random addresses.
pub fn aslr() -> Option<bool> {
    Some(fs::read_to_string("/proc/sys/kernel/randomize_va_space").ok()?.trim() != "0")
}

/// The cores this process may run on.
#[cfg(target_os = "linux")]
pub fn allowed_cores() -> Vec<u32> {
    // SAFETY: a set of cores is plain bits for which all zeroes is a value.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a set of our own of the size named; the call writes only to it.
    let failed = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set) } != 0;
    if failed {
        return Vec::new();
    }
    // SAFETY: every number is below the size of the set.
    (0..libc::CPU_SETSIZE as u32).filter(|core| unsafe { libc::CPU_ISSET(*core as usize, &set) }).collect()
}

/// The cores this process may run on; not known here.
#[cfg(not(target_os = "linux"))]
pub fn allowed_cores() -> Vec<u32> {
    Vec::new()
}

/// What the kernel says this process holds now; only the kernel's lines are filled in.
pub fn memory() -> Ledger {
    memory_of("self")
}

/// Resident memory by the kernel's counters, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Resident {
    /// Anonymous pages.
    pub anon: u64,
    /// Pages of files.
    pub file: u64,
    /// The most pages of all kinds so far.
    pub high_water: u64,
}

/// The counters of a process; `None` where it has ended, or where there are none.
pub fn resident(process: &str) -> Option<Resident> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let (anon, file) = (kib(&text, "RssAnon")?, kib(&text, "RssFile")?);
    Some(Resident { anon, file, high_water: kib(&text, "VmHWM")? })
}

/// What the kernel says a process holds now.
pub fn memory_of(process: &str) -> Ledger {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let (rss, anon) = (kib(&text, "Rss"), kib(&text, "Anonymous"));
    Ledger {
        rss_anon_bytes: anon,
        rss_file_bytes: rss.zip(anon).map(|(rss, anon)| rss.saturating_sub(anon)),
        anon_huge_bytes: kib(&text, "AnonHugePages"),
        pss_bytes: kib(&text, "Pss"),
        ..Ledger::default()
    }
}

/// The variables of this process's environment that an allocator of the lab reads, and those given to a child.
pub fn environment(child: &[(&'static str, String)]) -> BTreeMap<String, String> {
    let theirs = |name: &str| {
        ["MIMALLOC_", "MALLOC_"].iter().any(|prefix| name.starts_with(prefix))
            || ["_RJEM_MALLOC_CONF", "GLIBC_TUNABLES"].contains(&name)
    };
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| theirs(name))
        .chain(child.iter().map(|(name, value)| (name.to_string(), value.clone())))
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
    fn the_kernel_tells_what_this_process_holds() {
        if !cfg!(target_os = "linux") {
            return;
        }
        let before = memory();
        let block = std::hint::black_box(vec![1u8; 64 << 20]);
        let after = memory();
        let grown = after.rss_anon_bytes.unwrap() - before.rss_anon_bytes.unwrap();
        // Other tests of this process take and give back a little meanwhile.
        assert!((60 << 20..68 << 20).contains(&grown), "{grown}");
        assert_eq!(block.len(), 64 << 20);
        assert!(after.pss_bytes.unwrap() > grown && after.rss_file_bytes.unwrap() > 0);
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
