//! The control socket: how an operator on this machine tells the running gateway what to do. HTTP/1.1 with JSON over a Unix socket
//! that only the user of the gateway, and root, can open. `licet` itself is the client ([`crate::cli`]).

mod about;
mod answer;
mod backup;
mod command;
mod doctor;
mod keys;
mod level;
mod maintenance;
mod reload;
mod socket;

pub use command::{Asked, Command, Refused, Reply, Run};
pub use socket::Control;

/// Every command, by the file that has it.
static COMMANDS: &[&[Command]] = &[
    about::COMMANDS,
    backup::COMMANDS,
    doctor::COMMANDS,
    keys::COMMANDS,
    level::COMMANDS,
    maintenance::COMMANDS,
    reload::COMMANDS,
];
