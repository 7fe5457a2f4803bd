//! Compressed blocks of JSON lines.

use std::cell::RefCell;

use zstd::bulk::Compressor;

use crate::{Result, StoreError};

/// The fastest: blocks are written on the hot path of imports, and higher levels gain little on them.
const LEVEL: i32 = 1;

thread_local! {
    /// Making one costs more than packing the few lines of a small change.
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// Compresses lines into one block. A line must not hold a line break (compact JSON never does).
pub fn pack<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> Result<Vec<u8>> {
    let mut text = String::new();
    for line in lines {
        let line = line.as_ref();
        if line.contains('\n') {
            return Err(StoreError::Block { what: "lines", detail: "a line holds a line break".into() });
        }
        text.push_str(line);
        text.push('\n');
    }
    compress(text.as_bytes(), "lines")
}

/// The lines of a block.
pub fn unpack(body: &[u8]) -> Result<Vec<String>> {
    let text = String::from_utf8(decompress(body, "lines")?)
        .map_err(|error| StoreError::Block { what: "lines", detail: error.to_string() })?;
    Ok(text.split_terminator('\n').map(str::to_owned).collect())
}

/// Compresses bytes; `what` names them in errors.
pub(crate) fn compress(bytes: &[u8], what: &'static str) -> Result<Vec<u8>> {
    PACKER.with_borrow_mut(|packer| {
        let failed = |error: std::io::Error| StoreError::Block { what, detail: error.to_string() };
        let packer = match packer {
            Some(packer) => packer,
            None => packer.insert(Compressor::new(LEVEL).map_err(failed)?),
        };
        packer.compress(bytes).map_err(failed)
    })
}

/// Takes [`compress`] back.
pub(crate) fn decompress(body: &[u8], what: &'static str) -> Result<Vec<u8>> {
    zstd::stream::decode_all(body).map_err(|error| StoreError::Block { what, detail: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};

    #[test]
    fn blocks_give_back_their_lines() {
        let lines = vec!["{\"a\":1}".to_owned(), String::new(), "ä".to_owned()];
        assert_eq!(unpack(&pack(&lines).unwrap()).unwrap(), lines);
        assert!(unpack(&pack::<String>([]).unwrap()).unwrap().is_empty());
        assert!(pack(["a\nb"]).is_err());
        assert!(unpack(b"not a block").is_err());
    }
}
