use std::fs;
use std::path::Path;

use countersign_events::id::Hash32;
use countersign_events::tree::proof::{Nodes as _, consistency};
use countersign_events::tree::tile::TILE_WIDTH;
use countersign_events::tree::{leaf_hash, node_hash};
use ed25519_dalek::{Signer as _, SigningKey};
use tempfile::TempDir;

use super::{Alarm, Kept, Piece, Step, compare, keep_alarm};
use crate::audit::nodes::{Gathered, of_consistency};
use crate::audit::sample::{Sample, key, sign};
use crate::audit::signing::{checkpoint, export, size_of};

fn kept(log: &Sample, size: u64) -> Kept {
    Kept { key: key(), checkpoint: checkpoint(log, size) }
}

fn look(kept: &Kept, place: &Path) -> Result<(), Alarm> {
    let bytes = fs::read(place.join("checkpoint")).unwrap();
    match compare(kept, &bytes)? {
        Step::Same => Ok(()),
        Step::Grown(growth) => growth.prove_in(place).unwrap(),
    }
}

fn leaves(log: &Sample) -> Vec<u8> {
    log.entries.iter().flat_map(|entry| *leaf_hash(&entry.bytes).bytes()).collect()
}

/// By entries alone, by the tiles of an export, by the arrays of a data directory, and by arrays
/// that lag behind or lie.
#[test]
fn a_log_that_grows_honestly_raises_no_alarm() {
    let log = Sample::journey();
    let size = size_of(&log);
    for from in 0..=size {
        let place = export(&log, size);
        let at = place.path();
        assert_eq!(look(&kept(&log, from), at), Ok(()), "by entries from {from}");
        let tile = at.join("tile/0/000.p");
        fs::create_dir_all(&tile).unwrap();
        fs::write(tile.join(size.to_string()), leaves(&log)).unwrap();
        assert_eq!(look(&kept(&log, from), at), Ok(()), "by tiles from {from}");
        fs::remove_dir_all(at.join("tile")).unwrap();
        fs::create_dir(at.join("tree")).unwrap();
        for array in [leaves(&log), leaves(&log)[..64].to_vec(), vec![1; 4096]] {
            fs::write(at.join("tree/level-0"), array).unwrap();
            assert_eq!(look(&kept(&log, from), at), Ok(()), "by an array from {from}");
        }
    }
}

/// Where the entries are not there to fall back to, the tiles alone prove it.
#[test]
fn growth_is_proven_without_an_entry_where_there_are_tiles() {
    let log = Sample::journey();
    let size = size_of(&log);
    let place = TempDir::new().unwrap();
    let tile = place.path().join("tile/0/000.p");
    fs::create_dir_all(&tile).unwrap();
    fs::write(tile.join(size.to_string()), leaves(&log)).unwrap();
    let bytes = checkpoint(&log, size).to_string();
    let Ok(Step::Grown(growth)) = compare(&kept(&log, 7), bytes.as_bytes()) else { panic!() };
    assert_eq!(growth.prove_in(place.path()).unwrap(), Ok(()));
    fs::remove_dir_all(place.path().join("tile")).unwrap();
    assert!(growth.prove_in(place.path()).is_err(), "nothing is there to prove it by");
}

