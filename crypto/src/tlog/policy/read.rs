//! Reading policies, line by line.

use std::collections::{BTreeMap, BTreeSet};

use super::{Group, Log, Member, Policy, PolicyError, PolicyFault, Witness};
use crate::tlog::text::decimal;
use crate::tlog::{KeyType, VerifierKey};

/// What has been read so far.
#[derive(Default)]
struct Reading {
    policy: Policy,
    names: BTreeMap<String, Member>,
    /// Who is a member of some group already.
    members: BTreeSet<String>,
    has_quorum: bool,
}

pub(super) fn policy(bytes: &[u8]) -> Result<Policy, PolicyError> {
    if bytes.len() > Policy::BYTES_MAX {
        return Err(PolicyError { line_number: 1, fault: PolicyFault::TooMany });
    }
    let (mut reading, mut line_number) = (Reading::default(), 0);
    for line in bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n') {
        line_number += 1;
        reading.line(line).map_err(|fault| PolicyError { line_number, fault })?;
    }
    if reading.has_quorum { Ok(reading.policy) } else { Err(PolicyError { line_number, fault: PolicyFault::NoQuorum }) }
}

impl Reading {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyFault> {
        if line.iter().any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f) {
            return Err(PolicyFault::Character);
        }
        let line = line.trim_ascii_start();
        if line.is_empty() || line.starts_with(b"#") {
            return Ok(());
        }
        // The specification lets names be any bytes; a name that cannot be shown in JSON is of no use here.
        let line = str::from_utf8(line).or(Err(PolicyFault::Character))?;
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            ["log", key] => self.log(key, None),
            ["log", key, url] => self.log(key, Some(url)),
            ["witness", name, key] => self.witness(name, key, None),
            ["witness", name, key, url] => self.witness(name, key, Some(url)),
            ["group", name, threshold, members @ ..] if !members.is_empty() => self.group(name, threshold, members),
            ["quorum", name] => self.quorum(name),
            ["log" | "witness" | "group" | "quorum", ..] => Err(PolicyFault::Length),
            _ => Err(PolicyFault::Line),
        }
    }

    fn log(&mut self, key: &str, url: Option<&str>) -> Result<(), PolicyFault> {
        let key: VerifierKey = key.parse().map_err(PolicyFault::Key)?;
        if key.kind() == KeyType::Cosignature {
            return Err(PolicyFault::KeyType);
        }
        if self.policy.logs.iter().any(|log| log.key.public_key() == key.public_key()) {
            return Err(PolicyFault::DuplicateKey);
        }
        push(&mut self.policy.logs, Log { key, url: url.map(str::to_owned) }).map(|_| ())
    }

    fn witness(&mut self, name: &str, key: &str, url: Option<&str>) -> Result<(), PolicyFault> {
        let key: VerifierKey = key.parse().map_err(PolicyFault::Key)?;
        if key.kind() != KeyType::Cosignature {
            return Err(PolicyFault::KeyType);
        }
        if self.policy.witnesses.iter().any(|witness| witness.key.public_key() == key.public_key()) {
            return Err(PolicyFault::DuplicateKey);
        }
        let witness = Witness { name: name.to_owned(), key, url: url.map(str::to_owned) };
        let at = push(&mut self.policy.witnesses, witness)?;
        self.define(name, Member::Witness(at))
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), PolicyFault> {
        let enough = match threshold {
            "any" => Some(1),
            "all" => Some(members.len()),
            count => decimal(count).and_then(|count| usize::try_from(count).ok()),
        };
        let threshold = enough.filter(|count| (1..=members.len()).contains(count)).ok_or(PolicyFault::Threshold)?;
        let mut found = Vec::with_capacity(members.len());
        for member in members {
            found.push(*self.names.get(*member).ok_or(PolicyFault::UnknownName)?);
            if !self.members.insert((*member).to_owned()) {
                return Err(PolicyFault::MemberTwice);
            }
        }
        let at = push(&mut self.policy.groups, Group { name: name.to_owned(), threshold, members: found })?;
        self.define(name, Member::Group(at))
    }

    fn quorum(&mut self, name: &str) -> Result<(), PolicyFault> {
        if self.has_quorum {
            return Err(PolicyFault::SecondQuorum);
        }
        self.has_quorum = true;
        if name != "none" {
            self.policy.quorum = Some(*self.names.get(name).ok_or(PolicyFault::UnknownName)?);
        }
        Ok(())
    }

    fn define(&mut self, name: &str, member: Member) -> Result<(), PolicyFault> {
        let is_new = name != "none" && self.names.insert(name.to_owned(), member).is_none();
        if is_new { Ok(()) } else { Err(PolicyFault::DuplicateName) }
    }
}

