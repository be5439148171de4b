//! What is made here, OpenSSL accepts; what OpenSSL makes, is accepted here. Needs the `openssl` command, version 3.

#![expect(clippy::disallowed_methods, reason = "these tests exchange files with another program")]

use std::path::PathBuf;
use std::process::Command;

use crypto::der::{Reader, tag};
use crypto::issue::{
    AltName, CertificateBuilder, CmsBuilder, CrlBuilder, KeyType, Name, Reason, Signer, SigningKey, Stamp, pem, timestamp,
};
use crypto::oid::Oid;
use crypto::report::Outcome;
use crypto::sig::{Algorithm, KeyKind, PublicKey};
use crypto::time::Timestamp;
use crypto::verify::{Question, verify};
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Purpose, Trust};

const DISTID: &str = "distid:1234567812345678";
const KINDS: [KeyType; 3] = [KeyType::Sm2, KeyType::P256, KeyType::Ed25519];

/// A folder of its own for each test.
pub(crate) struct Bench(PathBuf);

impl Bench {
    pub(crate) fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("openssl").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.0.join(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }

    /// Runs `openssl` in the folder: whether it succeeded, and all that it said.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("openssl").args(arguments).current_dir(&self.0).output();
        let output = output.unwrap_or_else(|error| panic!("THE openssl COMMAND IS NEEDED, version 3 or later: {error}"));
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let (success, said) = self.run(arguments);
        assert!(success, "openssl {}: {said}", arguments.join(" "));
        said
    }

    pub(crate) fn refuse(&self, arguments: &[&str]) -> String {
        let (success, said) = self.run(arguments);
        assert!(!success, "openssl {} should fail: {said}", arguments.join(" "));
        said
    }
}

