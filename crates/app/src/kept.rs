//! Facts that this device keeps for itself, by name and with the type in which they are stored.
//!
//! A fact that cannot be read is an error and stays as it is: were it taken for one that was never kept, the
//! next write would put a default in its place, and a device that was blocked would be let in again.

use crate::AppError;
use holdfast_store::PrivateStore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// A private fact, stored as JSON.
#[derive(Debug)]
pub(crate) struct Fact<T> {
    name: &'static str,
    /// What it is about, for people.
    about: &'static str,
    /// What a person can do where it cannot be read.
    remedy: &'static str,
    stored: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Fact<T> {
    /// The fact of that name.
    pub(crate) const fn new(name: &'static str, about: &'static str, remedy: &'static str) -> Self {
        Self { name, about, remedy, stored: PhantomData }
    }

    /// What is kept; none where nothing was, or it was forgotten.
    pub(crate) fn read(&self, private: &PrivateStore) -> Result<Option<T>, AppError> {
        self.parse(private.get(self.name)?)
    }

    /// Keeps a value in place of what is there.
    pub(crate) fn keep(&self, private: &mut PrivateStore, value: &T) -> Result<(), AppError> {
        Ok(private.set(self.name, &self.bytes(value)?)?)
    }

    /// Keeps nothing any more.
    pub(crate) fn forget(&self, private: &mut PrivateStore) -> Result<(), AppError> {
        Ok(private.set(self.name, &[])?)
    }

    /// Makes a new value out of the one that is there, in one transaction. Nothing is written where `change`
    /// fails, where it changes nothing, and where what is there cannot be read.
    pub(crate) fn update<R>(
        &self,
        private: &mut PrivateStore,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<R, AppError>
    where
        T: Default,
    {
        private.update(self.name, |before| {
            let mut value = self.parse(before.clone())?.unwrap_or_default();
            let answer = change(&mut value);
            let after = self.bytes(&value)?;
            Ok((Some(after).filter(|after| before.as_ref() != Some(after)), answer))
        })
    }

    fn parse(&self, bytes: Option<Vec<u8>>) -> Result<Option<T>, AppError> {
        let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            tracing::error!(fact = self.name, %error, "a private fact cannot be read");
            AppError::FactUnreadable { about: self.about, remedy: self.remedy }
        })
    }

    fn bytes(&self, value: &T) -> Result<Vec<u8>, AppError> {
        serde_json::to_vec(value).map_err(|error| {
            AppError::Invalid(format!(
                "What is kept about {} cannot be stored: {error}.",
                self.about
            ))
        })
    }
}
