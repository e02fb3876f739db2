//! PHC strings of Argon2: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<tag>`.

use super::ImportFault;
use crate::password::cost::Cost;
use crate::password::hash::SALT_BYTES;
use argon2::{Algorithm, Version};
use password_hash::phc::{self, Ident, Output, ParamsString, Salt};

/// The shortest tag that is taken: 128 bits, so that no guess matches by chance.
const TAG_BYTES_MIN: usize = 16;

/// What a PHC string of Argon2 says.
#[derive(Clone)]
pub(in crate::password) struct Argon2Hash {
    pub algorithm: Algorithm,
    pub version: Version,
    pub cost: Cost,
    pub salt: Salt,
    pub tag: Output,
}

impl Argon2Hash {
    /// A hash as new ones are made.
    pub fn new(cost: Cost, salt: [u8; SALT_BYTES], tag: &[u8]) -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            cost,
            salt: Salt::new(&salt).expect("invariant: a new salt has 16 bytes, a PHC string holds 8 to 48"),
            tag: Output::new(tag).expect("invariant: a new tag has 32 bytes, a PHC string holds 10 to 64"),
        }
    }

    /// The PHC string, in the order of fields that every Argon2 library writes.
    pub fn to_phc(&self) -> String {
        let mut params = ParamsString::new();
        for (name, value) in [("m", self.cost.memory_kib()), ("t", self.cost.iterations()), ("p", self.cost.lanes())] {
            params
                .add_decimal(Ident::new_unwrap(name), value)
                .expect("invariant: three decimals fit the 127 bytes of PHC parameters");
        }
        let hash = phc::PasswordHash {
            algorithm: self.algorithm.ident(),
            version: Some(self.version.into()),
            params,
            salt: Some(self.salt),
            hash: Some(self.tag),
        };
        hash.to_string()
    }
}

fn algorithm(text: &str) -> Option<Algorithm> {
    match text.strip_prefix('$')?.split('$').next()? {
        "argon2id" => Some(Algorithm::Argon2id),
        "argon2i" => Some(Algorithm::Argon2i),
        "argon2d" => Some(Algorithm::Argon2d),
        _ => None,
    }
}

/// Reads one.
pub(super) fn read(text: &str) -> Result<Argon2Hash, ImportFault> {
    let algorithm = algorithm(text).ok_or(ImportFault::Unsupported)?;
    let parsed = phc::PasswordHash::new(text).map_err(|_| ImportFault::Malformed)?;
    let version = match parsed.version {
        // Hashes of the first version were written without one.
        None | Some(0x10) => Version::V0x10,
        Some(0x13) => Version::V0x13,
        Some(_) => return Err(ImportFault::Unsupported),
    };
    let cost = read_cost(&parsed.params)?;
    let (Some(salt), Some(tag)) = (parsed.salt, parsed.hash) else { return Err(ImportFault::Malformed) };
    if tag.len() < TAG_BYTES_MIN {
        return Err(ImportFault::Malformed);
    }
    Ok(Argon2Hash { algorithm, version, cost, salt, tag })
}

