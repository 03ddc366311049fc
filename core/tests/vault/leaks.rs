//! What no secret may ever implement, checked by the compiler.

use std::fmt::{Debug, Display};

use countersign_core::domain::recovery_code::NormalRecoveryCode;
use countersign_core::vault::rows::WrappedKey;
use countersign_core::vault::seal::SecretKey;
use countersign_core::vault::{Keyring, Passwords, Secrets};
use serde::Serialize;

/// Does not compile where the type implements the trait: `_` could then be either of two types.
macro_rules! assert_lacks {
    ($bound:path: $($secret:ty),+) => {
        $(const _: fn() = || {
            trait AmbiguousWhereImplemented<A> {
                fn check() {}
            }
            impl<T: ?Sized> AmbiguousWhereImplemented<()> for T {}
            struct Implemented;
            impl<T: ?Sized + $bound> AmbiguousWhereImplemented<Implemented> for T {}
            <$secret as AmbiguousWhereImplemented<_>>::check();
        };)+
    };
}

assert_lacks!(Debug: SecretKey, WrappedKey, Passwords);
assert_lacks!(Display: SecretKey, WrappedKey, Keyring, Secrets, Passwords, NormalRecoveryCode);
assert_lacks!(Serialize: SecretKey, WrappedKey, Keyring, Secrets, Passwords, NormalRecoveryCode);

/// SR-139, SR-140: the checks above ran when this was compiled, and the vault forbids `unsafe`.
#[test]
fn sr_139_sr_140_secrets_show_nothing_and_the_vault_forbids_unsafe() {
    let vault = include_str!("../../src/vault/mod.rs");
    assert!(vault.contains("#![forbid(unsafe_code)]"));
}
