#include "cli/verbs.hpp"

namespace swarmout {

std::vector<Verb> all_verbs(CommonOptions& common) {
  std::vector<Verb> verbs;
  for (const auto make :
       {init_verb, seed_verb,   peer_verb,     fetch_verb,   run_verb,     wait_verb,   status_verb, rollback_verb,
        hold_verb, resume_verb, activate_verb, history_verb, abandon_verb, keys_verb,   verify_verb, gc_verb,
        pin_verb,  unpin_verb,  diff_verb,     doctor_verb,  export_verb,  import_verb, config_verb, pages_verb}) {
    verbs.push_back(make());
    add_setting(verbs.back(), common.verbose, Flag{},
                {.name = "verbose", .help = "Say more, also when nobody watches", .short_name = "v"});
    add_setting(verbs.back(), common.log_json, Flag{},
                {.name = "log-json", .help = "Say everything on standard error as JSON, an object a line"});
  }
  return verbs;
}

}  // namespace swarmout
