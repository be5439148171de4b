//! Which licence is what, by its number alone.

/// One licence in so many is a sealed OFD, all others are signed JSON.
const OFD_EVERY: u64 = 50;
/// One licence in so many is set aside to be revoked: nobody asks about it but who revokes it.
const ASIDE_EVERY: u64 = 4;

/// Whether this licence is a sealed OFD.
#[must_use]
pub const fn is_ofd(number: u64) -> bool {
    number.is_multiple_of(OFD_EVERY)
}

/// Whether this licence is set aside to be revoked.
#[must_use]
pub const fn is_set_aside(number: u64) -> bool {
    number % ASIDE_EVERY == ASIDE_EVERY - 1
}

/// The number of the licence at this place among those that are set aside.
#[must_use]
pub const fn set_aside(place: u64) -> u64 {
    place * ASIDE_EVERY + ASIDE_EVERY - 1
}

/// The number of the licence at this place among signed JSON that is not set aside.
#[must_use]
pub const fn ordinary(place: u64) -> u64 {
    // Of each hundred, two are OFD and 25 are set aside.
    let (hundred, mut left) = (place / 73, place % 73);
    let mut number = hundred * 100;
    loop {
        if !is_ofd(number) && !is_set_aside(number) {
            if left == 0 {
                return number;
            }
            left -= 1;
        }
        number += 1;
    }
}

/// The number of the licence at this place among sealed OFDs.
#[must_use]
pub const fn sealed(place: u64) -> u64 {
    place * OFD_EVERY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_numbers_belong_together() {
        let of = |wanted: &dyn Fn(u64) -> bool| (0..10_000).filter(|number| wanted(*number)).collect::<Vec<_>>();
        let all = of(&|number| !is_ofd(number) && !is_set_aside(number));
        assert_eq!(all, (0..7_300).map(ordinary).collect::<Vec<_>>());
        assert_eq!(of(&is_set_aside), (0..2_500).map(set_aside).collect::<Vec<_>>());
        assert_eq!(of(&is_ofd), (0..200).map(sealed).collect::<Vec<_>>());
        assert!((0..10_000).all(|number| !(is_ofd(number) && is_set_aside(number))));
    }
}
