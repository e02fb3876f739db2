//! Legal documents: what a realm demands, and what a person answered.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::state::text_enum;

text_enum! {
    /// What a realm demands of a document.
    pub enum Demand {
        /// An answer, yes or no (Fluid Topics: `privacyPolicyAgreement: false` is legal).
        Answer = "ANSWER",
        /// Acceptance; a no is CONSENT_REQUIRED.
        Acceptance = "ACCEPTANCE",
    }
}

/// A document that a registration has to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentDemand {
    /// The document's name, such as `privacy-policy`.
    pub document: String,
    /// Its current version.
    pub version: String,
    /// See [`Demand`].
    pub demand: Demand,
}

/// What a request says of a document, before the realm's current version is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentAnswer {
    /// The document's name.
    pub document: String,
    /// The version answered; empty = the current one.
    pub version: String,
    /// Absent = not answered.
    pub accepted: Option<bool>,
}

/// A person's answer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The document's name.
    pub document: String,
    /// The version answered.
    pub version: String,
    /// Yes or no.
    pub accepted: bool,
    /// When it was answered.
    pub accept_time: DateTime<Utc>,
}
