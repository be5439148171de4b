//! Two configurations that differ in several things at the same time: rules, key of receipts, certificate of the server, a limit, and
//! a caller's role.

use std::fs;
use std::path::PathBuf;

use crypto::issue::pem;
use toml::{Table, Value};

use super::configuration;
use super::facts::Which;
use crate::site::{Credential, Site, caller_section, organisation, write};

/// A caller that may verify under one of them alone.
pub(super) const READER: &str = "reader";
/// Its organisation.
const READERS: u32 = 50;
/// The largest body under the other one: a question fits, a sealed document does not.
const BODY_MAX: i64 = 16_384;

/// Both, ready to be put in place.
#[derive(Debug)]
pub(super) struct Pair {
    folder: PathBuf,
    texts: [String; 2],
    certificates: [Vec<u8>; 2],
}

impl Pair {
    /// Writes the keys and certificates that they need.
    pub(super) fn write(site: &Site) -> Result<Self, String> {
        let text = fs::read_to_string(site.configuration()).map_err(|error| error.to_string())?;
        let [a, b] = [("a", true), ("b", false)].map(|(name, is_first)| {
            let (server, signer) = site.reissued(name);
            let file = |kind: &str, credential: &Credential| {
                let certificate = pem::encode("CERTIFICATE", &credential.certificate);
                [(format!("{kind}-{name}.pem"), certificate), (format!("{kind}-{name}.key"), credential.key.pem())]
            };
            write(&site.folder, &[file("server", &server), file("receipts", &signer)].concat())?;
            Ok::<_, String>((changed(&text, name, is_first)?, server.certificate))
        });
        let ((a, first), (b, second)) = (a?, b?);
        Ok(Self { folder: site.folder.clone(), texts: [a, b], certificates: [first, second] })
    }

    /// Puts one in place, whole.
    pub(super) fn put(&self, which: Which) -> Result<PathBuf, String> {
        let [a, b] = &self.texts;
        let text = if which == Which::A { a } else { b };
        write(&self.folder, &[("reloaded.toml.new".to_owned(), text.clone())])?;
        let path = configuration(&self.folder);
        fs::rename(self.folder.join("reloaded.toml.new"), &path).map_err(|error| error.to_string())?;
        Ok(path)
    }

    /// The certificate that a server shows under this one.
    pub(super) fn certificate(&self, which: Which) -> &[u8] {
        let [a, b] = &self.certificates;
        if which == Which::A { a } else { b }
    }
}

/// The configuration of a site, with what is its own.
fn changed(text: &str, name: &str, is_first: bool) -> Result<String, String> {
    let role = if is_first { "verifier" } else { "consumer" };
    let text = [text, &caller_section(READER, &organisation(READERS), role)].concat();
    let mut table: Table = text.parse().map_err(|error| format!("the configuration of the site: {error}"))?;
    let server = table.get_mut("server").and_then(Value::as_table_mut).ok_or("a site without a server")?;
    server.insert("certificate".to_owned(), format!("server-{name}.pem").into());
    server.insert("key".to_owned(), format!("server-{name}.key").into());
    if !is_first {
        server.insert("body_bytes_max".to_owned(), BODY_MAX.into());
    }
    let policy = [("name".to_owned(), name.into()), ("version".to_owned(), i64::from(!is_first).into())];
    table.insert("policy".to_owned(), Value::Table(policy.into_iter().collect()));
    let signing = [("key", format!("receipts-{name}.key")), ("certificate", format!("receipts-{name}.pem"))];
    let signing = signing.map(|(key, file)| (key.to_owned(), file.into()));
    table.insert("signing".to_owned(), Value::Table(signing.into_iter().collect()));
    toml::to_string(&table).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_differ_in_what_can_be_seen() {
        let folder = std::env::temp_dir().join(format!("licet-load-pair-{}", std::process::id()));
        let site = Site::open(&folder, 5).unwrap();
        let pair = Pair::write(&site).unwrap();
        let read = |which| fs::read_to_string(pair.put(which).unwrap()).unwrap().parse::<Table>().unwrap();
        let (a, b) = (read(Which::A), read(Which::B));
        for key in ["policy", "signing", "server", "callers"] {
            assert_ne!(a[key], b[key], "{key}");
        }
        for key in ["storage", "record", "trust"] {
            assert_eq!(a[key], b[key], "{key}");
        }
        assert_ne!(pair.certificate(Which::A), pair.certificate(Which::B));
        assert!(folder.join("receipts-b.key").exists() && folder.join("server-a.pem").exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
