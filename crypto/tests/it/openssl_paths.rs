//! Paths of every shape, thrown by dice, judged by OpenSSL as well: whatever one of us accepts, the other does.

#![expect(clippy::disallowed_methods, reason = "these tests exchange files with another program")]

use std::path::PathBuf;
use std::process::Command;

use crypto::context::Context;
use crypto::issue::{AltName, CertificateBuilder, KeyType, Name, SigningKey, Usage, pem};
use crypto::oid::Oid;
use crypto::report::{Role, Verdict};
use crypto::x509::certificate_policy::PolicyRules;
use crypto::x509::path::{self, Lifetime, Question};
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Purpose, Trust};

use crate::world::{at, now};

const PATHS: u64 = 300;
/// Throws on which OpenSSL 3 accepts what RFC 5280 refuses: where `anyPolicy` is inhibited, 6.1.3 (d)(2) leaves no node of it and
/// 6.1.4 (b)(1) none to map from, but OpenSSL maps from the extension that names it.
const MAPPED_FROM_INHIBITED: [u64; 1] = [84];
const POLICIES: [Oid<'static>; 4] = [Oid::SM2_SM3, Oid::SM3, Oid::SHA256, Oid::ANY_POLICY];

struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        // xorshift64: the same throws on every run.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(u64::try_from(of.len()).unwrap())).unwrap()].clone()
    }
}

struct Actor {
    name: Name,
    key: SigningKey,
    der: Vec<u8>,
}

fn name(dice: &mut Dice, label: &str) -> Name {
    Name::new(dice.one(&["示例机关", "示例机关", "示例机关", "另一机关"]), label)
}

fn names(dice: &mut Dice) -> AltName {
    dice.one(&[
        AltName::Dns("www.a.cn".into()),
        AltName::Dns("a.cn".into()),
        AltName::Dns("B.CN".into()),
        AltName::Email("x@a.cn".into()),
        AltName::Email("x@www.a.cn".into()),
        AltName::Uri("https://www.a.cn/x".into()),
        AltName::Uri("ldap://b.cn:389".into()),
        AltName::Ip("10.1.2.3".parse().unwrap()),
        AltName::Ip("fd00::1".parse().unwrap()),
    ])
}

fn subtree(dice: &mut Dice) -> AltName {
    let organisation = |text| AltName::Directory(Name::empty().with(Oid::COUNTRY, "CN").with(Oid::ORGANISATION, text));
    dice.one(&[
        AltName::Dns("a.cn".into()),
        AltName::Dns("cn".into()),
        AltName::Email("a.cn".into()),
        AltName::Email(".a.cn".into()),
        AltName::Email("x@a.cn".into()),
        AltName::Uri(".a.cn".into()),
        AltName::Uri("b.cn".into()),
        AltName::Network("10.1.0.0".parse().unwrap(), "255.255.0.0".parse().unwrap()),
        AltName::Network("fd00::".parse().unwrap(), "ff00::".parse().unwrap()),
        organisation("示例机关"),
        organisation("另一机关"),
        AltName::Directory(Name::empty().with(Oid::COUNTRY, "cn")),
    ])
}

fn with_names(builder: CertificateBuilder, dice: &mut Dice, percent: u64) -> CertificateBuilder {
    if !dice.chance(percent) {
        return builder;
    }
    let names: Vec<AltName> = (0..=dice.below(2)).map(|_| names(dice)).collect();
    builder.alt_names(&names)
}

