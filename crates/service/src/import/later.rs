//! Works that wait until all others are done: in memory as long as they are few, then in an unnamed file.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::{Result, ServiceError};
use crate::plan::work::Work;

/// How many works wait in memory.
const HELD: usize = 10_000;

/// Works on their way in.
pub(super) struct Later {
    dir: PathBuf,
    held: Vec<Work>,
    file: Option<BufWriter<File>>,
}

/// Works on their way out, in the order in which they came.
pub(super) struct Waited {
    dir: PathBuf,
    lines: Option<BufReader<File>>,
    held: std::vec::IntoIter<Work>,
}

fn failed(dir: &Path, e: impl Into<std::io::Error>) -> ServiceError {
    ServiceError::io(format!("keeping what a feed ends in {}", dir.display()), e.into())
}

impl Later {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), held: Vec::new(), file: None }
    }

    pub(super) fn push(&mut self, work: Work) -> Result<()> {
        self.held.push(work);
        if self.held.len() < HELD {
            return Ok(());
        }
        let told = |e: std::io::Error| failed(&self.dir, e);
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(tempfile::tempfile_in(&self.dir).map_err(told)?)),
        };
        for work in self.held.drain(..) {
            serde_json::to_writer(&mut *file, &work).map_err(|e| told(e.into()))?;
            file.write_all(b"\n").map_err(told)?;
        }
        Ok(())
    }

    /// All that has come.
    pub(super) fn take(&mut self) -> Result<Waited> {
        let (dir, held) = (self.dir.clone(), std::mem::take(&mut self.held));
        let lines = match self.file.take() {
            Some(file) => {
                let mut file = file.into_inner().map_err(|e| failed(&dir, e.into_error()))?;
                file.rewind().map_err(|e| failed(&dir, e))?;
                Some(BufReader::new(file))
            }
            None => None,
        };
        Ok(Waited { dir, lines, held: held.into_iter() })
    }
}

impl Waited {
    pub(super) fn next(&mut self) -> Result<Option<Work>> {
        if let Some(lines) = &mut self.lines {
            let mut line = String::new();
            if lines.read_line(&mut line).map_err(|e| failed(&self.dir, e))? > 0 {
                return serde_json::from_str(&line).map(Some).map_err(|e| failed(&self.dir, e));
            }
            self.lines = None;
        }
        Ok(self.held.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::work::{Op, Who};
    use muster_engine::model::{AppKey, UserKey};

    #[test]
    fn what_waits_in_a_file_comes_out_as_it_went_in() {
        let dir = tempfile::tempdir().unwrap();
        let work = |n: usize| Work {
            who: Who::Known(UserKey(n as i64)),
            ops: vec![Op::Gone { app: AppKey(1), external_id: format!("k {n}\n\"ä\"") }],
            advance: false,
            again: false,
            seen: None,
            position: format!("end {n}"),
        };
        for n in [0, 3, HELD, 2 * HELD + 7] {
            let mut later = Later::new(dir.path());
            (0..n).for_each(|n| later.push(work(n)).unwrap());
            let mut out = later.take().unwrap();
            for n in 0..n {
                assert_eq!(out.next().unwrap(), Some(work(n)));
            }
            assert_eq!(out.next().unwrap(), None);
        }
    }
}
