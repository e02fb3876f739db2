//! The settings of every room out of the configuration. Here, since the configuration knows no room and no room knows the configuration.

use std::thread::available_parallelism;

use crate::config::{self, Config, ConfigError, Engine};
use crate::delivery::{
    CaptchaSettings, DeliverySettings, MailRoute, Sender, SmtpSettings, SmtpTls, TextApiSettings, TextRoute,
};
use crate::middleware::client_address::TrustedProxies;
use crate::password::HasherSettings;
use crate::provisioning::PortalSettings;
use crate::provisioning::master_key::MasterKey;
use crate::store::StoreSettings;

use super::house::HouseSettings;
use super::settings::{Http2Settings, ListenerSettings, Reflection, ServerSettings, TlsSettings};

/// The network's side.
pub fn server(config: &Config) -> ServerSettings {
    let own = &config.server;
    ServerSettings {
        listener: ListenerSettings {
            address: own.listen,
            plaintext_beyond_loopback: own.plaintext,
            connections_max: own.connections_max,
            connections_per_address_max: own.connections_per_address_max,
            first_byte_timeout: own.first_byte_timeout,
            http1: own.http1,
        },
        http2: http2(&own.http2, own.metadata_bytes_max),
        tls: config.tls.clone().map(|config::Tls { certificate, private_key, client_ca }| TlsSettings {
            certificate,
            private_key,
            client_ca,
        }),
        admin_address: own.admin_listen,
        trusted_proxies: TrustedProxies::new(own.trusted_proxies.clone()),
        reflection: match own.reflection {
            config::Reflection::Loopback => Reflection::Loopback,
            config::Reflection::On => Reflection::On,
            config::Reflection::Off => Reflection::Off,
        },
        message_bytes_max: own.message_bytes_max,
        unread_bytes_max: own.unread_bytes_max,
        deadline_max: own.deadline_max,
        drain: own.drain,
        migrate: own.migrate,
        sweep_interval: ServerSettings::default().sweep_interval,
    }
}

fn http2(own: &config::Http2, metadata_bytes_max: u32) -> Http2Settings {
    Http2Settings {
        concurrent_streams_max: own.concurrent_streams_max,
        metadata_bytes_max,
        stream_window_bytes: own.stream_window_bytes,
        connection_window_bytes: own.connection_window_bytes,
        keepalive_interval: own.keepalive_interval,
        keepalive_timeout: own.keepalive_timeout,
        unread_timeout: own.unread_timeout,
        connection_age_max: own.connection_age_max,
        ..Http2Settings::default()
    }
}

/// The rooms behind the network. Makes the data directory, and a master key in it, where they are not there.
pub fn house(config: &Config) -> Result<HouseSettings, ConfigError> {
    config.create_data_dir()?;
    let keys = config.master_keys()?;
    Ok(HouseSettings {
        store: store(&config.store),
        hasher: hasher(&config.passwords),
        portals: PortalSettings {
            base_domain: config.portals.base_domain.clone(),
            reserved: config.portals.reserved_names.clone(),
            owner_quota: config.portals.per_owner_max,
            application_quota: config.portals.per_application_max,
            installation_quota: config.portals.installation_max,
        },
        delivery: delivery(config),
        limits: config.limits.clone(),
        limiter_keys: config.server.limiter_keys_max,
        master_key: MasterKey::new(*keys.newest(), keys.older().copied()),
        bootstrap_key: config.bootstrap_key.clone(),
    })
}

fn delivery(config: &Config) -> DeliverySettings {
    let own = &config.mail;
    let directory = || own.directory.clone().unwrap_or_else(|| config.store.data_dir.join("mail"));
    DeliverySettings {
        sender: Sender { name: own.from.name.clone(), address: own.from.address.clone() },
        mail: own
            .server
            .as_ref()
            .map_or_else(|| MailRoute::Folder(directory()), |server| MailRoute::Smtp(smtp(server))),
        text: match config.text.clone() {
            Some(config::TextApi { url, credentials, from }) => {
                TextRoute::Api(TextApiSettings { url, credentials, from })
            }
            None => TextRoute::Folder(directory()),
        },
        captcha: config.captcha.clone().map(|config::Captcha { url, secret }| CaptchaSettings { url, secret }),
        poll: own.poll,
    }
}

fn smtp(own: &config::MailServer) -> SmtpSettings {
    SmtpSettings {
        host: own.host.clone(),
        port: own.port,
        tls: match own.tls {
            config::MailTls::Starttls => SmtpTls::Starttls,
            config::MailTls::Implicit => SmtpTls::Implicit,
            config::MailTls::None => SmtpTls::None,
        },
        ca: own.ca.clone(),
        credentials: own.credentials.clone(),
        connections_max: own.connections_max,
    }
}

