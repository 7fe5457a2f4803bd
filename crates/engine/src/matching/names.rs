//! Names as they are compared: without case, accents and ways of writing.

/// The longest name that is looked at, in characters.
const LONGEST: usize = 60;

/// A name in its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name(Vec<String>);

impl Name {
    pub(super) fn of(text: &str) -> Self {
        let mut parts = vec![String::new()];
        for c in text.chars().take(LONGEST).flat_map(char::to_lowercase) {
            if c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '–' | '_' | ',' | '/') {
                parts.push(String::new());
            } else if let Some(part) = parts.last_mut() {
                push_plain(c, part);
            }
        }
        parts.retain(|part| !part.is_empty());
        Self(parts)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its parts written as one.
    pub(super) fn whole(&self) -> String {
        self.0.concat()
    }

    /// How alike two names are, from 0 to 100. Names of which one is missing aren't alike.
    pub(super) fn likeness(&self, other: &Self) -> u32 {
        let (a, b) = (self.whole(), other.whole());
        if a.is_empty() || b.is_empty() {
            return 0;
        }
        if a == b {
            return 100;
        }
        let sorted = |name: &Self| {
            let mut parts = name.0.clone();
            parts.sort_unstable();
            parts
        };
        if sorted(self) == sorted(other) {
            return 97;
        }
        let by_letters = by_letters(&a, &b);
        // One has a second name that the other leaves out.
        let within =
            |one: &Self, all: &Self| one.0.iter().all(|p| p.chars().count() > 1 && all.0.contains(p));
        let by_parts = if within(self, other) || within(other, self) { 85 } else { 0 };
        let by_initial = if is_initial(&a, &b) || is_initial(&b, &a) { 70 } else { 0 };
        by_letters.max(by_parts).max(by_initial)
    }
}

fn is_initial(one: &str, whole: &str) -> bool {
    one.chars().count() == 1 && whole.starts_with(one)
}

/// How many slips of the pen lie between two names, judged by their length.
fn by_letters(a: &str, b: &str) -> u32 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let length = a.len().max(b.len());
    match (distance(&a, &b), length) {
        (1, 6..) => 92,
        (1, 4..) => 88,
        (1, 3) => 75,
        (2, 8..) => 85,
        (2, 6..) => 75,
        _ => 0,
    }
}

/// The number of letters put in, left out, changed or swapped with their neighbour between two texts.
pub(super) fn distance(a: &[char], b: &[char]) -> usize {
    let mut two_above: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX - 1);
            let mut least =
                (at(&above, j) + usize::from(x != y)).min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                least = least.min(at(&two_above, j - 1) + 1);
            }
            row.push(least);
        }
        two_above = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}

/// How a name sounds, roughly: its first consonants by kind, vowels left out.
pub(super) fn sound(name: &str) -> String {
    let mut out = String::new();
    let mut last = None;
    for (at, c) in name.chars().enumerate() {
        let kind = match c {
            'b' | 'f' | 'p' | 'v' | 'w' => '1',
            'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => '2',
            'd' | 't' => '3',
            'l' => '4',
            'm' | 'n' => '5',
            'r' => '6',
            'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'h' if at == 0 => 'a',
            'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'h' => {
                last = None;
                continue;
            }
            other => other,
        };
        if last != Some(kind) {
            out.push(kind);
        }
        last = Some(kind);
        if out.chars().count() == 5 {
            break;
        }
    }
    out
}

/// A letter without its accents; what is no letter or digit goes.
fn push_plain(c: char, out: &mut String) {
    let plain = match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ'..='ặ' => "a",
        'æ' | 'ǽ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẹ'..='ệ' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ỉ' | 'ị' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ơ' | 'ọ'..='ợ' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' | 'ụ'..='ự' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' | 'ỳ'..='ỹ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        other => {
            if other.is_alphanumeric() {
                out.push(other);
            }
            return;
        }
    };
    out.push_str(plain);
}
