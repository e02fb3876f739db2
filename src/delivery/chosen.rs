//! The template that a mail is said with, chosen anew when it is sent: by the same rule as when it was composed, among the templates that
//! there are by now.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::mail::TemplateChoice;
use crate::domain::ids::TenantId;
use crate::domain::message::Mail;
use crate::domain::template::{Choice, Wanted, choose};
use crate::provisioning::templates::{TemplateRenderer, TemplateSource};
use crate::store::{Store, StoreError};

/// The tenant's own templates, else the shipped ones.
pub struct OwnOrShipped {
    /// Where the tenant's own are.
    pub store: Store,
    /// Has the shipped ones.
    pub renderer: Arc<dyn TemplateRenderer>,
}

impl OwnOrShipped {
    async fn source(&self, tenant_id: TenantId, mail: &Mail) -> Result<Option<TemplateSource>, StoreError> {
        let own = self.store.templates().of_kind(tenant_id, mail.kind).await?;
        let wanted = Wanted {
            brand: mail.brand.as_deref(),
            language: &mail.language,
            realm_language: mail.realm_language.as_ref().unwrap_or(&mail.language),
            strict: mail.strict,
        };
        let is_shipped = |language: &str| self.renderer.shipped(mail.kind, language).is_some();
        match choose(&own, wanted, is_shipped) {
            Some(Choice::Own(key)) => {
                let template = self.store.templates().get(tenant_id, key).await?;
                Ok(template.map(|kept| TemplateSource { subject: kept.subject, html: kept.html, text: kept.text }))
            }
            Some(Choice::Shipped(language)) => Ok(self.renderer.shipped(mail.kind, language)),
            None => Ok(None),
        }
    }
}

impl TemplateChoice for OwnOrShipped {
    fn choose<'a>(
        &'a self,
        tenant_id: TenantId,
        mail: &'a Mail,
    ) -> BoxFuture<'a, Result<Option<TemplateSource>, StoreError>> {
        Box::pin(self.source(tenant_id, mail))
    }
}
