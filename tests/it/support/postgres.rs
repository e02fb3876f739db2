//! A PostgreSQL server for the tests: one throw-away cluster a process, in a directory of its own, on a unix socket, gone when the process
//! is. A test gets a fresh database of it, copied from a migrated template.
//!
//! `ENROLL_TEST_DATABASE_URL` names a server to use instead; its role has to be allowed to create databases.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use enroll::store::{Store, StoreSettings};
use secrecy::SecretString;
use tokio::sync::OnceCell;

/// The name of the migrated database that others are copied from.
const TEMPLATE: &str = "enroll_template";
/// How long a server may take to start on a busy machine.
const START_MAX: Duration = Duration::from_secs(60);

/// What the server is asked to care for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing: it lives as long as the tests.
    Fast,
    /// As in production: for tests that kill it.
    Durable,
}

/// A running server.
pub struct Cluster {
    /// The URL of its database `postgres`.
    url: String,
    /// Closing it ends the server; absent where the server is not ours. The server's parent is a shell that waits for that, so the server
    /// also ends when the tests panic or are killed.
    lifeline: Option<ChildStdin>,
    /// The shell.
    parent: Option<Child>,
}

/// A database of a test.
pub struct Database {
    /// Where it is.
    pub url: String,
    /// Keeps the server alive.
    _cluster: Arc<Cluster>,
}

/// The server that the tests of this process share.
pub async fn shared() -> Arc<Cluster> {
    static SHARED: OnceCell<Arc<Cluster>> = OnceCell::const_new();
    let start = || async {
        let cluster = Arc::new(Cluster::start(Durability::Fast).await);
        cluster.make_template().await;
        cluster
    };
    SHARED.get_or_init(start).await.clone()
}

/// A fresh, migrated database of the shared server.
pub async fn database() -> Database {
    shared().await.database(Some(TEMPLATE)).await
}

/// A fresh database of the shared server without any table.
pub async fn empty_database() -> Database {
    shared().await.database(None).await
}

impl Cluster {
    /// Starts a server, or takes the one that the environment names.
    pub async fn start(durability: Durability) -> Self {
        if let Ok(url) = std::env::var("ENROLL_TEST_DATABASE_URL") {
            return Self { url, lifeline: None, parent: None };
        }
        let (directory, user) = Self::make();
        let socket = directory.to_str().expect("UTF-8").replace('/', "%2F");
        Self::serve(&directory, &user, durability, &[], format!("postgres://postgres@{socket}/postgres")).await
    }

