#include "seeder/election/put_claim.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/host.hpp"
#include "common/fleet/log_entry.hpp"

#include <fmt/format.h>

namespace swarmout {

Result<std::optional<Leadership>> put_claim(const ClaimPen& pen, const LogView& view, const ClaimWish& wish,
                                            const BeforeClaim& before) {
  LogEntry entry;
  entry.kind = EntryKind::claim;
  TRY_ASSIGN(entry.log, pen.log.cluster().empty() ? pen.share.cluster() : pen.log.cluster());
  entry.position = wish.position;
  entry.previous = view.tail_digest();
  entry.owner = random_nonce_hex();
  entry.slot = wish.slot;
  entry.attempt = wish.attempt;
  sign_in(entry, pen.share.now().value_or(pen.clock.wall()));
  TRY_ASSIGN(const std::string bytes, encode(entry, pen.signer));
  TRY(before(entry.owner));
  failpoint("before-claim");
  const PutResult put = pen.share.put(entry.position, bytes);
  failpoint("after-claim");
  switch (put.outcome) {
    case PutOutcome::won:
      return Leadership{entry.log, entry.position, sha256(bytes), entry.owner, wish.slot, wish.attempt};
    case PutOutcome::lost:
      return std::nullopt;
    case PutOutcome::unknown: {
      if (put.error.code == ErrorCode::cannot_write) {
        return tl::unexpected(put.error);
      }
      return fail(ErrorCode::temporary, fmt::format("the outcome of claiming epoch {} is unknown: {}",
                                                    wish.position.value, put.error.message));
    }
  }
  std::abort();
}

}  // namespace swarmout
