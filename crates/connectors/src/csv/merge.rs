//! Runs of sorted rows, and one sorted sequence out of many of them.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::codec;

/// Encoded rows in memory, sorted on demand.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    rows: Vec<u8>,
    slots: Vec<Slot>,
}

/// Where a row is, with the start of its key, which settles most comparisons without a look at the row.
#[derive(Clone, Copy, Debug)]
struct Slot {
    prefix: u64,
    start: usize,
    end: usize,
}

impl Buffer {
    /// Adds the row that `encode` writes.
    pub(super) fn push(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        let start = self.rows.len();
        encode(&mut self.rows);
        let end = self.rows.len();
        self.slots.push(Slot { prefix: codec::prefix(&self.rows[start..end]), start, end });
    }

    /// The memory the rows take.
    pub(super) fn size(&self) -> usize {
        self.rows.len() + self.slots.len() * size_of::<Slot>()
    }

    pub(super) fn sort(&mut self) {
        let rows = &self.rows;
        let order = |one: &Slot, other: &Slot| {
            one.prefix
                .cmp(&other.prefix)
                .then_with(|| codec::order(&rows[one.start..one.end], &rows[other.start..other.end]))
        };
        self.slots.sort_unstable_by(order);
    }

    /// Writes the rows to an unnamed file, which vanishes with its last handle, and forgets them.
    pub(super) fn spill(&mut self, dir: &Path) -> io::Result<Run> {
        self.sort();
        let mut run = RunWriter::new(dir)?;
        for slot in &self.slots {
            run.write(&self.rows[slot.start..slot.end])?;
        }
        self.rows.clear();
        self.slots.clear();
        run.finish()
    }
}

/// A sorted sequence of encoded rows, read from its start.
#[derive(Debug)]
pub(super) enum Run {
    /// In memory.
    Memory { buffer: Buffer, next: usize },
    /// In a temporary file, each row after its length.
    File(BufReader<File>),
}

impl Run {
    /// Reads the next row into `row`; `false` at the end.
    fn next(&mut self, row: &mut Vec<u8>) -> io::Result<bool> {
        row.clear();
        match self {
            Self::Memory { buffer, next } => {
                let Some(slot) = buffer.slots.get(*next) else { return Ok(false) };
                *next += 1;
                row.extend_from_slice(&buffer.rows[slot.start..slot.end]);
                Ok(true)
            }
            Self::File(file) => {
                let mut length = [0; 4];
                match file.read_exact(&mut length) {
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
                    other => other?,
                }
                let length = u64::from(u32::from_le_bytes(length));
                let read = file.by_ref().take(length).read_to_end(row)?;
                if read as u64 == length { Ok(true) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
            }
        }
    }
}

struct RunWriter(BufWriter<File>);

impl RunWriter {
    fn new(dir: &Path) -> io::Result<Self> {
        Ok(Self(BufWriter::with_capacity(256 * 1024, tempfile::tempfile_in(dir)?)))
    }

    fn write(&mut self, row: &[u8]) -> io::Result<()> {
        let length = u32::try_from(row.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.0.write_all(&length.to_le_bytes())?;
        self.0.write_all(row)
    }

    fn finish(self) -> io::Result<Run> {
        let mut file = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Run::File(BufReader::with_capacity(64 * 1024, file)))
    }
}

/// One sorted sequence out of many.
#[derive(Debug)]
pub(super) struct Merge {
    runs: Vec<Run>,
    heads: BinaryHeap<Reverse<Head>>,
}

/// The next row of a run.
#[derive(Debug)]
struct Head {
    row: Vec<u8>,
    run: usize,
}

impl Merge {
    pub(super) fn new(mut runs: Vec<Run>) -> io::Result<Self> {
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (index, run) in runs.iter_mut().enumerate() {
            let mut row = Vec::new();
            if run.next(&mut row)? {
                heads.push(Reverse(Head { row, run: index }));
            }
        }
        Ok(Self { runs, heads })
    }

    /// Moves the next row into `row`; `false` at the end.
    pub(super) fn next(&mut self, row: &mut Vec<u8>) -> io::Result<bool> {
        let Some(mut head) = self.heads.peek_mut() else { return Ok(false) };
        std::mem::swap(row, &mut head.0.row);
        let Head { row: following, run } = &mut head.0;
        if !self.runs[*run].next(following)? {
            PeekMut::pop(head);
        }
        Ok(true)
    }

    /// Writes everything that is left into one run.
    pub(super) fn into_run(mut self, dir: &Path) -> io::Result<Run> {
        let mut writer = RunWriter::new(dir)?;
        let mut row = Vec::new();
        while self.next(&mut row)? {
            writer.write(&row)?;
        }
        writer.finish()
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        codec::order(&self.row, &other.row)
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Head {}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
