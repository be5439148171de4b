//! Where a page ended: opaque text that callers hand back.

use crypto::record::LogName;
use storage::log::Order;

use crate::http::Problem;

/// The text for the next page of this log in this order, which begins behind this number.
#[must_use]
pub fn write(log: LogName, order: Order, after: u64) -> String {
    format!("{:02x}{:02x}{after:016x}", log.number(), order_number(order))
}

/// Reads the text. It stays valid while the log grows, and for no other log or order.
///
/// # Errors
/// [`crate::http::Code::BadParameter`].
pub fn read(text: &str, log: LogName, order: Order) -> Result<u64, Problem> {
    let bad = || Problem::parameter("after");
    let is_hex = text.len() == 20 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let (head, number) = text.split_at_checked(4).filter(|_| is_hex).ok_or_else(bad)?;
    let after = u64::from_str_radix(number, 16).map_err(|_error| bad())?;
    if head == format!("{:02x}{:02x}", log.number(), order_number(order)) { Ok(after) } else { Err(bad()) }
}

const fn order_number(order: Order) -> u8 {
    match order {
        Order::NewestFirst => 1,
        Order::OldestFirst => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_for_one_log_and_order() {
        let text = write(LogName::Seal, Order::NewestFirst, 77);
        assert_eq!(read(&text, LogName::Seal, Order::NewestFirst).unwrap(), 77);
        assert!(read(&text, LogName::Access, Order::NewestFirst).is_err());
        assert!(read(&text, LogName::Seal, Order::OldestFirst).is_err());
        for bad in ["", "0101", "01010000000000000 4d", "0101+00000000000004d", "01010000000000000F", &format!("{text}0")] {
            assert!(read(bad, LogName::Seal, Order::NewestFirst).is_err(), "{bad}");
        }
    }
}
