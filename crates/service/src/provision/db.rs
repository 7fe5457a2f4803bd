//! The store from asynchronous code: each transaction on a thread that may block.

use std::sync::Arc;

use muster_store::{Store, Tx};

use crate::error::{Result, ServiceError};

#[derive(Clone)]
pub(super) struct Db(pub(super) Arc<Store>);

impl Db {
    /// A number that is another one after any commit of any process.
    pub(super) async fn data_version(&self) -> Result<i64> {
        let store = Arc::clone(&self.0);
        blocking(move || Ok(store.data_version()?)).await
    }

    /// A read transaction.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> muster_store::Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = Arc::clone(&self.0);
        blocking(move || Ok(store.read(work)?)).await
    }

    /// A write transaction, durable when this returns.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> muster_store::Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = Arc::clone(&self.0);
        blocking(move || Ok(store.write(work)?)).await
    }
}

/// Runs what waits for the store on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ServiceError::io("working with the store", std::io::Error::other(error))),
    }
}
