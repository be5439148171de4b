//! Cached? Verdicts that still hold, one verification at a time for each question.
//!
//! A verdict found here was reached from the same bytes, under the same generation of trust, for the same kind of time, and
//! nothing of its issuer or its seals changed since. It is dead from the earliest moment at which anything in it could change. Answers are
//! not kept, only verdicts: what a caller may see is decided for each request.

use std::borrow::Cow;
use std::io;
use std::sync::{Arc, OnceLock};

use crypto::digest::Sha256;
use crypto::report::{CacheOutcome, CacheUsed, Depth, Diagnostic, Rendered, Report};
use crypto::time::{Date, Timestamp};

use crate::about::About;
use crate::epochs::{Epoch, Epochs};
use crate::http::Problem;
use crate::summary::Summary;

/// How often a verification is shared again after its issuer changed under it.
const SHARED_TRIES_MAX: usize = 3;

/// What a verdict answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// SHA-256 of the document.
    pub document: Sha256,
    /// The generation of trust in force, rules included.
    pub generation: Sha256,
    /// For which moment.
    pub at: At,
}

/// The moment that a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// The moment of asking, whenever that is.
    Now,
    /// A fixed one.
    Moment(Timestamp),
}

/// A verdict with what it rests on.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The report.
    pub report: Arc<Report>,
    /// Every input that was used.
    pub diagnostic: Arc<Diagnostic>,
    /// When it was reached.
    pub made_at: Timestamp,
    /// Whom the document concerns, where it says so.
    pub about: Option<Arc<About>>,
    /// The epochs of the issuer and of the seals, each read before the record: those of what the document names.
    pub epochs: Arc<[Epoch]>,
    /// What is drawn from it for answers.
    pub drawn: Arc<Drawn>,
}

/// What is drawn from a verdict when it is needed for the first time, and given with it from then on.
#[derive(Debug, Default)]
pub struct Drawn {
    simple: OnceLock<Option<Rendered>>,
    detailed: OnceLock<Option<Rendered>>,
    summary: OnceLock<Summary>,
}

/// The cache.
#[derive(Debug)]
pub struct Cache {
    verdicts: moka::future::Cache<Question, Judged>,
    epochs: Arc<Epochs>,
}

impl Drawn {
    fn simple(&self, report: &Report) -> Option<&Rendered> {
        self.simple.get_or_init(|| Rendered::of(&report.clone().reduced_to(Depth::Simple))).as_ref()
    }

    fn detailed(&self, report: &Report) -> Option<&Rendered> {
        self.detailed.get_or_init(|| Rendered::of(report)).as_ref()
    }
}

/// A verdict as it is given to whoever asked.
#[derive(Clone, Debug)]
pub struct Given {
    /// The report, at depth `detailed`, for the moment for which it was reached. [`Given::report`] is that for the moment of asking.
    reached: Arc<Report>,
    /// The moment for which it is given.
    pub moment: Timestamp,
    /// Every input that was used.
    pub diagnostic: Arc<Diagnostic>,
    /// Whom the document concerns, where it says so: for the record.
    pub about: Option<Arc<About>>,
    /// Where it came from.
    pub cache: CacheUsed,
    drawn: Arc<Drawn>,
}

impl Given {
    /// What was found for a question as of `now`.
    #[must_use]
    pub fn new(judged: &Judged, question: Question, now: Timestamp, outcome: CacheOutcome) -> Self {
        let age_s = u64::try_from(now.unix().saturating_sub(judged.made_at.unix())).unwrap_or(0);
        Self {
            reached: Arc::clone(&judged.report),
            // A report on the present is given for the moment of asking, at which it still holds.
            moment: if question.at == At::Now { now } else { judged.report.validation_time },
            diagnostic: Arc::clone(&judged.diagnostic),
            about: judged.about.clone(),
            cache: CacheUsed { outcome, age_s },
            drawn: Arc::clone(&judged.drawn),
        }
    }

    /// The same with another report.
    #[must_use]
    pub fn with_report(self, report: Report) -> Self {
        Self { moment: report.validation_time, reached: Arc::new(report), drawn: Arc::default(), ..self }
    }

    /// What holds of the report whenever it is given: everything but its moment.
    #[must_use]
    pub fn reached(&self) -> &Report {
        &self.reached
    }

