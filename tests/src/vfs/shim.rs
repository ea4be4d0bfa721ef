//! The C side: a virtual file system of SQLite that asks a [`Disk`] before each operation and hands it
//! on to the system's own one.
//!
//! SQLite calls through tables of C functions with pointers that it owns; that cannot be written without
//! `unsafe`. Each file object is this shim's header followed by the real file object, in the memory that
//! SQLite sets aside for it (`szOsFile` says how much).
#![allow(unsafe_code, reason = "SQLite's virtual file systems are tables of C functions")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "the module says what holds for all of them")]

use super::disk::{Disk, Kind, Op};
use rusqlite::ffi;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::PathBuf;
use std::ptr;

/// What stands before the real file object.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    /// Leaked with its disk: lives as long as the process.
    disk: *const Disk,
    /// None for files without a name. Dropped in [`close`].
    path: *mut PathBuf,
}

/// The disk and the real file system, behind `pAppData`.
struct Behind {
    disk: Disk,
    real: *mut ffi::sqlite3_vfs,
}

/// Registers a file system under a name. It is never taken back: connections may outlive the test.
pub(super) fn register(name: &str, disk: Disk) {
    let name = CString::new(name).expect("a name without NUL").into_raw();
    unsafe {
        let real = ffi::sqlite3_vfs_find(ptr::null());
        assert!(!real.is_null(), "SQLite has no file system");
        let mut vfs = *real;
        vfs.szOsFile = size_of::<File>() as c_int + (*real).szOsFile;
        vfs.pNext = ptr::null_mut();
        vfs.zName = name;
        vfs.pAppData = Box::into_raw(Box::new(Behind { disk, real })).cast();
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        vfs.xAccess = Some(access);
        vfs.xFullPathname = Some(full_pathname);
        // The rest of the table does not look at what is behind it, or is not used.
        let code = ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 0);
        assert_eq!(code, ffi::SQLITE_OK, "the file system cannot be registered");
    }
}

unsafe fn behind<'a>(vfs: *mut ffi::sqlite3_vfs) -> &'a Behind {
    unsafe { &*(*vfs).pAppData.cast::<Behind>() }
}

fn path_at(name: *const c_char) -> Option<PathBuf> {
    if name.is_null() {
        return None;
    }
    let name = unsafe { CStr::from_ptr(name) };
    Some(PathBuf::from(name.to_string_lossy().into_owned()))
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    unsafe {
        let behind = behind(vfs);
        let shim = file.cast::<File>();
        (*shim).base.pMethods = ptr::null();
        (*shim).disk = &raw const behind.disk;
        (*shim).path = ptr::null_mut();
        let path = path_at(name);
        let creates = flags & ffi::SQLITE_OPEN_CREATE != 0;
        let made = path.clone().filter(|path| creates && !path.exists());
        if let Some(path) = made.clone()
            && behind.disk.before(&Op::Create { path }).is_some()
        {
            return ffi::SQLITE_CANTOPEN;
        }
        let real = real(file);
        (*real).pMethods = ptr::null();
        let Some(call) = (*behind.real).xOpen else { return ffi::SQLITE_CANTOPEN };
        let code = call(behind.real, name, real, flags, out);
        if code == ffi::SQLITE_OK {
            if let Some(path) = made {
                behind.disk.after(Op::Create { path });
            }
            if let Some(path) = path {
                (*shim).path = Box::into_raw(Box::new(path));
            }
            (*shim).base.pMethods = &raw const METHODS;
        }
        code
    }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    unsafe {
        let behind = behind(vfs);
        let path = path_at(name).unwrap_or_default();
        let op = Op::Delete { path, sync: sync != 0 };
        if behind.disk.before(&op).is_some() {
            return ffi::SQLITE_IOERR_DELETE;
        }
        let Some(call) = (*behind.real).xDelete else { return ffi::SQLITE_IOERR_DELETE };
        let code = call(behind.real, name, sync);
        if code == ffi::SQLITE_OK {
            behind.disk.after(op);
        }
        code
    }
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    unsafe {
        let real = behind(vfs).real;
        (*real).xAccess.map_or(ffi::SQLITE_IOERR_ACCESS, |call| call(real, name, flags, out))
    }
}

