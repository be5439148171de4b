//! One licence.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::issue::{JwsBuilder, OfdBuilder, OfdSignature, SealVersion};
use crypto::licence::{Holder, HolderCodeType, Identifier, Metadata};
use crypto::time::{Date, Timestamp};

use super::share::is_ofd;
use crate::departments::{Chance, number as citizen};
use crate::site::{LICENCE, Office, Offices, type_code};

/// Bytes of the picture in a sealed document, so that it is as large as those of offices are.
const PICTURE_BYTES: usize = 20_000;
/// 2020-01-01: licences were issued on a day of the five years from then on.
const FIRST_DAY: Timestamp = Timestamp::from_unix(1_577_836_800);
const DAYS: u64 = 5 * 365;

/// All licences of a seed.
#[derive(Clone, Debug)]
pub struct Dataset {
    seed: u64,
    offices: Arc<Offices>,
    type_code: String,
    picture: Arc<Vec<u8>>,
}

/// A licence as it is handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Its media type.
    pub media_type: &'static str,
    /// The signed document.
    pub bytes: Vec<u8>,
}

impl Dataset {
    /// Those of this seed, issued by these offices.
    #[must_use]
    pub fn new(seed: u64, offices: &Arc<Offices>) -> Self {
        let mut chance = Chance::of(&[seed, 11]);
        let picture = std::iter::repeat_with(|| chance.next().to_be_bytes()).flatten().take(PICTURE_BYTES).collect();
        Self { seed, offices: Arc::clone(offices), type_code: type_code(), picture: Arc::new(picture) }
    }

    /// The place of the office that issued the licence with this number.
    #[must_use]
    pub fn place(&self, number: u64) -> usize {
        let offices = crate::number::count(self.offices.all.len());
        usize::try_from(number % offices.max(1)).unwrap_or(0)
    }

    fn office(&self, number: u64) -> Result<&Office, String> {
        self.offices.all.get(self.place(number)).ok_or_else(|| "there are no offices".to_owned())
    }

    /// The identifier of the licence with this number.
    ///
    /// # Errors
    /// It would not be well formed, which tests rule out.
    pub fn identifier(&self, number: u64) -> Result<Identifier, String> {
        let issuer = &self.office(number)?.code;
        Identifier::new(&self.type_code, issuer, &format!("{number:010}"), 1).map_err(|error| format!("{error:?}"))
    }

    /// The number of the citizen who holds it.
    #[must_use]
    pub fn holder(&self, number: u64) -> String {
        citizen(number)
    }

    fn issued(&self, number: u64) -> Date {
        let days = Chance::of(&[self.seed, 12, number]).next() % DAYS;
        FIRST_DAY.plus(i64::try_from(days).unwrap_or(0) * 86_400).date()
    }

    /// What stands in it.
    ///
    /// # Errors
    /// As [`Dataset::identifier`].
    pub fn metadata(&self, number: u64) -> Result<Metadata, String> {
        let (office, issued) = (self.office(number)?, self.issued(number));
        let holder =
            Holder { name: format!("示例{number}"), code: self.holder(number), code_type: HolderCodeType::CitizenNumber };
        Ok(Metadata {
            name: LICENCE.to_owned(),
            type_name: LICENCE.to_owned(),
            type_code: self.type_code.clone(),
            number: format!("L{number:010}"),
            identifier: self.identifier(number)?,
            issuer_name: office.name.clone(),
            issuer_code: office.code.clone(),
            issuer_level: None,
            issued,
            holders: vec![holder],
            valid_from: Some(issued),
            valid_until: None,
            extras: BTreeMap::new(),
        })
    }

    /// The licence with this number, signed.
    ///
    /// # Errors
    /// As [`Dataset::identifier`].
    pub fn paper(&self, number: u64) -> Result<Paper, String> {
        let (office, metadata) = (self.office(number)?, self.metadata(number)?);
        // The day of issue, at ten in China.
        let at = metadata.issued.start_in_china().plus(10 * 3600);
        if is_ofd(number) {
            let builder = OfdBuilder::new(&metadata.to_fields(), &metadata.name).created(metadata.issued);
            let builder = builder.file("Doc_0/Res/photograph.bin", &self.picture);
            let signature = OfdSignature::seal(office.sealer.signer(), SealVersion::V4, &office.seal, at);
            return Ok(Paper { media_type: "application/ofd", bytes: builder.sign(signature).build() });
        }
        let builder = JwsBuilder::licence(&metadata.to_fields()).chain(&[&office.signer.certificate]).signed_at(at);
        Ok(Paper { media_type: "application/jose", bytes: builder.compact(&office.signer.key).into_bytes() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn dataset(seed: u64) -> Dataset {
        Dataset::new(seed, &Arc::new(Offices::new(seed)))
    }

    #[test]
    fn number_and_seed_make_the_licence() {
        let (one, same, other) = (dataset(1), dataset(1), dataset(2));
        for number in [0, 1, 49, 50, 999_999, 9_999_999, 20_000_001] {
            assert_eq!(one.paper(number), same.paper(number));
            assert_ne!(one.paper(number), other.paper(number));
        }
    }

    #[test]
    fn no_two_licences_have_the_same_identifier_and_offices_share_them_evenly() {
        let dataset = dataset(1);
        let all: BTreeSet<_> = (0..1_600).map(|number| dataset.identifier(number).unwrap()).collect();
        assert_eq!(all.len(), 1_600);
        let of_first = (0..1_600).filter(|number| dataset.place(*number) == 0).count();
        assert_eq!(of_first, 100);
    }

    #[test]
    fn sealed_ones_are_as_large_as_real_ones() {
        let dataset = dataset(1);
        assert!((20_000..40_000).contains(&dataset.paper(50).unwrap().bytes.len()), "{}", dataset.paper(50).unwrap().bytes.len());
        assert!((1_000..4_000).contains(&dataset.paper(51).unwrap().bytes.len()));
    }
}
