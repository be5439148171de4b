//! What a gateway needs to serve a city: certificates, configuration, catalogue, grants.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crypto::issue::KeyType;
use rustls::ClientConfig;
use serde_json::{Value, json};

use super::web::Web;
use crate::departments::Profile;
use crate::site::{self, AREA, Authority, organisation};
use crate::time::wall;

/// The item that everything is asked for.
pub(super) const ITEM: &str = "990100-0001";
/// The systems that call, with their roles.
const CALLERS: [(&str, &str); 2] = [("operator", "operator"), ("consumer", "consumer")];

/// A folder with everything.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) folder: PathBuf,
    authority: Authority,
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
        // It must not be there: the store in it would be of another city.
        fs::DirBuilder::new().mode(0o700).create(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let folder = site::make_folder(folder)?;
        let authority = Authority::new(KeyType::P256, profile.seed, "authority");
        let mut files = site::base_files(&authority, profile.seed);
        files.push(("licet.toml".to_owned(), configuration(profile, departments)));
        site::write(&folder, &files)?;
        let resources: Vec<_> = (0..profile.departments.len()).map(resource).collect();
        let entries = entries(profile, &resources);
        Ok(Self { folder, authority, entries, resources })
    }

    /// How this caller speaks to the gateway.
    pub(super) fn client(&self, caller: &str) -> Result<Arc<ClientConfig>, String> {
        let credential = self.authority.client(caller, &site::uri(caller));
        let mut config = site::client_config(&self.authority.certificate, &credential)?;
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
    let mut text = site::BASE.to_owned();
    let mut add = |section: String| text.push_str(&section);
    for (caller, role) in CALLERS {
        add(site::caller_section(caller, &organisation(1), role));
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
