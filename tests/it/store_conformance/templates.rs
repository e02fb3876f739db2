//! Templates by their key, and what mails need of a tenant.

use enroll::domain::annotations::Annotations;
use enroll::domain::brand::Brand;
use enroll::domain::event::Trail;
use enroll::domain::ids::TenantId;
use enroll::domain::language::LanguageCode;
use enroll::domain::link::LinkBase;
use enroll::domain::message::MailKind;
use enroll::domain::template::{Template, TemplateKey};
use enroll::domain::tenant::{Tenant, TenantRef};
use enroll::store::{Conflict, Keyset, StoreError};
use uuid::Uuid;

use super::fixtures::{World, noon, trail};
use crate::support::stores::{TestStore, both_engines};

both_engines!(
    a_template_has_one_key_in_its_tenant,
    templates_are_paged_in_the_order_of_their_keys,
    templates_change_and_go,
    tenants_change,
);

fn key(kind: MailKind, brand: &str, language: &str) -> TemplateKey {
    TemplateKey { kind, brand: brand.to_owned(), language: LanguageCode::parse(language).expect("a language") }
}

fn template(tenant_id: TenantId, key: TemplateKey) -> Template {
    Template {
        tenant_id,
        key,
        subject: "Bienvenue".to_owned(),
        html: "<p>\u{e9}\u{1F600}</p>\r\n".to_owned(),
        text: "caf\u{e9}\t\n".to_owned(),
        create_time: noon(),
        update_time: noon(),
        version: 1,
    }
}

async fn templates_change_and_go(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let (tenant, templates) = (world.tenant.id, test.store.templates());
    let mut kept = template(tenant, key(MailKind::Activation, "", "fr-FR"));
    templates.create(kept.clone(), trail(tenant, world.application.id)).await.expect("a template");
    assert_eq!(templates.get(tenant, &kept.key).await.expect("a read"), Some(kept.clone()));
    let elsewhere = TenantId::from_uuid(Uuid::now_v7());
    assert_eq!(templates.get(elsewhere, &kept.key).await.expect("a read"), None);

    (kept.subject, kept.html, kept.version) = ("Bonjour".to_owned(), "<p></p>".to_owned(), 2);
    templates.update(kept.clone(), 1, Trail::default()).await.expect("an update");
    assert_eq!(templates.get(tenant, &kept.key).await.expect("a read"), Some(kept.clone()));
    let stale = templates.update(kept.clone(), 1, Trail::default()).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    let absent = template(tenant, key(MailKind::Activation, "fair", "fr-FR"));
    let missing = templates.update(absent.clone(), 1, Trail::default()).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
    let orphan = templates.create(template(elsewhere, kept.key.clone()), Trail::default()).await;
    assert!(matches!(orphan, Err(StoreError::Missing)), "{orphan:?}");

    let stale = templates.delete(tenant, kept.key.clone(), Some(1), Trail::default()).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    let missing = templates.delete(tenant, absent.key, None, Trail::default()).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
    templates.delete(tenant, kept.key.clone(), Some(2), Trail::default()).await.expect("a deletion");
    assert_eq!(templates.get(tenant, &kept.key).await.expect("a read"), None);
}

async fn a_template_has_one_key_in_its_tenant(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let (tenant, templates) = (world.tenant.id, test.store.templates());
    let first = template(tenant, key(MailKind::Activation, "fair", "fr"));
    templates.create(first.clone(), Trail::default()).await.expect("a template");
    let again = Template { subject: "other".to_owned(), ..first.clone() };
    let taken = templates.create(again, Trail::default()).await;
    assert!(matches!(taken, Err(StoreError::Conflict(Conflict::Template))), "{taken:?}");
    assert_eq!(templates.get(tenant, &first.key).await.expect("a read"), Some(first));
    // Each of the three parts tells templates apart, and so does the tenant.
    let other_kind = key(MailKind::SetPassword, "fair", "fr");
    let others = [other_kind, key(MailKind::Activation, "Fair", "fr"), key(MailKind::Activation, "fair", "fr-FR")];
    for key in others {
        templates.create(template(tenant, key), Trail::default()).await.expect("another template");
    }
    let portal = world.portal("lighthouse");
    let elsewhere = portal.tenant.id;
    test.store.tenants().register_portal(portal).await.expect("a portal");
    let same = template(elsewhere, key(MailKind::Activation, "fair", "fr"));
    templates.create(same.clone(), Trail::default()).await.expect("another tenant's");
    assert_eq!(templates.of_kind(elsewhere, MailKind::Activation).await.expect("a read"), [same.key]);
}

/// The order is that of the bytes, on both engines: capitals before small letters, an empty brand first.
async fn templates_are_paged_in_the_order_of_their_keys(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let (tenant, templates) = (world.tenant.id, test.store.templates());
    let ordered = [
        key(MailKind::AccountCreated, "", "fr"),
        key(MailKind::Activation, "", "de"),
        key(MailKind::Activation, "", "fr"),
        key(MailKind::Activation, "", "fr-FR"),
        key(MailKind::Activation, "Z", "de"),
        key(MailKind::Activation, "a", "en"),
        key(MailKind::Activation, "a-b", "en"),
        key(MailKind::Activation, "a_b", "de"),
        key(MailKind::Activation, "\u{e9}", "de"),
        key(MailKind::SetPassword, "a", "de"),
    ];
    for key in ordered.iter().rev() {
        templates.create(template(tenant, key.clone()), Trail::default()).await.expect("a template");
    }
    let mut found: Vec<TemplateKey> = Vec::new();
    loop {
        let page = Keyset { after: found.last().cloned(), limit: 3 };
        let rows = templates.list(tenant, &page).await.expect("a page");
        let is_last = rows.len() < 3;
        assert!(rows.iter().all(|row| row.subject == "Bienvenue" && row.version == 1 && row.tenant_id == tenant));
        found.extend(rows.into_iter().map(|row| row.key));
        if is_last {
            break;
        }
    }
    assert_eq!(found, ordered);
    let of_kind = templates.of_kind(tenant, MailKind::Activation).await.expect("a read");
    assert_eq!(of_kind, ordered[1..9]);
}

async fn tenants_change(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let (tenants, name) = (test.store.tenants(), TenantRef::Id(world.tenant.id));
    let base = |text: &str| LinkBase::parse(text).expect("a base");
    let brand = |name: &str, link_base| Brand { brand: name.to_owned(), link_base, editions: vec!["2017".to_owned()] };
    let changed = Tenant {
        language: LanguageCode::parse("fr-FR").expect("a language"),
        link_base: Some(base("https://own.example")),
        brands: vec![brand("fair", Some(base("https://fair.example/fr"))), brand("bare", None)],
        annotations: Annotations::parse([("a".to_owned(), "b".to_owned())]).expect("annotations"),
        version: 2,
        ..world.tenant.clone()
    };
    tenants.update(changed.clone(), 1, Trail::default()).await.expect("an update");
    assert_eq!(tenants.get(&name).await.expect("a read"), Some(changed.clone()));
    let stale = tenants.update(changed.clone(), 1, Trail::default()).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    let absent = Tenant { id: TenantId::from_uuid(Uuid::now_v7()), ..changed.clone() };
    let missing = tenants.update(absent, 2, Trail::default()).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
    let bare = Tenant { link_base: None, brands: Vec::new(), version: 3, ..changed };
    tenants.update(bare.clone(), 2, Trail::default()).await.expect("an update");
    assert_eq!(tenants.get(&name).await.expect("a read"), Some(bare));
}
