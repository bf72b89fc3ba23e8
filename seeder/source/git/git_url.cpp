#include "seeder/source/git/git_url.hpp"

#include "common/base/units.hpp"

#include <algorithm>
#include <cctype>
#include <unordered_map>

namespace swarmout {

namespace {

constexpr std::size_t kMaxUrl = 4 * kKiB;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string usual_port(std::string_view scheme) {
  return scheme == "https" ? "443" : scheme == "http" ? "80" : scheme == "ssh" ? "22" : "9418";
}

/// Of "user@host:path", which git takes for ssh: where the path begins. Npos, if it is none.
std::size_t path_of_short_ssh(std::string_view url) {
  const std::size_t colon = url.find(':');
  const bool is_it = colon != std::string_view::npos && colon > 0 && url.find('/') > colon &&
                     url.substr(colon, 3) != "://" && url.substr(colon, 2) != "::";
  return is_it ? colon + 1 : std::string_view::npos;
}

/// Where what may be taken away by "../" begins: behind the host. Npos, if it is no URL that we know.
std::size_t path_of_url(std::string_view url) {
  if (url.starts_with('/')) {
    return 0;
  }
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    return std::min(url.find('/', scheme + 3), url.size());
  }
  return path_of_short_ssh(url);
}

/// "..", as a part of a submodule's name.
bool leads_out(std::string_view name) {
  while (!name.empty()) {
    const std::size_t end = std::min(name.find_first_of("/\\"), name.size());
    if (name.substr(0, end) == "..") {
      return true;
    }
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return false;
}

/// What a .gitmodules says under one name.
struct NamedModule {
  std::string path;
  std::string url;
  std::size_t order = 0;  ///< of the path
};

/// Items are "submodule.NAME.KEY\nVALUE\0".
std::unordered_map<std::string, NamedModule> modules_by_name(std::string_view printed) {
  std::unordered_map<std::string, NamedModule> names;
  std::size_t order = 0;
  while (!printed.empty()) {
    const std::string_view item = printed.substr(0, printed.find('\0'));
    printed.remove_prefix(std::min(item.size() + 1, printed.size()));
    const std::size_t line = std::min(item.find('\n'), item.size());
    const std::string_view key = item.substr(0, line);
    const std::string_view value = item.substr(std::min(line + 1, item.size()));
    const std::size_t begin = key.find('.');
    const std::size_t end = key.rfind('.');
    const std::string name(begin == end ? "" : key.substr(begin + 1, end - begin - 1));
    if (name.empty() || leads_out(name) || value.empty() || value.starts_with('-')) {
      continue;
    }
    if (key.substr(end) == ".path") {
      names[name].path = value;
      names[name].order = ++order;
    } else if (key.substr(end) == ".url") {
      names[name].url = value;
    }
  }
  return names;
}

/// Also as %0a: whoever asks for a password line by line would be asked for another one.
bool has_strange_characters(std::string_view url) {
  const std::string lower = lower_case(url);
  return std::any_of(url.begin(), url.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }) ||
         lower.find("%00") != std::string::npos || lower.find("%0a") != std::string::npos ||
         lower.find("%0d") != std::string::npos;
}

Result<std::string> relative_to(std::string parent, std::string_view url) {
  while (parent.ends_with('/')) {
    parent.pop_back();
  }
  const std::size_t root = path_of_url(parent);
  bool after_colon = false;
  while (true) {
    if (url.starts_with("./")) {
      url.remove_prefix(2);
    } else if (url.starts_with("../")) {
      url.remove_prefix(3);
      const std::size_t slash = parent.rfind('/');
      const bool within = root != std::string::npos && parent.size() > root;
      REFUSE_UNLESS(within, "it leads above the superproject's host");
      after_colon = slash == std::string::npos || slash < root;  // "host:path"
      parent.erase(after_colon ? root - 1 : slash);
    } else {
      break;
    }
  }
  std::string result = parent + (after_colon ? ":" : "/") + std::string(url);
  if (result.ends_with('/')) {
    result.pop_back();
  }
  return result;
}

}  // namespace

std::optional<GitServer> server_of(std::string_view url) {
  if (has_strange_characters(url) || url.find_first_of(" \\") != std::string_view::npos) {
    return std::nullopt;  // programs differ about where its host ends
  }
  const std::size_t end = url.find("://");
  GitServer server;
  std::string_view host;
  if (end != std::string_view::npos) {
    server.scheme = lower_case(url.substr(0, end));
    host = url.substr(end + 3);
    host = host.substr(0, std::min(host.find_first_of("/?#"), host.size()));
  } else if (const std::size_t path = path_of_short_ssh(url); path != std::string_view::npos) {
    server.scheme = "ssh";
    host = url.substr(0, path - 1);
  }
  if (server.scheme == "git+ssh" || server.scheme == "ssh+git") {
    server.scheme = "ssh";
  }
  host.remove_prefix(host.rfind('@') + 1);  // npos + 1 is 0
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  server.port = has_port ? std::string(host.substr(colon + 1)) : usual_port(server.scheme);
  server.host = lower_case(host.substr(0, has_port ? colon : host.size()));
  const bool known =
      server.scheme == "http" || server.scheme == "https" || server.scheme == "ssh" || server.scheme == "git";
  return known && !server.host.empty() ? std::optional(server) : std::nullopt;
}

bool is_local_url(std::string_view url) {
  return url.starts_with('/') || lower_case(url.substr(0, 7)) == "file://";
}

std::map<std::string, std::string> parse_gitmodules(std::string_view printed) {
  std::map<std::string, const NamedModule*> last;
  const auto names = modules_by_name(printed);
  for (const auto& [name, module] : names) {
    if (!module.path.empty() && !module.url.empty()) {
      const NamedModule*& there = last[module.path];
      there = there == nullptr || there->order < module.order ? &module : there;
    }
  }
  std::map<std::string, std::string> found;
  for (const auto& [path, module] : last) {
    found[path] = module->url;
  }
  return found;
}

Result<std::string> submodule_url(const std::string& parent, const std::string& url) {
  REFUSE_UNLESS(url.size() <= kMaxUrl, "its URL is too long");
  REFUSE_UNLESS(!url.starts_with('-') && !has_strange_characters(url), "its URL has characters that no URL has");
  const bool relative = url.starts_with("./") || url.starts_with("../");
  TRY_ASSIGN(std::string whole, relative ? relative_to(parent, url) : Result<std::string>(url));
  REFUSE_UNLESS(whole.find("::") == std::string::npos || whole.find("::") > whole.find("://"),
                "its URL asks for a transport helper");
  REFUSE_UNLESS(!is_local_url(whole) || is_local_url(parent),
                "its URL is a path of this host, and the superproject is not on this host");
  REFUSE_UNLESS(path_of_url(whole) != std::string::npos, "its URL is none");
  return whole;
}

}  // namespace swarmout
