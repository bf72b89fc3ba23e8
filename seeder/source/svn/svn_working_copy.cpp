#include "seeder/source/svn/svn_working_copy.hpp"

#include "common/base/digest.hpp"
#include "common/base/private_files.hpp"
#include "common/base/remove_tree.hpp"
#include "seeder/source/credentials.hpp"
#include "seeder/source/svn/svn_arrivals.hpp"
#include "seeder/source/svn/svn_xml.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <system_error>

namespace swarmout {

namespace {

constexpr const char* kCredentials =
    "let svn store what it asks for: run svn info URL once by hand, as the user of swarmout; or use svn+ssh with a key";
constexpr Bytes kMaxRecord = 4 * kKiB;

bool asks_for_credentials(const ToolOutcome& outcome) {
  return outcome.words.find("E170001:") != std::string::npos || outcome.words.find("E215004:") != std::string::npos;
}

}  // namespace

SvnWorkingCopy::SvnWorkingCopy(SvnLocation location, const Path& state)
    : location_(std::move(location)),
      shown_(quotable(location_.url)),
      directory_(std::filesystem::absolute(state) / "svn"),
      copy_(directory_ / sha256(location_.url + '@' + location_.peg).hex().substr(0, 16)) {}

SvnPlace SvnWorkingCopy::place(const Path& directory) const {
  return {directory, directory_ / "settings", lock_ ? lock_->get() : -1};
}

Result<std::unique_ptr<SvnWorkingCopy::Use>> SvnWorkingCopy::use(std::stop_token stop) {
  for (const Path& each : {directory_, directory_ / "settings"}) {
    TRY(make_private_directory(each, Closing::quiet));
  }
  TRY_ASSIGN(lock_, wait_for_turn(copy_.native() + ".lock", std::move(stop)));
  return std::make_unique<Use>(*this);
}

/// Where the URL is looked up: without a PEG, in the revision that is wanted, so that it is the same place for ever.
std::string SvnWorkingCopy::peg_for(const std::string& revision) const {
  return location_.peg.empty() ? revision : location_.peg;
}

Error SvnWorkingCopy::server_failure(const ToolOutcome& outcome, const std::string& revision) const {
  if (says_not_there(outcome)) {
    return {ErrorCode::not_found, fmt::format("{} is not there in revision {}: {}", shown_, revision, outcome.words),
            "is it the right URL? Where it was once: write svn+URL@REVISION"};
  }
  return tool_failure(outcome, fmt::format("svn cannot ask {}", shown_), copy_,
                      asks_for_credentials(outcome) ? kCredentials : "");
}

/// svn info names the revision of the node, which stays that of another place when a directory above it is copied; the
/// log knows of that.
Result<std::string> SvnWorkingCopy::last_change(const std::string& revision, std::stop_token stop) {
  const std::string wanted = !revision.empty() ? revision : !location_.peg.empty() ? location_.peg : "HEAD";
  std::string found = "0";  // a repository without commits
  std::string date;
  SvnXml xml([&](const SvnTag& tag) -> Result<void> {
    if (tag.name == "logentry" && tag.opens) {
      TRY_ASSIGN(found, parse_svn_revision(std::string(tag.attribute("revision"))));
    } else if (tag.name == "date" && tag.closes) {
      date = tag.text;
    }
    return {};
  });
  TRY_ASSIGN(const ToolOutcome outcome, run_svn_on_server(place(directory_), location_,
                                                          {"log", "--xml", "--quiet", "--limit", "1", "--revision",
                                                           wanted + ":0", "--", location_.url + '@' + peg_for(wanted)},
                                                          std::move(stop), [&](std::string_view piece) {
                                                            // A log that ends in an error is no XML.
                                                            return xml.feed(piece);
                                                          }));
  if (outcome.status != 0) {
    return tl::unexpected(server_failure(outcome, wanted));
  }
  TRY(xml.finish());
  newest_ = SvnPoint{found, date};
  return found;
}

Path SvnWorkingCopy::record() const {
  return copy_.native() + ".at";
}

std::optional<SvnPoint> SvnWorkingCopy::recorded() const {
  const auto text = read_file(record(), kMaxRecord);
  const std::size_t blank = text ? text->find(' ') : std::string::npos;
  return blank == std::string::npos ? std::nullopt
                                    : std::optional(SvnPoint{text->substr(0, blank), text->substr(blank + 1)});
}

/// Of a revision that has changed something in the directory; empty: there is none of that number.
Result<std::string> SvnWorkingCopy::date_of(const std::string& number, std::stop_token stop) const {
  std::string date;
  SvnXml xml([&](const SvnTag& tag) -> Result<void> {
    date = tag.name == "date" && tag.closes ? std::string(tag.text) : date;
    return {};
  });
  TRY_ASSIGN(
      const ToolOutcome outcome,
      run_svn_on_server(place(directory_), location_,
                        {"log", "--xml", "--quiet", "--revision", number, "--", location_.url + '@' + peg_for(number)},
                        std::move(stop), [&](std::string_view piece) { return xml.feed(piece); }));
  if (outcome.status != 0) {
    return says_not_there(outcome) ? Result<std::string>("") : tl::unexpected(server_failure(outcome, number));
  }
  TRY(xml.finish());
  return date;
}

/// svn believes that what is here is what the server has under that number. A repository that was restored from a
/// backup has the same UUID, and another history above some number: `svn switch` makes a mixture of both, without a
/// word.
Result<bool> SvnWorkingCopy::is_of_this_history(const std::string& number, std::stop_token stop) {
  const auto before = recorded();
  const bool told = newest_ && newest_->number == number;
  bool same = before.has_value();
  if (same && told && before->number == number) {
    same = before->date == newest_->date;
  } else if (same) {
    TRY_ASSIGN(const std::string date, date_of(before->number, stop));
    same = before->date == date;
  }
  SvnPoint now{number, told ? newest_->date : ""};
  if (!told) {
    TRY_ASSIGN(now.date, date_of(number, stop));
  }
  // What is here may be a mixture until it is brought there: the later one stands for both.
  const bool later = !same || std::stoull(number) >= std::stoull(before->number);
  if (later) {
    TRY(replace_file(record(), as_bytes(now.number + ' ' + now.date), 0600));
  }
  return same;
}

/// With a PEG the directory may have had another URL then.
Result<std::string> SvnWorkingCopy::url_at(const std::string& number, std::stop_token stop) const {
  if (location_.peg.empty()) {
    return location_.url;
  }
  std::string found;
  SvnXml xml([&](const SvnTag& tag) -> Result<void> {
    if (tag.name == "url" && tag.closes) {
      found = tag.text;
    }
    return {};
  });
  TRY_ASSIGN(const ToolOutcome outcome,
             run_svn_on_server(place(directory_), location_,
                               {"info", "--xml", "--revision", number, "--", location_.url + '@' + location_.peg},
                               std::move(stop), [&](std::string_view piece) { return xml.feed(piece); }));
  if (outcome.status != 0) {
    return tl::unexpected(server_failure(outcome, number));
  }
  TRY(xml.finish());
  REFUSE_UNLESS(!found.empty(), fmt::format("svn does not say where {} was in revision {}", shown_, number));
  return found;
}

Result<ToolOutcome> SvnWorkingCopy::fetch(std::vector<std::string> arguments, std::stop_token stop) {
  SvnArrivals arrivals(copy_, fetched_);
  auto outcome = run_svn_on_server(place(copy_), location_, std::move(arguments), std::move(stop),
                                   [&](std::string_view piece) -> Result<void> {
                                     arrivals.take(piece);
                                     return {};
                                   });
  arrivals.finish();
  return outcome;
}

/// Nullopt: what is here cannot be brought there, and is to be made anew.
Result<std::optional<SvnTree>> SvnWorkingCopy::update(const std::string& target, const std::string& number,
                                                      std::stop_token stop) {
  const bool fresh = !path_exists(copy_ / ".svn/wc.db");
  if (fresh) {
    TRY(remove_tree(copy_));
    TRY(make_private_directory(copy_, Closing::quiet));
  }
  const auto bring = [&] {
    return fresh
               ? fetch({"checkout", "--ignore-externals", "--", target, "."}, stop)
               : fetch({"switch", "--ignore-externals", "--ignore-ancestry", "--accept", "postpone", "--", target, "."},
                       stop);
  };
  TRY_ASSIGN(ToolOutcome outcome, bring());
  // A full disk is no reason to begin anew.
  const auto is_damaged = [&] {
    return !fresh && outcome.status != 0 && blames_working_copy(outcome) &&
           server_failure(outcome, number).code != ErrorCode::cannot_write;
  };
  if (is_damaged()) {  // a killed svn leaves locks
    TRY_ASSIGN(const ToolOutcome cleaned, run_svn_here(place(copy_), {"cleanup", "."}, stop));
    if (cleaned.status == 0) {
      TRY_ASSIGN(outcome, bring());
    }
  }
  if (outcome.status != 0) {
    if (is_damaged()) {
      spdlog::debug("svn says of the working copy of {}: {}", shown_, quotable(outcome.words));
      return std::optional<SvnTree>();
    }
    return tl::unexpected(server_failure(outcome, number));
  }
  auto tree = list_svn_tree(place(copy_), number, stop);
  if (!tree && tree.error().code != ErrorCode::temporary && !fresh) {
    return std::optional<SvnTree>();
  }
  return tree;
}

Result<SvnTree> SvnWorkingCopy::bring(const std::string& number, std::stop_token stop) {
  TRY_ASSIGN(const std::string url, url_at(number, stop));
  const std::string target = url + '@' + number;
  TRY_ASSIGN(const bool same, is_of_this_history(number, stop));
  if (!same) {
    TRY(remove_tree(copy_));
  }
  TRY_ASSIGN(auto tree, update(target, number, stop));
  if (!tree) {
    spdlog::warn("the working copy of {} in {} is damaged, or of another repository; it is made anew", shown_,
                 copy_.native());
    TRY(remove_tree(copy_));
    TRY_ASSIGN(tree, update(target, number, stop));
  }
  REFUSE_UNLESS(tree, fmt::format("svn does not get all of revision {} of {} into {}", number, shown_, copy_.native()));
  const auto tidied = run_svn_here(place(copy_), {"cleanup", "--vacuum-pristines", "."}, std::move(stop));
  spdlog::debug("tidied {}: {}", copy_.native(), tidied ? tidied->status : -1);
  return *std::move(tree);
}

Path SvnWorkingCopy::pristine(const ContentId& content) const {
  const std::string name = to_hex(content);
  return copy_ / ".svn/pristine" / name.substr(0, 2) / (name + ".svn-base");
}

Result<void> SvnWorkingCopy::remove() const {
  return remove_tree(copy_);
}

/// Files that are whole, and those that are on their way.
Bytes SvnWorkingCopy::fetched() const {
  Bytes total = fetched_;
  std::error_code ignored;
  for (const auto& each : std::filesystem::directory_iterator(copy_ / ".svn/tmp", ignored)) {
    std::error_code gone;
    const auto size = each.file_size(gone);
    total += gone ? 0 : size;
  }
  return total;
}

}  // namespace swarmout
