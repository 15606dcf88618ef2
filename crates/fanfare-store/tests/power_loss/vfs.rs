//! An SQLite VFS that passes everything on to the system's own, unless it is to fail, and writes down, in one order, what
//! happens to the database and its write-ahead log.
//!
//! A file is opened by the system's VFS in the memory that SQLite gives for it; then its table of methods is replaced
//! by a copy in which reading, writing, truncating, syncing and closing are ours. Everything else, shared memory and locks
//! too, goes to the system's methods directly.

// SQLite's VFS is a table of C functions. What they are given is valid for the time of the call, by SQLite's contract.
#![allow(unsafe_code)]

use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// One file, from when it is first opened to its deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub usize);

/// Something that happened to a file.
#[derive(Debug, Clone)]
pub enum Op {
    /// A file is opened for the first time: a new one, unless there is one of that name.
    Open {
        file: FileId,
        name: String,
    },
    Write {
        file: FileId,
        at: u64,
        data: Vec<u8>,
    },
    Truncate {
        file: FileId,
        size: u64,
    },
    /// What was done to the file before is on the disk.
    Sync {
        file: FileId,
    },
    /// What was done to the file before and not synced never comes to the disk, although the file still shows it: what
    /// Linux makes of a sync that failed.
    FailedSync {
        file: FileId,
    },
    /// `synced`: the directory is on the disk too.
    Delete {
        name: String,
        synced: bool,
    },
}

#[derive(Default)]
struct State {
    ops: Vec<Op>,
    files: BTreeMap<String, FileId>,
    created: usize,
    /// Syncs that failed, of each file.
    failed: BTreeMap<FileId, u32>,
    fails: Option<Syncing>,
    broken: Option<Broken>,
    waits: u32,
}

/// What is asked of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Read,
    Write,
    Sync,
}

/// A disk that fails.
#[derive(Debug, Clone, Copy)]
pub struct Broken {
    pub call: Call,
    /// SQLite's number for what is wrong.
    pub error: c_int,
    /// So many succeed before.
    pub after: u32,
    /// So many fail.
    pub times: u32,
}

impl State {
    /// Whether a call fails, and how.
    fn fails(&mut self, call: Call) -> Option<c_int> {
        let broken = self.broken.as_mut().filter(|broken| broken.call == call)?;
        if broken.after > 0 {
            broken.after -= 1;
            return None;
        }
        let error = broken.error;
        broken.times -= 1;
        if broken.times == 0 {
            self.broken = None;
        }
        Some(error)
    }
}

/// Whose sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syncing {
    /// Of this thread, which writes.
    By(ThreadId),
    /// Of any other thread, so of a checkpoint.
    NotBy(ThreadId),
}

impl Syncing {
    fn is_now(self) -> bool {
        let here = thread::current().id();
        match self {
            Syncing::By(id) => here == id,
            Syncing::NotBy(id) => here != id,
        }
    }
}

/// What a registered VFS knows; lives as long as the process.
struct Context {
    system: *mut sqlite3_vfs,
    state: Mutex<State>,
}

/// A file that is open: its system's methods and whom to tell.
#[derive(Clone, Copy)]
struct Opened {
    methods: *const sqlite3_io_methods,
    context: &'static Context,
    file: FileId,
    /// Syncs of the file that failed and that this one was told of.
    told: u32,
}

// SAFETY: the tables of methods are static data of SQLite, never written.
unsafe impl Send for Opened {}
// SAFETY: the system's VFS is static data of SQLite, which calls it from any thread itself.
unsafe impl Sync for Context {}

/// The open files, by address.
static OPENED: Mutex<BTreeMap<usize, Opened>> = Mutex::new(BTreeMap::new());

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A registered VFS.
pub struct Vfs {
    name: String,
    context: &'static Context,
}

impl Vfs {
    /// Registers a VFS under a name of its own.
    pub fn register() -> Vfs {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("recording-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let leaked = CString::new(name.as_str()).unwrap().into_raw();
        // SAFETY: NULL asks for the default VFS, which exists on every system with files.
        let system = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
        assert!(!system.is_null());
        let context: &'static Context = Box::leak(Box::new(Context { system, state: Mutex::default() }));
        // SAFETY: it was found just now. A copy may be changed: only its functions are shared, and those that look
        // at the VFS they are called for (open, delete) are replaced by ours, which pass the system's on.
        let mut vfs = unsafe { *system };
        vfs.zName = leaked;
        vfs.pAppData = std::ptr::from_ref(context).cast_mut().cast();
        vfs.pNext = std::ptr::null_mut();
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        vfs.xSleep = Some(sleep);
        // SAFETY: the VFS is leaked, so it lives as long as SQLite may use it.
        let registered = unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 0) };
        assert_eq!(registered, ffi::SQLITE_OK);
        Vfs { name, context }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next such sync fails, of any file.
    pub fn fail_next_sync(&self, whose: Syncing) {
        locked(&self.context.state).fails = Some(whose);
    }

    /// From now on the disk fails, until it has failed so often or is [healed](Vfs::heal).
    pub fn break_disk(&self, broken: Broken) {
        locked(&self.context.state).broken = Some(broken);
    }

    /// Ends what [`Vfs::break_disk`] began; answers whether it had not ended by itself.
    pub fn heal(&self) -> bool {
        locked(&self.context.state).broken.take().is_some()
    }

    /// How often somebody waited for a lock so far.
    pub fn waits(&self) -> u32 {
        locked(&self.context.state).waits
    }

    /// How much has happened so far.
    pub fn len(&self) -> usize {
        locked(&self.context.state).ops.len()
    }

