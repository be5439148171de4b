//! A verification rehearsed from end to end: a document of our own making must pass, and not pass once it is changed.

use crypto::issue::{CertificateBuilder, JwsBuilder, KeyType, Name, SigningKey};
use crypto::report::Indication;
use crypto::time::Timestamp;
use crypto::verify::{Question, verify};
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Purpose, Trust};

/// Makes a document with SM2 as of `now` and verifies it, right and wrong.
///
/// # Errors
/// What went otherwise than it must, for the operator.
pub(super) fn verification(now: Timestamp) -> Result<(), String> {
    let (name, key) = (Name::new("licet", "rehearsal"), SigningKey::from_label(KeyType::Sm2, "licet rehearsal"));
    let (from, until) = (now.plus(-60), now.plus(60));
    let root = CertificateBuilder::new(&name, &key, 1).valid(from, until).authority(None).self_signed(&key);
    let signer = CertificateBuilder::new(&Name::new("licet", "signer"), &key, 2).valid(from, until).signer().issue(&name, &key);
    let anchor = Certificate::from_der(&root).map_err(|error| format!("our own certificate cannot be read: {error}"))?;
    let mut domain = Domain::new("rehearsal", Purpose::Signer, vec![anchor]);
    domain.revocation = RevocationPolicy::None;
    let trust = Trust::new(vec![domain], Policy::default());
    let judge = |document: &[u8]| verify(&Question::new(document, now), &trust).report.verdict.indication;

    let builder = |word: &str| JwsBuilder::new(word.as_bytes()).chain(&[&signer]).signed_at(now).compact(&key);
    let good = builder("{\"rehearsal\":\"1\"}");
    if judge(good.as_bytes()) != Indication::TotalPassed {
        return Err("a good document does not pass".to_owned());
    }
    // The signature of one document on another.
    let (unsigned, _) = good.rsplit_once('.').ok_or("our own document has no signature")?;
    let (_, other) = builder("{\"rehearsal\":\"2\"}").rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).ok_or("")?;
    match judge(format!("{unsigned}.{other}").as_bytes()) {
        Indication::TotalFailed => Ok(()),
        _ => Err("a forged document does not fail".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_as_it_must() {
        assert_eq!(verification(crate::clock::now()), Ok(()));
    }
}
