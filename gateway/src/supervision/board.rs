//! Who has used how much of what is allowed, and which cards follow. No clock, no disk.

use std::collections::{BTreeMap, BTreeSet};

use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use storage::ledger::{Card, Colour, Tally, Watched, hour_of};

use super::allowed::{Allowed, Used, colour};
use super::{Call, Due, Ended, Window};
use crate::broker::{LOCAL, State};
use crate::config;

/// Figures by whom they are about and the hour that they are of.
pub(super) type Figures = BTreeMap<(Watched, Timestamp), Tally>;

/// Everybody who is watched.
#[derive(Debug)]
pub struct Board {
    settings: config::Supervision,
    /// Since when it counts: what happened before is not known here.
    started: Timestamp,
    desks: BTreeMap<Watched, Desk>,
    /// What is not in the ledger yet.
    figures: Figures,
    /// The cards in force, as the ledger has them.
    cards: BTreeMap<Watched, Card>,
}

#[derive(Debug)]
struct Desk {
    organisation: String,
    allowed: Allowed,
    window: Window,
}

/// How somebody stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BudgetView {
    /// Whom it is about.
    pub about: Watched,
    /// The organisation that answers for it.
    pub organisation: String,
    /// The card.
    pub colour: Colour,
    /// How much of the tightest limit was used; absent where nothing was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<Used>,
    /// The figures of the window.
    pub window: Tally,
    /// Half of the answers came within so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<u32>,
    /// And 99 of a hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<u32>,
}

impl Board {
    /// A board on which these cards are in force, and which counts from this moment on.
    #[must_use]
    pub fn new(settings: config::Supervision, standing: Vec<Card>, started: Timestamp) -> Self {
        let cards = standing.into_iter().map(|card| (card.about.clone(), card)).collect();
        Self { settings, started, desks: BTreeMap::new(), figures: Figures::new(), cards }
    }

    /// Goes by other limits from now on.
    pub fn follow(&mut self, settings: config::Supervision) {
        self.settings = settings;
    }

    /// Counts a call of a source.
    pub fn call(&mut self, call: &Call<'_>) {
        if !call.tells() {
            return;
        }
        let is_answered = matches!(call.state, State::Answered | State::NotFound);
        let mut tally = Tally { calls: 1, errors: u64::from(!is_answered), ..Tally::default() };
        if is_answered {
            tally.slow = u64::from(call.took_ms() > u64::from(call.sla.latency_ms));
            tally.took(call.took_ms());
        }
        let allowed = Allowed {
            errors_permille: Some(call.sla.error_permille_max),
            slow_permille: Some(call.sla.slow_permille_max),
            ..Allowed::default()
        };
        self.count(Watched::Resource(call.resource.to_owned()), (call.provider, allowed), call.at, &tally);
        if call.source != LOCAL {
            self.count(Watched::Source(call.source.to_owned()), (call.provider, allowed), call.at, &tally);
        }
    }

    /// Counts a question of a consumer, by how it ended. What this gateway could not answer is counted and no fault of the consumer's.
    pub fn asked(&mut self, consumer: &str, organisation: &str, ended: Ended, at: Timestamp) {
        let allowed = Allowed {
            errors_permille: None,
            slow_permille: Some(self.settings.consumer_slow_permille_max),
            refused_permille: Some(self.settings.refused_permille_max),
            wrong_permille: Some(self.settings.wrong_permille_max),
        };
        let tally = ended.tally(self.settings.consumer_latency());
        self.count(Watched::Consumer(consumer.to_owned()), (organisation, allowed), at, &tally);
    }

    fn count(&mut self, about: Watched, (organisation, allowed): (&str, Allowed), at: Timestamp, tally: &Tally) {
        self.figures.entry((about.clone(), hour_of(at))).or_default().add(tally);
        let is_source = matches!(about, Watched::Source(_));
        let new = || Desk { organisation: organisation.to_owned(), allowed, window: Window::default() };
        let desk = self.desks.entry(about).or_insert_with(new);
        // What was promised, and by whom, may have changed with the catalogue. A source answers for resources of which different things
        // were promised: it is held against the most lenient.
        desk.allowed = if is_source { desk.allowed.or_more(allowed) } else { allowed };
        if desk.organisation != organisation {
            organisation.clone_into(&mut desk.organisation);
        }
        desk.window.add(at, tally);
    }

