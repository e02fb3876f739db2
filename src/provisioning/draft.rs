//! A person as a request describes them: every value parsed or known to be faulty, nothing looked up yet. The three creating rpcs decode
//! to this one shape; what depends on the realm and the contract is checked afterwards, in [`super::rules`], so that all faults are told
//! at once.

use std::fmt;

use crate::domain::account::TypedExternalKey;
use crate::domain::annotations::Annotations;
use crate::domain::attributes::Attributes;
use crate::domain::consent::ConsentAnswer;
use crate::domain::email::Email;
use crate::domain::language::LanguageCode;
use crate::domain::password::Password;
use crate::domain::text::{DisplayName, PersonName};
use crate::domain::time_zone::TimeZone;
use crate::domain::violation::{Fault, FieldReason, Violations};

/// A field of a request after decoding. What is faulty has its violation already, and counts as delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// Not in the request, or empty.
    #[default]
    Absent,
    /// In the request, and refused already.
    Faulty,
    /// In the request and right.
    Valid(T),
}

impl<T> Field<T> {
    /// Whether the request has the field.
    pub fn is_given(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// The value, where it is right.
    pub fn valid(&self) -> Option<&T> {
        if let Self::Valid(value) = self { Some(value) } else { None }
    }

    /// The value, where it is right.
    pub fn into_valid(self) -> Option<T> {
        if let Self::Valid(value) = self { Some(value) } else { None }
    }

    /// Parses a text of a request: empty is absent, a fault becomes a violation of `path`.
    pub fn parse<E: Into<Fault>>(
        text: &str,
        path: &str,
        violations: &mut Violations,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Self {
        if text.is_empty() {
            return Self::Absent;
        }
        match parse(text) {
            Ok(value) => Self::Valid(value),
            Err(fault) => {
                violations.push_with(path, fault);
                Self::Faulty
            }
        }
    }
}

/// Where the fields of a draft stand in their request: paths from its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldPaths {
    /// Before `profile.user_name`, `attributes.x` and the like.
    pub prefix: &'static str,
    /// The e-mail address.
    pub email: &'static str,
    /// The phone number.
    pub phone: &'static str,
    /// The message of the password.
    pub password: &'static str,
    /// What `password` in a contract means here: the field that is missing where there is no credential at all.
    pub credential: &'static str,
}

impl FieldPaths {
    /// Of CreateAccountRequest.
    pub const CREATE_ACCOUNT: Self = Self {
        prefix: "account.",
        email: "account.email.address",
        phone: "account.phone.number",
        password: "credential.password.password",
        credential: "credential",
    };
    /// Of RegisterAccountRequest.
    pub const REGISTER_ACCOUNT: Self = Self {
        prefix: "",
        email: "email",
        phone: "phone",
        password: "password.password",
        credential: "password.password",
    };
    /// Of the owner in RegisterPortalRequest.
    pub const REGISTER_PORTAL: Self = Self {
        prefix: "owner.",
        email: "owner.email",
        phone: "owner.phone",
        password: "password.password",
        credential: "password.password",
    };

    /// The request's path of a contract path.
    pub fn of(&self, contract_path: &str) -> String {
        match contract_path {
            "email.address" => self.email.to_owned(),
            "phone.number" => self.phone.to_owned(),
            "password" => self.credential.to_owned(),
            path => format!("{}{path}", self.prefix),
        }
    }

    /// The path of the password's confirmation.
    pub fn confirmation(&self) -> String {
        format!("{}_confirmation", self.password)
    }
}

/// How the person will prove who they are.
#[derive(Clone, Default)]
pub enum CredentialDraft {
    /// Not at all.
    #[default]
    Absent,
    /// By a password.
    Password {
        /// The password.
        password: Field<Password>,
        /// To be compared only where it is there (ServiceStack).
        confirmation: Option<Field<Password>>,
        /// Whether it has to be changed at the next login.
        change_required: bool,
    },
    /// By a password whose hash another system made.
    Hash(String),
    /// In the request, and refused already.
    Faulty,
}

/// A hash is as good as its password to whoever has the time to guess it.
impl fmt::Debug for CredentialDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Password { .. } => "Password(***)",
            Self::Hash(_) => "Hash(***)",
            Self::Faulty => "Faulty",
        })
    }
}

