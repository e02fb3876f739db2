//! The details that an answer lacks when it was not made here: tonic's own refusals of methods, encodings and messages, and the statuses
//! of health and reflection. Which of them is meant is told by the code and by the part of the response that it came in, never by its
//! text: what stands in the headers was refused before a handler answered, what stands in the trailers failed while answering.

use prost::Message;
use tonic::{Code, Status};
use tonic_types::pb;

use crate::proto::v1::ErrorReason;
use crate::provisioning::refusal::Refusal;

use super::draft::Draft;
use super::{AnswerContext, WireFault, from_refusal, from_wire_fault};

/// The part of a response that a status stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The headers: no message was sent.
    Headers,
    /// The trailers: an answer had begun.
    Trailers,
}

/// Whether the details of a status hold an ErrorInfo.
pub fn carries_error_info(status: &Status) -> bool {
    const TYPE_NAME: &str = "google.rpc.ErrorInfo";
    pb::Status::decode(status.details())
        .is_ok_and(|details| details.details.iter().any(|detail| detail.type_url.rsplit('/').next() == Some(TYPE_NAME)))
}

/// The same status with the details that it lacks; one that is OK or has an ErrorInfo comes back as it is. The text of a foreign status
/// is dropped, its metadata is kept.
pub fn complete(status: Status, part: Part, context: &AnswerContext) -> Status {
    if status.code() == Code::Ok || carries_error_info(&status) {
        return status;
    }
    let mut answer = match (status.code(), part) {
        (Code::Unimplemented, _) if context.rpc().is_empty() => from_wire_fault(WireFault::MethodUnknown, context),
        (Code::Unimplemented, _) => from_wire_fault(WireFault::EncodingUnsupported, context),
        // tonic says OUT_OF_RANGE of a message over the limit, RESOURCE_EXHAUSTED of one that unpacks to more.
        (Code::OutOfRange | Code::ResourceExhausted, Part::Headers) => {
            from_wire_fault(WireFault::MessageTooLarge, context)
        }
        // tonic says INTERNAL of what prost cannot decode, tonic-web DATA_LOSS of what is no base64.
        (Code::Internal | Code::DataLoss | Code::InvalidArgument, Part::Headers) => {
            from_wire_fault(WireFault::MessageMalformed, context)
        }
        (Code::Unavailable, _) => from_refusal(Refusal::Overloaded, context),
        (Code::DeadlineExceeded | Code::Cancelled, _) => from_refusal(Refusal::DeadlineExceeded, context),
        // Health answers so when it is asked for a service that is not there; its code is part of its protocol.
        (Code::NotFound, _) => Draft::new(Code::NotFound, ErrorReason::MethodUnknown, context).into_status(),
        (code, _) => from_refusal(Refusal::Internal(Box::new(Unexplained(code, status.message().to_owned()))), context),
    };
    *answer.metadata_mut() = status.metadata().clone();
    answer
}

/// A status that nobody of this house made.
#[derive(Debug, thiserror::Error)]
#[error("a status without details: {0:?} {1:?}")]
struct Unexplained(Code, String);

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(status: Status, part: Part, rpc: &'static str) -> (Code, String) {
        let context = AnswerContext::new("req-1".to_owned(), rpc, None);
        let answer = complete(status, part, &context);
        assert!(carries_error_info(&answer));
        let details = pb::Status::decode(answer.details()).expect("a google.rpc.Status");
        assert_eq!((details.code, details.message.as_str()), (answer.code() as i32, answer.message()));
        assert!(!answer.message().contains("foreign") && !answer.details().windows(7).any(|text| text == b"foreign"));
        let info = pb::ErrorInfo::decode(details.details[0].value.as_slice()).expect("an ErrorInfo");
        (answer.code(), info.reason)
    }

    #[test]
    fn a_foreign_status_gets_the_reason_that_its_code_and_place_mean() {
        let cases = [
            (Code::Unimplemented, Part::Headers, "", Code::Unimplemented, "METHOD_UNKNOWN"),
            (Code::Unimplemented, Part::Headers, "GetAccount", Code::Unimplemented, "FEATURE_UNAVAILABLE"),
            (Code::OutOfRange, Part::Headers, "GetAccount", Code::ResourceExhausted, "MESSAGE_TOO_LARGE"),
            (Code::ResourceExhausted, Part::Headers, "GetAccount", Code::ResourceExhausted, "MESSAGE_TOO_LARGE"),
            (Code::OutOfRange, Part::Trailers, "GetAccount", Code::Internal, "INTERNAL_ERROR"),
            (Code::Internal, Part::Headers, "GetAccount", Code::InvalidArgument, "MESSAGE_MALFORMED"),
            (Code::DataLoss, Part::Headers, "GetAccount", Code::InvalidArgument, "MESSAGE_MALFORMED"),
            (Code::Internal, Part::Trailers, "GetAccount", Code::Internal, "INTERNAL_ERROR"),
            (Code::Unknown, Part::Headers, "GetAccount", Code::Internal, "INTERNAL_ERROR"),
            (Code::Unavailable, Part::Headers, "GetAccount", Code::Unavailable, "SERVICE_OVERLOADED"),
            (Code::Cancelled, Part::Headers, "GetAccount", Code::DeadlineExceeded, "REQUEST_DEADLINE_EXCEEDED"),
            (Code::NotFound, Part::Headers, "Check", Code::NotFound, "METHOD_UNKNOWN"),
            (Code::PermissionDenied, Part::Headers, "GetAccount", Code::Internal, "INTERNAL_ERROR"),
        ];
        for (code, part, rpc, expected, reason) in cases {
            let answer = completed(Status::new(code, "foreign"), part, rpc);
            assert_eq!(answer, (expected, reason.to_owned()), "{code:?} in {part:?} of {rpc:?}");
        }
    }

    #[test]
    fn details_of_another_kind_do_not_count_and_metadata_stays() {
        let mut status = Status::with_details(Code::Unimplemented, "foreign", vec![0xff, 1, 2].into());
        status.metadata_mut().insert("grpc-accept-encoding", "gzip".parse().expect("a header value"));
        assert!(!carries_error_info(&status));
        let context = AnswerContext::new("req-1".to_owned(), "GetAccount", None);
        let answer = complete(status, Part::Headers, &context);
        assert!(carries_error_info(&answer));
        assert_eq!(answer.metadata().get("grpc-accept-encoding").map(|value| value.as_bytes()), Some(&b"gzip"[..]));
    }

    #[test]
    fn what_is_complete_or_fine_stays_as_it_is() {
        let context = AnswerContext::new("req-1".to_owned(), "GetAccount", None);
        let made = from_refusal(Refusal::RegistrationClosed, &context);
        let other = AnswerContext::new("req-2".to_owned(), "GetAccount", Some("fr"));
        assert_eq!(complete(made.clone(), Part::Headers, &other).details(), made.details());
        assert!(complete(Status::ok(""), Part::Trailers, &context).details().is_empty());
    }
}
