//! What stands between fields, recognised by the header.

use std::io::{self, BufRead as _, Read as _};

use super::header::{self, Fit};
use super::records::{Row, Rows};
use super::source::{Text, classify};
use super::{FeedError, FeedFormat, convert};

const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// As much of the text as a header may take to be recognised.
const HEADER: usize = 64 * 1024;

/// The delimiter under which the header has the columns of the format, and the text from its start again.
pub(super) fn recognise<'r>(mut text: Text<'r>, format: &FeedFormat) -> Result<(u8, Text<'r>), FeedError> {
    let mut start = Vec::new();
    while start.len() < HEADER && !has_line(&start) {
        let more = text.fill_buf().map_err(|error| classify(error, 0))?;
        let length = more.len();
        start.extend_from_slice(more);
        text.consume(length);
        if length == 0 {
            break;
        }
    }
    let mut fits = Vec::with_capacity(CANDIDATES.len());
    for delimiter in CANDIDATES {
        let mut row = Row::default();
        let mut rows = Rows::new(Box::new(start.as_slice()), delimiter, format.max_row_bytes);
        if !rows.next(&mut row)? {
            return Err(FeedError::Empty);
        }
        fits.push((delimiter, header::fit(&row, format)));
    }
    let delimiter =
        choose(&fits).map_err(|what| FeedError::Delimiter { what, header: first_line(&start) })?;
    Ok((delimiter, Box::new(io::Cursor::new(start).chain(text))))
}

/// Whether there is a whole line that isn't blank; what stands in quotes ends none.
fn has_line(start: &[u8]) -> bool {
    let text = start.trim_ascii_start();
    let mut quoted = false;
    text.iter().any(|byte| {
        quoted ^= *byte == b'"';
        *byte == b'\n' && !quoted
    })
}

fn choose(fits: &[(u8, Fit)]) -> Result<u8, String> {
    let most = fits.iter().map(|(_, fit)| (fit.whole, fit.found)).max().unwrap_or_default();
    let best: Vec<&(u8, Fit)> = fits.iter().filter(|(_, fit)| (fit.whole, fit.found) == most).collect();
    match best.as_slice() {
        // What is missing under the best one is told when its columns are looked for.
        [(delimiter, _)] => Ok(*delimiter),
        // One column whatever the delimiter: any will do.
        [(first, _), ..] if most.1 > 0 && best.iter().all(|(_, fit)| fit.fields == 1) => Ok(*first),
        [_, ..] if most.1 > 0 => {
            let names: Vec<String> = best.iter().map(|(d, _)| format!("{:?}", char::from(*d))).collect();
            Err(format!(
                "the header has the columns expected whether the delimiter is {}",
                names.join(" or ")
            ))
        }
        _ => Err(
            "the header has none of the columns expected, be the delimiter a comma, a semicolon, a tab or |"
                .to_owned(),
        ),
    }
}

fn first_line(start: &[u8]) -> String {
    let text = String::from_utf8_lossy(start);
    convert::excerpt(text.trim_start().lines().next().unwrap_or_default())
}
