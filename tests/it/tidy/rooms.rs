//! Who may name whom: the table of the rooms and the crates that are confined to some of them.

use super::paths::What;
use super::tree::Tree;

/// One room.
struct Room {
    name: &'static str,
    /// The rooms it may name beside itself.
    may_use: &'static [&'static str],
    /// What to do instead of naming another.
    mend: &'static str,
}

/// Left may use right, nothing else. The order is the way of a request, outside first.
const ROOMS: &[Room] = &[
    Room { name: "lib", may_use: &[], mend: "lib.rs only declares the rooms" },
    Room {
        name: "main",
        may_use: &["cli", "telemetry"],
        mend: "main.rs parses the command line, runs it and sets the exit code: put the rest into src/cli",
    },
    Room {
        name: "cli",
        may_use: &["config", "telemetry", "server", "proto"],
        mend: "a command is a client of the service or has src/server open the house: what a call does belongs into src/provisioning",
    },
    Room {
        name: "server",
        may_use: &[
            "config",
            "telemetry",
            "middleware",
            "api",
            "status",
            "delivery",
            "provisioning",
            "password",
            "store",
            "domain",
            "proto",
        ],
        mend: "the server puts the other rooms together and is put together by none of them",
    },
    Room {
        name: "middleware",
        may_use: &["telemetry", "status", "provisioning", "domain", "proto"],
        mend: "a layer knows no message and no table: ask a use case or a trait in src/provisioning",
    },
    Room {
        name: "api",
        may_use: &["status", "provisioning", "domain", "proto"],
        mend: "an adapter decodes, calls one use case and encodes: put the rest into src/provisioning",
    },
    Room {
        name: "status",
        may_use: &["provisioning", "domain", "proto"],
        mend: "a status is made from a refusal alone: add what it has to tell to provisioning::refusal",
    },
    Room {
        name: "provisioning",
        may_use: &["store", "password", "domain"],
        mend: "a use case knows no wire and no engine: give it a trait in src/provisioning that src/server fills in",
    },
    Room {
        name: "delivery",
        may_use: &["provisioning", "store", "domain"],
        mend: "delivery sends what it finds in the outbox: what is said to whom and when belongs into src/provisioning",
    },
    Room { name: "password", may_use: &["domain"], mend: "hashing knows nothing but passwords" },
    Room { name: "store", may_use: &["domain"], mend: "the store takes and gives values of src/domain" },
    Room { name: "domain", may_use: &[], mend: "the domain is pure: pass what it needs as a value" },
    Room {
        name: "config",
        may_use: &["domain"],
        mend: "the configuration knows nothing of what is done with it: turn its values into settings in src/server",
    },
    Room {
        name: "telemetry",
        may_use: &[],
        mend: "telemetry holds names and the recorder; whoever tells something calls it",
    },
    Room { name: "proto", may_use: &[], mend: "proto holds the generated code and nothing else" },
];

/// Crates, and parts of `std`, that only some rooms may name.
struct Confined {
    names: &'static [&'static str],
    rooms: &'static [&'static str],
}

