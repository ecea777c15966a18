//! Snapshot files: objects and series of a cluster in JSON Lines, plain, gzip or zstd.
