//! Witnesses (C2SP tlog-witness): what they are asked, and how they decide.

use std::fmt;
use std::str::FromStr;

use super::merkle::{EMPTY, verify_consistency};
use super::text::decimal;
use super::{Checkpoint, Hash, Note, NoteSigner, SignatureLine, TlogError, VerifierKey, cosignature};
use crate::budget::Budget;
use crate::report::Text;

/// The longest request that is read, in bytes: the longest note and some lines.
const BYTES_MAX: usize = Note::BYTES_MAX + 4096;

/// The request to sign a checkpoint: `add-checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    old_size: u64,
    proof: Vec<Hash>,
    note: Note,
    checkpoint: Checkpoint,
}

/// A checkpoint that may be signed once it is kept. Only [`decide`] makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    checkpoint: Checkpoint,
    text: String,
}

/// Why a witness does not sign.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The request is malformed, or the old size is larger than the new one.
    Malformed,
    /// No key of this log signed, or one that did signed badly.
    Unsigned,
    /// The log is not known.
    UnknownOrigin,
    /// The old size is not that of the checkpoint signed last.
    Conflict {
        /// The size signed last.
        size: u64,
    },
    /// The log has signed two roots for one size.
    RootsDiffer {
        /// That size.
        size: u64,
    },
    /// The new tree is not shown to contain the old one.
    Inconsistent,
}

impl AddCheckpoint {
    /// The most hashes of a proof.
    pub const PROOF_MAX: usize = 63;

    /// The request to sign the checkpoint of a note, by a proof from the size that the witness signed last.
    ///
    /// # Errors
    /// [`TlogError::AddCheckpoint`] when the proof is too long, or when the note is no signed checkpoint.
    pub fn new(old_size: u64, proof: Vec<Hash>, note: Note) -> Result<Self, TlogError> {
        if proof.len() > Self::PROOF_MAX || note.lines().is_empty() {
            return Err(TlogError::AddCheckpoint);
        }
        let checkpoint = Checkpoint::of(&note).or(Err(TlogError::AddCheckpoint))?;
        Ok(Self { old_size, proof, note, checkpoint })
    }

    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`TlogError::AddCheckpoint`], or what is wrong with the note.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogError> {
        let text = if bytes.len() <= BYTES_MAX { str::from_utf8(bytes).ok() } else { None };
        text.ok_or(TlogError::AddCheckpoint)?.parse()
    }

    /// The size that the witness is said to have signed last.
    #[must_use]
    pub const fn old_size(&self) -> u64 {
        self.old_size
    }

    /// The checkpoint to sign.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note that the checkpoint came in.
    #[must_use]
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// The proof that the old tree is the beginning of the new one.
    #[must_use]
    pub fn proof(&self) -> &[Hash] {
        &self.proof
    }
}

/// Decides on a request. `last` is the size and root that this witness signed last for this origin, `keys` are those that it trusts
/// for it; none are an origin that it does not know.
///
/// Whoever accepts must keep the new size and root, on condition that `last` still is what it was, before anybody sees a signature.
///
/// # Errors
/// The [`Refusal`].
pub fn decide(
    last: Option<(u64, Hash)>,
    request: &AddCheckpoint,
    keys: &[VerifierKey],
    budget: &mut Budget,
) -> Result<Accepted, Refusal> {
    if keys.is_empty() {
        return Err(Refusal::UnknownOrigin);
    }
    request.note.verify(keys, budget).or(Err(Refusal::Unsigned))?;
    let (size, root) = (request.checkpoint.size(), request.checkpoint.root());
    if request.old_size > size {
        return Err(Refusal::Malformed);
    }
    let (last_size, last_root) = last.unwrap_or((0, EMPTY));
    if request.old_size != last_size {
        return Err(Refusal::Conflict { size: last_size });
    }
    if size == last_size && root != last_root {
        return Err(Refusal::RootsDiffer { size });
    }
    let is_shown = if last_size == 0 || size == last_size {
        request.proof.is_empty()
    } else {
        verify_consistency(last_size, size, &last_root, &root, &request.proof).is_ok()
    };
    if !is_shown {
        return Err(Refusal::Inconsistent);
    }
    Ok(Accepted { checkpoint: request.checkpoint.clone(), text: request.note.text().to_owned() })
}

impl Accepted {
    /// What to keep.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The witness's line. `None` when the signer cannot sign, or signs no cosignatures.
    #[must_use]
    pub fn cosign(&self, signer: &dyn NoteSigner, time: u64) -> Option<SignatureLine> {
        cosignature::sign(signer, &self.text, time)
    }
}

