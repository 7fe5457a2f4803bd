//! The bytes of a feed: unpacked if need be, without the byte order mark, counted.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::FeedError;

/// The size of the reading buffers; larger ones are no faster.
const BUFFER: usize = 64 * 1024;

/// Text of a feed, ready to be split.
pub(super) type Text<'r> = Box<dyn BufRead + Send + 'r>;

/// How many bytes have been read as they came, before unpacking.
#[derive(Clone, Debug, Default)]
pub(super) struct ByteCount(Arc<AtomicU64>);

impl ByteCount {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Counting<R> {
    inner: R,
    count: ByteCount,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Looks at the first bytes, unpacks gzip, and refuses what can't be UTF-8 text.
pub(super) fn open<'r>(reader: impl Read + Send + 'r) -> Result<(Text<'r>, ByteCount), FeedError> {
    let count = ByteCount::default();
    let raw = BufReader::with_capacity(BUFFER, Counting { inner: reader, count: count.clone() });
    let (start, raw) = peek(raw)?;
    let (start, mut text): (Vec<u8>, Text<'r>) = if start.starts_with(&[0x1f, 0x8b]) {
        let unpacked = BufReader::with_capacity(BUFFER, MultiGzDecoder::new(raw));
        let (start, unpacked) = peek(unpacked)?;
        (start, Box::new(unpacked))
    } else {
        (start, Box::new(raw))
    };
    check_start(&start)?;
    if start.starts_with(b"\xef\xbb\xbf") {
        let mut mark = [0; 3];
        text.read_exact(&mut mark).map_err(|error| classify(error, 0))?;
    }
    Ok((text, count))
}

/// A reader whose first bytes have been looked at and put back.
type Rewound<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

/// The first bytes, and a reader that still gives them.
fn peek<R: BufRead>(mut reader: R) -> Result<(Vec<u8>, Rewound<R>), FeedError> {
    let mut start = Vec::with_capacity(4);
    reader.by_ref().take(4).read_to_end(&mut start).map_err(|error| classify(error, 0))?;
    Ok((start.clone(), io::Cursor::new(start).chain(reader)))
}

fn check_start(start: &[u8]) -> Result<(), FeedError> {
    let save_as_utf8 = "export it again with the encoding UTF-8";
    let export_as_csv = "export it as CSV, or unpack it first";
    let (found, advice) = match start {
        [0xff, 0xfe, ..] | [0x20..=0x7e, 0, ..] => ("UTF-16 (little endian)", save_as_utf8),
        [0xfe, 0xff, ..] | [0, 0x20..=0x7e, ..] => ("UTF-16 (big endian)", save_as_utf8),
        [b'P', b'K', 3, 4] => ("an Excel workbook or a ZIP archive", export_as_csv),
        [0x28, 0xb5, 0x2f, 0xfd] => ("packed with zstd", "send it unpacked or packed with gzip"),
        _ => return Ok(()),
    };
    Err(FeedError::Encoding { found, advice })
}

/// Tells a gzip stream that ends too early or is damaged from other failures.
pub(super) fn classify(source: io::Error, line: u64) -> FeedError {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => {
            FeedError::CutShort { what: format!("its gzip stream ends in the middle, after line {line}") }
        }
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => FeedError::Damaged { line, source },
        _ => FeedError::Io { line, source },
    }
}
