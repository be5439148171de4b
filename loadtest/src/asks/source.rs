//! Where requests come from: by chance, as the mix has it, and always the same from the same seed.

use std::collections::VecDeque;

use crypto::time::Timestamp;
use hyper::body::Bytes;

use super::hot::{Hot, any};
use super::judge::Expectation;
use super::lane::Lane;
use super::request::Ask;
use super::{audit, ingest, look_up, revoke, verify};
use crate::dataset::{Dataset, is_set_aside, set_aside};
use crate::departments::Chance;
use crate::mix::{Kind, Mix};
use crate::number::whole;
use crate::site::Book;
use crate::time::wall;

/// 2026-01-02: from then on there is evidence of everything, so as of then everything is as it is now.
const PAST: Timestamp = Timestamp::from_unix(1_767_312_000);
/// So many numbers are set apart at once, so that none is used twice when the load is killed.
const LEASE: u64 = 10_000;
const LEASE_ASIDE: u64 = 50;

/// What there is to ask about.
#[derive(Debug)]
pub struct Supply {
    dataset: Dataset,
    hot: Hot,
    chance: Chance,
    /// How many seconds there are between [`PAST`] and now.
    seconds: u64,
    /// The past second that was asked about last.
    second: u64,
    fresh: Lease,
    aside: Lease,
    /// Licences to hand in, made before the clock started.
    stock: VecDeque<(u64, Bytes)>,
}

/// Numbers that may be used, of which the book already says that they are used up.
#[derive(Clone, Copy, Debug, Default)]
struct Lease {
    next: u64,
    until: u64,
}

/// Requests of a mix, out of a supply.
#[derive(Debug)]
pub struct Source<'a> {
    supply: &'a mut Supply,
    book: &'a mut Book,
    mix: Mix,
}

impl Supply {
    /// What there is in a set that is loaded; `hot` licences are asked about all the time.
    ///
    /// # Errors
    /// The set has too few licences.
    pub fn new(dataset: &Dataset, book: &Book, hot: u64) -> Result<Self, String> {
        let now = wall().unix();
        let seconds = u64::try_from(now - PAST.unix() - 60).ok().filter(|seconds| *seconds > 0);
        let mut chance = Chance::of(&[book.seed, 21, u64::try_from(now).unwrap_or(0)]);
        let seconds = seconds.ok_or("the clock of this machine is wrong")?;
        let second = chance.next();
        let hot = Hot::new(dataset, book.loaded, hot)?;
        Ok(Self {
            dataset: dataset.clone(),
            hot,
            chance: Chance::of(&[book.seed, 22]),
            seconds,
            second,
            fresh: Lease::default(),
            aside: Lease::default(),
            stock: VecDeque::new(),
        })
    }
}

impl<'a> Source<'a> {
    /// Requests of this mix. So many of them are to come: those to hand in are made now, as far as memory goes.
    ///
    /// # Errors
    /// There are not as many licences left as would be revoked.
    pub fn new(supply: &'a mut Supply, book: &'a mut Book, mix: &Mix, wanted: u64) -> Result<Self, String> {
        const STOCK_MAX: u64 = 20_000;
        let mut source = Self { supply, book, mix: mix.clone() };
        let parts = |kind: Kind| of(wanted, mix.share(kind));
        let aside = source.supply.aside;
        let left = (source.book.loaded / 4).saturating_sub(source.book.revoked) + (aside.until - aside.next);
        if parts(Kind::Revoke) > left {
            return Err(format!("only {left} licences are left to be revoked: load a larger set, or revoke less often"));
        }
        let stock = u64::try_from(source.supply.stock.len()).unwrap_or(0);
        for _ in stock..parts(Kind::Ingest).min(STOCK_MAX) {
            let made = source.fresh()?;
            source.supply.stock.push_back(made);
        }
        Ok(source)
    }

    /// The next request.
    ///
    /// # Errors
    /// There is none, or the book cannot be written.
    pub fn draw(&mut self) -> Result<Ask, String> {
        let kind = self.mix.pick(&mut self.supply.chance);
        let (lane, request, expectation) = match kind {
            Kind::Ingest => {
                let (number, request) = self.supply.stock.pop_front().map_or_else(|| self.fresh(), Ok)?;
                (Lane::Office(self.supply.dataset.place(number)), request, ingest::STORED)
            }
            Kind::Revoke => {
                let number = self.aside()?;
                let request = revoke::of(&self.supply.dataset.identifier(number)?);
                (Lane::Office(self.supply.dataset.place(number)), request, revoke::DONE)
            }
            Kind::LookUp => {
                let number = self.any();
                (Lane::Consumer, look_up::of(&self.supply.dataset.holder(number)), look_up::COMPLETE)
            }
            Kind::Audit => {
                let number = self.any();
                (Lane::Auditor, audit::of(&self.supply.dataset.identifier(number)?), audit::PAGE)
            }
            _ => (Lane::Verifier, self.verification(kind)?, Expectation::PASSED),
        };
        Ok(Ask { kind, lane, request, expectation })
    }