unsafe extern "C" fn full_pathname(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    size: c_int,
    out: *mut c_char,
) -> c_int {
    unsafe {
        let real = behind(vfs).real;
        (*real).xFullPathname.map_or(ffi::SQLITE_CANTOPEN, |call| call(real, name, size, out))
    }
}

/// The real file object, which follows the header.
unsafe fn real(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    unsafe { file.cast::<u8>().add(size_of::<File>()).cast() }
}

/// Asks the disk about an operation on a named file, carries it out, and records it.
unsafe fn through(
    file: *mut ffi::sqlite3_file,
    op: impl FnOnce(PathBuf) -> Op,
    broken: c_int,
    call: impl FnOnce(*mut ffi::sqlite3_file, &ffi::sqlite3_io_methods) -> Option<c_int>,
) -> c_int {
    unsafe {
        let shim = &*file.cast::<File>();
        let real = real(file);
        let methods = &*(*real).pMethods;
        let disk = &*shim.disk;
        let op = shim.path.as_ref().map(|path| op(path.clone()));
        match op.as_ref().and_then(|op| disk.before(op)) {
            Some(Kind::Full) => return ffi::SQLITE_FULL,
            Some(Kind::Broken) => return broken,
            None => {}
        }
        let code = call(real, methods).unwrap_or(ffi::SQLITE_ERROR);
        if code == ffi::SQLITE_OK
            && let Some(op) = op
        {
            disk.after(op);
        }
        code
    }
}

/// Hands a call on that changes nothing on the disk.
macro_rules! hand_on {
    ($name:ident, $method:ident $(, $argument:ident : $kind:ty)*) => {
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $argument: $kind)*) -> c_int {
            unsafe {
                let real = real(file);
                (*(*real).pMethods).$method.map_or(ffi::SQLITE_ERROR, |call| call(real $(, $argument)*))
            }
        }
    };
}

hand_on!(read, xRead, to: *mut c_void, count: c_int, offset: ffi::sqlite3_int64);
hand_on!(file_size, xFileSize, size: *mut ffi::sqlite3_int64);
hand_on!(lock, xLock, level: c_int);
hand_on!(unlock, xUnlock, level: c_int);
hand_on!(check_reserved_lock, xCheckReservedLock, out: *mut c_int);
hand_on!(file_control, xFileControl, op: c_int, argument: *mut c_void);
hand_on!(sector_size, xSectorSize);
hand_on!(device_characteristics, xDeviceCharacteristics);
hand_on!(shm_map, xShmMap, page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void);
hand_on!(shm_lock, xShmLock, offset: c_int, count: c_int, flags: c_int);
hand_on!(shm_unmap, xShmUnmap, delete: c_int);

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    unsafe {
        let real = real(file);
        if let Some(call) = (*(*real).pMethods).xShmBarrier {
            call(real);
        }
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    unsafe {
        let shim = file.cast::<File>();
        if !(*shim).path.is_null() {
            drop(Box::from_raw((*shim).path));
            (*shim).path = ptr::null_mut();
        }
        let real = real(file);
        (*(*real).pMethods).xClose.map_or(ffi::SQLITE_OK, |call| call(real))
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    count: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    unsafe {
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), count as usize).to_vec();
        let op = |path| Op::Write { path, offset: offset as u64, bytes };
        through(file, op, ffi::SQLITE_IOERR_WRITE, |real, methods| {
            methods.xWrite.map(|call| call(real, from, count, offset))
        })
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    unsafe {
        let op = |path| Op::Truncate { path, size: size as u64 };
        through(file, op, ffi::SQLITE_IOERR_TRUNCATE, |real, methods| {
            methods.xTruncate.map(|call| call(real, size))
        })
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    unsafe {
        through(
            file,
            |path| Op::Sync { path },
            ffi::SQLITE_IOERR_FSYNC,
            |real, methods| methods.xSync.map(|call| call(real, flags)),
        )
    }
}

/// Version 2: with shared memory, without memory-mapped files, whose writes nobody could see.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
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
