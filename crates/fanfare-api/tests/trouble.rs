//! A store that is full, broken or behind: what publishers and readers are told.

#![allow(clippy::unwrap_used)]

mod door;

use bytes::Bytes;
use door::{Answer, Door};
use fanfare_proto::{Channel, Message, Pattern, Position, Time, limits};
use fanfare_store::{
    ChannelInfo, Draft, Log, LogStatus, Original, Page, Put, Read, Record, RecordChange, Records, Removal,
    Revision, Store, StoreError, Trimmed,
};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use tokio::task::JoinHandle;

/// A log that does what it is told when something is appended, and reads as long as it is whole.
struct Wrapped {
    log: Arc<dyn Store>,
    before_append: Box<dyn Fn() -> Result<(), StoreError> + Send + Sync>,
    failed: AtomicBool,
    damaged: AtomicBool,
}

impl Wrapped {
    fn whole(&self) -> Result<(), StoreError> {
        match self.damaged.load(Ordering::SeqCst) {
            true => Err(StoreError::Corrupt("the test says so".into())),
            false => Ok(()),
        }
    }
}

impl Log for Wrapped {
    fn append(&self, drafts: Vec<Draft>, now: Time) -> Result<Vec<Arc<Message>>, StoreError> {
        (self.before_append)().inspect_err(|_| self.failed.store(true, Ordering::SeqCst))?;
        self.log.append(drafts, now)
    }

    fn read(&self, read: &Read) -> Result<Page, StoreError> {
        self.whole()?;
        self.log.read(read)
    }

    fn original(&self, channel: &Channel, position: Position) -> Result<Option<Original>, StoreError> {
        self.whole()?;
        self.log.original(channel, position)
    }

    fn find(&self, time: Time) -> Result<Position, StoreError> {
        self.whole()?;
        self.log.find(time)
    }

    fn channels(&self, pattern: &Pattern, after: &str, limit: usize) -> Result<Vec<ChannelInfo>, StoreError> {
        self.whole()?;
        self.log.channels(pattern, after, limit)
    }

    fn remove(&self, removal: &Removal) -> Result<bool, StoreError> {
        self.log.remove(removal)
    }

    fn trim(&self, now: Time) -> Result<Trimmed, StoreError> {
        self.log.trim(now)
    }

    fn status(&self) -> LogStatus {
        self.log.status()
    }

    fn trouble(&self) -> Option<StoreError> {
        self.failed.load(Ordering::SeqCst).then(|| StoreError::Failed("the test says so".into()))
    }
}

impl Records for Wrapped {
    fn get(&self, kind: &str, key: &str) -> Result<Option<Record>, StoreError> {
        self.whole()?;
        self.log.get(kind, key)
    }

    fn put_if(
        &self,
        kind: &str,
        key: &str,
        expected: Revision,
        value: Option<Bytes>,
    ) -> Result<Put, StoreError> {
        self.log.put_if(kind, key, expected, value)
    }

    fn change(&self, changes: &[RecordChange]) -> Result<(), StoreError> {
        (self.before_append)()?;
        self.log.change(changes)
    }

    fn scan(&self, kind: &str, prefix: &str, after: &str, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.whole()?;
        self.log.scan(kind, prefix, after, limit)
    }
}

impl Store for Wrapped {
    fn append_with(
        &self,
        drafts: Vec<Draft>,
        changes: &[RecordChange],
        now: Time,
    ) -> Result<Vec<Arc<Message>>, StoreError> {
        (self.before_append)()?;
        self.log.append_with(drafts, changes, now)
    }
}

fn door(before_append: impl Fn() -> Result<(), StoreError> + Send + Sync + 'static) -> Door {
    let before_append = Box::new(before_append);
    Door::over(&[], |log| {
        Arc::new(Wrapped {
            log,
            before_append,
            failed: AtomicBool::default(),
            damaged: AtomicBool::default(),
        })
    })
}

