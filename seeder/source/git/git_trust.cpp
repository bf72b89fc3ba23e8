#include "seeder/source/git/git_trust.hpp"

#include "common/base/key_values.hpp"
#include "common/base/private_files.hpp"
#include "common/release/scratch.hpp"
#include "seeder/source/credentials.hpp"
#include "seeder/source/git/git_revision.hpp"
#include "seeder/source/git/git_signature.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

/// More than anybody writes into a message.
constexpr Bytes kMaxObject = kMiB;
constexpr Bytes kMaxKeyring = 64 * kMiB;
constexpr Bytes kMaxGpgvOutput = 64 * kKiB;
constexpr std::string_view kTags = "refs/tags/";

class SignatureCheck {
public:
  SignatureCheck(GitMirror& mirror, const GitTrust& trust, const Path& state, std::stop_token stop)
      : mirror_(mirror), trust_(trust), state_(state), stop_(std::move(stop)) {}

  Result<std::string> of_commit(const std::string& commit) {
    if (mirror_.find_commit(commit, hashes_of(commit), stop_) != commit) {
      TRY(mirror_.bring(commit, stop_));
    }
    const std::string what = "commit " + commit;
    TRY_ASSIGN(const std::string raw, object("commit", commit));
    TRY_ASSIGN(const SignedBytes found, about(what, signed_commit(raw, hashes_of(commit) == GitHashes::sha256)));
    TRY_ASSIGN(const std::string signer, about(what, check(found)));
    return fmt::format("{} is signed by {}", what, signer);
  }

  Result<std::string> of_tag(const std::string& wanted, const std::string& commit) {
    const std::string name = wanted.starts_with(kTags) ? wanted.substr(kTags.size()) : wanted;
    const std::string ref = std::string(kTags) + name;
    const std::string what = fmt::format("tag {}", printable(name));
    TRY_ASSIGN(const std::string listing, mirror_.list_upstream({ref, ref + "^{}"}, stop_));
    const bool expression = name.find_first_of("^~") != std::string::npos;
    const auto tag = expression ? std::nullopt : listed(listing, ref);
    const auto peeled = listed(listing, ref + "^{}");
    if (!tag || !peeled) {
      return about(what, Result<std::string>(fail(ErrorCode::refused,
                                                  tag ? "it is a name only, and has no signature"
                                                      : "there is no such tag, and only signed tags are published")));
    }
    auto raw = object("tag", *tag);
    if (!raw) {
      TRY(mirror_.bring_tag(name, hashes_of(*tag), stop_));
      raw = object("tag", *tag);
    }
    TRY(raw);
    TRY_ASSIGN(const TagFacts facts, about(what, facts_of_tag(*raw)));
    if (facts.name != name || facts.type != "commit" || facts.object != commit || *peeled != commit) {
      // Who can write upstream could give an old tag, that was signed once, another name.
      return about(what, Result<std::string>(fail(
                             ErrorCode::refused, fmt::format("what was signed is the tag {} of {} {}, not of commit {}",
                                                             printable(facts.name), printable(facts.type),
                                                             printable(facts.object), commit))));
    }
    TRY_ASSIGN(const SignedBytes found, about(what, signed_tag(*raw)));
    TRY_ASSIGN(const std::string signer, about(what, check(found)));
    return fmt::format("{} of commit {} is signed by {}", what, commit, signer);
  }

private:
  static std::optional<std::string> listed(std::string_view listing, const std::string& ref) {
    while (!listing.empty()) {
      const std::size_t end = std::min(listing.find('\n'), listing.size());
      const std::string_view line = listing.substr(0, end);
      listing.remove_prefix(std::min(end + 1, listing.size()));
      const std::size_t tab = line.find('\t');
      if (tab != std::string_view::npos && line.substr(tab + 1) == ref && is_full_hash(line.substr(0, tab))) {
        return std::string(line.substr(0, tab));
      }
    }
    return std::nullopt;
  }

  template <typename T>
  Result<T> about(const std::string& what, Result<T> result) const {
    return std::move(result).map_error([&](Error error) {
      if (error.code == ErrorCode::refused) {
        error.message = fmt::format("{} of {} is not published: {}", what, mirror_.shown(), error.message);
        error.hint = fmt::format("it must be signed by a key of {}", trust_.keyring.native());
      }
      return error;
    });
  }

  Result<std::string> object(const char* type, const std::string& hash) const {
    return run_and_capture(mirror_.command(hash, {"cat-file", type, hash}), kMaxObject, stop_);
  }

  Result<std::string> check(const SignedBytes& found) const {
    TRY(make_private_directory(state_ / "tmp", Closing::quiet));
    TRY_ASSIGN(const Scratch scratch, Scratch::make(state_ / "tmp"));
    const Path home = scratch.path() / "home";  // else it would look into the caller's ~/.gnupg
    TRY(make_private_directory(home, Closing::quiet));
    const Path signature = scratch.path() / "signature";
    const Path payload = scratch.path() / "payload";
    TRY(write_new_file(signature, as_bytes(found.signature), signature.native(), 0600, Durability::cached));
    TRY(write_new_file(payload, as_bytes(found.payload), payload.native(), 0600, Durability::cached));
    Command command;
    command.argv = {"gpgv", "--homedir",     home.native(), "--keyring",        keyring().native(), "--status-fd",
                    "1",    "--weak-digest", "SHA1",        signature.native(), payload.native()};
    command.environment = {{"LC_ALL", "C"}};
    command.inherits = [](std::string_view name) { return name == "PATH"; };
    command.directory = scratch.path();
    TRY_ASSIGN(const GitOutcome outcome, run_git(command, stop_).map_error([](Error error) {
      if (error.code == ErrorCode::failed) {
        error.hint = "--verify-git needs gpgv: install it";
      }
      return error;
    }));
    REFUSE_UNLESS(outcome.output.size() <= kMaxGpgvOutput, "gpgv prints more than expected");
    TRY_ASSIGN(std::string signer, signer_in(outcome.output));
    REFUSE_UNLESS(outcome.status == 0, fmt::format("gpgv ended with status {}", outcome.status));
    return signer;
  }

  Path keyring() const { return std::filesystem::absolute(trust_.keyring); }

  GitMirror& mirror_;
  const GitTrust& trust_;
  const Path& state_;
  std::stop_token stop_;
};

}  // namespace

Result<void> check_trust(const GitTrust& trust) {
  if (trust.what == GitSigned::nothing) {
    return trust.keyring.empty() ? Result<void>()
                                 : fail(ErrorCode::usage, "--git-keyring is of no use without --verify-git",
                                        "say --verify-git commit, or --verify-git tag");
  }
  if (trust.keyring.empty()) {
    return fail(ErrorCode::usage, "--verify-git needs --git-keyring, the keys that may sign",
                "`gpg --export KEY… > FILE` makes one");
  }
  TRY_ASSIGN(const std::string bytes, read_file(trust.keyring, kMaxKeyring));
  if (bytes.starts_with("-----BEGIN")) {
    return fail(ErrorCode::usage, fmt::format("{} is in armor, which gpgv does not read", trust.keyring.native()),
                fmt::format("`gpg --dearmor < {} > FILE` takes it off", trust.keyring.native()));
  }
  return {};
}

Result<std::string> signer_of(GitMirror& mirror, const GitTrust& trust, const std::string& name,
                              const std::string& commit, const Path& state, std::stop_token stop) {
  SignatureCheck check(mirror, trust, state, std::move(stop));
  return trust.what == GitSigned::tag ? check.of_tag(name, commit) : check.of_commit(commit);
}

}  // namespace swarmout
