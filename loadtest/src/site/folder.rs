//! A folder with everything that a gateway needs, and that its callers need.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crypto::issue::{CertificateBuilder, KeyType, SigningKey, pem};

use super::authority::{Authority, Credential, client_config};
use super::book::Book;
use super::callers::{CALLERS, uri};
use super::offices::Offices;
use super::{catalogue, configuration};
use crate::departments::Chance;
use crate::target::{Connection, Door};

/// A folder for one gateway.
#[derive(Debug)]
pub struct Site {
    /// The folder.
    pub folder: PathBuf,
    /// Who issues.
    pub offices: Arc<Offices>,
    /// What was done to it.
    pub book: Book,
    authority: Authority,
}

/// Makes a folder that only its owner may enter, and names it so that it does not matter where one is.
///
/// # Errors
/// It cannot be made.
pub fn make_folder(folder: &Path) -> Result<PathBuf, String> {
    let made = fs::DirBuilder::new().mode(0o700).recursive(true).create(folder);
    made.and_then(|()| folder.canonicalize()).map_err(|error| format!("{}: {error}", folder.display()))
}

/// Writes files that only their owner may read.
///
/// # Errors
/// One cannot be written.
pub fn write(folder: &Path, files: &[(String, String)]) -> Result<(), String> {
    for (name, content) in files {
        let path = folder.join(name);
        let owned = fs::Permissions::from_mode(0o600);
        let written = fs::write(&path, content).and_then(|()| fs::set_permissions(&path, owned));
        written.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// The keys and certificates that every gateway of this crate has, by the names of [`configuration::BASE`].
pub(crate) fn base_files(authority: &Authority, seed: u64) -> Vec<(String, String)> {
    let store_key = |label: u64| {
        let mut chance = Chance::of(&[seed, label]);
        (0..4).map(|_| format!("{:016x}", chance.next())).collect::<String>()
    };
    let server = authority.server();
    let file = |name: &str, content: String| (name.to_owned(), content);
    vec![
        file("server.pem", pem::encode("CERTIFICATE", &server.certificate)),
        file("server.key", server.key.pem()),
        file("clients.pem", pem::encode("CERTIFICATE", &authority.certificate)),
        file("log.key", SigningKey::from_label(KeyType::Ed25519, "licet-load log").pem()),
        file("value.key", store_key(101)),
        file("index.key", store_key(102)),
    ]
}

impl Site {
    /// The site in this folder, made if it is not there. Of one that is there the seed must be the same.
    ///
    /// # Errors
    /// It cannot be read or made, or is of another seed.
    pub fn open(folder: &Path, seed: u64) -> Result<Self, String> {
        let folder = make_folder(folder)?;
        let authority = Authority::new(KeyType::P256, seed, "authority");
        let offices = Arc::new(Offices::new(seed));
        if let Some(book) = Book::read(&folder)? {
            if book.seed != seed {
                return Err(format!("{} was made with --seed {}", folder.display(), book.seed));
            }
            return Ok(Self { folder, offices, book, authority });
        }
        // Files of somebody else are not written over.
        let is_empty = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_none());
        if !is_empty {
            return Err(format!("{} is there, and not made by licet-load", folder.display()));
        }
        let site = Self { book: Book::new(&folder, seed), folder, offices, authority };
        site.make(seed)?;
        Ok(site)
    }

    fn make(&self, seed: u64) -> Result<(), String> {
        let mut files = base_files(&self.authority, seed);
        let offices = &self.offices;
        for (name, authority) in [("signers", &offices.signers), ("sealers", &offices.sealers), ("seal-makers", &offices.makers)]
        {
            files.push((format!("{name}.pem"), pem::encode("CERTIFICATE", &authority.certificate)));
            files.push((format!("{name}.crl"), pem::encode("X509 CRL", &authority.list())));
        }
        // For whoever wants to ask by hand.
        for caller in self.callers() {
            let credential = self.credential(&caller);
            files.push((format!("client-{caller}.pem"), pem::encode("CERTIFICATE", &credential.certificate)));
            files.push((format!("client-{caller}.key"), credential.key.pem()));
        }
        files.push(("licet.toml".to_owned(), configuration::text(offices)));
        write(&self.folder, &files)?;
        self.book.write()
    }

    /// Everybody who may call.
    fn callers(&self) -> Vec<String> {
        let systems = CALLERS.iter().map(|name| (*name).to_owned());
        systems.chain(self.offices.all.iter().map(|office| office.caller.clone())).collect()
    }

    fn credential(&self, caller: &str) -> Credential {
        self.authority.client(caller, &uri(caller))
    }

    /// The configuration of the gateway.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.folder.join("licet.toml")
    }

    /// Another certificate for the server, and one for receipts, by this name.
    #[must_use]
    pub fn reissued(&self, name: &str) -> (Credential, Credential) {
        (self.authority.another_server(name), self.authority.issue(&format!("receipts {name}"), CertificateBuilder::signer))
    }

    /// How this caller reaches the gateway.
    ///
    /// # Errors
    /// In a sentence.
    pub fn door(&self, caller: &str, address: SocketAddr) -> Result<Arc<Door>, String> {
        let config = client_config(&self.authority.certificate, &self.credential(caller))?;
        let name = "localhost".try_into().map_err(|_error| "localhost is no name".to_owned())?;
        Ok(Door::named(address, name, Arc::new(config)))
    }

    /// Tells a gateway that has just been made of the catalogue; does nothing the second time.
    ///
    /// # Errors
    /// The gateway does not take it.
    pub async fn introduce(&mut self, address: SocketAddr) -> Result<(), String> {
        if !self.book.is_introduced {
            let connect = |caller: &str| self.door(caller, address).map(|door| Connection::new(&door));
            catalogue::introduce(&self.offices, connect).await?;
            self.book.is_introduced = true;
            self.book.write()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_made_once_and_nothing_else_is_touched() {
        let folder = std::env::temp_dir().join(format!("licet-load-site-{}", std::process::id()));
        let mut site = Site::open(&folder, 5).unwrap();
        site.book.loaded = 77;
        site.book.write().unwrap();
        assert_eq!(Site::open(&folder, 5).unwrap().book, site.book);
        assert!(Site::open(&folder, 6).unwrap_err().contains("--seed 5"));
        let mode = fs::metadata(folder.join("server.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
        let text = fs::read_to_string(site.configuration()).unwrap();
        let configuration: toml::Table = text.parse().unwrap();
        assert_eq!(configuration["callers"].as_array().unwrap().len(), site.callers().len());

        fs::remove_file(folder.join("load.toml")).unwrap();
        assert!(Site::open(&folder, 5).unwrap_err().contains("not made by licet-load"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
