//! The names of fields in spans and events.

/// The method, such as `enroll.v1.AccountService/CreateAccount`.
pub const RPC: &str = "rpc";
/// The id that the caller sees in `x-request-id`.
pub const REQUEST_ID: &str = "request_id";
/// The trace that the caller counts the call to (W3C `traceparent`).
pub const TRACE_ID: &str = "trace_id";
/// The client's address.
pub const PEER: &str = "peer";
/// The name of the gRPC code, such as `NOT_FOUND`.
pub const CODE: &str = "code";
/// The reason in ErrorInfo, such as `TENANT_NOT_FOUND`.
pub const REASON: &str = "reason";
/// How long the call took, in milliseconds.
pub const ELAPSED_MS: &str = "elapsed_ms";
/// Where in the source something happened.
pub const LOCATION: &str = "location";
/// What went wrong, in words for operators.
pub const ERROR: &str = "error";
/// A socket address of this server.
pub const ADDRESS: &str = "address";
/// Where this server tells operators its metrics and whether it lives.
pub const ADMIN_ADDRESS: &str = "admin_address";
/// The state of the server.
pub const PHASE: &str = "phase";
