//! Bare signatures: whole groups of Wycheproof through the function behind the command line, and every form of a key.

use crypto::digest::{from_hex, to_hex};
use crypto::issue::{CertificateBuilder, KeyType, Name, SigningKey, pem};
use crypto::raw::{Form, Raw, RawError, public_key};
use crypto::sig::{Algorithm, KeyKind};
use serde_json::Value;

use crate::testdata;
use crate::world::at;

fn hex(value: &Value) -> Vec<u8> {
    from_hex(value.as_str().unwrap()).unwrap()
}

fn wycheproof(file: &str, algorithm: Algorithm, form: Form) {
    let path = testdata().join("wycheproof/testvectors_v1").join(file);
    let all: Value = serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{file}: {error}"))).unwrap();
    let mut run = 0;
    for group in all["testGroups"].as_array().unwrap() {
        // As files have it: PEM, DER, and digits.
        let key = group["publicKeyPem"].as_str().unwrap().as_bytes();
        for test in group["tests"].as_array().unwrap() {
            let (message, signature) = (hex(&test["msg"]), hex(&test["sig"]));
            let verified = Raw { algorithm, key, message: &message, signature: &signature, form }.verify();
            let expected = if test["result"] == "valid" { Ok(()) } else { Err(RawError::Bad) };
            assert_eq!(verified, expected, "{file} {}", test["tcId"]);
            run += 1;
        }
    }
    assert_eq!(run, all["numberOfTests"].as_u64().unwrap(), "{file}");
}

#[test]
fn groups_of_wycheproof() {
    wycheproof("ecdsa_secp256r1_sha256_test.json", Algorithm::EcdsaP256Sha256, Form::Der);
    wycheproof("ecdsa_secp256r1_sha256_p1363_test.json", Algorithm::EcdsaP256Sha256, Form::Fixed);
    wycheproof("ecdsa_secp384r1_sha384_p1363_test.json", Algorithm::EcdsaP384Sha384, Form::Fixed);
    wycheproof("ed25519_test.json", Algorithm::Ed25519, Form::Der);
    wycheproof("rsa_pss_2048_sha256_mgf1_32_test.json", Algorithm::RsaPssSha256, Form::Fixed);
}

#[test]
fn the_same_key_in_every_form() {
    for (kind, algorithm) in
        [(KeyType::Sm2, Algorithm::Sm2Sm3), (KeyType::P256, Algorithm::EcdsaP256Sha256), (KeyType::Ed25519, Algorithm::Ed25519)]
    {
        let signer = SigningKey::from_label(kind, "raw");
        let der = CertificateBuilder::new(&Name::new("licet tests", "raw"), &signer, 1)
            .valid(at("2025-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"))
            .self_signed(&signer);
        let certificate = crypto::x509::Certificate::from_der(&der).unwrap();
        let (spki, bits) = (certificate.spki().to_vec(), to_hex(certificate.key().unwrap().bits()));
        let (message, signature) = (b"message", signer.sign(b"message"));
        let forms = [
            pem::encode("PUBLIC KEY", &spki).into_bytes(),
            pem::encode("CERTIFICATE", &der).into_bytes(),
            spki.clone(),
            der.clone(),
            format!("{}\n", bits.to_uppercase()).into_bytes(),
            bits.strip_prefix("04").filter(|_| kind != KeyType::Ed25519).unwrap_or(&bits).as_bytes().to_vec(),
        ];
        for key in &forms {
            let raw = Raw { algorithm, key, message, signature: &signature, form: Form::Der };
            assert_eq!(raw.verify(), Ok(()), "{kind:?} {key:?}");
            assert_eq!(Raw { message: b"another", ..raw }.verify(), Err(RawError::Bad));
        }
        let other = Raw { algorithm: Algorithm::RsaPssSha256, key: &spki, message, signature: &signature, form: Form::Der };
        assert_eq!(other.verify(), Err(RawError::OtherKey(algorithm.row().key)));
    }
}

#[test]
fn what_is_no_key_is_told_from_a_bad_signature() {
    for key in [&b""[..], b"garbage", b"04", b"00112233", &[0x30, 0], "键".as_bytes()] {
        for kind in [KeyKind::Sm2, KeyKind::P384, KeyKind::Ed25519] {
            assert!(public_key(key, kind).is_err(), "{key:?}");
        }
    }
    let key = SigningKey::from_label(KeyType::P256, "raw");
    let der = CertificateBuilder::new(&Name::new("licet tests", "raw"), &key, 1)
        .valid(at("2025-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"))
        .self_signed(&key);
    let raw = Raw { algorithm: Algorithm::EcdsaP256Sha384, key: &der, message: b"", signature: b"", form: Form::Fixed };
    assert_eq!(raw.verify(), Err(RawError::NoFixedForm));
    assert_eq!(Raw { form: Form::Der, ..raw }.verify(), Err(RawError::Bad));
}
