//! Searching the logs, against a plain filter over all records.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::record::{DocumentMention, Ending, EventKind, Facts, LogName, Opening, Part, SealMention, Stamp, SubjectPart};
use crypto::time::Timestamp;
use storage::engine::memory::Memory;
use storage::engine::{Engine, Part as EnginePart, Space};
use storage::log::{Draft, Hits, OfficeHours, Order, Period, Query, Question};
use storage::{StorageError, Store};

use crate::sample::{at, keys, now, number};

/// Numbers that depend on the seed alone.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// One of some texts, or none.
    fn text(&mut self, kind: &str, sides: u64) -> Option<String> {
        let n = self.roll(sides + 1);
        (n < sides).then(|| format!("{kind}-{n}"))
    }
}

fn document(n: u64) -> Sha256 {
    Sha256::of(&[&n.to_be_bytes()])
}

/// A record with a little of everything.
pub(crate) fn random_draft(dice: &mut Dice, at: Timestamp) -> Draft {
    const EVENTS: [EventKind; 3] = [EventKind::SealUse, EventKind::DocumentVerify, EventKind::LicenceIssue];
    let event = EVENTS[usize::try_from(dice.roll(3)).unwrap()];
    let outcome = Ending::ALL[usize::try_from(dice.roll(3)).unwrap()];
    let mut facts = Facts::new(event, outcome, format!("caller-{}", dice.roll(3)));
    facts.operator = dice.text("caller", 5);
    let approver = dice.text("caller", 5).map(|approver| ("approver".to_owned(), approver.into()));
    facts.details.extend(approver);
    facts.organisation = dice.text("organisation", 4);
    facts.issuer = dice.text("issuer", 4);
    facts.item = dice.text("item", 4);
    facts.approval = dice.text("approval", 3);
    let seals = (0..dice.roll(3)).map(|_| SealMention { id: format!("seal-{}", dice.roll(6)), sha256: None, owner: None });
    facts.seals = seals.collect();
    if dice.roll(2) == 0 {
        facts.document = Some(DocumentMention { sha256: Some(document(dice.roll(50))), sm3: None });
    }
    let mut draft = Draft::new(at, facts);
    draft.subject = SubjectPart { licence: dice.text("licence", 300), case: dice.text("case", 300), ..SubjectPart::default() };
    draft.holders = (0..dice.roll(3)).map(|_| number(u16::try_from(dice.roll(5)).unwrap())).collect();
    draft
}

/// A store, and all that was put on record in its seal log.
struct World {
    engine: Arc<Memory>,
    store: Store,
    drafts: Vec<Draft>,
    seconds: i64,
}

impl World {
    fn new() -> Self {
        let engine = Arc::new(Memory::new());
        let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
        Self { engine, store, drafts: Vec::new(), seconds: 0 }
    }

    fn grow(&mut self, dice: &mut Dice, count: usize) {
        let mut left = count;
        while left > 0 {
            let group: Vec<Draft> = (0..left.min(100))
                .map(|_| {
                    self.seconds += i64::try_from(dice.roll(4) / 3).unwrap();
                    random_draft(dice, now().plus(self.seconds))
                })
                .collect();
            self.store.logs().append_and_wait(&group).unwrap();
            left -= group.len();
            self.drafts.extend(group);
        }
    }

    fn size(&self) -> u64 {
        u64::try_from(self.drafts.len()).unwrap()
    }

    fn expected(&self, query: &Query) -> Vec<u64> {
        let all = (0..).zip(&self.drafts);
        all.filter(|(_, draft)| matches(query, draft)).map(|(number, _)| number).collect()
    }

