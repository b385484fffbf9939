//! The pieces that are used where they are there, and how they are to be spoken.

/// A sound to be recorded or generated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wanted {
    /// Under the language's folder, without extension.
    pub name: String,
    /// `zh` or `en`.
    pub language: &'static str,
    /// What is to be spoken.
    pub text: &'static str,
}

/// All pieces beyond `digits/0` to `digits/10`, `100`, `1000`, `10000`, `liang` and `yao`, which
/// every set of prompts has.
pub fn wanted() -> Vec<Wanted> {
    let of = |language, table: &[(&str, &'static str)]| -> Vec<Wanted> {
        let piece = |&(name, text): &(&str, &'static str)| Wanted {
            name: name.to_owned(),
            language,
            text,
        };
        table.iter().map(piece).collect()
    };
    let numbered = |prefix: &str, texts: &[&'static str]| -> Vec<Wanted> {
        let piece = |(n, &text): (usize, &&'static str)| Wanted {
            name: format!("{prefix}{}", n + 1),
            language: "en",
            text,
        };
        texts.iter().enumerate().map(piece).collect()
    };
    [
        of("zh", CHINESE),
        of("en", ENGLISH),
        numbered("date/month-", &MONTHS),
        numbered("date/day-", &DAYS),
    ]
    .concat()
}

const CHINESE: &[(&str, &str)] = &[
    ("digits/100000000", "亿"),
    ("digits/minus", "负"),
    ("digits/plus", "加"),
    ("digits/star", "星号"),
    ("digits/pound", "井号"),
    ("date/year", "年"),
    ("date/month", "月"),
    ("date/day", "日"),
    ("time/hour", "点"),
    ("time/minute", "分"),
    ("time/sharp", "整"),
];

const ENGLISH: &[(&str, &str)] = &[
    ("digits/11", "eleven"),
    ("digits/12", "twelve"),
    ("digits/13", "thirteen"),
    ("digits/14", "fourteen"),
    ("digits/15", "fifteen"),
    ("digits/16", "sixteen"),
    ("digits/17", "seventeen"),
    ("digits/18", "eighteen"),
    ("digits/19", "nineteen"),
    ("digits/20", "twenty"),
    ("digits/30", "thirty"),
    ("digits/40", "forty"),
    ("digits/50", "fifty"),
    ("digits/60", "sixty"),
    ("digits/70", "seventy"),
    ("digits/80", "eighty"),
    ("digits/90", "ninety"),
    ("digits/1000000", "million"),
    ("digits/1000000000", "billion"),
    ("digits/1000000000000", "trillion"),
    ("digits/1000000000000000", "quadrillion"),
    ("digits/1000000000000000000", "quintillion"),
    ("digits/minus", "minus"),
    ("digits/plus", "plus"),
    ("digits/star", "star"),
    ("digits/pound", "pound"),
    ("digits/oh", "oh"),
    ("time/am", "a m"),
    ("time/pm", "p m"),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const DAYS: [&str; 31] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
];
