//! Things to put into a store: each as small as it can be, or (where a test is about reading back) as full.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use enroll::domain::account::{
    Account, AccountState, Identifier, IdentifierKind, Origin, Profile, TypedExternalKey, UniqueKeys, UniqueValue,
};
use enroll::domain::annotations::Annotations;
use enroll::domain::application::{Application, ApplicationKey, ApplicationSettings, ApplicationState, Grant};
use enroll::domain::attributes::Attributes;
use enroll::domain::contract::{Contract, ContractTerms};
use enroll::domain::email::Email;
use enroll::domain::event::{AuditEntry, Event, OutboxMessage, Trail};
use enroll::domain::external_key::{ExternalKey, ExternalKeyType};
use enroll::domain::idempotency::{Fingerprint, Outcome, RequestIds, RequestKey, RequestRecord};
use enroll::domain::ids::{
    AccountId, ApplicationId, ApplicationKeyId, AuditId, ContractId, EventId, MessageId, RealmId, RequestId, TenantId,
};
use enroll::domain::language::LanguageCode;
use enroll::domain::message::{Channel, MailKind};
use enroll::domain::permission::Permission;
use enroll::domain::portal_name::PortalName;
use enroll::domain::quota::{QuotaUse, SCOPE_ACCOUNTS_OF_REALM};
use enroll::domain::realm::{INTERNAL_REALM, Realm, RealmKind, RealmRules, RealmState};
use enroll::domain::secret::KeyHash;
use enroll::domain::tenant::{Tenant, TenantState};
use enroll::domain::text::Label;
use enroll::domain::time_zone::TimeZone;
use enroll::store::{NewAccount, NewCredential, NewInstallation, NewPortal, Store};
use uuid::Uuid;

/// A fixed time with microseconds, which both engines keep.
pub fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_893_499_200_000_789).expect("a time")
}

