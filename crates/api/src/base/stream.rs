//! Bodies too long to be held: read piece by piece, on a thread that may block.

use std::io::{Error, ErrorKind, Read, Result as IoResult};

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use http_body_util::BodyExt as _;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::body::{media_type, refuse_type};
use super::error::ApiError;

/// How many pieces wait to be read; whoever sends more waits.
const PIECES: usize = 8;
/// The media types of tables (RFC 7111) and of what may be one; a body without any is one, too.
const TYPES: [&str; 4] = ["", "text/csv", "application/gzip", "application/octet-stream"];

/// A body that is a table, plain or compressed.
#[derive(Debug)]
pub(crate) struct Table(Body);

impl<S: Send + Sync> FromRequest<S> for Table {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let kind = media_type(request.headers());
        if !TYPES.contains(&kind.as_str()) {
            return Err(refuse_type(&kind));
        }
        Ok(Self(request.into_body()))
    }
}

impl Table {
    /// Has `work` read the body while it comes, and gives what came of it.
    ///
    /// Whoever gives up on the request (its time is over, its connection is gone) drops this, and with it what hands the
    /// pieces on: the reader then meets an error and never takes what had come for the whole.
    pub(crate) async fn read_by<T>(self, work: impl AsyncFnOnce(Pieces) -> T) -> T {
        let (sender, receiver) = mpsc::channel(PIECES);
        let mut working = std::pin::pin!(work(Pieces { receiver, piece: Bytes::new(), ended: false }));
        tokio::select! {
            done = &mut working => done,
            () = hand_on(self.0, sender) => working.await,
        }
    }
}

/// Hands a body on until it ends, fails, or nobody reads it any more. An empty piece is its end.
async fn hand_on(mut body: Body, sender: Sender<IoResult<Bytes>>) {
    loop {
        let piece = match body.frame().await {
            None => Ok(Bytes::new()),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(piece) if !piece.is_empty() => Ok(piece),
                // Trailers say nothing of a table, and nothing is no end.
                _ => continue,
            },
            // Cut off, or too long: what was read so far isn't all of it.
            Some(Err(error)) => Err(Error::other(error)),
        };
        let more = piece.as_ref().is_ok_and(|piece| !piece.is_empty());
        if sender.send(piece).await.is_err() || !more {
            return;
        }
    }
}

/// The pieces of a body. Reading blocks.
#[derive(Debug)]
pub(crate) struct Pieces {
    receiver: Receiver<IoResult<Bytes>>,
    piece: Bytes,
    ended: bool,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        if self.piece.is_empty() && !self.ended {
            let cut = || Error::new(ErrorKind::UnexpectedEof, "the request ended before its body did");
            self.piece = self.receiver.blocking_recv().unwrap_or_else(|| Err(cut()))?;
            self.ended = self.piece.is_empty();
        }
        let n = buffer.len().min(self.piece.len());
        self.piece.split_to(n).as_ref().read_exact(&mut buffer[..n])?;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(mut pieces: Pieces) -> IoResult<String> {
        let mut text = String::new();
        pieces.read_to_string(&mut text).map(|_| text)
    }

    #[tokio::test]
    async fn a_whole_body_is_read_to_its_end() {
        let work = async |pieces| tokio::task::spawn_blocking(move || read_all(pieces)).await.unwrap();
        assert_eq!(Table(Body::from("number\n1\n")).read_by(work).await.unwrap(), "number\n1\n");
        assert_eq!(Table(Body::empty()).read_by(work).await.unwrap(), "");
    }

    #[test]
    fn pieces_that_stop_coming_are_no_end() {
        let (sender, receiver) = mpsc::channel(1);
        sender.try_send(Ok(Bytes::from("number\n1\n"))).unwrap();
        drop(sender);
        let read = read_all(Pieces { receiver, piece: Bytes::new(), ended: false });
        assert_eq!(read.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }
}
