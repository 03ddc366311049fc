//! What can be done to what is signed, to sealed parts, and to a data directory as a whole.

use std::fs;
use std::path::Path;

use countersign_events::id::Position;

use super::{Place, check, each_log, must_name};
use crate::audit::finding::{Report, Rule, Verdict};
use crate::audit::manifest::{
    CHECKPOINT_FILE, FORMAT, FORMAT_UNSIGNED, MANIFEST_FILE, SEALED_FILE,
};
use crate::audit::sample::{ORIGIN, Sample, key, sign, sign_as};
use crate::audit::verify::Against;

fn rules(report: &Report) -> Vec<Rule> {
    report.findings.iter().map(|finding| finding.rule).collect()
}

/// The log's checkpoint, and what somebody without the key makes of it.
fn forged(log: &Sample) -> [(&'static str, String); 7] {
    let signed = log.signed_whole();
    let text = signed.to_string();
    let (size, root) = (signed.checkpoint.size, signed.checkpoint.root);
    let (body, lines) = text.split_once("\n\n").unwrap();
    let flipped = lines.replacen(['A', 'B'], "C", 1);
    let other = sign(size, log.signed(3).checkpoint.root).to_string();
    let (other, _) = other.split_once("\n\n").unwrap();
    [
        ("signed with another key", sign_as(ORIGIN, 8, size, root).to_string()),
        ("another log's", sign_as("elsewhere.example/log", 7, size, root).to_string()),
        ("its signature stripped", format!("{body}\n")),
        ("its signature stripped, a blank line left", format!("{body}\n\n")),
        ("a byte of the signature", format!("{body}\n\n{flipped}")),
        ("another root under the signature", format!("{other}\n\n{lines}")),
        ("nothing", String::new()),
    ]
}

/// SR-104, AT-54: the checkpoint is replaced, its signature stripped or forged.
#[test]
fn sr_104_a_checkpoint_that_the_log_did_not_sign_is_found() {
    let tamper = |place: &Place| {
        let honest = place.directory.path().join("honest");
        let file = honest.join(CHECKPOINT_FILE);
        let signed = fs::read_to_string(&file).unwrap();
        for (what, forged) in forged(&place.log) {
            if forged == signed {
                continue;
            }
            fs::write(&file, &forged).unwrap();
            let report = check(&honest, &Against::default());
            assert_eq!(report.verdict, Verdict::Tampered, "{what}: {report:?}");
            assert!(rules(&report).contains(&Rule::CheckpointNotSigned), "{what}: {report:?}");
            assert_eq!(report.signed, None, "{what}");
            // The same as an older one that somebody brings.
            let older = place.directory.path().join("older");
            fs::write(&older, forged).unwrap();
            fs::write(&file, &signed).unwrap();
            let brought = Against { checkpoints: vec![older], ..Against::default() };
            let report = check(&honest, &brought);
            assert!(rules(&report).contains(&Rule::CheckpointNotSigned), "{what}: {report:?}");
        }
    };
    each_log(0, tamper);
    each_log(1, tamper);
}

/// SR-104: an older checkpoint of the log itself leaves entries uncovered; none at all leaves all.
#[test]
fn an_export_is_what_its_checkpoint_covers_and_has_one() {
    let place = Place::new(1);
    let honest = place.directory.path().join("honest");
    let file = honest.join(CHECKPOINT_FILE);
    fs::write(&file, place.log.signed(5).to_string()).unwrap();
    let report = check(&honest, &Against::default());
    let found = report.findings.iter().find(|finding| finding.rule == Rule::SizeDiffers).unwrap();
    assert_eq!(found.position, Some(Position::new(5)), "{report:?}");

    fs::remove_file(&file).unwrap();
    let report = check(&honest, &Against::default());
    assert_eq!((report.verdict, rules(&report)), (Verdict::Incomplete, vec![]), "{report:?}");

    // An export from before logs were signed is whole without, but says what that means.
    let manifest = fs::read_to_string(honest.join(MANIFEST_FILE)).unwrap();
    let manifest = manifest.replace(FORMAT, FORMAT_UNSIGNED);
    fs::write(honest.join(MANIFEST_FILE), manifest).unwrap();
    fs::remove_dir_all(honest.join("tile")).unwrap();
    let report = check(&honest, &Against::default());
    assert_eq!(report.verdict, Verdict::Fine, "{report:?}");
    assert!(report.cannot_know.iter().any(|text| text.contains("nothing signed")), "{report:?}");
    // Whoever knows the key is not content with that.
    let known = Against { key: Some(key()), ..Against::default() };
    assert_eq!(check(&honest, &known).verdict, Verdict::Incomplete);
}

/// SR-104: the log is that of the key that the auditor knows, or it is another.
#[test]
fn a_log_that_names_another_key_is_not_the_one_that_is_known() {
    let place = Place::new(2);
    let honest = place.directory.path().join("honest");
    let known = Against { key: Some(key()), ..Against::default() };
    let report = check(&honest, &known);
    assert_eq!(report.verdict, Verdict::Fine, "{report:?}");
    assert_eq!(report.signed.map(|signed| signed.key), Some(key().to_string()));
    let mut forged = place.log.clone();
    let text = String::from_utf8(forged.entries[0].bytes.clone()).unwrap();
    let text = text.replace(&key().key().to_string(), &"1".repeat(64));
    forged.entries[0].bytes = text.into_bytes();
    super::chain_anew(&mut forged.entries);
    forged.export(&honest);
    let found = rules(&check(&honest, &known));
    assert!(found.contains(&Rule::KeyDiffers), "{found:?}");
}

fn changed_line(directory: &Path, nth: usize) -> Option<(u64, String)> {
    let path = directory.join(SEALED_FILE);
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = nth.checked_rem(lines.len())?;
    let line = lines[at].clone();
    let from = line.rfind(":\"").unwrap() + 2;
    let byte = if line.as_bytes()[from] == b'A' { "B" } else { "A" };
    lines[at].replace_range(from..=from, byte);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let position = line.strip_prefix("{\"position\":")?.split(',').next()?.parse().ok()?;
    Some((position, text))
}

/// SR-104, AT-54: a sealed part is another than its entry commits to.
#[test]
fn sr_104_altered_sealed_bytes_are_found_at_their_entry() {
    let tamper = |place: &Place| {
        let honest = place.directory.path().join("honest");
        let (position, before) = changed_line(&honest, place.near(3)).unwrap();
        let stream = place.log.entries[usize::try_from(position).unwrap()].stream.to_string();
        let report = check(&honest, &Against::default());
        must_name(&report, position, Some(&stream), &format!("log {}: sealed", place.number));
        assert_eq!(rules(&report), [Rule::SealedChanged]);
        // Destroyed, as erasure leaves it, is no finding.
        let rest: String = before.lines().skip(1).map(|line| format!("{line}\n")).collect();
        fs::write(honest.join(SEALED_FILE), rest).unwrap();
        assert_eq!(check(&honest, &Against::default()).verdict, Verdict::Fine);
    };
    each_log(0, tamper);
    each_log(1, tamper);
}

/// SR-104, AT-54: an old database under a newer checkpoint, and an entry changed in the database,
/// found where the leaves that lie beside it tell.
#[tokio::test]
async fn sr_104_a_data_directory_is_held_to_its_checkpoint() {
    for number in 0..24 {
        let place = Place::new(number);
        let log = &place.log;
        let signed = log.signed_whole();
        let data = |name: &str| {
            let data = place.directory.path().join(name);
            fs::create_dir(&data).unwrap();
            data
        };
        let untouched = data("untouched");
        let _store = log.put_into(&untouched, &signed).await;
        log.keep_leaves(&untouched);
        let report = check(&untouched, &Against::default());
        assert_eq!((report.verdict, report.newer), (Verdict::Fine, 0), "{report:?}");
        assert_eq!(report.signed.map(|signed| signed.size), Some(signed.checkpoint.size));
        let earlier = log.signed(7).to_string();
        fs::write(untouched.join(CHECKPOINT_FILE), earlier).unwrap();
        let report = check(&untouched, &Against::default());
        let newer = u64::try_from(log.entries.len()).unwrap() - 7;
        assert_eq!((report.verdict, report.newer), (Verdict::Fine, newer), "{report:?}");

        let old = data("old");
        let left = 1 + place.near(5) % (log.entries.len() - 1);
        let mut restored = log.clone();
        restored.entries.truncate(left);
        let _store = restored.put_into(&old, &signed).await;
        let report = check(&old, &Against::default());
        must_name(&report, u64::try_from(left).unwrap(), None, "an old database");

        let changed = data("changed");
        let mut forged = log.clone();
        let at = super::flip(&mut forged.entries, place.near(6), "\"at\":\"", 18).unwrap();
        super::chain_anew(&mut forged.entries);
        let _store = forged.put_into(&changed, &signed).await;
        let report = check(&changed, &Against::default());
        assert_eq!(rules(&report).first(), Some(&Rule::RootDiffers), "{report:?}");
        log.keep_leaves(&changed);
        let report = check(&changed, &Against::default());
        let stream = log.entries[at].stream.to_string();
        must_name(&report, u64::try_from(at).unwrap(), Some(&stream), "a changed database");
        // Leaves to match the forgery tell nothing, and nothing false.
        forged.keep_leaves(&changed);
        assert!(!rules(&check(&changed, &Against::default())).contains(&Rule::EntryDiffers));
    }
}
