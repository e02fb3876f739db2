//! Who may call what: every rpc of the descriptor by every kind of caller on every kind of tenant, each cell asserted. An rpc without a row fails,
//! and so does a row whose words are not the policy in the proto.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{TimeDelta, Utc};
use prost_reflect::{MethodDescriptor, ReflectMessage, Value as Reflected};
use serde_json::{Value, json};

use enroll::domain::permission::Permission;
use enroll::domain::secret::ApplicationKeySecret;
use enroll::proto::v1;

use crate::support::app::application;
use crate::support::{Client, Engine, TestApp, made, on_both_engines, raw, requests, told};

use rows::{NOWHERE, Needs, ROWS, Row, Scope};

on_both_engines!(every_cell_is_as_expected);

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Principal {
    Anonymous,
    UnknownKey,
    RevokedKey,
    ExpiredKey,
    KeyOfADisabledApplication,
    /// The operator, on behalf of a person whose token is none of ours.
    OnBehalfOfNobody,
    /// As [`Self::Without`], on behalf of a person of the default tenant who has no role.
    OnBehalfOfAPerson,
    /// The operator, on behalf of a person who has to change the password first.
    OnBehalfOfARestrictedPerson,
    /// An application with every permission but the one it needs; of none, where none is needed.
    Without,
    /// An application with the permission at home.
    With,
    /// An application with the permission on another tenant, and none at home.
    WithElsewhere,
    Operator,
}

const PRINCIPALS: [Principal; 12] = [
    Principal::Anonymous,
    Principal::UnknownKey,
    Principal::RevokedKey,
    Principal::ExpiredKey,
    Principal::KeyOfADisabledApplication,
    Principal::OnBehalfOfNobody,
    Principal::OnBehalfOfAPerson,
    Principal::OnBehalfOfARestrictedPerson,
    Principal::Without,
    Principal::With,
    Principal::WithElsewhere,
    Principal::Operator,
];

/// Which tenant the call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    /// The request names none: the caller's home.
    Unnamed,
    /// The caller's home, by its id.
    Own,
    /// A tenant that is somebody else's.
    Other,
    /// No tenant at all.
    Absent,
}

/// The tenants that a request can be about.
fn targets(scope: Scope) -> &'static [Target] {
    match scope {
        Scope::Nothing => &[Target::Unnamed],
        Scope::TenantId | Scope::TenantRef => &[Target::Unnamed, Target::Own, Target::Other, Target::Absent],
    }
}

/// The answer that a cell has to have: `OK` or a reason.
fn expected(row: &Row, principal: Principal, target: Target) -> &'static str {
    let at_home = matches!(target, Target::Unnamed | Target::Own);
    let lacking = match row.needs {
        Needs::Key => row.reached,
        Needs::Permission(_) | Needs::PermissionOrSelf(_) | Needs::PermissionByToken(_) => "PERMISSION_MISSING",
        Needs::PermissionInClosedRealm(_) => "REGISTRATION_CLOSED",
    };
    match principal {
        Principal::Anonymous => "CREDENTIALS_MISSING",
        Principal::UnknownKey | Principal::RevokedKey | Principal::KeyOfADisabledApplication => "CREDENTIALS_INVALID",
        Principal::ExpiredKey => "CREDENTIALS_EXPIRED",
        Principal::OnBehalfOfNobody => "SESSION_INVALID",
        // Who may end the own sessions ends none by naming one that is not theirs; the answer does not tell the two apart.
        Principal::OnBehalfOfAPerson if at_home && row.rpc == "SessionService/RevokeSession" => row.reached,
        Principal::OnBehalfOfARestrictedPerson if !row.restricted => "PASSWORD_CHANGE_REQUIRED",
        // The method refuses before anybody looks at the tenant.
        Principal::Without if matches!(row.needs, Needs::PermissionOrSelf(_)) => lacking,
        Principal::Without | Principal::OnBehalfOfAPerson
            if matches!(row.needs, Needs::Permission(_) | Needs::PermissionByToken(_)) =>
        {
            lacking
        }
        Principal::Without | Principal::OnBehalfOfAPerson => {
            if at_home {
                lacking
            } else {
                "TENANT_NOT_FOUND"
            }
        }
        Principal::With => {
            if at_home {
                row.reached
            } else {
                "TENANT_NOT_FOUND"
            }
        }
        Principal::WithElsewhere => match target {
            Target::Other => row.reached,
            Target::Absent => "TENANT_NOT_FOUND",
            Target::Unnamed if matches!(row.needs, Needs::PermissionByToken(_)) => row.reached,
            Target::Unnamed | Target::Own => lacking,
        },
        Principal::Operator | Principal::OnBehalfOfARestrictedPerson => {
            if target == Target::Absent {
                "TENANT_NOT_FOUND"
            } else {
                row.reached
            }
        }
    }
}

