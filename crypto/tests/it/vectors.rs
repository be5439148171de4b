//! Published vectors for every algorithm of the table, both ways: what must pass passes, what must fail fails.

use crypto::digest::{DigestAlgorithm, from_hex, sm3, to_hex};
use crypto::sig::{Algorithm, KeyKind, PublicKey, sm2};
use serde_json::Value;

use crate::testdata;

fn json(path: &str) -> Value {
    let file = testdata().join(path);
    serde_json::from_slice(&std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))).unwrap()
}

fn hex(value: &Value) -> Vec<u8> {
    from_hex(value.as_str().unwrap()).unwrap()
}

#[test]
fn sm2_worked_example_of_the_standard() {
    let example = &json("gm-vectors/sm2_sm3.json")["sm2_sign_gbt32918_5_A2"];
    let point = [&[4][..], &hex(&example["px"]), &hex(&example["py"])].concat();
    let message = example["message_ascii"].as_str().unwrap().as_bytes();
    assert_eq!(sm2::z(&point).to_vec(), hex(&example["Z"]));
    assert_eq!(sm3(&[&hex(&example["Z"]), message]).to_vec(), hex(&example["e"]));
    let key = PublicKey::new(KeyKind::Sm2, point);
    let (der, raw) = (hex(&example["sig_der"]), [hex(&example["r"]), hex(&example["s"])].concat());
    assert!(Algorithm::Sm2Sm3.verify(&key, message, &der).is_ok());
    assert!(Algorithm::Sm2Sm3.verify_fixed(&key, message, &raw).is_ok());
    for at in 0..der.len() * 8 {
        let mut bad = der.clone();
        bad[at / 8] ^= 1 << (at % 8);
        assert!(Algorithm::Sm2Sm3.verify(&key, message, &bad).is_err(), "bit {at}");
    }
    assert!(Algorithm::Sm2Sm3.verify(&key, b"another message", &der).is_err());
    // A point off the curve must not get as far as arithmetic.
    let mut off = key.bits().to_vec();
    off[64] ^= 1;
    assert!(Algorithm::Sm2Sm3.verify(&PublicKey::new(KeyKind::Sm2, off), message, &der).is_err());
}

#[test]
fn sm2_values_out_of_range() {
    let example = &json("gm-vectors/sm2_sm3.json")["sm2_sign_gbt32918_5_A2"];
    let key = PublicKey::new(KeyKind::Sm2, [&[4][..], &hex(&example["px"]), &hex(&example["py"])].concat());
    let n = from_hex("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123").unwrap();
    let (zero, r, s) = (vec![0; 32], hex(&example["r"]), hex(&example["s"]));
    // s = n - r makes t = 0.
    let minus_r = subtract(&n, &r);
    for (r, s) in [(&zero, &s), (&r, &zero), (&n, &s), (&r, &n), (&r, &minus_r), (&zero, &zero)] {
        let raw = [r.as_slice(), s].concat();
        assert!(Algorithm::Sm2Sm3.verify_fixed(&key, b"message digest", &raw).is_err(), "{}", to_hex(&raw));
    }
}

fn subtract(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = 0i16;
    let mut out: Vec<u8> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let digit = i16::from(*a) - i16::from(*b) - borrow;
            borrow = i16::from(digit < 0);
            u8::try_from(digit.rem_euclid(256)).unwrap()
        })
        .collect();
    out.reverse();
    out
}

#[test]
fn sm3_examples() {
    let mut used = 0;
    for example in json("gm-vectors/sm2_sm3.json")["sm3"].as_array().unwrap() {
        let message = example.get("msg_hex").map_or_else(|| vec![b'a'; 1_000_000], hex);
        assert_eq!(DigestAlgorithm::Sm3.hash(&[&message]), hex(&example["digest"]));
        used += 1;
    }
    assert_eq!(used, 4);
    let text = std::fs::read_to_string(testdata().join("sm2-tongsuo/recipes/30-test_evp_data/evpmd_sm3.txt")).unwrap();
    // Blocks of `Digest = …`, `Input = …`, `Output = …`; other digests are in the file too.
    let field =
        |block: &str, name: &str| block.lines().find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned()));
    let blocks = text.split("\n\n").filter(|block| field(block, "Digest =").as_deref() == Some("SM3"));
    let (inputs, outputs): (Vec<_>, Vec<_>) =
        blocks.map(|block| (field(block, "Input =").unwrap(), field(block, "Output =").unwrap())).unzip();
    assert!(!inputs.is_empty());
    for (input, output) in inputs.iter().zip(&outputs) {
        let message = input.strip_prefix('"').map_or_else(|| from_hex(input).unwrap(), |text| text.trim_end_matches('"').into());
        assert_eq!(to_hex(&sm3(&[&message])), output.to_ascii_lowercase(), "{input}");
    }
}

