#include "peer/jobs/diff_job.hpp"

#include "common/fleet/log_reader.hpp"
#include "common/release/signing.hpp"
#include "common/share/open_share.hpp"
#include "peer/fetch/find_release.hpp"
#include "peer/fetch/manifest_fetch.hpp"
#include "peer/keep/kept_trees.hpp"
#include "peer/own_state.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>

namespace swarmout {

namespace {

class Comparison {
public:
  Comparison(const DiffOptions& options, Clock& clock, const std::stop_token& stop, const PartProgress& progress)
      : options_(options), clock_(clock), stop_(stop), progress_(progress) {}

  Result<TwoReleases> run() {
    if (auto host = look_at_this_host(options_.peer.dest, options_.peer.state)) {
      host_.emplace(*std::move(host));
    } else if (host.error().code != ErrorCode::not_found) {
      return tl::unexpected(host.error());
    }
    TwoReleases both;
    TRY_ASSIGN(both.before, contents_of(options_.before));
    TRY_ASSIGN(both.after, contents_of(options_.after));
    both.fetched = fetched_;
    return both;
  }

private:
  Result<ReleaseContents> contents_of(const std::string& wanted) {
    std::optional<KeptTree> kept;
    std::string hint;
    if (host_) {
      if (auto here = find_kept(host_->kept, wanted)) {
        kept = *std::move(here);
      } else {
        hint = here.error().hint;
      }
    }
    ReleaseContents found;
    if (kept) {
      found.release = kept->position();
      found.shown = kept->shown();
      if (const auto bytes = host_->store.manifest_bytes(kept->record.manifest)) {
        TRY_ASSIGN(found.manifest, decode_manifest(*bytes));
        return found;
      }
    } else if (options_.peer.share.url.empty()) {
      return fail(ErrorCode::not_found,
                  fmt::format("\"{}\" is not on this host, and there is no --share to look at", wanted), hint);
    }
    TRY(reach_share());
    const auto known = !kept           ? std::nullopt
                       : kept->release ? kept->release
                                       : find_release_of(*log_, kept->record.manifest, *keys_);
    TRY_ASSIGN(const SignedDescriptor release,
               known ? Result<SignedDescriptor>(*known) : find_release(*log_, wanted, *keys_));
    if (!keys_->verify(release.text, release.signature)) {
      return fail(ErrorCode::refused, fmt::format("\"{}\" is signed by no key that this host trusts", wanted));
    }
    const Descriptor& descriptor = release.descriptor;
    found.release = descriptor.position;
    found.shown = release_title(descriptor);
    TRY_ASSIGN(const std::string bytes, manifest_from_fleet(release));
    TRY_ASSIGN(found.manifest, decode_manifest(bytes));
    return found;
  }

  Result<void> reach_share() {
    if (!share_) {
      TRY_ASSIGN(TrustedKeys keys, TrustedKeys::load(options_.peer.keys));
      keys_.emplace(std::move(keys));
      TRY_ASSIGN(share_, open_share(options_.peer.share, stop_));
      reader_.emplace(*share_, *keys_);
      TRY_ASSIGN(log_, reader_->refresh_with_history(kSearchedReleases));
    }
    return {};
  }

  Result<std::string> manifest_from_fleet(const SignedDescriptor& release) {
    if (host_) {
      if (auto here = host_->store.manifest_bytes(release.descriptor.manifest)) {
        return here;
      }
    }
    TRY_ASSIGN(const Fd lock, own_state(options_.peer.state, "diff.lock"));
    const Path room = options_.peer.state / "swarm" / "diff-manifest";
    return fetch_manifest({*share_, *log_, *keys_, options_.peer.swarm, clock_}, release, options_.peer.state, room,
                          stop_, progress_, fetched_);
  }

  const DiffOptions& options_;
  Clock& clock_;
  const std::stop_token& stop_;
  const PartProgress& progress_;
  std::optional<ThisHost> host_;
  std::optional<TrustedKeys> keys_;
  std::unique_ptr<Share> share_;
  std::optional<LogReader> reader_;
  const LogView* log_ = nullptr;
  Bytes fetched_ = 0;
};

}  // namespace

Result<TwoReleases> run_diff(const DiffOptions& options, Clock& clock, const std::stop_token& stop,
                             const std::function<void(const SwarmStatus&)>& progress) {
  return Comparison(options, clock, stop, progress).run();
}

}  // namespace swarmout
