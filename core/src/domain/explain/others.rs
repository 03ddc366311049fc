//! What happens to operators, client apps, the policy and the log itself, in a sentence.

/// An event of one of these, by its type; one that is not known is shown by its type.
#[must_use]
pub fn by_type(event_type: &str) -> String {
    match event_type {
        "operator.added" => "an operator was added",
        "operator.set_up" => "an operator set the account up",
        "operator.disabled" => "an operator was disabled",
        "operator.enabled" => "an operator was enabled again",
        "operator.unlock_requested" => "an operator is to be let in anew, as one person asked",
        "operator.unlocked" => "an operator was let in anew, as another person confirmed",
        "operator.cap_reached" => "an operator reached a cap on acts",
        "operator.act_refused" => "an operator was refused an act on an account above or his own",
        "operator.seeds_exported" => {
            "two admins had the seeds of authenticators written to a file, at the machine"
        }
        "client.added" => "a client app was added",
        "client.disabled" => "a client app was disabled",
        "client.key_added" => "a client app has another key",
        "client.key_ended" => "a key of a client app was ended",
        "client.redirects_set" => "a client app sends browsers back to other addresses",
        "client.key_used" => "a client app used a key",
        "client.webhook_added" => "a client app has another webhook",
        "client.webhook_ended" => "a webhook of a client app was ended",
        "client.webhook_progressed" => "a webhook of a client app was told of what happened",
        "client.webhook_redelivered" => {
            "deliveries of a webhook that were given up are tried again"
        }
        "client.webhook_replayed" => "a webhook of a client app is told everything again",
        "client.webhook_secret_added" => "a webhook of a client app has another secret",
        "policy.set" => "the policy was set",
        "log.created" => "the log was created",
        "log.server_started" => "a server started",
        "log.clock_alarm" => "the machine's clock was set, or is right again",
        "log.recovered" => "the log was gone on with though it is not the one that was signed",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use countersign_events::catalogue::rows;

    use super::by_type;

    #[test]
    fn every_type_that_is_no_accounts_has_its_sentence() {
        for row in rows().iter().filter(|row| !row.event_type.starts_with("account.")) {
            assert_ne!(by_type(row.event_type), row.event_type);
        }
    }
}