    /// The report, at depth `detailed`.
    #[must_use]
    pub fn report(&self) -> Cow<'_, Report> {
        if self.reached.validation_time == self.moment {
            return Cow::Borrowed(&*self.reached);
        }
        let mut report = (*self.reached).clone();
        report.validation_time = self.moment;
        Cow::Owned(report)
    }

    /// The report at this depth.
    #[must_use]
    pub fn at_depth(&self, depth: Depth) -> Cow<'_, Report> {
        match depth {
            Depth::Detailed => self.report(),
            Depth::Simple => Cow::Owned(self.report().into_owned().reduced_to(depth)),
            Depth::Diagnostic => {
                let diagnostic = Diagnostic { cache: Some(self.cache), ..(*self.diagnostic).clone() };
                Cow::Owned(self.report().into_owned().with_diagnostic(diagnostic))
            }
        }
    }

    /// The report at this depth as JSON. Written once for all to whom it is given, but for where it came from, which is in the
    /// deepest.
    #[must_use]
    pub fn json(&self, depth: Depth) -> Option<Vec<u8>> {
        let rendered = match depth {
            Depth::Simple => self.drawn.simple(&self.reached),
            Depth::Detailed => self.drawn.detailed(&self.reached),
            Depth::Diagnostic => None,
        };
        match rendered {
            Some(rendered) => Some(rendered.as_of(self.moment)),
            None => serde_json::to_vec(&*self.at_depth(depth)).ok(),
        }
    }

    /// What goes on record about it.
    #[must_use]
    pub fn summary(&self, today: Date) -> &Summary {
        self.drawn.summary.get_or_init(|| Summary::of(&self.reached, &self.diagnostic, today))
    }
}

impl Cache {
    /// A cache that takes so much memory, in KiB. What somebody puts into a document decides how long its report is, and must not
    /// decide how much memory the cache takes.
    #[must_use]
    pub fn new(kib_max: u64, epochs: Arc<Epochs>) -> Self {
        let verdicts = moka::future::Cache::builder().max_capacity(kib_max).weigher(|_, judged| kib(judged)).build();
        Self { verdicts, epochs }
    }

    /// Forgets everything: what is asked again is verified again.
    pub async fn clear(&self) {
        self.verdicts.invalidate_all();
        self.verdicts.run_pending_tasks().await;
    }

    /// The verdict on this question as of `now`: a kept one that holds, or what `verify` finds.
    ///
    /// `verify` is called again when the issuer changed while it ran, so that nobody who asks after a change was acknowledged
    /// is given what was found before it.
    ///
    /// # Errors
    /// What `verify` fails with. Failures are not kept.
    pub async fn verdict<V, F>(&self, question: Question, now: Timestamp, verify: V) -> Result<Given, Problem>
    where
        V: Fn() -> F,
        F: Future<Output = Result<Judged, Problem>>,
    {
        if let Some(kept) = self.kept(question, now).await {
            return Ok(kept);
        }
        for _ in 0..SHARED_TRIES_MAX {
            if self.verdicts.get(&question).await.is_some_and(|kept| !self.holds(question, &kept, now)) {
                self.verdicts.invalidate(&question).await;
            }
            let entry = self.verdicts.entry(question).or_try_insert_with(verify()).await;
            let entry = entry.map_err(|problem| (*problem).clone())?;
            let outcome = if entry.is_fresh() { CacheOutcome::Miss } else { CacheOutcome::Joined };
            let judged = entry.into_value();
            if self.holds(question, &judged, now) {
                return Ok(Given::new(&judged, question, now, outcome));
            }
        }
        // The issuer changes faster than its licences are verified. What starts now sees every change that this caller knows.
        Ok(Given::new(&verify().await?, question, now, CacheOutcome::Miss))
    }

    /// The kept verdict on this question, if there is one that holds as of `now`.
    pub async fn kept(&self, question: Question, now: Timestamp) -> Option<Given> {
        let kept = self.verdicts.get(&question).await;
        let ended = kept.as_ref().map_or(Some("nothing is kept"), |kept| self.ended(question, kept, now));
        match ended {
            None => tracing::debug!("a verdict that was kept is given"),
            Some(why) => tracing::debug!(why, "no verdict that was kept is given"),
        }
        kept.filter(|_| ended.is_none()).map(|kept| Given::new(&kept, question, now, CacheOutcome::Hit))
    }

    fn holds(&self, question: Question, judged: &Judged, now: Timestamp) -> bool {
        self.ended(question, judged, now).is_none()
    }

    /// Why a verdict holds no more.
    fn ended(&self, question: Question, judged: &Judged, now: Timestamp) -> Option<&'static str> {
        let report = &judged.report;
        let in_time = match question.at {
            At::Now => report.validation_time <= now && report.holds_until.is_none_or(|until| now < until),
            At::Moment(_) => true,
        };
        if !judged.epochs.iter().all(|epoch| self.epochs.is_current(*epoch)) {
            return Some("its issuer or a seal has changed");
        }
        (!in_time).then_some("its time is over")
    }
}

