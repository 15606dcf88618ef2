//! What the disk and SQLite can do without a server: the floor of whatever is kept.

use crate::outcome::Result;
use hdrhistogram::Histogram;
use rusqlite::{Connection, params};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A database as durable as ours: write-ahead log, synced at every commit.
pub struct Disk {
    database: Connection,
    _folder: TempDir,
}

impl Disk {
    pub fn new() -> Result<Disk> {
        let folder = tempfile::Builder::new().prefix("fanfare-bench-").tempdir()?;
        let database = Connection::open(folder.path().join("rows.db"))?;
        database.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE rows (position INTEGER PRIMARY KEY, channel TEXT NOT NULL, body BLOB NOT NULL);",
        )?;
        Ok(Disk { database, _folder: folder })
    }

    /// Commits batches for this long. Answers rows a second, and how long each commit took, microseconds.
    pub fn commit(&mut self, batch: usize, bytes: usize, time: Duration) -> Result<(f64, Histogram<u64>)> {
        let (began, body) = (Instant::now(), vec![b'x'; bytes]);
        let mut times = Histogram::new(3)?;
        while began.elapsed() < time {
            let started = Instant::now();
            self.insert(batch, &body)?;
            times.record(started.elapsed().as_micros() as u64)?;
        }
        Ok(((times.len() * batch as u64) as f64 / began.elapsed().as_secs_f64(), times))
    }

    /// Commits so many rows, of which so many a second come: each commit takes those that have come. Answers how long after
    /// it came each row was kept, microseconds.
    pub fn commit_at(&mut self, rows: usize, bytes: usize, rate: f64) -> Result<Histogram<u64>> {
        let (began, body) = (Instant::now(), vec![b'x'; bytes]);
        let (mut times, mut kept) = (Histogram::new(3)?, 0);
        while kept < rows {
            let come = ((began.elapsed().as_secs_f64() * rate) as usize + 1).min(rows);
            self.insert(come - kept, &body)?;
            let now = began.elapsed();
            for row in kept..come {
                let late = now.saturating_sub(Duration::from_secs_f64(row as f64 / rate));
                times.record(late.as_micros() as u64)?;
            }
            kept = come;
        }
        Ok(times)
    }

    fn insert(&mut self, rows: usize, body: &[u8]) -> Result<()> {
        let transaction = self.database.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO rows (channel, body) VALUES (?1, ?2)")?;
            for _ in 0..rows {
                insert.execute(params!["kept/all", body])?;
            }
        }
        Ok(transaction.commit()?)
    }
}
