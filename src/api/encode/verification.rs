//! Verifications, and what came of them.

use secrecy::ExposeSecret;

use crate::domain::verification::VerificationKind;
use crate::proto::v1;
use crate::provisioning::verifications::{Confirmed, IssuedVerification, Secret};

use super::account::account;
use super::{tenant, timestamp};

/// Verifications, for the one who asked.
pub fn all(issued: Vec<IssuedVerification>) -> Vec<v1::Verification> {
    issued.into_iter().map(verification).collect()
}

fn verification(issued: IssuedVerification) -> v1::Verification {
    v1::Verification {
        verification_id: issued.id.expose().to_owned(),
        kind: kind(issued.kind).into(),
        expire_time: Some(timestamp(issued.expire_time)),
        token: issued.token.as_ref().map(Secret::expose).unwrap_or_default().to_owned(),
        url: issued.url.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default().to_owned(),
    }
}

fn kind(kind: VerificationKind) -> v1::VerificationKind {
    match kind {
        VerificationKind::Email => v1::VerificationKind::Email,
        VerificationKind::Phone => v1::VerificationKind::Phone,
        VerificationKind::PortalActivation => v1::VerificationKind::PortalActivation,
        VerificationKind::Password => v1::VerificationKind::Password,
    }
}

/// ConfirmVerificationResponse.
pub fn confirmed(confirmed: Confirmed) -> v1::ConfirmVerificationResponse {
    v1::ConfirmVerificationResponse {
        kind: kind(confirmed.kind).into(),
        account: confirmed.account.map(|seen| account(seen, &confirmed.view)),
        tenant: confirmed.tenant.map(tenant::tenant),
    }
}