/// How much memory a verdict takes, in KiB, told from its JSON. What cannot be measured is not kept.
fn kib(judged: &Judged) -> u32 {
    let Some(report) = judged.drawn.detailed(&judged.report) else { return u32::MAX };
    // It is there twice, as it is and as it is sent; that of a sealed OFD was seen to take 32 KiB by a report of 14 and a diagnostic of 7.
    let mut length = Length(report.bytes().saturating_mul(2));
    match serde_json::to_writer(&mut length, &*judged.diagnostic) {
        Ok(()) => u32::try_from(length.0.div_ceil(1024)).unwrap_or(u32::MAX),
        Err(_) => u32::MAX,
    }
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use crypto::report::{CacheOutcome as Lookup, SubIndication, Verdict};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::http::Code;

    const ISSUER: &str = "91350211M000100Y46";
    const SEAL: &str = "33010500012345";
    const SEEN: Ordering = Ordering::SeqCst;

    struct World {
        cache: Cache,
        epochs: Arc<Epochs>,
        revoked: AtomicBool,
        verifications: AtomicUsize,
        started: Semaphore,
        may_finish: Semaphore,
    }

    impl World {
        fn new() -> Arc<Self> {
            let epochs = Arc::new(Epochs::default());
            Arc::new(Self {
                cache: Cache::new(1 << 20, Arc::clone(&epochs)),
                epochs,
                revoked: AtomicBool::new(false),
                verifications: AtomicUsize::new(0),
                started: Semaphore::new(0),
                may_finish: Semaphore::new(1000),
            })
        }

        async fn verify(&self, now: Timestamp) -> Result<Judged, Problem> {
            let epoch = self.epochs.of(ISSUER);
            let verdict = if self.revoked.load(SEEN) { Verdict::failed(SubIndication::Revoked) } else { Verdict::PASSED };
            self.verifications.fetch_add(1, SEEN);
            self.started.add_permits(1);
            self.may_finish.acquire().await.unwrap().forget();
            Ok(Judged { epochs: [epoch, self.epochs.of_seal(SEAL)].into(), ..judged(report(verdict, now), now) })
        }

        async fn ask(&self, now: Timestamp) -> (bool, Lookup) {
            let given = self.cache.verdict(question(At::Now), now, || self.verify(now)).await.unwrap();
            assert_eq!(given.report().validation_time, now);
            (given.report().verdict.is_passed(), given.cache.outcome)
        }

        fn revoke(&self) {
            self.revoked.store(true, SEEN);
            self.epochs.bump(ISSUER);
        }

        fn freeze(&self) {
            self.revoked.store(true, SEEN);
            self.epochs.bump_seal(SEAL);
        }
    }

    fn question(at: At) -> Question {
        Question { document: Sha256([1; 32]), generation: Sha256([2; 32]), at }
    }

    fn report(verdict: Verdict, at: Timestamp) -> Report {
        let trust = crypto::x509::Trust::new(Vec::new(), crypto::x509::trust::Policy::default());
        Report { verdict, holds_until: Some(t(1000)), ..Report::new("jws", Sha256([1; 32]), at, &trust) }
    }

    fn judged(report: Report, made_at: Timestamp) -> Judged {
        Judged {
            report: Arc::new(report),
            diagnostic: Arc::default(),
            made_at,
            about: None,
            epochs: [].into(),
            drawn: Arc::default(),
        }
    }

    fn t(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    #[tokio::test]
    async fn kept_until_it_could_change() {
        let world = World::new();
        assert_eq!(world.ask(t(10)).await, (true, Lookup::Miss));
        assert_eq!(world.ask(t(999)).await, (true, Lookup::Hit));
        assert_eq!(world.ask(t(1000)).await, (true, Lookup::Miss));
        assert_eq!(world.ask(t(9)).await.1, Lookup::Miss, "a clock that went back proves nothing");
    }

    #[tokio::test]
    async fn nothing_from_before_a_change_is_given_after_it() {
        let world = World::new();
        assert_eq!(world.ask(t(10)).await, (true, Lookup::Miss));
        world.revoke();
        assert_eq!(world.ask(t(10)).await, (false, Lookup::Miss));
        assert_eq!(world.ask(t(11)).await, (false, Lookup::Hit));
    }

    #[tokio::test]
    async fn nor_when_a_seal_changed() {
        let world = World::new();
        assert_eq!(world.ask(t(10)).await, (true, Lookup::Miss));
        world.freeze();
        assert_eq!(world.ask(t(10)).await, (false, Lookup::Miss));
        assert_eq!(world.ask(t(11)).await, (false, Lookup::Hit));
    }

    #[tokio::test]
    async fn a_slow_verification_from_before_a_change_is_not_joined_after_it() {
        let world = World::new();
        world.may_finish.forget_permits(1000);
        let slow = tokio::spawn({
            let world = Arc::clone(&world);
            async move { world.ask(t(10)).await }
        });
        world.started.acquire().await.unwrap().forget();
        world.revoke();
        // Asked after the change was acknowledged, while the old verification still runs.
        let late = tokio::spawn({
            let world = Arc::clone(&world);
            async move { world.ask(t(10)).await }
        });
        tokio::task::yield_now().await;
        world.may_finish.add_permits(100);
        assert!(!late.await.unwrap().0);
        assert!(!slow.await.unwrap().0, "even the early caller is told the newer truth");
        assert_eq!(world.ask(t(10)).await, (false, Lookup::Hit));
    }

    #[tokio::test]
    async fn many_askers_one_verification() {
        let world = World::new();
        world.may_finish.forget_permits(1000);
        let askers: Vec<_> = (0..64)
            .map(|_| {
                let world = Arc::clone(&world);
                tokio::spawn(async move { world.ask(t(10)).await.0 })
            })
            .collect();
        world.started.acquire().await.unwrap().forget();
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
        world.may_finish.add_permits(64);
        for asker in askers {
            assert!(asker.await.unwrap());
        }
        assert_eq!(world.verifications.load(SEEN), 1);
    }

    #[tokio::test]
    async fn long_reports_count_for_what_they_take() {
        let cache = Cache::new(2048, Arc::default());
        let keep = async |number: u8, words: usize| {
            let mut long = report(Verdict::PASSED, t(10));
            long.warnings = vec![crypto::report::checks::LICENCE_RECORD.doubt().with("word", &"x".repeat(1000)); words];
            let question = Question { document: Sha256([number; 32]), ..question(At::Now) };
            let judged = judged(long, t(10));
            cache.verdict(question, t(10), || async { Ok(judged.clone()) }).await.unwrap();
            cache.verdicts.run_pending_tasks().await;
            (cache.verdicts.entry_count(), cache.verdicts.weighted_size())
        };
        let (entries, short) = keep(0, 0).await;
        assert!(entries == 1 && short <= 2, "{short}");
        let (entries, kept) = keep(1, 700).await;
        assert!(entries == 2 && (1400..2000).contains(&kept), "{kept}");
        assert_eq!(keep(2, 10_000).await, (2, kept), "what is longer than all the room is not kept");
        for number in 3..=255 {
            let (_, kept) = keep(number, 100).await;
            assert!(kept <= 2048, "{kept}");
        }
    }

    #[tokio::test]
    async fn what_is_sent_is_the_report_at_its_depth_for_the_moment_of_asking() {
        let world = World::new();
        for at in [At::Now, At::Moment(t(5))] {
            for now in [t(10), t(11)] {
                let reach = || async { Ok(judged(report(Verdict::PASSED, t(5)), t(5))) };
                let given = world.cache.verdict(question(at), now, reach).await.unwrap();
                assert_eq!(given.moment, if at == At::Now { now } else { t(5) });
                for depth in [Depth::Simple, Depth::Detailed, Depth::Diagnostic] {
                    let report = given.at_depth(depth);
                    assert_eq!((report.validation_time, report.depth), (given.moment, depth));
                    // Twice: the second time it was written before.
                    assert_eq!([given.json(depth), given.json(depth)], [(); 2].map(|()| serde_json::to_vec(&*report).ok()));
                }
            }
        }
    }

    #[tokio::test]
    async fn failures_are_not_kept_and_fixed_moments_do_not_age() {
        let world = World::new();
        let at = question(At::Moment(t(5)));
        let failed = world.cache.verdict(at, t(10), || async { Err(Code::Overloaded.into()) }).await;
        assert_eq!(failed.unwrap_err().code(), Code::Overloaded);
        let made = world.cache.verdict(at, t(10), || async { Ok(judged(report(Verdict::PASSED, t(5)), t(10))) }).await.unwrap();
        assert_eq!(made.cache, CacheUsed { outcome: Lookup::Miss, age_s: 0 });
        let kept = world.cache.verdict(at, t(5000), || world.verify(t(5))).await.unwrap();
        assert_eq!((kept.cache, kept.report().validation_time), (CacheUsed { outcome: Lookup::Hit, age_s: 4990 }, t(5)));
    }
}
