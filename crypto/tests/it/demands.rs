//! What trust domains and types of licence demand beyond the standards: services behind anchors, usages, who must have signed.

use std::collections::{BTreeMap, BTreeSet};

use crypto::issue::ofd::OfdBuilder;
use crypto::issue::seal::SealVersion;
use crypto::issue::{CertificateBuilder, JwsBuilder, KeyType};
use crypto::oid::Oid;
use crypto::report::{Indication, Report, SubIndication};
use crypto::time::Timestamp;
use crypto::x509::trust::{Policy, RevocationPolicy, TypeRule};
use crypto::x509::{Domain, Purpose, Service, ServiceStatus, Trust};

use crate::world::{Actor, ISSUER, OTHER, World, actor, authority, failing, fields, now, report, signed};

fn domain(root: &Actor) -> Domain {
    Domain { revocation: RevocationPolicy::None, ..Domain::new("signers", Purpose::Signer, vec![root.certificate()]) }
}

fn people(shape: impl FnOnce(CertificateBuilder) -> CertificateBuilder) -> (Actor, Actor) {
    let root = authority(KeyType::Sm2, "root");
    let signer = actor(&root, KeyType::Sm2, "signer", 3, |builder| shape(builder.signer().organisation_code(ISSUER)));
    (root, signer)
}

fn judge(signer: &Actor, domain: Domain, policy: Policy, when: Timestamp) -> Report {
    let jws = JwsBuilder::licence(&fields(ISSUER)).chain(&[&signer.der]).signed_at(signed()).compact(&signer.key);
    report(jws.as_bytes(), &Trust::new(vec![domain], policy), when)
}

#[test]
fn an_anchor_counts_while_its_service_is_offered() {
    let (root, signer) = people(|builder| builder);
    let with = |service: Service| {
        let services = BTreeMap::from([(root.certificate().sha256(), service)]);
        judge(&signer, Domain { services, ..domain(&root) }, Policy::default(), now())
    };
    let granted = Service::default();
    let withdrawn = Service { status: ServiceStatus::Withdrawn, ..granted };
    let later = now().plus(3600);
    assert!(with(granted).verdict.is_passed());
    let ends = with(Service { until: Some(later), ..granted });
    assert!(ends.verdict.is_passed());
    assert_eq!(ends.holds_until, Some(later.plus(1)), "the end of the service ends the verdict");
    for (service, why) in [
        (withdrawn, SubIndication::NoCertificateChainFound),
        (Service { from: Some(later), ..granted }, SubIndication::NoCertificateChainFound),
        (Service { until: Some(signed().plus(-1)), ..withdrawn }, SubIndication::NoCertificateChainFound),
        (Service { until: Some(signed().plus(1)), ..withdrawn }, SubIndication::NoCertificateChainFoundNoPoe),
        (Service { until: Some(signed().plus(1)), ..granted }, SubIndication::NoCertificateChainFoundNoPoe),
    ] {
        let report = with(service);
        assert_eq!(report.verdict.sub_indication, Some(why), "{service:?} {report:#?}");
        assert_eq!(failing(&report), ["path.anchor"]);
    }
    assert_eq!(with(Service { from: Some(later), ..granted }).holds_until, Some(later), "it may pass from then on");
}

#[test]
fn a_withdrawn_service_still_counts_for_the_past() {
    let (root, signer) = people(|builder| builder);
    let until = Some(now().plus(-60));
    let services =
        BTreeMap::from([(root.certificate().sha256(), Service { status: ServiceStatus::Withdrawn, until, from: None })]);
    let domain = Domain { services, ..domain(&root) };
    assert!(!judge(&signer, domain.clone(), Policy::default(), now()).verdict.is_passed());
    assert!(judge(&signer, domain, Policy::default(), now().plus(-60)).verdict.is_passed());
}

#[test]
fn a_domain_may_demand_an_extended_usage() {
    let wanted = || BTreeSet::from(["1.2.156.1.2.3".parse().unwrap(), Oid::EKU_CLIENT_AUTH.to_string().parse().unwrap()]);
    for (usages, good) in [(Some(Oid::EKU_CLIENT_AUTH), true), (Some(Oid::EKU_SERVER_AUTH), false), (None, false)] {
        let (root, signer) = people(|builder| match usages {
            Some(usage) => builder.extended_usage(false, &[usage]),
            None => builder,
        });
        let report = judge(&signer, Domain { extended_usages: wanted(), ..domain(&root) }, Policy::default(), now());
        let expected: &[&str] = if good { &[] } else { &["path.extended-usage"] };
        assert_eq!(failing(&report), expected, "{usages:?}");
    }
}

