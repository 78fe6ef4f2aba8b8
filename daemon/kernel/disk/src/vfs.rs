//! The VFS: SQLite's own one for unix, except for how a file is opened and removed. Unsafe, because SQLite
//! takes it as C functions; every one of them holds back panics and leaves the deciding to `file.rs`.

use std::ffi::{CStr, OsStr, c_char, c_int};
use std::mem;
use std::os::unix::ffi::OsStrExt;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

use rusqlite::ffi::{self, sqlite3_file, sqlite3_vfs};
use rusqlite::{Connection, OpenFlags};

use crate::beside;
use crate::file::{OpenFile, code};
use crate::io_methods::{self, Shim};
use crate::page::CHECKSUM_BYTES;
use crate::registry;
use crate::watch::{Call, Observer};

/// The parameter of a database's URI that names its watch.
pub(crate) const PARAMETER: &str = "hecate_disk";
const PARAMETER_C: &CStr = c"hecate_disk";
/// The parameter that makes one write of a commit.
pub(crate) const GATHER: &str = "hecate_gather";
const GATHER_C: &CStr = c"hecate_gather";
const NAME: &CStr = c"hecate-disk";

/// SQLite's own VFS, over which ours lies.
struct Below(NonNull<sqlite3_vfs>);

// SAFETY: SQLite's own VFS is never unregistered and never written after SQLite is initialised, which
// `sqlite3_vfs_find` waits for; its functions may be called from any thread.
unsafe impl Send for Below {}
// SAFETY: as above.
unsafe impl Sync for Below {}

/// Set once for the life of the program: the VFS below, or why ours cannot lie over it.
static BELOW: OnceLock<Result<Below, c_int>> = OnceLock::new();

fn register() -> Result<Below, c_int> {
    // SAFETY: a null name asks for the default; the answer is null or a VFS that stays.
    let below = NonNull::new(unsafe { ffi::sqlite3_vfs_find(ptr::null()) }).ok_or(ffi::SQLITE_ERROR)?;
    // SAFETY: it is a whole, initialised `sqlite3_vfs` that nobody writes (its `pNext` aside, which a
    // concurrent registration may move; ours is overwritten here). The functions that the copy shares with
    // it read no field but `pAppData`, which the copy has too.
    let mut ours = unsafe { ptr::read(below.as_ptr()) };
    ours.pNext = ptr::null_mut();
    ours.zName = NAME.as_ptr();
    ours.szOsFile += mem::size_of::<Shim>() as c_int;
    ours.xOpen = Some(open);
    ours.xDelete = Some(delete);
    // SAFETY: the leaked VFS and its static name live as long as the program.
    match unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 0) } {
        ffi::SQLITE_OK => Ok(Below(below)),
        error => Err(error),
    }
}

fn below() -> Result<NonNull<sqlite3_vfs>, c_int> {
    BELOW.get_or_init(register).as_ref().map(|below| below.0).map_err(|code| *code)
}

/// Opens a connection through our VFS; an empty database will leave a place for checksums.
pub(crate) fn connect(name: &str, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let refused = |code| rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
    below().map_err(refused)?;
    let conn = Connection::open_with_flags_and_vfs(name, flags | OpenFlags::SQLITE_OPEN_URI, NAME)?;
    let mut reserved = c_int::from(CHECKSUM_BYTES);
    // SAFETY: the handle is open while `conn` lives, this control reads and writes one int, and "main"
    // is a static C string.
    let answer = unsafe {
        ffi::sqlite3_file_control(
            conn.handle(),
            c"main".as_ptr(),
            ffi::SQLITE_FCNTL_RESERVE_BYTES,
            (&raw mut reserved).cast(),
        )
    };
    if answer == ffi::SQLITE_OK { Ok(conn) } else { Err(refused(answer)) }
}

/// What a C function of ours answers; a panic becomes `otherwise`, since it must not unwind into C.
pub(crate) fn contained(otherwise: c_int, call: impl FnOnce() -> c_int) -> c_int {
    panic::catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
        tracing::error!("a panic between SQLite and the disk was turned into an I/O error");
        otherwise
    })
}

