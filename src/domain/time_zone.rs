//! Time zones by their IANA names.

use chrono_tz::Tz;

use super::language::LanguageCode;
use super::text::text_value;
use super::violation::{Fault, FieldReason};

/// Why a text is no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeZoneError {
    /// Nothing.
    #[error("the time zone is empty")]
    Empty,
    /// No name in the IANA database.
    #[error("the time zone is not known")]
    Unknown,
}

impl From<TimeZoneError> for Fault {
    fn from(error: TimeZoneError) -> Self {
        match error {
            TimeZoneError::Empty => Self::new(FieldReason::FieldRequired),
            TimeZoneError::Unknown => Self::new(FieldReason::TimeZoneInvalid),
        }
    }
}

/// A time zone, such as `Europe/Paris` or `UTC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeZone(Tz);

impl TimeZone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Reads a name as the database writes it; links such as `Asia/Calcutta` are names too and stay as given.
    pub fn parse(text: &str) -> Result<Self, TimeZoneError> {
        if text.is_empty() {
            return Err(TimeZoneError::Empty);
        }
        text.parse().map(Self).map_err(|_| TimeZoneError::Unknown)
    }

    /// The name.
    pub fn as_str(&self) -> &'static str {
        self.0.name()
    }

    /// Where most people of a language live, if one zone can say so; else UTC (ONLYOFFICE: fr -> Europe/Paris, de -> Europe/Berlin).
    pub fn for_language(language: &LanguageCode) -> Self {
        let by_region = match language.as_str() {
            "en-GB" => Some(Tz::Europe__London),
            "pt-BR" => Some(Tz::America__Sao_Paulo),
            "zh-TW" | "zh-Hant-TW" => Some(Tz::Asia__Taipei),
            _ => None,
        };
        let zone = by_region.unwrap_or(match language.primary() {
            "az" => Tz::Asia__Baku,
            "bg" => Tz::Europe__Sofia,
            "cs" => Tz::Europe__Prague,
            "da" => Tz::Europe__Copenhagen,
            "de" => Tz::Europe__Berlin,
            "el" => Tz::Europe__Athens,
            "es" => Tz::Europe__Madrid,
            "et" => Tz::Europe__Tallinn,
            "fi" => Tz::Europe__Helsinki,
            "fr" => Tz::Europe__Paris,
            "hr" => Tz::Europe__Zagreb,
            "hu" => Tz::Europe__Budapest,
            "hy" => Tz::Asia__Yerevan,
            "it" => Tz::Europe__Rome,
            "ja" => Tz::Asia__Tokyo,
            "ko" => Tz::Asia__Seoul,
            "lo" => Tz::Asia__Vientiane,
            "lt" => Tz::Europe__Vilnius,
            "lv" => Tz::Europe__Riga,
            "nb" | "nn" | "no" => Tz::Europe__Oslo,
            "nl" => Tz::Europe__Amsterdam,
            "pl" => Tz::Europe__Warsaw,
            "pt" => Tz::Europe__Lisbon,
            "ro" => Tz::Europe__Bucharest,
            "ru" => Tz::Europe__Moscow,
            "si" => Tz::Asia__Colombo,
            "sk" => Tz::Europe__Bratislava,
            "sl" => Tz::Europe__Ljubljana,
            "sq" => Tz::Europe__Tirane,
            "sr" => Tz::Europe__Belgrade,
            "sv" => Tz::Europe__Stockholm,
            "tr" => Tz::Europe__Istanbul,
            "uk" => Tz::Europe__Kyiv,
            "vi" => Tz::Asia__Ho_Chi_Minh,
            "zh" => Tz::Asia__Shanghai,
            _ => Tz::UTC,
        });
        Self(zone)
    }
}

text_value!(TimeZone, as_str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iana_names_and_nothing_else() {
        for name in ["UTC", "Europe/Paris", "America/Argentina/Buenos_Aires", "Asia/Calcutta", "Etc/GMT+5"] {
            assert_eq!(TimeZone::parse(name).expect("a zone").as_str(), name);
        }
        assert_eq!(TimeZone::parse(""), Err(TimeZoneError::Empty));
        for bad in ["Mars/Olympus", "Romance Standard Time", "+02:00", "europe/paris", "UTC "] {
            assert_eq!(TimeZone::parse(bad), Err(TimeZoneError::Unknown), "{bad}");
        }
    }

    #[test]
    fn a_language_suggests_a_zone() {
        for (language, zone) in [
            ("fr", "Europe/Paris"),
            ("fr-CA", "Europe/Paris"),
            ("de", "Europe/Berlin"),
            ("fre-FR", "Europe/Paris"),
            ("pt", "Europe/Lisbon"),
            ("pt-BR", "America/Sao_Paulo"),
            ("en", "UTC"),
            ("en-US", "UTC"),
            ("en-GB", "Europe/London"),
            ("haw", "UTC"),
        ] {
            let language = LanguageCode::parse(language).expect("a language");
            assert_eq!(TimeZone::for_language(&language).as_str(), zone, "{language}");
        }
    }

    #[test]
    fn json_holds_the_name() {
        assert_eq!(serde_json::to_string(&TimeZone::UTC).expect("json"), "\"UTC\"");
        assert!(serde_json::from_str::<TimeZone>("\"Nowhere\"").is_err());
    }
}
