//! Hashes that were made elsewhere. One file a format; each says which texts it knows and within which costs it takes them.
//!
//! | Text | File |
//! |---|---|
//! | `$argon2id$`, `$argon2i$`, `$argon2d$`: PHC strings | [`argon2`] |
//! | `$scrypt$`: PHC strings | [`scrypt`] |
//! | `$pbkdf2-sha256$`, `-sha512`, `-sha1`: PHC strings and passlib's | [`pbkdf2`] |
//! | `pbkdf2_sha256$`, `pbkdf2_sha1$`: Django's | [`django`] |
//! | `AQAAA...`: ASP.NET Core Identity's, version 3 | [`identity`] |
//! | `$2a$`, `$2b$`, `$2y$` | [`bcrypt`] |
//! | `{SSHA}`, `{SSHA256}`, `{SSHA512}`: LDAP's | [`ssha`] |
//! | `$firebase-scrypt$`: Firebase's, in a text of ours | [`firebase`] |
//!
//! Formats without a salt or without a cost that was ever adequate are absent, but for LDAP's, which is what directories hold. A hash of
//! any of them is replaced by one of ours at the next login.

pub(super) mod argon2;
pub(super) mod foreign;

mod bcrypt;
mod django;
mod fields;
mod firebase;
mod identity;
mod pbkdf2;
mod scrypt;
mod ssha;

use super::hash::{Format, PasswordHash};
use foreign::ForeignHash;
use thiserror::Error;

/// The longest text that is looked at: the longest within our bounds, Firebase's, has some 400 bytes.
const HASH_BYTES_MAX: usize = 512;

/// Why a hash is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ImportFault {
    /// Its format is none of ours.
    #[error("the format of the hash is not supported")]
    Unsupported,
    /// Its format is ours, but it cannot be read.
    #[error("the hash is malformed")]
    Malformed,
    /// To verify it would cost more than any hash may, or it names a cost that its algorithm does not have.
    #[error("the cost of the hash is out of bounds")]
    CostOutOfBounds,
}

/// Reads one format; `Unsupported` where the text is of another.
type Reader = fn(&str) -> Result<Format, ImportFault>;

const READERS: [Reader; 8] = [
    |text| argon2::read(text).map(Format::Argon2),
    |text| scrypt::read(text).map(ForeignHash::Scrypt).map(Format::Foreign),
    |text| pbkdf2::read(text).map(ForeignHash::Pbkdf2).map(Format::Foreign),
    |text| django::read(text).map(ForeignHash::Pbkdf2).map(Format::Foreign),
    |text| identity::read(text).map(ForeignHash::Pbkdf2).map(Format::Foreign),
    |text| bcrypt::read(text).map(ForeignHash::Bcrypt).map(Format::Foreign),
    |text| ssha::read(text).map(ForeignHash::Ssha).map(Format::Foreign),
    |text| firebase::read(text).map(ForeignHash::Firebase).map(Format::Foreign),
];

