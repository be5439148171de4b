//! `licet pki`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::digest::{Sha256, to_hex};
use crypto::report::CertificateSummary;
use crypto::seal::{CertificateList, Seal};
use crypto::x509::{Certificate, RevocationList, pem};
use lexopt::prelude::*;

use super::Failure;
use super::demo::write_files;
use super::table::pad;
use crate::clock;
use crate::demo::{DemoError, Pki, folder};

const HELP: &str = "\
Makes keys and certificates for trying things out, and shows certificates, revocation lists and seals.

Usage: licet pki new DIR
       licet pki show FILE...

  new DIR    makes authorities, signers, seals, a server and its clients in DIR, which must be empty or not exist;
             DIR/README.md says what is what. Nobody but you may use them, and nobody should trust them.
  show FILE  names, serial number, validity, kind of key and the SHA-256 by which a configuration knows it, of every
             certificate (PEM, DER, PKCS#7), revocation list (PEM, DER) or electronic seal (DER) in FILE";

/// Makes or shows keys and certificates.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let usage = || Failure::Usage("usage: licet pki new DIR | licet pki show FILE...; see licet pki --help".to_owned());
    let mut words = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => words.push(PathBuf::from(word)),
            Long("help") | Short('h') => {
                println!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let (command, paths) = words.split_first().ok_or_else(usage)?;
    match (command.to_str(), paths) {
        (Some("new"), [folder]) => new(folder)?,
        (Some("show"), [_, ..]) => {
            for path in paths {
                show(path)?;
            }
        }
        _ => return Err(usage()),
    }
    Ok(ExitCode::SUCCESS)
}

fn new(folder: &Path) -> Result<(), Failure> {
    if !folder::is_empty(folder)? {
        return Err(Failure::Work(format!("{} is not empty: nothing was changed there", folder.display())));
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).or(Err(DemoError::Random))?;
    let files = Pki::new(seed, clock::now()).files();
    write_files(folder, &files)?;
    println!("{} files in {}; see README.md there", files.len(), folder.display());
    Ok(())
}

fn show(path: &Path) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Work(format!("{}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
    let blocks = described(&bytes).ok_or_else(|| failed(&"holds no certificate, revocation list or seal"))?;
    for block in blocks {
        println!("{}:", path.display());
        for (name, value) in block {
            println!("  {}{value}", pad(name, 14));
        }
    }
    Ok(())
}

type Block = Vec<(&'static str, String)>;

/// What is in a file, one block for each thing.
fn described(bytes: &[u8]) -> Option<Vec<Block>> {
    if let Ok(lists) = pem::revocation_lists(bytes) {
        return Some(lists.iter().map(list).collect());
    }
    if let Ok(found) = Seal::from_der(bytes) {
        return Some(vec![seal(&found)]);
    }
    pem::certificates(bytes).ok().map(|all| all.iter().map(certificate).collect())
}

fn certificate(certificate: &Certificate) -> Block {
    let CertificateSummary { sha256, subject, issuer, serial, key, not_before, not_after, .. } = certificate.summary();
    let extensions = certificate.extensions();
    let authority = extensions.basic_constraints().is_ok_and(|constraints| constraints.authority);
    let mut block = vec![
        ("certificate", if authority { "of an authority" } else { "of a holder" }.to_owned()),
        ("subject", subject),
        ("issuer", issuer),
        ("serial", serial),
        ("valid", format!("{not_before} to {not_after}")),
        ("key", key),
        ("SHA-256", sha256.to_string()),
    ];
    block.extend(certificate.organisation_code().map(|code| ("organisation", code)));
    block.extend(extensions.alternative_names().unwrap_or_default().into_iter().map(|name| ("known as", name)));
    block
}

fn list(list: &RevocationList) -> Block {
    let next = list.next_update().map_or_else(|| "not said".to_owned(), |next| next.to_string());
    vec![
        ("list", format!("revokes {} certificates", list.len())),
        ("issuer", list.issuer().to_string()),
        ("made", list.this_update().to_string()),
        ("next", next),
        ("SHA-256", list.sha256().to_string()),
    ]
}

fn seal(seal: &Seal<'_>) -> Block {
    let mut block = vec![
        ("seal", format!("version {}", seal.version.number())),
        ("id", seal.id.to_string()),
        ("name", seal.name.to_owned()),
        ("made", seal.created.to_string()),
        ("valid", format!("{} to {}", seal.valid_from, seal.valid_until)),
        ("SHA-256", seal.sha256().to_string()),
        ("maker SHA-256", Sha256::of(&[seal.maker]).to_string()),
    ];
    if let Ok(maker) = Certificate::from_der(seal.maker) {
        block.push(("maker", maker.subject().to_string()));
    }
    match &seal.certificates {
        CertificateList::Certificates(users) => {
            let users = users.iter().filter_map(|user| Certificate::from_der(user).ok());
            block.extend(users.map(|user| ("user", format!("{} SHA-256 {}", user.subject(), user.sha256()))));
        }
        CertificateList::Digests(users) => {
            block.extend(users.iter().map(|(algorithm, digest)| ("user", format!("{algorithm} {}", to_hex(digest)))));
        }
    }
    block
}