    fn random_query(&self, dice: &mut Dice) -> Query {
        let mut query = Query::default();
        for _ in 0..dice.roll(4) {
            match dice.roll(13) {
                0 => query.seal = dice.text("seal", 7),
                1 => query.document = Some(document(dice.roll(51))),
                2 => query.licence = dice.text("licence", 301),
                3 => query.issuer = dice.text("issuer", 5),
                4 => query.actor = dice.text("caller", 6),
                5 => query.organisation = dice.text("organisation", 5),
                6 => query.subject = Some(number(u16::try_from(dice.roll(6)).unwrap())),
                7 => query.item = dice.text("item", 5),
                8 => query.case = dice.text("case", 301),
                9 => query.event = Some([EventKind::SealUse, EventKind::SealFreeze][usize::try_from(dice.roll(2)).unwrap()]),
                10 => query.outcome = Some(Ending::Done),
                11 => query.from = Some(self.moment(dice)),
                _ => query.until = Some(self.moment(dice)),
            }
        }
        query
    }

    /// Mostly one within the log.
    fn moment(&self, dice: &mut Dice) -> Timestamp {
        let end = u64::try_from(self.seconds).unwrap() + 20;
        now().plus(i64::try_from(dice.roll(end)).unwrap() - 10)
    }
}

fn matches(query: &Query, draft: &Draft) -> bool {
    fn is(asked: Option<&String>, said: Option<&String>) -> bool {
        asked.is_none_or(|asked| said == Some(asked))
    }
    let facts = &draft.facts;
    let digest = facts.document.as_ref().and_then(|document| document.sha256);
    query.seal.as_ref().is_none_or(|seal| facts.seals.iter().any(|mention| mention.id == *seal))
        && query.document.is_none_or(|document| digest == Some(document))
        && is(query.licence.as_ref(), draft.subject.licence.as_ref())
        && is(query.case.as_ref(), draft.subject.case.as_ref())
        && is(query.issuer.as_ref(), facts.issuer.as_ref())
        && is(query.organisation.as_ref(), facts.organisation.as_ref())
        && is(query.item.as_ref(), facts.item.as_ref())
        && query.actor.as_ref().is_none_or(|actor| {
            let approver = facts.details.get("approver").and_then(serde_json::Value::as_str);
            facts.caller == *actor || facts.operator.as_ref() == Some(actor) || approver == Some(actor.as_str())
        })
        && query.subject.as_ref().is_none_or(|subject| draft.holders.iter().any(|holder| holder.expose() == subject.expose()))
        && query.event.is_none_or(|event| facts.event == event)
        && query.outcome.is_none_or(|outcome| facts.outcome == outcome)
        && query.from.is_none_or(|from| draft.at >= from)
        && query.until.is_none_or(|until| draft.at <= until)
}

fn stamp(opening: &Opening) -> Stamp {
    opening.read(Opening::STAMP).unwrap()
}

/// All numbers, page by page; `between` is called between the pages. The second is the size of the log at the last page.
fn paged(
    world: &mut World,
    query: &Query,
    order: Order,
    mut limit: impl FnMut() -> usize,
    mut between: impl FnMut(&mut World),
) -> (Vec<u64>, u64) {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let (limit, size) = (limit(), world.size());
        let hits = world.store.logs().search(LogName::Seal, query, order, after, limit).unwrap();
        assert!(hits.rows.len() <= limit && (hits.next.is_none() || hits.rows.len() == limit));
        assert!(hits.rows.iter().all(|row| stamp(&row.opening).number == row.number));
        found.extend(hits.rows.iter().map(|row| row.number));
        if hits.next.is_none() {
            return (found, size);
        }
        assert_eq!(hits.next, found.last().copied());
        after = hits.next;
        between(world);
    }
}

