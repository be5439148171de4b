//! What every reader of PDF takes for the same: a strict look at the bytes of an object before they are decoded.
//!
//! Readers mend broken objects in ways of their own, and a forger lives on the differences. Here nothing is mended: an object
//! is well formed to the letter (ISO 32000-2, 7.2 and 7.3), without comments inside, or it is refused.

use super::PdfError;

/// Nesting of arrays and dictionaries.
const DEPTH_MAX: usize = 32;
/// Characters of a number; the longest that matters has ten digits.
const NUMBER_MAX: usize = 24;

/// What an object consists of. Whoever decodes it must find the same, or something was left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Keys of all dictionaries.
    pub(super) keys: usize,
    /// Values, containers included.
    pub(super) values: usize,
}

/// White space (ISO 32000-2, table 1).
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

const fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

/// A place in the bytes of a file.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Bytes looked at so far, those looked at twice twice.
    seen: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at an offset; beyond the end there is nothing.
    pub(super) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, seen: 0 }
    }

    pub(super) const fn position(&self) -> usize {
        self.at
    }

    /// How many bytes were looked at, whatever came of it: what reading from here has cost.
    pub(super) const fn seen(&self) -> usize {
        self.seen
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Takes these bytes if they come next.
    pub(super) fn take(&mut self, expected: &[u8]) -> bool {
        let found = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(expected));
        self.at += if found { expected.len() } else { 0 };
        found
    }

    /// Takes that many bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let found = *self.bytes.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(found)
    }

    pub(super) fn spaces(&mut self) -> usize {
        self.run(is_space).len()
    }

    /// Takes a word of regular characters, such as `obj`.
    pub(super) fn word(&mut self) -> &'a [u8] {
        self.run(is_regular)
    }

    /// Takes a keyword that stands alone, after white space.
    pub(super) fn keyword(&mut self, expected: &[u8]) -> Result<(), PdfError> {
        self.spaces();
        if self.word() == expected { Ok(()) } else { Err(PdfError::Malformed) }
    }

    /// Takes an unsigned number after white space.
    pub(super) fn unsigned(&mut self) -> Result<u64, PdfError> {
        self.spaces();
        number(self.word()).ok_or(PdfError::Malformed)
    }

    fn run(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len());
        self.at += length;
        self.seen += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Passes over one value and counts what it consists of.
    pub(super) fn value(&mut self, tally: &mut Tally, depth: usize) -> Result<(), PdfError> {
        self.spaces();
        tally.values += 1;
        let next = self.peek().ok_or(PdfError::Malformed)?;
        match next {
            b'<' if self.take(b"<<") => self.dictionary(tally, depth),
            b'<' => self.hexadecimal(),
            b'[' => self.array(tally, depth),
            b'(' => self.literal(),
            b'/' => self.name(),
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number_or_reference(),
            _ if matches!(self.word(), b"true" | b"false" | b"null") => Ok(()),
            _ => Err(PdfError::Malformed),
        }
    }

    /// The decoder passes over what is in a container once for each one around it, and again for each that it opens.
    const fn again(&mut self, start: usize, depth: usize) {
        self.seen += (self.at - start) * (depth + 1);
    }

    fn dictionary(&mut self, tally: &mut Tally, depth: usize) -> Result<(), PdfError> {
        let start = self.at;
        if depth >= DEPTH_MAX {
            return Err(PdfError::TooMuch);
        }
        loop {
            self.spaces();
            if self.take(b">>") {
                self.again(start, depth);
                return Ok(());
            }
            self.name()?;
            tally.keys += 1;
            self.value(tally, depth + 1)?;
        }
    }

    fn array(&mut self, tally: &mut Tally, depth: usize) -> Result<(), PdfError> {
        let start = self.at;
        if depth >= DEPTH_MAX {
            return Err(PdfError::TooMuch);
        }
        self.at += 1;
        loop {
            self.spaces();
            if self.take(b"]") {
                self.again(start, depth);
                return Ok(());
            }
            self.value(tally, depth + 1)?;
        }
    }

    fn name(&mut self) -> Result<(), PdfError> {
        if !self.take(b"/") {
            return Err(PdfError::Malformed);
        }
        let mut rest = self.word();
        if rest.is_empty() {
            return Err(PdfError::Malformed);
        }
        // An escape is a number sign with two digits, and never zero (7.3.5).
        while let Some(escape) = rest.iter().position(|byte| *byte == b'#') {
            let digits = rest.get(escape + 1..escape + 3).ok_or(PdfError::Malformed)?;
            if digits == b"00" || !digits.iter().all(u8::is_ascii_hexdigit) {
                return Err(PdfError::Malformed);
            }
            rest = rest.get(escape + 3..).unwrap_or_default();
        }
        Ok(())
    }

    fn hexadecimal(&mut self) -> Result<(), PdfError> {
        self.at += 1;
        self.run(|byte| byte.is_ascii_hexdigit() || is_space(byte));
        if self.take(b">") { Ok(()) } else { Err(PdfError::Malformed) }
    }

    fn literal(&mut self) -> Result<(), PdfError> {
        let mut open = 0usize;
        loop {
            let byte = self.peek().ok_or(PdfError::Malformed)?;
            self.at += 1;
            self.seen += 1;
            match byte {
                b'\\' => self.at += 1,
                b'(' => open += 1,
                b')' if open == 1 => return Ok(()),
                b')' => open -= 1,
                _ => {}
            }
        }
    }

    fn number_or_reference(&mut self) -> Result<(), PdfError> {
        let text = self.word();
        let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
        let points = digits.iter().filter(|byte| **byte == b'.').count();
        let plain = digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        if !plain || points > 1 || digits.len() == points || text.len() > NUMBER_MAX {
            return Err(PdfError::Malformed);
        }
        // `12 0 R` is one value.
        let mut ahead = self.clone();
        if number(text).is_some()
            && ahead.spaces() > 0
            && number(ahead.word()).is_some()
            && ahead.spaces() > 0
            && ahead.word() == b"R"
        {
            *self = ahead;
        } else {
            self.seen = ahead.seen;
        }
        Ok(())
    }
}

/// A whole number without a sign, of at most ten digits.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 10 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(text: &[u8]) -> Result<(usize, usize), PdfError> {
        let (mut cursor, mut tally) = (Cursor::new(text, 0), Tally::default());
        cursor.value(&mut tally, 0)?;
        assert_eq!(cursor.position(), text.len());
        Ok((tally.keys, tally.values))
    }

    #[test]
    fn objects_are_counted_and_what_readers_mend_is_refused() {
        assert_eq!(tally(b"<</A 12 0 R/B[1 -.5 (a(b\\)c)) <41 42>]/C<</D null>>>>"), Ok((4, 9)));
        assert_eq!(tally(b"/A#20B"), Ok((0, 1)));
        let bad: [&[u8]; 12] = [
            b"<</A 1 garbage /B 2>>",
            b"<</A>>",
            b"<</A 1",
            b"[1 %comment\n 2]",
            b"(open",
            b"<4z>",
            b"1.2.3",
            b"--1",
            b"/",
            b"/A#0",
            b"/A#00",
            b"nul",
        ];
        for text in bad {
            assert_eq!(tally(text), Err(PdfError::Malformed), "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(tally("[".repeat(40).as_bytes()), Err(PdfError::TooMuch));
    }
}
