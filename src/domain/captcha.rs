//! What a captcha provider gives a person who solved its puzzle. Whether it holds only the provider can say; it is asked once.

use std::fmt;

use super::violation::{Fault, FieldReason};

/// Most octets of a token. reCAPTCHA and Turnstile state 2048 characters for theirs; what is longer is not worth carrying to a provider.
pub const CAPTCHA_TOKEN_OCTETS_MAX: usize = 4096;

/// A provider's response token: opaque, and good for one question.
#[derive(Clone, PartialEq, Eq)]
pub struct CaptchaToken(String);

impl CaptchaToken {
    /// FIELD_TOO_LONG beyond [`CAPTCHA_TOKEN_OCTETS_MAX`]; nothing else is known of its form.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if text.len() > CAPTCHA_TOKEN_OCTETS_MAX {
            let fault = Fault::new(FieldReason::FieldTooLong).with("unit", "octets");
            return Err(fault.with("max", CAPTCHA_TOKEN_OCTETS_MAX));
        }
        Ok(Self(text.to_owned()))
    }

    /// The token itself, for the provider alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Until the provider is asked, whoever reads it can use it.
impl fmt::Debug for CaptchaToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaptchaToken(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_any_text_up_to_its_bound_and_never_shown() {
        for good in ["0.a-B_c", "ä b\n", &"x".repeat(4096)] {
            let token = CaptchaToken::parse(good).expect("a token");
            assert_eq!(token.expose(), good);
            assert_eq!(format!("{token:?}"), "CaptchaToken(***)");
        }
        for bad in ["x".repeat(4097), "ä".repeat(2049)] {
            let fault = CaptchaToken::parse(&bad).expect_err("too long");
            assert_eq!((fault.reason, fault.params["max"].as_str()), (FieldReason::FieldTooLong, "4096"));
        }
    }
}
