//! Finding a secret in a text that repeats it, however the text spells it: as it is, escaped as JSON does (several
//! times over, should JSON stand in JSON), percent-encoded, or as numeric entities of HTML.

/// Backslashes before one letter, and percent signs that are encoded again: deeper nesting is not followed, so that
/// a text of nothing else costs no more than any other.
const NESTED_MAX: usize = 16;
/// Digits of a numeric entity.
const DIGITS_MAX: usize = 8;

/// The text with `instead` in every place of `secret`, which is ASCII and not empty.
pub(super) fn redacted(text: &str, secret: &str, instead: &str) -> String {
    let bytes = text.as_bytes();
    let (mut redacted, mut kept, mut at) = (String::new(), 0, 0);
    while at < bytes.len() {
        match spelt(&bytes[at..], secret.as_bytes()) {
            Some(length) => {
                // A spelling begins and ends with ASCII.
                redacted.push_str(&text[kept..at]);
                redacted.push_str(instead);
                at += length;
                kept = at;
            }
            None => at += 1,
        }
    }
    redacted.push_str(&text[kept..]);
    redacted
}

/// Bytes of the secret as the text begins with it; none where it does not.
fn spelt(text: &[u8], secret: &[u8]) -> Option<usize> {
    let letters = secret.iter().try_fold(0, |at, letter| Some(at + letter_spelt(&text[at..], *letter)?));
    letters.filter(|_| !secret.is_empty())
}

/// Bytes of one letter, spelt in any of the ways.
fn letter_spelt(text: &[u8], letter: u8) -> Option<usize> {
    let spellings = [json_spelt, percent_spelt, entity_spelt];
    let plain = || (text.first() == Some(&letter)).then_some(1);
    spellings.iter().find_map(|spelling| spelling(text, letter)).or_else(plain)
}

/// `\/`, `\u002f`, and both with the backslash escaped in turn.
fn json_spelt(text: &[u8], letter: u8) -> Option<usize> {
    let slashes = text.iter().take(NESTED_MAX).take_while(|byte| **byte == b'\\').count();
    if slashes == 0 {
        return None;
    }
    let rest = &text[slashes..];
    if let Some(digits) = rest.strip_prefix(b"u").and_then(|rest| rest.get(..4))
        && number(digits, 16) == Some(u32::from(letter))
    {
        return Some(slashes + 5);
    }
    match letter {
        b'\\' => Some(slashes.min(2)),
        _ => (rest.first() == Some(&letter)).then_some(slashes + 1),
    }
}

/// `%2F`, `%252F`, …
fn percent_spelt(text: &[u8], letter: u8) -> Option<usize> {
    let mut pairs = text.strip_prefix(b"%")?.chunks_exact(2).take(NESTED_MAX);
    let signs = pairs.clone().take_while(|pair| *pair == b"25").count();
    let last = pairs.nth(signs).and_then(|pair| number(pair, 16));
    match letter {
        b'%' => (signs > 0).then_some(1 + 2 * signs),
        _ => (last == Some(u32::from(letter))).then_some(1 + 2 * (signs + 1)),
    }
}

/// `&#47;`, `&#x2F;`
fn entity_spelt(text: &[u8], letter: u8) -> Option<usize> {
    let rest = text.strip_prefix(b"&#")?;
    let hex = rest.first().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'x'));
    let (digits, radix) = if hex { (&rest[1..], 16) } else { (rest, 10) };
    let count = digits.iter().take(DIGITS_MAX + 1).position(|byte| *byte == b';')?;
    let bytes = 2 + usize::from(hex) + count + 1;
    (number(&digits[..count], radix) == Some(u32::from(letter))).then_some(bytes)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    u32::from_str_radix(text, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "sk-/Two+x=\"\\u%2";

    fn without(text: &str) -> String {
        redacted(text, SECRET, "[key]")
    }

    fn spelt_by(spell: impl Fn(char) -> String) -> String {
        SECRET.chars().map(spell).collect()
    }

    #[test]
    fn a_secret_is_found_however_it_is_spelt() {
        let json = |text: &str| serde_json::to_string(text).unwrap();
        let spellings = [
            SECRET.to_owned(),
            json(SECRET).trim_matches('"').to_owned(),
            spelt_by(|letter| format!("\\u{:04x}", u32::from(letter))),
            spelt_by(|letter| format!("\\\\\\u{:04X}", u32::from(letter))),
            spelt_by(|letter| format!("%{:02x}", u32::from(letter))),
            spelt_by(|letter| format!("%25{:02X}", u32::from(letter))),
            spelt_by(|letter| format!("&#{};", u32::from(letter))),
            spelt_by(|letter| format!("&#x{:X};", u32::from(letter))),
            SECRET.replace('\\', "\\\\").replace('"', "\\\"").replace('/', "\\/"),
            SECRET.replace('%', "%25").replace('/', "%2F").replace('+', "%2b"),
        ];
        for spelling in spellings {
            assert_eq!(without(&format!("é{spelling}☕{spelling}")), "é[key]☕[key]", "{spelling}");
        }
        let within = json(&json(SECRET));
        assert_eq!(without(&within), r#""\"[key]\"""#, "{within}");
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in
            ["", "\\", "%", "%2", "&#", "&#x", "\\u12", "sk-/Two+x=", "☕ \\\\ %25%25", "&#99999999999;"]
        {
            assert_eq!(without(text), text);
        }
        let hostile = "\\".repeat(100_000) + &"%25".repeat(100_000);
        assert_eq!(without(&hostile), hostile);
    }

    proptest! {
        #[test]
        fn no_mixture_of_spellings_hides_a_secret(ways in prop::collection::vec(0..6_u8, 8), around: [String; 2]) {
            let secret = "a/Z9+=_-";
            let spell = |(letter, way): (char, &u8)| match way {
                0 => letter.to_string(),
                1 => format!("\\u{:04x}", u32::from(letter)),
                2 => format!("%{:02X}", u32::from(letter)),
                3 => format!("&#x{:x};", u32::from(letter)),
                4 => format!("\\{letter}"),
                _ => format!("%25{:02x}", u32::from(letter)),
            };
            let spelling: String = secret.chars().zip(&ways).map(spell).collect();
            let [before, after] = around;
            let text = redacted(&format!("{before}{spelling}{after}"), secret, "[key]");
            prop_assert!(text.contains("[key]") && !text.contains(&spelling), "{text}");
        }
    }
}