    /// Takes the figures that are not in the ledger yet.
    pub fn take_figures(&mut self) -> Figures {
        std::mem::take(&mut self.figures)
    }

    /// Gives back figures that did not come into the ledger.
    pub fn give_back(&mut self, figures: Figures) {
        for (key, tally) in figures {
            self.figures.entry(key).or_default().add(&tally);
        }
    }

    /// The cards that are to change by now.
    #[must_use]
    pub fn changes(&mut self, now: Timestamp, dues: &[Due]) -> Vec<Card> {
        let (settings, cards) = (&self.settings, &self.cards);
        let standing = |about: &Watched| cards.get(about).map_or(Colour::Green, |card| card.colour);
        let mut changed = Vec::new();
        for (about, desk) in &mut self.desks {
            let window = desk.window.sum(now, settings.window_minutes);
            let before = standing(about);
            let used = desk.allowed.used(&window);
            let after = match used {
                None => Colour::Green,
                Some(_) if window.calls < u64::from(settings.calls_min) => before,
                Some(used) => colour(used.permille, settings.yellow_permille, before),
            };
            if after != before {
                let limit = used.map_or("none", |used| used.limit.name());
                let permille = used.map_or(0, |used| used.permille);
                changed.push(card(about.clone(), &desk.organisation, (after, before), (limit, permille), now));
            }
        }
        for due in dues {
            let about = Watched::Matter(due.matter.clone());
            let (before, after) = (standing(&about), due.colour(now));
            if before != after {
                changed.push(card(about, &due.organisation, (after, before), ("due", 0), now));
            }
        }
        changed.extend(self.settled(now, dues));
        changed
    }

    /// The cards of those of whom nothing is known any more: what was due and is done, and who was not asked for a whole window. What
    /// happened before the start is not known here, and still counts as long as it could be in the window.
    fn settled(&self, now: Timestamp, dues: &[Due]) -> Vec<Card> {
        let window_s = i64::from(self.settings.window_minutes) * 60;
        let open: BTreeSet<&str> = dues.iter().map(|due| due.matter.as_str()).collect();
        let is_gone = |card: &Card| match &card.about {
            Watched::Matter(matter) => !open.contains(matter.as_str()),
            other => !self.desks.contains_key(other) && now >= self.started.max(card.at).plus(window_s),
        };
        let gone = self.cards.values().filter(|card| is_gone(card));
        let back = |standing: &Card| {
            let colours = (Colour::Green, standing.colour);
            card(standing.about.clone(), &standing.organisation, colours, (&standing.limit, 0), now)
        };
        gone.map(back).collect()
    }

    /// Notes that cards have changed, as the ledger has it now.
    pub fn turned(&mut self, standing: Vec<Card>) {
        self.cards = standing.into_iter().map(|card| (card.about.clone(), card)).collect();
    }

    /// The cards in force.
    pub fn cards(&self) -> impl Iterator<Item = &Card> {
        self.cards.values()
    }

    /// How everybody stands.
    pub fn budgets(&mut self, now: Timestamp) -> Vec<BudgetView> {
        let (minutes, cards) = (self.settings.window_minutes, &self.cards);
        let view = |(about, desk): (&Watched, &mut Desk)| {
            let window = desk.window.sum(now, minutes);
            BudgetView {
                about: about.clone(),
                organisation: desk.organisation.clone(),
                colour: cards.get(about).map_or(Colour::Green, |card| card.colour),
                used: desk.allowed.used(&window),
                p50_ms: window.quantile_ms(500),
                p99_ms: window.quantile_ms(990),
                window,
            }
        };
        self.desks.iter_mut().map(view).collect()
    }
}

