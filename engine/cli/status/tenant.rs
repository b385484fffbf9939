//! What runs for a tenant, and what is wrong with it.

use serde_json::Value;

use super::{HELD, items, messages, span, text, time};

pub(super) fn lines(tenant: &Value) -> Vec<String> {
    let mut lines = generation_lines(tenant);
    lines.extend(items(&tenant["plugins"]).flat_map(plugin_lines));
    match tenant["stuck"].as_u64().unwrap_or_default() {
        0 => {}
        stuck => lines.push(format!("  {stuck} threads are stuck and were given up")),
    }
    lines.extend(refused_lines(&tenant["refused"]));
    lines.extend(held_lines(tenant));
    lines.extend(earlier_line(tenant));
    let warnings = items(&tenant["warnings"]);
    lines.extend(warnings.map(|warning| format!("  warning: {}", text(&warning["message"]))));
    lines.extend(failure_lines(tenant));
    lines
}

/// The generation that new calls get, and those that old calls still have.
fn generation_lines(tenant: &Value) -> Vec<String> {
    let name = text(&tenant["tenant"]);
    let newest = match tenant["generation"].as_u64() {
        Some(generation) => format!(
            "{name}: generation {generation} ({}), since {}, {} handlers run, {} MB",
            text(&tenant["hash"]),
            time(&tenant["since"]),
            tenant["calls"],
            tenant["memory"].as_u64().unwrap_or_default() / 1_000_000,
        ),
        None => format!("{name}: no generation; callers get the fallback"),
    };
    let old = items(&tenant["old"]).map(|old| {
        format!(
            "  generation {} still has {} calls, {} old",
            old["generation"],
            old["calls"],
            span(old["age_seconds"].as_u64().unwrap_or_default())
        )
    });
    [newest].into_iter().chain(old).collect()
}

fn plugin_lines(plugin: &Value) -> Vec<String> {
    let faults = match plugin["faults"].as_u64().unwrap_or_default() {
        0 => String::new(),
        faults => format!(", {faults} faults"),
    };
    let mut lines = vec![format!(
        "  plugin {} {}{faults}",
        text(&plugin["name"]),
        text(&plugin["version"])
    )];
    lines.extend(smpp_lines(&plugin["line"]));
    if let Some(shut) = plugin["left_out"].as_object() {
        lines.push(format!(
            "    is left out since {}: {}",
            time(&shut["since"]),
            text(&shut["why"])
        ));
    }
    lines
}

/// How a plugin's SMPP line stands, and what is wrong with it.
fn smpp_lines(line: &Value) -> Vec<String> {
    if line.is_null() {
        return Vec::new();
    }
    let mut lines = vec![format!(
        "    line to {}: {} since {}, {} sent, {} refused, {} received, {} wait",
        text(&line["place"]),
        text(&line["state"]),
        time(&line["since"]),
        line["sent"],
        line["refused"],
        line["received"],
        line["waiting"],
    )];
    lines.extend(line["why"].as_str().map(|why| format!("      {why}")));
    lines
}

/// The generation that was refused last.
fn refused_lines(refused: &Value) -> Vec<String> {
    if refused.is_null() {
        return Vec::new();
    }
    let first = format!(
        "  generation {} refused at {}",
        refused["generation"],
        time(&refused["at"])
    );
    let errors = messages(&refused["errors"]).into_iter();
    let errors = errors.map(|error| format!("    {error}"));
    [first].into_iter().chain(errors).collect()
}

/// After a `moonswitch rollback`: from where, and whether the files on disk could be loaded.
fn held_lines(tenant: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(back) = tenant["gone_back"].as_object() {
        lines.push(format!(
            "  gone back from generation {} at {}: {HELD}",
            back["from"],
            time(&back["at"])
        ));
    }
    if let Some(held) = tenant["held"].as_object() {
        let errors = messages(&held["errors"]);
        lines.push(match errors.is_empty() {
            true => "  the files that are held have no errors".to_owned(),
            false => "  the files that are held would be refused".to_owned(),
        });
        lines.extend(errors.iter().map(|error| format!("    {error}")));
    }
    lines
}

/// Where `moonswitch rollback` can go.
fn earlier_line(tenant: &Value) -> Option<String> {
    let earlier: Vec<String> = items(&tenant["kept"])
        .filter(|kept| kept["generation"] != tenant["generation"])
        .map(|kept| format!("{} ({})", kept["generation"], time(&kept["at"])))
        .collect();
    let (newest, rest) = earlier.split_at_checked(MOST_EARLIER.min(earlier.len()))?;
    if newest.is_empty() {
        return None;
    }
    let more = match rest.len() {
        0 => String::new(),
        more => format!(", {more} more"),
    };
    let newest = newest.join(", ");
    Some(format!("  `moonswitch rollback` can go to {newest}{more}"))
}

/// What scripts have failed at.
fn failure_lines(tenant: &Value) -> Vec<String> {
    let count = match tenant["failures"].as_u64().unwrap_or_default() {
        0 => None,
        failures => Some(format!("  {failures} failures of scripts, the newest:")),
    };
    let newest = items(&tenant["last_failures"]).map(|failure| {
        let call = match failure["call"].as_str() {
            Some(call) => format!(", call {call}"),
            None => String::new(),
        };
        format!(
            "    {}, generation {}{call}: {}",
            time(&failure["at"]),
            failure["generation"],
            text(&failure["message"])
        )
    });
    count.into_iter().chain(newest).collect()
}

/// Earlier generations that are named.
const MOST_EARLIER: usize = 4;
