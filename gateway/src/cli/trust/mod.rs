//! `licet trust`: looks at, compares, applies and signs whom to believe.

mod apply;
mod check;
mod diff;
mod facts;
mod sign;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::x509::Certificate;
use lexopt::prelude::*;

use super::Failure;
use crate::clock;
use crate::config::{Config, Moment};
use crate::trust::list::{List, ListFacts, Signers};
use crate::trust::{Rules, Source};

/// For the help.
pub(super) const ARGUMENTS: &str = "check | diff | apply | sign ...";

const HELP: &str = "\
Looks at whom a gateway believes, compares two states of it, and makes and applies signed trust lists.

Usage: licet trust check FILE | --config FILE
       licet trust diff OLD NEW [--json]
       licet trust apply LIST --config FILE
       licet trust sign RULES --key FILE --certificate FILE --version N --next-update TIME --out FILE

  check  says what a trust list or a configuration (TOML) makes a gateway believe, how old it is, and what is wrong
         with it: services that ended, lists that are overdue. The signature of a list is checked against the
         certificate that it carries; whether that one may sign is for the configuration to say: see apply.
  diff   says which domains, anchors, rules and lists came, went or changed between two trust lists or configurations
  apply  checks a list as the gateway of this configuration would (signer, version, times), then replaces the list of
         the configuration by it in one step; the gateway reads it within reload.trust_s seconds
  sign   makes a trust list from RULES, a TOML file with the [policy] and [[trust]] sections of a configuration

  --json              for diff: one JSON object
  --key FILE          private key of the signer, PKCS#8 in PEM: Ed25519, P-256 or SM2
  --certificate FILE  certificate of the signer, PEM or DER
  --version N         version of the list: higher than that of the one before
  --next-update TIME  when the next list will be there: a day, or a moment (RFC 3339)
  --out FILE          where the list goes

Exit status: 0 good, applied or the same; 1 wrong, refused or different; 2 wrong command line or configuration, and for
diff whatever cannot be compared.";

#[derive(Default)]
struct Options {
    files: Vec<PathBuf>,
    config: Option<PathBuf>,
    key: Option<PathBuf>,
    certificate: Option<PathBuf>,
    version: Option<u64>,
    next_update: Option<Moment>,
    out: Option<PathBuf>,
    is_json: bool,
}

/// Runs one of the four.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let usage = || {
        Failure::Usage(
            "usage: licet trust check FILE | diff OLD NEW | apply LIST --config FILE | sign RULES ...; see licet trust --help"
                .to_owned(),
        )
    };
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(file) => options.files.push(PathBuf::from(file)),
            Long("config") => options.config = Some(PathBuf::from(parser.value()?)),
            Long("key") => options.key = Some(PathBuf::from(parser.value()?)),
            Long("certificate") => options.certificate = Some(PathBuf::from(parser.value()?)),
            Long("version") => options.version = Some(parser.value()?.parse()?),
            Long("next-update") => options.next_update = Some(parser.value()?.parse()?),
            Long("out") => options.out = Some(PathBuf::from(parser.value()?)),
            Long("json") => options.is_json = true,
            Long("help") | Short('h') => {
                println!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let Options { files, config, key, certificate, version, next_update, out, is_json } = options;
    let (command, files) = files.split_first().ok_or_else(usage)?;
    match (command.to_str(), files, config) {
        (Some("check"), [file], None) => check::run(file),
        (Some("check"), [], Some(config)) => check::run(&config),
        (Some("diff"), [old, new], None) => diff::run(old, new, is_json),
        (Some("apply"), [list], Some(config)) => apply::run(list, &config),
        (Some("sign"), [rules], None) => match (key, certificate, version, next_update, out) {
            (Some(key), Some(certificate), Some(version), Some(next_update), Some(out)) => {
                sign::run(rules, &sign::Order { key, certificate, version, next_update, out })
            }
            _ => Err(Failure::Usage(
                "sign needs --key, --certificate, --version, --next-update and --out; see licet trust --help".to_owned(),
            )),
        },
        _ => Err(usage()),
    }
}

/// What a file makes a gateway believe.
struct Belief {
    rules: Rules,
    list: Option<ListFacts>,
    signer: Option<Certificate>,
    trouble: Option<String>,
}

/// Reads a trust list, or a configuration with everything that it names.
fn believe(path: &Path) -> Result<Belief, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Work(format!("{}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
    if crypto::jws::is_likely(&bytes) {
        let list = List::read(&bytes, Signers::Anybody).map_err(|error| failed(&error))?;
        return Ok(Belief { rules: list.rules, list: Some(list.facts), signer: Some(list.signer), trouble: None });
    }
    let config = Config::read(path)?;
    let loaded = Source::of(&config).read(None, clock::now())?;
    Ok(Belief { rules: loaded.rules, list: loaded.list, signer: None, trouble: loaded.trouble })
}
