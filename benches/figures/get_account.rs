//! P5 and P6: reading one account of many, by its id, at random. On SQLite the anchor is bare tonic that answers with the same octets and
//! reads nothing; on PostgreSQL it is the least handler that reads the same row over one pipelined connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use prost::Message;
use tonic::Status;
use tonic::body::Body;
use tower::Service;

use enroll::domain::account::AccountRef;
use enroll::domain::ids::{AccountId, TenantId};
use enroll::proto::v1;
use enroll::store::Store;

use super::Bench;
use super::bare::{self, Echo, RawCodec};
use super::contest::{Contest, Row};
use super::generator::{Bodies, Target};
use super::minimal::Minimal;
use super::postgres::{Cluster, Durability};
use super::product::{GET_ACCOUNT, Product};

const GOAL_SQLITE: f64 = 0.55;
const GOAL_POSTGRES: f64 = 0.75;

/// P5.
pub fn on_sqlite(bench: &Bench) -> Vec<Row> {
    let product = Product::on_sqlite(&bench.server);
    let ids: Arc<[AccountId]> = product.fill(&bench.server, &bench.generator, bench.options.accounts).into();
    let target = |address, bodies: Bodies| bench.generator.target(address, GET_ACCOUNT, product.key().expose(), bodies);
    let ours = target(product.server().address(), by_id(ids.clone()));
    let reply = check(bench, &ours);
    let echo = target(bare::serve(&bench.server, Echo { reply: Some(reply.clone()) }), by_id(ids.clone()));
    let what = format!("GetAccount on SQLite, {} accounts / bare tonic, same octets", ids.len());
    let (row, rate) = bench.contest(Contest { figure: "P5", what, goal: Some(GOAL_SQLITE) }, &ours, &echo);
    let mut rows = vec![row];
    bench.latencies("P5", "GetAccount on SQLite", &ours, rate / 2.0);
    bench.latencies("P5", "bare tonic", &echo, rate / 2.0);
    if bench.options.ablations {
        let store = target(store_only(bench, &product, reply), by_id(ids.clone()));
        rows.push(bench.explain("P5", "tonic and the store's read alone / bare tonic", &store, &echo));
        rows.push(bench.explain("P5", "GetAccount / tonic and the store's read alone", &ours, &store));
        let by_email = target(product.server().address(), by_email(ids.len()));
        check(bench, &by_email);
        rows.push(bench.explain("P5", "GetAccount by e-mail / bare tonic", &by_email, &echo));
    }
    product.stop(&bench.server);
    rows
}

/// P6.
pub fn on_postgres(bench: &Bench) -> Vec<Row> {
    let cluster = Arc::new(bench.server.block_on(Cluster::start(Durability::Fast)));
    let database = bench.server.block_on(cluster.database(None));
    let product = Product::on_postgres(&bench.server, &database.url);
    let ids: Arc<[AccountId]> = product.fill(&bench.server, &bench.generator, bench.options.accounts).into();
    let target = |address, bodies: Bodies| bench.generator.target(address, GET_ACCOUNT, product.key().expose(), bodies);
    let minimal = Minimal::connect(&bench.server, &database.url, product.tenant_id());
    let ours = target(product.server().address(), by_id(ids.clone()));
    let theirs = target(bare::serve(&bench.server, minimal), by_id(ids.clone()));
    let (reply, expected) = (check(bench, &ours), check(bench, &theirs));
    assert_eq!(reply, expected, "product and anchor answer alike");
    let what = format!("GetAccount on PostgreSQL, {} accounts / minimal handler on one connection", ids.len());
    let (row, rate) = bench.contest(Contest { figure: "P6", what, goal: Some(GOAL_POSTGRES) }, &ours, &theirs);
    let mut rows = vec![row];
    bench.latencies("P6", "GetAccount on PostgreSQL", &ours, rate / 2.0);
    bench.latencies("P6", "minimal handler", &theirs, rate / 2.0);
    if bench.options.ablations {
        let store = target(store_only(bench, &product, reply), by_id(ids.clone()));
        rows.push(bench.explain("P6", "tonic and the store's read alone / minimal handler", &store, &theirs));
    }
    product.stop(&bench.server);
    rows
}

/// The first answer is that of the first account; its octets.
fn check(bench: &Bench, target: &Target) -> Bytes {
    let reply = bench.generator.ask(target);
    let account = v1::GetAccountResponse::decode(reply.clone()).expect("a message").account.expect("an account");
    assert!(account.email.is_some_and(|email| email.address.ends_with("@example.com")), "an account as it was written");
    reply
}

/// Requests for accounts far apart, in an order that is the same in each run.
fn by_id(ids: Arc<[AccountId]>) -> Bodies {
    let request = |id: &AccountId| request(v1::account_ref::Ref::AccountId(id.to_string()));
    let requests: Vec<Bytes> = ids.iter().map(request).collect();
    Arc::new(move |n| requests[shuffled(n, requests.len())].clone())
}

fn by_email(count: usize) -> Bodies {
    let request = |n| request(v1::account_ref::Ref::Email(format!("Person-{n}@example.com")));
    let requests: Vec<Bytes> = (0..count).map(request).collect();
    Arc::new(move |n| requests[shuffled(n, requests.len())].clone())
}

fn request(name: v1::account_ref::Ref) -> Bytes {
    let account = Some(v1::AccountRef { r#ref: Some(name) });
    Bytes::from(v1::GetAccountRequest { account, ..Default::default() }.encode_to_vec())
}

/// A multiplicative hash (Knuth): neighbours end far apart.
fn shuffled(n: u64, count: usize) -> usize {
    let hash = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    usize::try_from(hash).unwrap_or(0) % count
}

/// A handler that reads the account from the store and answers with octets made before: no layer, no use case, no encoding.
fn store_only(bench: &Bench, product: &Product, reply: Bytes) -> SocketAddr {
    let (store, tenant_id) = (product.store().clone(), product.tenant_id());
    bare::serve(&bench.server, StoreOnly { store, tenant_id, reply })
}

#[derive(Clone)]
struct StoreOnly {
    store: Store,
    tenant_id: TenantId,
    reply: Bytes,
}

impl StoreOnly {
    async fn get(self, request: Bytes) -> Result<Bytes, Status> {
        let request = v1::GetAccountRequest::decode(request).map_err(|_| Status::invalid_argument("not a message"))?;
        let Some(v1::account_ref::Ref::AccountId(id)) = request.account.and_then(|account| account.r#ref) else {
            return Err(Status::invalid_argument("an account_id is needed"));
        };
        let id: AccountId = id.parse().map_err(|_| Status::invalid_argument("not an id"))?;
        let found = self.store.accounts().get(self.tenant_id, &AccountRef::Id(id)).await;
        let found = found.map_err(|error| Status::internal(error.to_string()))?;
        found.map(|_| self.reply).ok_or_else(|| Status::not_found(""))
    }
}

impl Service<Request<Body>> for StoreOnly {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let handler = self.clone();
        let answer = move |request: tonic::Request<Bytes>| {
            let handler = handler.clone();
            async move { handler.get(request.into_inner()).await.map(tonic::Response::new) }
        };
        Box::pin(async move { Ok(tonic::server::Grpc::new(RawCodec).unary(tower::service_fn(answer), request).await) })
    }
}
