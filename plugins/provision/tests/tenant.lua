-- The tenant in which this plugin is tried: a phone of each maker, and one whose address does not tell its maker.
return {
  plugins = {
    provision = {
      server    = "10.0.0.5:5070",
      phones    = {
        ["00:15:65:AA:BB:01"] = "1001", ["c074adaabb02"] = "1002", ["0c383eaabb03"] = "1001", ["020000aabb04"] = "1002",
      },
      secrets   = {
        ["001565aabb01"] = "yealink-0123456789", ["c074adaabb02"] = "grandstream-0123456789",
        ["0c383eaabb03"] = "fanvil-0123456789", ["020000aabb04"] = "another-0123456789",
      },
      passwords = { ["1001"] = "a<b&c", ["1002"] = "secret-1002" },
      makes     = { ["020000aabb04"] = "yealink" },
      names     = { ["1001"] = "班长", ["1002"] = "李娜" },
      keys      = { ["1001"] = "1002 *23 *24" },
      all_keys  = "1001 *23 *24 *28 *5900 *8 *47",
    },
  },
}
