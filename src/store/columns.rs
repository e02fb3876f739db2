//! How the values of the domain stand in columns, on both engines. A value was parsed when it came in, so reading restores it without
//! parsing it again; what cannot be restored (a state that this version does not know) is a broken row and fails the read.
//!
//! | value | PostgreSQL | SQLite |
//! |---|---|---|
//! | id | uuid | blob of 16 bytes |
//! | time | timestamptz | RFC 3339 text in UTC with six decimals, which sorts as it reads |
//! | document | jsonb | JSON text: it is only ever read whole, straight into its type |
//! | state, name | text | text |

use std::io::Write;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Binary, Jsonb, Nullable, SingleValue, Text, Timestamptz};
use diesel::sqlite::{Sqlite, SqliteValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::domain::account::{AccountState, IdentifierKind};
use crate::domain::application::ApplicationState;
use crate::domain::external_key::{ExternalKey, ExternalKeyType};
use crate::domain::idempotency::{Fingerprint, Outcome};
use crate::domain::ids::{
    AccountId, ApplicationId, ApplicationKeyId, AuditId, ContractId, EventId, MessageId, RealmId, RequestId, SessionId,
    TenantId, VerificationTokenId,
};
use crate::domain::language::LanguageCode;
use crate::domain::link::LinkBase;
use crate::domain::message::{Channel, MailKind, MessageState};
use crate::domain::portal_name::PortalName;
use crate::domain::realm::{RealmKind, RealmState};
use crate::domain::secret::KeyHash;
use crate::domain::session::Restriction;
use crate::domain::tenant::TenantState;
use crate::domain::text::{DisplayName, Label, PersonName};
use crate::domain::time_zone::TimeZone;
use crate::domain::verification::VerificationKind;

/// Lets a type be bound to columns of these SQL types, present or nullable, and be read from one column: what diesel's derives would write
/// at the type itself, which lives in another room.
macro_rules! column {
    ($type:ty => $sql:ty) => {
        column!(@sql [] $type, $sql);
        column!(@read [] $type);
    };
    ($type:ty => $first:ty, $second:ty) => {
        column!(@sql [] $type, $first);
        column!(@sql [] $type, $second);
        column!(@read [] $type);
    };
    (@sql [$($generic:tt)*] $type:ty, $sql:ty) => {
        column!(@bind [$($generic)*] $type, $sql);
        column!(@bind [$($generic)*] $type, Nullable<$sql>);
        impl<$($generic)* DB: Backend> ToSql<Nullable<$sql>, DB> for $type
        where
            Self: ToSql<$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<$sql, DB>::to_sql(self, out)
            }
        }
    };
    (@bind [$($generic:tt)*] $type:ty, $sql:ty) => {
        impl<$($generic)*> AsExpression<$sql> for $type {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'e, $($generic)*> AsExpression<$sql> for &'e $type {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'f, 'e, $($generic)*> AsExpression<$sql> for &'f &'e $type {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
    };
    (@read [$($generic:tt)*] $type:ty) => {
        impl<$($generic)* ST: SingleValue, DB: Backend> Queryable<ST, DB> for $type
        where
            Self: FromSql<ST, DB>,
        {
            type Row = Self;
            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    };
}

macro_rules! ids {
    ($($id:ty),+ $(,)?) => {$(
        column!($id => diesel::sql_types::Uuid, Binary);
        impl ToSql<diesel::sql_types::Uuid, Pg> for $id {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                out.write_all(self.as_bytes())?;
                Ok(IsNull::No)
            }
        }
        impl FromSql<diesel::sql_types::Uuid, Pg> for $id {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                Ok(Self::from_uuid(Uuid::from_slice(value.as_bytes())?))
            }
        }
        impl ToSql<Binary, Sqlite> for $id {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                out.set_value(self.as_bytes().as_slice());
                Ok(IsNull::No)
            }
        }
        impl FromSql<Binary, Sqlite> for $id {
            fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                Ok(Self::from_uuid(Uuid::from_slice(value.read_blob())?))
            }
        }
    )+};
}

ids!(
    AccountId,
    ApplicationId,
    ApplicationKeyId,
    AuditId,
    ContractId,
    EventId,
    MessageId,
    RealmId,
    RequestId,
    SessionId,
    TenantId,
    VerificationTokenId,
);

/// Values that are a text: written as it is, restored from it.
macro_rules! texts {
    ($($value:ty),+ $(,)?) => {$(
        column!($value => Text);
        impl<DB: Backend> ToSql<Text, DB> for $value where str: ToSql<Text, DB> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<Text, DB>::to_sql(self.as_str(), out)
            }
        }
        impl<DB: Backend> FromSql<Text, DB> for $value where String: FromSql<Text, DB> {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                <String as FromSql<Text, DB>>::from_sql(value).map(Self::restore)
            }
        }
    )+};
}

texts!(DisplayName, ExternalKey, ExternalKeyType, Label, LanguageCode, LinkBase, PersonName, PortalName);

/// Closed sets: a text that is none of the set is a row that this version cannot read.
macro_rules! closed_sets {
    ($($set:ty),+ $(,)?) => {$(
        column!($set => Text);
        impl<DB: Backend> ToSql<Text, DB> for $set where str: ToSql<Text, DB> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<Text, DB>::to_sql(self.as_str(), out)
            }
        }
        impl FromSql<Text, Sqlite> for $set {
            fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                Self::from_text(value.read_text()).ok_or_else(|| concat!("no such ", stringify!($set)).into())
            }
        }
        impl FromSql<Text, Pg> for $set {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                let text = std::str::from_utf8(value.as_bytes())?;
                Self::from_text(text).ok_or_else(|| concat!("no such ", stringify!($set)).into())
            }
        }
    )+};
}

