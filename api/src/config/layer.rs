//! The layers, and how they become one configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use countersign_core::domain::policy::{Policy, Profile};
use toml::{Table, Value};

use super::field::{self, ENVIRONMENT_PREFIX, Field, Kind};
use super::{Config, ConfigError};

/// The file that is read where no other is named, if it is there.
pub const FILE_NAME: &str = "countersign.toml";

/// What is laid over the defaults, lowest first.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// A file that must be there; without one, [`FILE_NAME`] where there is one.
    pub file: Option<PathBuf>,
    /// The variables of the environment.
    pub environment: BTreeMap<String, String>,
    /// Flags, by the dotted name of their setting.
    pub flags: Vec<(&'static str, String)>,
}

impl Layers {
    /// The layers of this process, under these flags.
    #[must_use]
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(&'static str, String)>) -> Self {
        let ours = |(name, _): &(String, String)| name.starts_with(ENVIRONMENT_PREFIX);
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(ours)
            .collect();
        Self { file, environment, flags }
    }

    /// One configuration of all layers, not yet checked.
    ///
    /// # Errors
    /// [`ConfigError`] for a file that cannot be read, and for a layer that is malformed or names
    /// a setting that does not exist.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let mut table = Table::new();
        if let Some((path, text)) = self.file_text()? {
            let layer = path.display().to_string();
            let read = text.parse::<Table>().map_err(|error| malformed(&layer, &error));
            let read = read?;
            typed(&layer, read.clone())?;
            table = read;
        }
        for (name, text) in &self.environment {
            let field = field::all().find(|field| field.environment() == *name);
            let field = field.ok_or_else(|| ConfigError::Layer {
                layer: "environment".to_owned(),
                reason: format!("there is no setting {name}"),
            })?;
            insert(&mut table, field.key, value(field, text)?);
        }
        for (key, text) in &self.flags {
            if let Some(field) = field::all().find(|field| field.key == *key) {
                insert(&mut table, key, value(field, text)?);
            }
        }
        let profile = typed("environment or flags", table.clone())?.profile;
        add_profile(&mut table, profile);
        typed("environment or flags", table)
    }

    /// One configuration of a file's text alone, whatever the environment says.
    ///
    /// # Errors
    /// As of [`Layers::load`].
    pub fn of_text(layer: &str, text: &str) -> Result<Config, ConfigError> {
        let mut table = text.parse::<Table>().map_err(|error| malformed(layer, &error))?;
        let profile = typed(layer, table.clone())?.profile;
        add_profile(&mut table, profile);
        typed(layer, table)
    }

    fn file_text(&self) -> Result<Option<(PathBuf, String)>, ConfigError> {
        let path = self.file.as_deref().unwrap_or(Path::new(FILE_NAME));
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some((path.to_owned(), text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.file.is_none() => {
                Ok(None)
            }
            Err(source) => Err(ConfigError::Read { path: path.to_owned(), source }),
        }
    }
}

/// What no layer says, the profile does.
fn add_profile(table: &mut Table, profile: Profile) {
    let standard = Policy::of(Profile::Standard);
    for change in Policy::of(profile).changes_since(&standard) {
        let value = Value::try_from(&change.after);
        if let (false, Ok(value)) = (says(table, change.key), value) {
            insert(table, change.key, value);
        }
    }
}

fn typed(layer: &str, table: Table) -> Result<Config, ConfigError> {
    Value::Table(table).try_into().map_err(|error| malformed(layer, &error))
}

fn malformed(layer: &str, error: &toml::de::Error) -> ConfigError {
    ConfigError::Layer { layer: layer.to_owned(), reason: error.message().to_owned() }
}

fn value(field: &Field, text: &str) -> Result<Value, ConfigError> {
    let wrong = |expected: &str| ConfigError::Setting {
        key: field.key,
        reason: format!("must be {expected}"),
    };
    match field.kind {
        Kind::Text => Ok(Value::String(text.to_owned())),
        Kind::Number => text.parse().map(Value::Integer).map_err(|_| wrong("a whole number")),
        Kind::Switch => text.parse().map(Value::Boolean).map_err(|_| wrong("true or false")),
        Kind::Value => {
            let read = format!("value = {text}").parse::<Table>().ok();
            let mut read = read.filter(|read| read.len() == 1);
            read.as_mut()
                .and_then(|read| read.remove("value"))
                .ok_or_else(|| wrong("as it would stand in the file"))
        }
        Kind::List => Ok(Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Value::String(item.to_owned()))
                .collect(),
        )),
    }
}

/// Whether a table has a dotted name.
fn says(table: &Table, key: &str) -> bool {
    match key.split_once('.') {
        None => table.contains_key(key),
        Some((head, rest)) => {
            table.get(head).and_then(Value::as_table).is_some_and(|inner| says(inner, rest))
        }
    }
}

