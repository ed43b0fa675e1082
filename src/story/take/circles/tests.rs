use super::*;

const BEFORE: &str = "They came down to the boats at four, and the miller's girls sang.";

/// Songs, litanies and cries as they stand in stories: each ends.
fn songs() -> Vec<String> {
    let row = "Row, row, row your boat,\nGently down the stream.\nMerrily, merrily, merrily, merrily,\nLife is but a dream.\n";
    let number =
        ["Ten", "Nine", "Eight", "Seven", "Six", "Five", "Four", "Three", "Two", "One", "No"];
    let bottles = number.windows(2).map(|pair| {
        let (now, then) = (pair[0], pair[1]);
        format!(
            "{now} green bottles hanging on the wall,\n{now} green bottles hanging on the wall,\n\
             And if one green bottle should accidentally fall,\n\
             There'd be {then} green bottles hanging on the wall.\n\n"
        )
    });
    let saints = ["Mary", "Michael", "Gabriel", "Peter", "Paul", "Andrew", "James", "John", "Anne"];
    let verse = |number: usize| {
        format!(
            "The {number} boats went out to sea,\nAnd {number} came never home,\nAnd {number} were lost.\n"
        )
    };
    let chorus = "Oh, blow the wind southerly, southerly, southerly,\nBlow the wind south over the bonny blue sea.\n\
        Blow the wind southerly, southerly, southerly,\nBlow, bonny breeze, my lover to me.\n\n";
    vec![
        row.repeat(4),
        "No, she said. ".repeat(8),
        "“Pray for us.” ".repeat(12),
        "Left, right. ".repeat(20),
        "Tick, tock, tick, tock. ".repeat(12),
        "Never ".repeat(30),
        "I must not tell lies. ".repeat(12),
        "Kill the pig! Cut his throat! Spill his blood! ".repeat(5),
        "London Bridge is falling down, falling down, falling down. ".repeat(5),
        saints.map(|saint| format!("Holy {saint}, hear us, and pray for us.\n")).concat(),
        saints
            .map(|saint| format!("Holy {saint}.\nHave mercy upon us, we beseech thee.\n"))
            .concat(),
        bottles.collect(),
        (1..8).map(|number| format!("{}{chorus}", verse(number))).collect(),
        format!("{chorus}{chorus}{chorus}"),
        with_stops(3),
        with_stops(9),
        format!("{}\n\n{FERRY}\n\n{FERRY}", with_stops(4)),
        QUESTIONS
            .map(|asked| format!("“{asked}”\n\n“I do not know what you want of me.”\n\n"))
            .concat(),
        QUESTIONS
            .map(|asked| {
                format!(
                    "For them that {}, let us pray to the Lord of the river and the rain.\n\n\
                     Lord, have mercy upon us who are on the water.\n\n",
                    asked.trim_end_matches('?').to_lowercase()
                )
            })
            .concat(),
        "かえるのうたが、きこえてくるよ。".repeat(4),
        "一闪一闪亮晶晶，满天都是小星星。".repeat(4),
    ]
}

const FERRY: &str = "Oh, row me over, ferryman, oh, row me to the shore!\n\
    I have a penny in my hand, and I shall have no more.\n\
    The moon is on the water now, the wind is at the door.\n\
    Oh, row me over, ferryman, and I will come no more!";

const QUESTIONS: [&str; 12] = [
    "Who rang it?",
    "Who cut the rope?",
    "Who was on the landing?",
    "Whose coat is this?",
    "Where is the key?",
    "Where is Ruth?",
    "Where were you at two?",
    "Who paid you?",
    "Who is the child?",
    "Why are you smiling?",
    "Who else was there?",
    "Do you know me?",
];

/// A song whose chorus is longer than its verses, and ends each line in a stop.
fn with_stops(verses: usize) -> String {
    let verse = |number| {
        format!(
            "I met a man at ford {number},\nAnd asked him for the hour,\nAnd {number}, said he."
        )
    };
    (0..verses).map(|number| format!("{}\n\n{FERRY}\n\n", verse(number))).collect()
}

