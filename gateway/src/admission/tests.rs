//! Who is let in, and who is not.

use super::*;
use crate::clock;

fn caller(name: &str, more: &str) -> Caller {
    let row = format!(
        "name = '{name}'\norganisation = '91350211M000100Y46'\ncertificates = ['dns:{name}']\nroles = ['verifier']\n{more}"
    );
    toml::from_str(&row).unwrap()
}

fn admission(limits: &Limits, callers: &[Caller]) -> Admission {
    Admission::new(limits, callers, Tally::new().unwrap())
}

fn reason(taken: Result<Place, Refused>) -> Reason {
    taken.unwrap_err().reason
}

#[test]
fn what_can_wait_leaves_room_to_what_cannot() {
    let limits = Limits { in_flight_max: 20, caller_in_flight_max: 1000, ..Limits::default() };
    let admission = admission(&limits, &[caller("a", "")]);
    let now = clock::instant();
    let fill = |class| std::iter::from_fn(|| admission.take("a", class, 0, now).ok()).collect::<Vec<_>>();
    let mut inside = Vec::new();
    for (class, until) in [
        (Class::Export, 5),
        (Class::Read, 12),
        (Class::LookUp, 16),
        (Class::Change, 19),
        (Class::Verify, 19),
        (Class::Operate, 20),
    ] {
        inside.extend(fill(class));
        assert_eq!(inside.len(), until, "{class:?}");
        assert_eq!(reason(admission.take("a", class, 0, now)), Reason::InFlight);
    }
    drop(inside);
    assert_eq!(fill(Class::Export).len(), 5, "places come back");
}

#[test]
fn a_queue_that_fills_puts_off_what_can_wait_and_never_operators() {
    let admission = admission(&Limits::default(), &[caller("a", "")]);
    let now = clock::instant();
    let gets_in = |class, filled| admission.take("a", class, filled, now).is_ok();
    assert!(gets_in(Class::Export, 250) && !gets_in(Class::Export, 251));
    assert!(gets_in(Class::Verify, 950) && !gets_in(Class::Verify, 951));
    assert!(gets_in(Class::Operate, 1000));
    admission.is_short_of_memory(true);
    assert_eq!(reason(admission.take("a", Class::Read, 0, now)), Reason::Memory);
    assert!(gets_in(Class::Verify, 0) && gets_in(Class::Change, 0));
    admission.is_short_of_memory(false);
    assert!(gets_in(Class::Read, 0));
}

#[test]
fn a_caller_has_a_share_and_a_rate() {
    let limits = Limits { caller_in_flight_max: 2, caller_requests_per_s: 4, ..Limits::default() };
    let callers = [caller("a", ""), caller("b", "in_flight_max = 1\nrequests_per_s = 0"), caller("c", "burst = 9")];
    let admission = admission(&limits, &callers);
    let start = clock::instant();
    let ask = |caller: &str, ms| admission.take(caller, Class::Verify, 0, start + Duration::from_millis(ms));

    let held = [ask("a", 0).unwrap(), ask("a", 0).unwrap()];
    assert_eq!(reason(ask("a", 0)), Reason::CallerInFlight);
    let other = ask("b", 0).unwrap();
    assert_eq!(reason(ask("b", 0)), Reason::CallerInFlight);
    drop((held, other));
    assert!(ask("a", 0).is_ok() && ask("a", 0).is_ok());
    let refused = ask("a", 10).unwrap_err();
    assert_eq!(refused, Refused { reason: Reason::CallerRate, after: Duration::from_millis(240) });
    assert!((0..50).all(|_| ask("b", 10).is_ok()), "no rate is set for it");
    assert_eq!((0..50).filter(|_| ask("c", 10).is_ok()).count(), 9);
    assert!(ask("nobody", 10).is_ok());

    let problem = Problem::from(refused);
    assert_eq!(problem.code(), Code::RateLimited);
    assert_eq!(Problem::from(Refused::busy(Reason::Queue)).code(), Code::Overloaded);
}

#[test]
fn another_configuration_keeps_what_callers_asked() {
    let limits = Limits { caller_in_flight_max: 2, caller_requests_per_s: 2, ..Limits::default() };
    let admission = admission(&limits, &[caller("a", "")]);
    let now = clock::instant();
    let take = || admission.take("a", Class::Verify, 0, now);
    let first = take().unwrap();
    admission.follow(
        &Limits { caller_in_flight_max: 1, caller_requests_per_s: 2, ..Limits::default() },
        &[caller("a", ""), caller("b", "")],
    );
    assert_eq!(reason(take()), Reason::CallerInFlight);
    admission.follow(&limits, &[caller("a", "")]);
    assert!(take().is_ok());
    assert_eq!(reason(take()), Reason::CallerRate, "two a second, and both are used up");
    drop(first);
    let rules = admission.rules.load();
    assert_eq!(rules.callers["a"].in_flight(), 0);
    assert!(rules.callers.len() == 1);
}
