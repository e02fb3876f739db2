//! The brands and templates that a dialect needs. They are the tenant's, not the application's: what is there already stays as it is, and
//! only what was added is taken back.

use serde_json::{Value, json};

use super::error::CliError;
use super::fields::Fields;
use super::output;
use super::presets::PresetFile;
use super::session::Session;

/// What was added.
#[derive(Debug, Default)]
pub(super) struct Branded {
    /// Names of brands.
    brands: Vec<String>,
    /// Templates, by what each is known by.
    templates: Vec<Fields>,
}

/// Adds the brands and templates of a preset that the tenant does not have.
pub(super) async fn add(session: &Session, file: &PresetFile, branded: &mut Branded) -> Result<(), CliError> {
    if !file.brands.is_empty() {
        let tenant = tenant(session).await?;
        let missing = missing(&tenant, &file.brands);
        let brands: Vec<Value> = brands(&tenant).iter().chain(&missing).cloned().collect();
        if !missing.is_empty() {
            update(session, &tenant, brands, false).await?;
            branded.brands = missing.iter().filter_map(|brand| brand["brand"].as_str()).map(str::to_owned).collect();
        }
    }
    for template in &file.templates {
        match create(session, template, false).await {
            Ok(()) => branded.templates.push(key(template)),
            Err(CliError::Refused(refused)) if refused.is("NAME_ALREADY_EXISTS") => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Checks them; what is there already is no fault.
pub(super) async fn check(session: &Session, file: &PresetFile) -> Result<(), CliError> {
    if !file.brands.is_empty() {
        let tenant = tenant(session).await?;
        let brands = brands(&tenant).iter().cloned().chain(missing(&tenant, &file.brands)).collect();
        update(session, &tenant, brands, true).await?;
    }
    for template in &file.templates {
        match create(session, template, true).await {
            Err(CliError::Refused(refused)) if refused.is("NAME_ALREADY_EXISTS") => {}
            checked => checked?,
        }
    }
    Ok(())
}

/// Takes back what was added.
pub(super) async fn take_back(session: &Session, branded: &Branded) {
    let left = |what: &str, error: CliError| {
        output::note(&format!("What was made before the failure is left: {what} ({error})"));
    };
    for template in &branded.templates {
        if let Err(error) = session.call("TemplateService/DeleteTemplate", template.clone()).await {
            left(&Value::from(template.clone()).to_string(), error);
        }
    }
    if branded.brands.is_empty() {
        return;
    }
    let is_ours = |brand: &Value| branded.brands.iter().any(|name| brand["brand"] == name.as_str());
    let restored = async {
        let tenant = tenant(session).await?;
        let rest = brands(&tenant).iter().filter(|brand| !is_ours(brand)).cloned().collect();
        update(session, &tenant, rest, false).await
    };
    if let Err(error) = restored.await {
        left(&format!("brands {}", branded.brands.join(", ")), error);
    }
}

async fn tenant(session: &Session) -> Result<Value, CliError> {
    let request = session.tenant().map_or(json!({}), |id| json!({"tenant": {"tenant_id": id}}));
    let mut answer = session.call("TenantService/GetTenant", request).await?;
    Ok(answer.get_mut("tenant").map_or(Value::Null, Value::take))
}

fn brands(tenant: &Value) -> &[Value] {
    tenant["brands"].as_array().map_or(&[], Vec::as_slice)
}

/// The brands that the tenant does not have.
fn missing(tenant: &Value, wanted: &[Value]) -> Vec<Value> {
    let is_there = |brand: &Value| brands(tenant).iter().any(|other| other["brand"] == brand["brand"]);
    wanted.iter().filter(|brand| !is_there(brand)).cloned().collect()
}

/// Replaces the brands of the tenant as it was read.
async fn update(session: &Session, tenant: &Value, brands: Vec<Value>, validate_only: bool) -> Result<(), CliError> {
    let mut request = Fields::default();
    request.set("tenant.tenant_id", tenant["tenantId"].clone());
    request.set("tenant.etag", tenant["etag"].clone());
    request.set("tenant.brands", brands);
    request.set("update_mask", "brands");
    request.put_true("validate_only", validate_only);
    session.call("TenantService/UpdateTenant", request).await.map(drop)
}

async fn create(session: &Session, template: &Value, validate_only: bool) -> Result<(), CliError> {
    let mut request = Fields::default();
    request.set("template", template.clone());
    request.put_true("validate_only", validate_only);
    session.call("TemplateService/CreateTemplate", request).await.map(drop)
}

/// What a template is known by.
fn key(template: &Value) -> Fields {
    let mut key = Fields::default();
    for name in ["kind", "brand", "language_code"] {
        key.put(name, template.get(name).cloned());
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays() {
        let tenant = json!({"brands": [{"brand": "a", "linkBase": "https://own.example"}]});
        let wanted = [json!({"brand": "a", "link_base": "https://other.example"}), json!({"brand": "b"})];
        assert_eq!(missing(&tenant, &wanted), [json!({"brand": "b"})]);
        assert_eq!(missing(&json!({}), &wanted), wanted);
    }

    #[test]
    fn a_template_is_known_without_its_words() {
        let template = json!({"kind": "MAIL_KIND_ACTIVATION", "language_code": "fr", "subject": "s"});
        assert_eq!(Value::from(key(&template)), json!({"kind": "MAIL_KIND_ACTIVATION", "language_code": "fr"}));
    }
}
