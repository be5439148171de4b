//! Signed notes (C2SP signed-note): a text, and below it lines with signatures.

use std::fmt;

use super::key::is_name;
use super::text::{base64, is_plain, unbase64};
use super::{KeyType, TlogError, VerifierKey};
use crate::budget::Budget;

/// What a signature line begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// Somebody who signs notes. Private keys are kept elsewhere.
pub trait NoteSigner {
    /// The key with which others verify.
    fn key(&self) -> &VerifierKey;

    /// Signs these bytes as they are: 64 bytes for every type of key here. `None` when it cannot be done now.
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>>;
}

/// A text with signatures, which may be good or not: [`Note::verify`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    lines: Vec<SignatureLine>,
}

/// One signature of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    name: String,
    id: [u8; 4],
    signature: Vec<u8>,
}

/// A signature that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<'k> {
    /// By this key.
    pub key: &'k VerifierKey,
    /// The time that a witness signed with it, in seconds since 1970.
    pub time: Option<u64>,
}

impl Note {
    /// The longest note that is read, in bytes: as many of the longest signatures as may be, and a text.
    pub const BYTES_MAX: usize = 512 << 10;
    /// The most signatures. Logs have a handful of keys and some tens of witnesses.
    pub const LINES_MAX: usize = 64;

    /// A note that nobody has signed yet.
    ///
    /// # Errors
    /// [`TlogError::Note`] when the text does not end with a newline or has other control characters;
    /// [`TlogError::NoteLength`].
    pub fn new(text: &str) -> Result<Self, TlogError> {
        if text.len() > Self::BYTES_MAX {
            return Err(TlogError::NoteLength);
        }
        if !text.ends_with('\n') || !is_plain(text) {
            return Err(TlogError::Note);
        }
        Ok(Self { text: text.to_owned(), lines: Vec::new() })
    }

    /// Reads a note with at least one signature, good or not.
    ///
    /// # Errors
    /// [`TlogError::NoteLength`], [`TlogError::TooManySignatures`], [`TlogError::Note`] for all else.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogError> {
        if bytes.len() > Self::BYTES_MAX {
            return Err(TlogError::NoteLength);
        }
        let all = str::from_utf8(bytes).or(Err(TlogError::Note))?;
        // The text may have empty lines of its own: the last one ends it. Its own newline is the first of the two.
        let cut = all.rfind("\n\n").ok_or(TlogError::Note)?;
        let (text, rest) = all.split_at_checked(cut + 1).ok_or(TlogError::Note)?;
        let mut note = Self::new(text)?;
        note.lines = SignatureLine::read_all(rest.strip_prefix('\n').ok_or(TlogError::Note)?)?;
        Ok(note)
    }

    /// What is signed, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures as they stand there.
    #[must_use]
    pub fn lines(&self) -> &[SignatureLine] {
        &self.lines
    }

    /// Adds a signature below the others. An earlier one of the same key goes: of a witness's, the last one counts.
    ///
    /// # Errors
    /// [`TlogError::TooManySignatures`].
    pub fn add(&mut self, line: SignatureLine) -> Result<(), TlogError> {
        self.lines.retain(|other| (&other.name, other.id) != (&line.name, line.id));
        if self.lines.len() >= Self::LINES_MAX {
            return Err(TlogError::TooManySignatures);
        }
        self.lines.push(line);
        Ok(())
    }

    /// Verifies the signatures of these keys; those of others are passed over.
    ///
    /// # Errors
    /// [`TlogError::BadSignature`] when one of them is bad, even beside a good one; [`TlogError::Unsigned`] when there is none;
    /// [`TlogError::KeyAmbiguous`], [`TlogError::Budget`].
    pub fn verify<'k, K>(&self, keys: K, budget: &mut Budget) -> Result<Vec<Signed<'k>>, TlogError>
    where
        K: IntoIterator<Item = &'k VerifierKey>,
    {
        let keys: Vec<&VerifierKey> = keys.into_iter().collect();
        let mut signed = Vec::new();
        for line in &self.lines {
            let mut matching = keys.iter().filter(|key| key.name() == line.name && key.id() == line.id);
            let Some(&key) = matching.next() else { continue };
            let name = || line.name.clone();
            if matching.any(|other| *other != key) {
                return Err(TlogError::KeyAmbiguous { name: name() });
            }
            budget.spend_signature()?;
            budget.spend_digested(self.text.len())?;
            let time = key.verify(&self.text, &line.signature).ok().ok_or_else(|| TlogError::BadSignature { name: name() })?;
            signed.push(Signed { key, time });
        }
        if signed.is_empty() { Err(TlogError::Unsigned) } else { Ok(signed) }
    }
}

