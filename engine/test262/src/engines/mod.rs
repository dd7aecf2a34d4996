//! The engines that the runner knows.

#[cfg(feature = "quickjs-ng")]
mod quickjs_ng;
mod scripted;
mod tare;

use crate::engine::Engine;

/// Names of the engines in this build, the default first.
pub const NAMES: &[&str] = &[
    "tare",
    #[cfg(feature = "quickjs-ng")]
    "quickjs-ng",
    "scripted",
];

/// The engine of that name.
pub fn find(name: &str) -> Option<Box<dyn Engine + Send>> {
    match name {
        "tare" => Some(Box::new(tare::Tare)),
        #[cfg(feature = "quickjs-ng")]
        "quickjs-ng" => Some(Box::new(quickjs_ng::QuickJsNg)),
        "scripted" => Some(Box::new(scripted::Scripted)),
        _ => None,
    }
}
