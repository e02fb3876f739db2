//! PHC strings of scrypt: `$scrypt$ln=16,r=8,p=1$<salt>$<tag>`, as passlib and many others write them.

use super::ImportFault;
use super::fields::{Bytes, decimal, fields, parameters, salt, tag, unpadded};
use super::foreign::is_tag;
use crate::password::cost::MEMORY_KIB_MAX;
use scrypt::Params;

/// The most logarithm of N: with the smallest block size it is all the memory that may be.
const LOG_N_MAX: u32 = 21;
/// The most block size: four times what everyone has. It bounds the memory that does not grow with N.
const BLOCK_SIZE_MAX: u32 = 32;
/// The most parallelism. One thread computes it one after another.
const PARALLELISM_MAX: u32 = 16;
/// Measured: filling and reading a KiB of scrypt's memory takes what Argon2 takes to write so many.
const KIB_PASSES_PER_KIB: u64 = 6;

/// scrypt's three cost parameters, within bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ScryptCost(Params);

impl ScryptCost {
    /// A cost of at most as much memory as Argon2 may take: `128 * 2^ln * r` bytes.
    pub fn new(log_n: u32, block_size: u32, parallelism: u32) -> Result<Self, ImportFault> {
        if !(1..=BLOCK_SIZE_MAX).contains(&block_size) || !(1..=PARALLELISM_MAX).contains(&parallelism) {
            return Err(ImportFault::CostOutOfBounds);
        }
        if !(1..=LOG_N_MAX).contains(&log_n) || memory_kib(log_n, block_size) > u64::from(MEMORY_KIB_MAX) {
            return Err(ImportFault::CostOutOfBounds);
        }
        let log_n = u8::try_from(log_n).map_err(|_| ImportFault::CostOutOfBounds)?;
        Params::new(log_n, block_size, parallelism).map(Self).map_err(|_| ImportFault::CostOutOfBounds)
    }

    /// The work: each of the `p` parts writes its memory, reads it in random order, and mixes both times.
    pub fn kib_passes(self) -> u64 {
        memory_kib(self.0.log_n().into(), self.0.r()) * u64::from(self.0.p()) * KIB_PASSES_PER_KIB
    }

    /// Derives as many bytes as there is room for.
    pub fn derive(self, password: &[u8], salt: &[u8], derived: &mut [u8]) {
        scrypt::scrypt(password, salt, &self.0, derived)
            .expect("invariant: a tag has 16 to 64 bytes, scrypt gives 1 to 2^37");
    }
}

/// Blocks of 128 bytes, as many as N times r.
fn memory_kib(log_n: u32, block_size: u32) -> u64 {
    (u64::from(block_size) << log_n).div_ceil(8)
}

/// What a PHC string of scrypt says.
#[derive(Clone)]
pub(in crate::password) struct ScryptHash {
    pub(super) cost: ScryptCost,
    salt: Bytes,
    tag: Bytes,
}

impl ScryptHash {
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        is_tag(&self.tag, |derived| self.cost.derive(password, &self.salt, derived))
    }
}

