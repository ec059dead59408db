//! What `bulkhead install` writes into the executable.
use crate::host;
use core::ptr::addr_of;
use core::slice;

const SIZE: usize = 8192;
const MAGIC: [u8; 23] = *b"BULKHEAD-SHIM-CONFIG-1\0";

/// The magic, a count (16 bits, little-endian), and so many texts, each with a zero at its end.
#[used]
#[unsafe(link_section = ".bulkhead")]
static CONFIG: [u8; SIZE] = {
    let mut config = [0; SIZE];
    let mut i = 0;
    while i < MAGIC.len() {
        config[i] = MAGIC[i];
        i += 1;
    }
    config
};

/// The CNI type, the path of the socket, what is printed where nothing can be executed, and the host's arguments.
pub struct Config {
    texts: &'static [u8],
    count: usize,
}

impl Config {
    /// None where the executable is as it was built.
    pub fn get() -> Option<Self> {
        // The compiler knows only what was built.
        let start = addr_of!(CONFIG).cast::<u8>();
        let byte = |at: usize| unsafe { start.add(at).read_volatile() };
        let count = usize::from(u16::from_le_bytes([byte(MAGIC.len()), byte(MAGIC.len() + 1)]));
        let offset = MAGIC.len() + 2;
        let texts = unsafe {
            slice::from_raw_parts(core::hint::black_box(start.add(offset)), SIZE - offset)
        };
        (4..=3 + host::MOST).contains(&count).then_some(Config { texts, count })
    }

    /// The CNI type that the executable stands for.
    pub fn kind(&self) -> &[u8] {
        self.text(0)
    }

    pub fn socket(&self) -> &[u8] {
        self.text(1)
    }

    pub fn failure(&self) -> &[u8] {
        self.text(2)
    }

    /// Program and arguments of the host, each with a zero at its end.
    pub fn host(&self) -> impl Iterator<Item = *const u8> {
        (3..self.count).map(|i| self.text(i).as_ptr())
    }

    fn text(&self, index: usize) -> &[u8] {
        self.texts.split(|byte| *byte == 0).nth(index).unwrap_or(&[])
    }
}
