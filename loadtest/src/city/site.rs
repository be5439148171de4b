//! What a gateway needs to serve a city: certificates, configuration, catalogue, grants.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crypto::issue::{AltName, CertificateBuilder, KeyType, Name, SigningKey, pem};
use crypto::licence::number::{organisation_check_character, uscc_check_character};
use crypto::time::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};

use super::web::Web;
use crate::departments::{Chance, Profile};

/// The item that everything is asked for.
pub(super) const ITEM: &str = "990100-0001";
/// The systems that call, with their roles.
const CALLERS: [(&str, &str); 2] = [("operator", "operator"), ("consumer", "consumer")];
/// The areas of organisations: no county has this code.
const AREA: &str = "990100";

/// A folder with everything.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) folder: PathBuf,
    root: Vec<u8>,
    clients: Vec<(&'static str, Vec<u8>, SigningKey)>,
    entries: Vec<Value>,
    resources: Vec<String>,
}

/// The code of the resource of the department at this place.
pub(super) fn resource(place: usize) -> String {
    format!("30101{:04}/1", place + 1)
}

impl Site {
    /// Writes it.
    pub(super) fn write(folder: &Path, profile: &Profile, departments: SocketAddr) -> Result<Self, String> {
        let fault = |error: std::io::Error| format!("{}: {error}", folder.display());
        fs::DirBuilder::new().mode(0o700).create(folder).map_err(fault)?;
        // A path in the configuration is taken from its folder.
        let folder = folder.canonicalize().map_err(fault)?;
        let now = wall();
        let (from, until) = (now.plus(-3600), now.plus(30 * 86_400));
        let name = |text: &str| Name::new("licet-load", text);
        let authority = SigningKey::from_label(KeyType::P256, "licet-load authority");
        let root = CertificateBuilder::new(&name("authority"), &authority, 1).valid(from, until).authority(None);
        let root = root.self_signed(&authority);
        let issue = |serial: u128, label: &str, names: &[AltName]| {
            let key = SigningKey::from_label(KeyType::P256, &format!("licet-load {label}"));
            let builder = CertificateBuilder::new(&name(label), &key, serial).valid(from, until).tls(names);
            (builder.issue(&name("authority"), &authority), key)
        };
        let local = [AltName::Dns("localhost".to_owned()), AltName::Ip(std::net::Ipv4Addr::LOCALHOST.into())];
        let (server, server_key) = issue(2, "server", &local);
        let mut clients = Vec::new();
        for (serial, (caller, _)) in (3..).zip(CALLERS) {
            let (certificate, key) = issue(serial, caller, &[AltName::Uri(uri(caller))]);
            clients.push((caller, certificate, key));
        }
        let resources: Vec<_> = (0..profile.departments.len()).map(resource).collect();
        let entries = entries(profile, &resources);
        let site = Self { folder, root, clients, entries, resources };
        let store_key = |label: u64| {
            let mut chance = Chance::of(&[profile.seed, label]);
            (0..4).map(|_| format!("{:016x}", chance.next())).collect::<String>()
        };
        let certificate = |der: &[u8]| pem::encode("CERTIFICATE", der);
        for (file, content) in [
            ("server.pem", certificate(&server)),
            ("server.key", server_key.pem()),
            ("clients.pem", certificate(&site.root)),
            ("log.key", SigningKey::from_label(KeyType::Ed25519, "licet-load log").pem()),
            ("value.key", store_key(101)),
            ("index.key", store_key(102)),
            ("licet.toml", configuration(profile, departments)),
        ] {
            let path = site.folder.join(file);
            fs::write(&path, content).map_err(fault)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(fault)?;
        }
        Ok(site)
    }

