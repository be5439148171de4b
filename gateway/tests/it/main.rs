//! The gateway over real sockets on loopback.
#![cfg(test)]

mod admin;
mod client;
mod command_line;
mod demo;
mod end_to_end;
mod go_reader;
mod identity;
mod licence_kit;
mod licences;
mod lifetime;
mod limits;
mod log_command_line;
mod log_kit;
mod log_tiles;
mod messages;
mod pki;
mod process;
mod publisher;
mod raw_and_chain;
mod record;
mod registers;
mod reports;
mod requests;
mod sample_routes;
mod started;
mod status;
mod status_list;
mod tidy;
mod trust;
mod trust_list;
mod witness;
