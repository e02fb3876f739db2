//! The codec of every method: prost's, but for a second message of a call, which it refuses. All methods here are unary (gRPC over
//! HTTP/2: exactly one message each way), and tonic would answer from the first message and read on for as long as more come.

use std::marker::PhantomData;

use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstDecoder, ProstEncoder};

/// See the module.
#[derive(Clone, Debug)]
pub struct UnaryCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for UnaryCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for UnaryCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = One<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        One { inner: ProstDecoder::default(), is_read: false }
    }
}

/// Decodes one message.
#[derive(Clone, Debug)]
pub struct One<U> {
    inner: ProstDecoder<U>,
    is_read: bool,
}

impl<U: Message + Default> Decoder for One<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        if std::mem::replace(&mut self.is_read, true) {
            return Err(Status::internal("a unary call has one message"));
        }
        self.inner.decode(buffer)
    }
}
