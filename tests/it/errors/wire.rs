//! Calls that no use case ever sees.

use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Response, Status};

use crate::support::requests::create;
use crate::support::{Client, Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    bytes_that_are_no_message_are_malformed,
    a_message_over_the_limit_is_too_large,
    a_method_that_is_not_there_is_unknown,
    a_call_with_two_messages_is_malformed,
    a_stranger_is_not_told_which_methods_there_are,
);

/// Sends bytes as they are.
#[derive(Clone, Copy, Debug, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let len = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(len)))
    }
}

async fn send(client: &Client, path: &'static str, message: &'static [u8]) -> Result<Response<Bytes>, Status> {
    let mut grpc = tonic::client::Grpc::new(client.wire());
    grpc.ready().await.expect("a connection");
    grpc.unary(Request::new(Bytes::from_static(message)), PathAndQuery::from_static(path), Raw).await
}

const CREATE: &str = "/enroll.v1.AccountService/CreateAccount";

async fn bytes_that_are_no_message_are_malformed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    // A field that says it is longer than the message; a wire type that does not exist; a text that is no UTF-8.
    for message in [&b"\x0a\xff"[..], b"\x0f", b"\x0a\x02\xc3\x28"] {
        let told = refused(send(&client, CREATE, message).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("InvalidArgument", "MESSAGE_MALFORMED"), "{message:?}");
    }
    let told = refused(send(&client, CREATE, b"\x0a\xff").await);
    assert_snapshot!(told, @r"InvalidArgument MESSAGE_MALFORMED: The bytes are not a message of this method's request type.");
}

async fn a_message_over_the_limit_is_too_large(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let mut request = create("a@example.com");
    let annotations = &mut request.account.as_mut().expect("an account").annotations;
    annotations.insert("a".to_owned(), "x".repeat(256 << 10));
    let told = refused(client.accounts().create_account(request.clone()).await);
    assert_snapshot!(told, @r"ResourceExhausted MESSAGE_TOO_LARGE: The message is larger than the server takes.");
    let compressed = client.accounts().send_compressed(tonic::codec::CompressionEncoding::Gzip);
    let told = refused({ compressed }.create_account(request).await);
    assert_eq!(told.reason, "MESSAGE_TOO_LARGE", "what unpacks to more is too large too");
    made(client.accounts().create_account(create("a@example.com")).await);
}

async fn a_method_that_is_not_there_is_unknown(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    for path in [
        "/enroll.v1.AccountService/ForgetAccount",
        "/enroll.v1.SecretService/Reveal",
        "/enroll.v1.AccountService/createaccount",
        "/nothing",
    ] {
        let told = refused(send(&client, path, b"").await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("Unimplemented", "METHOD_UNKNOWN"), "{path}");
    }
}

/// Sends so many messages as one call.
async fn send_all(client: &Client, path: &'static str, messages: &[&'static [u8]]) -> Result<Response<Bytes>, Status> {
    let mut grpc = tonic::client::Grpc::new(client.wire());
    grpc.ready().await.expect("a connection");
    let messages: Vec<_> = messages.iter().map(|message| Bytes::from_static(message)).collect();
    let request = Request::new(tokio_stream::iter(messages));
    grpc.client_streaming(request, PathAndQuery::from_static(path), Raw).await
}

async fn a_call_with_two_messages_is_malformed(engine: Engine) {
    const LIST: &str = "/enroll.v1.TenantService/ListTenants";
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.read"]).await;
    made(send_all(&client, LIST, &[b""]).await);
    let malformed: [&[&'static [u8]]; 4] = [&[b"", b""], &[b"", b"\x08\x01"], &[b"", b"", b""], &[]];
    for messages in malformed {
        let told = refused(send_all(&client, LIST, messages).await);
        let expected = ("InvalidArgument", "MESSAGE_MALFORMED");
        assert_eq!((told.code.as_str(), told.reason.as_str()), expected, "{messages:?}");
    }
}

async fn a_stranger_is_not_told_which_methods_there_are(engine: Engine) {
    let app = TestApp::start(engine).await;
    let stranger = app.anonymous();
    for path in [CREATE, "/enroll.v1.AccountService/ForgetAccount"] {
        let told = refused(send(&stranger, path, b"\x0f").await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("Unauthenticated", "CREDENTIALS_MISSING"), "{path}");
    }
}
