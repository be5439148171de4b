//! Streaming a log: pages are made while the caller reads, and no more of them are alive than two hands can hold.

use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::mpsc;

use super::csv;
use super::view::RowView;
use crate::http::{Code, Cut, Problem};

/// The most rows of one piece.
pub const PIECE_ROWS_MAX: usize = 500;

/// Pieces that wait for the connection. With the one that is being made and the one that is being sent, three are alive.
pub const WAITING_MAX: usize = 1;

/// How long to wait where the gateway has too much to do.
const PAUSE: Duration = Duration::from_millis(50);

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object on each line; the last one says what came.
    JsonLines,
    /// RFC 4180, with names in the first row; the last one says what came.
    Csv,
}

/// A part of an export.
#[derive(Debug, Default)]
pub struct Piece {
    /// Its rows, written.
    pub bytes: Vec<u8>,
    /// How many they are.
    pub rows: u64,
    /// The number of the last of them.
    pub last: Option<u64>,
    /// Behind which number the next part begins, if there may be one.
    pub next: Option<u64>,
}

/// What came of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many rows the connection took.
    pub rows: u64,
    /// The number of the last of them.
    pub through: Option<u64>,
    /// Whether those were all.
    pub is_complete: bool,
}

impl FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::JsonLines, Self::Csv].into_iter().find(|format| format.name() == text).ok_or(())
    }
}

