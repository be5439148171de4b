//! SM2 on every path against two other implementations: the crate `sm2`, and OpenSSL. Random signatures, and those that are made
//! to go through the special cases of the arithmetic. `make sm2-differential COUNT=2000000` runs as many as one likes.

#![expect(clippy::disallowed_methods, reason = "these tests drive another program, and their length is a variable")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crypto::issue::der;
use crypto::sig::sm2::Point;
use sm2::dsa::signature::hazmat::PrehashVerifier;
use sm2::elliptic_curve::PrimeField;
use sm2::elliptic_curve::ops::Reduce;
use sm2::elliptic_curve::point::{AffineCoordinates, DecompressPoint};
use sm2::{AffinePoint, FieldBytes, ProjectivePoint, Scalar};

use crate::hostile::Dice;
use crate::sm2::Paths;

const N: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
const P: &str = "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff";

const WORKERS: usize = 2;
const SEEDS: [u64; WORKERS] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];

/// A question: does this signature of this digest fit this key?
#[derive(Clone, Copy, Debug)]
struct Case {
    key: Point,
    digest: [u8; 32],
    signature: [u8; 64],
}

fn number(hex: &str) -> [u8; 32] {
    crypto::digest::from_hex(hex).unwrap().try_into().unwrap()
}

/// A number plus a small one, modulo 2^256.
fn plus(number: [u8; 32], small: i16) -> [u8; 32] {
    let mut carry = small;
    let mut sum = number;
    for octet in sum.iter_mut().rev() {
        let value = i16::from(*octet) + carry;
        *octet = u8::try_from(value.rem_euclid(256)).unwrap();
        carry = value.div_euclid(256);
    }
    sum
}

fn scalar(bytes: [u8; 32]) -> Scalar {
    Scalar::reduce(&FieldBytes::from(bytes))
}

fn octets(scalar: &Scalar) -> [u8; 32] {
    scalar.to_repr().into()
}

fn coordinates(point: &ProjectivePoint) -> Option<Point> {
    let point = point.to_affine();
    let halves: [[u8; 32]; 2] = [point.x().into(), point.y().into()];
    (!bool::from(point.is_identity())).then(|| halves.concat().try_into().unwrap())
}

/// The digest for which (t - s, s) is a good signature with this key, if there is one.
fn fitting(key: &ProjectivePoint, s: Scalar, t: Scalar) -> Option<Case> {
    let sum = ProjectivePoint::GENERATOR * s + *key * t;
    let [x, _]: [[u8; 32]; 2] = coordinates(&sum)?.as_chunks().0.try_into().unwrap();
    let r = t - s;
    let digest = octets(&(r - scalar(x)));
    let is_good = ![r, s, t].contains(&Scalar::ZERO);
    is_good.then(|| Case {
        key: coordinates(key).unwrap(),
        digest,
        signature: [octets(&r), octets(&s)].concat().try_into().unwrap(),
    })
}

fn random(dice: &mut Dice) -> [u8; 32] {
    let mut bytes = std::array::from_fn(|_| u8::try_from(dice.roll(256)).unwrap());
    // Runs of zeros and ones, for the sake of carries.
    if dice.roll(3) == 0 {
        let (start, length) = (dice.roll(32), dice.roll(32));
        let fill = [0, 0xff][dice.roll(2)];
        bytes.iter_mut().skip(start).take(length).for_each(|octet| *octet = fill);
    }
    bytes
}

/// What the crate `sm2` says.
fn reference(case: &Case) -> bool {
    let verified = || {
        let point = sm2::PublicKey::from_sec1_bytes(&[&[4][..], &case.key].concat()).ok()?;
        let key = sm2::dsa::VerifyingKey::new("1234567812345678", point).ok()?;
        let signature = sm2::dsa::Signature::from_slice(&case.signature).ok()?;
        key.verify_prehash(&case.digest, &signature).ok()
    };
    verified().is_some()
}

/// OpenSSL, if it is there. Where it must be, its absence fails the test.
fn openssl() -> Option<PathBuf> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    BUILT.get_or_init(build_openssl).clone()
}

fn build_openssl() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // Tests may be threads of one process or processes of their own, and build it at the same time.
    let program = folder.join(format!("sm2-verify-{}", std::process::id()));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/sm2_verify.c");
    let built = Command::new("cc").arg("-O2").arg("-o").args([&program, &source]).arg("-l:libcrypto.so.3").output();
    if built.is_ok_and(|built| built.status.success()) {
        return Some(program);
    }
    eprintln!("SKIPPED: no cc with libcrypto.so.3: apt-get install build-essential openssl");
    let is_demanded = ["CI", "LICET_PEERS"].into_iter().any(|name| std::env::var_os(name).is_some());
    assert!(!is_demanded, "it must be there in CI");
    None
}

