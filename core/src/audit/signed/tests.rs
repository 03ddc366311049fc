use std::fs;

use super::{Named, SignedLog, SignedLogError, begins_with, read_checkpoint};
use crate::audit::nodes::Gathered;
use crate::audit::sample::{Sample, key};
use crate::audit::signing::{checkpoint, export, size_of};

fn read(place: &std::path::Path) -> Result<u64, SignedLogError> {
    let log = SignedLog::open(place)?;
    let mut seen = 0;
    log.read(&mut Gathered::default(), &mut |_, _| {}, |_, _, _| seen += 1)?;
    Ok(seen)
}

#[test]
fn a_log_is_read_as_far_as_its_checkpoint_reaches() {
    let log = Sample::journey();
    for size in [1, 7, size_of(&log)] {
        let place = export(&log, size);
        assert_eq!(read(place.path()).unwrap(), size);
        assert_eq!(Named::of(place.path()).unwrap().key, key());
        let signed = read_checkpoint(&place.path().join("checkpoint")).unwrap();
        assert_eq!(signed, checkpoint(&log, size));
    }
}

/// SR-104, AT-54: what was signed and what is there are held together.
#[test]
fn sr_104_at_54_a_log_that_is_not_what_was_signed_is_refused() {
    let mut log = Sample::journey();
    let size = size_of(&log);
    let place = export(&log, size);

    let last = log.entries.pop().unwrap();
    log.export_entries(place.path());
    let error = read(place.path()).unwrap_err();
    assert!(matches!(error, SignedLogError::Short { entries, .. } if entries == size - 1));
    assert!(error.is_tampering());

    log.entries.push(last);
    log.entries[4].bytes.push(b' ');
    log.export_entries(place.path());
    assert!(matches!(read(place.path()), Err(SignedLogError::OtherRoot { .. })));

    let mut forged = checkpoint(&log, size).to_string();
    forged.insert(0, 'x');
    fs::write(place.path().join("checkpoint"), forged).unwrap();
    assert!(matches!(read(place.path()), Err(SignedLogError::Checkpoint(_))));

    log.entries.remove(0);
    log.export_entries(place.path());
    assert!(matches!(read(place.path()), Err(SignedLogError::NotCreated)));
}

#[test]
fn what_is_not_there_is_no_tampering() {
    let log = Sample::journey();
    let place = export(&log, 3);
    fs::remove_file(place.path().join("checkpoint")).unwrap();
    let error = read(place.path()).unwrap_err();
    assert!(matches!(error, SignedLogError::NoCheckpoint(_)) && !error.is_tampering());
    let empty = tempfile::TempDir::new().unwrap();
    assert!(!read(empty.path()).unwrap_err().is_tampering());
}

#[test]
fn a_log_begins_with_what_it_signed_before() {
    let log = Sample::journey();
    let place = export(&log, size_of(&log));
    assert!(begins_with(place.path(), &checkpoint(&log, 5), &mut |_, _| {}).is_ok());
    let mut other = log.clone();
    other.entries[2].bytes.push(b' ');
    let signed = checkpoint(&other, 5);
    let refused = begins_with(place.path(), &signed, &mut |_, _| {});
    assert!(matches!(refused, Err(SignedLogError::OtherRoot { size: 5, .. })));
}