fn policy(rule: TypeRule) -> Policy {
    Policy { types: BTreeMap::from([(fields(ISSUER)["ZZLXDM"].clone(), rule)]), ..Policy::default() }
}

#[test]
fn a_type_of_licence_may_demand_usages_and_policies() {
    const POLICY: Oid<'static> = Oid::SM2_SM3;
    let (root, signer) = people(|builder| builder.extended_usage(false, &[Oid::EKU_CLIENT_AUTH]).policies(false, &[POLICY]));
    let one = |oid: Oid<'_>| BTreeSet::from([oid.to_string().parse().unwrap()]);
    for (extended_usages, certificate_policies, good) in [
        (one(Oid::EKU_CLIENT_AUTH), one(POLICY), true),
        (one(Oid::EKU_CLIENT_AUTH), BTreeSet::new(), true),
        (one(Oid::EKU_SERVER_AUTH), one(POLICY), false),
        (one(Oid::EKU_CLIENT_AUTH), one(Oid::SM3), false),
    ] {
        let rule = TypeRule { extended_usages, certificate_policies, ..TypeRule::default() };
        let report = judge(&signer, domain(&root), policy(rule.clone()), now());
        assert_eq!(report.verdict.is_passed(), good, "{rule:?}");
        let expected: &[&str] = if good { &[] } else { &["licence.signer-usage"] };
        assert_eq!(failing(&report), expected, "{rule:?}");
    }
    // A rule for another type demands nothing of this one.
    let strict = TypeRule { signatures_min: 9, ..TypeRule::default() };
    let other = Policy { types: BTreeMap::from([("11100000000013338W010".to_owned(), strict)]), ..Policy::default() };
    assert!(judge(&signer, domain(&root), other, now()).verdict.is_passed());
}

#[test]
fn signatures_that_were_removed_are_noticed() {
    let world = World::new();
    let seal = world.seal(SealVersion::V4);
    let second = crypto::issue::OfdSignature::sign(world.other.signer(), signed());
    let fields = fields(ISSUER);
    let builder = || OfdBuilder::new(&fields, "示例证照");
    let both = builder().sign(world.stamp(SealVersion::V4, &seal)).sign(second).build();
    let stripped = builder().sign(world.stamp(SealVersion::V4, &seal)).build();
    let twice = builder().sign(world.stamp(SealVersion::V4, &seal)).sign(world.stamp(SealVersion::V4, &seal)).build();
    let two = TypeRule { signatures_min: 2, ..TypeRule::default() };
    let named = TypeRule { signers: BTreeSet::from([ISSUER.to_owned(), OTHER.to_owned()]), ..TypeRule::default() };
    for rule in [two, named] {
        let trust = Trust::new(world.domains(), policy(rule.clone()));
        for document in [&stripped, &twice] {
            let report = report(document, &trust, now());
            assert_eq!(report.verdict.indication, Indication::TotalFailed, "{rule:?}");
            assert_eq!(failing(&report), ["licence.signatures"], "{rule:?}");
        }
        let report = report(&both, &trust, now());
        assert!(report.verdict.is_passed(), "{rule:?} {report:#?}");
    }
    assert!(world.report(&stripped).verdict.is_passed(), "without a rule nobody can tell");
}

#[test]
fn what_is_demanded_is_part_of_the_generation() {
    let (root, _) = people(|builder| builder);
    let generation = |domain: Domain, policy: Policy| Trust::new(vec![domain], policy).generation();
    let plain = generation(domain(&root), Policy::default());
    let services = BTreeMap::from([(root.certificate().sha256(), Service { until: Some(now()), ..Service::default() })]);
    let usages = BTreeSet::from(["1.2.3".parse().unwrap()]);
    let changed = [
        generation(Domain { services, ..domain(&root) }, Policy::default()),
        generation(Domain { extended_usages: usages, ..domain(&root) }, Policy::default()),
        generation(domain(&root), policy(TypeRule { signatures_min: 2, ..TypeRule::default() })),
        generation(domain(&root), Policy { version: 1, ..Policy::default() }),
    ];
    assert!(changed.iter().all(|generation| *generation != plain));
    assert_eq!(generation(domain(&root), Policy::default()), plain);
}