/// Reads one.
pub(super) fn read(text: &str) -> Result<ScryptHash, ImportFault> {
    let rest = text.strip_prefix("$scrypt$").ok_or(ImportFault::Unsupported)?;
    let [cost, salt_text, tag_text] = fields(rest)?;
    let [Some(log_n), Some(block_size), Some(parallelism)] = parameters(cost, ["ln", "r", "p"])? else {
        return Err(ImportFault::Malformed);
    };
    let cost = ScryptCost::new(decimal(log_n)?, decimal(block_size)?, decimal(parallelism)?)?;
    Ok(ScryptHash { cost, salt: salt(unpadded(salt_text)?)?, tag: tag(unpadded(tag_text)?)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "c2l4dGVlbiBvZiBzYWx0Lg";
    const TAG: &str = "xuBnKRfxnIMGqf/RDrtq6U9ByYQYRCT8zcLcbrk+IO8";

    fn fault(cost: &str) -> Option<ImportFault> {
        read(&format!("$scrypt${cost}${SALT}${TAG}")).err()
    }

    /// Computed by OpenSSL (Python's `hashlib`) and by passlib; the fourth is of RFC 7914, section 12.
    #[test]
    fn known_answers() {
        for (text, password) in [
            (format!("$scrypt$ln=10,r=8,p=1${SALT}${TAG}"), "correct horse"),
            (format!("$scrypt$p=1,ln=10,r=8${SALT}${TAG}"), "correct horse"),
            (
                format!(
                    "$scrypt$ln=4,r=1,p=16${SALT}$n/2gzEriZ1UVlzDrpdhvhDEriKvqjeXxNLtBE09mjMrCFUWry7Jb9FHy/H4k5RHo6U+Tkc4kZjrH9J63BiaDNA"
                ),
                "correct horse",
            ),
            (
                "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw".to_owned(),
                "pleaseletmein",
            ),
            ("$scrypt$ln=6,r=32,p=2$c2FsdHNhbHQ$qYHmSJ2Fy8qCsC8j23EamQ".to_owned(), "pässwörd ☃"),
            (
                "$scrypt$ln=10,r=8,p=1$c2FsdCBvZiBwYXNzbGliIQ$zb1fm/13AEHdSoZYnxSWJ5upFort3dVrC/DNUtnEdtc".to_owned(),
                "correct horse",
            ),
        ] {
            let hash = read(&text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert!(hash.matches(password.as_bytes()), "{text}");
            assert!(!hash.matches(b"correct horsf"), "{text}");
            assert!(!hash.matches(b""), "{text}");
        }
    }

    #[test]
    fn costs_beyond_the_bounds() {
        for cost in ["ln=18,r=8,p=16", "ln=16,r=32,p=1", "ln=21,r=1,p=1", "ln=1,r=32,p=16"] {
            assert_eq!(fault(cost), None, "{cost}");
        }
        for cost in [
            "ln=18,r=9,p=1",
            "ln=17,r=32,p=1",
            "ln=22,r=1,p=1",
            "ln=63,r=1,p=1",
            "ln=64,r=1,p=1",
            "ln=256,r=1,p=1",
            "ln=4294967295,r=1,p=1",
            "ln=0,r=8,p=1",
            "ln=14,r=0,p=1",
            "ln=1,r=33,p=1",
            "ln=14,r=8,p=0",
            "ln=14,r=8,p=17",
            "ln=14,r=65536,p=65536",
        ] {
            assert_eq!(fault(cost), Some(ImportFault::CostOutOfBounds), "{cost}");
        }
    }

    #[test]
    fn texts_that_cannot_be_read() {
        for cost in [
            "",
            "ln=10,r=8",
            "ln=10,r=8,p=1,p=1",
            "ln=10,r=8,p=1,l=32",
            "ln=-1,r=8,p=1",
            "ln=010,r=8,p=1",
            "n=1024,r=8,p=1",
        ] {
            assert_eq!(fault(cost), Some(ImportFault::Malformed), "{cost}");
        }
        for text in [
            "$scrypt$".to_owned(),
            format!("$scrypt$ln=10,r=8,p=1${SALT}"),
            format!("$scrypt$ln=10,r=8,p=1${SALT}${TAG}$"),
            format!("$scrypt$ln=10,r=8,p=1${SALT}==${TAG}"),
            format!("$scrypt$ln=10,r=8,p=1$c2Fs${TAG}"),
            format!("$scrypt$ln=10,r=8,p=1${SALT}$c2hvcnQgdGFnISE"),
            format!("$scrypt$ln=10,r=8,p=1${SALT}${TAG}{TAG}{TAG}"),
        ] {
            assert_eq!(read(&text).err(), Some(ImportFault::Malformed), "{text}");
        }
        assert_eq!(read("$SCRYPT$ln=10,r=8,p=1$").err(), Some(ImportFault::Unsupported));
    }
}
