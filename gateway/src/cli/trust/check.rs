//! `licet trust check`: what a file makes a gateway believe, and what is wrong with it.

use std::path::Path;
use std::process::ExitCode;

use crypto::time::Timestamp;
use crypto::x509::Domain;
use crypto::x509::trust::RevocationPolicy;

use super::facts::facts;
use super::{Belief, Failure, believe};
use crate::clock;

pub(super) fn run(path: &Path) -> Result<ExitCode, Failure> {
    let (belief, now) = (believe(path)?, clock::now());
    let policy = &belief.rules.policy;
    println!("{}: policy {:?} version {}", path.display(), policy.name, policy.version);
    if let Some(list) = &belief.list {
        println!("  list signed {}, next due {}, SHA-256 {}", list.issued_at, list.next_update, list.sha256);
    }
    if let Some(signer) = &belief.signer {
        println!("  signed by {}, SHA-256 {}", signer.subject(), signer.sha256());
    }
    for (about, value) in facts(&belief.rules) {
        println!("  {about}: {value}");
    }
    let wrong = wrong(&belief, now);
    for line in &wrong {
        println!("wrong: {line}");
    }
    println!("{}", if wrong.is_empty() { "nothing is wrong" } else { "something is wrong" });
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn wrong(belief: &Belief, now: Timestamp) -> Vec<String> {
    let mut wrong: Vec<String> = belief.trouble.iter().cloned().collect();
    if let Some(list) = belief.list.as_ref().filter(|list| list.next_update < now) {
        wrong.push(format!("a newer list was due on {}", list.next_update));
    }
    if let Some(signer) = belief.signer.as_ref().filter(|signer| signer.not_after() < now) {
        wrong.push(format!("the signer's certificate ended on {}", signer.not_after()));
    }
    for domain in &belief.rules.domains {
        wrong.extend(of_domain(domain, now).into_iter().map(|line| format!("domain {}: {line}", domain.name)));
    }
    wrong
}

fn of_domain(domain: &Domain, now: Timestamp) -> Vec<String> {
    let mut wrong = Vec::new();
    let in_service =
        |anchor: &&crypto::x509::Certificate| domain.services.get(&anchor.sha256()).copied().unwrap_or_default().covers(now);
    if !domain.anchors.iter().any(|anchor| in_service(&anchor)) {
        wrong.push("no anchor is in service".to_owned());
    }
    for certificate in domain.anchors.iter().filter(in_service).chain(&domain.intermediates) {
        if now < certificate.not_before() || now > certificate.not_after() {
            wrong.push(format!("{} is not in its validity", certificate.subject()));
        }
    }
    let newest = |list: &crypto::x509::RevocationList| {
        let same = domain.lists.iter().filter(|other| other.issuer() == list.issuer());
        same.map(|other| other.this_update()).max() == Some(list.this_update())
    };
    for list in domain.lists.iter().filter(|list| newest(list)) {
        if list.next_update().is_some_and(|next| next < now) {
            wrong.push(format!("the list of {} is overdue", list.issuer()));
        }
    }
    if domain.revocation == RevocationPolicy::Require {
        for authority in domain.anchors.iter().filter(in_service).chain(&domain.intermediates) {
            if !domain.lists.iter().any(|list| list.issuer() == authority.subject()) {
                wrong.push(format!("lists are required, and there is none of {}", authority.subject()));
            }
        }
    }
    wrong
}
