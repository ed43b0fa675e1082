//! How many tokens a text usually has, by its scripts.

/// Tokens that a byte makes: with the vocabulary that knows a script best, and with
/// one that hardly does.
///
/// Measured with the vocabularies of Llama 2, Llama 3, Qwen 2 and Tekken on samples
/// of prose in each script: English prose and dialogue; Russian (2.4 to 3.5 letters
/// a token); Chinese and Japanese (0.95 to 1.4); Korean, Arabic, Hindi and Thai
/// (0.95 to 3.9), with which those count that were not measured.
const LATIN: (f64, f64) = (0.22, 0.275);
const CYRILLIC: (f64, f64) = (0.16, 0.22);
const HAN_AND_KANA: (f64, f64) = (0.23, 0.36);
const OTHER: (f64, f64) = (0.13, 0.5);

/// The fewest and the most tokens that a text usually has.
pub(super) fn usual_tokens(text: &str) -> (f64, f64) {
    text.chars().fold((0.0, 0.0), |(least, most), letter| {
        #[expect(clippy::cast_precision_loss, reason = "a letter has at most four bytes")]
        let bytes = letter.len_utf8() as f64;
        let (few, many) = of(letter);
        (least + bytes * few, most + bytes * many)
    })
}

/// What a byte of this letter makes.
fn of(letter: char) -> (f64, f64) {
    match u32::from(letter) {
        // With its accents; and dashes and quotation marks, which all scripts use.
        0..0x370 | 0x1E00..0x1F00 | 0x2000..0x2070 => LATIN,
        0x400..0x530 => CYRILLIC,
        0x3000..0x3130 | 0x3400..0xA000 | 0xF900..0xFB00 | 0xFF00..0xFFF0 | 0x2_0000..0x3_2000 => {
            HAN_AND_KANA
        }
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples with the tokens that the leanest and the fattest of the measured
    /// vocabularies make of a byte of such prose.
    #[test]
    fn a_script_s_usual_tokens_lie_round_what_was_measured() {
        for (text, least, most) in [
            ("The warden of a sluice finds her gates open, and “nobody” believes her.", 0.21, 0.28),
            ("Смотрительница шлюза замечает, что по ночам кто-то открывает ворота.", 0.16, 0.23),
            ("守闸人发现她的闸门每夜被人打开，除了摆渡人没有人相信她。", 0.22, 0.37),
            ("水門の番人は、夜ごとに門が開けられていることに気づく。", 0.22, 0.37),
            ("수문지기는 밤마다 누군가 문을 여는 것을 알게 된다.", 0.12, 0.51),
        ] {
            let (few, many) = usual_tokens(text);
            let bytes = f64::from(u32::try_from(text.len()).unwrap());
            assert!(few >= bytes * least && few < many && many <= bytes * most, "{text}");
        }
    }
}
