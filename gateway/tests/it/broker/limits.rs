//! What keeps a source from harm: its breaker, how much it is asked at once, who waits.

use std::time::Duration;

use gateway::broker::{BreakerLimits, BreakerState, Limits, SourceFault, State};

use super::kit::{Does, NEVER, Sources, What, World, all, batch, fails, pass, question, states, tells};

fn limits(breaker: BreakerLimits) -> Limits {
    Limits { breaker, negative_ttl_ms: 0, ..Limits::default() }
}

/// Asks about somebody new every few milliseconds, for so long.
async fn keep_asking(world: &World, first: u32, every_ms: u64, count: u32) -> Vec<State> {
    let mut gatherings = Vec::new();
    for n in first..first + count {
        gatherings.push(world.scatter(vec![question("a", &format!("S{n}"))], 100));
        pass(every_ms).await;
    }
    let mut found = Vec::new();
    for gathering in gatherings {
        found.extend(states(&all(gathering).await));
    }
    found
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_is_asked_by_its_probes_alone() {
    let breaker = BreakerLimits { calls_min: 10, pause_ms: 1000, pause_ms_max: 3000, probes: 2, ..BreakerLimits::default() };
    let script = |_: &str, before: usize| if before < 18 { fails(1, SourceFault::Unreachable) } else { tells(1) };
    let world = Sources::default().with("a", limits(breaker), script).build();
    let states = keep_asking(&world, 0, 10, 100).await;
    assert!(states[..10].iter().all(|state| *state == State::Failed));
    assert!(states[10..].iter().all(|state| *state == State::BreakerOpen));
    assert_eq!(world.broker.state()[0].breaker, BreakerState::Open);
    // Pauses of 1, 2, 3 and 3 seconds, and a probe that fails at the end of each: the second one is not even needed.
    keep_asking(&world, 100, 10, 750).await;
    let at: Vec<_> = world.seen("a").iter().map(|seen| seen.at).collect();
    let pauses: Vec<_> = at.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).filter(|ms| *ms > 500).collect();
    assert!(pauses.iter().zip([1000, 2000, 3000]).all(|(found, ms)| (ms..ms + 20).contains(found)), "{pauses:?}");
    assert_eq!(at.len(), 13);
    keep_asking(&world, 1000, 10, 2000).await;
    assert_eq!(world.broker.state()[0].breaker, BreakerState::Closed, "it is asked again once it is well");
    assert!(world.seen("a").len() > 200);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_silent_is_left_alone_however_patient_callers_are() {
    let breaker = BreakerLimits { calls_min: 10, slow_ms: 500, pause_ms: 60_000, ..BreakerLimits::default() };
    let world = Sources::default().with("a", Limits { concurrency_max: 15, ..limits(breaker.clone()) }, |_, _| NEVER).build();
    let found = keep_asking(&world, 0, 10, 300).await;
    assert_eq!(world.seen("a").len(), 15, "no more than may be under way at the same time");
    assert!(found[..15].iter().all(|state| *state == State::TimedOut));
    assert!(found[15..50].iter().all(|state| *state == State::Overloaded));
    assert!(found[65..].iter().all(|state| *state == State::BreakerOpen), "{:?}", &found[60..70]);
    // Callers who wait for a moment alone say nothing about a source that takes two.
    let world = Sources::default().with("a", limits(breaker), |_, _| tells(150)).build();
    keep_asking(&world, 0, 10, 300).await;
    assert_eq!(world.broker.state()[0].breaker, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_gives_up_early_says_something_of_the_source_only_when_answers_are_overdue() {
    let usual = |after| Does { after, what: What::TellsOrGivesUp };
    let breaker = BreakerLimits { pause_ms: 60_000, ..BreakerLimits::default() };
    let world = Sources::default().with("a", limits(breaker.clone()), move |_, _| usual(Some(200))).build();
    for n in 0..30 {
        assert_eq!(world.one(question("a", &format!("S{n}")), 400).await.state, State::Answered);
    }
    let found = keep_asking(&world, 100, 10, 200).await;
    assert!(found.iter().all(|state| *state == State::TimedOut));
    assert_eq!(world.broker.state()[0].breaker, BreakerState::Closed);
    let script = move |_: &str, before| usual((before < 30).then_some(20));
    let world = Sources::default().with("a", limits(breaker), script).build();
    for n in 0..30 {
        assert_eq!(world.one(question("a", &format!("S{n}")), 400).await.state, State::Answered);
    }
    keep_asking(&world, 100, 10, 200).await;
    assert_eq!(world.broker.state()[0].breaker, BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn those_who_cannot_be_served_in_time_are_told_at_once() {
    let limits = Limits { concurrency_max: 2, waiting_max: 4, hedge_budget_permille: 0, ..limits(BreakerLimits::default()) };
    let world = Sources::default().with("a", limits, |_, _| tells(50)).build();
    let many = |from: u32| (from..from + 20).map(|n| question("a", &format!("S{n}"))).collect::<Vec<_>>();
    let first = world.ask(many(0), 400).await;
    let answered = |ms: u64| first.iter().filter(|outcome| outcome.took == Duration::from_millis(ms)).count();
    assert_eq!((answered(50), answered(100), answered(150), answered(0)), (2, 2, 2, 14));
    assert!(first.iter().all(|outcome| (outcome.state == State::Overloaded) == (outcome.took == Duration::ZERO)));
    assert!(first.iter().all(|outcome| outcome.was_asked == (outcome.state == State::Answered)), "whom to blame is known");
    // Once it is known how long answers take, nobody waits in vain.
    for n in 100..120 {
        world.one(question("a", &format!("S{n}")), 100).await;
    }
    let calls = world.seen("a").len();
    let second = world.ask(many(200), 75).await;
    assert_eq!(states(&second).iter().filter(|state| **state == State::Answered).count(), 2);
    assert!(second.iter().all(|outcome| outcome.state == State::Answered || outcome.took == Duration::ZERO));
    assert!(second.iter().all(|outcome| outcome.state == State::Answered || outcome.expected.is_some()));
    assert_eq!(world.seen("a").len(), calls + 2);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_well_serves_the_largest_batch_by_default() {
    let world = Sources::default().with("a", Limits::default(), |_, _| tells(2)).build();
    let largest = gateway::config::Lookup::default().batch_max;
    let questions = (0..largest).map(|n| batch(question("a", &format!("B{n}")))).collect();
    assert_eq!(states(&world.ask(questions, 1000).await), vec![State::Answered; usize::try_from(largest).unwrap()]);
}

#[tokio::test(start_paused = true)]
async fn batches_are_put_off_first() {
    let limits = Limits { concurrency_max: 4, waiting_max: 4, ..limits(BreakerLimits::default()) };
    let world = Sources::default().with("a", limits, |_, _| tells(50)).build();
    let batches = (0..10).map(|n| batch(question("a", &format!("B{n}")))).collect();
    let batches = world.scatter(batches, 1000);
    tokio::task::yield_now().await;
    assert_eq!(world.seen("a").len(), 3, "a quarter stays for those who stand at a counter");
    let counter = (0..5).map(|n| question("a", &format!("C{n}"))).collect();
    let counter = world.scatter(counter, 1000);
    let (batches, counter) = (states(&all(batches).await), states(&all(counter).await));
    assert_eq!(counter, [State::Answered; 5]);
    // Three went, two waited and gave way in the end, five were sent away at once.
    assert_eq!(batches[..3], [State::Answered; 3]);
    assert_eq!(batches[3..], [State::Overloaded; 7]);
    let seen: Vec<_> = world.seen("a").into_iter().map(|seen| seen.subject).collect();
    assert_eq!(seen[..8], ["B0", "B1", "B2", "C0", "C1", "C2", "C3", "C4"]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_passed_on_when_nobody_takes_it() {
    let limits = Limits { concurrency_max: 1, waiting_max: 8, ..limits(BreakerLimits::default()) };
    let world = Sources::default().with("a", limits, |_, _| tells(100)).build();
    let ask = |subject: &str, ms: u64| world.scatter(vec![question("a", subject)], ms);
    let first = ask("S1", 300);
    let hurried = ask("S2", 50);
    let patient = ask("S3", 300);
    assert_eq!(states(&all(hurried).await), [State::Overloaded]);
    assert_eq!(states(&all(first).await), [State::Answered]);
    let [outcome] = all(patient).await.try_into().unwrap();
    assert_eq!((outcome.state, outcome.took), (State::Answered, Duration::from_millis(200)));
    let seen: Vec<_> = world.seen("a").into_iter().map(|seen| seen.subject).collect();
    assert_eq!(seen, ["S1", "S3"], "nobody asks for who is gone");
    let [state] = world.broker.state().try_into().unwrap();
    assert_eq!((state.in_flight, state.waiting, state.concurrency), (0, 0, 1));
}