/// The database alone.
pub(super) fn store(own: &config::Store) -> StoreSettings {
    match &own.engine {
        Engine::Sqlite { data_dir } => StoreSettings::Sqlite {
            path: data_dir.join("enroll.db"),
            readers: own.pool.readers.unwrap_or_else(|| available_parallelism().map_or(4, usize::from)),
            queue_units_max: own.pool.queue_units_max,
        },
        Engine::Postgres { url, root_certificates } => StoreSettings::Postgres {
            url: url.clone(),
            pool_max: own.pool.connections_max,
            shared_readers: own.pool.shared_connections,
            statement_timeout: own.pool.statement_timeout,
            acquire_timeout: own.pool.acquire_timeout,
            connect_timeout: own.pool.connect_timeout,
            root_certificates: root_certificates.clone(),
        },
    }
}

fn hasher(own: &config::Passwords) -> HasherSettings {
    let default = HasherSettings::default();
    HasherSettings {
        threads: own.threads.unwrap_or(default.threads),
        queue_jobs_max: own.queue_max,
        memory_kib: own.memory_kib,
        iterations: own.passes,
        lanes: own.lanes,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Flags;

    use super::*;

    /// The defaults of the configuration with SQLite somewhere.
    fn defaults(data_dir: &std::path::Path) -> Config {
        let mut flags = Flags::default();
        flags.set("store.data_dir", "--data-dir", data_dir.to_str().map(str::to_owned));
        Config::load(&flags).expect("the defaults").0
    }

    /// What the hash threads say to a configuration with this cost; `None` where the configuration refuses it.
    fn cost(memory_kib: u32, passes: u32, lanes: u32) -> Option<bool> {
        let mut flags = Flags::default();
        flags.set("store.data_dir", "--data-dir", Some("/d".to_owned()));
        for (key, value) in
            [("passwords.memory_kib", memory_kib), ("passwords.passes", passes), ("passwords.lanes", lanes)]
        {
            flags.set(key, "--set", Some(value.to_string()));
        }
        Config::load(&flags).ok().map(|(config, _)| hasher(&config.passwords).check().is_ok())
    }

    #[test]
    fn the_configuration_takes_the_costs_that_the_hash_threads_take_and_no_others() {
        use crate::password::{ITERATIONS_MAX, LANES_MAX, MEMORY_KIB_MAX};
        for (memory, passes, lanes) in
            [(MEMORY_KIB_MAX, ITERATIONS_MAX, LANES_MAX), (8, 1, 1), (8 * LANES_MAX, 1, LANES_MAX)]
        {
            assert_eq!(cost(memory, passes, lanes), Some(true), "m={memory}, t={passes}, p={lanes}");
        }
        for (memory, passes, lanes) in [
            (MEMORY_KIB_MAX + 1, 2, 1),
            (7, 2, 1),
            (8 * LANES_MAX - 1, 2, LANES_MAX),
            (1_024, ITERATIONS_MAX + 1, 1),
            (1_024, 0, 1),
            (1_024, 2, LANES_MAX + 1),
            (1_024, 2, 0),
        ] {
            assert_eq!(cost(memory, passes, lanes), None, "m={memory}, t={passes}, p={lanes}");
        }
    }

    #[test]
    fn the_defaults_of_the_configuration_are_those_of_the_rooms() {
        let home = tempfile::tempdir().expect("a directory");
        let config = defaults(home.path());
        assert_eq!(format!("{:?}", server(&config)), format!("{:?}", ServerSettings::default()));
        assert_eq!(hasher(&config.passwords), HasherSettings::default());
        let own = StoreSettings::sqlite(home.path().join("enroll.db"));
        assert_eq!(format!("{:?}", store(&config.store)), format!("{own:?}"));
    }

    #[test]
    fn a_house_in_a_new_directory_has_a_master_key() {
        let home = tempfile::tempdir().expect("a directory");
        let data_dir = home.path().join("new");
        let settings = house(&defaults(&data_dir)).expect("settings");
        assert!(data_dir.join("master.key").exists() && settings.bootstrap_key.is_none());
        assert_eq!(settings.portals.owner_quota, 5);
        let folder = data_dir.join("mail");
        assert!(matches!(&settings.delivery.mail, MailRoute::Folder(path) if *path == folder));
        assert!(matches!(&settings.delivery.text, TextRoute::Folder(path) if *path == folder));
    }
}
