//! Each sub-indication of ETSI EN 319 102-1, reached by every form of document in which it can occur. `docs/INDICATIONS.md` is the
//! same table for readers, with the reasons of those that cannot.

use std::collections::{BTreeMap, BTreeSet};

use crypto::digest::Sha256;
use crypto::issue::ocsp::{Answer, OcspBuilder};
use crypto::issue::ofd::put;
use crypto::issue::seal::SealVersion;
use crypto::issue::{
    CertificateBuilder, CmsBuilder, CrlBuilder, JwsBuilder, KeyType, OfdBuilder, OfdSignature, Signer, SigningKey, Stamp,
    TokenBuilder, Usage, zip,
};
use crypto::oid::Oid;
use crypto::report::{Report, SubIndication as Sub};
use crypto::sig::Algorithm;
use crypto::time::Timestamp;
use crypto::verify::{Question, verify};
use crypto::x509::ocsp::IdDigest;
use crypto::x509::trust::{AlgorithmRule, Policy, RevocationPolicy};
use crypto::x509::{Domain, Evidence, OcspResponse, Purpose, RevocationList, Service, Trust};

use crate::world::{Actor, ISSUER, World, actor, at, authority, fields, now, signed};

const POLICY: Oid<'static> = Oid(b"\x2a\x03\x04");

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Ofd,
    Jws,
    Cms,
}

const FORMS: [Form; 3] = [Form::Ofd, Form::Jws, Form::Cms];

/// A document to be, and whom its reader trusts. Good until a situation makes it bad.
struct Scene {
    world: World,
    /// Who signs, and certificates sent along.
    signer: Actor,
    key: SigningKey,
    companions: Vec<Vec<u8>>,
    signer_domain: Domain,
    policy: Policy,
    evidence: Evidence,
    claimed: Timestamp,
    stamped_at: Option<Timestamp>,
    /// What the signature names as its certificate and as its policy, by digest.
    names: Option<Vec<u8>>,
    policy_digest: Option<[u8; 32]>,
    spoilt: Option<Spoilt>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spoilt {
    Truncated,
    Content,
    Token,
    LeftOut,
}

impl Scene {
    fn new() -> Self {
        Self::of(World::new())
    }

    fn of(world: World) -> Self {
        let signer = actor(&world.root, KeyType::Sm2, "signer", 3, |builder| builder.signer().organisation_code(ISSUER));
        let key = SigningKey::from_label(KeyType::Sm2, "signer");
        let signer_domain = world.domains().remove(0);
        let policy = Policy { claimed_lag_max_s: None, ..Policy::default() };
        Self {
            world,
            signer,
            key,
            companions: Vec::new(),
            signer_domain,
            policy,
            evidence: Evidence::default(),
            claimed: signed(),
            stamped_at: None,
            names: None,
            policy_digest: None,
            spoilt: None,
        }
    }

    /// Another certificate for the signer.
    fn signer(mut self, shape: impl FnOnce(CertificateBuilder) -> CertificateBuilder) -> Self {
        self.signer = actor(&self.world.root, KeyType::Sm2, "signer", 3, |builder| shape(builder.organisation_code(ISSUER)));
        self
    }

    fn algorithm_until(mut self, end: &str) -> Self {
        self.signer_domain.algorithms = vec![AlgorithmRule { algorithm: Algorithm::Sm2Sm3, until: Some(at(end)) }];
        self
    }

    fn spoilt(mut self, how: Spoilt) -> Self {
        self.spoilt = Some(how);
        self
    }

    fn report(&self, form: Form) -> Report {
        let mut document = match form {
            Form::Ofd => self.ofd(),
            Form::Jws => self.jws(),
            Form::Cms => self.cms(),
        };
        if self.spoilt == Some(Spoilt::Truncated) {
            document.truncate(document.len() / 2);
        }
        // The seal's maker is trusted as it stands, so that only the signer is in question.
        let maker = Domain::new("makers", Purpose::SealMaker, vec![self.world.maker.certificate()]);
        let trust = Trust::new(vec![self.signer_domain.clone(), maker], self.policy.clone());
        verify(&Question { evidence: &self.evidence, ..Question::new(&document, now()) }, &trust).report
    }

