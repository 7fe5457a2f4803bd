//! What can go wrong in the store, said so that a person knows what to do next.

use std::path::PathBuf;

/// The cause beneath an error of the store, as the engine reported it.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Nothing is there and it wasn't to be created.
    #[error("there is no Muster database at {}; give the right --data-dir, or create one", path.display())]
    Missing {
        /// Where the database was looked for.
        path: PathBuf,
    },
    /// The file or its folder can't be opened.
    #[error("can't open the database {}: check that the folder exists and that this user may read and write it", path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Cause,
    },
    /// The file is damaged.
    #[error(
        "the database is damaged ({operation}); stop every Muster process, keep a copy of the files, and restore the \
         latest backup"
    )]
    Corrupt {
        /// The operation that met it.
        operation: String,
        /// What the engine said.
        #[source]
        source: Cause,
    },
    /// Somebody has the database open that is to be replaced.
    #[error("the database {} is in use; stop every Muster process that has it open, then try again", path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error("{} is not a Muster database; give the right --data-dir", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds the write lock for too long.
    #[error(
        "the database is locked by another process ({operation}); try again, and if this goes on, look for a Muster \
         process that hangs"
    )]
    Locked {
        /// The operation that waited.
        operation: String,
    },
    /// No room is left.
    #[error(
        "no space is left for the database ({operation}); free disk space, then try again: nothing was lost"
    )]
    Full {
        /// The operation that met it.
        operation: String,
    },
    /// The database can't be written.
    #[error("the database can't be written ({operation}); check the permissions of its folder and files")]
    ReadOnly {
        /// The operation that met it.
        operation: String,
    },
    /// The disk or the network beneath the database failed.
    #[error("reading or writing the database failed ({operation}); check the disk and the system's log")]
    Io {
        /// The operation that met it.
        operation: String,
        /// What the system said.
        #[source]
        source: Cause,
    },
    /// A newer program has migrated this database.
    #[error(
        "the database has schema version {found}, this program knows up to {known}; run the newer Muster that migrated \
         it"
    )]
    Newer {
        /// The version the database has.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// A migration failed and was rolled back.
    #[error("migration {name} failed and was rolled back")]
    Migration {
        /// The migration's name.
        name: &'static str,
        /// Why.
        #[source]
        source: Box<StoreError>,
    },
    /// A row would break a constraint (a key or a unique index).
    #[error("{operation} breaks a constraint: {detail}")]
    Constraint {
        /// The operation and its table.
        operation: String,
        /// Which constraint.
        detail: String,
    },
    /// A statement failed for another reason.
    #[error("{operation} failed")]
    Statement {
        /// The operation and its table.
        operation: String,
        /// What the engine said.
        #[source]
        source: Cause,
    },
    /// A column holds something else than the program expects.
    #[error("{operation}: column {column} holds {found}, expected {expected}")]
    Column {
        /// The operation and its table.
        operation: String,
        /// The column's place in the result.
        column: usize,
        /// What it holds.
        found: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// A compressed block can't be packed or read.
    #[error("a compressed block of {what} is unusable: {detail}")]
    Block {
        /// What the block holds.
        what: &'static str,
        /// Why.
        detail: String,
    },
    /// Data given to be stored couldn't be read.
    #[error("reading the feed failed")]
    Input(#[source] std::io::Error),
    /// A transaction was opened inside another one of the same thread, which would wait for itself.
    #[error("a transaction was opened inside another one")]
    Nested,
}

impl StoreError {
    /// The same error for somebody else who met it.
    pub(crate) fn twin(&self) -> Self {
        match self {
            Self::Locked { operation } => Self::Locked { operation: operation.clone() },
            Self::Full { operation } => Self::Full { operation: operation.clone() },
            Self::ReadOnly { operation } => Self::ReadOnly { operation: operation.clone() },
            Self::Constraint { operation, detail } => {
                Self::Constraint { operation: operation.clone(), detail: detail.clone() }
            }
            Self::Io { operation, source } => {
                Self::Io { operation: operation.clone(), source: source.to_string().into() }
            }
            Self::Corrupt { operation, source } => {
                Self::Corrupt { operation: operation.clone(), source: source.to_string().into() }
            }
            other => Self::Statement { operation: "commit".to_owned(), source: other.to_string().into() },
        }
    }

    /// Whether trying again later may help without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Locked { .. })
    }
}

/// Names a statement for messages: its verb and its table, such as "insert into users".
pub(crate) fn operation(sql: &str) -> String {
    let mut words = sql.split_whitespace();
    let verb = words.next().unwrap_or("statement").to_ascii_lowercase();
    let marker = match verb.as_str() {
        "insert" => "INTO",
        "select" | "delete" => "FROM",
        "update" => return format!("update {}", words.next().unwrap_or("?")),
        _ => return verb,
    };
    match words.skip_while(|word| !word.eq_ignore_ascii_case(marker)).nth(1) {
        Some(table) => format!("{verb} {} {table}", marker.to_ascii_lowercase()),
        None => verb,
    }
}

#[cfg(test)]
mod tests {
    use super::operation;

    #[test]
    fn operations_name_verb_and_table() {
        assert_eq!(operation("INSERT INTO users (a) VALUES ($1)"), "insert into users");
        assert_eq!(operation("SELECT a FROM link WHERE a = $1"), "select from link");
        assert_eq!(operation("UPDATE account SET a = 1"), "update account");
        assert_eq!(operation("BEGIN IMMEDIATE"), "begin");
    }
}
