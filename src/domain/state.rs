//! A macro for the small closed sets that stand in columns and settings (states, kinds, modes): one table gives the enum, its text and its
//! reading, so that a value written can always be read.

/// `text_enum! { /// doc pub enum Name { /// doc Variant = "TEXT" } }`: an enum whose text is what the store keeps and JSON shows.
macro_rules! text_enum {
    ($(#[$outer:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value there is.
            pub const ALL: &[$name] = &[$($name::$variant,)+];

            /// The text in the store and in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// Reads what [`Self::as_str`] wrote.
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use text_enum;
