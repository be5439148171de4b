//! Mutants that keep their form: elements, files and certificates dropped, doubled, swapped, taken from a sister document.
//!
//! Bytes flipped at random (`hostile`) mostly break a frame. These mutants are well formed, so that they reach the decisions:
//! whatever passes must cover the very bytes of a document that its makers signed.

use std::collections::{BTreeMap, BTreeSet};

use crypto::context::Context;
use crypto::der::Reader;
use crypto::digest::Sha256;
use crypto::issue::cms::CmsBuilder;
use crypto::issue::der::tlv;
use crypto::issue::ofd::{Files, OfdBuilder, SIGNATURES};
use crypto::issue::seal::SealVersion;
use crypto::issue::zip::zip;
use crypto::issue::{CertificateBuilder, KeyType};
use crypto::report::{Role, Verdict};
use crypto::verify::{Question, verify};
use crypto::x509::path::{self, Lifetime};
use crypto::x509::{Certificate, Purpose, Trust};

use crate::hostile::Dice;
use crate::world::{Actor, ISSUER, World, actor, fields, now, signed};

const ROUNDS: usize = 5_000;

/// DER as a tree that can be written again.
#[derive(Clone)]
struct Node {
    tag: u8,
    content: Vec<u8>,
    children: Vec<Self>,
}

impl Node {
    fn read(bytes: &[u8]) -> Vec<Self> {
        let mut reader = Reader::new(bytes);
        let mut nodes = Vec::new();
        while let Ok(element) = reader.any() {
            let is_nested = element.tag & 0x20 != 0 || (element.tag == 0x04 && element.content.starts_with(&[0x30]));
            let children = if is_nested { Self::read(element.content) } else { Vec::new() };
            // Octets that only look like elements stay octets.
            let children = if Self::write(&children) == element.content { children } else { Vec::new() };
            nodes.push(Self { tag: element.tag, content: element.content.to_vec(), children });
        }
        nodes
    }

    fn write(nodes: &[Self]) -> Vec<u8> {
        nodes.iter().flat_map(Self::bytes).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        let content = if self.children.is_empty() { self.content.clone() } else { Self::write(&self.children) };
        tlv(self.tag, &content)
    }

    fn count(nodes: &[Self]) -> usize {
        nodes.iter().map(|node| 1 + Self::count(&node.children)).sum()
    }

    /// The `index`-th node in depth-first order.
    fn find(nodes: &[Self], index: &mut usize) -> Option<Self> {
        for node in nodes {
            if *index == 0 {
                return Some(node.clone());
            }
            *index -= 1;
            if let Some(found) = Self::find(&node.children, index) {
                return Some(found);
            }
        }
        None
    }

    /// Replaces the `index`-th node in depth-first order by what `change` makes of it.
    fn change(nodes: Vec<Self>, index: &mut Option<usize>, change: &mut dyn FnMut(Self) -> Vec<Self>) -> Vec<Self> {
        let mut changed = Vec::new();
        for mut node in nodes {
            match index {
                Some(0) => {
                    *index = None;
                    changed.extend(change(node));
                }
                Some(left) => {
                    *left -= 1;
                    node.children = Self::change(node.children, index, change);
                    changed.push(node);
                }
                None => changed.push(node),
            }
        }
        changed
    }
}

/// One to three elements of `bytes` changed, some by elements of `sister`.
fn mutate_der(bytes: &[u8], sister: &[u8], dice: &mut Dice) -> Vec<u8> {
    let (mut nodes, others) = (Node::read(bytes), Node::read(sister));
    for _ in 0..=dice.roll(3) {
        let (place, other) = (dice.roll(Node::count(&nodes).max(1)), dice.roll(Node::count(&others).max(1)));
        let donor = Node::find(if dice.roll(2) == 0 { &others } else { &nodes }, &mut other.clone());
        let kind = dice.roll(8);
        let (bit, tag) = (dice.roll(1 << 16), [0x02, 0x03, 0x04, 0x05, 0x0c, 0x30, 0x31, 0xa0][dice.roll(8)]);
        nodes = Node::change(nodes, &mut Some(place), &mut |mut node| match kind {
            0 => Vec::new(),
            1 => vec![node.clone(), node],
            2..=4 => vec![donor.clone().unwrap_or(node)],
            5 => [Some(node), donor.clone()].into_iter().flatten().collect(),
            6 => {
                node.tag = tag;
                vec![node]
            }
            _ => {
                let at = bit % node.content.len().max(1);
                if node.children.is_empty()
                    && let Some(octet) = node.content.get_mut(at)
                {
                    *octet ^= 1 << (bit % 8);
                }
                vec![node]
            }
        });
    }
    Node::write(&nodes)
}

