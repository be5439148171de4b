//! The rules of RFC 5280 that a path must keep, each with certificates of our own: usages, names, policies.

use crypto::context::Context;
use crypto::issue::certificate::AltName;
use crypto::issue::{CertificateBuilder, KeyType, Name, Usage, der};
use crypto::oid::Oid;
use crypto::report::{Check, Role};
use crypto::x509::certificate_policy::PolicyRules;
use crypto::x509::path::{self, Lifetime, Question};
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Domain, Purpose, Trust};

use crate::world::{Actor, actor, authority, now};

const KIND: KeyType = KeyType::Ed25519;
const GOLD: Oid<'static> = Oid::SM2_SM3;
const SILVER: Oid<'static> = Oid::SM3;
const BRASS: Oid<'static> = Oid::SHA256;

/// The checks of the path from the first of `chain` to `root`, which is trusted for everything.
fn checks(root: &Actor, chain: &[&Actor], role: Role, purpose: Purpose, policies: PolicyRules) -> Vec<Check> {
    let domain = Domain { revocation: RevocationPolicy::None, policies, ..Domain::new("all", purpose, vec![root.certificate()]) };
    let trust = Trust::new(vec![domain], Policy::default());
    let companions: Vec<_> = chain.iter().map(|actor| actor.certificate()).collect();
    let mut context = Context::new(&trust, now());
    context.certificates = &companions;
    let question = Question { purpose, role, algorithm: None, used_at: None, lifetime: Lifetime::Now };
    path::validate(&companions[0], &question, &mut context).unwrap().checks
}

/// What is against the path of a signer.
fn against(root: &Actor, chain: &[&Actor], policies: PolicyRules) -> Vec<String> {
    let checks = checks(root, chain, Role::Signer, Purpose::Signer, policies);
    checks.into_iter().filter(|check| check.effect.is_some()).map(|check| check.id.into_owned()).collect()
}

/// A root of this shape with one leaf of this shape.
fn pair(
    root: fn(CertificateBuilder) -> CertificateBuilder,
    leaf: impl FnOnce(CertificateBuilder) -> CertificateBuilder,
) -> [Actor; 2] {
    let plain = authority(KIND, "root");
    let builder = root(CertificateBuilder::new(&plain.name, &plain.key, 1).authority(None));
    let root = Actor { der: builder.self_signed(&plain.key), ..plain };
    let leaf = actor(&root, KIND, "leaf", 2, leaf);
    [root, leaf]
}

#[test]
fn each_role_has_its_usage() {
    type Shape = fn(CertificateBuilder) -> CertificateBuilder;
    type Case<'a> = (Role, Purpose, &'a [(Shape, bool)]);
    let signs: Shape = |builder| builder.usage(&[Usage::DigitalSignature]);
    let lists: Shape = |builder| builder.usage(&[Usage::CrlSign]);
    let stamps: Shape = |builder| builder.usage(&[Usage::NonRepudiation]).extended_usage(true, &[Oid::EKU_TIME_STAMPING]);
    let answers: Shape = |builder| builder.usage(&[Usage::DigitalSignature]).extended_usage(false, &[Oid::EKU_OCSP_SIGNING]);
    let silent: Shape = |builder| builder;
    let (tsa, ocsp, client) = (Purpose::Tsa, Purpose::Ocsp, Purpose::Client);
    let cases: [Case<'_>; 6] = [
        (Role::Signer, Purpose::Signer, &[(signs, true), (stamps, true), (silent, true), (lists, false)]),
        (Role::SealMaker, Purpose::SealMaker, &[(signs, true), (lists, false)]),
        (Role::CrlIssuer, Purpose::Signer, &[(lists, true), (silent, true), (signs, false)]),
        (
            Role::Tsa,
            tsa,
            &[
                (stamps, true),
                (signs, false),
                (silent, false),
                (|builder| builder.extended_usage(false, &[Oid::EKU_TIME_STAMPING]), false),
                (|builder| builder.extended_usage(true, &[Oid::EKU_TIME_STAMPING, Oid::EKU_CLIENT_AUTH]), false),
                (|builder| builder.extended_usage(true, &[Oid::EKU_ANY]), false),
            ],
        ),
        (Role::Ocsp, ocsp, &[(answers, true), (signs, false), (stamps, false), (silent, false)]),
        (
            Role::Signer,
            client,
            &[
                (|builder| builder.tls(&[]), true),
                (|builder| builder.extended_usage(true, &[Oid::EKU_ANY]), true),
                (silent, true),
                (|builder| builder.extended_usage(false, &[Oid::EKU_SERVER_AUTH]), false),
                (|builder| builder.extended_usage(false, &[]), false),
            ],
        ),
    ];
    for (role, purpose, shapes) in cases {
        for (place, (shape, expected)) in shapes.iter().enumerate() {
            let [root, leaf] = pair(|builder| builder, shape);
            let found = checks(&root, &[&leaf], role, purpose, PolicyRules::default());
            let usage = found.iter().find(|check| check.id == "path.key-usage").unwrap();
            assert_eq!(usage.effect.is_none(), *expected, "{role:?} {purpose:?} {place}: {usage:?}");
        }
    }
}

