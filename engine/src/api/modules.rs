//! Modules from files.

use std::path::{Component, Path, PathBuf};

use crate::runtime::module::ModuleLoader;

/// Finds modules in the file system: a specifier that starts with `./`, `../` or `/` is a path relative to the
/// file that imports it; others are relative to the working directory.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileLoader;

impl ModuleLoader for FileLoader {
    fn resolve(&mut self, specifier: &str, referrer: &str) -> Result<String, String> {
        let relative = specifier.starts_with("./") || specifier.starts_with("../");
        let base =
            if relative { Path::new(referrer).parent().unwrap_or(Path::new("")) } else { Path::new("") };
        let mut path = PathBuf::new();
        for part in base.join(specifier).components() {
            match part {
                Component::CurDir => (),
                Component::ParentDir if path.file_name().is_some() => {
                    path.pop();
                }
                other => path.push(other),
            }
        }
        path.into_os_string().into_string().map_err(|_| format!("cannot name module '{specifier}'"))
    }

    fn load(&mut self, name: &str) -> Result<Vec<u8>, String> {
        std::fs::read(name).map_err(|error| format!("cannot load module '{name}': {error}"))
    }
}
