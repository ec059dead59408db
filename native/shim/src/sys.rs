//! System calls, as section 2 of the manual has them. A failure is the errno.
use core::arch::asm;
use core::mem::{size_of, size_of_val, zeroed};
use core::ptr::null;

pub const STDIN: i32 = 0;
pub const STDOUT: i32 = 1;
pub const STDERR: i32 = 2;

/// asm-generic/errno-base.h
pub const ENOENT: i32 = 2;
pub const EINTR: i32 = 4;
pub const EAGAIN: i32 = 11;

/// asm-generic/fcntl.h, linux/fcntl.h
pub const O_NOCTTY: usize = 0o400;
pub const O_NONBLOCK: usize = 0o4000;
pub const O_CLOEXEC: usize = 0o2000000;
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

#[cfg(target_arch = "x86_64")]
mod number {
    pub const READ: usize = 0;
    pub const WRITE: usize = 1;
    pub const CLOSE: usize = 3;
    pub const LSEEK: usize = 8;
    pub const MMAP: usize = 9;
    pub const MREMAP: usize = 25;
    pub const SOCKET: usize = 41;
    pub const CONNECT: usize = 42;
    pub const SENDMSG: usize = 46;
    pub const GETSOCKOPT: usize = 55;
    pub const EXECVE: usize = 59;
    pub const GETEUID: usize = 107;
    pub const STATFS: usize = 137;
    pub const CLOCK_GETTIME: usize = 228;
    pub const EXIT_GROUP: usize = 231;
    pub const OPENAT: usize = 257;
    pub const NEWFSTATAT: usize = 262;
    pub const PPOLL: usize = 271;
    pub const DUP3: usize = 292;
    pub const MEMFD_CREATE: usize = 319;
}

#[cfg(target_arch = "aarch64")]
mod number {
    pub const DUP3: usize = 24;
    pub const STATFS: usize = 43;
    pub const OPENAT: usize = 56;
    pub const CLOSE: usize = 57;
    pub const LSEEK: usize = 62;
    pub const READ: usize = 63;
    pub const WRITE: usize = 64;
    pub const PPOLL: usize = 73;
    pub const NEWFSTATAT: usize = 79;
    pub const EXIT_GROUP: usize = 94;
    pub const CLOCK_GETTIME: usize = 113;
    pub const GETEUID: usize = 175;
    pub const SOCKET: usize = 198;
    pub const CONNECT: usize = 203;
    pub const GETSOCKOPT: usize = 209;
    pub const SENDMSG: usize = 211;
    pub const MREMAP: usize = 216;
    pub const EXECVE: usize = 221;
    pub const MMAP: usize = 222;
    pub const MEMFD_CREATE: usize = 279;
}

/// # Safety
/// Pointers among the arguments have to be what the call expects.
#[cfg(target_arch = "x86_64")]
unsafe fn syscall(number: usize, a: [usize; 6]) -> isize {
    let result: isize;
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => result, in("rdi") a[0], in("rsi") a[1], in("rdx") a[2],
            in("r10") a[3], in("r8") a[4], in("r9") a[5], lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result
}

/// # Safety
/// Pointers among the arguments have to be what the call expects.
#[cfg(target_arch = "aarch64")]
unsafe fn syscall(number: usize, a: [usize; 6]) -> isize {
    let result: isize;
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") a[0] as isize => result, in("x1") a[1], in("x2") a[2],
            in("x3") a[3], in("x4") a[4], in("x5") a[5], options(nostack));
    }
    result
}

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

/// All of it, as far as somebody reads it.
pub fn write_all(fd: i32, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match call(number::WRITE, [fd as usize, bytes.as_ptr() as usize, bytes.len(), 0, 0, 0]) {
            Ok(written) => bytes = &bytes[written..],
            Err(EAGAIN) => {
                wait(fd, POLLOUT, -1);
            }
            Err(_) => return,
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
    let kind = SOCK_STREAM | O_NONBLOCK | O_CLOEXEC;
    let fd = descriptor(call(number::SOCKET, [AF_UNIX, kind, 0, 0, 0, 0]))?;
    let mut address = Address { family: AF_UNIX as u16, path: [0; 108] };
    if path.len() >= address.path.len() {
        return Err(ENOENT);
    }
    address.path[..path.len()].copy_from_slice(path);
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

/// A file in memory, at its beginning, as standard input.
pub fn replace_stdin(bytes: &[u8]) -> Result<(), i32> {
    let fd = descriptor(call(number::MEMFD_CREATE, [c"stdin".as_ptr() as usize, 0, 0, 0, 0, 0]))?;
    write_all(fd, bytes);
    call(number::LSEEK, [fd as usize, 0, 0, 0, 0, 0])?;
    if fd != STDIN {
        call(number::DUP3, [fd as usize, STDIN as usize, 0, 0, 0, 0])?;
    }
    Ok(())
}
