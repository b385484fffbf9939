//! What all calls share, no call can change.

use serde_json::json;

use super::{dialplan, manifest, why, with};
use crate::support::Project;

/// What comes of this within the plugin `a`.
fn heard(body: &str) -> String {
    let config = "words = { type = \"map\", default = { hello = \"hi\" } },
        codes = { type = \"list\", default = { \"T\", \"TD\" } }, none = { type = \"string\" }";
    let init = format!("return {{ try = function() {body} end }}");
    let handler =
        "local _, said = pcall(require(\"plugins.a\").try) call.vars.why = tostring(said)";
    let files = [
        ("plugins/a/plugin.lua", &*manifest("a", "", config)),
        ("plugins/a/init.lua", &init),
        ("scripts/8001/init.lua", &dialplan(handler)),
    ];
    let project = Project::new(&files, with(vec![("a", json!({}))]));
    let before = why(&project);
    assert_eq!(
        why(&project),
        before,
        "a call has left something behind: {body}"
    );
    before
}

#[test]
fn settings_cannot_be_set_in_any_depth_by_any_means() {
    let set = "cannot be set: it is written in config.lua";
    for (body, sentence) in [
        ("plugin.config.words = 1", set),
        ("plugin.config.none = 1", set),
        (
            "plugin.config.words.hello = 1",
            "plugin.config.words.hello cannot be set",
        ),
        ("plugin.config.words.new = 1", set),
        (
            "plugin.config.codes[1] = 1",
            "plugin.config.codes.1 cannot be set",
        ),
        ("table.insert(plugin.config.codes, \"X\")", set),
        ("table.remove(plugin.config.codes)", set),
        (
            "table.sort(plugin.config.codes, function(a, b) return a > b end)",
            set,
        ),
        ("table.move({ 1 }, 1, 1, 1, plugin.config.codes)", set),
        (
            "rawset(plugin.config, \"none\", 1)",
            "rawset: this table is the exchange's",
        ),
        (
            "rawset(plugin.config.words, \"hello\", 1)",
            "rawset: this table is the exchange's",
        ),
        (
            "rawset(rawget(plugin.config, \"words\"), \"hello\", 1)",
            "rawset: this table",
        ),
        (
            "for _, value in next, plugin.config do if type(value) == \"table\" then rawset(value, 1, 1) end end",
            "rawset: this table",
        ),
        (
            "for _, value in pairs(plugin.config) do if type(value) == \"table\" then value.x = 1 end end",
            set,
        ),
        (
            "setmetatable(plugin.config.words, {})",
            "protected metatable",
        ),
        (
            "getmetatable(plugin.config).__index = nil",
            "index a boolean value",
        ),
        ("json.list(plugin.config.codes)", "json.list expects a list"),
        (
            "rawset(plugin, \"config\", {})",
            "rawset: this table is the exchange's",
        ),
        (
            "rawset(config.users, \"1001\", {})",
            "rawset: this table is the exchange's",
        ),
        (
            "rawset(http, \"get\", print)",
            "rawset: this table is the exchange's",
        ),
    ] {
        let said = heard(body);
        assert!(said.contains(sentence), "{body}: {said}");
    }
}

#[test]
fn settings_read_as_plain_tables_do() {
    let read = "local config, out = plugin.config, {}
        for key, value in pairs(config) do out[#out + 1] = key .. type(value) end
        for index, code in ipairs(config.codes) do out[#out + 1] = index .. code end
        for key, value in next, config.words do out[#out + 1] = key .. value end
        table.sort(out)
        assert(config.codes == config.codes and rawequal(config.codes, config.codes), \"the same\")
        assert(#config.codes == 2 and rawlen(config.codes) == 2 and select(\"#\", table.unpack(config.codes)) == 2, \"length\")
        assert(rawget(config.words, \"hello\") == \"hi\" and rawget(config, \"nothing\") == nil, \"rawget\")
        out[#out + 1] = table.concat(config.codes, \"+\")
        out[#out + 1] = json.encode(config)
        return table.concat(out, \" \")";

    assert_eq!(
        heard(read),
        "1T 2TD codestable hellohi wordstable T+TD {\"codes\":[\"T\",\"TD\"],\"words\":{\"hello\":\"hi\"}}"
    );
}

#[test]
fn settings_are_options_of_our_functions_as_they_stand() {
    // The options are seen, and found wrong for what is in them.
    let said = heard("calls.list(plugin.config.words)");
    assert!(
        said.contains("calls.list: unknown option 'hello'"),
        "{said}"
    );
}
