//! An export before a verifier that nobody here wrote: Go's `sumdb/note` and `sumdb/tlog`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use countersign_tests::phone::App;
use countersign_tests::server::{Server, add_client, verb};
use countersign_tests::signing::sign;

/// Builds `tests/external/verifier` with Debian's packages alone: no module, no network.
fn build() -> PathBuf {
    let (target, here) = (Path::new(env!("CARGO_TARGET_TMPDIR")), env!("CARGO_MANIFEST_DIR"));
    let program = target.join("log-verifier");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(Path::new(here).join("external/verifier/main.go"))
        .envs([("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode"), ("GOFLAGS", "")])
        .env("GOCACHE", target.join("go-cache"))
        .output()
        .expect("go runs");
    assert!(built.status.success(), "{built:?}");
    program
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

fn copied(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap().success());
}

fn flip(file: &Path, byte: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[byte] ^= 1;
    fs::write(file, bytes).unwrap();
}

/// Exports at three sizes of one log, the last of more than one tile.
fn exports(directory: &Path) -> [PathBuf; 3] {
    let data = directory.join("data");
    let server = Server::start(&data).unwrap();
    let app = App { public: server.public, key: add_client(&data).unwrap() };
    [("first", 3), ("second", 20), ("third", 50)].map(|(name, users)| {
        for user in 0..users {
            app.user(&format!("{name}-{user}")).unwrap();
        }
        sign(&data).unwrap();
        let export = directory.join(name);
        let (to, from) = (export.to_str().unwrap(), data.to_str().unwrap());
        let (exit, _, err) = verb(&["log", "export", to, "--data", from]).unwrap();
        assert_eq!(exit, Some(0), "{err}");
        export
    })
}

/// What somebody does to an export.
type Tamper = fn(&Path);

const TAMPERED: [(&str, Tamper); 13] = [
    ("a bit of a line", |at| flip(&at.join("entries.jsonl"), 900)),
    ("a bit of a bundle", |at| flip(&at.join("tile/entries/000"), 900)),
    ("a bit of an entry, in line and bundle", |at| {
        flip(&at.join("entries.jsonl"), 20);
        flip(&at.join("tile/entries/000"), 22);
    }),
    ("two lines swapped", |at| {
        let file = at.join("entries.jsonl");
        let text = fs::read_to_string(&file).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.swap(7, 8);
        fs::write(file, lines.join("\n") + "\n").unwrap();
    }),
    ("the last line cut off", |at| {
        let file = at.join("entries.jsonl");
        let text = fs::read_to_string(&file).unwrap();
        let (rest, _) = text.trim_end().rsplit_once('\n').unwrap();
        fs::write(file, format!("{rest}\n")).unwrap();
    }),
    ("a bit of a leaf", |at| flip(&at.join("tile/0/000"), 32 * 100)),
    ("a bit of a higher tile", |at| flip(&at.join("tile/1/000.p/1"), 3)),
    ("a tile cut off", |at| fs::write(at.join("tile/0/000"), [0; 32]).unwrap()),
    ("the signature stripped", |at| {
        let file = at.join("checkpoint");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.split_once("\u{2014}").unwrap().0).unwrap();
    }),
    ("the signature forged", |at| {
        let file = at.join("checkpoint");
        let text = fs::read_to_string(&file).unwrap();
        let from = text.trim_end().len() - 20;
        let byte = if &text[from..=from] == "A" { "B" } else { "A" };
        fs::write(&file, format!("{}{byte}{}", &text[..from], &text[from + 1..])).unwrap();
    }),
    ("another size under the signature", |at| {
        let file = at.join("checkpoint");
        let text = fs::read_to_string(&file).unwrap();
        let size = text.lines().nth(1).unwrap();
        let less = size.parse::<u64>().unwrap() - 1;
        let text = text.replacen(&format!("\n{size}\n"), &format!("\n{less}\n"), 1);
        fs::write(&file, text).unwrap();
    }),
    ("an earlier checkpoint", |at| {
        fs::copy(at.with_file_name("first").join("checkpoint"), at.join("checkpoint")).unwrap();
    }),
    ("another key named", |at| {
        let file = at.join("entries.jsonl");
        let text = fs::read_to_string(&file).unwrap();
        let from = text.find("\"key\":\"").unwrap() + 7;
        fs::write(&file, format!("{}{}{}", &text[..from], "1".repeat(64), &text[from + 64..]))
            .unwrap();
    }),
];

/// SR-104, AT-54: other people's code finds the signature right, the root from the tiles, every
/// leaf in the tree and any two checkpoints consistent; and what is tampered with it refuses, as
/// `log verify` does.
#[test]
fn sr_104_a_verifier_of_others_agrees_on_honest_and_on_tampered_exports() {
    let program = build();
    let directory = tempfile::tempdir().unwrap();
    let [first, second, third] = exports(directory.path());
    let verify = |export: &Path, more: &[&Path]| {
        let checkpoints = more.iter().map(|export| export.join("checkpoint"));
        Command::new(&program).arg(export).args(checkpoints).output().unwrap()
    };
    let agreed = verify(&third, &[&first, &second]);
    assert!(agreed.status.success(), "{}", told(&agreed));
    assert!(told(&agreed).contains(", 3 checkpoints, 3 pairs consistent"), "{}", told(&agreed));
    assert!(third.join("tile/1/000.p/1").exists(), "more than one tile");
    for (export, more) in [(&first, vec![]), (&second, vec![first.as_path()])] {
        let agreed = verify(export, &more);
        assert!(agreed.status.success(), "{}", told(&agreed));
    }
    let (one, two) = (first.join("checkpoint"), second.join("checkpoint"));
    let args = |export: &Path| {
        let options =
            ["--checkpoint", one.to_str().unwrap(), "--checkpoint", two.to_str().unwrap()];
        let line = ["log", "verify", export.to_str().unwrap()];
        verb(&[&line[..], &options].concat()).unwrap()
    };
    let (exit, out, _) = args(&third);
    assert!(exit == Some(0) && out.contains("held to  2 earlier states"), "{out}");

    // A checkpoint of what is not there yet.
    let beyond = verify(&first, &[&third]);
    assert!(!beyond.status.success() && told(&beyond).contains("the log has"), "{}", told(&beyond));
    let tampered = directory.path().join("tampered");
    for (what, tamper) in TAMPERED {
        copied(&third, &tampered);
        tamper(&tampered);
        let refused = verify(&tampered, &[]);
        assert_eq!(refused.status.code(), Some(1), "{what}: {}", told(&refused));
        let (exit, out, _) = args(&tampered);
        assert_eq!(exit, Some(1), "{what}: {out}");
    }
}
