//! Text in every encoding there is a setting for, and bytes that aren't text.

use std::sync::LazyLock;

use muster_connectors::csv::{Column, Encoding, FeedFormat, FeedReader, FeedRow, Kind};
use muster_expr::Value;
use proptest::prelude::*;

use super::{gzip, read_all};

fn names(encoding: Encoding) -> FeedFormat {
    FeedFormat { encoding, ..FeedFormat::new("id", vec![Column::new("name", Kind::Text)]) }
}

/// The names of a feed's people.
fn read(bytes: &[u8], format: &FeedFormat) -> Result<Vec<String>, String> {
    let rows = read_all(bytes, format).map_err(|error| error.to_string())?;
    let name = |row: &FeedRow| match row {
        FeedRow::Valid(row) => row.values[0].as_str().unwrap_or("-").to_owned(),
        other => panic!("{other:?}"),
    };
    Ok(rows.iter().map(name).collect())
}

/// Encodes as the published tables say, in our own words for the few characters that are tried.
fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    let units = || text.encode_utf16();
    match encoding {
        Encoding::Auto | Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf16Le => units().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => units().flat_map(u16::to_be_bytes).collect(),
        _ => text
            .chars()
            .map(|c| byte(c, encoding).unwrap_or_else(|| panic!("{c:?} in {encoding:?}")))
            .collect(),
    }
}

/// The byte of a character, found by decoding each byte.
fn byte(c: char, encoding: Encoding) -> Option<u8> {
    let is = |byte: &u8| decoded(*byte, encoding) == Some(c);
    if c.is_ascii() { Some(c as u8) } else { (0x80..=0xff).find(is) }
}

/// What a byte stands for, looked up once.
fn decoded(byte: u8, encoding: Encoding) -> Option<char> {
    static TABLES: LazyLock<Vec<(Encoding, Vec<Option<char>>)>> = LazyLock::new(|| {
        let table = |encoding| (0x80..=0xff).map(|byte| decode(byte, encoding)).collect();
        one_byte().into_iter().map(|encoding| (encoding, table(encoding))).collect()
    });
    TABLES.iter().find(|(e, _)| *e == encoding).and_then(|(_, table)| table[usize::from(byte - 0x80)])
}

fn decode(byte: u8, encoding: Encoding) -> Option<char> {
    // Between letters, so that no-break spaces aren't taken for blanks.
    let bytes = [b"id,name\n1,x", &[byte][..], b"x\n"].concat();
    read(&bytes, &names(encoding)).ok()?.first()?.chars().nth(1)
}

fn one_byte() -> Vec<Encoding> {
    let more = [Encoding::Auto, Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be];
    Encoding::NAMES.iter().map(|(_, encoding)| *encoding).filter(|e| !more.contains(e)).collect()
}

#[test]
fn letters_of_each_encoding_are_what_its_table_says() {
    for (encoding, bytes, expected) in [
        (Encoding::Windows1250, &b"\xa3\xf3d\x9f"[..], "Łódź"),
        (Encoding::Windows1251, b"\xc8\xe2\xe0\xed", "Иван"),
        (Encoding::Windows1252, b"Ren\xe9 \x80 \x93\xfc\x94", "René € “ü”"),
        (Encoding::Windows1253, b"\xc1\xed\xed\xe1", "Αννα"),
        (Encoding::Windows1254, b"I\xfe\xfdk \xdd", "Işık İ"),
        (Encoding::Windows1257, b"\xd0arka \xe0", "Šarka ą"),
        (Encoding::Iso8859_1, b"M\xfcller \xa4", "Müller ¤"),
        (Encoding::Iso8859_2, b"\xb9koda", "škoda"),
        (Encoding::Iso8859_5, b"\xb8\xd2\xd0\xdd", "Иван"),
        (Encoding::Iso8859_7, b"\xc1\xed\xed\xe1 \xa4", "Αννα €"),
        (Encoding::Iso8859_9, b"I\xfe\xfdk", "Işık"),
        (Encoding::Iso8859_15, b"\xa4 \xbdil \xa6", "€ œil Š"),
        (Encoding::Ibm850, b"M\x81ller \xe1 \x84", "Müller ß ä"),
    ] {
        let feed = [b"id,name\n1,", bytes, b"\n"].concat();
        assert_eq!(read(&feed, &names(encoding)).unwrap(), [expected], "{encoding:?}");
        assert_eq!(read(&gzip(&feed), &names(encoding)).unwrap(), [expected], "{encoding:?}, packed");
    }
    assert_eq!(one_byte().len(), 13, "each has a line above");
}

