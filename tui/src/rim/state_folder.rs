//! Where a terminal keeps what must outlive it, and how its files are made: for their owner alone.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// `$XDG_STATE_HOME/hecate`, else `~/.local/state/hecate`.
pub fn state(env: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let home = || env("HOME").map(|home| home.join(".local/state"));
    env("XDG_STATE_HOME").or_else(home).map(|folder| folder.join("hecate"))
}

/// `$XDG_CONFIG_HOME/hecate`, else `~/.config/hecate`.
pub fn config(env: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let home = || env("HOME").map(|home| home.join(".config"));
    env("XDG_CONFIG_HOME").or_else(home).map(|folder| folder.join("hecate"))
}

/// Makes the folder unless it is there.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// A file to append to.
pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// Replaces a file's content at once: whoever reads sees the old one or the new one.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(content)?;
    file.sync_data()?;
    std::fs::rename(&fresh, path)
}
