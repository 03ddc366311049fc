//! SR-074, SR-077: the API under schemathesis, with all of its checks.
//!
//! Every call that the document describes is made with what the document allows and with what it
//! does not, by nobody, a person, a client app and operators of every role. What the document says
//! and what the server does are the same, or this fails; it does not matter which of them is wrong.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_tests::server::{Server, call};

use crate::cast::{client_app, operator, person};

/// Cases for each call, beside those of every boundary.
const EXAMPLES_MAX: &str = "30";
const SEED: &str = "1";
/// The calls that only operators may make.
const OF_OPERATORS: &str = "^/v1/(support|clients|operators|policy|log)";
/// What a request that keeps to the document may be answered beside a success: whoever asks may not
/// or does not exist, or the request is well-formed and refused by a rule that no schema can say
/// (a password that is too common, a proof that is not fresh, a wait). Never 400, never 5xx.
const ALLOWED: &str = "[\"2xx\", \"401\", \"403\", \"404\", \"409\", \"422\", \"429\"]";
/// What a request that breaks the document may be answered: it is refused, whatever is looked at
/// first. Never 2xx.
const REFUSED: &str = "[\"400\", \"401\", \"403\", \"404\", \"409\", \"415\", \"422\", \"429\"]";

/// One run: who asks where, for which calls.
struct Run<'a> {
    who: &'a str,
    bearer: Option<&'a str>,
    at: &'a str,
    /// What stands in paths, by the name of the parameter.
    named: &'a [(&'a str, &'a str)],
    which: &'a [&'a str],
}

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/python/bin/schemathesis")
}

impl Run<'_> {
    fn finds_nothing(&self, directory: &Path, document: &Path) {
        let mut config = format!(
            "[checks]\npositive_data_acceptance.expected-statuses = {ALLOWED}\n\
             negative_data_rejection.expected-statuses = {REFUSED}\n\n[parameters]\n"
        );
        for (name, value) in self.named {
            // Writing to a text cannot fail.
            let _ = writeln!(config, "\"path.{name}\" = \"{value}\"");
        }
        let configured = directory.join(format!("{}.toml", self.who));
        fs::write(&configured, config).unwrap();
        let mut command = Command::new(program());
        command.current_dir(directory).arg("--config-file").arg(&configured);
        command.arg("run").arg(document).args(["--url", self.at, "--checks", "all"]);
        command.args(["--seed", SEED, "--max-examples", EXAMPLES_MAX, "--no-color"]);
        command.args(["--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure"]);
        command.args(self.which);
        if let Some(bearer) = self.bearer {
            command.args(["--header", &format!("Authorization: Bearer {bearer}")]);
        }
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "as {}:\n{told}\n{error}", self.who);
        let count = |name: &str| {
            let line = told.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap();
            line.split('/').next().unwrap().trim().parse::<usize>().unwrap()
        };
        let (selected, tested) = (count("Selected:"), count("Tested:"));
        assert!(selected > 0 && selected == tested, "as {}:\n{told}", self.who);
    }
}

#[test]
fn sr_074_schemathesis_finds_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (place, data) = (directory.path(), directory.path().join("data"));
    let server = Server::start(&data).unwrap();
    let document = place.join("openapi.json");
    let served = call(server.ops, "GET", "/docs/openapi.json", None, None).unwrap();
    fs::write(&document, served.text).unwrap();
    let (public, desk) =
        (format!("http://{}", server.public), format!("http://{}", server.operator));

    // All of them before the first run, whose wrong passwords come from the same address as they.
    let person = |login| person(&server, login);
    let (marlene, leaves) = (person("fuzzed.person"), person("fuzzed.and.gone"));
    let (key, account) = client_app(&server, &data);
    let roles = ["support", "supervisor", "auditor", "admin"];
    let operators = roles.map(|role| (role, operator(&server, &data, role)));

    // A stream has no end that could be waited for; its suites read it as what it is.
    let of_desk = ["--include-path-regex", OF_OPERATORS, "--exclude-path", "/v1/log/stream"];
    for (who, operator) in &operators {
        let (bearer, named) = (Some(&*operator.token), [("account", &*marlene.account)]);
        let run = Run { who, bearer, at: &desk, named: &named, which: &of_desk };
        run.finds_nothing(place, &document);
    }
    // Whoever signs out is nobody for the rest of the run; and a stream has no end that could be
    // waited for.
    let of_all = [
        "--exclude-path-regex",
        OF_OPERATORS,
        "--exclude-path",
        "/v1/events",
        "--exclude-operation-id",
        "signOut",
        "--exclude-operation-id",
        "signOutForApp",
    ];
    let in_public = |who, bearer, named: &[(&str, &str)], which: &[&str]| {
        let run = Run { who, bearer, at: &public, named, which };
        run.finds_nothing(place, &document);
    };
    let named = [("account", "me"), ("factor", &*marlene.factor)];
    in_public("a person", Some(&*marlene.token), &named, &of_all);
    in_public("a client app", Some(&*key), &[("account", &account)], &of_all);
    in_public("nobody", None, &[], &of_all);
    let sign_out = ["--include-operation-id", "signOut"];
    in_public("a person who leaves", Some(&*leaves.token), &[], &sign_out);
}

/// An example that its own schema refuses teaches the wrong thing.
#[test]
fn every_example_of_the_document_fits_its_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut python = Command::new(program().with_file_name("python"));
    let checked =
        python.arg(root.join("tests/external/examples.py")).arg(root.join("docs/http-api.json"));
    let output = checked.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let examples: usize = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
    assert!(examples > 90, "{examples}");
}
