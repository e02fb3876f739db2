//! Where the calling application goes on after a registration (ServiceStack). Nobody is sent anywhere from here: what a request names is held
//! against the application's lists, letter by letter, and returned. A URL that is not on the list is refused before anything is written, so
//! that an application that follows the answer is no open redirector. Absent from here, and from every mail: any use of it.

use crate::domain::application::ApplicationSettings;
use crate::domain::violation::{FieldReason, Violations};

/// What a request names, or what the answer says; empty = nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redirect {
    /// Where the person is sent next.
    pub redirect_url: String,
    /// Where the person came from.
    pub referrer_url: String,
    /// The view that shows errors.
    pub error_view: String,
}

impl Redirect {
    /// What the answer says: what is named here and listed, and the first URL of the list where no next one is named.
    pub(super) fn check(self, application: &ApplicationSettings, faults: &mut Violations) -> Self {
        let urls = [("redirect.redirect_url", &self.redirect_url), ("redirect.referrer_url", &self.referrer_url)];
        for (field, url) in urls {
            if !url.is_empty() && !application.redirect_urls.contains(url) {
                faults.push(field, FieldReason::UrlNotAllowed);
            }
        }
        if !self.error_view.is_empty() && !application.error_views.contains(&self.error_view) {
            faults.push("redirect.error_view", FieldReason::FieldUnknown);
        }
        match application.redirect_urls.first() {
            Some(first) if self.redirect_url.is_empty() => Self { redirect_url: first.clone(), ..self },
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(redirect: [&str; 3], urls: &[&str]) -> (Redirect, Vec<(String, FieldReason)>) {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let settings =
            ApplicationSettings { redirect_urls: texts(urls), error_views: texts(&["Oops"]), ..Default::default() };
        let [redirect_url, referrer_url, error_view] = redirect.map(str::to_owned);
        let mut faults = Violations::new();
        let checked = Redirect { redirect_url, referrer_url, error_view }.check(&settings, &mut faults);
        (checked, faults.iter().map(|fault| (fault.field.clone(), fault.reason)).collect())
    }

    #[test]
    fn what_is_named_is_compared_letter_by_letter() {
        let one = "https://a.example/in";
        assert_eq!(check([one, one, "Oops"], &["https://b.example/", one]).1, []);
        for other in
            ["https://A.example/in", "https://a.example/in/", "https://a.example/in?x", " https://a.example/in"]
        {
            let faults = check([other, other, "oops"], &[one]).1;
            let expected = [
                ("redirect.redirect_url".to_owned(), FieldReason::UrlNotAllowed),
                ("redirect.referrer_url".to_owned(), FieldReason::UrlNotAllowed),
                ("redirect.error_view".to_owned(), FieldReason::FieldUnknown),
            ];
            assert_eq!(faults, expected, "{other}");
        }
    }

    #[test]
    fn the_first_url_of_the_list_is_the_next_one_where_none_is_named() {
        let (one, two) = ("https://a.example/1", "https://a.example/2");
        assert_eq!(check(["", "", ""], &[one, two]).0, Redirect { redirect_url: one.to_owned(), ..Default::default() });
        assert_eq!(check([two, one, ""], &[one, two]).0.redirect_url, two);
        assert_eq!(check(["", "", ""], &[]), (Redirect::default(), Vec::new()));
    }
}
