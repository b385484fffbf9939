-- Opening hours, in the tenant's time zone. The calendar knows the public holidays (节假日) and the weekends that
-- are worked instead (调休).
return schedule {
  ["mon-fri"] = "09:00-18:00",
  calendar    = "cn",
}
