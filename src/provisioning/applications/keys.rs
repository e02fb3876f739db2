//! The keys of applications. Whoever holds a key has the application's permissions, so a key is made only by those who have them all.

use chrono::{DateTime, Utc};

use crate::domain::application::ApplicationKey;
use crate::domain::ids::{ApplicationId, ApplicationKeyId};
use crate::domain::permission::Permission;
use crate::domain::secret::ApplicationKeySecret;
use crate::domain::text::DisplayName;
use crate::domain::violation::{FieldReason, Violations};
use crate::store::{Keyset, StoreError};

use crate::provisioning::Provisioning;
use crate::provisioning::paging::{Cursor, ListScope, Page, PageRequest};
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::{Refusal, ResourceKind};
use crate::provisioning::trail::Deed;

/// What a request says of a key.
#[derive(Clone, Debug)]
pub struct KeyDraft {
    /// What it is for, said by people.
    pub display_name: Option<DisplayName>,
    /// From when on it is refused as expired.
    pub expire_time: Option<DateTime<Utc>>,
}

impl Provisioning {
    /// Makes a key; its text is in this answer and nowhere else.
    pub async fn create_application_key(
        &self,
        call: &Call,
        tenant_id: &str,
        application_id: &str,
        draft: Result<KeyDraft, Refusal>,
    ) -> Result<(ApplicationKey, ApplicationKeySecret), Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ApplicationsWrite).await?;
        if application_id.is_empty() {
            return Err(Refusal::required("application_id"));
        }
        let application = self.named_application(&access, application_id).await?;
        self.require_all_of(call, &application).await?;
        let KeyDraft { display_name, expire_time } = draft?;
        let now = self.clock.now();
        if expire_time.is_some_and(|end| end <= now) {
            let mut faults = Violations::new();
            faults.push("key.expire_time", FieldReason::FieldInvalid);
            return Err(Refusal::Invalid(faults));
        }
        let secret = ApplicationKeySecret::from_bytes(self.ids.secret());
        let id = ApplicationKeyId::from_uuid(self.ids.uuid());
        let key = ApplicationKey { display_name, expire_time, ..new_key(id, application.id, &secret, now) };
        let deed = Deed::new("application_key.created", key_name(&key), "CREATED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        self.store.applications().create_key(key.clone(), trail).await?;
        self.caches.applications_changed();
        Ok((key, secret))
    }

    /// The keys of an application, in the order they were made.
    pub async fn list_application_keys(
        &self,
        call: &Call,
        tenant_id: &str,
        application_id: &str,
        page: &PageRequest,
    ) -> Result<Page<ApplicationKey>, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ApplicationsRead).await?;
        if application_id.is_empty() {
            return Err(Refusal::required("application_id"));
        }
        let application = self.named_application(&access, application_id).await?;
        let scope = ListScope::new("application_keys")
            .with(access.caller.application.id.to_string())
            .with(application.id.to_string());
        let cursor = Cursor::begin(&self.master_key, self.clock.now(), page, scope)?;
        let keyset = Keyset { after: cursor.after.map(ApplicationKeyId::from_uuid), limit: cursor.limit() };
        let rows = self.store.applications().list_keys(application.id, keyset).await?;
        Ok(cursor.finish(rows, &*self.ids, self.clock.now(), |key| key.id.as_uuid()))
    }

    /// Revokes a key: at once in this process, within [`crate::provisioning::cache::STALE_MAX`] in every other.
    pub async fn revoke_application_key(
        &self,
        call: &Call,
        tenant_id: &str,
        application_id: &str,
        key_id: &str,
    ) -> Result<ApplicationKey, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ApplicationsWrite).await?;
        for (field, id) in [("application_id", application_id), ("key_id", key_id)] {
            if id.is_empty() {
                return Err(Refusal::required(field));
            }
        }
        let application = self.named_application(&access, application_id).await?;
        let not_found = || Refusal::not_found(ResourceKind::Application, format!("{}/keys/{key_id}", application.id));
        let id = key_id.parse::<ApplicationKeyId>().map_err(|_| not_found())?;
        self.require_all_of(call, &application).await?;
        let now = self.clock.now();
        let resource = format!("applications/{}/keys/{id}", application.id);
        let deed = Deed::new("application_key.revoked", resource, "REVOKED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        match self.store.applications().revoke_key(application.id, id, now, trail).await {
            Ok(key) => {
                self.caches.applications_changed();
                Ok(key)
            }
            Err(StoreError::Missing) => Err(not_found()),
            Err(error) => Err(error.into()),
        }
    }
}

pub(in crate::provisioning) fn key_name(key: &ApplicationKey) -> String {
    format!("applications/{}/keys/{}", key.application_id, key.id)
}

/// The row of a new key: named and bounded by nobody yet.
pub(in crate::provisioning) fn new_key(
    id: ApplicationKeyId,
    application_id: ApplicationId,
    secret: &ApplicationKeySecret,
    now: DateTime<Utc>,
) -> ApplicationKey {
    ApplicationKey {
        id,
        application_id,
        display_name: None,
        prefix: secret.prefix().to_owned(),
        hash: secret.hash(),
        create_time: now,
        expire_time: None,
        revoke_time: None,
        last_used_time: None,
    }
}
