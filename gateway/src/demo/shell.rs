//! What a demo gives to a shell: a file that says how to ask its gateway, which the README and the lines that it prints rest on.

use std::net::SocketAddr;
use std::path::Path;

use super::identity::{AUDIENCE, ISSUER};
use super::licences::Licence;

/// Its name in the folder of the demo.
pub const FILE: &str = "ask.sh";
/// What a token is made in while it is made, in the folder of the demo.
pub const TOKEN: &str = "token";

const FUNCTIONS: &str = include_str!("ask.sh");

/// Where everything of a running demo is, and what its examples are about.
#[derive(Clone, Copy, Debug)]
pub struct Shell<'a> {
    /// The folder of the demo.
    pub folder: &'a Path,
    /// The program that runs.
    pub program: &'a Path,
    /// The address of the gateway.
    pub gateway: SocketAddr,
    /// A licence in force.
    pub licence: &'a Licence,
    /// Another one, of the same office, for a reader to revoke.
    pub spare: &'a Licence,
}

impl Shell<'_> {
    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text =
            "# For a shell: . ask.sh. How to ask this demo, in which everybody and everything is invented.\n".to_owned();
        for (name, value) in [
            ("D", self.folder.display().to_string()),
            ("LICET", self.program.display().to_string()),
            ("URL", format!("https://{}", self.gateway)),
            ("ISSUER", ISSUER.to_owned()),
            ("AUDIENCE", AUDIENCE.to_owned()),
            ("licence", self.licence.metadata.identifier.to_string()),
            ("file", self.folder.join("licences").join(self.licence.file()).display().to_string()),
            ("spare", self.spare.metadata.identifier.to_string()),
        ] {
            text.push_str(&format!("{name}={}\n", quoted(&value)));
        }
        text.push_str(FUNCTIONS);
        text
    }
}

/// One word for a shell, whatever is in it.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_path_holds_is_one_word() {
        let told = |text: &str| {
            let line = format!("printf %s {}", quoted(text));
            std::process::Command::new("sh").args(["-c", &line]).output().unwrap().stdout
        };
        for text in ["", "a b", "it's $HOME `here` \"now\" \\", "'", "\n"] {
            assert_eq!(told(text), text.as_bytes(), "{text:?}");
        }
    }
}
