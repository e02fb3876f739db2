//! How a mail would read, with sample fields: in words that are being written, or in those that a mail would get.

use crate::domain::language::LanguageCode;
use crate::domain::message::MailKind;
use crate::domain::permission::Permission;
use crate::domain::template::TemplateKey;
use crate::provisioning::Provisioning;
use crate::provisioning::composing::Chosen;
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::Refusal;

use super::managing::violation;
use super::{RenderedMail, TemplateSource, samples};

/// A PreviewTemplate request, decoded.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The mail.
    pub kind: MailKind,
    /// The brand that the person came from.
    pub brand: Option<String>,
    /// Absent = the tenant's.
    pub language: Option<LanguageCode>,
    /// Whether only the template of exactly this brand and language will do.
    pub strict: bool,
    /// The words to show instead of those that are kept.
    pub source: Option<TemplateSource>,
}

/// A mail with sample fields.
pub struct Previewed {
    /// Its words.
    pub mail: RenderedMail,
    /// Whose words they are; the brand of shipped ones is empty.
    pub brand: String,
    /// The language they are in.
    pub language: String,
    /// Whether they are shipped.
    pub shipped: bool,
}

impl Provisioning {
    /// Shows a mail. Nothing is written.
    pub async fn preview_template(
        &self,
        call: &Call,
        tenant_id: &str,
        preview: Result<Preview, Refusal>,
    ) -> Result<Previewed, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::TemplatesRead).await?;
        let Preview { kind, brand, language, strict, source } = preview?;
        let language = language.unwrap_or_else(|| access.tenant.language.clone());
        let key = TemplateKey { kind, brand: brand.unwrap_or_default(), language };
        let (source, chosen) = match source {
            Some(source) => (source, Chosen::Own(key)),
            None => {
                let chosen = self.choose_template(&access.tenant, &key, &access.tenant.language, strict).await?;
                (self.template_source(access.tenant.id, kind, &chosen).await?, chosen)
            }
        };
        let fields = samples::full(kind, access.tenant.link_base.as_ref(), self.clock.now());
        let mail = self.renderer.render(&source, &fields).map_err(|fault| Refusal::Invalid(violation(&fault)))?;
        Ok(match chosen {
            Chosen::Own(TemplateKey { brand, language, .. }) => {
                Previewed { mail, brand, language: language.as_str().to_owned(), shipped: false }
            }
            Chosen::Shipped(language) => Previewed { mail, brand: String::new(), language, shipped: true },
        })
    }
}