/// Runs a Wycheproof file; `differs` lists the test numbers where we are stricter on purpose.
fn wycheproof(file: &str, algorithm: Algorithm, fixed: bool, differs: &[u64]) {
    let all = json(&format!("wycheproof/testvectors_v1/{file}"));
    let (mut run, mut different) = (0, Vec::new());
    for group in all["testGroups"].as_array().unwrap() {
        let key = PublicKey::from_spki(&hex(&group["publicKeyDer"])).unwrap_or_else(|error| panic!("{file}: {error}"));
        for test in group["tests"].as_array().unwrap() {
            let (message, signature) = (hex(&test["msg"]), hex(&test["sig"]));
            let verified = if fixed {
                algorithm.verify_fixed(&key, &message, &signature)
            } else {
                algorithm.verify(&key, &message, &signature)
            };
            let agrees = match test["result"].as_str().unwrap() {
                "valid" => verified.is_ok(),
                "invalid" => verified.is_err(),
                // Accepted by some: legacy encodings. Ours is to refuse.
                _ => verified.is_err(),
            };
            if !agrees {
                different.push(test["tcId"].as_u64().unwrap());
            }
            run += 1;
        }
    }
    assert_eq!(run, all["numberOfTests"].as_u64().unwrap(), "{file}");
    assert_eq!(different, differs, "{file}: tests whose outcome is not the published one");
}

#[test]
fn ecdsa() {
    wycheproof("ecdsa_secp256r1_sha256_test.json", Algorithm::EcdsaP256Sha256, false, &[]);
    wycheproof("ecdsa_secp256r1_sha256_p1363_test.json", Algorithm::EcdsaP256Sha256, true, &[]);
    wycheproof("ecdsa_secp384r1_sha384_test.json", Algorithm::EcdsaP384Sha384, false, &[]);
    wycheproof("ecdsa_secp384r1_sha256_test.json", Algorithm::EcdsaP384Sha256, false, &[]);
    wycheproof("ecdsa_secp384r1_sha384_p1363_test.json", Algorithm::EcdsaP384Sha384, true, &[]);
}

#[test]
fn rsa() {
    for bits in [2048, 3072, 4096] {
        wycheproof(&format!("rsa_signature_{bits}_sha256_test.json"), Algorithm::RsaPkcs1Sha256, false, &[]);
        wycheproof(&format!("rsa_signature_{bits}_sha384_test.json"), Algorithm::RsaPkcs1Sha384, false, &[]);
        wycheproof(&format!("rsa_signature_{bits}_sha512_test.json"), Algorithm::RsaPkcs1Sha512, false, &[]);
    }
    wycheproof("rsa_pss_2048_sha256_mgf1_32_test.json", Algorithm::RsaPssSha256, false, &[]);
    wycheproof("rsa_pss_3072_sha256_mgf1_32_test.json", Algorithm::RsaPssSha256, false, &[]);
    wycheproof("rsa_pss_4096_sha256_mgf1_32_test.json", Algorithm::RsaPssSha256, false, &[]);
    wycheproof("rsa_pss_2048_sha384_mgf1_48_test.json", Algorithm::RsaPssSha384, false, &[]);
    wycheproof("rsa_pss_4096_sha384_mgf1_48_test.json", Algorithm::RsaPssSha384, false, &[]);
    wycheproof("rsa_pss_4096_sha512_mgf1_64_test.json", Algorithm::RsaPssSha512, false, &[]);
}

#[test]
fn ed25519() {
    wycheproof("ed25519_test.json", Algorithm::Ed25519, false, &[]);
}

/// 914 corner cases: strict verification refuses every small-order and non-canonical point, and every residue.
#[test]
fn ed25519_corner_cases() {
    let vectors = json("ed25519-cctv/ed25519vectors.json");
    let vectors = vectors.as_array().unwrap();
    assert_eq!(vectors.len(), 914);
    for vector in vectors {
        let flags: Vec<&str> =
            vector["flags"].as_array().map_or(Vec::new(), |flags| flags.iter().filter_map(Value::as_str).collect());
        let refused = ["low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue", "reencoded_k"];
        let expected = !flags.iter().any(|flag| refused.contains(flag));
        let key = PublicKey::new(KeyKind::Ed25519, hex(&vector["key"]));
        let message = vector["msg"].as_str().unwrap().as_bytes();
        let verified = Algorithm::Ed25519.verify(&key, message, &hex(&vector["sig"])).is_ok();
        assert_eq!(verified, expected, "{vector}");
    }
}
