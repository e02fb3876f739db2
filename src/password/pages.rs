//! Memory for Argon2 straight from the system: on huge pages, out of core dumps, and given back for certain when it is dropped.
//!
//! Argon2 jumps through its memory at random, so with 4 KiB pages nearly every block costs a walk through the page tables. An ordinary
//! allocation can neither be aligned to huge pages nor be relied on to leave the process when it is freed.

use argon2::Block;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::{io, slice};

/// The size of a huge page on x86-64 and on most AArch64 systems. Elsewhere the alignment does no harm.
const HUGE_PAGE_BYTES: usize = 2 << 20;

/// A private anonymous mapping that holds `len` zeroed blocks. The system gives the memory when it is first written.
pub(super) struct Pages {
    /// Where the mapping begins.
    base: *mut c_void,
    /// Its whole length.
    mapped_bytes: usize,
    /// The first block: in the mapping, aligned to a huge page if the blocks fill one.
    first: NonNull<Block>,
    /// How many blocks there are.
    len: usize,
}

impl Pages {
    /// Maps memory for that many blocks.
    pub fn map(len: usize) -> io::Result<Self> {
        let used_bytes = len.checked_mul(Block::SIZE).filter(|bytes| *bytes > 0).ok_or(io::ErrorKind::InvalidInput)?;
        let is_huge = used_bytes >= HUGE_PAGE_BYTES;
        // Whole huge pages, and room to begin at the first multiple of one. What is never written costs address space only.
        let mapped_bytes =
            if is_huge { used_bytes.next_multiple_of(HUGE_PAGE_BYTES) + HUGE_PAGE_BYTES } else { used_bytes };
        // SAFETY: without MAP_FIXED, and with no address asked for, the system chooses addresses that nothing else uses.
        let base = unsafe {
            mmap_anonymous(ptr::null_mut(), mapped_bytes, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)
        }?;
        let skipped_bytes = if is_huge { base.addr().next_multiple_of(HUGE_PAGE_BYTES) - base.addr() } else { 0 };
        let first =
            NonNull::new(base.wrapping_byte_add(skipped_bytes).cast::<Block>()).ok_or(io::ErrorKind::OutOfMemory)?;
        let pages = Self { base, mapped_bytes, first, len };
        pages.advise(is_huge);
        Ok(pages)
    }

    /// Asks for huge pages, and to be left out of core dumps. Both are wishes: a kernel without them is slower or tells more, no worse.
    #[cfg(target_os = "linux")]
    fn advise(&self, is_huge: bool) {
        let wishes: &[Advice] =
            if is_huge { &[Advice::LinuxHugepage, Advice::LinuxDontDump] } else { &[Advice::LinuxDontDump] };
        for wish in wishes {
            // SAFETY: the range is this mapping; neither advice changes what is in it.
            if let Err(error) = unsafe { madvise(self.base, self.mapped_bytes, *wish) } {
                tracing::debug!(%error, ?wish, "the system does not take advice about the memory of the hash threads");
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn advise(&self, _is_huge: bool) {}

    /// How many blocks there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The blocks.
    pub fn blocks(&mut self) -> &mut [Block] {
        // SAFETY: `first` begins `len` blocks inside the mapping, which lives as long as `self` and is borrowed through it only. It is
        // aligned: a mapping begins at a page, and the skipped bytes lead to a huge page. A block is an array of integers, for which the
        // zeroes of a new mapping are a value.
        unsafe { slice::from_raw_parts_mut(self.first.as_ptr(), self.len) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: this is the whole mapping; no reference into it outlives `self`.
        if let Err(error) = unsafe { munmap(self.base, self.mapped_bytes) } {
            tracing::error!(%error, "the memory of a hash thread was not given back");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_there_aligned_and_zero() {
        for len in [1, 8, 2_047, 2_048, 2_049, 19_456] {
            let mut pages = Pages::map(len).unwrap();
            assert_eq!(pages.blocks().len(), len);
            assert!(pages.blocks().iter().all(|block| block.as_ref().iter().all(|word| *word == 0)), "{len}");
            pages.blocks().fill(Block::new());
            if len >= 2_048 {
                assert_eq!(pages.first.addr().get() % HUGE_PAGE_BYTES, 0, "{len}");
            }
            let end = pages.first.addr().get() + len * Block::SIZE;
            assert!(end <= pages.base.addr() + pages.mapped_bytes, "{len}");
        }
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert!(Pages::map(0).is_err());
        assert!(Pages::map(usize::MAX / 2).is_err());
        assert!(Pages::map(1 << 50).is_err());
    }
}
