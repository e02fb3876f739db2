//! Claims that nobody verified in time, and the accounts that had nothing else.

use crate::provisioning::Provisioning;
use crate::provisioning::trail::{Deed, offline_trail};
use crate::store::StoreError;

impl Provisioning {
    /// Ends up to `limit` claims that are over, each with its account where that was never verified; how many there were.
    pub async fn end_claims(&self, limit: i64) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let ended = self.store.verifications().ended_claims(now, limit).await?;
        let count = ended.len();
        for (tenant, account) in ended {
            let deed = Deed::new("account.expired", format!("accounts/{account}"), "DELETED");
            let trail = offline_trail(&*self.ids, tenant, "sweep", now, [deed]);
            self.store.verifications().end_claims(tenant, account, now, trail).await?;
        }
        Ok(count)
    }
}