#[test]
fn the_extended_usage_of_an_issuer_limits_what_is_below() {
    let root = authority(KIND, "root");
    for (usages, expected) in
        [(&[Oid::EKU_TIME_STAMPING][..], true), (&[Oid::EKU_SERVER_AUTH, Oid::EKU_ANY], true), (&[Oid::EKU_SERVER_AUTH], false)]
    {
        let middle = actor(&root, KIND, "middle", 2, |builder| builder.authority(None).extended_usage(false, usages));
        let tsa = actor(&middle, KIND, "tsa", 3, |builder| builder.signer().extended_usage(true, &[Oid::EKU_TIME_STAMPING]));
        let found = checks(&root, &[&tsa, &middle], Role::Tsa, Purpose::Tsa, PolicyRules::default());
        assert_eq!(found.iter().all(|check| check.effect.is_none()), expected, "{found:?}");
        // Signers have no extended usage of their own, so that none is taken from them.
        assert!(against(&root, &[&tsa, &middle], PolicyRules::default()).is_empty());
    }
}

/// What is against a leaf with these names below a root with these constraints.
fn constrained(permitted: &[AltName], excluded: &[AltName], names: &[AltName]) -> Vec<String> {
    let plain = authority(KIND, "root");
    let builder = CertificateBuilder::new(&plain.name, &plain.key, 1).authority(None).name_constraints(permitted, excluded);
    let root = Actor { der: builder.self_signed(&plain.key), ..plain };
    let leaf = actor(&root, KIND, "leaf", 2, |builder| builder.signer().alt_names(names));
    against(&root, &[&leaf], PolicyRules::default())
}

#[test]
fn names_of_every_form_are_held_to_the_constraints_above() {
    let ip = |text: &str| text.parse().unwrap();
    let dns = |text: &str| AltName::Dns(text.to_owned());
    let mail = |text: &str| AltName::Email(text.to_owned());
    let uri = |text: &str| AltName::Uri(text.to_owned());
    let directory = |unit: &str| AltName::Directory(Name::empty().with(Oid::COUNTRY, "CN").with(Oid::ORGANISATION, unit));
    let (v4, v6) = (AltName::Network(ip("10.1.0.0"), ip("255.255.0.0")), AltName::Network(ip("fd00::"), ip("ff00::")));
    let registered = AltName::Other(der::implicit(8, GOLD.0));
    for (base, inside, outside) in [
        (dns("example.cn"), dns("a.Example.CN"), dns("example.com")),
        (mail("example.cn"), mail("a@example.cn"), mail("a@b.example.cn")),
        (uri(".example.cn"), uri("https://a.example.cn/x"), uri("https://example.cn/x")),
        (v4, AltName::Ip(ip("10.1.2.3")), AltName::Ip(ip("10.2.2.3"))),
        (v6, AltName::Ip(ip("fd01::1")), AltName::Ip(ip("fe80::1"))),
    ] {
        let (base, inside, outside) = (&[base], &[inside], &[outside]);
        assert!(constrained(base, &[], inside).is_empty(), "{base:?}");
        assert_eq!(constrained(base, &[], outside), ["path.names"], "{base:?}");
        assert_eq!(constrained(&[], base, inside), ["path.names"], "{base:?}");
        assert!(constrained(&[], base, outside).is_empty(), "{base:?}");
    }
    // The subject is C=CN, O=示例机关: a directory name is held to it without alternative names.
    assert!(constrained(&[directory("示例机关")], &[], &[]).is_empty());
    assert_eq!(constrained(&[directory("其他机关")], &[], &[]), ["path.names"]);
    assert_eq!(constrained(&[], &[directory("示例机关")], &[]), ["path.names"]);
    assert_eq!(constrained(&[directory("示例机关")], &[], &[directory("其他机关")]), ["path.names"]);
    // A form that is not known is refused where it is constrained, and nowhere else.
    let other = [registered];
    assert_eq!(constrained(&other, &[], &other), ["path.names"]);
    assert_eq!(constrained(&[], &other, &other), ["path.names"]);
    assert!(constrained(&[dns("example.cn")], &[], &other).is_empty());
    assert!(constrained(&other, &[], &[dns("example.cn")]).is_empty());
}

