//! The body of the fuzz target `expr`; a test runs it over the corpus on a stable compiler.

use std::borrow::Cow;

use crate::program::normalize;
use crate::{
    EvalError, GroupSelector, GroupText, InternalProperty, Item, Limits, LinkId, Person, Program, Purpose,
    Scope, Slot, Type, Value,
};

/// Compile and evaluate arbitrary bytes as an expression and as a template.
///
/// # Panics
///
/// If a law is broken: the uniform spelling reads as the same tree, evaluation is repeatable, the outcome does not
/// change before the instant that [`Program::next_change`] names.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let limits = Limits { max_cost: 1 << 16, ..Limits::default() };
    if let Ok(first) = crate::parse::parse(&text, &limits) {
        // Parentheses around a negated `in` may nest one deeper than the original.
        let roomy = Limits { max_depth: 128, max_length: usize::MAX, ..limits };
        let spelled = first.to_string();
        let second = crate::parse::parse(&spelled, &roomy);
        assert!(second.as_ref().is_ok_and(|ast| *ast == first), "{spelled}: {second:?}");
        assert_eq!(normalize(&spelled, &roomy).as_deref(), Ok(&*spelled));
    }
    let programs = [
        Program::compile(&text, Purpose::Condition, &Sample, &limits),
        Program::compile(&text, Purpose::Mapping, &Sample, &limits),
        Program::compile_template(&text, &Sample, &limits),
    ];
    for program in programs {
        match program {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(program) => SamplePerson::all().iter().for_each(|person| check(&program, person)),
        }
    }
}

fn check(program: &Program, person: &SamplePerson) {
    let before = program.eval(person).map(crate::Val::into_value);
    // Through its text, since a number that is none doesn't equal itself.
    assert_eq!(format!("{before:?}"), format!("{:?}", program.eval(person).map(crate::Val::into_value)));
    if let Ok(value) = &before
        && program.result_type() == Type::Bool
    {
        assert_eq!(program.matches(person), Ok(value.as_bool() == Some(true)));
        if let Some((slot, values)) = program.equality_guard()
            && value.as_bool() == Some(true)
        {
            assert!(values.iter().any(|v| person.value(slot).as_str() == Some(v)));
        }
    }
    let steps = program.explain(person);
    assert!(steps.iter().any(|step| step.decisive));
    let mut later = person.clone();
    let end = program.next_change(person).unwrap_or(i64::MAX - 1);
    assert!(end > person.now);
    for now in [person.now + (end - person.now) / 2, end - 1] {
        later.now = now;
        let after = program.eval(&later).map(crate::Val::into_value);
        // Which parts are evaluated, and so the work, may differ.
        if before != Err(EvalError::TooCostly) && after != Err(EvalError::TooCostly) {
            assert_eq!(format!("{before:?}"), format!("{after:?}"), "{}", program.text());
        }
    }
}

/// The root of the directory's values; they too are the same as under every other.
const FOUND: u16 = 9;

/// Names of all functions and methods, so that a test can ask whether each is described.
pub fn function_names() -> Vec<&'static str> {
    let tables = crate::funcs::STATIC.iter().chain(crate::funcs::METHODS).map(|s| s.name);
    tables.chain(crate::funcs::OTHERS.iter().copied()).collect()
}

/// A small org: attributes of all types, a manager, three groups.
pub struct Sample;

/// Attributes of every root of [`Sample`], by their index.
const ATTRIBUTES: [(&str, Type); 16] = [
    ("login", Type::Str),
    ("department", Type::Str),
    ("firstName", Type::Str),
    ("lastName", Type::Str),
    ("email", Type::Str),
    ("isContractor", Type::Bool),
    ("level", Type::Int),
    ("rate", Type::Num),
    ("startDate", Type::Date),
    ("endDate", Type::Date),
    ("colors", Type::List(Item::Str)),
    ("numbers", Type::List(Item::Int)),
    ("any", Type::Any),
    ("nothing", Type::Any),
    ("country", Type::Str),
    ("userSuffix", Type::Str),
];

/// Groups of [`Sample`]: key, id and name.
const GROUPS: [(i64, &str, &str); 3] =
    [(1, "00g1", "Everyone"), (2, "00g2", "Sales Europe"), (3, "00g3", "Sales US")];

