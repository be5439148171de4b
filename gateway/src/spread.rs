//! Chance that comes from a seed alone: many gateways do not do the same in step, and a test can say what each will do.

/// Numbers that look like chance and depend on their seed alone (`SplitMix64`).
#[derive(Clone, Debug)]
pub(crate) struct Spread(u64);

impl Spread {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Between three quarters of a time and all of it, in whatever unit.
    pub(crate) fn shorten(&mut self, time: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let part = i64::from(u8::try_from(z >> 56).unwrap_or(u8::MAX));
        time.saturating_sub((time / 4).saturating_mul(part) / 256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_with_other_seeds_do_not_act_in_step() {
        let mut moments: Vec<i64> = (0..32).map(|seed| Spread::new(seed).shorten(3600)).collect();
        assert!(moments.iter().all(|moment| (2700..=3600).contains(moment)), "{moments:?}");
        moments.sort_unstable();
        moments.dedup();
        assert!(moments.len() > 16, "{moments:?}");
        assert_eq!(Spread::new(5).shorten(3600), Spread::new(5).shorten(3600));
    }
}
