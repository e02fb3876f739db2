//! Names of portals: whether one can be had, and which free ones are like it.

use crate::domain::limits::LimitName;
use crate::domain::portal_name::PortalName;
use crate::domain::violation::{Fault, FieldReason};

use crate::provisioning::Provisioning;
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::registration::EndUser;

/// How many free names a check suggests.
const SUGGESTIONS_MAX: usize = 3;
/// How many candidates are looked up for them, in one query.
const CANDIDATES_MAX: usize = 12;

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalNameVerdict {
    /// As it would be kept; as asked where it cannot be.
    pub portal_name: String,
    /// Why it cannot be had; absent = it is free now.
    pub fault: Option<PortalNameFault>,
    /// Free names like it.
    pub suggestions: Vec<PortalName>,
}

/// Why a name cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortalNameFault {
    /// Against the rules.
    Rule(FieldReason),
    /// Somebody has it.
    Taken,
}

impl Provisioning {
    /// Whether a portal name can be had, and which free ones are like it.
    pub async fn check_portal_name(
        &self,
        call: &Call,
        text: &str,
        end_user: &EndUser,
    ) -> Result<PortalNameVerdict, Refusal> {
        self.take_attempt(call, LimitName::PortalNameChecks, end_user).await?;
        let rule = |reason, suggestions| PortalNameVerdict {
            portal_name: text.trim().to_lowercase(),
            fault: Some(PortalNameFault::Rule(reason)),
            suggestions,
        };
        let name = match PortalName::parse(text) {
            Ok(name) => name,
            Err(error) => return Ok(rule(Fault::from(error).reason, Vec::new())),
        };
        let candidates: Vec<PortalName> = std::iter::once(name.clone())
            .chain(name.suggestions().filter(|name| !self.portals.reserved.contains(name)).take(CANDIDATES_MAX))
            .collect();
        let taken = self.store.tenants().names_taken(&candidates).await?;
        let free = candidates.iter().skip(1).filter(|name| !taken.contains(name));
        let suggestions = || free.take(SUGGESTIONS_MAX).cloned().collect();
        if self.portals.reserved.contains(&name) {
            return Ok(rule(FieldReason::PortalNameReserved, suggestions()));
        }
        let fault = taken.contains(&name).then_some(PortalNameFault::Taken);
        let suggestions = if fault.is_some() { suggestions() } else { Vec::new() };
        Ok(PortalNameVerdict { portal_name: name.as_str().to_owned(), fault, suggestions })
    }
}