/// Where it was put.
fn push<T>(list: &mut Vec<T>, one: T) -> Result<usize, PolicyFault> {
    if list.len() >= Policy::MEMBERS_MAX {
        return Err(PolicyFault::TooMany);
    }
    list.push(one);
    Ok(list.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::testing::Kit;
    use crate::tlog::{NoteSigner, TlogError};

    #[track_caller]
    fn refused(text: &str, line_number: usize, fault: PolicyFault) {
        assert_eq!(policy(text.as_bytes()), Err(PolicyError { line_number, fault }), "{text}");
    }

    fn key(name: &str, kind: KeyType) -> VerifierKey {
        Kit::new(name, kind).key().clone()
    }

    #[test]
    fn blanks_and_comments_are_passed_over() {
        let (log, w) = (key("log", KeyType::Ed25519), key("w", KeyType::Cosignature));
        let text = format!("# 注释 \n\n \t\n\tlog\t{log}  https://log.example/ \n # x\nwitness 见证 {w}\nquorum 见证");
        let read = policy(text.as_bytes()).unwrap();
        assert_eq!(read.logs()[0].url.as_deref(), Some("https://log.example/"));
        assert_eq!((read.log_keys(), read.witnesses()[0].name.as_str()), (vec![log], "见证"));
        // Comments may be of any bytes.
        assert_eq!(policy(b"# \xff\nquorum none\n"), Ok(Policy::default()));
    }

    #[test]
    fn lines_that_are_wrong_are_named() {
        let (log, w) = (key("log", KeyType::Ed25519), key("w", KeyType::Cosignature));
        let (sm2, v) = (key("log", KeyType::Sm2), key("v", KeyType::Cosignature));
        let two = format!("witness v {v}\nwitness w {w}\n");
        assert!(policy(format!("log {log}\nlog {sm2}\nquorum none\n").as_bytes()).is_ok());
        refused("", 1, PolicyFault::NoQuorum);
        refused(&two, 2, PolicyFault::NoQuorum);
        refused("quorum none\nquorum none\n", 2, PolicyFault::SecondQuorum);
        refused("quorum", 1, PolicyFault::Length);
        refused("quorum none w", 1, PolicyFault::Length);
        refused("quorum w\n", 1, PolicyFault::UnknownName);
        refused(&format!("quorum w\n{two}"), 1, PolicyFault::UnknownName);
        refused("Quorum none\n", 1, PolicyFault::Line);
        refused("quorum none\r\n", 1, PolicyFault::Character);
        refused("quorum\u{b}none\n", 1, PolicyFault::Character);
        refused("\n\nlog x\n", 3, PolicyFault::Key(TlogError::KeyMalformed));
        refused(&format!("log {w}\n"), 1, PolicyFault::KeyType);
        refused(&format!("witness w {log}\n"), 1, PolicyFault::KeyType);
        refused(&format!("log {log}\nlog {}\n", log.renamed("x").unwrap()), 2, PolicyFault::DuplicateKey);
        refused(&format!("witness w {w}\nwitness x {w}\n"), 2, PolicyFault::DuplicateKey);
        refused(&format!("witness w {w}\nwitness w {v}\n"), 2, PolicyFault::DuplicateName);
        refused(&format!("witness none {w}\n"), 1, PolicyFault::DuplicateName);
        refused(&format!("log {log} a b\n"), 1, PolicyFault::Length);
        refused(&format!("{two}group g all\n"), 3, PolicyFault::Length);
        refused(&format!("{two}group g 0 v w\n"), 3, PolicyFault::Threshold);
        refused(&format!("{two}group g 3 v w\n"), 3, PolicyFault::Threshold);
        refused(&format!("{two}group g 01 v w\n"), 3, PolicyFault::Threshold);
        refused(&format!("{two}group g most v w\n"), 3, PolicyFault::Threshold);
        refused(&format!("{two}group g any v v\n"), 3, PolicyFault::MemberTwice);
        refused(&format!("{two}group g any v w\ngroup h any w\n"), 4, PolicyFault::MemberTwice);
        refused(&format!("{two}group g any v none\n"), 3, PolicyFault::UnknownName);
        // A group cannot be in itself, nor in one that it has.
        refused(&format!("{two}group g any v g\n"), 3, PolicyFault::UnknownName);
        refused(&format!("{two}group g any h v\ngroup h any g\n"), 3, PolicyFault::UnknownName);
        refused(&format!("{two}group v any w\n"), 3, PolicyFault::DuplicateName);
        assert_eq!(policy(b"witness \xff x\n").unwrap_err().fault, PolicyFault::Character);
    }

    #[test]
    fn there_is_an_end_to_it() {
        let w = key("w", KeyType::Cosignature);
        let mut text = format!("witness w {w}\ngroup g0 any w\n");
        for n in 1..=Policy::MEMBERS_MAX {
            text += &format!("group g{n} any g{}\n", n - 1);
        }
        refused(&text, Policy::MEMBERS_MAX + 2, PolicyFault::TooMany);
        let text = text.replace("group g256 any g255\n", "quorum g255\n");
        let long = policy(text.as_bytes()).unwrap();
        assert_eq!(policy(long.to_string().as_bytes()).as_ref(), Ok(&long));
        assert_eq!(policy(&vec![b'#'; Policy::BYTES_MAX + 1]).unwrap_err().fault, PolicyFault::TooMany);
    }

    #[test]
    fn what_is_said_of_a_fault() {
        let error = policy(b"\nlog x\n").unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), ("log-key-malformed", "Line 2: This is not a verifier key."));
        let error = policy(b"x\n").unwrap_err();
        assert_eq!((error.code(), error.text().zh.as_ref()), ("log-policy-line", "第 1 行：该行不以策略关键字开头。"));
    }
}
