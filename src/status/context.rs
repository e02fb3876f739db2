//! What an answer has to know of its call: the id that the caller quotes, the language that it reads, and the dialect of the application
//! that called. One is made a call, by the outermost layer, and travels in the request's extensions; copies share it, so that a layer
//! outside of authentication answers in the dialect that authentication found.

use std::sync::{Arc, OnceLock};

use crate::domain::legacy::LegacyCodes;

use super::locale::Locale;

/// What an answer has to know of its call.
#[derive(Clone, Debug)]
pub struct AnswerContext(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Sent as RequestInfo and logged with the cause of an internal error.
    request_id: String,
    /// The rpc's bare name; empty for a method that does not exist.
    rpc: &'static str,
    /// The catalogue of the localised messages; none where the caller asked for none.
    locale: Option<Locale>,
    /// Filled by authentication.
    legacy_codes: OnceLock<Arc<LegacyCodes>>,
}

impl AnswerContext {
    /// The context of a call; `rpc` is the bare name such as `CreateAccount`, empty for a method that does not exist.
    pub fn new(request_id: String, rpc: &'static str, accept_language: Option<&str>) -> Self {
        let locale = accept_language.and_then(Locale::negotiate);
        Self(Arc::new(Shared { request_id, rpc, locale, legacy_codes: OnceLock::new() }))
    }

    /// Says which codes the calling application's old clients know. The first call counts: a call has one application.
    pub fn set_legacy_codes(&self, codes: Arc<LegacyCodes>) {
        // An error means that they are set already.
        let _ = self.0.legacy_codes.set(codes);
    }

    /// The id that the caller sees in `x-request-id` and RequestInfo.
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// The rpc's bare name; empty for a method that does not exist.
    pub fn rpc(&self) -> &'static str {
        self.0.rpc
    }

    /// The codes that the calling application's old clients know, once it is known.
    pub fn legacy_codes(&self) -> Option<&LegacyCodes> {
        self.0.legacy_codes.get().map(Arc::as_ref)
    }

    pub(super) fn locale(&self) -> Option<Locale> {
        self.0.locale
    }
}
