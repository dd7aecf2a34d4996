//! Notes which compiler and profile built the lab, for the records.

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
    if let Some(commit) = commit() {
        println!("cargo:rustc-env=LAB_COMMIT={commit}");
    }
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