const CONFINED: &[Confined] = &[
    Confined {
        names: &[
            "diesel",
            "diesel_async",
            "diesel_migrations",
            "tokio_postgres",
            "tokio_postgres_rustls",
            "libsqlite3_sys",
            "deadpool",
            "socket2",
        ],
        rooms: &["store"],
    },
    Confined {
        names: &["argon2", "password_hash", "scrypt", "pbkdf2", "bcrypt", "sha1", "aes", "ctr"],
        rooms: &["password"],
    },
    Confined { names: &["clap", "clap_complete"], rooms: &["cli", "main"] },
    Confined { names: &["comfy_table"], rooms: &["cli"] },
    Confined { names: &["tonic"], rooms: &["api", "status", "middleware", "server", "cli", "proto"] },
    Confined { names: &["tonic_prost"], rooms: &["proto"] },
    Confined { names: &["tonic_types"], rooms: &["status", "middleware", "server", "cli"] },
    // The tests of the layers read a descriptor set that is not ours.
    Confined { names: &["tonic_health"], rooms: &["server", "middleware"] },
    Confined { names: &["tonic_reflection"], rooms: &["server"] },
    Confined { names: &["tonic_web"], rooms: &["middleware"] },
    Confined {
        names: &["prost", "prost_types", "prost_reflect"],
        rooms: &["api", "status", "middleware", "cli", "proto"],
    },
    Confined { names: &["tower", "tower_http", "http_body"], rooms: &["middleware", "server"] },
    Confined { names: &["lettre", "minijinja", "hyper_rustls"], rooms: &["delivery"] },
    Confined { names: &["hyper", "hyper_util"], rooms: &["server", "delivery"] },
    Confined { names: &["http_body_util"], rooms: &["middleware", "server", "delivery"] },
    // As the type of an endpoint in the last two.
    Confined { names: &["http"], rooms: &["middleware", "server", "delivery", "cli", "config"] },
    Confined { names: &["rustls", "rustls_native_certs"], rooms: &["server", "store"] },
    Confined { names: &["quick_cache", "hkdf", "hmac", "chacha20poly1305"], rooms: &["provisioning"] },
    Confined {
        names: &[
            "idna",
            "icu_casemap",
            "icu_normalizer",
            "icu_properties",
            "precis_profiles",
            "rlibphonenumber",
            "oxilangtag",
            "chrono_tz",
            "zxcvbn",
            "crc32fast",
        ],
        rooms: &["domain"],
    },
    // Delivery encodes forms with it.
    Confined { names: &["url"], rooms: &["domain", "delivery"] },
    Confined { names: &["fluent_bundle", "unic_langid"], rooms: &["status"] },
    Confined { names: &["tracing_subscriber"], rooms: &["telemetry"] },
    Confined { names: &["metrics_exporter_prometheus"], rooms: &["telemetry", "server"] },
    Confined { names: &["std::env"], rooms: &["config"] },
];

/// Rooms whose time and randomness are passed in, but for the file that holds the seam.
const WITHOUT_A_CLOCK: &[&str] = &["domain", "provisioning", "delivery"];
const SEAMS: &str = "provisioning/seams.rs";
/// What the pure room must not name: the outside world, threads, clocks, randomness.
const IMPURE: &[&str] = &["std::fs", "std::process", "std::thread", "tokio", "getrandom", "tracing", "metrics"];

/// One sentence for every file that names a room it may not use.
pub fn imports(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for source in tree.sources() {
        let Some(room) = ROOMS.iter().find(|room| room.name == source.room) else { continue };
        for named in &source.named {
            let What::Room(other) = &named.what else { continue };
            let is_room = ROOMS.iter().any(|room| room.name == other.as_str());
            if is_room && other != room.name && !room.may_use.contains(&other.as_str()) {
                let (path, line, name, mend) = (source.path, named.line, room.name, room.mend);
                faults.push(format!("src/{path}:{line}: `{name}` may not use `{other}`; {mend}"));
            }
        }
    }
    faults
}

/// One sentence for every room without a row, and every row without a room.
pub fn rows(tree: &Tree) -> Vec<String> {
    let there: Vec<&str> = tree.sources().map(|source| source.room).collect();
    let strangers = there.iter().filter(|name| ROOMS.iter().all(|room| room.name != **name));
    let unbuilt = ROOMS.iter().filter(|room| !there.contains(&room.name));
    let mut faults: Vec<String> = strangers
        .map(|name| format!("src/{name}.rs has no row: say in the table of rooms whom it may use, and in ARCHITECTURE.md what it is for"))
        .chain(unbuilt.map(|room| format!("there is no room `{}`: take its row out of the table", room.name)))
        .collect();
    faults.dedup();
    faults
}

/// One sentence for every file that names a crate outside of the rooms it is confined to.
pub fn crates(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for source in tree.sources() {
        for named in &source.named {
            let Some(name) = outside(&named.what) else { continue };
            let confined = CONFINED.iter().find(|confined| confined.names.contains(&name.as_str()));
            if let Some(confined) = confined.filter(|confined| !confined.rooms.contains(&source.room)) {
                let rooms: Vec<String> = confined.rooms.iter().map(|room| format!("src/{room}")).collect();
                faults.push(format!(
                    "src/{}:{}: `{name}` may only be named in {}",
                    source.path,
                    named.line,
                    rooms.join(", ")
                ));
            }
            if source.room == "domain" && IMPURE.contains(&name.as_str()) {
                faults.push(format!(
                    "src/{}:{}: the domain is pure, `{name}` belongs into another room",
                    source.path, named.line
                ));
            }
        }
    }
    faults
}

