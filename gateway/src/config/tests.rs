//! What a configuration file says, and what is wrong with one.

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
    assert_eq!(config.server.key, "/srv/server.key".into());
    assert_eq!(config.server.client_anchors, [Path::new("/etc/clients.pem")]);
    assert_eq!(config.storage.path, Path::new("/srv/data"));
    assert_eq!((&config.record.key, config.record.shard), (&"/srv/log.key".into(), ShardPeriod::Year));
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
fn what_the_system_would_not_bind_is_a_fault() {
    let long = "d/".repeat(60);
    let text = faults(&format!("[admin]\nsocket = '/run/{long}licet.sock'"));
    assert!(text.contains("admin.socket: the path of the control socket would be too long: /run/d/"), "{text}");
    assert!(text.contains("shorter path, such as /run/licet/licet.sock"), "{text}");
    let far = SMALLEST.replace("path = \"data\"", &format!("path = \"{long}data\""));
    let text = Config::parse(&far, Path::new("/srv")).unwrap_err().to_string();
    assert!(text.contains("storage.path: the path of the control socket"), "{text}");
    let near = format!("{far}[admin]\nsocket = '/run/licet/licet.sock'");
    assert_eq!(Config::parse(&near, Path::new("/srv")).unwrap().socket(), Path::new("/run/licet/licet.sock"));
    // The longest: it is made under a name that is four bytes longer.
    for (length, is_good) in [(103, true), (104, false)] {
        let path = format!("/{}.sock", "s".repeat(length - 6));
        assert_eq!(
            Config::parse(&format!("{SMALLEST}[admin]\nsocket = '{path}'"), Path::new("/srv")).is_ok(),
            is_good,
            "{length}"
        );
    }

    let both = |public: &str, admin: &str| {
        let text = SMALLEST.replacen("[server]", &format!("[server]\nlisten = '{public}'"), 1);
        Config::parse(&format!("{text}[admin]\nlisten = '{admin}'"), Path::new("/srv")).is_ok()
    };
    assert!(both("127.0.0.1:1", "127.0.0.1:2") && both("127.0.0.2:1", "127.0.0.1:1") && both("127.0.0.1:0", "127.0.0.1:0"));
    assert!(!both("127.0.0.1:1", "127.0.0.1:1") && !both("0.0.0.0:1", "127.0.0.1:1"));
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
fn backups_lie_apart_from_the_store_and_have_their_own_key() {
    let backup = |path: &str, key: &str| {
        let text = format!("{SMALLEST}[backup]\npath = '{path}'\nkey = {key}");
        Config::parse(&text, Path::new("/srv")).err().map(|faults| faults.to_string()).unwrap_or_default()
    };
    for path in ["data", "./data/", "/srv/data/backups", "data/../data", ".", "/srv", "/", "other/.."] {
        assert!(backup(path, "'backup.key'").contains("backup.path: "), "{path}");
    }
    for path in ["backups", "data-backups", "data/../backups", "/backup/data"] {
        assert_eq!(backup(path, "'backup.key'"), "", "{path}");
    }
    for key in ["value.key", "./index.key", "/srv/keys/../value.key"] {
        assert!(backup("backups", &format!("'{key}'")).contains("backup.key: "), "{key}");
    }
    assert_eq!(backup("backups", "{ command = ['/bin/key'] }"), "");
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
    assert_eq!(format!("{:?}", documented.memory), format!("{:?}", smallest.memory));
    assert_eq!(format!("{:?}", documented.limits), format!("{:?}", smallest.limits));
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
    let telemetry = documented.telemetry.as_ref().unwrap();
    let least: Telemetry = toml::from_str(&format!("url = '{}'", telemetry.url)).unwrap();
    assert_eq!(format!("{telemetry:?}"), format!("{least:?}"));
    let lists = documented.status_list.as_ref().unwrap();
    let smallest: StatusList = toml::from_str(&format!("base_uri = '{}'", lists.base_uri)).unwrap();
    assert_eq!(format!("{lists:?}"), format!("{smallest:?}"));
    every_key(&documented, DOCUMENTED);
}

#[test]
fn the_documented_file_has_every_section() {
    const DOCUMENTED: &str = include_str!("../../../config/licet.toml");
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
        "limits",
        "lookup",
        "memory",
        "policy",
        "reload",
        "signing",
        "status",
        "status_list",
        "supervision",
        "telemetry",
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
}

/// Every key, taken from the debug form of the whole: a field that is added and not documented shows here.
#[track_caller]
fn every_key(config: &impl std::fmt::Debug, text: &str) {
    const SECTIONS: &str = "admin audit backup cache callers digests grants identity_providers limits log logs lookup material memory \
        objections office_hours organisations origin policy record reload server signatures signing \
        sources status status_list storage supervision telemetry trust trust_list types use_codes witness \
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
        Config::parse(&format!("{SMALLEST}{domain}anchors = [{{ file = 'a', untill = '2030-01-01' }}]"), Path::new(".")).is_err()
    );
    assert!(Config::parse(&format!("{SMALLEST}{domain}anchors = [{{ file = 'a', until = 'soon' }}]"), Path::new(".")).is_err());
}
