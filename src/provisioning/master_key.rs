//! One key per purpose out of the master key, and the few things done with them. Every output names the master key it was made with, so
//! that a new master key can be put in front while the outputs of the old one are still read.

use chacha20poly1305::aead::{Aead, KeyInit as AeadKeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as HmacKeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// What a key is for. No two purposes share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Sealed page tokens.
    PageToken,
    /// Fingerprints of requests.
    Fingerprint,
    /// Keys of quota rows that would otherwise hold a person's address.
    QuotaKey,
    /// What failed logins are counted by: an account, or what was tried where there is none.
    LoginGuard,
    /// Addresses that people have logged in from.
    KnownAddress,
    /// Messages between their writing and their sending.
    Message,
    /// Codes that were sent to phones: six digits have no secret of their own.
    Code,
}

impl Purpose {
    fn info(self) -> &'static [u8] {
        match self {
            Self::PageToken => b"enroll.v1 page token",
            Self::Fingerprint => b"enroll.v1 request fingerprint",
            Self::QuotaKey => b"enroll.v1 quota key",
            Self::LoginGuard => b"enroll.v1 login guard",
            Self::KnownAddress => b"enroll.v1 known address",
            Self::Message => b"enroll.v1 message",
            Self::Code => b"enroll.v1 code",
        }
    }
}

/// How many bytes of an output name the master key.
pub const KEY_ID_LEN: usize = 4;
const NONCE_LEN: usize = 24;

/// One master key; zeroed when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct Key {
    secret: [u8; 32],
    #[zeroize(skip)]
    id: [u8; KEY_ID_LEN],
}

impl Key {
    fn new(secret: [u8; 32]) -> Self {
        let mut id = [0; KEY_ID_LEN];
        expand(&secret, b"enroll.v1 key id", &mut id);
        Self { secret, id }
    }

    fn derive(&self, purpose: Purpose) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        expand(&self.secret, purpose.info(), key.as_mut());
        key
    }

    fn cipher(&self, purpose: Purpose) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.derive(purpose)).into())
    }

    fn mac(&self, purpose: Purpose, data: &[u8]) -> [u8; 32] {
        let key = self.derive(purpose);
        let mut mac = <Hmac<Sha256> as HmacKeyInit>::new_from_slice(key.as_ref())
            .expect("invariant: HMAC takes a key of any length");
        mac.update(data);
        let mut output: [u8; 32] = mac.finalize().into_bytes().into();
        output[..KEY_ID_LEN].copy_from_slice(&self.id);
        output
    }
}

fn expand(secret: &[u8; 32], info: &[u8], output: &mut [u8]) {
    Hkdf::<Sha256>::new(None, secret).expand(info, output).expect("invariant: HKDF-SHA256 gives up to 8160 bytes");
}

/// The master keys in force: the first makes, all of them read.
#[derive(Clone)]
pub struct MasterKey {
    keys: Vec<Key>,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey({} keys)", self.keys.len())
    }
}

impl MasterKey {
    /// The current key, and older ones that are still read.
    pub fn new(current: [u8; 32], older: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self { keys: std::iter::once(current).chain(older).map(Key::new).collect() }
    }

    fn current(&self) -> &Key {
        &self.keys[0]
    }

    fn by_id(&self, id: &[u8]) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// A keyed hash; its first bytes name the master key.
    pub fn mac(&self, purpose: Purpose, data: &[u8]) -> [u8; 32] {
        self.current().mac(purpose, data)
    }

    /// Whether `mac` was made of `data` with one of the keys in force.
    pub fn verifies(&self, purpose: Purpose, data: &[u8], mac: &[u8; 32]) -> bool {
        self.by_id(&mac[..KEY_ID_LEN])
            .is_some_and(|key| subtle::ConstantTimeEq::ct_eq(&key.mac(purpose, data)[..], &mac[..]).into())
    }

    /// Seals `plain`, bound to `context`, under a nonce that has to be random.
    pub fn seal(&self, purpose: Purpose, nonce: [u8; NONCE_LEN], plain: &[u8], context: &[u8]) -> Vec<u8> {
        let key = self.current();
        let sealed = key
            .cipher(purpose)
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: context })
            .expect("invariant: the cipher takes any message that fits in memory");
        [key.id.as_slice(), &nonce, &sealed].concat()
    }

    /// Opens what [`Self::seal`] made; `None` where it was not made here, for this purpose and context.
    pub fn open(&self, purpose: Purpose, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let (id, rest) = sealed.split_at_checked(KEY_ID_LEN)?;
        let (nonce, message) = rest.split_at_checked(NONCE_LEN)?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().ok()?;
        let cipher = self.by_id(id)?.cipher(purpose);
        cipher.decrypt(&XNonce::from(nonce), Payload { msg: message, aad: context }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_for_its_purpose_context_and_key() {
        let old = MasterKey::new([1; 32], []);
        let sealed = old.seal(Purpose::PageToken, [7; 24], b"plain", b"context");
        assert_eq!(old.open(Purpose::PageToken, &sealed, b"context").as_deref(), Some(&b"plain"[..]));
        assert_eq!(old.open(Purpose::Fingerprint, &sealed, b"context"), None);
        assert_eq!(old.open(Purpose::PageToken, &sealed, b"other"), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(old.open(Purpose::PageToken, &changed, b"context"), None, "byte {at}");
        }
        let rotated = MasterKey::new([2; 32], [[1; 32]]);
        assert_eq!(rotated.open(Purpose::PageToken, &sealed, b"context").as_deref(), Some(&b"plain"[..]));
        assert_eq!(MasterKey::new([2; 32], []).open(Purpose::PageToken, &sealed, b"context"), None);
    }

    #[test]
    fn a_fingerprint_outlives_a_rotation() {
        let mac = MasterKey::new([1; 32], []).mac(Purpose::Fingerprint, b"request");
        let rotated = MasterKey::new([2; 32], [[1; 32]]);
        assert!(rotated.verifies(Purpose::Fingerprint, b"request", &mac));
        assert!(!rotated.verifies(Purpose::Fingerprint, b"another", &mac));
        assert!(!MasterKey::new([2; 32], []).verifies(Purpose::Fingerprint, b"request", &mac));
        assert_ne!(rotated.mac(Purpose::Fingerprint, b"request"), mac);
    }
}