/// SR-104, AT-54.
#[test]
fn sr_104_at_54_a_fork_a_cut_and_a_forged_checkpoint_raise_an_alarm() {
    let log = Sample::journey();
    let size = size_of(&log);
    let mut other = log.clone();
    other.entries[5].bytes.push(b' ');
    assert_eq!(
        look(&kept(&log, 9), export(&log, 8).path()),
        Err(Alarm::Shorter { kept: 9, now: 8 })
    );
    assert_eq!(look(&kept(&log, 9), export(&other, 9).path()), Err(Alarm::OtherRoot(9)));
    let forked = look(&kept(&log, 9), export(&other, size).path());
    assert!(matches!(forked, Err(Alarm::NotGrown { kept: 9, .. })), "{forked:?}");
    assert_eq!(look(&kept(&log, 3), export(&other, size).path()), Ok(()), "the same so far");

    // Signed, and not what is there.
    let place = export(&log, size);
    let unlike = sign(size, Hash32::new([1; 32])).to_string();
    fs::write(place.path().join("checkpoint"), unlike).unwrap();
    assert!(matches!(look(&kept(&log, 9), place.path()), Err(Alarm::NotThere(_))));

    let forger = SigningKey::from_bytes(&[8; 32]);
    let honest = checkpoint(&log, size);
    let forged = honest.checkpoint.clone();
    let forged =
        forged.sign(forger.verifying_key().to_bytes(), |text| forger.sign(text).to_bytes());
    let bent = honest.to_string().replacen(&format!("\n{size}\n"), "\n9\n", 1);
    for bytes in [forged.unwrap().to_string(), bent, "x\n".to_owned()] {
        let compared = compare(&kept(&log, 9), bytes.as_bytes());
        assert!(matches!(compared, Err(Alarm::Forged(_))), "{compared:?}");
    }
}

#[test]
fn what_is_kept_is_read_back_and_believed_of_its_key_alone() {
    let log = Sample::journey();
    let place = TempDir::new().unwrap();
    let file = place.path().join("kept");
    assert_eq!(Kept::load(&file).unwrap(), None);
    for size in [4, 5] {
        kept(&log, size).store(&file).unwrap();
        assert_eq!(Kept::load(&file).unwrap(), Some(kept(&log, size)));
    }
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\\n5\\n", "\\n6\\n")).unwrap();
    assert!(Kept::load(&file).is_err(), "somebody changed what was kept");
    fs::write(&file, &text[..text.len() / 2]).unwrap();
    assert!(Kept::load(&file).is_err(), "it was cut");
    let beside = keep_alarm(&file, b"what raised it").unwrap();
    assert_eq!(beside, place.path().join("kept.alarm"));
    assert_eq!(fs::read(beside).unwrap(), b"what raised it");
}

/// In a tree of three levels of hashes, and tiles that are full and that are not.
#[test]
fn hashes_of_subtrees_come_out_of_tiles() {
    const SIZE: u64 = 70_000;
    let mut row: Vec<Hash32> = (0..SIZE).map(|number| leaf_hash(&number.to_be_bytes())).collect();
    let mut gathered = Gathered::default();
    let from = [1, 255, 256, 257, 4096, 65_535, 65_536, 69_000];
    from.iter().for_each(|from| gathered.want(of_consistency(*from, SIZE)));
    row.iter().for_each(|leaf| gathered.push(*leaf));
    let mut levels = vec![];
    while !row.is_empty() {
        levels.push(row.clone());
        for _ in 0..8 {
            let pairs = row.as_chunks::<2>().0.iter();
            row = pairs.map(|[left, right]| node_hash(left, right)).collect();
        }
    }
    for earlier in from {
        let mut by_tiles = Gathered::default();
        for subtree in of_consistency(earlier, SIZE) {
            let piece = Piece::of(subtree);
            let tile = piece.tile(SIZE);
            assert!(tile.is_in(SIZE) && tile.width <= TILE_WIDTH, "{tile}");
            let countersign_events::tree::tile::Holds::Hashes(level) = tile.holds else { panic!() };
            let hashes = levels[usize::from(level)].iter();
            let first = usize::try_from(tile.first()).unwrap();
            let width = usize::try_from(tile.width).unwrap();
            let bytes: Vec<u8> =
                hashes.skip(first).take(width).flat_map(|hash| *hash.bytes()).collect();
            let hash = piece.hash(&bytes).unwrap();
            assert_eq!(hash, gathered.node(subtree.height, subtree.index).unwrap());
            by_tiles.keep(subtree, hash);
        }
        let path = consistency(&mut by_tiles, earlier, SIZE).unwrap();
        assert_eq!(path, consistency(&mut gathered, earlier, SIZE).unwrap());
    }
}
