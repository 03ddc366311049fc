//! The Python with the packages of `tests/external/requirements.txt`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

/// Its interpreter, as `scripts/test` has made it, or made here where it is not there yet.
///
/// # Errors
/// Where it is not there and cannot be made.
pub fn python() -> anyhow::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("a workspace")?;
    let python = root.join("target/python/bin/python3");
    if !python.exists() {
        let made = Command::new(root.join("scripts/python")).status()?;
        ensure!(made.success(), "scripts/python: {made}");
    }
    Ok(python)
}

/// A script of `tests/external`.
///
/// # Errors
/// Where it is not there.
pub fn script(name: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("external").join(name);
    ensure!(path.exists(), "{} is not there", path.display());
    Ok(path)
}
