//! Rates and bounds as typed values: the configuration yields them, the layers and use cases hold them.

use std::time::Duration;

/// How often something may happen: `count` in `per` on average, `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many in `per`; at least 1.
    pub count: u32,
    /// The period that `count` is for.
    pub per: Duration,
    /// How many at once after a rest; at least 1.
    pub burst: u32,
}

impl RateLimit {
    /// `count` in `per`, and as many at once.
    pub const fn new(count: u32, per: Duration) -> Self {
        Self { count, per, burst: count }
    }

    /// The same with another burst.
    pub const fn with_burst(self, burst: u32) -> Self {
        Self { burst, ..self }
    }
}

/// The limits there are. The first three are asked by the layers, before a message is read; the others by use cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitName {
    /// Failed credentials of one peer.
    FailedCredentials,
    /// Calls of one application, weighted by their cost.
    ApplicationCalls,
    /// Calls of one peer without a credential, weighted by their cost.
    PeerCalls,
    /// RegisterAccount from one end user's address.
    AccountRegistrations,
    /// RegisterPortal from one end user's address (ONLYOFFICE: 10 in 5 minutes).
    PortalRegistrations,
    /// CheckPortalName from one end user's address.
    PortalNameChecks,
    /// Logins with one identifier.
    Logins,
    /// Repeats of a message to one address or number.
    VerificationResends,
    /// Messages that verify one address or number, whoever asks for them.
    VerificationMessages,
    /// Password resets of one address.
    PasswordResets,
}

impl LimitName {
    /// Every limit there is.
    pub const ALL: &[LimitName] = &[
        Self::FailedCredentials,
        Self::ApplicationCalls,
        Self::PeerCalls,
        Self::AccountRegistrations,
        Self::PortalRegistrations,
        Self::PortalNameChecks,
        Self::Logins,
        Self::VerificationResends,
        Self::VerificationMessages,
        Self::PasswordResets,
    ];

    /// The name in QuotaFailure, in metrics and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FailedCredentials => "failed_credentials",
            Self::ApplicationCalls => "application_calls",
            Self::PeerCalls => "peer_calls",
            Self::AccountRegistrations => "account_registrations",
            Self::PortalRegistrations => "portal_registrations",
            Self::PortalNameChecks => "portal_name_checks",
            Self::Logins => "logins",
            Self::VerificationResends => "verification_resends",
            Self::VerificationMessages => "verification_messages",
            Self::PasswordResets => "password_resets",
        }
    }

    /// The rate in force where the configuration does not say.
    pub fn default_rate(self) -> RateLimit {
        const MINUTE: Duration = Duration::from_secs(60);
        match self {
            Self::FailedCredentials => RateLimit::new(20, MINUTE),
            Self::ApplicationCalls => RateLimit::new(1_000, Duration::from_secs(1)).with_burst(2_000),
            Self::PeerCalls => RateLimit::new(100, Duration::from_secs(1)).with_burst(200),
            Self::AccountRegistrations | Self::PortalRegistrations | Self::PortalNameChecks | Self::Logins => {
                RateLimit::new(10, Duration::from_secs(300))
            }
            Self::VerificationResends => RateLimit::new(1, MINUTE),
            Self::VerificationMessages => RateLimit::new(10, Duration::from_secs(86_400)),
            Self::PasswordResets => RateLimit::new(3, Duration::from_secs(3_600)),
        }
    }
}

/// The rate of every limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimits(std::collections::HashMap<LimitName, RateLimit>);

impl Default for RateLimits {
    fn default() -> Self {
        Self(LimitName::ALL.iter().map(|name| (*name, name.default_rate())).collect())
    }
}

impl RateLimits {
    /// The rate in force.
    pub fn get(&self, name: LimitName) -> RateLimit {
        self.0.get(&name).copied().unwrap_or_else(|| name.default_rate())
    }

    /// Sets the rate in force.
    pub fn set(&mut self, name: LimitName, rate: RateLimit) {
        self.0.insert(name, rate);
    }
}
