//! `SQLite`'s errors in the store's words.

use rusqlite::ErrorCode;

use crate::StoreError;
use crate::error::operation;

/// The store's error for one of `SQLite`'s; `statement` is the text, or the name of what was done.
pub(super) fn of(source: rusqlite::Error, statement: &str) -> StoreError {
    let operation = operation(statement);
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked { operation },
        Some(ErrorCode::DiskFull) => StoreError::Full { operation },
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::ReadOnly { operation },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { operation, source: source.into() }
        }
        Some(ErrorCode::SystemIoFailure) => StoreError::Io { operation, source: source.into() },
        Some(ErrorCode::ConstraintViolation) => {
            StoreError::Constraint { operation, detail: source.to_string() }
        }
        _ => StoreError::Statement { operation, source: source.into() },
    }
}
