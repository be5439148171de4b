//! What is to be asked, of whom and when: state in, jobs out, no clock and no socket.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::context::Judged;
use crypto::digest::Sha256;
use crypto::time::Timestamp;

use super::client::Validators;
use super::fault::Fault;
use super::schedule::Schedule;
use crate::config::{SourceUrl, Status};
use crate::spread::Spread;

/// Certificates that are asked about at the same time, at most.
const QUESTIONS_MAX: usize = 4096;

/// So long a certificate is asked about after a verification needed it, in seconds.
const NEEDED_S: i64 = 86_400;

/// What a source has to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Revocation lists.
    List,
    /// Answers to OCSP requests.
    Ocsp,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::List, Self::Ocsp];

    /// Its name in views, logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Ocsp => "ocsp",
        }
    }
}

/// A source and how it has done.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) domain: String,
    pub(super) kind: Kind,
    pub(super) url: Arc<SourceUrl>,
    /// When a list is due; until when a responder is left alone.
    pub(super) schedule: Schedule,
    pub(super) succeeded_at: Option<Timestamp>,
    pub(super) fault: Option<(Fault, Timestamp)>,
    pub(super) failures: u32,
    /// The issuer's own time of the newest evidence from here.
    pub(super) this_update: Option<Timestamp>,
    validators: Validators,
    next_update: Option<Timestamp>,
    is_running: bool,
}

/// A certificate that is asked about.
#[derive(Clone, Debug)]
struct Question {
    judged: Arc<Judged>,
    schedule: Schedule,
    needed_at: Timestamp,
    is_running: bool,
}

/// Something to do.
#[derive(Debug)]
pub(super) enum Job {
    /// Fetch a list.
    List { source: usize, url: Arc<SourceUrl>, known: Validators },
    /// Ask the first of these responders that answers.
    Question { judged: Arc<Judged>, responders: Vec<(usize, Arc<SourceUrl>)> },
}

/// What a good answer says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) this_update: Timestamp,
    pub(super) next_update: Option<Timestamp>,
}

/// How a job ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// With a list: `None` for the one that was there already.
    List { source: usize, result: Result<Option<(Span, Validators)>, Fault> },
    /// The responders that failed on the way, and the one that answered.
    Question { certificate: Sha256, faults: Vec<(usize, Fault)>, answer: Option<(usize, Span)> },
}

/// Sources and questions.
#[derive(Debug)]
pub(super) struct Board {
    sources: Vec<Source>,
    questions: BTreeMap<Sha256, Question>,
    refresh_s_max: i64,
    spread: Spread,
}

impl Source {
    fn new(domain: &str, kind: Kind, url: &SourceUrl) -> Self {
        Self {
            domain: domain.to_owned(),
            kind,
            url: Arc::new(url.clone()),
            schedule: Schedule::NEW,
            succeeded_at: None,
            fault: None,
            failures: 0,
            this_update: None,
            validators: Validators::default(),
            next_update: None,
            is_running: false,
        }
    }

    fn failed(&mut self, fault: Fault, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.fault = Some((fault, now));
    }

    fn succeeded(&mut self, now: Timestamp, this_update: Option<Timestamp>) {
        (self.succeeded_at, self.failures) = (Some(now), 0);
        self.this_update = self.this_update.max(this_update);
    }
}

impl Board {
    /// The sources of the configuration; no questions yet. The seed says how moments are spread.
    pub(super) fn new(settings: &Status, seed: u64) -> Self {
        let of = |kind, domain: &str, urls: &[SourceUrl]| -> Vec<Source> {
            urls.iter().map(|url| Source::new(domain, kind, url)).collect()
        };
        let both = |row: &crate::config::StatusSource| {
            let lists = of(Kind::List, &row.domain, &row.crl_urls);
            lists.into_iter().chain(of(Kind::Ocsp, &row.domain, &row.ocsp_urls))
        };
        Self {
            sources: settings.sources.iter().flat_map(both).collect(),
            questions: BTreeMap::new(),
            refresh_s_max: i64::from(settings.refresh_s_max),
            spread: Spread::new(seed),
        }
    }

