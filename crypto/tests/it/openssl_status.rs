//! Status with OpenSSL at the other end: its answers are read here, ours are accepted there, and both judge lists alike.

use crypto::issue::crl::{CrlBuilder, Reason};
use crypto::issue::ocsp::{Answer, OcspBuilder};
use crypto::issue::pem;
use crypto::issue::point::{ListScope, Point, points};
use crypto::oid::Oid;
use crypto::report::Outcome;
use crypto::x509::OcspResponse;
use crypto::x509::ocsp::{IdDigest, Request};

use crate::openssl;
use crate::status::{Bench, good, lists, responses, revoked};
use crate::world::at;

/// A certificate with serial number 3 that outlives the clock of whoever runs this.
fn bench() -> Bench {
    Bench::new(|builder| builder.valid(at("2020-01-01T00:00:00Z"), at("2039-01-01T00:00:00Z")))
}

fn write(there: &openssl::Bench, here: &Bench) {
    there.write("root.pem", pem::encode("CERTIFICATE", &here.root.der));
    there.write("root.key", here.root.key.pem());
    there.write("leaf.pem", pem::encode("CERTIFICATE", &here.leaf.der));
}

#[test]
fn answers_of_openssl_are_read() {
    let (here, there) = (bench(), openssl::Bench::new("ocsp-foreign"));
    write(&there, &here);
    let request = Request::new(&here.leaf.certificate(), &here.root.certificate(), IdDigest::Sha1).nonce(b"0123456789abcdef");
    there.write("request.der", request.to_der());
    let (valid, gone) =
        ("V\t390101000000Z\t\t03\tunknown\t/CN=leaf\n", "R\t390101000000Z\t260101000000Z,keyCompromise\t03\tunknown\t/CN=leaf\n");
    for (index, is_good) in [(valid, true), (gone, false)] {
        there.write("index.txt", index);
        let ask = ["ocsp", "-index", "index.txt", "-CA", "root.pem", "-rsigner", "root.pem", "-rkey", "root.key"];
        there.ok(&[&ask[..], &["-ndays", "1", "-reqin", "request.der", "-respout", "response.der"]].concat());
        let der = there.read("response.der");
        let response = OcspResponse::from_der(&der).unwrap();
        assert!(request.is_answered_by(&response), "{response:?}");
        let check = here.judge(&responses(&[der]), &response.produced_at().to_string());
        if is_good {
            good(&check);
        } else {
            revoked(&check);
            assert_eq!((&*check.inputs["revoked_at"], &*check.inputs["reason_code"]), ("2026-01-01T00:00:00Z", "1"));
        }
    }
}

#[test]
fn our_answers_are_accepted() {
    let (here, there) = (bench(), openssl::Bench::new("ocsp-ours"));
    write(&there, &here);
    let window = (at("2026-06-10T00:00:00Z"), Some(at("2026-06-11T00:00:00Z")));
    let answer = || Answer::good(&here.leaf.certificate(), &here.root.certificate(), IdDigest::Sha1, window);
    let moment = at("2026-06-10T12:00:00Z").unix().to_string();
    let cases = [
        (answer(), "good"),
        (answer().revoked(at("2026-06-01T00:00:00Z"), Reason::KeyCompromise), "revoked"),
        (answer().unknown(), "unknown"),
    ];
    for (answer, expected) in cases {
        let response = OcspBuilder::new(at("2026-06-10T00:00:00Z")).answer(&answer).issue(&here.root.name, &here.root.key);
        there.write("response.der", &response);
        let read = ["ocsp", "-respin", "response.der", "-issuer", "root.pem", "-cert", "leaf.pem", "-CAfile", "root.pem"];
        let said = there.ok(&[&read[..], &["-no_nonce", "-attime", &moment]].concat());
        // Its own clock says that the answer is old; that warning stands between the name and the status.
        assert!(said.lines().any(|line| line.trim_start_matches("leaf.pem: ") == expected), "{said}");
        assert!(said.contains("Response verify OK"), "{said}");
    }
}

#[test]
fn lists_are_judged_alike() {
    let (here, there) = (bench(), openssl::Bench::new("lists"));
    write(&there, &here);
    let when = "2026-06-10T00:00:00Z";
    let moment = at(when).unix().to_string();
    let list = |number, from: &str, until: &str| CrlBuilder::new(number, at(from), Some(at(until)));
    let base = || {
        let fresher = points(&[Point::at_uri("http://crl.example/delta.crl")]);
        list(10, "2026-06-01T00:00:00Z", "2026-06-20T00:00:00Z").extension(Oid::FRESHEST_CRL, false, &fresher)
    };
    let delta = || list(12, "2026-06-09T00:00:00Z", "2026-06-20T00:00:00Z").delta(10);
    let gone = |list: CrlBuilder| list.revoke(3, at("2026-06-05T00:00:00Z"), Reason::Superseded);
    let held = |list: CrlBuilder| list.revoke(3, at("2026-06-05T00:00:00Z"), Reason::CertificateHold);
    let back = |list: CrlBuilder| list.revoke(3, at("2026-06-05T00:00:00Z"), Reason::RemoveFromCrl);
    let cases = [
        ("complete", vec![base()], true),
        ("revoked", vec![gone(base())], false),
        ("delta", vec![base(), delta()], true),
        ("revoked in the delta", vec![base(), gone(delta())], false),
        ("lifted by the delta", vec![held(base()), back(delta())], true),
        ("only a delta", vec![delta()], false),
        ("users", vec![base().scope(&ListScope::default().users())], true),
        ("authorities", vec![base().scope(&ListScope::default().authorities())], false),
        ("another point", vec![base().scope(&ListScope::default().at_uri("http://crl.example/other.crl"))], false),
        ("some reasons", vec![base().scope(&ListScope::default().reasons(&[Reason::KeyCompromise]))], false),
    ];
    for (name, all, is_good) in cases {
        let der: Vec<Vec<u8>> = all.iter().map(|list| list.issue(&here.root.name, &here.root.key)).collect();
        let check = here.judge(&lists(&der), when);
        assert_eq!(check.outcome == Outcome::Passed, is_good, "{name}: {check:#?}");
        there.write("lists.pem", der.iter().map(|list| pem::encode("X509 CRL", list)).collect::<String>());
        let judge = ["verify", "-crl_check", "-extended_crl", "-use_deltas", "-attime", &moment, "-CAfile", "root.pem"];
        let arguments = [&judge[..], &["-CRLfile", "lists.pem", "leaf.pem"]].concat();
        let said = if is_good { there.ok(&arguments) } else { there.refuse(&arguments) };
        assert!(!said.is_empty(), "{name}");
    }
}
