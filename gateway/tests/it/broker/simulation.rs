//! A town under load: thousands of look-ups that come whether or not those before them are answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gateway::broker::{BreakerLimits, Class, Limits, Outcome, State};
use gateway::clock;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::kit::{Seen, Sources, What, World, all, batch, question, tells, told};
use super::town::{Chance, DEAD, FLAPPING, LYING, SILENT, SLOW, TAILS, WELL, names, tail, town};

const DEADLINE: Duration = Duration::from_millis(150);

/// A look-up that is over.
struct LookUp {
    number: u64,
    subject: String,
    began: Instant,
    ended: Instant,
    outcomes: Vec<Outcome>,
}

/// So many look-ups, each of all departments, every ten milliseconds or so. One of seven is about the same person as the one before.
async fn run(world: &Arc<World>, seed: u64, count: u64) -> Vec<LookUp> {
    let (mut chance, mut tasks) = (Chance(seed), JoinSet::new());
    for number in 0..count {
        let person = if number % 7 == 3 { number - 1 } else { number };
        let (world, subject) = (Arc::clone(world), format!("S{person}E"));
        tasks.spawn(async move {
            let questions = names().into_iter().map(|name| question(name, &subject)).collect();
            let began = clock::tokio_instant();
            let outcomes = all(world.broker.scatter(questions, began + DEADLINE)).await;
            LookUp { number, subject, began, ended: clock::tokio_instant(), outcomes }
        });
        tokio::time::sleep(Duration::from_millis(chance.between(1, 19))).await;
    }
    let mut done = tasks.join_all().await;
    done.sort_by_key(|look_up| look_up.number);
    done
}

/// The calls that a department got, by subject.
fn by_subject(world: &World, name: &str) -> BTreeMap<String, Vec<Seen>> {
    let mut found: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
    for seen in world.seen(name) {
        found.entry(seen.subject.clone()).or_default().push(seen);
    }
    found
}

/// What one run showed, to compare it with another.
fn trace(world: &World, look_ups: &[LookUp]) -> String {
    let began = look_ups[0].began;
    let of = |look_up: &LookUp| {
        let outcomes = look_up.outcomes.iter().map(|outcome| format!("{}{}", outcome.state.name(), outcome.took.as_millis()));
        format!("{} {} {}", look_up.subject, (look_up.began - began).as_millis(), outcomes.collect::<Vec<_>>().join(","))
    };
    let calls = names().into_iter().map(|name| format!("{name} {}", world.seen(name).len()));
    look_ups.iter().map(of).chain(calls).collect::<Vec<_>>().join("\n")
}

