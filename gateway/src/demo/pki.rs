//! The public key infrastructure of a demo, made on the spot.

use std::net::{IpAddr, Ipv4Addr};

use crypto::issue::{AltName, KeyType, SigningKey, TokenBuilder, pem};
use crypto::oid::Oid;
use crypto::time::Timestamp;

use super::authority::{Authority, Credential, Origin};
use super::department::{self, Certifiers, Department};
use super::{identity, people};
use crate::auth::Role;

/// The policy of the time stamps, 1.2.3.4: nobody's.
const STAMP_POLICY: Oid<'static> = Oid(b"\x2a\x03\x04");

/// Everything that certifies or is certified in a demo.
#[derive(Debug)]
pub struct Pki {
    /// When it was made.
    pub made: Timestamp,
    /// The SM2 root.
    pub sm2_root: Authority,
    /// The authority of seal makers, below the root.
    pub seal_ca: Authority,
    /// The authority of those who use seals, below the root.
    pub signer_ca: Authority,
    /// The authority of those who sign JWS with ECDSA on P-256.
    pub ecdsa_ca: Authority,
    /// The authority of those who sign JWS with Ed25519.
    pub ed25519_root: Authority,
    /// The authority of time-stamp authorities.
    pub tsa_root: Authority,
    /// The authority of servers and clients.
    pub tls_root: Authority,
    /// The only maker of seals.
    pub maker: Credential,
    /// The time-stamp authority.
    pub stamper: Credential,
    /// Who issues licences.
    pub departments: Vec<Department>,
    /// A certificate of the first department whose key was lost: revoked.
    pub lost: Credential,
    /// A signer of the first department's name under a root that nobody trusts.
    pub pretender: Credential,
    /// With what the gateway signs what it says itself.
    pub publisher: Credential,
    /// The keys of the gateway's logs: Ed25519 and SM2.
    pub log_keys: [SigningKey; 2],
    /// The key of the provider of identities.
    pub identity: SigningKey,
    /// The gateway's own certificate for TLS.
    pub server: Credential,
    /// Systems that may call.
    pub clients: Vec<Client>,
    /// A client of an authority that the gateway does not know.
    pub stranger: Credential,
}

/// A system that may call.
#[derive(Debug)]
pub struct Client {
    /// Name in files and in the configuration.
    pub name: String,
    /// Unified social credit code of the organisation that it acts for.
    pub organisation: String,
    /// What it may do.
    pub role: Role,
    /// Its certificate.
    pub credential: Credential,
}

/// A file of the infrastructure.
#[derive(Debug)]
pub struct PkiFile {
    /// Path below the folder of the infrastructure.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Whether nobody but the owner may read it.
    pub is_secret: bool,
}

impl Pki {
    /// Makes all of it from a seed. The same seed and moment make the same bytes.
    #[must_use]
    pub fn new(seed: [u8; 32], made: Timestamp) -> Self {
        let origin = Origin { seed, made };
        let sm2_root = Authority::root(origin, KeyType::Sm2, "sm2-root", "Demo SM2 root");
        let seal_ca = sm2_root.subordinate("sm2-seal-ca", "Demo SM2 seal makers");
        let signer_ca = sm2_root.subordinate("sm2-signer-ca", "Demo SM2 signers");
        let ecdsa_ca = Authority::root(origin, KeyType::P256, "ecdsa-ca", "Demo ECDSA issuers");
        let ed25519_root = Authority::root(origin, KeyType::Ed25519, "ed25519-root", "Demo Ed25519 issuers");
        let tsa_root = Authority::root(origin, KeyType::Sm2, "tsa-root", "Demo time stamps");
        let tls_root = Authority::root(origin, KeyType::P256, "tls-root", "Demo servers and clients");
        let foreign_root = Authority::root(origin, KeyType::P256, "foreign-root", "Nobody in particular");
        let foreign_sm2 = Authority::root(origin, KeyType::Sm2, "foreign-sm2-root", "Demo SM2 root");

        let maker = seal_ca.signer(KeyType::Sm2, "seal-maker", ("示例市印章制作中心", &people::public_body("210200", 90)));
        let (name, code) = department::first();
        let lost = signer_ca.signer(KeyType::Sm2, "market-lost", (name, &code));
        let pretender = foreign_sm2.signer(KeyType::Sm2, "market-pretender", (name, &code));
        let certifiers = Certifiers { sm2: &signer_ca, ecdsa: &ecdsa_ca, ed25519: &ed25519_root, maker: &maker, lost: &lost };
        let departments = department::all(origin, &certifiers);
        let stamper = tsa_root.time_stamper("time-stamper");
        let publisher = ecdsa_ca.publisher("gateway", "localhost");
        let log_keys = [origin.key(KeyType::Ed25519, "log"), origin.key(KeyType::Sm2, "log-sm2")];
        let identity = origin.key(KeyType::Ed25519, "identity");
        let local = [AltName::Dns("localhost".to_owned()), AltName::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        let server = tls_root.tls("server", &local);
        let clients = clients(&tls_root, &departments);
        let stranger = foreign_root.tls("stranger", &[AltName::Uri(uri("approval"))]);
        Self {
            made,
            sm2_root,
            seal_ca,
            signer_ca,
            ecdsa_ca,
            ed25519_root,
            tsa_root,
            tls_root,
            maker,
            stamper,
            departments,
            lost,
            pretender,
            publisher,
            log_keys,
            identity,
            server,
            clients,
            stranger,
        }
    }

    /// A time stamp over `value`, made at `at`.
    #[must_use]
    pub fn token(&self, value: &[u8], at: Timestamp) -> Vec<u8> {
        TokenBuilder::new(at, 1, STAMP_POLICY).build(value, self.stamper.signer())
    }

    /// The client with this name.
    #[must_use]
    pub fn client(&self, name: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.name == name)
    }

