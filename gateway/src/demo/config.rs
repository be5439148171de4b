//! The configuration of a demo, as a file that `licet serve` takes as well.

use std::net::SocketAddr;

use super::catalogue::REGISTER;
use super::identity::{AUDIENCE, ISSUER};
use super::pki::{Pki, uri};
use crate::auth::Role;
use crate::config::EVERY_ORGANISATION;

/// Folder of the infrastructure, below that of the demo.
pub const PKI: &str = "pki";

/// Where everything of a demo listens.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// The gateway.
    pub listen: SocketAddr,
    /// Metrics and health.
    pub admin: SocketAddr,
    /// The register of persons, which serves as long as the demo does.
    pub register: SocketAddr,
}

/// The text of the configuration file for these addresses. Paths in it are below the folder of the demo.
#[must_use]
pub fn text(pki: &Pki, addresses: Addresses) -> String {
    let Addresses { listen, admin, register } = addresses;
    let mut text = format!(
        r#"# A demo of licet: keys, people and organisations are invented. Run it again with: licet serve --config licet.toml

[server]
listen = "{listen}"
certificate = "{PKI}/tls/server.pem"
key = "{PKI}/tls/server.key"
client_anchors = ["{PKI}/authorities/tls-root.pem"]
client_crls = ["{PKI}/authorities/tls-root.crl"]

[admin]
listen = "{admin}"

[storage]
path = "data"
value_key = "value.key"
index_key = "index.key"

[record]
origin = "localhost.licet-demo.example"
key = "{PKI}/signers/log.key"
sm2_key = "{PKI}/signers/log-sm2.key"

[log]
level = "warn"
format = "text"

[policy]
unrecorded = "indeterminate"

[signing]
key = "{PKI}/signers/gateway.key"
certificate = "{PKI}/signers/gateway.pem"

[status_list]
base_uri = "https://localhost:{}/v1/status-lists"
"#,
        listen.port()
    );
    trust(&mut text, pki);
    one_number(&mut text, register);
    callers(&mut text, pki);
    text
}

/// Whom look-ups ask, and whose tokens of holders are taken.
fn one_number(text: &mut String, register: SocketAddr) {
    text.push_str(&format!(
        r#"
# A department with an interface of its own. It answers only while the demo runs that made this file.
[[sources]]
name = "{REGISTER}"
kind = "http-json"
url = "http://{register}/persons"
request = '{{"number":"{{number}}","fields":"{{fields}}"}}'
[sources.answer]
rows = "/rows"

[[identity_providers]]
name = "demo-identity"
issuer = "{ISSUER}"
audience = "{AUDIENCE}"
keys = "{PKI}/identity/keys.jwks"
"#
    ));
}

fn trust(text: &mut String, pki: &Pki) {
    text.push_str(&format!(
        r#"
# Signers are trusted below their own authority, not below the root: makers of seals stand below that as well.
[[trust]]
name = "sm2-signers"
purpose = "signer"
anchors = ["{PKI}/authorities/sm2-signer-ca.pem"]
crls = ["{PKI}/authorities/sm2-signer-ca.crl"]
revocation = "require"
algorithms = ["sm2-sm3"]

[[trust]]
name = "seal-makers"
purpose = "seal-maker"
anchors = ["{PKI}/authorities/sm2-root.pem"]
intermediates = ["{PKI}/authorities/sm2-seal-ca.pem"]
crls = ["{PKI}/authorities/sm2-root.crl", "{PKI}/authorities/sm2-seal-ca.crl"]
revocation = "require"
algorithms = ["sm2-sm3"]
makers = ["{}"]
"#,
        pki.maker.sha256()
    ));
    for (name, purpose, authority, algorithm) in [
        ("ecdsa-issuers", "signer", &pki.ecdsa_ca, "ecdsa-p256-sha256"),
        ("ed25519-issuers", "signer", &pki.ed25519_root, "ed25519"),
        ("time-stamps", "tsa", &pki.tsa_root, "sm2-sm3"),
    ] {
        let file = authority.file;
        text.push_str(&format!(
            r#"
[[trust]]
name = "{name}"
purpose = "{purpose}"
anchors = ["{PKI}/authorities/{file}.pem"]
crls = ["{PKI}/authorities/{file}.crl"]
revocation = "require"
algorithms = ["{algorithm}"]
"#
        ));
    }
}

fn callers(text: &mut String, pki: &Pki) {
    for client in &pki.clients {
        text.push_str(&format!(
            r#"
[[callers]]
name = "{}"
organisation = "{}"
certificates = ["uri:{}"]
roles = ["{}"]
"#,
            client.name,
            client.organisation,
            uri(&client.name),
            client.role
        ));
        if client.role == Role::Auditor {
            // There is one auditor in the demo, and nothing that he may not see.
            text.push_str(&format!("audits = [\"{EVERY_ORGANISATION}\"]\n"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::testing;
    use super::*;
    use crate::config::Config;

    #[test]
    fn is_a_configuration() {
        let pki = testing::pki();
        let (listen, admin) = ("127.0.0.1:8443".parse().unwrap(), "127.0.0.1:9443".parse().unwrap());
        let register = "127.0.0.1:9999".parse().unwrap();
        let config = Config::parse(&text(&pki, Addresses { listen, admin, register }), Path::new("/srv")).unwrap();
        assert_eq!((config.server.listen, config.admin.listen), (listen, admin));
        let files = pki.files();
        let named = config.trust.iter().flat_map(crate::config::TrustDomain::materials);
        let signing = config.signing.iter().map(|signing| signing.certificate.as_path());
        let keys = [&config.server.key, &config.record.key].into_iter().chain(&config.record.sm2_key);
        let keys = keys.chain(config.signing.iter().map(|signing| &signing.key)).filter_map(|key| key.file());
        let named = named.chain(&config.server.client_anchors).chain([&config.server.certificate]);
        let named = named.chain(config.identity_providers.iter().map(|provider| &provider.keys)).map(std::path::PathBuf::as_path);
        for path in named.chain(signing).chain(keys) {
            let below = path.strip_prefix("/srv/pki").unwrap().to_str().unwrap();
            assert!(files.iter().any(|file| file.path == below), "{below}");
        }
    }
}
