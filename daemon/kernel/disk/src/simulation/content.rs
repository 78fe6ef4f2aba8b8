//! The bytes of a file, in pages that copies share until one of them is written: hundreds of images of one
//! disk cost little more than one, and a log of zeros costs nothing.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

const PAGE_BYTES: u64 = 4096;
type Page = [u8; PAGE_BYTES as usize];

/// What a call wrote.
#[derive(Clone)]
pub(super) enum Data {
    Zeros(u64),
    Bytes(Arc<[u8]>),
}

impl Data {
    pub(super) fn new(bytes: &[u8]) -> Data {
        if bytes.iter().all(|byte| *byte == 0) {
            Data::Zeros(bytes.len() as u64)
        } else {
            Data::Bytes(bytes.into())
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Data::Zeros(length) => *length,
            Data::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

/// A file's bytes; what no page holds is zero.
#[derive(Clone, Default)]
pub(super) struct Content {
    length: u64,
    pages: BTreeMap<u64, Arc<Page>>,
}

impl Content {
    pub(super) fn load(path: &Path) -> io::Result<Content> {
        let bytes = std::fs::read(path)?;
        let mut content = Content::default();
        for (index, page) in bytes.chunks(PAGE_BYTES as usize).enumerate() {
            let data = Data::new(page);
            content.write(index as u64 * PAGE_BYTES, &data, 0..data.len());
        }
        Ok(content)
    }

    /// Makes the file, sparse where it is zero.
    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        let file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.set_len(self.length)?;
        self.pages.iter().try_for_each(|(index, page)| {
            let start = index * PAGE_BYTES;
            file.write_all_at(&page[..(self.length - start).min(PAGE_BYTES) as usize], start)
        })
    }

    /// Writes that part of `data` whose whole would begin at `offset`.
    pub(super) fn write(&mut self, offset: u64, data: &Data, part: Range<u64>) {
        self.extend(offset + part.end);
        let mut at = part.start;
        while at < part.end {
            let (index, within) = ((offset + at) / PAGE_BYTES, (offset + at) % PAGE_BYTES);
            let step = (PAGE_BYTES - within).min(part.end - at);
            let range = within as usize..(within + step) as usize;
            match data {
                Data::Zeros(_) => self.clear(index, range),
                Data::Bytes(bytes) => {
                    self.page(index)[range].copy_from_slice(&bytes[at as usize..(at + step) as usize]);
                }
            }
            at += step;
        }
    }

    /// At least this long.
    pub(super) fn extend(&mut self, length: u64) {
        self.length = self.length.max(length);
    }

    pub(super) fn truncate(&mut self, length: u64) {
        self.pages.split_off(&length.div_ceil(PAGE_BYTES));
        let within = (length % PAGE_BYTES) as usize;
        if within > 0 {
            self.clear(length / PAGE_BYTES, within..PAGE_BYTES as usize);
        }
        self.length = length;
    }

    fn page(&mut self, index: u64) -> &mut Page {
        Arc::make_mut(self.pages.entry(index).or_insert_with(|| Arc::new([0; PAGE_BYTES as usize])))
    }

    fn clear(&mut self, index: u64, range: Range<usize>) {
        if range.len() as u64 == PAGE_BYTES {
            self.pages.remove(&index);
        } else if let Some(page) = self.pages.get_mut(&index) {
            Arc::make_mut(page)[range].fill(0);
        }
    }
}
