//! The workers of all channels, put together, started and stopped.

use std::sync::Arc;
use std::time::Duration;

use tokio::time;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::DeliveryError;
use super::mail::{MailCarrier, TemplateChoice};
use super::settings::{DeliverySettings, MailRoute, TextRoute};
use super::text::TextCarrier;
use super::worker::{Worker, WorkerParts};
use crate::provisioning::outgoing::Outgoing;
use crate::provisioning::seams::{Clock, Ids};
use crate::provisioning::templates::TemplateRenderer;
use crate::store::Store;

/// Messages of a channel that are under way at once; mail has as many as there are connections.
const AT_ONCE: usize = 8;

/// One worker a channel.
pub struct Workers {
    mail: Worker,
    text: Worker,
    settings: DeliverySettings,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// What the workers share with the use cases.
#[derive(Clone)]
pub struct WorkersParts {
    /// Where the outbox is.
    pub store: Store,
    /// Opens messages.
    pub outgoing: Arc<Outgoing>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub ids: Arc<dyn Ids>,
    /// Puts templates into words.
    pub renderer: Arc<dyn TemplateRenderer>,
    /// Chooses them.
    pub templates: Arc<dyn TemplateChoice>,
}

impl Workers {
    /// Nothing is sent before [`Self::start`].
    pub fn new(settings: DeliverySettings, parts: WorkersParts) -> Result<Self, DeliveryError> {
        let mail = MailCarrier::new(&settings.sender, &settings.mail, parts.renderer.clone(), parts.templates.clone())?;
        let text = TextCarrier::new(&settings.text)?;
        let mails_at_once = match &settings.mail {
            MailRoute::Smtp(smtp) => usize::try_from(smtp.connections_max).unwrap_or(AT_ONCE),
            MailRoute::Folder(_) => AT_ONCE,
        };
        let worker_parts = |at_once| WorkerParts {
            store: parts.store.clone(),
            outgoing: parts.outgoing.clone(),
            clock: parts.clock.clone(),
            ids: parts.ids.clone(),
            at_once,
            poll: settings.poll,
        };
        Ok(Self {
            mail: Worker::new(worker_parts(mails_at_once), Arc::new(mail)),
            text: Worker::new(worker_parts(AT_ONCE), Arc::new(text)),
            settings,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        })
    }

    /// Begins to send, in tasks of its own, and says where to what is not sent anywhere.
    pub fn start(&self) {
        if let MailRoute::Folder(path) = &self.settings.mail {
            tracing::warn!(path = %path.display(), "mail.host is not set: mails are written to this directory and not sent");
        }
        if let TextRoute::Folder(path) = &self.settings.text {
            tracing::info!(path = %path.display(), "text.url is not set: texts are written to this directory and not sent");
        }
        for worker in [&self.mail, &self.text] {
            self.tasks.spawn(worker.clone().run(self.stop.clone()));
            self.tasks.spawn(worker.clone().tell_ages(self.stop.clone()));
        }
    }

    /// Takes nothing more, and waits for what is under way, as long as `drain`; what is let go then is sent when its lease has run out.
    pub async fn stop(&self, drain: Duration) {
        self.stop.cancel();
        self.tasks.close();
        if time::timeout(drain, self.tasks.wait()).await.is_err() {
            tracing::warn!("messages were still under way at the end of the drain");
            self.mail.kill();
            self.text.kill();
            self.tasks.wait().await;
        }
    }

    /// The worker of mails, for tests that go round by round.
    pub fn mail(&self) -> &Worker {
        &self.mail
    }

    /// The worker of texts, likewise.
    pub fn text(&self) -> &Worker {
        &self.text
    }
}