    /// The sources of another configuration: those that were there before as they are, and every question.
    pub(super) fn renewed(&self, settings: &Status) -> Self {
        let mut next = Self::new(settings, 0);
        next.spread = self.spread.clone();
        for source in &mut next.sources {
            let is_same =
                |before: &&Source| (&before.domain, before.kind, &before.url) == (&source.domain, source.kind, &source.url);
            if let Some(before) = self.sources.iter().find(is_same) {
                // What is on its way is on its way for the board that asked; here it is asked again.
                *source = Source { is_running: false, ..before.clone() };
            }
        }
        let questions = self.questions.iter().filter(|(_, question)| next.has_responder(&question.judged.domain));
        next.questions = questions.map(|(id, question)| (*id, Question { is_running: false, ..question.clone() })).collect();
        next
    }

    pub(super) fn sources(&self) -> &[Source] {
        &self.sources
    }

    pub(super) fn questions(&self) -> usize {
        self.questions.len()
    }

    /// Whether anybody can be asked about the certificates of this domain.
    pub(super) fn has_responder(&self, domain: &str) -> bool {
        self.sources.iter().any(|source| source.kind == Kind::Ocsp && source.domain == domain)
    }

    /// A verification needed the status of this certificate. Whether that is news.
    pub(super) fn need(&mut self, judged: &Judged, now: Timestamp) -> bool {
        if !self.has_responder(&judged.domain) {
            return false;
        }
        let certificate = judged.certificate.sha256();
        if let Some(question) = self.questions.get_mut(&certificate) {
            question.needed_at = question.needed_at.max(now);
            return false;
        }
        if self.questions.len() >= QUESTIONS_MAX {
            let idle = self.questions.iter().filter(|(_, question)| !question.is_running);
            let Some(oldest) = idle.min_by_key(|(_, question)| question.needed_at).map(|(id, _)| *id) else { return false };
            self.questions.remove(&oldest);
        }
        let judged = Arc::new(judged.clone());
        self.questions.insert(certificate, Question { judged, schedule: Schedule::NEW, needed_at: now, is_running: false });
        true
    }

    /// At most `room` jobs that are due; they count as running until [`Self::settle`].
    pub(super) fn due(&mut self, now: Timestamp, room: usize) -> Vec<Job> {
        self.questions.retain(|_, question| question.is_running || question.needed_at.plus(NEEDED_S) > now);
        let mut jobs = Vec::new();
        for (index, source) in self.sources.iter_mut().enumerate() {
            if jobs.len() < room && source.kind == Kind::List && !source.is_running && source.schedule.is_due(now) {
                source.is_running = true;
                jobs.push(Job::List { source: index, url: Arc::clone(&source.url), known: source.validators.clone() });
            }
        }
        let sources = &self.sources;
        let waiting = self.questions.values_mut().filter(|question| !question.is_running && question.schedule.is_due(now));
        let mut waiting: Vec<_> = waiting.collect();
        waiting.sort_by_key(|question| question.schedule.next_at);
        for question in waiting {
            if jobs.len() >= room {
                break;
            }
            let responders = responders(sources, &question.judged.domain, now);
            if !responders.is_empty() {
                question.is_running = true;
                jobs.push(Job::Question { judged: Arc::clone(&question.judged), responders });
            }
        }
        jobs
    }

    /// When a source is asked next, at the earliest; `None` for at once, or for a responder that there is nothing to ask.
    pub(super) fn next_of(&self, source: &Source) -> Option<Timestamp> {
        let free = source.schedule.next_at;
        let next = match source.kind {
            Kind::List => free,
            Kind::Ocsp => {
                let idle = self.questions.values().filter(|question| !question.is_running);
                let asked = idle.filter(|question| question.judged.domain == source.domain);
                asked.map(|question| question.schedule.next_at).min()?.max(free)
            }
        };
        Some(next).filter(|next| *next > Timestamp::MIN)
    }

