//! PBKDF2 with HMAC: PHC strings, `$pbkdf2-sha256$i=600000$<salt>$<tag>` (with `l`, the tag's length, where it is written), and passlib's
//! strings, `$pbkdf2-sha256$29000$<salt>$<tag>`, whose base64 has a point for the plus and which call SHA-1 just `pbkdf2`.

use super::ImportFault;
use super::fields::{Bytes, decimal, fields, parameters, salt, tag, unpadded};
use super::foreign::is_tag;
use ::pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

/// The most iterations: OWASP recommends 1 400 000 for SHA-1 and less for the others.
pub(super) const ITERATIONS_MAX: u32 = 2_000_000;

/// The hash under the HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prf {
    Sha1,
    Sha256,
    Sha512,
}

impl Prf {
    fn output_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// Measured: how many iterations of one block take what Argon2 takes for a KiB, rounded down.
    fn iterations_per_kib_pass(self) -> u64 {
        match self {
            Self::Sha1 | Self::Sha256 => 2,
            Self::Sha512 => 1,
        }
    }
}

/// What any of the formats of PBKDF2 says.
#[derive(Clone)]
pub(in crate::password) struct Pbkdf2Hash {
    prf: Prf,
    iterations: u32,
    salt: Bytes,
    tag: Bytes,
}

impl Pbkdf2Hash {
    pub(super) fn new(prf: Prf, iterations: u32, salt_bytes: Bytes, tag_bytes: Bytes) -> Result<Self, ImportFault> {
        if !(1..=ITERATIONS_MAX).contains(&iterations) {
            return Err(ImportFault::CostOutOfBounds);
        }
        Ok(Self { prf, iterations, salt: salt(salt_bytes)?, tag: tag(tag_bytes)? })
    }

    /// The work: every block of the tag takes all the iterations.
    pub(super) fn kib_passes(&self) -> u64 {
        let blocks = u64::try_from(self.tag.len().div_ceil(self.prf.output_bytes())).unwrap_or(u64::MAX);
        (u64::from(self.iterations) * blocks).div_ceil(self.prf.iterations_per_kib_pass())
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let derive = match self.prf {
            Prf::Sha1 => pbkdf2_hmac::<Sha1>,
            Prf::Sha256 => pbkdf2_hmac::<Sha256>,
            Prf::Sha512 => pbkdf2_hmac::<Sha512>,
        };
        is_tag(&self.tag, |derived| derive(password, &self.salt, self.iterations, derived))
    }
}

/// Reads one.
pub(super) fn read(text: &str) -> Result<Pbkdf2Hash, ImportFault> {
    let (name, rest) = text.strip_prefix('$').and_then(|text| text.split_once('$')).ok_or(ImportFault::Unsupported)?;
    let prf = match name {
        "pbkdf2" | "pbkdf2-sha1" => Prf::Sha1,
        "pbkdf2-sha256" => Prf::Sha256,
        "pbkdf2-sha512" => Prf::Sha512,
        _ => return Err(ImportFault::Unsupported),
    };
    let [cost, salt, tag] = fields(rest)?;
    if !cost.contains('=') {
        return Pbkdf2Hash::new(prf, decimal(cost)?, adapted(salt)?, adapted(tag)?);
    }
    let [Some(iterations), length] = parameters(cost, ["i", "l"])? else { return Err(ImportFault::Malformed) };
    let (iterations, salt, tag) = (decimal(iterations)?, unpadded(salt)?, unpadded(tag)?);
    let length = length.map(decimal).transpose()?;
    if length.is_some_and(|length| usize::try_from(length) != Ok(tag.len())) {
        return Err(ImportFault::Malformed);
    }
    Pbkdf2Hash::new(prf, iterations, salt, tag)
}

