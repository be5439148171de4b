//! Quotas under crashes, several gateways and at their very end; withdrawals at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crypto::catalogue::Entry;
use crypto::grants::{Application, Assessment, Authority, Check, Mode, Verdict, Withdrawal};
use crypto::licence::Reason;
use serde_json::{Value, json};
use storage::{Keys, Store};

use super::*;

const DAY_S: i64 = 86_400;
/// Noon in China.
const NOON: Timestamp = Timestamp::from_unix(1_783_828_800);

/// A generator of numbers that depends on its seed alone (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

fn catalogue() -> Catalogue {
    let entry: Entry = serde_json::from_value(json!({
        "kind": "resource", "code": "3010010001/1", "name": "户籍", "provider": "P", "share": "unconditional",
        "legal_basis": "law", "sensitivity": "personal", "subjects": ["111"],
        "fields": [{ "name": "name", "title": "姓名", "type": "text" }, { "name": "birth", "title": "出生日期", "type": "date" }],
        "sla": { "latency_ms": 100, "slow_permille_max": 10, "error_permille_max": 10 }, "update": "daily",
    }))
    .unwrap();
    Catalogue::of(1, [entry])
}

fn store() -> Store {
    Store::memory(&Keys::new([1; 32], [2; 32])).unwrap()
}

/// Puts a grant of these fields with this quota on record.
fn granted(store: &Store, number: u8, fields: &[&str], quota: &Value) -> Grant {
    let application: Application = serde_json::from_value(json!({
        "id": format!("{number:032x}"), "consumer": { "caller": "approval", "organisation": "C" }, "provider": "P",
        "wish": {
            "resource": "3010010001/1", "items": ["i1"], "fields": fields, "authorities": ["duty"], "quota": quota,
            "until": "2030-01-01T00:00:00Z", "legal_basis": "law",
        },
        "applied_at": "2026-01-01T00:00:00Z", "applied_by": "approval", "check_due": "2026-01-03T00:00:00Z",
    }))
    .unwrap();
    store.grants().apply(&application).unwrap();
    let check =
        Check { verdict: Verdict::Approve, reason: None, at: "2026-01-02T00:00:00Z".parse().unwrap(), by: "platform".to_owned() };
    let free = Assessment { findings: Vec::new(), decision_due: None };
    store.grants().check(&application.id, &check, &free).unwrap().grant.unwrap()
}

fn rights(store: &Store) -> Rights {
    Rights::load(store.grants()).unwrap()
}

/// Asks for everything, at a moment of both clocks.
async fn ask_at(rights: &Rights, at: Timestamp, now: Instant) -> Result<Permit, Denial> {
    let ask = Ask {
        caller: "approval",
        organisation: "C",
        resource: "3010010001/1",
        item: "i1",
        purpose: None,
        fields: &BTreeSet::new(),
        mode: Mode::Tell,
        authority: Authority::Duty,
        at,
    };
    rights.permit_at(&catalogue(), &ask, now).await
}

async fn ask(rights: &Rights, at: Timestamp) -> Result<Permit, Denial> {
    ask_at(rights, at, clock::instant()).await
}

#[tokio::test]
async fn a_quota_is_used_up_to_the_last_unit() {
    let store = store();
    let grant = granted(&store, 1, &["name"], &json!({ "per_day": 130, "total": 200 }));
    let rights = rights(&store);
    for _ in 0..130 {
        ask(&rights, NOON).await.unwrap();
    }
    assert_eq!(ask(&rights, NOON).await, Err(Denial::Quota));
    // In China the next day begins at 16:00 UTC.
    let next = NOON.plus(12 * 3600);
    assert_eq!(ask(&rights, next.plus(-1)).await, Err(Denial::Quota));
    for _ in 0..70 {
        ask(&rights, next).await.unwrap();
    }
    assert_eq!(ask(&rights, next).await, Err(Denial::Quota));
    let usage = rights.usage(&grant.id, next).unwrap();
    assert_eq!((usage.questions, usage.total), (70, 200));
    assert_eq!(ask(&rights, next.plus(DAY_S)).await, Err(Denial::Quota), "nothing is left of the total");
}

/// The first moment of the next day in China.
const MIDNIGHT: Timestamp = Timestamp::from_unix(1_783_828_800 + 12 * 3600);