unsafe extern "C" fn open(
    _vfs: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite hands over `szOsFile` bytes for the file. A null here means that it is not to be closed.
    unsafe { (*file).pMethods = ptr::null() };
    contained(ffi::SQLITE_IOERR, || {
        let opened = below().and_then(|below| {
            // SAFETY: `name` comes from SQLite with these flags.
            let file = unsafe { file_named(name, flags) }?;
            if flags & ffi::SQLITE_OPEN_CREATE != 0 && !name.is_null() {
                file.create()?;
            }
            Ok((below, file))
        });
        match opened {
            // SAFETY: `file` has room for our part and for that of the VFS below; the other arguments go
            // down as they came.
            Ok((below, ours)) => unsafe { io_methods::open(file, ours, below, name, flags, flags_out) },
            Err(code) => code,
        }
    })
}

/// # Safety
/// `name` is the one that SQLite hands to `xOpen` together with `flags`.
unsafe fn file_named(name: *const c_char, flags: c_int) -> Result<OpenFile, c_int> {
    if name.is_null() {
        return Ok(OpenFile::temporary(PathBuf::new()));
    }
    // SAFETY: a name that is not null is a C string that outlives this call.
    let path = unsafe { path_of(name) };
    if flags & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0 {
        // SAFETY: names of logs and journals carry the parameters of their database's URI as well.
        let gather = unsafe { ffi::sqlite3_uri_boolean(name, GATHER_C.as_ptr(), 0) } != 0;
        let gathers = gather && flags & ffi::SQLITE_OPEN_WAL != 0;
        return Ok(OpenFile::journal(path.to_owned(), registry::beside_database(path), gathers));
    }
    if flags & ffi::SQLITE_OPEN_MAIN_DB == 0 {
        return Ok(OpenFile::temporary(path.to_owned()));
    }
    // SAFETY: names of main database files carry their URI's parameters behind them. Numbers of disks
    // are positive.
    let number = unsafe { ffi::sqlite3_uri_int64(name, PARAMETER_C.as_ptr(), 0) };
    let observer = match u64::try_from(number) {
        Ok(0) => Some(Observer::default()),
        Ok(number) => registry::disk(number),
        Err(_) => None,
    };
    observer.map(|observer| OpenFile::database(path.to_owned(), observer)).ok_or(ffi::SQLITE_CANTOPEN)
}

unsafe extern "C" fn delete(_vfs: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    contained(ffi::SQLITE_IOERR_DELETE, || {
        // SAFETY: SQLite hands over a C string that outlives this call.
        let path = unsafe { path_of(name) };
        let observer = registry::beside_database(path);
        if let Err(fault) = observer.before(Call::Remove { path }) {
            return code(fault, ffi::SQLITE_IOERR_DELETE);
        }
        // SAFETY: `name` is as SQLite gave it.
        let answer = unsafe { delete_below(name) };
        if answer != ffi::SQLITE_OK || sync_folder == 0 {
            return answer;
        }
        // Flushed here and not below, so that the watch sees two calls.
        match beside::sync_folder(&observer, beside::folder_of(path)) {
            Ok(()) => ffi::SQLITE_OK,
            Err(_) => ffi::SQLITE_IOERR_DIR_FSYNC,
        }
    })
}

/// # Safety
/// `name` is a C string.
unsafe fn delete_below(name: *const c_char) -> c_int {
    let Ok(below) = below() else { return ffi::SQLITE_IOERR_DELETE };
    // SAFETY: the VFS below stays, and its functions want itself as their first argument.
    unsafe {
        match below.as_ref().xDelete {
            Some(delete) => delete(below.as_ptr(), name, 0),
            None => ffi::SQLITE_IOERR_DELETE,
        }
    }
}

/// # Safety
/// `name` is a C string that outlives the answer.
unsafe fn path_of<'a>(name: *const c_char) -> &'a Path {
    // SAFETY: the caller's promise.
    Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()))
}
