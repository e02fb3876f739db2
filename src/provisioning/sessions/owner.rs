//! Whose sessions a request is about: a person's own, or those of an account that the application names and has the right to.

use crate::domain::account::AccountRef;
use crate::domain::ids::AccountId;
use crate::domain::permission::Permission;
use crate::provisioning::Provisioning;
use crate::provisioning::access::Access;
use crate::provisioning::accounts::AccountName;
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::Refusal;

/// The account that a request is about, as it names it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Empty = the person's tenant, else the home tenant.
    pub tenant_id: String,
    /// As in [`crate::provisioning::accounts::GetAccount`].
    pub realm_id: String,
    /// Absent = the person.
    pub name: Option<AccountName>,
}

impl Provisioning {
    /// [`Self::access`] where an empty tenant is that of the person on whose behalf the application calls.
    pub(in crate::provisioning) async fn access_for_person(
        &self,
        call: &Call,
        tenant_id: &str,
    ) -> Result<Access, Refusal> {
        match (&call.person, tenant_id) {
            (Some(person), "") => self.access(call, &person.tenant_id.to_string()).await,
            (_, tenant_id) => self.access(call, tenant_id).await,
        }
    }

    /// The account that a request is about. A person needs no permission for their own; for any other the application needs it.
    pub(super) async fn subject(
        &self,
        call: &Call,
        subject: &Subject,
        permission: Permission,
    ) -> Result<(Access, AccountId), Refusal> {
        let access = self.access_for_person(call, &subject.tenant_id).await?;
        let person = call.person.as_ref().filter(|person| person.tenant_id == access.tenant.id);
        let own = person.filter(|person| match &subject.name {
            None => true,
            Some(AccountName::Known(AccountRef::Id(id))) => *id == person.account_id,
            Some(_) => false,
        });
        if let Some(person) = own {
            return Ok((access, person.account_id));
        }
        access.require(permission)?;
        let name = subject.name.clone().ok_or_else(|| Refusal::required("account"))?;
        let account = self.find_account(&access, &subject.realm_id, name).await?;
        Ok((access, account.id))
    }
}
