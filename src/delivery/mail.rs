//! Mails: the template chosen, put into words, and made a message of RFC 5322 that says the same in text and in HTML. Its Message-ID is the
//! row's id, so that a repeat is known as one. Headers are made from values that have their own types; a field cannot add one.

use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use lettre::{Address, Message};

use super::DeliveryError;
use super::carrier::{Carrier, Failure, Parcel};
use super::folder::Folder;
use super::settings::{MailRoute, Sender};
use super::smtp::Smtp;
use crate::domain::email::Email;
use crate::domain::ids::TenantId;
use crate::domain::message::{self, Channel, Mail};
use crate::provisioning::templates::{RenderedMail, TemplateRenderer, TemplateSource};
use crate::store::StoreError;

/// Which template a mail is said with.
pub trait TemplateChoice: Send + Sync {
    /// The tenant's own or a shipped one; `None` where the mail asks for one of its own and there is none.
    fn choose<'a>(
        &'a self,
        tenant_id: TenantId,
        mail: &'a Mail,
    ) -> BoxFuture<'a, Result<Option<TemplateSource>, StoreError>>;
}

/// The way of a composed mail.
enum Route {
    Smtp(Smtp),
    Folder(Folder),
}

/// Composes mails and sends them.
pub(super) struct MailCarrier {
    renderer: Arc<dyn TemplateRenderer>,
    templates: Arc<dyn TemplateChoice>,
    from: Mailbox,
    route: Route,
}

impl MailCarrier {
    pub(super) fn new(
        sender: &Sender,
        route: &MailRoute,
        renderer: Arc<dyn TemplateRenderer>,
        templates: Arc<dyn TemplateChoice>,
    ) -> Result<Self, DeliveryError> {
        let address =
            deliverable(&sender.address).ok_or_else(|| DeliveryError::Sender(sender.address.address().to_owned()))?;
        let route = match route {
            MailRoute::Smtp(settings) => Route::Smtp(Smtp::new(settings)?),
            MailRoute::Folder(path) => Route::Folder(Folder::new(path.clone())),
        };
        Ok(Self { renderer, templates, from: Mailbox::new(sender.name.clone(), address), route })
    }

    async fn send(&self, parcel: &Parcel) -> Result<(), Failure> {
        let message::Message::Mail(mail) = &parcel.message else { return Err(Failure::never("no mail")) };
        if mail.fields.expire_time.is_some_and(|time| time <= parcel.now) {
            return Err(Failure::never("expired"));
        }
        let chosen = self.templates.choose(parcel.tenant_id, mail).await;
        let source = chosen
            .map_err(|error| {
                tracing::warn!(error = %error, "the templates cannot be read");
                Failure::later("templates")
            })?
            .ok_or_else(|| Failure::never("no template"))?;
        let rendered = self.renderer.render(&source, &mail.fields).map_err(|fault| {
            tracing::warn!(message_id = %parcel.id, tenant_id = %parcel.tenant_id, error = %fault, "a mail cannot be rendered");
            Failure::never(format!("template {}", fault.part))
        })?;
        let to = Email::parse(&mail.to).ok().and_then(|email| deliverable(&email));
        let to = to.ok_or_else(|| Failure::never("address"))?;
        let (envelope, content) = self.compose(parcel, to, rendered).ok_or_else(|| Failure::never("address"))?;
        match &self.route {
            Route::Smtp(smtp) => smtp.send(&envelope, &content).await,
            Route::Folder(folder) => folder.put(parcel.id, "eml", content).await,
        }
    }

    /// Equal but for the date on every try: even the boundary is the row's id.
    fn compose(&self, parcel: &Parcel, to: Address, rendered: RenderedMail) -> Option<(Envelope, Vec<u8>)> {
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![to.clone()]).ok()?;
        let bodies = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(format!("=_{}", parcel.id))
            .singlepart(SinglePart::plain(rendered.text))
            .singlepart(SinglePart::html(rendered.html));
        // RFC 3834: nobody's absence is to be answered.
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let message = Message::builder()
            .message_id(Some(format!("<{}@{}>", parcel.id, self.from.email.domain())))
            .date(SystemTime::from(parcel.now))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(rendered.subject)
            .raw_header(automatic)
            .envelope(envelope.clone())
            .multipart(bodies)
            .ok()?;
        Some((envelope, message.formatted()))
    }
}

impl Carrier for MailCarrier {
    fn channel(&self) -> Channel {
        Channel::Mail
    }

    fn carry<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.send(parcel))
    }
}

/// The address as mail servers know it: the local part as typed, the domain in A-labels. With a local part beyond ASCII it needs a server
/// that has SMTPUTF8.
fn deliverable(email: &Email) -> Option<Address> {
    let (local, _) = email.address().rsplit_once('@')?;
    Address::new(local, email.domain()).ok()
}

#[cfg(test)]
mod tests;
