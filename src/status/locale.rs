//! Which catalogue an `accept-language` header asks for (RFC 9110 section 12.5.4, look-up by the primary subtag as in RFC 4647
//! section 3.4). A header that is absent, unreadable or asks for nothing that is there gives no locale: then English alone is sent.

use std::cmp::Reverse;

/// How much of a header is read; what a browser sends has less than 100 bytes.
const HEADER_BYTES_MAX: usize = 512;

/// How many of its ranges are read.
const RANGES_MAX: usize = 16;

/// A language that has a catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locale {
    /// English; also what `*` means.
    En,
    /// French.
    Fr,
    /// German.
    De,
}

impl Locale {
    /// Every locale, in the order in which `*` prefers them.
    pub const ALL: &[Locale] = &[Self::En, Self::Fr, Self::De];

    /// The BCP-47 tag.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
            Self::De => "de",
        }
    }

    /// The locale that an `accept-language` header prefers. Of equal weights the one named first wins.
    pub fn negotiate(header: &str) -> Option<Self> {
        let end = header.floor_char_boundary(HEADER_BYTES_MAX);
        let ranges: Vec<Range> = header[..end].split(',').take(RANGES_MAX).filter_map(Range::parse).collect();
        let mut best: Option<(Rank, Locale)> = None;
        for locale in Self::ALL {
            let ranks = |tag| ranges.iter().enumerate().filter(move |(_, range)| range.is(tag)).map(Range::rank);
            // A range that names the language overrules `*`, even where its weight is lower.
            let Some(rank) = ranks(locale.as_str()).max().or_else(|| ranks("*").max()) else { continue };
            let acceptable = rank.0 > 0;
            if acceptable && best.is_none_or(|(held, _)| rank > held) {
                best = Some((rank, *locale));
            }
        }
        best.map(|(_, locale)| locale)
    }
}

/// How much a range is wanted: its weight, then its place from the end.
type Rank = (u16, Reverse<usize>);

/// One range of the header.
struct Range<'a> {
    /// The primary subtag, or `*`.
    primary: &'a str,
    /// The weight in thousandths.
    weight: u16,
}

impl<'a> Range<'a> {
    /// Reads `fr-CH;q=0.9`; nothing for a range that is not well-formed.
    fn parse(text: &'a str) -> Option<Self> {
        let (tag, weight) = match text.split_once(';') {
            None => (text, 1_000),
            Some((tag, parameter)) => (tag, parse_weight(parameter.trim())?),
        };
        let primary = tag.trim().split('-').next().unwrap_or_default();
        (!primary.is_empty()).then_some(Self { primary, weight })
    }

    fn is(&self, tag: &str) -> bool {
        self.primary.eq_ignore_ascii_case(tag)
    }

    fn rank((position, range): (usize, &Self)) -> Rank {
        (range.weight, Reverse(position))
    }
}

/// Reads `q=0.8` as thousandths: `0` or `1`, and at most three decimals.
fn parse_weight(parameter: &str) -> Option<u16> {
    let value = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?;
    let (whole, decimals) = value.split_once('.').unwrap_or((value, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Locale::{self, De, En, Fr};

    #[test]
    fn the_heaviest_range_that_has_a_catalogue_wins() {
        for (header, expected) in [
            ("fr", Some(Fr)),
            ("FR-ca", Some(Fr)),
            ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", Some(Fr)),
            ("en;q=0.8, de;q=0.81", Some(De)),
            ("de ; q=0.5 , en ; Q=0.5", Some(De)),
            ("it, es;q=0.9", None),
            ("it, de;q=0.001", Some(De)),
            ("*", Some(En)),
            ("it, *;q=0.1", Some(En)),
            ("en;q=0, *", Some(Fr)),
            ("en;q=0.1, *", Some(Fr)),
            ("fr;q=0", None),
            ("fr;q=1.5, de;q=0.2", Some(De)),
            ("fr;q=, de;level=1, en;q=0.0001", None),
            ("frisian", None),
            ("", None),
            (",,;q=1,-", None),
        ] {
            assert_eq!(Locale::negotiate(header), expected, "{header:?}");
        }
    }

    #[test]
    fn what_stands_past_the_bounds_is_not_read() {
        assert_eq!(Locale::negotiate(&format!("{}de", "it,".repeat(15))), Some(De));
        assert_eq!(Locale::negotiate(&format!("{}de", "it,".repeat(16))), None);
        assert_eq!(Locale::negotiate(&format!("{}, de", "x".repeat(512))), None);
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(header in ".*", long in "[a-z,;=*é-]{500,600}") {
            let _ = (Locale::negotiate(&header), Locale::negotiate(&long));
        }

        #[test]
        fn weights_decide_between_two(fr in 0..=1000_u16, de in 0..=1000_u16) {
            let weight = |value: u16| format!("{}.{:03}", value / 1000, value % 1000);
            let answer = Locale::negotiate(&format!("fr;q={},de;q={}", weight(fr), weight(de)));
            let expected = match (fr, de) {
                (0, 0) => None,
                _ if fr >= de => Some(Fr),
                _ => Some(De),
            };
            prop_assert_eq!(answer, expected);
        }
    }
}