/// Sets a dotted name. A table in the way of a value has been refused by the types before.
fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((head, rest)) => {
            let inner = table.entry(head).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::domain::policy::EmailMode;

    use super::*;

    fn layers(file: &str) -> (tempfile::TempDir, Layers) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        std::fs::write(&path, file).unwrap();
        (directory, Layers { file: Some(path), ..Layers::default() })
    }

    fn with_environment(mut layers: Layers, name: &str, value: &str) -> Layers {
        layers.environment.insert(name.to_owned(), value.to_owned());
        layers
    }

    #[test]
    fn a_later_layer_overrides_an_earlier_one_setting_by_setting() {
        let (_directory, layers) =
            layers("store = \"sqlite\"\n[brand]\nname = \"From file\"\n[listen]\nworkers = 3\n");
        assert_eq!(layers.load().unwrap().brand.name, "From file");
        let layers = with_environment(layers, "COUNTERSIGN_BRAND_NAME", "From environment");
        let mut layers = with_environment(layers, "COUNTERSIGN_LISTEN_HOSTS", "a.example, b:1");
        let config = layers.load().unwrap();
        assert_eq!(config.brand.name, "From environment");
        assert_eq!(config.listen.hosts, ["a.example", "b:1"]);
        assert_eq!(config.listen.workers, 3);
        layers.flags = vec![("data", "/from/flags".to_owned())];
        assert_eq!(layers.load().unwrap().data, PathBuf::from("/from/flags"));
    }

    /// What a profile says stands under what any layer says, wherever the profile is named.
    #[test]
    fn a_profile_stands_under_every_layer() {
        let (_directory, layers) = layers("[email]\nmode = \"off\"\n");
        let strict = with_environment(layers, "COUNTERSIGN_PROFILE", "strict");
        let config = strict.load().unwrap();
        assert_eq!(config.profile, Profile::Strict);
        assert_eq!((config.email.mode, config.password.min_alone), (EmailMode::Off, 15));
        assert_eq!(config.policy().unwrap().limits.password.hard_cap, Some(100));
        let of_text = Layers::of_text("a file", "profile = \"strict\"\n").unwrap();
        assert_eq!((of_text.email.mode, of_text.password.min_alone), (EmailMode::RecoveryOnly, 15));
        assert!(Layers::of_text("a file", "profile = \"lax\"\n").is_err());
    }

    /// Values that are no text stand in the environment as in the file.
    #[test]
    fn a_ladder_and_a_share_stand_in_the_environment_as_in_the_file() {
        let layers = with_environment(
            Layers::default(),
            "COUNTERSIGN_TOTP_LIMIT_LADDER",
            "[[5, \"1h\"], [10, \"12h\"]]",
        );
        let layers = with_environment(layers, "COUNTERSIGN_BREAKER_SHARE", "0.25");
        let policy = layers.load().unwrap().policy().unwrap();
        let hour = jiff::SignedDuration::from_hours(1);
        assert_eq!(policy.limits.totp.waits.after(5), Some(hour));
        assert_eq!(policy.limits.totp.waits.after(13), None);
        assert_eq!(policy.breaker.share_percent, 25);
        for wrong in ["[[5", "1\nx = 2", ""] {
            let layers =
                with_environment(Layers::default(), "COUNTERSIGN_TOTP_LIMIT_LADDER", wrong);
            let told = layers.load().unwrap_err().to_string();
            assert_eq!(told, "totp.limit.ladder: must be as it would stand in the file");
        }
    }

    /// The standard profile is what is in force where nothing is set.
    #[test]
    fn the_defaults_are_the_standard_profile() {
        let standard = Policy::of(Profile::Standard);
        assert_eq!(Config::default().policy().unwrap().settings(), standard.settings());
    }

    #[test]
    fn an_unknown_setting_is_refused_in_every_layer() {
        for file in ["brnad = 1\n", "[brand]\nnmae = \"x\"\n", "[totp.limit]\nper_tnx = 5\n"] {
            let (_directory, layers) = layers(file);
            let error = layers.load().unwrap_err().to_string();
            assert!(error.contains("unknown field"), "{error}");
        }
        let layers = with_environment(Layers::default(), "COUNTERSIGN_BRAND_NMAE", "x");
        assert!(layers.load().unwrap_err().to_string().contains("COUNTERSIGN_BRAND_NMAE"));
    }

    #[test]
    fn a_value_of_another_kind_is_refused_by_name() {
        let layers = with_environment(Layers::default(), "COUNTERSIGN_LISTEN_WORKERS", "many");
        let error = layers.load().unwrap_err().to_string();
        assert_eq!(error, "listen.workers: must be a whole number");
        let layers = with_environment(Layers::default(), "COUNTERSIGN_REGISTRATION_OPEN", "yes");
        assert!(layers.load().is_err());
        let layers = with_environment(Layers::default(), "COUNTERSIGN_LISTEN_PUBLIC", "nowhere");
        assert!(layers.load().is_err());
    }

    #[test]
    fn a_named_file_must_be_there() {
        let layers =
            Layers { file: Some(PathBuf::from("/nonexistent/c.toml")), ..Layers::default() };
        assert!(matches!(layers.load(), Err(ConfigError::Read { .. })));
    }

    /// The list of settings and the typed configuration say the same.
    #[test]
    fn every_setting_of_the_list_is_typed_and_has_the_default_that_it_names() {
        let defaults = Value::try_from(Config::default()).unwrap();
        let mut count = 0;
        for field in field::all() {
            let found = field.key.split('.').try_fold(&defaults, |at, part| at.get(part));
            let listed = match field.default {
                "" => None,
                text => Some(format!("x = {text}").parse::<Table>().unwrap()["x"].clone()),
            };
            assert_eq!(found.cloned(), listed, "{}", field.key);
            count += usize::from(found.is_some());
        }
        assert_eq!(leaves(&defaults), count, "a typed setting is missing in the list");
    }

    fn leaves(value: &Value) -> usize {
        match value {
            Value::Table(table) => table.values().map(leaves).sum(),
            _ => 1,
        }
    }
}
