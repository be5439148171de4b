//! Proofs that are handed out (C2SP tlog-proof): where an entry is, the way to the root, and the signed root.

use std::fmt;
use std::str::FromStr;

use super::merkle::verify_inclusion;
use super::text::{base64, decimal, unbase64};
use super::{Checkpoint, Hash, Note, Observed, Policy, TlogError, VerifierKey};
use crate::budget::Budget;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The longest proof that is read, in bytes: the longest note, and as much again for extra data and hashes.
const BYTES_MAX: usize = 2 * Note::BYTES_MAX;

/// More hashes no tree needs whose leaves are counted in 64 bits.
const HASHES_MAX: usize = 64;

/// The proof of one entry, as it is handed out with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    extra: Vec<u8>,
    index: u64,
    hashes: Vec<Hash>,
    note: Note,
}

impl TlogProof {
    /// The proof that the leaf at this place is in the tree of that checkpoint.
    ///
    /// # Errors
    /// [`TlogError::Proof`] when there are more hashes than any tree needs, or when the note is no signed checkpoint.
    pub fn new(index: u64, hashes: Vec<Hash>, note: Note) -> Result<Self, TlogError> {
        if hashes.len() > HASHES_MAX || note.lines().is_empty() || Checkpoint::of(&note).is_err() {
            return Err(TlogError::Proof);
        }
        Ok(Self { extra: Vec::new(), index, hashes, note })
    }

    /// The same with data that nobody signs, and nobody may trust.
    #[must_use]
    pub fn with_extra(self, extra: Vec<u8>) -> Self {
        Self { extra, ..self }
    }

    /// What came with it that nobody signed. Empty when there is nothing.
    #[must_use]
    pub fn extra(&self) -> &[u8] {
        &self.extra
    }

    /// The entry's place in the tree.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The way to the root, from the bottom up.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The signed checkpoint.
    #[must_use]
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Checks all of it: this leaf is in a log that one of these keys signed, and as many witnesses saw it as the policy demands.
    ///
    /// # Errors
    /// As [`Policy::observe`]; [`TlogError::Inclusion`]; [`TlogError::NotWitnessed`].
    pub fn verify(
        &self,
        leaf: &Hash,
        log_keys: &[VerifierKey],
        policy: &Policy,
        budget: &mut Budget,
    ) -> Result<Observed, TlogError> {
        let seen = policy.observe(&self.note, log_keys, budget)?;
        verify_inclusion(self.index, seen.checkpoint.size(), leaf, &seen.checkpoint.root(), &self.hashes)?;
        if seen.is_witnessed { Ok(seen) } else { Err(TlogError::NotWitnessed) }
    }
}

impl FromStr for TlogProof {
    type Err = TlogError;

    fn from_str(text: &str) -> Result<Self, TlogError> {
        if text.len() > BYTES_MAX {
            return Err(TlogError::Proof);
        }
        let (head, note) = text.split_once("\n\n").ok_or(TlogError::Proof)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(TlogError::Proof);
        }
        let extra = lines.next_if(|line| line.starts_with("extra ")).and_then(|line| line.strip_prefix("extra "));
        let extra = extra.map(|data| unbase64(data).filter(|data| !data.is_empty()).ok_or(TlogError::Proof)).transpose()?;
        let index = lines.next().and_then(|line| decimal(line.strip_prefix("index ")?)).ok_or(TlogError::Proof)?;
        // One more than may be is enough to refuse it.
        let hashes: Vec<Hash> = lines.take(HASHES_MAX + 1).map(str::parse).collect::<Result<_, _>>().or(Err(TlogError::Proof))?;
        let proof = Self::new(index, hashes, Note::parse(note.as_bytes())?)?;
        Ok(proof.with_extra(extra.unwrap_or_default()))
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if !self.extra.is_empty() {
            writeln!(f, "extra {}", base64(&self.extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::merkle::EMPTY;
    use crate::tlog::testing::{Kept, Kit, leaves, naive_root};
    use crate::tlog::{KeyType, NoteSigner, SignatureLine, cosignature, prove};

    fn sample() -> (TlogProof, Hash, VerifierKey, Kit) {
        let leaves = leaves(300);
        let log = Kit::new("log.example/1", KeyType::Ed25519);
        let mut note = Checkpoint::new("log.example/1", 300, naive_root(&leaves)).unwrap().note().unwrap();
        note.add(SignatureLine::sign(&log, note.text()).unwrap()).unwrap();
        let hashes = prove::inclusion(300, 77, &Kept::of(&leaves)).unwrap();
        let proof = TlogProof::new(77, hashes, note).unwrap();
        (proof, leaves[77], log.key().clone(), Kit::new("w.example", KeyType::Cosignature))
    }

    #[test]
    fn a_proof_is_read_as_it_is_written() {
        let (proof, ..) = sample();
        for proof in [proof.clone(), proof.with_extra(b"what for".to_vec())] {
            let text = proof.to_string();
            assert!(text.starts_with("c2sp.org/tlog-proof@v1\n"));
            assert_eq!(text.parse(), Ok(proof));
        }
    }

    #[test]
    fn a_proof_proves_its_entry_alone() {
        let (proof, leaf, log, witness) = sample();
        let check = |proof: &TlogProof, leaf: &Hash, keys: &[VerifierKey], policy: &Policy| {
            proof.verify(leaf, keys, policy, &mut Budget::for_document()).map(|seen| seen.cosigners.len())
        };
        let none = Policy::default();
        assert_eq!(check(&proof, &leaf, std::slice::from_ref(&log), &none), Ok(0));
        assert_eq!(check(&proof, &EMPTY, std::slice::from_ref(&log), &none), Err(TlogError::Inclusion));
        assert_eq!(check(&proof, &leaf, &[], &none), Err(TlogError::Unsigned));
        let moved = TlogProof { index: 78, ..proof.clone() };
        assert_eq!(check(&moved, &leaf, std::slice::from_ref(&log), &none), Err(TlogError::Inclusion));

        let policy: Policy = format!("witness w {}\nquorum w\n", witness.key()).parse().unwrap();
        assert_eq!(check(&proof, &leaf, std::slice::from_ref(&log), &policy), Err(TlogError::NotWitnessed));
        let mut seen = proof.clone();
        seen.note.add(cosignature::sign(&witness, proof.note.text(), 1_782_892_800).unwrap()).unwrap();
        assert_eq!(check(&seen, &leaf, &[log], &policy), Ok(1));
    }

    #[test]
    fn malformed_proofs_are_refused() {
        let (proof, ..) = sample();
        let good = proof.to_string();
        let first = proof.hashes()[0].to_string();
        for bad in [
            String::new(),
            good.replace("@v1", "@v2"),
            good.replace("index 77", "index 077"),
            good.replace("index 77\n", ""),
            good.replace("index 77", "extra \nindex 77"),
            good.replace("index 77", "extra AQ\nindex 77"),
            good.replace("index 77", "extra AQ==\nextra AQ==\nindex 77"),
            good.replace("index 77", "index 77\nextra AQ=="),
            good.replace(&first, first.get(1..).unwrap()),
            good.replace(&first, ""),
            good.replace(&first, &format!("{first}\n").repeat(60)),
            good.replace("log.example/1\n300", "log.example/1\n0300"),
            good.replacen("\n\n", "\n\n\n", 1),
        ] {
            assert!(bad.parse::<TlogProof>().is_err(), "{bad}");
        }
        let unsigned = Note::new(proof.note().text()).unwrap();
        assert_eq!(TlogProof::new(0, Vec::new(), unsigned), Err(TlogError::Proof));
    }
}
