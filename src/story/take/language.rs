//! Which language a text is in.

use std::collections::HashSet;

use super::letters;
use crate::phrases::common_words;
use crate::story::prose;

/// The language a text is in, where that is surely not the one asked for, by its tag.
///
/// Only says so of a text of some length, in a language both sides know.
#[must_use]
pub fn foreign_language(text: &str, language: &str) -> Option<String> {
    let wanted = tongue(language)?;
    if count_letters(text) < 120 || is_surely(text, primary(language)) {
        return None;
    }
    let found = whatlang::detect(text)?;
    if is_kin(found.lang(), wanted) {
        return None;
    }
    let is_known = knows(found.script(), wanted);
    if !is_known && is_written_in(found.script(), language) {
        // The detector takes it for whatever it knows that looks like it.
        return full_of(text).map(|lang| lang.eng_name().to_owned());
    }
    if is_known && found.confidence() < 0.6 {
        return None;
    }
    // Close relatives are told apart badly on short texts.
    if prose::words(text) < 60 && !found.is_reliable() {
        return None;
    }
    Some(found.lang().eng_name().to_owned())
}

/// The same of a whole text, where less than half of it, piece by piece, is in the
/// language asked for: a letter or a song makes no chapter foreign.
#[must_use]
pub(super) fn mostly_foreign(text: &str, language: &str) -> Option<String> {
    const PIECE: usize = 300;
    let found = foreign_language(text, language)?;
    let (mut own, mut all, mut piece) = (0, 0, String::new());
    for line in text.split_inclusive('\n').chain([""]) {
        piece.push_str(line);
        let count = count_letters(&piece);
        if count >= PIECE || line.is_empty() {
            all += count;
            own += if foreign_language(&piece, language).is_none() { count } else { 0 };
            piece.clear();
        }
    }
    (own * 2 <= all).then_some(found)
}

/// How many letters a text has.
pub(super) fn count_letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic()).count()
}

/// Languages that are so near to each other that one passes for the other.
const KIN: [&[whatlang::Lang]; 6] = {
    use whatlang::Lang::{Afr, Bul, Ces, Dan, Hrv, Ind, Jav, Mkd, Nld, Nob, Slk, Srp};
    [&[Srp, Hrv], &[Nob, Dan], &[Ces, Slk], &[Ind, Jav], &[Bul, Mkd], &[Nld, Afr]]
};

/// A language and those that are near to it.
pub(super) fn kin(lang: whatlang::Lang) -> Vec<whatlang::Lang> {
    KIN.iter().find(|kin| kin.contains(&lang)).map_or_else(|| vec![lang], |kin| kin.to_vec())
}

fn is_kin(one: whatlang::Lang, other: whatlang::Lang) -> bool {
    one == other || kin(one).contains(&other)
}

/// Whether the detector knows a language, or one near to it, in a script.
fn knows(script: whatlang::Script, lang: whatlang::Lang) -> bool {
    // It tells by the kana whether Han signs are Japanese.
    let is_japanese = lang == whatlang::Lang::Jpn && script == whatlang::Script::Mandarin;
    is_japanese || kin(lang).iter().any(|lang| script.langs().contains(lang))
}

/// The language whose commonest words are a good part of a text.
fn full_of(text: &str) -> Option<whatlang::Lang> {
    let words: Vec<String> = words(text).collect();
    let share = |tag: &str| {
        let common = common_words(tag);
        words.iter().filter(|word| common.contains(word.as_str())).count()
    };
    let (most, lang) =
        TABLE.iter().map(|(tag, code)| (share(tag), *code)).max_by_key(|one| one.0)?;
    (most * 3 > words.len()).then(|| whatlang::Lang::from_code(lang))?
}

/// The words of a text in lower case, parted at whatever is no letter.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The commonest words of a language; none where storygen has no list of them.
pub(super) fn common_of(lang: whatlang::Lang) -> &'static HashSet<&'static str> {
    let lists =
        TABLE.iter().filter(|(_, code)| *code == lang.code()).map(|(tag, _)| common_words(tag));
    lists.max_by_key(|list| list.len()).unwrap_or_else(|| common_words(""))
}

/// The language that the detector gives this English name.
pub(super) fn lang_named(name: &str) -> Option<whatlang::Lang> {
    whatlang::Lang::all().iter().find(|lang| lang.eng_name() == name).copied()
}

/// Words of which any prose of a language is full, and no other one is: of the
/// Romance languages too many share theirs.
const FULL_OF: [(&str, &[&str]); 2] = [
    ("en", &["the", "and", "of", "to", "was", "that", "his", "her", "with", "had", "it", "she"]),
    ("de", &["und", "der", "die", "das", "den", "sie", "nicht", "ein", "eine", "ich", "zu", "mit"]),
];

