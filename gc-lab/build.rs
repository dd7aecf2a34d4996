//! Notes which compiler and profile built the lab, and how the peer that is linked in was built, for the records.

use std::process::Command;

fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_default();
    let version = if version.trim().is_empty() { "rustc of unknown version" } else { version.trim() };
    println!("cargo:rustc-env=LAB_RUSTC={version}");
    // The directory under target/ names the profile; PROFILE knows only debug and release.
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    let profile = out.split(['/', '\\']).rev().nth(3).unwrap_or("unknown").to_string();
    println!("cargo:rustc-env=LAB_PROFILE={profile}");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=LAB_PEER_BUILD={}", peer_build());
    if let Some(commit) = commit() {
        println!("cargo:rustc-env=LAB_COMMIT={commit}");
    }
}

/// The compiler and flags of C code, as the crate `cc` takes them for the packages of this build.
fn peer_build() -> String {
    let variable = |name: &str| {
        println!("cargo:rerun-if-env-changed={name}");
        std::env::var(name).ok().filter(|value| !value.is_empty())
    };
    let target = std::env::var("TARGET").unwrap_or_default();
    let first = |name: &str| {
        [format!("{name}_{target}"), format!("{name}_{}", target.replace('-', "_")), name.to_string()]
            .iter()
            .find_map(|name| variable(name))
    };
    let compiler = first("CC").unwrap_or_else(|| "cc".into());
    let version = Command::new(&compiler).arg("--version").output().ok();
    let version = version.and_then(|o| Some(String::from_utf8(o.stdout).ok()?.lines().next()?.to_string()));
    // Packages that others wrote have this package's level in release builds only.
    let optimised = match std::env::var("OPT_LEVEL").as_deref() {
        Ok("3") => "-O3",
        _ => "optimised as the profile of dependencies says",
    };
    let flags = first("CFLAGS").map_or(String::new(), |flags| format!(" {flags}"));
    format!("{}, {optimised}{flags}", version.unwrap_or(compiler))
}

/// The commit of the checkout this is built in, `-dirty` where files differ from it.
fn commit() -> Option<String> {
    let git = |arguments: &[&str]| -> Option<String> {
        let output = Command::new("git").args(arguments).output().ok().filter(|o| o.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_string())
    };
    let commit = git(&["rev-parse", "HEAD"])?;
    // A commit or a checkout writes the log of HEAD.
    println!("cargo:rerun-if-changed={}", git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    let dirty = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Some(if dirty { format!("{commit}-dirty") } else { commit })
}
