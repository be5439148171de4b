//! Callers that misbehave, and others that must not notice: what each of them costs is bounded, and borne by itself.

mod classes;
mod connections;
mod flood;
mod heavy;
mod memory;
mod neighbour;
mod protocol;
mod readers;
mod wire;