    fn token(&self, value: &[u8]) -> Vec<u8> {
        let authority = actor(&self.world.root, KeyType::Sm2, "tsa", 70, CertificateBuilder::time_stamping);
        let spoilt = self.spoilt == Some(Spoilt::Token);
        let value = if spoilt { b"something else" } else { value };
        TokenBuilder::new(self.stamped_at.unwrap(), 1, POLICY).build(value, authority.signer())
    }

    fn ofd(&self) -> Vec<u8> {
        let seal = self.world.seal_builder(SealVersion::V5).user(&self.signer.der).build(self.world.maker.signer());
        let signer = Signer::new(self.names.as_ref().unwrap_or(&self.signer.der), &self.key);
        let token = |value: &[u8]| self.token(value);
        let mut signature = OfdSignature::seal(signer, SealVersion::V5, &seal, self.claimed);
        if self.stamped_at.is_some() {
            signature = signature.stamped(Stamp(&token));
        }
        if self.spoilt == Some(Spoilt::LeftOut) {
            signature = signature.leaving_out("OFD.xml");
        }
        let mut files = OfdBuilder::new(&fields(ISSUER), "示例证照").sign(signature).build_files();
        if self.spoilt == Some(Spoilt::Content) {
            put(&mut files, "Doc_0/Pages/Page_0/Content.xml", b"<other/>".to_vec());
        }
        zip::zip(&files)
    }

    fn jws(&self) -> Vec<u8> {
        let chain: Vec<&[u8]> = std::iter::once(&self.signer.der).chain(&self.companions).map(Vec::as_slice).collect();
        let mut jws = JwsBuilder::licence(&fields(ISSUER)).chain(&chain).signed_at(self.claimed);
        if let Some(named) = &self.names {
            jws = jws.header("x5t#S256", base64url(&Sha256::of(&[named]).0).into());
        }
        if let Some(digest) = self.policy_digest {
            let id = serde_json::json!({ "id": { "id": "urn:oid:1.2.3.4" }, "digVal": base64url(&digest) });
            jws = jws.header("sigPId", id).header("crit", serde_json::json!(["sigPId", "sigT"]));
        }
        let token = |value: &[u8]| self.token(value);
        let text = if self.stamped_at.is_some() { jws.stamped(&self.key, Stamp(&token)) } else { jws.compact(&self.key) };
        text.into_bytes()
    }

