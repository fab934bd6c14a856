//! Against a stand-in for an authority, over real TLS: ordered, proven, shown, kept, renewed.

mod support;

use std::time::Duration;

use crosspoint_acme::{Pace, Settings};
use support::authority::{Authority, Lifetime};
use support::client::Client;
use support::{listen, until};

const NAMES: [&str; 2] = ["meet.example", "www.meet.example"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_ordered_proven_shown_and_kept_over_a_restart() {
    let house = House::new().await;
    let listener = listen(house.settings()).await;
    for name in NAMES {
        until("the certificate is shown", || Client::connect(listener, name, &house.authority)).await;
    }
    assert_eq!((house.authority.accounts(), house.authority.orders()), (1, 1));

    // Another process, the same folder: neither an account nor an order is needed.
    let again = listen(house.settings()).await;
    assert!(Client::connect(again, NAMES[0], &house.authority).is_some(), "it is shown from the first moment");
    assert_eq!((house.authority.accounts(), house.authority.orders()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_name_is_ordered_with_the_account_there_is() {
    let house = House::new().await;
    let one = listen(Settings { domains: vec![NAMES[0].into()], ..house.settings() }).await;
    until("the first certificate", || Client::connect(one, NAMES[0], &house.authority)).await;
    let both = listen(house.settings()).await;
    until("the certificate for both", || Client::connect(both, NAMES[1], &house.authority)).await;
    assert_eq!((house.authority.accounts(), house.authority.orders()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_touches_no_connection() {
    let house = House::new().await;
    house.authority.issue(Lifetime::AlmostOver);
    let listener = listen(house.settings()).await;
    let mut standing = until("the first certificate", || Client::connect(listener, NAMES[0], &house.authority)).await;
    house.authority.issue(Lifetime::Long);
    until("another certificate", || {
        Client::connect(listener, NAMES[0], &house.authority).filter(|fresh| fresh.shown() != standing.shown())
    })
    .await;
    assert!(
        standing.ask().starts_with("HTTP/1.1 200"),
        "the connection goes on with the certificate that it was shown"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_that_was_not_accepted_is_given_again() {
    let house = House::new().await;
    house.authority.refuse_next_proof();
    let listener = listen(house.settings()).await;
    until("the certificate is shown", || Client::connect(listener, NAMES[0], &house.authority)).await;
    assert_eq!(house.authority.orders(), 2);
}

struct House {
    authority: Authority,
    folder: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::start(&folder.path().join("root.pem")).await;
        Self { authority, folder }
    }

    fn settings(&self) -> Settings {
        Settings {
            domains: NAMES.map(str::to_owned).to_vec(),
            contact: Some("ops@meet.example".into()),
            cache: self.folder.path().join("cache"),
            directory: self.authority.directory(),
            directory_root: Some(self.folder.path().join("root.pem")),
            pace: Pace { look: Duration::from_millis(50), retry: Duration::from_millis(50) },
        }
    }
}