impl SignatureLine {
    /// Signs the text of a note. `None` when the signer cannot, or is a witness, who signs with the time
    /// ([`cosignature::sign`](super::cosignature::sign)).
    #[must_use]
    pub fn sign(signer: &dyn NoteSigner, text: &str) -> Option<Self> {
        let key = signer.key();
        let signature = if key.kind() == KeyType::Cosignature { None } else { signer.sign(text.as_bytes()) };
        Self::new(key, signature?)
    }

    /// The line of a key with this signature.
    pub(super) fn new(key: &VerifierKey, signature: Vec<u8>) -> Option<Self> {
        let line = Self { name: key.name().to_owned(), id: key.id(), signature };
        if line.signature.is_empty() { None } else { Some(line) }
    }

    /// Reads one or more lines, each with its newline: what stands below a note, and what a witness answers.
    ///
    /// # Errors
    /// [`TlogError::NoteLength`], [`TlogError::TooManySignatures`], [`TlogError::Note`] for all else.
    pub fn read_all(text: &str) -> Result<Vec<Self>, TlogError> {
        if text.len() > Note::BYTES_MAX {
            return Err(TlogError::NoteLength);
        }
        let mut lines = Vec::new();
        for line in text.strip_suffix('\n').ok_or(TlogError::Note)?.split('\n') {
            if lines.len() == Note::LINES_MAX {
                return Err(TlogError::TooManySignatures);
            }
            lines.push(read_line(line).ok_or(TlogError::Note)?);
        }
        Ok(lines)
    }

    /// The name of the key that signed, or is said to have.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's identifier.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The signature itself.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Whether this is a signature of that key, good or not.
    #[must_use]
    pub fn is_of(&self, key: &VerifierKey) -> bool {
        self.name == key.name() && self.id == key.id()
    }
}

