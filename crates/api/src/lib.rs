//! The Management API (Okta's shapes on the wire), one file an operation.