fn share(look_ups: &[LookUp], place: usize) -> f64 {
    let conclusive = look_ups.iter().filter(|look_up| look_up.outcomes[place].state.is_conclusive()).count();
    100.0 * f64::from(u32::try_from(conclusive).unwrap()) / f64::from(u32::try_from(look_ups.len()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_town_of_which_five_departments_are_broken() {
    let world = Arc::new(town(7, 50));
    let look_ups = run(&world, 7, 1500).await;
    for look_up in &look_ups {
        assert!(look_up.ended <= look_up.began + DEADLINE, "{} is late", look_up.subject);
        let places: Vec<_> = look_up.outcomes.iter().map(|outcome| outcome.place).collect();
        assert_eq!(places, (0..12).collect::<Vec<_>>());
        assert!(look_up.outcomes.iter().all(|outcome| outcome.took <= DEADLINE));
    }
    for (place, name) in names().into_iter().enumerate() {
        let calls = by_subject(&world, name);
        for look_up in &look_ups {
            is_what_could_come(name, look_up, &look_up.outcomes[place], calls.get(&look_up.subject).map_or(&[], Vec::as_slice));
        }
        println!("{name}: {:.2} % conclusive, {} calls", share(&look_ups, place), world.seen(name).len());
        match name {
            DEAD | SILENT | SLOW => assert!(look_ups.iter().all(|look_up| !look_up.outcomes[place].state.is_conclusive())),
            FLAPPING => assert!((10.0..80.0).contains(&share(&look_ups, place))),
            _ if TAILS.contains(&name) => assert!(share(&look_ups, place) > 99.0),
            _ => assert!(WELL.contains(&name) || name == LYING),
        }
        if WELL.contains(&name) || name == LYING {
            assert!(look_ups.iter().all(|look_up| look_up.outcomes[place].state.is_conclusive()), "{name}");
        }
    }
    are_probes_alone(&world.seen(DEAD), 10);
    are_probes_alone(&world.seen(SILENT), 20);
}

/// Holds an outcome against what its source was asked and when it would have answered.
fn is_what_could_come(name: &str, look_up: &LookUp, outcome: &Outcome, calls: &[Seen]) {
    let (began, until) = (look_up.began, look_up.began + DEADLINE);
    let who = format!("{name} about {} at {:?}: {:?} of {calls:?}", look_up.subject, look_up.number, outcome.state);
    let good = |seen: &&Seen| !matches!(seen.what, What::Fails(_) | What::Panics);
    let ends = |seen: &Seen| seen.end.unwrap_or(until + DEADLINE);
    match outcome.state {
        State::Answered => {
            let ending = if name == LYING { "by nobody".to_owned() } else { format!("by {name}/1") };
            assert_eq!(told(outcome), Some(format!("{} {ending}", look_up.subject).as_str()), "{who}");
            assert!(calls.iter().filter(good).any(|seen| began <= ends(seen) && ends(seen) <= until), "{who}");
        }
        State::NotFound => {
            let kept = Duration::from_millis(1000);
            let in_time = |seen: &Seen| seen.what == What::HasNothing && ends(seen) <= until && began <= seen.at + kept;
            assert!(calls.iter().any(in_time), "{who}");
        }
        // Two look-ups about one person may each have had calls of their own.
        _ if look_up.number % 7 == 2 || look_up.number % 7 == 3 => {}
        _ => assert!(calls.iter().filter(good).all(|seen| until <= ends(seen)), "{who}"),
    }
}

/// Whether a broken source got its first calls and then, after pauses that double, no more than two at a time.
fn are_probes_alone(seen: &[Seen], first_max: usize) {
    let at: Vec<_> = seen.iter().map(|seen| seen.at).collect();
    let mut bursts: Vec<Vec<Instant>> = Vec::new();
    for at in at {
        match bursts.last_mut() {
            Some(burst) if at < *burst.last().unwrap() + Duration::from_millis(900) => burst.push(at),
            _ => bursts.push(vec![at]),
        }
    }
    let sizes: Vec<_> = bursts.iter().map(Vec::len).collect();
    assert!(sizes[0] <= first_max && sizes.len() >= 3 && sizes[1..].iter().all(|size| *size <= 2), "{sizes:?}");
    let pauses = bursts.windows(2).map(|pair| pair[1][0] - *pair[0].last().unwrap());
    for (pause, seconds) in pauses.zip([1, 2, 4, 8, 16]) {
        assert!(pause >= Duration::from_secs(seconds), "{pause:?} instead of {seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_shows_the_same() {
    let mut traces = Vec::new();
    for seed in [1, 1, 2] {
        let world = Arc::new(town(seed, 50));
        let look_ups = run(&world, seed, 250).await;
        traces.push(trace(&world, &look_ups));
    }
    assert_eq!(traces[0], traces[1]);
    assert_ne!(traces[0], traces[2]);
}

/// The latencies of a department with a long tail, sorted, and how many calls it got for how many questions.
async fn tail_heavy(hedge_budget_permille: u16) -> (Vec<Duration>, usize) {
    let limits = Limits { hedge_budget_permille, concurrency_max: 200, ..super::town::limits(50) };
    let limits = Limits { breaker: BreakerLimits { slow_ms: 5000, ..limits.breaker }, ..limits };
    let script = |_: &str, before: usize| tells(tail(Chance(u64::try_from(before).unwrap())));
    let world = Arc::new(Sources::default().with("a", limits, script).build());
    let mut tasks = JoinSet::new();
    for n in 0..4000 {
        let world = Arc::clone(&world);
        tasks.spawn(async move { world.one(question("a", &format!("S{n}")), 1500).await });
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let outcomes = tasks.join_all().await;
    assert!(outcomes.iter().all(|outcome| outcome.state == State::Answered));
    let mut took: Vec<_> = outcomes.iter().map(|outcome| outcome.took).collect();
    took.sort_unstable();
    (took, world.seen("a").len())
}

#[tokio::test(start_paused = true)]
async fn asking_twice_cuts_the_tail_within_its_budget() {
    let (without, calls) = tail_heavy(0).await;
    assert_eq!(calls, 4000);
    let (with, calls) = tail_heavy(50).await;
    let p99 = |took: &[Duration]| took[took.len() * 99 / 100];
    println!("p99 {:?} without, {:?} with {} second calls for 4000 questions", p99(&without), p99(&with), calls - 4000);
    assert!(calls - 4000 <= 200, "{calls}");
    assert!(p99(&with) * 8 < p99(&without), "{:?} {:?}", p99(&without), p99(&with));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_batches_keeps_no_counter_waiting() {
    let limits = Limits { concurrency_max: 8, waiting_max: 16, hedge_budget_permille: 0, ..Limits::default() };
    let world = Arc::new(Sources::default().with("a", limits, |_, _| tells(40)).build());
    let mut tasks = JoinSet::new();
    for n in 0..4000_u32 {
        let world = Arc::clone(&world);
        tasks.spawn(async move {
            let asked = question("a", &format!("S{n}"));
            if n % 4 == 0 {
                (Class::Interactive, world.one(asked, 150).await.state)
            } else {
                (Class::Batch, world.one(batch(asked), 150).await.state)
            }
        });
        if n % 2 == 1 {
            // Four hundred a second come where two hundred can be answered.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let done = tasks.join_all().await;
    let count = |class, state| done.iter().filter(|(of, came)| *of == class && *came == state).count();
    let answered = [Class::Interactive, Class::Batch].map(|class| count(class, State::Answered));
    println!("answered: {} of 1000 at counters, {} of 3000 in batches", answered[0], answered[1]);
    assert!(answered[0] >= 995, "{answered:?}");
    assert!((500..2000).contains(&answered[1]), "{answered:?}");
    assert_eq!(count(Class::Batch, State::Answered) + count(Class::Batch, State::Overloaded), 3000);
}
