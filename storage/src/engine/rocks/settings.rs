//! How the database is set up.

use rocksdb::{BlockBasedOptions, DBCompressionType, DBRecoveryMode, LogLevel};

use super::super::options::{Options, Shared};

/// How many bytes a second flushes and compactions write at most: what they write in bursts, the next synced write waits for.
const BACKGROUND_BYTES_PER_S: i64 = 64 << 20;

pub(super) fn database_options(options: &Options, shared: &Shared, recovery: DBRecoveryMode) -> rocksdb::Options {
    let mut database = rocksdb::Options::default();
    database.create_if_missing(true);
    database.create_missing_column_families(true);
    database.set_write_buffer_manager(&shared.writes);
    database.set_max_total_wal_size(options.wal_bytes_max());
    // What was acknowledged was synced, so that only the very end of a log may be torn; damage before it stops the start (see `torn`).
    database.set_wal_recovery_mode(recovery);
    database.set_track_and_verify_wals_in_manifest(true);
    database.set_log_level(LogLevel::Warn);
    database.set_max_log_file_size(4 << 20);
    database.set_keep_log_file_num(4);
    database.set_stats_dump_period_sec(0);
    database.set_max_manifest_file_size(64 << 20);
    database.set_max_background_jobs(2);
    database.set_bytes_per_sync(1 << 20);
    database.set_ratelimiter(BACKGROUND_BYTES_PER_S, 10_000, 10);
    if let Ok(mut env) = rocksdb::Env::new() {
        env.lower_thread_pool_cpu_priority();
        env.lower_thread_pool_io_priority();
        env.lower_high_priority_thread_pool_cpu_priority();
        database.set_env(&env);
    }
    database
}

pub(super) fn family_options(options: &Options, shared: &Shared) -> rocksdb::Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(&shared.cache);
    // Most reads of a row that may not exist are of one that does not: ten bits answer 99 % of them without a disk.
    blocks.set_bloom_filter(10.0, false);
    blocks.set_format_version(6);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    let mut family = rocksdb::Options::default();
    family.set_block_based_table_factory(&blocks);
    family.set_write_buffer_size(options.write_buffer_bytes());
    // Values are sealed, and sealed bytes do not compress.
    family.set_compression_type(DBCompressionType::None);
    family
}