    /// The department with this short name.
    #[must_use]
    pub fn department(&self, slug: &str) -> Option<&Department> {
        self.departments.iter().find(|department| department.slug == slug)
    }

    /// Every authority with its revocation list, DER.
    #[must_use]
    pub fn authorities(&self) -> Vec<(&Authority, Vec<u8>)> {
        let plain = [&self.sm2_root, &self.seal_ca, &self.ecdsa_ca, &self.ed25519_root, &self.tsa_root, &self.tls_root];
        let mut all: Vec<_> = plain.into_iter().map(|authority| (authority, authority.list(&[]))).collect();
        all.push((&self.signer_ca, self.signer_ca.list(&[&self.lost])));
        all
    }

    /// Every file, with a README that says what is what.
    #[must_use]
    pub fn files(&self) -> Vec<PkiFile> {
        let mut files = vec![open("README.md", README.as_bytes())];
        for (authority, list) in self.authorities() {
            let base = format!("authorities/{}", authority.file);
            files.push(open(&format!("{base}.pem"), pem::encode("CERTIFICATE", &authority.certificate).as_bytes()));
            files.push(open(&format!("{base}.crl"), pem::encode("X509 CRL", &list).as_bytes()));
            files.push(secret(&format!("{base}.key"), &authority.key.pem()));
        }
        let mut pair = |base: &str, credential: &Credential| {
            files.push(open(&format!("{base}.pem"), pem::encode("CERTIFICATE", &credential.certificate).as_bytes()));
            files.push(secret(&format!("{base}.key"), &credential.key.pem()));
        };
        pair("signers/seal-maker", &self.maker);
        pair("signers/market-lost", &self.lost);
        pair("signers/time-stamper", &self.stamper);
        pair("signers/gateway", &self.publisher);
        let [log, log_sm2] = &self.log_keys;
        for department in &self.departments {
            pair(&format!("signers/{}", department.slug), &department.signer);
            if let Some(other) = &department.other {
                pair(&format!("signers/{}-jws", department.slug), other);
            }
        }
        pair("tls/server", &self.server);
        for client in &self.clients {
            pair(&format!("clients/{}", client.name), &client.credential);
        }
        pair("clients/stranger", &self.stranger);
        files.push(secret("signers/log.key", &log.pem()));
        files.push(secret("signers/log-sm2.key", &log_sm2.pem()));
        files.push(secret("identity/provider.key", &self.identity.pem()));
        files.push(open("identity/keys.jwks", identity::keys(&self.identity).as_bytes()));
        for department in &self.departments {
            let seals = department.seals.iter();
            files.extend(seals.map(|seal| open(&format!("seals/{}", seal.file(department)), &seal.der)));
        }
        files
    }
}

/// The name by which the configuration knows a client's certificate.
pub(super) fn uri(name: &str) -> String {
    format!("urn:licet:demo:{name}")
}

