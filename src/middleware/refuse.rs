//! How the layers say no: the refusal, in the words of the status room, as an answer that is all headers.

use http::Response;

use crate::provisioning::refusal::Refusal;
use crate::status::{self, AnswerContext};

/// The answer for a refusal. Without a context, which means that a layer is missing, it is INTERNAL whatever was refused.
pub(super) fn refuse<B: Default>(refusal: &Refusal, context: Option<&AnswerContext>) -> Response<B> {
    match context {
        Some(context) => status::from_refusal(refusal, context).into_http(),
        None => tonic::Status::internal("").into_http(),
    }
}
