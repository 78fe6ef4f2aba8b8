//! Chance that can be had again: every throw follows from a seed, and a test prints its seed.

use uuid::Uuid;

/// The variable that repeats a run.
const SEED: &str = "HECATE_TEST_SEED";

/// A stream of throws (xorshift64*).
pub struct Dice {
    state: u64,
}

impl Dice {
    /// Throws that follow from `HECATE_TEST_SEED`, else from chance; prints how to have them again.
    pub fn announced(what: &str) -> Dice {
        let given = std::env::var(SEED).ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| Uuid::now_v7().as_u64_pair().1);
        eprintln!("{what}: {SEED}={seed}");
        Dice::seeded(seed)
    }

    /// Throws that follow from this seed.
    pub fn seeded(seed: u64) -> Dice {
        Dice { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 }
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.throw() % (high - low + 1)
    }

    fn throw(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same() {
        let throws = |seed| {
            let mut dice = Dice::seeded(seed);
            (0..20).map(|_| dice.between(3, 9)).collect::<Vec<_>>()
        };
        assert_eq!(throws(7), throws(7));
        assert_ne!(throws(7), throws(8));
        assert!(throws(7).iter().all(|throw| (3..=9).contains(throw)));
    }
}
