//! Cosignatures (C2SP tlog-cosignature, `cosignature/v1`): a witness says when a checkpoint was the largest that it had seen.

use super::{KeyType, NoteSigner, SignatureLine};
use crate::sig::{Algorithm, BadSignature, PublicKey};

/// The latest time that may be signed, in seconds since 1970.
const TIME_MAX: u64 = i64::MAX.unsigned_abs();

/// What a witness signs: the time, and the text of the checkpoint.
#[must_use]
pub fn message(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

/// A witness's line for the text of a checkpoint. `None` when the signer cannot sign, or signs no cosignatures.
#[must_use]
pub fn sign(signer: &dyn NoteSigner, text: &str, time: u64) -> Option<SignatureLine> {
    if signer.key().kind() != KeyType::Cosignature || time > TIME_MAX {
        return None;
    }
    let signature = signer.sign(&message(time, text))?;
    SignatureLine::new(signer.key(), [&time.to_be_bytes(), signature.as_slice()].concat())
}

/// Checks a cosignature, and gives its time.
///
/// # Errors
/// [`BadSignature`].
pub fn verify(key: &PublicKey, text: &str, cosignature: &[u8]) -> Result<u64, BadSignature> {
    let (time, signature) = cosignature.split_first_chunk().ok_or(BadSignature)?;
    let time = u64::from_be_bytes(*time);
    Algorithm::Ed25519.verify_fixed(key, &message(time, text), signature)?;
    if time <= TIME_MAX { Ok(time) } else { Err(BadSignature) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::tlog::Note;
    use crate::tlog::testing::Kit;

    const TEXT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_message_is_that_of_the_specification() {
        assert_eq!(
            String::from_utf8(message(1_679_315_147, TEXT)).unwrap(),
            "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        );
    }

    #[test]
    fn a_witness_signs_with_the_time() {
        let witness = Kit::new("w.example/w1", KeyType::Cosignature);
        let line = sign(&witness, TEXT, 1_679_315_147).unwrap();
        assert_eq!(line.signature().len(), 72);
        let mut note = Note::new(TEXT).unwrap();
        note.add(line.clone()).unwrap();
        let signed = note.verify([witness.key()], &mut Budget::for_document()).unwrap();
        assert_eq!((signed[0].key, signed[0].time), (witness.key(), Some(1_679_315_147)));
        // Another time, another text, a plain signature: none is a cosignature.
        let key = witness.key().public_key();
        let mut later = line.signature().to_vec();
        later[7] ^= 1;
        assert_eq!(verify(key, TEXT, &later), Err(BadSignature));
        assert_eq!(verify(key, "x\n", line.signature()), Err(BadSignature));
        assert_eq!(verify(key, TEXT, &witness.sign(TEXT.as_bytes()).unwrap()), Err(BadSignature));
        assert_eq!(verify(key, TEXT, &line.signature()[..7]), Err(BadSignature));
    }

    #[test]
    fn keys_are_for_one_kind_of_signature() {
        let (log, witness) = (Kit::new("log", KeyType::Ed25519), Kit::new("w", KeyType::Cosignature));
        assert_eq!(sign(&log, TEXT, 1), None);
        assert_eq!(SignatureLine::sign(&witness, TEXT), None);
        assert_eq!(sign(&witness, TEXT, 1 << 63), None);
        let far = [&(1u64 << 63).to_be_bytes()[..], &witness.sign(&message(1 << 63, TEXT)).unwrap()].concat();
        assert_eq!(verify(witness.key().public_key(), TEXT, &far), Err(BadSignature));
    }
}