fn ask_openssl(program: &Path, cases: &[Case]) -> Vec<bool> {
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut records = Vec::new();
    for case in cases {
        let (r, s) = case.signature.split_at(32);
        let signature = der::sequence(&[&der::unsigned(r), &der::unsigned(s)]);
        records.extend([&[4][..], &case.key, &case.digest, &[u8::try_from(signature.len()).unwrap()], &signature].concat());
    }
    let writer = std::thread::spawn(move || input.write_all(&records));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    output.stdout.iter().map(|octet| *octet == b'1').collect()
}

/// All agree. Says how many passed.
fn agree(cases: &[Case], paths: &Paths, openssl: Option<&Path>) -> usize {
    let verdicts: Vec<_> = cases.iter().map(|case| paths.verify(&case.key, &case.signature, |_| case.digest)).collect();
    for (case, verdict) in cases.iter().zip(&verdicts) {
        assert_eq!(reference(case), *verdict, "RustCrypto differs: {case:x?}");
    }
    if let Some(program) = openssl {
        let theirs = ask_openssl(program, cases);
        assert_eq!(theirs.len(), cases.len());
        for ((case, verdict), theirs) in cases.iter().zip(&verdicts).zip(theirs) {
            assert_eq!(theirs, *verdict, "OpenSSL differs: {case:x?}");
        }
    }
    verdicts.into_iter().filter(|verdict| *verdict).count()
}

fn warm(paths: &Paths, key: &ProjectivePoint) {
    let case = (2u64..).find_map(|s| fitting(key, Scalar::from(s), Scalar::from(s * 7))).unwrap();
    paths.warm(&case.key, &case.signature, &case.digest);
}

/// A good signature, and some that are not: one bit turned somewhere, numbers swapped.
fn family(dice: &mut Dice, key: &ProjectivePoint) -> Vec<Case> {
    let Some(good) = fitting(key, scalar(random(dice)), scalar(random(dice))) else { return Vec::new() };
    let mut cases = vec![good; 5];
    let bit = 1 << dice.roll(8);
    cases[1].digest[dice.roll(32)] ^= bit;
    cases[2].signature[dice.roll(64)] ^= bit;
    cases[3].signature.rotate_left(32);
    cases[4].key[dice.roll(64)] ^= bit;
    cases
}

/// So many random cases.
fn random_cases(count: usize, seed: u64, openssl: Option<&Path>) -> (usize, usize) {
    const KEY: usize = 500;
    let (mut dice, mut asked, mut passed) = (Dice(seed), 0, 0);
    while asked < count {
        let key = ProjectivePoint::GENERATOR * scalar(random(&mut dice));
        let paths = Paths::new();
        warm(&paths, &key);
        let mut cases = Vec::new();
        while cases.len() < KEY.min(count - asked) {
            cases.extend(family(&mut dice, &key));
        }
        passed += agree(&cases, &paths, openssl);
        asked += cases.len();
        let hits = u64::try_from(cases.len() / 2).unwrap();
        assert!(paths.hits() > (hits, hits), "tables were not used: {:?}", paths.hits());
    }
    (asked, passed)
}

#[test]
fn another_implementation_agrees_on_random_signatures() {
    let openssl = openssl();
    let count = std::env::var("LICET_SM2_COUNT").map_or(20_000, |count| count.parse().unwrap());
    let (asked, passed) = std::thread::scope(|scope| {
        let openssl = openssl.as_deref();
        let work = |worker| scope.spawn(move || random_cases(count / WORKERS, SEEDS[worker], openssl));
        let threads: Vec<_> = (0..WORKERS).map(work).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1))
    });
    eprintln!("{asked} signatures, {passed} of them good; OpenSSL asked: {}", openssl.is_some());
    assert!(asked >= count / WORKERS * WORKERS && passed > asked / 8 && passed < asked / 2);
}

/// Numbers where the arithmetic has its special cases.
fn edges() -> Vec<Scalar> {
    let small = (1u64..=9).chain([15, 16, 17, 31, 32, 33, 127, 128, 129, 255, 256]).map(Scalar::from);
    let powers = [31, 32, 33, 63, 64, 128, 224, 255].map(|power| (0..power).fold(Scalar::ONE, |sum, _| sum + sum));
    let some: Vec<_> = small.chain(powers).collect();
    some.iter().copied().chain(some.iter().map(|number| -number)).collect()
}

