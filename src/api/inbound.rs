//! One call as an adapter sees it: what the layers found out about it, its message, and the way back to a response or a status.

use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::{Request, Response, Status};

use crate::domain::idempotency::Outcome;
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::Refusal;
use crate::status::{self, AnswerContext};

/// Set to `true` on the answer of an earlier request with the same `request_id`.
const REPLAY: &str = "x-idempotent-replay";
/// The code of a success that the old clients of the application know.
const LEGACY_CODE: &str = "x-legacy-code";
/// The message of that code.
const LEGACY_MESSAGE: &str = "x-legacy-message";

/// A call that came through the layers.
pub struct Inbound {
    /// Who calls, until when, under which id.
    pub call: Call,
    context: AnswerContext,
}

impl Inbound {
    /// Takes a request apart. A request that came past the layers is refused: nothing runs without knowing who calls.
    pub fn open<T>(mut request: Request<T>) -> Result<(Self, T), Status> {
        let extensions = request.extensions_mut();
        match (extensions.remove::<Call>(), extensions.get::<AnswerContext>().cloned()) {
            (Some(call), Some(context)) => Ok((Self { call, context }, request.into_inner())),
            _ => Err(Status::unknown("the call did not come through the layers")),
        }
    }

    /// The response, or the status of a refusal.
    pub fn answer<T>(&self, answer: Result<T, Refusal>) -> Result<Response<T>, Status> {
        answer.map(Response::new).map_err(|refusal| status::from_refusal(refusal, &self.context))
    }

    /// The same for a method that can be repeated: says whether the answer is a repeat.
    pub fn answer_repeatable<T>(&self, answer: Result<(T, bool), Refusal>) -> Result<Response<T>, Status> {
        let (message, replayed) = self.answer(answer)?.into_inner();
        let mut response = Response::new(message);
        if replayed {
            response.metadata_mut().insert(REPLAY, AsciiMetadataValue::from_static("true"));
        }
        Ok(response)
    }

    /// The same for a creating method: says whether the answer is a repeat, and what the application's old clients call it.
    pub fn answer_outcome<T>(&self, answer: Result<(T, Outcome, bool), Refusal>) -> Result<Response<T>, Status> {
        let (message, outcome, replayed) = self.answer(answer)?.into_inner();
        let mut response = self.answer_repeatable(Ok((message, replayed)))?;
        let metadata = response.metadata_mut();
        let legacy = self.context.legacy_codes().and_then(|codes| codes.outcome(self.call.rpc, outcome.as_str()));
        if let Some(legacy) = legacy {
            insert(metadata, LEGACY_CODE, &legacy.code);
            insert(metadata, LEGACY_MESSAGE, &legacy.message);
        }
        Ok(response)
    }
}

/// Codes are checked when an application is written; one that cannot stand in a header is left out.
fn insert(metadata: &mut MetadataMap, name: &'static str, text: &str) {
    if !text.is_empty()
        && let Ok(value) = text.parse()
    {
        metadata.insert(name, value);
    }
}
