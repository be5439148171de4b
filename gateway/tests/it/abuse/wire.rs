//! HTTP/2 by hand, for what no well-behaved client sends (RFC 9113).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::client::{Client, Http};

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const ACK: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const PADDED: u8 = 8;

pub(super) const INITIAL_WINDOW_SIZE: u16 = 4;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long a server may take to say what it thinks. It takes milliseconds; machines are busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// A frame that came.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) payload: Vec<u8>,
}

/// What came of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The connection was given up, with this code.
    Connection(u32),
    /// The stream was reset, with this code.
    Stream(u32),
    /// An answer; whether its status is 200.
    Answer(bool),
    /// The connection was closed without a word.
    Closed,
}

/// A connection on which anything can be sent.
pub(super) struct Wire {
    stream: TlsStream<TcpStream>,
}

impl Wire {
    /// Connects and greets, with these settings.
    pub(super) async fn open(client: &Client, with: &[(u16, u32)]) -> Self {
        let mut wire = Self { stream: client.tls(Http::Two).await.unwrap() };
        assert!(wire.send(&[PREFACE, &settings(with)].concat()).await);
        wire
    }

    /// Sends bytes as they are. Whether anybody takes them.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// The next frame, until the connection ends.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        tokio::time::timeout(PATIENCE, self.stream.read_exact(&mut head)).await.expect("an answer").ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some(Frame { kind: head[3], payload })
    }

    /// What comes of what was sent, first.
    pub(super) async fn end(&mut self) -> End {
        while let Some(frame) = self.next().await {
            match frame.kind {
                GOAWAY => return End::Connection(number(&frame.payload[4..8])),
                RST_STREAM => return End::Stream(number(&frame.payload)),
                HEADERS => return End::Answer(status(&frame.payload) == Some(OK)),
                _ => {}
            }
        }
        End::Closed
    }

    /// The code with which the connection is given up, whatever comes before. None where it is closed without a word.
    pub(super) async fn given_up(&mut self) -> Option<u32> {
        while let Some(frame) = self.next().await {
            if frame.kind == GOAWAY {
                return Some(number(&frame.payload[4..8]));
            }
        }
        None
    }
}

/// `:status: 200` as it is compressed.
const OK: u8 = 0x88;

/// The first field of an answer, behind what is said of the size of the table (RFC 7541, 6.3).
fn status(block: &[u8]) -> Option<u8> {
    block.iter().copied().find(|byte| byte & 0xe0 != 0x20)
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[..4].try_into().unwrap())
}

/// A frame whose length is that of its payload.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    frame_of(u32::try_from(payload.len()).unwrap(), kind, flags, stream, payload)
}

/// A frame that says it has this length.
pub(super) fn frame_of(length: u32, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    [&length.to_be_bytes()[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(super) fn settings(all: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> = all.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
    frame(SETTINGS, 0, 0, &payload)
}

pub(super) fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())
}

pub(super) fn window(stream: u32, more: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &more.to_be_bytes())
}

/// A header that is not compressed.
pub(super) fn field(name: &str, value: &str) -> Vec<u8> {
    [&[0][..], &text(name), &text(value)].concat()
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = length(text.len());
    bytes.extend(text.bytes());
    bytes
}

/// A number with a prefix of seven bits (RFC 7541, 5.1).
fn length(mut number: usize) -> Vec<u8> {
    if number < 127 {
        return vec![u8::try_from(number).unwrap()];
    }
    number -= 127;
    let mut bytes = vec![127];
    while number >= 128 {
        bytes.push(u8::try_from(number % 128 + 128).unwrap());
        number /= 128;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

/// The headers of a GET.
pub(super) fn head(path: &str) -> Vec<u8> {
    [field(":method", "GET"), field(":scheme", "https"), field(":authority", "localhost"), field(":path", path)].concat()
}

/// A whole GET.
pub(super) fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &head(path))
}

/// A whole POST of JSON.
pub(super) fn post(stream: u32, path: &str, json: &str) -> Vec<u8> {
    let block = [
        field(":method", "POST"),
        field(":scheme", "https"),
        field(":authority", "localhost"),
        field(":path", path),
        field("content-type", "application/json"),
    ];
    [frame(HEADERS, END_HEADERS, stream, &block.concat()), frame(DATA, END_STREAM, stream, json.as_bytes())].concat()
}

/// The numbers of so many streams of a client.
pub(super) fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|index| index * 2 + 1)
}
