//! `kill -9` at a moment that nobody chose: what was acknowledged is there, and nothing is there in half.
//!
//! This program starts itself again as the one that is killed: its test `victim` writes for ever when the environment says so.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crosspoint_store::{Migration, Store};

const FILE: &str = "CROSSPOINT_TEST_STORE";
const STEPS: &[Migration] = &[Migration {
    name: "0001-pairs",
    sql: "CREATE TABLE pairs (number INTEGER NOT NULL, half TEXT NOT NULL, PRIMARY KEY (number, half))",
}];

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_and_nothing_is_there_in_half() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let mut acknowledged = 0;
    for life in 0..4 {
        acknowledged = live_and_be_killed(&path, acknowledged, 40 + 37 * life);
        let store = Store::open(&path).expect("the lock went with the process");
        store.migrate("pairs", STEPS).await.expect("tables");
        let counts = store.read(|db| {
            let both = "SELECT count(*), count(DISTINCT number), max(number) FROM pairs";
            Ok(db.query_row(both, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?)
        });
        let (halves, numbers, last): (i64, i64, i64) = counts.await.expect("counts");
        assert_eq!(halves, 2 * numbers, "a pair is there in half");
        assert_eq!(numbers, last, "one in the middle is missing");
        assert!(last >= acknowledged, "{last} are there, {acknowledged} were acknowledged");
        acknowledged = last;
        store.close().await;
    }
}

/// Starts a writer, kills it after so many more acknowledgements, and says which was the last one.
fn live_and_be_killed(path: &Path, from: i64, more: i64) -> i64 {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["victim", "--exact", "--nocapture", "--ignored"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut lines = BufReader::new(child.stdout.take().expect("its words")).lines();
    let mut last = 0;
    while last < from + more {
        let line = lines.next().expect("it writes for ever").expect("text");
        last = line.strip_prefix("acknowledged ").map_or(last, |number| number.parse().expect("a number"));
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    // What it had said before it was killed counts too.
    let rest = lines.map_while(Result::ok);
    rest.filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok()).fold(last, i64::max)
}

#[tokio::test]
#[ignore = "the other half of the test above"]
async fn victim() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let store = Store::open(Path::new(&path)).expect("a store");
    store.migrate("pairs", STEPS).await.expect("tables");
    let last = store.read(|db| Ok(db.query_row("SELECT coalesce(max(number), 0) FROM pairs", [], |row| row.get(0))?));
    let mut number: i64 = last.await.expect("the last one");
    loop {
        number += 1;
        let pair = store.write(move |tx| {
            for half in ["left", "right"] {
                tx.execute("INSERT INTO pairs (number, half) VALUES (?1, ?2)", (number, half))?;
            }
            Ok(())
        });
        pair.await.expect("written");
        println!("acknowledged {number}");
    }
}