/// Two authorities of one root, a signer below each: what one signed is at hand to forge what the other did.
struct Sisters {
    world: World,
    middle: Actor,
    left: Actor,
    right: Actor,
}

impl Sisters {
    fn new() -> Self {
        let world = World::with(KeyType::P256, &[]);
        let middle = actor(&world.root, KeyType::P256, "middle", 20, |builder| builder.authority(Some(0)));
        let leaf = |label: &str, serial| {
            actor(&middle, KeyType::P256, label, serial, |builder: CertificateBuilder| builder.signer().organisation_code(ISSUER))
        };
        let (left, right) = (leaf("left", 21), leaf("right", 22));
        Self { world, middle, left, right }
    }

    fn trust(&self) -> Trust {
        let mut domains = self.world.domains();
        for domain in &mut domains {
            domain.revocation = crypto::x509::trust::RevocationPolicy::IfAvailable;
        }
        Trust::new(domains, crypto::x509::trust::Policy::default())
    }

    fn genuine(&self) -> BTreeSet<Sha256> {
        [&self.world.root, &self.middle, &self.left, &self.right, &self.world.maker, &self.world.signer]
            .map(|actor| Sha256::of(&[&actor.der]))
            .into()
    }
}

#[test]
fn certificates_that_were_not_issued_lead_nowhere() {
    let sisters = Sisters::new();
    let (trust, genuine) = (sisters.trust(), sisters.genuine());
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let (mut passed, mut read) = (0, 0);
    for round in 0..ROUNDS {
        let leaf =
            if round % 2 == 0 { mutate_der(&sisters.left.der, &sisters.right.der, &mut dice) } else { sisters.left.der.clone() };
        let middle = if round % 2 == 1 {
            mutate_der(&sisters.middle.der, &sisters.world.root.der, &mut dice)
        } else {
            sisters.middle.der.clone()
        };
        let (Ok(leaf), Ok(middle)) = (Certificate::from_der(&leaf), Certificate::from_der(&middle)) else { continue };
        read += 1;
        let companions = [middle];
        let mut context = Context::new(&trust, now());
        context.certificates = &companions;
        let question = path::Question {
            purpose: Purpose::Signer,
            role: Role::Signer,
            algorithm: None,
            used_at: None,
            lifetime: Lifetime::Now,
        };
        let answer = path::validate(&leaf, &question, &mut context).unwrap();
        if Verdict::of(answer.checks.iter()).is_passed() {
            passed += 1;
            assert!(answer.chain.iter().all(|certificate| genuine.contains(&certificate.sha256)), "{answer:#?}");
        }
    }
    assert!(passed > 0 && read > ROUNDS / 4, "{passed} of {read} passed: the mutants are too wild to tell anything");
}

#[test]
fn messages_that_were_not_signed_do_not_pass() {
    let sisters = Sisters::new();
    let (trust, genuine) = (sisters.trust(), sisters.genuine());
    let message = |signer: &Actor, serial: &str| {
        let mut data = fields(ISSUER);
        data.insert("CZZT".to_owned(), serial.to_owned());
        let content = serde_json::to_vec(&data).unwrap();
        let message = CmsBuilder::new(&content).attributes(Some(signed())).certificate(&sisters.middle.der);
        (message.sign(signer.signer()), content)
    };
    let ((left, first), (right, second)) = (message(&sisters.left, "示例一"), message(&sisters.right, "示例二"));
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut passed = 0;
    for _ in 0..ROUNDS {
        let mutant = mutate_der(&left, &right, &mut dice);
        let verification = verify(&Question::new(&mutant, now()), &trust);
        if verification.report.verdict.is_passed() {
            passed += 1;
            let content = crypto::cms::signed_data(&mutant).unwrap().content.unwrap().to_vec();
            assert!(content == first || content == second, "{:#?}", verification.report);
            let chains = verification.report.signatures.iter().flat_map(|signature| &signature.chain);
            assert!(chains.into_iter().all(|certificate| genuine.contains(&certificate.sha256)));
        }
    }
    assert!(passed > 0, "no mutant left the signature whole: the mutants are too wild to tell anything");
}

