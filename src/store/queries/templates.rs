//! Templates of a tenant's own mails.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::templates::dsl;
use super::{Backend, Conn, Reader, point, schema, trail};
use crate::domain::event::Trail;
use crate::domain::ids::TenantId;
use crate::domain::language::LanguageCode;
use crate::domain::message::MailKind;
use crate::domain::template::{Template, TemplateKey, TemplateSummary};
use crate::store::columns::Time;
use crate::store::{Keyset, StoreError};

/// A template as it stands in its table.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::templates, primary_key(tenant_id, kind, brand, language))]
#[diesel(check_for_backend(Backend))]
struct TemplateRow {
    tenant_id: TenantId,
    kind: MailKind,
    brand: String,
    language: LanguageCode,
    subject: String,
    html: String,
    text: String,
    create_time: Time,
    update_time: Time,
    version: i64,
}

impl From<&Template> for TemplateRow {
    fn from(template: &Template) -> Self {
        let TemplateKey { kind, brand, language } = template.key.clone();
        Self {
            tenant_id: template.tenant_id,
            kind,
            brand,
            language,
            subject: template.subject.clone(),
            html: template.html.clone(),
            text: template.text.clone(),
            create_time: Time(template.create_time),
            update_time: Time(template.update_time),
            version: template.version,
        }
    }
}

impl From<TemplateRow> for Template {
    fn from(row: TemplateRow) -> Self {
        Self {
            tenant_id: row.tenant_id,
            key: TemplateKey { kind: row.kind, brand: row.brand, language: row.language },
            subject: row.subject,
            html: row.html,
            text: row.text,
            create_time: row.create_time.0,
            update_time: row.update_time.0,
            version: row.version,
        }
    }
}

/// What a list shows of one.
#[derive(Queryable, Selectable)]
#[diesel(table_name = schema::templates, check_for_backend(Backend))]
struct SummaryRow {
    tenant_id: TenantId,
    kind: MailKind,
    brand: String,
    language: LanguageCode,
    subject: String,
    create_time: Time,
    update_time: Time,
    version: i64,
}

impl From<SummaryRow> for TemplateSummary {
    fn from(row: SummaryRow) -> Self {
        Self {
            tenant_id: row.tenant_id,
            key: TemplateKey { kind: row.kind, brand: row.brand, language: row.language },
            subject: row.subject,
            create_time: row.create_time.0,
            update_time: row.update_time.0,
            version: row.version,
        }
    }
}

pub(in crate::store) async fn create(conn: &mut Conn, template: &Template, trail: &Trail) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(dsl::templates).values(&TemplateRow::from(template)).execute(conn).await;
    inserted.map(drop).map_err(|error| StoreError::from(error).missing_parent())?;
    trail::write(conn, trail).await
}

pub(in crate::store) async fn get(
    conn: Reader<'_>,
    tenant: &TenantId,
    key: &TemplateKey,
) -> Result<Option<Template>, StoreError> {
    let query = dsl::templates
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::kind.eq(key.kind))
        .filter(dsl::brand.eq(key.brand.clone()))
        .filter(dsl::language.eq(key.language.clone()))
        .select(TemplateRow::as_select());
    Ok(point::<_, TemplateRow>(conn, query).await?.map(Template::from))
}

/// More than any tenant needs of one kind: what is beyond is not chosen from.
const OF_KIND_MAX: i64 = 5_000;

pub(in crate::store) async fn of_kind(
    mut conn: Reader<'_>,
    tenant: &TenantId,
    kind: &MailKind,
) -> Result<Vec<TemplateKey>, StoreError> {
    let rows: Vec<(String, LanguageCode)> = dsl::templates
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::kind.eq(*kind))
        .select((dsl::brand, dsl::language))
        .order((dsl::brand, dsl::language))
        .limit(OF_KIND_MAX)
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().map(|(brand, language)| TemplateKey { kind: *kind, brand, language }).collect())
}

pub(in crate::store) async fn list(
    mut conn: Reader<'_>,
    tenant: &TenantId,
    page: &Keyset<TemplateKey>,
) -> Result<Vec<TemplateSummary>, StoreError> {
    let mut query = dsl::templates
        .filter(dsl::tenant_id.eq(*tenant))
        .select(SummaryRow::as_select())
        .order((dsl::kind, dsl::brand, dsl::language))
        .limit(page.limit)
        .into_boxed();
    if let Some(TemplateKey { kind, brand, language }) = page.after.clone() {
        let same_brand = dsl::brand.eq(brand.clone()).and(dsl::language.gt(language));
        let same_kind = dsl::kind.eq(kind).and(dsl::brand.gt(brand).or(same_brand));
        query = query.filter(dsl::kind.gt(kind).or(same_kind));
    }
    let rows: Vec<SummaryRow> = query.load(&mut conn).await?;
    Ok(rows.into_iter().map(TemplateSummary::from).collect())
}

pub(in crate::store) async fn update(
    conn: &mut Conn,
    template: &Template,
    expected_version: &i64,
    trail: &Trail,
) -> Result<(), StoreError> {
    let key = &template.key;
    let updated = diesel::update(dsl::templates)
        .filter(dsl::tenant_id.eq(template.tenant_id))
        .filter(dsl::kind.eq(key.kind))
        .filter(dsl::brand.eq(key.brand.clone()))
        .filter(dsl::language.eq(key.language.clone()))
        .filter(dsl::version.eq(*expected_version))
        .set(TemplateRow::from(template))
        .execute(conn)
        .await?;
    if updated == 0 {
        return Err(absent_or_stale(conn, &template.tenant_id, key).await?);
    }
    trail::write(conn, trail).await
}

pub(in crate::store) async fn delete(
    conn: &mut Conn,
    tenant: &TenantId,
    key: &TemplateKey,
    expected_version: &Option<i64>,
    trail: &Trail,
) -> Result<(), StoreError> {
    let row = dsl::templates
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::kind.eq(key.kind))
        .filter(dsl::brand.eq(key.brand.clone()))
        .filter(dsl::language.eq(key.language.clone()));
    let deleted = match expected_version {
        Some(expected) => diesel::delete(row.filter(dsl::version.eq(*expected))).execute(conn).await?,
        None => diesel::delete(row).execute(conn).await?,
    };
    if deleted == 0 {
        return Err(absent_or_stale(conn, tenant, key).await?);
    }
    trail::write(conn, trail).await
}

/// Why a conditional statement hit no row.
async fn absent_or_stale(conn: &mut Conn, tenant: &TenantId, key: &TemplateKey) -> Result<StoreError, StoreError> {
    let there = get(super::reader(conn), tenant, key).await?.is_some();
    Ok(if there { StoreError::Stale } else { StoreError::Missing })
}
