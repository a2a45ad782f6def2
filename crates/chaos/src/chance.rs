//! Chance that a seed repeats: the same on every machine and in every version.

/// SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Chance for one purpose of a run: other numbers for every list of words.
    pub(crate) fn new(seed: u64, words: &[u64]) -> Self {
        let mut chance = Self(seed.wrapping_mul(0xd134_2543_de82_ef95));
        for word in words {
            let mixed = chance.next();
            chance.0 = mixed ^ word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        chance.next();
        chance
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// A number from `low` to below `high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low))
    }

    /// 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.below(1_000_001) as f64 / 1_000_000.0
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len() as u64) as usize)
    }

    /// One of these, as often as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, all: &[(u64, T)]) -> T {
        let sum: u64 = all.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(sum);
        for (weight, one) in all {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *one,
            }
        }
        all[0].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_words_tell_purposes_apart() {
        let first = |seed, words: &[u64]| Chance::new(seed, words).next();
        assert_eq!(first(1, &[2, 3]), first(1, &[2, 3]));
        assert_ne!(first(1, &[2, 3]), first(1, &[3, 2]));
        assert_ne!(first(1, &[2]), first(2, &[2]));
    }

    #[test]
    fn weights_count() {
        let mut chance = Chance::new(7, &[]);
        let picked: Vec<char> = (0..1000)
            .map(|_| chance.weighted(&[(70, 'a'), (0, 'b'), (30, 'c')]))
            .collect();
        let count = |letter| picked.iter().filter(|found| **found == letter).count();
        assert!((600..800).contains(&count('a')) && count('b') == 0);
    }
}