/// Paragraphs that are alike but for a word or two.
#[test]
fn a_paragraph_told_again_in_other_words_is_found() {
    let words = ["wet", "still", "grey", "cold", "black", "slack", "quiet", "long", "thin", "old"];
    let rope = |index: usize| {
        format!(
            "She went down the steps with the lamp and looked at the rope, and the rope hung there as it had \
             hung the night before, {} and {}, and she thought of Ruth, and of the bell.\n\n",
            words[index % 10],
            words[(index * 3 + 1) % 10]
        )
    };
    let talk = |index: usize| {
        format!(
            "“I can’t do this any more,” he said, his voice {}. “You have to,” she said, and looked out at the \
             {} water. “We both have to.” He shook his head. “Not after what happened.” She took his hand.\n\n",
            words[index % 10],
            words[(index * 3 + 1) % 10]
        )
    };
    let day = |index: usize| {
        format!(
            "Day {index}. The rain had not stopped. They ate what was left of the bread, and Tom went to the \
             window and said that nothing was moving on the road, and nobody answered him.\n\n"
        )
    };
    let tells: [&dyn Fn(usize) -> String; 3] = [&rope, &talk, &day];
    for tell in tells {
        let text: String = (0..12).map(tell).collect();
        let text = format!("{BEFORE}\n\n{text}");
        let mut circles = Circles::default();
        let found =
            text.char_indices().find_map(|(at, c)| circles.read(c, at).map(|one| (one, at)));
        let (circle, at) = found.unwrap_or_else(|| panic!("{text}"));
        assert_eq!(
            text[..circle.from].trim_end_matches(['“', '\n']),
            format!("{BEFORE}\n\n{}", tell(0)).trim()
        );
        assert!(at <= text.find(&tell(3)).unwrap(), "{}", &text[..at]);
    }
    // Twice is a manner of telling, and so is each time after something new.
    let news = "Then came the day of the fair, and Col bought a knife with a horn handle and lost it on the way \
        home, between the second gate and the third, where the sloes are, and where nobody had ever lost a \
        thing before, as he said, but a temper, and that one had been Tam’s.\n\n";
    let apart = rope(0) + news + &rope(1);
    for text in [format!("{}{}", rope(0), rope(1)), apart, talk(0) + &day(1) + &rope(2)] {
        assert_eq!(find_loop(&text), None, "{text}");
    }
}

#[test]
fn a_song_that_ends_is_no_circle() {
    let after =
        "Then the oars went in, and nobody sang any more, and the lamp on the pier went out.";
    for song in songs() {
        for text in
            [format!("{BEFORE}\n\n{song}\n\n{after}"), format!("{BEFORE}\n\n{song}"), song.clone()]
        {
            assert_eq!(find_loop(&text), None, "{text}");
        }
    }
}

/// What a model says when it goes round in circles, and how many words of it may be
/// heard before it is stopped.
#[test]
fn a_circle_is_found_before_it_costs_much() {
    let words = |count: usize| -> String {
        (0..count).map(|word| format!("word{word} ")).collect::<String>() + "ends. "
    };
    let sentences = |count: usize| -> String {
        (0..count)
            .map(|one| {
                format!("The cart number {one} came up from the river with its load of salt. ")
            })
            .collect()
    };
    for (round, most) in [
        ("no ".to_owned(), 72),
        ("he laughed and ".to_owned(), 72),
        ("He went to the door and looked at her. ".to_owned(), 72),
        (words(19), 120),
        (words(39), 240),
        // Too long for a round of words, but not for its sentences.
        (sentences(6), 6 * 14 * 2),
        (sentences(40), 46 * 14),
        (words(12).replace('.', ",\n"), 78),
        (sentences(8).replace(". ", ",\n"), 32 * 14),
    ] {
        let text = format!("{BEFORE} {}", round.repeat(1_000 / most + 120));
        let mut circles = Circles::default();
        let found =
            text.char_indices().find_map(|(at, c)| circles.read(c, at).map(|one| (one, at)));
        let (circle, at) = found.unwrap_or_else(|| panic!("{round}"));
        let heard = prose::words(&text[BEFORE.len()..at]);
        assert!(heard <= most + 1, "{round}: {heard}");
        // What is kept has the round once.
        let kept = prose::words(&text[BEFORE.len()..circle.from]);
        assert!(kept <= prose::words(&round) + 1, "{round}: {kept}");
    }
}

