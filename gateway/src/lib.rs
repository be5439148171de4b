//! The network rim of licet: the only place that speaks HTTP and that puts the steps in order.
//!
//! The life of a request:
//!
//! 1. **identify** ([`auth`]): the connection's client certificate tells which caller it is.
//! 2. **admit** ([`flow`]): the route is found in the table ([`routes`]), there is a place for what it is ([`admission`]), and the caller
//!    has one of its roles.
//! 3. **parse** ([`http`]): query and body are read within limits, in types that refuse what they do not know.
//! 4. **cached?** ([`cache`]): a verdict that still holds is used again ([`epochs`] ends those that do not).
//! 5. **verify** ([`verdict`]): otherwise `crypto` decides, on a bounded number of threads ([`pool`]).
//! 6. **store** and **record** ([`handlers`]): what was accepted is kept by `storage` in one batch, durable before the answer.
//! 7. **respond** ([`flow`]): answer or problem, one line in the log, the metrics.

pub mod admission;
pub mod app;
mod disputed;
pub mod doubt;
pub mod flow;
pub mod routes;
mod sealed;

pub mod authority;
pub mod broker;
pub mod catalogue;
pub mod lookup;
pub mod rights;
pub mod sources;
pub mod supervision;
pub mod use_codes;

pub mod audit;
pub mod auth;
pub mod handlers;
pub mod http;

pub mod about;
pub mod covered;
pub mod feed;
pub mod purpose;
pub mod receipt;
pub mod record_key;
pub mod recorder;
pub mod summary;
pub mod trail;
pub mod turns;
pub mod unrecorded;

pub mod cache;
pub mod epochs;
pub mod hot_keys;
mod key_command;
pub mod pool;
pub mod resealing;
mod secrets;
pub mod signing;
pub mod status;
pub mod status_lists;
pub mod trust;
pub mod verdict;
pub mod witness;

pub mod openapi;

pub mod admin;
pub mod anchor_watch;
pub mod bucket;
pub mod clock_watch;
pub mod condition;
pub mod disk_watch;
pub mod expiry;
pub mod maintenance;
pub mod owed;
pub mod server;
pub mod shutdown;

pub mod anchor;
pub mod backing_up;
pub mod clock;
pub mod config;
pub mod control;
pub mod difference;
pub mod gossip;
pub mod live;
pub mod logging;
pub mod memory_watch;
pub mod metrics;
pub mod outbound;
pub mod reload;
mod seats;
pub mod shares;
mod spread;
pub mod sweep;
pub mod telemetry;

pub mod cli;
pub mod demo;
