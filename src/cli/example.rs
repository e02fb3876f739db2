//! Calls of grpcurl that work as pasted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A call to be pasted into a shell.
#[derive(Clone, Debug)]
pub(super) struct Example<'a> {
    /// Where the service is.
    pub(super) authority: &'a str,
    /// Whether it serves plain text.
    pub(super) plaintext: bool,
    /// The whole text of the key, or a variable that holds it.
    pub(super) key: &'a str,
    /// Further headers.
    pub(super) headers: &'a [String],
    /// The method, such as `enroll.v1.AccountService/CreateAccount`.
    pub(super) method: &'a str,
    /// The request as JSON.
    pub(super) request: &'a str,
}

impl std::fmt::Display for Example<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plaintext = if self.plaintext { " -plaintext" } else { "" };
        write!(f, "grpcurl{plaintext} -H \"authorization: Bearer {}\"", self.key)?;
        self.headers.iter().try_for_each(|header| write!(f, " -H {}", quoted(header)))?;
        write!(f, " -d {} {} {}", quoted(self.request), self.authority, self.method)
    }
}

/// One word of a shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// How this machine reaches what listens at an address: every address means loopback too.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_request_as_it_is() {
        let example = Example {
            authority: "127.0.0.1:50051",
            plaintext: true,
            key: "enroll_app_k",
            headers: &["x-calling-app: mine".to_owned()],
            method: "enroll.v1.RegistrationService/RegisterAccount",
            request: r#"{"password":"User's"}"#,
        };
        let expected = r#"grpcurl -plaintext -H "authorization: Bearer enroll_app_k" -H 'x-calling-app: mine' -d '{"password":"User'\''s"}' 127.0.0.1:50051 enroll.v1.RegistrationService/RegisterAccount"#;
        assert_eq!(example.to_string(), expected);
    }

    #[test]
    fn what_listens_everywhere_is_reached_on_loopback() {
        let reached = |text: &str| reachable(text.parse().expect("an address")).to_string();
        assert_eq!(reached("0.0.0.0:1"), "127.0.0.1:1");
        assert_eq!(reached("[::]:1"), "[::1]:1");
        assert_eq!(reached("192.0.2.1:1"), "192.0.2.1:1");
    }
}