#[tokio::test]
async fn a_question_that_straddles_midnight_costs_one() {
    let store = store();
    let grant = granted(&store, 1, &["name"], &json!({ "per_day": 640, "total": 100_000 }));
    let one = rights(&store);
    ask(&one, NOON).await.unwrap();
    // The new day has begun here and its block of ten is used up, when those come to be counted that came in before.
    for at in [MIDNIGHT; 10].into_iter().chain([MIDNIGHT.plus(-1); 25]) {
        ask(&one, at).await.unwrap();
    }
    let usage = |rights: &Rights| rights.usage(&grant.id, MIDNIGHT).unwrap();
    assert_eq!((usage(&one).questions, usage(&one).total), (35, 36));
    assert_eq!(store.grants().usage(&grant.id).unwrap().unwrap().questions, 40, "four blocks");
    // One that was started again with its clock put back, and knows nothing of the new day.
    let other = rights(&store);
    for _ in 0..15 {
        ask(&other, NOON).await.unwrap();
    }
    assert_eq!(store.grants().usage(&grant.id).unwrap().unwrap().questions, 60, "two blocks");
    // All that is left can be used.
    for n in 0..585 {
        assert!(ask(&other, MIDNIGHT).await.is_ok(), "{n}");
    }
    for _ in 0..5 {
        ask(&one, MIDNIGHT.plus(-1)).await.unwrap();
    }
    assert_eq!((ask(&one, MIDNIGHT).await, ask(&other, NOON).await), (Err(Denial::Quota), Err(Denial::Quota)));
}

#[tokio::test]
async fn records_that_straddle_midnight_are_counted_once() {
    let store = store();
    let grant = granted(&store, 1, &["name"], &json!({ "volume": { "per_day": 640 } }));
    let (one, other) = (rights(&store), rights(&store));
    assert_eq!(one.told(&grant.id, 10, MIDNIGHT).await, Ok(()));
    for rights in [&one, &other] {
        assert_eq!(rights.told(&grant.id, 25, MIDNIGHT.plus(-1)).await, Ok(()));
    }
    assert_eq!(store.grants().usage(&grant.id).unwrap().unwrap().records, 60);
    assert_eq!(one.told(&grant.id, 580, MIDNIGHT.plus(-1)).await, Ok(()));
    assert_eq!(other.told(&grant.id, 1, MIDNIGHT.plus(-1)).await, Err(Denial::Quota));
}

#[test]
fn a_block_of_a_day_that_ended_meanwhile_is_lost_once() {
    let counter = counter::Counter::default();
    let (day, next) = (today_in_china(NOON), today_in_china(MIDNIGHT));
    let of = |questions| Lease { questions, ..Lease::default() };
    assert_eq!(counter.take(day, of(1)), Taken::Short(day, of(1)));
    assert_eq!(counter.take(next, of(1)), Taken::Short(next, of(1)));
    assert_eq!(counter.credit(day, (of(1), of(10)), of(1)), Taken::Short(next, of(1)), "what is lacking, lacks on the next");
    assert_eq!(counter.credit(next, (of(1), of(10)), of(1)), Taken::Yes);
    assert_eq!((counter.left(next), counter.take(day, of(9))), (of(9), Taken::Yes));
}

#[tokio::test]
async fn no_quota_is_exceeded_by_several_gateways_that_crash() {
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let (per_day, total) = (1 + dice.roll(300), 1 + dice.roll(900));
        let store = store();
        let grant = granted(&store, 1, &["name"], &json!({ "per_day": per_day, "total": total }));
        let mut gateways = [rights(&store), rights(&store)];
        let (mut of_day, mut all, mut crashes) = (BTreeMap::<i64, u64>::new(), 0_u64, 0_u64);
        for step in 0..600_i64 {
            let gateway = usize::try_from(dice.roll(2)).unwrap();
            if dice.roll(50) == 0 {
                gateways[gateway] = rights(&store);
                crashes += 1;
            }
            // Three days go by.
            let day = step / 200;
            let at = NOON.plus(day * DAY_S);
            if ask(&gateways[gateway], at).await.is_ok() {
                *of_day.entry(day).or_default() += 1;
                all += 1;
            }
        }
        assert!(
            all <= total && of_day.values().all(|used| *used <= per_day),
            "{seed}: {all} of {total}, {of_day:?} of {per_day}"
        );
        let kept = store.grants().usage(&grant.id).unwrap().unwrap();
        assert!(kept.total >= all && kept.total <= total, "{seed}: what was used is counted: {kept:?}");
        // No more is lost than a block for each crash, and what the two hold.
        let block = (total / 64).max(1);
        assert!(kept.total <= all + (crashes + 2) * block, "{seed}: {kept:?} {all} {crashes}");
    }
}

