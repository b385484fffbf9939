-- The tenant in which the driver smpp is tried.
return {
  timezone = "Asia/Shanghai",
  plugins = {
    sms = {
      driver    = "smpp",
      host      = "smsc.example",
      system_id = "acme",
      password  = "secret08",
      from      = "10690000",
      signature = "云桥",
      templates = { ["1"] = "{agent}号坐席为您服务，回电请拨4001234567。" },
    },
  },
}