closed_sets!(
    AccountState,
    ApplicationState,
    Channel,
    IdentifierKind,
    MailKind,
    MessageState,
    Outcome,
    RealmKind,
    RealmState,
    Restriction,
    TenantState,
    VerificationKind,
);

column!(TimeZone => Text);

impl<DB: Backend> ToSql<Text, DB> for TimeZone
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        ToSql::<Text, DB>::to_sql(self.as_str(), out)
    }
}

impl<DB: Backend> FromSql<Text, DB> for TimeZone
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self::parse(&<String as FromSql<Text, DB>>::from_sql(value)?)?)
    }
}

/// Hashes of 32 bytes, by what gives the bytes and what takes them.
macro_rules! hashes {
    ($($hash:ty: $bytes:expr, $of_bytes:expr);+ $(;)?) => {$(
        column!($hash => Binary);
        impl<DB: Backend> ToSql<Binary, DB> for $hash where [u8]: ToSql<Binary, DB> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                let bytes: fn(&$hash) -> &[u8; 32] = $bytes;
                ToSql::<Binary, DB>::to_sql(bytes(self).as_slice(), out)
            }
        }
        impl<DB: Backend> FromSql<Binary, DB> for $hash where Vec<u8>: FromSql<Binary, DB> {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let bytes = <Vec<u8> as FromSql<Binary, DB>>::from_sql(value)?;
                Ok($of_bytes(bytes.try_into().map_err(|_| "a hash has 32 bytes")?))
            }
        }
    )+};
}

hashes! {
    Fingerprint: |hash| &hash.0, Fingerprint;
    KeyHash: KeyHash::as_bytes, KeyHash::from_bytes;
}

/// A document, kept as JSON.
#[derive(Clone, Debug)]
pub(super) struct Json<T>(pub(super) T);

column!(@sql [T: std::fmt::Debug,] Json<T>, Jsonb);
column!(@sql [T: std::fmt::Debug,] Json<T>, Text);
column!(@read [T,] Json<T>);

impl<T: Serialize + std::fmt::Debug> ToSql<Jsonb, Pg> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        // The version of the binary form, before the text.
        out.write_all(&[1])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned> FromSql<Jsonb, Pg> for Json<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes() {
            [1, text @ ..] => Ok(Self(serde_json::from_slice(text)?)),
            _ => Err("an unknown version of jsonb".into()),
        }
    }
}

impl<T: Serialize + std::fmt::Debug> ToSql<Text, Sqlite> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned> FromSql<Text, Sqlite> for Json<T> {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_str(value.read_text())?))
    }
}

/// A point in time, to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time(pub(super) DateTime<Utc>);

column!(Time => Timestamptz, Text);

impl ToSql<Timestamptz, Pg> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Timestamptz, Pg>::to_sql(&self.0, out)
    }
}

impl FromSql<Timestamptz, Pg> for Time {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <DateTime<Utc> as FromSql<Timestamptz, Pg>>::from_sql(value).map(Self)
    }
}

impl ToSql<Text, Sqlite> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(time_text(self.0).ok_or("a time has a year of four digits")?);
        Ok(IsNull::No)
    }
}

impl FromSql<Text, Sqlite> for Time {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        parse_time(value.read_text()).map(Self).ok_or_else(|| "no time of the store's form".into())
    }
}

/// `2026-01-31T12:34:56.000789Z`: always 27 characters, so that texts sort as times.
fn time_text(time: DateTime<Utc>) -> Option<String> {
    let year = u32::try_from(time.year()).ok().filter(|year| *year <= 9999)?;
    let micros = time.nanosecond().min(999_999_999) / 1_000;
    Some(format!(
        "{year:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{micros:06}Z",
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
    ))
}

/// Reads what [`time_text`] wrote, by position: an account has up to six times, and a general parser costs more than the whole row.
fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let bytes: &[u8; 27] = text.as_bytes().try_into().ok()?;
    let number = |from: usize, to: usize| {
        bytes[from..to]
            .iter()
            .try_fold(0_u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    let year = i32::try_from(number(0, 4)?).ok()?;
    NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)?
        .and_hms_micro_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 26)?)
        .map(|naive| naive.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn times_read_back_and_sort_as_text(first in -30_000_000_000_000_000_i64..200_000_000_000_000_000, second in -30_000_000_000_000_000_i64..200_000_000_000_000_000) {
            let (first, second) = (DateTime::from_timestamp_micros(first).unwrap(), DateTime::from_timestamp_micros(second).unwrap());
            let (first_text, second_text) = (time_text(first).unwrap(), time_text(second).unwrap());
            prop_assert_eq!(parse_time(&first_text), Some(first));
            prop_assert_eq!(first.cmp(&second), first_text.cmp(&second_text));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,40}") {
            let _ = parse_time(&text);
        }
    }

    #[test]
    fn only_the_stores_own_form_is_a_time() {
        assert!(parse_time("2026-01-31T12:34:56.000789Z").is_some());
        assert!(parse_time("2026-01-31T12:34:56Z").is_none());
        assert!(parse_time("2026-02-30T12:34:56.000789Z").is_none());
        assert!(parse_time("2026-01-31T12:34:5x.000789Z").is_none());
    }
}
