//! What must happen, in which order, in which unit of work. A use case reads top to bottom: who may (access), is it right (rules), was it
//! said before (replay), is a person there (captcha), hash, one unit of work of the store. No wire, no engine, no clock and no randomness of its own: a use case gets a
//! [`principal::Call`] and values, and answers with values or a [`refusal::Refusal`].

pub mod access;
pub mod accounts;
pub mod applications;
pub mod authentication;
pub mod bootstrap;
pub mod cache;
pub mod captcha;
pub mod composing;
pub mod contracts;
pub mod credentials;
pub mod draft;
pub mod etag;
pub mod limiter;
pub mod master_key;
pub mod outgoing;
pub mod paging;
pub mod portals;
pub mod principal;
pub mod realms;
pub mod redirects;
pub mod refusal;
pub mod registration;
pub mod replay;
pub mod resets;
pub mod rules;
pub mod seams;
pub mod sessions;
pub mod templates;
pub mod tenants;
pub mod trail;
pub mod verifications;

use std::sync::Arc;

use crate::domain::portal_name::ReservedNames;
use crate::password::PasswordHasher;
use crate::store::Store;

use self::cache::Caches;
use self::captcha::Captcha;
use self::limiter::Limiter;
use self::master_key::MasterKey;
use self::outgoing::Outgoing;
use self::seams::{Clock, Ids};
use self::templates::TemplateRenderer;

/// How often a unit of work is tried that collides with others although nothing it asks for is taken.
const TRIES_MAX: usize = 3;

/// What the use cases are made of.
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// Argon2id.
    pub hasher: PasswordHasher,
    /// Shared with the authenticator.
    pub caches: Arc<Caches>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Ids, numbers and secrets.
    pub ids: Arc<dyn Ids>,
    /// Attempts of end users.
    pub limiter: Arc<dyn Limiter>,
    /// Who is asked about captchas; absent = nobody can be, so whoever needs one is refused.
    pub captcha: Option<Arc<dyn Captcha>>,
    /// Page tokens, fingerprints, quota keys.
    pub master_key: MasterKey,
    /// Seals what is to be sent; shared with the workers that send it.
    pub outgoing: Arc<Outgoing>,
    /// Puts templates into words.
    pub renderer: Arc<dyn TemplateRenderer>,
    /// What holds for portals.
    pub portals: PortalSettings,
}

/// What holds for portals, whoever registers them.
#[derive(Clone, Debug)]
pub struct PortalSettings {
    /// A portal's domain is its name, a dot and this, where the application says nothing else.
    pub base_domain: String,
    /// Names that nobody gets.
    pub reserved: ReservedNames,
    /// Portals of one owner's address.
    pub owner_quota: u64,
    /// Portals of one application, where it says nothing else.
    pub application_quota: u64,
    /// Portals of the installation; absent = no bound.
    pub installation_quota: Option<u64>,
}

/// The use cases, one method each; see the files of this room.
pub struct Provisioning {
    store: Store,
    hasher: PasswordHasher,
    caches: Arc<Caches>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    limiter: Arc<dyn Limiter>,
    captcha: Option<Arc<dyn Captcha>>,
    /// Shared with the tokens of pages that are being encoded.
    master_key: Arc<MasterKey>,
    outgoing: Arc<Outgoing>,
    renderer: Arc<dyn TemplateRenderer>,
    portals: PortalSettings,
}

impl Provisioning {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let Parts { store, hasher, caches, clock, ids, limiter, captcha, master_key, outgoing, renderer, portals } =
            parts;
        let master_key = Arc::new(master_key);
        Self { store, hasher, caches, clock, ids, limiter, captcha, master_key, outgoing, renderer, portals }
    }

    /// Seals messages, and wakes the workers that send them.
    pub fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }
}
