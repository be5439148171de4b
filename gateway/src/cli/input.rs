//! What commands that work on files share: reading them, and saying what is wrong with the command line.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Exit status for a wrong command line or configuration (`EX_USAGE`).
pub(super) const USAGE: u8 = 64;
/// Exit status for a file that cannot be read (`EX_NOINPUT`).
pub(super) const NO_INPUT: u8 = 66;
/// Larger files are not read.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Language of what is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Language {
    #[default]
    En,
    Zh,
}

impl Language {
    /// The text of this language.
    pub(super) const fn of<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}

impl std::str::FromStr for Language {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "en" => Ok(Self::En),
            "zh" => Ok(Self::Zh),
            _ => Err("must be en or zh"),
        }
    }
}

/// Why a command cannot begin.
#[derive(Debug)]
pub(super) enum InputError {
    /// A file cannot be read.
    Unreadable { path: PathBuf, error: io::Error },
    /// What is given is not what it should be.
    Wrong(String),
}

impl InputError {
    /// A file is not what it should be.
    pub(super) fn malformed(path: &Path, what: &str, error: &dyn fmt::Display) -> Self {
        Self::Wrong(format!("{}: holds no {what}: {error}", path.display()))
    }

    /// The exit status that says so.
    pub(super) const fn status(&self) -> u8 {
        match self {
            Self::Unreadable { .. } => NO_INPUT,
            Self::Wrong(_) => USAGE,
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Wrong(message) => f.write_str(message),
        }
    }
}

/// The bytes of a file; `-` stands for standard input.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, InputError> {
    let unreadable = |error| InputError::Unreadable { path: path.to_owned(), error };
    let mut source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path).map_err(unreadable)?) };
    let mut bytes = Vec::new();
    let length = source.by_ref().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(length).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 64 MiB")));
    }
    Ok(bytes)
}

/// What the files hold together, each read whole.
pub(super) fn all<T, E: fmt::Display>(
    files: &[PathBuf],
    what: &str,
    parse: fn(&[u8]) -> Result<Vec<T>, E>,
) -> Result<Vec<T>, InputError> {
    let mut found = Vec::new();
    for path in files {
        found.extend(parse(&read(path)?).map_err(|error| InputError::malformed(path, what, &error))?);
    }
    Ok(found)
}

/// Runs a command with its options; without them says what it is for, or what is wrong.
pub(super) fn with_options<O>(
    name: &str,
    help: &str,
    options: Result<Option<O>, lexopt::Error>,
    work: impl FnOnce(&O) -> Result<ExitCode, InputError>,
) -> ExitCode {
    let options = match options {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{help}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("licet {name}: {error}; see licet {name} --help");
            return ExitCode::from(USAGE);
        }
    };
    work(&options).unwrap_or_else(|error| {
        eprintln!("licet {name}: {error}");
        ExitCode::from(error.status())
    })
}