impl Refusal {
    /// The type of the body that says which size is the last one.
    pub const SIZE_TYPE: &'static str = "text/x.tlog.size";

    /// The number that C2SP tlog-witness gives it.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unsigned => 403,
            Self::UnknownOrigin => 404,
            Self::Conflict { .. } | Self::RootsDiffer { .. } => 409,
            Self::Inconsistent => 422,
        }
    }

    /// The size that the answer names, for a conflict.
    #[must_use]
    pub const fn last_size(&self) -> Option<u64> {
        match self {
            Self::Conflict { size } | Self::RootsDiffer { size } => Some(*size),
            _ => None,
        }
    }

    /// The stable code that clients see.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.row().0
    }

    /// The reason in words.
    #[must_use]
    pub const fn text(&self) -> Text {
        let (_, en, zh) = self.row();
        Text { en: std::borrow::Cow::Borrowed(en), zh: std::borrow::Cow::Borrowed(zh) }
    }

    const fn row(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Malformed => ("witness-malformed", "This is not a request to a witness.", "不是有效的见证请求。"),
            Self::Unsigned => {
                ("witness-unsigned", "No key that is trusted for this log has signed well.", "没有该日志受信任密钥的有效签名。")
            }
            Self::UnknownOrigin => ("witness-unknown-origin", "This log is not known here.", "未知的日志。"),
            Self::Conflict { .. } => (
                "witness-conflict",
                "The old size is not that of the checkpoint signed last.",
                "旧规模与上次见证的检查点不一致。",
            ),
            Self::RootsDiffer { .. } => {
                ("witness-roots-differ", "The log has signed two roots for one size.", "日志对同一规模签署了两个不同的根。")
            }
            Self::Inconsistent => {
                ("witness-inconsistent", "The new tree is not shown to contain the old one.", "无法证明新日志包含旧日志。")
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().1)
    }
}

impl std::error::Error for Refusal {}

impl FromStr for AddCheckpoint {
    type Err = TlogError;

    fn from_str(text: &str) -> Result<Self, TlogError> {
        let (head, note) = text.split_once("\n\n").ok_or(TlogError::AddCheckpoint)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| decimal(line.strip_prefix("old ")?)).ok_or(TlogError::AddCheckpoint)?;
        // One more than may be is enough to refuse it.
        let proof: Result<Vec<Hash>, TlogError> = lines.take(Self::PROOF_MAX + 1).map(str::parse).collect();
        Self::new(old, proof.or(Err(TlogError::AddCheckpoint))?, Note::parse(note.as_bytes())?)
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::testing::{Kept, Kit, leaves, naive_root};
    use crate::tlog::{KeyType, prove};

    struct World {
        leaves: Vec<Hash>,
        log: Kit,
    }

    impl World {
        fn new() -> Self {
            Self { leaves: leaves(40), log: Kit::new("log.example", KeyType::Ed25519) }
        }

        fn root(&self, size: u64) -> Hash {
            naive_root(&self.leaves[..usize::try_from(size).unwrap()])
        }

        fn note(&self, size: u64, root: Hash) -> Note {
            let mut note = Checkpoint::new("log.example", size, root).unwrap().note().unwrap();
            note.add(SignatureLine::sign(&self.log, note.text()).unwrap()).unwrap();
            note
        }

        fn request(&self, old: u64, size: u64) -> AddCheckpoint {
            let proof = if old == 0 { Vec::new() } else { prove::consistency(old, size, &Kept::of(&self.leaves)).unwrap() };
            AddCheckpoint::new(old, proof, self.note(size, self.root(size))).unwrap()
        }

        fn decide(&self, last: Option<u64>, request: &AddCheckpoint) -> Result<u64, u16> {
            let last = last.map(|size| (size, self.root(size)));
            let decision = decide(last, request, &[self.log.key().clone()], &mut Budget::for_document());
            decision.map(|accepted| accepted.checkpoint().size()).map_err(|refusal| refusal.status())
        }
    }

    #[test]
    fn a_witness_follows_a_growing_log() {
        let world = World::new();
        for (last, old, size) in [(None, 0, 0), (None, 0, 13), (Some(0), 0, 13), (Some(13), 13, 40), (Some(40), 40, 40)] {
            let request = world.request(old, size);
            assert_eq!(request.to_string().parse(), Ok(request.clone()));
            assert_eq!(world.decide(last, &request), Ok(size), "{last:?} {old} {size}");
        }
    }

