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
}