#[test]
fn search_is_a_filter_over_all_records() {
    let (mut world, mut dice) = (World::new(), Dice(1));
    let (mut empty, mut rows) = (0, 0);
    for size in [0, 1, 700, 1023, 1024, 1025, 8500] {
        world.grow(&mut dice, size - world.drafts.len());
        for _ in 0..20 {
            let query = world.random_query(&mut dice);
            let expected = world.expected(&query);
            empty += usize::from(expected.is_empty());
            rows += expected.len();
            // Reading thousands of records again and again shows nothing new.
            if expected.len() < 1000 || size < 1000 {
                let limit = usize::try_from(dice.roll(500) + 1).unwrap();
                let (found, _) = paged(&mut world, &query, Order::OldestFirst, || limit, |_| ());
                assert_eq!(found, expected, "{query:?}");
                let (mut found, _) = paged(&mut world, &query, Order::NewestFirst, || limit, |_| ());
                found.reverse();
                assert_eq!(found, expected, "{query:?}");
            }
            let logs = world.store.logs();
            assert_eq!(logs.numbers(LogName::Seal, &query, None, usize::MAX).unwrap(), expected, "{query:?}");
            let after = dice.roll(world.size() + 1);
            let some = logs.numbers(LogName::Seal, &query, Some(after), 7).unwrap();
            assert_eq!(some, expected.into_iter().filter(|number| *number > after).take(7).collect::<Vec<_>>());
        }
    }
    assert!(empty > 20 && rows > 10_000, "tests too little: {empty}, {rows}");
    // Nothing of it is in the other log.
    assert_eq!(world.store.logs().numbers(LogName::Access, &Query::default(), None, 9).unwrap(), Vec::<u64>::new());
}

#[test]
fn pages_of_every_size_go_on_while_the_log_grows() {
    let (mut world, mut dice) = (World::new(), Dice(2));
    world.grow(&mut dice, 4000);
    let query = Query { seal: Some("seal-1".to_owned()), ..Query::default() };
    for limit in [1, 2, 3, 7, 50, 499, 500] {
        for order in [Order::OldestFirst, Order::NewestFirst] {
            let start = world.size();
            let mut more = Dice(dice.roll(1 << 30));
            // Across the end of a block, while the first pages are read.
            let mut rounds = 0;
            let grow = |world: &mut World| {
                rounds += 1;
                if rounds < 4 {
                    world.grow(&mut more, 40);
                }
            };
            let (mut found, size) = paged(&mut world, &query, order, || limit, grow);
            let seen = if order == Order::OldestFirst { size } else { start };
            if order == Order::NewestFirst {
                found.reverse();
            }
            let expected: Vec<u64> = world.expected(&query).into_iter().filter(|number| *number < seen).collect();
            assert_eq!(found, expected, "limit {limit}, {order:?}");
        }
    }
    assert!(world.size() > 1024);
}

#[test]
fn a_restart_finds_the_same() {
    let (mut world, mut dice) = (World::new(), Dice(3));
    world.grow(&mut dice, 5000);
    let queries: Vec<Query> = (0..40).map(|_| world.random_query(&mut dice)).collect();
    drop(world.store);
    let store = Store::on(Arc::clone(&world.engine) as Arc<dyn Engine>, &keys()).unwrap();
    world.store = store;
    for query in queries {
        let found = world.store.logs().numbers(LogName::Seal, &query, None, usize::MAX).unwrap();
        assert_eq!(found, world.expected(&query), "{query:?}");
    }
}

/// The rows of the index of the seal log, by their first byte.
fn index_rows(engine: &Memory, kind: u8) -> Vec<(Vec<u8>, storage::engine::Versioned)> {
    let rows = engine.rows().into_iter().filter(|(_, space, key, _)| *space == Space::Idx && key.starts_with(&[kind, 1]));
    rows.map(|(_, _, key, row)| (key, row)).collect()
}

