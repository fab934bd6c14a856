//! The store against the disk, and against jobs that fail. The `kill -9` is a real one: see `tests/kill.rs`.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::{Migration, Store, StoreError};

const STEPS: &[Migration] = &[
    Migration { name: "0001-words", sql: "CREATE TABLE words (word TEXT PRIMARY KEY, blob BLOB)" },
    Migration { name: "0002-tone", sql: "ALTER TABLE words ADD COLUMN tone TEXT" },
];

#[tokio::test]
async fn what_was_written_is_there_after_a_clean_end_and_in_one_file() {
    let house = House::new();
    let store = house.open().await;
    say(&store, "lobby").await.expect("written");
    store.close().await;
    assert_eq!(say(&store, "late").await, Err(StoreError::Closed));
    assert_eq!(house.files(), ["store.db"]);
    let again = house.open().await;
    assert_eq!(words(&again).await, ["lobby"]);
}

#[tokio::test]
async fn a_store_whose_last_clone_goes_gives_the_file_back() {
    let house = House::new();
    let store = house.open().await;
    say(&store, "lobby").await.expect("written");
    drop(store);
    // It waits for the thread of the first one.
    assert_eq!(words(&house.open().await).await, ["lobby"]);
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused_and_told_why() {
    let house = House::new();
    let first = house.open().await;
    say(&first, "lobby").await.expect("written");
    let second = Store::open(&house.path());
    assert_eq!(second.err(), Some(StoreError::InUse(house.path())));
    assert!(StoreError::InUse(house.path()).to_string().contains("another server has this file open"));
    say(&first, "desk").await.expect("the first one goes on");
}

#[tokio::test]
async fn a_bad_job_is_undone_by_itself_and_its_neighbours_are_not() {
    let store = House::in_memory().await;
    say(&store, "lobby").await.expect("written");
    let half = store.write(|tx| {
        tx.execute("INSERT INTO words (word) VALUES ('half')", [])?;
        Ok(tx.execute("INSERT INTO words (word) VALUES ('lobby')", []).map(|_| ())?)
    });
    let panics = store.write::<(), _>(|tx| {
        tx.execute("INSERT INTO words (word) VALUES ('panicked')", [])?;
        panic!("as a test wants it")
    });
    let (before, half, panics, after) = tokio::join!(say(&store, "before"), half, panics, say(&store, "after"));
    assert_eq!((before, after), (Ok(()), Ok(())));
    assert!(matches!(half, Err(StoreError::Job(why)) if why.contains("UNIQUE")));
    assert!(matches!(panics, Err(StoreError::Job(_))));
    assert_eq!(words(&store).await, ["after", "before", "lobby"]);
}

#[tokio::test]
async fn writes_that_wait_share_a_transaction() {
    let house = House::new();
    let store = house.open().await;
    // The thread is kept busy until everything else waits.
    let (open, opened) = std::sync::mpsc::channel::<()>();
    let busy = store.read(move |_| Ok(opened.recv().is_ok()));
    let writes = (0..100).map(|number| {
        let store = store.clone();
        async move { store.write(move |tx| put(tx, &format!("w{number}"))).await }
    });
    let writes: Vec<_> = writes.map(tokio::spawn).collect();
    let before = house.log_bytes();
    let release = async {
        while store.queue.capacity() > store.queue.max_capacity() - 100 {
            tokio::task::yield_now().await;
        }
        open.send(()).expect("the thread waits");
    };
    let (was_busy, ()) = tokio::join!(busy, release);
    assert_eq!(was_busy, Ok(true));
    for write in writes {
        write.await.expect("a task").expect("written");
    }
    assert_eq!(words(&store).await.len(), 100);
    // Each transaction writes at least one page into the log; a hundred would write a hundred.
    let pages = (house.log_bytes() - before) / 4096;
    assert!((1..20).contains(&pages), "{pages}");
}

#[tokio::test]
async fn a_full_disk_refuses_what_finds_no_room_and_takes_it_when_there_is_some() {
    let house = House::new();
    let store = house.open().await;
    let limit = |pages: i64| store.read(move |db| limit(db, pages));
    let used =
        store.read(|db| Ok(db.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0))?)).await.expect("pages");
    limit(used + 4).await.expect("a limit");
    let large = |word: &'static str| {
        store.write(move |tx| {
            tx.execute("INSERT INTO words (word, blob) VALUES (?1, zeroblob(100000))", [word])?;
            Ok(())
        })
    };
    let (small, big, after) = tokio::join!(say(&store, "small"), large("big"), say(&store, "after"));
    assert_eq!((small, big, after), (Ok(()), Err(StoreError::Full), Ok(())));
    let refusal = crosspoint_model::Refusal::from(StoreError::Full);
    assert_eq!(refusal.code, crosspoint_model::Code::StoreUnavailable);
    assert!(refusal.detail.contains("make room"));

    limit(10_000).await.expect("room");
    large("big").await.expect("there is room now");
    drop(store);
    assert_eq!(words(&house.open().await).await, ["after", "big", "small"]);
}