fn clients(root: &Authority, departments: &[Department]) -> Vec<Client> {
    let client = |name: &str, organisation: String, role: Role| Client {
        name: name.to_owned(),
        organisation,
        role,
        credential: root.tls(name, &[AltName::Uri(uri(name))]),
    };
    let mut all = vec![
        client("approval", people::public_body("210200", 50), Role::Verifier),
        client("auditor", people::public_body("210200", 51), Role::Auditor),
        client("operator", people::public_body("210200", 52), Role::Operator),
        client("window", people::public_body("210200", 50), Role::Consumer),
        client("portal", people::public_body("210200", 53), Role::Portal),
        client("police", people::public_body("210200", 5), Role::Issuer),
    ];
    all.extend(departments.iter().map(|department| client(department.slug, department.code.clone(), Role::Issuer)));
    all
}

fn open(path: &str, bytes: &[u8]) -> PkiFile {
    PkiFile { path: path.to_owned(), bytes: bytes.to_vec(), is_secret: false }
}

fn secret(path: &str, text: &str) -> PkiFile {
    PkiFile { path: path.to_owned(), bytes: text.as_bytes().to_vec(), is_secret: true }
}

const README: &str = "\
# Demo keys and certificates

Made by `licet` on this machine, for trying things out. Everybody and everything named here is invented.
Keys (`*.key`, PKCS#8) are not encrypted; only their owner may read them. `licet pki show FILE` describes any other file.

| folder | what |
|---|---|
| `authorities/` | for each authority its certificate, its revocation list (good for 30 days) and its key |
| `signers/` | who signs: the maker of seals, each issuing department (SM2), two of them also for JWS, SD-JWT and PDF (`-jws`) |
| | the `time-stamper`; the `gateway` itself, its status lists; `log` and `log-sm2`, its logs |
| `seals/` | electronic seals of the departments: v1 (GM/T 0031-2014), v4 (GB/T 38540-2020), v5 (GM/T 0031-2025) |
| `tls/` | the gateway's own certificate, for localhost and 127.0.0.1 |
| `identity/` | the key of a provider of identities (OpenID), and what others read of it (`keys.jwks`) |
| `clients/` | who may call: `approval` asks, departments issue, `auditor` reads, `operator` operates, `window` looks up, |
| | `portal` acts for holders, `police` decides who may ask its register |

    sm2-root ─┬─ sm2-seal-ca ─── seal-maker
              └─ sm2-signer-ca ─ market, construction, civil-affairs, traffic-police
    ecdsa-ca ───── traffic-police-jws (ES256), gateway
    ed25519-root ─ civil-affairs-jws (EdDSA)
    tsa-root ───── time-stamper
    tls-root ───── server, every client

`signers/market-lost` is revoked: only what a time stamp proves to be older may pass. `clients/stranger` is of an authority that
nobody trusts and must be refused.
";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crypto::identity::KeySet;
    use crypto::seal::Seal;
    use crypto::x509::{Certificate, pem};

    use super::*;

    #[test]
    fn everything_is_what_its_name_says() {
        let made = "2026-07-01T08:00:00Z".parse().unwrap();
        let pki = Pki::new([7; 32], made);
        let files = pki.files();
        let paths: BTreeSet<_> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths.len(), files.len());
        for file in &files {
            match file.path.rsplit_once('.').map(|(_, kind)| kind) {
                Some("pem") => assert_eq!(pem::certificates(&file.bytes).unwrap().len(), 1, "{}", file.path),
                Some("crl") => {
                    let list = pem::revocation_lists(&file.bytes).unwrap().remove(0);
                    assert_eq!(list.next_update(), Some(made.plus(30 * 86_400)));
                    assert_eq!(list.len(), usize::from(file.path.ends_with("signer-ca.crl")));
                }
                Some("esl") => assert!(Seal::from_der(&file.bytes).unwrap().name.contains("专用章")),
                Some("jwks") => assert!(KeySet::parse(&file.bytes).is_ok()),
                Some("key") => assert!(file.bytes.starts_with(b"-----BEGIN PRIVATE KEY")),
                _ => assert_eq!(file.path, "README.md"),
            }
            assert_eq!(file.is_secret, file.path.ends_with(".key"));
        }
        for department in &pki.departments {
            let signer = Certificate::from_der(&department.signer.certificate).unwrap();
            assert_eq!(signer.organisation_code().as_ref(), Some(&department.code));
        }
    }

    #[test]
    fn the_seed_alone_decides() {
        let made = "2026-07-01T08:00:00Z".parse().unwrap();
        let bytes = |seed| Pki::new(seed, made).files().into_iter().map(|file| file.bytes).collect::<Vec<_>>();
        assert_eq!(bytes([7; 32]), bytes([7; 32]));
        assert_ne!(bytes([7; 32]), bytes([8; 32]));
    }
}
