//! What RFC 9113 calls an error is answered as one, and what it says to pass over is passed over.

use super::wire::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, End, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE, PADDED, PING, PRIORITY,
    PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, Wire, field, frame, frame_of, get, head, reset, settings, window,
};
use crate::started::{Setup, Started};

const PROTOCOL: u32 = 1;
const FLOW_CONTROL: u32 = 3;
const STREAM_CLOSED: u32 = 5;
const FRAME_SIZE: u32 = 6;
const COMPRESSION: u32 = 9;

/// Section, what is sent, and the code that RFC 9113 wants: none where it is passed over, and the request behind it is answered.
type Case = (&'static str, Vec<u8>, Option<u32>);

/// Where the library ends the connection with `PROTOCOL_ERROR` instead, and has no setting for it. docs/SECURITY.md says so.
const OTHERWISE: [&str; 11] = [
    "4.3 a block that cannot be read",
    "4.3 an index beyond the table",
    "5.1 DATA behind the end of a request",
    "5.1 HEADERS behind the end of a request",
    "6.3 PRIORITY of four bytes",
    "6.4 RST_STREAM of three bytes",
    "6.5 SETTINGS of five bytes",
    "6.5 SETTINGS acknowledged with content",
    "6.5.2 a window beyond its limit",
    "6.7 a PING of seven bytes",
    "6.9 WINDOW_UPDATE of three bytes",
];

fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| field(name, value)).collect()
}

fn request(fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(fields))
}

/// A GET with more behind its own fields.
fn with(fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, 1, &[head("/whoami"), block(fields)].concat())
}

/// The head of a request whose body is to come.
fn begun() -> Vec<u8> {
    let fields = [(":method", "POST"), (":scheme", "https"), (":authority", "localhost"), (":path", "/files")];
    frame(HEADERS, END_HEADERS, 1, &[block(&fields), field("content-type", "application/ofd")].concat())
}

