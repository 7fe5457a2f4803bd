//! Applications without an interface: a person does the work.

use async_trait::async_trait;
use muster_engine::outbound::{DesiredAccount, RemoteAccount};
use serde_json::Value;

use crate::{
    connector::{Capabilities, Connector, ConnectorError, ErrorKind, LookUp, Page},
    settings::{ConfigError, Settings},
};

/// An application which is provisioned by hand. Its capabilities say so, and whoever works through the accounts makes
/// a task of each change; a call to it is refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct ManualConnector;

impl ManualConnector {
    /// The connector from its settings; there are none.
    ///
    /// # Errors
    /// If there is a setting.
    pub fn from_settings(settings: &Value) -> Result<Self, ConfigError> {
        Settings::new(settings, &[]).map(|_| Self)
    }
}

fn by_hand<T>() -> Result<T, ConnectorError> {
    Err(ConnectorError::new(
        ErrorKind::Rejected,
        "the application is provisioned by hand: a person carries the change out and closes its task",
    ))
}

#[async_trait]
impl Connector for ManualConnector {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            automatic: false,
            list: false,
            find_by_external_id: false,
            unique_user_names: false,
            deactivate: true,
            delete: true,
        }
    }

    async fn check(&self) -> Result<(), ConnectorError> {
        Ok(())
    }

    async fn list(&self, _cursor: Option<&str>) -> Result<Page, ConnectorError> {
        by_hand()
    }

    async fn find(&self, _by: &LookUp) -> Result<Vec<RemoteAccount>, ConnectorError> {
        by_hand()
    }

    async fn create(&self, _desired: &DesiredAccount) -> Result<RemoteAccount, ConnectorError> {
        by_hand()
    }

    async fn update(
        &self,
        _id: &str,
        _known: Option<&RemoteAccount>,
        _desired: &DesiredAccount,
    ) -> Result<RemoteAccount, ConnectorError> {
        by_hand()
    }

    async fn set_active(&self, _id: &str, _active: bool) -> Result<RemoteAccount, ConnectorError> {
        by_hand()
    }

    async fn delete(&self, _id: &str) -> Result<(), ConnectorError> {
        by_hand()
    }
}