#[test]
fn every_byte_has_one_character_or_is_refused() {
    for encoding in one_byte() {
        let mut seen = std::collections::BTreeSet::new();
        for byte in 0x80..=0xff {
            match decoded(byte, encoding) {
                Some(c) => assert!(
                    seen.insert(c) && !c.is_ascii() && !c.is_control(),
                    "{encoding:?} {byte:#x} {c:?}"
                ),
                None => {
                    let bytes = [b"id,name\n1,x\n2,", &[byte][..], b"\n"].concat();
                    let found = read(&bytes, &names(encoding)).unwrap_err();
                    let name = encoding.name();
                    assert!(
                        found.starts_with(&format!("line 3, byte 14: 0x{byte:02X} isn't valid in {name}")),
                        "{found}"
                    );
                }
            }
        }
        assert!(seen.len() >= 86, "{encoding:?}: {}", seen.len());
    }
}

#[test]
fn utf_16_and_marks_are_recognised() {
    let text = "id,name\n1,Zoë 😀\n";
    let (le, be) = (encode(text, Encoding::Utf16Le), encode(text, Encoding::Utf16Be));
    let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    for bytes in [
        text.as_bytes().to_vec(),
        marked(b"\xef\xbb\xbf", text.as_bytes()),
        marked(b"\xff\xfe", &le),
        marked(b"\xfe\xff", &be),
        le.clone(),
        be.clone(),
    ] {
        assert_eq!(read(&bytes, &names(Encoding::Auto)).unwrap(), ["Zoë 😀"], "{bytes:?}");
        assert_eq!(read(&gzip(&bytes), &names(Encoding::Auto)).unwrap(), ["Zoë 😀"], "{bytes:?}, packed");
    }
    // A header in no Latin letters tells nothing without a mark; the setting does.
    let greek = encode("αβ,γδ\n1,2\n", Encoding::Utf16Le);
    let format = FeedFormat {
        encoding: Encoding::Utf16Le,
        ..FeedFormat::new("αβ", vec![Column::new("γδ", Kind::Text)])
    };
    assert_eq!(read(&greek, &format).unwrap(), ["2"]);
    let again = read(&marked(b"\xff\xfe", &greek), &format);
    assert_eq!(again.unwrap(), ["2"], "the mark of the encoding that is set");
}