fn frames() -> Vec<Case> {
    vec![
        ("4.1 a frame of an unknown kind", frame(0x42, 0xff, 0, b"whatever"), None),
        ("4.1 the reserved bit is passed over", frame(PING, 0, 1 << 31, &[1; 8]), None),
        ("4.2 a frame beyond SETTINGS_MAX_FRAME_SIZE", frame(DATA, 0, 1, &vec![0; 16_385]), Some(FRAME_SIZE)),
        ("6.7 a PING of seven bytes", frame(PING, 0, 0, &[1; 7]), Some(FRAME_SIZE)),
        (
            "4.3 a block that cannot be read",
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            Some(COMPRESSION),
        ),
        ("4.3 an index beyond the table", frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0xfe]), Some(COMPRESSION)),
        ("6.1 DATA on no stream", frame(DATA, 0, 0, b"x"), Some(PROTOCOL)),
        ("6.1 padding longer than the frame", [begun(), frame(DATA, PADDED, 1, &[9, 1, 2])].concat(), Some(PROTOCOL)),
        ("6.2 HEADERS on no stream", frame(HEADERS, END_HEADERS | END_STREAM, 0, &head("/whoami")), Some(PROTOCOL)),
        ("6.2 padding longer than the frame", frame(HEADERS, END_HEADERS | PADDED, 1, &[200, 1, 2]), Some(PROTOCOL)),
        ("6.3 PRIORITY on no stream", frame(PRIORITY, 0, 0, &[0, 0, 0, 1, 7]), Some(PROTOCOL)),
        ("6.3 PRIORITY of four bytes", frame(PRIORITY, 0, 1, &[0; 4]), Some(FRAME_SIZE)),
        ("6.4 RST_STREAM on no stream", frame(RST_STREAM, 0, 0, &[0; 4]), Some(PROTOCOL)),
        ("6.4 RST_STREAM of three bytes", [begun(), frame(RST_STREAM, 0, 1, &[0; 3])].concat(), Some(FRAME_SIZE)),
        ("6.5 SETTINGS on a stream", frame(SETTINGS, 0, 1, &[]), Some(PROTOCOL)),
        ("6.5 SETTINGS of five bytes", frame(SETTINGS, 0, 0, &[0; 5]), Some(FRAME_SIZE)),
        ("6.5 SETTINGS acknowledged with content", frame(SETTINGS, ACK, 0, &[0; 6]), Some(FRAME_SIZE)),
        ("6.5.2 push neither on nor off", settings(&[(2, 2)]), Some(PROTOCOL)),
        ("6.5.2 a window beyond its limit", settings(&[(INITIAL_WINDOW_SIZE, 1 << 31)]), Some(FLOW_CONTROL)),
        ("6.5.2 frames smaller than the least", settings(&[(5, 16_383)]), Some(PROTOCOL)),
        ("6.5.2 frames larger than the most", settings(&[(5, 1 << 24)]), Some(PROTOCOL)),
        ("6.5.2 an unknown setting", settings(&[(0x4242, 7)]), None),
        ("6.7 PING on a stream", frame(PING, 0, 1, &[1; 8]), Some(PROTOCOL)),
        ("6.7 an acknowledged PING that nobody sent", frame(PING, ACK, 0, &[1; 8]), None),
        ("6.8 GOAWAY on a stream", frame(GOAWAY, 0, 1, &[0; 8]), Some(PROTOCOL)),
        ("6.9 a window that does not grow", window(0, 0), Some(PROTOCOL)),
        ("6.9 WINDOW_UPDATE of three bytes", frame(WINDOW_UPDATE, 0, 0, &[0; 3]), Some(FRAME_SIZE)),
        ("6.9.1 a window beyond its limit", [window(0, (1 << 31) - 1), window(0, (1 << 31) - 1)].concat(), Some(FLOW_CONTROL)),
        ("6.10 CONTINUATION of nothing", frame(CONTINUATION, END_HEADERS, 1, &head("/whoami")), Some(PROTOCOL)),
        (
            "6.10 CONTINUATION of another stream",
            [frame(HEADERS, END_STREAM, 1, &head("/whoami")), frame(CONTINUATION, END_HEADERS, 3, &[])].concat(),
            Some(PROTOCOL),
        ),
        (
            "6.10 another frame within a head",
            [frame(HEADERS, END_STREAM, 1, &head("/whoami")), frame(PING, 0, 0, &[1; 8])].concat(),
            Some(PROTOCOL),
        ),
        (
            "6.6 a client that pushes",
            frame(PUSH_PROMISE, END_HEADERS, 1, &[&2_u32.to_be_bytes()[..], &head("/whoami")].concat()),
            Some(PROTOCOL),
        ),
        ("5.1 DATA on a stream that is idle", frame(DATA, END_STREAM, 1, b"x"), Some(PROTOCOL)),
        ("5.1 RST_STREAM on a stream that is idle", reset(1), Some(PROTOCOL)),
        ("5.1 WINDOW_UPDATE on a stream that is idle", window(1, 1), Some(PROTOCOL)),
        (
            "5.1 DATA behind the end of a request",
            [get(1, "/stuck"), frame(DATA, END_STREAM, 1, b"x")].concat(),
            Some(STREAM_CLOSED),
        ),
        ("5.1 HEADERS behind the end of a request", [get(1, "/stuck"), get(1, "/stuck")].concat(), Some(STREAM_CLOSED)),
        ("5.1.1 a stream of the server's", get(2, "/whoami"), Some(PROTOCOL)),
        ("5.1.1 a stream before the last", [get(9, "/stuck"), get(5, "/whoami")].concat(), Some(PROTOCOL)),
        ("4.2 a length that nothing follows", frame_of(4, RST_STREAM, 0, 0, &[0; 4]), Some(PROTOCOL)),
    ]
}

