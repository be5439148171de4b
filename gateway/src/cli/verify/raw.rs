//! `licet verify raw`: a bare signature, for other engines and test suites.

use std::path::PathBuf;
use std::process::ExitCode;

use crypto::raw::{Form, Raw, RawError};
use crypto::sig::{Algorithm, TABLE};
use lexopt::prelude::*;

use crate::cli::input::{self, InputError};

const HELP: &str = "\
Verifies a bare signature. Whose key it is, and whether anybody trusts it, is not asked.

Usage: licet verify raw --alg NAME --key FILE --message FILE --signature FILE [--format der|fixed]

  --alg NAME          one of the names below
  --key FILE          public key: SubjectPublicKeyInfo or certificate (PEM or DER), or the bare key in hexadecimal digits
  --message FILE      the message as it was signed; - for standard input
  --signature FILE    the value, in binary
  --format der|fixed  how elliptic curves' values are written: DER, or r and s in fixed width as in JWS; der when left out

SM2 is taken with the default user identifier, 1234567812345678. Exit status: 0 good, 1 bad; 64 wrong command line, or a key
that is not the algorithm's; 66 a file cannot be read.

Algorithms:";

struct Options {
    algorithm: Algorithm,
    key: PathBuf,
    message: PathBuf,
    signature: PathBuf,
    form: Form,
}

/// Verifies one signature.
pub(super) fn run(parser: lexopt::Parser) -> ExitCode {
    let names: String = TABLE.iter().map(|row| format!(" {}", row.name)).collect();
    input::with_options("verify raw", &format!("{HELP}{names}"), options(parser), verify)
}

fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let (mut algorithm, mut key, mut message, mut signature, mut form) = (None, None, None, None, Form::Der);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("alg") => algorithm = Some(parser.value()?.parse_with(|name| Algorithm::from_name(name).ok_or("is not known"))?),
            Long("key") => key = Some(PathBuf::from(parser.value()?)),
            Long("message") => message = Some(PathBuf::from(parser.value()?)),
            Long("signature") => signature = Some(PathBuf::from(parser.value()?)),
            Long("format") => form = parser.value()?.parse_with(read_form)?,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    match (algorithm, key, message, signature) {
        (Some(algorithm), Some(key), Some(message), Some(signature)) => {
            Ok(Some(Options { algorithm, key, message, signature, form }))
        }
        _ => Err("--alg, --key, --message and --signature are all needed".into()),
    }
}

fn read_form(text: &str) -> Result<Form, &'static str> {
    match text {
        "der" => Ok(Form::Der),
        "fixed" => Ok(Form::Fixed),
        _ => Err("must be der or fixed"),
    }
}

fn verify(options: &Options) -> Result<ExitCode, InputError> {
    let (key, message) = (input::read(&options.key)?, input::read(&options.message)?);
    let signature = input::read(&options.signature)?;
    let raw = Raw { algorithm: options.algorithm, key: &key, message: &message, signature: &signature, form: options.form };
    match raw.verify() {
        Ok(()) => {
            println!("good");
            Ok(ExitCode::SUCCESS)
        }
        Err(RawError::Bad) => {
            println!("bad");
            Ok(ExitCode::from(1))
        }
        Err(error) => Err(InputError::Wrong(error.to_string())),
    }
}
