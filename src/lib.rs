//! # `enroll`: the service that other services call to make accounts
//!
//! The folders are the map. In reading order:
//!
//! | room | asks |
//! |---|---|
//! | [`proto`] | what is said on the wire |
//! | [`api`] | how a message becomes values, and values a message |
//! | [`status`] | how a refusal becomes a gRPC status with typed details |
//! | [`middleware`] | what happens to every call, whichever it is |
//! | [`provisioning`] | what must happen, in which order, in which unit of work |
//! | [`domain`] | what is true: values and rules, pure |
//! | [`password`] | Argon2id on its own bounded threads, and the hashes of other systems |
//! | [`store`] | where it is kept: the only room that knows diesel |
//! | [`delivery`] | what leaves the house: mail, texts to phones, questions to a captcha provider |
//! | [`server`] | how the rooms are put together and opened to the network |
//! | [`config`], [`telemetry`], [`cli`] | how an operator runs it |
//!
//! `ARCHITECTURE.md` has the bird's eye view; `tests/it/tidy.rs` holds the rooms to it.
#![deny(unsafe_code)]

pub mod api;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod domain;
pub mod middleware;
pub mod password;
pub mod proto;
pub mod provisioning;
pub mod server;
pub mod status;
pub mod store;
pub mod telemetry;
