//! System calls, as section 2 of the manual has them. A failure is the errno.
use crate::machine::{number, syscall};
use core::mem::{size_of, size_of_val, zeroed};
use core::ptr::null;

pub const STDIN: i32 = 0;
pub const STDOUT: i32 = 1;
pub const STDERR: i32 = 2;

/// asm-generic/errno-base.h
pub const ENOENT: i32 = 2;
pub const EINTR: i32 = 4;
const EBADF: i32 = 9;
pub const EAGAIN: i32 = 11;
const EINVAL: i32 = 22;

/// asm-generic/fcntl.h, linux/fcntl.h
pub const O_NOCTTY: usize = 0o400;
pub const O_NONBLOCK: usize = 0o4000;
pub const O_CLOEXEC: usize = 0o2000000;
const O_PATH: usize = 0o10000000;
const F_GETFD: usize = 1;
const AT_FDCWD: usize = -100isize as usize;

/// linux/socket.h, asm-generic/socket.h
const AF_UNIX: usize = 1;
const SOCK_STREAM: usize = 1;
const SOL_SOCKET: usize = 1;
const SO_PEERCRED: usize = 17;
pub const SCM_RIGHTS: i32 = 1;
const MSG_NOSIGNAL: usize = 0x4000;

/// asm-generic/poll.h
pub const POLLIN: i16 = 1;
pub const POLLOUT: i16 = 4;

/// Again after a signal.
fn call(number: usize, arguments: [usize; 6]) -> Result<usize, i32> {
    loop {
        let result = unsafe { syscall(number, arguments) };
        match result {
            0.. => return Ok(result as usize),
            failed if failed == -(EINTR as isize) => {}
            failed => return Err(-failed as i32),
        }
    }
}

fn descriptor(result: Result<usize, i32>) -> Result<i32, i32> {
    result.map(|fd| fd as i32)
}

pub fn exit(status: u8) -> ! {
    loop {
        let _ = call(number::EXIT_GROUP, [usize::from(status), 0, 0, 0, 0, 0]);
    }
}

pub fn read(fd: i32, bytes: &mut [u8]) -> Result<usize, i32> {
    call(number::READ, [fd as usize, bytes.as_mut_ptr() as usize, bytes.len(), 0, 0, 0])
}

/// All of it, as far as somebody takes it. Returns whether that is all.
pub fn write_all(fd: i32, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match call(number::WRITE, [fd as usize, bytes.as_ptr() as usize, bytes.len(), 0, 0, 0]) {
            Ok(written) => bytes = &bytes[written..],
            Err(EAGAIN) => {
                wait(fd, POLLOUT, -1);
            }
            Err(_) => return false,
        }
    }
    true
}

/// A reader that goes away is an error of write(2) from here on. What is executed would inherit it: so not before there is nothing to execute.
pub fn ignore_broken_pipes() {
    const SIGPIPE: usize = 13;
    const SIG_IGN: usize = 1;
    // The kernel's `struct sigaction`: handler, flags, restorer, mask.
    let action = [SIG_IGN, 0, 0, 0];
    let _ = call(number::RT_SIGACTION, [SIGPIPE, action.as_ptr() as usize, 0, 8, 0, 0]);
}

/// Takes the place of standard streams that are closed, so that no socket becomes one of them. As with closed ones, reading and writing
/// is EBADF, and what is executed has them closed.
pub fn occupy_standard_streams() {
    for fd in [STDIN, STDOUT, STDERR] {
        if call(number::FCNTL, [fd as usize, F_GETFD, 0, 0, 0, 0]) == Err(EBADF) {
            let _ = open(c"/".as_ptr().cast(), O_PATH | O_CLOEXEC);
        }
    }
}

/// A file by a path that ends with zero.
pub fn open(path: *const u8, flags: usize) -> Result<i32, i32> {
    descriptor(call(number::OPENAT, [AT_FDCWD, path as usize, flags, 0, 0, 0]))
}

/// The magic number of the file system that a path leads to (linux/magic.h).
pub fn file_system(path: *const u8) -> Result<u64, i32> {
    let mut status = [0u64; 15];
    call(number::STATFS, [path as usize, status.as_mut_ptr() as usize, 0, 0, 0, 0])?;
    Ok(status[0])
}

/// `struct stat` begins with the device and the inode on 64-bit machines.
pub fn inode(path: &core::ffi::CStr) -> u64 {
    let mut status = [0u64; 18];
    let arguments = [AT_FDCWD, path.as_ptr() as usize, status.as_mut_ptr() as usize, 0, 0, 0];
    if call(number::NEWFSTATAT, arguments).is_ok() { status[1] } else { 0 }
}

/// Nanoseconds since some moment that all processes share.
pub fn monotonic() -> u64 {
    let mut time = [0u64; 2];
    let _ = call(number::CLOCK_GETTIME, [1, time.as_mut_ptr() as usize, 0, 0, 0, 0]);
    time[0] * 1_000_000_000 + time[1]
}

/// Memory of its own for the process, zeroed; null where there is none.
pub fn map(length: usize) -> *mut u8 {
    const READ_WRITE: usize = 3;
    const PRIVATE_ANONYMOUS: usize = 0x22;
    let mapped = call(number::MMAP, [0, length, READ_WRITE, PRIVATE_ANONYMOUS, usize::MAX, 0]);
    mapped.unwrap_or(0) as *mut u8
}

