//! Text of any encoding as UTF-8, in constant memory. What can't be read is an error; nothing is ever replaced.

use std::io::{self, BufRead, Read};

use muster_engine::model::Encoding;

use super::FeedError;
use super::tables::upper_half;

/// Reads text as UTF-8.
pub(super) struct Decoding<R> {
    inner: R,
    decoder: Decoder,
    /// Bytes read and not yet decoded.
    raw: Vec<u8>,
    /// Text decoded, given out up to `at`.
    text: Vec<u8>,
    at: usize,
    /// Line ends decoded, and bytes.
    lines: u64,
    offset: u64,
    ended: bool,
}

impl<R: BufRead> Decoding<R> {
    /// `offset`: how many bytes came before, such as those of a byte order mark.
    pub(super) fn new(inner: R, encoding: Encoding, offset: u64) -> Self {
        Self {
            inner,
            decoder: Decoder::new(encoding),
            raw: Vec::new(),
            text: Vec::new(),
            at: 0,
            lines: 0,
            offset,
            ended: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.at = 0;
        while self.text.is_empty() && !self.ended {
            let input = self.inner.fill_buf()?;
            let length = input.len();
            self.ended = length == 0;
            self.raw.extend_from_slice(input);
            self.inner.consume(length);
            let decoded = self.decoder.decode(&self.raw, self.ended, &mut self.text);
            self.lines += self.text.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
            let taken = decoded.map_err(|bad| {
                io::Error::other(Undecodable {
                    line: self.lines + 1,
                    offset: self.offset + bad.at as u64,
                    bytes: self.raw.get(bad.at..bad.at + bad.length).unwrap_or_default().to_vec(),
                    encoding: self.decoder.encoding,
                })
            })?;
            self.raw.drain(..taken);
            self.offset += taken as u64;
        }
        Ok(())
    }
}

impl<R: BufRead> BufRead for Decoding<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.text.len() {
            self.fill()?;
        }
        Ok(self.text.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, length: usize) {
        self.at = (self.at + length).min(self.text.len());
    }
}

impl<R: BufRead> Read for Decoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// Bytes that aren't text in the encoding of a feed.
#[derive(Debug, thiserror::Error)]
#[error("bytes that aren't text")]
pub(super) struct Undecodable {
    line: u64,
    offset: u64,
    bytes: Vec<u8>,
    encoding: Encoding,
}

impl From<Undecodable> for FeedError {
    fn from(bad: Undecodable) -> Self {
        let is_utf16 = matches!(bad.encoding, Encoding::Utf16Le | Encoding::Utf16Be);
        if is_utf16 && bad.bytes.len() == 1 {
            return Self::CutShort {
                what: format!("its last character, on line {}, is incomplete", bad.line),
            };
        }
        let shown: Vec<String> = bad.bytes.iter().map(|byte| format!("0x{byte:02X}")).collect();
        Self::Undecodable {
            line: bad.line,
            offset: bad.offset,
            bytes: shown.join(" "),
            encoding: bad.encoding.name(),
            advice: match bad.encoding {
                Encoding::Utf16Le | Encoding::Utf16Be | Encoding::Windows1252 => "utf-8",
                _ => "windows-1252",
            },
        }
    }
}

/// Where bytes aren't text.
struct Bad {
    at: usize,
    length: usize,
}

struct Decoder {
    encoding: Encoding,
    /// Of encodings with one byte a character: what the bytes from 0x80 on stand for.
    upper: Option<[char; 128]>,
}

impl Decoder {
    fn new(encoding: Encoding) -> Self {
        Self { encoding, upper: upper_half(encoding) }
    }

    /// Decodes what is whole and gives how many bytes that was; at the end everything has to be.
    fn decode(&self, raw: &[u8], end: bool, out: &mut Vec<u8>) -> Result<usize, Bad> {
        match (&self.upper, self.encoding) {
            (Some(upper), _) => one_byte(raw, upper, out),
            (None, Encoding::Utf16Le) => utf16(raw, end, u16::from_le_bytes, out),
            (None, Encoding::Utf16Be) => utf16(raw, end, u16::from_be_bytes, out),
            (None, _) => utf8(raw, end, out),
        }
    }
}

fn utf8(raw: &[u8], end: bool, out: &mut Vec<u8>) -> Result<usize, Bad> {
    let Err(error) = str::from_utf8(raw) else {
        out.extend_from_slice(raw);
        return Ok(raw.len());
    };
    let valid = error.valid_up_to();
    out.extend_from_slice(raw.get(..valid).unwrap_or_default());
    match error.error_len() {
        None if !end => Ok(valid),
        length => Err(Bad { at: valid, length: length.unwrap_or(raw.len() - valid) }),
    }
}

fn utf16(raw: &[u8], end: bool, unit: fn([u8; 2]) -> u16, out: &mut Vec<u8>) -> Result<usize, Bad> {
    let (pairs, rest) = raw.as_chunks::<2>();
    let mut taken = 0;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok(c) => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                taken += 2 * c.len_utf16();
            }
            // The first half of a character whose second half is still to come.
            Err(half) if !end && taken + 2 == pairs.len() * 2 && half.unpaired_surrogate() < 0xdc00 => {
                return Ok(taken);
            }
            Err(_) => return Err(Bad { at: taken, length: 2 }),
        }
    }
    if end && !rest.is_empty() {
        return Err(Bad { at: taken, length: 1 });
    }
    Ok(taken)
}

fn one_byte(raw: &[u8], upper: &[char; 128], out: &mut Vec<u8>) -> Result<usize, Bad> {
    for (at, byte) in raw.iter().enumerate() {
        match byte.checked_sub(0x80).and_then(|high| upper.get(usize::from(high))) {
            None => out.push(*byte),
            Some(&char::REPLACEMENT_CHARACTER) => return Err(Bad { at, length: 1 }),
            Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Ok(raw.len())
}