impl CredentialDraft {
    /// Whether the request has one.
    pub fn is_given(&self) -> bool {
        match self {
            Self::Absent => false,
            Self::Password { password, .. } => password.is_given(),
            Self::Hash(_) | Self::Faulty => true,
        }
    }
}

/// A person as a request describes them.
#[derive(Clone, Debug)]
pub struct AccountDraft {
    /// Where the fields stand.
    pub paths: FieldPaths,
    /// The name to log in with, as typed; the realm says how it is read.
    pub user_name: Field<String>,
    /// The name to show.
    pub display_name: Field<DisplayName>,
    /// First name.
    pub given_name: Field<PersonName>,
    /// Last name.
    pub family_name: Field<PersonName>,
    /// BCP-47.
    pub language: Field<LanguageCode>,
    /// IANA.
    pub time_zone: Field<TimeZone>,
    /// The address.
    pub email: Field<Email>,
    /// The address was verified by the caller.
    pub email_verified: bool,
    /// As typed: how it is read depends on the realm.
    pub phone: Field<String>,
    /// The number was verified by the caller.
    pub phone_verified: bool,
    /// Free attributes; their types depend on the contract.
    pub attributes: Field<Attributes>,
    /// Inert pairs.
    pub annotations: Annotations,
    /// Answers to legal documents.
    pub consents: Vec<ConsentAnswer>,
    /// Brand.
    pub brand: Option<String>,
    /// Edition of the brand.
    pub edition: Option<String>,
    /// A third party's opaque id.
    pub third_party_id: Option<String>,
    /// Keys of other systems; a key without a type has the application's.
    pub external_keys: Vec<ExternalKeyDraft>,
    /// Names of roles.
    pub roles: Vec<String>,
    /// See [`CredentialDraft`].
    pub credential: CredentialDraft,
    /// What decoding found wrong.
    pub violations: Violations,
}

/// An external key of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalKeyDraft {
    /// With its type.
    Typed(TypedExternalKey),
    /// Of the application's own type.
    Own(crate::domain::external_key::ExternalKey),
    /// Refused already.
    Faulty,
}

impl AccountDraft {
    /// Nothing but the paths.
    pub fn new(paths: FieldPaths) -> Self {
        Self {
            paths,
            user_name: Field::Absent,
            display_name: Field::Absent,
            given_name: Field::Absent,
            family_name: Field::Absent,
            language: Field::Absent,
            time_zone: Field::Absent,
            email: Field::Absent,
            email_verified: false,
            phone: Field::Absent,
            phone_verified: false,
            attributes: Field::Absent,
            annotations: Annotations::default(),
            consents: Vec::new(),
            brand: None,
            edition: None,
            third_party_id: None,
            external_keys: Vec::new(),
            roles: Vec::new(),
            credential: CredentialDraft::Absent,
            violations: Violations::new(),
        }
    }

    /// Whether a contract path is delivered.
    pub fn delivers(&self, contract_path: &str) -> bool {
        match contract_path {
            "profile.user_name" => self.user_name.is_given(),
            "profile.display_name" => self.display_name.is_given(),
            "profile.given_name" => self.given_name.is_given(),
            "profile.family_name" => self.family_name.is_given(),
            "profile.language_code" => self.language.is_given(),
            "profile.time_zone" => self.time_zone.is_given(),
            "email.address" => self.email.is_given(),
            "phone.number" => self.phone.is_given(),
            "password" => self.credential.is_given(),
            _ => false,
        }
    }

    /// A violation of FIELD_REQUIRED where a contract path is not delivered; at most once a path.
    pub fn require(&mut self, contract_path: &str) {
        let path = self.paths.of(contract_path);
        if !self.delivers(contract_path) && !self.violations.iter().any(|violation| violation.field == path) {
            self.violations.push(path, FieldReason::FieldRequired);
        }
    }
}
