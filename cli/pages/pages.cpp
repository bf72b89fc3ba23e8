#include "cli/pages/commented_config.hpp"
#include "cli/pages/completions.hpp"
#include "cli/pages/man_page.hpp"
#include "cli/verbs.hpp"
#include "common/base/files.hpp"

namespace swarmout {

namespace {

Result<void> write_page(const Path& file, const std::string& text) {
  TRY(make_directories(file.parent_path()));
  return replace_file(file, as_bytes(text), 0644, Durability::cached);
}

Result<void> write_pages(const Path& to) {
  CommonOptions common;
  const std::vector<Verb> verbs = all_verbs(common);
  const Path man = to / "man";
  TRY(write_page(man / "man1/swarmout.1", program_man_page(verbs)));
  for (const Verb& verb : verbs) {
    TRY(write_page(man / "man1" / ("swarmout-" + verb.name + ".1"), verb_man_page(verb)));
  }
  TRY(write_page(man / "man5/swarmout.conf.5", config_man_page(verbs)));
  TRY(write_page(to / "bash/swarmout", bash_completion(verbs)));
  TRY(write_page(to / "zsh/_swarmout", zsh_completion(verbs)));
  TRY(write_page(to / "fish/swarmout.fish", fish_completion(verbs)));
  return write_page(to / "swarmout.conf", commented_config(verbs));
}

}  // namespace

Verb pages_verb() {
  Verb verb{.name = "pages",
            .about = "Write manual pages, completions for shells and a commented swarmout.conf, for packagers"};
  const auto to = std::make_shared<Path>();
  add_setting(verb, *to, Place{},
              {.name = "to", .help = "Where to; made if it is missing", .scope = Scope::argument, .required = true});
  verb.run = [to](const std::stop_token&) { return write_pages(*to); };
  return verb;
}

}  // namespace swarmout
