//! Tests of the store through its public face.
#![expect(clippy::as_conversions, reason = "tests turn engines into trait objects")]

#[cfg(test)]
mod engines;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod licences;
#[cfg(test)]
mod model;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod registers;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod scratch;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod slots;
