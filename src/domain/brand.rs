//! Brands of a tenant and their editions (Comexposium: the fair and its session), and which base the links of a mail get. A brand comes with
//! a request; its base never does.

use serde::{Deserialize, Serialize};

use super::link::LinkBase;

/// Most brands of a tenant, and most editions of a brand: a tenant's row is read whole and often.
pub const BRANDS_MAX: usize = 100;

/// A brand that accounts may come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    /// Its name, as requests give it.
    pub brand: String,
    /// What links in its mails begin with; absent = the tenant's.
    pub link_base: Option<LinkBase>,
    /// Its editions; empty = any.
    pub editions: Vec<String>,
}

/// A brand or edition is not known, or has no base for links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the brand or edition is not known, or has no base for links")]
pub struct UnknownBrand;

/// The base of links for what a person came from: the brand's, else the tenant's `own`. `None` where the tenant has no base and no brand
/// that it knows is asked. A tenant without brands takes any brand as a mere label.
pub fn link_base<'a>(
    own: Option<&'a LinkBase>,
    brands: &'a [Brand],
    brand: Option<&str>,
    edition: Option<&str>,
) -> Result<Option<&'a LinkBase>, UnknownBrand> {
    let Some(brand) = brand else {
        // An edition of no brand is one that no brand has.
        return if edition.is_some() && !brands.is_empty() { Err(UnknownBrand) } else { Ok(own) };
    };
    let known = brands.iter().find(|known| known.brand == brand);
    let base = match known {
        None if brands.is_empty() => return Ok(own),
        None => return Err(UnknownBrand),
        Some(known) => {
            let has = |edition: &str| known.editions.is_empty() || known.editions.iter().any(|one| one == edition);
            if !edition.is_none_or(has) {
                return Err(UnknownBrand);
            }
            known.link_base.as_ref().or(own)
        }
    };
    base.map(Some).ok_or(UnknownBrand)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> LinkBase {
        LinkBase::parse(text).expect("a base")
    }

    fn brand(name: &str, link_base: Option<LinkBase>, editions: &[&str]) -> Brand {
        let editions = editions.iter().map(ToString::to_string).collect();
        Brand { brand: name.to_owned(), link_base, editions }
    }

    #[test]
    fn a_brands_base_comes_before_the_tenants() {
        let (own, fair) = (base("https://own.example"), base("https://fair.example"));
        let brands = [
            brand("fair", Some(fair.clone()), &["2017", "2018"]),
            brand("bare", None, &[]),
            brand("open", None, &["1"]),
        ];
        let found = |name, edition| link_base(Some(&own), &brands, name, edition);
        assert_eq!(found(None, None), Ok(Some(&own)));
        assert_eq!(found(Some("fair"), None), Ok(Some(&fair)));
        assert_eq!(found(Some("fair"), Some("2018")), Ok(Some(&fair)));
        assert_eq!(found(Some("bare"), Some("any")), Ok(Some(&own)));
        assert_eq!(found(Some("fair"), Some("2019")), Err(UnknownBrand));
        assert_eq!(found(Some("Fair"), None), Err(UnknownBrand));
        assert_eq!(found(None, Some("2017")), Err(UnknownBrand));
        let found = |name, edition| link_base(None, &brands, name, edition);
        assert_eq!(found(None, None), Ok(None));
        assert_eq!(found(Some("fair"), Some("2017")), Ok(Some(&fair)));
        assert_eq!(found(Some("open"), Some("1")), Err(UnknownBrand), "nobody has a base");
    }

    #[test]
    fn without_brands_a_brand_is_a_label() {
        let own = base("https://own.example");
        assert_eq!(link_base(Some(&own), &[], Some("fair"), Some("2017")), Ok(Some(&own)));
        assert_eq!(link_base(None, &[], None, Some("2017")), Ok(None));
        assert_eq!(link_base(None, &[], Some("fair"), None), Ok(None));
    }
}
