//! Argon2id on its own bounded threads, and the hashes of other systems until they are replaced.
//!
//! A hash takes some 20 ms of one core and 19 MiB of memory, a thousand times what the rest of a call takes. So hashes have a room of
//! their own: a fixed set of threads of the lowest priority, each with one memory arena that it uses again and again, behind a bounded
//! queue that refuses at once what it could not finish in time. Whatever the load, reads stay fast and memory stays bounded.
//!
//! In reading order: [`cost`] bounds what one computation may take; [`hash`] is the text that is stored; [`formats`] reads hashes that
//! were made elsewhere; [`settings`] is what an operator chooses; [`hasher`] is what the use cases call. Behind it: `queue` admits,
//! `worker` computes, `arena` and `pages` keep the memory.
//!
//! Absent: what a good password is, and its normalisation (that is `domain`); accounts, sessions and the store; any other user of
//! Argon2; a way to make a hash of any other format. A password comes here as bytes that were checked and normalised, and leaves as a hash or a verdict.

pub mod cost;
pub mod formats;
pub mod hash;
pub mod hasher;
pub mod metric;
pub mod settings;

mod arena;
#[expect(unsafe_code, reason = "mapping memory on huge pages and giving it back to the system has no safe interface")]
mod pages;
mod queue;
mod worker;

pub use cost::{Cost, CostFault, ITERATIONS_MAX, LANES_MAX, MEMORY_KIB_MAX};
pub use formats::ImportFault;
pub use hash::PasswordHash;
pub use hasher::{HashError, PasswordHasher, StartError, Verdict};
pub use settings::{HasherSettings, SettingsFault};
