//! However a call ends, its answer is whole: details, code and request id, in the headers or in the trailers.

use tonic::Code;

use super::support::{Behaviour, CREATE_ACCOUNT, House};

const CREATOR: (&str, &str) = ("authorization", "Bearer creator");

/// What a caller is told by a service that behaves so, and whether in the headers.
async fn told(behaviour: Behaviour, headers: &[(&'static str, &str)]) -> (Code, String, bool) {
    let house = House::that(behaviour);
    let mut all = vec![CREATOR];
    all.extend(headers);
    let answer = house.call(CREATE_ACCOUNT, &all).await;
    assert_eq!(house.calls.lock().expect("not poisoned").len(), 1, "the service was reached");
    let (code, reason) = answer.refusal();
    (code, reason, answer.code_in_headers)
}

#[tokio::test]
async fn what_the_codec_refuses_is_the_callers_fault_and_says_so() {
    for (made, code, reason) in [
        (Code::Internal, Code::InvalidArgument, "MESSAGE_MALFORMED"),
        (Code::OutOfRange, Code::ResourceExhausted, "MESSAGE_TOO_LARGE"),
        (Code::ResourceExhausted, Code::ResourceExhausted, "MESSAGE_TOO_LARGE"),
        (Code::Unimplemented, Code::Unimplemented, "FEATURE_UNAVAILABLE"),
    ] {
        assert_eq!(told(Behaviour::Refuses(made), &[]).await, (code, reason.to_owned(), true), "{made:?}");
    }
}

#[tokio::test]
async fn what_fails_while_answering_is_ours() {
    let told = told(Behaviour::Fails(Code::Internal), &[]).await;
    assert_eq!(told, (Code::Internal, "INTERNAL_ERROR".to_owned(), false));
}

#[tokio::test]
async fn a_panic_is_an_answer() {
    for (behaviour, in_headers) in [(Behaviour::Panics, true), (Behaviour::PanicsMidway, false)] {
        let told = told(behaviour, &[]).await;
        assert_eq!(told, (Code::Internal, "INTERNAL_ERROR".to_owned(), in_headers));
    }
}

#[tokio::test]
async fn the_time_is_up_before_and_while_answering() {
    for (behaviour, in_headers) in [(Behaviour::Hangs, true), (Behaviour::HangsMidway, false)] {
        let told = told(behaviour, &[("grpc-timeout", "20m")]).await;
        assert_eq!(told, (Code::DeadlineExceeded, "REQUEST_DEADLINE_EXCEEDED".to_owned(), in_headers));
    }
}
