//! An HTTP server of this machine in the place of a provider that the service posts forms to; it answers as the test says.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// A request as the provider got it: its headers and its form.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its header of that name.
    pub authorization: String,
    /// Its header of that name.
    pub idempotency_key: String,
    /// Its body.
    pub form: String,
}

/// A provider that gives the answers it was told, in order: status, `retry-after`, body.
pub struct Provider {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Answers = Arc<Mutex<VecDeque<(u16, Option<&'static str>, &'static str)>>>;

impl Provider {
    /// Each answer is given once; a request too many gets none and is there among what was asked.
    pub async fn answering(answers: &[(u16, Option<&'static str>, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers: Answers = Arc::new(Mutex::new(answers.iter().copied().collect()));
        let seen = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, answers) = (seen.clone(), answers.clone());
                let service = service_fn(move |request| answer(request, seen.clone(), answers.clone()));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { address, asked }
    }

    /// Where it is asked.
    pub fn url(&self) -> String {
        format!("http://{}/answer", self.address)
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }
}

async fn answer(
    request: Request<Incoming>,
    seen: Arc<Mutex<Vec<Asked>>>,
    answers: Answers,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
    let (authorization, idempotency_key) = (header("authorization"), header("idempotency-key"));
    let form = String::from_utf8(request.into_body().collect().await?.to_bytes().to_vec()).expect("text");
    let told = Asked {
        authorization: authorization.unwrap_or_default(),
        idempotency_key: idempotency_key.unwrap_or_default(),
        form,
    };
    seen.lock().expect("no panic").push(told);
    let (status, retry_after, body) = answers.lock().expect("no panic").pop_front().expect("an answer for it");
    let mut response = Response::builder().status(status);
    if let Some(seconds) = retry_after {
        response = response.header("retry-after", seconds);
    }
    Ok(response.body(Full::new(Bytes::from(body))).expect("a response"))
}

/// Where nobody listens.
pub fn nowhere() -> String {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    format!("http://{nobody}/")
}