#[test]
fn bytes_that_are_no_text_refuse_the_feed_and_say_where_and_what_to_do() {
    let latin = b"id,name\n1,Ann\n2,Ren\xe9\n";
    let half = encode("id,name\n1,Ann\n", Encoding::Utf16Le);
    let lone = [&encode("id,name\n1,", Encoding::Utf16Le)[..], &[0x00, 0xdc, 0x0a, 0x00]].concat();
    for (bytes, set, expected) in [
        (
            &latin[..],
            Encoding::Auto,
            "line 3, byte 19: 0xE9 isn't valid in utf-8; say in the app's feed settings which encoding the feed has (such \
             as encoding = \"windows-1252\"), or have it exported as UTF-8; nothing of it has been used",
        ),
        (b"id,name\n1,\xe2\x82", Encoding::Utf8, "line 2, byte 10: 0xE2 0x82 isn't valid in utf-8"),
        (b"id,n\xe4me\n", Encoding::Auto, "line 1, byte 4: 0xE4 isn't valid in utf-8"),
        (b"\xef\xbb\xbfid,name\n1,\xff\n", Encoding::Auto, "line 2, byte 13: 0xFF isn't valid in utf-8"),
        (b"id,name\n1,\x81\n", Encoding::Windows1252, "line 2, byte 10: 0x81 isn't valid in windows-1252"),
        (b"id,name\n1,\x93x\x94\n", Encoding::Iso8859_1, "line 2, byte 10: 0x93 isn't valid in iso-8859-1"),
        (&lone, Encoding::Auto, "line 2, byte 20: 0x00 0xDC isn't valid in utf-16le"),
        (
            &half[..half.len() - 1],
            Encoding::Utf16Le,
            "the feed is cut short: its last character, on line 2, is incomplete",
        ),
        (
            b"\xef\xbb\xbfid,name\n",
            Encoding::Windows1252,
            "the feed begins with the byte order mark of utf-8, but the encoding in the app's feed settings is windows-1252",
        ),
        (b"\xff\xfei\0", Encoding::Utf16Be, "the feed begins with the byte order mark of utf-16le, but"),
    ] {
        let found = read(bytes, &names(set)).unwrap_err();
        assert!(found.starts_with(expected), "{found}");
        let packed = read(&gzip(bytes), &names(set)).unwrap_err();
        assert_eq!(packed, found, "packed");
    }
}

#[test]
fn a_bad_byte_far_into_a_feed_is_found_by_line_and_offset() {
    let mut bytes = b"id,name\n".to_vec();
    for n in 0..30_000 {
        bytes.extend_from_slice(format!("{n},Nän{n}\n").as_bytes());
    }
    let (line, offset) = (30_002, bytes.len() + 2);
    bytes.extend_from_slice(b"x,\xff\n");
    let found = read(&bytes, &names(Encoding::Auto)).unwrap_err();
    assert!(found.starts_with(&format!("line {line}, byte {offset}: 0xFF isn't valid")), "{found}");
}

/// Texts of characters that the encoding has.
fn texts() -> impl Strategy<Value = (Encoding, Vec<String>)> {
    let all: Vec<Encoding> = Encoding::NAMES.iter().map(|(_, encoding)| *encoding).collect();
    prop::sample::select(all).prop_flat_map(|encoding| {
        let letters: Vec<char> = match encoding {
            Encoding::Auto | Encoding::Utf8 | Encoding::Utf16Le | Encoding::Utf16Be => {
                "aZ ,;\"éß中文😀\u{7ff}\u{ffff}\u{10ffff}\n".chars().collect()
            }
            _ => {
                (0x80..=0xff).filter_map(|byte| decoded(byte, encoding)).chain("aZ ,;\"\n".chars()).collect()
            }
        };
        let text = prop::collection::vec(prop::sample::select(letters), 0..12)
            .prop_map(|letters| format!("x{}x", letters.into_iter().collect::<String>()));
        (Just(encoding), prop::collection::vec(text, 0..20))
    })
}

proptest! {
    #[test]
    fn what_was_encoded_is_what_is_read((encoding, texts) in texts(), step in 1_usize..20) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["id", "name"]).unwrap();
        for (n, text) in texts.iter().enumerate() {
            writer.write_record([&n.to_string(), text]).unwrap();
        }
        let plain = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let bytes = encode(&plain, encoding);
        prop_assert_eq!(&read(&bytes, &names(encoding)).unwrap(), &texts);
        // Characters that come in pieces are put together.
        let slow = super::round_trip::Trickle(&bytes, step);
        let rows = FeedReader::open(slow, &names(encoding)).unwrap();
        let values: Vec<Value> = rows
            .map(|row| match row.unwrap() {
                FeedRow::Valid(row) => row.values[0].clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        prop_assert_eq!(values, texts.iter().map(|text| Value::Str(text.as_str().into())).collect::<Vec<_>>());
    }
}
