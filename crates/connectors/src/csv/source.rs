//! The bytes of a feed: counted, unpacked if need be, without the byte order mark, made text.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use muster_engine::model::Encoding;

use super::FeedError;
use super::encoding::{Decoding, Undecodable};

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

/// A feed whose bytes have been made text.
pub(super) struct Source<'r> {
    pub(super) text: Text<'r>,
    pub(super) count: ByteCount,
    /// The encoding it is read in.
    pub(super) encoding: Encoding,
}

/// Looks at the first bytes, unpacks gzip, and refuses what can't be text.
pub(super) fn open<'r>(reader: impl Read + Send + 'r, set: Encoding) -> Result<Source<'r>, FeedError> {
    let count = ByteCount::default();
    let raw = BufReader::with_capacity(BUFFER, Counting { inner: reader, count: count.clone() });
    let (start, raw) = peek(raw)?;
    let (start, mut bytes): (Vec<u8>, Text<'r>) = if start.starts_with(&[0x1f, 0x8b]) {
        let unpacked = BufReader::with_capacity(BUFFER, MultiGzDecoder::new(raw));
        let (start, unpacked) = peek(unpacked)?;
        (start, Box::new(unpacked))
    } else {
        (start, Box::new(raw))
    };
    check_start(&start)?;
    let (encoding, mark) = recognise(&start, set)?;
    let passed =
        io::copy(&mut bytes.by_ref().take(mark), &mut io::sink()).map_err(|error| classify(error, 0))?;
    Ok(Source { text: Box::new(Decoding::new(bytes, encoding, passed)), count, encoding })
}

/// The encoding, and how long the byte order mark is.
fn recognise(start: &[u8], set: Encoding) -> Result<(Encoding, u64), FeedError> {
    let marked = match start {
        [0xef, 0xbb, 0xbf, ..] => Some((Encoding::Utf8, 3)),
        [0xff, 0xfe, ..] => Some((Encoding::Utf16Le, 2)),
        [0xfe, 0xff, ..] => Some((Encoding::Utf16Be, 2)),
        _ => None,
    };
    match (set, marked) {
        (Encoding::Auto, Some(marked)) => Ok(marked),
        (Encoding::Auto, None) => Ok(match start {
            // Every other byte of a header in Latin letters is zero.
            [1..=0xff, 0, 1..=0xff, 0] => (Encoding::Utf16Le, 0),
            [0, 1..=0xff, 0, 1..=0xff] => (Encoding::Utf16Be, 0),
            _ => (Encoding::Utf8, 0),
        }),
        (set, Some((found, length))) if set == found => Ok((set, length)),
        (set, Some((found, _))) => Err(FeedError::Mark { found: found.name(), set: set.name() }),
        (set, None) => Ok((set, 0)),
    }
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
    let export_as_csv = "export it as CSV, or unpack it first";
    let (found, advice) = match start {
        [0xff, 0xfe, 0, 0] | [0, 0, 0xfe, 0xff] => ("UTF-32", "export it again with the encoding UTF-8"),
        [b'P', b'K', 3, 4] => ("an Excel workbook or a ZIP archive", export_as_csv),
        [0x28, 0xb5, 0x2f, 0xfd] => ("packed with zstd", "send it unpacked or packed with gzip"),
        _ => return Ok(()),
    };
    Err(FeedError::Encoding { found, advice })
}

/// Tells bytes that aren't text, and a gzip stream that ends too early or is damaged, from other failures.
pub(super) fn classify(source: io::Error, line: u64) -> FeedError {
    let source = match source.downcast::<Undecodable>() {
        Ok(bad) => return bad.into(),
        Err(source) => source,
    };
    match source.kind() {
        io::ErrorKind::UnexpectedEof => {
            FeedError::CutShort { what: format!("its gzip stream ends in the middle, after line {line}") }
        }
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => FeedError::Damaged { line, source },
        _ => FeedError::Io { line, source },
    }
}
