//! What an expression is compiled against and evaluated for: the engine implements these traits.

use std::borrow::Cow;
use std::fmt;

use crate::Value;
use crate::pattern::Pattern;

/// Type of an attribute or of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Not known before evaluation.
    Any,
    /// The literal `null`.
    Null,
    /// Boolean.
    Bool,
    /// 64-bit integer.
    Int,
    /// 64-bit floating point number.
    Num,
    /// String.
    Str,
    /// ISO 8601 date or date-time; a string that can also be compared with dates and with `Time.now()`.
    Date,
    /// Array of scalars.
    List(Item),
    /// A linked person; only her attributes are values.
    User,
    /// `Time.now()`, perhaps with days added; it can only be compared with a date.
    Time,
}

/// Type of an array's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// Mixed or not known.
    Any,
    /// Strings.
    Str,
    /// Integers.
    Int,
    /// Floating point numbers.
    Num,
    /// Booleans.
    Bool,
}

impl Item {
    /// The type of one element.
    pub fn scalar(self) -> Type {
        match self {
            Item::Any => Type::Any,
            Item::Str => Type::Str,
            Item::Int => Type::Int,
            Item::Num => Type::Num,
            Item::Bool => Type::Bool,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Any => "a value",
            Type::Null => "null",
            Type::Bool => "a boolean",
            Type::Int => "an integer",
            Type::Num => "a number",
            Type::Str => "a string",
            Type::Date => "a date",
            Type::List(_) => "an array",
            Type::User => "a linked person",
            Type::Time => "the current time",
        })
    }
}

/// Where a value is kept: which profile, and which attribute of it. The engine gives the numbers their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The profile: the user's, that of an app, the org's properties.
    pub root: u16,
    /// The attribute within it.
    pub index: u16,
}

/// A relation between people, such as "manager".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u16);

/// A property of a person that stands in no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InternalProperty {
    /// The identifier of the user.
    Id,
    /// The lifecycle status, spelled as in the API (`ACTIVE`).
    Status,
}

/// Which groups a function speaks of.
#[derive(Clone, Copy, Debug)]
pub enum GroupSelector<'a> {
    /// The group of this id.
    Id(&'a str),
    /// Groups of exactly this name.
    Name(&'a str),
    /// Groups whose name starts so.
    NameStartsWith(&'a str),
    /// Groups whose name contains this.
    NameContains(&'a str),
    /// Groups whose whole name matches.
    NameMatches(&'a Pattern),
    /// Groups of this type: `BUILT_IN`, `OKTA_GROUP` or `APP_GROUP`.
    Kind(&'a str),
    /// Groups imported from the app of this id.
    Source(&'a str),
}

/// What a group says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupText {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its type: `BUILT_IN`, `OKTA_GROUP` or `APP_GROUP`.
    pub kind: &'static str,
}

/// Where names come from while an expression is checked.
pub trait Scope {
    /// The slot and type of an attribute, such as `("user", "department")`. Further roots are `appuser`, `source`,
    /// `app`, `org` and names of apps, as the place where the expression stands allows.
    fn attribute(&self, root: &str, name: &str) -> Option<(Slot, Type)>;
    /// The roots there are.
    fn roots(&self) -> Vec<String>;
    /// The attributes of a root, for suggestions.
    fn attributes(&self, root: &str) -> Vec<String>;
    /// The relation of this primary name.
    fn link(&self, name: &str) -> Option<LinkId>;
    /// All relations, for suggestions.
    fn links(&self) -> Vec<String>;
    /// Keys of the groups that fit. `None` says that an id or exact name is unknown, which is an error; for anything
    /// else no group at all is fine.
    fn groups(&self, by: &GroupSelector<'_>) -> Option<Vec<i64>>;
    /// Names of all groups, for suggestions.
    fn group_names(&self) -> Vec<String>;
    /// What a group says of itself.
    fn group(&self, key: i64) -> Option<GroupText>;
    /// A boolean slot that says whether the person is in exactly one source of this kind, `findDirectoryUser` or
    /// `findWorkdayUser`; her values there are the attributes of a root of that name. `None` if there is no such source
    /// or its values can't be read here.
    fn found(&self, root: &str) -> Option<Slot>;
}

/// The person an expression is evaluated for.
pub trait Person {
    /// The value in a slot, [`Value::NULL`] if there is none.
    fn value(&self, slot: Slot) -> &Value;
    /// A value of the user profile of the linked person, [`Value::NULL`] if the link leads nowhere.
    fn linked(&self, link: LinkId, slot: Slot) -> &Value;
    /// Is the person in this group?
    fn in_group(&self, group: i64) -> bool;
    /// A property outside the profiles.
    fn internal(&self, property: InternalProperty) -> Cow<'_, str>;
    /// What `Time.now()` means, in milliseconds since 1970 UTC.
    fn now(&self) -> i64;
    /// The instant of an ISO date (start of its day in the person's zone) or date-time, in milliseconds since 1970
    /// UTC; `None` if it can't be read.
    fn instant(&self, value: &str) -> Option<i64>;
}

/// What an expression reads: each list is sorted and without repetition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Attributes of the person.
    pub slots: Vec<Slot>,
    /// User attributes of linked people.
    pub links: Vec<(LinkId, Slot)>,
    /// Groups whose membership matters.
    pub groups: Vec<i64>,
    /// Groups are chosen by name, pattern, type or source: `groups` holds what fitted at compile time and must be
    /// compiled anew when groups come, go or change their name.
    pub group_patterns: bool,
    /// What groups show where they are listed: with other texts the same expression says something else.
    pub group_texts: Vec<Box<str>>,
    /// `Time.now()` matters.
    pub now: bool,
    /// The lifecycle status matters.
    pub status: bool,
}
