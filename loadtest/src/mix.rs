//! Which kinds of requests are asked, and how often.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::departments::Chance;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The verdict on any licence of the set, by its identifier.
    VerifyId,
    /// The same on one of the few that are asked about all the time: the verdict is kept.
    VerifyIdHot,
    /// The verdict on a file (JWS) that was asked about before.
    VerifyFile,
    /// The same as of another past second each time: verified anew.
    VerifyFileNew,
    /// The verdict on a sealed OFD that was asked about before.
    VerifyOfd,
    /// The same as of another past second each time.
    VerifyOfdNew,
    /// A licence handed in.
    Ingest,
    /// What is on record of a person.
    LookUp,
    /// What the log says of a licence.
    Audit,
    /// A licence revoked.
    Revoke,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::VerifyId,
        Self::VerifyIdHot,
        Self::VerifyFile,
        Self::VerifyFileNew,
        Self::VerifyOfd,
        Self::VerifyOfdNew,
        Self::Ingest,
        Self::LookUp,
        Self::Audit,
        Self::Revoke,
    ];

    /// Its name in mixes and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::VerifyId => "verify-id",
            Self::VerifyIdHot => "verify-id-hot",
            Self::VerifyFile => "verify-file",
            Self::VerifyFileNew => "verify-file-new",
            Self::VerifyOfd => "verify-ofd",
            Self::VerifyOfdNew => "verify-ofd-new",
            Self::Ingest => "ingest",
            Self::LookUp => "look-up",
            Self::Audit => "audit",
            Self::Revoke => "revoke",
        }
    }
}

/// Kinds with their weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix(Vec<(Kind, u32)>);

impl Mix {
    /// One kind alone.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self(vec![(kind, 1)])
    }

    /// What approval systems, offices and auditors of a city ask.
    #[must_use]
    pub fn standard() -> Self {
        Self(vec![
            (Kind::VerifyId, 600),
            (Kind::VerifyFile, 150),
            (Kind::VerifyOfd, 100),
            (Kind::VerifyOfdNew, 20),
            (Kind::Ingest, 50),
            (Kind::LookUp, 50),
            (Kind::Audit, 28),
            // Each makes the gateway forget what it kept of one office: with one in a hundred nothing would ever be kept for long.
            (Kind::Revoke, 2),
        ])
    }

    /// Whether this kind is in it.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.0.iter().any(|(other, _)| *other == kind)
    }

    /// The share of this kind, from 0 to 1.
    #[must_use]
    pub fn share(&self, kind: Kind) -> f64 {
        let of = self.0.iter().filter(|(other, _)| *other == kind).map(|(_, weight)| f64::from(*weight)).sum::<f64>();
        of / self.0.iter().map(|(_, weight)| f64::from(*weight)).sum::<f64>()
    }

    /// A kind by chance, as often as its weight says.
    pub fn pick(&self, chance: &mut Chance) -> Kind {
        let total: u64 = self.0.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = chance.next() % total.max(1);
        for (kind, weight) in &self.0 {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return *kind,
            }
        }
        Kind::VerifyId
    }
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts: Vec<(Kind, u32)> = Vec::new();
        for part in text.split(',') {
            let (name, weight) = part.split_once('=').unwrap_or((part, "1"));
            let names = || Kind::ALL.map(Kind::name).join(", ");
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name.trim());
            let kind = kind.ok_or_else(|| format!("{name} is no kind of request; there are {}", names()))?;
            let weight = weight.trim().parse().ok().filter(|weight| (1..=1_000_000).contains(weight));
            let weight = weight.ok_or_else(|| format!("{part}: the weight is a number from 1 to 1000000"))?;
            if parts.iter().any(|(other, _)| *other == kind) {
                return Err(format!("{name} is there twice"));
            }
            parts.push((kind, weight));
        }
        Ok(Self(parts))
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (kind, weight)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{}={weight}", kind.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixes_are_read_and_written() {
        let text = "verify-id=70,verify-file=20,ingest=5,look-up=3,audit=1,revoke=1";
        let mix: Mix = text.parse().unwrap();
        assert_eq!(mix.to_string(), text);
        assert_eq!((mix.share(Kind::VerifyId), mix.share(Kind::VerifyOfd)), (0.7, 0.0));
        assert_eq!("audit".parse(), Ok(Mix::of(Kind::Audit)));
        for wrong in ["", "verify", "audit=0", "audit=x", "audit=1,audit=2", "audit=1,,"] {
            assert!(wrong.parse::<Mix>().is_err(), "{wrong}");
        }
        assert!(Kind::ALL.iter().all(|kind| Mix::of(*kind).to_string().parse() == Ok(Mix::of(*kind))));
    }

    #[test]
    fn kinds_come_as_often_as_their_weights_say() {
        let (mix, mut chance) = ("verify-id=7,ingest=2,audit=1".parse::<Mix>().unwrap(), Chance::of(&[1]));
        let drawn: Vec<_> = (0..10_000).map(|_| mix.pick(&mut chance)).collect();
        for (kind, wanted) in [(Kind::VerifyId, 7_000), (Kind::Ingest, 2_000), (Kind::Audit, 1_000)] {
            let found = drawn.iter().filter(|other| **other == kind).count();
            assert!(found.abs_diff(wanted) < 200, "{kind:?} {found}");
        }
    }
}
