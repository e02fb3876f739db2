//! Codes to phones, over an API of Twilio's form or into a folder.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue, StatusCode};

use super::DeliveryError;
use super::carrier::{Carrier, Failure, Parcel};
use super::folder::Folder;
use super::http::{Answer, Endpoint, NoAnswer};
use super::settings::{TextApiSettings, TextRoute};
use crate::domain::ids::MessageId;
use crate::domain::message::{Channel, Message, TextMessage};

/// For a request and its answer.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);

enum Route {
    Api { endpoint: Box<Endpoint>, from: String },
    Folder(Folder),
}

/// Puts codes into words and sends them.
pub(super) struct TextCarrier {
    route: Route,
}

impl TextCarrier {
    pub(super) fn new(route: &TextRoute) -> Result<Self, DeliveryError> {
        let route = match route {
            TextRoute::Api(TextApiSettings { url, credentials: (user, password), from }) => {
                let endpoint = Endpoint::new(url, REQUEST_TIME_MAX)?.with_basic_auth(user, password)?;
                Route::Api { endpoint: Box::new(endpoint), from: from.clone() }
            }
            TextRoute::Folder(path) => Route::Folder(Folder::new(path.clone())),
        };
        Ok(Self { route })
    }

    async fn send(&self, parcel: &Parcel) -> Result<(), Failure> {
        let Message::Text(text) = &parcel.message else { return Err(Failure::never("no text")) };
        if parcel.now - parcel.create_time >= TimeDelta::minutes(text.minutes.into()) {
            return Err(Failure::never("expired"));
        }
        let body = words(text);
        match &self.route {
            Route::Api { endpoint, from } => post(endpoint, parcel.id, from, &text.to, &body).await,
            Route::Folder(folder) => {
                folder.put(parcel.id, "txt", format!("To: {}\n\n{body}\n", text.to).into_bytes()).await
            }
        }
    }
}

impl Carrier for TextCarrier {
    fn channel(&self) -> Channel {
        Channel::Text
    }

    fn carry<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.send(parcel))
    }
}

/// The code comes first, where a phone shows it on its locked screen and offers to fill it in.
fn words(text: &TextMessage) -> String {
    let TextMessage { language, code, minutes, .. } = text;
    match language.primary() {
        "fr" => format!("{code} est votre code. Il est valable {minutes} minutes. Ne le communiquez à personne."),
        "de" => format!("{code} ist Ihr Code. Er gilt {minutes} Minuten. Geben Sie ihn nicht weiter."),
        _ => format!("{code} is your code. It is valid for {minutes} minutes. Do not share it."),
    }
}

async fn post(endpoint: &Endpoint, id: MessageId, from: &str, to: &str, body: &str) -> Result<(), Failure> {
    // Providers that know the header send a repeat once.
    let key = HeaderValue::try_from(id.to_string()).ok().map(|id| (HeaderName::from_static("idempotency-key"), id));
    let answer = endpoint.post(&[("From", from), ("To", to), ("Body", body)], key).await;
    match answer {
        Ok(answer) => judge(&answer),
        Err(NoAnswer::Timeout) => Err(Failure::later("timeout")),
        Err(NoAnswer::Unreachable) => Err(Failure::later("unreachable")),
    }
}

/// A wrong password (401, 403) is the operator's to mend, and the message waits for that.
fn judge(answer: &Answer) -> Result<(), Failure> {
    const LATER: [StatusCode; 4] =
        [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
    let status = answer.status;
    match status {
        _ if status.is_success() => Ok(()),
        _ if status.is_client_error() && !LATER.contains(&status) => {
            Err(Failure::never(format!("refused {}", status.as_u16())))
        }
        _ => Err(Failure::Later { why: format!("answered {}", status.as_u16()).into(), after: answer.retry_after }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::LanguageCode;

    fn answer(status: u16) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, retry_after: Some(Duration::from_secs(7)), body: bytes::Bytes::new() }
    }

    #[test]
    fn what_may_go_better_later_is_tried_again() {
        for status in [200, 201, 202] {
            assert_eq!(judge(&answer(status)), Ok(()));
        }
        for status in [301, 401, 403, 408, 429, 500, 502, 503] {
            let after = Some(Duration::from_secs(7));
            let why = format!("answered {status}").into();
            assert_eq!(judge(&answer(status)), Err(Failure::Later { why, after }));
        }
        for status in [400, 404, 410, 422] {
            assert_eq!(judge(&answer(status)), Err(Failure::never(format!("refused {status}"))));
        }
    }

    #[test]
    fn a_code_is_said_in_the_persons_language() {
        let text = |language| TextMessage {
            to: "+33612345678".into(),
            language: LanguageCode::parse(language).unwrap(),
            code: "012345".into(),
            minutes: 5,
        };
        for language in ["en", "fr-FR", "de", "es"] {
            let words = words(&text(language));
            assert!(words.starts_with("012345 ") && words.contains(" 5 "), "{words}");
            assert!(words.chars().count() <= 160, "{words}");
        }
        assert_ne!(words(&text("fr")), words(&text("de")));
        assert_eq!(words(&text("es")), words(&text("en")));
    }
}