/// One to three changes to the files of a package, some by files of its sister.
fn mutate_files(files: &Files, sister: &Files, dice: &mut Dice) -> Files {
    let mut mutant = files.clone();
    for _ in 0..=dice.roll(3) {
        let (place, other) = (dice.roll(mutant.len()), dice.roll(mutant.len()));
        let path = mutant[place].0.clone();
        let of_sister = |path: &str| sister.iter().find(|(name, _)| name == path).map(|(_, data)| data.clone());
        match dice.roll(9) {
            0 if mutant.len() > 2 => drop(mutant.remove(place)),
            1 => {
                let data = mutant[other].1.clone();
                mutant[place].1 = data;
            }
            2..=3 => mutant[place].1 = of_sister(&path).unwrap_or_default(),
            4 => mutant.push((format!("{path}.copy"), mutant[other].1.clone())),
            5 => mutant[place].0 = path.to_lowercase(),
            6..=7 if path.ends_with(".dat") || path.ends_with(".esl") => {
                mutant[place].1 = mutate_der(&mutant[place].1, &of_sister(&path).unwrap_or_default(), dice);
            }
            _ => mutant[place].1 = swap_words(&mutant[place].1, &of_sister(&path).unwrap_or_default(), dice),
        }
    }
    mutant
}

/// A value of an XML text (between quotes or tags) replaced by another of the same text or of its sister.
fn swap_words(text: &[u8], sister: &[u8], dice: &mut Dice) -> Vec<u8> {
    let (text, sister) = (String::from_utf8_lossy(text), String::from_utf8_lossy(sister));
    let words = |text: &str| -> Vec<String> {
        text.split(['"', '>', '<']).filter(|word| !word.trim().is_empty()).map(str::to_owned).collect()
    };
    let (mine, theirs) = (words(&text), words(if dice.roll(2) == 0 { &sister } else { &text }));
    if mine.is_empty() || theirs.is_empty() {
        return text.as_bytes().to_vec();
    }
    text.replacen(&mine[dice.roll(mine.len())], &theirs[dice.roll(theirs.len())], 1).into_bytes()
}

#[test]
fn packages_that_were_not_sealed_do_not_pass() {
    let world = World::with(KeyType::P256, &[]);
    let trust = world.trust();
    let seal = world.seal(SealVersion::V4);
    let licence = |holder: &str| {
        let mut data = fields(ISSUER);
        data.insert("CZZT".to_owned(), holder.to_owned());
        OfdBuilder::new(&data, holder).sign(world.stamp(SealVersion::V4, &seal)).build_files()
    };
    let (left, right) = (licence("示例一"), licence("示例二"));
    // What the signature covers; the list is left open for further signatures.
    let covered =
        |files: &Files| -> BTreeMap<String, Vec<u8>> { files.iter().filter(|(path, _)| path != SIGNATURES).cloned().collect() };
    let genuine = [covered(&left), covered(&right)];
    let mut dice = Dice(0xd1b5_4a32_d192_ed03);
    let mut passed = 0;
    for _ in 0..ROUNDS {
        let mutant = mutate_files(&left, &right, &mut dice);
        let report = verify(&Question::new(&zip(&mutant), now()), &trust).report;
        if report.verdict.is_passed() {
            passed += 1;
            let found = covered(&mutant);
            let holds = |whole: &BTreeMap<String, Vec<u8>>| whole.iter().all(|(path, data)| found.get(path) == Some(data));
            assert!(genuine.iter().any(holds), "{report:#?}");
        }
    }
    assert!(passed > 0, "no mutant left the signature whole: the mutants are too wild to tell anything");
}
