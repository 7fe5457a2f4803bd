//! The functions there are, with their parameters.

use crate::scope::{Item, Type};

/// A function, whatever it is called by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Func {
    Append,
    Join,
    Len,
    RemoveSpaces,
    Replace,
    ReplaceFirst,
    StartsWith,
    Contains,
    Switch,
    Substring,
    SubstringAfter,
    SubstringBefore,
    Upper,
    Lower,
    ListAdd,
    ListRemove,
    ListClear,
    ListGet,
    ListFlatten,
    ListContains,
    ListSize,
    ListIsEmpty,
    ListCsv,
    ToInt,
    ToNum,
    Alpha2,
    Alpha3,
    Numeric,
    CountryName,
    /// The code of a country as it is; only there because the method forms convert in two steps.
    CountryCode,
    TimeFromWindows,
    TimeFromUnix,
    TimeToWindows,
    TimeToUnix,
    /// A date so many times this many milliseconds later.
    TimeShift(i64),
    /// `x.contains(y)` where only the value tells whether `x` is a string or an array.
    EitherContains,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Param {
    /// A string; other scalars give their text.
    Text,
    /// An array, or a string of values with commas between them.
    List,
    Int,
    Any,
}

/// Name and parameters of a function.
pub(crate) struct Signature {
    pub(crate) name: &'static str,
    pub(crate) func: Func,
    pub(crate) params: &'static [Param],
    /// How many must be there.
    pub(crate) least: usize,
    /// The last parameter may be repeated.
    pub(crate) open: bool,
    pub(crate) result: Type,
}

const fn sig(name: &'static str, func: Func, params: &'static [Param], result: Type) -> Signature {
    Signature { name, func, params, least: params.len(), open: false, result }
}

const fn open(
    name: &'static str,
    func: Func,
    params: &'static [Param],
    least: usize,
    result: Type,
) -> Signature {
    Signature { name, func, params, least, open: true, result }
}

use Param::{Any, Int, List, Text};

const LIST: Type = Type::List(Item::Any);

/// Functions of the classic dialect, by their whole name.
pub(crate) static STATIC: &[Signature] = &[
    sig("String.append", Func::Append, &[Text, Text], Type::Str),
    open("String.join", Func::Join, &[Text, Text], 1, Type::Str),
    sig("String.len", Func::Len, &[Text], Type::Int),
    sig("String.removeSpaces", Func::RemoveSpaces, &[Text], Type::Str),
    sig("String.replace", Func::Replace, &[Text, Text, Text], Type::Str),
    sig("String.replaceFirst", Func::ReplaceFirst, &[Text, Text, Text], Type::Str),
    sig("String.startsWith", Func::StartsWith, &[Text, Text], Type::Bool),
    sig("String.stringContains", Func::Contains, &[Text, Text], Type::Bool),
    open("String.stringSwitch", Func::Switch, &[Text, Text, Text], 4, Type::Str),
    sig("String.substring", Func::Substring, &[Text, Int, Int], Type::Str),
    sig("String.substringAfter", Func::SubstringAfter, &[Text, Text], Type::Str),
    sig("String.substringBefore", Func::SubstringBefore, &[Text, Text], Type::Str),
    sig("String.toUpperCase", Func::Upper, &[Text], Type::Str),
    sig("String.toLowerCase", Func::Lower, &[Text], Type::Str),
    sig("toUpperCase", Func::Upper, &[Text], Type::Str),
    sig("toLowerCase", Func::Lower, &[Text], Type::Str),
    sig("substring", Func::Substring, &[Text, Int, Int], Type::Str),
    sig("substringAfter", Func::SubstringAfter, &[Text, Text], Type::Str),
    sig("substringBefore", Func::SubstringBefore, &[Text, Text], Type::Str),
    sig("Arrays.add", Func::ListAdd, &[List, Any], LIST),
    sig("Arrays.remove", Func::ListRemove, &[List, Any], LIST),
    sig("Arrays.clear", Func::ListClear, &[List], LIST),
    sig("Arrays.get", Func::ListGet, &[List, Int], Type::Any),
    open("Arrays.flatten", Func::ListFlatten, &[Any], 1, LIST),
    sig("Arrays.contains", Func::ListContains, &[List, Any], Type::Bool),
    sig("Arrays.size", Func::ListSize, &[List], Type::Int),
    sig("Arrays.isEmpty", Func::ListIsEmpty, &[List], Type::Bool),
    sig("Arrays.toCsvString", Func::ListCsv, &[List], Type::Str),
    sig("Convert.toInt", Func::ToInt, &[Text], Type::Int),
    sig("Convert.toNum", Func::ToNum, &[Text], Type::Num),
    sig("Iso3166Convert.toAlpha2", Func::Alpha2, &[Text], Type::Str),
    sig("Iso3166Convert.toAlpha3", Func::Alpha3, &[Text], Type::Str),
    sig("Iso3166Convert.toNumeric", Func::Numeric, &[Text], Type::Str),
    sig("Iso3166Convert.toName", Func::CountryName, &[Text], Type::Str),
    sig("Time.fromWindowsToIso8601", Func::TimeFromWindows, &[Text], Type::Date),
    sig("Time.fromUnixToIso8601", Func::TimeFromUnix, &[Text], Type::Date),
    sig("Time.fromIso8601ToWindows", Func::TimeToWindows, &[Text], Type::Str),
    sig("Time.fromIso8601ToUnix", Func::TimeToUnix, &[Text], Type::Str),
];

