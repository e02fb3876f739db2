//! The anchor of a read on PostgreSQL: the least that answers GetAccount as the product does. One prepared statement on one connection that
//! all calls share (tokio-postgres pipelines what is sent on it), and the columns put into the message. No credential, no permission, no
//! contract, no limit, no deadline, no second connection when the first breaks.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use bytes::BytesMut;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use serde::Deserialize;
use tokio::runtime::Runtime;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, Row, Statement};
use tonic::body::Body;
use tonic::{Status, server};
use tonic_prost::ProstCodec;
use tower::Service;
use uuid::Uuid;

use enroll::domain::account::Origin;
use enroll::domain::ids::TenantId;
use enroll::proto::v1;

type Failure = Box<dyn Error + Sync + Send>;

/// All that the product reads of an account.
const QUERY: &str = "SELECT account_id, account_number, realm_id, contract_id, contract_version, user_name, display_name, given_name, \
    family_name, language, time_zone, email, email_verify_time, phone, phone_verify_time, state, verification_required, password_set, \
    password_change_required, origin, annotations, create_time, update_time, version, external_keys, consents, roles, attributes, \
    user_name_key, email_key, phone_key, delete_time, purge_time, tenant_id \
    FROM accounts WHERE tenant_id = $1 AND account_id = $2";

/// The service.
#[derive(Clone)]
pub struct Minimal(Arc<Shared>);

struct Shared {
    client: Client,
    statement: Statement,
    tenant_id: Uuid,
}

/// Ids as octets: what tokio-postgres has for uuid is an optional feature that nothing else needs.
#[derive(Debug)]
struct Id(Uuid);

impl FromSql<'_> for Id {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Failure> {
        Ok(Self(Uuid::from_slice(raw)?))
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::UUID
    }
}

impl ToSql for Id {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::UUID
    }

    to_sql_checked!();
}

/// A document. On the wire jsonb is its text behind a version, 1.
struct Json<T>(T);

impl<'a, T: Deserialize<'a>> FromSql<'a> for Json<T> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(serde_json::from_slice(raw.get(1..).unwrap_or_default())?))
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::JSONB
    }
}

impl Minimal {
    /// Connects and prepares.
    pub fn connect(runtime: &Runtime, url: &str, tenant_id: TenantId) -> Self {
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
            tokio::spawn(connection);
            // After so many new rows; for both sides, since both read the same tables.
            client.batch_execute("VACUUM ANALYZE").await.expect("vacuumed");
            let statement = client.prepare(QUERY).await.expect("prepared");
            Self(Arc::new(Shared { client, statement, tenant_id: tenant_id.as_uuid() }))
        })
    }
}

impl Shared {
    async fn get(&self, request: v1::GetAccountRequest) -> Result<v1::GetAccountResponse, Status> {
        let Some(v1::account_ref::Ref::AccountId(id)) = request.account.and_then(|account| account.r#ref) else {
            return Err(Status::invalid_argument("an account_id is needed"));
        };
        let id = Uuid::parse_str(&id).map_err(|_| Status::invalid_argument("not an id"))?;
        let found = self.client.query_opt(&self.statement, &[&Id(self.tenant_id), &Id(id)]).await;
        let row = found.map_err(|error| Status::internal(error.to_string()))?.ok_or_else(|| Status::not_found(""))?;
        let account = self.account(&row).map_err(|error| Status::internal(error.to_string()))?;
        Ok(v1::GetAccountResponse { account: Some(account) })
    }

    fn account(&self, row: &Row) -> Result<v1::Account, tokio_postgres::Error> {
        let id = |at| Ok::<_, tokio_postgres::Error>(row.try_get::<_, Id>(at)?.0.to_string());
        let text = |at| Ok::<_, tokio_postgres::Error>(row.try_get::<_, Option<String>>(at)?.unwrap_or_default());
        let time = |at| row.try_get::<_, Option<SystemTime>>(at).map(|time| time.map(prost_types::Timestamp::from));
        let Json(origin) = row.try_get::<_, Json<Origin>>(19)?;
        let Json(annotations) = row.try_get::<_, Json<BTreeMap<String, String>>>(20)?;
        let (email_verify_time, phone_verify_time) = (time(12)?, time(14)?);
        Ok(v1::Account {
            account_id: id(0)?,
            account_number: row.try_get(1)?,
            tenant_id: self.tenant_id.to_string(),
            realm_id: id(2)?,
            contract_id: id(3)?,
            contract_version: u32::try_from(row.try_get::<_, i32>(4)?).unwrap_or_default(),
            profile: Some(v1::Profile {
                user_name: text(5)?,
                display_name: text(6)?,
                given_name: text(7)?,
                family_name: text(8)?,
                language_code: text(9)?,
                time_zone: text(10)?,
            }),
            email: Some(v1::Email {
                address: text(11)?,
                verified: email_verify_time.is_some(),
                verify_time: email_verify_time,
            }),
            phone: Some(v1::Phone {
                number: text(13)?,
                verified: phone_verify_time.is_some(),
                verify_time: phone_verify_time,
            }),
            state: state(row.try_get(15)?).into(),
            verification_required: row.try_get(16)?,
            password_set: row.try_get(17)?,
            password_change_required: row.try_get(18)?,
            origin: Some(v1::Origin { application_id: origin.application_id.to_string(), ..Default::default() }),
            annotations,
            create_time: time(21)?,
            update_time: time(22)?,
            etag: format!("v{}", row.try_get::<_, i64>(23)?),
            ..Default::default()
        })
    }
}

fn state(text: &str) -> v1::AccountState {
    match text {
        "ACTIVE" => v1::AccountState::Active,
        _ => v1::AccountState::Unspecified,
    }
}

impl Service<Request<Body>> for Minimal {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let shared = self.0.clone();
        let answer = move |request: tonic::Request<v1::GetAccountRequest>| {
            let shared = shared.clone();
            async move { shared.get(request.into_inner()).await.map(tonic::Response::new) }
        };
        let codec = ProstCodec::<v1::GetAccountResponse, v1::GetAccountRequest>::default();
        Box::pin(async move { Ok(server::Grpc::new(codec).unary(tower::service_fn(answer), request).await) })
    }
}