impl PasswordHash {
    /// Reads a hash of any of the formats, and keeps its text to the letter.
    ///
    /// Argon2 is taken in version 1.0 or 1.3 with a cost that [`Cost`](super::Cost) takes, a salt of 8 to 48 bytes and a tag of 16 to 64;
    /// key ids and associated data are refused: without the key they name, nothing could be verified. scrypt is taken with at most 256 MiB
    /// (`128 * N * r`), `r` up to 32 and `p` up to 16, PBKDF2 with at most 2 000 000 iterations, bcrypt with a cost of 4 to 14; where
    /// their lengths vary, a salt has 4 to 64 bytes and a tag 16 to 64.
    pub fn import(text: &str) -> Result<Self, ImportFault> {
        if text.len() > HASH_BYTES_MAX {
            return Err(ImportFault::Unsupported);
        }
        let mut readings = READERS.iter().map(|read| read(text));
        let known = readings.find(|reading| !matches!(reading, Err(ImportFault::Unsupported)));
        Ok(Self::new(text.to_owned(), known.unwrap_or(Err(ImportFault::Unsupported))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One of each format.
    const KNOWN: [&str; 14] = [
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$Ihi6WLoOm0ihPjaZktFGtJvPF+vQ4QWLd5x3KNRVoMo",
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$pbkdf2-sha1$i=1000$c2l4dGVlbiBvZiBzYWx0Lg$QysuG0XTPWRxF5hWPSdW4EBZn7Q",
        "$pbkdf2-sha256$i=1000,l=32$c2l4dGVlbiBvZiBzYWx0Lg$i6hyUC70qtkDmYok7w8otrUd6LJ0X6l4KT39W/AZENw",
        "$pbkdf2-sha256$1200$./..Pj8HCAkKCw$uolwH.V8iBuvvq0sKehLy/yCXAQ61W3CbzO1U3pyghQ",
        "$pbkdf2$1200$./..Pj8HCAkKCw$xUAX3DWlJa8JtJLBPFiqgQnzJkI",
        "pbkdf2_sha256$1500$seasalt2seasalt2$H4FMRIqz8vZyfvJdNOh176bSDGkWyt8uOYIlZxanP5E=",
        "pbkdf2_sha1$1500$seasalt2seasalt2$wtRnHkBukdIRbMqwCwWWNOStax8=",
        "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M",
        "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW",
        "{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0",
        "{SSHA256}YflVcOMs6k7tbGkQbQNVn6/ehAnUAVltiLPKHBWGi2tzYWx0c2FsdA==",
        "{SSHA512}y/cHkkkEN+grqJLvychQTDh/Ru0soToSM5TivM8b68onQKBadhzFaXO80iCgoOpybJLqe2wUu2TJfYjIDxu07nNpeHRlZW4gb2Ygc2FsdC4=",
        "$firebase-scrypt$ln=8,r=4,ss=,sk=AAECAwQFBgcICQoLDA0ODw==$c2FsdHNhbHQ=$9WaR4H4hceZ2vAR/RbawkQ==",
    ];

    #[test]
    fn every_format_is_found_and_kept_to_the_letter() {
        for text in KNOWN {
            let hash = PasswordHash::import(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_eq!(hash.as_phc(), text);
            assert_eq!(matches!(hash.format, Format::Argon2(_)), text.starts_with("$argon2"), "{text}");
        }
    }

    #[test]
    fn only_one_reader_knows_a_text() {
        for text in KNOWN {
            let readers = READERS.iter().filter(|read| !matches!(read(text), Err(ImportFault::Unsupported)));
            assert_eq!(readers.count(), 1, "{text}");
        }
    }

    #[test]
    fn formats_that_are_none_of_ours() {
        for text in [
            "",
            "password",
            "$1$5pZSV9va$azfrPr6af3Fc7dLblQXVa0",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1",
            "{SHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhA=",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==",
            "$argon2x$v=19$m=64,t=1,p=1$c29tZXNhbHQ$Ihi6WLoOm0ihPjaZktFGtJvPF+vQ4QWLd5x3KNRVoMo",
            "argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$Ihi6WLoOm0ihPjaZktFGtJvPF+vQ4QWLd5x3KNRVoMo",
            "$ARGON2ID$v=19$m=64,t=1,p=1$c29tZXNhbHQ$Ihi6WLoOm0ihPjaZktFGtJvPF+vQ4QWLd5x3KNRVoMo",
        ] {
            assert_eq!(PasswordHash::import(text).err(), Some(ImportFault::Unsupported), "{text}");
        }
        for prefix in ["$argon2id$", "$2b$", "pbkdf2_sha256$1$salt$", "AQAAA"] {
            let long = format!("{prefix}{}", "a".repeat(HASH_BYTES_MAX));
            assert_eq!(PasswordHash::import(&long).err(), Some(ImportFault::Unsupported));
        }
    }

    /// A text of a format's shape, whose numbers and lengths go somewhat beyond the bounds. Base64 comes in whole groups: what is left over
    /// would be refused most of the time.
    fn shaped() -> impl Strategy<Value = String> {
        prop_oneof![
            r"\$argon2(id|i|d)(\$v=(16|19|20))?\$m=[0-9]{1,6},t=1?[0-9],p=1?[0-9]\$([A-Za-z0-9+/]{4}){2,18}\$([A-Za-z0-9+/]{4}){5,22}",
            r"\$scrypt\$ln=[12]?[0-9],r=[12]?[0-9],p=1?[0-9]\$([A-Za-z0-9+/]{4}){1,22}\$([A-Za-z0-9+/]{4}){5,22}",
            r"\$pbkdf2(-sha(1|256|512))?\$(i=)?[0-9]{1,7}\$([A-Za-z0-9+/]{4}){1,22}\$([A-Za-z0-9+/]{4}){5,22}",
            r"\$pbkdf2(-sha(1|256|512))?\$[0-9]{1,7}\$([A-Za-z0-9./]{4}){1,22}\$([A-Za-z0-9./]{4}){5,22}",
            r"pbkdf2_sha(1|256)\$[0-9]{1,7}\$[A-Za-z0-9]{1,70}\$([A-Za-z0-9+/]{4}){4,22}([A-Za-z0-9+/][AQgw]==)?",
            r"AQAAAA[AEIM]AA[A-Za-z0-9+/]{3}AAAA[DEF][A-P][A-Za-z0-9+/]{2}([A-Za-z0-9+/]{4}){10,27}",
            r"\$2[abxy]\$[01][0-9]\$[A-Za-z0-9./]{52,54}",
            r"\{SSHA(256|512)?\}([A-Za-z0-9+/]{4}){5,44}([A-Za-z0-9+/][AQgw]==)?",
            r"\$firebase-scrypt\$ln=1?[0-9],r=[0-9],ss=(Bw==)?,sk=[A-Za-z0-9+/]{21}[AQgw]==\$([A-Za-z0-9+/]{4}){1,22}\$[A-Za-z0-9+/]{21}[AQgw]==",
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_kept_to_the_letter(text in shaped()) {
            if let Ok(hash) = PasswordHash::import(&text) {
                prop_assert_eq!(hash.as_phc(), text);
            }
        }

        #[test]
        fn no_text_panics(text in r"(\$argon2(id|i|d)\$?|\$scrypt\$|\$pbkdf2(-sha256)?\$|pbkdf2_sha1\$|AQAAA|\$2b\$(12\$)?|\{SSHA\}|\$firebase-scrypt\$)?[$=,.0-9ilnrps]{0,12}\PC{0,80}") {
            let _ = PasswordHash::import(&text);
        }

        /// One byte of a sound text replaced, left out or doubled.
        #[test]
        fn no_damaged_text_panics(known in 0..KNOWN.len(), place in any::<prop::sample::Index>(), other in any::<char>(), way in 0..3) {
            let text: Vec<char> = KNOWN[known].chars().collect();
            let place = place.index(text.len());
            let damage = match way {
                0 => vec![other],
                1 => vec![],
                _ => vec![text[place], other],
            };
            let text: String = text[..place].iter().chain(&damage).chain(&text[place + 1..]).collect();
            if let Ok(hash) = PasswordHash::import(&text) {
                prop_assert_eq!(hash.as_phc(), text);
            }
        }
    }
}
