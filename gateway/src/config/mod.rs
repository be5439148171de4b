//! The configuration: one TOML file, documented here field by field.
//!
//! Every fault is found before a port is bound. A key that is not known is a fault, a relative path is taken from the folder
//! of the file, and every key that holds a quantity names its unit.

mod audit;
mod backup;
mod caller;
mod digests;
mod fault;
mod grants;
mod identity;
mod lookup;
mod moment;
mod objections;
mod operation;
mod organisation;
mod policy;
mod record;
mod rules;
mod server;
mod source;
mod source_answer;
mod source_request;
mod status;
mod status_list;
mod supervision;
pub(crate) mod trust;
mod trust_list;
mod witness;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use audit::{Audit, OfficeHours};
pub use backup::Backup;
pub use caller::Caller;
pub use digests::{Changed, Digests};
pub use fault::{Fault, Faults};
pub use grants::Grants;
pub use identity::{Claims, IdentityProvider, UseCodes};
pub use lookup::Lookup;
pub use moment::{BadMoment, Moment};
pub use objections::Objections;
pub use operation::{Admin, Cache, Log, LogFormat, Storage};
pub use organisation::{ALL as EVERY_ORGANISATION, Organisation};
pub use policy::{Policy, SealApplications, SignaturePolicy, TypeRow, Unrecorded};
pub use record::{Record, ShardPeriod};
pub use rules::RulesFile;
pub use server::Server;
pub use source::{DataSource, DataSourceKind, Exchange, ExchangeCipher, SourceAuth, SourceResource};
pub use source_answer::{AnswerRule, AnswerRules, Pointer};
pub use source_request::RequestTemplate;
pub(crate) use source_request::{Node, Piece, Slot};
pub use status::{SourceUrl, Status, StatusSource};
pub use status_list::{Signing, StatusList};
pub use supervision::Supervision;
pub use trust::{AlgorithmRow, AnchorRow, EndingAlgorithm, PolicyRow, ServedAnchor, TrustDomain};
pub use trust_list::{Reload, TrustList};
pub use witness::{Witness, WitnessedLog, Witnesses};

/// A whole configuration file.
#[derive(Clone, Debug, Deserialize)]
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
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// Every [`Fault`] that can be found without opening the files that the configuration names.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Faults::one("(file)", format!("{} cannot be read: {error}", path.display())))?;
        Self::parse(&text, path.parent().unwrap_or_else(|| Path::new(".")))
    }

    /// Checks the text of a configuration file; relative paths are taken from `folder`.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Faults> {
        let mut config: Self = toml::from_str(text).map_err(|error| Faults::one("(syntax)", error.to_string()))?;
        config.digests = Digests::of(text)?;
        config.resolve(folder);
        let mut faults = Faults::default();
        config.server.check(&mut faults);
        config.admin.check(&mut faults);
        config.record.check(&mut faults);
        config.backup.iter().for_each(|backup| backup.check(&mut faults));
        config.cache.check(&mut faults);
        config.log.check(&mut faults);
        if let Some(lists) = &config.status_list {
            lists.check(config.signing.as_ref(), &mut faults);
        }
        config.policy.signatures.check("policy", &mut faults);
        trust::check(&config.trust, "trust", &mut faults);
        config.check_list(&mut faults);
        config.status.check(&config.trust, &mut faults);
        if let Some(witness) = &config.witness {
            witness.check(&mut faults);
        }
        source::check(&config.sources, &mut faults);
        caller::check(&config.callers, &mut faults);
        config.audit.check(&mut faults);
        config.lookup.check(&mut faults);
        config.lookup.within(config.server.request_timeout());
        config.supervision.check(&mut faults);
        config.grants.check(&mut faults);
        config.objections.check(&mut faults);
        organisation::check(&config.organisations, &config.callers, &mut faults);
        identity::check(&config.identity_providers, &mut faults);
        config.use_codes.check(&mut faults);
        faults.none_or(config)
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

    /// The control socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.admin.socket.clone().unwrap_or_else(|| self.storage.path.join("licet.sock"))
    }

    fn resolve(&mut self, folder: &Path) {
        let own = self.server.paths().into_iter().chain(self.storage.paths()).chain(self.status.paths());
        let own = own.chain(self.record.paths()).chain(&mut self.admin.socket);
        let own = own.chain(self.backup.iter_mut().flat_map(Backup::paths));
        let own = own.chain(self.signing.iter_mut().flat_map(Signing::paths));
        let own = own.chain(self.trust_list.iter_mut().flat_map(TrustList::paths));
        let own = own.chain(self.witness.iter_mut().flat_map(Witness::paths));
        let own = own.chain(self.identity_providers.iter_mut().map(|provider| &mut provider.keys));
        let own = own.chain(self.sources.iter_mut().flat_map(DataSource::paths));
        for path in own.chain(self.trust.iter_mut().flat_map(TrustDomain::materials_mut)) {
            resolve(path, folder);
        }
    }
}

