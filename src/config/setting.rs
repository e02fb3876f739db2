//! The types that settings have: each reads itself from what was given and prints itself again.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use humantime::format_duration;
use ipnet::IpNet;
use toml::Value;

use crate::domain::limits::RateLimit;

use super::sources::Raw;

/// A value that a setting can have.
pub(super) trait Setting: Sized {
    /// Reads it, or says what is expected.
    fn read(raw: &Raw) -> Result<Self, String>;
    /// Prints it for `config show`.
    fn print(&self) -> Value;
}

/// The text of a value, for those that are written as text.
fn text(raw: &Raw) -> Option<&str> {
    match raw {
        Raw::Text(text) => Some(text.trim()),
        Raw::Toml(_) => None,
    }
}

/// Reads a value that is written as text.
pub(super) fn parse<T>(raw: &Raw, expected: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, String> {
    text(raw).and_then(parse).ok_or_else(|| format!("expected {expected}"))
}

impl Setting for bool {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Toml(Value::Boolean(value)) => Ok(*value),
            _ => parse(raw, "true or false", |text| text.parse().ok()),
        }
    }

    fn print(&self) -> Value {
        Value::Boolean(*self)
    }
}

/// Whole numbers of one width.
macro_rules! whole_number {
    ($($number:ty),+) => {$(
        impl Setting for $number {
            fn read(raw: &Raw) -> Result<Self, String> {
                match raw {
                    Raw::Toml(Value::Integer(value)) => Self::try_from(*value).ok(),
                    _ => text(raw).and_then(|text| text.parse().ok()),
                }
                .ok_or_else(|| "expected a whole number".to_owned())
            }

            fn print(&self) -> Value {
                i64::try_from(*self).map_or_else(|_| Value::String(self.to_string()), Value::Integer)
            }
        }
    )+};
}
whole_number!(u16, u32, u64, usize);

impl Setting for Duration {
    fn read(raw: &Raw) -> Result<Self, String> {
        parse(raw, "a duration such as \"30s\" or \"5m\"", |text| humantime::parse_duration(text).ok())
    }

    fn print(&self) -> Value {
        Value::String(format_duration(*self).to_string())
    }
}

impl Setting for SocketAddr {
    fn read(raw: &Raw) -> Result<Self, String> {
        parse(raw, "an address and port such as \"127.0.0.1:50051\"", |text| text.parse().ok())
    }

    fn print(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl Setting for IpNet {
    fn read(raw: &Raw) -> Result<Self, String> {
        parse(raw, "networks such as \"10.0.0.0/8\" or single addresses", |text| {
            text.parse().ok().or_else(|| Some(IpNet::from(text.parse::<std::net::IpAddr>().ok()?)))
        })
    }

    fn print(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl Setting for PathBuf {
    fn read(raw: &Raw) -> Result<Self, String> {
        parse(raw, "a path", |text| Some(PathBuf::from(text)).filter(|path| !path.as_os_str().is_empty()))
    }

    fn print(&self) -> Value {
        Value::String(self.display().to_string())
    }
}

impl Setting for String {
    fn read(raw: &Raw) -> Result<Self, String> {
        parse(raw, "text", |text| Some(text.to_owned()))
    }

    fn print(&self) -> Value {
        Value::String(self.clone())
    }
}

/// A list is a TOML array, or text with commas.
impl<T: Setting> Setting for Vec<T> {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| T::read(&Raw::Text(item.to_owned())))
                .collect(),
            Raw::Toml(Value::Array(items)) => items
                .iter()
                .map(|item| match item {
                    Value::String(text) => T::read(&Raw::Text(text.clone())),
                    other => T::read(&Raw::Toml(other.clone())),
                })
                .collect(),
            Raw::Toml(_) => Err("expected a list".to_owned()),
        }
    }

    fn print(&self) -> Value {
        Value::Array(self.iter().map(T::print).collect())
    }
}

/// `10/5m`, or `1000/1s burst 2000`: how many in which time, and how many at once after a rest.
impl Setting for RateLimit {
    fn read(raw: &Raw) -> Result<Self, String> {
        parse(raw, "a rate such as \"10/5m\" or \"1000/1s burst 2000\"", |text| {
            let (rate, burst) = text.split_once("burst").map_or((text, None), |(rate, burst)| (rate, Some(burst)));
            let (count, per) = rate.split_once('/')?;
            let count: u32 = count.trim().parse().ok().filter(|count| *count > 0)?;
            let per = humantime::parse_duration(per.trim()).ok().filter(|per| !per.is_zero())?;
            let burst = burst.map_or(Some(count), |burst| burst.trim().parse().ok().filter(|burst| *burst > 0))?;
            Some(Self::new(count, per).with_burst(burst))
        })
    }

    fn print(&self) -> Value {
        let burst = if self.burst == self.count { String::new() } else { format!(" burst {}", self.burst) };
        Value::String(format!("{}/{}{burst}", self.count, format_duration(self.per).to_string().replace(' ', "")))
    }
}

/// Makes a setting of an enum whose values have names.
macro_rules! named_setting {
    ($type:ty, $($name:literal => $value:expr),+ $(,)?) => {
        impl $crate::config::setting::Setting for $type {
            fn read(raw: &$crate::config::sources::Raw) -> Result<Self, String> {
                $crate::config::setting::parse(raw, concat!("one of", $(" \"", $name, "\""),+), |text| match text {
                    $($name => Some($value),)+
                    _ => None,
                })
            }

            fn print(&self) -> toml::Value {
                $(if *self == $value { return toml::Value::String($name.to_owned()); })+
                toml::Value::String(String::new())
            }
        }
    };
}
pub(super) use named_setting;

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Raw {
        Raw::Text(text.to_owned())
    }

    /// Reads, prints, reads again.
    fn round<T: Setting + PartialEq + std::fmt::Debug>(text: &str) -> T {
        let value = T::read(&given(text)).expect("it reads");
        let printed = match value.print() {
            Value::String(text) => given(&text),
            other => Raw::Toml(other),
        };
        assert_eq!(T::read(&printed).expect("it reads back"), value);
        value
    }

    #[test]
    fn what_is_printed_reads_back() {
        assert_eq!(round::<RateLimit>("10/5m"), RateLimit::new(10, Duration::from_secs(300)));
        let calls = RateLimit::new(1_000, Duration::from_secs(1)).with_burst(2_000);
        assert_eq!(round::<RateLimit>("1000/1s burst 2000"), calls);
        assert_eq!(round::<RateLimit>("3 / 1h 30m"), RateLimit::new(3, Duration::from_secs(5_400)));
        assert_eq!(round::<Duration>("1m 30s"), Duration::from_secs(90));
        assert_eq!(round::<Vec<u32>>("1, 2,,3"), vec![1, 2, 3]);
        assert_eq!(round::<Vec<IpNet>>("10.0.0.0/8, ::1").len(), 2);
        assert!(!round::<bool>("false"));
    }

    #[test]
    fn nonsense_is_refused() {
        for rate in ["10", "0/1s", "10/0s", "10/1s burst 0", "10/1s burst", "-1/1s", "1/1", ""] {
            assert!(RateLimit::read(&given(rate)).is_err(), "{rate}");
        }
        assert!(bool::read(&given("yes")).is_err());
        assert!(u32::read(&given("-1")).is_err());
        assert!(u32::read(&Raw::Toml(Value::Integer(-1))).is_err());
        assert!(Duration::read(&Raw::Toml(Value::Integer(30))).is_err());
        assert!(PathBuf::read(&given(" ")).is_err());
        assert!(SocketAddr::read(&given("localhost")).is_err());
    }
}
