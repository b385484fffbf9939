//! How long a day of 800 simulated calls takes: the shipped dialplan's hotline from midnight to
//! midnight, menus, teams, messages.
//!
//! `cargo run --release -p moonswitch-script --example day_of_calls`
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use call::TenantId;
use script::{Offline, Sounds, config};

const DAY: &str = r#"
-- 800 calls, spread over a Monday.
local keys = { "1", "2", "3", "0", "9" }

test("a day", function()
  simulate.phone("1049", { answers_after = 5, hangs_up_after = 60 })
  simulate.phone("1050", { answers_after = false })
  simulate.phone("1051", { busy = true })
  for number = 0, 799 do
    local minute = number * 1440 // 800
    local caller = dial(("2026-03-02 %02d:%02d"):format(minute // 60, minute % 60))
    if minute >= 540 and minute < 1080 then
      local key = keys[number % 5 + 1]
      caller:hears "menu/main"
      caller:presses(key)
      if key == "1" then
        caller:is_answered_by "1049"
        caller:waits(60)
        caller:hears "bye/thanks"
      elseif key == "0" then
        caller:is_answered_by "1001"
        caller:hangs_up()
      elseif key == "9" then
        caller:hears "menu/invalid"
        caller:hangs_up()
      else
        caller:leaves_message { mailbox = "8000" }
      end
    else
      caller:leaves_message { mailbox = "8000" }
      caller:is_hung_up()
    end
  end
end)
"#;

fn main() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = std::env::temp_dir().join(format!("moonswitch-day-{}", std::process::id()));
    copy(&repository.join("scripts/8001"), &root.join("scripts/8001"));
    fs::create_dir_all(root.join("tests/dialplan")).unwrap();
    fs::write(root.join("tests/dialplan/day_test.lua"), DAY).unwrap();
    let config = config::load(&repository.join("config.lua"), Path::new("/nonexistent")).unwrap();
    let offline = Offline {
        root: root.clone(),
        tenants: config
            .tenants
            .into_iter()
            .map(|(name, tenant)| (TenantId::from(name.as_str()), tenant))
            .collect(),
        recorded: Vec::new(),
        limits: config.limits,
        sounds: Arc::new(AllSounds),
    };

    let tested = offline.test(None);

    for error in tested.tests.iter().filter_map(|test| test.error.as_ref()) {
        println!("{}", error.report);
    }
    println!("800 calls in {:.0} ms", tested.milliseconds);
    let _ = fs::remove_dir_all(root);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

struct AllSounds;

impl Sounds for AllSounds {
    fn check(&self, _: &TenantId, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }
}
