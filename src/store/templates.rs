//! Templates of a tenant's own mails.

use super::{Keyset, Store, StoreError, list, read, unit};
use crate::domain::event::Trail;
use crate::domain::ids::TenantId;
use crate::domain::message::MailKind;
use crate::domain::template::{Template, TemplateKey, TemplateSummary};

/// The templates of a store.
#[derive(Clone, Copy)]
pub struct Templates<'s>(pub(super) &'s Store);

impl Templates<'_> {
    /// Creates one. [`Template`](super::Conflict::Template) where its key is taken, Missing where the tenant is not there.
    pub async fn create(self, template: Template, trail: Trail) -> Result<(), StoreError> {
        unit!(self.0, templates::create(template, trail))
    }

    /// By its key.
    pub async fn get(self, tenant: TenantId, key: &TemplateKey) -> Result<Option<Template>, StoreError> {
        read!(self.0, templates::get(&tenant, key))
    }

    /// What there is of a kind: few, and without their words, so that the one that is chosen is read alone.
    pub async fn of_kind(self, tenant: TenantId, kind: MailKind) -> Result<Vec<TemplateKey>, StoreError> {
        list!(self.0, templates::of_kind(&tenant, &kind))
    }

    /// A page, by kind, brand and language.
    pub async fn list(self, tenant: TenantId, page: &Keyset<TemplateKey>) -> Result<Vec<TemplateSummary>, StoreError> {
        list!(self.0, templates::list(&tenant, page))
    }

    /// Changes one. Stale where another change came first.
    pub async fn update(self, template: Template, expected: i64, trail: Trail) -> Result<(), StoreError> {
        unit!(self.0, templates::update(template, expected, trail))
    }

    /// Deletes one.
    pub async fn delete(
        self,
        tenant: TenantId,
        key: TemplateKey,
        expected: Option<i64>,
        trail: Trail,
    ) -> Result<(), StoreError> {
        unit!(self.0, templates::delete(tenant, key, expected, trail))
    }
}
