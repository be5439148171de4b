//! Decoding of the streams that a verification reads: cross-references, object streams, embedded data.

use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};

use super::PdfError;
use super::object::{Dict, Value};
use crate::budget::Budget;

/// The data of a stream, decoded. No filter or `FlateDecode` alone; nothing else occurs in the streams that matter here.
pub(super) fn decode(dict: &Dict, data: &[u8], budget: &mut Budget) -> Result<Vec<u8>, PdfError> {
    let single = |value: Option<&Value>| match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => match items.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one.clone())),
            _ => Err(PdfError::Unsupported),
        },
        Some(other) => Ok(Some(other.clone())),
    };
    let filter = single(dict.get(b"Filter".as_slice()))?;
    let parameters = single(dict.get(b"DecodeParms".as_slice()))?;
    let inflated = match filter {
        None => {
            budget.spend_inflated(u64::try_from(data.len()).unwrap_or(u64::MAX))?;
            data.to_vec()
        }
        Some(Value::Name(name)) if name == b"FlateDecode" => inflate(data, budget)?,
        Some(_) => return Err(PdfError::Unsupported),
    };
    match parameters {
        None => Ok(inflated),
        Some(Value::Dict(parameters)) => predicted(&parameters, inflated),
        Some(_) => Err(PdfError::Unsupported),
    }
}

fn inflate(data: &[u8], budget: &mut Budget) -> Result<Vec<u8>, PdfError> {
    let limit = usize::try_from(budget.inflated_left()).unwrap_or(usize::MAX);
    let (out, error) = match decompress_to_vec_zlib_with_limit(data, limit) {
        Ok(out) => (out, None),
        Err(error) if error.status == TINFLStatus::HasMoreOutput => return Err(PdfError::TooMuch),
        Err(error) => (error.output, Some(PdfError::Malformed)),
    };
    // What came out before it broke off has cost as much.
    budget.spend_inflated(u64::try_from(out.len()).unwrap_or(u64::MAX))?;
    error.map_or(Ok(out), Err)
}

/// Undoes the PNG predictors (ISO 32000-2, 7.4.4.4), one byte for each sample.
fn predicted(parameters: &Dict, data: Vec<u8>) -> Result<Vec<u8>, PdfError> {
    let read = |key: &str, default: usize| match parameters.get(key.as_bytes()) {
        None => Ok(default),
        Some(value) => value.size().ok_or(PdfError::Malformed),
    };
    match read("Predictor", 1)? {
        1 => return Ok(data),
        10..=15 => {}
        _ => return Err(PdfError::Unsupported),
    }
    let columns = read("Columns", 1)?;
    if columns == 0 || columns > 4096 || read("Colors", 1)? != 1 || read("BitsPerComponent", 8)? != 8 {
        return Err(PdfError::Unsupported);
    }
    let mut out = Vec::with_capacity(data.len());
    let mut above = vec![0u8; columns];
    for row in data.chunks(columns + 1) {
        let (kind, row) = row.split_first().ok_or(PdfError::Malformed)?;
        if row.len() != columns {
            return Err(PdfError::Malformed);
        }
        let (mut left, mut corner) = (0u8, 0u8);
        for (byte, up) in row.iter().zip(&mut above) {
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => *up,
                3 => left.midpoint(*up),
                4 => paeth(left, *up, corner),
                _ => return Err(PdfError::Malformed),
            };
            corner = *up;
            left = byte.wrapping_add(guess);
            *up = left;
        }
        out.extend_from_slice(&above);
    }
    Ok(out)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |byte: u8| (estimate - i16::from(byte)).abs();
    [left, up, corner].into_iter().min_by_key(|byte| distance(*byte)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec_zlib;

    use super::*;
    use crate::pdf::object::value;

    fn run(dict: &str, data: &[u8]) -> Result<Vec<u8>, PdfError> {
        let mut budget = Budget::for_document();
        let (dict, _) = value(dict.as_bytes(), 0, &mut budget).unwrap();
        decode(dict.dict().unwrap(), data, &mut budget)
    }

    #[test]
    fn streams_are_inflated_within_the_budget_and_predictors_undone() {
        let packed = compress_to_vec_zlib(&[2, 1, 2, 2, 1, 1, 1, 5, 1], 6);
        let dict = "<</Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 2>>>>";
        assert_eq!(run(dict, &packed), Ok(vec![1, 2, 2, 3, 5, 6]));
        assert_eq!(run("<<>>", b"as is"), Ok(b"as is".to_vec()));
        assert_eq!(run("<</Filter[/FlateDecode]>>", b"no"), Err(PdfError::Malformed));
        assert_eq!(run("<</Filter[/FlateDecode/FlateDecode]>>", &packed), Err(PdfError::Unsupported));
        let bomb = compress_to_vec_zlib(&vec![0; 65 << 20], 6);
        assert_eq!(run("<</Filter/FlateDecode>>", &bomb), Err(PdfError::TooMuch));
    }
}
