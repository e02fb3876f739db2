//! Templates: made and changed by those who hold `templates.write` on their tenant, and what a use case asks of them: whether one can be put
//! into words, and which are shipped. The engine is a matter of `delivery`; the renderer is handed in by the composition root.

mod managing;
mod previewing;
mod samples;

pub use managing::TemplateDraft;
pub use previewing::{Preview, Previewed};

use std::fmt;

use crate::domain::message::{MailFields, MailKind};

/// A template as its author wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateSource {
    /// One line of text.
    pub subject: String,
    /// What it puts in is escaped.
    pub html: String,
    /// Plain text.
    pub text: String,
}

/// A mail in words.
#[derive(Clone, PartialEq, Eq)]
pub struct RenderedMail {
    /// One line, without line breaks or other control characters.
    pub subject: String,
    /// A whole HTML document or a fragment of one, as the template has it.
    pub html: String,
    /// Plain text.
    pub text: String,
}

/// What it says may hold a token, so it is not shown.
impl fmt::Debug for RenderedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RenderedMail(..)")
    }
}

/// Why a template cannot be put into words: its author's fault, told so that the author can mend it. It quotes the template, never the
/// fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {description}")]
pub struct RenderFault {
    /// `subject`, `html` or `text`.
    pub part: &'static str,
    /// The line of that part, from 1 on, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub description: String,
}

/// Puts templates into words, and has the ones that are shipped.
pub trait TemplateRenderer: Send + Sync {
    /// The subject, HTML and text of a mail. Bounded in time and size, whatever the template says.
    fn render(&self, source: &TemplateSource, fields: &MailFields) -> Result<RenderedMail, RenderFault>;

    /// The shipped template of a kind in a language, by its primary subtag (`de`); absent where that language is not shipped.
    fn shipped(&self, kind: MailKind, language: &str) -> Option<TemplateSource>;
}
