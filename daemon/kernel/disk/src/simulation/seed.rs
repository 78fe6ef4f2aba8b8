//! Chance that can be repeated: the same seed draws the same numbers on every machine.

/// Steele, Lea and Flood's SplitMix64: small, and good enough to toss coins.
pub(super) struct Seed(u64);

impl Seed {
    /// Draws of their own for each pair of numbers.
    pub(super) fn new(seed: u64, at: u64) -> Seed {
        let mut mixed = Seed(seed);
        Seed(mixed.draw() ^ at)
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn coin(&mut self) -> bool {
        self.draw() & 1 == 1
    }

    /// A number from 0 to `most`.
    pub(super) fn up_to(&mut self, most: u32) -> u32 {
        (self.draw() % (u64::from(most) + 1)) as u32
    }
}
