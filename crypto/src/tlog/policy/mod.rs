//! Policies (C2SP tlog-policy): which logs and witnesses are known, and how many witnesses are enough.

mod error;
mod read;

use std::fmt;
use std::str::FromStr;

pub use error::{PolicyError, PolicyFault};

use super::{Checkpoint, Note, TlogError, VerifierKey};
use crate::budget::Budget;

/// Logs, witnesses and the rule. The default knows nobody and asks for no witness.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    /// Each refers to witnesses and to groups before it.
    groups: Vec<Group>,
    quorum: Option<Member>,
}

/// A log that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Its key. The name is the log's origin.
    pub key: VerifierKey,
    /// Where it is, for whom it concerns.
    pub url: Option<String>,
}

/// A witness that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name in the policy.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Where it takes checkpoints.
    pub url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: String,
    threshold: usize,
    members: Vec<Member>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// A witness of the policy that signed a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cosigner {
    /// Its name in the policy.
    pub witness: String,
    /// When it said that it had seen nothing larger, in seconds since 1970.
    pub time: u64,
}

/// A checkpoint whose signatures were verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// What the log signed.
    pub checkpoint: Checkpoint,
    /// The witnesses that signed it, each once, in the order of the policy.
    pub cosigners: Vec<Cosigner>,
    /// Whether they are as many as the policy demands.
    pub is_witnessed: bool,
}

impl Policy {
    /// The longest policy that is read, in bytes.
    pub const BYTES_MAX: usize = 256 << 10;
    /// The most logs, the most witnesses and the most groups.
    pub const MEMBERS_MAX: usize = 256;

