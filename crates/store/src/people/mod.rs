//! Facts and derived rows of people, loaded and written a batch at a time.

mod load;
mod rows;
mod write;

pub use load::load_people;
pub(crate) use load::{STATEMENTS as LOAD_STATEMENTS, account_columns, account_row, claim_row, record_row};
pub use rows::{
    AccountPut, AccountRow, AssignmentRow, ClaimRow, LinkRow, MembershipFactRow, MembershipRow, PersonRows,
    RecordRow, UserRow, ValueRow,
};
pub(crate) use write::STATEMENTS as WRITE_STATEMENTS;
pub use write::{PeopleWrites, write_people};
