//! One Sync inside of TLS: how tokio-postgres is given a stream that is encrypted below.

use futures_util::TryFutureExt;
use futures_util::future::MapOk;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

use super::OneSync;

impl<S: TlsStream + Unpin> TlsStream for OneSync<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

/// Makes TLS with one Sync inside of it.
pub(in crate::store::postgres) struct OneSyncInside<T>(pub(in crate::store::postgres) T);

impl<S, T: MakeTlsConnect<S>> MakeTlsConnect<S> for OneSyncInside<T> {
    type Stream = OneSync<T::Stream>;
    type TlsConnect = OneSyncInside<T::TlsConnect>;
    type Error = T::Error;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Self::TlsConnect, Self::Error> {
        self.0.make_tls_connect(domain).map(OneSyncInside)
    }
}

impl<S, T: TlsConnect<S>> TlsConnect<S> for OneSyncInside<T> {
    type Stream = OneSync<T::Stream>;
    type Error = T::Error;
    type Future = MapOk<T::Future, fn(T::Stream) -> OneSync<T::Stream>>;

    fn connect(self, stream: S) -> Self::Future {
        self.0.connect(stream).map_ok(OneSync::over)
    }
}
