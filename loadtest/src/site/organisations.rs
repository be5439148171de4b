//! Organisations that are not there.

use crypto::licence::number::{organisation_check_character, uscc_check_character};

/// What every licence is called.
pub const LICENCE: &str = "示例许可证";
/// The areas of organisations: no county has this code.
pub(crate) const AREA: &str = "990100";

/// The code of the organisation with this number, up to 99,999,999: a unified social credit code that nobody has.
#[must_use]
pub fn organisation(number: u32) -> String {
    of_area(AREA, number)
}

/// The code of the one type of licence that there is: of a body that stands for the whole country.
#[must_use]
pub fn type_code() -> String {
    format!("{}001", definer())
}

/// The body that defined it.
pub(super) fn definer() -> String {
    of_area("100000", 90_000_001)
}

fn of_area(area: &str, number: u32) -> String {
    let body = format!("{number:08}");
    let check = organisation_check_character(&body).unwrap_or('0');
    let first = format!("11{area}{body}{check}");
    let last = uscc_check_character(&first).unwrap_or('0');
    format!("{first}{last}")
}

#[cfg(test)]
mod tests {
    use crypto::licence::number::uscc;

    use super::*;

    #[test]
    fn the_codes_are_well_formed() {
        for number in [1, 2, 17, 4_711, 90_000_001] {
            assert_eq!(uscc(&organisation(number)), Ok(()));
        }
        assert_eq!(uscc(&definer()), Ok(()));
        assert_eq!(type_code().len(), 21);
    }
}
