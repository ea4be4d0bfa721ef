//! Steps through bytes of a fixed layout without ever indexing past their end.

use crate::VaultError;

/// What is left to read, and the name of the thing for errors.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }
    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8], VaultError> {
        let (head, rest) = self.rest.split_at_checked(n).ok_or(VaultError::Malformed(self.what))?;
        self.rest = rest;
        Ok(head)
    }
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], VaultError> {
        let what = self.what;
        self.take(N)?.try_into().map_err(|_| VaultError::Malformed(what))
    }
    pub(crate) fn u32(&mut self) -> Result<u32, VaultError> {
        Ok(u32::from_be_bytes(self.array()?))
    }
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
    /// Refuses bytes left over.
    pub(crate) const fn end(&self) -> Result<(), VaultError> {
        if self.rest.is_empty() { Ok(()) } else { Err(VaultError::Malformed(self.what)) }
    }
}
