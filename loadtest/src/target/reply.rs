//! An answer of HTTP/1.1, read with as little work as it can be: the load shares the machine with the server.

/// The longest head that is read.
const HEAD_MAX: usize = 65_536;
/// The longest answer that is read.
const BODY_MAX: usize = 64 << 20;

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The status.
    pub status: u16,
    /// Whether it says when to come back.
    pub tells_when_to_retry: bool,
    /// The content.
    pub body: &'a [u8],
}

/// What a head says, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) tells_when_to_retry: bool,
    /// Whether the connection ends behind this answer.
    pub(super) closes: bool,
    pub(super) length: Length,
    /// Where the content begins.
    pub(super) end: usize,
}

/// How long the content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Known(usize),
    Chunked,
}

impl Head {
    /// Reads the head from the beginning of what has come; nothing while it is not all there.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, String> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return if bytes.len() > HEAD_MAX { Err("a head without an end".to_owned()) } else { Ok(None) };
        };
        let text = bytes.get(..end).and_then(|head| std::str::from_utf8(head).ok()).ok_or("a head that is no text")?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
        let mut head = Self {
            status: status.ok_or("an answer that is not HTTP/1.1")?,
            tells_when_to_retry: false,
            closes: false,
            length: Length::Known(0),
            end: end + 4,
        };
        for line in lines {
            let (name, value) = line.split_once(':').ok_or("a line of a head without a colon")?;
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                let length = value.parse().ok().filter(|length| *length <= BODY_MAX);
                head.length = Length::Known(length.ok_or("a content too long to read")?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                head.length = Length::Chunked;
            } else if name.eq_ignore_ascii_case("retry-after") {
                head.tells_when_to_retry = true;
            } else if name.eq_ignore_ascii_case("connection") {
                head.closes = value.eq_ignore_ascii_case("close");
            }
        }
        if matches!(head.status, 204 | 304) {
            head.length = Length::Known(0);
        }
        Ok(Some(head))
    }
}

/// Puts the pieces of a content together; whether the last of them is there.
pub(super) fn join(mut pieces: &[u8], body: &mut Vec<u8>) -> Result<bool, String> {
    body.clear();
    loop {
        let Some(end) = pieces.windows(2).position(|two| two == b"\r\n") else { return Ok(false) };
        let size = pieces.get(..end).and_then(|line| std::str::from_utf8(line).ok()).and_then(|line| line.split(';').next());
        let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let size = size.filter(|size| body.len() + size <= BODY_MAX).ok_or("a piece whose size cannot be read")?;
        // Each piece, and the end of all, is followed by an empty line; we expect no trailers.
        let Some(piece) = pieces.get(end + 2..end + 2 + size + 2) else { return Ok(false) };
        body.extend_from_slice(piece.get(..size).unwrap_or_default());
        if size == 0 {
            return Ok(true);
        }
        pieces = pieces.get(end + 2 + size + 2..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let text = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\nretry-after: 1\r\nConnection: close\r\n\r\nabcde";
        let head = Head::read(text).unwrap().unwrap();
        let wanted = Head { status: 503, tells_when_to_retry: true, closes: true, length: Length::Known(5), end: text.len() - 5 };
        assert_eq!(head, wanted);
        for length in 0..text.len() - 5 {
            assert_eq!(Head::read(&text[..length]), Ok(None));
        }
        let chunked = Head::read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap().unwrap();
        assert_eq!((chunked.length, chunked.closes), (Length::Chunked, false));
        let empty = Head::read(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n").unwrap().unwrap();
        assert_eq!(empty.length, Length::Known(0));
        for wrong in [
            &b"HTTP/2 200\r\n\r\n"[..],
            b"HTTP/1.1 xxx\r\n\r\n",
            b"HTTP/1.1 200\r\nx\r\n\r\n",
            b"HTTP/1.1 200\r\ncontent-length: 99999999999\r\n\r\n",
            b"\xff\r\n\r\n",
        ] {
            assert!(Head::read(wrong).is_err(), "{}", String::from_utf8_lossy(wrong));
        }
        assert!(Head::read(&[b'x'; HEAD_MAX + 1]).is_err());
    }

    #[test]
    fn pieces_are_put_together_when_all_are_there() {
        let whole = b"5\r\nabcde\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n";
        let mut body = Vec::new();
        for length in 0..whole.len() {
            assert_eq!(join(&whole[..length], &mut body), Ok(false), "{length}");
        }
        assert_eq!(join(whole, &mut body), Ok(true));
        assert_eq!(body, b"abcde0123456789");
        assert!(join(b"xyz\r\n", &mut body).is_err());
        assert!(join(b"fffffffffff\r\n", &mut body).is_err());
    }
}
