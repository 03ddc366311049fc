use proptest::prelude::*;

use super::*;

/// What every hash of [`KNOWN`] was made of.
const PASSWORD: &str = "correct horse battery";

/// Made by programs that nobody here wrote: the reference implementation of Argon2 (argon2-cffi),
/// libxcrypt, OpenSSL (Python's hashlib).
const KNOWN: [&str; 12] = [
    "$argon2id$v=19$m=64,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg\
     $G5iTPk9xLQp91Yo/sedCY4bRzyxkmXY9s22NT9T/DCg",
    "$argon2i$v=19$m=64,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg\
     $bukGots0Xf8mxkjU25MkzQ7vtG60buuSq4XGaXpsw9U",
    "$argon2d$v=19$m=64,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg\
     $chU8VYx4mlF39mRO8B/2TbOSJWpfPRS3IwMAQuzzfDc",
    "$argon2i$v=16$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$IYiqtgYqvl0KvRb1TE5w83t3komw3hDu",
    "$argon2i$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$IYiqtgYqvl0KvRb1TE5w83t3komw3hDu",
    "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS",
    "$2y$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS",
    "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg\
     $BVALGMmC/K/8ELErc5VgJxyPFApArIZRCQsqjEgZWJ4",
    "$pbkdf2-sha512$i=1000$MDEyMzQ1Njc4OWFiY2RlZg\
     $7F/Y1rnWXXurLCfFvAmyjyXtbABhgzBTBNcm//wlnvGBOz7OExlgRFs5qwaY5PzB3/WjR7P4yv/ACDQZpDXIfQ",
    "$pbkdf2-sha256$1000$....MDEyMzQ1Njc4OWFiYw$W6tbq2ZnR9O22tY2WIwPMfmJV2n0DmVllvQFDknwI2g",
    "pbkdf2_sha256$1000$seasalt$DrdiWD40lyBuydnjvZiDrdQMx1S1mOA9O0QYex0R6ww=",
    "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$LYtM8Mh+uD5qDLQWvjcUOTNEVL2STXzMHwI4lieKYvI",
];

fn is_of(text: &str, password: &str) -> bool {
    ForeignHash::parse(text).expect(text).is_of(password)
}

fn refused(text: &str) -> ForeignError {
    ForeignHash::parse(text).err().expect(text)
}

#[test]
fn hashes_of_other_programs_are_compared_as_they_are() {
    for text in KNOWN {
        assert!(is_of(text, PASSWORD), "{text}");
        assert!(!is_of(text, "correct horse batterz"), "{text}");
        assert!(!is_of(text, ""), "{text}");
    }
}

/// bcrypt looks at 72 bytes, and so did the system that the hash comes from.
#[test]
fn bcrypt_looks_at_no_more_than_72_bytes() {
    let of_80 = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i";
    assert!(is_of(of_80, &"x".repeat(80)) && is_of(of_80, &"x".repeat(72)));
    assert!(!is_of(of_80, &"x".repeat(71)));
}

/// SR-052: a hash that asks for seconds or for the machine's memory is not taken.
#[test]
fn sr_052_a_hash_that_costs_too_much_is_refused() {
    let tail = "MDEyMzQ1Njc4OWFiY2RlZg$G5iTPk9xLQp91Yo/sedCY4bRzyxkmXY9s22NT9T/DCg";
    let argon2 = |costs: &str| format!("$argon2id$v=19${costs}${tail}");
    let scrypt = |costs: &str| format!("$scrypt${costs}${tail}");
    let pbkdf2 = |costs: &str| format!("$pbkdf2-sha256${costs}${tail}");
    for (costly, name) in [
        (argon2("m=131073,t=1,p=1"), "Argon2"),
        (argon2("m=131072,t=9,p=1"), "Argon2"),
        (argon2("m=4294967295,t=4294967295,p=1"), "Argon2"),
        (argon2("m=1024,t=1,p=17"), "Argon2"),
        (scrypt("ln=18,r=8,p=1"), "scrypt"),
        (scrypt("ln=17,r=8,p=5"), "scrypt"),
        (scrypt("ln=20,r=1,p=1024"), "scrypt"),
        (pbkdf2("i=2000001"), "PBKDF2"),
        (pbkdf2("4294967295"), "PBKDF2"),
        ("$2b$15$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS".to_owned(), "bcrypt"),
        ("$2b$31$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS".to_owned(), "bcrypt"),
    ] {
        assert_eq!(refused(&costly), ForeignError::TooCostly(name), "{costly}");
    }
    for fair in [argon2("m=102400,t=2,p=8"), scrypt("ln=17,r=8,p=1"), pbkdf2("i=1200000")] {
        assert!(ForeignHash::parse(&fair).is_ok(), "{fair}");
    }
}

