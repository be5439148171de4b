//! `licet verify`: what a gateway would say of a file, without one.

mod basis;
mod print;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::report::{Indication, Report};
use crypto::time::Timestamp;
use lexopt::prelude::*;
use serde::Serialize;

use self::basis::{Basis, BasisError};
use super::Failure;
use crate::clock;

/// For the help.
pub(super) const ARGUMENTS: &str = "FILE... [--config FILE | --trust FILE] [--at TIME] [--json]";

const HELP: &str = "\
Verifies signed licences (OFD, JWS, CMS) without a gateway: signatures, seals, certificates, data. What only a register
knows is not looked at: whether the licence was revoked since, and whether the file is the one on record.

Usage: licet verify FILE... (--config FILE | --trust FILE...) [--crl FILE...] [--certificate FILE...]
                    [--at TIME] [--json] [--lang en|zh]

  FILE                a licence; - for standard input
  --config FILE       trust as in the configuration of a gateway
  --trust FILE        certificates to trust, both as signers and as makers of seals; may be repeated
  --crl FILE          revocation lists, beside --trust; may be repeated
  --certificate FILE  further certificates from which paths may be built, or of signers; may be repeated
  --at TIME           the moment in question (RFC 3339), such as 2026-07-01T08:00:00+08:00; now when left out
  --json              one JSON object a file, the report as the gateway gives it
  --lang en|zh        language, en when left out

Certificates and lists are PEM, DER or PKCS#7. Exit status: 0 TOTAL-PASSED, 1 TOTAL-FAILED, 2 INDETERMINATE, the worst of
all files; 64 wrong command line or configuration, 66 a file cannot be read.";

const USAGE: u8 = 64;
const NO_INPUT: u8 = 66;
/// Larger files are not read.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Language of what is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Language {
    #[default]
    En,
    Zh,
}

#[derive(Default)]
struct Options {
    files: Vec<PathBuf>,
    config: Option<PathBuf>,
    trust: Vec<PathBuf>,
    lists: Vec<PathBuf>,
    certificates: Vec<PathBuf>,
    at: Option<Timestamp>,
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

/// Verifies files.
pub(super) fn run(parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    match options(parser) {
        Ok(Some(options)) => Ok(verify(&options)),
        Ok(None) => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("licet verify: {error}; see licet verify --help");
            Ok(ExitCode::from(USAGE))
        }
    }
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
            Long("certificate") => options.certificates.push(PathBuf::from(parser.value()?)),
            Long("at") => options.at = Some(parser.value()?.parse()?),
            Long("json") => options.is_json = true,
            Long("lang") => options.language = parser.value()?.parse_with(language)?,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    if options.files.is_empty() {
        return Err("there is no file to verify".into());
    }
    match (&options.config, options.trust.is_empty(), options.lists.is_empty()) {
        (None, true, _) => Err("whom to trust? --config or --trust says so".into()),
        (Some(_), false, _) => Err("--config and --trust exclude each other".into()),
        (Some(_), _, false) => Err("--crl goes with --trust; a configuration names its own lists".into()),
        _ => Ok(Some(options)),
    }
}

fn language(text: &str) -> Result<Language, &'static str> {
    match text {
        "en" => Ok(Language::En),
        "zh" => Ok(Language::Zh),
        _ => Err("must be en or zh"),
    }
}

fn verify(options: &Options) -> ExitCode {
    let basis = match basis(options) {
        Ok(basis) => basis,
        Err(error) => {
            eprintln!("licet verify: {error}");
            return ExitCode::from(match error {
                BasisError::Unreadable { .. } => NO_INPUT,
                BasisError::Malformed { .. } | BasisError::Config(_) => USAGE,
            });
        }
    };
    let at = options.at.unwrap_or_else(clock::now);
    let (mut worst, mut is_unread) = (Indication::TotalPassed, false);
    for path in &options.files {
        let document = match read(path) {
            Ok(document) => document,
            Err(error) => {
                eprintln!("licet verify: {}: {error}", path.display());
                is_unread = true;
                continue;
            }
        };
        let opinion = basis.opinion(&document, at);
        worst = worst.max(opinion.report.verdict.indication);
        let name = path.display().to_string();
        if options.is_json {
            let line = Line { file: &name, report: &opinion.report };
            println!("{}", serde_json::to_string(&line).unwrap_or_default());
        } else {
            println!("{}", print::text(&name, document.len(), &opinion, options.language));
        }
    }
    match (is_unread, worst) {
        (true, _) => ExitCode::from(NO_INPUT),
        (false, Indication::TotalPassed) => ExitCode::SUCCESS,
        (false, Indication::TotalFailed) => ExitCode::from(1),
        (false, Indication::Indeterminate) => ExitCode::from(2),
    }
}

fn basis(options: &Options) -> Result<Basis, BasisError> {
    let more = basis::certificates(&options.certificates)?;
    match &options.config {
        Some(config) => Basis::of_config(config, more),
        None => Basis::of_files(&options.trust, &options.lists, more),
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut source: Box<dyn Read> = if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path)?) };
    let mut document = Vec::new();
    let length = source.by_ref().take(FILE_BYTES_MAX + 1).read_to_end(&mut document)?;
    if u64::try_from(length).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 64 MiB"));
    }
    Ok(document)
}
