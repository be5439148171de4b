//! SD-JWT credentials: what holds, and what every kind of tampering leads to.

use crypto::issue::sd_jwt::{Credential, PresentedTo, digest, disclosure, jwk};
use crypto::issue::{JwsBuilder, KeyType, SdJwtBuilder, SigningKey};
use crypto::report::{Outcome, Report, SubIndication, Verdict};
use crypto::sd_jwt::Presentation;
use crypto::verify::{Format, Question, Verification, verify};
use serde_json::{Value, json};

use crate::world::{ISSUER, World, at, failing, fields, now, outcome, signed};

const VCT: &str = "urn:example:licence";
const TO: Presentation<'_> = Presentation { audience: "https://verifier.example", nonce: "n-0S6", age_max_s: 300 };

fn builder(world: &World) -> SdJwtBuilder {
    SdJwtBuilder::new(VCT, signed()).chain(&[&world.signer.der]).claim("iss", json!("https://issuer.example"))
}

fn licence(world: &World) -> Credential {
    let builder = SdJwtBuilder::licence(VCT, signed(), &fields(ISSUER)).chain(&[&world.signer.der]);
    builder.sign(&world.signer.key)
}

fn judge(world: &World, document: &str, presentation: Option<&Presentation<'_>>) -> Verification {
    verify(&Question { presentation, ..Question::new(document.as_bytes(), now()) }, &world.trust())
}

fn report(world: &World, document: &str) -> Report {
    judge(world, document, None).report
}

fn inputs<'a>(report: &'a Report, id: &str) -> &'a std::collections::BTreeMap<std::borrow::Cow<'static, str>, String> {
    &report.signatures[0].checks.iter().find(|check| check.id == id).unwrap_or_else(|| panic!("no {id}: {report:#?}")).inputs
}

#[track_caller]
fn refused(world: &World, document: &str, check: &str) {
    let report = report(world, document);
    assert!(!report.verdict.is_passed());
    assert!(failing(&report).iter().any(|id| id == check), "{check} not in {:?}", failing(&report));
}

#[test]
fn a_licence_with_every_field_disclosed_passes() {
    for kind in [KeyType::Sm2, KeyType::P256, KeyType::Ed25519] {
        let world = World::with(kind, &[]);
        let document = licence(&world).text();
        assert_eq!(Format::detect(document.as_bytes()), Some(Format::SdJwt));
        let verification = judge(&world, &document, None);
        assert!(verification.report.verdict.is_passed(), "{:#?}", verification.report);
        assert_eq!(verification.report.signatures[0].form, "sd-jwt");
        assert_eq!(verification.report.signatures[0].claimed_time, Some(signed()));
        assert_eq!(verification.metadata.as_ref().unwrap().name, "示例证照");
        let verified = verification.into_verified(document.into_bytes()).unwrap();
        assert_eq!(verified.format(), Format::SdJwt);
    }
}

#[test]
fn what_is_held_back_is_not_there_and_what_is_no_licence_is_none() {
    let world = World::new();
    let credential = licence(&world);
    let part = credential.keeping(&[0, 1, 2]);
    let verification = judge(&world, &part.text(), None);
    assert_eq!(verification.report.verdict, Verdict::indeterminate(SubIndication::SignedDataNotFound));
    assert!(verification.metadata.is_none() && verification.into_verified(part.text().into_bytes()).is_none());
    // With nothing of it, it is a signed credential that is no licence, which has a verdict of its own.
    let none = report(&world, &credential.keeping(&[]).text());
    assert!(none.verdict.is_passed() && none.warnings.iter().any(|check| check.id == "licence.metadata"));
    let other = builder(&world).claim("age", json!({ "over": [18, 21] })).sign(&world.signer.key);
    assert!(report(&world, &other.text()).verdict.is_passed());
    assert_eq!(inputs(&report(&world, &other.text()), "sd-jwt.type")["iss"], "https://issuer.example");
    // A licence says what it says in texts.
    let odd = SdJwtBuilder::licence(VCT, signed(), &fields(ISSUER)).disclosable("KZ_1", json!(1)).chain(&[&world.signer.der]);
    refused(&world, &odd.sign(&world.signer.key).text(), "licence.metadata");
}

