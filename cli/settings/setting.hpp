// A setting, once: its name, kind, default, group and help, and the member of an options struct that it goes to. The
// command line, the environment, the configuration file and every list of settings are made from this.
//
// Threads: none of this is for more than one.

#pragma once

#include "cli/settings/kinds.hpp"
#include "common/base/result.hpp"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// What belongs together in help, in this order.
enum class Group { usual, election, publishing, swarm, limits, etcd };
inline constexpr Group kGroups[] = {Group::usual, Group::election, Group::publishing,
                                    Group::swarm, Group::limits,   Group::etcd};
[[nodiscard]] std::string_view title_of(Group group);

/// Where a setting may be given.
enum class Scope {
  everywhere,    ///< flag, SWARMOUT_… in the environment, configuration file
  command_line,  ///< for one run only
  argument,      ///< on the command line, without its name
};

struct Setting {
  std::string name;  ///< "share-timeout": the key in the file; on the command line with two dashes before it
  Group group = Group::usual;
  std::string help;  ///< one sentence without a full stop, and without the default
  Scope scope = Scope::everywhere;
  bool required = false;
  std::string short_name{};  ///< "v"; most have none

  std::string words{};         ///< what it takes: "DURATION", "0..10"; empty for a flag
  std::string allowed{};       ///< the same for an error: `is not <allowed>`
  std::string default_text{};  ///< as it would be written; empty: none
  /// Puts the value where it belongs. False, and nothing is changed, for a text that is not allowed.
  std::function<bool(std::string_view)> set{};
  /// Which part of such a text is wrong, and why. Empty: there is no more to say.
  std::function<std::string(std::string_view)> wrong{};

  [[nodiscard]] bool is_flag() const { return words.empty(); }
  /// "--share-timeout", or "POS" of an argument.
  [[nodiscard]] std::string option() const;
  /// "SWARMOUT_SHARE_TIMEOUT".
  [[nodiscard]] std::string variable() const;
};

/// What the chosen verb does. Returns its error, or nothing: exit 0.
using Action = std::function<Result<void>(std::stop_token)>;

struct Verb {
  std::string name;
  std::string about;  ///< one sentence
  std::vector<Setting> settings{};
  Action run{};  ///< with the values that were set
  /// Where the words behind its options go: from the first that is no option, or behind "--". Null: it takes none.
  std::vector<std::string>* rest = nullptr;
  std::string rest_words{};  ///< what they are, for help: "CMD…"
  /// For a verb that reads the configuration file itself: where the file of --config goes. Null: it does not.
  std::optional<std::string>* config = nullptr;
  bool reloads = false;  ///< a service: SIGHUP has its settings read again
  /// Of such a service: whether it could begin with these settings, now. Takes seconds at most.
  std::function<Result<void>()> rehearse = [] { return Result<void>(); };
  bool takes_signals = false;  ///< itself; nobody else does then, and its stop token never stops

  /// By its name; null if there is none.
  [[nodiscard]] const Setting* find(std::string_view setting) const;
};

/// `value` is where it goes, holds the default now, and must outlive the verb.
template <typename T, typename Kind>
void add_setting(Verb& verb, T& value, const Kind& kind, Setting setting) {
  setting.words = kind.words();
  setting.allowed = kind.allowed();
  setting.default_text = kind.written(value);
  setting.set = [&value, kind](std::string_view text) { return kind.read(text, value); };
  if constexpr (requires(std::string_view text) { kind.wrong(text); }) {
    setting.wrong = [kind](std::string_view text) { return kind.wrong(text); };
  }
  verb.settings.push_back(std::move(setting));
}

/// A setting, and the verbs that have it. Where verbs mean different things by one name, each has an entry of its own.
struct CatalogueEntry {
  Setting setting;
  std::vector<std::string> verbs;
};
/// All settings there are, by group and then in the order of the verbs.
[[nodiscard]] std::vector<CatalogueEntry> catalogue(const std::vector<Verb>& verbs);

}  // namespace swarmout
