//! `docs/config.md`, made of the list of settings.

use std::fmt::Write as _;

use super::field;

const HEAD: &str = "# Configuration\n\n\
    Made by `countersign print config`; do not edit.\n\n\
    Settings come from four layers, each over the one before it: the defaults below, the file\n\
    `countersign.toml` (or `--config FILE`), the environment, the flags of `countersign serve`.\n\
    An unknown setting is refused in every layer. No setting holds a secret: where one is needed,\n\
    a setting names the file that holds it. `countersign config check` says what is wrong,\n\
    `countersign config print` what is in force.\n\n\
    From `profile` on the settings are the policy: they are recorded in the log at the first\n\
    start, and a later start under others is refused until `countersign policy apply FILE`\n\
    records them. Tighter than `standard` they may be as you like; looser, within the bounds\n\
    named, only with `--accept-risk`.\n";

/// The reference, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    for field in field::all() {
        let default = match field.default {
            "" => "none".to_owned(),
            default => format!("`{default}`"),
        };
        let flag = field.flag.map(|flag| format!(", flag `{flag}`")).unwrap_or_default();
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            "\n## `{}`\n\n{}\n\nDefault {default}, environment `{}`{flag}. {}\n",
            field.key,
            field.meaning,
            field.environment(),
            field.badly,
        );
    }
    text
}