/// passlib's base64.
fn adapted(text: &str) -> Result<Bytes, ImportFault> {
    unpadded(&text.replace('.', "+"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "c2l4dGVlbiBvZiBzYWx0Lg";
    const TAG: &str = "i6hyUC70qtkDmYok7w8otrUd6LJ0X6l4KT39W/AZENw";

    /// Computed by OpenSSL (Python's `hashlib`).
    #[test]
    fn known_answers_of_phc_strings() {
        for (text, password) in [
            ("$pbkdf2-sha1$i=1000$c2l4dGVlbiBvZiBzYWx0Lg$QysuG0XTPWRxF5hWPSdW4EBZn7Q", "correct horse"),
            (
                "$pbkdf2-sha1$i=1000$c2l4dGVlbiBvZiBzYWx0Lg$QysuG0XTPWRxF5hWPSdW4EBZn7SzacrSg/HLa7S22tSUzQISerEiy6TSrRuDQ4jVpN8XwKQ2D8YIcBWc9c7hcQ",
                "correct horse",
            ),
            (
                "$pbkdf2-sha256$i=1000$c2l4dGVlbiBvZiBzYWx0Lg$i6hyUC70qtkDmYok7w8otrUd6LJ0X6l4KT39W/AZENw",
                "correct horse",
            ),
            (
                "$pbkdf2-sha256$l=32,i=1000$c2l4dGVlbiBvZiBzYWx0Lg$i6hyUC70qtkDmYok7w8otrUd6LJ0X6l4KT39W/AZENw",
                "correct horse",
            ),
            (
                "$pbkdf2-sha512$i=1000,l=64$c2l4dGVlbiBvZiBzYWx0Lg$V8cE2QUzQ4g27Hq4Uy5PAATLtVgBCB46Oa/zR2e2e8AeO0A2jXwY14rwd+mUouwtBk9asZygOOVc+BtEx5C2lg",
                "correct horse",
            ),
            ("$pbkdf2-sha256$i=1$c2FsdA$vnFHi6hCjsT9m/FbSjQcTpVBUJk", "pässwörd ☃"),
        ] {
            verify(text, password);
        }
    }

    /// Computed by passlib.
    #[test]
    fn known_answers_of_passlib() {
        for text in [
            "$pbkdf2$1200$./..Pj8HCAkKCw$xUAX3DWlJa8JtJLBPFiqgQnzJkI",
            "$pbkdf2-sha256$1200$./..Pj8HCAkKCw$uolwH.V8iBuvvq0sKehLy/yCXAQ61W3CbzO1U3pyghQ",
            "$pbkdf2-sha512$1200$./..Pj8HCAkKCw$J5WagCt0px.uGEHGe20KGvh1XQ5VmaFdxEb7b8VGtM1WLIqqdvjx4trMjLARs7vOKtnlqhsH9vTm2z7h7pNbXQ",
        ] {
            verify(text, "correct horse");
        }
    }

    fn verify(text: &str, password: &str) {
        let hash = read(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert!(hash.matches(password.as_bytes()), "{text}");
        assert!(!hash.matches(b"correct horsf"), "{text}");
        assert!(!hash.matches(b""), "{text}");
    }

    #[test]
    fn costs_beyond_the_bounds() {
        let fault = |cost: &str| read(&format!("$pbkdf2-sha256${cost}${SALT}${TAG}")).err();
        for cost in ["i=1", "1", "i=2000000", "2000000"] {
            assert_eq!(fault(cost), None, "{cost}");
        }
        for cost in ["i=0", "0", "i=2000001", "2000001", "i=4294967295"] {
            assert_eq!(fault(cost), Some(ImportFault::CostOutOfBounds), "{cost}");
        }
    }

    #[test]
    fn the_work_grows_with_the_iterations_and_the_blocks_of_the_tag() {
        let work = |prf, iterations, tag_bytes| {
            let bytes = |count| Bytes::new(vec![7; count]);
            Pbkdf2Hash::new(prf, iterations, bytes(16), bytes(tag_bytes)).unwrap().kib_passes()
        };
        assert_eq!(work(Prf::Sha256, 600_000, 32), 2 * work(Prf::Sha256, 300_000, 32));
        assert_eq!(work(Prf::Sha256, 600_000, 33), 2 * work(Prf::Sha256, 600_000, 32));
        assert_eq!(work(Prf::Sha1, 600_000, 64), 4 * work(Prf::Sha1, 600_000, 20));
        assert_eq!(work(Prf::Sha512, 1, 64), 1);
    }

    #[test]
    fn texts_that_cannot_be_read() {
        for text in [
            "$pbkdf2-sha256$".to_owned(),
            format!("$pbkdf2-sha256$i=1000${SALT}"),
            format!("$pbkdf2-sha256$i=1000${SALT}${TAG}$"),
            format!("$pbkdf2-sha256$l=32${SALT}${TAG}"),
            format!("$pbkdf2-sha256$i=1000,l=31${SALT}${TAG}"),
            format!("$pbkdf2-sha256$i=1000,i=1000${SALT}${TAG}"),
            format!("$pbkdf2-sha256$i=1000,x=1${SALT}${TAG}"),
            format!("$pbkdf2-sha256$v=1$i=1000${SALT}${TAG}"),
            format!("$pbkdf2-sha256$-1${SALT}${TAG}"),
            format!("$pbkdf2-sha256$${SALT}${TAG}"),
            format!("$pbkdf2-sha256$i=1000$$${TAG}"),
            format!("$pbkdf2-sha256$i=1000$c2FsdA==${TAG}"),
            format!("$pbkdf2-sha256$i=1000$c2F.dA${TAG}"),
            format!("$pbkdf2-sha256$i=1000${SALT}$c2hvcnQgdGFnISE"),
        ] {
            assert_eq!(read(&text).err(), Some(ImportFault::Malformed), "{text}");
        }
        for text in ["$pbkdf2-md5$i=1000$", "$pbkdf2-sha384$i=1000$", "pbkdf2-sha256$i=1000$", "$pbkdf2-sha256"] {
            assert_eq!(read(text).err(), Some(ImportFault::Unsupported), "{text}");
        }
    }
}