fn card(
    about: Watched,
    organisation: &str,
    (colour, before): (Colour, Colour),
    (limit, used_permille): (&str, u64),
    at: Timestamp,
) -> Card {
    let (organisation, limit) = (organisation.to_owned(), limit.to_owned());
    Card { number: 0, at, about, organisation, colour, before, used_permille, limit }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crypto::catalogue::Sla;

    use super::*;

    const SLA: Sla = Sla { latency_ms: 100, slow_permille_max: 100, error_permille_max: 100 };

    fn start() -> Timestamp {
        "2026-07-01T08:00:00Z".parse().unwrap()
    }

    fn board() -> Board {
        Board::new(config::Supervision { calls_min: 10, ..config::Supervision::default() }, Vec::new(), start())
    }

    fn ask(board: &mut Board, state: State, ms: u64, at: Timestamp) {
        let took = Duration::from_millis(ms);
        board.call(&Call { source: LOCAL, resource: "r", provider: "p", state, took, sla: &SLA, at });
    }

    /// What changes, as the ledger would have it after that.
    fn turn(board: &mut Board, now: Timestamp, dues: &[Due]) -> Vec<(String, Colour)> {
        let changed = board.changes(now, dues);
        let mut standing: Vec<_> = board.cards().cloned().collect();
        for card in &changed {
            standing.retain(|other| other.about != card.about);
            if card.colour != Colour::Green {
                standing.push(card.clone());
            }
        }
        board.turned(standing);
        changed.iter().map(|card| (card.about.code().to_owned(), card.colour)).collect()
    }

    #[test]
    fn a_card_is_given_once_and_taken_back_when_the_window_is_good_again() {
        let mut board = board();
        (0..9).for_each(|_| ask(&mut board, State::Failed, 1, start()));
        assert_eq!(turn(&mut board, start(), &[]), [], "too few calls");
        ask(&mut board, State::Failed, 1, start());
        assert_eq!(turn(&mut board, start(), &[]), [("r".to_owned(), Colour::Red)]);
        assert_eq!(turn(&mut board, start().plus(5), &[]), []);
        let later = start().plus(1800);
        (0..1000).for_each(|_| ask(&mut board, State::Answered, 5, later));
        assert_eq!(turn(&mut board, later, &[]), [("r".to_owned(), Colour::Green)]);
        (0..90).for_each(|_| ask(&mut board, State::Answered, 101, later));
        assert_eq!(turn(&mut board, later, &[]), [("r".to_owned(), Colour::Yellow)]);
        assert_eq!(turn(&mut board, later.plus(3700), &[]), [("r".to_owned(), Colour::Green)], "the window is empty");
    }

    #[test]
    fn cards_from_before_the_start_stand_until_the_window_is_over() {
        let about = Watched::Resource("r".to_owned());
        let standing = card(about, "p", (Colour::Red, Colour::Green), ("errors", 2000), start().plus(-60));
        let open = || {
            let settings = config::Supervision { calls_min: 10, ..config::Supervision::default() };
            Board::new(settings, vec![standing.clone()], start())
        };
        let mut silent = open();
        assert_eq!(turn(&mut silent, start().plus(5), &[]), []);
        assert_eq!(turn(&mut silent, start().plus(3599), &[]), []);
        assert_eq!(turn(&mut silent, start().plus(3600), &[]), [("r".to_owned(), Colour::Green)]);
        let mut asked = open();
        (0..10).for_each(|_| ask(&mut asked, State::Answered, 5, start()));
        assert_eq!(turn(&mut asked, start().plus(5), &[]), [("r".to_owned(), Colour::Green)], "what is known counts");
    }

    #[test]
    fn a_source_is_judged_over_all_its_resources_by_the_most_lenient_promise() {
        let mut board = board();
        let lenient = Sla { error_permille_max: 500, ..SLA };
        let mut ask = |resource, state, sla| {
            let took = Duration::from_millis(1);
            board.call(&Call { source: "s", resource, provider: "p", state, took, sla, at: start() });
        };
        (0..6).for_each(|_| ask("a", State::Failed, &lenient));
        (0..6).for_each(|_| ask("b", State::Answered, &SLA));
        let turned = turn(&mut board, start(), &[]);
        assert_eq!(turned, [("s".to_owned(), Colour::Yellow)], "too few of each resource, and enough of the source");
        (0..4).for_each(|_| {
            board.call(&Call {
                source: LOCAL,
                resource: "c",
                provider: "p",
                state: State::Failed,
                took: Duration::from_millis(1),
                sla: &SLA,
                at: start(),
            });
        });
        let is_source = |key: &&(Watched, Timestamp)| matches!(key.0, Watched::Source(_));
        assert_eq!(board.take_figures().keys().filter(is_source).count(), 1, "what is on record here is no source");
    }

    #[test]
    fn what_was_given_up_early_or_refused_tells_nothing_of_a_source() {
        let mut board = board();
        (0..50).for_each(|_| ask(&mut board, State::TimedOut, 99, start()));
        (0..50).for_each(|_| ask(&mut board, State::Refused, 5, start()));
        assert!(board.take_figures().is_empty());
        (0..50).for_each(|_| ask(&mut board, State::TimedOut, 100, start()));
        assert_eq!(turn(&mut board, start(), &[]), [("r".to_owned(), Colour::Red)]);
    }

    #[test]
    fn consumers_are_judged_by_what_is_refused_what_is_wrong_and_what_comes_late_each_apart() {
        let settings = || config::Supervision { calls_min: 10, consumer_latency_ms: 100, ..config::Supervision::default() };
        let answered = |ms| Ended::Answered { took: Duration::from_millis(ms), within: Duration::from_millis(800) };
        for (bad, share, limit, colour) in [
            (Ended::Refused, 6, "refused", Colour::Yellow),
            (Ended::Refused, 4, "refused", Colour::Red),
            (Ended::Wrong, 4, "wrong", Colour::Red),
            (answered(101), 101, "slow", Colour::Yellow),
            (answered(101), 50, "slow", Colour::Red),
        ] {
            let mut board = Board::new(settings(), Vec::new(), start());
            (0..1000).for_each(|n| board.asked("c", "o", if n % share == 0 { bad } else { answered(100) }, start()));
            let changed = board.changes(start(), &[]);
            let told: Vec<_> = changed.iter().map(|card| (card.about.code(), card.limit.as_str(), card.colour)).collect();
            assert_eq!(told, [("c", limit, colour)], "one in {share}");
        }
        let mut board = Board::new(settings(), Vec::new(), start());
        // What is refused and what is wrong do not add up, and what failed here is nobody's fault but ours.
        (0..1000).for_each(|n| {
            let ended = [Ended::Refused, Ended::Wrong, Ended::Failed].get(n % 8).copied();
            board.asked("c", "o", ended.unwrap_or_else(|| answered(100)), start());
        });
        assert_eq!(board.changes(start(), &[]), []);
        let [budget] = &board.budgets(start())[..] else { panic!("one consumer") };
        assert_eq!((budget.p99_ms, budget.window.errors, budget.window.wrong), (Some(100), 125, 125));
    }

    #[test]
    fn figures_are_of_their_hour_and_can_be_given_back() {
        let mut board = board();
        ask(&mut board, State::Answered, 5, start());
        ask(&mut board, State::Answered, 5, start().plus(3600));
        let figures = board.take_figures();
        assert_eq!(figures.len(), 2);
        assert!(board.take_figures().is_empty());
        ask(&mut board, State::Answered, 5, start());
        board.give_back(figures);
        let calls: Vec<_> = board.take_figures().into_values().map(|tally| tally.calls).collect();
        assert_eq!(calls, [2, 1]);
    }

    #[test]
    fn what_is_due_gets_cards_until_it_is_done() {
        let mut board = board();
        let due = |minutes: i64| Due {
            matter: "objections/1".to_owned(),
            organisation: "p".to_owned(),
            warn: start().plus(minutes * 60),
            due: start().plus(minutes * 60 + 600),
        };
        assert_eq!(turn(&mut board, start(), &[due(10)]), []);
        assert_eq!(turn(&mut board, start().plus(600), &[due(10)]), [("objections/1".to_owned(), Colour::Yellow)]);
        assert_eq!(turn(&mut board, start().plus(1200), &[due(10)]), [("objections/1".to_owned(), Colour::Red)]);
        assert_eq!(turn(&mut board, start().plus(1300), &[]), [("objections/1".to_owned(), Colour::Green)]);
        assert_eq!(turn(&mut board, start().plus(1400), &[]), []);
    }
}
