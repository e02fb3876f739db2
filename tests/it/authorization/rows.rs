//! What is expected of every rpc. A row says who may call, in words of its own: a policy that changes in the proto has to be changed here too.

use serde_json::{Value, json};

/// How a request says which tenant it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// By `tenant_id`.
    TenantId,
    /// By a `TenantRef`.
    TenantRef,
    /// Not at all.
    Nothing,
}

/// What a caller needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A key.
    Key,
    /// A permission, to call the method at all.
    Permission(&'static str),
    /// A permission, or a person whose account it is about.
    PermissionOrSelf(&'static str),
    /// A permission, on the tenant that the token in the request names.
    PermissionByToken(&'static str),
    /// A permission where the realm is CLOSED, as it is where nobody opened it; the method itself needs a key only.
    PermissionInClosedRealm(&'static str),
}

impl Needs {
    /// The permission, if it is one.
    pub fn permission(self) -> Option<&'static str> {
        match self {
            Self::Key => None,
            Self::Permission(name)
            | Self::PermissionOrSelf(name)
            | Self::PermissionByToken(name)
            | Self::PermissionInClosedRealm(name) => Some(name),
        }
    }
}

/// One rpc.
pub struct Row {
    /// `Service/Method` below `enroll.v1`.
    pub rpc: &'static str,
    /// See [`Needs`].
    pub needs: Needs,
    /// See [`Scope`].
    pub scope: Scope,
    /// The request but for its tenant: right as far as it goes, and nothing is written because of it.
    pub request: fn() -> Value,
    /// What is answered once nothing is in the way of the caller: `OK`, or a reason that only the use case gives.
    pub reached: &'static str,
    /// Whether a person who has to change the password first may call it.
    pub restricted: bool,
}

/// An id that nothing has.
pub const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";

const fn by_key(rpc: &'static str, scope: Scope, request: fn() -> Value, reached: &'static str) -> Row {
    Row { rpc, needs: Needs::Key, scope, request, reached, restricted: false }
}

const fn row(rpc: &'static str, permission: &'static str, request: fn() -> Value, reached: &'static str) -> Row {
    Row { rpc, needs: Needs::Permission(permission), scope: Scope::TenantId, request, reached, restricted: false }
}

const fn or_self(rpc: &'static str, permission: &'static str, request: fn() -> Value, reached: &'static str) -> Row {
    let needs = Needs::PermissionOrSelf(permission);
    Row { rpc, needs, scope: Scope::TenantId, request, reached, restricted: false }
}

fn of_an_account() -> Value {
    json!({"account": {"accountId": NOWHERE}})
}

fn empty() -> Value {
    json!({})
}

/// One row an rpc.
pub const ROWS: &[Row] = &[
    row("AccountService/CreateAccount", "accounts.create", empty, "VALIDATION_FAILED"),
    row(
        "AccountService/GetAccount",
        "accounts.read",
        || json!({"account": {"accountId": NOWHERE}}),
        "ACCOUNT_NOT_FOUND",
    ),
    row("AccountService/ListAccounts", "accounts.read", empty, "OK"),
    Row {
        rpc: "RegistrationService/RegisterAccount",
        needs: Needs::PermissionInClosedRealm("accounts.create"),
        scope: Scope::TenantId,
        request: empty,
        reached: "VALIDATION_FAILED",
        restricted: false,
    },
    Row {
        rpc: "RegistrationService/RegisterPortal",
        needs: Needs::Permission("tenants.create"),
        scope: Scope::Nothing,
        request: empty,
        reached: "VALIDATION_FAILED",
        restricted: false,
    },
    by_key("RegistrationService/CheckPortalName", Scope::Nothing, || json!({"portalName": "lighthouse"}), "OK"),
    by_key("RegistrationService/SendVerification", Scope::TenantId, empty, "VALIDATION_FAILED"),
    by_key("RegistrationService/ConfirmVerification", Scope::Nothing, empty, "VALIDATION_FAILED"),
    by_key("CredentialService/StartPasswordReset", Scope::TenantId, empty, "VALIDATION_FAILED"),
    by_key("CredentialService/FinishPasswordReset", Scope::Nothing, empty, "VALIDATION_FAILED"),
    by_key("CredentialService/CheckPassword", Scope::TenantId, empty, "VALIDATION_FAILED"),
    Row {
        rpc: "CredentialService/ChangePassword",
        needs: Needs::Key,
        scope: Scope::TenantId,
        request: empty,
        reached: "VALIDATION_FAILED",
        restricted: true,
    },
    row("CredentialService/SetPassword", "credentials.set", empty, "VALIDATION_FAILED"),
    by_key("SessionService/CreateSession", Scope::TenantId, empty, "VALIDATION_FAILED"),
    by_key(
        "SessionService/RefreshSession",
        Scope::Nothing,
        || json!({"refreshToken": "enroll_refresh_1"}),
        "SESSION_INVALID",
    ),
    Row {
        rpc: "SessionService/GetSession",
        needs: Needs::PermissionByToken("sessions.read"),
        scope: Scope::Nothing,
        request: || json!({"bearerToken": "enroll_session_1"}),
        reached: "SESSION_INVALID",
        restricted: false,
    },
    or_self("SessionService/ListSessions", "sessions.read", of_an_account, "ACCOUNT_NOT_FOUND"),
    Row {
        restricted: true,
        ..or_self("SessionService/RevokeSession", "sessions.revoke", || json!({"sessionId": NOWHERE}), "OK")
    },
    or_self("SessionService/RevokeAllSessions", "sessions.revoke", of_an_account, "ACCOUNT_NOT_FOUND"),
    Row {
        rpc: "TenantService/GetTenant",
        needs: Needs::Permission("tenants.read"),
        scope: Scope::TenantRef,
        request: empty,
        reached: "OK",
        restricted: false,
    },
    Row {
        rpc: "TenantService/ListTenants",
        needs: Needs::Permission("tenants.read"),
        scope: Scope::Nothing,
        request: empty,
        reached: "OK",
        restricted: false,
    },
    Row {
        rpc: "TenantService/UpdateTenant",
        needs: Needs::Permission("tenants.update"),
        scope: Scope::TenantRef,
        request: || json!({"validateOnly": true}),
        reached: "OK",
        restricted: false,
    },
    row("RealmService/CreateRealm", "realms.write", empty, "VALIDATION_FAILED"),
    row("RealmService/GetRealm", "realms.read", empty, "OK"),
    row("RealmService/ListRealms", "realms.read", empty, "OK"),
    row("RealmService/UpdateRealm", "realms.write", || json!({"realm": {"realmId": NOWHERE}}), "REALM_NOT_FOUND"),
    row("RealmService/DeleteRealm", "realms.write", || json!({"realmId": NOWHERE}), "REALM_NOT_FOUND"),
    row("ApplicationService/CreateApplication", "applications.write", empty, "VALIDATION_FAILED"),
    row("ApplicationService/GetApplication", "applications.read", application, "APPLICATION_NOT_FOUND"),
    row("ApplicationService/ListApplications", "applications.read", empty, "OK"),
    row(
        "ApplicationService/UpdateApplication",
        "applications.write",
        || json!({"application": {"applicationId": NOWHERE}}),
        "APPLICATION_NOT_FOUND",
    ),
    row("ApplicationService/DeleteApplication", "applications.write", application, "APPLICATION_NOT_FOUND"),
    row("ApplicationService/CreateApplicationKey", "applications.write", application, "APPLICATION_NOT_FOUND"),
    row("ApplicationService/ListApplicationKeys", "applications.read", application, "APPLICATION_NOT_FOUND"),
    row(
        "ApplicationService/RevokeApplicationKey",
        "applications.write",
        || json!({"applicationId": NOWHERE, "keyId": NOWHERE}),
        "APPLICATION_NOT_FOUND",
    ),
    row("ContractService/CreateContract", "contracts.write", empty, "VALIDATION_FAILED"),
    row("ContractService/GetContract", "contracts.read", || json!({"contractId": NOWHERE}), "CONTRACT_NOT_FOUND"),
    row("ContractService/ListContracts", "contracts.read", empty, "OK"),
    row(
        "ContractService/UpdateContract",
        "contracts.write",
        || json!({"contract": {"contractId": NOWHERE}}),
        "CONTRACT_NOT_FOUND",
    ),
    row("ContractService/DeleteContract", "contracts.write", || json!({"contractId": NOWHERE}), "CONTRACT_NOT_FOUND"),
    row("ContractService/ResolveContract", "contracts.read", empty, "OK"),
    row("TemplateService/CreateTemplate", "templates.write", empty, "VALIDATION_FAILED"),
    row("TemplateService/GetTemplate", "templates.read", template, "TEMPLATE_NOT_FOUND"),
    row("TemplateService/ListTemplates", "templates.read", empty, "OK"),
    row("TemplateService/UpdateTemplate", "templates.write", || json!({"template": template()}), "TEMPLATE_NOT_FOUND"),
    row("TemplateService/DeleteTemplate", "templates.write", template, "TEMPLATE_NOT_FOUND"),
    row("TemplateService/PreviewTemplate", "templates.read", template, "OK"),
];

fn template() -> Value {
    json!({"kind": "MAIL_KIND_ACTIVATION", "languageCode": "fr"})
}

fn application() -> Value {
    json!({"applicationId": NOWHERE})
}
