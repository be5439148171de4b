//! What becomes of questions, source by source.

use std::time::Duration;

use gateway::broker::{Limits, SourceFault, State};
use gateway::clock;

use super::kit::{
    Does, NEVER, Sources, What, World, all, errand, fails, nothing, pass, question, resource, states, tells, text, told,
};

const PANICS: Does = Does { after: Some(5), what: What::Panics };
const PANICS_AT_ONCE: Does = Does { after: None, what: What::Panics };

#[tokio::test(start_paused = true)]
async fn every_question_has_one_outcome_by_the_deadline() {
    let all = [
        ("answers", tells(20), State::Answered, 20),
        ("has-nothing", nothing(10), State::NotFound, 10),
        ("refuses", fails(5, SourceFault::Refused), State::Refused, 5),
        ("unreachable", fails(0, SourceFault::Unreachable), State::Failed, 0),
        ("fails", fails(6, SourceFault::Failed), State::Failed, 6),
        ("malformed", fails(7, SourceFault::Malformed), State::Failed, 7),
        ("overloaded", fails(8, SourceFault::Overloaded), State::Overloaded, 8),
        ("gave-up", fails(9, SourceFault::Slow), State::TimedOut, 9),
        ("panics", PANICS, State::Failed, 5),
        ("panics-at-once", PANICS_AT_ONCE, State::Failed, 0),
        ("late", tells(151), State::TimedOut, 150),
        ("silent", NEVER, State::TimedOut, 150),
    ];
    let sources = all.iter().fold(Sources::default(), |sources, (name, does, ..)| {
        let does = *does;
        sources.with(name, Limits::default(), move |_, _| does)
    });
    let world = sources.build();
    let mut questions: Vec<_> = all.iter().map(|(name, ..)| question(name, "S1")).collect();
    questions.push(question("no-such-source", "S1"));
    let outcomes = world.ask(questions, 150).await;
    for ((name, _, state, took), outcome) in all.iter().zip(&outcomes) {
        assert_eq!((outcome.state, outcome.took), (*state, Duration::from_millis(*took)), "{name}");
        assert_eq!(outcome.resource.code, format!("{name}/1"));
        assert_eq!(outcome.reply.is_some(), state.is_conclusive(), "{name}");
        assert!(!outcome.is_shared && !outcome.is_hedged && outcome.age.is_none() && outcome.expected.is_none());
    }
    assert_eq!(outcomes[12].state, State::Failed);
    assert_eq!(told(&outcomes[0]), Some("S1 by answers/1"));
    assert!(world.seen("silent").iter().all(|seen| seen.left == Duration::from_millis(150)));
    let metrics = text(&world.tally);
    for line in [
        "licet_source_outcomes_total{source=\"answers\",state=\"answered\"} 1",
        "licet_source_outcomes_total{source=\"silent\",state=\"timed-out\"} 1",
        "licet_source_calls_total{end=\"malformed\",source=\"malformed\"} 1",
        "licet_source_in_flight{source=\"silent\"} 1",
        "licet_source_seconds_count{source=\"answers\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    assert!(!metrics.contains("S1"));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_over_asks_nobody() {
    let world = World::of("a", tells(0));
    assert_eq!(world.one(question("a", "S1"), 0).await.state, State::TimedOut);
    assert!(world.seen("a").is_empty());
    assert!(world.ask(vec![], 10).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_call_for_who_asks_the_same_at_the_same_time() {
    let world = World::of("a", tells(20));
    let outcomes = world.ask((0..50).map(|_| question("a", "S1")).collect(), 100).await;
    assert!(outcomes.iter().all(|outcome| told(outcome) == Some("S1 by a/1")));
    assert_eq!(outcomes.iter().filter(|outcome| !outcome.is_shared).count(), 1);
    assert_eq!(world.seen("a").len(), 1);
    let mut more_fields = question("a", "S1");
    more_fields.fields.insert("note".into());
    let different = vec![
        question("a", "S1"),
        question("a", "S2"),
        more_fields,
        errand(question("a", "S1"), |errand| errand.item = "other".into()),
        errand(question("a", "S1"), |errand| errand.purpose = Some("other".into())),
        errand(question("a", "S1"), |errand| errand.case = Some("other".into())),
        errand(question("a", "S1"), |errand| errand.operator = Some("other".into())),
        errand(question("a", "S1"), |errand| errand.consumer.caller = "other".into()),
        errand(question("a", "S1"), |errand| errand.consumer.organisation = "other".into()),
        errand(question("a", "S1"), |errand| errand.authority = crypto::grants::Authority::Consent),
    ];
    let outcomes = world.ask(different, 100).await;
    assert!(outcomes.iter().all(|outcome| !outcome.is_shared));
    assert_eq!(world.seen("a").len(), 11, "nobody is given what was asked by, for or about somebody else");
}

#[tokio::test(start_paused = true)]
async fn who_joined_is_answered_when_the_first_is_gone() {
    let world = World::of("a", tells(100));
    let first = world.scatter(vec![question("a", "S1")], 120);
    pass(50).await;
    let second = world.scatter(vec![question("a", "S1")], 120);
    drop(first);
    let [outcome] = all(second).await.try_into().unwrap();
    assert_eq!((outcome.state, outcome.is_shared, outcome.took), (State::Answered, true, Duration::from_millis(50)));
    assert_eq!(world.seen("a").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_has_much_more_time_asks_again() {
    let world = World::of("a", tells(500));
    let hurried = world.scatter(vec![question("a", "S1")], 100);
    tokio::task::yield_now().await;
    let patient = world.scatter(vec![question("a", "S1")], 1000);
    assert_eq!(states(&all(hurried).await), [State::TimedOut]);
    assert_eq!(states(&all(patient).await), [State::Answered]);
    let left: Vec<_> = world.seen("a").iter().map(|seen| seen.left.as_millis()).collect();
    assert_eq!(left, [100, 1000]);
}

#[tokio::test(start_paused = true)]
async fn who_joined_in_the_queue_keeps_their_own_time() {
    let limits = Limits { concurrency_max: 1, hedge_budget_permille: 0, ..Limits::default() };
    let script = |subject: &str, _: usize| if subject == "S1" { tells(80) } else { tells(30) };
    let world = Sources::default().with("a", limits, script).build();
    let before = world.scatter(vec![question("a", "S1")], 200);
    let hurried = world.scatter(vec![question("a", "S2")], 60);
    let patient = world.scatter(vec![question("a", "S2")], 120);
    assert_eq!(states(&all(hurried).await), [State::Overloaded]);
    let [outcome] = all(patient).await.try_into().unwrap();
    assert_eq!((outcome.state, outcome.is_shared, outcome.took), (State::Answered, true, Duration::from_millis(110)));
    assert_eq!(states(&all(before).await), [State::Answered]);
    let seen: Vec<_> = world.seen("a").into_iter().map(|seen| (seen.subject, seen.left.as_millis())).collect();
    assert_eq!(seen, [("S1".to_owned(), 200), ("S2".to_owned(), 40)]);
}

#[tokio::test(start_paused = true)]
async fn who_joined_with_more_time_than_the_source_was_told_is_asked_for_again() {
    let gives_up = |after| Does { after: Some(after), what: What::TellsOrGivesUp };
    for is_idempotent in [true, false] {
        let script = move |_: &str, before: usize| gives_up(if before == 0 { 120 } else { 50 });
        let world = Sources::default().with("a", Limits::default(), script).build();
        let asked = || {
            let mut question = question("a", "S1");
            let mut changed = (*question.resource).clone();
            changed.idempotent = is_idempotent;
            question.resource = changed.into();
            question
        };
        let first = world.scatter(vec![asked()], 100);
        pass(10).await;
        let second = world.scatter(vec![asked()], 180);
        assert_eq!(states(&all(first).await), [State::TimedOut]);
        let [outcome] = all(second).await.try_into().unwrap();
        let left: Vec<_> = world.seen("a").iter().map(|seen| seen.left.as_millis()).collect();
        let expected = if is_idempotent { (State::Answered, 140, vec![100, 90]) } else { (State::TimedOut, 90, vec![100]) };
        assert_eq!((outcome.state, outcome.took.as_millis(), left), expected);
        assert!(outcome.is_shared);
    }
    // No more often than there are questions.
    let world = Sources::default().with("a", Limits::default(), move |_, _| gives_up(1000)).build();
    let first = world.scatter(vec![question("a", "S1")], 100);
    pass(10).await;
    let others = world.scatter(vec![question("a", "S1"), question("a", "S1")], 180);
    assert_eq!(states(&all(others).await), [State::TimedOut; 2]);
    assert_eq!(states(&all(first).await), [State::TimedOut]);
    pass(1000).await;
    assert_eq!(world.seen("a").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_believed_for_a_moment() {
    let world = World::of("a", nothing(5));
    assert_eq!(world.one(question("a", "S1"), 100).await.state, State::NotFound);
    pass(900).await;
    let kept = world.one(question("a", "S1"), 100).await;
    assert_eq!((kept.state, kept.is_shared, kept.age), (State::NotFound, true, Some(Duration::from_millis(905))));
    assert!(kept.reply.unwrap().rows.is_empty());
    assert_eq!(world.seen("a").len(), 1);
    assert_eq!(world.one(question("a", "S2"), 100).await.age, None);
    pass(100).await;
    assert_eq!(world.one(question("a", "S1"), 100).await.age, None);
    assert_eq!(world.seen("a").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_was_said_before_where_the_permit_allows_it() {
    let script = |subject: &str, before: usize| match (subject, before) {
        ("S1", 0) => tells(5),
        ("S1", 6) => fails(1, SourceFault::Refused),
        _ => fails(1, SourceFault::Unreachable),
    };
    let world = Sources::default().with("a", Limits::default(), script).build();
    let may = |subject: &str, stale_s_max| {
        let mut question = question("a", subject);
        question.stale_s_max = stale_s_max;
        question
    };
    assert_eq!(world.one(may("S1", Some(60)), 100).await.state, State::Answered);
    pass(9_995).await;
    let stale = world.one(may("S1", Some(60)), 100).await;
    assert_eq!((stale.state, stale.instead_of), (State::Stale, Some(State::Failed)));
    assert_eq!((told(&stale), stale.age), (Some("S1 by a/1"), Some(Duration::from_millis(10_001))));
    let other = errand(may("S1", Some(60)), |errand| errand.consumer.caller = "other".into());
    for (question, why) in [
        (may("S1", None), "not allowed"),
        (may("S1", Some(10)), "too old"),
        (may("S2", Some(60)), "somebody else"),
        (other, "for somebody else"),
    ] {
        let outcome = world.one(question, 100).await;
        assert_eq!((outcome.state, outcome.reply), (State::Failed, None), "{why}");
    }
    assert_eq!(world.one(may("S1", Some(60)), 100).await.state, State::Refused);
    assert_eq!(world.one(may("S1", Some(60)), 100).await.state, State::Failed, "a refusal ends what was kept");
    assert_eq!(world.seen("a").len(), 8);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_on_record_any_more_is_not_told_by_what_was() {
    let script = |_: &str, before: usize| match before {
        0 => tells(5),
        1 => nothing(5),
        _ => fails(1, SourceFault::Unreachable),
    };
    for negative_ttl_ms in [0, 1000] {
        let world = Sources::default().with("a", Limits { negative_ttl_ms, ..Limits::default() }, script).build();
        let mut found = Vec::new();
        for _ in 0..3 {
            let mut question = question("a", "S1");
            question.stale_s_max = Some(60);
            found.push(world.one(question, 100).await.state);
            pass(1000).await;
        }
        assert_eq!(found, [State::Answered, State::NotFound, State::Failed]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_too_late_is_kept_for_the_next() {
    let script = |_: &str, before: usize| if before == 0 { tells(500) } else { NEVER };
    let world = Sources::default().with("a", Limits::default(), script).build();
    let asked = || {
        let mut question = question("a", "S1");
        question.stale_s_max = Some(60);
        question
    };
    assert_eq!(world.one(asked(), 100).await.state, State::TimedOut);
    pass(450).await;
    let stale = world.one(asked(), 100).await;
    assert_eq!((stale.state, stale.instead_of), (State::Stale, Some(State::TimedOut)));
    assert_eq!(stale.age, Some(Duration::from_millis(650)));
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_is_not_brought_back_by_an_answer_on_its_way() {
    let ends = [nothing(5), fails(5, SourceFault::Refused)];
    for end in ends {
        let script = move |_: &str, before: usize| match before {
            0 => tells(500),
            1 => end,
            _ => fails(1, SourceFault::Unreachable),
        };
        let world = Sources::default().with("a", Limits::default(), script).build();
        let asked = || {
            let mut question = question("a", "S1");
            question.stale_s_max = Some(60);
            question
        };
        let hurried = world.scatter(vec![asked()], 100);
        pass(1).await;
        let newer = world.one(asked(), 1000).await.state;
        assert!(matches!(newer, State::NotFound | State::Refused));
        assert_eq!(states(&all(hurried).await), [State::TimedOut]);
        pass(2000).await;
        assert_eq!(world.one(asked(), 100).await.state, State::Failed, "{newer:?}");
        assert_eq!(world.seen("a").len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn what_waiting_longer_would_add() {
    let script = |_: &str, before: usize| if before < 90 { tells(20) } else { tells(400) };
    let world = Sources::default().with("a", Limits { hedge_budget_permille: 0, ..Limits::default() }, script).build();
    for n in 0..100 {
        let outcome = world.one(question("a", &format!("S{n}")), 1000).await;
        assert_eq!((outcome.state, outcome.expected), (State::Answered, None));
    }
    let late = world.one(question("a", "late"), 100).await;
    let expected = late.expected.unwrap().as_millis();
    assert!(late.state == State::TimedOut && (400..450).contains(&expected), "{expected}");
    let [state] = world.broker.state().try_into().unwrap();
    assert!((20..23).contains(&state.p50.unwrap().as_millis()) && (400..450).contains(&state.p99.unwrap().as_millis()));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_asked_for_again_where_that_does_no_harm() {
    let script = |subject: &str, _: usize| if subject.starts_with("LATE") { tells(90) } else { tells(10) };
    let world = Sources::default().with("a", Limits::default(), script).build();
    for n in 0..100 {
        world.one(question("a", &format!("S{n}")), 100).await;
    }
    let calls = || world.seen("a").len();
    let began = clock::tokio_instant();
    let hedged = world.one(question("a", "LATE1"), 100).await;
    assert!(hedged.is_hedged && hedged.state == State::Answered);
    assert_eq!(calls(), 102);
    let second = world.seen("a").pop().unwrap();
    assert!(second.at >= began + Duration::from_millis(10) && second.left < Duration::from_millis(91), "what is left");
    let mut writes = question("a", "LATE2");
    let mut changed = (*resource("a")).clone();
    changed.idempotent = false;
    writes.resource = changed.into();
    assert!(!world.one(writes, 100).await.is_hedged);
    let short = world.one(question("a", "LATE3"), 15).await;
    assert!(!short.is_hedged, "there is no time left for a second answer");
    assert_eq!(calls(), 104);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_named_by_what_is_printed() {
    let world = World::of("a", tells(20));
    let gathering = world.scatter(vec![question("a", "SECRET1")], 100);
    tokio::task::yield_now().await;
    for printed in [format!("{gathering:?}"), format!("{:?}", world.broker), format!("{:?}", all(gathering).await)] {
        assert!(printed.len() > 100 && !printed.contains("SECRET1"), "{printed}");
    }
}
