//! What the tests stand on: the server and its database ([`app`], [`engine`], [`database`]), its clients by role ([`client`]), a clock that
//! a test moves ([`clock`]), ordinary requests ([`requests`]), the presets that ship ([`presets`]), what left the house ([`sent`]), and a
//! reader of refusals ([`told`]). For what only a process of its own shows: the real binary ([`binary`], [`dialects`]) and other programs
//! ([`process`]), a mail server among them ([`mail_server`]); a provider that is asked over HTTP ([`provider`]); certificates of a test
//! ([`certificates`]). For faults: callers at one moment ([`together`]), a lock from outside ([`hold`]), calls by bytes ([`raw`]), and a judge
//! of what is in a database ([`state`]). Absent from here: any expectation of what the service does with a request, but for what holds of
//! every refusal.

pub mod app;
pub mod binary;
pub mod certificates;
pub mod client;
pub mod clock;
pub mod database;
pub mod dialects;
pub mod engine;
pub mod hold;
pub mod mail_server;
pub mod postgres;
pub mod presets;
pub mod process;
pub mod provider;
pub mod python;
pub mod raw;
pub mod requests;
pub mod sent;
pub mod state;
pub mod stores;
pub mod together;
pub mod told;

pub use app::TestApp;
pub use client::Client;
pub use engine::Engine;
pub(crate) use engine::on_both_engines;
pub use presets::Preset;
pub(crate) use told::assert_snapshot;
pub use told::{Told, made, refused};
