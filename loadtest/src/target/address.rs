//! Which addresses may be asked. Load hurts whoever gets it, so others than this machine only when that is said in so many words.

use std::net::SocketAddr;

/// The address, if it is of this machine, or whoever starts the load says that it may be anywhere.
///
/// # Errors
/// It is neither, in a sentence.
pub fn allowed(address: SocketAddr, anywhere: bool) -> Result<SocketAddr, String> {
    if anywhere || address.ip().to_canonical().is_loopback() {
        return Ok(address);
    }
    Err(format!("{address} is another machine; with --anywhere you say that its owner knows of this"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_asked_only_when_that_is_said() {
        for own in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(allowed(own.parse().unwrap(), false).is_ok(), "{own}");
        }
        for other in ["10.0.0.1:1", "0.0.0.0:1", "[::]:1", "[2001:db8::1]:1", "[::ffff:10.0.0.1]:1"] {
            let other: SocketAddr = other.parse().unwrap();
            assert!(allowed(other, false).unwrap_err().contains("--anywhere"));
            assert_eq!(allowed(other, true), Ok(other));
        }
    }
}