    fn verification(&mut self, kind: Kind) -> Result<Bytes, String> {
        let number = self.any();
        let Supply { dataset, hot, chance, seconds, second, .. } = &mut *self.supply;
        *second = second.wrapping_add(1);
        let at = PAST.plus(i64::try_from(*second % *seconds).unwrap_or(0));
        Ok(match kind {
            Kind::VerifyIdHot => any(&hot.identifiers, chance)?.clone(),
            Kind::VerifyFile => any(&hot.files, chance)?.1.clone(),
            Kind::VerifyOfd => any(&hot.sealed, chance)?.1.clone(),
            Kind::VerifyFileNew => verify::by_file_at(&any(&hot.files, chance)?.0, at),
            Kind::VerifyOfdNew => verify::by_file_at(&any(&hot.sealed, chance)?.0, at),
            _ => verify::by_identifier(&dataset.identifier(number)?),
        })
    }

    /// Any licence of the set that nobody revokes.
    fn any(&mut self) -> u64 {
        let number = self.supply.chance.next() % self.book.loaded.max(1);
        if is_set_aside(number) { number - 1 } else { number }
    }

    /// A licence that was never handed in.
    fn fresh(&mut self) -> Result<(u64, Bytes), String> {
        let lease = &mut self.supply.fresh;
        if lease.next == lease.until {
            (lease.next, lease.until) = (self.book.next, self.book.next + LEASE);
            self.book.next = lease.until;
            self.book.write()?;
        }
        let number = lease.next;
        lease.next += 1;
        // A sealed document now and then, as in the set; the same share of them.
        Ok((number, ingest::hand_in(&self.supply.dataset.paper(number)?)))
    }

    /// A licence to revoke.
    ///
    /// # Errors
    /// All are revoked.
    pub fn aside(&mut self) -> Result<u64, String> {
        let lease = &mut self.supply.aside;
        if lease.next == lease.until {
            (lease.next, lease.until) = (self.book.revoked, self.book.revoked + LEASE_ASIDE);
            self.book.revoked = lease.until;
            self.book.write()?;
        }
        let number = set_aside(lease.next);
        if number >= self.book.loaded {
            return Err("all licences that are set aside for it are revoked: load a larger set".to_owned());
        }
        lease.next += 1;
        Ok(number)
    }
}

/// So many of these, as a share.
fn of(all: u64, share: f64) -> u64 {
    all.saturating_mul(whole(share * 1_000.0)) / 1_000
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::site::{FRESH, Offices};

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("licet-load-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn book(name: &str, loaded: u64) -> (Dataset, Book) {
        let dataset = Dataset::new(1, &Arc::new(Offices::new(1)));
        let mut book = Book::new(&folder(name), 1);
        book.loaded = loaded;
        (dataset, book)
    }

    #[test]
    fn requests_go_to_whom_they_concern_and_nothing_is_used_twice() {
        let (dataset, mut book) = book("source", 4_000);
        let mut supply = Supply::new(&dataset, &book, 20).unwrap();
        let mix = "verify-id=1,verify-file-new=1,verify-ofd=1,ingest=1,revoke=1,audit=1,look-up=1".parse().unwrap();
        let mut source = Source::new(&mut supply, &mut book, &mix, 1_000).unwrap();
        let (mut once, mut asked) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..1_000 {
            let ask = source.draw().unwrap();
            asked.insert(ask.kind);
            match ask.kind {
                Kind::Ingest | Kind::Revoke => assert!(matches!(ask.lane, Lane::Office(_))),
                Kind::LookUp => assert_eq!(ask.lane, Lane::Consumer),
                Kind::Audit => assert_eq!(ask.lane, Lane::Auditor),
                _ => assert_eq!(ask.lane, Lane::Verifier),
            }
            if matches!(ask.kind, Kind::Ingest | Kind::Revoke | Kind::VerifyFileNew) {
                assert!(once.insert(ask.request), "twice: {:?}", ask.kind);
            }
        }
        assert_eq!(asked.len(), 7);
        // What is used is in the book, so that the next run begins behind it.
        assert!(book.next > FRESH && book.revoked > 100);
        let again = Book::read(&folder("source")).unwrap().unwrap();
        assert_eq!((again.next, again.revoked), (book.next, book.revoked));
    }

    #[test]
    fn nothing_is_asked_about_that_is_revoked_or_not_there() {
        let (dataset, mut book) = book("there", 400);
        let mut supply = Supply::new(&dataset, &book, 1_000).unwrap();
        let allowed: BTreeSet<Bytes> = (0..400)
            .filter(|number| !is_set_aside(*number))
            .map(|number| verify::by_identifier(&dataset.identifier(number).unwrap()))
            .collect();
        let mix = "verify-id=1,verify-id-hot=1".parse().unwrap();
        let mut source = Source::new(&mut supply, &mut book, &mix, 0).unwrap();
        assert!((0..2_000).all(|_| allowed.contains(&source.draw().unwrap().request)));
        assert!(Source::new(&mut supply, &mut book, &Mix::of(Kind::Revoke), 101).unwrap_err().contains("only 100"));
        let mut source = Source::new(&mut supply, &mut book, &Mix::of(Kind::Revoke), 100).unwrap();
        assert!((0..100).all(|_| source.draw().is_ok()));
        assert!(source.draw().unwrap_err().contains("larger set"));
    }
}
