//! Padmé padding: sizes that leak at most O(log log n) bits, at a cost of at most 12 %.
//! Layout: length of the content (u32, big-endian), content, zeros.

use crate::VaultError;

/// The padded size for `len` bytes, from Nikitin et al., "Reducing Metadata Leakage from Encrypted
/// Files and Communication with PURBs" (2019), section 4.4.
pub(crate) fn padme(len: usize) -> usize {
    if len < 2 {
        return len;
    }
    let e = len.ilog2();
    let s = e.ilog2() + 1;
    let mask = (1usize << (e.saturating_sub(s))) - 1;
    len.saturating_add(mask) & !mask
}

/// Puts the length in front and zeros behind.
pub(crate) fn pad(content: &[u8]) -> Result<Vec<u8>, VaultError> {
    let len = u32::try_from(content.len()).map_err(|_| VaultError::TooLarge {
        what: "the data to encrypt",
        size: content.len(),
        limit: u32::MAX as usize,
    })?;
    let mut out = Vec::with_capacity(padme(content.len() + 4));
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(content);
    out.resize(padme(out.len()), 0);
    Ok(out)
}

/// The content of padded bytes. The zeros must be zeros and as many as [`pad`] adds, so that there
/// is one way to write each content.
pub(crate) fn unpad(padded: &[u8]) -> Result<&[u8], VaultError> {
    let malformed = VaultError::Malformed("a padded batch");
    let (len, rest) = padded.split_first_chunk::<4>().ok_or(malformed)?;
    let len = u32::from_be_bytes(*len) as usize;
    let (content, zeros) =
        rest.split_at_checked(len).ok_or(VaultError::Malformed("a padded batch"))?;
    if padded.len() != padme(len + 4) || zeros.iter().any(|byte| *byte != 0) {
        return Err(VaultError::Malformed("a padded batch"));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_undone_and_hides_the_size() {
        let mut sizes = std::collections::BTreeSet::new();
        for len in 0..20_000usize {
            let padded = pad(&vec![7; len]).unwrap();
            assert_eq!(unpad(&padded).unwrap(), vec![7; len]);
            assert!(padded.len() <= (len + 4) + (len + 4) / 8 + 1, "{len} {}", padded.len());
            sizes.insert(padded.len());
        }
        assert!(sizes.len() < 300, "{}", sizes.len());
    }

    #[test]
    fn a_false_length_or_false_zeros_are_refused() {
        let padded = pad(&[7; 1000]).unwrap();
        for (at, value) in [(0, 255), (3, 0), (padded.len() - 1, 1)] {
            let mut changed = padded.clone();
            changed[at] = value;
            assert!(unpad(&changed).is_err());
        }
        let mut longer = padded;
        longer.push(0);
        assert!(unpad(&longer).is_err());
        assert!(unpad(&[]).is_err());
    }
}