#[test]
fn what_is_not_known_does_not_read_or_needs_a_key_is_told_apart() {
    let ours = "$argon2id$v=19$m=19456,t=2,p=1,keyid=cDE$MDEyMzQ1Njc4OWFiY2RlZg\
                $G5iTPk9xLQp91Yo/sedCY4bRzyxkmXY9s22NT9T/DCg";
    assert_eq!(refused(ours), ForeignError::Keyed);
    for unknown in ["", "$", "hunter2", "$2x$04$abc", "$6$salt$hash", "{SSHA}abc", "$1$a$b"] {
        assert_eq!(refused(unknown), ForeignError::Unknown, "{unknown}");
    }
    assert_eq!(refused(&format!("$scrypt${}", "a".repeat(600))), ForeignError::Unknown);
    for (broken, name) in [
        ("$argon2id$v=18$m=64,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$G5iTPk9xLQp91Yo/sedCYw", "Argon2"),
        ("$argon2id$v=19$m=64,t=2$MDEyMzQ1Njc4OWFiY2RlZg$G5iTPk9xLQp91Yo/sedCYw", "Argon2"),
        ("$argon2id$v=19$m=64,t=2,p=2$c2hvcnQ$G5iTPk9xLQp91Yo/sedCYw", "Argon2"),
        ("$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoO", "bcrypt"),
        ("$2b$03$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS", "bcrypt"),
        ("$2b$04$abcdefghijklmnopqrstu!qREtd3VJD2QVZbuFskFSLk6eRIrQoOS", "bcrypt"),
        ("$pbkdf2-sha256$i=1000,l=31$MDEyMzQ1Njc4OWFiY2RlZg$BVALGMmC/K/8ELErc5VgJw", "PBKDF2"),
        ("$pbkdf2-sha256$i=0$MDEyMzQ1Njc4OWFiY2RlZg$BVALGMmC/K/8ELErc5VgJw", "PBKDF2"),
        ("$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$c2hvcnQ", "PBKDF2"),
        ("pbkdf2_sha256$1000$seasalt$DrdiWD40lyBuydnjvZiDrdQMx1S1mOA9O0QYex0R6ww", "PBKDF2"),
        ("$scrypt$ln=64,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$LYtM8Mh+uD5qDLQWvjcUOQ", "scrypt"),
        ("$scrypt$ln=4,r=0,p=1$MDEyMzQ1Njc4OWFiY2RlZg$LYtM8Mh+uD5qDLQWvjcUOQ", "scrypt"),
    ] {
        assert_eq!(refused(broken), ForeignError::Malformed(name), "{broken}");
    }
}

proptest! {
    /// Whatever stands there, it is refused or runs within its bounds, and nothing panics.
    #[test]
    fn any_text_reads_or_is_refused(
        which in 0..KNOWN.len(),
        at in any::<prop::sample::Index>(),
        with in "[$=,.a-z0-9]{0,3}",
        cut in 0_usize..3,
    ) {
        let mut text = KNOWN[which].to_owned();
        let at = at.index(text.len());
        let end = (at + cut).min(text.len());
        text.replace_range(at..end, &with);
        let _read = ForeignHash::parse(&text);
    }

    #[test]
    fn any_noise_is_refused(noise in "\\PC{0,80}") {
        prop_assert!(ForeignHash::parse(&noise).is_err());
    }
}
