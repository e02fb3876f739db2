//! The memory of one hash thread, and the computation in it.

use super::cost::Cost;
use super::pages::Pages;
use argon2::{Algorithm, Argon2, Params, Version};
use std::io;
use thiserror::Error;

/// Which Argon2 is computed, and how much of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipe {
    pub algorithm: Algorithm,
    pub version: Version,
    pub cost: Cost,
}

/// Why a computation did not happen.
#[derive(Debug, Error)]
pub(super) enum ArenaFault {
    /// The system gave no memory.
    #[error("no memory for a hash: {0}")]
    Memory(#[from] io::Error),
    /// Argon2 refused its input; the types of this room leave no such input.
    #[error("argon2 refused its input: {0}")]
    Argon2(argon2::Error),
}

/// Memory that is used again by every computation of its thread: page faults and zeroing cost a third of a fresh hash.
///
/// It is mapped by the first computation, so that an idle server holds none.
pub(super) struct Arena {
    /// Blocks of 1 KiB that a new hash needs, and that are kept between computations.
    standing_blocks: usize,
    pages: Option<Pages>,
}

impl Arena {
    /// An arena for hashes of that cost; it holds no memory yet.
    pub fn new(standing: Cost) -> Self {
        Self { standing_blocks: blocks_of(standing), pages: None }
    }

    /// Computes one tag, `tag.len()` bytes long. A cost beyond the standing one gets a larger mapping, for this one time.
    pub fn compute(&mut self, recipe: Recipe, password: &[u8], salt: &[u8], tag: &mut [u8]) -> Result<(), ArenaFault> {
        let Recipe { algorithm, version, cost } = recipe;
        let params = Params::new(cost.memory_kib(), cost.iterations(), cost.lanes(), Some(tag.len()))
            .map_err(ArenaFault::Argon2)?;
        let needed_blocks = blocks_of(cost);
        let pages = self.reach(needed_blocks)?;
        let outcome = Argon2::new(algorithm, version, params)
            .hash_password_into_with_memory(password, salt, tag, &mut pages.blocks()[..needed_blocks])
            .map_err(ArenaFault::Argon2);
        if needed_blocks > self.standing_blocks {
            self.release();
        }
        outcome
    }

    /// At least that many blocks; the smaller mapping goes before the larger comes.
    fn reach(&mut self, needed_blocks: usize) -> io::Result<&mut Pages> {
        if self.pages.as_ref().is_some_and(|pages| pages.len() < needed_blocks) {
            self.release();
        }
        match self.pages {
            Some(ref mut pages) => Ok(pages),
            None => Ok(self.pages.insert(Pages::map(needed_blocks.max(self.standing_blocks))?)),
        }
    }

    /// Gives the memory back to the system, which wipes it before anyone else gets it.
    pub fn release(&mut self) {
        self.pages = None;
    }

    /// Whether memory is held.
    pub fn is_mapped(&self) -> bool {
        self.pages.is_some()
    }
}

/// Argon2 rounds its memory down to a multiple of four segments a lane; one block of it is 1 KiB.
fn blocks_of(cost: Cost) -> usize {
    usize::try_from(cost.memory_kib()).expect("invariant: a cost is at most 256 MiB, which every address space holds")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::cost::{ITERATIONS_MAX, LANES_MAX};
    use crate::password::hash::{Format, PasswordHash};

    fn cost(memory_kib: u32, iterations: u32, lanes: u32) -> Cost {
        Cost::new(memory_kib, iterations, lanes).unwrap()
    }

    #[test]
    fn one_arena_gives_what_fresh_memory_gives() {
        let mut arena = Arena::new(cost(64, 1, 1));
        for algorithm in [Algorithm::Argon2id, Algorithm::Argon2i, Algorithm::Argon2d] {
            for version in [Version::V0x10, Version::V0x13] {
                for cost in [
                    cost(64, 1, 1),
                    cost(8, 1, 1),
                    cost(67, 3, 2),
                    cost(512, 2, 4),
                    cost(128, ITERATIONS_MAX, LANES_MAX),
                ] {
                    for tag_bytes in [16, 32, 64] {
                        let recipe = Recipe { algorithm, version, cost };
                        let (mut ours, mut theirs) = (vec![0; tag_bytes], vec![0; tag_bytes]);
                        arena.compute(recipe, b"a password", b"salt of a hash", &mut ours).unwrap();
                        let params =
                            Params::new(cost.memory_kib(), cost.iterations(), cost.lanes(), Some(tag_bytes)).unwrap();
                        Argon2::new(algorithm, version, params)
                            .hash_password_into(b"a password", b"salt of a hash", &mut theirs)
                            .unwrap();
                        assert_eq!(ours, theirs, "{recipe:?}");
                    }
                }
            }
        }
    }

    /// The vectors of the reference implementation's own test (phc-winner-argon2, src/test.c).
    #[test]
    fn known_answers_of_the_reference_implementation() {
        let mut arena = Arena::new(cost(64, 1, 1));
        for phc in [
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
            "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
            "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
        ] {
            let Format::Argon2(hash) = PasswordHash::import(phc).unwrap().format else { panic!("{phc}") };
            let recipe = Recipe { algorithm: hash.algorithm, version: hash.version, cost: hash.cost };
            let mut tag = vec![0; hash.tag.len()];
            arena.compute(recipe, b"password", &hash.salt, &mut tag).unwrap();
            assert_eq!(tag, hash.tag.as_bytes(), "{phc}");
        }
    }

    #[test]
    fn memory_is_kept_up_to_the_standing_size_and_no_further() {
        let recipe = |cost| Recipe { algorithm: Algorithm::Argon2id, version: Version::V0x13, cost };
        let mut arena = Arena::new(cost(64, 1, 1));
        assert!(!arena.is_mapped());
        arena.compute(recipe(cost(16, 1, 1)), b"p", b"saltsalt", &mut [0; 32]).unwrap();
        assert_eq!(arena.pages.as_ref().map(Pages::len), Some(64));
        arena.compute(recipe(cost(128, 1, 1)), b"p", b"saltsalt", &mut [0; 32]).unwrap();
        assert!(!arena.is_mapped());
        arena.compute(recipe(cost(64, 1, 1)), b"p", b"saltsalt", &mut [0; 32]).unwrap();
        assert_eq!(arena.pages.as_ref().map(Pages::len), Some(64));
    }
}
