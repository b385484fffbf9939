-- The demo exchange: data only, checked against the engine's schema. It runs as it is, on this machine only:
-- the engine refuses to start with demo passwords on any address but loopback.
return {
  sip = {
    listen = { "udp:127.0.0.1:5060", "tcp:127.0.0.1:5060" },

    trunks = {
      -- A carrier that is known by its address. Its calls enter the context "inbound", and nothing else.
      carrier = {
        tenant    = "8001",
        context   = "inbound",
        host      = "127.0.0.9:5090",
        trusted   = "127.0.0.9",
        area_code = "10",
        caller_id = "4001234567",
      },
    },
  },

  rtp  = { ports = { 16384, 32767 }, codecs = { "opus", "g722", "pcma", "pcmu", "g729" } },
  http = { listen = "127.0.0.1:8080" },

  tenants = {
    ["8001"] = {
      domain   = "127.0.0.1",
      timezone = "Asia/Shanghai",
      language = "zh",
      dialplan = "scripts.8001",

      users = {
        ["1001"] = { name = "班长", password = "demo-1001", desk_password = "demo-1001", role = "leader" },
        ["1049"] = { name = "温平", password = "demo-1049", desk_password = "demo-1049" },
        ["1050"] = { name = "李娜", password = "demo-1050", desk_password = "demo-1050" },
        -- Hears codes, menus and messages in English; everybody else does in the tenant's language.
        ["1051"] = { name = "陈晨", password = "demo-1051", desk_password = "demo-1051", language = "en" },
      },

      -- What callers leave out of hours and when nobody answers. Listen with *980; the PIN is asked for.
      mailboxes = {
        ["8000"] = { name = "热线留言", pin = "8000" },
      },

      -- Tickets for missed calls and messages, and for agents' last calls by *42; agents transfer callers to *9, who then say
      -- how satisfied they are; and records of contacts, which agents close by *41. All stay on this machine: a ticket system is told once url and secret are set, see
      -- plugins/tickets/README.md. Text messages need a provider: plugins/sms/README.md.
      plugins = {
        tickets  = {},
        survey   = {},
        contacts = {},
      },

      -- What a caller gets when a script fails. Played by the engine, without Lua.
      fallback = { play = "sys/error", transfer = "user:1001" },
    },
  },

  limits = { script_cpu = "100ms", script_memory = "256MB" },
}