/// A number that no other fixture has.
pub fn number() -> i64 {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub fn label(text: &str) -> Label {
    Label::parse(text).expect("a label")
}

pub fn email(text: &str) -> Email {
    Email::parse(text).expect("an address")
}

pub fn external_key(key_type: &str, key: &str) -> TypedExternalKey {
    TypedExternalKey {
        key_type: ExternalKeyType::parse(key_type).expect("a type"),
        key: ExternalKey::parse(key).expect("a key"),
    }
}

/// An installation: a tenant with a realm, a contract and an application that may do everything there.
pub struct World {
    pub tenant: Tenant,
    pub realm: Realm,
    pub contract: Contract,
    pub application: Application,
    pub grant: Grant,
    pub key: ApplicationKey,
}

impl World {
    /// Writes one to an empty store.
    pub async fn bootstrap(store: &Store) -> Self {
        let world = Self::new();
        let made = store.applications().bootstrap(world.installation()).await.expect("an installation");
        assert!(made, "the store was empty");
        world
    }

    /// One that is not written.
    pub fn new() -> Self {
        let contract_id = ContractId::from_uuid(Uuid::now_v7());
        let tenant = tenant(contract_id);
        let realm = realm(tenant.id, INTERNAL_REALM);
        let contract = Contract { id: contract_id, ..contract(tenant.id, "default") };
        let application = application(tenant.id, "operator");
        let grant = grant(application.id, tenant.id);
        let key = key(application.id);
        Self { tenant, realm, contract, application, grant, key }
    }

    pub fn installation(&self) -> NewInstallation {
        NewInstallation {
            tenant: self.tenant.clone(),
            realm: self.realm.clone(),
            contract: self.contract.clone(),
            application: self.application.clone(),
            grant: self.grant.clone(),
            key: self.key.clone(),
            trail: Trail::default(),
        }
    }

    /// An account of the world's realm with that address, which it holds.
    pub fn account(&self, address: &str) -> NewAccount {
        let email = email(address);
        let identifiers = vec![held(IdentifierKind::Email, email.key())];
        let account = Account {
            tenant_id: self.tenant.id,
            id: AccountId::from_uuid(Uuid::now_v7()),
            number: number(),
            realm_id: self.realm.id,
            contract_id: self.contract.id,
            contract_version: self.contract.version,
            profile: Profile::default(),
            email: Some(email),
            email_verify_time: None,
            phone: None,
            phone_verify_time: None,
            state: AccountState::Active,
            verification_required: false,
            password_set: true,
            password_change_required: false,
            external_keys: Vec::new(),
            consents: Vec::new(),
            origin: Origin { application_id: self.application.id, brand: None, edition: None, third_party_id: None },
            roles: Vec::new(),
            attributes: Attributes::default(),
            annotations: Annotations::default(),
            create_time: noon(),
            update_time: noon(),
            delete_time: None,
            purge_time: None,
            version: 1,
        };
        let trail = trail(self.tenant.id, self.application.id);
        NewAccount {
            account,
            identifiers,
            unique_values: Vec::new(),
            verifications: Vec::new(),
            session: None,
            credential: Some(NewCredential { phc: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA".to_owned() }),
            quotas: Vec::new(),
            request: None,
            trail,
        }
    }

    /// What a request for the account may collide with.
    pub fn keys_of(&self, new: &NewAccount) -> UniqueKeys {
        UniqueKeys {
            tenant_id: self.tenant.id,
            realm_id: self.realm.id,
            contract_id: self.contract.id,
            identifiers: new.identifiers.iter().map(|identifier| (identifier.kind, identifier.key.clone())).collect(),
            external_keys: new.account.external_keys.clone(),
            unique_values: new.unique_values.clone(),
        }
    }

    /// A request row that names the account.
    pub fn request(&self, id: RequestId, account: AccountId) -> RequestRecord {
        RequestRecord {
            key: RequestKey {
                tenant_id: Some(self.tenant.id),
                application_id: self.application.id,
                rpc: "CreateAccount",
                request_id: id,
            },
            fingerprint: Fingerprint([7; 32]),
            outcome: Outcome::Created,
            ids: RequestIds { tenant_id: self.tenant.id, account_id: account },
            create_time: noon(),
            expire_time: noon() + TimeDelta::hours(24),
        }
    }

    /// [`account`](Self::account) with everything that has to be unique or is counted, all of it by the same keys each time.
    pub fn demanding_account(&self, address: &str, request: RequestId) -> NewAccount {
        let mut new = self.account(address);
        new.account.external_keys = vec![external_key("crm", "A-1"), external_key("erp", "7")];
        new.unique_values = vec![unique_value("attributes.number", "7"), unique_value("attributes.code", "x")];
        new.quotas = vec![QuotaUse {
            tenant_id: Some(self.tenant.id),
            scope: SCOPE_ACCOUNTS_OF_REALM,
            key: self.realm.id.to_string(),
            limit: 1,
        }];
        new.request = Some(self.request(request, new.account.id));
        new
    }

    /// A portal of that name, registered by the world's application.
    pub fn portal(&self, name: &str) -> NewPortal {
        let name = PortalName::parse(name).expect("a portal name");
        let other = Self { application: self.application.clone(), ..Self::new() };
        let owner = other.account("owner@example.com");
        let domain = format!("{name}.example.com");
        let tenant =
            Tenant { portal_name: Some(name), domain: Some(domain), owner: Some(owner.account.id), ..other.tenant };
        NewPortal {
            grant: grant(self.application.id, tenant.id),
            tenant,
            realm: other.realm,
            contract: other.contract,
            owner,
            quotas: Vec::new(),
            request: None,
            trail: Trail::default(),
        }
    }
}

pub fn held(kind: IdentifierKind, key: &str) -> Identifier {
    Identifier { kind, key: key.to_owned(), held: true, verify_time: None, expire_time: None }
}

pub fn claimed(kind: IdentifierKind, key: &str) -> Identifier {
    let expire_time = Some(noon() + TimeDelta::hours(24));
    Identifier { kind, key: key.to_owned(), held: false, verify_time: None, expire_time }
}

pub fn unique_value(path: &str, key: &str) -> UniqueValue {
    UniqueValue { path: path.to_owned(), key: key.to_owned() }
}

pub fn request_id() -> RequestId {
    RequestId::from_uuid(Uuid::now_v7())
}

pub fn tenant(default_contract: ContractId) -> Tenant {
    Tenant {
        id: TenantId::from_uuid(Uuid::now_v7()),
        number: number(),
        portal_name: None,
        domain: None,
        language: LanguageCode::parse("en-US").expect("a language"),
        time_zone: TimeZone::parse("Europe/Paris").expect("a time zone"),
        owner: None,
        state: TenantState::Active,
        default_contract,
        link_base: None,
        brands: Vec::new(),
        annotations: Annotations::default(),
        create_time: noon(),
        update_time: noon(),
        version: 1,
    }
}

pub fn realm(tenant_id: TenantId, name: &str) -> Realm {
    Realm {
        tenant_id,
        id: RealmId::from_uuid(Uuid::now_v7()),
        name: label(name),
        display_name: None,
        kind: RealmKind::Internal,
        state: RealmState::Enabled,
        rules: RealmRules::default(),
        create_time: noon(),
        update_time: noon(),
        version: 1,
    }
}

pub fn contract(tenant_id: TenantId, name: &str) -> Contract {
    Contract {
        tenant_id,
        id: ContractId::from_uuid(Uuid::now_v7()),
        name: label(name),
        version: 1,
        terms: ContractTerms::permissive(),
        create_time: noon(),
        update_time: noon(),
    }
}

pub fn application(home_tenant: TenantId, name: &str) -> Application {
    Application {
        id: ApplicationId::from_uuid(Uuid::now_v7()),
        home_tenant,
        name: label(name),
        display_name: None,
        state: ApplicationState::Enabled,
        settings: ApplicationSettings::default(),
        create_time: noon(),
        update_time: noon(),
        version: 1,
    }
}

pub fn grant(application_id: ApplicationId, tenant_id: TenantId) -> Grant {
    Grant {
        application_id,
        tenant_id,
        permissions: Permission::ALL.iter().copied().collect(),
        default_realm: None,
        default_contract: None,
        allowed_realms: None,
        allowed_contracts: None,
    }
}

pub fn key(application_id: ApplicationId) -> ApplicationKey {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&number().to_le_bytes());
    ApplicationKey {
        id: ApplicationKeyId::from_uuid(Uuid::now_v7()),
        application_id,
        display_name: None,
        prefix: "enroll_app_00000".to_owned(),
        hash: KeyHash::from_bytes(hash),
        create_time: noon(),
        expire_time: None,
        revoke_time: None,
        last_used_time: None,
    }
}

/// One of everything.
pub fn trail(tenant_id: TenantId, application_id: ApplicationId) -> Trail {
    Trail {
        events: vec![Event {
            tenant_id,
            id: EventId::from_uuid(Uuid::now_v7()),
            kind: "account.created",
            resource: "accounts/1".to_owned(),
            time: noon(),
            data: serde_json::json!({ "state": "ACTIVE" }),
        }],
        audit: vec![AuditEntry {
            person_id: None,
            tenant_id,
            id: AuditId::from_uuid(Uuid::now_v7()),
            application_id: Some(application_id),
            calling_app: None,
            request_id: "request".to_owned(),
            rpc: "CreateAccount".to_owned(),
            resource: "accounts/1".to_owned(),
            outcome: "CREATED",
            time: noon(),
        }],
        messages: vec![OutboxMessage {
            tenant_id,
            id: MessageId::from_uuid(Uuid::now_v7()),
            channel: Channel::Mail,
            kind: MailKind::AccountCreated.as_str(),
            sealed: vec![1, 2, 3],
            create_time: noon(),
            due_time: noon(),
        }],
    }
}
