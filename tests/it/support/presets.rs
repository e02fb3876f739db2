//! The presets that ship, applied through the operator's clients as `enroll app create --preset` applies them: a realm and a contract where
//! the dialect has its own, and an application with a grant that names both and allows no other realm.

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde_json::Value;

use enroll::proto::v1;

use super::app::TestApp;
use super::client::Client;
use super::told::made;

/// A preset as it was applied.
pub struct Preset {
    /// Its application.
    pub client: Client,
    /// Its realm, where it has one of its own.
    pub realm_id: String,
    /// Its contract, where it has one of its own.
    pub contract_id: String,
    /// The example request of its document, as the preset has it.
    example: Value,
}

impl Preset {
    /// Applies a preset.
    pub async fn apply(app: &TestApp, name: &str) -> Self {
        Self::apply_changed(app, name, |_| {}).await
    }

    /// Applies a preset whose application a test changes first.
    pub async fn apply_changed(app: &TestApp, name: &str, change: impl FnOnce(&mut v1::Application)) -> Self {
        let file = read(name);
        brand(app, &file).await;
        let realm_id = match file.get("realm") {
            Some(realm) => app.realm(message(realm, "Realm")).await,
            None => String::new(),
        };
        let contract_id = match file.get("contract") {
            Some(contract) => app.contract(message(contract, "Contract")).await,
            None => String::new(),
        };
        let mut grant: v1::Grant = message(&file["grant"], "Grant");
        grant.default_realm_id.clone_from(&realm_id);
        grant.default_contract_id.clone_from(&contract_id);
        grant.allowed_realm_ids = Some(realm_id.clone()).filter(|id| !id.is_empty()).into_iter().collect();
        let mut application: v1::Application = message(&file["application"], "Application");
        application.grants = vec![grant];
        change(&mut application);
        let mut client = app.app_with(&app.operator().tenant_id, application).await;
        for header in file["example"].get("headers").and_then(Value::as_array).into_iter().flatten() {
            let (name, value) = header.as_str().and_then(|header| header.split_once(": ")).expect("a header");
            client = client.saying(name, value);
        }
        Self { client, realm_id, contract_id, example: file["example"]["request"].clone() }
    }

    /// Changes the rules of its realm that the change names.
    pub async fn change_realm(&self, app: &TestApp, change: v1::Realm) {
        let realm = v1::Realm { realm_id: self.realm_id.clone(), ..change };
        let request = v1::UpdateRealmRequest { realm: Some(realm), ..Default::default() };
        made(app.operator().realms().update_realm(request).await);
    }

    /// The example request of the preset.
    pub fn example<R: prost::Message + Default>(&self, name: &str) -> R {
        message(&self.example, name)
    }
}

/// The brands and templates of a preset, in the operator's tenant.
async fn brand(app: &TestApp, file: &Value) {
    let operator = app.operator();
    let items = |name: &str| file.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let brands: Vec<v1::Brand> = items("brands").iter().map(|brand| message(brand, "Brand")).collect();
    if !brands.is_empty() {
        let request =
            v1::UpdateTenantRequest { tenant: Some(v1::Tenant { brands, ..Default::default() }), ..Default::default() };
        made(operator.tenants().update_tenant(request).await);
    }
    for template in items("templates") {
        let template = Some(message(&template, "Template"));
        let request = v1::CreateTemplateRequest { template, ..Default::default() };
        made(operator.templates().create_template(request).await);
    }
}

fn read(name: &str) -> Value {
    let path = format!("{}/src/cli/presets/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    toml::from_str(&text).expect("a preset is TOML")
}

/// Reads proto JSON.
fn message<M: prost::Message + Default>(json: &Value, name: &str) -> M {
    let pool = DescriptorPool::decode(enroll::proto::FILE_DESCRIPTOR_SET).expect("a descriptor set");
    let descriptor: MessageDescriptor = pool.get_message_by_name(&format!("enroll.v1.{name}")).expect("a message");
    let read = DynamicMessage::deserialize(descriptor, json).unwrap_or_else(|error| panic!("{name}: {error}"));
    read.transcode_to().expect("a message reads as its own type")
}
