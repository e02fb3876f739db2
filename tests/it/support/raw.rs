//! Calls by path and bytes: whatever a client may send, also what no generated one would.

use bytes::{Buf, BufMut};
use http::uri::PathAndQuery;
use prost_reflect::prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use serde_json::Value;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Response, Status};

use super::client::Client;

/// Every rpc of enroll.v1, from the descriptor set that the server embeds.
pub fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(enroll::proto::FILE_DESCRIPTOR_SET).expect("a descriptor set");
    let services = pool.services().filter(|service| service.package_name() == "enroll.v1");
    services.flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// `enroll.v1.AccountService/CreateAccount`.
pub fn path(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().full_name(), method.name())
}

/// A request as bytes, out of proto JSON.
pub fn encode(method: &MethodDescriptor, request: Value) -> Vec<u8> {
    let message = DynamicMessage::deserialize(method.input(), request);
    message.unwrap_or_else(|error| panic!("no {}: {error}", method.input().name())).encode_to_vec()
}

/// Calls a method with these bytes.
pub async fn call(client: &Client, path: &str, message: Vec<u8>) -> Result<Response<Vec<u8>>, Status> {
    let mut grpc = Grpc::new(client.wire());
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path: PathAndQuery = format!("/{path}").parse().expect("a path");
    grpc.unary(Request::new(message), path, Bytes).await
}

/// Messages as they are.
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}