#[test]
fn malformed_and_excessive_constraints_are_refused() {
    let dns = |text: &str| AltName::Dns(text.to_owned());
    let subtrees = |base: &[u8]| der::sequence(&[&der::context(0, &der::sequence(&[&der::implicit(2, b"a.cn"), base]))]);
    let minimum = |n: u8| der::implicit(0, &[n]);
    for (value, expected) in [
        (subtrees(&[]), true),
        (subtrees(&minimum(0)), true),
        (subtrees(&minimum(1)), false),
        (subtrees(&der::implicit(1, &[3])), false),
        (der::sequence(&[]), false),
        (der::sequence(&[&der::context(0, &[])]), false),
        (der::sequence(&[&der::context(0, &der::sequence(&[&der::tlv(0x9f, b"a")]))]), false),
    ] {
        let plain = authority(KIND, "root");
        let builder =
            CertificateBuilder::new(&plain.name, &plain.key, 1).authority(None).extension(Oid::NAME_CONSTRAINTS, true, &value);
        let root = Actor { der: builder.self_signed(&plain.key), ..plain };
        let leaf = actor(&root, KIND, "leaf", 2, |builder| builder.signer());
        assert_eq!(against(&root, &[&leaf], PolicyRules::default()).is_empty(), expected, "{value:02x?}");
    }
    let many: Vec<AltName> = (0..600).map(|n| dns(&format!("h{n}.example.cn"))).collect();
    assert_eq!(constrained(&many, &[], &many), ["path.names"]);
    assert!(constrained(&[dns("example.cn")], &[dns("example.com")], &many).is_empty());
}

#[test]
fn constraints_add_up_and_spare_the_self_issued() {
    let dns = |text: &str| AltName::Dns(text.to_owned());
    let root = authority(KIND, "root");
    let wide = actor(&root, KIND, "wide", 2, |builder| builder.authority(None).name_constraints(&[dns("cn")], &[]));
    let narrow =
        actor(&wide, KIND, "narrow", 3, |builder| builder.authority(None).name_constraints(&[dns("a.cn"), dns("b.com")], &[]));
    for (name, expected) in [("x.a.cn", true), ("x.b.cn", false), ("x.b.com", false)] {
        let leaf = actor(&narrow, KIND, "leaf", 4, |builder| builder.signer().alt_names(&[dns(name)]));
        assert_eq!(against(&root, &[&leaf, &narrow, &wide], PolicyRules::default()).is_empty(), expected, "{name}");
    }
    // An authority that certifies its own next key under the same name is spared, but what that key signs is not.
    let next = authority(KIND, "next key");
    let rolled = CertificateBuilder::new(&wide.name, &next.key, 9).authority(None).alt_names(&[dns("elsewhere.com")]);
    let rolled = Actor { name: wide.name.clone(), der: rolled.issue(&wide.name, &wide.key), key: next.key };
    for (name, expected) in [("x.cn", true), ("x.com", false)] {
        let leaf = actor(&rolled, KIND, "leaf", 4, |builder| builder.signer().alt_names(&[dns(name)]));
        assert_eq!(against(&root, &[&leaf, &rolled, &wide], PolicyRules::default()).is_empty(), expected, "{name}");
    }
}