/// Whether a text is so full of these words that the detector, which takes its
/// time, need not be asked.
fn is_surely(text: &str, language: &str) -> bool {
    let Some((_, common)) = FULL_OF.iter().find(|(tag, _)| *tag == language) else { return false };
    let (mut words, mut known) = (0, 0);
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        words += 1;
        known += usize::from(common.iter().any(|one| word.eq_ignore_ascii_case(one)));
    }
    known * 6 > words
}

/// Whether a text is in this other language rather than in the one asked for: of the
/// two alone, a sentence is enough to tell. None where the detector cannot.
#[must_use]
pub(super) fn is_rather(text: &str, foreign: whatlang::Lang, language: &str) -> Option<bool> {
    let wanted = tongue(language)?;
    let script = whatlang::detect_script(text)?;
    match (knows(script, foreign), knows(script, wanted)) {
        (true, true) => {
            let mut either = kin(wanted);
            either.push(foreign);
            let detector = whatlang::Detector::with_allowlist(either);
            detector.detect_lang(text).map(|found| found == foreign)
        }
        (true, false) => (!is_written_in(script, language)).then_some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

/// Whether a book in this language may be written in a script.
fn is_written_in(script: whatlang::Script, language: &str) -> bool {
    let own = letters::scripts(language);
    letters::script_named(script.name()).is_none_or(|is| own.is_none_or(|own| own.contains(&is)))
}

/// The English name of the language that a text is most likely in.
#[must_use]
pub(super) fn language_of(text: &str) -> Option<String> {
    whatlang::detect(text).map(|found| found.lang().eng_name().to_owned())
}

/// The English name of a language, by its tag.
#[must_use]
pub fn language_name(language: &str) -> Option<&'static str> {
    tongue(language).map(whatlang::Lang::eng_name)
}

/// The detector's name for the primary subtag of a language.
const TABLE: [(&str, &str); 46] = [
    ("en", "eng"),
    ("de", "deu"),
    ("fr", "fra"),
    ("es", "spa"),
    ("it", "ita"),
    ("pt", "por"),
    ("nl", "nld"),
    ("sv", "swe"),
    ("da", "dan"),
    ("nb", "nob"),
    ("no", "nob"),
    ("fi", "fin"),
    ("pl", "pol"),
    ("cs", "ces"),
    ("sk", "slk"),
    ("hu", "hun"),
    ("ro", "ron"),
    ("bg", "bul"),
    ("hr", "hrv"),
    ("sr", "srp"),
    ("sl", "slv"),
    ("uk", "ukr"),
    ("ru", "rus"),
    ("be", "bel"),
    ("el", "ell"),
    ("tr", "tur"),
    ("he", "heb"),
    ("ar", "ara"),
    ("fa", "pes"),
    ("hi", "hin"),
    ("bn", "ben"),
    ("ta", "tam"),
    ("te", "tel"),
    ("th", "tha"),
    ("vi", "vie"),
    ("id", "ind"),
    ("zh", "cmn"),
    ("ja", "jpn"),
    ("ko", "kor"),
    ("ca", "cat"),
    ("lt", "lit"),
    ("lv", "lav"),
    ("et", "est"),
    ("af", "afr"),
    ("la", "lat"),
    ("eo", "epo"),
];

/// The language of a tag, as the detector names it.
pub(super) fn tongue(language: &str) -> Option<whatlang::Lang> {
    let primary = primary(language);
    let row = TABLE.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(primary));
    row.and_then(|(_, code)| whatlang::Lang::from_code(*code))
}

