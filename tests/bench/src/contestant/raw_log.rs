//! A log and nothing else: the most that group commit can give on this disk. Records with a CRC go into a file
//! that was filled with zeros in advance; one thread takes what waits, writes it with one call, flushes once and
//! answers. No index, no check, no receipt, no second copy.

use super::{Archive, Contestant, RAW_LOG, Size, Tasks, Writer};
use crate::sample::{STREAMS, Sample, Samples, TYPE};
use crate::writers;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Begun anew when it is full, as segments are recycled.
const LOG_BYTES: u64 = 256 * 1024 * 1024;
const STEP_BYTES: usize = 1024 * 1024;
/// Length and CRC.
const HEADER_BYTES: usize = 8;
const FILL_BATCH: usize = 1_000;

type Ticket = (Vec<u8>, oneshot::Sender<()>);

pub(crate) struct RawLog {
    sender: Option<Sender<Ticket>>,
    thread: Option<JoinHandle<()>>,
}

impl RawLog {
    pub(crate) fn create(folder: &Path) -> RawLog {
        let file = zeros(&folder.join("raw_log"), LOG_BYTES);
        let (sender, receiver) = channel();
        let thread = std::thread::spawn(move || write(&file, &receiver));
        RawLog { sender: Some(sender), thread: Some(thread) }
    }

    fn push(&self, record: Vec<u8>) -> oneshot::Receiver<()> {
        let (answer, durable) = oneshot::channel();
        self.sender.as_ref().unwrap().send((record, answer)).unwrap();
        durable
    }
}

impl Drop for RawLog {
    fn drop(&mut self) {
        self.sender = None;
        self.thread.take().unwrap().join().unwrap();
    }
}

fn zeros(path: &Path, bytes: u64) -> File {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(path).unwrap();
    for at in (0..bytes).step_by(STEP_BYTES) {
        file.write_all_at(&vec![0; STEP_BYTES], at).unwrap();
    }
    file.sync_all().unwrap();
    file
}

/// The whole of group commit.
fn write(file: &File, receiver: &Receiver<Ticket>) {
    let (mut at, mut bytes, mut answers) = (0, Vec::new(), Vec::new());
    while let Ok(first) = receiver.recv() {
        for (record, answer) in std::iter::once(first).chain(receiver.try_iter()) {
            bytes.extend_from_slice(&record);
            answers.push(answer);
        }
        if at + bytes.len() as u64 > LOG_BYTES {
            at = 0;
        }
        file.write_all_at(&bytes, at).unwrap();
        file.sync_data().unwrap();
        at += bytes.len() as u64;
        bytes.clear();
        answers.drain(..).for_each(|answer: oneshot::Sender<()>| answer.send(()).unwrap());
    }
}

fn encode(sample: &Sample) -> Vec<u8> {
    let mut record = vec![0; HEADER_BYTES];
    record.extend_from_slice(sample.id.as_bytes());
    record.extend_from_slice(&(sample.stream as u64).to_le_bytes());
    record.extend_from_slice(&sample.at_us().to_le_bytes());
    for part in [TYPE.as_bytes(), &sample.metadata(), sample.payload().as_bytes()] {
        record.extend_from_slice(&u32::try_from(part.len()).unwrap().to_le_bytes());
        record.extend_from_slice(part);
    }
    let (length, crc) =
        (u32::try_from(record.len() - HEADER_BYTES).unwrap(), crc32fast::hash(&record[HEADER_BYTES..]));
    record[..4].copy_from_slice(&length.to_le_bytes());
    record[4..8].copy_from_slice(&crc.to_le_bytes());
    record
}

impl Contestant for RawLog {
    fn name(&self) -> &'static str {
        RAW_LOG
    }

    fn writer(&self) -> Box<dyn Writer + '_> {
        Box::new(self)
    }

    fn tasks(&self) -> Option<&dyn Tasks> {
        Some(self)
    }
}

impl Writer for &RawLog {
    fn append(&mut self, sample: &Sample) {
        self.push(encode(sample)).blocking_recv().unwrap();
    }
}

impl Tasks for RawLog {
    fn append(&self, sample: Sample) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move { self.push(encode(&sample)).await.unwrap() })
    }
}

/// A log that is only read: what decoding costs without anything around it.
pub(crate) struct RawArchive {
    path: PathBuf,
    bytes: u64,
}

impl RawArchive {
    pub(crate) fn create(folder: &Path) -> RawArchive {
        RawArchive { path: folder.join("raw_archive"), bytes: 0 }
    }

    /// Checks and takes apart every record; answers how many there were.
    fn scan(&self) -> u64 {
        let bytes = fs::read(&self.path).unwrap();
        let (mut rest, mut seen) = (bytes.as_slice(), 0);
        while let Some((header, behind)) = rest.split_at_checked(HEADER_BYTES) {
            let length = u32::from_le_bytes(header[..4].try_into().unwrap()) as usize;
            let (record, next) = behind.split_at(length);
            assert_eq!(u32::from_le_bytes(header[4..].try_into().unwrap()), crc32fast::hash(record));
            std::hint::black_box(record.to_vec());
            (rest, seen) = (next, seen + 1);
        }
        seen
    }
}

impl Archive for RawArchive {
    fn name(&self) -> &'static str {
        RAW_LOG
    }

    fn fill(&mut self, events: u64) -> bool {
        let file = File::create(&self.path).unwrap();
        let (mut samples, mut batch) = (Samples::new(1), Vec::new());
        for event in 0..events {
            let stream = usize::try_from(event).unwrap() % STREAMS;
            batch.extend_from_slice(&encode(&samples.next(stream)));
            if event % FILL_BATCH as u64 == FILL_BATCH as u64 - 1 || event + 1 == events {
                file.write_all_at(&batch, self.bytes).unwrap();
                file.sync_data().unwrap();
                self.bytes += batch.len() as u64;
                batch.clear();
            }
        }
        true
    }

    fn catch_up(&mut self, readers: usize, events: u64) -> Duration {
        let began = Instant::now();
        writers::at_once(readers, |_| assert_eq!(self.scan(), events));
        began.elapsed()
    }

    fn size(&mut self) -> Size {
        Size { data: self.bytes, log: 0 }
    }

    /// Nothing to open: a log without an index is scanned to its end.
    fn crash(&mut self, _: Duration) -> Option<Duration> {
        let began = Instant::now();
        std::hint::black_box(self.scan());
        Some(began.elapsed())
    }
}
