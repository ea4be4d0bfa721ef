//! Keys as WebDriver wants them.

use anyhow::{Context, Result};
use fantoccini::{
    actions::{InputSource, KeyAction, KeyActions},
    key::Key,
};

/// The presses that type `text`.
pub(super) fn typed(text: &str) -> KeyActions {
    text.chars()
        .map(|c| if c == '\n' { code(Key::Enter) } else { c })
        .fold(KeyActions::new("keyboard".into()), |keys, value| {
            keys.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        })
}

/// The presses of a chord such as `Ctrl+Shift+N`: held down in order, let go in reverse.
pub(super) fn chord(text: &str) -> Result<KeyActions> {
    let parts: Vec<char> = text.split('+').map(key).collect::<Result<_>>()?;
    let down = parts.iter().map(|value| KeyAction::Down { value: *value });
    let up = parts.iter().rev().map(|value| KeyAction::Up { value: *value });
    Ok(down.chain(up).fold(KeyActions::new("keyboard".into()), KeyActions::then))
}

fn key(name: &str) -> Result<char> {
    Ok(code(match name {
        "Ctrl" => Key::Control,
        "Shift" => Key::Shift,
        "Alt" => Key::Alt,
        "Enter" => Key::Enter,
        "Esc" => Key::Escape,
        "Tab" => Key::Tab,
        "Space" => return Ok(' '),
        "Backspace" => Key::Backspace,
        "Delete" => Key::Delete,
        "Home" => Key::Home,
        "End" => Key::End,
        "PageUp" => Key::PageUp,
        "PageDown" => Key::PageDown,
        "Up" => Key::Up,
        "Down" => Key::Down,
        "Left" => Key::Left,
        "Right" => Key::Right,
        "F1" => Key::F1,
        "F2" => Key::F2,
        "F6" => Key::F6,
        "F7" => Key::F7,
        letter => {
            let mut characters = letter.chars();
            let first = characters.next().filter(|_| characters.next().is_none());
            return first
                .map(|c| c.to_ascii_lowercase())
                .with_context(|| format!("no key is called '{letter}'"));
        }
    }))
}

fn code(key: Key) -> char {
    key.chars().next().unwrap_or_default()
}
