//! The only reader of the environment, of configuration files and of flags. Layers: defaults < TOML file < `ENROLL_*` variables < flags.
//! It yields typed, bounded values, never strings for others to parse, and it names every fault at once. Absent on purpose: any knowledge of
//! what the other rooms do with the values.

mod client;
mod delivery;
mod error;
mod master_key;
mod passwords;
mod portals;
mod reader;
mod server;
mod setting;
mod show;
mod sources;
mod store;
mod telemetry;
mod tls;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::limits::{LimitName, RateLimits};
use crate::domain::secret::ApplicationKeySecret;

use reader::Reader;
use sources::Sources;

pub use client::Client;
pub use delivery::{Captcha, Mail, MailServer, MailTls, Mailbox, TextApi};
pub use error::{ConfigError, Fault};
pub use master_key::MasterKeys;
pub use passwords::Passwords;
pub use portals::Portals;
pub use server::{Http2, Reflection, Server};
pub use show::Effective;
pub use sources::{Flags, Origin};
pub use store::{Engine, PoolSettings, Store};
pub use telemetry::{LogFormat, Telemetry};
pub use tls::{ClientTls, Tls};

/// Everything that an operator can set.
#[derive(Clone, Debug)]
pub struct Config {
    /// The listeners and their bounds.
    pub server: Server,
    /// Certificates of the gRPC listener; absent = plain text.
    pub tls: Option<Tls>,
    /// Which engine, where, and how much of it.
    pub store: Store,
    /// The hash threads and the cost of a hash.
    pub passwords: Passwords,
    /// The rates of the limiter.
    pub limits: RateLimits,
    /// Portals: names and quotas.
    pub portals: Portals,
    /// Mail.
    pub mail: Mail,
    /// Texts to phones; absent = they are written where mails are.
    pub text: Option<TextApi>,
    /// The captcha provider; absent = there is none.
    pub captcha: Option<Captcha>,
    /// What is logged, and how.
    pub telemetry: Telemetry,
    /// The key of the operator application that the first start makes.
    pub bootstrap_key: Option<ApplicationKeySecret>,
    /// See [`Config::master_keys`].
    master_keys: Option<MasterKeys>,
    /// The command line as a client.
    pub client: Client,
}

impl Config {
    /// Reads the file that the flags name, the environment and the flags.
    pub fn load(flags: &Flags) -> Result<(Self, Effective), ConfigError> {
        Self::read(&Sources::gather(flags)?)
    }

    fn read(sources: &Sources) -> Result<(Self, Effective), ConfigError> {
        let mut reader = Reader::new(sources);
        let tls = Tls::read(&mut reader);
        let config = Self {
            server: Server::read(&mut reader, tls.is_some()),
            tls,
            store: Store::read(&mut reader),
            passwords: Passwords::read(&mut reader),
            limits: read_limits(&mut reader),
            portals: Portals::read(&mut reader),
            mail: Mail::read(&mut reader),
            text: TextApi::read(&mut reader),
            captcha: Captcha::read(&mut reader),
            telemetry: Telemetry::read(&mut reader),
            bootstrap_key: reader.secret("bootstrap_key", application_key),
            master_keys: reader.secret("master_key", MasterKeys::parse),
            client: Client::read(&mut reader),
        };
        Ok((config, reader.finish()?))
    }

    /// Makes the data directory, for its owner only, where the data is kept in one.
    pub fn create_data_dir(&self) -> Result<(), ConfigError> {
        let Engine::Sqlite { data_dir } = &self.store.engine else { return Ok(()) };
        master_key::create_dir(data_dir).map_err(|error| {
            let message = format!("{} cannot be made: {error}", data_dir.display());
            ConfigError::of("store.data_dir", Origin::Default, message)
        })
    }

    /// The master keys: as given, else those in the data directory, made there at the first call. On PostgreSQL they have to be given, since
    /// every replica needs the same.
    pub fn master_keys(&self) -> Result<MasterKeys, ConfigError> {
        match (&self.master_keys, &self.store.engine) {
            (Some(keys), _) => Ok(keys.clone()),
            (None, Engine::Sqlite { data_dir }) => MasterKeys::load_or_create(data_dir),
            (None, Engine::Postgres { .. }) => Err(ConfigError::of(
                "master_key",
                Origin::Default,
                "PostgreSQL needs ENROLL_MASTER_KEY or ENROLL_MASTER_KEY_FILE: 32 bytes in base64 or hex, the same for every replica",
            )),
        }
    }
}

/// A key as an application sends it.
fn application_key(text: &SecretString) -> Result<ApplicationKeySecret, String> {
    ApplicationKeySecret::parse(text.expose_secret()).map_err(|_| {
        "expected a whole key: enroll_app_ and 49 letters and digits, the last of them a checksum".to_owned()
    })
}

/// One setting a limit.
fn read_limits(reader: &mut Reader<'_>) -> RateLimits {
    let mut limits = RateLimits::default();
    for name in LimitName::ALL {
        let rate = reader.value(&format!("limits.{}", name.as_str()), name.default_rate());
        limits.set(*name, rate);
    }
    limits
}

#[cfg(test)]
mod tests;