    /// When the next job falls due; `None` when nothing is to be asked.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        let lists = self.sources.iter().filter(|source| source.kind == Kind::List && !source.is_running);
        let lists = lists.map(|source| source.schedule.next_at);
        let questions = self.questions.values().filter(|question| !question.is_running);
        let questions = questions.filter_map(|question| {
            let domain = &question.judged.domain;
            let responders = self.sources.iter().filter(|source| source.kind == Kind::Ocsp && source.domain == *domain);
            responders.map(|source| source.schedule.next_at).min().map(|free| free.max(question.schedule.next_at))
        });
        lists.chain(questions).min()
    }

    /// Takes in how a job ended.
    pub(super) fn settle(&mut self, ended: Ended, now: Timestamp) {
        match ended {
            Ended::List { source, result } => self.settle_list(source, result, now),
            Ended::Question { certificate, faults, answer } => self.settle_question(&certificate, &faults, answer, now),
        }
    }

    fn settle_list(&mut self, source: usize, result: Result<Option<(Span, Validators)>, Fault>, now: Timestamp) {
        let Some(source) = self.sources.get_mut(source) else { return };
        source.is_running = false;
        match result {
            Ok(found) => {
                if let Some((span, validators)) = found {
                    (source.validators, source.next_update) = (validators, span.next_update);
                    source.succeeded(now, Some(span.this_update));
                } else {
                    source.succeeded(now, None);
                }
                source.schedule.answered(source.next_update, now, self.refresh_s_max, &mut self.spread);
            }
            Err(fault) => {
                source.failed(fault, now);
                source.schedule.failed(now, &mut self.spread);
            }
        }
    }

    fn settle_question(
        &mut self,
        certificate: &Sha256,
        faults: &[(usize, Fault)],
        answer: Option<(usize, Span)>,
        now: Timestamp,
    ) {
        for (index, fault) in faults {
            let Some(source) = self.sources.get_mut(*index) else { continue };
            source.failed(*fault, now);
            if !fault.is_of_question() {
                source.schedule.failed(now, &mut self.spread);
            }
        }
        if let Some(source) = answer.and_then(|(index, _)| self.sources.get_mut(index)) {
            source.succeeded(now, answer.map(|(_, span)| span.this_update));
            source.schedule.succeeded();
        }
        let Some(question) = self.questions.get_mut(certificate) else { return };
        question.is_running = false;
        match answer {
            Some((_, span)) => question.schedule.answered(span.next_update, now, self.refresh_s_max, &mut self.spread),
            None => question.schedule.failed(now, &mut self.spread),
        }
    }
}

/// The responders of a domain that are not left alone just now, in the order of the configuration.
fn responders(sources: &[Source], domain: &str, now: Timestamp) -> Vec<(usize, Arc<SourceUrl>)> {
    let able = |source: &Source| source.kind == Kind::Ocsp && source.domain == domain && source.schedule.is_due(now);
    let able = sources.iter().enumerate().filter(|(_, source)| able(source));
    able.map(|(index, source)| (index, Arc::clone(&source.url))).collect()
}

#[cfg(test)]
mod tests {
    use crypto::issue::{CertificateBuilder, KeyType, Name, SigningKey};
    use crypto::x509::Certificate;

    use super::*;
    use crate::config::StatusSource;

    const NOW: Timestamp = Timestamp::from_unix(1_780_000_000);

    fn board(lists: &[&str], responders: &[&str]) -> Board {
        let urls = |texts: &[&str]| texts.iter().map(|text| SourceUrl::try_from((*text).to_owned()).unwrap()).collect();
        let source = StatusSource { domain: "offices".to_owned(), crl_urls: urls(lists), ocsp_urls: urls(responders) };
        Board::new(&Status { sources: vec![source], ..Status::default() }, 1)
    }

    fn judged(serial: u128) -> Judged {
        let (name, key) = (Name::new("licet tests", "root"), SigningKey::from_label(KeyType::P256, "root"));
        let builder = |serial| CertificateBuilder::new(&name, &key, serial).valid(NOW, NOW.plus(9));
        let [issuer, certificate] = [builder(1).authority(None), builder(serial)]
            .map(|builder| Certificate::from_der(&builder.issue(&name, &key)).unwrap());
        Judged { certificate, issuer, domain: "offices".to_owned() }
    }

    fn answered(judged: &Judged, source: usize, now: Timestamp) -> Ended {
        let span = Span { this_update: now, next_update: Some(now.plus(1000)) };
        Ended::Question { certificate: judged.certificate.sha256(), faults: Vec::new(), answer: Some((source, span)) }
    }

    fn failed(judged: &Judged, faults: &[(usize, Fault)]) -> Ended {
        Ended::Question { certificate: judged.certificate.sha256(), faults: faults.to_vec(), answer: None }
    }

    /// The sources that each job would ask.
    fn asked(jobs: &[Job]) -> Vec<Vec<usize>> {
        let of = |job: &Job| match job {
            Job::List { source, .. } => vec![*source],
            Job::Question { responders, .. } => responders.iter().map(|(source, _)| *source).collect(),
        };
        jobs.iter().map(of).collect()
    }

