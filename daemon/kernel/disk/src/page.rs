//! The checksum of a page. It covers the number of the page too, because a page that was written to the
//! wrong place is whole in itself; and it is a CRC, because that finds each burst of up to 64 bits for sure.

use crc64fast::Digest;

/// Bytes of a page of every database.
pub const PAGE_BYTES: usize = 4096;
/// Bytes at the end of each page that SQLite leaves to the checksum.
pub(crate) const CHECKSUM_BYTES: u8 = 8;
/// Where page 1 says how many bytes at the end of each page SQLite leaves free.
pub(crate) const RESERVED_AT: usize = 20;
/// The page over the byte at 1 GiB, where SQLite locks; it is never written.
const LOCK_BYTE_PAGE: u32 = (1 << 30) / PAGE_BYTES as u32 + 1;
const BODY_BYTES: usize = PAGE_BYTES - CHECKSUM_BYTES as usize;

/// Whether a page of the main file, as it lies on the disk, carries a checksum that fits. Pages count
/// from 1. The lock-byte page (number 262145, at 1 GiB) is whole whatever it holds: nobody writes it.
pub fn page_is_whole(page_number: u32, page: &[u8]) -> bool {
    if page_number == LOCK_BYTE_PAGE {
        return page.len() == PAGE_BYTES;
    }
    page.len() == PAGE_BYTES && page[BODY_BYTES..] == checksum(page_number, &page[..BODY_BYTES])
}

/// Whether this page 1 would be whole if it claimed the bytes of its checksum: then its claim is damaged.
pub(crate) fn lost_its_claim(page: &[u8; PAGE_BYTES]) -> bool {
    let mut claiming = *page;
    claiming[RESERVED_AT] = CHECKSUM_BYTES;
    page_is_whole(1, &claiming)
}

/// The page as it goes to the disk: its last 8 bytes are the checksum.
pub(crate) fn seal(page_number: u32, page: &[u8; PAGE_BYTES]) -> [u8; PAGE_BYTES] {
    let mut sealed = *page;
    let sum = checksum(page_number, &page[..BODY_BYTES]);
    sealed[BODY_BYTES..].copy_from_slice(&sum);
    sealed
}

fn checksum(page_number: u32, body: &[u8]) -> [u8; CHECKSUM_BYTES as usize] {
    let mut digest = Digest::new();
    digest.write(body);
    digest.write(&page_number.to_be_bytes());
    digest.sum64().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> [u8; PAGE_BYTES] {
        let body = std::array::from_fn(|at| (at * 7 % 251) as u8);
        seal(3, &body)
    }

    #[test]
    fn every_flipped_bit_of_a_page_is_found() {
        let whole = sealed();
        assert!(page_is_whole(3, &whole));
        for bit in 0..PAGE_BYTES * 8 {
            let mut page = whole;
            page[bit / 8] ^= 1 << (bit % 8);
            assert!(!page_is_whole(3, &page), "bit {bit}");
        }
    }

    #[test]
    fn a_page_in_the_wrong_place_is_not_whole() {
        assert!(!page_is_whole(4, &sealed()));
    }

    #[test]
    fn zeros_are_no_page() {
        assert!(!page_is_whole(3, &[0; PAGE_BYTES]));
        assert!(!page_is_whole(3, &[]));
    }

    #[test]
    fn the_lock_byte_page_is_whole_as_it_is() {
        assert!(page_is_whole(262_145, &[0; PAGE_BYTES]));
        assert!(!page_is_whole(262_144, &[0; PAGE_BYTES]));
    }
}
