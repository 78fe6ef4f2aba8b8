//! The functions that SQLite calls on an open file. Reads, writes, truncations and flushes go through
//! `file.rs`; locks and the shared index (memory, which dies with the machine) go down untouched.

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::slice;

use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};

use crate::file::OpenFile;
use crate::vfs::contained;

/// Our part of an open file; the file of the VFS below lies right behind it.
#[repr(C)]
pub(crate) struct Shim {
    base: sqlite3_file,
    /// A box from `open` until `close`.
    file: *mut OpenFile,
}

/// Version 2 has what a log needs and no memory mapping, which would go past the checksums.
static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// # Safety
/// `file` has room for a [`Shim`] and behind it for a file of `below`; the arguments behind `below` are
/// those of `xOpen`.
pub(crate) unsafe fn open(
    file: *mut sqlite3_file,
    ours: OpenFile,
    below: NonNull<sqlite3_vfs>,
    name: ffi::sqlite3_filename,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    // SAFETY: the caller's promise; the VFS below gets itself and room of its own. A file that it could
    // not open but wants closed is closed here, since SQLite will not.
    unsafe {
        let under = under(file);
        (*under).pMethods = ptr::null();
        let Some(open) = below.as_ref().xOpen else { return ffi::SQLITE_CANTOPEN };
        let answer = open(below.as_ptr(), name, under, flags, flags_out);
        if answer != ffi::SQLITE_OK {
            close_under(under);
            return answer;
        }
        let base = sqlite3_file { pMethods: &raw const METHODS };
        file.cast::<Shim>().write(Shim { base, file: Box::into_raw(Box::new(ours)) });
    }
    ffi::SQLITE_OK
}

/// # Safety
/// `file` begins with room for a [`Shim`] and goes on with that of a file of the VFS below.
unsafe fn under(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: the caller's promise; a `Shim` is a multiple of 8 bytes long, as SQLite's alignment wants.
    unsafe { file.cast::<Shim>().add(1).cast() }
}

/// # Safety
/// `file` is open: [`open`] filled it and [`close`] was not called.
unsafe fn ours<'a>(file: *mut sqlite3_file) -> &'a OpenFile {
    // SAFETY: the box lives until `close`, and nobody has it exclusively before.
    unsafe { &*(*file.cast::<Shim>()).file }
}

/// # Safety
/// `under` is a file of the VFS below, whether or not it was opened.
unsafe fn close_under(under: *mut sqlite3_file) -> c_int {
    // SAFETY: methods that are not null are those of an open file.
    match unsafe { (*under).pMethods.as_ref() }.and_then(|methods| methods.xClose) {
        // SAFETY: it is open and closed only here.
        Some(close) => unsafe { close(under) },
        None => ffi::SQLITE_OK,
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    contained(ffi::SQLITE_IOERR_CLOSE, || {
        // SAFETY: SQLite closes an open file once and does not touch it afterwards; our box is given back
        // after the file below, whose name it does not hold.
        unsafe {
            let settled = settle(file);
            let answer = close_under(under(file));
            drop(Box::from_raw((*file.cast::<Shim>()).file));
            if settled == ffi::SQLITE_OK { answer } else { settled }
        }
    })
}

/// Calls the same function of the file below; one that it does not have answers what stands behind `or`.
macro_rules! forward {
    ($file:ident, $method:ident($($argument:expr),*) or $missing:expr) => {{
        let under = under($file);
        match (*(*under).pMethods).$method {
            Some(call) => call(under $(, $argument)*),
            None => $missing,
        }
    }};
}

/// Writes what is held back of a file.
///
/// # Safety
/// `file` is open.
unsafe fn settle(file: *mut sqlite3_file) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { ours(file).settle(|bytes, offset| write_under(file, bytes, offset)) }
}

