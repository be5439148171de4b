//! Published vectors for every algorithm of the table, both ways: what must pass passes, what must fail fails.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::digest::{DigestAlgorithm, from_hex, sm3, to_hex};
use crypto::issue::der;
use crypto::jws::Jws;
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

/// The files of Wycheproof that are run here.
const RUN: [(&str, Algorithm, bool); 28] = [
    ("ecdsa_secp256r1_sha256_test.json", Algorithm::EcdsaP256Sha256, false),
    ("ecdsa_secp256r1_sha256_p1363_test.json", Algorithm::EcdsaP256Sha256, true),
    ("ecdsa_secp384r1_sha256_test.json", Algorithm::EcdsaP384Sha256, false),
    ("ecdsa_secp384r1_sha384_test.json", Algorithm::EcdsaP384Sha384, false),
    ("ecdsa_secp384r1_sha384_p1363_test.json", Algorithm::EcdsaP384Sha384, true),
    ("ed25519_test.json", Algorithm::Ed25519, false),
    ("rsa_signature_2048_sha256_test.json", Algorithm::RsaPkcs1Sha256, false),
    ("rsa_signature_2048_sha384_test.json", Algorithm::RsaPkcs1Sha384, false),
    ("rsa_signature_2048_sha512_test.json", Algorithm::RsaPkcs1Sha512, false),
    ("rsa_signature_3072_sha256_test.json", Algorithm::RsaPkcs1Sha256, false),
    ("rsa_signature_3072_sha384_test.json", Algorithm::RsaPkcs1Sha384, false),
    ("rsa_signature_3072_sha512_test.json", Algorithm::RsaPkcs1Sha512, false),
    ("rsa_signature_4096_sha256_test.json", Algorithm::RsaPkcs1Sha256, false),
    ("rsa_signature_4096_sha384_test.json", Algorithm::RsaPkcs1Sha384, false),
    ("rsa_signature_4096_sha512_test.json", Algorithm::RsaPkcs1Sha512, false),
    ("rsa_pss_2048_sha256_mgf1_32_test.json", Algorithm::RsaPssSha256, false),
    ("rsa_pss_3072_sha256_mgf1_32_test.json", Algorithm::RsaPssSha256, false),
    ("rsa_pss_4096_sha256_mgf1_32_test.json", Algorithm::RsaPssSha256, false),
    ("rsa_pss_2048_sha384_mgf1_48_test.json", Algorithm::RsaPssSha384, false),
    ("rsa_pss_4096_sha384_mgf1_48_test.json", Algorithm::RsaPssSha384, false),
    ("rsa_pss_4096_sha512_mgf1_64_test.json", Algorithm::RsaPssSha512, false),
    ("rsa_pss_2048_sha256_mgf1_32_params_test.json", Algorithm::RsaPssSha256, false),
    ("rsa_pss_3072_sha256_mgf1_32_params_test.json", Algorithm::RsaPssSha256, false),
    ("rsa_pss_4096_sha512_mgf1_64_params_test.json", Algorithm::RsaPssSha512, false),
    // Salts of another length than the digest's are not supported: every test must be refused.
    ("rsa_pss_2048_sha256_mgf1_0_test.json", Algorithm::RsaPssSha256, false),
    ("rsa_pss_2048_sha256_mgf1_0_params_test.json", Algorithm::RsaPssSha256, false),
    ("rsa_pss_4096_sha512_mgf1_32_test.json", Algorithm::RsaPssSha512, false),
    ("rsa_pss_4096_sha512_mgf1_32_params_test.json", Algorithm::RsaPssSha512, false),
];

/// The files that no test of this suite runs: how their names begin, and why.
const NOT_RUN: [(&str, &str); 8] = [
    ("aes_", "no cipher is ours; the store uses that of its library"),
    ("chacha20_", "no cipher is ours"),
    ("ecdsa_secp256k1_", "the curve is not supported"),
    ("ecdsa_secp256r1_sha512_", "the pair of curve and digest is not supported"),
    ("ecdsa_secp384r1_sha512_", "the pair of curve and digest is not supported"),
    ("h", "neither HKDF nor HMAC is ours"),
    ("mldsa_", "not supported: no standard of licences knows it"),
    ("sm4_", "no cipher is ours"),
];

