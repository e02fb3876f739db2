//! What callers see of a captcha that was not passed.

use insta::assert_snapshot;

use super::reading::render;
use super::*;

#[test]
fn a_captcha_is_told_at_its_token() {
    let told = from_refusal(Refusal::CaptchaRequired("captcha.token"), &french());
    assert_snapshot!(render(&told), @r"
    InvalidArgument: A captcha is required.
    ErrorInfo CAPTCHA_REQUIRED enroll.v1
    RequestInfo req-1
    BadRequest
      captcha.token CAPTCHA_REQUIRED: A captcha is required.
        fr: Un captcha est exigé.
    LocalizedMessage fr: Un captcha est exigé.
    ");
    let told = from_refusal(Refusal::CaptchaInvalid("captcha.token"), &english());
    assert_snapshot!(render(&told), @r"
    InvalidArgument: The captcha was not solved.
    ErrorInfo CAPTCHA_INVALID enroll.v1
    RequestInfo req-1
    BadRequest
      captcha.token CAPTCHA_INVALID: The captcha was not solved.
    ");
}
