//! The gateway over real sockets on loopback.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod client;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod end_to_end;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod licence_kit;
#[cfg(test)]
mod licences;
#[cfg(test)]
mod lifetime;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod pki;
#[cfg(test)]
mod process;
#[cfg(test)]
mod publisher;
#[cfg(test)]
mod raw_and_chain;
#[cfg(test)]
mod registers;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod sample_routes;
#[cfg(test)]
mod started;
#[cfg(test)]
mod status;
#[cfg(test)]
mod status_list;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod trust_list;