#[test]
fn an_index_that_says_something_else_is_found_out() {
    let (mut world, mut dice) = (World::new(), Dice(4));
    world.grow(&mut dice, 1024);
    let query = Query { licence: Some("licence-7".to_owned()), ..Query::default() };
    let expected = world.expected(&query);
    // The list of each value in turn is that of the first record alone: it is right for what that record has.
    for (key, row) in index_rows(&world.engine, b'l') {
        let changed = storage::engine::Versioned { value: vec![0], ..row.clone() };
        world.engine.overwrite(EnginePart(0), Space::Idx, &key, changed);
        match world.store.logs().search(LogName::Seal, &query, Order::OldestFirst, None, 500) {
            Ok(hits) => assert!([&expected[..], &[0]].contains(&&numbers(&hits)[..])),
            Err(error) => assert_eq!(error, StorageError::Corrupt { what: "index of a log" }),
        }
        world.engine.overwrite(EnginePart(0), Space::Idx, &key, row);
    }
    let (key, row) = index_rows(&world.engine, b'B').remove(0);
    for value in [vec![0; 7], row.value[..row.value.len() - 1].to_vec(), vec![0xff; 4103]] {
        let changed = storage::engine::Versioned { value, ..row.clone() };
        world.engine.overwrite(EnginePart(0), Space::Idx, &key, changed);
        let timed = Query { from: Some(now().plus(100)), ..Query::default() };
        let found = world.store.logs().search(LogName::Seal, &timed, Order::OldestFirst, None, 10);
        assert_eq!(found, Err(StorageError::Corrupt { what: "index of a log" }));
    }
}

fn numbers(hits: &Hits) -> Vec<u64> {
    hits.rows.iter().map(|row| row.number).collect()
}

#[test]
fn what_was_erased_is_found_by_what_is_left() {
    let (mut world, mut dice) = (World::new(), Dice(5));
    world.grow(&mut dice, 4500);
    let (gone, kept) = (number(1), number(2));
    let about = |holder| Query { subject: Some(holder), ..Query::default() };
    let (erased, others) = (world.expected(&about(gone.clone())), world.expected(&about(kept.clone())));
    assert!(erased.iter().any(|number| *number < 1024) && erased.iter().any(|number| *number >= 1024));
    world.store.logs().erase(&gone).unwrap();
    let find = |query: &Query| world.store.logs().numbers(LogName::Seal, query, None, usize::MAX).unwrap();
    assert_eq!(find(&about(gone)), Vec::<u64>::new());
    assert_eq!(find(&about(kept)), others);
    for (field, of) in [("licence", 300), ("case", 300)] {
        for n in 0..of {
            let text = Some(format!("{field}-{n}"));
            let query = match field {
                "licence" => Query { licence: text, ..Query::default() },
                _ => Query { case: text, ..Query::default() },
            };
            let left: Vec<u64> = world.expected(&query).into_iter().filter(|number| !erased.contains(number)).collect();
            assert_eq!(find(&query), left, "{query:?}");
        }
    }
    let seal = Query { seal: Some("seal-2".to_owned()), ..Query::default() };
    let hits = world.store.logs().search(LogName::Seal, &seal, Order::OldestFirst, None, 500).unwrap();
    assert_eq!(numbers(&hits), world.expected(&seal).into_iter().take(500).collect::<Vec<_>>());
    for row in hits.rows {
        let is_closed = matches!(row.opening.parts[Opening::SUBJECT], Part::Closed { .. });
        assert_eq!(is_closed, erased.contains(&row.number), "{}", row.number);
    }
}

/// Everything that answers a question, page by page, and how many pages it took.
fn answers(world: &World, question: &Question, scope: &Query, limit: usize) -> (Vec<u64>, usize) {
    let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let hits = world.store.logs().ask(question, scope, Order::OldestFirst, after, limit).unwrap();
        found.extend(numbers(&hits));
        pages += 1;
        match hits.next {
            Some(next) => after = Some(next),
            None => return (found, pages),
        }
    }
}

