//! What is left of what was not flushed, by the kind of the disk.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::content::Content;
use super::image::{Change, FileImage, Image, Names};
use super::seed::Seed;

const SECTOR_BYTES: u64 = 512;

/// What a disk keeps when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// All that was issued: a killed process on a machine that lives on.
    Kept,
    /// Nothing that was not flushed.
    Lost,
    /// Of each write that was not flushed some of its 512-byte sectors. A sector is never torn itself: it
    /// holds what was written to it up to some moment. A longer file may be long already, with zeros.
    /// Truncations and changes of names are there or not.
    Torn,
    /// Each call that was not flushed whole or not at all, in any combination.
    Reordered,
}

impl Model {
    /// The four of them.
    pub const ALL: [Model; 4] = [Model::Kept, Model::Lost, Model::Torn, Model::Reordered];

    /// What is left of a disk.
    pub(super) fn survivors(self, image: &Image, seed: &mut Seed) -> BTreeMap<PathBuf, Content> {
        let names = self.names(image, seed);
        // What lies in a folder is gone with the folder.
        let is_gone = |folder: &Path| image.is_folder(folder) && !names.contains_key(folder);
        let is_left = |path: &Path| !image.is_folder(path) && !path.ancestors().any(is_gone);
        let left = names.iter().filter(|(path, _)| is_left(path));
        left.filter_map(|(path, file)| Some((path.clone(), self.content(image.files.get(file)?, seed))))
            .collect()
    }

    fn names(self, image: &Image, seed: &mut Seed) -> Names {
        match self {
            Model::Kept => image.names.clone(),
            Model::Lost => image.durable_names.clone(),
            Model::Torn | Model::Reordered => {
                let mut names = image.durable_names.clone();
                for naming in image.namings.iter().filter(|_| seed.coin()) {
                    naming.apply(&mut names);
                }
                names
            }
        }
    }

    fn content(self, file: &FileImage, seed: &mut Seed) -> Content {
        let mut content = file.durable.clone();
        match self {
            Model::Kept => file.changes.iter().for_each(|change| content.change(change)),
            Model::Lost => {}
            Model::Torn => tear(&mut content, &file.changes, seed),
            Model::Reordered => {
                file.changes.iter().filter(|_| seed.coin()).for_each(|change| content.change(change));
            }
        }
        content
    }
}

/// Each sector stops at one of the writes that touched it.
fn tear(content: &mut Content, changes: &[Change], seed: &mut Seed) {
    let mut left = writes_left(changes, seed);
    for change in changes {
        let Change::Write { offset, data } = change else {
            if seed.coin() {
                content.change(change);
            }
            continue;
        };
        for (sector, part) in sectors(*offset, data.len()) {
            let Some(left) = left.get_mut(&sector).filter(|left| **left > 0) else { continue };
            *left -= 1;
            content.write(*offset, data, part);
        }
        if seed.coin() {
            content.extend(offset + data.len());
        }
    }
}

/// How many of the writes that touch it each sector still takes.
fn writes_left(changes: &[Change], seed: &mut Seed) -> BTreeMap<u64, u32> {
    let mut writes = BTreeMap::new();
    for change in changes {
        let Change::Write { offset, data } = change else { continue };
        for (sector, _) in sectors(*offset, data.len()) {
            *writes.entry(sector).or_default() += 1;
        }
    }
    writes.values_mut().for_each(|count| *count = seed.up_to(*count));
    writes
}

/// The sectors that a write touches, each with its part of what is written.
fn sectors(offset: u64, length: u64) -> impl Iterator<Item = (u64, Range<u64>)> {
    let end = offset + length;
    (offset / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES)).map(move |sector| {
        let start = (sector * SECTOR_BYTES).max(offset);
        let stop = ((sector + 1) * SECTOR_BYTES).min(end);
        (sector, start - offset..stop - offset)
    })
}
