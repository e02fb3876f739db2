//! Mails as they are composed by the use case whose unit of work they belong to: to whom, in which language, for which brand, with which link.
//! What would keep the mail from being put into words later (no template, no base for its links) is refused here, before anything is
//! written. Absent: the words, which are put in when the mail is sent, and sealing.

use chrono::{DateTime, Utc};

use crate::domain::account::{Account, Origin, Profile};
use crate::domain::brand::link_base;
use crate::domain::email::Email;
use crate::domain::ids::TenantId;
use crate::domain::language::LanguageCode;
use crate::domain::message::{Mail, MailFields, MailKind, Message};
use crate::domain::phone::Phone;
use crate::domain::realm::Realm;
use crate::domain::template::{Choice, TemplateKey, Wanted, choose};
use crate::domain::tenant::Tenant;

use super::Provisioning;
use super::access::Access;
use super::refusal::Refusal;
use super::templates::TemplateSource;

/// Which way the messages and tokens go that belong to what is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// They are sent.
    Send,
    /// They go nowhere.
    Suppress,
    /// The tokens are in the answer, and nothing is sent.
    ReturnToken,
    /// Both.
    SendAndReturnToken,
}

impl Delivery {
    /// Whether messages are sent.
    pub fn sends(self) -> bool {
        matches!(self, Self::Send | Self::SendAndReturnToken)
    }

    /// Whether the answer has the tokens.
    pub fn returns_token(self) -> bool {
        matches!(self, Self::ReturnToken | Self::SendAndReturnToken)
    }

    /// Whether anybody gets anything.
    pub fn is_any(self) -> bool {
        self != Self::Suppress
    }
}

/// A token on its way to a person.
pub(super) struct Token {
    /// Its text: characters that a URL takes as they are.
    pub text: String,
    /// Until when it can be used.
    pub expire_time: DateTime<Utc>,
}

/// Whom a mail is for.
#[derive(Clone, Copy)]
pub(super) struct Recipient<'a> {
    /// Names and language.
    pub profile: &'a Profile,
    /// The address it goes to, and is about; without one there is nothing to send.
    pub email: Option<&'a Email>,
    /// The number that codes go to.
    pub phone: Option<&'a Phone>,
    /// The brand and edition that the person came from.
    pub origin: &'a Origin,
    /// Whether the names were said by whom the address belongs to, or by a trusted application: no stranger's words go to a person.
    pub names_itself: bool,
}

impl<'a> From<&'a Account> for Recipient<'a> {
    fn from(account: &'a Account) -> Self {
        let (email, phone) = (account.email.as_ref(), account.phone.as_ref());
        let names_itself = account.email_verify_time.is_some();
        Self { profile: &account.profile, email, phone, origin: &account.origin, names_itself }
    }
}

/// The template that a mail gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// One of the tenant's own.
    Own(TemplateKey),
    /// The shipped one of a language.
    Shipped(String),
}

/// Whether mails of a kind carry a token, and so a time until which it can be used.
pub(super) fn carries_token(kind: MailKind) -> bool {
    match kind {
        MailKind::Activation
        | MailKind::PortalActivation
        | MailKind::PasswordReset
        | MailKind::SetPassword
        | MailKind::EmailChange => true,
        MailKind::AccountCreated | MailKind::AlreadyRegistered | MailKind::PasswordChanged => false,
    }
}

/// The page below the base that a mail of a kind leads to.
pub(super) fn page(kind: MailKind) -> &'static str {
    match kind {
        MailKind::Activation => "activate",
        MailKind::PortalActivation => "activate-portal",
        MailKind::PasswordReset => "reset-password",
        MailKind::SetPassword => "set-password",
        MailKind::EmailChange => "confirm-email",
        MailKind::AccountCreated | MailKind::AlreadyRegistered | MailKind::PasswordChanged => "login",
    }
}

/// What is done where there is no template or no base for the brand that a person came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wording {
    /// The call is refused: TEMPLATE_MISSING, URL_CONFIGURATION_INVALID.
    OfTheBrand,
    /// It is said as for the tenant itself, with shipped words where it has none of its own. So nothing is refused that has to be said, and
    /// no refusal tells of a person whom the caller only asked about.
    OfTheTenant,
}

impl Provisioning {
    /// A mail of a kind to a person of a realm; `None` where the person has no address.
    pub(super) async fn compose(
        &self,
        access: &Access,
        realm: &Realm,
        kind: MailKind,
        recipient: Recipient<'_>,
        token: Option<&Token>,
        wording: Wording,
    ) -> Result<Option<Message>, Refusal> {
        let strict = access.caller.application.settings.strict_templates;
        match self.put_into_words(access, realm, kind, recipient, token, strict).await {
            Err(Refusal::TemplateMissing(_) | Refusal::UrlConfigurationInvalid { .. })
                if wording == Wording::OfTheTenant =>
            {
                let origin = Origin { brand: None, edition: None, ..recipient.origin.clone() };
                let recipient = Recipient { origin: &origin, ..recipient };
                self.put_into_words(access, realm, kind, recipient, token, false).await
            }
            composed => composed,
        }
    }