#[tokio::test]
async fn a_store_that_is_read_only_says_so_and_works_again_when_it_is_not() {
    let house = House::new();
    let store = house.open().await;
    let read_only = |on: bool| store.read(move |db| Ok(db.pragma_update(None, "query_only", on)?));
    read_only(true).await.expect("set");
    assert_eq!(say(&store, "lobby").await, Err(StoreError::ReadOnly));
    assert_eq!(words(&store).await, Vec::<String>::new());
    read_only(false).await.expect("set");
    say(&store, "lobby").await.expect("written");
}

#[tokio::test]
async fn steps_are_taken_once_in_order_and_a_newer_file_is_refused() {
    let house = House::new();
    let old = Store::open(&house.path()).expect("a store");
    old.migrate("words", &STEPS[..1]).await.expect("the first step");
    say(&old, "kept").await.expect("written");
    old.migrate("words", STEPS).await.expect("the second step");
    old.migrate("words", STEPS).await.expect("nothing to do");
    old.migrate("other", &[]).await.expect("another part has steps of its own");
    let newer = old.migrate("words", &STEPS[..1]).await;
    assert_eq!(newer, Err(StoreError::Newer { part: "words".into(), step: "0002-tone".into() }));
    let tone: Option<String> =
        old.read(|db| Ok(db.query_row("SELECT tone FROM words", [], |row| row.get(0))?)).await.expect("the column");
    assert_eq!((tone, words(&old).await), (None, vec!["kept".to_owned()]));
}

#[tokio::test]
async fn a_step_that_fails_leaves_nothing_behind() {
    const WRONG: &[Migration] =
        &[STEPS[0], Migration { name: "0002-wrong", sql: "CREATE TABLE tones (tone TEXT); SELECT nonsense" }];
    let store = Store::in_memory().expect("a store");
    assert!(matches!(store.migrate("words", WRONG).await, Err(StoreError::Job(_))));
    store.migrate("words", &WRONG[..1]).await.expect("the first step was taken and the second was not");
    let tables = store.read(|db| {
        Ok(db.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'tones'", [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(tables.await, Ok(0));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let house = House::new();
    std::fs::write(house.path(), vec![b'x'; 8192]).expect("a file");
    assert!(matches!(Store::open(&house.path()), Err(StoreError::Corrupt(_))));
}

#[tokio::test]
async fn a_path_that_cannot_be_made_is_refused() {
    let house = House::new();
    std::fs::write(house.path(), "").expect("a file");
    let below = house.path().join("store.db");
    assert!(matches!(Store::open(&below), Err(StoreError::Unopened { path, .. }) if path == below));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    let store = house.open().await;
    say(&store, "lobby").await.expect("written");
    for name in house.files() {
        let mode = std::fs::metadata(house.folder.path().join(&name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}

struct House {
    folder: TempDir,
}

impl House {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    async fn in_memory() -> Store {
        let store = Store::in_memory().expect("a store");
        store.migrate("words", STEPS).await.expect("tables");
        store
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    async fn open(&self) -> Store {
        let store = Store::open(&self.path()).expect("a store");
        store.migrate("words", STEPS).await.expect("tables");
        store
    }

    /// The length of the write-ahead log.
    fn log_bytes(&self) -> u64 {
        std::fs::metadata(self.folder.path().join("store.db-wal")).expect("the log").len()
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

async fn say(store: &Store, word: &'static str) -> Result<(), StoreError> {
    store.write(move |tx| put(tx, word)).await
}

fn put(tx: &rusqlite::Transaction<'_>, word: &str) -> Result<(), StoreError> {
    tx.execute("INSERT INTO words (word) VALUES (?1)", [word])?;
    Ok(())
}

async fn words(store: &Store) -> Vec<String> {
    let read = store.read(|db| {
        let mut rows = db.prepare("SELECT word FROM words ORDER BY word")?;
        Ok(rows.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    });
    read.await.expect("words")
}

fn limit(db: &rusqlite::Connection, pages: i64) -> Result<(), StoreError> {
    Ok(db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?)
}
