//! SM2 through every path: without tables, with small ones and with large ones. And the memo of tables.

use crypto::digest::{from_hex, sm3};
use crypto::issue::{KeyType, SigningKey};
use crypto::sig::sm2::tables::{Limits, Tables};
use crypto::sig::sm2::{Point, verify_der, verify_raw};
use crypto::sig::{BadSignature, KeyKind, PublicKey};

/// Memos that take one path each: a verification of a key that they know goes without tables, with small ones, with large.
pub(crate) struct Paths([Tables; 3]);

const ROOMY: usize = 64 << 20;

impl Paths {
    pub(crate) fn new() -> Self {
        let cold = Limits { bytes: 0, ..Limits::default() };
        let small = Limits { bytes: ROOMY, small_at: 1, large_at: u32::MAX };
        let large = Limits { bytes: ROOMY, small_at: 1, large_at: 1 };
        Self([cold, small, large].map(Tables::new))
    }

    /// Has tables made for a key, by a good signature of its own over a digest. A key without tables stays cold everywhere.
    pub(crate) fn warm(&self, key: &Point, signature: &[u8; 64], digest: &[u8; 32]) {
        let [cold, small, large] = &self.0;
        for (memo, times) in [(cold, 1), (small, 1), (large, 2)] {
            for _ in 0..times {
                memo.verify(key, signature, |_| *digest).unwrap();
            }
        }
    }

    /// The verdict that every path gives.
    pub(crate) fn verify(&self, key: &Point, signature: &[u8; 64], digest: impl Fn(&[u8; 32]) -> [u8; 32]) -> bool {
        let [cold, small, large] = self.0.each_ref().map(|memo| memo.verify(key, signature, &digest).is_ok());
        assert!(cold == small && small == large, "paths differ: {cold}, {small}, {large} for {key:x?}, {signature:x?}");
        cold
    }

    /// Verifications that found small tables, and large ones.
    pub(crate) fn hits(&self) -> (u64, u64) {
        let [_, small, large] = &self.0;
        (small.statistics().small.hits, large.statistics().large.hits)
    }
}

pub(crate) fn point(key: &PublicKey) -> Point {
    key.bits()[1..].try_into().unwrap()
}

fn signing_key(label: &str) -> (SigningKey, Point) {
    let key = SigningKey::from_label(KeyType::Sm2, label);
    let point = point(&key.public_key());
    (key, point)
}

fn sign(key: &SigningKey, message: &[u8]) -> [u8; 64] {
    key.sign_fixed(message).try_into().unwrap()
}

fn check(tables: &Tables, key: &Point, signature: &[u8; 64], message: &[u8]) -> Result<(), BadSignature> {
    tables.verify(key, signature, |z| sm3(&[z, message]))
}

#[test]
fn what_was_signed_passes_and_every_flipped_bit_is_refused() {
    let paths = Paths::new();
    for label in ["a", "b", "c"] {
        let (key, point) = signing_key(label);
        let message = label.repeat(100);
        let signature = sign(&key, message.as_bytes());
        let digest = |z: &[u8; 32]| sm3(&[z, message.as_bytes()]);
        for _ in 0..3 {
            assert!(paths.verify(&point, &signature, digest));
        }
        for bit in 0..512 {
            let mut bad = signature;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(!paths.verify(&point, &bad, digest), "bit {bit} of the signature");
        }
        for bit in 0..256 {
            let flipped = |z: &[u8; 32]| {
                let mut digest = digest(z);
                digest[bit / 8] ^= 1 << (bit % 8);
                digest
            };
            assert!(!paths.verify(&point, &signature, flipped), "bit {bit} of the digest");
        }
        for bit in 0..512 {
            let mut other = point;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!paths.verify(&other, &signature, digest), "bit {bit} of the key");
        }
    }
    let (small, large) = paths.hits();
    assert!(small > 2000 && large > 2000, "the paths were not taken: {small}, {large}");
}

#[test]
fn the_worked_example_of_the_standard_on_every_path() {
    let file = std::fs::read(crate::testdata().join("gm-vectors/sm2_sm3.json")).unwrap();
    let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
    let field = |name: &str| from_hex(file["sm2_sign_gbt32918_5_A2"][name].as_str().unwrap()).unwrap();
    let key: Point = [field("px"), field("py")].concat().try_into().unwrap();
    let signature: [u8; 64] = [field("r"), field("s")].concat().try_into().unwrap();
    let paths = Paths::new();
    for _ in 0..3 {
        assert!(paths.verify(&key, &signature, |z| {
            assert_eq!(z.to_vec(), field("Z"));
            field("e").try_into().unwrap()
        }));
        assert!(!paths.verify(&key, &signature, |z| sm3(&[z, b"another message"])));
    }
    assert!(paths.hits() >= (4, 3));
}

#[test]
fn only_whole_uncompressed_points_are_keys() {
    let (key, point) = signing_key("form");
    let (message, fixed, der) = (b"message", key.sign_fixed(b"message"), key.sign(b"message"));
    let good = [&[4][..], &point].concat();
    let compressed = [&[2 + (point[63] & 1)][..], &point[..32]].concat();
    let hybrid = [&[6 + (point[63] & 1)][..], &point].concat();
    let cases = [
        (good.clone(), true),
        (compressed, false),
        (hybrid, false),
        (vec![0], false),
        (Vec::new(), false),
        (good[..64].to_vec(), false),
        ([&good[..], &[0]].concat(), false),
    ];
    for (bits, is_key) in cases {
        let public = PublicKey::new(KeyKind::Sm2, bits);
        assert_eq!(verify_raw(&public, message, &fixed).is_ok(), is_key, "{public:?}");
        assert_eq!(verify_der(&public, message, &der).is_ok(), is_key, "{public:?}");
    }
    let public = key.public_key();
    for raw in [&fixed[..63], &[&fixed[..], &[0]].concat(), &[]] {
        assert!(verify_raw(&public, message, raw).is_err());
    }
}

