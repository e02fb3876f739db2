//! The isolation boundary. Registering a portal makes one, with its owner.

use chrono::{DateTime, Utc};

use super::annotations::Annotations;
use super::brand::Brand;
use super::ids::{AccountId, ContractId, TenantId};
use super::language::LanguageCode;
use super::link::LinkBase;
use super::portal_name::PortalName;
use super::state::text_enum;
use super::time_zone::TimeZone;

text_enum! {
    /// Where a tenant stands in its life.
    pub enum TenantState {
        /// Registered, its activation link not followed yet.
        PendingActivation = "PENDING_ACTIVATION",
        /// In use.
        Active = "ACTIVE",
        /// Stopped by an operator; nothing can be created in it.
        Suspended = "SUSPENDED",
        /// Deleted, kept until purged.
        Deleted = "DELETED",
    }
}

/// A tenant as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// UUIDv7.
    pub id: TenantId,
    /// Random 53-bit number, unique over all tenants: a numeric key for old systems.
    pub number: i64,
    /// The portal's name, unique over all tenants; absent on a tenant that is no portal.
    pub portal_name: Option<PortalName>,
    /// `portal_name` + the base domain in force when it was made.
    pub domain: Option<String>,
    /// The language of mails and defaults.
    pub language: LanguageCode,
    /// IANA time zone.
    pub time_zone: TimeZone,
    /// The account that owns the portal. A plain value: global rows never point into tenant data.
    pub owner: Option<AccountId>,
    /// See [`TenantState`].
    pub state: TenantState,
    /// The contract in force where neither the request nor the grant names one.
    pub default_contract: ContractId,
    /// What links in mails begin with, where the brand says nothing else.
    pub link_base: Option<LinkBase>,
    /// The brands that accounts may come from; empty = any, none of them with a base of its own.
    pub brands: Vec<Brand>,
    /// The caller's own inert pairs.
    pub annotations: Annotations,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
    /// Counts changes; the etag is made of it.
    pub version: i64,
}

/// One way to name a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantRef {
    /// By id.
    Id(TenantId),
    /// By its random number.
    Number(i64),
    /// By its portal name.
    PortalName(PortalName),
    /// By its domain, lower case.
    Domain(String),
}