    /// Starts a server of its own, whatever the environment names, that speaks TCP on 127.0.0.1 too, there with TLS only, with this certificate
    /// and its key as PEM; and its port.
    pub async fn secured(certificate: &str, private_key: &str) -> (Self, u16) {
        let (directory, user) = Self::make();
        for (name, text) in [("server.pem", certificate), ("server.key", private_key)] {
            let path = directory.join(name);
            std::fs::write(&path, text).expect("written");
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("chmod");
            user.own(&path);
        }
        let access = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";
        std::fs::write(directory.join("data/pg_hba.conf"), access).expect("written");
        // A port that was free a moment ago.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let port = free.expect("a port").port();
        let file = |name: &str| directory.join(name).to_str().expect("UTF-8").to_owned();
        let options = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", file("server.pem")),
            format!("ssl_key_file={}", file("server.key")),
        ];
        let socket = directory.to_str().expect("UTF-8").replace('/', "%2F");
        let url = format!("postgres://postgres@{socket}:{port}/postgres");
        (Self::serve(&directory, &user, Durability::Fast, &options, url).await, port)
    }

    /// A directory with the data of a new server, and whose it is.
    fn make() -> (PathBuf, ServerUser) {
        let directory = tempfile::Builder::new().prefix("enroll-pg-").tempdir().expect("a directory").keep();
        let user = ServerUser::find();
        user.own(&directory);
        let data = directory.join("data");
        let binaries = binaries();
        let mut initdb = user.command(&binaries.join("initdb"), &directory);
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"]);
        let made = initdb.arg(&data).output().expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        (directory, user)
    }

    /// Runs it with further settings, and waits until it answers at `url`.
    async fn serve(
        directory: &Path,
        user: &ServerUser,
        durability: Durability,
        options: &[String],
        url: String,
    ) -> Self {
        let mut parent = user
            .command(Path::new("/bin/sh"), directory)
            .arg("-c")
            .arg(SERVE)
            .arg(binaries().join("postgres"))
            .arg(directory)
            .arg(if durability == Durability::Durable { "on" } else { "off" })
            .args(options.iter().flat_map(|option| ["-c", option]))
            .stdin(Stdio::piped())
            .spawn()
            .expect("a shell");
        let cluster = Self { url, lifeline: parent.stdin.take(), parent: Some(parent) };
        cluster.wait_until_ready(&directory.join("log")).await;
        cluster
    }

    /// A new database, as a copy of `template`.
    pub async fn database(self: &Arc<Self>, template: Option<&str>) -> Database {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("enroll_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let copy = template.map_or_else(String::new, |template| format!(" TEMPLATE {template}"));
        self.execute(&format!("CREATE DATABASE {name}{copy}")).await;
        Database { url: self.url_of(&name), _cluster: Arc::clone(self) }
    }

    /// The URL of one of its databases.
    fn url_of(&self, database: &str) -> String {
        let (base, query) = self.url.split_once('?').map_or((self.url.as_str(), ""), |(base, query)| (base, query));
        let (server, _) = base.rsplit_once('/').expect("a URL with a database");
        if query.is_empty() { format!("{server}/{database}") } else { format!("{server}/{database}?{query}") }
    }

    /// Migrates the template. A server that is not ours may have one of an older run; it is made anew.
    async fn make_template(self: &Arc<Self>) {
        self.execute(&format!("DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")).await;
        self.execute(&format!("CREATE DATABASE {TEMPLATE}")).await;
        let settings = StoreSettings::postgres(SecretString::from(self.url_of(TEMPLATE)));
        let store = Store::open(&settings).await.expect("the template opens");
        store.migrate().await.expect("the template migrates");
        store.close().await;
        drop(store);
        // A database with a session cannot be copied, and sessions end a moment after their client has gone.
        self.execute(&format!("ALTER DATABASE {TEMPLATE} ALLOW_CONNECTIONS false")).await;
        let end = format!("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{TEMPLATE}'");
        self.execute(&end).await;
    }

    /// Whether there is such a table in the database `postgres`.
    pub async fn has_table(&self, name: &str) -> bool {
        let (client, connection) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await.expect("a session");
        tokio::spawn(connection);
        let query = "SELECT to_regclass($1) IS NOT NULL";
        client.query_one(query, &[&name]).await.expect("the query runs").get(0)
    }

    /// Runs a statement in the database `postgres`.
    async fn execute(&self, statement: &str) {
        let (client, connection) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await.expect("a session");
        let driver = tokio::spawn(connection);
        client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        drop(client);
        driver.await.expect("the session ends").expect("in peace");
    }

    async fn wait_until_ready(&self, log: &Path) {
        let begun = Instant::now();
        while begun.elapsed() < START_MAX {
            if let Ok((_client, _connection)) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("PostgreSQL did not start: {}", std::fs::read_to_string(log).unwrap_or_default());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        if let Some(mut parent) = self.parent.take() {
            let _ = parent.wait();
        }
    }
}

/// $0 is `postgres`, $1 the directory, $2 whether it is durable; what follows are further options, of which the last wins. Ends the server and removes its directory when standard input is closed.
const SERVE: &str = r#"
directory=$1 durable=$2
shift 2
"$0" -D "$directory/data" -k "$directory" -c listen_addresses='' -c lc_messages=C -c max_connections=300 -c shared_buffers=64MB \
    -c fsync="$durable" -c synchronous_commit="$durable" -c full_page_writes="$durable" "$@" </dev/null >"$directory/log" 2>&1 &
server=$!
read _
kill -QUIT "$server"
wait "$server"
cd /
rm -rf "$directory"
"#;

/// Whose processes the server's are: PostgreSQL refuses to run as root.
enum ServerUser {
    /// Ours.
    Own,
    /// Another user's, by id.
    Other {
        /// The user.
        user: u32,
        /// Its group.
        group: u32,
    },
}

impl ServerUser {
    /// Ours, unless we are root; then postgres', else nobody's.
    fn find() -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self::Own;
        }
        let users = std::fs::read_to_string("/etc/passwd").expect("users");
        let ids = |name: &str| {
            let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        };
        let (user, group) = ids("postgres").or_else(|| ids("nobody")).expect("a user that is not root");
        Self::Other { user, group }
    }

    fn own(&self, directory: &Path) {
        if let Self::Other { user, group } = self {
            std::os::unix::fs::chown(directory, Some(*user), Some(*group)).expect("chown");
        }
    }

    fn command(&self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(directory);
        if let Self::Other { user, group } = self {
            command.uid(*user).gid(*group);
        }
        command
    }
}

/// Where `initdb` and `postgres` are: on the PATH, or where Debian puts them.
fn binaries() -> PathBuf {
    let on_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut of_debian: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    of_debian.sort();
    let has_both = |directory: &PathBuf| directory.join("initdb").exists() && directory.join("postgres").exists();
    on_path.chain(of_debian).find(has_both).expect("PostgreSQL is installed: initdb and postgres are on the PATH")
}