#[test]
fn a_circle_is_told_as_it_stands_in_the_text() {
    for (round, expected) in [
        ("He went to the door. ", "He went to the door"),
        ("彼は戸口に行って、彼女を見た。", "彼は戸口に行って、彼女を見た"),
        ("她走到门口，看了看水面。", "她走到门口，看了看水面"),
        ("เธอเดินไปที่ประตู แล้วมองดูน้ำ ", "เธอเดินไปที่ประตู แล้วมองดูน้ำ"),
        ("Она пошла\nк двери. ", "Она пошла к двери"),
        // No word is cut.
        (
            "Wednesday's children counted seventeen lanterns before breakfast, while grandmother Katherine whispered something wonderful about yesterday evening. ",
            "Wednesday's children counted seventeen lanterns before breakfast, while grandmother Katherine whispered something",
        ),
    ] {
        assert_eq!(find_loop(&round.repeat(40)).as_deref(), Some(expected));
    }
}

/// So many words of these in an order without sense.
fn salad(words: &[String], count: usize) -> String {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        words[usize::try_from(state >> 16).unwrap() % words.len()].clone()
    };
    (0..count).map(|_| next()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_few_words_in_any_order_are_a_circle() {
    let days = ["Monday", "Tuesday", "on", "Wednesday", "tomorrow", "Friday", "when", "by"];
    let days = days.map(str::to_owned);
    let many: Vec<String> = (0..90).map(|index| format!("word{index}")).collect();
    for (words, count) in [(&days[..], 330), (&many, 900)] {
        assert!(find_loop(&format!("{BEFORE}\n\n{}", salad(words, count))).is_some());
        // A page of it is not looked at.
        assert_eq!(find_loop(&format!("{BEFORE}\n\n{}", salad(words, count / 4))), None);
    }
    let mut circles = Circles::default();
    let text = format!("{BEFORE}\n\n{}", salad(&days, 330));
    let circle = text.char_indices().find_map(|(at, c)| circles.read(c, at)).unwrap();
    assert!(circle.from <= BEFORE.len() + 2 && circle.round.end > 1_000, "{circle:?}");
}

/// A tale for small children, as it is printed for them: with blanks between words, or none.
const TALE: &str = include_str!("kana.txt");

#[test]
fn a_tale_in_signs_for_syllables_is_no_circle() {
    let refrain = "おじいさんが かぶを ひっぱって、それでも かぶは ぬけません。うんとこしょ、どっこいしょ。\n\n\
        おばあさんが おじいさんを ひっぱって、おじいさんが かぶを ひっぱって、それでも かぶは ぬけません。うんとこしょ、どっこいしょ。\n\n\
        まごが おばあさんを ひっぱって、おばあさんが おじいさんを ひっぱって、おじいさんが かぶを ひっぱって、まだ まだ かぶは ぬけません。うんとこしょ、どっこいしょ。\n\n\
        いぬが まごを ひっぱって、まごが おばあさんを ひっぱって、おばあさんが おじいさんを ひっぱって、おじいさんが かぶを ひっぱって、やっと かぶは ぬけました。";
    let (first, rest) = TALE.split_at(TALE.find("\n\n").unwrap());
    for text in [
        TALE.to_owned(),
        TALE.replace(' ', ""),
        TALE.replace(' ', "").replace("\n\n", ""),
        TALE.replace("あめ", "雨").replace("やま", "山").replace("いいました", "言いました"),
        format!("{first}\n\n{refrain}{rest}"),
        format!("{first}\n\n{}{rest}", "わっしょい、".repeat(20)),
    ] {
        assert_eq!(find_loop(&text), None, "{text}");
    }
    let words = "あめ かわ やま ねこ いぬ みず ひかり そら かぜ はな みち いえ うみ ほし つき とり さかな きつね かえる たけ";
    let signs = "今天 明天 昨天 星期 早上 晚上 我们 他们 你们 可以 不是 因为 所以 但是 时间 地方 东西 朋友 老师 学生";
    for list in [words, signs] {
        let list: Vec<String> = list.split(' ').map(str::to_owned).collect();
        let few = salad(&list, 500);
        for text in [few.replace(' ', ""), few] {
            assert!(find_loop(&format!("{TALE}\n\n{text}")).is_some(), "{text}");
        }
    }
    assert!(find_loop(&first.repeat(7)).is_some());
}
