//! The master keys, from which the service derives one key a purpose: page tokens, fingerprints, quota keys.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use zeroize::{Zeroize, Zeroizing};

use super::error::ConfigError;
use super::sources::{Origin, read_text};

/// The length of a key.
const KEY_BYTES: usize = 32;
/// Rotation needs two; more than a few mean that the retired ones are never taken away.
const KEYS_MAX: usize = 8;
/// The file in the data directory.
const FILE_NAME: &str = "master.key";
/// What a setting or a file has to hold.
const EXPECTED: &str =
    "expected 32 bytes in base64 or hex, and for rotation up to 8 of them with commas, the newest first";

/// The newest key first: it makes what is new; the others only read what they made.
#[derive(Clone)]
pub struct MasterKeys(Vec<Zeroizing<[u8; KEY_BYTES]>>);

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKeys({} keys)", self.0.len())
    }
}

impl MasterKeys {
    /// The key that makes what is new.
    pub fn newest(&self) -> &[u8; KEY_BYTES] {
        &self.0[0]
    }

    /// The keys of what was made before the last rotations.
    pub fn older(&self) -> impl Iterator<Item = &[u8; KEY_BYTES]> {
        self.0[1..].iter().map(|key| &**key)
    }

    /// Reads keys in base64 (any alphabet, padded or not) or hex, separated by commas or white space.
    pub(super) fn parse(text: &SecretString) -> Result<Self, String> {
        let words = text.expose_secret().split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let keys: Option<Vec<_>> = words.map(one_key).collect();
        keys.filter(|keys| (1..=KEYS_MAX).contains(&keys.len())).map(Self).ok_or_else(|| EXPECTED.to_owned())
    }

    /// Reads the keys in the data directory; makes one when there is none.
    pub(super) fn load_or_create(data_dir: &Path) -> Result<Self, ConfigError> {
        let path = data_dir.join(FILE_NAME);
        let fault = |message: String| ConfigError::of("master_key", Origin::File(path.clone()), message);
        if !path.exists() {
            create(data_dir, &path).map_err(|error| fault(format!("cannot be made: {error}")))?;
        }
        let metadata = fs::metadata(&path).map_err(|error| fault(format!("cannot be read: {error}")))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(fault("may be read by others: it needs mode 0600".into()));
        }
        Self::parse(&SecretString::from(read_text(&path)?)).map_err(fault)
    }
}

/// One key as 64 hexadecimal digits or as base64.
fn one_key(word: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let mut bytes = if word.len() == 2 * KEY_BYTES { from_hex(word)? } else { from_base64(word)? };
    let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new);
    bytes.zeroize();
    key
}

fn from_hex(word: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = word.chars().map(|c| c.to_digit(16)).collect();
    digits?.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair.get(1)?).ok()).collect()
}

fn from_base64(word: &str) -> Option<Vec<u8>> {
    const ANY_PADDING: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if word.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    GeneralPurpose::new(alphabet, ANY_PADDING).decode(word).ok()
}

/// Makes the directory for its owner only; one that is there stays as it is.
pub(super) fn create_dir(data_dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir)
}

/// Writes a new key beside its place and links it there, so that of two processes one wins and nobody reads half a key.
fn create(data_dir: &Path, path: &Path) -> io::Result<()> {
    create_dir(data_dir)?;
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    getrandom::fill(&mut *key).map_err(|error| io::Error::other(error.to_string()))?;
    let text = Zeroizing::new(format!("{}\n", STANDARD.encode(*key)));
    let draft: PathBuf = data_dir.join(format!("{FILE_NAME}.{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    fs::remove_file(&draft)?;
    linked?;
    fs::File::open(data_dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<MasterKeys, String> {
        MasterKeys::parse(&SecretString::from(text.to_owned()))
    }

    #[test]
    fn a_key_reads_from_base64_and_hex_and_several_keep_their_order() {
        let hex = "00".repeat(31) + "Ff";
        let mut own = [7_u8; 32];
        own[0] = 255;
        let text = STANDARD.encode(own);
        let url = text.replace('+', "-").replace('/', "_");
        let keys = parse(&format!("{text} {},{hex}", url.trim_end_matches('='))).expect("three keys");
        assert_eq!(keys.newest()[0], 255);
        assert_eq!(keys.older().map(|key| key[0]).collect::<Vec<_>>(), [255, 0]);
        assert_eq!(format!("{keys:?}"), "MasterKeys(3 keys)");
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        for text in ["", " , ", "short", &"g".repeat(64), &"00".repeat(31), &vec!["00".repeat(32); 9].join(",")] {
            let message = parse(text).expect_err("no key");
            assert!(text.len() < 3 || !message.contains(text));
        }
    }

    #[test]
    fn the_first_call_makes_a_key_that_the_next_reads_and_only_the_owner_may() {
        let home = tempfile::tempdir().expect("a directory");
        let data_dir = home.path().join("made/by/it");
        let first = MasterKeys::load_or_create(&data_dir).expect("made");
        let again = MasterKeys::load_or_create(&data_dir).expect("read");
        assert!(first.newest() == again.newest() && first.older().count() == 0);
        let path = data_dir.join(FILE_NAME);
        assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&data_dir).expect("the directory").count(), 1, "no draft is left");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("chmod");
        MasterKeys::load_or_create(&data_dir).expect_err("others may read it");
    }
}
