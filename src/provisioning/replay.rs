//! `request_id`: a repeat gets the first success. The row is the first statement of the unit that it speaks of, so that of two callers with
//! one id exactly one writes, and the other answers from what that one wrote. It holds ids, never a body.

use chrono::{DateTime, Utc};

use crate::domain::account::AccountRef;
use crate::domain::idempotency::{Fingerprint, Outcome, REQUEST_LIFETIME, RequestIds, RequestKey, RequestRecord};
use crate::domain::ids::{RequestId, TenantId};

use super::Provisioning;
use super::master_key::Purpose;
use super::principal::Call;
use super::refusal::Refusal;

/// What a request with a `request_id` is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeatable {
    /// The caller's UUID.
    pub request_id: RequestId,
    /// The request's canonical bytes without its secrets.
    pub canonical: Vec<u8>,
}

impl Provisioning {
    fn request_key(
        &self,
        call: &Call,
        tenant_id: Option<TenantId>,
        request_id: RequestId,
    ) -> Result<RequestKey, Refusal> {
        let application_id = call.principal.caller()?.application.id;
        Ok(RequestKey { tenant_id, application_id, rpc: call.rpc, request_id })
    }

    /// What the first success of this request made, if there was one; REQUEST_ID_REUSED where it was another request's.
    pub(super) async fn said_before(
        &self,
        call: &Call,
        tenant_id: Option<TenantId>,
        repeatable: Option<&Repeatable>,
    ) -> Result<Option<(Outcome, RequestIds)>, Refusal> {
        let Some(repeatable) = repeatable else { return Ok(None) };
        let key = self.request_key(call, tenant_id, repeatable.request_id)?;
        let Some(record) = self.store.requests().find(&key, self.clock.now()).await? else { return Ok(None) };
        match self.master_key.verifies(Purpose::Fingerprint, &repeatable.canonical, &record.fingerprint.0) {
            true => Ok(Some((record.outcome, record.ids))),
            false => Err(Refusal::RequestIdReused),
        }
    }

    /// The row that the unit writes first.
    pub(super) fn request_record(
        &self,
        call: &Call,
        tenant_id: Option<TenantId>,
        repeatable: Option<&Repeatable>,
        outcome: Outcome,
        ids: RequestIds,
        now: DateTime<Utc>,
    ) -> Result<Option<RequestRecord>, Refusal> {
        let Some(repeatable) = repeatable else { return Ok(None) };
        Ok(Some(RequestRecord {
            key: self.request_key(call, tenant_id, repeatable.request_id)?,
            fingerprint: Fingerprint(self.master_key.mac(Purpose::Fingerprint, &repeatable.canonical)),
            outcome,
            ids,
            create_time: now,
            expire_time: now + REQUEST_LIFETIME,
        }))
    }

    /// The account that a replayed request made or found; it may be gone by now.
    pub(super) async fn replayed_account(
        &self,
        ids: &RequestIds,
    ) -> Result<Option<crate::domain::account::Account>, Refusal> {
        Ok(self.store.accounts().get(ids.tenant_id, &AccountRef::Id(ids.account_id)).await?)
    }
}
