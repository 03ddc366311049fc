//! The portal as people use it: a real browser, a QR code read from its picture, codes of somebody
//! else's authenticator.
#![cfg(feature = "external")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

/// A walk at a desk and on a phone, by day and by night.
macro_rules! in_all_looks {
    ($walk:ident) => {
        mod $walk {
            use countersign_tests::browser::Looks;

            #[test]
            fn at_a_desk_by_day() {
                super::$walk(Looks::DESK);
            }

            #[test]
            fn at_a_desk_by_night() {
                super::$walk(Looks { dark: true, ..Looks::DESK });
            }

            #[test]
            fn on_a_phone_by_day() {
                super::$walk(Looks { dark: false, ..Looks::PHONE });
            }

            #[test]
            fn on_a_phone_by_night() {
                super::$walk(Looks::PHONE);
            }
        }
    };
}

mod accessible;
mod apps;
mod authenticators;
mod clocks;
mod demanded;
mod forgotten;
mod lost_phone;
mod not_me;
mod person;
mod registering;
mod second_step;
mod served;
mod shop;
mod troubles;
mod unlock;
mod waiting;
mod walks;
