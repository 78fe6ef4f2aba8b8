//! The record of what was issued, and the images of the disk at the calls that were asked for.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::content::{Content, Data};
use super::image::{Image, Op};
use crate::watch::Call;

/// Every so many calls an image is kept: to get to any call takes no more steps than this.
const CALLS_PER_IMAGE: u64 = 256;

#[derive(Default)]
pub(super) struct Tape {
    /// Folders as they were named, and as they are: absolute, without links.
    folders: HashMap<PathBuf, PathBuf>,
    /// The folder of the first call.
    root: Option<PathBuf>,
    /// What was there before the first call.
    base: Image,
    ops: Vec<Recorded>,
    images: BTreeMap<u64, Image>,
}

struct Recorded {
    op: Op,
    /// It was failed, and so not made.
    refused: bool,
}

impl Tape {
    pub(super) fn calls(&self) -> u64 {
        self.ops.len() as u64
    }

    pub(super) fn record(&mut self, call: &Call<'_>, refused: bool) -> io::Result<()> {
        let op = match *call {
            Call::Create { path } => Op::Create(self.place(path)?),
            Call::CreateFolder { path } => Op::CreateFolder(self.place(path)?),
            Call::Write { path, offset, bytes } => {
                Op::Write { path: self.place(path)?, offset, data: Data::new(bytes) }
            }
            Call::Truncate { path, to_bytes } => Op::Truncate { path: self.place(path)?, to_bytes },
            Call::Sync { path } => Op::Sync(self.place(path)?),
            Call::Remove { path } => Op::Remove(self.place(path)?),
            Call::Rename { from, to } => Op::Rename { from: self.place(from)?, to: self.place(to)? },
            Call::SyncFolder { path } => Op::SyncFolder(self.folder(path)?),
        };
        self.ops.push(Recorded { op, refused });
        Ok(())
    }

    fn place(&mut self, path: &Path) -> io::Result<PathBuf> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.folder(crate::beside::folder_of(path))?.join(name))
    }

    /// The folder as it is. What lies in it when it is met first was there before.
    fn folder(&mut self, folder: &Path) -> io::Result<PathBuf> {
        if let Some(known) = self.folders.get(folder) {
            return Ok(known.clone());
        }
        let real = folder.canonicalize()?;
        if !self.folders.values().any(|known| *known == real) {
            self.adopt(&real)?;
        }
        self.root.get_or_insert_with(|| real.clone());
        self.folders.insert(folder.to_owned(), real.clone());
        Ok(real)
    }

    fn adopt(&mut self, folder: &Path) -> io::Result<()> {
        self.images.clear();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let gone = path.extension().is_some_and(|end| end == "lock")
                || path.as_os_str().as_encoded_bytes().ends_with(b"-shm");
            if path.is_file() && !gone {
                self.base.adopt(path.clone(), Content::load(&path)?);
            }
        }
        Ok(())
    }

    /// The disk just before this call; remembered, so that the next call costs one step.
    pub(super) fn image(&mut self, at: u64) -> &Image {
        let issued = at.saturating_sub(1).min(self.calls());
        let near = self.images.range(..=issued).next_back();
        let (mut done, mut image) =
            near.map_or_else(|| (0, self.base.clone()), |(done, image)| (*done, image.clone()));
        while done < issued {
            let recorded = &self.ops[done as usize];
            if !recorded.refused {
                image.apply(&recorded.op);
            }
            done += 1;
            if done.is_multiple_of(CALLS_PER_IMAGE) {
                self.images.insert(done, image.clone());
            }
        }
        self.images.retain(|done, _| done.is_multiple_of(CALLS_PER_IMAGE));
        self.images.entry(issued).or_insert(image)
    }

    /// A path as it is below the folder of the first call.
    pub(super) fn relative<'p>(&self, path: &'p Path) -> io::Result<&'p Path> {
        let below = self.root.as_ref().and_then(|root| path.strip_prefix(root).ok());
        below.ok_or_else(|| {
            let said = format!("{} is not below the folder of the first call", path.display());
            io::Error::new(io::ErrorKind::InvalidInput, said)
        })
    }

    pub(super) fn describe(&self, nth_call: u64) -> String {
        let at = nth_call.checked_sub(1).and_then(|index| self.ops.get(index as usize));
        let Some(Recorded { op, refused }) = at else { return format!("#{nth_call} is not recorded") };
        let name = |path: &PathBuf| self.relative(path).unwrap_or(path).display().to_string();
        let said = match op {
            Op::Create(path) => format!("create {}", name(path)),
            Op::CreateFolder(path) => format!("create folder {}", name(path)),
            Op::Write { path, offset, data } => {
                format!("write {} {offset}..{}", name(path), offset + data.len())
            }
            Op::Truncate { path, to_bytes } => format!("truncate {} to {to_bytes}", name(path)),
            Op::Sync(path) => format!("sync {}", name(path)),
            Op::Remove(path) => format!("remove {}", name(path)),
            Op::Rename { from, to } => format!("rename {} to {}", name(from), name(to)),
            Op::SyncFolder(path) => format!("sync folder {}", path.display()),
        };
        format!("#{nth_call} {said}{}", if *refused { " (failed)" } else { "" })
    }
}
