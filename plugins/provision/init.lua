-- Provision: a phone fetches its settings from an address that only it knows. Whoever asks for anything else is told that it is not there.
local phones = require "plugins.provision.phones"

local MAKES = {
  yealink     = require "plugins.provision.yealink",
  grandstream = require "plugins.provision.grandstream",
  fanvil      = require "plugins.provision.fanvil",
}

http.route("GET /provision/:secret/:file", { auth = "none" }, function(request)
  local phone = phones.by_secret(request.params.secret)
  local make = phone and MAKES[phone.make]
  if not phone or not make or not make.asks_for(phone, request.params.file:lower()) then
    return 404
  end
  log.info("phone provisioned", phone.mac, phone.user)
  return 200, make.settings(phone, phones.common), { ["Content-Type"] = make.type, ["Cache-Control"] = "no-store" }
end)
