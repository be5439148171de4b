//! The configuration: one TOML file, documented here field by field.
//!
//! Every fault is found before a port is bound. A key that is not known is a fault, a relative path is taken from the folder
//! of the file, and every key that holds a quantity names its unit.

mod audit;
mod backup;
mod caller;
mod digests;
mod examined;
mod fault;
mod files;
mod grants;
mod identity;
mod key_source;
mod limits;
mod lookup;
mod memory;
mod moment;
mod objections;
mod operation;
mod organisation;
mod origin;
mod policy;
mod reading;
mod record;
mod rules;
mod schema;
mod server;
mod source;
mod source_answer;
mod source_request;
mod status;
mod status_list;
mod supervision;
mod telemetry;
#[cfg(test)]
mod tests;
pub(crate) mod trust;
mod trust_list;
mod witness;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

pub use audit::{Audit, OfficeHours};
pub use backup::Backup;
pub use caller::Caller;
pub use digests::{Changed, Digests};
pub use examined::Examined;
pub use fault::{Fault, Faults};
pub use grants::Grants;
pub use identity::{Claims, IdentityProvider, UseCodes};
pub use key_source::{KeyCommand, KeySource};
pub use limits::Limits;
pub use lookup::Lookup;
pub use memory::Memory;
pub use moment::{BadMoment, Moment};
pub use objections::Objections;
pub use operation::{Admin, Cache, Log, LogFormat, LogLevel, Storage};
pub use organisation::{ALL as EVERY_ORGANISATION, Organisation};
pub use origin::Origin;
pub use policy::{Policy, SealApplications, SignaturePolicy, TypeRow, Unrecorded};
pub use reading::Place;
use reading::Reading;
pub use record::{Record, ShardPeriod, WhenFailed};
pub use rules::RulesFile;
pub use schema::Schema;
pub use server::Server;
pub use source::{DataSource, DataSourceKind, Exchange, ExchangeCipher, SourceAuth, SourceResource};
pub use source_answer::{AnswerRule, AnswerRules, Pointer};
pub use source_request::RequestTemplate;
pub(crate) use source_request::{Node, Piece, Slot};
pub use status::{SourceUrl, Status, StatusSource};
pub use status_list::{Signing, StatusList};
pub use supervision::Supervision;
pub use telemetry::Telemetry;
pub use trust::{AlgorithmRow, AnchorRow, EndingAlgorithm, PolicyRow, ServedAnchor, TrustDomain};
pub use trust_list::{Reload, TrustList};
pub use witness::{Witness, WitnessedLog, Witnesses};

/// The longest path by which a socket can be had, in bytes.
const SOCKET_BYTES_MAX: usize = 107;

