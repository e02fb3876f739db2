//! A page as it goes out: its items as messages, as many as fit into one answer, and the token that continues after the last of them.
//! `page_size` counts items and cannot bound an answer whose items differ by a factor of a thousand; octets can. Clients of gRPC take
//! 4 MiB by default, and what an answer weighs is held in memory until it is read.

use crate::provisioning::paging::{Page, PageKey};
use prost::Message;

/// A page ends before the item with which it would be longer than this; one item it always has.
const PAGE_OCTETS_MAX: usize = 1 << 20;

/// The messages of a page and its token. Items are encoded one by one, so that what does not fit is never encoded.
pub fn page<T, K: PageKey, M: Message>(
    page: Page<T>,
    key: impl Fn(&T) -> K,
    encode: impl Fn(T) -> M,
) -> (Vec<M>, String) {
    let Page { items, next_token } = page;
    let (mut messages, mut octets, mut last) = (Vec::with_capacity(items.len()), 0, None);
    for item in items {
        let item_key = key(&item);
        let message = encode(item);
        octets += message.encoded_len();
        match last {
            Some(last) if octets > PAGE_OCTETS_MAX => return (messages, next_token.seal_after(&last)),
            _ => last = Some(item_key),
        }
        messages.push(message);
    }
    (messages, next_token.seal())
}
