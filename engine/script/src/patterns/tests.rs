//! Ours against Lua's own: the same results and the same complaints, and an end to both.

use super::*;

/// A small generator, so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }

    fn words(&mut self, words: &[&str], most: usize) -> String {
        (0..self.below(most + 1))
            .map(|_| words[self.below(words.len())])
            .collect()
    }
}

/// A VM with Lua's own functions as `theirs` and ours as `ours`.
fn both(ask: impl Fn(&Lua) -> mlua::Result<()> + 'static) -> Lua {
    let lua = Lua::new();
    lua.load("theirs = {} for name, f in pairs(string) do theirs[name] = f end")
        .exec()
        .unwrap();
    install(&lua, ask).unwrap();
    lua.load("ours = string").exec().unwrap();
    lua
}

/// What all four functions make of a text and a pattern, in words.
const TRY: &str = r#"
local text, pattern, init, by, most = ...
local function shown(ok, ...)
  if not ok then
    -- Where it was said is not compared.
    local said = theirs.match(tostring((...)), "^[^\n]*")
    said = theirs.gsub(said, "^runtime error: ", "")
    return (theirs.gsub(said, "^try:%d+: ", ""))
  end
  local words = table.pack(...)
  for i = 1, words.n do
    words[i] = type(words[i]) == "string" and theirs.format("%q", words[i]) or tostring(words[i])
  end
  return table.concat(words, " ")
