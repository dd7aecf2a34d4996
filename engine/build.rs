//! Chooses how the interpreter dispatches: tail calls where LLVM is known to make them (optimised builds
//! on the architectures it was checked on), one `match` elsewhere. The feature `match-dispatch`
//! forces the latter.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(tail_dispatch)");
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    let optimised = matches!(var("OPT_LEVEL").as_str(), "2" | "3") && var("PROFILE") == "release";
    let known = matches!(var("CARGO_CFG_TARGET_ARCH").as_str(), "x86_64" | "aarch64");
    let sanitized = var("CARGO_ENCODED_RUSTFLAGS").contains("sanitizer");
    if optimised && known && !sanitized && var("CARGO_FEATURE_MATCH_DISPATCH").is_empty() {
        println!("cargo::rustc-cfg=tail_dispatch");
    }
}