    #[test]
    fn what_runs_is_not_begun_again_and_room_is_kept() {
        let mut board = board(&["http://a/1", "http://a/2", "http://a/3"], &[]);
        assert_eq!(asked(&board.due(NOW, 2)), [[0], [1]]);
        assert_eq!(asked(&board.due(NOW, 2)), [[2]]);
        assert!(board.due(NOW, 2).is_empty() && board.next_at().is_none());
        board.settle(Ended::List { source: 1, result: Err(Fault::Slow) }, NOW);
        assert!(board.due(NOW, 2).is_empty());
        let next = board.next_at().unwrap();
        assert!(next > NOW && next <= NOW.plus(5));
        assert_eq!(asked(&board.due(next, 2)), [[1]]);
    }

    #[test]
    fn a_responder_that_is_down_is_left_alone_by_all_questions() {
        let mut board = board(&[], &["http://a/", "http://b/"]);
        let (first, second) = (judged(7), judged(8));
        assert!(board.need(&first, NOW) && board.need(&second, NOW) && !board.need(&first, NOW));
        assert_eq!(asked(&board.due(NOW, 1)), [[0, 1]]);
        let [running, waiting] =
            if board.questions[&first.certificate.sha256()].is_running { [&first, &second] } else { [&second, &first] };
        let span = Span { this_update: NOW, next_update: Some(NOW.plus(1000)) };
        let certificate = running.certificate.sha256();
        board.settle(Ended::Question { certificate, faults: vec![(0, Fault::Unreachable)], answer: Some((1, span)) }, NOW);
        assert_eq!(asked(&board.due(NOW, 9)), [[1]], "the other question goes to the responder that works");
        board.settle(failed(waiting, &[(1, Fault::Declined)]), NOW);
        assert!(board.due(NOW.plus(1), 9).is_empty(), "both are left alone");
        assert!(board.next_at().is_some_and(|next| next > NOW && next <= NOW.plus(5)));
        assert_eq!(asked(&board.due(NOW.plus(5), 9)), [[0, 1]], "both are tried again, for the one without an answer");
        board.settle(answered(waiting, 0, NOW.plus(5)), NOW.plus(5));
        assert_eq!(board.sources()[0].failures, 0);
        let next = board.next_of(&board.sources()[0]);
        assert!(next > Some(NOW.plus(5)), "what failed and works again is asked when the next question is due: {next:?}");
        assert_eq!(board.next_of(&board.sources()[1]), next, "and not when it was to be left alone until");
        board.questions.clear();
        assert_eq!(board.next_of(&board.sources()[0]), None, "nothing to ask");
    }

    #[test]
    fn an_odd_certificate_does_not_keep_others_from_being_asked_about() {
        let mut board = board(&[], &["http://a/"]);
        let (odd, other) = (judged(7), judged(8));
        board.need(&odd, NOW);
        assert_eq!(board.due(NOW, 9).len(), 1);
        board.settle(failed(&odd, &[(0, Fault::UnknownCertificate)]), NOW);
        board.need(&other, NOW);
        assert_eq!(asked(&board.due(NOW, 9)), [[0]]);
        assert_eq!(board.sources()[0].failures, 1, "but it shows");
    }

    #[test]
    fn certificates_are_forgotten_after_a_day_and_beyond_the_bound() {
        let mut board = board(&[], &["http://a/"]);
        let one = judged(7);
        assert!(!board.need(&Judged { domain: "elsewhere".to_owned(), ..one.clone() }, NOW), "nobody could be asked");
        board.need(&one, NOW);
        board.need(&one, NOW.plus(80_000));
        assert_eq!((board.due(NOW.plus(90_000), 0).len(), board.questions()), (0, 1));
        assert_eq!((board.due(NOW.plus(170_000), 0).len(), board.questions()), (0, 0));
        let question =
            |needed_at| Question { judged: Arc::new(one.clone()), schedule: Schedule::NEW, needed_at, is_running: false };
        for number in 0..QUESTIONS_MAX {
            let id = Sha256::of(&[&number.to_be_bytes()]);
            board.questions.insert(id, question(NOW.plus(i64::try_from(number).unwrap())));
        }
        assert!(board.need(&one, NOW.plus(9000)));
        assert_eq!(board.questions(), QUESTIONS_MAX);
        assert!(!board.questions.contains_key(&Sha256::of(&[&0_usize.to_be_bytes()])), "the one that was not needed for longest");
    }
}
