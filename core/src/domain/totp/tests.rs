//! The published vectors, an oracle that shares no line with the library, the window, and the
//! rule that a step is accepted once.

use countersign_events::id::FactorId;
use subtle::Choice;
use totp_rs::{Algorithm, Builder, Secret};
use uuid::Uuid;

use crate::domain::policy::Skew;

use super::{
    Compared, DRIFT_STEPS, Drift, Generator, PERIOD_SECONDS, RESYNC_STEPS, Window, equal_offsets,
};

const KEY: &[u8; 20] = b"12345678901234567890";
/// RFC 4226, appendix D: counters 0 to 9.
const HOTP: [&str; 10] = [
    "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
    "520489",
];
/// RFC 6238, appendix B: time, SHA-1, SHA-256, SHA-512.
const TOTP: [(u64, &str, &str, &str); 6] = [
    (59, "94287082", "46119246", "90693936"),
    (1_111_111_109, "07081804", "68084774", "25091201"),
    (1_111_111_111, "14050471", "67062674", "99943326"),
    (1_234_567_890, "89005924", "91819424", "93441116"),
    (2_000_000_000, "69279037", "90698825", "38618901"),
    (20_000_000_000, "65353130", "77737706", "47863826"),
];

fn factor() -> FactorId {
    FactorId::new(Uuid::from_u128(1))
}

/// The window of a phone that nothing is known of.
fn fresh() -> Window {
    Drift::default().window()
}

fn generator() -> Generator {
    Generator::new(KEY).unwrap()
}

#[test]
fn sr_001_codes_equal_the_vectors_of_rfc_4226_and_rfc_6238() {
    for (counter, code) in (0..).zip(HOTP) {
        assert_eq!(generator().code(counter), code, "counter {counter}");
    }
    for (time, sha1, _, _) in TOTP {
        assert_eq!(generator().code(time / PERIOD_SECONDS), sha1[2..], "time {time}");
    }
}

/// SR-001: the library itself, for what we do not offer yet.
#[test]
fn sr_001_the_library_equals_the_vectors_of_eight_digits_and_other_hashes() {
    let of = |algorithm, bytes: usize, time| {
        let key: Vec<u8> = b"1234567890".iter().copied().cycle().take(bytes).collect();
        let builder = Builder::new().with_algorithm(algorithm).with_digits(8);
        let totp = builder.with_step_duration(30).with_secret(Secret::from(key)).build().unwrap();
        totp.generate(time).to_string()
    };
    for (time, sha1, sha256, sha512) in TOTP {
        assert_eq!(of(Algorithm::SHA1, 20, time), sha1, "time {time}");
        assert_eq!(of(Algorithm::SHA256, 32, time), sha256, "time {time}");
        assert_eq!(of(Algorithm::SHA512, 64, time), sha512, "time {time}");
    }
}

#[test]
fn sr_001_seven_thousand_random_keys_and_steps_equal_an_independent_oracle() {
    let mut random = SplitMix(0x5EED);
    for _ in 0..7_000 {
        let key: Vec<u8> = (0..20).map(|_| random.next().to_le_bytes()[0]).collect();
        // From small steps to those whose time still fits into 64 bits.
        let step = (random.next() >> (random.next() % 60)) / PERIOD_SECONDS;
        assert_eq!(Generator::new(&key).unwrap().code(step), oracle(&key, step), "step {step}");
    }
}

#[test]
fn sr_001_a_step_beyond_32_bits_is_not_cut() {
    for step in [(1 << 32) - 1, 1 << 32, (1 << 32) + 1, 1 << 33] {
        assert_eq!(generator().code(step), oracle(KEY, step), "step {step}");
    }
    assert_ne!(generator().code(1 << 33), generator().code(0));
}

