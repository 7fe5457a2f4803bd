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
];

/// Functions that are neither values nor in the tables, for suggestions.
pub(crate) static OTHERS: &[&str] = &[
    "isMemberOfGroup",
    "isMemberOfAnyGroup",
    "isMemberOfGroupName",
    "isMemberOfGroupNameStartsWith",
    "isMemberOfGroupNameContains",
    "isMemberOfGroupNameRegex",
    "Time.now",
];

/// Functions of Okta's that there is no equivalent for here, and what to do instead.
pub(crate) fn missing(name: &str) -> Option<&'static str> {
    Some(match name {
        "getManagerUser" | "getManagerAppUser" | "getAssistantUser" | "getAssistantAppUser" => {
            "other people's attributes are read by user.getLinkedObject(\"manager\").attribute"
        }
        "getFilteredGroups" | "user.getGroups" | "Groups.contains" | "Groups.startsWith"
        | "Groups.endsWith" => {
            "lists of groups are not values; to test membership, use isMemberOfGroupName and its kin"
        }
        "hasDirectoryUser" | "findDirectoryUser" | "hasWorkdayUser" | "findWorkdayUser" => {
            "name the app and its attribute instead"
        }
        "Time.fromStringToIso8601" | "Time.fromIso8601ToString" => {
            "a source can be set to convert dates when it is read"
        }
        _ => return None,
    })
}
