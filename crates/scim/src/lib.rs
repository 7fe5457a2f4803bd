//! SCIM 2.0 messages, both ways (RFC 7643, RFC 7644): what a client sends and what a service provider answers.
//!
//! A resource is a JSON object, never a fixed struct: servers and clients have attributes nobody foresaw. Nothing
//! here does I/O.

pub mod discovery;
pub mod flat;
mod json;
pub mod message;
pub mod patch;
mod path;
pub mod user;

pub use muster_query::{AttributeName, Filter};

pub use message::{ListResponse, ScimError, ScimType};
pub use patch::{Op, Operation, PatchOp};
pub use path::{InvalidPath, Path};
pub use user::User;

/// The media type of SCIM messages (RFC 7644, section 3.1).
pub const MEDIA_TYPE: &str = "application/scim+json";

/// URNs of the schemas of resources and messages.
pub mod urn {
    /// The core schema of users (RFC 7643, section 4.1).
    pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
    /// The extension of users in organisations (RFC 7643, section 4.3).
    pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    /// A list of resources (RFC 7644, section 3.4.2).
    pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
    /// An error (RFC 7644, section 3.12).
    pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
    /// A change of a part of a resource (RFC 7644, section 3.5.2).
    pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    /// What a server can do (RFC 7643, section 5).
    pub const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
    /// A type of resources (RFC 7643, section 6).
    pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
    /// A schema (RFC 7643, section 7).
    pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
}
