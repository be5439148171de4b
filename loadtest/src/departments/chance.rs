//! Chance that is the same every time.

/// A stream of numbers that follows from what it was made of (`SplitMix64`, Steele et al. 2014). For simulations alone.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The stream for these parts: each makes another one.
    #[must_use]
    pub fn of(parts: &[u64]) -> Self {
        let mut chance = Self(0x6c69_6365_7431);
        for part in parts {
            chance.0 ^= *part;
            chance.0 = chance.next();
        }
        chance
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number from 0 to 1, 1 excluded.
    pub fn unit(&mut self) -> f64 {
        let high = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }

    /// Whether something happens that happens so often in a thousand.
    pub const fn happens(&mut self, permille: u16) -> bool {
        // The bias of the remainder is below one in 10^16.
        #[expect(clippy::as_conversions, reason = "u16 to u64 in a const fn")]
        let limit = permille as u64;
        self.next() % 1000 < limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_make_the_same_stream() {
        let draw = |parts: &[u64]| (0..4).scan(Chance::of(parts), |chance, _| Some(chance.next())).collect::<Vec<_>>();
        assert_eq!(draw(&[1, 2, 3]), draw(&[1, 2, 3]));
        assert_ne!(draw(&[1, 2, 3]), draw(&[1, 3, 2]));
        let mut chance = Chance::of(&[7]);
        let often = (0..10_000).filter(|_| chance.happens(100)).count();
        assert!((800..1200).contains(&often), "{often}");
        assert!((0..1000).map(|_| chance.unit()).all(|unit| (0.0..1.0).contains(&unit)));
    }
}
