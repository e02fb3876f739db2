//! Verdicts on passwords.

use crate::domain::violation::Fault;
use crate::proto::v1;
use crate::provisioning::accounts::{SeenAccount, View};

use super::account::account;
use super::count;

/// CheckPasswordResponse.
pub fn verdict(faults: &[Fault]) -> v1::CheckPasswordResponse {
    v1::CheckPasswordResponse { acceptable: faults.is_empty(), faults: faults.iter().map(fault).collect() }
}

fn fault(fault: &Fault) -> v1::PasswordFault {
    let reason = v1::ErrorReason::from_str_name(fault.reason.as_str()).unwrap_or_default();
    let detail = ["min", "max", "class"].into_iter().find_map(|name| fault.params.get(name)).cloned();
    v1::PasswordFault { reason: reason.into(), detail: detail.unwrap_or_default() }
}

/// FinishPasswordResetResponse.
pub fn reset((seen, view, ended): (SeenAccount, View, usize)) -> v1::FinishPasswordResetResponse {
    v1::FinishPasswordResetResponse { account: Some(account(seen, &view)), revoked_session_count: count(ended) }
}
