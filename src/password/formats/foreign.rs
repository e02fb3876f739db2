//! A hash that is verified, and never made: any format but Argon2.

use super::bcrypt::BcryptHash;
use super::fields::TAG_BYTES_MAX;
use super::firebase::FirebaseHash;
use super::pbkdf2::Pbkdf2Hash;
use super::scrypt::ScryptHash;
use super::ssha::SshaHash;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What was read in the text of a foreign hash.
#[derive(Clone)]
pub(in crate::password) enum ForeignHash {
    Scrypt(ScryptHash),
    Pbkdf2(Pbkdf2Hash),
    Bcrypt(BcryptHash),
    Ssha(SshaHash),
    Firebase(FirebaseHash),
}

impl ForeignHash {
    /// The work to verify it, as the KiB that Argon2 would write in the same time. The ratios were measured on one machine (x86-64
    /// with SHA instructions) and rounded to the dearer side; another's may be twice as large or small.
    pub fn kib_passes(&self) -> u64 {
        match self {
            Self::Scrypt(hash) => hash.cost.kib_passes(),
            Self::Pbkdf2(hash) => hash.kib_passes(),
            Self::Bcrypt(hash) => hash.kib_passes(),
            Self::Ssha(_) => 1,
            Self::Firebase(hash) => hash.cost.kib_passes(),
        }
    }

    /// Whether it is the password's. It takes the same time whatever the password is, but for its length.
    pub fn matches(&self, password: &[u8]) -> bool {
        match self {
            Self::Scrypt(hash) => hash.matches(password),
            Self::Pbkdf2(hash) => hash.matches(password),
            Self::Bcrypt(hash) => hash.matches(password),
            Self::Ssha(hash) => hash.matches(password),
            Self::Firebase(hash) => hash.matches(password),
        }
    }
}

/// Whether what `derive` writes is the tag, compared in constant time.
pub(super) fn is_tag(tag: &[u8], derive: impl FnOnce(&mut [u8])) -> bool {
    let mut derived = Zeroizing::new([0; TAG_BYTES_MAX]);
    let derived = &mut derived[..tag.len()];
    derive(derived);
    derived.ct_eq(tag).into()
}