/// The primary subtag of a language.
pub(super) fn primary(language: &str) -> &str {
    language.split('-').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_surely_of_its_language_needs_no_detector() {
        let table = [
            ("en", "She took the lamp and went down to the door, and her hand was cold.", true),
            ("en", "Lamps. Ships. Cold hands. Nobody spoke; nobody ever had spoken here.", false),
            ("en", "Sie nahm die Lampe und ging zur Tür, und ihre Hand war kalt.", false),
            ("en", "Ze nam de lamp en liep naar de deur, en haar hand was koud.", false),
            ("de", "Sie nahm die Lampe und ging zu der Tür, und ihre Hand war kalt.", true),
            ("de", "Ze nam de lamp en liep naar de deur, en haar hand was koud.", false),
            ("de", "She took the lamp and went down to the door, and her hand was cold.", false),
            ("fr", "Elle prit la lampe et descendit vers la porte.", false),
        ];
        for (language, text, is) in table {
            assert_eq!(is_surely(text, language), is, "{language} {text}");
            if is {
                assert_eq!(foreign_language(&text.repeat(4), language), None);
            }
        }
    }

    const ENGLISH: &str = "The rain had stopped before dawn, and the gutter went on dripping into the pail that somebody \
        had put there in summer. Martha opened the kitchen window and looked out at the yard. There was nobody. On the \
        wall by the well her father's hat still lay, and she thought that it ought to be brought in, because a wet hat \
        never quite dries again.";

    #[test]
    fn a_language_is_known_in_all_that_it_is_written_in() {
        let serbian = "Kiša je prestala pre zore, a iz oluka je voda i dalje kapala u vedro koje je neko tu ostavio još od \
            leta. Marta je otvorila kuhinjski prozor i pogledala u dvorište. Nikoga nije bilo. Na zidu, pored bunara, i \
            dalje je stajao šešir njenog oca, i ona je pomislila da treba da ga unese, jer se mokar šešir nikad sasvim ne \
            osuši.";
        let hindi = "Subah hone se pehle baarish ruk gayi thi, lekin naali se paani ab bhi us baalti mein tapak raha tha \
            jise kisi ne garmiyon mein wahan chhod diya tha. Marta ne rasoi ki khidki kholi aur aangan ki taraf dekha. \
            Wahan koi nahin tha. Kuen ke paas deewar par uske pita ki topi ab bhi padi thi, aur usne socha ki use andar le \
            aana chahiye, kyonki bheegi hui topi kabhi poori tarah nahin sookhti.";
        let pinyin = "Yu zai tianliang qian ting le, wuyan de shui hai yizhi di jin na zhi cong xiatian jiu fang zai nali \
            de shuitong. Mata dakai chufang de chuang, wang zhe yuanzi. Meiyou ren. Jing bian de aiqiang shang hai fang zhe \
            fuqin de maozi, ta xiang yinggai ba ta na jinlai, yinwei linshi de maozi yongyuan bu hui wanquan gan.";
        let russian = "Дождь кончился ещё до рассвета, но вода всё бежала по жёлобу. Анна стояла у окна в пальто и считала \
            телеги, которые поднимались от реки, и никому не сказала, сколько их было в это утро, и сколько их было вчера \
            вечером, когда пришёл паром и колокол молчал.";
        let danish = "Regnen var holdt op før daggry, og fra tagrenden løb vandet stadig ned i den spand, som nogen havde \
            ladet stå der siden sommeren. Marta åbnede køkkenvinduet og så ud på gården. Der var ingen. På muren ved siden \
            af brønden lå hendes fars hat endnu, og hun tænkte, at den måtte ind.";
        let slovak = "Dážď prestal pred úsvitom a z odkvapu voda stále stekala do vedra, ktoré tam niekto nechal ešte od \
            leta. Marta otvorila kuchynské okno a pozrela sa na dvor. Nikto tam nebol. Na múriku vedľa studne stále ležal \
            klobúk jej otca a ona si pomyslela, že ho treba vziať dnu.";
        let chinese = "雨在天亮前停了，屋檐的水还一直滴进那只从夏天就放在那里的水桶。玛塔打开厨房的窗，望着院子。没有人。\
            井边的矮墙上还放着父亲的帽子，她想应该把它拿进来，因为淋湿的帽子永远不会完全干。".repeat(2);
        let kana = "あめは よあけまえに やんでいたが、といからは まだ みずが おちていた。まるたは だいどころの まどを あけて、\
            にわを みた。だれも いなかった。".repeat(3);
        for (language, text, expected) in [
            ("sr", serbian, None),
            ("sr-Latn", serbian, None),
            ("SR-latn-RS", serbian, None),
            ("hr", serbian, None),
            ("sr", russian, Some("Russian")),
            ("sr-Latn", ENGLISH, Some("English")),
            ("en", serbian, Some("Croatian")),
            ("hi-Latn", hindi, None),
            ("hi-Latn", ENGLISH, Some("English")),
            ("hi-Latn", danish, Some("Danish")),
            ("zh-Latn", pinyin, None),
            ("zh-Latn-pinyin", ENGLISH, Some("English")),
            ("ru", ENGLISH, Some("English")),
            ("en", russian, Some("Russian")),
            ("nb", danish, None),
            ("sv", danish, Some("Danish")),
            ("cs", slovak, None),
            ("pl", slovak, Some("Slovak")),
            ("zh-Hant", &chinese, None),
            ("ja", &chinese, Some("Mandarin")),
            ("ko", &chinese, Some("Mandarin")),
            ("ja", &kana, None),
            ("zh", &kana, Some("Japanese")),
            ("kk", russian, None),
        ] {
            assert_eq!(foreign_language(text, language).as_deref(), expected, "{language} {text}");
        }
        // A letter in another language makes no chapter foreign; a chapter is.
        let letter = format!("{ENGLISH}\n\n{ENGLISH}\n\n{danish}");
        assert_eq!(mostly_foreign(&letter, "en"), None);
        assert_eq!(mostly_foreign(ENGLISH, "da").as_deref(), Some("English"));
    }
}