/// `m`, `t` and `p`, each once, in any order, and nothing else.
fn read_cost(params: &ParamsString) -> Result<Cost, ImportFault> {
    let (mut memory_kib, mut iterations, mut lanes) = (None, None, None);
    for (name, value) in params.iter() {
        let slot = match name.as_str() {
            "m" => &mut memory_kib,
            "t" => &mut iterations,
            "p" => &mut lanes,
            "keyid" | "data" => return Err(ImportFault::Unsupported),
            _ => return Err(ImportFault::Malformed),
        };
        let value = value.decimal().map_err(|_| ImportFault::Malformed)?;
        if slot.replace(value).is_some() {
            return Err(ImportFault::Malformed);
        }
    }
    let (Some(memory_kib), Some(iterations), Some(lanes)) = (memory_kib, iterations, lanes) else {
        return Err(ImportFault::Malformed);
    };
    Cost::new(memory_kib, iterations, lanes).map_err(|_| ImportFault::CostOutOfBounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "c29tZXNhbHQ";
    const TAG: &str = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    fn fault(head: &str) -> Option<ImportFault> {
        read(&format!("{head}${SALT}${TAG}")).err()
    }

    #[test]
    fn the_three_algorithms_and_both_versions() {
        for (head, algorithm, version) in [
            ("$argon2id$v=19$m=65536,t=2,p=1", Algorithm::Argon2id, Version::V0x13),
            ("$argon2i$v=16$m=65536,t=2,p=1", Algorithm::Argon2i, Version::V0x10),
            ("$argon2d$m=65536,t=2,p=1", Algorithm::Argon2d, Version::V0x10),
            ("$argon2id$v=19$p=1,t=2,m=65536", Algorithm::Argon2id, Version::V0x13),
        ] {
            let hash = read(&format!("{head}${SALT}${TAG}")).unwrap_or_else(|fault| panic!("{head}: {fault}"));
            assert_eq!((hash.algorithm, hash.version), (algorithm, version), "{head}");
            assert_eq!(hash.cost, Cost::new(65_536, 2, 1).unwrap(), "{head}");
            assert_eq!(&hash.salt[..], b"somesalt", "{head}");
            assert_eq!(hash.tag.len(), 32, "{head}");
        }
    }

    #[test]
    fn a_new_hash_is_written_as_it_is_read() {
        let text = Argon2Hash::new(Cost::DEFAULT, [7; SALT_BYTES], &[9; 32]).to_phc();
        assert_eq!(
            text,
            "$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk"
        );
        assert_eq!(read(&text).unwrap().to_phc(), text);
    }

    #[test]
    fn costs_beyond_the_bounds() {
        assert_eq!(fault("$argon2id$v=19$m=262144,t=10,p=16"), None);
        for head in [
            "$argon2id$v=19$m=262145,t=1,p=1",
            "$argon2id$v=19$m=4294967295,t=1,p=1",
            "$argon2id$v=19$m=65536,t=11,p=1",
            "$argon2id$v=19$m=65536,t=1,p=17",
            "$argon2id$v=19$m=7,t=1,p=1",
            "$argon2id$v=19$m=65536,t=0,p=1",
            "$argon2id$v=19$m=65536,t=1,p=0",
        ] {
            assert_eq!(fault(head), Some(ImportFault::CostOutOfBounds), "{head}");
        }
    }

    #[test]
    fn texts_that_cannot_be_read() {
        for head in [
            "$argon2id$v=19",
            "$argon2id$v=19$m=65536,t=2",
            "$argon2id$v=19$m=65536,t=2,p=1,p=1",
            "$argon2id$v=19$m=65536,t=2,p=1,x=1",
            "$argon2id$v=19$m=-1,t=2,p=1",
            "$argon2id$v=19$m=065536,t=2,p=1",
            "$argon2id$v=19$m=99999999999,t=2,p=1",
            "$argon2id$v=19$m=65536,t=2,p=1$extra",
        ] {
            assert_eq!(fault(head), Some(ImportFault::Malformed), "{head}");
        }
        for text in [
            "$argon2id$v=19$m=65536,t=2,p=1".to_owned(),
            format!("$argon2id$v=19$m=65536,t=2,p=1${SALT}"),
            format!("$argon2id$v=19$m=65536,t=2,p=1$c2FsdA${TAG}"),
            format!("$argon2id$v=19$m=65536,t=2,p=1${SALT}$c2hvcnQgdGFnISE"),
            format!("$argon2id$v=19$m=65536,t=2,p=1${SALT}${TAG}="),
        ] {
            assert_eq!(read(&text).err(), Some(ImportFault::Malformed), "{text}");
        }
    }

    #[test]
    fn what_argon2_has_and_we_cannot_verify() {
        assert_eq!(fault("$argon2id$v=18$m=65536,t=2,p=1"), Some(ImportFault::Unsupported));
        assert_eq!(fault("$argon2id$v=19$m=65536,t=2,p=1,keyid=Hj5+dsK0"), Some(ImportFault::Unsupported));
        assert_eq!(fault("$argon2id$v=19$m=65536,t=2,p=1,data=sRlHhRmKUGzdOmXn"), Some(ImportFault::Unsupported));
    }
}