#[tokio::test]
async fn a_full_store_says_so_and_the_live_log_goes_on() {
    let door = door(|| Err(StoreError::Full("no space left".into())));
    let answer = door.ask("POST /c/a", &[], "x").await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (507, "store-full"));
    assert_eq!(answer.header("retry-after"), "30");
    assert_eq!(door.ask("POST /c/live/a", &[], "x").await.status, 201);
}

#[tokio::test]
async fn a_failed_store_is_not_ready() {
    let door = door(|| Err(StoreError::Failed("input/output error".into())));
    assert_eq!(door.get("/readyz").await.status, 200);
    for request in ["POST /c/a", "GET /readyz"] {
        let answer = door.ask(request, &[], "x").await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "store-failed"), "{request}");
        assert_eq!(answer.header("retry-after"), "5");
    }
    let health = door.get("/healthz").await;
    assert_eq!(health.status, 200);
    let text = String::from_utf8(health.body.to_vec()).unwrap();
    assert!(text.starts_with("ok\n") && text.contains("the test says so"), "{text}");
}

#[tokio::test]
async fn what_is_damaged_is_refused_for_good_to_whoever_reads_it() {
    let mut log = None;
    let door = Door::over(&[], |kept| {
        let before_append = Box::new(|| Ok(()));
        let (failed, damaged) = (AtomicBool::default(), AtomicBool::default());
        let wrapped = Arc::new(Wrapped { log: kept, before_append, failed, damaged });
        log.insert(wrapped).clone()
    });
    assert_eq!(door.ask("POST /c/a", &[], "x").await.status, 201);
    log.unwrap().damaged.store(true, Ordering::SeqCst);
    for request in [
        "GET /c/a",
        "GET /c/a?since=1h",
        "GET /c/a/$at/1",
        "GET /c/a/$latest",
        "GET /c/a/$info",
        "GET /channels",
        "DELETE /c/a/$at/1",
    ] {
        let answer = door.ask(request, &[], "").await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (500, "store-damaged"), "{request}");
        assert_eq!(
            (&answer.json()["retry"], answer.header("retry-after")),
            (&json!("never"), ""),
            "{request}"
        );
    }
    assert_eq!(door.ask("POST /c/a", &[], "x").await.status, 201);
}

#[tokio::test]
async fn publishers_beyond_the_limit_are_told_to_come_back() {
    let (hold, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    // Every commit waits until the test lets go.
    let door = Arc::new(door(move || {
        let _ = gate.lock().unwrap().recv();
        Ok(())
    }));
    let batch = format!("[{}]", vec![r#"{"channel":"a","body":""}"#; limits::BATCH_MESSAGES].join(","));
    let (batches, refused) = flood(&door, "POST /publish", &batch).await;
    let first = &refused.json()["results"][0];
    assert_eq!(
        (&first["status"], &first["name"], &first["retry"]),
        (&json!(503), &json!("busy"), &json!("later"))
    );

    let (singles, refused) = flood(&door, "POST /c/a", "x").await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, "busy"));
    assert_eq!(refused.header("retry-after"), "1");

    drop(hold);
    for publish in batches {
        assert_eq!(publish.await.unwrap().json()["results"][0]["channel"], "a");
    }
    for publish in singles {
        assert_eq!(publish.await.unwrap().status, 201);
    }
}

/// Sends the same request again and again until it is answered at once; answers those that wait, and that answer.
async fn flood(door: &Arc<Door>, request: &'static str, body: &str) -> (Vec<JoinHandle<Answer>>, Answer) {
    let mut waiting = Vec::new();
    loop {
        assert!(waiting.len() <= 2 * limits::PENDING_MESSAGES, "there is no limit");
        let (door, body) = (door.clone(), body.to_owned());
        let publish = tokio::spawn(async move { door.ask(request, &[], &body).await });
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        if publish.is_finished() {
            return (waiting, publish.await.unwrap());
        }
        waiting.push(publish);
    }
}
