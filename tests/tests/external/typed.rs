//! A TypeScript client that is made from `docs/http-api.json`: it compiles with everything strict,
//! and signs in.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_tests::server::Server;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn fine(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {told}{error}");
    told
}

#[test]
fn a_client_made_from_the_document_compiles_and_signs_in_with_a_code() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let (root, packages) = (root(), place.join("node_modules"));
    symlink(root.join("target/typescript/node_modules"), &packages).unwrap();
    for name in ["package.json", "tsconfig.json", "journey.ts"] {
        fs::copy(root.join("tests/external/typescript").join(name), place.join(name)).unwrap();
    }
    let tool = |name: &str| {
        let mut command = Command::new("node");
        command.arg(packages.join(name)).current_dir(place);
        command
    };
    let document = root.join("docs/http-api.json");
    let mut make = tool("openapi-typescript/bin/cli.js");
    fine(make.arg(document).args(["--output", "schema.d.ts"]));
    fine(tool("typescript/bin/tsc").args(["--project", "."]));
    let server = Server::start(&place.join("data")).unwrap();
    let mut journey = Command::new("node");
    journey.current_dir(place).arg("made/journey.js").arg(format!("http://{}", server.public));
    assert_eq!(fine(&mut journey).trim(), "two_factor");
}
