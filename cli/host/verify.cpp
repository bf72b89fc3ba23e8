#include "cli/host/lines.hpp"
#include "cli/output.hpp"
#include "cli/reporter.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "common/base/duration.hpp"
#include "common/base/key_values.hpp"
#include "peer/jobs/verify_job.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

/// Lines of a table; all are counted. With --json all are there.
constexpr std::size_t kListedDifferences = 50;

struct VerifyTargets {
  VerifyOptions options;
  ListenWishes wishes;
  bool json = false;
};

/// Time left, from how fast it has gone until now.
class CheckMeter {
public:
  explicit CheckMeter(Reporter& reporter) : reporter_(reporter) {}
  void show(const CheckProgress& progress) const {
    const std::chrono::duration<double> gone = std::chrono::steady_clock::now() - began_;
    const double part = progress.all == 0 ? 1 : static_cast<double>(progress.done) / static_cast<double>(progress.all);
    const double left = part > 0 ? gone.count() * (1 - part) / part : 0;
    reporter_.progress(
        fmt::format("checking {:3.0f} %  {} of {}  {}/s  {} left", part * 100,
                    human_bytes(static_cast<double>(progress.done)), human_bytes(static_cast<double>(progress.all)),
                    human_bytes(gone.count() > 0 ? static_cast<double>(progress.done) / gone.count() : 0),
                    to_text(std::chrono::milliseconds(static_cast<std::int64_t>(left * 1000)))));
  }

private:
  Reporter& reporter_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

std::string table_of(const Verified& found) {
  std::string text;
  const auto& differences = found.check.differences;
  for (std::size_t i = 0; i < std::min(differences.size(), kListedDifferences); ++i) {
    text += fmt::format("{:<11} {}{}\n", name_of(differences[i].fault), printable(differences[i].path),
                        differences[i].detail.empty() ? "" : fmt::format("  ({})", printable(differences[i].detail)));
  }
  if (differences.size() > kListedDifferences) {
    text += fmt::format("… and {} more\n", differences.size() - kListedDifferences);
  }
  text += fmt::format("{} in {}: {} files, {}, checked in {}: ", found.shown, found.tree.native(), found.check.files,
                      human_bytes(static_cast<double>(found.check.bytes)), to_text(found.took));
  if (differences.empty()) {
    return text + "well\n";
  }
  text += fmt::format("{} differ ({})", differences.size(), summary_of(differences));
  if (found.left.size() < differences.size()) {
    text += fmt::format("; {} repaired, {} fetched", differences.size() - found.left.size(),
                        human_bytes(static_cast<double>(found.fetched)));
  }
  return text + '\n';
}

Result<void> verdict(const Verified& found, bool repair) {
  if (found.failed) {
    return tl::unexpected(*found.failed);
  }
  if (found.left.empty()) {
    return {};
  }
  return fail(ErrorCode::refused,
              fmt::format("the tree of {} is not what was signed: {}", found.shown, summary_of(found.left)),
              !found.not_repaired.empty() ? found.not_repaired
              : repair                    ? "what is left could not be repaired; see above, and `swarmout status`"
                                          : "`swarmout verify --repair` makes it right");
}

}  // namespace

Verb verify_verb() {
  Verb verb{.name = "verify", .about = "Hash the tree of a release on this host, and say what is not as it was signed"};
  const auto to = std::make_shared<VerifyTargets>();
  VerifyOptions& options = to->options;
  add_setting(verb, options.release, Text{.word = "RELEASE", .shortest = 1},
              {.name = "release",
               .help = "A release number, revision, tag or branch that this host has; without it the active one",
               .scope = Scope::argument});
  add_setting(verb, options.repair, Flag{},
              {.name = "repair",
               .help = "Make it right: from what is on this host, else from other hosts; removes what is extra",
               .scope = Scope::command_line});
  add_setting(verb, to->json, Flag{}, {.name = "json", .help = "For programs"});
  add_optional_share_settings(verb, options.peer.share);
  add_dest_setting(verb, options.peer.dest);
  add_host_settings(verb, {options.peer.keys, options.peer.state, options.peer.swarm, to->wishes});
  verb.run = [to](std::stop_token stop) -> Result<void> {
    PeerOptions& peer = to->options.peer;
    if (to->options.repair) {
      TRY(or_summary(to->json, apply_wishes(to->wishes, peer.share.url, peer.keys, peer.swarm)));
    }
    Verified found;
    {
      Reporter reporter(Reporter::Lines::when_watched);
      const CheckMeter meter(reporter);
      const VerifyReports reports{
          [&](const CheckProgress& progress) { meter.show(progress); },
          [&](const SwarmStatus& status) {
            reporter.progress(fmt::format("fetching {} of {}  {} peers", human_bytes(static_cast<double>(status.have)),
                                          human_bytes(static_cast<double>(status.wanted)), status.connected));
          }};
      TRY_ASSIGN(found, or_summary(to->json, run_verify(to->options, system_clock(), stop, reports)));
    }
    TRY(to->json ? give_lines(found, print_line)
                 : print_result(printable_lines(table_of(found)), WhenReaderGone::end_quietly));
    return verdict(found, to->options.repair);
  };
  return verb;
}

}  // namespace swarmout
