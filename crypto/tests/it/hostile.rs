//! What nobody honest sends: mutated samples never pass nor panic, and small bodies that ask for much work are refused early.

use std::time::{Duration, Instant};

use crypto::cms;
use crypto::issue::cms::CmsBuilder;
use crypto::issue::crl::CrlBuilder;
use crypto::issue::jws::JwsBuilder;
use crypto::issue::ofd::{Files, put};
use crypto::issue::seal::SealVersion;
use crypto::issue::zip::{ZipEntry, write};
use crypto::report::{Indication, Report};
use crypto::seal::{Seal, SealSignature};
use crypto::x509::{Certificate, RevocationList};

use crate::world::{ISSUER, World, at, failing, fields, signed};

const ROUNDS: usize = 20_000;
/// Far more than any mutant needs, and far less than one that escapes its bounds: the machine may be busy.
const SLOWEST: Duration = Duration::from_secs(2);

/// A small generator of numbers that are the same in every run (xorshift).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    /// One to three changes: a bit flipped, a byte set, inserted, deleted, or a stretch repeated or cut off.
    fn mutate(&mut self, sample: &[u8]) -> Vec<u8> {
        let mut mutant = sample.to_vec();
        for _ in 0..=self.roll(3) {
            let place = self.roll(mutant.len().max(1));
            if mutant.is_empty() {
                break;
            }
            match self.roll(16) {
                0..6 => mutant[place] ^= 1 << self.roll(8),
                6..9 => mutant[place] = [0, 1, 0x30, 0x7f, 0x80, 0x84, 0xff, b'"'][self.roll(8)],
                9..12 => mutant.insert(place, u8::try_from(self.roll(256)).unwrap()),
                12..14 => drop(mutant.remove(place)),
                14 => {
                    let end = (place + 1 + self.roll(40)).min(mutant.len());
                    let stretch = mutant[place..end].to_vec();
                    mutant.splice(place..place, stretch);
                }
                _ => mutant.truncate(place),
            }
        }
        mutant
    }
}

/// Hands mutants of a sample to `read`, which panics if it should not have taken one.
fn torment<T>(sample: &[u8], rounds: usize, read: impl Fn(&[u8]) -> T) {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for round in 0..rounds {
        let mutant = dice.mutate(sample);
        let begun = Instant::now();
        std::hint::black_box(read(&mutant));
        let took = begun.elapsed();
        assert!(took < SLOWEST, "round {round} took {took:?}");
    }
}

#[test]
fn mutated_structures_are_read_or_refused() {
    let world = World::new();
    let seal = world.seal(SealVersion::V4);
    let files = world.files(SealVersion::V4);
    let value = &files.iter().find(|(path, _)| path.ends_with("SignedValue.dat")).unwrap().1;
    let list = CrlBuilder::new(1, at("2026-06-15T00:00:00Z"), None).issue(&world.root.name, &world.root.key);
    let message = CmsBuilder::new(b"{}").attributes(Some(signed())).certificate(&world.signer.der).sign(world.signer.signer());
    torment(&world.signer.der, ROUNDS, |mutant| {
        if let Ok(certificate) = Certificate::from_der(mutant) {
            drop(certificate.summary());
            drop((certificate.extensions().alternative_names(), certificate.extensions().key_usage()));
            drop((certificate.extensions().basic_constraints(), certificate.extensions().extended_key_usage()));
        }
    });
    torment(&list, ROUNDS, |mutant| RevocationList::from_der(mutant).map(|list| list.find(&world.signer.certificate())));
    torment(&seal, ROUNDS, |mutant| Seal::from_der(mutant).map(|seal| seal.sha256()));
    torment(value, ROUNDS, |mutant| SealSignature::from_der(mutant).map(|value| value.seal.sha256()));
    torment(&message, ROUNDS, |mutant| {
        cms::signed_data(mutant).map(|data| data.signers.iter().filter(|signer| signer.attributes().is_ok()).count())
    });
}

#[test]
fn mutated_archives_do_not_pass() {
    let world = World::new();
    let trust = world.trust();
    let files = world.files(SealVersion::V4);
    let good = crypto::issue::zip::zip(&files);
    let same = |mutant: &[u8]| {
        // What no reader sees may change: times and attributes of the archive. The files are then still the same.
        let mut budget = crypto::budget::Budget::for_document();
        let read = crypto::ofd::zip::Archive::read(mutant, &mut budget).unwrap().into_files();
        read == files.iter().cloned().collect()
    };
    torment(&good, ROUNDS, |mutant| {
        let report = crate::world::report(mutant, &trust, crate::world::now());
        assert!(report.verdict.indication != Indication::TotalPassed || same(mutant), "{report:#?}");
    });
}