end
local function tried(them)
  local all = {}
  local function try(f, ...)
    all[#all + 1] = shown(pcall(f, ...))
  end
  try(function() return them.find(text, pattern, init) end)
  try(function() return them.find(text, pattern, init, true) end)
  try(function() return them.match(text, pattern, init) end)
  try(function()
    local found = {}
    for a, b, c in them.gmatch(text, pattern, init) do
      found[#found + 1] = tostring(a) .. "," .. tostring(b) .. "," .. tostring(c)
    end
    return table.concat(found, ";")
  end)
  try(function() return them.gsub(text, pattern, by, most) end)
  try(function() return them.gsub(text, pattern, { a = "A", b = false, ab = 1.5, [1] = 2 }, most) end)
  try(function()
    return them.gsub(text, pattern, function(a, b) if a ~= "b" then return tostring(a) .. tostring(b) end end, most)
  end)
  return table.concat(all, "\n")
end
return tried(theirs), tried(ours)
"#;

#[test]
fn ours_find_what_luas_own_find_and_complain_of_the_same() {
    let lua = both(|_| Ok(()));
    let attempt = lua.load(TRY).set_name("=try").into_function().unwrap();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let parts = [
        "a", "b", "a", "b", ".", "*", "+", "-", "?", "(", ")", "()", "(a)", "(.-)", "[ab]", "[^a]",
        "[a-c]", "[", "]", "^", "$", "%", "%a", "%A", "%d", "%s", "%w", "%p", "%x", "%z", "%%",
        "%1", "%2", "%b()", "%bab", "%b", "%f[%w]", "%f[^a]", "%f", "[%a-]", "[]]", "[^]]", "[a-",
        "[%", "\0", "é",
    ];
    let letters = ["a", "b", "c", "1", " ", "(", ")", "-", "\n", "\0", "é", "]"];
    let replacements = ["x", "%0", "%1", "%2", "%%", "%", "", "-"];

    for _ in 0..20_000 {
        let pattern = dice.words(&parts, 6);
        let text = dice.words(&letters, 8);
        let by = dice.words(&replacements, 2);
        let init = dice.below(24) as i64 - 12;
        let most = [None, Some(dice.below(4) as i64 - 1)][dice.below(2)];

        let (theirs, ours): (LuaString, LuaString) = attempt
            .call((text.as_str(), pattern.as_str(), init, by.as_str(), most))
            .unwrap();

        assert_eq!(
            ours.to_string_lossy(),
            theirs.to_string_lossy(),
            "text {text:?}, pattern {pattern:?}, init {init}, by {by:?}, most {most:?}"
        );
        assert!(ours == theirs, "they differ in octets that are no letters");
    }
}

#[test]
fn a_pattern_is_as_complex_and_has_as_many_captures_as_in_lua() {
    let lua = both(|_| Ok(()));
    let attempt = lua.load(TRY).set_name("=try").into_function().unwrap();

    for (text, pattern) in [
        ("a".repeat(300), "a?".repeat(300)),
        ("b".repeat(300), "a*".repeat(300)),
        ("aa".to_owned(), "a-".repeat(199) + "b"),
        ("a".repeat(40), "(a)".repeat(32)),
        ("a".repeat(40), "(a)".repeat(33)),
        ("a".repeat(40), "(".repeat(33)),
        ("%d".to_owned(), "%".to_owned()),
    ] {
        let (theirs, ours): (LuaString, LuaString) = attempt
            .call((text, pattern.as_str(), 1, "x", None::<i64>))
            .unwrap();

        assert_eq!(
            ours.to_string_lossy(),
            theirs.to_string_lossy(),
            "{pattern}"
        );
    }
}

#[test]
fn arguments_are_taken_and_refused_as_in_lua() {
    let lua = both(|_| Ok(()));
    let results: Vec<String> = lua
        .load(
            r#"return {
              ours.find(1234, 23) .. "", ours.match(12.5, "%.(%d)"), (ours.gsub("abc", "b", 7)),
              select(2, pcall(ours.find)), select(2, pcall(ours.match, "a", {})),
              select(2, pcall(ours.gsub, "a", "a")), select(2, pcall(ours.find, "a", "a", "x")),
              (ours.find("abc", "b", "2")) .. "", ours.gsub("abc", "%w", "%%%0", 2),
            }"#,
        )
        .eval::<Vec<Value>>()
        .unwrap()
        .iter()
        .map(|value| {
            let text = value.to_string().unwrap();
            let first = text.lines().next().unwrap_or_default();
            first.trim_start_matches("runtime error: ").to_owned()
        })
        .collect();

    assert_eq!(
        results,
        [
            "2",
            "5",
            "a7c",
            "bad argument #1 to 'find' (string expected, got no value)",
            "bad argument #2 to 'match' (string expected, got table)",
            "bad argument #3 to 'gsub' (string/function/table expected, got nil)",
            "bad argument #3 to 'find' (whole number expected, got string)",
            "2",
            "%a%bc",
            "2",
        ]
    );
}

#[test]
fn whatever_takes_long_is_stopped_by_who_is_asked() {
    for source in [
        "(\"a\"):rep(50000):find((\".-\"):rep(30) .. \"b\")",
        "(\"a\"):rep(400):match((\"a*\"):rep(8) .. \"b\")",
        "(\"a\"):rep(400):gmatch((\"a*\"):rep(8) .. \"b\")()",
        "(\"a\"):rep(400):gsub((\"a*\"):rep(8) .. \"b\", \"\")",
        "(\"a\"):rep(400):gsub((\"a*\"):rep(8) .. \"b\", print)",
        "(\"a\"):rep(4000000):find((\"a\"):rep(2000000) .. \"b\", 1, true)",
        "(\"(\"):rep(200000):find(\"%b()\")",
        "(\"a\"):rep(400000):find(\"(a*)%1b\")",
    ] {
        let left = std::cell::Cell::new(50);
        let lua = both(move |_| match left.replace(left.get() - 1) {
            0 => Err(Error::runtime("it is enough")),
            _ => Ok(()),
        });

        let error = lua.load(source).exec().unwrap_err();

        assert!(error.to_string().contains("it is enough"), "{source}");
    }
}

#[test]
fn an_error_in_a_gsubs_function_comes_out_as_it_was_raised() {
    let lua = both(|_| Ok(()));

    let code: i64 = lua
        .load(
            "local _, raised = pcall(ours.gsub, \"a\", \"a\", function() error({ code = 7 }) end)
             return raised.code",
        )
        .eval()
        .unwrap();

    assert_eq!(code, 7);
}