#[test]
fn the_ready_questions_are_answered() {
    let (mut world, mut dice) = (World::new(), Dice(6));
    world.grow(&mut dice, 6000);
    let uses = |world: &World, is_wanted: &dyn Fn(&Draft) -> bool| -> Vec<u64> {
        let query = Query { event: Some(EventKind::SealUse), outcome: Some(Ending::Done), ..Query::default() };
        let all = world.expected(&query).into_iter();
        all.filter(|number| is_wanted(&world.drafts[usize::try_from(*number).unwrap()])).collect()
    };
    let scope = Query::default();
    for limit in [1, 10, 500] {
        let (found, _) = answers(&world, &Question::WithoutApproval, &scope, limit);
        assert_eq!(found, uses(&world, &|draft| draft.facts.approval.is_none()));
    }
    let moment = |share: i64| now().plus(world.seconds * share / 10);
    let periods = vec![Period { from: moment(2), until: Some(moment(3)) }, Period { from: moment(8), until: None }];
    let has_seal = |draft: &Draft| draft.facts.seals.iter().any(|seal| seal.id == "seal-3");
    let inside = |draft: &Draft| periods.iter().any(|period| period.has(draft.at));
    let of_seal = Query { seal: Some("seal-3".to_owned()), ..Query::default() };
    let (found, _) = answers(&world, &Question::During(periods.clone()), &of_seal, 20);
    let expected = uses(&world, &|draft| has_seal(draft) && inside(draft));
    assert!(expected.len() > 20);
    assert_eq!(found, expected);
    assert_eq!(answers(&world, &Question::During(Vec::new()), &of_seal, 20).0, Vec::<u64>::new());

    // The log is of one day: the day is a holiday, or it is not.
    let day = OfficeHours { weekdays: [true; 7], hours: vec![(0, 1440)], holidays: [].into(), workdays: [].into() };
    assert_eq!(answers(&world, &Question::OutsideHours(day.clone()), &scope, 500), (Vec::new(), 1));
    let holiday = OfficeHours { holidays: ["2026-03-01".parse().unwrap()].into(), ..day };
    assert_eq!(answers(&world, &Question::OutsideHours(holiday), &scope, 500).0, uses(&world, &|_| true));
}

#[test]
fn a_page_of_answers_ends_without_a_hit() {
    let world = World::new();
    let mut facts = Facts::new(EventKind::SealUse, Ending::Done, "stamping".to_owned());
    facts.approval = Some("approved".to_owned());
    let good = vec![Draft::new(now(), facts.clone()); 300];
    for _ in 0..9 {
        world.store.logs().append_and_wait(&good).unwrap();
    }
    facts.approval = Some(" ".to_owned());
    world.store.logs().append_and_wait(&[Draft::new(now(), facts)]).unwrap();
    let first = world.store.logs().ask(&Question::WithoutApproval, &Query::default(), Order::OldestFirst, None, 10).unwrap();
    assert_eq!((numbers(&first), first.next), (Vec::new(), Some(1999)));
    assert_eq!(answers(&world, &Question::WithoutApproval, &Query::default(), 10), (vec![2700], 2));
}

#[test]
fn the_moment_that_a_use_names_counts() {
    let world = World::new();
    let mut facts = Facts::new(EventKind::SealUse, Ending::Done, "stamping".to_owned());
    facts.effective_at = Some(at("2026-03-02T22:00:00+08:00"));
    world.store.logs().append_and_wait(&[Draft::new(at("2026-03-03T09:00:00+08:00"), facts)]).unwrap();
    let hours = OfficeHours { weekdays: [true; 7], hours: vec![(510, 1050)], holidays: [].into(), workdays: [].into() };
    assert_eq!(answers(&world, &Question::OutsideHours(hours), &Query::default(), 10).0, [0]);
    // Named before the freezing, recorded after it: somebody should look at it. And the other way round.
    let frozen = |from: &str, until: &str| Question::During(vec![Period { from: at(from), until: Some(at(until)) }]);
    for (from, until, found) in [
        ("2026-03-03T00:00:00+08:00", "2026-03-04T00:00:00+08:00", true),
        ("2026-03-02T21:00:00+08:00", "2026-03-03T00:00:00+08:00", true),
        ("2026-03-03T00:00:00+08:00", "2026-03-03T09:00:00+08:00", false),
    ] {
        assert_eq!(answers(&world, &frozen(from, until), &Query::default(), 10).0.len(), usize::from(found), "{from}");
    }
}
