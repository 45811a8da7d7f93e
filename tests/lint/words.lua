--- What no file may hold: paths of somebody's machine, unfinished work,
-- blanks at the end of a line, tabs in C and Lua, links to unlisted hosts.

local tree = require "tree"

local words = {}

-- Put together from parts, or this file would be its own first finding.
local UNFINISHED = { "TO" .. "DO", "FIX" .. "ME", "X" .. "XX" }
local MACHINE = { "/" .. "work", "/" .. "root", "/" .. "home" }

-- Where a link may lead: a name stands for its subdomains too.
local HOSTS = {
  "kubernetes.io", "k8s.io", "github.com", "example.com", "example.org",
  "example.net", "example", "invalid", "tidelock.dev", "apache.org", "rfc-editor.org",
  "keepachangelog.com", "semver.org", "lua.org", "localhost", "127.0.0.1",
  "svc", "cluster.local", "debian.org", "docker.io", "ietf.org",
}

local function host_allowed(host)
  for _, name in ipairs(HOSTS) do
    if host == name or host:sub(-#name - 1) == "." .. name then
      return true
    end
  end
  -- variables, placeholders and test addresses
  return host == "" or host:find("[%%$<{]") ~= nil or host:find("^%[") ~= nil
    or not host:find("%a%.%a") or host:find("^%d+%.%d+%.%d+%.%d+$") ~= nil
end

local function check_line(path, line)
  for _, word in ipairs(UNFINISHED) do
    if line:find("%f[%w]" .. word .. "%f[%W]") then
      return "unfinished work: " .. word
    end
  end
  for _, dir in ipairs(MACHINE) do
    if (" " .. line .. " "):find("[^%w%._%-/}]" .. dir .. "[/%s\"'`,;:)]") then
      return "path of a machine: " .. dir
    end
  end
  if line:find("[ \t]$") then
    return "blank at the end of the line"
  end
  if line:find("\t") and path:find("%.[ch]$") or
     line:find("\t") and path:find("%.lua$") then
    return "tab"
  end
  for host in line:gmatch("https?://([^/%s\"'`:)>,\\]*)") do
    if not host_allowed(host) then
      return "link to an unlisted host: " .. host
    end
  end
end

local function is_text(text)
  return not text:sub(1, 8000):find("\0", 1, true)
end

-- The text of the licence is not ours to change, and what is fed to a fuzzer
-- is bytes: a missing newline may be what it is there for.
local function is_ours(path)
  return path ~= "LICENSE" and not path:find("^tests/fuzz/corpus/")
end

function words.check(files)
  local found = {}
  for _, file in ipairs(files) do
    if is_text(file.text) and is_ours(file.path) then
      for number, line in tree.lines(file.text) do
        local problem = check_line(file.path, line)
        if problem then
          found[#found + 1] = ("%s:%d: %s"):format(file.path, number, problem)
        end
      end
      if file.text ~= "" and file.text:sub(-1) ~= "\n" then
        found[#found + 1] = file.path .. ": no newline at the end"
      end
    end
  end
  return found
end

return words
