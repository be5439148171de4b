//! Where a key comes from: a file, or a command that prints it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// How many hexadecimal digits alone are taken for a key, and not for a name.
const KEY_DIGITS: usize = 32;

/// Where a key, a token or another secret comes from: the path of a file, or a command that prints it, which is how keys of a KMS or an
/// HSM come in: `{ command = ["/usr/bin/hook", "argument"], timeout_ms = 5000 }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "must be the path of a file, or { command = [\"/path/of/program\", …], timeout_ms = 5000 }")]
pub enum KeySource {
    /// A file that its owner alone may read.
    File(PathBuf),
    /// A command that prints it.
    Command(KeyCommand),
}

/// A command that prints a key. No shell runs it, it gets no environment, and it is killed when its time is over.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct KeyCommand {
    /// The whole path of the program, and its arguments.
    pub command: Vec<String>,
    /// How long it may take, in milliseconds. Default 5000.
    pub timeout_ms: u64,
}

/// The same as it is written, before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    command: Vec<String>,
    #[serde(default = "timeout_ms")]
    timeout_ms: u64,
}

impl TryFrom<Written> for KeyCommand {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { command, timeout_ms } = written;
        if !command.first().is_some_and(|program| program.starts_with('/')) {
            return Err("command must begin with the whole path of a program");
        }
        if !(1..=60_000).contains(&timeout_ms) {
            return Err("timeout_ms must be from 1 to 60000");
        }
        Ok(Self { command, timeout_ms })
    }
}

const fn timeout_ms() -> u64 {
    5_000
}

impl KeyCommand {
    /// [`Self::timeout_ms`].
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// The path of the program.
    #[must_use]
    pub fn program(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }
}

impl KeySource {
    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Command(_) => None,
        }
    }

    pub(super) const fn file_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Command(_) => None,
        }
    }
}

/// Written out, so that the table is described once, with [`KeySource`], and not with every key.
impl JsonSchema for KeySource {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KeySource".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, { "type": "object" }] })
    }
}

impl From<PathBuf> for KeySource {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&str> for KeySource {
    fn from(path: &str) -> Self {
        Self::File(path.into())
    }
}

/// Whether somebody wrote a key where the name of the file with it belongs. Paths were made whole: a key is the last part of one.
fn is_key(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_hex = name.len() >= KEY_DIGITS && name.chars().all(|c| c.is_ascii_hexdigit());
    is_hex || path.to_string_lossy().contains("-----BEGIN ")
}

/// What it is called where something is wrong with it. Arguments of a command are not told: they may name what is secret.
impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) if is_key(path) => f.write_str("this looks like a key, not the name of a file, and"),
            Self::File(path) => path.display().fmt(f),
            Self::Command(hook) => write!(f, "the command {}", hook.program()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Section {
        key: KeySource,
    }

    #[test]
    fn a_key_in_place_of_a_file_is_not_shown() {
        for key in ["0123456789abcdefABCDEF0123456789", "-----BEGIN PRIVATE KEY-----\nMIGH/AgEA\n-----END PRIVATE KEY-----"] {
            let shown = KeySource::File(Path::new("/etc/licet").join(key)).to_string();
            assert_eq!(shown, "this looks like a key, not the name of a file, and");
        }
        for path in ["/etc/licet/value.key", "/etc/0123456789abcdef0123456789abcdef/key", "/etc/0123456789abcdef0123456789abcde"]
        {
            assert_eq!(KeySource::from(path).to_string(), path);
        }
    }

    #[test]
    fn a_path_or_a_command() {
        let read = |text: &str| toml::from_str::<Section>(&format!("key = {text}")).map(|section| section.key);
        assert_eq!(read("'a.key'").unwrap(), "a.key".into());
        let hook = read("{ command = ['/bin/hook', 'one'] }").unwrap();
        let KeySource::Command(command) = &hook else { panic!("{hook}") };
        assert_eq!((command.program(), command.timeout()), ("/bin/hook", Duration::from_secs(5)));
        assert_eq!((hook.to_string(), hook.file()), ("the command /bin/hook".to_owned(), None));
        for bad in [
            "3",
            "{ command = [] }",
            "{ command = ['hook'] }",
            "{ command = ['/hook'], timeout_ms = 0 }",
            "{ command = ['/hook'], timeout_ms = 60001 }",
            "{ command = ['/hook'], shell = true }",
            "{ timeout_ms = 5 }",
        ] {
            assert!(read(bad).unwrap_err().to_string().contains("must be the path of a file, or { command"), "{bad}");
        }
    }
}
