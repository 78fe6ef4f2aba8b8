//! What stands between SQLite and the disk: every page of a database carries a checksum that is looked at
//! on every read, and every call that changes or flushes a file passes a [`Watch`], which may count it,
//! time it or fail it.
//!
//! # How it works
//!
//! A VFS named `hecate-disk` lies over SQLite's own one for unix. It is registered once and stays. A
//! connection names its watch by a parameter of its file's URI; the log and the journal that SQLite opens
//! beside a database belong to the watch of that database.
//!
//! # Page checksums
//!
//! Only the main file of a database has them, in the last 8 of the 4096 bytes of each page, which SQLite
//! leaves free (`SQLITE_FCNTL_RESERVE_BYTES`): a CRC-64 over the other 4088 and the number of the page, so
//! that a page in the wrong place is found as well. The log (`-wal`) stays as SQLite writes it, since its
//! frames have checksums of their own; SQLite looks at those when it recovers, not at each read.
//!
//! Through this disk *every* database has checksums; no byte of the file can switch them off:
//!
//! - a whole page that does not fit is `SQLITE_IOERR_DATA`, and so is a page that the file breaks off in;
//! - a page 1 that does not fit and does not claim the 8 bytes either is `SQLITE_NOTADB`: a database that
//!   was made without this disk. (A flipped bit in that claim is told apart from it, and is damage.)
//! - the only other reads that pass are inside the first 100 bytes (the header, and the change counter in
//!   it). SQLite takes nothing from them that it does not read again with the whole page 1;
//! - what is written must be whole pages, and page 1 must claim the 8 bytes.
//!
//! The one page without a checksum is the lock-byte page, at 1 GiB, which SQLite never reads or writes.
//!
//! A database is meant to be in WAL mode. In rollback mode a transaction that is larger than the page
//! cache, frees pages that it has just made and takes them up again may be refused (it reads pages that
//! nobody wrote); it then rolls back, and nothing is lost.
//!
//! # What the disk is taken to be
//!
//! SQLite's unix VFS claims sectors of 4096 bytes and `SQLITE_IOCAP_POWERSAFE_OVERWRITE` (what is not being
//! written is not damaged by a power cut), nothing atomic, nothing in order. Those pass as they are. Its
//! claim `SQLITE_IOCAP_SUBPAGE_READ` is taken back, because SQLite would then read parts of overflow
//! pages past the checksums, and so is batch-atomic writing. Memory mapping is not offered for the same reason.
#![warn(missing_docs)]

mod beside;
mod disk;
mod file;
mod files;
mod gather;
#[allow(unsafe_code)]
mod io_methods;
mod page;
mod registry;
#[cfg(feature = "simulation")]
pub mod simulation;
#[allow(unsafe_code)]
mod vfs;
mod watch;

pub use disk::Disk;
pub use files::{DatabaseSize, beside};
pub use page::{PAGE_BYTES, page_is_whole};
pub use watch::{Call, Fault, Watch};
