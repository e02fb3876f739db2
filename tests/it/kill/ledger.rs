//! What a client knows: what it asked for, and what it was told.

use std::fmt;

use futures_util::stream::{self, StreamExt};
use tonic::{Code, Status};
use uuid::Uuid;

use enroll::proto::v1;
use enroll::proto::v1::account_ref::Ref;

use crate::support::{Client, requests};

/// How many calls of the reconciliation are under way at once.
const CALLS_AT_ONCE: usize = 16;

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is an account of this id.
    Acknowledged(String),
    /// The service refused: nothing was made.
    Refused(String),
    /// The connection ended first: it was made, or it was not.
    Unknown,
}

impl Outcome {
    /// The service said that it is done.
    pub fn is_acknowledged(&self) -> bool {
        matches!(self, Self::Acknowledged(_))
    }

    /// Nobody knows.
    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }

    fn of(answer: Result<Option<v1::Account>, Status>) -> Self {
        match answer {
            Ok(account) => Self::Acknowledged(account.expect("an account").account_id),
            Err(status) => match status.code() {
                // What a client makes of a connection that broke; the service itself says UNAVAILABLE where it does not know.
                Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded | Code::Internal => {
                    Self::Unknown
                }
                code => Self::Refused(format!("{code:?}: {}", status.message())),
            },
        }
    }
}

/// Which rpc makes the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rpc {
    Create,
    Register,
    Portal,
}

/// One request, as it would be sent again.
#[derive(Clone, Debug)]
pub struct Entry {
    rpc: Rpc,
    /// Unique in a test.
    name: String,
    request_id: String,
}

impl Entry {
    /// The request `at` of a client in a round.
    pub fn new(round: usize, client: usize, at: usize) -> Self {
        let rpc = match (client + at) % 8 {
            7 => Rpc::Portal,
            even if even % 2 == 0 => Rpc::Create,
            _ => Rpc::Register,
        };
        Self { rpc, name: format!("person-{round}-{client}-{at}"), request_id: Uuid::now_v7().to_string() }
    }

    fn address(&self) -> String {
        match self.rpc {
            Rpc::Portal => format!("owner@{}.example", self.name),
            Rpc::Create | Rpc::Register => format!("{}@example.org", self.name),
        }
    }

    /// Sends it; what came of it.
    pub async fn send(&self, client: &Client) -> Outcome {
        let request_id = self.request_id.clone();
        Outcome::of(match self.rpc {
            Rpc::Create => {
                let request = v1::CreateAccountRequest { request_id, ..requests::create(&self.address()) };
                client.accounts().create_account(request).await.map(|answer| answer.into_inner().account)
            }
            Rpc::Register => {
                let request = v1::RegisterAccountRequest { request_id, ..requests::register(&self.address()) };
                client.registration().register_account(request).await.map(|answer| answer.into_inner().account)
            }
            Rpc::Portal => {
                let request = v1::RegisterPortalRequest { request_id, ..requests::portal(&self.name) };
                client.registration().register_portal(request).await.map(|answer| answer.into_inner().owner)
            }
        })
    }

    /// The id of the account that holds the address, as the service tells it now; `None` where nobody does.
    async fn holder(&self, client: &Client) -> Option<String> {
        let mut request = requests::account_ref(Ref::Email(self.address()));
        if self.rpc == Rpc::Portal {
            let name = v1::tenant_ref::Ref::PortalName(self.name.clone());
            match client.tenants().get_tenant(requests::tenant_ref(name)).await {
                Ok(answer) => request.tenant_id = answer.into_inner().tenant.expect("a tenant").tenant_id,
                Err(status) if status.code() == Code::NotFound => return None,
                Err(status) => panic!("the tenant cannot be read: {status:?}"),
            }
        }
        match client.accounts().get_account(request).await {
            Ok(answer) => Some(answer.into_inner().account.expect("an account").account_id),
            Err(status) if status.code() == Code::NotFound => None,
            Err(status) => panic!("the account cannot be read: {status:?}"),
        }
    }

    /// What is wrong between what a client was told and what is there. An unknown outcome is resolved by asking again.
    async fn fault(&self, outcome: &Outcome, client: &Client) -> Option<String> {
        let before = self.holder(client).await;
        let name = &self.name;
        match outcome {
            Outcome::Acknowledged(id) => {
                (before.as_ref() != Some(id)).then(|| format!("{name} was acknowledged as {id} and is {before:?}"))
            }
            Outcome::Refused(why) => before.map(|id| format!("{name} was refused ({why}) and is there as {id}")),
            Outcome::Unknown => {
                let again = self.send(client).await;
                let Outcome::Acknowledged(id) = &again else {
                    return Some(format!(
                        "{name} came to nothing when it was sent again: {again:?}; before, it was {before:?}"
                    ));
                };
                let after = self.holder(client).await;
                let is_one = after.as_ref() == Some(id) && before.as_ref().is_none_or(|before| before == id);
                (!is_one).then(|| format!("{name} was {before:?}, then made as {id}, and is {after:?}"))
            }
        }
    }
}

/// Requests with what came of them.
#[derive(Debug, Default)]
pub struct Ledger(Vec<(Entry, Outcome)>);

impl Ledger {
    /// Adds a request that has ended.
    pub fn note(&mut self, entry: Entry, outcome: Outcome) {
        self.0.push((entry, outcome));
    }

    /// Adds another client's ledger.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The addresses of up to `count` accounts that were acknowledged, spread over the whole ledger.
    pub fn sample(&self, count: usize) -> Vec<String> {
        let acknowledged: Vec<&Entry> =
            self.0.iter().filter(|(_, outcome)| outcome.is_acknowledged()).map(|(entry, _)| entry).collect();
        let step = acknowledged.len().div_ceil(count).max(1);
        acknowledged.into_iter().step_by(step).map(Entry::address).collect()
    }

    /// How many outcomes are of a kind.
    pub fn count(&self, kind: impl Fn(&Outcome) -> bool) -> usize {
        self.0.iter().filter(|(_, outcome)| kind(outcome)).count()
    }

    /// Says of every request that it was refused, for a control.
    pub fn refuse_all(&mut self) {
        for (_, outcome) in &mut self.0 {
            *outcome = Outcome::Refused("a control".to_owned());
        }
    }

    /// How many accounts and portals there have to be once every unknown outcome is resolved.
    pub fn expected(&self) -> (i64, i64) {
        let there = self.0.iter().filter(|(_, outcome)| !matches!(outcome, Outcome::Refused(_)));
        let portals = there.clone().filter(|(entry, _)| entry.rpc == Rpc::Portal);
        let count = |number: usize| i64::try_from(number).expect("a count");
        (count(there.count()), count(portals.count()))
    }

    /// Holds a server against the ledger; a sentence for every difference.
    pub async fn reconcile(&self, client: &Client) -> Vec<String> {
        stream::iter(&self.0)
            .map(|(entry, outcome)| entry.fault(outcome, client))
            .buffer_unordered(CALLS_AT_ONCE)
            .filter_map(std::future::ready)
            .collect()
            .await
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (done, unknown) = (self.count(Outcome::is_acknowledged), self.count(Outcome::is_unknown));
        let refused: Vec<String> = self
            .0
            .iter()
            .filter_map(|(entry, outcome)| match outcome {
                Outcome::Refused(why) => Some(format!("\n  {}: {why}", entry.name)),
                _ => None,
            })
            .collect();
        write!(f, "{done} acknowledged, {unknown} unknown, {} refused{}", refused.len(), refused.concat())
    }
}
