//! Making and changing templates. What cannot be put into words is refused here, part by part.

use crate::domain::language::LanguageCode;
use crate::domain::message::MailKind;
use crate::domain::permission::Permission;
use crate::domain::template::{Template, TemplateKey, TemplateSummary};
use crate::domain::violation::{Fault, FieldReason, Violations};
use crate::provisioning::Provisioning;
use crate::provisioning::access::Access;
use crate::provisioning::etag;
use crate::provisioning::paging::{Cursor, ListScope, Page, PageKey, PageRequest};
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::{Refusal, ResourceKind, TakenKind};
use crate::provisioning::trail::Deed;
use crate::store::{Conflict, Keyset, StoreError};

use super::{RenderFault, TemplateSource, samples};

/// What a request says of a template.
#[derive(Clone, Debug)]
pub struct TemplateDraft {
    /// Unchangeable.
    pub key: TemplateKey,
    /// Its words.
    pub source: TemplateSource,
}

/// The parts of a key with a character between them that none of them has.
impl PageKey for TemplateKey {
    fn to_bytes(&self) -> Vec<u8> {
        [self.kind.as_str(), self.brand.as_str(), self.language.as_str()].join("\0").into_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(bytes).ok()?.split('\0');
        let (kind, brand, language) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            kind: MailKind::from_text(kind)?,
            brand: brand.to_owned(),
            language: LanguageCode::parse(language).ok()?,
        })
    }
}

/// A fault of one part as a violation of its field.
pub(super) fn violation(fault: &RenderFault) -> Violations {
    let mut violations = Violations::new();
    let told = Fault::new(FieldReason::FieldInvalid).with("problem", &fault.description);
    let told = fault.line.iter().fold(told, |told, line| told.with("line", line));
    violations.push_with(format!("template.{}", fault.part), told);
    violations
}

impl Provisioning {
    /// Tries the words with the fullest and the barest mail of their kind.
    fn try_out(&self, access: &Access, draft: &TemplateDraft) -> Result<(), Refusal> {
        let (kind, now) = (draft.key.kind, self.clock.now());
        let full = samples::full(kind, access.tenant.link_base.as_ref(), now);
        for fields in [full, samples::least(kind, now)] {
            let rendered = self.renderer.render(&draft.source, &fields);
            rendered.map_err(|fault| Refusal::Invalid(violation(&fault)))?;
        }
        Ok(())
    }

    async fn named_template(&self, access: &Access, key: &TemplateKey) -> Result<Template, Refusal> {
        let found = self.store.templates().get(access.tenant.id, key).await?;
        found.ok_or_else(|| Refusal::not_found(ResourceKind::Template, key))
    }

    /// Makes a template.
    pub async fn create_template(
        &self,
        call: &Call,
        tenant_id: &str,
        draft: Result<TemplateDraft, Refusal>,
        validate_only: bool,
    ) -> Result<Template, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::TemplatesWrite).await?;
        access.require_active()?;
        let draft = draft?;
        self.try_out(&access, &draft)?;
        let now = self.clock.now();
        let TemplateDraft { key, source: TemplateSource { subject, html, text } } = draft;
        let (tenant_id, version) = (access.tenant.id, 1);
        let template = Template { tenant_id, key, subject, html, text, create_time: now, update_time: now, version };
        let taken = || Refusal::taken(TakenKind::Name, "template");
        if validate_only {
            let other = self.store.templates().get(tenant_id, &template.key).await?;
            return if other.is_none() { Ok(template) } else { Err(taken()) };
        }
        let deed = Deed::new("template.created", template.key.to_string(), "CREATED");
        let trail = self.trail(call, tenant_id, now, deed);
        match self.store.templates().create(template.clone(), trail).await {
            Ok(()) => Ok(template),
            Err(StoreError::Conflict(Conflict::Template)) => Err(taken()),
            Err(error) => Err(error.into()),
        }
    }

    /// One template of the tenant's own.
    pub async fn get_template(
        &self,
        call: &Call,
        tenant_id: &str,
        key: Result<TemplateKey, Refusal>,
    ) -> Result<Template, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::TemplatesRead).await?;
        self.named_template(&access, &key?).await
    }

    /// The templates of a tenant, by kind, brand and language.
    pub async fn list_templates(
        &self,
        call: &Call,
        tenant_id: &str,
        page: &PageRequest,
    ) -> Result<Page<TemplateSummary>, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::TemplatesRead).await?;
        let scope = ListScope::new("templates")
            .with(access.caller.application.id.to_string())
            .with(access.tenant.id.to_string());
        let cursor = Cursor::begin(&self.master_key, self.clock.now(), page, scope)?;
        let keyset = Keyset { after: cursor.after.clone(), limit: cursor.limit() };
        let rows = self.store.templates().list(access.tenant.id, &keyset).await?;
        Ok(cursor.finish(rows, &*self.ids, self.clock.now(), |template| template.key.clone()))
    }

    /// Changes a template: `change` makes the new words of the current ones.
    pub async fn update_template(
        &self,
        call: &Call,
        tenant_id: &str,
        key: Result<TemplateKey, Refusal>,
        given_etag: &str,
        change: impl FnOnce(&Template) -> Result<TemplateSource, Refusal>,
        validate_only: bool,
    ) -> Result<Template, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::TemplatesWrite).await?;
        let current = self.named_template(&access, &key?).await?;
        let draft = TemplateDraft { key: current.key.clone(), source: change(&current)? };
        self.try_out(&access, &draft)?;
        etag::check(given_etag, current.version)?;
        let now = self.clock.now();
        let TemplateSource { subject, html, text } = draft.source;
        let version = current.version + 1;
        let template = Template { subject, html, text, update_time: now, version, ..current };
        if validate_only {
            return Ok(template);
        }
        let deed = Deed::new("template.updated", template.key.to_string(), "UPDATED");
        let trail = self.trail(call, template.tenant_id, now, deed);
        let written = self.store.templates().update(template.clone(), version - 1, trail).await;
        written.map_err(|error| etag::stale(given_etag, error))?;
        Ok(template)
    }

    /// Deletes a template.
    pub async fn delete_template(
        &self,
        call: &Call,
        tenant_id: &str,
        key: Result<TemplateKey, Refusal>,
        given_etag: &str,
    ) -> Result<(), Refusal> {
        let access = self.access_with(call, tenant_id, Permission::TemplatesWrite).await?;
        let template = self.named_template(&access, &key?).await?;
        etag::check(given_etag, template.version)?;
        let deed = Deed::new("template.deleted", template.key.to_string(), "DELETED");
        let trail = self.trail(call, template.tenant_id, self.clock.now(), deed);
        let deleted = self.store.templates().delete(template.tenant_id, template.key, Some(template.version), trail);
        deleted.await.map_err(|error| etag::stale(given_etag, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_key_reads_back() {
        for brand in ["", "foire_de_paris", "\u{e9}/\u{1F600}"] {
            let language = LanguageCode::parse("zh-Hant-TW").expect("a language");
            let key = TemplateKey { kind: MailKind::Activation, brand: brand.to_owned(), language };
            assert_eq!(TemplateKey::from_bytes(&key.to_bytes()), Some(key));
        }
        assert_eq!(TemplateKey::from_bytes(b"ACTIVATION"), None);
        assert_eq!(TemplateKey::from_bytes(b"\xff\0\0en"), None);
    }
}