/// Methods of the identity engine's dialect; the first parameter is what stands before the dot.
pub(crate) static METHODS: &[Signature] = &[
    sig("toUpperCase", Func::Upper, &[Text], Type::Str),
    sig("toLowerCase", Func::Lower, &[Text], Type::Str),
    Signature {
        name: "substring",
        func: Func::Substring,
        params: &[Text, Int, Int],
        least: 2,
        open: false,
        result: Type::Str,
    },
    sig("replace", Func::Replace, &[Text, Text, Text], Type::Str),
    sig("replaceFirst", Func::ReplaceFirst, &[Text, Text, Text], Type::Str),
    sig("length", Func::Len, &[Text], Type::Int),
    sig("removeSpaces", Func::RemoveSpaces, &[Text], Type::Str),
    sig("contains", Func::EitherContains, &[Any, Any], Type::Bool),
    sig("startsWith", Func::StartsWith, &[Text, Text], Type::Bool),
    sig("substringBefore", Func::SubstringBefore, &[Text, Text], Type::Str),
    sig("substringAfter", Func::SubstringAfter, &[Text, Text], Type::Str),
    sig("size", Func::ListSize, &[List], Type::Int),
    sig("isEmpty", Func::ListIsEmpty, &[List], Type::Bool),
    sig("add", Func::ListAdd, &[List, Any], LIST),
    sig("remove", Func::ListRemove, &[List, Any], LIST),
    sig("flatten", Func::ListFlatten, &[Any], LIST),
    sig("toInteger", Func::ToInt, &[Text], Type::Int),
    sig("toNumber", Func::ToNum, &[Text], Type::Num),
    sig("parseCountryCode", Func::CountryCode, &[Text], Type::Str),
    sig("toAlpha2", Func::Alpha2, &[Text], Type::Str),
    sig("toAlpha3", Func::Alpha3, &[Text], Type::Str),
    sig("toNumeric", Func::Numeric, &[Text], Type::Str),
    sig("toName", Func::CountryName, &[Text], Type::Str),
    sig("parseWindowsTime", Func::TimeFromWindows, &[Text], Type::Date),
    sig("parseUnixTime", Func::TimeFromUnix, &[Text], Type::Date),
    sig("toWindows", Func::TimeToWindows, &[Text], Type::Str),
    sig("toUnix", Func::TimeToUnix, &[Text], Type::Str),
    sig("plusDays", Func::TimeShift(DAY), &[Text, Int], Type::Date),
    sig("plusHours", Func::TimeShift(HOUR), &[Text, Int], Type::Date),
    sig("plusMinutes", Func::TimeShift(MINUTE), &[Text, Int], Type::Date),
    sig("plusSeconds", Func::TimeShift(SECOND), &[Text, Int], Type::Date),
    sig("minusDays", Func::TimeShift(-DAY), &[Text, Int], Type::Date),
    sig("minusHours", Func::TimeShift(-HOUR), &[Text, Int], Type::Date),
    sig("minusMinutes", Func::TimeShift(-MINUTE), &[Text, Int], Type::Date),
    sig("minusSeconds", Func::TimeShift(-SECOND), &[Text, Int], Type::Date),
];

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The milliseconds of the unit at the end of a method's name, such as `plusDays`.
pub(crate) fn unit(name: &str) -> Option<i64> {
    [("Days", DAY), ("Hours", HOUR), ("Minutes", MINUTE), ("Seconds", SECOND)]
        .into_iter()
        .find_map(|(end, unit)| name.ends_with(end).then_some(unit))
}

/// Functions that are neither values nor in the tables, for suggestions.
pub(crate) static OTHERS: &[&str] = &[
    "isMemberOfGroup",
    "isMemberOfAnyGroup",
    "isMemberOfGroupName",
    "isMemberOfGroupNameStartsWith",
    "isMemberOfGroupNameContains",
    "isMemberOfGroupNameRegex",
    "user.isMemberOf",
    "user.getGroups",
    "getFilteredGroups",
    "user.getInternalProperty",
    "user.getLinkedObject",
    "getManagerUser",
    "getAssistantUser",
    "hasDirectoryUser",
    "findDirectoryUser",
    "hasWorkdayUser",
    "findWorkdayUser",
    "Time.now",
    "DateTime.now",
    "Time.fromStringToIso8601",
    "Time.fromIso8601ToString",
    "parseStringTime",
    "toString",
    "toZone",
    "withinDays",
    "withinHours",
    "withinMinutes",
    "withinSeconds",
];

/// Functions of Okta's that can't be had here, and what to do instead.
pub(crate) fn missing(name: &str) -> Option<&'static str> {
    Some(match name {
        "getManagerAppUser" | "getAssistantAppUser" => {
            "other people's values are those of their profiles: user.getLinkedObject(\"manager\").attribute"
        }
        "Groups.contains" | "Groups.startsWith" | "Groups.endsWith" => {
            "it is for claims of tokens; lists of groups are user.getGroups({…}).![name]"
        }
        _ => return None,
    })
}
