//! The number of a chapter as its heading says it.

use super::lines::form_of_sign;

/// The numbers in words, in the languages of the signs: of each the words for it.
const NAMES: [(usize, &str); 30] = [
    (1, "one first eins erstes un premier uno primero"),
    (2, "two second zwei zweites deux deuxième dos segundo"),
    (3, "three third drei drittes trois troisième tres tercero"),
    (4, "four fourth vier viertes quatre quatrième cuatro cuarto"),
    (5, "five fifth fünf fünftes cinq cinquième cinco quinto"),
    (6, "six sixth sechs sechstes sixième seis sexto"),
    (7, "seven seventh sieben siebtes siebentes sept septième siete séptimo"),
    (8, "eight eighth acht achtes huit huitième ocho octavo"),
    (9, "nine ninth neun neuntes neuf neuvième nueve noveno"),
    (10, "ten tenth zehn zehntes dix dixième diez décimo"),
    (11, "eleven eleventh elf elftes onze onzième once"),
    (12, "twelve twelfth zwölf zwölftes douze douzième doce"),
    (13, "thirteen dreizehn treize trece"),
    (14, "fourteen vierzehn quatorze catorce"),
    (15, "fifteen fünfzehn quinze quince"),
    (16, "sixteen sechzehn seize dieciséis"),
    (17, "seventeen siebzehn diecisiete"),
    (18, "eighteen achtzehn dieciocho"),
    (19, "nineteen neunzehn diecinueve"),
    (20, "twenty zwanzig vingt veinte"),
    (30, "thirty dreißig trente treinta"),
    (40, "forty vierzig quarante cuarenta"),
    (50, "fifty fünfzig cinquante cincuenta"),
    (60, "sixty sechzig soixante sesenta"),
    (70, "seventy siebzig setenta"),
    (80, "eighty achtzig ochenta"),
    (90, "ninety neunzig noventa"),
    (21, "einundzwanzig veintiuno"),
    (22, "zweiundzwanzig veintidós"),
    (23, "dreiundzwanzig veintitrés"),
];

/// The first number among the words of a heading, in digits, words or Roman
/// numerals, however long the text that it heads.
#[must_use]
pub fn number_in(heading: &str) -> Option<usize> {
    // Behind a colon stands a title.
    let line = heading.lines().next().unwrap_or_default();
    let opening: String = line.split(':').next().unwrap_or_default().chars().take(60).collect();
    let words: Vec<String> = opening
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(4)
        .map(str::to_lowercase)
        .collect();
    let at = words.iter().position(|word| number(word).is_some())?;
    let first = number(&words[at])?;
    // `Twenty-One`, `twenty one`.
    let unit = words.get(at + 1).and_then(|word| named(word)).filter(|unit| *unit < 10);
    Some(if first >= 20 && first % 10 == 0 { first + unit.unwrap_or(0) } else { first })
}

fn number(word: &str) -> Option<usize> {
    word.parse().ok().or_else(|| named(word)).or_else(|| roman(word))
}

fn named(word: &str) -> Option<usize> {
    let form = form_of_sign(word);
    let is_it = |names: &str| names.split(' ').any(|name| form_of_sign(name) == form);
    NAMES.iter().find(|(_, names)| is_it(names)).map(|(number, _)| *number)
}

/// A Roman numeral below 90, as chapters have them.
fn roman(word: &str) -> Option<usize> {
    let mut rest = word;
    let mut sum = 0;
    for (sign, value, most) in [
        ("l", 50, 1),
        ("xl", 40, 1),
        ("x", 10, 3),
        ("ix", 9, 1),
        ("v", 5, 1),
        ("iv", 4, 1),
        ("i", 1, 3),
    ] {
        for _ in 0..most {
            let Some(after) = rest.strip_prefix(sign) else { break };
            // `ix` is nine, and no one before a ten.
            if sign == "i" && after.starts_with(['v', 'x']) {
                return None;
            }
            (rest, sum) = (after, sum + value);
        }
    }
    (rest.is_empty() && sum > 0).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_chapters() {
        for (heading, expected) in [
            ("# Chapter 12: Rain", Some(12)),
            ("**Chapter Twelve**", Some(12)),
            ("CHAPTER XIV.", Some(14)),
            ("Chapter XL", Some(40)),
            ("Chapter Twenty-One", Some(21)),
            ("Chapter Forty two", Some(42)),
            ("Chapter IX", Some(9)),
            ("Kapitel fünf", Some(5)),
            ("Viertes Kapitel", Some(4)),
            ("Chapitre premier", Some(1)),
            ("Capítulo séptimo: La casa", Some(7)),
            ("Epilogue: Ten Years Later", None),
            ("Chapter", None),
            ("", None),
        ] {
            assert_eq!(number_in(heading), expected, "{heading}");
        }
    }
}
