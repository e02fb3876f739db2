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
        let parsed = PortalName::parse(text);
        let like = PortalName::suggestions(text).filter(|name| !self.portals.reserved.contains(name));
        let candidates: Vec<PortalName> = parsed.iter().cloned().chain(like.take(CANDIDATES_MAX)).collect();
        let taken = match &candidates[..] {
            [] => Vec::new(),
            candidates => self.store.tenants().names_taken(candidates).await?,
        };
        let fault = match &parsed {
            Err(error) => Some(PortalNameFault::Rule(Fault::from(*error).reason)),
            Ok(name) if self.portals.reserved.contains(name) => {
                Some(PortalNameFault::Rule(FieldReason::PortalNameReserved))
            }
            Ok(name) => taken.contains(name).then_some(PortalNameFault::Taken),
        };
        let portal_name = parsed.as_ref().map_or_else(|_| text.trim().to_lowercase(), |name| name.as_str().to_owned());
        let is_another = |name: &PortalName| parsed.as_ref() != Ok(name) && !taken.contains(name);
        let suggestions = match fault {
            Some(_) => candidates.iter().filter(|name| is_another(name)).take(SUGGESTIONS_MAX).cloned().collect(),
            None => Vec::new(),
        };
        Ok(PortalNameVerdict { portal_name, fault, suggestions })
    }
}