/// The same memory, longer, perhaps elsewhere; null where there is none.
pub fn remap(memory: *mut u8, length: usize, longer: usize) -> *mut u8 {
    const MAYMOVE: usize = 1;
    call(number::MREMAP, [memory as usize, length, longer, MAYMOVE, 0, 0]).unwrap_or(0) as *mut u8
}

/// Waits until the descriptor is ready, for so many milliseconds at most, without end where negative.
pub fn wait(fd: i32, events: i16, milliseconds: i64) -> bool {
    #[repr(C)]
    struct PollFd {
        fd: i32,
        events: i16,
        revents: i16,
    }
    let mut polled = PollFd { fd, events, revents: 0 };
    let time = [milliseconds / 1000, milliseconds % 1000 * 1_000_000];
    let timeout = if milliseconds < 0 { null() } else { time.as_ptr() };
    let arguments = [&raw mut polled as usize, 1, timeout as usize, 0, 8, 0];
    matches!(call(number::PPOLL, arguments), Ok(ready) if ready > 0)
}

pub fn geteuid() -> u32 {
    call(number::GETEUID, [0; 6]).unwrap_or(0) as u32
}

/// A stream socket, connected to the one at that path. It does not block.
pub fn connect(path: &[u8]) -> Result<i32, i32> {
    #[repr(C)]
    struct Address {
        family: u16,
        path: [u8; 108],
    }
    let mut address = Address { family: AF_UNIX as u16, path: [0; 108] };
    // An empty one would name a socket without a file, which anybody may bind.
    if path.is_empty() || path.len() >= address.path.len() {
        return Err(ENOENT);
    }
    address.path[..path.len()].copy_from_slice(path);
    let kind = SOCK_STREAM | O_NONBLOCK | O_CLOEXEC;
    let fd = descriptor(call(number::SOCKET, [AF_UNIX, kind, 0, 0, 0, 0]))?;
    let length = size_of::<Address>();
    let arguments = [fd as usize, &raw const address as usize, length, 0, 0, 0];
    match call(number::CONNECT, arguments) {
        Ok(_) => Ok(fd),
        Err(errno) => {
            let _ = call(number::CLOSE, [fd as usize, 0, 0, 0, 0, 0]);
            Err(errno)
        }
    }
}

/// The user at the other end.
pub fn peer(fd: i32) -> Result<u32, i32> {
    let mut credentials = [0u32; 3];
    let mut length = size_of::<[u32; 3]>() as u32;
    let value = credentials.as_mut_ptr() as usize;
    call(
        number::GETSOCKOPT,
        [fd as usize, SOL_SOCKET, SO_PEERCRED, value, &raw mut length as usize, 0],
    )?;
    Ok(credentials[1])
}

#[repr(C)]
pub struct Slice {
    pub base: *const u8,
    pub length: usize,
}

#[repr(C)]
struct Message {
    name: *const u8,
    name_length: u32,
    slices: *const Slice,
    count: usize,
    control: *const u8,
    control_length: usize,
    flags: i32,
}

#[repr(C)]
struct Descriptors {
    length: usize,
    level: i32,
    kind: i32,
    fds: [i32; 2],
}

/// Sends what it can of the slices, and the descriptors with it. Returns the length that was sent.
pub fn send(fd: i32, slices: &[Slice], fds: &[i32]) -> Result<usize, i32> {
    let mut control: Descriptors = unsafe { zeroed() };
    let filled = 16 + size_of_val(fds);
    if !fds.is_empty() {
        control =
            Descriptors { length: filled, level: SOL_SOCKET as i32, kind: SCM_RIGHTS, fds: [0; 2] };
        control.fds[..fds.len()].copy_from_slice(fds);
    }
    let message = Message {
        name: null(),
        name_length: 0,
        slices: slices.as_ptr(),
        count: slices.len(),
        control: if fds.is_empty() { null() } else { &raw const control as *const u8 },
        control_length: if fds.is_empty() { 0 } else { filled.next_multiple_of(8) },
        flags: 0,
    };
    call(number::SENDMSG, [fd as usize, &raw const message as usize, MSG_NOSIGNAL, 0, 0, 0])
}

/// Replaces this program. Returns where that cannot be done.
pub fn execute(path: *const u8, arguments: *const *const u8, environment: *const *const u8) {
    let _ =
        call(number::EXECVE, [path as usize, arguments as usize, environment as usize, 0, 0, 0]);
}

/// A file in memory, at its beginning, as standard input. Returns whether it is.
pub fn replace_stdin(bytes: &[u8]) -> bool {
    let Ok(fd) = memory_file() else {
        return false;
    };
    write_all(fd, bytes)
        && call(number::LSEEK, [fd as usize, 0, 0, 0, 0, 0]).is_ok()
        && call(number::DUP3, [fd as usize, STDIN as usize, 0, 0, 0, 0]).is_ok()
}

/// Not to be executed, since `vm.memfd_noexec` may forbid another; older kernels know no such.
fn memory_file() -> Result<i32, i32> {
    const MFD_CLOEXEC: usize = 1;
    const MFD_NOEXEC_SEAL: usize = 8;
    let create = |flags| {
        descriptor(call(number::MEMFD_CREATE, [c"stdin".as_ptr() as usize, flags, 0, 0, 0, 0]))
    };
    match create(MFD_CLOEXEC | MFD_NOEXEC_SEAL) {
        Err(EINVAL) => create(MFD_CLOEXEC),
        created => created,
    }
}
