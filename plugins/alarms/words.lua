-- What the letters say.
local words = {}

local LIMITS = {
  calls_a_day       = "今日外呼次数",
  minutes_a_day     = "今日外呼分钟",
  cost_a_call       = "单次通话话费",
  cost_a_day        = "今日话费",
  tenant_cost_a_day = "企业今日话费",
}

---@type table<string, (fun(about: table): string, string)?>
local SAID = {
  ["toll.alarm"] = function(about)
    local who = about.user and ("分机 " .. about.user) or "全企业"
    local what = LIMITS[about.limit] or about.limit
    return ("外呼告警：%s %s %d/%d"):format(who, what, about.used, about.of),
      ("%s的%s已用 %d，上限 %d。"):format(who, what, about.used, about.of)
  end,
  ["toll.cut"] = function(about)
    return ("外呼被切断：%s"):format(about.number),
      ("拨往 %s 的通话达到上限（%s），已结束。付费方：%s，中继：%s，通话：%s。"):format(about.number,
        LIMITS[about.why] or about.why, about.user or "程序", about.trunk, about.call)
  end,
  ["toll.country"] = function(about)
    return ("首次拨打国家/地区 %s"):format(about.country),
      ("%s 首次拨打 %s（号码 %s）。如非本人操作，请立即修改密码。"):format(about.user or "程序", about.country, about.number)
  end,
  ["emergency.called"] = function(about)
    return ("紧急呼叫：%s"):format(about.number),
      ("%s 正在拨打 %s。"):format(about.user or "未知分机", about.number)
  end,
}

---Subject and text of an alarm.
---@param event string
---@param about table
---@return string subject
---@return string text
function words.of(event, about)
  local said = SAID[event]
  if said then
    return said(about)
  end
  return ("告警：%s"):format(about.alert or event), json.encode(about)
end

return words
