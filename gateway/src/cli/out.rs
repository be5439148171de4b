//! What a command says to its user. Whoever reads may stop before the end, as `head` does: that is no error.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Nobody reads the standard output any more.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Something of the standard output is lost for another reason, such as a full disk.
static IS_LOST: AtomicBool = AtomicBool::new(false);

/// Writes to standard output.
pub(super) fn say(text: fmt::Arguments<'_>) {
    if let Err(error) = write(&mut io::stdout().lock(), text) {
        let flag = if error.kind() == ErrorKind::BrokenPipe { &IS_CLOSED } else { &IS_LOST };
        flag.store(true, Ordering::Relaxed);
    }
}

/// Writes to standard error. What cannot be said there can be said nowhere.
pub(super) fn complain(text: fmt::Arguments<'_>) {
    drop(write(&mut io::stderr().lock(), text));
}

fn write(out: &mut dyn Write, text: fmt::Arguments<'_>) -> io::Result<()> {
    out.write_fmt(text)?;
    out.flush()
}

/// Whether nobody reads any more.
pub(super) fn is_closed() -> bool {
    IS_CLOSED.load(Ordering::Relaxed)
}

/// Whether something was not written that somebody wanted to read.
pub(super) fn is_lost() -> bool {
    IS_LOST.load(Ordering::Relaxed)
}
