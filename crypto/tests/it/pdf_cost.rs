//! PDFs that are cheap to send and would be dear to read.

use std::fmt::Write;

use crypto::report::Report;
use miniz_oxide::deflate::compress_to_vec_zlib;

use crate::world::{World, now, report};

const HEAD: &str = "%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n";
const CATALOG_AT: u32 = 9;
const TOO_MANY_BYTES: &str = "too many bytes in the objects of the PDF";

/// The file with a stream of cross-references for these rows: object number, kind, place, index.
fn closed(mut file: Vec<u8>, rows: &[(u32, u8, u32, u16)]) -> Vec<u8> {
    let (mut index, mut data) = (String::new(), Vec::new());
    for (number, kind, place, at) in rows {
        write!(index, "{number} 1 ").unwrap();
        data.extend([&[*kind][..], &place.to_be_bytes(), &at.to_be_bytes()].concat());
    }
    let (start, size) = (file.len(), data.len());
    let head = format!("9999 0 obj\n<</Type/XRef/Root 1 0 R/Size 9/W[1 4 2]/Index[{index}]/Length {size}>>\nstream\n");
    file.extend([head.as_bytes(), &data].concat());
    file.extend(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").into_bytes());
    file
}

fn object_stream(number: u32, count: usize, first: usize, data: &[u8]) -> Vec<u8> {
    let length = data.len();
    let head = format!("{number} 0 obj\n<</Type/ObjStm/N {count}/First {first}/Filter/FlateDecode/Length {length}>>\nstream\n");
    [head.as_bytes(), data, b"\nendstream\nendobj\n"].concat()
}

fn place(file: &[u8]) -> u32 {
    u32::try_from(file.len()).unwrap()
}

fn judged(file: &[u8]) -> Report {
    report(file, &World::new().trust(), now())
}

#[track_caller]
fn refused(file: &[u8], reason: &str) {
    assert_eq!(judged(file).checks[0].inputs["reason"], reason);
}

#[test]
fn many_entries_that_name_one_long_place() {
    let mut file = HEAD.as_bytes().to_vec();
    let at = place(&file);
    file.extend(format!("{}7 0 obj\n", "0".repeat(100_000)).into_bytes());
    let rows: Vec<_> = (10..4010).map(|number| (number, 1, at, 0)).collect();
    refused(&closed(file, &[&[(1, 1, CATALOG_AT, 0)], rows.as_slice()].concat()), TOO_MANY_BYTES);
}

#[test]
fn many_objects_that_share_one_long_text() {
    let (count, length) = (400_u32, 1 << 20);
    let places: String = (10..10 + count).fold(String::new(), |all, number| all + &format!("{number} 0 "));
    let data = compress_to_vec_zlib(format!("{places}({})", "a".repeat(length)).as_bytes(), 6);
    let mut file = HEAD.as_bytes().to_vec();
    let at = place(&file);
    file.extend(object_stream(2, 400, places.len(), &data));
    let rows: Vec<_> = (0..400_u16).map(|index| (u32::from(index) + 10, 2, 2, index)).collect();
    let file = closed(file, &[&[(1, 1, CATALOG_AT, 0), (2, 1, at, 0)], rows.as_slice()].concat());
    assert!(file.len() < 64 << 10);
    refused(&file, TOO_MANY_BYTES);
}

#[test]
fn many_streams_that_break_off_after_a_long_way() {
    let whole = compress_to_vec_zlib(&vec![0; 16 << 20], 6);
    let broken = [&whole[..whole.len() - 8], &[0xff; 8]].concat();
    let (mut file, mut rows) = (HEAD.as_bytes().to_vec(), vec![(1, 1, CATALOG_AT, 0)]);
    for number in 2..10 {
        rows.extend([(number, 1, place(&file), 0), (number + 100, 2, number, 0)]);
        file.extend(object_stream(number, 1, 4, &broken));
    }
    refused(&closed(file, &rows), "the PDF exceeds a limit");
}

#[test]
fn deep_nesting_of_much() {
    let build = |depth: usize, items: usize| {
        let mut file = HEAD.as_bytes().to_vec();
        let at = place(&file);
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        file.extend(format!("2 0 obj\n{open}{}{close}\nendobj\n", "1 ".repeat(items)).into_bytes());
        closed(file, &[(1, 1, CATALOG_AT, 0), (2, 1, at, 0)])
    };
    refused(&build(31, 300_000), TOO_MANY_BYTES);
    for file in [build(31, 1000), build(2, 300_000)] {
        assert_ne!(judged(&file).checks[0].inputs.get("reason").map(String::as_str), Some(TOO_MANY_BYTES));
    }
}
