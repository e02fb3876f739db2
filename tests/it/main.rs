//! Tests through the front door: a real server on a free port of this machine, real clients over TCP, a fresh database a test, every test on
//! SQLite and on PostgreSQL. One binary, so that the house is linked once. Values and parsers have their tests in their own files.
//!
//! `on_both_engines!` names the tests of a file; `cargo test --release --test it on_sqlite` runs those of one engine.
#![deny(unsafe_code)]

mod support;

mod accounts;
mod applications;
mod authorization;
mod canary;
mod cancels;
mod captcha;
mod contracts;
mod credentials;
mod delivery;
mod errors;
mod grpcurl;
mod kill;
mod layers;
mod portals;
mod python;
mod races;
mod realms;
mod redirects;
mod refusals;
mod registration;
mod repeats;
mod seeds;
mod sessions;
mod store_conformance;
mod templates;
mod tenants;
mod tidy;
mod verification;