/// A whole configuration file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `[server]`: the public listener.
    pub server: Server,
    /// `[admin]`: the listener for metrics and health.
    #[serde(default)]
    pub admin: Admin,
    /// `[storage]`: where things are kept.
    pub storage: Storage,
    /// `[record]`: the logs of what happens.
    pub record: Record,
    /// `[backup]`: copies of the store.
    #[serde(default)]
    pub backup: Option<Backup>,
    /// `[cache]`: what is kept in memory.
    #[serde(default)]
    pub cache: Cache,
    /// `[log]`: what is written to standard error.
    #[serde(default)]
    pub log: Log,
    /// `[policy]`: rules of verification that the standards leave open.
    #[serde(default)]
    pub policy: Policy,
    /// `[signing]`: the gateway's own key.
    #[serde(default)]
    pub signing: Option<Signing>,
    /// `[status_list]`: the lists that are published of the licences on record.
    #[serde(default)]
    pub status_list: Option<StatusList>,
    /// `[[trust]]`: whom to believe, and for what.
    #[serde(default)]
    pub trust: Vec<TrustDomain>,
    /// `[trust_list]`: the same from a signed list, instead of `[[trust]]` and of the rules of `[policy]` that decide on signatures.
    #[serde(default)]
    pub trust_list: Option<TrustList>,
    /// `[telemetry]`: where traces go.
    #[serde(default)]
    pub telemetry: Option<Telemetry>,
    /// `[reload]`: what is read again while the gateway runs.
    #[serde(default)]
    pub reload: Reload,
    /// `[status]`: where the status of certificates is asked for, in the background.
    #[serde(default)]
    pub status: Status,
    /// `[witness]`: the logs of others that this gateway witnesses.
    #[serde(default)]
    pub witness: Option<Witness>,
    /// `[[sources]]`: the interfaces that answer look-ups, besides the licences on record here.
    #[serde(default)]
    pub sources: Vec<DataSource>,
    /// `[[callers]]`: the systems that may call, and what each may do.
    #[serde(default)]
    pub callers: Vec<Caller>,
    /// `[limits]`: how much may be asked at the same time, by everybody and by one caller.
    #[serde(default)]
    pub limits: Limits,
    /// `[memory]`: how much the whole gateway may take.
    #[serde(default)]
    pub memory: Memory,
    /// `[lookup]`: how long look-ups take at most, and how many there may be.
    #[serde(default)]
    pub lookup: Lookup,
    /// `[audit]`: what the ready questions of auditors go by.
    #[serde(default)]
    pub audit: Audit,
    /// `[supervision]`: when a source or a consumer gets a card.
    #[serde(default)]
    pub supervision: Supervision,
    /// `[grants]`: within how many working days applications for grants are dealt with.
    #[serde(default)]
    pub grants: Grants,
    /// `[objections]`: within how many working days objections are answered.
    #[serde(default)]
    pub objections: Objections,
    /// `[[organisations]]`: who stands above whom, for auditors of a part of the tree.
    #[serde(default)]
    pub organisations: Vec<Organisation>,
    /// `[[identity_providers]]`: whose tokens of holders are taken.
    #[serde(default)]
    pub identity_providers: Vec<IdentityProvider>,
    /// `[use_codes]`: how long codes live.
    #[serde(default)]
    pub use_codes: UseCodes,
    /// What the file said, by digests.
    #[serde(skip)]
    digests: Digests,
    /// What it was read from.
    #[serde(skip)]
    origin: Origin,
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// Every [`Fault`] that can be found without opening the files that the configuration names.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        let examined = Self::examine(path)?;
        Self::unless(examined.faults, examined.config).map_err(|faults| faults.in_file(path))
    }

    /// Reads a configuration file for looking on where it is faulty too. The faults have no places yet: see [`Faults::in_file`].
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn examine(path: &Path) -> Result<Examined, Faults> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Faults::one("(file)", format!("{} cannot be read: {error}", path.display())))?;
        let mut examined = Self::look(&text, path.parent().unwrap_or_else(|| Path::new(".")));
        if let Some(config) = &mut examined.config {
            config.origin = config.origin.clone().in_file(path);
        }
        Ok(examined)
    }

    /// Checks the text of a configuration file; relative paths are taken from `folder`.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Faults> {
        let examined = Self::look(text, folder);
        Self::unless(examined.faults, examined.config).map_err(|faults| faults.in_text::<Self>(text))
    }

    /// The configuration where there are no faults. There is one then.
    fn unless(faults: Faults, config: Option<Self>) -> Result<Self, Faults> {
        let config = faults.none_or(config)?;
        config.ok_or_else(|| Faults::one("(file)", "cannot be read"))
    }

    fn look(text: &str, folder: &Path) -> Examined {
        let Reading { value, table, faults, doubtful } = Reading::<Self>::of(text);
        let is_good = faults.is_empty();
        let mut examined = Examined { config: None, faults, doubtful };
        let Some(mut config) = value else { return examined };
        if is_good {
            config.digests = examined.take(Digests::of(text, &table)).unwrap_or_default();
            config.origin = Origin::of(table);
        }
        config.resolve(folder);
        let checked = config.check();
        examined.take(checked);
        config.lookup.within(config.server.request_timeout());
        examined.config = Some(config);
        examined
    }

    /// What is wrong with it that can be found without opening files.
    fn check(&self) -> Result<(), Faults> {
        let config = self;
        let mut faults = Faults::default();
        config.server.check(&mut faults);
        config.admin.check(&config.server, &mut faults);
        config.check_socket(&mut faults);
        config.storage.check(&mut faults);
        config.record.check(&mut faults);
        config.backup.iter().for_each(|backup| backup.check(&config.storage, &mut faults));
        config.cache.check(&mut faults);
        config.log.check(&mut faults);
        if let Some(lists) = &config.status_list {
            lists.check(config.signing.as_ref(), &mut faults);
        }
        config.policy.signatures.check("policy", &mut faults);
        trust::check(&config.trust, "trust", &mut faults);
        config.check_list(&mut faults);
        config.status.check(&config.trust, &mut faults);
        if let Some(telemetry) = &config.telemetry {
            telemetry.check(&mut faults);
        }
        if let Some(witness) = &config.witness {
            witness.check(&mut faults);
        }
        source::check(&config.sources, &mut faults);
        caller::check(&config.callers, &mut faults);
        config.audit.check(&mut faults);
        config.limits.check(&mut faults);
        config.memory.check(config, &mut faults);
        config.lookup.check(&mut faults);
        config.supervision.check(&mut faults);
        config.grants.check(&mut faults);
        config.objections.check(&mut faults);
        organisation::check(&config.organisations, &config.callers, &mut faults);
        identity::check(&config.identity_providers, &mut faults);
        config.use_codes.check(&mut faults);
        faults.none_or(())
    }

    /// The system takes a socket only by a short path.
    fn check_socket(&self, faults: &mut Faults) {
        let path = Admin::socket_unnamed(&self.socket());
        let bytes = path.as_os_str().len();
        if bytes > SOCKET_BYTES_MAX {
            let key = if self.admin.socket.is_some() { "admin.socket" } else { "storage.path" };
            let what = format!(
                "the path of the control socket would be too long: {} has {bytes} bytes, and may have {SOCKET_BYTES_MAX}",
                path.display()
            );
            faults.add_with(key, what, "give admin.socket a shorter path, such as /run/licet/licet.sock");
        }
    }

    /// What a list says, the configuration does not say again.
    fn check_list(&self, faults: &mut Faults) {
        let Some(list) = &self.trust_list else { return };
        list.check(faults);
        faults.demand(self.trust.is_empty(), "trust_list", "and [[trust]] exclude each other");
        let is_silent = self.policy.signatures == SignaturePolicy::default();
        faults.demand(
            is_silent,
            "policy",
            "rules that decide on signatures stand in the trust list; here only unrecorded, unfiled_seals, seal_applications and record_is_proof may be set",
        );
    }

    /// What it was read from.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The control socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.admin.socket.clone().unwrap_or_else(|| self.storage.path.join("licet.sock"))
    }
}
