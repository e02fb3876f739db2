//! One Sync inside of TLS: how tokio-postgres is given a stream that is encrypted below.

use std::pin::Pin;
use std::time::Duration;

use futures_util::TryFutureExt;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

use super::OneSync;

impl<S: TlsStream + Unpin> TlsStream for OneSync<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

/// Makes TLS with one Sync inside of it, on which the server may owe an answer for so long.
pub(in crate::store::postgres) struct OneSyncInside<T> {
    pub(in crate::store::postgres) tls: T,
    pub(in crate::store::postgres) silence_max: Duration,
}

impl<S, T: MakeTlsConnect<S>> MakeTlsConnect<S> for OneSyncInside<T>
where
    <T::TlsConnect as TlsConnect<S>>::Future: Send + 'static,
{
    type Stream = OneSync<T::Stream>;
    type TlsConnect = OneSyncInside<T::TlsConnect>;
    type Error = T::Error;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Self::TlsConnect, Self::Error> {
        let silence_max = self.silence_max;
        self.tls.make_tls_connect(domain).map(|tls| OneSyncInside { tls, silence_max })
    }
}

impl<S, T: TlsConnect<S>> TlsConnect<S> for OneSyncInside<T>
where
    T::Future: Send + 'static,
{
    type Stream = OneSync<T::Stream>;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Stream, Self::Error>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let silence_max = self.silence_max;
        Box::pin(self.tls.connect(stream).map_ok(move |stream| OneSync::over(stream, silence_max)))
    }
}
