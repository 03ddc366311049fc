//! A post office instead of a mail server: keeps the mails it takes, and can be told to refuse, to
//! be closed, or to keep everybody waiting.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_core::mail::{Mail, Mailer, SendError, SendErrorClass};
use futures::future::BoxFuture;
use tokio::sync::watch;

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostFault {
    /// It takes no mail, in this manner.
    Refuses(SendErrorClass),
    /// A mail waits for as long as this is so.
    Hangs,
}

/// The post office. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct PostOffice {
    fault: Arc<watch::Sender<Option<PostFault>>>,
    taken: Arc<Mutex<Vec<Mail>>>,
    closed: Arc<Mutex<BTreeSet<String>>>,
    handed_in: Arc<watch::Sender<usize>>,
}

impl PostOffice {
    /// From now on this is wrong.
    pub fn fails(&self, fault: PostFault) {
        self.fault.send_replace(Some(fault));
    }

    /// From now on nothing is wrong.
    pub fn works(&self) {
        self.fault.send_replace(None);
    }

    /// From now on there is no such mailbox.
    pub fn closes(&self, address: &str) {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        closed.insert(address.to_owned());
    }

    fn is_closed(&self, address: &str) -> bool {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).contains(address)
    }

    /// Whether something is wrong.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.fault.borrow().is_some()
    }

    /// Waits until so many mails were handed in since the start, taken or not.
    pub async fn handed_in(&self, mails: usize) {
        // The sender lives as long as `self`, so that the wait cannot fail.
        let _ = self.handed_in.subscribe().wait_for(|handed_in| *handed_in >= mails).await;
    }

    /// How often a mail was handed in, taken or not.
    #[must_use]
    pub fn tries(&self) -> usize {
        *self.handed_in.borrow()
    }

    /// Every mail that was taken, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.lock().clone()
    }

    /// The mails that were taken after so many, oldest first: to whom, and the code, if it has one.
    #[must_use]
    pub fn codes_after(&self, taken: usize) -> Vec<(String, Option<String>)> {
        let mails = self.lock();
        mails.iter().skip(taken).map(|mail| (mail.to.clone(), code(mail))).collect()
    }

    /// Every mail that was taken after so many, oldest first.
    #[must_use]
    pub fn mails_after(&self, taken: usize) -> Vec<Mail> {
        self.lock().iter().skip(taken).cloned().collect()
    }

    /// The mails to an address, oldest first.
    #[must_use]
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        let mut mails = self.mails();
        mails.retain(|mail| mail.to == address);
        mails
    }

    /// The code of the newest mail to an address that has one.
    #[must_use]
    pub fn newest_code(&self, address: &str) -> Option<String> {
        self.mails_to(address).iter().rev().find_map(code)
    }

    /// The secret behind the newest link to a page of ours in the mails to an address.
    #[must_use]
    pub fn newest_link(&self, address: &str, page: &str) -> Option<String> {
        let link = format!("{page}#");
        self.mails_to(address).iter().rev().find_map(|mail| {
            let mut words = mail.text.split_whitespace();
            words.find_map(|word| word.split_once(&link)).map(|(_, secret)| secret.to_owned())
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Mail>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one line of the plain text that is six digits and nothing else.
fn code(mail: &Mail) -> Option<String> {
    let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    mail.text.lines().find(is_code).map(str::to_owned)
}

impl Mailer for PostOffice {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), SendError>> {
        self.handed_in.send_modify(|handed_in| *handed_in = handed_in.saturating_add(1));
        let mut fault = self.fault.subscribe();
        Box::pin(async move {
            // The sender lives as long as `self`, so that the wait cannot fail.
            let _ = fault.wait_for(|fault| *fault != Some(PostFault::Hangs)).await;
            let now = *fault.borrow();
            if let Some(PostFault::Refuses(class)) = now {
                return Err(SendError { class, detail: "told to refuse".to_owned() });
            }
            if self.is_closed(&mail.to) {
                let class = SendErrorClass::Permanent;
                return Err(SendError { class, detail: "no such mailbox".to_owned() });
            }
            self.lock().push(mail);
            Ok(())
        })
    }
}
