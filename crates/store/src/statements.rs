//! The register of every statement, so that one test can prepare them all on each engine.

/// A registered statement.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// The path of its constant.
    pub name: &'static str,
    /// Its text.
    pub sql: &'static str,
}

/// Defines statement constants and the module's list of them.
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$meta])* const $name: &str = $sql;)*
        pub(crate) const STATEMENTS: &[crate::statements::Statement] =
            &[$(crate::statements::Statement { name: concat!(module_path!(), "::", stringify!($name)), sql: $name }),*];
    };
}
pub(crate) use statements;

/// Every statement this crate runs, migrations and engine settings aside.
pub fn all() -> Vec<Statement> {
    [
        crate::accounts::STATEMENTS,
        crate::accounts::ASSIGNED_STATEMENTS,
        crate::accounts::QUEUE_STATEMENTS,
        crate::app_state::STATEMENTS,
        crate::cleanup::STATEMENTS,
        crate::config::STATEMENTS,
        crate::feeds::STATEMENTS,
        crate::figures::STATEMENTS,
        crate::guard_window::STATEMENTS,
        crate::keys::STATEMENTS,
        crate::log::STATEMENTS,
        crate::lookups::STATEMENTS,
        crate::mail::STATEMENTS,
        crate::meta::STATEMENTS,
        crate::pending::STATEMENTS,
        crate::people::LOAD_STATEMENTS,
        crate::people::WRITE_STATEMENTS,
        crate::plans::STATEMENTS,
        crate::rederive::STATEMENTS,
        crate::runs::STATEMENTS,
        crate::schedule::STATEMENTS,
        crate::search::STATEMENTS,
        crate::secrets::STATEMENTS,
        crate::source_sessions::STATEMENTS,
        crate::tasks::STATEMENTS,
        crate::tokens::STATEMENTS,
    ]
    .concat()
}
