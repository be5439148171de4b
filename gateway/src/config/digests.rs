//! What a configuration says, by digests: so that it shows on record that it was changed, and where, without saying what it says.

use std::collections::BTreeMap;
use std::path::Path;

use crypto::digest::Sha256;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{Config, Faults};

/// The whole file, in the place of a section.
const FILE: &str = "(file)";

/// Digests of a configuration: of the file, of each of its sections, and of what it names that decides who may do what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests(BTreeMap<String, Sha256>);

/// What a part was, and what it is; absent where there was none, or is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Sha256>,
    /// Now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Sha256>,
}

impl Digests {
    /// Of a configuration, as text and as what it says. A section has the same digest however it is laid out.
    pub(super) fn of(text: &str, sections: &Table) -> Result<Self, Faults> {
        let mut digests = BTreeMap::from([(FILE.to_owned(), Sha256::of(&[text.as_bytes()]))]);
        for (name, section) in sections {
            let json = serde_json::to_vec(section).map_err(|error| Faults::one(name, error.to_string()))?;
            digests.insert(name.clone(), Sha256::of(&[&json]));
        }
        Ok(Self(digests))
    }

    /// With what a key of the configuration stands for.
    pub fn add(&mut self, key: &str, content: &[u8]) {
        self.0.insert(key.to_owned(), Sha256::of(&[content]));
    }

    /// What a section is, where there is one.
    #[must_use]
    pub fn of_section(&self, name: &str) -> Option<Sha256> {
        self.0.get(name).copied()
    }

    /// The names of its parts.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The parts that are not what they were.
    #[must_use]
    pub fn since(&self, before: &Self) -> BTreeMap<String, Changed> {
        let names = before.0.keys().chain(self.0.keys());
        let pair = |name: &String| Changed { before: before.0.get(name).copied(), after: self.0.get(name).copied() };
        names.map(|name| (name.clone(), pair(name))).filter(|(_, changed)| changed.before != changed.after).collect()
    }
}

impl Config {
    /// The digests of what the file said.
    #[must_use]
    pub const fn said(&self) -> &Digests {
        &self.digests
    }

    /// The same, with those of the certificates that it names for who calls and for the gateway itself.
    ///
    /// # Errors
    /// When one of these files cannot be read.
    pub fn digests(&self) -> Result<Digests, Faults> {
        let mut digests = self.said().clone();
        let read = |key: &str, path: &Path| {
            std::fs::read(path).map_err(|error| Faults::one(key, format!("{} cannot be read: {error}", path.display())))
        };
        let mut add = |key: &str, paths: &[&Path]| {
            let files: Vec<Vec<u8>> = paths.iter().map(|path| read(key, path)).collect::<Result<_, _>>()?;
            digests.add(key, &files.concat());
            Ok::<_, Faults>(())
        };
        let anchors: Vec<&Path> = self.server.client_anchors.iter().map(AsRef::as_ref).collect();
        add("server.client_anchors", &anchors)?;
        add("server.certificate", &[&self.server.certificate])?;
        let keys: Vec<&Path> = self.identity_providers.iter().map(|provider| provider.keys.as_path()).collect();
        if !keys.is_empty() {
            add("identity_providers.keys", &keys)?;
        }
        if let Some(witnesses) = &self.record.witnesses {
            add("record.witnesses.policy", &[&witnesses.policy])?;
        }
        if let Some(signing) = &self.signing {
            add("signing.certificate", &[&signing.certificate])?;
        }
        Ok(digests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "[[callers]]\nname = 'a'\nroles = ['issuer']\n[policy]\nraw_sm2 = false\n";

    fn of(text: &str) -> Digests {
        Digests::of(text, &toml::from_str(text).unwrap()).unwrap()
    }

    fn changed(after: &str) -> Vec<String> {
        of(after).since(&of(BEFORE)).into_keys().collect()
    }

    #[test]
    fn a_change_is_named_by_its_section() {
        assert_eq!(changed(BEFORE), [""; 0]);
        assert_eq!(changed(&format!("# a remark\n{BEFORE}")), [FILE]);
        assert_eq!(changed(&BEFORE.replace("'issuer'", "'issuer', 'operator'")), [FILE, "callers"]);
        assert_eq!(changed(&format!("{BEFORE}[audit]\n")), [FILE, "audit"]);
        assert_eq!(changed("[policy]\nraw_sm2 = true\n"), [FILE, "callers", "policy"]);
    }

    #[test]
    fn what_came_and_what_went_has_one_side() {
        let (before, mut after) = (of(BEFORE), of(BEFORE));
        after.add("record.key", b"key");
        let side = Some(Sha256::of(&[b"key"]));
        assert_eq!(after.since(&before)["record.key"], Changed { before: None, after: side });
        assert_eq!(before.since(&after)["record.key"], Changed { before: side, after: None });
        let json = serde_json::to_string(&after).unwrap();
        assert_eq!(serde_json::from_str::<Digests>(&json).unwrap(), after);
    }
}
