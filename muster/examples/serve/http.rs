//! The least client that speaks HTTP/1.1: on two processors a comfortable one would be most of what is measured.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, bail};

/// One connection, kept open.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Client {
    /// Connects; `authorization` is what the header says.
    pub(crate) fn connect(address: SocketAddr, authorization: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let head = format!(
            "host: {address}\r\nauthorization: {authorization}\r\ncontent-type: application/json\r\n"
        );
        Ok(Self { stream: BufReader::new(stream), head })
    }

    /// One request; gives status and body.
    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) -> Result<(u16, String)> {
        let Self { stream, head } = self;
        let request =
            format!("{method} {path} HTTP/1.1\r\n{head}content-length: {}\r\n\r\n{body}", body.len());
        stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).context("no status came")?;
        let (mut length, mut chunked) = (0, false);
        loop {
            line.clear();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse()?,
                "transfer-encoding" => chunked = value.contains("chunked"),
                _ => {}
            }
        }
        if chunked {
            bail!("the answer comes in chunks");
        }
        let mut text = vec![0; length];
        stream.read_exact(&mut text)?;
        Ok((status, String::from_utf8(text)?))
    }
}

/// Percent-encodes a value for a query string.
pub(crate) fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() {
            out.push(char::from(b));
        } else {
            // Writing to a string can't fail.
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}