fn demand(policies: &[Oid<'_>]) -> PolicyRules {
    let initial = policies.iter().map(|policy| policy.to_string().parse().unwrap()).collect();
    PolicyRules { initial: Some(initial), explicit: true, ..PolicyRules::default() }
}

/// Whether a leaf with these policies holds them below an authority of this shape.
fn holds(
    authority_shape: impl FnOnce(CertificateBuilder) -> CertificateBuilder,
    policies: &[Oid<'_>],
    rules: PolicyRules,
) -> bool {
    let root = authority(KIND, "root");
    let middle = actor(&root, KIND, "middle", 2, |builder| authority_shape(builder.authority(None)));
    let shape = |builder: CertificateBuilder| {
        if policies.is_empty() { builder.signer() } else { builder.signer().policies(false, policies) }
    };
    let leaf = actor(&middle, KIND, "leaf", 3, shape);
    let against = against(&root, &[&leaf, &middle], rules);
    assert!(against.is_empty() || against == ["path.policies"], "{against:?}");
    against.is_empty()
}

#[test]
fn policies_hold_along_the_whole_path_where_they_are_demanded() {
    let gold = |builder: CertificateBuilder| builder.policies(true, &[GOLD]);
    assert!(holds(gold, &[GOLD], demand(&[GOLD])));
    assert!(holds(gold, &[GOLD, SILVER], demand(&[GOLD, BRASS])));
    assert!(!holds(gold, &[GOLD], demand(&[SILVER])));
    assert!(!holds(gold, &[SILVER], demand(&[SILVER, GOLD])));
    assert!(!holds(gold, &[], demand(&[GOLD])));
    assert!(!holds(|builder| builder, &[GOLD], demand(&[GOLD])));
    // Nobody demands a policy.
    assert!(holds(gold, &[SILVER], PolicyRules { explicit: false, ..demand(&[BRASS]) }));
    // The authority does.
    let strict = |builder: CertificateBuilder| builder.policies(true, &[GOLD]).policy_constraints(Some(0), None);
    assert!(holds(strict, &[GOLD], PolicyRules::default()));
    assert!(!holds(strict, &[SILVER], PolicyRules::default()));
    // Any policy stands for every one, unless that is inhibited.
    let any = |builder: CertificateBuilder| builder.policies(true, &[Oid::ANY_POLICY]);
    assert!(holds(any, &[GOLD], demand(&[GOLD])) && holds(gold, &[Oid::ANY_POLICY], demand(&[GOLD])));
    assert!(!holds(any, &[GOLD], PolicyRules { inhibit_any: true, ..demand(&[GOLD]) }));
    assert!(!holds(|builder| gold(builder).inhibit_any_policy(0), &[Oid::ANY_POLICY], demand(&[GOLD])));
}

#[test]
fn policies_are_mapped() {
    let mapped = |builder: CertificateBuilder| builder.policies(true, &[GOLD]).policy_mappings(&[(GOLD, SILVER)]);
    assert!(holds(mapped, &[SILVER], demand(&[GOLD])));
    assert!(!holds(mapped, &[SILVER], demand(&[SILVER])));
    assert!(!holds(mapped, &[GOLD], demand(&[GOLD])));
    assert!(!holds(mapped, &[SILVER], PolicyRules { inhibit_mapping: true, ..demand(&[GOLD]) }));
    let from_any = |builder: CertificateBuilder| builder.policies(true, &[Oid::ANY_POLICY]).policy_mappings(&[(GOLD, SILVER)]);
    assert!(holds(from_any, &[SILVER], demand(&[GOLD])));
    for pair in [(GOLD, Oid::ANY_POLICY), (Oid::ANY_POLICY, GOLD)] {
        let any = |builder: CertificateBuilder| builder.policies(true, &[GOLD]).policy_mappings(&[pair]);
        assert!(!holds(any, &[GOLD], PolicyRules::default()), "any policy must not be mapped");
    }
    for bad in [der::sequence(&[]), der::sequence(&[&der::oid(GOLD)]), vec![5, 0]] {
        for oid in [Oid::CERTIFICATE_POLICIES, Oid::POLICY_MAPPINGS, Oid::POLICY_CONSTRAINTS, Oid::INHIBIT_ANY_POLICY] {
            assert!(!holds(|builder| builder.extension(oid, true, &bad), &[], PolicyRules::default()), "{oid} {bad:02x?}");
        }
    }
}

/// The tree of RFC 5280 would have 16⁶ leaves here (RFC 9618, section 3).
#[test]
fn crossed_mappings_do_not_multiply() {
    let policies: Vec<Vec<u8>> = (0..16u8).map(|n| vec![0x2a, 0x03, n]).collect();
    let oids: Vec<Oid<'_>> = policies.iter().map(|content| Oid(content)).collect();
    let pairs: Vec<(Oid<'_>, Oid<'_>)> = oids.iter().flat_map(|one| oids.iter().map(|two| (*one, *two))).collect();
    let mut chain = vec![authority(KIND, "root")];
    for depth in 0..6u128 {
        let shape = |builder: CertificateBuilder| builder.authority(None).policies(true, &oids).policy_mappings(&pairs);
        let next = actor(chain.last().unwrap(), KIND, &format!("level {depth}"), depth + 2, shape);
        chain.push(next);
    }
    chain.push(actor(chain.last().unwrap(), KIND, "leaf", 99, |builder| builder.signer().policies(false, &oids)));
    let path: Vec<&Actor> = chain.iter().skip(1).rev().collect();
    assert!(against(&chain[0], &path, demand(&oids[..1])).is_empty());
    assert_eq!(against(&chain[0], &path, demand(&[GOLD])), ["path.policies"]);
}