#[test]
fn every_changed_byte_of_every_part_is_noticed() {
    let world = World::new();
    let credential = licence(&world);
    let holder = SigningKey::from_label(KeyType::Ed25519, "holder");
    let bound = SdJwtBuilder::licence(VCT, signed(), &fields(ISSUER)).bound_to(&holder).chain(&[&world.signer.der]);
    let to = PresentedTo { audience: TO.audience, nonce: TO.nonce, at: now() };
    let bound = bound.sign(&world.signer.key).present(&holder, to);
    assert!(judge(&world, &bound, Some(&TO)).report.verdict.is_passed());
    let trust = world.trust();
    let whole = credential.text();
    let first = whole.find('~').unwrap();
    for (document, presentation) in [(&whole, None), (&bound, Some(&TO))] {
        // Every place of the disclosures and of the holder's part, and some of what was signed.
        let places = (0..first).step_by(37).chain(first..document.len());
        for place in places {
            let mut bytes = document.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let question = Question { presentation, ..Question::new(&bytes, now()) };
            let verdict = verify(&question, &trust).report.verdict;
            assert!(!verdict.is_passed(), "{place} of {}", document.len());
        }
    }
}

#[test]
fn disclosures_that_were_left_out_doubled_swapped_or_added() {
    let world = World::new();
    let credential = licence(&world);
    let mut doubled = credential.clone();
    doubled.disclosures.push(credential.disclosures[0].clone());
    refused(&world, &doubled.text(), "sd-jwt.disclosures");
    let mut added = credential.clone();
    added.disclosures.push(disclosure(&json!(["salt", "KZ_1", "added"])));
    let report = report(&world, &added.text());
    assert_eq!(report.verdict, Verdict::failed(SubIndication::HashFailure));
    // Another credential's disclosure.
    let mut other = credential.clone();
    other.disclosures[0] = builder(&world).disclosable("ZZMC", json!("别的证照")).sign(&world.signer.key).disclosures[0].clone();
    refused(&world, &other.text(), "sd-jwt.disclosures");
    // The order does not matter.
    let mut turned = credential.clone();
    turned.disclosures.reverse();
    assert!(judge(&world, &turned.text(), None).report.verdict.is_passed());
}

