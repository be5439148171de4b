//! The licences that are asked about all the time: their requests are made once.

use hyper::body::Bytes;

use super::verify::{by_file, by_identifier};
use crate::dataset::{Dataset, Paper, ordinary, sealed};
use crate::departments::Chance;
use crate::number::count;

/// So many sealed documents are asked about, at most: each is 20 kB and more.
const SEALED_MAX: u64 = 200;

/// Requests and files.
#[derive(Debug)]
pub(super) struct Hot {
    pub(super) identifiers: Vec<Bytes>,
    pub(super) files: Vec<(Paper, Bytes)>,
    pub(super) sealed: Vec<(Paper, Bytes)>,
}

impl Hot {
    /// So many licences of a set of this size, as far as it has them.
    pub(super) fn new(dataset: &Dataset, size: u64, hot: u64) -> Result<Self, String> {
        let numbers: Vec<u64> = (0..hot).map(ordinary).take_while(|number| *number < size).collect();
        let file = |number: u64| {
            let paper = dataset.paper(number)?;
            let request = by_file(&paper);
            Ok::<_, String>((paper, request))
        };
        let identifiers = numbers.iter().map(|number| Ok::<_, String>(by_identifier(&dataset.identifier(*number)?)));
        let sealed = (0..hot.min(SEALED_MAX)).map(sealed).take_while(|number| *number < size);
        let made = Self {
            identifiers: identifiers.collect::<Result<_, _>>()?,
            files: numbers.iter().map(|number| file(*number)).collect::<Result<_, _>>()?,
            sealed: sealed.map(file).collect::<Result<_, _>>()?,
        };
        if made.files.is_empty() || made.sealed.is_empty() {
            return Err("there are no licences to ask about".to_owned());
        }
        Ok(made)
    }
}

/// Any of them.
pub(super) fn any<'a, T>(of: &'a [T], chance: &mut Chance) -> Result<&'a T, String> {
    let place = chance.next() % count(of.len()).max(1);
    usize::try_from(place).ok().and_then(|place| of.get(place)).ok_or_else(|| "there is nothing to ask about".to_owned())
}