/// Runs a Wycheproof file; `differs` lists the test numbers where we are stricter on purpose.
fn wycheproof(file: &str, algorithm: Algorithm, fixed: bool, differs: &[u64]) {
    let all = json(&format!("wycheproof/testvectors_v1/{file}"));
    let (mut run, mut different) = (0, Vec::new());
    for group in all["testGroups"].as_array().unwrap() {
        // Keys bound to RSASSA-PSS by their own object identifier are not supported as such; their numbers are.
        let key = PublicKey::from_spki(&hex(&group["publicKeyDer"]))
            .unwrap_or_else(|_| PublicKey::new(KeyKind::Rsa, hex(&group["publicKeyAsn"])));
        let is_supported = group["sLen"].as_u64().is_none_or(|salt| salt == group["sha"].as_str().map_or(0, octets));
        for test in group["tests"].as_array().unwrap() {
            let (message, signature) = (hex(&test["msg"]), hex(&test["sig"]));
            let verified = if fixed {
                algorithm.verify_fixed(&key, &message, &signature)
            } else {
                algorithm.verify(&key, &message, &signature)
            };
            let agrees = match test["result"].as_str().unwrap() {
                "valid" if is_supported => verified.is_ok(),
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

/// How long a digest is, by its name: `SHA-256`.
fn octets(name: &str) -> u64 {
    name.trim_start_matches("SHA-").parse::<u64>().unwrap() / 8
}

#[test]
fn whole_files_of_wycheproof() {
    for (file, algorithm, fixed) in RUN {
        // A salt as long as the digest, where the file wants none: for the algorithm as it is here, a good signature.
        let differs = if file.contains("mgf1_0_") { &[69][..] } else { &[] };
        wycheproof(file, algorithm, fixed, differs);
    }
}

/// Every mixture of digests and salts of RSASSA-PSS: what is of one piece is accepted, all else is refused.
#[test]
fn mixed_parameters_of_pss() {
    for file in ["rsa_pss_misc_test.json", "rsa_pss_misc_params_test.json"] {
        let (all, mut accepted) = (json(&format!("wycheproof/testvectors_v1/{file}")), 0);
        for group in all["testGroups"].as_array().unwrap() {
            let key = PublicKey::new(KeyKind::Rsa, hex(&group["publicKeyAsn"]));
            let (sha, mask, salt) = (group["sha"].as_str().unwrap(), &group["mgfSha"], group["sLen"].as_u64().unwrap());
            let whole = (mask == sha && salt == octets(sha)).then_some(sha);
            for test in group["tests"].as_array().unwrap() {
                for (algorithm, name) in [
                    (Algorithm::RsaPssSha256, "SHA-256"),
                    (Algorithm::RsaPssSha384, "SHA-384"),
                    (Algorithm::RsaPssSha512, "SHA-512"),
                ] {
                    let verified = algorithm.verify(&key, &hex(&test["msg"]), &hex(&test["sig"])).is_ok();
                    assert_eq!(verified, whole == Some(name) && test["result"] == "valid", "{file} {} {name}", test["tcId"]);
                    accepted += u32::from(verified);
                }
            }
        }
        assert_eq!(accepted, 3, "{file}");
    }
}

/// A public JSON Web Key, of a kind that is supported.
fn web_key(group: &Value) -> Option<PublicKey> {
    let part = |name: &str| URL_SAFE_NO_PAD.decode(group["public"][name].as_str().unwrap()).unwrap();
    match (group["public"]["kty"].as_str()?, group["public"]["crv"].as_str()) {
        ("EC", Some("P-256")) => Some(PublicKey::new(KeyKind::P256, [&[4][..], &part("x"), &part("y")].concat())),
        ("RSA", None) => {
            Some(PublicKey::new(KeyKind::Rsa, der::sequence(&[&der::unsigned(&part("n")), &der::unsigned(&part("e"))])))
        }
        _ => None,
    }
}

#[test]
fn json_web_signatures() {
    let all = json("wycheproof/testvectors_v1/json_web_signature_test.json");
    let (mut accepted, mut different) = (0, Vec::new());
    for group in all["testGroups"].as_array().unwrap() {
        let key = web_key(group);
        for test in group["tests"].as_array().unwrap() {
            let jws = test["jws"].as_str().map_or_else(|| test["jws"].to_string(), str::to_owned);
            let parsed = Jws::parse(jws.as_bytes());
            let verified = parsed.is_ok_and(|jws| key.as_ref().is_some_and(|key| jws.is_made_with(key)));
            accepted += u32::from(verified);
            if key.is_some() && verified != (test["result"] == "valid") {
                different.push(test["tcId"].as_u64().unwrap());
            }
        }
    }
    // Refused there for what the key's own JWK says of `alg`, `use` and `key_ops`: keys come from certificates here, and whoever
    // signs names the algorithm. The signatures themselves are good.
    assert_eq!((accepted, &different[..]), (43, &[332, 334, 336, 338, 340, 353, 354, 355, 356][..]));
}

#[test]
fn every_file_of_wycheproof_is_run_or_has_a_reason() {
    let folder = testdata().join("wycheproof/testvectors_v1");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let is_run = RUN.iter().any(|(file, ..)| *file == name)
            || ["rsa_pss_misc_test.json", "rsa_pss_misc_params_test.json", "json_web_signature_test.json"]
                .contains(&name.as_str());
        let reasons = NOT_RUN.iter().filter(|(start, why)| name.starts_with(start) && !why.is_empty()).count();
        assert_eq!(usize::from(is_run) + reasons, 1, "{name}");
    }
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