impl Format {
    /// The name in queries and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// The type of the content.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// What stands before the first row.
    #[must_use]
    pub fn head(self) -> Vec<u8> {
        match self {
            Self::JsonLines => Vec::new(),
            Self::Csv => csv::head(),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When it cannot be written, which does not happen.
    pub fn row(self, row: &RowView, out: &mut Vec<u8>) -> Result<(), Problem> {
        match self {
            Self::JsonLines => {
                serde_json::to_writer(&mut *out, row).or(Err(Code::Internal))?;
                out.push(b'\n');
            }
            Self::Csv => csv::row(row, out),
        }
        Ok(())
    }

    /// Adds what stands behind the last row.
    fn end(self, delivered: Delivered, size: u64, out: &mut Vec<u8>) {
        let (rows, through) = (delivered.rows, delivered.through);
        match self {
            Self::JsonLines => {
                let end = serde_json::json!({ "end": { "rows": rows, "through": through, "size": size } });
                out.extend_from_slice(format!("{end}\n").as_bytes());
            }
            Self::Csv => csv::end(rows, through, size, out),
        }
    }
}

/// Sends piece after piece until there are no more, the reader is gone, or nothing moves for as long as `stall`. `size` is that of the
/// log when it began.
pub async fn stream<F>(
    format: Format,
    size: u64,
    stall: Duration,
    out: mpsc::Sender<Result<Bytes, Cut>>,
    mut make: impl FnMut(Option<u64>) -> F,
) -> Delivered
where
    F: Future<Output = Result<Piece, Problem>> + Send,
{
    let mut delivered = Delivered::default();
    let mut bytes = format.head();
    let mut after = None;
    loop {
        let Ok(piece) = patient(stall, || make(after)).await else {
            // Whoever reads learns that this was not all. If it is gone, there is nobody to tell.
            drop(out.send(Err(Cut)).await);
            return delivered;
        };
        bytes.extend_from_slice(&piece.bytes);
        let sum = Delivered {
            rows: delivered.rows.saturating_add(piece.rows),
            through: piece.last.or(delivered.through),
            is_complete: piece.next.is_none(),
        };
        if sum.is_complete {
            format.end(sum, size, &mut bytes);
        }
        // A piece of which the reader may see nothing is not worth sending.
        if !bytes.is_empty() && out.send_timeout(Ok(std::mem::take(&mut bytes).into()), stall).await.is_err() {
            return delivered;
        }
        delivered = sum;
        if delivered.is_complete {
            return delivered;
        }
        after = piece.next;
    }
}

/// Tries again while the gateway has too much to do, for as long as `stall`.
async fn patient<F>(stall: Duration, mut make: impl FnMut() -> F) -> Result<Piece, Problem>
where
    F: Future<Output = Result<Piece, Problem>> + Send,
{
    let attempts = async {
        loop {
            match make().await {
                Err(problem) if problem.code() == Code::Overloaded => tokio::time::sleep(PAUSE).await,
                result => return result,
            }
        }
    };
    tokio::time::timeout(stall, attempts).await.unwrap_or_else(|_elapsed| Err(Code::DeadlineExceeded.into()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const STALL: Duration = Duration::from_secs(600);
    const ROWS: u64 = 1_000_000;

    /// Makes pieces of numbers below `ROWS`, each line one number.
    fn numbers(after: Option<u64>) -> Piece {
        let from = after.map_or(0, |after| after + 1);
        let until = (from + 500).min(ROWS);
        let mut bytes = Vec::new();
        for number in from..until {
            bytes.extend_from_slice(format!("{number}\n").as_bytes());
        }
        Piece { bytes, rows: until - from, last: Some(until - 1), next: (until < ROWS).then(|| until - 1) }
    }

    #[tokio::test]
    async fn a_million_rows_pass_through_a_few_pieces() {
        let (out, mut taken) = mpsc::channel(WAITING_MAX);
        let made = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&made);
        let work = tokio::spawn(stream(Format::JsonLines, ROWS, STALL, out, move |after| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move { Ok(numbers(after)) }
        }));
        let (mut pieces, mut lines, mut last) = (0, 0_u64, Vec::new());
        while let Some(piece) = taken.recv().await {
            let piece = piece.unwrap();
            pieces += 1;
            // Let the maker get as far ahead as it can.
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            let ahead = made.load(Ordering::SeqCst) - pieces;
            assert!(ahead <= WAITING_MAX + 1, "{ahead} pieces ahead of the reader");
            lines += u64::try_from(piece.iter().filter(|byte| **byte == b'\n').count()).unwrap();
            last = piece.to_vec();
        }
        assert_eq!(lines, ROWS + 1);
        assert!(String::from_utf8(last).unwrap().ends_with("{\"end\":{\"rows\":1000000,\"size\":1000000,\"through\":999999}}\n"));
        let all = Delivered { rows: ROWS, through: Some(ROWS - 1), is_complete: true };
        assert_eq!(work.await.unwrap(), all);
    }

    #[tokio::test]
    async fn a_reader_that_goes_ends_it() {
        let (out, mut taken) = mpsc::channel(WAITING_MAX);
        let work = tokio::spawn(stream(Format::JsonLines, ROWS, STALL, out, |after| async move { Ok(numbers(after)) }));
        taken.recv().await.unwrap().unwrap();
        drop(taken);
        let delivered = work.await.unwrap();
        assert!(!delivered.is_complete && delivered.rows < 5000, "{delivered:?}");
    }

    #[tokio::test]
    async fn a_reader_that_stalls_is_not_waited_for() {
        let (out, taken) = mpsc::channel(WAITING_MAX);
        let delivered =
            stream(Format::JsonLines, ROWS, Duration::from_millis(20), out, |after| async move { Ok(numbers(after)) }).await;
        assert_eq!(delivered, Delivered { rows: 500, through: Some(499), is_complete: false });
        drop(taken);
    }

    #[tokio::test]
    async fn too_much_to_do_is_waited_out_and_a_fault_cuts() {
        let (out, mut taken) = mpsc::channel(WAITING_MAX);
        let tries = Arc::new(AtomicUsize::new(0));
        let work = tokio::spawn(stream(Format::JsonLines, ROWS, STALL, out, move |after| {
            let code = match tries.fetch_add(1, Ordering::SeqCst) {
                0 => Some(Code::Overloaded),
                2 => Some(Code::Unavailable),
                _ => None,
            };
            async move { code.map_or_else(|| Ok(numbers(after)), |code| Err(code.into())) }
        }));
        assert!(taken.recv().await.unwrap().is_ok());
        assert_eq!(taken.recv().await.unwrap(), Err(Cut));
        assert!(taken.recv().await.is_none());
        assert_eq!(work.await.unwrap(), Delivered { rows: 500, through: Some(499), is_complete: false });
    }
}
