//! The arguments of commands that take `--config FILE`, and beside it nothing but flags.

use std::path::PathBuf;

use lexopt::prelude::*;

use super::Failure;

/// Reads them, and sets the flags that are given. Nothing when help was asked for, which is printed. `usage` is what follows `licet`.
///
/// # Errors
/// What is no such argument, and that the configuration is missing.
pub(super) fn read(
    mut parser: lexopt::Parser,
    (help, usage): (&str, &str),
    flags: &mut [(&str, &mut bool)],
) -> Result<Option<PathBuf>, Failure> {
    let mut file = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => {
                println!("{help}");
                return Ok(None);
            }
            Long("config") => file = Some(PathBuf::from(parser.value()?)),
            Long(name) => match flags.iter_mut().find(|(flag, _)| *flag == name) {
                Some((_, is_given)) => **is_given = true,
                None => return Err(argument.unexpected().into()),
            },
            other => return Err(other.unexpected().into()),
        }
    }
    file.map(Some).ok_or_else(|| Failure::Usage(format!("usage: licet {usage}")))
}