    async fn put_into_words(
        &self,
        access: &Access,
        realm: &Realm,
        kind: MailKind,
        recipient: Recipient<'_>,
        token: Option<&Token>,
        strict: bool,
    ) -> Result<Option<Message>, Refusal> {
        let Recipient { profile, email: Some(email), origin, .. } = recipient else { return Ok(None) };
        let (tenant, brand) = (&*access.tenant, origin.brand.as_deref());
        let link = self.link(access, kind, origin, token)?;
        let language = spoken(profile, realm, tenant).clone();
        let key = TemplateKey { kind, brand: brand.unwrap_or_default().to_owned(), language };
        let realm_language = realm_language(realm, tenant).clone();
        self.choose_template(tenant, &key, &realm_language, strict).await?;
        let token_text = token.map(|token| token.text.as_str());
        let fields = MailFields {
            display_name: addressed(profile),
            user_name: profile.user_name.as_ref().map(|name| name.as_str().to_owned()),
            email: Some(email.address().to_owned()),
            portal_name: tenant.portal_name.as_ref().map(|name| name.as_str().to_owned()),
            portal_domain: tenant.domain.clone(),
            token: token_text.filter(|_| link.is_none()).map(str::to_owned),
            link,
            expire_time: token.map(|token| token.expire_time),
        };
        let TemplateKey { kind, language, .. } = key;
        let (to, brand) = (email.address().to_owned(), origin.brand.clone());
        let mail =
            Mail { kind, to, language, realm_language: Some(realm_language), brand, strict, fields, decoy: false };
        Ok(Some(Message::Mail(Box::new(mail))))
    }

    /// Where a mail of a kind leads; `None` where no base for links is configured.
    pub(super) fn link(
        &self,
        access: &Access,
        kind: MailKind,
        origin: &Origin,
        token: Option<&Token>,
    ) -> Result<Option<String>, Refusal> {
        let tenant = &*access.tenant;
        let (brand, edition) = (origin.brand.as_deref(), origin.edition.as_deref());
        let base = link_base(tenant.link_base.as_ref(), &tenant.brands, brand, edition).map_err(|_| {
            let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
            Refusal::UrlConfigurationInvalid { brand: text(brand), edition: text(edition) }
        })?;
        Ok(base.map(|base| base.page(page(kind), token.map(|token| token.text.as_str()))))
    }

    /// A mail that says what has happened, and keeps nothing from happening.
    pub(super) async fn notice(
        &self,
        access: &Access,
        realm: &Realm,
        kind: MailKind,
        recipient: Recipient<'_>,
    ) -> Result<Option<Message>, Refusal> {
        self.compose(access, realm, kind, recipient, None, Wording::OfTheTenant).await
    }

    /// The template that a mail wants by its kind, brand and language; TEMPLATE_MISSING where there is none.
    pub(super) async fn choose_template(
        &self,
        tenant: &Tenant,
        wanted: &TemplateKey,
        realm_language: &LanguageCode,
        strict: bool,
    ) -> Result<Chosen, Refusal> {
        let own = self.store.templates().of_kind(tenant.id, wanted.kind).await?;
        let asked = Wanted {
            brand: Some(wanted.brand.as_str()).filter(|brand| !brand.is_empty()),
            language: &wanted.language,
            realm_language,
            strict,
        };
        let is_shipped = |language: &str| self.renderer.shipped(wanted.kind, language).is_some();
        match choose(&own, asked, is_shipped) {
            Some(Choice::Own(key)) => Ok(Chosen::Own(key.clone())),
            Some(Choice::Shipped(language)) => Ok(Chosen::Shipped(language.to_owned())),
            None => Err(Refusal::TemplateMissing(wanted.clone())),
        }
    }

    /// The words of a template that was chosen a moment ago.
    pub(super) async fn template_source(
        &self,
        tenant: TenantId,
        kind: MailKind,
        chosen: &Chosen,
    ) -> Result<TemplateSource, Refusal> {
        match chosen {
            Chosen::Own(key) => {
                let template = self.store.templates().get(tenant, key).await?;
                let template = template.ok_or_else(|| Refusal::TemplateMissing(key.clone()))?;
                Ok(TemplateSource { subject: template.subject, html: template.html, text: template.text })
            }
            Chosen::Shipped(language) => {
                let missing = || Refusal::Internal(format!("no shipped template of {kind} in {language}").into());
                self.renderer.shipped(kind, language).ok_or_else(missing)
            }
        }
    }
}

/// The name to address a person by.
fn addressed(profile: &Profile) -> Option<String> {
    let shown = profile.display_name.as_ref().map(|name| name.as_str());
    shown.or(profile.given_name.as_ref().map(|name| name.as_str())).map(str::to_owned)
}

/// The language to speak to a person in: their own, else the realm's.
pub(super) fn spoken<'a>(profile: &'a Profile, realm: &'a Realm, tenant: &'a Tenant) -> &'a LanguageCode {
    profile.language.as_ref().unwrap_or_else(|| realm_language(realm, tenant))
}

/// The realm's first language, else the tenant's.
fn realm_language<'a>(realm: &'a Realm, tenant: &'a Tenant) -> &'a LanguageCode {
    realm.rules.languages.first().unwrap_or(&tenant.language)
}