    /// How this caller speaks to the gateway.
    pub(super) fn client(&self, caller: &str) -> Result<Arc<ClientConfig>, String> {
        let found = self.clients.iter().find(|(name, ..)| *name == caller);
        let (_, certificate, key) = found.ok_or_else(|| format!("{caller} is no caller"))?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.root.clone())).map_err(|error| error.to_string())?;
        let key = PrivateKeyDer::from_pem_slice(key.pem().as_bytes()).map_err(|error| error.to_string())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![CertificateDer::from(certificate.clone())], key)
            .map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Arc::new(config))
    }

    /// Tells the gateway of the catalogue, and has the consumer granted everything.
    pub(super) async fn introduce(&self, gateway: SocketAddr) -> Result<(), String> {
        let operator = Web::new(gateway, self.client("operator"))?;
        let consumer = Web::new(gateway, self.client("consumer"))?;
        let change = json!({ "base_version": 0, "puts": self.entries });
        operator.expect(201, "/v1/catalogue/changes", &change).await?;
        for resource in &self.resources {
            let wish = json!({
                "resource": resource,
                "items": [ITEM],
                "fields": ["name", "record", "since"],
                "authorities": ["duty"],
                "until": wall().plus(20 * 86_400),
                "legal_basis": "simulation",
            });
            let application = consumer.expect(201, "/v1/grants/applications", &wish).await?;
            let id = application.get("id").and_then(Value::as_str).ok_or("an application without a name")?;
            let check = json!({ "verdict": "approve" });
            operator.expect(200, &format!("/v1/grants/applications/{id}/check"), &check).await?;
        }
        Ok(())
    }
}

fn uri(caller: &str) -> String {
    format!("urn:licet-load:{caller}")
}

/// The code of an organisation that is not there.
fn organisation(number: u32) -> String {
    let body = format!("{number:08}");
    let check = organisation_check_character(&body).unwrap_or('0');
    let first = format!("11{AREA}{body}{check}");
    let last = uscc_check_character(&first).unwrap_or('0');
    format!("{first}{last}")
}

fn entries(profile: &Profile, resources: &[String]) -> Vec<Value> {
    let city = organisation(1);
    let mut entries = vec![json!({ "kind": "organisation", "code": city, "name": "city", "level": "city", "area": AREA })];
    let mut materials = Vec::new();
    for ((number, department), code) in (2..).zip(&profile.departments).zip(resources) {
        let provider = organisation(number);
        entries
            .push(json!({ "kind": "organisation", "code": provider, "name": department.name, "level": "city", "parent": city }));
        let field = |name: &str, kind: &str| json!({ "name": name, "title": name, "type": kind });
        let (attribute, authoritative) = ("person.name", number == 2);
        let named =
            json!({ "name": "name", "title": "name", "type": "text", "attribute": attribute, "authoritative": authoritative });
        entries.push(json!({
            "kind": "resource",
            "code": code,
            "name": department.name,
            "provider": provider,
            "share": "unconditional",
            "legal_basis": "simulation",
            "sensitivity": "personal",
            "subjects": ["111"],
            "fields": [named, field("record", "text"), field("since", "date")],
            "sla": { "latency_ms": 100, "slow_permille_max": 50, "error_permille_max": 10 },
            "update": "live",
            "source": department.name,
            "idempotent": true,
        }));
        materials.push(json!({ "code": department.name, "name": department.name, "resources": [code] }));
    }
    entries.push(json!({ "kind": "item", "code": ITEM, "name": "item", "organisation": city, "materials": materials }));
    entries
}

fn configuration(profile: &Profile, departments: SocketAddr) -> String {
    let mut text = String::from(
        r#"[server]
listen = "127.0.0.1:0"
certificate = "server.pem"
key = "server.key"
client_anchors = ["clients.pem"]
[admin]
listen = "127.0.0.1:0"
[storage]
path = "data"
value_key = "value.key"
index_key = "index.key"
[record]
origin = "licet-load.example"
key = "log.key"
[log]
level = "warn"
"#,
    );
    let mut add = |section: String| text.push_str(&section);
    for (caller, role) in CALLERS {
        let organisation = organisation(1);
        add(format!(
            "[[callers]]\nname = \"{caller}\"\norganisation = \"{organisation}\"\ncertificates = [\"uri:{}\"]\nroles = [\"{role}\"]\n",
            uri(caller)
        ));
    }
    for department in &profile.departments {
        let name = &department.name;
        let mut section = String::new();
        // Writing to a text cannot fail.
        write!(
            section,
            "[[sources]]\nname = \"{name}\"\nkind = \"http-json\"\nurl = \"http://{departments}/departments/{name}/query\"\n\
             request = '{{\"number\":\"{{number}}\"}}'\n\
             answer = {{ rows = \"/rows\" }}\nlimits = {{ concurrency_max = 256, waiting_max = 512 }}\n"
        )
        .unwrap_or_default();
        add(section);
    }
    text
}

/// The wall clock.
#[expect(clippy::disallowed_methods, reason = "certificates are made for the present")]
pub(super) fn wall() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