async fn every_cell_is_as_expected(engine: Engine) {
    let app = TestApp::start(engine).await;
    let callers = Callers::new(&app).await;
    let written = trail(&app).await;
    let (mut cells, mut faults) = (0, Vec::new());
    for method in raw::methods() {
        let row = row_of(&method).expect("the test below holds that every rpc has a row");
        for principal in PRINCIPALS {
            let client = callers.client(principal, row.needs.permission());
            let mut unseen = Vec::new();
            for &target in targets(row.scope) {
                let message = raw::encode(&method, callers.request(row, target));
                let answered = match raw::call(client, &raw::path(&method), message).await {
                    Ok(_) => "OK".to_owned(),
                    Err(status) => {
                        let told = told::read(&status);
                        if matches!(target, Target::Other | Target::Absent) && told.reason == "TENANT_NOT_FOUND" {
                            unseen.push(told.to_string());
                        }
                        told.reason
                    }
                };
                let expected = expected(row, principal, target);
                if answered != expected {
                    faults.push(format!("{} by {principal:?} on {target:?}: {answered}, not {expected}", row.rpc));
                }
                cells += 1;
            }
            if unseen.len() == 2 && unseen[0] != unseen[1] {
                faults.push(format!(
                    "{} by {principal:?} tells a tenant of somebody else from none at all: {unseen:?}",
                    row.rpc
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{} of {cells} cells:\n{}", faults.len(), faults.join("\n"));
    let all: usize = ROWS.iter().map(|row| PRINCIPALS.len() * targets(row.scope).len()).sum();
    assert_eq!(cells, all, "every cell was asked");
    assert_eq!(trail(&app).await, written, "nothing was written because of the questions");
}

async fn trail(app: &TestApp) -> (i64, i64, i64) {
    let count = async |table: &str| app.database().count(table).await;
    (count("events").await, count("audit_entries").await, count("accounts").await)
}

fn row_of(method: &MethodDescriptor) -> Option<&'static Row> {
    let name = raw::path(method);
    ROWS.iter().find(|row| name == format!("enroll.v1.{}", row.rpc))
}

#[test]
fn every_rpc_has_a_row_and_every_row_an_rpc() {
    let methods: BTreeSet<String> = raw::methods().iter().map(raw::path).collect();
    let rows: BTreeSet<String> = ROWS.iter().map(|row| format!("enroll.v1.{}", row.rpc)).collect();
    assert_eq!(methods, rows);
    assert_eq!(rows.len(), ROWS.len(), "no rpc has two rows");
}

#[test]
fn every_row_says_what_the_policy_in_the_proto_says() {
    for method in raw::methods() {
        let Some(row) = row_of(&method) else { continue };
        let (access, permission) = policy(&method);
        let expected = match row.needs {
            Needs::Key | Needs::PermissionInClosedRealm(_) => ("ACCESS_APPLICATION", ""),
            Needs::Permission(name) | Needs::PermissionByToken(name) => ("ACCESS_PERMISSION", name),
            Needs::PermissionOrSelf(name) => ("ACCESS_PERMISSION_OR_SELF", name),
        };
        assert_eq!((access.as_str(), permission.as_str()), expected, "{}", row.rpc);
        assert!(row.needs.permission().is_none_or(|name| name.parse::<Permission>().is_ok()), "{}", row.rpc);
        assert_eq!(
            method.input().get_field_by_name("tenant_id").is_some(),
            row.scope == Scope::TenantId,
            "{}",
            row.rpc
        );
    }
}

/// Access and permission of the method option.
fn policy(method: &MethodDescriptor) -> (String, String) {
    let extension = method.parent_pool().get_extension_by_name("enroll.options.v1.policy").expect("the option");
    let options = method.options();
    let option = options.get_extension(&extension);
    let policy = option.as_message().expect("a message");
    let access = policy.get_field_by_name("access").and_then(|value| value.as_enum_number());
    let name = match policy.descriptor().get_field_by_name("access").map(|field| field.kind()) {
        Some(prost_reflect::Kind::Enum(kind)) => {
            kind.get_value(access.unwrap_or_default()).map(|value| value.name().to_owned())
        }
        _ => None,
    };
    let permission = policy.get_field_by_name("permission").map(|value| match value.as_ref() {
        Reflected::String(text) => text.clone(),
        _ => String::new(),
    });
    (name.unwrap_or_default(), permission.unwrap_or_default())
}

/// A client of every kind, and the tenants they ask about.
struct Callers {
    plain: BTreeMap<Principal, Client>,
    by_permission: BTreeMap<(Principal, Option<&'static str>), Client>,
    own: String,
    other: String,
}

impl Callers {
    async fn new(app: &TestApp) -> Self {
        let operator = app.operator();
        let own = operator.tenant_id.clone();
        let portal = made(operator.registration().register_portal(requests::portal("somebody-else")).await);
        let other = portal.tenant.expect("a tenant").tenant_id;
        app.activate_portals().await;
        let unknown = ApplicationKeySecret::from_bytes([9; 32]);
        let plain = BTreeMap::from([
            (Principal::Anonymous, app.anonymous()),
            (Principal::UnknownKey, app.anonymous().with_key(unknown.expose())),
            (Principal::RevokedKey, revoked(app).await),
            (Principal::ExpiredKey, expired(app).await),
            (Principal::KeyOfADisabledApplication, disabled(app).await),
            (Principal::OnBehalfOfNobody, operator.saying("x-user-token", "somebody")),
            (Principal::OnBehalfOfARestrictedPerson, operator.saying("x-user-token", &person(app, true).await)),
            (Principal::Operator, operator),
        ]);
        let token = person(app, false).await;
        let mut by_permission = BTreeMap::new();
        let needed: BTreeSet<Option<&'static str>> = ROWS.iter().map(|row| row.needs.permission()).collect();
        for permission in needed {
            let one: Vec<&str> = permission.into_iter().collect();
            by_permission.insert((Principal::With, permission), app.app(&one).await);
            let without = app.app(&all_but(permission)).await;
            let on_behalf = without.saying("x-user-token", &token);
            by_permission.insert((Principal::OnBehalfOfAPerson, permission), on_behalf);
            by_permission.insert((Principal::Without, permission), without);
            let mut elsewhere = application(&[]);
            let grant = application(&one).grants.remove(0);
            elsewhere.grants.push(v1::Grant { tenant_id: other.clone(), ..grant });
            by_permission.insert((Principal::WithElsewhere, permission), app.app_with(&own, elsewhere).await);
        }
        Self { plain, by_permission, own, other }
    }

    fn client(&self, principal: Principal, permission: Option<&'static str>) -> &Client {
        self.plain.get(&principal).unwrap_or_else(|| &self.by_permission[&(principal, permission)])
    }

    /// The request of a row about a tenant.
    fn request(&self, row: &Row, target: Target) -> Value {
        let mut request = (row.request)();
        let tenant_id = match target {
            Target::Unnamed => return request,
            Target::Own => self.own.as_str(),
            Target::Other => self.other.as_str(),
            Target::Absent => NOWHERE,
        };
        match row.scope {
            Scope::TenantId => request["tenantId"] = json!(tenant_id),
            Scope::TenantRef => request["tenant"] = json!({"tenantId": tenant_id}),
            Scope::Nothing => {}
        }
        request
    }
}

/// Every permission but one, and but the one that stands for all tenants.
fn all_but(permission: Option<&str>) -> Vec<&'static str> {
    let others = Permission::ALL.iter().map(|permission| permission.as_str());
    let others =
        others.filter(|name| permission.is_some_and(|permission| permission != *name) && *name != "tenants.any");
    others.collect()
}

/// An application with every permission, and what one of its keys is.
async fn with_a_key(app: &TestApp, key: v1::ApplicationKey) -> (Client, v1::CreateApplicationKeyResponse) {
    let powerful = app.app(&all_but(Some(""))).await;
    let request = v1::CreateApplicationKeyRequest {
        application_id: powerful.application_id.clone(),
        key: Some(key),
        ..Default::default()
    };
    let key = made(app.operator().applications().create_application_key(request).await);
    (powerful.with_key(&key.secret), key)
}

/// The bearer token of a new person without a role.
async fn person(app: &TestApp, change_required: bool) -> String {
    let address = format!("{}@example.com", app.name("person"));
    let mut request = requests::create(&address);
    if let Some(v1::credential_input::Credential::Password(initial)) =
        request.credential.as_mut().and_then(|credential| credential.credential.as_mut())
    {
        initial.change_required = change_required;
    }
    made(app.operator().accounts().create_account(request).await);
    let login = requests::login(&address);
    made(app.operator().sessions().create_session(login).await).session.expect("tokens").bearer_token
}

async fn revoked(app: &TestApp) -> Client {
    let (client, key) = with_a_key(app, v1::ApplicationKey::default()).await;
    made(client.accounts().list_accounts(v1::ListAccountsRequest::default()).await);
    let request = v1::RevokeApplicationKeyRequest {
        application_id: client.application_id.clone(),
        key_id: key.key.expect("a key").key_id,
        ..Default::default()
    };
    made(app.operator().applications().revoke_application_key(request).await);
    client
}

async fn expired(app: &TestApp) -> Client {
    let expire_time = Utc::now() + TimeDelta::hours(1);
    let expire_time = Some(prost_types::Timestamp { seconds: expire_time.timestamp(), nanos: 0 });
    let (client, _) = with_a_key(app, v1::ApplicationKey { expire_time, ..Default::default() }).await;
    made(client.accounts().list_accounts(v1::ListAccountsRequest::default()).await);
    app.clock().advance(TimeDelta::hours(2));
    client
}

async fn disabled(app: &TestApp) -> Client {
    let client = app.app(&all_but(Some(""))).await;
    made(client.accounts().list_accounts(v1::ListAccountsRequest::default()).await);
    let application = v1::Application {
        application_id: client.application_id.clone(),
        state: v1::ApplicationState::Disabled.into(),
        ..Default::default()
    };
    let request = v1::UpdateApplicationRequest { application: Some(application), ..Default::default() };
    made(app.operator().applications().update_application(request).await);
    client
}
