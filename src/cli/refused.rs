//! A refusal of the service for a person to read: code, reason, every violation, and the id of the call for whoever has to look it up.

use std::fmt;

use tonic::Status;
use tonic_types::StatusExt;

/// A status that is not OK.
#[derive(Debug, thiserror::Error)]
pub struct Refused(Box<Status>);

impl Refused {
    /// Whether this is the reason.
    pub(super) fn is(&self, reason: &str) -> bool {
        self.0.get_details_error_info().is_some_and(|info| info.reason == reason)
    }
}

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        Self(Box::new(status))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = self.0.get_error_details();
        write!(f, "{}", code_name(self.0.code()))?;
        if let Some(info) = details.error_info() {
            write!(f, " {}", info.reason)?;
        }
        write!(f, ": {}", self.0.message())?;
        for violation in details.bad_request().iter().flat_map(|request| &request.field_violations) {
            let reason = if violation.reason.is_empty() { String::new() } else { format!(" ({})", violation.reason) };
            write!(f, "\n  {}: {}{reason}", violation.field, violation.description)?;
        }
        for violation in details.precondition_failure().iter().flat_map(|failure| &failure.violations) {
            write!(f, "\n  {}: {}", violation.subject, violation.description)?;
        }
        for violation in details.quota_failure().iter().flat_map(|failure| &failure.violations) {
            write!(f, "\n  {}: {}", violation.subject, violation.description)?;
        }
        if let Some(delay) = details.retry_info().and_then(|retry| retry.retry_delay) {
            write!(f, "\n  try again in {}", humantime::format_duration(delay))?;
        }
        match details.request_info() {
            Some(request) => write!(f, "\n  request {}", request.request_id),
            None => Ok(()),
        }
    }
}

/// The name of a code as the wire's documentation spells it.
fn code_name(code: tonic::Code) -> String {
    let mut name = String::new();
    for c in format!("{code:?}").chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::Code;
    use tonic_types::{ErrorDetails, FieldViolation};

    use super::*;

    #[test]
    fn every_violation_is_a_line() {
        let mut details = ErrorDetails::new();
        let mut violation = FieldViolation::new("account.email.address", "is no address");
        violation.reason = "EMAIL_INVALID".to_owned();
        details
            .set_error_info("VALIDATION_FAILED", "enroll.v1", std::collections::HashMap::new())
            .set_bad_request(vec![violation, FieldViolation::new("credential", "is too short")])
            .set_retry_info(Some(Duration::from_secs(90)))
            .set_request_info("r-1", "");
        let status = Status::with_error_details(Code::InvalidArgument, "2 faults", details);
        let expected = "INVALID_ARGUMENT VALIDATION_FAILED: 2 faults\n  account.email.address: is no address (EMAIL_INVALID)\n  \
                        credential: is too short\n  try again in 1m 30s\n  request r-1";
        assert_eq!(Refused::from(status).to_string(), expected);
    }

    #[test]
    fn a_status_without_details_is_read_too() {
        assert_eq!(Refused::from(Status::unavailable("down")).to_string(), "UNAVAILABLE: down");
        assert_eq!(code_name(Code::DeadlineExceeded), "DEADLINE_EXCEEDED");
    }
}
