//! A store with messages in its outbox, and workers for it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use enroll::delivery::{
    DeliverySettings, MailRoute, OwnOrShipped, Renderer, Sender, SmtpSettings, SmtpTls, TextRoute, Workers,
    WorkersParts,
};
use enroll::domain::email::Email;
use enroll::domain::event::Trail;
use enroll::domain::ids::MessageId;
use enroll::domain::language::LanguageCode;
use enroll::domain::message::{Mail, MailFields, MailKind, Message, TextMessage};
use enroll::provisioning::master_key::MasterKey;
use enroll::provisioning::outgoing::Outgoing;
use enroll::provisioning::seams::{Clock, SystemIds};
use uuid::Uuid;

use crate::store_conformance::fixtures::{World, realm};
use crate::support::clock::MovableClock;
use crate::support::mail_server::MailServer;
use crate::support::stores::TestStore;

/// A store, a clock and a seal.
pub struct Post {
    pub test: TestStore,
    pub world: World,
    pub clock: Arc<MovableClock>,
    pub outgoing: Arc<Outgoing>,
    pub folder: tempfile::TempDir,
}

impl Post {
    pub async fn new(test: TestStore) -> Self {
        let world = World::bootstrap(&test.store).await;
        let outgoing = Arc::new(Outgoing::new(MasterKey::new([7; 32], []), Arc::new(SystemIds)));
        let folder = tempfile::tempdir().expect("a directory");
        Self { test, world, clock: Arc::new(MovableClock::default()), outgoing, folder }
    }

    /// Settings that send everything into the folder.
    pub fn settings(&self) -> DeliverySettings {
        DeliverySettings {
            sender: Sender {
                name: Some("Enroll".into()),
                address: Email::parse("post@enroll.example").expect("an address"),
            },
            mail: MailRoute::Folder(self.folder.path().to_owned()),
            text: TextRoute::Folder(self.folder.path().to_owned()),
            captcha: None,
            // No test waits for a poll.
            poll: Duration::from_secs(3_600),
        }
    }

    /// Workers as `change` has their settings.
    pub fn workers(&self, change: impl FnOnce(&mut DeliverySettings)) -> Workers {
        let mut settings = self.settings();
        change(&mut settings);
        let renderer = Arc::new(Renderer::new());
        let parts = WorkersParts {
            store: self.test.store.clone(),
            outgoing: self.outgoing.clone(),
            clock: self.clock.clone(),
            ids: Arc::new(SystemIds),
            renderer: renderer.clone(),
            templates: Arc::new(OwnOrShipped { store: self.test.store.clone(), renderer }),
        };
        Workers::new(settings, parts).expect("workers")
    }

    /// Workers that send mail to a server on a port of this machine, in the open.
    pub fn workers_to(&self, port: u16) -> Workers {
        self.workers(|settings| settings.mail = MailRoute::Smtp(smtp(port)))
    }

    /// Writes messages in the trail of some unit; their ids.
    pub async fn write(&self, messages: &[Message]) -> Vec<MessageId> {
        self.write_sealed(&self.outgoing, messages).await
    }

    /// The same under another seal.
    pub async fn write_sealed(&self, outgoing: &Outgoing, messages: &[Message]) -> Vec<MessageId> {
        let tenant = self.world.tenant.id;
        let messages: Vec<_> =
            messages.iter().map(|message| outgoing.seal(message, tenant, self.clock.now())).collect();
        let ids = messages.iter().map(|message| message.id).collect();
        let name = format!("r{}", Uuid::now_v7().simple());
        let trail = Trail { messages, ..Trail::default() };
        self.test.store.realms().create(realm(tenant, &name), trail).await.expect("a unit");
        ids
    }

    /// Moves the clock.
    pub fn pass(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// The files in the folder with this ending, by the id in their names.
    pub fn files(&self, ending: &str) -> HashSet<String> {
        files(self.folder.path(), ending)
            .into_iter()
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .collect()
    }

    /// How many messages stand in a state, told why.
    pub async fn rows(&self, state: &str, why: Option<&str>) -> i64 {
        let why = why.map_or_else(String::new, |why| format!(" AND last_error = '{why}'"));
        self.test.count(&format!("outbox WHERE state = '{state}'{why}")).await
    }
}

/// The files of a folder with this ending.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == ending)).collect()
}

/// A server on a port of this machine, in the open.
pub fn smtp(port: u16) -> SmtpSettings {
    SmtpSettings { host: "localhost".into(), port, tls: SmtpTls::None, ca: None, credentials: None, connections_max: 4 }
}

/// A mail to somebody.
pub fn mail(to: &str) -> Message {
    mail_with(to, MailFields { token: Some("canary-token".into()), ..MailFields::default() })
}

pub fn mail_with(to: &str, fields: MailFields) -> Message {
    let language = LanguageCode::parse("en").expect("a language");
    let (kind, to) = (MailKind::Activation, to.into());
    let mail = Mail { kind, to, language, realm_language: None, brand: None, strict: false, fields, decoy: false };
    Message::Mail(Box::new(mail))
}

/// A code to somebody.
pub fn code(to: &str) -> Message {
    let language = LanguageCode::parse("de").expect("a language");
    Message::Text(TextMessage { to: to.into(), language, code: "012345".into(), minutes: 10 })
}

/// What the Message-ID of a message has to be.
pub fn message_id(id: &MessageId) -> String {
    format!("<{id}@enroll.example>")
}

/// Ends a server; the Message-IDs of what it took, in order.
pub fn taken(server: MailServer) -> Vec<String> {
    let mut ids: Vec<String> = server.end().iter().map(|mail| mail.header("Message-ID").to_owned()).collect();
    ids.sort();
    ids
}