/// # Safety
/// `file` is open.
unsafe fn write_under(file: *mut sqlite3_file, bytes: &[u8], offset: u64) -> c_int {
    let (Ok(length), Ok(offset)) = (c_int::try_from(bytes.len()), sqlite3_int64::try_from(offset)) else {
        return ffi::SQLITE_IOERR_WRITE;
    };
    // SAFETY: the caller's promise; `bytes` has as many bytes as is said.
    unsafe { forward!(file, xWrite(bytes.as_ptr().cast(), length, offset) or ffi::SQLITE_IOERR_WRITE) }
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    into: *mut c_void,
    length: c_int,
    offset: sqlite3_int64,
) -> c_int {
    contained(ffi::SQLITE_IOERR_READ, || {
        let (Ok(bytes), Ok(at)) = (usize::try_from(length), u64::try_from(offset)) else {
            return ffi::SQLITE_IOERR_READ;
        };
        // SAFETY: the file is open and `into` has room for `length` bytes. They are looked at only when the
        // read below has filled all of them: it puts zeros behind the end of the file.
        unsafe {
            let settled = settle(file);
            if settled != ffi::SQLITE_OK {
                return settled;
            }
            let answer = forward!(file, xRead(into, length, offset) or ffi::SQLITE_IOERR_READ);
            if !matches!(answer, ffi::SQLITE_OK | ffi::SQLITE_IOERR_SHORT_READ) {
                return answer;
            }
            ours(file).verified(answer, slice::from_raw_parts(into.cast(), bytes), at)
        }
    })
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    length: c_int,
    offset: sqlite3_int64,
) -> c_int {
    contained(ffi::SQLITE_IOERR_WRITE, || {
        let (Ok(bytes), Ok(at)) = (usize::try_from(length), u64::try_from(offset)) else {
            return ffi::SQLITE_IOERR_WRITE;
        };
        // SAFETY: the file is open and `from` holds `length` bytes.
        unsafe {
            let bytes = slice::from_raw_parts(from.cast(), bytes);
            ours(file).write(bytes, at, |bytes, offset| write_under(file, bytes, offset))
        }
    })
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, to: sqlite3_int64) -> c_int {
    contained(ffi::SQLITE_IOERR_TRUNCATE, || {
        let Ok(to_bytes) = u64::try_from(to) else { return ffi::SQLITE_IOERR_TRUNCATE };
        // SAFETY: the file is open.
        unsafe {
            let settled = settle(file);
            if settled != ffi::SQLITE_OK {
                return settled;
            }
            ours(file).truncate(to_bytes, || forward!(file, xTruncate(to) or ffi::SQLITE_IOERR_TRUNCATE))
        }
    })
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    contained(ffi::SQLITE_IOERR_FSYNC, || {
        // SAFETY: the file is open.
        unsafe {
            let settled = settle(file);
            if settled != ffi::SQLITE_OK {
                return settled;
            }
            ours(file).sync(|| forward!(file, xSync(flags) or ffi::SQLITE_IOERR_FSYNC))
        }
    })
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    contained(ffi::SQLITE_IOERR_FSTAT, || {
        // SAFETY: the file is open, and the size goes where SQLite wants it.
        unsafe {
            let settled = settle(file);
            if settled != ffi::SQLITE_OK {
                return settled;
            }
            forward!(file, xFileSize(size) or ffi::SQLITE_IOERR_FSTAT)
        }
    })
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, control: c_int, argument: *mut c_void) -> c_int {
    match control {
        // They would let SQLite's own VFS grow or map the file behind our back.
        ffi::SQLITE_FCNTL_CHUNK_SIZE | ffi::SQLITE_FCNTL_SIZE_HINT | ffi::SQLITE_FCNTL_MMAP_SIZE => {
            ffi::SQLITE_NOTFOUND
        }
        // SAFETY: the file is open, and the argument is what this control wants.
        _ => unsafe { forward!(file, xFileControl(control, argument) or ffi::SQLITE_NOTFOUND) },
    }
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: the file is open.
    let below = unsafe { forward!(file, xDeviceCharacteristics() or 0) };
    below & !(ffi::SQLITE_IOCAP_SUBPAGE_READ | ffi::SQLITE_IOCAP_BATCH_ATOMIC)
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: the file is open.
    unsafe { forward!(file, xShmBarrier() or ()) }
}

/// Functions that only go down.
macro_rules! forwarded {
    ($($name:ident = $method:ident($($argument:ident: $kind:ty),*) or $missing:expr;)*) => {$(
        unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $argument: $kind)*) -> c_int {
            // SAFETY: SQLite calls it on an open file, and the arguments go down as they came.
            unsafe { forward!(file, $method($($argument),*) or $missing) }
        }
    )*};
}

forwarded! {
    lock = xLock(level: c_int) or ffi::SQLITE_IOERR_LOCK;
    unlock = xUnlock(level: c_int) or ffi::SQLITE_IOERR_UNLOCK;
    check_reserved_lock = xCheckReservedLock(held: *mut c_int) or ffi::SQLITE_IOERR_CHECKRESERVEDLOCK;
    sector_size = xSectorSize() or 4096;
    shm_map = xShmMap(region: c_int, bytes: c_int, extend: c_int, at: *mut *mut c_void) or ffi::SQLITE_IOERR_SHMMAP;
    shm_lock = xShmLock(offset: c_int, count: c_int, flags: c_int) or ffi::SQLITE_IOERR_SHMLOCK;
    shm_unmap = xShmUnmap(delete: c_int) or ffi::SQLITE_OK;
}