    /// Everything that happened. The next file of a name is another one; no file may be open.
    pub fn take(&self) -> Vec<Op> {
        let mut state = locked(&self.context.state);
        state.files.clear();
        state.failed.clear();
        std::mem::take(&mut state.ops)
    }
}

/// The last part of a path.
fn base_name(path: *const c_char) -> String {
    // SAFETY: SQLite gives a path that ends with a zero.
    let path = unsafe { CStr::from_ptr(path) }.to_string_lossy();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: `register` put the context there.
    let context = unsafe { &*(*vfs).pAppData.cast::<Context>() };
    let mut state = locked(&context.state);
    // SAFETY: the call is passed on as it came, for the system's VFS.
    let opened = unsafe { (*context.system).xOpen.unwrap()(context.system, path, file, flags, out_flags) };
    let recorded = ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL;
    if opened != ffi::SQLITE_OK || flags & recorded == 0 {
        return opened;
    }
    let name = base_name(path);
    let id = match state.files.get(&name) {
        Some(id) => *id,
        None => {
            let id = FileId(state.created);
            state.created += 1;
            state.files.insert(name.clone(), id);
            state.ops.push(Op::Open { file: id, name });
            id
        }
    };
    // SAFETY: the system's open has filled the file in.
    unsafe {
        let methods = (*file).pMethods;
        let mut ours = *methods;
        ours.xRead = Some(read);
        ours.xWrite = Some(write);
        ours.xTruncate = Some(truncate);
        ours.xSync = Some(sync);
        ours.xClose = Some(close);
        (*file).pMethods = Box::leak(Box::new(ours));
        let told = state.failed.get(&id).copied().unwrap_or(0);
        locked(&OPENED).insert(file as usize, Opened { methods, context, file: id, told });
    }
    opened
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, path: *const c_char, sync_directory: c_int) -> c_int {
    // SAFETY: `register` put the context there.
    let context = unsafe { &*(*vfs).pAppData.cast::<Context>() };
    let mut state = locked(&context.state);
    // SAFETY: the call is passed on as it came, for the system's VFS.
    let deleted = unsafe { (*context.system).xDelete.unwrap()(context.system, path, sync_directory) };
    let name = base_name(path);
    if deleted == ffi::SQLITE_OK && state.files.remove(&name).is_some() {
        state.ops.push(Op::Delete { name, synced: sync_directory != 0 });
    }
    deleted
}

unsafe extern "C" fn sleep(vfs: *mut sqlite3_vfs, microseconds: c_int) -> c_int {
    // SAFETY: `register` put the context there.
    let context = unsafe { &*(*vfs).pAppData.cast::<Context>() };
    locked(&context.state).waits += 1;
    // SAFETY: the call is passed on as it came, for the system's VFS.
    unsafe { (*context.system).xSleep.unwrap()(context.system, microseconds) }
}

fn opened(file: *mut sqlite3_file) -> Opened {
    locked(&OPENED)[&(file as usize)]
}

unsafe extern "C" fn read(file: *mut sqlite3_file, data: *mut c_void, len: c_int, at: i64) -> c_int {
    let Opened { methods, context, .. } = opened(file);
    if let Some(error) = locked(&context.state).fails(Call::Read) {
        return error;
    }
    // SAFETY: the call is passed on as it came.
    unsafe { (*methods).xRead.unwrap()(file, data, len, at) }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, data: *const c_void, len: c_int, at: i64) -> c_int {
    let Opened { methods, context, file: id, .. } = opened(file);
    let mut state = locked(&context.state);
    if let Some(error) = state.fails(Call::Write) {
        return error;
    }
    // SAFETY: the call is passed on as it came.
    let written = unsafe { (*methods).xWrite.unwrap()(file, data, len, at) };
    if written == ffi::SQLITE_OK {
        // SAFETY: SQLite gives `len` bytes.
        let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len as usize) }.to_vec();
        state.ops.push(Op::Write { file: id, at: at as u64, data });
    }
    written
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    let Opened { methods, context, file: id, .. } = opened(file);
    let mut state = locked(&context.state);
    // SAFETY: the call is passed on as it came.
    let truncated = unsafe { (*methods).xTruncate.unwrap()(file, size) };
    if truncated == ffi::SQLITE_OK {
        state.ops.push(Op::Truncate { file: id, size: size as u64 });
    }
    truncated
}

/// Does not really sync: power is lost in the notes only, and tests are many. As Linux does, a failure is told once to each who
/// has the file open, at their next sync.
unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    let Opened { context, file: id, told, .. } = opened(file);
    let mut state = locked(&context.state);
    let fails = state.fails.take_if(|whose| whose.is_now()).map(|_| ffi::SQLITE_IOERR_FSYNC);
    if let Some(error) = fails.or_else(|| state.fails(Call::Sync)) {
        state.ops.push(Op::FailedSync { file: id });
        let failed = state.failed.entry(id).or_default();
        *failed += 1;
        tell(file, *failed);
        return error;
    }
    state.ops.push(Op::Sync { file: id });
    let failed = state.failed.get(&id).copied().unwrap_or(0);
    tell(file, failed);
    if failed > told { ffi::SQLITE_IOERR_FSYNC } else { ffi::SQLITE_OK }
}

fn tell(file: *mut sqlite3_file, failed: u32) {
    if let Some(opened) = locked(&OPENED).get_mut(&(file as usize)) {
        opened.told = failed;
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let Opened { methods, .. } = opened(file);
    locked(&OPENED).remove(&(file as usize));
    // SAFETY: the call is passed on as it came.
    unsafe { (*methods).xClose.unwrap()(file) }
}
