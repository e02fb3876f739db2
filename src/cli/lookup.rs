//! People name realms, contracts and applications; the rpcs take ids.

use serde_json::{Value, json};
use uuid::Uuid;

use super::error::CliError;
use super::session::Session;

/// What has a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named {
    Realm,
    Contract,
    Application,
}

impl Named {
    /// The method that lists them, their field in its answer, and the field of their id.
    fn list(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Realm => ("RealmService/ListRealms", "realms", "realmId"),
            Self::Contract => ("ContractService/ListContracts", "contracts", "contractId"),
            Self::Application => ("ApplicationService/ListApplications", "applications", "applicationId"),
        }
    }

    /// The id of the one that is meant. An id is taken at its word; a name is looked for page by page.
    pub(super) async fn id(self, session: &Session, name: &str) -> Result<String, CliError> {
        if name.parse::<Uuid>().is_ok() {
            return Ok(name.to_owned());
        }
        let (method, rows, id) = self.list();
        let mut token = String::new();
        loop {
            let page = session.call(method, json!({"page_size": 200, "page_token": token})).await?;
            let items = page.get(rows).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let found = items.iter().find(|item| item["name"] == name).and_then(|item| item[id].as_str());
            if let Some(found) = found {
                return Ok(found.to_owned());
            }
            match page.get("nextPageToken").and_then(Value::as_str) {
                Some(next) if !next.is_empty() => next.clone_into(&mut token),
                _ => return Err(CliError::Usage(format!("there is no `{name}` among the {rows}"))),
            }
        }
    }

    /// The same where nobody may be meant.
    pub(super) async fn optional_id(self, session: &Session, name: Option<&str>) -> Result<Option<String>, CliError> {
        match name {
            Some(name) => Ok(Some(self.id(session, name).await?)),
            None => Ok(None),
        }
    }
}