fn read_line(line: &str) -> Option<SignatureLine> {
    let (name, value) = line.strip_prefix(DASH)?.split_once(' ')?;
    let bytes = unbase64(value)?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    let line = SignatureLine { name: name.to_owned(), id: *id, signature: signature.to_vec() };
    if is_name(name) && !signature.is_empty() { Some(line) } else { None }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{DASH}{} {}", self.name, base64(&[&self.id, self.signature.as_slice()].concat()))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::testing::Kit;

    const TEXT: &str = "one\n\ntwo: 二\n";

    fn signed(kits: &[&Kit]) -> Note {
        let mut note = Note::new(TEXT).unwrap();
        for kit in kits {
            note.add(SignatureLine::sign(*kit, TEXT).unwrap()).unwrap();
        }
        note
    }

    fn check(bytes: &[u8], keys: &[&VerifierKey]) -> Result<Vec<String>, TlogError> {
        let note = Note::parse(bytes)?;
        assert_eq!(note.to_string().as_bytes(), bytes, "a note prints as it was");
        let signed = note.verify(keys.iter().copied(), &mut Budget::for_document())?;
        Ok(signed.iter().map(|signed| signed.key.name().to_owned()).collect())
    }

    #[test]
    fn known_signatures_are_verified_and_others_passed_over() {
        let (log, sm2, other) =
            (Kit::new("log", KeyType::Ed25519), Kit::new("log", KeyType::Sm2), Kit::new("other", KeyType::Ed25519));
        let bytes = signed(&[&log, &other, &sm2]).to_string().into_bytes();
        assert_eq!(check(&bytes, &[log.key(), sm2.key()]).unwrap(), ["log", "log"]);
        assert_eq!(check(&bytes, &[other.key()]).unwrap(), ["other"]);
        assert_eq!(check(&bytes, &[log.key(), log.key()]).unwrap(), ["log"], "the same key twice is one key");
        assert_eq!(check(&bytes, &[]), Err(TlogError::Unsigned));
        // The same name with another key is somebody else.
        let stranger = VerifierKey::new("log", KeyType::Ed25519, other.key().public_key().bits()).unwrap();
        assert_eq!(check(&bytes, &[&stranger]), Err(TlogError::Unsigned));
    }

    #[test]
    fn a_bad_signature_of_a_known_key_spoils_the_note() {
        let (log, sm2) = (Kit::new("log", KeyType::Ed25519), Kit::new("log", KeyType::Sm2));
        let good = signed(&[&log, &sm2]).to_string();
        let bad = good.replace("two", "too").into_bytes();
        for key in [log.key(), sm2.key()] {
            assert_eq!(check(&bad, &[key]), Err(TlogError::BadSignature { name: "log".to_owned() }));
        }
        assert_eq!(check(&bad, &[]), Err(TlogError::Unsigned));
        // A good one, and one more of the same key that is not.
        let mut note = Note::new(TEXT).unwrap();
        let line = SignatureLine::sign(&log, "another text\n").unwrap();
        note.lines = vec![SignatureLine::sign(&log, TEXT).unwrap(), line];
        assert!(note.verify([log.key()], &mut Budget::for_document()).is_err());
    }

    #[test]
    fn malformed_notes_are_refused() {
        let log = Kit::new("log", KeyType::Ed25519);
        let good = signed(&[&log]).to_string();
        assert_eq!(check(good.as_bytes(), &[log.key()]).unwrap(), ["log"]);
        let line = SignatureLine::sign(&log, TEXT).unwrap().to_string();
        for bad in [
            String::new(),
            TEXT.to_owned(),
            format!("{TEXT}\n"),
            format!("{TEXT}{line}\n"),
            format!("{TEXT}\n{line}"),
            format!("{TEXT}\n{line}\n\n"),
            format!("{TEXT}\n{line}\nx\n"),
            format!("{TEXT}\n{}\n", line.replace('\u{2014}', "-")),
            format!("{TEXT}\n{line} \n"),
            format!("{TEXT}\n{}\n", line.replace("log", "l+g")),
            format!("{TEXT}\n{}\n", line.replace("log", "")),
            format!("{TEXT}\n\u{2014} log AQIDBA==\n"),
            format!("{TEXT}\n\u{2014} log\n"),
            good.replace("one", "o\te"),
            good.replace('\n', "\r\n"),
            format!("\n{line}\n"),
        ] {
            assert_eq!(Note::parse(bad.as_bytes()), Err(TlogError::Note), "{bad:?}");
        }
        assert_eq!(Note::parse(b"\xff\n\n\xe2\x80\x94 log AQIDBAU=\n"), Err(TlogError::Note));
        assert_eq!(Note::parse(&vec![b'a'; Note::BYTES_MAX + 1]), Err(TlogError::NoteLength));
        assert_eq!(Note::new("no newline"), Err(TlogError::Note));
    }

    #[test]
    fn signatures_are_limited_and_of_each_key_the_last_one_stays() {
        let line = |name: &str| SignatureLine { name: name.to_owned(), id: [0; 4], signature: vec![1] };
        let mut note = Note::new(TEXT).unwrap();
        for n in 0..Note::LINES_MAX {
            note.add(line(&format!("w{n}"))).unwrap();
        }
        assert_eq!(note.add(line("one more")), Err(TlogError::TooManySignatures));
        note.add(line("w0")).unwrap();
        assert_eq!((note.lines().len(), note.lines()[63].name()), (64, "w0"));
        let text = note.to_string();
        assert_eq!(Note::parse(text.as_bytes()), Ok(note));
        assert_eq!(Note::parse(format!("{text}{}\n", line("x")).as_bytes()), Err(TlogError::TooManySignatures));
    }

    #[test]
    fn two_keys_with_one_identifier_are_not_guessed_between() {
        let log = Kit::new("log", KeyType::Ed25519);
        let note = signed(&[&log]);
        // Finding a real collision takes 2^32 tries: here the second key is given the first one's identifier.
        let twin = Kit::new("log", KeyType::Ed25519).key().clone().with_bits(vec![7; 32]);
        let ambiguous = Err(TlogError::KeyAmbiguous { name: "log".to_owned() });
        assert_eq!(note.verify([log.key(), &twin], &mut Budget::for_document()), ambiguous);
    }

    #[test]
    fn verification_has_a_price() {
        let log = Kit::new("log", KeyType::Ed25519);
        let note = signed(&[&log]);
        let mut budget = Budget::for_document();
        while note.verify([log.key()], &mut budget).is_ok() {}
        assert!(matches!(note.verify([log.key()], &mut budget), Err(TlogError::Budget(_))));
    }
}