    fn cms(&self) -> Vec<u8> {
        let payload = serde_json::to_vec(&fields(ISSUER)).unwrap();
        let mut cms = CmsBuilder::new(&payload).attributes(Some(self.claimed));
        for companion in &self.companions {
            cms = cms.certificate(companion);
        }
        if let Some(named) = &self.names {
            cms = cms.signing_certificate(named);
        }
        if let Some(digest) = self.policy_digest {
            cms = cms.signature_policy(POLICY, &digest);
        }
        let token = |value: &[u8]| self.token(value);
        if self.stamped_at.is_some() {
            cms = cms.stamped(Stamp(&token));
        }
        cms = match self.spoilt {
            Some(Spoilt::Content) => cms.message_digest(&[0; 32]),
            Some(Spoilt::LeftOut) => cms.detached(),
            _ => cms,
        };
        cms.sign(Signer::new(&self.signer.der, &self.key))
    }
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// A world whose root revoked the signer at this moment.
fn revoked(when: &str) -> Scene {
    Scene::of(World::with(KeyType::Sm2, &[(3, at(when))]))
}

/// An authority between root and signer, revoked after the signature.
fn under_revoked_authority() -> Scene {
    let mut scene = Scene::of(World::with(KeyType::Sm2, &[(8, at("2026-06-10T00:00:00Z"))]));
    let middle = actor(&scene.world.root, KeyType::Sm2, "middle", 8, |builder| builder.authority(None));
    scene.signer = actor(&middle, KeyType::Sm2, "signer", 3, |builder| builder.signer().organisation_code(ISSUER));
    let list = CrlBuilder::new(1, at("2026-06-15T00:00:00Z"), Some(at("2026-07-15T00:00:00Z")));
    scene.signer_domain.lists.push(RevocationList::from_der(&list.issue(&middle.name, &middle.key)).unwrap());
    scene.signer_domain.intermediates.push(middle.certificate());
    scene
}

/// An answer by a responder whose own certificate has ended, and nothing else.
fn answered_by_the_dead() -> Scene {
    let mut scene = Scene::new();
    scene.signer_domain.lists.clear();
    let responder = actor(&scene.world.root, KeyType::Sm2, "responder", 77, |builder| {
        let builder = builder.not_ca().usage(&[Usage::DigitalSignature]).extended_usage(false, &[Oid::EKU_OCSP_SIGNING]);
        let builder = builder.extension(Oid::OCSP_NO_CHECK, false, &[5, 0]);
        builder.valid(at("2026-06-29T00:00:00Z"), at("2026-06-30T12:00:00Z"))
    });
    let made = at("2026-06-30T00:00:00Z");
    let window = (made, Some(at("2026-07-02T00:00:00Z")));
    let answer = Answer::good(&scene.signer.certificate(), &scene.world.root.certificate(), IdDigest::SM3, window);
    let response = OcspBuilder::new(made).answer(&answer).certificate(&responder.der).issue(&responder.name, &responder.key);
    scene.evidence.responses.push(OcspResponse::from_der(&response).unwrap());
    scene
}

/// Forged in the issuer's name: the names fit, the signature does not.
fn forged() -> Scene {
    let mut scene = Scene::new();
    let forger = Actor { key: SigningKey::from_label(KeyType::Sm2, "forger"), ..authority(KeyType::Sm2, "root") };
    scene.signer =
        actor(&forger, KeyType::Sm2, "signer", 3, |builder| builder.signer().organisation_code(ISSUER).without_key_ids());
    scene
}

fn expired() -> Scene {
    Scene::new().signer(|builder| builder.signer().valid(at("2025-01-01T00:00:00Z"), at("2026-06-10T00:00:00Z")))
}

fn named_policy(known: Option<[u8; 32]>) -> Scene {
    let mut scene = Scene::new();
    scene.policy_digest = Some([7; 32]);
    scene.policy.signature_policies = known.map(|digest| (POLICY.to_string(), Some(digest.to_vec()))).into_iter().collect();
    scene
}

fn with(change: impl FnOnce(&mut Scene)) -> Scene {
    let mut scene = Scene::new();
    change(&mut scene);
    scene
}

/// A situation for each sub-indication, and the forms in which it occurs.
fn situations() -> Vec<(Sub, Scene, &'static [Form])> {
    const ALL: &[Form] = &FORMS;
    use Form::{Cms, Jws, Ofd};
    let anchored_elsewhere = authority(KeyType::Sm2, "another root");
    vec![
        (Sub::FormatFailure, Scene::new().spoilt(Spoilt::Truncated), ALL),
        (Sub::HashFailure, Scene::new().spoilt(Spoilt::Content), &[Ofd, Cms]),
        (Sub::SigCryptoFailure, with(|scene| scene.key = SigningKey::from_label(KeyType::Sm2, "other")), ALL),
        (Sub::Revoked, revoked("2026-05-01T00:00:00Z"), ALL),
        (Sub::Expired, Scene { claimed: at("2026-06-20T00:00:00Z"), ..expired() }, ALL),
        (Sub::NotYetValid, with(|scene| scene.claimed = now().plus(301)), ALL),
        (Sub::SigConstraintsFailure, with(|scene| scene.stamped_at = Some(signed())).spoilt(Spoilt::Token), ALL),
        (Sub::ChainConstraintsFailure, Scene::new().signer(|builder| builder.usage(&[Usage::KeyEncipherment])), ALL),
        (Sub::CertificateChainGeneralFailure, forged(), ALL),
        (Sub::CryptoConstraintsFailure, Scene::new().algorithm_until("2026-05-01T00:00:00Z"), ALL),
        (Sub::PolicyProcessingError, named_policy(Some([8; 32])), &[Jws, Cms]),
        (Sub::SignaturePolicyNotAvailable, named_policy(None), &[Jws, Cms]),
        (Sub::TimestampOrderFailure, with(|scene| scene.stamped_at = Some(signed().plus(-3600))), ALL),
        (Sub::NoSigningCertificateFound, with(|scene| scene.names = Some(b"another".to_vec())), ALL),
        (Sub::NoCertificateChainFound, with(|scene| scene.signer_domain.anchors = vec![anchored_elsewhere.certificate()]), ALL),
        (
            Sub::NoCertificateChainFoundNoPoe,
            with(|scene| {
                let ended = Service { until: Some(at("2026-06-20T00:00:00Z")), ..Service::default() };
                scene.signer_domain.services = BTreeMap::from([(scene.world.root.certificate().sha256(), ended)]);
            }),
            ALL,
        ),
        (Sub::RevokedNoPoe, revoked("2026-06-10T00:00:00Z"), ALL),
        (Sub::RevokedCaNoPoe, under_revoked_authority(), ALL),
        (
            Sub::OutOfBoundsNotRevoked,
            {
                let mut scene = expired();
                let list = CrlBuilder::new(1, at("2026-06-10T00:00:00Z"), Some(at("2026-07-15T00:00:00Z")));
                let list = list.issue(&scene.world.root.name, &scene.world.root.key);
                scene.signer_domain.lists = vec![RevocationList::from_der(&list).unwrap()];
                scene
            },
            ALL,
        ),
        (
            Sub::OutOfBoundsNoPoe,
            {
                let mut scene = expired();
                scene.signer_domain.revocation = RevocationPolicy::None;
                scene
            },
            ALL,
        ),
        (Sub::RevocationOutOfBoundsNoPoe, answered_by_the_dead(), ALL),
        (Sub::CryptoConstraintsFailureNoPoe, Scene::new().algorithm_until("2026-06-20T00:00:00Z"), ALL),
        (Sub::NoPoe, with(|scene| scene.policy.require_timestamp = true), ALL),
        (Sub::TryLater, with(|scene| scene.signer_domain.lists.clear()), ALL),
        (Sub::SignedDataNotFound, Scene::new().spoilt(Spoilt::LeftOut), &[Ofd, Cms]),
    ]
}

fn name(sub: Sub) -> String {
    serde_json::to_value(sub).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn the_scene_is_good_without_a_situation() {
    for form in FORMS {
        let report = Scene::new().report(form);
        assert!(report.verdict.is_passed(), "{report:#?}");
    }
}

#[test]
fn every_sub_indication_is_reached_where_it_can_occur() {
    let mut wrong = Vec::new();
    for (sub, scene, forms) in situations() {
        for form in forms {
            let report = scene.report(*form);
            if report.verdict.sub_indication != Some(sub) {
                let failing = crate::world::failing(&report);
                wrong.push(format!("{} {}: {:?} {failing:?}", name(sub), report.format, report.verdict));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The readers' table says "reached" where the table above has a form, and why not everywhere else.
#[test]
fn the_table_for_readers_says_the_same() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/INDICATIONS.md")).unwrap();
    let rows: BTreeMap<&str, Vec<&str>> = text
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let id = cells.get(1)?.strip_prefix('`')?.strip_suffix('`')?;
            Some((id, cells[2..].to_vec()))
        })
        .collect();
    let situations = situations();
    let named: BTreeSet<String> = situations.iter().map(|(sub, ..)| name(*sub)).collect();
    assert_eq!(named.len(), 25, "the sub-indications of the standard");
    assert_eq!(rows.keys().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>(), named);
    for (sub, _, forms) in &situations {
        let cells = &rows[name(*sub).as_str()];
        for (index, form) in FORMS.iter().enumerate() {
            let cell = cells[index + 1];
            assert_eq!(cell == "reached", forms.contains(form), "{}: {cell}", name(*sub));
            assert!(cell == "reached" || cell.len() > 20, "{}: no reason given", name(*sub));
        }
    }
}