/// The oracle itself: RFC 3174 and RFC 2202.
#[test]
fn the_oracle_equals_its_own_vectors() {
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    assert_eq!(hex(&sha1(b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_eq!(
        hex(&hmac_sha1(b"Jefe", b"what do ya want for nothing?")),
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    );
}

#[test]
fn sr_006_a_code_is_accepted_at_minus_one_zero_and_plus_one_only() {
    let (now, now_step) = (1_800_000_015_u64, 60_000_000_u64);
    for offset in -10_i32..=10 {
        let step = now_step.saturating_add_signed(i64::from(offset));
        let compared = generator().compare(factor(), &generator().code(step), now, 0);
        let expected = (offset.abs() <= 1).then_some((step, offset));
        assert_eq!(compared.acceptable(fresh(), None), expected, "offset {offset}");
        // SR-015: support sees how far the phone is off.
        assert_eq!(compared.offset(), Some(offset));
    }
    for step in [now_step - 11, now_step + 11] {
        assert_eq!(generator().compare(factor(), &generator().code(step), now, 0).offset(), None);
    }
}

/// SR-013, SR-015: a narrower window takes less, and says of the rest how far it is off.
#[test]
fn sr_013_a_narrowed_window_accepts_fewer_steps_and_no_other() {
    let (now, now_step) = (1_800_000_015_u64, 60_000_000_u64);
    for (skew, offsets) in
        [(Skew::Whole, [-1, 0, 1].as_slice()), (Skew::NotAhead, &[-1, 0]), (Skew::Own, &[0])]
    {
        assert_eq!(skew.offsets().collect::<Vec<_>>(), offsets);
        for offset in -10_i32..=10 {
            let step = now_step.saturating_add_signed(i64::from(offset));
            let compared = generator().compare(factor(), &generator().code(step), now, 0);
            let expected = offsets.contains(&offset).then_some((step, offset));
            let window = Drift::default().narrowed(skew);
            assert_eq!(compared.acceptable(window, None), expected, "{skew:?} {offset}");
            assert_eq!(compared.offset(), Some(offset), "{skew:?}");
        }
    }
}

/// SR-013, SR-014: whatever was learned before, a narrow window is no wider for it, and the phone
/// enters at its centre.
#[test]
fn sr_013_a_narrowed_window_leaves_no_phone_behind() {
    for centre in [-7, 0, 20] {
        for learned in [-1, 0, 1] {
            let drift = Drift::resynced(centre).accepted(centre + learned);
            for skew in [Skew::NotAhead, Skew::Own] {
                let offsets: Vec<i32> = drift.narrowed(skew).offsets().collect();
                assert!(offsets.contains(&centre), "{centre} {learned} {skew:?}: {offsets:?}");
                let allowed = skew.offsets().map(|offset| centre + offset);
                let allowed: Vec<i32> = allowed.collect();
                assert!(offsets.iter().all(|offset| allowed.contains(offset)), "{offsets:?}");
            }
            let whole: Vec<i32> = drift.narrowed(Skew::Whole).offsets().collect();
            let middle = centre + learned;
            assert_eq!(whole, [middle - 1, middle, middle + 1]);
        }
    }
}

#[test]
fn sr_006_the_window_moves_with_the_servers_step_to_the_second() {
    let typed = generator().code(60_000_000);
    let accepted =
        |seconds| generator().compare(factor(), &typed, seconds, 0).acceptable(fresh(), None);
    assert_eq!(accepted(1_799_999_969), None);
    assert_eq!(accepted(1_799_999_970), Some((60_000_000, 1)));
    assert_eq!(accepted(1_800_000_000), Some((60_000_000, 0)));
    assert_eq!(accepted(1_800_000_030), Some((60_000_000, -1)));
    assert_eq!(accepted(1_800_000_059), Some((60_000_000, -1)));
    assert_eq!(accepted(1_800_000_060), None);
}

#[test]
fn sr_007_only_a_step_later_than_the_last_accepted_one_is_accepted() {
    let (now, t) = (1_800_000_000, 60_000_000);
    let compared = |step| generator().compare(factor(), &generator().code(step), now, 0);
    assert_eq!(compared(t + 1).acceptable(fresh(), Some(t)), Some((t + 1, 1)));
    for step in [t - 1, t, t + 1] {
        assert_eq!(compared(step).acceptable(fresh(), Some(t + 1)), None);
        assert!(compared(step).is_reused(fresh(), Some(t + 1)));
    }
    assert_eq!(compared(t).acceptable(fresh(), Some(t - 1)), Some((t, 0)));
    assert!(!compared(t).is_reused(fresh(), Some(t - 1)));
}

/// SR-009: the used code, typed again minutes later, is known as such as long as it is within ten
/// steps; another old code is a wrong one.
#[test]
fn sr_009_an_accepted_code_is_known_again_for_ten_steps() {
    let t = 60_000_000;
    let typed_at = |step: u64, at: u64| {
        generator().compare(factor(), &generator().code(step), at * PERIOD_SECONDS, 0)
    };
    for later in 0..=10 {
        assert!(typed_at(t, t + later).is_reused(fresh(), Some(t)), "{later} steps later");
    }
    assert!(!typed_at(t, t + 11).is_reused(fresh(), Some(t)));
    assert!(!typed_at(t - 1, t + 5).is_reused(fresh(), Some(t)));
    assert!(!typed_at(t, t + 5).is_reused(fresh(), None));
}

/// SR-009: a code that belongs to two steps of the window is good for each of them once.
#[test]
fn sr_009_a_code_that_two_steps_share_is_not_refused_for_the_earlier() {
    let compared = Compared::with_offsets(factor(), 100, &[-1, 1]);
    assert_eq!(compared.acceptable(fresh(), None), Some((99, -1)));
    assert_eq!(compared.acceptable(fresh(), Some(99)), Some((101, 1)));
    assert!(!compared.is_reused(fresh(), Some(99)));
    assert_eq!(compared.acceptable(fresh(), Some(101)), None);
    assert!(compared.is_reused(fresh(), Some(101)));
}

/// SR-011, AT-39: as many codes are computed for a hit at any place as for a miss.
#[test]
fn sr_011_every_candidate_is_computed_whatever_matches() {
    for hit in [None, Some(90), Some(99), Some(100), Some(101), Some(110)] {
        let mut steps = vec![];
        let equal = equal_offsets(100, |step| {
            steps.push(step);
            Choice::from(u8::from(Some(step) == hit))
        });
        steps.sort_unstable();
        assert_eq!(steps, (90..=110).collect::<Vec<_>>(), "hit {hit:?}");
        assert_eq!(equal.count_ones(), u32::from(hit.is_some()));
        let bit = hit.map(|step| step + DRIFT_STEPS as u64 - 100);
        assert_eq!(bit.map(|bit| equal >> bit), hit.map(|_| 1));
    }
}

#[test]
fn the_first_steps_of_all_time_do_not_overflow() {
    for seconds in [0, 29, 30, 299] {
        let compared = generator().compare(factor(), HOTP[0], seconds, 0);
        assert!(compared.offset().is_some(), "at {seconds}");
    }
    let compared = generator().compare(factor(), HOTP[0], u64::MAX, 0);
    assert_eq!(compared.offset(), None);
}

/// SR-010, below the check at the edge: nothing but the six digits themselves matches.
#[test]
fn text_that_is_not_the_code_itself_matches_nothing() {
    for typed in ["", "755224 ", " 755224", "75522", "0755224", "+755224", "７５５２２４"] {
        let compared = generator().compare(factor(), typed, 0, 0);
        assert_eq!(
            (compared.acceptable(fresh(), None), compared.offset()),
            (None, None),
            "{typed:?}"
        );
    }
}

#[test]
fn a_secret_that_is_too_short_is_refused() {
    assert!(Generator::new(&[7; 15]).is_err());
}

/// A sequence of numbers that looks random (Steele, Lea, Flood 2014).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// RFC 4226, 5.3, with six digits.
fn oracle(key: &[u8], step: u64) -> String {
    let mac = hmac_sha1(key, &step.to_be_bytes());
    let at = usize::from(mac[19] & 0xF);
    let cut = u32::from_be_bytes(mac[at..at + 4].try_into().unwrap()) & 0x7FFF_FFFF;
    format!("{:06}", cut % 1_000_000)
}

/// RFC 2104, for keys of at most 64 bytes.
fn hmac_sha1(key: &[u8], text: &[u8]) -> [u8; 20] {
    let padded = |pad: u8| -> Vec<u8> {
        (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ pad).collect()
    };
    sha1(&[padded(0x5C), sha1(&[&padded(0x36), text].concat()).to_vec()].concat())
}

/// RFC 3174, 6.1.
fn sha1(text: &[u8]) -> [u8; 20] {
    let mut message = text.to_vec();
    message.push(0x80);
    message.resize(message.len().next_multiple_of(64), 0);
    if message.len() - text.len() < 9 {
        message.resize(message.len() + 64, 0);
    }
    let end = message.len() - 8;
    message[end..].copy_from_slice(&(text.len() as u64 * 8).to_be_bytes());
    let mut hash = [0x6745_2301_u32, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0];
    for block in message.chunks_exact(64) {
        let mut words: Vec<u32> = block
            .chunks_exact(4)
            .map(|word| u32::from_be_bytes(word.try_into().unwrap()))
            .collect();
        for t in 16..80 {
            let word = words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16];
            words.push(word.rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = hash;
        for (t, word) in words.iter().enumerate() {
            let (f, k) = match t / 20 {
                0 => ((b & c) | (!b & d), 0x5A82_7999),
                1 => (b ^ c ^ d, 0x6ED9_EBA1),
                2 => ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC),
                _ => (b ^ c ^ d, 0xCA62_C1D6_u32),
            };
            let next = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next.wrapping_add(*word));
        }
        for (sum, word) in hash.iter_mut().zip([a, b, c, d, e]) {
            *sum = sum.wrapping_add(word);
        }
    }
    let bytes: Vec<u8> = hash.iter().flat_map(|word| word.to_be_bytes()).collect();
    bytes.try_into().unwrap()
}

/// SR-018: two codes in a row tell where a phone is, up to twenty steps off; one code, two that
/// are the wrong way round, not neighbours or the same tell nothing.
#[test]
fn sr_018_two_codes_in_a_row_tell_where_a_phone_is() {
    let (now, t) = (1_800_000_015_u64, 60_000_000_u64);
    let code = |offset: i32| generator().code(t.saturating_add_signed(i64::from(offset)));
    let found = |first: i32, second: i32| {
        let (first, second) = (code(first), code(second));
        generator().compare_two(factor(), (&first, &second), now).step()
    };
    for offset in -RESYNC_STEPS - 2..=RESYNC_STEPS + 2 {
        let within = (-RESYNC_STEPS + 1..=RESYNC_STEPS).contains(&offset);
        let step = t.saturating_add_signed(i64::from(offset));
        assert_eq!(found(offset - 1, offset), within.then_some((step, offset)), "{offset}");
        for first in [offset, offset - 2, offset + 1, offset - 3] {
            assert_eq!(found(first, offset), None, "{first}, {offset}");
        }
    }
    let right = code(3);
    for (first, second) in [("000000", &*right), (&*right, "000000"), ("000000", "000000")] {
        assert_eq!(generator().compare_two(factor(), (first, second), now).step(), None);
    }
}

/// SR-018, SR-007: neither of the two was accepted before.
#[test]
fn sr_018_codes_that_were_used_tell_nothing() {
    let two = generator().compare_two(factor(), ("755224", "287082"), 60);
    assert_eq!(two.step(), Some((1, -1)));
    for (last, reused) in [(0, true), (1, true), (2, true)] {
        assert_eq!(two.is_reused(last), reused, "{last}");
    }
    let later = generator().compare_two(factor(), ("359152", "969429"), 60);
    assert_eq!(later.step(), Some((3, 1)));
    for (last, reused) in [(0, false), (1, false), (2, true), (3, true), (4, true)] {
        assert_eq!(later.is_reused(last), reused, "{last}");
    }
}