#[test]
fn a_key_becomes_warm_and_then_hot() {
    let tables = Tables::new(Limits { large_at: 10, ..Limits::default() });
    let (key, point) = signing_key("promoted");
    let signature = sign(&key, b"m");
    let kinds = |count: usize| {
        for _ in 0..count {
            check(&tables, &point, &signature, b"m").unwrap();
        }
        let now = tables.statistics();
        (now.cold, now.small.hits, now.large.hits, now.small.builds, now.large.builds)
    };
    assert_eq!(kinds(2), (2, 0, 0, 0, 0));
    assert_eq!(kinds(1), (3, 0, 0, 1, 0));
    assert_eq!(kinds(6), (3, 6, 0, 1, 0));
    assert_eq!(kinds(1), (3, 7, 0, 1, 1));
    assert_eq!(kinds(5), (3, 7, 5, 1, 1));
    let now = tables.statistics();
    assert_eq!((now.small.keys, now.large.keys), (1, 1));
    assert!((8 << 10..9 << 10).contains(&now.small.bytes) && (64 << 10..65 << 10).contains(&now.large.bytes), "{now:?}");
}

#[test]
fn what_is_no_key_or_no_good_signature_leaves_nothing_behind() {
    let tables = Tables::new(Limits { small_at: 1, ..Limits::default() });
    let (key, point) = signing_key("honest");
    let (mut off, signature) = (point, sign(&key, b"m"));
    off[63] ^= 1;
    for _ in 0..10 {
        assert!(check(&tables, &off, &signature, b"m").is_err());
        assert!(check(&tables, &point, &signature, b"another").is_err());
    }
    assert_eq!(tables.statistics(), crypto::sig::sm2::tables::Statistics::default());
}

/// Room for eight small tables, one a shard, and none for large ones.
const TIGHT: Limits = Limits { bytes: 2 * 8 * (9 << 10), small_at: 3, large_at: 4 };

#[test]
fn a_flood_of_keys_takes_no_memory_and_pushes_nobody_out() {
    let tables = Tables::new(TIGHT);
    let (key, point) = signing_key("hot");
    let hot_signature = sign(&key, b"m");
    for _ in 0..50 {
        check(&tables, &point, &hot_signature, b"m").unwrap();
    }
    for number in 0..200 {
        let (stranger, other) = signing_key(&format!("stranger {number}"));
        let signature = sign(&stranger, b"m");
        for _ in 0..5 {
            check(&tables, &other, &signature, b"m").unwrap();
        }
        let before = tables.statistics();
        check(&tables, &point, &hot_signature, b"m").unwrap();
        assert_eq!(tables.statistics().small.hits, before.small.hits + 1, "the hot key was pushed out by stranger {number}");
        assert!(before.small.bytes <= TIGHT.bytes / 2);
    }
    let now = tables.statistics();
    assert!(now.small.keys <= 8, "{now:?}");
    assert_eq!((now.large.keys, now.large.builds), (0, 0));
}

#[test]
fn a_key_that_is_used_more_takes_the_place_of_one_that_is_not() {
    let tables = Tables::new(TIGHT);
    // Two keys of one shard: their last octets say so.
    let shard = |point: &Point| point[63] % 8;
    let (first, first_point) = signing_key("first");
    let rivals = (0..).map(|number| signing_key(&format!("rival {number}")));
    let (second, second_point) = rivals.into_iter().find(|(_, point)| shard(point) == shard(&first_point)).unwrap();
    let use_it = |key: &SigningKey, point: &Point, times: usize| {
        let signature = sign(key, b"m");
        for _ in 0..times {
            check(&tables, point, &signature, b"m").unwrap();
        }
    };
    use_it(&first, &first_point, 10);
    use_it(&second, &second_point, 10);
    assert_eq!(tables.statistics().small.evictions, 0, "used as often is not used more");
    use_it(&second, &second_point, 1);
    let now = tables.statistics();
    assert_eq!((now.small.evictions, now.small.builds, now.small.keys), (1, 2, 1), "{now:?}");
    // The one that was used before and is not any more gives way in the end, though the other is used less than it ever was.
    use_it(&second, &second_point, 5000);
    use_it(&first, &first_point, 400);
    assert_eq!(tables.statistics().small.evictions, 2, "{:?}", tables.statistics());
}

#[test]
fn two_threads_make_tables_once() {
    let tables = Tables::new(Limits { large_at: 20, ..Limits::default() });
    let (key, point) = signing_key("shared");
    let signature = sign(&key, b"m");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..200 {
                    check(&tables, &point, &signature, b"m").unwrap();
                    assert!(check(&tables, &point, &signature, b"n").is_err());
                }
            });
        }
    });
    let now = tables.statistics();
    assert_eq!((now.small.builds, now.large.builds), (1, 1), "{now:?}");
    assert!(now.large.hits > 300, "{now:?}");
}