fn with_policies(builder: CertificateBuilder, dice: &mut Dice) -> CertificateBuilder {
    let [a, b, c, any] = POLICIES;
    let sets: [&[Oid<'static>]; 8] = [&[a], &[a], &[a, b], &[a, b, c], &[b], &[any], &[any, a], &[]];
    match dice.one(&sets) {
        [] => builder,
        set => builder.policies(dice.chance(50), set),
    }
}

fn authority_shape(builder: CertificateBuilder, dice: &mut Dice) -> CertificateBuilder {
    let length = dice.one(&[None, None, None, None, Some(0), Some(1), Some(2)]);
    let mut builder = if dice.chance(97) { builder.ca(length) } else { builder.not_ca() };
    let usage = if dice.chance(97) { Usage::KeyCertSign } else { Usage::DigitalSignature };
    builder = with_names(builder.usage(&[usage, Usage::CrlSign]), dice, 10);
    if dice.chance(25) {
        let mut side = |percent| if dice.chance(percent) { vec![subtree(dice), subtree(dice)] } else { Vec::new() };
        let (permitted, excluded) = (side(40), side(40));
        if permitted.len() + excluded.len() > 0 {
            builder = builder.name_constraints(&permitted, &excluded);
        }
    }
    builder = with_policies(builder, dice);
    if dice.chance(30) {
        let [a, b, c, _] = POLICIES;
        let pairs: [&[(Oid<'static>, Oid<'static>)]; 5] =
            [&[(a, b)], &[(b, a)], &[(a, b), (b, a)], &[(a, a), (a, b)], &[(c, a), (b, c)]];
        builder = builder.policy_mappings(dice.one(&pairs));
    }
    if dice.chance(20) {
        let limits = [(Some(0), None), (Some(1), None), (None, Some(0)), (None, Some(1)), (Some(2), Some(0))];
        let (require, inhibit) = dice.one(&limits);
        builder = builder.policy_constraints(require, inhibit);
    }
    if dice.chance(15) { builder.inhibit_any_policy(dice.one(&[0, 1])) } else { builder }
}

/// A path from its anchor to its leaf.
fn throw(dice: &mut Dice) -> Vec<Actor> {
    let key = |place: usize| SigningKey::from_label(KeyType::Ed25519, &format!("path {place}"));
    let (root_name, root_key) = (Name::new("示例机关", "root"), key(0));
    let root = CertificateBuilder::new(&root_name, &root_key, 1).authority(None).self_signed(&root_key);
    let mut path = vec![Actor { name: root_name, key: root_key, der: root }];
    let authorities = usize::try_from(1 + dice.below(3)).unwrap();
    for place in 1..=authorities + 1 {
        let above = path.last().unwrap();
        let is_leaf = place == authorities + 1;
        let self_issued = place > 1 && dice.chance(if is_leaf { 5 } else { 20 });
        let name = if self_issued { above.name.clone() } else { name(dice, &format!("actor {place}")) };
        let until = at(if dice.chance(3) { "2026-01-01T00:00:00Z" } else { "2030-01-01T00:00:00Z" });
        let key = key(place);
        let builder =
            CertificateBuilder::new(&name, &key, u128::try_from(place).unwrap() + 1).valid(at("2025-01-01T00:00:00Z"), until);
        let builder =
            if is_leaf { with_policies(with_names(builder.signer(), dice, 60), dice) } else { authority_shape(builder, dice) };
        let der = builder.issue(&above.name, &above.key);
        path.push(Actor { name, key, der });
    }
    path
}

fn rules(dice: &mut Dice) -> PolicyRules {
    let listed = |policies: &[Oid<'_>]| Some(policies.iter().map(|policy| policy.to_string().parse().unwrap()).collect());
    let [a, b, c, _] = POLICIES;
    PolicyRules {
        initial: dice.one(&[None, None, listed(&[a]), listed(&[a, b]), listed(&[c])]),
        explicit: dice.chance(40),
        inhibit_mapping: dice.chance(10),
        inhibit_any: dice.chance(10),
    }
}

fn ours(path: &[Actor], policies: PolicyRules) -> (bool, String) {
    let certificates: Vec<Certificate> = path.iter().map(|actor| Certificate::from_der(&actor.der).unwrap()).collect();
    let anchored = Domain::new("all", Purpose::Signer, certificates[..1].to_vec());
    let trust = Trust::new(vec![Domain { revocation: RevocationPolicy::None, policies, ..anchored }], Policy::default());
    let mut context = Context::new(&trust, now());
    context.certificates = &certificates;
    let question =
        Question { purpose: Purpose::Signer, role: Role::Signer, algorithm: None, used_at: None, lifetime: Lifetime::Now };
    let answer = path::validate(certificates.last().unwrap(), &question, &mut context).unwrap();
    let told = answer.checks.iter().filter(|check| check.effect.is_some());
    let told: Vec<String> = told.map(|check| format!("{} {:?}", check.id, check.inputs)).collect();
    (Verdict::of(answer.checks.iter()).is_passed(), told.join("; "))
}

fn theirs(folder: &PathBuf, path: &[Actor], rules: &PolicyRules) -> (bool, String) {
    let text = |actors: &[Actor]| actors.iter().map(|actor| pem::encode("CERTIFICATE", &actor.der)).collect::<String>();
    let [root, between @ .., leaf] = path else { panic!("a path has its ends") };
    for (file, actors) in
        [("root.pem", std::slice::from_ref(root)), ("between.pem", between), ("leaf.pem", std::slice::from_ref(leaf))]
    {
        std::fs::write(folder.join(file), text(actors)).unwrap();
    }
    let mut command = Command::new("openssl");
    let moment = now().unix().to_string();
    command.current_dir(folder).args(["verify", "-attime", &moment, "-purpose", "any", "-policy_check"]);
    for (wanted, flag) in
        [(rules.explicit, "-explicit_policy"), (rules.inhibit_mapping, "-inhibit_map"), (rules.inhibit_any, "-inhibit_any")]
    {
        command.args(wanted.then_some(flag));
    }
    // Without a policy OpenSSL takes none as the user's own; any policy says what is meant.
    let any = Oid::ANY_POLICY.to_string();
    let policies = rules.initial.as_ref().map_or_else(|| vec![any], |list| list.iter().map(ToString::to_string).collect());
    for policy in &policies {
        command.args(["-policy", policy]);
    }
    command.args(["-CAfile", "root.pem", "-untrusted", "between.pem", "leaf.pem"]);
    let output = command.output().unwrap_or_else(|error| panic!("THE openssl COMMAND IS NEEDED, version 3 or later: {error}"));
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn both_judge_alike() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("openssl-paths");
    std::fs::create_dir_all(&folder).unwrap();
    let mut dice = Dice(0x6c69_6365_7401);
    let (mut accepted, mut differences) = (0, Vec::new());
    for number in 0..PATHS {
        let (path, rules) = (throw(&mut dice), rules(&mut dice));
        let (we_accept, we_say) = ours(&path, rules.clone());
        let (they_accept, they_say) = theirs(&folder, &path, &rules);
        accepted += u64::from(we_accept);
        let explained = MAPPED_FROM_INHIBITED.contains(&number) && !we_accept && they_accept;
        if we_accept != they_accept && !explained {
            differences.push(format!("{number} {rules:?}: we accept: {we_accept} ({we_say}); they: {they_accept} ({they_say})"));
        }
    }
    assert!(differences.is_empty(), "{} of {PATHS} differ\n{}", differences.len(), differences.join("\n"));
    assert!((PATHS / 8..PATHS * 7 / 8).contains(&accepted), "the dice are loaded: {accepted} of {PATHS} accepted");
}
