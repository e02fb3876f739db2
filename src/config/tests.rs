use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::*;

/// A key of the right form.
fn a_key(byte: u8) -> String {
    ApplicationKeySecret::from_bytes([byte; 32]).expose().to_owned()
}

/// Loads from a file's text, variables and flags.
fn load(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<(Config, Effective), ConfigError> {
    let environment: BTreeMap<_, _> = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let settings = flags.iter().map(|(key, value)| ((*key).to_owned(), format!("--{key}"), (*value).to_owned()));
    let flags = Flags { file: None, settings: settings.collect() };
    Config::read(&Sources::of(Some((Path::new("enroll.toml"), file)), environment, &flags)?)
}

fn faults(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Vec<String> {
    let error = load(file, environment, flags).map(|_| ()).expect_err("faults");
    error.faults.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_given_is_a_whole_configuration() {
    let (config, _) = load("", &[("HOME", "/home/me")], &[]).expect("the defaults");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:50051");
    assert_eq!(config.server.admin_listen.to_string(), "127.0.0.1:9464");
    assert_eq!(config.client.endpoint.to_string(), "http://127.0.0.1:50051/");
    assert!(config.tls.is_none() && config.client.key.is_none() && config.bootstrap_key.is_none());
    assert_eq!(config.limits, RateLimits::default());
    assert_eq!(config.portals.installation_max, None);
    let Engine::Sqlite { data_dir } = config.store.engine else { panic!("SQLite is the default") };
    assert_eq!(data_dir, Path::new("/home/me/.local/share/enroll"));
}

#[test]
fn flags_win_over_variables_over_the_file_over_defaults() {
    let drain = |file, environment: &[(&str, &str)], flags: &[(&str, &str)]| {
        load(file, environment, flags).expect("right").0.server.drain
    };
    let (file, variable, flag) = ("[server]\ndrain = '2s'", ("ENROLL_SERVER_DRAIN", "3s"), ("server.drain", "4s"));
    assert_eq!(drain("", &[], &[]), Duration::from_secs(25));
    assert_eq!(drain(file, &[], &[]), Duration::from_secs(2));
    assert_eq!(drain(file, &[variable], &[]), Duration::from_secs(3));
    assert_eq!(drain(file, &[("ENROLL_SERVER_DRAIN", "")], &[]), Duration::from_secs(2), "empty is absent");
    assert_eq!(drain(file, &[variable], &[flag]), Duration::from_secs(4));
}

#[test]
fn the_short_variables_of_the_documents_are_read() {
    let (key, bootstrap_key) = (a_key(1), a_key(2));
    let environment = [
        ("DATABASE_URL", "postgres://u:secret@h/d"),
        ("ENROLL_ENDPOINT", "https://e:1"),
        ("ENROLL_KEY", &key),
        ("ENROLL_BOOTSTRAP_KEY", &bootstrap_key),
    ];
    let (config, _) = load("", &environment, &[]).expect("right");
    assert!(matches!(config.store.engine, Engine::Postgres { .. }));
    assert_eq!(config.client.endpoint.host(), Some("e"));
    assert_eq!(config.client.key.map(|key| key.expose().to_owned()), Some(key));
    assert_eq!(config.bootstrap_key.map(|key| key.expose().to_owned()), Some(bootstrap_key));
    let (config, _) = load("", &[("XDG_DATA_HOME", "/data"), ("HOME", "/h")], &[]).expect("right");
    assert!(matches!(config.store.engine, Engine::Sqlite { data_dir } if data_dir == Path::new("/data/enroll")));
    let (config, _) = load("", &[("ENROLL_DATA_DIR", "/d")], &[]).expect("right");
    assert!(matches!(config.store.engine, Engine::Sqlite { data_dir } if data_dir == Path::new("/d")));
}

#[test]
fn every_fault_is_named_at_once_with_its_origin() {
    let file = "[server]\ndrain = 'soon'\nlissten = '127.0.0.1:1'\n[tls]\ncertificate = 'c.pem'\n[limits]\npeer_calls = '0/1s'";
    let environment =
        [("ENROLL_PASSWORDS_PASSES", "99"), ("DATABASE_URL", "mysql://h"), ("ENROLL_PORT", "tcp://1.2.3.4:5")];
    let found = faults(file, &environment, &[("server.listen", "nowhere")]);
    let expected = [
        "tls.certificate: needs tls.private_key beside it (from enroll.toml)",
        "server.listen: expected an address and port such as \"127.0.0.1:50051\" (from flag --server.listen)",
        "server.drain: expected a duration such as \"30s\" or \"5m\" (from enroll.toml)",
        "store.database_url: expected postgres://..; for SQLite leave it out and set store.data_dir (--data-dir) (from environment DATABASE_URL)",
        "passwords.passes: expected 1 to 10 (from environment ENROLL_PASSWORDS_PASSES)",
        "limits.peer_calls: expected a rate such as \"10/5m\" or \"1000/1s burst 2000\" (from enroll.toml)",
        "server.lissten: there is no such setting (from enroll.toml)",
    ];
    assert_eq!(found, expected);
}

#[test]
fn plain_text_beyond_loopback_needs_to_be_asked_for() {
    let open = ("server.listen", "0.0.0.0:50051");
    assert_eq!(faults("", &[], &[open]).len(), 1);
    load("", &[], &[open, ("server.plaintext", "true")]).expect("asked for");
    load("[tls]\ncertificate = 'c'\nprivate_key = 'k'", &[], &[open]).expect("not in plain text");
}

#[test]
fn what_leaves_the_house_is_protected_or_asked_for() {
    let mail = "[mail]\nhost = 'mx.example.com'\nfrom = 'Me <me@example.com>'\n";
    let (config, effective) = load(&format!("{mail}user = 'u'\npassword = 'hush'"), &[], &[]).expect("right");
    let server = config.mail.server.as_ref().expect("a server");
    assert_eq!((server.port, server.tls), (587, MailTls::Starttls));
    assert_eq!(config.mail.from.name.as_deref(), Some("Me"));
    assert!(!format!("{config:?}{effective}").contains("hush"));
    assert_eq!(faults(&format!("{mail}tls = 'none'"), &[], &[]).len(), 1);
    load(&format!("{mail}tls = 'none'\nplaintext = true"), &[], &[]).expect("asked for");
    load("[mail]\nhost = '127.0.0.1'\ntls = 'none'\nfrom = 'a@example.com'", &[], &[]).expect("on this machine");
    assert_eq!(faults("[mail]\nhost = 'h'", &[], &[]), ["mail.from: has to be set beside mail.host"]);
    assert_eq!(faults("[mail]\nfrom = 'a <b@example.com> c'", &[], &[]).len(), 1);
    assert_eq!(faults(&format!("{mail}user = 'u'"), &[], &[]).len(), 1);
    let text = "[text]\nfrom = '+1'\nuser = 'u'\npassword = 'hush'\n";
    assert_eq!(faults(&format!("{text}url = 'http://api.example.com/'"), &[], &[]).len(), 2);
    let (config, _) = load(&format!("{text}url = 'https://api.example.com/'"), &[], &[]).expect("right");
    assert!(config.text.is_some_and(|text| text.url == "https://api.example.com/"));
    assert_eq!(faults("[captcha]\nurl = 'https://u:p@example.com/'\nsecret = 's'", &[], &[]).len(), 2);
    let (config, _) = load("[captcha]\nurl = 'http://127.0.0.1:1/v'\nsecret = 'hush'", &[], &[]).expect("right");
    assert!(config.captcha.is_some() && !format!("{config:?}").contains("hush"));
}

#[test]
fn a_secret_comes_from_a_file_too_but_not_twice_from_one_layer() {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("key");
    let (in_file, other) = (a_key(1), a_key(2));
    std::fs::write(&path, format!("{in_file}\n")).expect("written");
    let path = path.to_str().expect("UTF-8");
    let key = |environment: &[(&str, &str)], file: &str| {
        load(file, environment, &[]).expect("right").0.client.key.map(|key| key.expose().to_owned())
    };
    assert_eq!(key(&[("ENROLL_KEY_FILE", path)], ""), Some(in_file.clone()));
    assert_eq!(key(&[("ENROLL_KEY_FILE", path)], &format!("[client]\nkey = '{other}'")), Some(in_file));
    assert_eq!(key(&[("ENROLL_KEY", &other)], &format!("[client]\nkey_file = '{path}'")), Some(other.clone()));
    let twice = faults("", &[("ENROLL_KEY", &other), ("ENROLL_KEY_FILE", path)], &[]);
    assert_eq!(twice, ["client.key: given twice: by itself and as client.key_file (from environment ENROLL_KEY)"]);
    assert_eq!(faults("", &[("ENROLL_KEY_FILE", "/does/not/exist")], &[]).len(), 1);
    assert_eq!(faults("", &[("ENROLL_BOOTSTRAP_KEY", "enroll_app_typo")], &[]).len(), 1);
}

#[test]
fn the_reserved_names_in_force_are_shown() {
    let (config, effective) = load("", &[("HOME", "/h")], &[]).expect("right");
    assert_eq!(config.portals.reserved_names, crate::domain::portal_name::ReservedNames::default());
    assert!(effective.to_string().contains("reserved_names = [\"accounts\", "), "{effective}");
    let (own, effective) = load("[portals]\nreserved_names = ['acme-corp']", &[("HOME", "/h")], &[]).expect("right");
    assert_ne!(own.portals.reserved_names, config.portals.reserved_names);
    assert!(effective.to_string().contains("reserved_names = [\"acme-corp\"]"), "{effective}");
}

#[test]
fn what_is_shown_reads_back_and_shows_no_secret() {
    let secret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let key = a_key(1);
    let environment =
        [("ENROLL_MASTER_KEY", secret), ("DATABASE_URL", "postgres://u:hidden@h/d"), ("ENROLL_KEY", &key)];
    let (config, effective) = load("[server]\ndrain = '2s'", &environment, &[]).expect("right");
    let shown = effective.to_string();
    for text in [shown.clone(), format!("{config:?}")] {
        assert!(!text.contains("hidden") && !text.contains(secret) && !text.contains(&key), "{text}");
    }
    assert!(shown.contains("drain = \"2s\"  # from enroll.toml; ENROLL_SERVER_DRAIN; 0s to 10m"), "{shown}");
    assert!(
        shown.contains("database_url = \"********\"  # from environment DATABASE_URL; ENROLL_STORE_DATABASE_URL or "),
        "{shown}"
    );
    let plain: String = shown.lines().filter(|line| !line.contains("***")).map(|line| format!("{line}\n")).collect();
    let (again, _) = load(&plain, &[], &[]).expect("it reads back");
    assert_eq!(again.server.drain, Duration::from_secs(2));
}

#[test]
fn the_documentation_names_every_setting_as_it_is() {
    let (_, effective) = load("", &[("HOME", "~")], &[]).expect("the defaults");
    let table = effective.reference();
    let documented = include_str!("../../docs/configuration.md");
    assert!(documented.contains(&table), "docs/configuration.md has to have this table:\n{table}");
}

#[test]
fn a_file_that_is_no_toml_and_one_that_is_not_there_are_faults() {
    assert_eq!(faults("[server", &[], &[]).len(), 1);
    let flags = Flags { file: Some("/does/not/exist.toml".into()), settings: Vec::new() };
    Config::load(&flags).map(|_| ()).expect_err("no such file");
}

#[test]
fn postgres_needs_a_master_key_that_was_given() {
    let url = ("DATABASE_URL", "postgres://h/d");
    load("", &[url], &[]).expect("right").0.master_keys().map(|_| ()).expect_err("none was given");
    let key = "00".repeat(32);
    let (config, _) = load("", &[url, ("ENROLL_MASTER_KEY", &key)], &[]).expect("right");
    assert_eq!(config.master_keys().expect("given").newest(), &[0; 32]);
}