fn heads() -> Vec<Case> {
    let (method, scheme, authority, path) =
        ((":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/whoami"));
    vec![
        ("8.2.1 a name in upper case", with(&[("X-Upper", "y")]), Some(PROTOCOL)),
        ("8.2.1 a value with a line break", with(&[("x", "a\r\nb")]), Some(PROTOCOL)),
        ("8.2.2 a field about the connection", with(&[("connection", "keep-alive")]), Some(PROTOCOL)),
        ("8.2.2 a transfer encoding", with(&[("transfer-encoding", "chunked")]), Some(PROTOCOL)),
        ("8.2.2 te that is not trailers", with(&[("te", "gzip")]), Some(PROTOCOL)),
        ("8.3 an unknown pseudo field", request(&[method, scheme, authority, path, (":test", "x")]), Some(PROTOCOL)),
        ("8.3 a pseudo field of answers", request(&[method, scheme, authority, path, (":status", "200")]), Some(PROTOCOL)),
        ("8.3 a pseudo field behind others", request(&[method, scheme, ("x", "y"), authority, path]), Some(PROTOCOL)),
        ("8.3.1 no method", request(&[scheme, authority, path]), Some(PROTOCOL)),
        ("8.3.1 no scheme", request(&[method, authority, path]), Some(PROTOCOL)),
        ("8.3.1 no path", request(&[method, scheme, authority]), Some(PROTOCOL)),
        ("8.3.1 an empty path", request(&[method, scheme, authority, (":path", "")]), Some(PROTOCOL)),
        ("8.3.1 a method twice", request(&[method, method, scheme, authority, path]), Some(PROTOCOL)),
        ("8.3.1 a path twice", request(&[method, scheme, authority, path, path]), Some(PROTOCOL)),
        (
            "8.1.1 less content than its length says",
            {
                let mut head = frame(
                    HEADERS,
                    END_HEADERS,
                    1,
                    &[
                        block(&[(":method", "POST"), scheme, authority, (":path", "/files")]),
                        block(&[("content-type", "application/ofd"), ("content-length", "5")]),
                    ]
                    .concat(),
                );
                head.extend(frame(DATA, END_STREAM, 1, b"1234"));
                head
            },
            Some(PROTOCOL),
        ),
        (
            "8.1.1 more content than its length says",
            {
                let mut head = frame(
                    HEADERS,
                    END_HEADERS,
                    1,
                    &[
                        block(&[(":method", "POST"), scheme, authority, (":path", "/files")]),
                        block(&[("content-type", "application/ofd"), ("content-length", "1")]),
                    ]
                    .concat(),
                );
                head.extend(frame(DATA, END_STREAM, 1, b"1234"));
                head
            },
            Some(PROTOCOL),
        ),
        (
            "8.1 trailers with a pseudo field, which nobody reads",
            [begun(), frame(DATA, 0, 1, b"x"), frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&[method]))].concat(),
            None,
        ),
    ]
}

async fn holds(gateway: &Started, (section, bytes, wanted): Case) -> Result<(), String> {
    let mut wire = Wire::open(&gateway.verifier(), &[]).await;
    // Another client that goes on.
    wire.send(&bytes).await;
    if wanted.is_none() {
        wire.send(&get(101, "/whoami")).await;
    }
    let end = wire.end().await;
    let expected = if OTHERWISE.contains(&section) { Some(PROTOCOL) } else { wanted };
    let is_right = match end {
        // A stream error may be treated as one of the connection (5.4.1).
        End::Connection(code) | End::Stream(code) => Some(code) == expected,
        // A request that is told to be wrong is as good as a stream that is reset.
        End::Answer(is_good) => is_good == wanted.is_none(),
        End::Closed => wanted.is_some(),
    };
    if is_right { Ok(()) } else { Err(format!("{section}: {end:?}, not {expected:?}")) }
}

#[test]
fn what_the_library_does_otherwise_is_written_down() {
    let cases: Vec<Case> = frames().into_iter().chain(heads()).collect();
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/SECURITY.md")).unwrap();
    for section in OTHERWISE {
        let (_, _, wanted) = cases.iter().find(|(name, ..)| *name == section).unwrap();
        assert!(wanted.is_some_and(|wanted| wanted != PROTOCOL), "{section}");
        let row = format!("| {} |", section.split(' ').next().unwrap());
        assert!(document.lines().any(|line| line.starts_with(&row)), "docs/SECURITY.md has no row for {section}");
    }
}

#[tokio::test]
async fn what_is_an_error_is_one() {
    let gateway = Setup::new().start().await;
    let mut wrong = Vec::new();
    for case in frames().into_iter().chain(heads()) {
        wrong.extend(holds(&gateway, case).await.err());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(gateway.app.metrics.panics.get(), 0);
    assert_eq!(gateway.verifier().get("/whoami").await.status, 200);
}

#[tokio::test]
async fn what_does_not_begin_with_the_preface_is_no_connection() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let gateway = Setup::new().start().await;
    let mut stream = gateway.verifier().tls(crate::client::Http::Two).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    // Whether it ends with an error or without is the same here.
    drop(stream.read_to_end(&mut rest).await);
    assert!(!rest.windows(4).any(|bytes| bytes == b"HTTP"), "no answer in the other version");
}
