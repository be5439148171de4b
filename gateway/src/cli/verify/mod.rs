//! `licet verify`: what a gateway would say of a file, without one.

mod basis;
mod chain;
mod print;
mod raw;
mod used;

use std::path::PathBuf;
use std::process::ExitCode;

use crypto::report::{Depth, Indication, Report};
use crypto::time::Timestamp;
use lexopt::prelude::*;
use serde::Serialize;

use self::basis::Basis;
use super::Failure;
use super::input::{self, InputError, Language, NO_INPUT};
use crate::clock;

/// For the help.
pub(super) const ARGUMENTS: &str = "FILE... | raw | chain";

const HELP: &str = "\
Verifies signed licences (OFD, PDF, JWS, SD-JWT, CMS) without a gateway: signatures, seals, certificates, data. What only a
register knows is not looked at: whether the licence was revoked since, and whether the file is the one on record.

Usage: licet verify FILE... (--config FILE | --trust FILE...) [--crl FILE...] [--ocsp FILE...]
                    [--certificate FILE...] [--at TIME] [--depth DEPTH] [--json] [--lang en|zh]
       licet verify raw     a bare signature: key, message, value; see licet verify raw --help
       licet verify chain   a certificate and its path; see licet verify chain --help

  FILE                a licence; - for standard input; ./raw and ./chain for files of these names
  --config FILE       trust as in the configuration of a gateway
  --trust FILE        certificates to trust, both as signers and as makers of seals; may be repeated. A revocation list that
                      is missing is then a warning and no doubt: see --crl
  --crl FILE          revocation lists beside those of the configuration; may be repeated
  --ocsp FILE         an OCSP response, DER; may be repeated
  --certificate FILE  further certificates from which paths may be built, or of signers; may be repeated
  --at TIME           the moment in question (RFC 3339), such as 2026-07-01T08:00:00+08:00; now when left out
  --depth DEPTH       simple, detailed or diagnostic; detailed when left out
  --json              one JSON object a file, the report as the gateway gives it
  --lang en|zh        language, en when left out

Certificates and lists are PEM, DER or PKCS#7. Exit status: 0 TOTAL-PASSED, 1 TOTAL-FAILED, 2 INDETERMINATE, the worst of
all files; 64 wrong command line or configuration, or a file of certificates, lists or responses that holds none; 66 a file
cannot be read.";

#[derive(Default)]
struct Options {
    files: Vec<PathBuf>,
    config: Option<PathBuf>,
    trust: Vec<PathBuf>,
    lists: Vec<PathBuf>,
    responses: Vec<PathBuf>,
    certificates: Vec<PathBuf>,
    at: Option<Timestamp>,
    depth: Depth,
    is_json: bool,
    language: Language,
}

/// A report with the name of its file, for `--json`.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(flatten)]
    report: &'a Report,
}

/// Verifies files, or what a further word says.
pub(super) fn run(parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut rest = parser.clone();
    Ok(match rest.next() {
        Ok(Some(Value(word))) if word == "raw" => raw::run(rest),
        Ok(Some(Value(word))) if word == "chain" => chain::run(rest),
        _ => input::with_options("verify", HELP, options(parser), verify),
    })
}

/// The options; none when help is wanted.
fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(file) => options.files.push(PathBuf::from(file)),
            Long("config") => options.config = Some(PathBuf::from(parser.value()?)),
            Long("trust") => options.trust.push(PathBuf::from(parser.value()?)),
            Long("crl") => options.lists.push(PathBuf::from(parser.value()?)),
            Long("ocsp") => options.responses.push(PathBuf::from(parser.value()?)),
            Long("certificate") => options.certificates.push(PathBuf::from(parser.value()?)),
            Long("at") => options.at = Some(parser.value()?.parse()?),
            Long("json") => options.is_json = true,
            Long("depth") => options.depth = parser.value()?.parse()?,
            Long("lang") => options.language = parser.value()?.parse()?,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    if options.files.is_empty() {
        return Err("there is no file to verify".into());
    }
    match (&options.config, options.trust.is_empty()) {
        (None, true) => Err("whom to trust? --config or --trust says so".into()),
        (Some(_), false) => Err("--config and --trust exclude each other".into()),
        _ => Ok(Some(options)),
    }
}

fn verify(options: &Options) -> Result<ExitCode, InputError> {
    let basis = basis(options)?;
    let at = options.at.unwrap_or_else(clock::now);
    let (mut worst, mut is_unread) = (Indication::TotalPassed, false);
    for path in &options.files {
        let document = match input::read(path) {
            Ok(document) => document,
            Err(error) => {
                eprintln!("licet verify: {error}");
                is_unread = true;
                continue;
            }
        };
        let opinion = basis.opinion(&document, at, options.depth);
        worst = worst.max(opinion.report.verdict.indication);
        let name = path.display().to_string();
        if options.is_json {
            let line = Line { file: &name, report: &opinion.report };
            println!("{}", serde_json::to_string(&line).unwrap_or_default());
        } else {
            println!("{}", print::text(&name, document.len(), &opinion, options.language));
        }
    }
    Ok(match (is_unread, worst) {
        (true, _) => ExitCode::from(NO_INPUT),
        (false, worst) => status(worst),
    })
}

/// The exit status of a verdict.
fn status(indication: Indication) -> ExitCode {
    match indication {
        Indication::TotalPassed => ExitCode::SUCCESS,
        Indication::TotalFailed => ExitCode::from(1),
        Indication::Indeterminate => ExitCode::from(2),
    }
}

fn basis(options: &Options) -> Result<Basis, InputError> {
    let more = basis::certificates(&options.certificates)?;
    let evidence = basis::evidence(&options.lists, &options.responses)?;
    match &options.config {
        Some(config) => Basis::of_config(config, more, evidence),
        None => Basis::of_files(&options.trust, more, evidence),
    }
}
