-- The tenant in which this plugin is tried.
return {
  timezone = "Asia/Shanghai",
  plugins = {
    sms = {
      url       = "https://sms.example.com/v1",
      token     = "a-token-of-some-length",
      from      = "10690000",
      signature = "云桥",
      templates = { ["1"] = "{agent}号坐席为您服务，回电请拨4001234567。" },
      link      = { text = "自助办理：{url}", url = "https://m.example.com/it" },
    },
  },
}