#[test]
fn another_implementation_agrees_on_special_cases_of_the_sum() {
    let openssl = openssl();
    let (mut dice, edges, mut passed, mut asked) = (Dice(11), edges(), 0, 0);
    let keys = [1u64, 2, 3, 4, 5, 16, 128].map(Scalar::from);
    for d in keys.into_iter().flat_map(|d| [d, -d]).chain([scalar(random(&mut dice))]) {
        let (key, paths, mut cases) = (ProjectivePoint::GENERATOR * d, Paths::new(), Vec::new());
        warm(&paths, &key);
        for (at, s) in edges.iter().enumerate() {
            let others = [at * 7 + 3, at * 11 + 1, at * 13].map(|other| edges[other % edges.len()]);
            // s·G = t·P: the last step may be a doubling.
            let same = *s * d.invert().unwrap();
            cases.extend(others.into_iter().chain([same, *s]).filter_map(|t| fitting(&key, *s, t)));
            // s·G = -t·P: infinity. A wrong implementation has some x for it, most likely zero.
            let r = -same - *s;
            let signature = [octets(&r), octets(s)].concat().try_into().unwrap();
            for x in [Scalar::ZERO, Scalar::ONE] {
                cases.push(Case { key: coordinates(&key).unwrap(), digest: octets(&(r - x)), signature });
            }
        }
        passed += agree(&cases, &paths, openssl.as_deref());
        asked += cases.len();
    }
    assert!(passed * 2 > asked && passed * 4 < asked * 3, "{passed} of {asked}");
}

#[test]
fn another_implementation_agrees_on_numbers_out_of_range() {
    let openssl = openssl();
    let (n, p) = (number(N), number(P));
    let values = [[0; 32], plus([0; 32], 1), plus([0; 32], 2), plus(n, -1), n, plus(n, 1), plus(p, -1), p, [0xff; 32]];
    let key = ProjectivePoint::GENERATOR * Scalar::from(0x5eed_u64);
    let (good, paths) = (fitting(&key, Scalar::from(5u64), Scalar::from(77u64)).unwrap(), Paths::new());
    warm(&paths, &key);
    let mut cases = vec![good];
    for a in values {
        cases.push(Case { digest: a, ..good });
        for half in good.signature.as_chunks::<32>().0 {
            cases.push(Case { signature: [a, *half].concat().try_into().unwrap(), ..good });
            cases.push(Case { signature: [*half, a].concat().try_into().unwrap(), ..good });
        }
        for b in values {
            cases.push(Case { signature: [a, b].concat().try_into().unwrap(), ..good });
            cases.push(Case { key: [a, b].concat().try_into().unwrap(), ..good });
            // In range, and their sum is n.
            let minus = octets(&-scalar(a));
            cases.push(Case { signature: [a, minus].concat().try_into().unwrap(), digest: b, ..good });
        }
    }
    assert_eq!(agree(&cases, &paths, openssl.as_deref()), 1);
}

/// Few points have an x from n to p. For these there are two numbers that r - e stands for.
#[test]
fn another_implementation_agrees_on_coordinates_above_the_order() {
    let (openssl, mut dice, mut made) = (openssl(), Dice(12), 0);
    for above in (0..60).chain((1..60).map(|below| -below)) {
        let x = if above < 0 { plus(number(P), above) } else { plus(number(N), above) };
        let Some(sum) = AffinePoint::decompress(&x.into(), 0.into()).into_option() else { continue };
        // The key for which s·G + t·P is this point.
        let (s, t) = (scalar(random(&mut dice)), scalar(random(&mut dice)));
        let key = (ProjectivePoint::from(sum) - ProjectivePoint::GENERATOR * s) * t.invert().unwrap();
        let (case, paths) = (fitting(&key, s, t).unwrap(), Paths::new());
        warm(&paths, &key);
        assert_eq!(agree(&[case], &paths, openssl.as_deref()), 1, "{case:x?}");
        made += 1;
    }
    assert!(made > 40, "{made}");
}

/// Digests from n to 2^256 count as what they are modulo n.
#[test]
fn another_implementation_agrees_on_digests_above_the_order() {
    let (openssl, mut dice, paths) = (openssl(), Dice(13), Paths::new());
    let d = scalar(random(&mut dice));
    let key = ProjectivePoint::GENERATOR * d;
    warm(&paths, &key);
    for small in 0..20 {
        let (k, digest) = (scalar(random(&mut dice)), plus([0; 32], small));
        let [x, _]: [[u8; 32]; 2] = coordinates(&(ProjectivePoint::GENERATOR * k)).unwrap().as_chunks().0.try_into().unwrap();
        let r = scalar(digest) + scalar(x);
        let s = (k - r * d) * (d + Scalar::ONE).invert().unwrap();
        let signature = [octets(&r), octets(&s)].concat().try_into().unwrap();
        let case = Case { key: coordinates(&key).unwrap(), digest, signature };
        let above = Case { digest: plus(number(N), small), ..case };
        let beside = Case { digest: plus(number(N), small + 1), ..case };
        assert_eq!(agree(&[case, above, beside], &paths, openssl.as_deref()), 2, "{case:x?}");
    }
}
