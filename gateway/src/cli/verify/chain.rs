//! `licet verify chain`: a certificate and its path, for other engines and test suites.

use std::path::PathBuf;
use std::process::ExitCode;

use crypto::chain::{self, ChainReport, Question};
use crypto::oid::OidBuf;
use crypto::report::Depth;
use crypto::time::Timestamp;
use crypto::x509::certificate_policy::PolicyRules;
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Evidence, Purpose, Trust};
use lexopt::prelude::*;
use serde::de::DeserializeOwned;

use super::{basis, print};
use crate::cli::input::{self, InputError, Language};
use crate::clock;

const HELP: &str = "\
Validates a certificate: whether a path leads to a trust anchor, and every rule of RFC 5280 on the way.

Usage: licet verify chain CERT... --anchors FILE... [--crls FILE...] [--ocsp FILE...] [--time TIME]
                          [--purpose PURPOSE] [--revocation RULE] [--policy OID... [--explicit-policy]] [--inhibit-mapping]
                          [--inhibit-any] [--depth DEPTH] [--json] [--lang en|zh]

  CERT               the certificate in question first, then any from which the path may be built
  --anchors FILE...  trust anchors; every certificate in the files
  --crls FILE...     revocation lists
  --ocsp FILE...     OCSP responses, DER
  --time TIME        the moment in question (RFC 3339); now when left out
  --purpose PURPOSE  signer, seal-maker, tsa, client or ocsp; signer when left out
  --revocation RULE  what a missing or stale list means: require (no conclusion), if-available (a warning), none (lists are
                     not asked); require when left out
  --policy OID...    certificate policies that are good (RFC 5280 6.1.1); any when left out
  --explicit-policy  the path must have one of them, even where no authority demands a policy
  --inhibit-mapping  no authority may declare its policies equal to others
  --inhibit-any      anyPolicy stands for no policy
  --depth DEPTH      simple, detailed or diagnostic; detailed when left out
  --json             one JSON object
  --lang en|zh       language, en when left out

Files are PEM, DER or PKCS#7. Options that take FILE... take all files up to the next option, so CERT stands first. Exit
status: 0 TOTAL-PASSED, 1 TOTAL-FAILED, 2 INDETERMINATE; 64 wrong command line, or a file
that holds something else; 66 a file cannot be read.";

struct Options {
    certificates: Vec<PathBuf>,
    anchors: Vec<PathBuf>,
    lists: Vec<PathBuf>,
    responses: Vec<PathBuf>,
    time: Option<Timestamp>,
    purpose: Purpose,
    revocation: RevocationPolicy,
    policies: PolicyRules,
    depth: Depth,
    is_json: bool,
    language: Language,
}

/// Validates one certificate.
pub(super) fn run(parser: lexopt::Parser) -> ExitCode {
    input::with_options("verify chain", HELP, options(parser), verify)
}

fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        certificates: Vec::new(),
        anchors: Vec::new(),
        lists: Vec::new(),
        responses: Vec::new(),
        time: None,
        purpose: Purpose::Signer,
        revocation: RevocationPolicy::Require,
        policies: PolicyRules::default(),
        depth: Depth::default(),
        is_json: false,
        language: Language::default(),
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Value(file) => options.certificates.push(PathBuf::from(file)),
            Long("anchors") => options.anchors.extend(parser.values()?.map(PathBuf::from)),
            Long("crls") => options.lists.extend(parser.values()?.map(PathBuf::from)),
            Long("ocsp") => options.responses.extend(parser.values()?.map(PathBuf::from)),
            Long("time") => options.time = Some(parser.value()?.parse()?),
            Long("purpose") => options.purpose = parser.value()?.parse_with(named)?,
            Long("revocation") => options.revocation = parser.value()?.parse_with(named)?,
            Long("policy") => {
                let good = options.policies.initial.get_or_insert_default();
                for word in parser.values()? {
                    good.insert(word.parse_with(|text| text.parse::<OidBuf>().map_err(|_error| "is no object identifier"))?);
                }
            }
            Long("explicit-policy") => options.policies.explicit = true,
            Long("inhibit-mapping") => options.policies.inhibit_mapping = true,
            Long("inhibit-any") => options.policies.inhibit_any = true,
            Long("depth") => options.depth = parser.value()?.parse()?,
            Long("json") => options.is_json = true,
            Long("lang") => options.language = parser.value()?.parse()?,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    match (options.certificates.is_empty(), options.anchors.is_empty()) {
        (true, false) => {
            Err("there is no certificate to validate: it stands before --anchors, which takes all files after it".into())
        }
        (true, true) => Err("there is no certificate to validate".into()),
        (false, true) => Err("whom to trust? --anchors says so".into()),
        (false, false) => Ok(Some(options)),
    }
}

/// One of the values that have a name in configuration and reports.
fn named<T: DeserializeOwned>(text: &str) -> Result<T, &'static str> {
    serde_json::from_value(serde_json::Value::from(text)).map_err(|_error| "is not known")
}

fn verify(options: &Options) -> Result<ExitCode, InputError> {
    let report = judge(options)?.reduced_to(options.depth);
    if options.is_json {
        println!("{}", serde_json::to_string(&report).unwrap_or_default());
    } else {
        println!("{}", print::chain(&report, options.language));
    }
    Ok(super::status(report.verdict.indication))
}

fn judge(options: &Options) -> Result<ChainReport, InputError> {
    let certificates: Vec<Certificate> = basis::certificates(&options.certificates)?;
    let Some((leaf, companions)) = certificates.split_first() else {
        return Err(InputError::Wrong("there is no certificate to validate".to_owned()));
    };
    let mut domain = Domain::new("anchors", options.purpose, basis::certificates(&options.anchors)?);
    domain.intermediates = companions.to_vec();
    domain.revocation = options.revocation;
    domain.policies.clone_from(&options.policies);
    // As part of the generation, lists and responses are checked once and cost nothing of the budget.
    let evidence = basis::evidence(&options.lists, &options.responses)?;
    let trust = Trust::with_evidence(vec![domain], Policy::default(), &evidence);
    let question = Question {
        leaf,
        purpose: options.purpose,
        at: options.time.unwrap_or_else(clock::now),
        certificates: companions,
        evidence: Evidence::NONE,
    };
    Ok(chain::judge(&question, &trust))
}