/// An authority with one leaf, valid in 2026 and 2027.
struct Pki {
    root_key: SigningKey,
    root: Vec<u8>,
    leaf_key: SigningKey,
    leaf: Vec<u8>,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn root_name() -> Name {
    Name::new("测试机构", "测试根")
}

fn pki(kind: KeyType, leaf: impl Fn(CertificateBuilder) -> CertificateBuilder) -> Pki {
    let (from, until) = (at("2026-01-01T00:00:00Z"), at("2027-12-31T23:59:59Z"));
    let (root_key, leaf_key) = (SigningKey::from_label(kind, "root"), SigningKey::from_label(kind, "leaf"));
    let root = CertificateBuilder::new(&root_name(), &root_key, 1).valid(from, until).authority(Some(0)).self_signed(&root_key);
    let builder = CertificateBuilder::new(&Name::new("某某局", "签章"), &leaf_key, 0x8000_0000_0000_0000_0001).valid(from, until);
    let leaf = leaf(builder).issue(&root_name(), &root_key);
    Pki { root_key, root, leaf_key, leaf }
}

fn signer(builder: CertificateBuilder) -> CertificateBuilder {
    let policy = Oid(b"\x2a\x03\x04");
    builder.signer().organisation_code("11330105002500287C").crl_at("http://crl.example/1.crl").policies(false, &[policy])
}

/// Seconds of a moment within the validity, as OpenSSL takes them.
fn moment() -> String {
    at("2026-07-01T00:00:00Z").unix().to_string()
}

#[test]
fn chains_made_here_verify() {
    for kind in KINDS {
        let bench = Bench::new(&format!("chain-{kind:?}"));
        let names =
            [AltName::Dns("licet.example".into()), AltName::Uri("urn:x".into()), AltName::Ip("127.0.0.1".parse().unwrap())];
        for (leaf, purpose) in [(pki(kind, signer), "any"), (pki(kind, |builder| builder.tls(&names)), "sslserver")] {
            bench.write("root.pem", pem::encode("CERTIFICATE", &leaf.root));
            bench.write("leaf.pem", pem::encode("CERTIFICATE", &leaf.leaf));
            let moment = moment();
            let common = ["verify", "-x509_strict", "-attime", &moment, "-purpose", purpose];
            // OpenSSL 3.0 applies the identity to the leaf alone, so the root's own signature is left aside there.
            let distid: &[&str] = if kind == KeyType::Sm2 { &["-vfyopt", DISTID] } else { &["-check_ss_sig"] };
            bench.ok(&[&common, distid, &["-CAfile", "root.pem", "leaf.pem"]].concat());

            let mut broken = leaf.leaf.clone();
            *broken.last_mut().unwrap() ^= 1;
            bench.write("broken.pem", pem::encode("CERTIFICATE", &broken));
            bench.refuse(&[&common, distid, &["-CAfile", "root.pem", "broken.pem"]].concat());
        }
    }
}

#[test]
fn names_and_extensions_are_read_as_meant() {
    let bench = Bench::new("text");
    bench.write("leaf.pem", pem::encode("CERTIFICATE", &pki(KeyType::Sm2, signer).leaf));
    let text = bench.ok(&["x509", "-in", "leaf.pem", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus_space"]);
    for expected in [
        "Signature Algorithm: SM2-with-SM3",
        "Subject: C=CN, O=某某局, CN=签章",
        "Serial Number:\n            80:00:00:00:00:00:00:00:00:01",
        "Not Before: Jan  1 00:00:00 2026 GMT",
        "Digital Signature, Non Repudiation",
        "CA:FALSE",
        "URI:http://crl.example/1.crl",
        "Policy: 1.2.3.4",
        "1.2.156.10260.4.1.4",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn revocation_lists_made_here_take_effect() {
    // OpenSSL 3.0 cannot be told the SM2 identity for lists; the next test checks one by hand.
    for kind in [KeyType::P256, KeyType::Ed25519] {
        let bench = Bench::new(&format!("crl-{kind:?}"));
        let pki = pki(kind, signer);
        bench.write("root.pem", pem::encode("CERTIFICATE", &pki.root));
        bench.write("leaf.pem", pem::encode("CERTIFICATE", &pki.leaf));
        let empty = CrlBuilder::new(7, at("2026-06-01T00:00:00Z"), Some(at("2026-08-01T00:00:00Z")));
        let full = empty.clone().revoke(0x8000_0000_0000_0000_0001, at("2026-05-01T00:00:00Z"), Reason::KeyCompromise);
        bench.write("empty.pem", pem::encode("X509 CRL", &empty.issue(&root_name(), &pki.root_key)));
        bench.write("full.pem", pem::encode("X509 CRL", &full.issue(&root_name(), &pki.root_key)));
        let moment = moment();
        let verify = |list| {
            ["verify", "-x509_strict", "-crl_check", "-attime", &moment, "-CAfile", "root.pem", "-CRLfile", list, "leaf.pem"]
        };
        bench.ok(&verify("empty.pem"));
        assert!(bench.refuse(&verify("full.pem")).contains("certificate revoked"));
        let text = bench.ok(&["crl", "-in", "full.pem", "-noout", "-text"]);
        assert!(text.contains("Key Compromise") && text.contains("X509v3 CRL Number: \n                7"), "{text}");
    }
}

#[test]
fn signatures_and_keys_made_here_are_accepted() {
    let list = CrlBuilder::new(1, at("2026-06-01T00:00:00Z"), None);
    for kind in KINDS {
        let bench = Bench::new(&format!("signature-{kind:?}"));
        let key = SigningKey::from_label(kind, "signer");
        bench.write("key.pem", key.pem());
        bench.ok(&["pkey", "-in", "key.pem", "-check", "-noout"]);
        bench.ok(&["pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "pub.der"]);
        assert_eq!(bench.read("pub.der"), key.spki());
        bench.write("pub.pem", pem::encode("PUBLIC KEY", &key.spki()));

        let signed_list = list.issue(&root_name(), &key);
        let mut fields = Reader::new(&signed_list).sequence().unwrap();
        let tbs = fields.any().unwrap().raw;
        fields.any().unwrap();
        let list_value = fields.read(tag::BIT_STRING).unwrap().octets().unwrap();
        let own = key.sign("电子证照".as_bytes());
        for (message, value) in [("电子证照".as_bytes(), own.as_slice()), (tbs, list_value)] {
            bench.write("message", message);
            bench.write("value", value);
            let verify = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "pub.pem", "-in", "message", "-sigfile", "value"];
            let options: &[&str] = match kind {
                KeyType::Sm2 => &["-digest", "sm3", "-pkeyopt", DISTID],
                KeyType::P256 => &["-digest", "sha256"],
                KeyType::Ed25519 => &[],
            };
            bench.ok(&[&verify, options].concat());
            bench.write("message", b"another message");
            bench.refuse(&[&verify, options].concat());
        }
    }
}

#[test]
fn messages_and_time_stamps_made_here_are_accepted() {
    let made = at("2026-07-01T00:00:00Z");
    let moment = moment();
    // OpenSSL 3.0 knows neither Ed25519 nor the SM2 identity in messages.
    let bench = Bench::new("cms");
    let chain = pki(KeyType::P256, signer);
    let who = Signer::new(&chain.leaf, &chain.leaf_key);
    bench.write("root.pem", pem::encode("CERTIFICATE", &chain.root));
    let verify = ["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-attime", &moment, "-CAfile", "root.pem"];
    let with = CmsBuilder::new(b"content").attributes(Some(made)).certificate(&chain.root);
    bench.write("with.der", with.sign(who));
    bench.ok(&[&verify[..], &["-in", "with.der", "-out", "content"]].concat());
    assert_eq!(bench.read("content"), b"content");
    bench.write("wrong.der", with.message_digest(&[0; 32]).sign(who));
    bench.refuse(&[&verify[..], &["-in", "wrong.der"]].concat());
    bench.write("bare.der", CmsBuilder::new(b"content").detached().sign(who));
    bench.ok(&[&verify[..], &["-in", "bare.der", "-content", "content"]].concat());

    let bench = Bench::new("timestamp");
    let pki = pki(KeyType::P256, |builder| builder.signer().extended_usage(true, &[Oid::EKU_TIME_STAMPING]));
    let token = timestamp::token(b"stamped", made, 5, Oid(b"\x2a\x03\x04"), Signer::new(&pki.leaf, &pki.leaf_key));
    bench.write("root.pem", pem::encode("CERTIFICATE", &pki.root));
    bench.write("token.der", token);
    bench.write("data", b"stamped");
    let verify = ["ts", "-verify", "-token_in", "-in", "token.der", "-data", "data", "-CAfile", "root.pem", "-attime", &moment];
    bench.ok(&verify);
    bench.write("data", b"something else");
    bench.refuse(&verify);
}

#[test]
fn certificates_made_by_openssl_verify_here() {
    let bench = Bench::new("foreign");
    let pss: &[&str] = &["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"];
    let cases: [(&[&str], &[&str], Algorithm); 6] = [
        (&["SM2"], &["-sm3", "-sigopt", DISTID], Algorithm::Sm2Sm3),
        (&["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], &["-sha256"], Algorithm::EcdsaP256Sha256),
        (&["EC", "-pkeyopt", "ec_paramgen_curve:P-384"], &["-sha384"], Algorithm::EcdsaP384Sha384),
        (&["ED25519"], &[], Algorithm::Ed25519),
        (&["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], &["-sha256"], Algorithm::RsaPkcs1Sha256),
        (&["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], pss, Algorithm::RsaPssSha256),
    ];
    for (key, options, algorithm) in cases {
        bench.ok(&[&["genpkey", "-out", "key.pem", "-algorithm"], key].concat());
        let request = ["req", "-x509", "-new", "-key", "key.pem", "-subj", "/C=CN/CN=t", "-outform", "DER", "-out", "c.der"];
        bench.ok(&[&request, options].concat());
        let raw = bench.read("c.der");
        let certificate = Certificate::from_der(&raw).unwrap();
        let key = certificate.key().unwrap();
        assert_eq!(certificate.verify_signature(key), Ok(algorithm));
        let mut broken = raw.clone();
        *broken.last_mut().unwrap() ^= 1;
        assert!(Certificate::from_der(&broken).unwrap().verify_signature(key).is_err(), "{algorithm:?}");
    }
}

#[test]
fn messages_signed_by_openssl_verify_here() {
    let bench = Bench::new("foreign-message");
    bench.write("message", b"licence");
    let cases: [(&[&str], &[&str], Algorithm); 4] = [
        (&["SM2"], &["-digest", "sm3", "-pkeyopt", DISTID], Algorithm::Sm2Sm3),
        (&["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], &["-digest", "sha256"], Algorithm::EcdsaP256Sha256),
        (&["ED25519"], &[], Algorithm::Ed25519),
        (&["RSA"], &["-digest", "sha512", "-pkeyopt", "rsa_padding_mode:pss"], Algorithm::RsaPssSha512),
    ];
    for (key, options, algorithm) in cases {
        bench.ok(&[&["genpkey", "-out", "key.pem", "-algorithm"], key].concat());
        bench.ok(&["pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "pub.der"]);
        let salt: &[&str] = if algorithm == Algorithm::RsaPssSha512 { &["-pkeyopt", "rsa_pss_saltlen:64"] } else { &[] };
        let sign = ["pkeyutl", "-sign", "-rawin", "-inkey", "key.pem", "-in", "message", "-out", "value"];
        bench.ok(&[&sign, options, salt].concat());
        let key = PublicKey::from_spki(&bench.read("pub.der")).unwrap();
        let value = bench.read("value");
        assert_eq!(algorithm.verify(&key, b"licence", &value), Ok(()), "{algorithm:?}");
        assert!(algorithm.verify(&key, b"licences", &value).is_err(), "{algorithm:?}");
    }
}

#[test]
fn signatures_under_another_identity_are_refused_here() {
    let bench = Bench::new("identity");
    bench.write("message", b"licence");
    bench.write("key.pem", SigningKey::from_label(KeyType::Sm2, "signer").pem());
    let public = SigningKey::from_label(KeyType::Sm2, "signer").public_key();
    assert_eq!(public.kind(), KeyKind::Sm2);
    let sign = ["pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-inkey", "key.pem", "-in", "message", "-out", "value"];
    bench.ok(&[&sign[..], &["-pkeyopt", DISTID]].concat());
    assert_eq!(Algorithm::Sm2Sm3.verify(&public, b"licence", &bench.read("value")), Ok(()));
    bench.ok(&[&sign[..], &["-pkeyopt", "distid:someone"]].concat());
    assert!(Algorithm::Sm2Sm3.verify(&public, b"licence", &bench.read("value")).is_err());
}

const TSA_CONFIG: &str = "[tsa]\ndefault_tsa = t\n[t]\nserial = serial\ndefault_policy = 1.2.3.4\ndigests = sha256, sha512\n\
    accuracy = secs:1, millisecs:500\nordering = yes\ntsa_name = yes\ness_cert_id_chain = no\nclock_precision_digits = 3\n\
    signer_cert = leaf.pem\nsigner_key = key.pem\nsigner_digest = sha256\ness_cert_id_alg = ";

/// Tokens of OpenSSL, with the first and the second attribute that names the authority's certificate.
#[test]
fn time_stamps_made_by_openssl_are_believed_here() {
    let key = SigningKey::from_label(KeyType::P256, "signer");
    let (long_ago, far) = (at("2020-01-01T00:00:00Z"), at("2090-01-01T00:00:00Z"));
    let builder = CertificateBuilder::new(&Name::new("o", "signer"), &key, 9).valid(long_ago, far);
    let certificate = builder.signer().self_signed(&key);
    for (algorithm, id) in [("EC", "sha256"), ("EC", "sha1"), ("EC", "sha512"), ("RSA", "sha256"), ("RSA", "sha1")] {
        let bench = Bench::new(&format!("tsa-{algorithm}-{id}"));
        let option = if algorithm == "EC" { "ec_paramgen_curve:P-256" } else { "rsa_keygen_bits:2048" };
        bench.ok(&["genpkey", "-out", "key.pem", "-algorithm", algorithm, "-pkeyopt", option]);
        let extensions = ["-addext", "extendedKeyUsage=critical,timeStamping", "-addext", "keyUsage=digitalSignature"];
        let request =
            ["req", "-x509", "-new", "-key", "key.pem", "-subj", "/CN=tsa", "-days", "9", "-out", "leaf.pem", "-sha256"];
        bench.ok(&[&request[..], &extensions].concat());
        bench.write("tsa.cnf", format!("{TSA_CONFIG}{id}\n"));
        let stamp = |value: &[u8]| {
            bench.write("value", value);
            bench.ok(&["ts", "-query", "-data", "value", "-sha512", "-cert", "-out", "query.der"]);
            bench.ok(&["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.der", "-token_out", "-out", "token.der"]);
            bench.read("token.der")
        };
        let message = CmsBuilder::new(b"{}").attributes(None).stamped(Stamp(&stamp)).sign(Signer::new(&certificate, &key));
        let anchor = |name, purpose, certificate| Domain {
            revocation: RevocationPolicy::None,
            ..Domain::new(name, purpose, vec![certificate])
        };
        let authority = crypto::x509::pem::certificates(&bench.read("leaf.pem")).unwrap().remove(0);
        let signers = anchor("signers", Purpose::Signer, Certificate::from_der(&certificate).unwrap());
        // The token was made now, whenever that is: any moment before the authority's end is late enough.
        let when = authority.not_after();
        let trust = Trust::new(vec![signers, anchor("stamps", Purpose::Tsa, authority)], Policy::default());
        let report = verify(&Question::new(&message, when), &trust).report;
        let check = report.signatures[0].checks.iter().find(|check| check.id == "signature.timestamp").unwrap();
        assert_eq!(check.outcome, Outcome::Passed, "{algorithm} {id} {check:#?}");
        assert!(report.verdict.is_passed() && report.signatures[0].proven_time.is_some(), "{algorithm} {id} {report:#?}");
    }
}
