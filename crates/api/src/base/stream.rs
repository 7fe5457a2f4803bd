//! Bodies too long to be held: read piece by piece, on a thread that may block.

use std::io::{Error, Read, Result as IoResult};

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
pub(crate) struct Table(pub(crate) Pieces);

impl<S: Send + Sync> FromRequest<S> for Table {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let kind = media_type(request.headers());
        if !TYPES.contains(&kind.as_str()) {
            return Err(refuse_type(&kind));
        }
        let (sender, receiver) = mpsc::channel(PIECES);
        tokio::spawn(send_pieces(request.into_body(), sender));
        Ok(Self(Pieces { receiver, piece: Bytes::new() }))
    }
}

/// Hands a body on until it ends, fails, or nobody reads it any more.
async fn send_pieces(mut body: Body, sender: Sender<IoResult<Bytes>>) {
    while let Some(frame) = body.frame().await {
        let piece = match frame {
            Ok(frame) => match frame.into_data() {
                Ok(piece) => Ok(piece),
                // Trailers say nothing of a table.
                Err(_) => continue,
            },
            // Cut off, or too long: what was read so far isn't all of it.
            Err(error) => Err(Error::other(error)),
        };
        let over = piece.is_err();
        if sender.send(piece).await.is_err() || over {
            return;
        }
    }
}

/// The pieces of a body. Reading blocks.
#[derive(Debug)]
pub(crate) struct Pieces {
    receiver: Receiver<IoResult<Bytes>>,
    piece: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let n = buffer.len().min(self.piece.len());
        self.piece.split_to(n).as_ref().read_exact(&mut buffer[..n])?;
        Ok(n)
    }
}
