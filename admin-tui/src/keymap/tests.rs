use super::{Action, Context, KEYMAP, Place, action, footer, screens};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

#[test]
fn no_key_means_two_things_in_one_context() {
    for context in Context::ALL {
        let mut seen = Vec::new();
        for binding in KEYMAP.iter().filter(|binding| binding.context == context) {
            for chord in binding.keys {
                assert!(!seen.contains(chord), "{} twice in {context:?}", chord.name());
                seen.push(*chord);
            }
        }
        assert!(!seen.is_empty(), "{context:?} has no key");
    }
}

#[test]
fn where_there_is_a_field_no_letter_is_taken_from_it() {
    let letters = (' '..='~').map(|c| KeyEvent::from(KeyCode::Char(c)));
    for letter in letters {
        for contexts in [
            vec![Context::Form, Context::Everywhere],
            vec![Context::Form, Context::SignIn, Context::Everywhere],
            vec![Context::Search, Context::Form, Context::Screens, Context::Everywhere],
        ] {
            assert_eq!(action(&contexts, letter), None, "{letter:?} in {contexts:?}");
        }
    }
}

#[test]
fn the_nearest_context_wins() {
    let tab = KeyEvent::from(KeyCode::Tab);
    assert_eq!(
        action(&[Context::Search, Context::Form], tab),
        Some(Action::SwitchLookup),
        "in the search field"
    );
    assert_eq!(action(&[Context::Form], tab), Some(Action::NextField));
}

#[test]
fn quitting_works_everywhere() {
    let quit = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    for context in Context::ALL {
        assert_eq!(action(&[context, Context::Everywhere], quit), Some(Action::Quit));
    }
}

#[test]
fn the_footer_names_each_thing_once() {
    let footer = footer(&[Context::List, Context::Letters, Context::Everywhere], |_| true);
    let quits = footer.iter().filter(|(_, words)| *words == "quit").count();
    assert_eq!(quits, 1, "{footer:?}");
}

#[test]
fn every_screen_has_one_key_and_stands_in_its_row() {
    let mut row = screens();
    assert_eq!(row.iter().map(|(_, _, place)| *place).collect::<Vec<_>>(), Place::ALL);
    // Nobody sees all: who has the last one has few of the others.
    row.retain(|(_, _, place)| *place != Place::Operators);
    let width: usize = row.iter().map(|(key, words, _)| key.len() + words.len() + 3).sum();
    assert!(width <= 80, "the row has {width} columns");
}