impl Scope for Sample {
    fn attribute(&self, root: &str, name: &str) -> Option<(Slot, Type)> {
        let root = match root {
            "findDirectoryUser" => usize::from(FOUND),
            root => self.roots().iter().position(|r| r == root)?,
        };
        let index = ATTRIBUTES.iter().position(|(n, _)| *n == name)?;
        Some((
            Slot { root: u16::try_from(root).ok()?, index: u16::try_from(index).ok()? },
            ATTRIBUTES[index].1,
        ))
    }
    fn roots(&self) -> Vec<String> {
        ["user", "appuser", "source", "instance", "zendesk_9"].map(str::to_owned).into()
    }
    fn attributes(&self, _: &str) -> Vec<String> {
        ATTRIBUTES.iter().map(|(name, _)| (*name).to_owned()).collect()
    }
    fn link(&self, name: &str) -> Option<LinkId> {
        (name == "manager").then_some(LinkId(0))
    }
    fn links(&self) -> Vec<String> {
        vec!["manager".to_owned()]
    }
    fn groups(&self, by: &GroupSelector<'_>) -> Option<Vec<i64>> {
        let keys = |fits: &dyn Fn(&str, &str) -> bool| -> Vec<i64> {
            GROUPS.iter().filter(|(_, id, name)| fits(id, name)).map(|(key, ..)| *key).collect()
        };
        match by {
            GroupSelector::Id(id) => Some(keys(&|i, _| i == *id)).filter(|k| !k.is_empty()),
            GroupSelector::Name(name) => Some(keys(&|_, n| n == *name)).filter(|k| !k.is_empty()),
            GroupSelector::NameStartsWith(part) => Some(keys(&|_, n| n.starts_with(part))),
            GroupSelector::NameContains(part) => Some(keys(&|_, n| n.contains(part))),
            GroupSelector::NameMatches(pattern) => Some(keys(&|_, n| pattern.is_match(n))),
            GroupSelector::Kind(kind) => Some(keys(&|i, _| (i == "00g1") == (*kind == "BUILT_IN"))),
            GroupSelector::Source(_) => Some(Vec::new()),
        }
    }
    fn group(&self, key: i64) -> Option<GroupText> {
        let (_, id, name) = GROUPS.iter().find(|(k, ..)| *k == key)?;
        let kind = if key == 1 { "BUILT_IN" } else { "OKTA_GROUP" };
        let description = format!("All of {name}");
        Some(GroupText { id: (*id).to_owned(), name: (*name).to_owned(), description, kind })
    }
    fn found(&self, root: &str) -> Option<Slot> {
        (root == "findDirectoryUser").then_some(Slot { root: FOUND, index: 5 })
    }
    fn group_names(&self) -> Vec<String> {
        GROUPS.iter().map(|(_, _, name)| (*name).to_owned()).collect()
    }
}

/// A person of [`Sample`]; her values are the same under every root.
#[derive(Clone, Debug)]
pub struct SamplePerson {
    /// By the index of the slot.
    pub values: Vec<Value>,
    /// Of the manager.
    pub manager: Vec<Value>,
    /// Keys of her groups.
    pub groups: Vec<i64>,
    /// What `Time.now()` is.
    pub now: i64,
}

impl SamplePerson {
    /// One with a value everywhere, one with odd values, one with none.
    pub fn all() -> [SamplePerson; 3] {
        // 2026-03-10T12:00:00Z
        let now = 1_773_144_000_000;
        let full = SamplePerson {
            values: vec![
                "jane.doe@example.com".into(),
                "Sales".into(),
                "Jane".into(),
                "Doe".into(),
                "Jane.Doe@Example.com".into(),
                true.into(),
                7.into(),
                2.5.into(),
                "2026-03-17".into(),
                "2026-12-31T23:00:00Z".into(),
                vec!["red", "blue"].into(),
                vec![1, 2, 3].into(),
                "10, 20".into(),
                Value::Null,
                "DE".into(),
                ".acme".into(),
            ],
            manager: vec!["boss@example.com".into(), "Board".into()],
            groups: vec![1, 2],
            now,
        };
        let odd = SamplePerson {
            values: vec![
                "".into(),
                "İßΣ ς\u{301}".into(),
                "bob".into(),
                "O'Neil".into(),
                "a@b@c".into(),
                false.into(),
                i64::MIN.into(),
                f64::MAX.into(),
                "2026-02-28".into(),
                "".into(),
                Vec::<Value>::new().into(),
                vec![i64::MAX].into(),
                i64::MAX.into(),
                Value::Null,
                "276".into(),
                " ".into(),
            ],
            manager: Vec::new(),
            groups: vec![3],
            now,
        };
        let empty = SamplePerson { values: Vec::new(), manager: Vec::new(), groups: Vec::new(), now };
        [full, odd, empty]
    }
}

impl Person for SamplePerson {
    fn value(&self, slot: Slot) -> &Value {
        self.values.get(usize::from(slot.index)).unwrap_or(Value::NULL)
    }
    fn linked(&self, _: LinkId, slot: Slot) -> &Value {
        self.manager.get(usize::from(slot.index)).unwrap_or(Value::NULL)
    }
    fn in_group(&self, group: i64) -> bool {
        self.groups.contains(&group)
    }
    fn internal(&self, property: InternalProperty) -> Cow<'_, str> {
        Cow::Borrowed(match property {
            InternalProperty::Id => "00u1",
            InternalProperty::Status => "ACTIVE",
        })
    }
    fn now(&self) -> i64 {
        self.now
    }
    fn instant(&self, value: &str) -> Option<i64> {
        if let Ok(instant) = value.parse::<jiff::Timestamp>() {
            return Some(instant.as_millisecond());
        }
        let day: jiff::civil::Date = value.parse().ok()?;
        Some(jiff::tz::TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?.as_millisecond())
    }
}