/// The two disclosures of RFC 9901, 4.2.1 to 4.2.4, whose digests it gives: as a member and as an element.
#[test]
fn the_digests_of_rfc_9901() {
    let member = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0".to_owned();
    let element = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0".to_owned();
    let world = World::new();
    let claims = [
        ("_sd", json!(["X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"])),
        ("nationalities", json!(["DE", { "...": "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs" }])),
    ];
    let all = [member, element];
    let report = report(&world, &odd(&world, &claims, &all));
    assert!(report.verdict.is_passed(), "{report:#?}");
    assert_eq!(inputs(&report, "sd-jwt.disclosures")["held_back"], "0");
    assert_eq!(digest(&all[0]), "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
}

/// A credential with these claims and these disclosures.
fn odd(world: &World, claims: &[(&str, Value)], disclosures: &[String]) -> String {
    let builder = claims.iter().fold(builder(world), |builder, (name, value)| builder.claim(name, value.clone()));
    let builder = disclosures.iter().fold(builder, |builder, text| builder.with_disclosure(text.clone()));
    builder.sign(&world.signer.key).text()
}

#[test]
fn nested_claims_lists_and_decoys() {
    let world = World::new();
    let street = disclosure(&json!(["s1", "street", "示例路1号"]));
    let address = disclosure(&json!(["s2", "address", { "_sd": [digest(&street)], "country": "CN" }]));
    let element = disclosure(&json!(["s3", "second"]));
    let claims = [
        ("_sd", json!([digest(&address), digest("decoy")])),
        ("list", json!(["first", { "...": digest(&element) }, { "...": digest("another decoy") }])),
    ];
    let all = [street.clone(), address.clone(), element.clone()];
    let good = report(&world, &odd(&world, &claims, &all));
    assert!(good.verdict.is_passed(), "{good:#?}");
    assert_eq!(inputs(&good, "sd-jwt.disclosures")["held_back"], "2");
    // What stands within what is held back cannot be shown.
    refused(&world, &odd(&world, &claims, &[street]), "sd-jwt.disclosures");
    for name in ["sha-256", "sha-384", "sha-512"] {
        let plain = odd(&world, &[("_sd_alg", json!(name))], &[]);
        assert!(report(&world, &plain).verdict.is_passed(), "{name}");
    }
}

#[test]
fn what_rfc_9901_tells_to_reject() {
    let world = World::new();
    let member = disclosure(&json!(["s", "name", "value"]));
    let element = disclosure(&json!(["s", "value"]));
    let sd = |texts: &[&String]| json!(texts.iter().map(|text| digest(text)).collect::<Vec<_>>());
    let place = |text: &String| json!([{ "...": digest(text) }]);
    let one = |parts: Value| {
        let text = disclosure(&parts);
        ([("_sd", sd(&[&text]))], text)
    };
    let mut cases: Vec<(Vec<(&str, Value)>, Vec<String>)> = vec![
        (vec![("_sd", sd(&[&member, &member]))], vec![member.clone()]),
        (vec![("_sd", sd(&[&member])), ("a", json!({ "_sd": sd(&[&member]) }))], vec![member.clone()]),
        (vec![("a", json!({ "_sd": ["x"] })), ("b", json!({ "_sd": ["x"] }))], vec![]),
        (vec![("_sd", sd(&[&element]))], vec![element.clone()]),
        (vec![("a", place(&member))], vec![member.clone()]),
        (vec![("_sd", sd(&[&member])), ("name", json!("open"))], vec![member.clone()]),
        (vec![("_sd", json!("text"))], vec![]),
        (vec![("_sd", json!([1]))], vec![]),
        (vec![("a", json!([{ "...": 1 }]))], vec![]),
        (vec![("a", json!({ "...": "x" }))], vec![]),
        (vec![("a", json!([{ "...": digest(&element), "b": 1 }]))], vec![element.clone()]),
        (vec![("_sd_alg", json!("md5"))], vec![]),
        (vec![("_sd_alg", json!("sm3"))], vec![]),
        (vec![("_sd_alg", json!(1))], vec![]),
    ];
    for parts in [
        json!(["s"]),
        json!(["s", "n", "v", "more"]),
        json!({ "s": 1 }),
        json!([1, "n", "v"]),
        json!(["s", 1, "v"]),
        json!(["s", "_sd", []]),
        json!(["s", "...", "x"]),
        json!(["s", "_sd_alg", "sha-256"]),
        json!(["s", "exp", 9_000_000_000_i64]),
        json!(["s", "cnf", {}]),
        json!(["s", "status", {}]),
        json!(["s", "nbf", 1]),
    ] {
        let (claims, text) = one(parts);
        cases.push((claims.to_vec(), vec![text]));
    }
    // Within a claim that must stand open.
    cases.push((vec![("cnf", json!({ "_sd": [digest("x")], "jwk": {} }))], vec![]));
    for (claims, disclosures) in &cases {
        let document = odd(&world, claims, disclosures);
        let report = report(&world, &document);
        assert!(failing(&report).iter().any(|id| id == "sd-jwt.disclosures"), "{claims:?}: {:?}", failing(&report));
    }
    let twice = "WyJzIiwibiIseyJhIjoxLCJhIjoyfV0".to_owned(); // ["s","n",{"a":1,"a":2}]
    refused(&world, &odd(&world, &[("_sd", sd(&[&twice]))], &[twice]), "sd-jwt.disclosures");
}

#[test]
fn deep_nests_end_at_the_limit() {
    let world = World::new();
    let nest = |depth: usize| {
        let mut all = vec![disclosure(&json!(["s0", "n", 1]))];
        for level in 1..depth {
            let inner = digest(all.last().unwrap());
            all.push(disclosure(&json!([format!("s{level}"), "n", { "_sd": [inner] }])));
        }
        odd(&world, &[("_sd", json!([digest(all.last().unwrap())]))], &all)
    };
    assert!(report(&world, &nest(60)).verdict.is_passed());
    refused(&world, &nest(1000), "sd-jwt.disclosures");
}

#[test]
fn type_and_times() {
    let world = World::new();
    let key = &world.signer.key;
    let former = report(&world, &builder(&world).typ("vc+sd-jwt").sign(key).text());
    assert!(former.verdict.is_passed() && former.warnings.iter().any(|check| check.id == "sd-jwt.type"));
    assert!(report(&world, &builder(&world).typ("application/dc+sd-jwt").sign(key).text()).verdict.is_passed());
    refused(&world, &builder(&world).typ("JWT").sign(key).text(), "sd-jwt.type");
    refused(&world, &builder(&world).claim("vct", json!(1)).sign(key).text(), "sd-jwt.type");
    let timed = |name: &str, when: &str| report(&world, &odd(&world, &[(name, json!(at(when).unix()))], &[]));
    let failed = |why| Verdict::failed(why);
    assert_eq!(timed("exp", "2026-07-01T08:00:00Z").verdict, failed(SubIndication::Expired));
    let until = timed("exp", "2026-07-01T08:00:01Z");
    assert_eq!((until.verdict, until.holds_until), (Verdict::PASSED, Some(at("2026-07-01T08:00:01Z"))));
    assert_eq!(timed("nbf", "2026-07-02T00:00:00Z").verdict, failed(SubIndication::NotYetValid));
    assert_eq!(timed("nbf", "2026-07-01T08:05:00Z").verdict, Verdict::PASSED, "clocks differ");
    assert_eq!(timed("iat", "2026-07-02T00:00:00Z").verdict, failed(SubIndication::NotYetValid));
    for bad in [json!("2030"), json!(null), json!([1]), json!({ "a": 1 })] {
        assert_eq!(report(&world, &odd(&world, &[("exp", bad)], &[])).verdict, failed(SubIndication::FormatFailure));
    }
    assert_eq!(outcome(&report(&world, &odd(&world, &[("exp", json!(1.9e9))], &[])), "sd-jwt.times"), Outcome::Passed);
}

#[test]
fn a_holder_of_every_kind_of_key() {
    let world = World::new();
    for kind in [KeyType::Sm2, KeyType::P256, KeyType::Ed25519] {
        let holder = SigningKey::from_label(kind, "holder");
        let credential = builder(&world).bound_to(&holder).sign(&world.signer.key);
        let to = PresentedTo { audience: TO.audience, nonce: TO.nonce, at: now().plus(-10) };
        let good = judge(&world, &credential.present(&holder, to), Some(&TO)).report;
        assert!(good.verdict.is_passed(), "{good:#?}");
        assert_eq!(good.holds_until, Some(now().plus(291)), "a presentation ages");
        // Nobody asked: the signature counts, to whom it was made does not.
        let unasked = judge(&world, &credential.present(&holder, to), None).report;
        assert!(unasked.verdict.is_passed() && unasked.warnings.iter().any(|check| check.id == "sd-jwt.audience"));
        // Not presented by the holder: a warning, and a doubt where a presentation was asked for.
        let bare = judge(&world, &credential.text(), None).report;
        assert!(bare.verdict.is_passed() && bare.warnings.iter().any(|check| check.id == "sd-jwt.binding"));
        let doubt = judge(&world, &credential.text(), Some(&TO)).report;
        assert_eq!(doubt.verdict, Verdict::indeterminate(SubIndication::SigConstraintsFailure));
        for wrong in [
            PresentedTo { audience: "https://other.example", ..to },
            PresentedTo { nonce: "another", ..to },
            PresentedTo { at: now().plus(-301), ..to },
            PresentedTo { at: now().plus(301), ..to },
        ] {
            let report = judge(&world, &credential.present(&holder, wrong), Some(&TO)).report;
            assert_eq!(report.verdict, Verdict::indeterminate(SubIndication::SigConstraintsFailure), "{wrong:?}");
        }
        let thief = SigningKey::from_label(kind, "thief");
        assert_eq!(
            judge(&world, &credential.present(&thief, to), Some(&TO)).report.verdict,
            Verdict::failed(SubIndication::SigCryptoFailure)
        );
        // A key-binding signature over other disclosures.
        let richer = builder(&world).bound_to(&holder).disclosable("a", json!(1)).sign(&world.signer.key);
        let bound = richer.keeping(&[]).present(&holder, to);
        let (_, signature) = bound.rsplit_once('~').unwrap();
        let moved = richer.text() + signature;
        assert_eq!(judge(&world, &moved, Some(&TO)).report.verdict, Verdict::failed(SubIndication::HashFailure));
    }
}

#[test]
fn key_binding_of_the_wrong_form() {
    let world = World::new();
    let holder = SigningKey::from_label(KeyType::P256, "holder");
    let to = PresentedTo { audience: TO.audience, nonce: TO.nonce, at: now() };
    // Bound to nobody.
    let unbound = builder(&world).sign(&world.signer.key);
    refused(&world, &unbound.present(&holder, to), "sd-jwt.binding");
    // Keys that are none, or of another kind than the signature.
    let mut odd_curve = jwk(&holder);
    odd_curve["crv"] = json!("P-521");
    let other = SigningKey::from_label(KeyType::Ed25519, "holder");
    for cnf in [json!({}), json!({ "kid": "1" }), json!({ "jwk": odd_curve }), json!({ "jwk": jwk(&other) }), json!(null)] {
        let credential = builder(&world).claim("cnf", cnf).sign(&world.signer.key);
        refused(&world, &credential.present(&holder, to), "sd-jwt.binding");
    }
    // Parts that are something else than a key binding.
    let credential = builder(&world).bound_to(&holder).sign(&world.signer.key);
    let text = credential.text();
    let claims = json!({ "aud": "a", "nonce": "n", "iat": now().unix(), "sd_hash": digest(&text) });
    let bound = |typ: &str, claims: &Value, extra: Option<&str>| {
        let jws = JwsBuilder::new(claims.to_string().as_bytes()).header("typ", json!(typ));
        let jws = extra.map_or(jws.clone(), |name| jws.header(name, json!(["x"])));
        text.clone() + &jws.compact(&holder)
    };
    assert!(judge(&world, &bound("kb+jwt", &claims, None), None).report.verdict.is_passed());
    refused(&world, &bound("JWT", &claims, None), "sd-jwt.binding");
    refused(&world, &bound("kb+jwt", &claims, Some("crit")), "sd-jwt.binding");
    for name in ["aud", "nonce", "iat", "sd_hash"] {
        let mut lacking = claims.clone();
        lacking.as_object_mut().unwrap().remove(name);
        refused(&world, &bound("kb+jwt", &lacking, None), "sd-jwt.binding");
    }
}

#[test]
fn the_path_of_the_issuer_counts_as_everywhere() {
    let world = World::new();
    let elsewhere = World::with(KeyType::P256, &[]);
    refused(&world, &licence(&elsewhere).text(), "path.built");
    let bare = SdJwtBuilder::licence(VCT, signed(), &fields(ISSUER)).sign(&world.signer.key);
    refused(&world, &bare.text(), "signature.certificate");
    let revoked = World::with(KeyType::Sm2, &[(3, at("2026-06-10T00:00:00Z"))]);
    refused(&revoked, &licence(&revoked).text(), "path.revocation");
    let other = SdJwtBuilder::licence(VCT, signed(), &fields(ISSUER)).chain(&[&world.other.der]).sign(&world.other.key);
    refused(&world, &other.text(), "licence.issuer");
}
