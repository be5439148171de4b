//! Status lists: the examples of the draft, and what a list may and may not say of a credential.

use crypto::budget::Budget;
use crypto::issue::{AltName, JwsBuilder, KeyType, SdJwtBuilder};
use crypto::report::{Report, SubIndication, Verdict};
use crypto::status_list::{Bits, Evidence, Known, Reference, StatusList, StatusListToken, TokenStatus, Unsigned};
use crypto::time::Timestamp;
use crypto::verify::{Question, verify};
use serde_json::{Value, json};

use crate::testdata;
use crate::world::{Actor, OTHER, World, actor, at, now, signed};

const URI: &str = "https://lists.example/7";

/// The JSON of an example, put together from its folded lines.
fn example(name: &str) -> Value {
    let text = std::fs::read_to_string(testdata().join("token-status-list").join(name)).unwrap();
    let json: String = text[text.find('{').unwrap()..].lines().map(str::trim).collect();
    serde_json::from_str(&json).unwrap()
}

fn list(name: &str) -> StatusList {
    let example = example(name);
    let (bits, lst) = (example["bits"].as_u64().unwrap(), example["lst"].as_str().unwrap());
    StatusList::read(bits, lst, &mut Budget::for_document()).unwrap()
}

fn values(list: &StatusList) -> Vec<u8> {
    (0..list.count()).map(|index| list.status(index).unwrap().value()).collect()
}

