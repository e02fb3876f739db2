//! What is said on the wire: the code generated from `proto/`, and nothing else.
//!
//! Absent from here: every conversion between a message and a value (that is `api`), and the reading of the method options
//! (that is `middleware`). Written by hand are the `Debug` of messages that carry a secret and the codec that the generated code names.
mod redacted;
mod unary;

/// `enroll.v1`: resources, requests and responses, and a server and a client of each service.
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/enroll.v1.rs"));
}

/// `enroll.options.v1`: the types of the method option `policy`.
pub mod options {
    include!(concat!(env!("OUT_DIR"), "/enroll.options.v1.rs"));
}

/// The encoded descriptor set of all protos and their imports, with comments and custom options, for reflection and for the
/// access policy.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

#[cfg(test)]
mod tests;