#[test]
fn mutated_files_do_not_pass() {
    let world = World::new();
    let trust = world.trust();
    let files = world.files(SealVersion::V4);
    // The list is left open for further signatures, so it is not covered.
    for (path, bytes) in files.iter().filter(|(path, _)| path != crypto::issue::ofd::SIGNATURES) {
        torment(bytes, 150, |mutant| {
            let mut changed = files.clone();
            put(&mut changed, path, mutant.to_vec());
            let entries: Vec<_> = changed.iter().map(|(name, data)| ZipEntry::new(name, data).stored()).collect();
            let report = crate::world::report(&write(&entries), &trust, crate::world::now());
            assert!(report.verdict.indication != Indication::TotalPassed || mutant == bytes, "{path}: {report:#?}");
        });
    }
}

#[test]
fn mutated_messages_do_not_pass() {
    let world = World::new();
    let trust = world.trust();
    let jws = JwsBuilder::licence(&fields(ISSUER)).chain(&[&world.signer.der]).signed_at(signed()).compact(&world.signer.key);
    let good = world.report(jws.as_bytes());
    assert_eq!(good.verdict.indication, Indication::TotalPassed, "{good:#?}");
    torment(jws.as_bytes(), ROUNDS / 4, |mutant| {
        let report = crate::world::report(mutant, &trust, crate::world::now());
        let same = mutant.trim_ascii() == jws.as_bytes();
        assert!(report.verdict.indication != Indication::TotalPassed || same, "{report:#?}");
    });
}

#[test]
fn licence_data_of_too_many_values_are_not_passed_over() {
    let world = World::new();
    let payload = format!("{{\"ZZBS\":\"x\",\"a\":[{}1]}}", "1,".repeat(70_000));
    let jws = JwsBuilder::new(payload.as_bytes()).chain(&[&world.signer.der]).signed_at(signed()).compact(&world.signer.key);
    assert_eq!(failing(&world.report(jws.as_bytes())), ["licence.metadata"]);
}

const SPACE: &str = "xmlns=\"http://www.ofdspec.org/2016\"";

/// A package with this many plain signatures, each described by the same text, beside further files.
fn package(signatures: usize, description: &str, document: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let list: String = (0..signatures).map(|n| format!("<Signature ID=\"{n}\" Type=\"Sign\" BaseLoc=\"s{n}.xml\"/>")).collect();
    let mut files: Files = vec![
        (
            "OFD.xml".into(),
            format!("<OFD {SPACE}><DocBody><DocRoot>D.xml</DocRoot><Signatures>S.xml</Signatures></DocBody></OFD>").into(),
        ),
        ("D.xml".into(), format!("<Document {SPACE}>{document}</Document>").into()),
        ("S.xml".into(), format!("<Signatures {SPACE}>{list}</Signatures>").into()),
        ("V.dat".into(), b"x".to_vec()),
    ];
    files.extend((0..signatures).map(|n| (format!("s{n}.xml"), description.as_bytes().to_vec())));
    files.extend(more.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())));
    crypto::issue::zip::zip(&files)
}

fn description(reference: &str) -> String {
    format!(
        "<Signature {SPACE}><SignedInfo><References CheckMethod=\"SM3\">{reference}</References></SignedInfo>\
         <SignedValue>V.dat</SignedValue></Signature>"
    )
}

#[track_caller]
fn refused_for(report: &Report, reason: &str) {
    assert_eq!(failing(report), ["document.format"]);
    assert_eq!(report.checks[0].inputs["reason"], reason);
}

#[test]
fn many_signatures_over_a_large_file_are_not_all_digested() {
    let world = World::new();
    let reference = description("<Reference FileRef=\"/big\"><CheckValue>AAAA</CheckValue></Reference>");
    let body = package(64, &reference, "<Pages/>", &[("big", &vec![0; 4 << 20])]);
    assert!(body.len() < 100_000, "it is small on the way");
    refused_for(&world.report(&body), "too many bytes to digest for the signatures");
}

#[test]
fn the_same_file_is_not_read_for_each_signature() {
    let world = World::new();
    let page = format!("<Page {SPACE}>{}</Page>", "x".repeat(4 << 20));
    let body = package(
        64,
        &description("<Reference FileRef=\"/D.xml\"/>"),
        "<Pages><Page ID=\"1\" BaseLoc=\"P.xml\"/></Pages>",
        &[("P.xml", page.as_bytes())],
    );
    // Read once, it stays within the budget, and each signature has its own verdict.
    let report = world.report(&body);
    assert_eq!(report.signatures.len(), 64);
    // One list for many bodies is read for each.
    let bodies = "<DocBody><DocRoot>D.xml</DocRoot><Signatures>S.xml</Signatures></DocBody>".repeat(64);
    let list = format!("<Signatures {SPACE}>{}</Signatures>", "x".repeat(4 << 20));
    let files: Files = vec![
        ("OFD.xml".into(), format!("<OFD {SPACE}>{bodies}</OFD>").into()),
        ("D.xml".into(), format!("<Document {SPACE}><Pages/></Document>").into()),
        ("S.xml".into(), list.into()),
    ];
    refused_for(&world.report_files(&files), "too many bytes of XML to read");
}