#[tokio::test]
async fn the_last_unit_goes_to_one() {
    for _ in 0..50 {
        let store = store();
        granted(&store, 1, &["name"], &json!({ "per_day": 1 }));
        let (one, other) = (rights(&store), rights(&store));
        let (first, second, third) = tokio::join!(ask(&one, NOON), ask(&other, NOON), ask(&one, NOON));
        let denied = [first, second, third].into_iter().filter(|asked| *asked == Err(Denial::Quota)).count();
        assert_eq!(denied, 2);
    }
}

#[tokio::test]
async fn many_at_once_get_what_there_is() {
    let store = store();
    granted(&store, 1, &["name"], &json!({ "total": 40 }));
    let (rights, mut tasks) = (Arc::new(rights(&store)), tokio::task::JoinSet::new());
    for _ in 0..100 {
        let rights = Arc::clone(&rights);
        tasks.spawn(async move { ask(&rights, NOON).await.is_ok() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|is_ok| *is_ok).count(), 40);
}

#[tokio::test]
async fn records_are_counted_before_they_leave() {
    let store = store();
    let grant = granted(&store, 1, &["name"], &json!({ "volume": { "per_day": 100 } }));
    let free = granted(&store, 2, &["name"], &json!({}));
    let rights = rights(&store);
    assert_eq!(rights.told(&grant.id, 60, NOON).await, Ok(()));
    assert_eq!(rights.told(&grant.id, 41, NOON).await, Err(Denial::Quota));
    assert_eq!(rights.told(&grant.id, 40, NOON).await, Ok(()));
    assert_eq!(rights.told(&grant.id, 1, NOON).await, Err(Denial::Quota));
    assert_eq!(rights.told(&grant.id, 0, NOON).await, Ok(()));
    assert_eq!(rights.told(&grant.id, 100, NOON.plus(DAY_S)).await, Ok(()));
    assert_eq!(rights.told(&free.id, 1_000_000, NOON).await, Ok(()));
    assert_eq!(rights.told("no such grant", 0, NOON).await, Err(Denial::NotGranted));
    assert_eq!(rights.told(&grant.id, 0, "2031-01-01T00:00:00Z".parse().unwrap()).await, Err(Denial::NotInForce));
}

#[tokio::test]
async fn the_rate_is_kept_and_the_next_grant_is_tried() {
    let store = store();
    let rich = granted(&store, 1, &["name", "birth"], &json!({ "per_second": 2 }));
    let poor = granted(&store, 2, &["name"], &json!({ "total": 1 }));
    let (rights, start) = (rights(&store), clock::instant());
    let mut used = Vec::new();
    for after_ms in [0, 0, 0, 0, 500, 500] {
        let asked = ask_at(&rights, NOON, start + Duration::from_millis(after_ms)).await;
        used.push(asked.map(|permit| (permit.grant, permit.fields.len())));
    }
    let (rich, poor) = (Ok((rich.id, 2)), Ok((poor.id, 1)));
    assert_eq!(used, [rich.clone(), rich.clone(), poor, Err(Denial::Quota), rich, Err(Denial::Quota)]);
}

fn withdrawal() -> Withdrawal {
    Withdrawal { at: NOON, by: "office".to_owned(), reason: Reason::new("misuse".to_owned()).unwrap() }
}

#[tokio::test]
async fn a_withdrawn_grant_denies_at_once_and_for_ever() {
    let store = store();
    let grant = granted(&store, 1, &["name"], &json!({}));
    let rights = rights(&store);
    assert_eq!(ask(&rights, NOON).await.map(|permit| permit.grant), Ok(grant.id.clone()));
    assert_eq!(rights.of_caller("approval", NOON), [Arc::new(grant.clone())]);
    rights.change(&grant.id, || store.grants().withdraw(&grant.id, &withdrawal())).unwrap();
    // Also a question that came in before it.
    for at in [NOON, NOON.plus(-60)] {
        assert_eq!(ask(&rights, at).await, Err(Denial::NotInForce));
        assert_eq!(rights.told(&grant.id, 1, at).await, Err(Denial::NotInForce));
        assert!(rights.of_caller("approval", at).is_empty());
    }
    assert_eq!(ask(&self::rights(&store), NOON).await, Err(Denial::NotInForce), "and after a restart");
}

#[tokio::test]
async fn who_waits_for_quota_while_a_grant_is_withdrawn_is_denied() {
    let store = store();
    let grant = granted(&store, 1, &["name"], &json!({ "per_day": 100, "volume": { "per_day": 100 } }));
    let rights = rights(&store);
    let counter = Arc::clone(&rights.book().entry(&grant.id).unwrap().counter);
    let turn = counter.turn.lock().await;
    let withdrawing = async {
        tokio::task::yield_now().await;
        rights.change(&grant.id, || store.grants().withdraw(&grant.id, &withdrawal())).unwrap();
        drop(turn);
    };
    let (asked, told, ()) = tokio::join!(ask(&rights, NOON), rights.told(&grant.id, 1, NOON), withdrawing);
    assert_eq!((asked, told), (Err(Denial::NotInForce), Err(Denial::NotInForce)));
    let kept = store.grants().usage(&grant.id).unwrap().unwrap();
    assert_eq!((kept.questions, kept.records), (1, 1), "both waited and were given quota");
}

#[tokio::test]
async fn whether_a_grant_is_in_force_is_known_without_its_quota() {
    let store = store();
    let grant = granted(&store, 1, &["name"], &json!({ "total": 1 }));
    let rights = rights(&store);
    ask(&rights, NOON).await.unwrap();
    assert_eq!(ask(&rights, NOON).await, Err(Denial::Quota));
    assert!(rights.grant(&grant.id, NOON).is_ok() && rights.grant("no such grant", NOON).is_err());
    assert!(rights.grant(&grant.id, "2031-01-01T00:00:00Z".parse().unwrap()).is_err(), "it has ended");
    let during = rights.change(&grant.id, || Ok(rights.grant(&grant.id, NOON).is_ok()));
    assert_eq!((during, rights.grant(&grant.id, NOON).is_ok()), (Ok(false), true), "not while it may be withdrawn");
    assert_eq!(rights.change::<()>(&grant.id, || Err(StorageError::Unknown)), Err(StorageError::Unknown));
    assert!(rights.grant(&grant.id, NOON).is_err(), "nor as long as that is not known");
    rights.change(&grant.id, || store.grants().withdraw(&grant.id, &withdrawal())).unwrap();
    assert!(rights.grant(&grant.id, NOON).is_err() && rights.grant(&grant.id, NOON.plus(-60)).is_err());
}

#[tokio::test]
async fn what_is_not_known_is_denied_until_it_is() {
    let store = store();
    let grant = granted(&store, 1, &["name"], &json!({}));
    let rights = rights(&store);
    let unknown = rights.change::<()>(&grant.id, || Err(StorageError::Unknown));
    assert_eq!(unknown, Err(StorageError::Unknown));
    assert_eq!(ask(&rights, NOON).await, Err(Denial::NotInForce));
    assert!(rights.of_caller("approval", NOON).is_empty());
    let refused = rights.change::<()>(&grant.id, || Err(StorageError::NotFound { what: "grant" }));
    assert!(refused.is_err());
    assert!(ask(&rights, NOON).await.is_ok(), "the store has it as it was");
}

#[tokio::test]
async fn a_new_grant_holds_from_its_change_on() {
    let store = store();
    let rights = rights(&store);
    assert_eq!(ask(&rights, NOON).await, Err(Denial::NotGranted));
    let made = rights.make(&format!("{:032x}", 1), || Ok(granted(&store, 1, &["name"], &json!({}))));
    assert!(made.is_ok() && ask(&rights, NOON).await.is_ok());
}