/// One sentence for every clock that is read where the time should have been passed in.
pub fn clocks(tree: &Tree) -> Vec<String> {
    let rooms = WITHOUT_A_CLOCK.iter().flat_map(|room| tree.sources().filter(move |source| source.room == *room));
    let mut faults = Vec::new();
    for source in rooms.filter(|source| source.path != SEAMS) {
        let text = tree.text(&format!("src/{}", source.path));
        for (at, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for clock in ["Utc::now(", "SystemTime::now(", "Instant::now("] {
                if code.contains(clock) {
                    let (path, line) = (source.path, at + 1);
                    faults.push(format!("src/{path}:{line}: `{clock})` may only be called in src/{SEAMS}; take the time from the `Clock`"));
                }
            }
        }
    }
    faults
}

fn outside(what: &What) -> Option<String> {
    match what {
        What::Room(_) => None,
        What::Head(name) => Some(name.clone()),
        What::Std(part) => Some(format!("std::{part}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str, text: &str) -> Tree {
        Tree::of(&[(path, text)])
    }

    #[test]
    fn a_room_that_names_another_it_may_not_use_is_told_what_to_do() {
        let faults = imports(&one("src/api/account.rs", "//! x\nuse crate::{domain::ids, store::Store};"));
        let mend = "an adapter decodes, calls one use case and encodes: put the rest into src/provisioning";
        assert_eq!(faults, [format!("src/api/account.rs:2: `api` may not use `store`; {mend}")]);
        assert_eq!(imports(&one("src/domain/email.rs", "fn f() { crate::config::x(); }")).len(), 1);
        assert_eq!(imports(&one("src/store/error.rs", "use super::super::password::X;")).len(), 1);
        assert_eq!(imports(&one("src/main.rs", "use enroll::server::Server;")).len(), 1);
    }

    #[test]
    fn a_room_may_name_itself_and_what_its_row_says() {
        assert_eq!(imports(&one("src/api/account.rs", "use crate::api::decode; use crate::provisioning::X;")), [""; 0]);
        assert_eq!(imports(&one("src/store/queries/a.rs", "use super::super::super::error;")), [""; 0]);
        assert_eq!(imports(&one("src/api.rs", "use crate::Version;")), [""; 0]);
        assert_eq!(imports(&one("src/cli/presets/tests.rs", "use crate::domain::legacy;")), [""; 0]);
    }

    #[test]
    fn rooms_and_rows_are_the_same() {
        let all: Vec<(String, &str)> = ROOMS.iter().map(|room| (format!("src/{}.rs", room.name), "")).collect();
        let mut all: Vec<(&str, &str)> = all.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        assert_eq!(rows(&Tree::of(&all)), [""; 0]);
        all.push(("src/utils/strings.rs", ""));
        assert_eq!(rows(&Tree::of(&all)).len(), 1);
        assert_eq!(rows(&Tree::of(&all[2..])).len(), 3);
    }

    #[test]
    fn a_confined_crate_is_found_elsewhere() {
        let faults = crates(&one("src/api/account.rs", "use diesel::prelude::*;"));
        assert_eq!(faults, ["src/api/account.rs:1: `diesel` may only be named in src/store"]);
        assert_eq!(crates(&one("src/provisioning/accounts.rs", "fn f() -> tonic::Status {}")).len(), 1);
        assert_eq!(crates(&one("src/store/pool.rs", "let a = std::env::var(\"A\");")).len(), 1);
        assert_eq!(crates(&one("src/config/x.rs", "use std::{env, fs};")), [""; 0]);
        assert_eq!(crates(&one("src/password/x.rs", "use argon2::Argon2; // diesel::x")), [""; 0]);
    }

    #[test]
    fn the_domain_is_pure() {
        assert_eq!(crates(&one("src/domain/x.rs", "use std::fs; use tokio::time;")).len(), 2);
        assert_eq!(crates(&one("src/domain/x.rs", "use std::collections::BTreeMap;")), [""; 0]);
    }

    #[test]
    fn a_clock_is_read_in_its_seam_only() {
        assert_eq!(clocks(&one("src/provisioning/accounts.rs", "\nlet now = Utc::now();")).len(), 1);
        assert_eq!(clocks(&one("src/domain/x.rs", "let now = Instant::now(); // why")).len(), 1);
        assert_eq!(clocks(&one("src/provisioning/seams.rs", "Utc::now()")), [""; 0]);
        assert_eq!(clocks(&one("src/server.rs", "Instant::now()")), [""; 0]);
        assert_eq!(clocks(&one("src/domain/x.rs", "// Utc::now() is not called here")), [""; 0]);
    }
}