    /// Reads a policy.
    ///
    /// # Errors
    /// [`PolicyError`], which names the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        read::policy(bytes)
    }

    /// The logs, in the order of the file.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The witnesses, in the order of the file.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// The keys of the logs.
    #[must_use]
    pub fn log_keys(&self) -> Vec<VerifierKey> {
        self.logs.iter().map(|log| log.key.clone()).collect()
    }

    /// Whether any witness is demanded at all.
    #[must_use]
    pub const fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// Whether these witnesses are as many as the policy demands.
    #[must_use]
    pub fn is_met(&self, cosigners: &[Cosigner]) -> bool {
        let signed: Vec<bool> =
            self.witnesses.iter().map(|witness| cosigners.iter().any(|cosigner| cosigner.witness == witness.name)).collect();
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        let holds = |member: &Member, groups: &[bool]| match member {
            Member::Witness(at) => signed.get(*at) == Some(&true),
            Member::Group(at) => groups.get(*at) == Some(&true),
        };
        for group in &self.groups {
            let count = group.members.iter().filter(|member| holds(member, &groups)).count();
            groups.push(count >= group.threshold);
        }
        self.quorum.is_none_or(|quorum| holds(&quorum, &groups))
    }

    /// Verifies a checkpoint: that one of these keys signed it for its own log, and who of the policy's witnesses did. Too few of
    /// them are no error here: that state is one of its own.
    ///
    /// # Errors
    /// [`TlogError::Checkpoint`]; as [`Note::verify`]; [`TlogError::Origin`] when a log's key signed for another log;
    /// [`TlogError::Unsigned`] when no log's did.
    pub fn observe(&self, note: &Note, log_keys: &[VerifierKey], budget: &mut Budget) -> Result<Observed, TlogError> {
        let checkpoint = Checkpoint::of(note)?;
        let signed = note.verify(log_keys.iter().chain(self.witnesses.iter().map(|witness| &witness.key)), budget)?;
        let mut logs = signed.iter().filter(|signed| log_keys.contains(signed.key)).peekable();
        if logs.peek().is_none() {
            return Err(TlogError::Unsigned);
        }
        if !logs.any(|signed| signed.key.name() == checkpoint.origin()) {
            return Err(TlogError::Origin);
        }
        let newest = |key: &VerifierKey| signed.iter().filter(|signed| signed.key == key).filter_map(|signed| signed.time).max();
        let cosigner = |witness: &Witness| Some(Cosigner { witness: witness.name.clone(), time: newest(&witness.key)? });
        let cosigners: Vec<Cosigner> = self.witnesses.iter().filter_map(cosigner).collect();
        let is_witnessed = self.is_met(&cosigners);
        Ok(Observed { checkpoint, cosigners, is_witnessed })
    }

    fn name_of(&self, member: Member) -> &str {
        match member {
            Member::Witness(at) => self.witnesses.get(at).map_or("", |witness| &witness.name),
            Member::Group(at) => self.groups.get(at).map_or("", |group| &group.name),
        }
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = |url: &Option<String>| url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
        self.logs.iter().try_for_each(|log| writeln!(f, "log {}{}", log.key, url(&log.url)))?;
        self.witnesses.iter().try_for_each(|one| writeln!(f, "witness {} {}{}", one.name, one.key, url(&one.url)))?;
        for group in &self.groups {
            write!(f, "group {} {}", group.name, group.threshold)?;
            group.members.iter().try_for_each(|member| write!(f, " {}", self.name_of(*member)))?;
            writeln!(f)?;
        }
        writeln!(f, "quorum {}", self.quorum.map_or("none", |quorum| self.name_of(quorum)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::merkle::EMPTY;
    use crate::tlog::testing::Kit;
    use crate::tlog::{KeyType, NoteSigner, SignatureLine, cosignature};

    fn witnesses() -> Vec<(String, Kit)> {
        ["X1", "X2", "X3", "Y1", "Y2", "Y3"].map(|name| (name.to_owned(), Kit::new(name, KeyType::Cosignature))).into()
    }

    /// The example of the specification.
    fn example() -> Policy {
        let mut text = String::new();
        for (name, kit) in witnesses() {
            text += &format!("witness {name} {} https://{name}.example/\n", kit.key());
        }
        text += "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n";
        text += "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";
        text.parse().unwrap()
    }

    fn met(policy: &Policy, names: &str) -> bool {
        let cosigners: Vec<Cosigner> =
            names.split_whitespace().map(|name| Cosigner { witness: name.to_owned(), time: 0 }).collect();
        policy.is_met(&cosigners)
    }

    #[test]
    fn the_example_of_the_specification() {
        let policy = example();
        assert_eq!(policy.to_string().parse(), Ok(policy.clone()));
        for (names, expected) in [
            ("", false),
            ("X1 X2", false),
            ("Y1 Y2 Y3", false),
            ("X1 Y1", false),
            ("X1 X1 Y1", false),
            ("X1 X3 Y2", true),
            ("X1 X2 X3 Y1 Y2 Y3", true),
            ("X-and-Y", false),
            ("Z1 Z2 Z3", false),
        ] {
            assert_eq!(met(&policy, names), expected, "{names}");
        }
    }

    #[test]
    fn a_single_witness_and_none() {
        assert!(met(&Policy::default(), "") && !Policy::default().asks_for_witnesses());
        assert_eq!("quorum none".parse(), Ok(Policy::default()));
        let key = Kit::new("w", KeyType::Cosignature);
        let policy: Policy = format!("witness w {}\nquorum w\n", key.key()).parse().unwrap();
        assert!(met(&policy, "w") && !met(&policy, "") && policy.asks_for_witnesses());
    }

    #[test]
    fn who_signed_and_when() {
        let (policy, kits) = (example(), witnesses());
        let log = Kit::new("log.example", KeyType::Ed25519);
        let mut note = Checkpoint::new("log.example", 0, EMPTY).unwrap().note().unwrap();
        let keys = [log.key().clone()];
        let observe = |note: &Note, keys: &[VerifierKey]| policy.observe(note, keys, &mut Budget::for_document());
        let line = |at: usize, time: u64, note: &Note| cosignature::sign(&kits[at].1, note.text(), time).unwrap();

        note.add(line(1, 5, &note)).unwrap();
        assert_eq!(observe(&note, &keys), Err(TlogError::Unsigned), "witnesses without the log");
        note.add(SignatureLine::sign(&log, note.text()).unwrap()).unwrap();
        let seen = observe(&note, &keys).unwrap();
        assert_eq!((seen.cosigners, seen.is_witnessed), (vec![Cosigner { witness: "X2".to_owned(), time: 5 }], false));

        note.add(line(0, 7, &note)).unwrap();
        note.add(line(5, 6, &note)).unwrap();
        let again = format!("{note}{}\n", line(5, 9, &note));
        let seen = observe(&Note::parse(again.as_bytes()).unwrap(), &keys).unwrap();
        let found: Vec<(&str, u64)> = seen.cosigners.iter().map(|one| (one.witness.as_str(), one.time)).collect();
        assert_eq!((found, seen.is_witnessed), (vec![("X1", 7), ("X2", 5), ("Y3", 9)], true));

        note.add(cosignature::sign(&kits[2].1, "another\n", 7).unwrap()).unwrap();
        assert_eq!(observe(&note, &keys), Err(TlogError::BadSignature { name: "X3".to_owned() }));
    }

    #[test]
    fn a_log_signs_for_itself_alone() {
        let other = Kit::new("other.example", KeyType::Ed25519);
        let mut note = Checkpoint::new("log.example", 0, EMPTY).unwrap().note().unwrap();
        note.add(SignatureLine::sign(&other, note.text()).unwrap()).unwrap();
        let seen = Policy::default().observe(&note, &[other.key().clone()], &mut Budget::for_document());
        assert_eq!(seen, Err(TlogError::Origin));
    }
}
