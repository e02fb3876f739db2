//! The cost of a password hash and the threads that pay it.

use super::reader::Reader;

/// Argon2id. The bounds are those of the hash threads, so that what is accepted here starts. The defaults are OWASP's first choice (m = 19 MiB, t = 2, p = 1).
#[derive(Clone, Copy, Debug)]
pub struct Passwords {
    /// Hash threads; absent = one a core.
    pub threads: Option<usize>,
    /// Hashes that may wait; more are refused as overload.
    pub queue_max: usize,
    /// m, in KiB.
    pub memory_kib: u32,
    /// t.
    pub passes: u32,
    /// p.
    pub lanes: u32,
}

impl Passwords {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let threads: usize = reader.within("passwords.threads", 0, 0..=1_024);
        let memory_kib = reader.within("passwords.memory_kib", 19_456, 8..=256 << 10);
        let lanes = reader.within("passwords.lanes", 1, 1..=16);
        if memory_kib >= 8 && lanes <= 16 && memory_kib < 8 * lanes {
            reader.fault("passwords.memory_kib", "expected at least 8 for each of passwords.lanes".to_owned());
        }
        Self {
            threads: Some(threads).filter(|threads| *threads > 0),
            queue_max: reader.within("passwords.queue_max", 1_024, 1..=65_536),
            memory_kib,
            passes: reader.within("passwords.passes", 2, 1..=10),
            lanes,
        }
    }
}