    #[test]
    fn what_is_accepted_can_be_signed() {
        let (world, witness) = (World::new(), Kit::new("w", KeyType::Cosignature));
        let request = world.request(0, 13);
        let accepted = decide(None, &request, &[world.log.key().clone()], &mut Budget::for_document()).unwrap();
        let line = accepted.cosign(&witness, 1_782_892_800).unwrap();
        let answer = format!("{line}\n");
        let mut note = request.note().clone();
        for line in SignatureLine::read_all(&answer).unwrap() {
            note.add(line).unwrap();
        }
        let signed = note.verify([world.log.key(), witness.key()], &mut Budget::for_document()).unwrap();
        assert_eq!(signed[1].time, Some(1_782_892_800));
    }

    #[test]
    fn every_refusal_has_its_number() {
        let world = World::new();
        let key = [world.log.key().clone()];
        let at = |size: u64| Some((size, world.root(size)));
        let decide = |last, request: &AddCheckpoint, keys: &[VerifierKey]| {
            decide(last, request, keys, &mut Budget::for_document()).map(|_| ()).unwrap_err()
        };
        let good = world.request(13, 40);
        assert_eq!(decide(at(13), &good, &[]), Refusal::UnknownOrigin);
        let stranger = Kit::new("stranger", KeyType::Ed25519);
        assert_eq!(decide(at(13), &good, &[stranger.key().clone()]), Refusal::Unsigned);
        let forged = good.to_string().replace("\n40\n", "\n41\n").parse().unwrap();
        assert_eq!(decide(at(13), &forged, &key), Refusal::Unsigned);
        for (last, old) in [(at(12), 12), (None, 0)] {
            assert_eq!(decide(last, &good, &key), Refusal::Conflict { size: old });
        }
        let backwards = AddCheckpoint::new(41, Vec::new(), world.note(40, world.root(40))).unwrap();
        assert_eq!(decide(at(41 - 1), &backwards, &key), Refusal::Malformed);
        let fork = AddCheckpoint::new(13, Vec::new(), world.note(13, world.root(12))).unwrap();
        assert_eq!(decide(at(13), &fork, &key), Refusal::RootsDiffer { size: 13 });
        let rewritten = AddCheckpoint::new(13, good.proof().to_vec(), world.note(40, world.root(39))).unwrap();
        assert_eq!(decide(at(13), &rewritten, &key), Refusal::Inconsistent);
        let unproven = AddCheckpoint::new(13, Vec::new(), good.note().clone()).unwrap();
        assert_eq!(decide(at(13), &unproven, &key), Refusal::Inconsistent);
        for (last, old, size) in [(None, 0, 13), (at(13), 13, 13)] {
            let needless = AddCheckpoint::new(old, vec![EMPTY], world.note(size, world.root(size))).unwrap();
            assert_eq!(decide(last, &needless, &key), Refusal::Inconsistent, "{old} {size}");
        }
        let all = [
            (Refusal::Malformed, 400, None),
            (Refusal::Unsigned, 403, None),
            (Refusal::UnknownOrigin, 404, None),
            (Refusal::Conflict { size: 7 }, 409, Some(7)),
            (Refusal::RootsDiffer { size: 7 }, 409, Some(7)),
            (Refusal::Inconsistent, 422, None),
        ];
        for (refusal, status, size) in all {
            assert_eq!((refusal.status(), refusal.last_size()), (status, size));
            let text = refusal.text();
            assert!(text.en.ends_with('.') && text.zh.ends_with('。') && refusal.code().starts_with("witness-"));
        }
    }

    #[test]
    fn malformed_requests_are_refused() {
        let world = World::new();
        let good = world.request(13, 40).to_string();
        let hash = world.request(13, 40).proof()[0].to_string();
        for bad in [
            String::new(),
            good.replace("old 13", "old 013"),
            good.replace("old 13", "old  13"),
            good.replace("old 13", "Old 13"),
            good.replace("old 13\n", ""),
            good.replace(&hash, hash.get(1..).unwrap()),
            good.replace(&hash, &format!("{hash}\n").repeat(64)),
            good.replace("log.example\n40", "log.example\n4x"),
            good.replacen("\n\n", "\n", 1),
            good.trim_end().to_owned(),
        ] {
            assert!(AddCheckpoint::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(AddCheckpoint::parse(good.as_bytes()).is_ok());
        assert!(AddCheckpoint::parse(b"\xff").is_err());
    }
}
