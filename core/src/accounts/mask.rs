//! Masks: enough of a name to recognise it, too little to learn it (SR-063).

/// What stands for the rest of a word.
const REST: &str = "•••";

/// `mike` as `m•••`; nothing of a name that is not there.
#[must_use]
pub fn login(login: &str) -> String {
    if login.is_empty() { String::new() } else { first_of(login) }
}

/// `mike@example.com` as `m•••@e•••.com`.
#[must_use]
pub fn email(email: &str) -> String {
    let Some((local, domain)) = email.rsplit_once('@') else { return first_of(email) };
    match domain.rsplit_once('.') {
        Some((name, top)) => format!("{}@{}.{top}", first_of(local), first_of(name)),
        None => format!("{}@{}", first_of(local), first_of(domain)),
    }
}

/// Letters of an id that are shown.
const ID_SHOWN: usize = 4;

/// `3f2a90c1-…` as `3f2a•••`: enough to see that two are the same.
#[must_use]
pub fn id(id: &str) -> String {
    id.chars().take(ID_SHOWN).chain(REST.chars()).collect()
}

fn first_of(word: &str) -> String {
    word.chars().take(1).chain(REST.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::{email, login};

    /// SR-063: a masked address shows its first letters and its top-level domain.
    #[test]
    fn sr_063_an_address_is_masked() {
        assert_eq!(email("mike@example.com"), "m•••@e•••.com");
        assert_eq!(email("ä@b"), "ä•••@b•••");
        assert_eq!(email("no address"), "n•••");
        assert_eq!(login("mike"), "m•••");
        assert_eq!(login(""), "");
    }
}
