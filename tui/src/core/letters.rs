//! Letters that people cannot see and that change what they do see. A name with them passes for another.

/// JSON of the same meaning in which no letter can steer or deceive: those are spelt `\\uXXXX`.
pub fn spelt_out(json: &str) -> String {
    let mut spelt = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_control() || is_deceptive(letter) {
            let mut units = [0; 2];
            spelt.extend(letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            spelt.push(letter);
        }
    }
    spelt
}

/// Whether a letter steers the direction of text, has no width, or breaks a line in disguise.
pub fn is_deceptive(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_spelt_out_means_the_same_and_steers_nothing() {
        let said = "a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\u{e0041}é日\n";
        let json = serde_json::to_string(said).expect("text");
        let spelt = spelt_out(&json);
        assert!(!spelt.chars().any(|letter| letter.is_control() || is_deceptive(letter)), "{spelt:?}");
        assert!(spelt.contains("\\u009b31m\\u007f\\u202e\\udb40\\udc41é日"), "{spelt}");
        assert_eq!(serde_json::from_str::<String>(&spelt).expect("JSON"), said);
    }
}