#[test]
fn the_short_examples_of_the_draft() {
    assert_eq!(values(&list("status_list_encoding_json.md")), [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
    assert_eq!(values(&list("status_list_encoding2_json.md")), [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
}

/// The long examples: places and states as the draft lists them; every other place holds 0.
#[test]
fn the_long_examples_of_the_draft() {
    type Rows<'a> = &'a [(u64, u8)];
    let one: Rows =
        &[0, 1993, 25460, 159_495, 495_669, 554_353, 645_645, 723_232, 854_545, 934_534, 1_000_345].map(|place| (place, 1));
    let two: Rows = &[
        (0, 1),
        (1993, 2),
        (25460, 1),
        (159_495, 3),
        (495_669, 1),
        (554_353, 1),
        (645_645, 2),
        (723_232, 1),
        (854_545, 1),
        (934_534, 2),
        (1_000_345, 3),
    ];
    let four: Rows = &[
        (0, 1),
        (1993, 2),
        (35460, 3),
        (459_495, 4),
        (595_669, 5),
        (754_353, 6),
        (845_645, 7),
        (923_232, 8),
        (924_445, 9),
        (934_534, 10),
        (1_004_534, 11),
        (1_000_345, 12),
        (1_030_203, 13),
        (1_030_204, 14),
        (1_030_205, 15),
    ];
    for (name, rows) in [
        ("status_list_encoding1_long_json.md", one),
        ("status_list_encoding2_long_json.md", two),
        ("status_list_encoding4_json.md", four),
    ] {
        let list = list(name);
        assert_eq!(list.count(), 1 << 20, "{name}");
        let mut found: Vec<(u64, u8)> = values(&list).into_iter().zip(0..).map(|(value, place)| (place, value)).collect();
        found.retain(|(_, value)| *value != 0);
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        assert_eq!(found, rows, "{name}");
    }
    let eight = list("status_list_encoding8_json.md");
    assert_eq!((eight.bits(), eight.count()), (Bits::Eight, 1 << 20));
    let mut states = values(&eight);
    states.retain(|state| *state != 0);
    states.sort_unstable();
    assert_eq!(states, (1..=255).collect::<Vec<u8>>(), "every state but 0 stands there once");
}

#[test]
fn the_signed_example_of_the_draft_is_read_and_its_neighbours_in_cbor_are_not() {
    let folder = testdata().join("token-status-list");
    let raw = std::fs::read_to_string(folder.join("status_list_jwt_raw.md")).unwrap().split_whitespace().collect::<String>();
    let token = StatusListToken::parse(raw.as_bytes(), &mut Budget::for_document()).unwrap();
    assert_eq!((token.uri(), token.ttl_s()), ("https://example.com/statuslists/1", Some(43_200)));
    assert_eq!((token.issued_at().unix(), token.expires_at().unwrap().unix()), (1_686_920_170, 2_291_720_170));
    assert_eq!(token.list().status(0), Some(TokenStatus::Invalid));
    // It is known by a key identifier and carries no certificate, so that it proves nothing here.
    assert!(token.jws().signer().is_none());
    // CWT: no credential that licet reads refers to one.
    for name in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        if name.contains("cwt") || name.contains("cbor") {
            let text = std::fs::read(folder.join(&name)).unwrap();
            assert!(StatusListToken::parse(&text, &mut Budget::for_document()).is_err(), "{name}");
        }
    }
}

/// A world whose signer issues credentials, with one who publishes lists under the name of the host.
struct Lists {
    world: World,
    host: Actor,
}

impl Lists {
    fn new() -> Self {
        let world = World::new();
        let host = actor(&world.root, KeyType::Ed25519, "host", 9, |builder| {
            builder.signer().alt_names(&[AltName::Dns("lists.example".to_owned())])
        });
        Self { world, host }
    }

    fn credential(&self, idx: u64) -> String {
        let builder = SdJwtBuilder::new("urn:example", signed()).chain(&[&self.world.signer.der]);
        let status = json!({ "status_list": { "uri": URI, "idx": idx } });
        builder.claim("status", status).sign(&self.world.signer.key).text()
    }

    fn judge(&self, idx: u64, status: Evidence<'_>) -> Report {
        let document = self.credential(idx);
        verify(&Question { status, ..Question::new(document.as_bytes(), now()) }, &self.world.trust()).report
    }

    fn with(&self, idx: u64, tokens: &[Vec<u8>]) -> Verdict {
        self.judge(idx, Evidence { tokens, known: None }).verdict
    }
}

/// 0 valid, 1 invalid, 2 suspended, 3 something else.
fn states() -> StatusList {
    let mut list = StatusList::new(Bits::Two, 64);
    for index in 0..4 {
        assert!(list.set(index, TokenStatus::from_value(u8::try_from(index).unwrap())));
    }
    list
}

fn token_of(by: &Actor, uri: &str, made: Timestamp) -> Vec<u8> {
    let alg = by.key.algorithm().row().jose.unwrap();
    let unsigned = Unsigned::new(&states(), uri, alg, &[&by.der], (made, 3600));
    let signature = by.key.sign_fixed(unsigned.signing_input());
    unsigned.signed(&signature).into_bytes()
}

const UNKNOWN: Verdict = Verdict::indeterminate(SubIndication::TryLater);
const REVOKED: Verdict = Verdict::failed(SubIndication::Revoked);

#[test]
fn each_state_leads_to_its_verdict() {
    let lists = Lists::new();
    for by in [&lists.world.signer, &lists.host] {
        let token = [token_of(by, URI, now().plus(-60))];
        assert_eq!(lists.with(0, &token), Verdict::PASSED);
        assert_eq!(lists.with(1, &token), REVOKED);
        assert_eq!(lists.with(2, &token), UNKNOWN);
        assert_eq!(lists.with(3, &token), UNKNOWN);
        assert_eq!(lists.with(64, &token), UNKNOWN, "behind the end");
        assert_eq!(lists.with(u64::MAX, &token), UNKNOWN);
    }
    assert_eq!(lists.with(0, &[]), UNKNOWN, "no list at hand");
}

#[test]
fn a_list_counts_only_while_it_is_fresh() {
    let lists = Lists::new();
    let made = |seconds| [token_of(&lists.host, URI, now().plus(seconds))];
    let report = lists.judge(0, Evidence { tokens: &made(-3599), known: None });
    assert_eq!((report.verdict, report.holds_until), (Verdict::PASSED, Some(now().plus(1))));
    for seconds in [-3600, -7200, 301] {
        assert_eq!(lists.with(0, &made(seconds)), UNKNOWN, "{seconds}");
        assert_eq!(lists.with(1, &made(seconds)), UNKNOWN, "{seconds}");
    }
    assert_eq!(lists.with(0, &made(300)), Verdict::PASSED, "clocks differ");
}

#[test]
fn a_list_counts_only_from_who_may_speak_for_it() {
    let lists = Lists::new();
    let fresh = now().plus(-60);
    // Somebody else under the same anchor, a stranger, another list.
    let stranger = World::with(KeyType::P256, &[]);
    for token in [
        token_of(&lists.world.other, URI, fresh),
        token_of(&stranger.signer, URI, fresh),
        token_of(&lists.host, "https://lists.example/8", fresh),
        b"eyJ.eyJ.AAAA".to_vec(),
        Vec::new(),
    ] {
        assert_eq!(lists.with(0, std::slice::from_ref(&token)), UNKNOWN, "{}", String::from_utf8_lossy(&token));
        // Nor does it stand in the way of one that counts.
        assert_eq!(lists.with(0, &[token.clone(), token_of(&lists.host, URI, fresh)]), Verdict::PASSED);
        assert_eq!(lists.with(1, &[token, token_of(&lists.host, URI, fresh)]), REVOKED);
    }
    // One whose certificate ended.
    let ended = actor(&lists.world.root, KeyType::P256, "ended", 10, |builder| {
        let builder = builder.signer().alt_names(&[AltName::Dns("lists.example".to_owned())]);
        builder.valid(at("2025-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"))
    });
    assert_eq!(lists.with(0, &[token_of(&ended, URI, fresh)]), UNKNOWN);
    let foreign = actor(&lists.world.root, KeyType::P256, "foreign", 11, |builder| {
        builder.signer().organisation_code(OTHER).alt_names(&[AltName::Dns("lists.example.net".to_owned())])
    });
    assert_eq!(lists.with(0, &[token_of(&foreign, URI, fresh)]), UNKNOWN);
}

#[test]
fn of_two_good_lists_the_later_one_counts() {
    let lists = Lists::new();
    let (early, late) = (now().plus(-1000), now().plus(-10));
    let all_valid = |made| {
        let unsigned = Unsigned::new(&StatusList::new(Bits::One, 64), URI, "EdDSA", &[&lists.host.der], (made, 3600));
        let signature = lists.host.key.sign_fixed(unsigned.signing_input());
        unsigned.signed(&signature).into_bytes()
    };
    let states = |made| token_of(&lists.host, URI, made);
    for tokens in [[all_valid(early), states(late)], [states(late), all_valid(early)]] {
        assert_eq!(lists.with(1, &tokens), REVOKED);
    }
    for tokens in [[all_valid(late), states(early)], [states(early), all_valid(late)]] {
        assert_eq!(lists.with(1, &tokens), Verdict::PASSED);
    }
}

#[test]
fn no_changed_byte_of_a_list_makes_anything_valid() {
    let lists = Lists::new();
    let good = token_of(&lists.host, URI, now().plus(-60));
    for place in (0..good.len()).step_by(3) {
        let mut bytes = good.clone();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        assert!(!lists.with(0, &[bytes]).is_passed(), "{place}");
    }
}

#[test]
fn malformed_claims_of_a_list() {
    let lists = Lists::new();
    let lst = states().lst();
    let whole = json!({ "sub": URI, "iat": now().unix(), "ttl": 60, "status_list": { "bits": 2, "lst": lst } });
    let token = |typ: &str, claims: &Value| {
        let jws = JwsBuilder::new(claims.to_string().as_bytes()).header("typ", json!(typ)).chain(&[&lists.host.der]);
        [jws.compact(&lists.host.key).into_bytes()]
    };
    assert_eq!(lists.with(0, &token("statuslist+jwt", &whole)), Verdict::PASSED);
    assert_eq!(lists.with(0, &token("JWT", &whole)), UNKNOWN);
    for (name, value) in [
        ("sub", json!(null)),
        ("sub", json!(1)),
        ("iat", json!("now")),
        ("iat", json!(null)),
        ("exp", json!("never")),
        ("exp", json!(now().unix())),
        ("ttl", json!(0)),
        ("ttl", json!(-1)),
        ("ttl", json!("60")),
        ("status_list", json!([])),
        ("status_list", json!({ "bits": 3, "lst": lst })),
        ("status_list", json!({ "bits": 2, "lst": "####" })),
        ("status_list", json!({ "bits": 2 })),
    ] {
        let mut claims = whole.clone();
        claims[name] = value;
        assert_eq!(lists.with(0, &token("statuslist+jwt", &claims)), UNKNOWN, "{name}: {}", claims[name]);
    }
}

#[test]
fn what_whoever_asks_has_on_record_needs_no_list() {
    let lists = Lists::new();
    let known = |idx, status| Known { reference: Reference { uri: URI.to_owned(), idx }, status };
    let judge = |known: &Known| lists.judge(5, Evidence { tokens: &[], known: Some(known) }).verdict;
    assert_eq!(judge(&known(5, TokenStatus::Valid)), Verdict::PASSED);
    assert_eq!(judge(&known(5, TokenStatus::Invalid)), REVOKED);
    assert_eq!(judge(&known(5, TokenStatus::Suspended)), UNKNOWN);
    assert_eq!(judge(&known(4, TokenStatus::Valid)), UNKNOWN, "another place");
}

#[test]
fn a_status_that_cannot_be_read_is_never_good() {
    let lists = Lists::new();
    for status in [json!(null), json!({}), json!({ "status_list": { "uri": URI } }), json!({ "other": { "id": 1 } })] {
        let builder = SdJwtBuilder::new("urn:example", signed()).chain(&[&lists.world.signer.der]).claim("status", status);
        let document = builder.sign(&lists.world.signer.key).text();
        assert_eq!(lists.world.report(document.as_bytes()).verdict, UNKNOWN);
    }
}
