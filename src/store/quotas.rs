//! Counts that quotas are held against. They are taken inside the units of work that they bound; here they are only looked at.

use super::{Store, StoreError, list};
use crate::domain::quota::QuotaUse;

/// The quotas of a store.
#[derive(Clone, Copy)]
pub struct Quotas<'s>(pub(super) &'s Store);

impl Quotas<'_> {
    /// The index of the first that is used up, if one is: what a unit that takes them would be refused for now.
    pub async fn exceeded(self, quotas: &[QuotaUse]) -> Result<Option<usize>, StoreError> {
        list!(self.0, quotas::exceeded(quotas))
    }
}
