//! Many names at once: what is kept of logins that nobody has is bounded.

use countersign_core::accounts::Accounts;
use countersign_core::actors::directory::{Bounds, Directory, LIVE_ACCOUNTS_MAX};
use countersign_core::domain::refusal::Refusal;
use countersign_core::projections::ReadModel;
use futures::StreamExt as _;
use futures::stream;

use super::house::{House, no, password_of, run};

/// Names that nobody has. A million is what the bound is for; what is kept of them shows in these.
const NAMES: usize = 120_000;
/// After so many, what is kept to be quick is full: pages of the log, and opened keys.
const FIRST: usize = 90_000;
/// Tried at once.
const AT_ONCE: usize = 256;
/// Accounts in memory at once here: as many times fewer as there are fewer names.
const LIVE_MAX: usize = 2_000;
/// Memory may vary by so much, in KiB. A third of a kilobyte kept of each name would be more.
const GROWTH_KIB_MAX: u64 = 8 * 1024;

/// Memory that is this process's own, in KiB: pages of the log's file are not.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// AT-55, SR-090: more than a hundred thousand logins that nobody has, each with a wrong password
/// that is evaluated and recorded: as many accounts are in memory as may be, and memory grows no
/// further.
#[test]
fn at_55_random_logins_fill_no_memory() {
    const { assert!(LIVE_MAX < LIVE_ACCOUNTS_MAX) };
    run(async {
        let house = House::new().await;
        let bounds = Bounds { live_accounts_max: LIVE_MAX, ..Bounds::default() };
        let directory = Directory::start_within(2, &house.services, bounds);
        let model = ReadModel::open(&house.dir.path().join("another.db")).unwrap();
        let accounts = Accounts::new(house.services.clone(), directory.clone(), model);
        let runs = house.services.passwords.runs();
        let try_names = async |names: std::ops::Range<usize>| {
            stream::iter(names)
                .map(|number| {
                    let (accounts, call) = (accounts.clone(), house.call());
                    async move {
                        let ask = password_of(&format!("nobody {number:x}"), "wrong horse");
                        accounts.sign_in(&call, ask).await
                    }
                })
                .buffer_unordered(AT_ONCE)
                .for_each(async |verdict| {
                    assert_eq!(no(verdict), Refusal::AuthenticationFailed);
                    assert!(directory.live() <= LIVE_MAX, "{} live", directory.live());
                })
                .await;
        };
        try_names(0..FIRST).await;
        let before = resident_kib();
        try_names(FIRST..NAMES).await;
        let grown = resident_kib().saturating_sub(before);
        assert!(grown < GROWTH_KIB_MAX, "{grown} KiB for {} names", NAMES - FIRST);
        assert_eq!(directory.live(), LIVE_MAX);
        let evaluated = house.services.passwords.runs() - runs;
        assert_eq!(evaluated, u64::try_from(NAMES).unwrap());
        directory.drain().await;
    });
}