fn resolve(path: &mut PathBuf, folder: &Path) {
    if path.is_relative() {
        *path = folder.join(&*path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = r#"
        [server]
        certificate = "server.pem"
        key = "server.key"
        client_anchors = ["/etc/clients.pem"]
        [storage]
        path = "data"
        value_key = "value.key"
        index_key = "index.key"
        [record]
        origin = "licet.example.gov.cn"
        key = "log.key"
    "#;

    #[track_caller]
    fn faults(more: &str) -> String {
        Config::parse(&format!("{SMALLEST}{more}"), Path::new("/srv")).expect_err("a fault").to_string()
    }

    #[test]
    fn smallest_has_safe_defaults() {
        let config = Config::parse(SMALLEST, Path::new("/srv")).unwrap();
        assert!(config.server.listen.ip().is_loopback() && config.admin.listen.ip().is_loopback());
        assert_eq!(config.server.key, Path::new("/srv/server.key"));
        assert_eq!(config.server.client_anchors, [Path::new("/etc/clients.pem")]);
        assert_eq!(config.storage.path, Path::new("/srv/data"));
        assert_eq!((config.record.key.as_path(), config.record.shard), (Path::new("/srv/log.key"), ShardPeriod::Year));
        assert_eq!(config.policy.unrecorded, Unrecorded::Indeterminate);
        assert!(!config.policy.signatures.raw_sm2);
    }

    #[test]
    fn unknown_keys_are_faults_with_their_name() {
        assert!(faults("[cache]\nverdict_max = 3").contains("verdict_max"));
        assert!(faults("[[trust]]\nname = 'a'\npurpose = 'sealmaker'\nanchors = []\nrevocation='none'").contains("sealmaker"));
        assert!(Config::parse("", Path::new(".")).is_err());
    }

    #[test]
    fn every_fault_is_named_by_its_key() {
        let text = faults(
            "[admin]\nlisten = '0.0.0.0:9443'\n[cache]\nverdicts_mib = 0\n[log]\nlevel = 'much'
            [status_list]\nbase_uri = 'http://a/'\nttl_s = 5
            [[trust]]\nname = 'a b'\npurpose = 'signer'\nrevocation = 'none'\nanchors = []\nalgorithms = ['md5']
            [status]\nocsp_timeout_ms = 0\nrefresh_s_max = 1
            [[status.sources]]\ndomain = 'b'\ncrl_urls = ['https://crl.example/']
            [objections]\ndays = 0
            [grants]\ncheck_days = 0\ndecision_days = 251
            [[callers]]\nname = 'x'\norganisation = '123'\ncertificates = ['sha1:00']\nroles = []",
        );
        for key in [
            "admin.listen",
            "cache.verdicts_mib",
            "log.level",
            "status_list",
            "status_list.base_uri",
            "status_list.ttl_s",
            "trust[0].name",
            "trust[0].anchors",
            "trust[0].algorithms",
            "status.ocsp_timeout_ms",
            "status.refresh_s_max",
            "status.sources[0].domain",
            "status.tls_anchors",
            "callers[0].organisation",
            "callers[0].certificates",
            "callers[0].roles",
            "grants.check_days",
            "objections.days",
            "grants.decision_days",
        ] {
            assert!(text.contains(&format!("{key}: ")), "{key} in {text}");
        }
    }

    #[test]
    fn two_callers_cannot_share_a_certificate() {
        let one = |name| {
            format!(
                "[[callers]]\nname = '{name}'\norganisation = '91350211M000100Y46'\ncertificates = ['dns:a']\nroles = ['verifier']\n"
            )
        };
        assert!(faults(&(one("a") + &one("b"))).contains("callers[1].certificates: "));
        assert!(faults(&(one("a") + &one("a").replace("dns:a", "dns:b"))).contains("callers[1].name: "));
    }

    #[test]
    fn organisations_are_a_tree() {
        let row = |code: &str, more: &str| format!("[[organisations]]\ncode = '{code}'\nname = 'x'\n{more}\n");
        let (a, b) = ("91350211M000100Y46", "11330105002500287C");
        let circle = faults(&(row(a, &format!("parent = '{b}'")) + &row(b, &format!("parent = '{a}'"))));
        assert!(circle.contains("organisations[0].parent: makes a circle") && circle.contains("organisations[1].parent"));
        assert!(faults(&row(a, &format!("parent = '{a}'"))).contains("organisations[0].parent: makes a circle"));
        assert!(faults(&row(a, &format!("parent = '{b}'"))).contains("organisations[0].parent: is the code of no"));
        assert!(faults(&(row(a, "") + &row(a, ""))).contains("organisations[1].code: is used twice"));
        assert!(faults(&row("123", "")).contains("organisations[0].code: "));
        let caller = |audits: &str| {
            let caller = "[[callers]]\nname = 'x'\ncertificates = ['dns:a']\nroles = ['auditor']\n";
            format!("{}{caller}organisation = '{b}'\naudits = {audits}\n", row(a, ""))
        };
        assert!(faults(&caller("['91350211M000100Y47']")).contains("callers[0].audits: "));
        assert!(faults(&caller("[]")).contains("callers[0].audits: "));
        assert!(faults(&caller(&format!("['*', '{a}']"))).contains("callers[0].audits: "));
        for good in [format!("['{a}', '{b}']"), "['*']".to_owned()] {
            Config::parse(&format!("{SMALLEST}{}", caller(&good)), Path::new(".")).unwrap();
        }
        let hours = |line: &str| faults(&format!("[audit.office_hours]\n{line}"));
        assert!(hours("hours = ['8:30-9:00']").contains("audit.office_hours.hours: "));
        assert!(hours("hours = []").contains("audit.office_hours.hours: "));
        let day = "2026-10-01";
        assert!(hours(&format!("holidays = ['{day}']\nworkdays = ['{day}']")).contains("audit.office_hours.workdays: "));
        assert!(hours("weekdays = [0]").contains("audit.office_hours.weekdays: "));
    }

    #[test]
    fn the_documented_file_has_every_key_with_its_default() {
        const DOCUMENTED: &str = include_str!("../../../config/licet.toml");
        let documented = Config::parse(DOCUMENTED, Path::new("/srv")).unwrap();
        let smallest = Config::parse(SMALLEST, Path::new("/srv")).unwrap();
        let named = Server { client_anchors: smallest.server.client_anchors.clone(), ..documented.server.clone() };
        assert_eq!(format!("{named:?}"), format!("{:?}", smallest.server));
        assert_eq!(format!("{:?}", documented.admin), format!("{:?}", smallest.admin));
        assert_eq!(format!("{:?}", documented.storage), format!("{:?}", smallest.storage));
        let record = Record { sm2_key: None, witnesses: None, ..documented.record.clone() };
        assert_eq!(format!("{record:?}"), format!("{:?}", smallest.record));
        assert_eq!(format!("{:?}", documented.cache), format!("{:?}", smallest.cache));
        assert_eq!(format!("{:?}", documented.log), format!("{:?}", smallest.log));
        let status = Status { sources: Vec::new(), ..documented.status.clone() };
        assert_eq!(format!("{status:?}"), format!("{:?}", smallest.status));
        assert_eq!(format!("{:?}", documented.reload), format!("{:?}", smallest.reload));
        assert_eq!(format!("{:?}", documented.lookup), format!("{:?}", smallest.lookup));
        assert_eq!(format!("{:?}", documented.audit), format!("{:?}", smallest.audit));
        assert_eq!(format!("{:?}", documented.use_codes), format!("{:?}", smallest.use_codes));
        let provider = &documented.identity_providers[0];
        let named = format!(
            "name = '{}'\nissuer = '{}'\naudience = '{}'\nkeys = '{}'",
            provider.name,
            provider.issuer,
            provider.audience,
            provider.keys.display()
        );
        assert_eq!(format!("{provider:?}"), format!("{:?}", toml::from_str::<IdentityProvider>(&named).unwrap()));
        assert_eq!(format!("{:?}", documented.supervision), format!("{:?}", smallest.supervision));
        assert_eq!(format!("{:?}", documented.objections), format!("{:?}", smallest.objections));
        assert_eq!(format!("{:?}", documented.grants), format!("{:?}", smallest.grants));
        let mut policy = documented.policy.clone();
        assert_eq!(policy.signatures.types.len(), 1);
        policy.signatures.types.clear();
        assert_eq!(format!("{policy:?}"), format!("{:?}", smallest.policy));
        let lists = documented.status_list.as_ref().unwrap();
        let smallest: StatusList = toml::from_str(&format!("base_uri = '{}'", lists.base_uri)).unwrap();
        assert_eq!(format!("{lists:?}"), format!("{smallest:?}"));
        let plain = [
            "audit.office_hours",
            "grants",
            "objections",
            "server",
            "admin",
            "backup",
            "storage",
            "record",
            "cache",
            "log",
            "lookup",
            "policy",
            "reload",
            "signing",
            "status",
            "status_list",
            "supervision",
            "witness",
            "use_codes",
        ];
        let listed = [
            "record.witnesses",
            "[identity_providers]",
            "[sources]",
            "[witness.logs]",
            "[trust]",
            "[status.sources]",
            "[callers]",
            "[organisations]",
        ];
        for section in plain.into_iter().chain(listed) {
            assert!(DOCUMENTED.contains(&format!("\n[{section}]")), "{section}");
        }
        every_key(&documented, DOCUMENTED);
    }

    /// Every key, taken from the debug form of the whole: a field that is added and not documented shows here.
    #[track_caller]
    fn every_key(config: &impl std::fmt::Debug, text: &str) {
        const SECTIONS: &str = "admin audit backup cache callers digests grants identity_providers log logs lookup material \
            objections office_hours organisations policy record reload server signatures signing \
            sources status status_list storage supervision trust trust_list types use_codes witness \
            witnesses";
        for field in format!("{config:#?}").lines().filter_map(|line| line.trim_start().split_once(": ")) {
            let (key, _) = field;
            let is_there = text.contains(&format!("\n{key} = ")) || text.contains(&format!(" {key} = "));
            assert!(SECTIONS.split(' ').any(|section| section == key) || key.starts_with('"') || is_there, "{key}");
        }
    }

    #[test]
    fn the_documented_list_takes_the_place_of_the_domains() {
        const DOCUMENTED: &str = include_str!("../../../config/licet.toml");
        let (before, rest) = DOCUMENTED.split_once("[[trust]]").unwrap();
        let before = before.split_once("name = \"default\"").unwrap().0.replace("raw_sm2 = false", "");
        let (_, list) = rest.split_once("#[trust_list]").unwrap();
        let list = list.lines().map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line));
        let text = format!("{before}\n[trust_list]{}", list.collect::<Vec<_>>().join("\n"));
        let config = Config::parse(&text, Path::new("/srv")).unwrap();
        let list = config.trust_list.unwrap();
        every_key(&list, &text);
        assert_eq!(list.accepted(), Path::new("/srv/trust.jws.accepted"));
        assert!(faults("[trust_list]\nfile = 'a'\nsigners = []").contains("trust_list.signers: "));
        let domain = "[[trust]]\nname = 'a'\npurpose = 'tsa'\nrevocation = 'none'\nanchors = ['a']\n";
        assert!(faults(&format!("{domain}[trust_list]\nfile = 'a'\nsigners = ['b']")).contains("trust_list: and [[trust]]"));
        assert!(faults("[policy]\nraw_sm2 = true\n[trust_list]\nfile = 'a'\nsigners = ['b']").contains("policy: "));
    }

    #[test]
    fn rules_of_trust_are_checked() {
        let domain = "[[trust]]\nname = 'a'\npurpose = 'signer'\nrevocation = 'none'\n";
        let text = faults(&format!(
            "[policy]\nname = ''\nclock_skew_s = 9999\ntypes.x.signers = ['1']\ntypes.x.extended_usages = ['1.2.x']
            {domain}anchors = [{{ file = 'a', status = 'granted' }}]\nrsa_bits_min = 512\nextended_usages = ['3.4']
            intermediates_max = 9\npolicies = {{ initial = [] }}"
        ));
        for key in [
            "policy.name",
            "policy.clock_skew_s",
            "policy.types.x",
            "policy.types.x.signers",
            "policy.types.x.extended_usages",
            "trust[0].rsa_bits_min",
            "trust[0].extended_usages",
            "trust[0].intermediates_max",
            "trust[0].policies.initial",
        ] {
            assert!(text.contains(&format!("{key}: ")), "{key} in {text}");
        }
        assert!(faults("[policy]\nraw_sm3 = true").contains("raw_sm3"));
        let policies = |row: &str| faults(&format!("{domain}anchors = ['a']\npolicies = {{ {row} }}"));
        assert!(policies("initial = ['1.2.x']").contains("trust[0].policies.initial: "));
        assert!(policies("explicit_policy = true").contains("explicit_policy"));
        assert!(
            Config::parse(&format!("{SMALLEST}{domain}anchors = [{{ file = 'a', untill = '2030-01-01' }}]"), Path::new("."))
                .is_err()
        );
        assert!(
            Config::parse(&format!("{SMALLEST}{domain}anchors = [{{ file = 'a', until = 'soon' }}]"), Path::new(".")).is_err()
        );
    }
}
