//! What answers look-ups: the licences on record, interfaces of departments, the national exchange, other gateways.
//!
//! Each kind is an adapter behind [`Source`]: it is asked one question about one subject and gives back fields of the catalogue, in
//! the catalogue's types, and those alone that the question allows. Numbers of subjects go out in bodies and nowhere else: no
//! address and no header has a place for them, and none that carries one by accident is sent.
//!
//! ```text
//! question ─▶ body (template) ─▶ client: TLS, pool, limits ─▶ the department
//!                                         │ status, bytes
//! reply ◀── convert: the catalogue's types ◀── mapping: strict JSON, rules, pointers
//! ```

mod auth;
mod body;
mod cipher;
mod client;
mod convert;
mod exchange;
mod head;
mod http_json;
mod local;
mod mapping;
mod message_signature;
mod peer;
mod peer_disputes;
mod rotating;

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::digest::Sha256;
use storage::Store;

use crate::broker::{LOCAL, Limits, Source};
use crate::config::{Config, DataSource, DataSourceKind, Faults};

pub(crate) use convert::value as converted;
pub use local::Local;

/// Every source by its name, with how it is treated.
pub type Sources = BTreeMap<String, (Arc<dyn Source>, Limits)>;

/// What each source is made of, by its name.
pub(crate) type Prints = BTreeMap<String, Sha256>;

/// Everything that answers look-ups: the licences of this store as `local`, and what the configuration names.
///
/// # Errors
/// Every file of the configuration that cannot be read or holds something else.
pub fn load(config: &Config, store: &Store) -> Result<Sources, Faults> {
    let mut faults = Faults::default();
    let local: Arc<dyn Source> = Arc::new(Local::new(store, &config.server));
    let mut sources = Sources::from([(LOCAL.to_owned(), (local, local_limits()))]);
    for (index, settings) in config.sources.iter().enumerate() {
        if let Some(source) = faults.take(open(settings, &format!("sources[{index}]"))) {
            sources.insert(settings.name.clone(), (source, settings.limits.clone()));
        }
    }
    faults.none_or(sources)
}

/// What each source is made of, by a digest over its settings and its files: where it stays the same, the source need not be opened
/// again. Digests of secrets are among what goes into it, and never leave the process.
#[must_use]
pub(crate) fn prints(config: &Config) -> Prints {
    let server = &config.server;
    let local = (LOCAL.to_owned(), Sha256::of(&[format!("{} {}", server.workers_max, server.queue_max).as_bytes()]));
    let rows = config.sources.iter().enumerate();
    let print = |(index, settings): (usize, &DataSource)| {
        let said = config.origin().element("sources", index);
        (settings.name.clone(), print(said, settings))
    };
    rows.map(print).chain([local]).collect()
}

fn print(said: String, settings: &DataSource) -> Sha256 {
    let mut parts = vec![said.into_bytes()];
    for path in settings.files() {
        // What cannot be read is a fault when it is opened.
        parts.push(std::fs::read(path).unwrap_or_default());
    }
    let digests: Vec<Sha256> = parts.iter().map(|part| Sha256::of(&[part])).collect();
    let digests: Vec<&[u8]> = digests.iter().map(|digest| digest.0.as_slice()).collect();
    Sha256::of(&digests)
}

/// What is on record here is asked each time: it costs less than to be wrong about it.
fn local_limits() -> Limits {
    Limits { negative_ttl_ms: 0, keep_s: 0, ..Limits::default() }
}

fn open(settings: &DataSource, at: &str) -> Result<Arc<dyn Source>, Faults> {
    Ok(match settings.kind {
        DataSourceKind::HttpJson => Arc::new(http_json::HttpJson::open(settings, at)?),
        DataSourceKind::Exchange => Arc::new(exchange::Exchange::open(settings, at)?),
        DataSourceKind::Licet => Arc::new(peer::Peer::open(settings, at)?),
    })
}
